/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The entries of .modinfo.
 */
#include <string.h>

#include "compare.h"

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
