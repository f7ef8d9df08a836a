/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * R. E. Tarjan's algorithm ("Depth-first search and linear graph algorithms", 1972), iterative:
 * it closes a component after all that it leads to, which is when its level is known.
 */
#include <stdlib.h>
#include <string.h>

#include "btf-components.h"
#include "fail.h"

#define NONE UINT32_MAX

struct search {
	const struct mh_btf *btf;
	struct mh_btf_components *out;
	uint32_t *index;
	uint32_t *low;	  /* NONE: closed */
	uint32_t *height; /* of a closed type: its component's level */
	uint32_t *stack;
	uint32_t *path;	  /* types that are being visited */
	uint32_t *next;	  /* for each of these, the edge to look at next */
	uint32_t *levels; /* of the components */
	uint32_t stacked;
	uint32_t counter;
};

/* --- edges --- */

/* Returns where the edges end. */
static uint32_t add_edges(const struct mh_btf *btf, uint32_t v, uint32_t *edges, uint32_t end)
{
	const uint32_t *type = mh_btf_type(btf, v);
	const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(type[1])];
	uint32_t words = mh_btf_type_words(btf, v);

	if (layout->third == MH_BTF_ID && type[2] >= btf->first_id)
		edges[end++] = type[2] - btf->first_id;
	if (!layout->fixed_ids && !layout->each_ids)
		return end;
	for (uint32_t i = 3; i < words; i++) {
		if (type[i] >= btf->first_id && mh_btf_slot(layout, i) == MH_BTF_ID)
			edges[end++] = type[i] - btf->first_id;
	}
	return end;
}

static void list_edges(const struct mh_btf *btf, struct mh_btf_components *out)
{
	uint32_t end = 0;

	for (uint32_t v = 0; v < btf->count; v++) {
		out->edge[v] = end;
		end = add_edges(btf, v, out->edges, end);
	}
	out->edge[btf->count] = end;
}

/* --- components --- */

static void enter(struct search *search, uint32_t v, uint32_t depth)
{
	search->index[v] = search->counter;
	search->low[v] = search->counter++;
	search->stack[search->stacked++] = v;
	search->path[depth] = v;
	search->next[depth] = search->out->edge[v];
}

/* What is not closed is inside. */
static uint32_t level_of(const struct search *search, uint32_t begins)
{
	const struct mh_btf_components *out = search->out;
	uint32_t level = 0;

	for (uint32_t i = begins; i < search->stacked; i++) {
		uint32_t v = search->stack[i];

		for (uint32_t e = out->edge[v]; e < out->edge[v + 1]; e++) {
			uint32_t to = out->edges[e];

			if (search->low[to] == NONE && search->height[to] >= level)
				level = search->height[to] + 1;
		}
	}
	return level;
}

/* The types from @begins on the stack are one. */
static void close_component(struct search *search, uint32_t begins)
{
	struct mh_btf_components *out = search->out;
	uint32_t level = level_of(search, begins), at = out->first[out->count];

	if (search->stacked - begins > out->largest)
		out->largest = search->stacked - begins;
	if (level >= out->levels)
		out->levels = level + 1;
	while (search->stacked > begins) {
		uint32_t v = search->stack[--search->stacked];

		search->low[v] = NONE;
		search->height[v] = level;
		out->members[at++] = v;
	}
	search->levels[out->count++] = level;
	out->first[out->count] = at;
}

/* All that @root leads to and that was not visited. */
static void visit(struct search *search, uint32_t root)
{
	const struct mh_btf_components *out = search->out;
	uint32_t depth = 0;

	enter(search, root, 0);
	for (;;) {
		uint32_t v = search->path[depth], begins, to;

		if (search->next[depth] < out->edge[v + 1]) {
			to = out->edges[search->next[depth]++];
			if (search->index[to] == NONE)
				enter(search, to, ++depth);
			else if (search->low[to] != NONE && search->index[to] < search->low[v])
				search->low[v] = search->index[to];
			continue;
		}
		if (search->low[v] == search->index[v]) {
			for (begins = search->stacked; search->stack[--begins] != v;)
				;
			close_component(search, begins);
		}
		if (depth == 0)
			return;
		to = search->path[--depth];
		if (search->low[v] != NONE && search->low[v] < search->low[to])
			search->low[to] = search->low[v];
	}
}

/* Count, add up, and put each where it belongs. */
static void sort_by_level(const uint32_t *levels, struct mh_btf_components *out)
{
	uint32_t begins = 0;

	memset(out->level, 0, ((size_t)out->levels + 1) * sizeof(*out->level));
	for (uint32_t c = 0; c < out->count; c++)
		out->level[levels[c]]++;
	for (uint32_t l = 0; l <= out->levels; l++) {
		uint32_t count = out->level[l];

		out->level[l] = begins;
		begins += count;
	}
	for (uint32_t c = 0; c < out->count; c++)
		out->order[out->level[levels[c]]++] = c;
	/* Each now is where the next one begins. */
	for (uint32_t l = out->levels; l > 0; l--)
		out->level[l] = out->level[l - 1];
	out->level[0] = 0;
}

/* --- doors --- */

static int allocate(struct search *search, uint32_t **memory, struct modhash_error *err)
{
	struct mh_btf_components *out = search->out;
	size_t n = (size_t)search->btf->count + 2;
	/* No more edges than words. */
	size_t words = (size_t)search->btf->start[search->btf->count] + 1;

	*memory = malloc(7 * n * sizeof(**memory));
	out->edge = malloc((5 * n + words) * sizeof(*out->edge));
	if (!*memory || !out->edge)
		return mh_fail_nomem(err);
	search->index = *memory;
	search->low = *memory + n;
	search->height = *memory + 2 * n;
	search->stack = *memory + 3 * n;
	search->path = *memory + 4 * n;
	search->next = *memory + 5 * n;
	search->levels = *memory + 6 * n;
	memset(search->index, 0xff, 2 * n * sizeof(**memory));
	out->first = out->edge + n;
	out->members = out->edge + 2 * n;
	out->level = out->edge + 3 * n;
	out->order = out->edge + 4 * n;
	out->edges = out->edge + 5 * n;
	out->first[0] = 0;
	return 0;
}

int mh_btf_components_find(const struct mh_btf *btf, struct mh_btf_components *components,
			   struct modhash_error *err)
{
	struct search search = { .btf = btf, .out = components };
	uint32_t *memory = NULL;
	int ret;

	memset(components, 0, sizeof(*components));
	ret = allocate(&search, &memory, err);
	if (ret == 0) {
		list_edges(btf, components);
		for (uint32_t v = 0; v < btf->count; v++) {
			if (search.index[v] == NONE)
				visit(&search, v);
		}
		sort_by_level(search.levels, components);
	} else {
		mh_btf_components_free(components);
	}
	free(memory);
	return ret;
}

void mh_btf_components_free(struct mh_btf_components *components)
{
	free(components->edge);
	memset(components, 0, sizeof(*components));
}
