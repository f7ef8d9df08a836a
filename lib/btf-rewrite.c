/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "btf-rewrite.h"
#include "fail.h"
#include "sort.h"

#define NONE UINT32_MAX

/* The strings of one BTF: where each is, and where it goes. */
struct strings {
	const struct mh_btf *btf;
	uint32_t *moved; /* for each byte where a string begins: its new offset, or NONE */
	uint32_t *list;	 /* the strings in their new order, by their old offsets */
	uint32_t count;
	uint32_t length; /* of those that are placed */
};

struct rewrite {
	const struct mh_btf_graph *graph;
	struct mh_btf_rewritten *out;
	uint32_t nodes;
	uint32_t *order;
	uint32_t *number; /* the new id of each node */
	struct strings own;
	struct strings distilled;
};

/* --- strings --- */

static int strings_init(struct strings *strings, const struct mh_btf *btf,
			struct modhash_error *err)
{
	size_t room = (size_t)btf->strings_length + 1;

	strings->btf = btf;
	strings->moved = malloc(room * sizeof(*strings->moved));
	strings->list = malloc(room * 2 * sizeof(*strings->list));
	if (!strings->moved || !strings->list)
		return mh_fail_nomem(err);
	memset(strings->moved, 0xff, room * sizeof(*strings->moved));
	if (btf->first_string == 0) {
		strings->moved[0] = 0;
		strings->list[strings->count++] = 0;
		strings->length = 1;
	}
	return 0;
}

static void strings_free(struct strings *strings)
{
	free(strings->moved);
	free(strings->list);
}

static int fail_string(const struct strings *strings, uint32_t at, const char *what,
		       struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_REWRITE,
		       strings->btf->offset + strings->btf->strings_offset + at,
		       "BTF string \"%.64s\" %s: in canonical order, BTF would have another size",
		       strings->btf->strings + at, what);
}

/* The string at own offset @at gets the next place, unless it has one. */
static int place(struct strings *strings, uint32_t at, struct modhash_error *err)
{
	const char *text = strings->btf->strings;

	if (strings->moved[at] != NONE)
		return 0;
	if (at && text[at - 1])
		return fail_string(strings, at, "is used from its middle", err);
	if (!text[at])
		return fail_string(strings, at, "is not needed", err);
	strings->moved[at] = strings->length;
	strings->list[strings->count++] = at;
	strings->length += (uint32_t)strlen(text + at) + 1;
	return 0;
}

static int place_name(struct rewrite *rewrite, uint32_t offset, const struct mh_btf *btf,
		      struct modhash_error *err)
{
	struct strings *strings = btf == rewrite->graph->btf ? &rewrite->own :
							       &rewrite->distilled;

	if (offset >= btf->first_string)
		return place(strings, offset - btf->first_string, err);
	if (rewrite->graph->distilled)
		return place(&rewrite->distilled, offset, err);
	return 0;
}

static int place_type(struct rewrite *rewrite, uint32_t node, struct modhash_error *err)
{
	uint32_t index;
	const struct mh_btf *btf = mh_btf_graph_btf(rewrite->graph, node, &index);
	const uint32_t *type = mh_btf_type(btf, index);
	const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(type[1])];
	uint32_t words = mh_btf_type_words(btf, index);
	int ret = 0;

	for (uint32_t i = 0; ret == 0 && i < words; i++) {
		if (mh_btf_slot(layout, i) == MH_BTF_NAME)
			ret = place_name(rewrite, type[i], btf, err);
	}
	return ret;
}

static int compare_strings(const void *context, uint32_t a, uint32_t b)
{
	const struct strings *strings = context;

	return strcmp(strings->btf->strings + a, strings->btf->strings + b);
}

/* All are used, and none is there twice. */
static int check_strings(struct strings *strings, struct modhash_error *err)
{
	const struct mh_btf *btf = strings->btf;
	uint32_t *sorted;

	for (uint32_t i = 0; i < btf->strings_length;) {
		if (strings->moved[i] == NONE)
			return fail_string(strings, i, "is not used", err);
		i += (uint32_t)strlen(btf->strings + i) + 1;
	}
	sorted = malloc(((size_t)strings->count + 1) * 2 * sizeof(*sorted));
	if (!sorted)
		return mh_fail_nomem(err);
	memcpy(sorted, strings->list, strings->count * sizeof(*sorted));
	mh_sort(sorted, strings->count, sorted + strings->count, compare_strings, strings);
	for (uint32_t i = 1; i < strings->count; i++) {
		if (!compare_strings(strings, sorted[i - 1], sorted[i])) {
			uint32_t at = sorted[i];

			free(sorted);
			return fail_string(strings, at, "is there twice", err);
		}
	}
	free(sorted);
	return 0;
}

static int place_strings(struct rewrite *rewrite, struct modhash_error *err)
{
	int ret = strings_init(&rewrite->own, rewrite->graph->btf, err);

	if (ret == 0 && rewrite->graph->distilled)
		ret = strings_init(&rewrite->distilled, rewrite->graph->distilled, err);
	for (uint32_t i = 0; ret == 0 && i < rewrite->nodes; i++)
		ret = place_type(rewrite, rewrite->order[i], err);
	if (ret == 0)
		ret = check_strings(&rewrite->own, err);
	if (ret == 0 && rewrite->graph->distilled)
		ret = check_strings(&rewrite->distilled, err);
	return ret;
}

/* --- writing --- */

static void put_word(const struct mh_btf *btf, uint8_t *p, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		p[btf->big_endian ? 3 - i : i] = (uint8_t)(value >> (8 * i));
}

static uint32_t new_name(const struct rewrite *rewrite, const struct mh_btf *btf, uint32_t offset)
{
	if (offset >= btf->first_string) {
		const struct strings *strings = btf == rewrite->graph->btf ? &rewrite->own :
									     &rewrite->distilled;

		return btf->first_string + strings->moved[offset - btf->first_string];
	}
	return rewrite->graph->distilled ? rewrite->distilled.moved[offset] : offset;
}

static uint32_t new_id(const struct rewrite *rewrite, uint32_t id)
{
	uint32_t first_id = mh_btf_graph_first_id(rewrite->graph);

	return id < first_id ? id : rewrite->number[id - first_id];
}

static uint8_t *write_type(const struct rewrite *rewrite, uint32_t node, uint8_t *p)
{
	uint32_t index;
	const struct mh_btf *btf = mh_btf_graph_btf(rewrite->graph, node, &index);
	const uint32_t *type = mh_btf_type(btf, index);
	const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(type[1])];
	uint32_t words = mh_btf_type_words(btf, index);

	for (uint32_t i = 0; i < words; i++, p += 4) {
		enum mh_btf_slot slot = mh_btf_slot(layout, i);
		uint32_t value = type[i];

		if (slot == MH_BTF_NAME)
			value = new_name(rewrite, btf, value);
		else if (slot == MH_BTF_ID)
			value = new_id(rewrite, value);
		put_word(btf, p, value);
	}
	return p;
}

static uint8_t *write_btf(const struct rewrite *rewrite, const struct strings *strings,
			  uint32_t first_node, struct modhash_error *err)
{
	const struct mh_btf *btf = strings->btf;
	uint8_t *data = malloc(btf->length), *p;

	if (!data) {
		mh_fail_nomem(err);
		return NULL;
	}
	memcpy(data, btf->data, btf->types_offset);
	p = data + btf->types_offset;
	for (uint32_t i = 0; i < btf->count; i++)
		p = write_type(rewrite, rewrite->order[first_node + i], p);
	for (uint32_t i = 0; i < strings->count; i++) {
		size_t length = strlen(btf->strings + strings->list[i]) + 1;

		memcpy(p, btf->strings + strings->list[i], length);
		p += length;
	}
	return data;
}

static int write_all(struct rewrite *rewrite, struct modhash_error *err)
{
	const struct mh_btf_graph *graph = rewrite->graph;
	struct mh_btf_rewritten *out = rewrite->out;
	uint32_t below = graph->distilled ? graph->distilled->count : 0;

	if (graph->distilled) {
		out->distilled = write_btf(rewrite, &rewrite->distilled, 0, err);
		if (!out->distilled)
			return MODHASH_E_NOMEM;
	}
	out->btf = write_btf(rewrite, &rewrite->own, below, err);
	if (!out->btf)
		return MODHASH_E_NOMEM;
	if (!graph->ids)
		return 0;
	out->ids = malloc((size_t)graph->ids->words * 4 + 1);
	if (!out->ids)
		return mh_fail_nomem(err);
	return mh_btf_ids_renumber(graph->ids, mh_btf_graph_first_id(graph), rewrite->number,
				   out->ids, err);
}

/* --- door --- */

static int rewrite_graph(struct rewrite *rewrite, struct modhash_error *err)
{
	uint32_t first_id = mh_btf_graph_first_id(rewrite->graph);
	int ret;

	rewrite->order = malloc(((size_t)rewrite->nodes + 1) * sizeof(*rewrite->order));
	rewrite->number = malloc(((size_t)rewrite->nodes + 1) * sizeof(*rewrite->number));
	if (!rewrite->order || !rewrite->number)
		return mh_fail_nomem(err);
	ret = mh_btf_order(rewrite->graph, rewrite->order, err);
	for (uint32_t i = 0; ret == 0 && i < rewrite->nodes; i++) {
		rewrite->number[rewrite->order[i]] = first_id + i;
		rewrite->out->moved += rewrite->order[i] != i;
	}
	if (ret == 0)
		ret = place_strings(rewrite, err);
	return ret < 0 ? ret : write_all(rewrite, err);
}

/*
 * For each type, 11 numbers: its place, what it becomes, its colours.  For each word, as an edge:
 * where it leads, a key to sort it by, twice as long; and what is written.  For each byte of
 * strings, as if one began at each: where it goes, and the order of all, while they are sorted.
 */
#define TYPE_MEMORY 48
#define WORD_MEMORY 24
#define BYTE_MEMORY 24

static int take_memory(const struct mh_btf_graph *graph, struct mh_btf_rewritten *rewritten,
		       struct modhash_error *err)
{
	uint64_t needed = mh_btf_memory(graph->btf, TYPE_MEMORY, WORD_MEMORY, BYTE_MEMORY);
	int ret;

	if (graph->distilled)
		needed += mh_btf_memory(graph->distilled, TYPE_MEMORY, WORD_MEMORY, BYTE_MEMORY);
	if (graph->ids)
		needed += ((uint64_t)graph->ids->words + 1) * WORD_MEMORY;
	ret = mh_budget_take(graph->btf->budget, needed, err);
	if (ret)
		return ret;
	rewritten->budget = graph->btf->budget;
	rewritten->taken = needed;
	return 0;
}

int mh_btf_rewrite(const struct mh_btf_graph *graph, struct mh_btf_rewritten *rewritten,
		   struct modhash_error *err)
{
	struct rewrite rewrite;
	int ret;

	memset(rewritten, 0, sizeof(*rewritten));
	memset(&rewrite, 0, sizeof(rewrite));
	rewrite.graph = graph;
	rewrite.out = rewritten;
	rewrite.nodes = mh_btf_graph_nodes(graph);
	ret = take_memory(graph, rewritten, err);
	if (ret == 0)
		ret = rewrite_graph(&rewrite, err);
	free(rewrite.order);
	free(rewrite.number);
	strings_free(&rewrite.own);
	strings_free(&rewrite.distilled);
	if (ret < 0)
		mh_btf_rewritten_free(rewritten);
	return ret;
}

void mh_btf_rewritten_free(struct mh_btf_rewritten *rewritten)
{
	free(rewritten->btf);
	free(rewritten->distilled);
	free(rewritten->ids);
	mh_budget_give(rewritten->budget, rewritten->taken);
	memset(rewritten, 0, sizeof(*rewritten));
}
