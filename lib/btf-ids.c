/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "btf-ids.h"
#include "fail.h"
#include "message.h"
#include "sort.h"

#define PREFIX "__BTF_ID__"
#define LONGEST 0x1000000 /* bytes of .BTF_ids; a kernel has a few thousand */

enum { WORD_PLAIN, WORD_SLOT, WORD_MEMBER, WORD_SET };

static uint64_t offset_of(const struct mh_btf_ids *ids, uint64_t word)
{
	return ids->view->sections[ids->section].offset + 4 * word;
}

uint32_t mh_btf_ids_word(const struct mh_btf_ids *ids, uint32_t word)
{
	return mh_elf_get32(ids->view,
			    ids->view->sections[ids->section].data + 4 * (size_t)word);
}

static bool begins_with(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

/* What a symbol says of the words at it: words of a set's head, 0 for one id, or -1. */
static int symbol_kind(const char *name)
{
	static const char *const single[] = { "struct__", "union__", "typedef__", "func__" };

	name += strlen(PREFIX);
	if (begins_with(name, "set8__"))
		return 2;
	if (begins_with(name, "set__"))
		return 1;
	for (unsigned int i = 0; i < sizeof(single) / sizeof(single[0]); i++) {
		if (begins_with(name, single[i]))
			return 0;
	}
	return -1;
}

/* Where in the section a symbol is; in a vmlinux, its value is an address. */
static uint64_t place_of(const struct mh_btf_ids *ids, const struct mh_elf_symbol *symbol)
{
	const struct mh_elf_section *section = &ids->view->sections[ids->section];

	return ids->view->type == MH_ET_REL ? symbol->value : symbol->value - section->address;
}

static int fail_symbol(const struct mh_btf_ids *ids, const struct mh_elf_symbol *symbol,
		       const char *what, struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_BTF_IDS,
		       mh_elf_section_place(&ids->view->sections[ids->section]),
		       ".BTF_ids: symbol %.80s at %" PRIu64 " of %" PRIu64 " bytes %s",
		       symbol->name, symbol->value, symbol->size, what);
}

static int add_set(struct mh_btf_ids *ids, const struct mh_elf_symbol *symbol, uint32_t each,
		   struct modhash_error *err)
{
	uint64_t place = place_of(ids, symbol);
	uint32_t first = (uint32_t)(place / 4), words;
	struct mh_btf_ids_set *set = &ids->sets[ids->set_count];

	if (place % 4 || symbol->size % (4 * each) || symbol->size < 4 * each ||
	    place / 4 > ids->words || symbol->size / 4 > ids->words - first)
		return fail_symbol(ids, symbol, "is no set", err);
	words = (uint32_t)(symbol->size / 4);
	for (uint32_t i = 0; i < words; i++) {
		if (ids->ids[first + i])
			return fail_symbol(ids, symbol, "overlaps another set", err);
		ids->ids[first + i] = i >= each && (i - each) % each == 0 ? WORD_MEMBER : WORD_SET;
	}
	set->word = first;
	set->each = each;
	set->entries = words / each - 1;
	set->resolved = mh_btf_ids_word(ids, first) != 0;
	if (set->resolved && mh_btf_ids_word(ids, first) != set->entries)
		return fail_symbol(ids, symbol, "has another count than entries", err);
	ids->set_count++;
	return 0;
}

static int add_slot(struct mh_btf_ids *ids, const struct mh_elf_symbol *symbol,
		    struct modhash_error *err)
{
	uint64_t place = place_of(ids, symbol);
	uint8_t *word;

	if (place % 4 || place / 4 >= ids->words || symbol->size != 4)
		return fail_symbol(ids, symbol, "is no slot for an id", err);
	word = &ids->ids[place / 4];
	if (*word == WORD_SET)
		return fail_symbol(ids, symbol, "is inside a set, but at none of its ids", err);
	if (*word == WORD_PLAIN)
		*word = WORD_SLOT;
	return 0;
}

/* Two passes: slots inside of sets are told by the sets. */
static int read_symbols(struct mh_btf_ids *ids, bool sets, struct modhash_error *err)
{
	int ret = 0;

	for (uint64_t i = 1; ret == 0 && i < ids->view->symbols; i++) {
		struct mh_elf_symbol symbol;
		int kind;

		ret = mh_elf_view_symbol(ids->view, i, &symbol, err);
		if (ret < 0 || symbol.reserved || symbol.section != ids->section ||
		    !begins_with(symbol.name, PREFIX))
			continue;
		kind = symbol_kind(symbol.name);
		if (kind < 0)
			return fail_symbol(ids, &symbol, "is of no known kind", err);
		if (kind > 0 && sets)
			ret = add_set(ids, &symbol, (uint32_t)kind, err);
		else if (kind == 0 && !sets)
			ret = add_slot(ids, &symbol, err);
	}
	return ret;
}

static int check_words(const struct mh_btf_ids *ids, struct modhash_error *err)
{
	for (uint32_t i = 0; i < ids->words; i++) {
		if (ids->ids[i] == WORD_PLAIN && mh_btf_ids_word(ids, i))
			return mh_fail(err, MODHASH_E_BTF_IDS, offset_of(ids, i),
				       ".BTF_ids: no symbol says what the word %" PRIu32
				       " at %" PRIu64 " is",
				       mh_btf_ids_word(ids, i), 4 * (uint64_t)i);
	}
	return 0;
}

/* A set that was not filled in has no ids; one that was is sorted by them. */
static int check_set(const struct mh_btf_ids *ids, const struct mh_btf_ids_set *set,
		     struct modhash_error *err)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < set->entries; i++) {
		uint32_t word = set->word + (i + 1) * set->each;
		uint32_t id = mh_btf_ids_word(ids, word);

		if (!set->resolved && id)
			return mh_fail(err, MODHASH_E_BTF_IDS, offset_of(ids, word),
				       ".BTF_ids: id %" PRIu32 " in a set whose count is 0", id);
		if (id < last)
			return mh_fail(err, MODHASH_E_BTF_IDS, offset_of(ids, word),
				       ".BTF_ids: id %" PRIu32 " behind %" PRIu32
				       " in a set, which a kernel expects sorted",
				       id, last);
		last = id;
	}
	return 0;
}

static int check_relocations(const struct mh_btf_ids *ids, struct modhash_error *err)
{
	const struct mh_elf_view *view = ids->view;

	for (uint32_t i = 1; i < view->count; i++) {
		const struct mh_elf_section *section = &view->sections[i];

		if ((section->type == MH_SHT_REL || section->type == MH_SHT_RELA) &&
		    section->info == ids->section && section->size)
			return mh_fail(err, MODHASH_E_BTF_IDS, section->header,
				       ".BTF_ids has relocations");
	}
	return 0;
}

static int compare_sets(const void *context, uint32_t a, uint32_t b)
{
	const struct mh_btf_ids_set *sets = context;

	return (sets[a].word > sets[b].word) - (sets[a].word < sets[b].word);
}

/* By where they are, whatever the order of their symbols. */
static int sort_sets(struct mh_btf_ids *ids, struct modhash_error *err)
{
	size_t count = ids->set_count;
	struct mh_btf_ids_set *sorted = malloc((count + 1) * sizeof(*sorted));
	uint32_t *order = malloc((count + 1) * 2 * sizeof(*order));

	if (!sorted || !order) {
		free(sorted);
		free(order);
		return mh_fail_nomem(err);
	}
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	mh_sort(order, count, order + count, compare_sets, ids->sets);
	for (uint32_t i = 0; i < count; i++)
		sorted[i] = ids->sets[order[i]];
	free(order);
	free(ids->sets);
	ids->sets = sorted;
	return 0;
}

/* For each word, whatever is in it: a set, twice while they are sorted; its ids, to be sorted. */
#define WORD_MEMORY (2 * sizeof(struct mh_btf_ids_set) + 32)

static int open_checked(struct mh_btf_ids *ids, struct modhash_error *err)
{
	const struct mh_elf_section *section = &ids->view->sections[ids->section];
	uint64_t needed;
	int ret;

	if (!ids->view->symtab)
		return mh_fail(err, MODHASH_E_BTF_IDS, mh_elf_section_place(section),
			       ".BTF_ids, but no symbol table that says what is in it");
	if ((section->size && !section->data) || section->size % 4 || section->size > LONGEST)
		return mh_fail(err, MODHASH_E_BTF_IDS, mh_elf_section_place(section),
			       ".BTF_ids of %" PRIu64 " bytes, expected a multiple of 4 up to %d",
			       section->size, LONGEST);
	ids->words = (uint32_t)(section->size / 4);
	needed = ((uint64_t)ids->words + 2) * WORD_MEMORY;
	ret = mh_budget_take(ids->view->budget, needed, err);
	if (ret)
		return ret;
	ids->taken = needed;
	ids->ids = calloc((size_t)ids->words + 1, 1);
	/* Sets do not overlap, and have a word at least: no more of them than words. */
	ids->sets = calloc((size_t)ids->words + 1, sizeof(*ids->sets));
	if (!ids->ids || !ids->sets)
		return mh_fail_nomem(err);

	ret = check_relocations(ids, err);
	if (ret == 0)
		ret = read_symbols(ids, true, err);
	if (ret == 0)
		ret = read_symbols(ids, false, err);
	if (ret == 0)
		ret = check_words(ids, err);
	for (uint32_t i = 0; ret == 0 && i < ids->set_count; i++)
		ret = check_set(ids, &ids->sets[i], err);
	return ret < 0 ? ret : sort_sets(ids, err);
}

int mh_btf_ids_open(struct mh_btf_ids *ids, const struct mh_elf_view *view, uint32_t section,
		    struct modhash_error *err)
{
	int ret;

	memset(ids, 0, sizeof(*ids));
	ids->view = view;
	ids->section = section;
	ret = open_checked(ids, err);
	if (ret < 0)
		mh_btf_ids_close(ids);
	return ret;
}

void mh_btf_ids_close(struct mh_btf_ids *ids)
{
	free(ids->ids);
	free(ids->sets);
	if (ids->view)
		mh_budget_give(ids->view->budget, ids->taken);
	memset(ids, 0, sizeof(*ids));
}

static bool is_id(const struct mh_btf_ids *ids, uint32_t word)
{
	return ids->ids[word] == WORD_SLOT || ids->ids[word] == WORD_MEMBER;
}

int mh_btf_ids_check(const struct mh_btf_ids *ids, uint32_t end_id, struct modhash_error *err)
{
	for (uint32_t i = 0; i < ids->words; i++) {
		if (is_id(ids, i) && mh_btf_ids_word(ids, i) >= end_id)
			return mh_fail(err, MODHASH_E_WRONG_BASE, offset_of(ids, i),
				       ".BTF_ids refers to type %" PRIu32
				       ", but types end before %" PRIu32,
				       mh_btf_ids_word(ids, i), end_id);
	}
	return 0;
}

int mh_btf_ids_check_empty(const struct mh_btf_ids *ids, struct modhash_error *err)
{
	for (uint32_t i = 0; i < ids->words; i++) {
		if (is_id(ids, i) && mh_btf_ids_word(ids, i))
			return mh_fail(err, MODHASH_E_BTF_IDS, offset_of(ids, i),
				       ".BTF_ids is filled in, with type %" PRIu32 " here",
				       mh_btf_ids_word(ids, i));
	}
	for (uint32_t i = 0; i < ids->set_count; i++) {
		if (ids->sets[i].resolved)
			return mh_fail(err, MODHASH_E_BTF_IDS, offset_of(ids, ids->sets[i].word),
				       ".BTF_ids is filled in, with a set of %" PRIu32 " here",
				       ids->sets[i].entries);
	}
	return 0;
}

/* --- the canonical form --- */

struct put_state {
	const struct mh_btf_ids *ids;
	const struct mh_btf *btf; /* NULL: ids are left out */
	const uint8_t *hashes;
	const struct mh_btf_ids_set *set;
};

static int put_id(const struct put_state *state, uint32_t word, struct mh_buf *message,
		  struct modhash_error *err)
{
	if (!state->btf)
		return 0;
	return mh_message_put(message,
			     mh_btf_hash_of(state->btf, state->hashes,
					    mh_btf_ids_word(state->ids, word)),
			     MH_BTF_HASH, err);
}

static uint32_t entry_word(const struct mh_btf_ids_set *set, uint32_t entry)
{
	return set->word + (entry + 1) * set->each;
}

static uint32_t entry_flags(const struct put_state *state, uint32_t entry)
{
	if (state->set->each == 1)
		return 0;
	return mh_btf_ids_word(state->ids, entry_word(state->set, entry) + 1);
}

static int compare_entries(const void *context, uint32_t a, uint32_t b)
{
	const struct put_state *state = context;
	uint32_t x = entry_flags(state, a), y = entry_flags(state, b);
	int order = 0;

	if (state->btf)
		order = memcmp(
			mh_btf_hash_of(state->btf, state->hashes,
				       mh_btf_ids_word(state->ids, entry_word(state->set, a))),
			mh_btf_hash_of(state->btf, state->hashes,
				       mh_btf_ids_word(state->ids, entry_word(state->set, b))),
			MH_BTF_HASH);
	return order ? order : (x > y) - (x < y);
}

static int put_entries(struct put_state *state, uint32_t *order, struct mh_buf *message,
		       struct modhash_error *err)
{
	const struct mh_btf_ids_set *set = state->set;
	int ret = 0;

	for (uint32_t i = 0; i < set->entries; i++)
		order[i] = i;
	/* Before it is filled in, the order is that of the source, and tells which is which. */
	if (set->resolved || !state->btf)
		mh_sort(order, set->entries, order + set->entries, compare_entries, state);
	for (uint32_t i = 0; ret == 0 && i < set->entries; i++) {
		ret = put_id(state, entry_word(set, order[i]), message, err);
		if (ret == 0 && set->each == 2)
			ret = mh_message_put32(message, entry_flags(state, order[i]), err);
	}
	return ret;
}

static int put_set(struct put_state *state, struct mh_buf *message, struct modhash_error *err)
{
	const struct mh_btf_ids_set *set = state->set;
	uint32_t *order;
	int ret = mh_message_put32(message, set->each + 1, err); /* 2: set, 3: set8 */

	if (ret == 0)
		ret = mh_message_put32(message, set->entries, err);
	if (ret == 0 && state->btf)
		ret = mh_message_put32(message, set->resolved, err);
	if (ret == 0 && set->each == 2)
		ret = mh_message_put32(message, mh_btf_ids_word(state->ids, set->word + 1), err);
	if (ret < 0)
		return ret;
	order = malloc(((size_t)set->entries + 1) * 2 * sizeof(*order));
	if (!order)
		return mh_fail_nomem(err);
	ret = put_entries(state, order, message, err);
	free(order);
	return ret;
}

int mh_btf_ids_put(const struct mh_btf_ids *ids, const struct mh_btf *btf,
		   const uint8_t *hashes, struct mh_buf *message, struct modhash_error *err)
{
	struct put_state state = { ids, btf, hashes, ids->sets };
	uint32_t next = 0;
	int ret = mh_message_put32(message, ids->words, err);

	for (uint32_t i = 0; ret == 0 && i < ids->words; i++) {
		if (next < ids->set_count && ids->sets[next].word == i) {
			state.set = &ids->sets[next++];
			ret = put_set(&state, message, err);
			i += (state.set->entries + 1) * state.set->each - 1;
		} else {
			ret = mh_message_put32(message, ids->ids[i], err); /* 0: unused, 1: an id */
			if (ret == 0 && ids->ids[i] == WORD_SLOT)
				ret = put_id(&state, i, message, err);
		}
	}
	return ret;
}

/* --- renumbering, and taking ids out --- */

/* By one word of the entries: 0, the id, or 1, the flags. */
struct sort_state {
	const struct mh_elf_view *view;
	const uint8_t *set;
	uint32_t each;
	uint32_t by;
};

static uint32_t sort_word(const struct sort_state *state, uint32_t entry)
{
	size_t word = (size_t)state->each * ((size_t)entry + 1) + state->by;

	return mh_elf_get32(state->view, state->set + 4 * word);
}

static int compare_words(const void *context, uint32_t a, uint32_t b)
{
	uint32_t x = sort_word(context, a), y = sort_word(context, b);

	return (x > y) - (x < y);
}

static int sort_set(const struct mh_btf_ids *ids, const struct mh_btf_ids_set *set, uint32_t by,
		    uint8_t *out, struct modhash_error *err)
{
	size_t each = 4 * (size_t)set->each, count = set->entries;
	uint8_t *copy = malloc((count + 1) * each);
	uint32_t *order = malloc((count + 1) * 2 * sizeof(*order));
	struct sort_state state = { ids->view, copy, set->each, by };

	if (!copy || !order) {
		free(copy);
		free(order);
		return mh_fail_nomem(err);
	}
	out += 4 * (size_t)set->word;
	memcpy(copy, out, (count + 1) * each);
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	mh_sort(order, count, order + count, compare_words, &state);
	for (size_t i = 0; i < count; i++)
		memcpy(out + (i + 1) * each, copy + ((size_t)order[i] + 1) * each, each);
	free(copy);
	free(order);
	return 0;
}

int mh_btf_ids_renumber(const struct mh_btf_ids *ids, uint32_t first_id,
			const uint32_t *renumber, uint8_t *out, struct modhash_error *err)
{
	const struct mh_elf_section *section = &ids->view->sections[ids->section];
	int ret = 0;

	if (section->size)
		memcpy(out, section->data, section->size);
	for (uint32_t i = 0; i < ids->words; i++) {
		uint32_t id = mh_btf_ids_word(ids, i);

		if (is_id(ids, i) && id >= first_id)
			mh_elf_put32(ids->view, out + 4 * (size_t)i, renumber[id - first_id]);
	}
	for (uint32_t i = 0; ret == 0 && i < ids->set_count; i++) {
		if (ids->sets[i].resolved)
			ret = sort_set(ids, &ids->sets[i], 0, out, err);
	}
	return ret;
}

int mh_btf_ids_clear(const struct mh_btf_ids *ids, uint8_t *out, struct modhash_error *err)
{
	const struct mh_elf_section *section = &ids->view->sections[ids->section];
	int ret = 0;

	if (section->size)
		memcpy(out, section->data, section->size);
	for (uint32_t i = 0; i < ids->words; i++) {
		if (is_id(ids, i))
			mh_elf_put32(ids->view, out + 4 * (size_t)i, 0);
	}
	for (uint32_t i = 0; ret == 0 && i < ids->set_count; i++) {
		const struct mh_btf_ids_set *set = &ids->sets[i];

		if (!set->resolved)
			continue;
		mh_elf_put32(ids->view, out + 4 * (size_t)set->word, 0);
		if (set->each == 2)
			ret = sort_set(ids, set, 1, out, err);
	}
	return ret;
}
