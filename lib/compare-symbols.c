/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symbols, by what they are; and relocations, by the symbols that they are to.
 *
 * Strip takes away symbols that only debuggers need.  That gives others another number, by
 * which relocations call them, and so it touches sections that are the same as before.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "fail.h"
#include "sort.h"

#define NONE UINT32_MAX
#define STT_SECTION 3
#define STT_FILE 4
#define EM_MIPS 8 /* has several symbols in an entry */

struct symbols {
	const struct mh_elf_view *view;
	struct mh_elf_symbol *symbols;
	uint32_t *order;
	uint32_t count;
	uint64_t taken; /* of the view's budget */
};

static const struct mh_elf_section *section_of(const struct mh_elf_view *view,
					       const struct mh_elf_symbol *symbol)
{
	return symbol->reserved ? NULL : &view->sections[symbol->section];
}

static const char *section_name(const struct mh_elf_view *view, const struct mh_elf_symbol *symbol)
{
	return symbol->reserved ? "" : section_of(view, symbol)->name;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

static int compare_places(const struct mh_elf_view *view_a, const struct mh_elf_symbol *a,
			  const struct mh_elf_view *view_b, const struct mh_elf_symbol *b)
{
	const struct mh_elf_section *x = section_of(view_a, a), *y = section_of(view_b, b);
	int order;

	if (!x || !y)
		return x ? -1 : y ? 1 : compare_numbers(a->section, b->section);
	/* Section 0 stands for none. */
	order = compare_numbers(!a->section, !b->section);
	if (!order)
		order = strcmp(x->name, y->name);
	return order ? order : compare_numbers(x->ordinal, y->ordinal);
}

/* In all that they are. */
static int compare_symbols(const struct mh_elf_view *view_a, const struct mh_elf_symbol *a,
			   const struct mh_elf_view *view_b, const struct mh_elf_symbol *b)
{
	int order = strcmp(a->name, b->name);

	if (!order)
		order = compare_places(view_a, a, view_b, b);
	if (!order)
		order = compare_numbers(a->value, b->value);
	if (!order)
		order = compare_numbers(a->size, b->size);
	if (!order)
		order = compare_numbers(a->info, b->info);
	return order ? order : compare_numbers(a->other, b->other);
}

static int compare_in_order(const void *context, uint32_t a, uint32_t b)
{
	const struct symbols *symbols = context;

	return compare_symbols(symbols->view, &symbols->symbols[a], symbols->view,
			       &symbols->symbols[b]);
}

/* What it is, its place in their order while they are sorted, and which of the other's it is. */
#define SYMBOL_MEMORY (sizeof(struct mh_elf_symbol) + 12)

static int read_symbols(const struct mh_elf_view *view, struct symbols *symbols,
			struct modhash_error *err)
{
	size_t count = (size_t)view->symbols;
	uint64_t needed = mh_budget_times((uint64_t)count + 2, SYMBOL_MEMORY);
	int ret = mh_budget_take(view->budget, needed, err);

	if (ret)
		return ret;
	symbols->taken = needed;
	symbols->view = view;
	symbols->count = (uint32_t)count;
	symbols->symbols = malloc((count + 1) * sizeof(*symbols->symbols));
	symbols->order = malloc((count + 1) * 2 * sizeof(*symbols->order));
	if (!symbols->symbols || !symbols->order)
		return mh_fail_nomem(err);
	for (uint32_t i = 0; ret == 0 && i < count; i++) {
		ret = mh_elf_view_symbol(view, i, &symbols->symbols[i], err);
		symbols->order[i] = i;
	}
	if (ret == 0)
		mh_sort(symbols->order, count, symbols->order + count, compare_in_order, symbols);
	return ret;
}

static void free_symbols(struct symbols *symbols)
{
	free(symbols->symbols);
	free(symbols->order);
	if (symbols->view)
		mh_budget_give(symbols->view->budget, symbols->taken);
}

static int read_both(struct mh_compare *compare, struct symbols *a, struct symbols *b,
		     struct modhash_error *err)
{
	int ret = read_symbols(&compare->a.view, a, err);

	return ret ? ret : read_symbols(&compare->b.view, b, err);
}

/* --- which symbol of the second one of the first is --- */

static void match(const struct symbols *a, const struct symbols *b, uint32_t *matches)
{
	uint32_t i = 0, j = 0;

	memset(matches, 0xff, a->count * sizeof(*matches));
	while (i < a->count && j < b->count) {
		int order = compare_symbols(a->view, &a->symbols[a->order[i]], b->view,
					    &b->symbols[b->order[j]]);

		if (!order)
			matches[a->order[i]] = b->order[j];
		i += order <= 0;
		j += order >= 0;
	}
}

static int find_matches(struct mh_compare *compare, struct modhash_error *err)
{
	struct symbols a = { 0 }, b = { 0 };
	int ret;

	if (compare->matches)
		return 0;
	ret = read_both(compare, &a, &b, err);
	if (ret == 0) {
		compare->matches = malloc(((size_t)a.count + 1) * sizeof(*compare->matches));
		if (compare->matches)
			match(&a, &b, compare->matches);
		else
			ret = mh_fail_nomem(err);
	}
	free_symbols(&a);
	free_symbols(&b);
	return ret;
}

/* --- relocations --- */

/* All but where it is in the file, and what is in it. */
static bool same_header(const struct mh_compare *compare, const struct mh_elf_section *a,
			const struct mh_elf_section *b)
{
	const struct mh_elf_section *x, *y;

	if (a->type != b->type || a->flags != b->flags || a->address != b->address ||
	    a->alignment != b->alignment || a->entry_size != b->entry_size ||
	    a->size != b->size || a->link != compare->a.view.symtab ||
	    b->link != compare->b.view.symtab || !a->link || !b->link)
		return false;
	/* That these are sections, hashing has found. */
	x = &compare->a.view.sections[a->info];
	y = &compare->b.view.sections[b->info];
	return !a->info == !b->info && x->ordinal == y->ordinal && !strcmp(x->name, y->name);
}

static uint64_t read_word(const struct mh_elf_view *view, const uint8_t *p)
{
	return view->is_64 ? mh_elf_get64(view, p) : mh_elf_get32(view, p);
}

static bool same_entries(const struct mh_compare *compare, const struct mh_elf_section *a,
			 const struct mh_elf_section *b)
{
	const struct mh_elf_view *view = &compare->a.view, *other = &compare->b.view;
	unsigned int word = view->is_64 ? 8 : 4, shift = view->is_64 ? 32 : 8;
	uint64_t each = (uint64_t)word * (a->type == MH_SHT_RELA ? 3 : 2);

	if (a->entry_size != each || a->size % each)
		return false;
	for (uint64_t at = 0; at < a->size; at += each) {
		const uint8_t *p = a->data + at, *q = b->data + at;
		uint64_t x = read_word(view, p + word), y = read_word(other, q + word);

		if (memcmp(p, q, word) || memcmp(p + 2 * word, q + 2 * word, each - 2 * word) ||
		    (x ^ y) & (((uint64_t)1 << shift) - 1))
			return false;
		if (x >> shift >= view->symbols ||
		    compare->matches[x >> shift] != y >> shift)
			return false;
	}
	return true;
}

int mh_compare_relocations(struct mh_compare *compare, uint32_t in_a, uint32_t in_b, bool *same,
			   struct modhash_error *err)
{
	const struct mh_elf_view *view = &compare->a.view, *other = &compare->b.view;
	const struct mh_elf_section *a = &view->sections[in_a], *b = &other->sections[in_b];
	int ret;

	*same = false;
	if ((a->type != MH_SHT_REL && a->type != MH_SHT_RELA) || !a->data || !b->data ||
	    view->is_64 != other->is_64 || view->big_endian != other->big_endian ||
	    view->machine == EM_MIPS || !same_header(compare, a, b))
		return 0;
	ret = find_matches(compare, err);
	if (ret == 0)
		*same = same_entries(compare, a, b);
	return ret;
}

/* --- symbols --- */

static bool is_for_debugging(const struct mh_elf_symbol *symbol)
{
	return (symbol->info & 15) == STT_SECTION || (symbol->info & 15) == STT_FILE;
}

static int tell_alone(struct mh_compare *compare, const struct mh_elf_view *view,
		      const struct mh_elf_symbol *symbol, const char *where)
{
	if ((symbol->info & 15) == STT_SECTION)
		return mh_compare_tell(compare, MODHASH_DIFFERS_DEBUG, section_name(view, symbol),
				       "symbol of the section, only in the %s", where);
	if ((symbol->info & 15) == STT_FILE)
		return mh_compare_tell(compare, MODHASH_DIFFERS_DEBUG, symbol->name,
				       "symbol of a source file, only in the %s", where);
	return mh_compare_tell(compare, MODHASH_DIFFERS_SYMBOL, symbol->name, "only in the %s",
			       where);
}

static int tell_symbol(struct mh_compare *compare, const struct mh_elf_symbol *a,
		       const struct mh_elf_symbol *b)
{
	const char *in_a = section_name(&compare->a.view, a);
	const char *in_b = section_name(&compare->b.view, b);

	if (compare_places(&compare->a.view, a, &compare->b.view, b))
		return mh_compare_tell(compare, MODHASH_DIFFERS_SYMBOL, a->name,
				       "in section \"%.80s\" and in \"%.80s\"", in_a, in_b);
	if (a->value != b->value || a->size != b->size)
		return mh_compare_tell(compare, MODHASH_DIFFERS_SYMBOL, a->name,
				       "%" PRIu64 " bytes at 0x%" PRIx64 ", and %" PRIu64
				       " at 0x%" PRIx64,
				       a->size, a->value, b->size, b->value);
	return mh_compare_tell(compare, MODHASH_DIFFERS_SYMBOL, a->name,
			       "type or binding 0x%02x, 0x%02x, and 0x%02x, 0x%02x", a->info,
			       a->other, b->info, b->other);
}

/* Two that differ are one that changed if they have a name, and otherwise two. */
static int tell_pair(struct mh_compare *compare, const struct mh_elf_symbol *x,
		     const struct mh_elf_symbol *y, int *order)
{
	if (x && y && *x->name && !strcmp(x->name, y->name) && !is_for_debugging(x) &&
	    !is_for_debugging(y)) {
		*order = 0;
		return tell_symbol(compare, x, y);
	}
	if (x && *order < 0)
		return tell_alone(compare, &compare->a.view, x, "first");
	return y ? tell_alone(compare, &compare->b.view, y, "second") : 0;
}

static int merge_symbols(struct mh_compare *compare, const struct symbols *a,
			 const struct symbols *b)
{
	uint32_t i = 0, j = 0;
	int ret = 0;

	while (ret == 0 && (i < a->count || j < b->count)) {
		const struct mh_elf_symbol *x = i < a->count ? &a->symbols[a->order[i]] : NULL;
		const struct mh_elf_symbol *y = j < b->count ? &b->symbols[b->order[j]] : NULL;
		int order = !x ? 1 : !y ? -1 : compare_symbols(a->view, x, b->view, y);

		if (order)
			ret = tell_pair(compare, x, y, &order);
		i += order <= 0;
		j += order >= 0;
	}
	return ret;
}

/* Do those that both have stand in one order? */
static bool same_order(const struct mh_compare *compare, uint32_t count)
{
	uint32_t last = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (compare->matches[i] == NONE)
			continue;
		if (compare->matches[i] < last)
			return false;
		last = compare->matches[i];
	}
	return true;
}

/* But for the number of local symbols, which those that were taken away are of. */
static bool same_table(const struct mh_elf_section *a, const struct mh_elf_section *b)
{
	return a->flags == b->flags && a->address == b->address && a->alignment == b->alignment;
}

int mh_compare_symbols(struct mh_compare *compare, struct modhash_error *err)
{
	const struct mh_elf_view *x = &compare->a.view, *y = &compare->b.view;
	uint32_t before = compare->kinds, told;
	struct symbols a = { 0 }, b = { 0 };
	int ret = find_matches(compare, err);

	if (ret == 0)
		ret = read_both(compare, &a, &b, err);
	compare->kinds = 0;
	if (ret == 0)
		ret = merge_symbols(compare, &a, &b);
	told = compare->kinds;
	compare->kinds |= before;
	if (ret == 0 && !(told & MODHASH_DIFFERS_SYMBOL) &&
	    (!told || !same_order(compare, a.count) ||
	     !same_table(&x->sections[x->symtab], &y->sections[y->symtab])))
		ret = mh_compare_tell(compare, MODHASH_DIFFERS_SYMBOL, "",
				      "symbols are in another order");
	free_symbols(&a);
	free_symbols(&b);
	return ret;
}
