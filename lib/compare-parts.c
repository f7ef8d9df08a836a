/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Symbols by name, and the entries of .modinfo.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "fail.h"
#include "sort.h"

/* --- symbols --- */

struct symbols {
	struct mh_elf_symbol *symbols;
	uint32_t *order;
	uint32_t count;
};

static int compare_names(const void *context, uint32_t a, uint32_t b)
{
	const struct symbols *symbols = context;

	return strcmp(symbols->symbols[a].name, symbols->symbols[b].name);
}

static int read_symbols(const struct mh_elf_view *view, struct symbols *symbols,
			struct modhash_error *err)
{
	size_t count = (size_t)view->symbols;
	int ret = 0;

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
		mh_sort(symbols->order, count, symbols->order + count, compare_names, symbols);
	return ret;
}

static void free_symbols(struct symbols *symbols)
{
	free(symbols->symbols);
	free(symbols->order);
}

static const char *section_name(const struct mh_elf_view *view, const struct mh_elf_symbol *symbol)
{
	return symbol->reserved ? "" : view->sections[symbol->section].name;
}

static int tell_symbol(struct mh_compare *compare, const struct mh_elf_symbol *a,
		       const struct mh_elf_symbol *b)
{
	const char *in_a = section_name(&compare->a.view, a);
	const char *in_b = section_name(&compare->b.view, b);

	if (a->reserved != b->reserved || (a->reserved && a->section != b->section) ||
	    strcmp(in_a, in_b))
		return mh_compare_tell(compare, MODHASH_DIFFERS_SYMBOL, a->name,
				       "in section \"%.80s\" and in \"%.80s\"", in_a, in_b);
	if (a->value != b->value || a->size != b->size)
		return mh_compare_tell(compare, MODHASH_DIFFERS_SYMBOL, a->name,
				       "%" PRIu64 " bytes at 0x%" PRIx64 ", and %" PRIu64
				       " at 0x%" PRIx64,
				       a->size, a->value, b->size, b->value);
	if (a->info != b->info || a->other != b->other)
		return mh_compare_tell(compare, MODHASH_DIFFERS_SYMBOL, a->name,
				       "type or binding 0x%02x, 0x%02x, and 0x%02x, 0x%02x", a->info,
				       a->other, b->info, b->other);
	return 0;
}

static int merge_symbols(struct mh_compare *compare, const struct symbols *a,
			 const struct symbols *b)
{
	uint32_t i = 0, j = 0;
	int ret = 0;

	while (ret == 0 && (i < a->count || j < b->count)) {
		const struct mh_elf_symbol *x = i < a->count ? &a->symbols[a->order[i]] : NULL;
		const struct mh_elf_symbol *y = j < b->count ? &b->symbols[b->order[j]] : NULL;
		int order = !x ? 1 : !y ? -1 : strcmp(x->name, y->name);

		if (order == 0)
			ret = tell_symbol(compare, x, y);
		else
			ret = mh_compare_tell(compare, MODHASH_DIFFERS_SYMBOL,
					      order < 0 ? x->name : y->name, "only in the %s",
					      order < 0 ? "first" : "second");
		i += order <= 0;
		j += order >= 0;
	}
	return ret;
}

int mh_compare_symbols(struct mh_compare *compare, struct modhash_error *err)
{
	struct symbols a = { 0 }, b = { 0 };
	uint32_t before = compare->kinds;
	int ret = read_symbols(&compare->a.view, &a, err);

	if (ret == 0)
		ret = read_symbols(&compare->b.view, &b, err);
	if (ret == 0)
		ret = merge_symbols(compare, &a, &b);
	if (ret == 0 && !((compare->kinds & ~before) & MODHASH_DIFFERS_SYMBOL) &&
	    !(before & MODHASH_DIFFERS_SYMBOL))
		ret = mh_compare_tell(compare, MODHASH_DIFFERS_SYMBOL, "",
				      "symbols are in another order");
	free_symbols(&a);
	free_symbols(&b);
	return ret;
}

/* --- .modinfo --- */

/* Each entry is looked for among all of the other's. */
#define MODINFO_MAX (1u << 18)

/* The entry at *at, "key=value"; NULL at the end. */
static const char *next_entry(const struct mh_elf_section *section, uint64_t *at, size_t *length)
{
	while (section->data && *at < section->size) {
		const char *entry = (const char *)section->data + *at;

		*length = strnlen(entry, (size_t)(section->size - *at));
		*at += *length + 1;
		if (*length)
			return entry;
	}
	return NULL;
}

static bool has_entry(const struct mh_elf_section *section, const char *entry, size_t length)
{
	const char *other;
	size_t other_length;
	uint64_t at = 0;

	while ((other = next_entry(section, &at, &other_length))) {
		if (other_length == length && !memcmp(other, entry, length))
			return true;
	}
	return false;
}

static int missing_entries(struct mh_compare *compare, const struct mh_elf_section *from,
			   const struct mh_elf_section *in, const char *where)
{
	const char *entry, *equals;
	uint64_t at = 0;
	size_t length;
	char key[80];
	int ret = 0;

	while (ret == 0 && (entry = next_entry(from, &at, &length))) {
		size_t key_length;

		if (has_entry(in, entry, length))
			continue;
		equals = memchr(entry, '=', length);
		key_length = equals ? (size_t)(equals - entry) : length;
		if (key_length >= sizeof(key))
			key_length = sizeof(key) - 1;
		memcpy(key, entry, key_length);
		key[key_length] = '\0';
		ret = mh_compare_tell(compare, MODHASH_DIFFERS_MODINFO, key, "%.*s only in the %s",
				      (int)(length > 200 ? 200 : length), entry, where);
	}
	return ret;
}

int mh_compare_modinfo(struct mh_compare *compare, uint32_t a, uint32_t b)
{
	const struct mh_elf_section *in_a = &compare->a.view.sections[a];
	const struct mh_elf_section *in_b = &compare->b.view.sections[b];
	int ret;

	if (in_a->size > MODINFO_MAX || in_b->size > MODINFO_MAX)
		return mh_compare_tell(compare, MODHASH_DIFFERS_MODINFO, "", "entries differ, and are "
				       "too many to tell which");
	ret = missing_entries(compare, in_a, in_b, "first");

	if (ret == 0)
		ret = missing_entries(compare, in_b, in_a, "second");
	if (ret == 0 && !(compare->kinds & MODHASH_DIFFERS_MODINFO))
		ret = mh_compare_tell(compare, MODHASH_DIFFERS_MODINFO, "",
				      "entries in another order, or another number of them");
	return ret;
}
