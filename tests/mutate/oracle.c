/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is the same, by the words of modhash-formats(5) and doc/btf.md: bytes are compared,
 * nothing is hashed, and nothing of the library is called.
 */
#include <string.h>

#include "mutate.h"

/* --- trailers --- */

#define MARKER "~Module signature appended~\n"
#define MARKER_LENGTH 28
#define RECORD_LENGTH 12

int oracle_trailer(const uint8_t *file, size_t length, struct oracle_trailer *trailer)
{
	size_t record, data;
	int i;

	if (length <= MARKER_LENGTH ||
	    memcmp(file + length - MARKER_LENGTH, MARKER, MARKER_LENGTH) != 0)
		return 0;
	if (length <= MARKER_LENGTH + RECORD_LENGTH)
		return -1;
	record = length - MARKER_LENGTH - RECORD_LENGTH;
	data = (size_t)file[record + 8] << 24 | (size_t)file[record + 9] << 16 |
	       (size_t)file[record + 10] << 8 | file[record + 11];
	trailer->type = file[record + 2];
	if (trailer->type < 2)
		data += (size_t)file[record + 3] + file[record + 4];
	if (data >= record)
		return -1;
	for (i = 0; trailer->type == 2 && i < 8; i++) {
		if (i != 2 && file[record + i])
			return -1;
	}
	trailer->before = record - data;
	trailer->data = file + trailer->before;
	trailer->length = data;
	return 1;
}

long long oracle_payload(const uint8_t *file, size_t length)
{
	struct oracle_trailer trailer;
	int found;

	while ((found = oracle_trailer(file, length, &trailer)) == 1)
		length = trailer.before;
	return found ? -1 : (long long)length;
}

/* Bit by bit, as RFC 1952 has it. */
uint32_t oracle_crc32(const uint8_t *data, size_t length)
{
	uint32_t crc = 0xffffffff;
	size_t i;
	int bit;

	for (i = 0; i < length; i++) {
		crc ^= data[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
	}
	return ~crc;
}

/* --- modules, but for where things lie in the file --- */

struct elf {
	const uint8_t *data;
	size_t length;
	bool is_64, big;
	uint64_t headers, count, names;
};

struct part {
	const char *name;
	uint64_t type, flags, addr, offset, size, link, info, align, each;
	const uint8_t *data; /* NULL if it has none */
};

static uint64_t get(const struct elf *elf, const uint8_t *at, unsigned int size)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < size; i++)
		value = value << 8 | at[elf->big ? i : size - 1 - i];
	return value;
}

static bool open_elf(struct elf *elf, const uint8_t *data, size_t length)
{
	if (length < 64 || memcmp(data, "\177ELF", 4) != 0)
		return false;
	elf->data = data;
	elf->length = length;
	elf->is_64 = data[4] == 2;
	elf->big = data[5] == 2;
	elf->headers = get(elf, data + (elf->is_64 ? 40 : 32), elf->is_64 ? 8 : 4);
	elf->count = get(elf, data + (elf->is_64 ? 60 : 48), 2);
	elf->names = get(elf, data + (elf->is_64 ? 62 : 50), 2);
	return elf->names < elf->count && elf->headers < length &&
	       elf->count * (elf->is_64 ? 64 : 40) <= length - elf->headers;
}

static bool read_part(const struct elf *elf, uint64_t index, struct part *part)
{
	unsigned int word = elf->is_64 ? 8 : 4;
	const uint8_t *at = elf->data + elf->headers + index * (elf->is_64 ? 64 : 40);

	part->type = get(elf, at + 4, 4);
	part->flags = get(elf, at + 8, word);
	part->addr = get(elf, at + 8 + word, word);
	part->offset = get(elf, at + 8 + 2 * word, word);
	part->size = get(elf, at + 8 + 3 * word, word);
	part->link = get(elf, at + 8 + 4 * word, 4);
	part->info = get(elf, at + 12 + 4 * word, 4);
	part->align = get(elf, at + 16 + 4 * word, word);
	part->each = get(elf, at + 16 + 5 * word, word);
	part->data = NULL;
	if (part->type == 0 || part->type == 8)
		return true;
	/* Without bytes it lies anywhere. */
	part->data = elf->data;
	if (!part->size)
		return true;
	if (part->offset > elf->length || part->size > elf->length - part->offset)
		return false;
	part->data = elf->data + part->offset;
	return true;
}

/* A string of a table, or NULL if it does not end there. */
static const char *string_at(const struct part *table, uint64_t offset)
{
	if (!table->data || offset >= table->size ||
	    !memchr(table->data + offset, 0, (size_t)(table->size - offset)))
		return NULL;
	return (const char *)table->data + offset;
}

static bool same_string(const struct part *a, uint64_t a_offset, const struct part *b,
			uint64_t b_offset)
{
	const char *first = string_at(a, a_offset), *second = string_at(b, b_offset);

	return first && second && !strcmp(first, second);
}

/* st_name by what it says; all else as it is. */
static bool same_symbols(const struct elf *first, const struct part *a, const struct elf *second,
			 const struct part *b)
{
	size_t each = first->is_64 ? 24 : 16, at;
	struct part a_names, b_names;

	if (a->link >= first->count || !read_part(first, a->link, &a_names) ||
	    !read_part(second, b->link, &b_names))
		return false;
	for (at = 0; at + each <= a->size; at += each) {
		if (memcmp(a->data + at + 4, b->data + at + 4, each - 4) != 0 ||
		    !same_string(&a_names, get(first, a->data + at, 4), &b_names,
				 get(second, b->data + at, 4)))
			return false;
	}
	return memcmp(a->data + at, b->data + at, (size_t)a->size - at) == 0;
}

/*
 * The same number of types, of the same kinds and sizes; names by what they say, which needs
 * the base where they are of it: then they have to be the same number.
 */
static bool same_types(const struct part *a, const struct part *b, bool twins)
{
	uint32_t type_length, string_length;
	const uint8_t *types = a->data + 24, *strings, *others = b->data + 24, *other_strings;
	uint32_t at;

	if (a->size != b->size || a->size < 24 || memcmp(a->data, b->data, 24) != 0)
		return false;
	memcpy(&type_length, a->data + 12, 4);
	memcpy(&string_length, a->data + 20, 4);
	if (type_length > a->size - 24 || string_length > a->size - 24 - type_length)
		return false;
	strings = types + type_length;
	other_strings = others + type_length;
	if (memcmp(strings, other_strings, string_length) != 0)
		return false;
	if (!memcmp(types, others, type_length))
		return true;
	/* Strings are the same, so that a name elsewhere is another, or an id is a twin's. */
	for (at = 0; twins && at < type_length; at += 4) {
		if (memcmp(types + at, others + at, 4) != 0)
			return true;
	}
	return false;
}

static bool is_btf(const char *name)
{
	return !strcmp(name, ".BTF") || !strcmp(name, ".BTF.base");
}

static bool same_contents(const struct elf *first, const struct part *a, const struct elf *second,
			  const struct part *b, int policy, bool twins)
{
	if (is_btf(a->name) && policy == MODHASH_BTF_DROP)
		return true;
	if (a->size != b->size || !a->data != !b->data)
		return false;
	if (!a->data || !memcmp(a->data, b->data, (size_t)a->size))
		return true;
	if (is_btf(a->name) && policy == MODHASH_BTF_CANONICAL)
		return same_types(a, b, twins);
	if (!strcmp(a->name, ".BTF_ids"))
		return policy == MODHASH_BTF_DROP || (policy == MODHASH_BTF_CANONICAL && twins);
	if (a->type == 2)
		return same_symbols(first, a, second, b);
	return false;
}

static bool same_part(const struct elf *first, const struct elf *second, uint64_t index,
		      int policy, bool twins)
{
	struct part a, b, a_names, b_names;
	uint64_t size = first->is_64 ? 64 : 40;

	if (!read_part(first, index, &a) || !read_part(second, index, &b) ||
	    !read_part(first, first->names, &a_names) ||
	    !read_part(second, second->names, &b_names))
		return false;
	a.name = string_at(&a_names, get(first, first->data + first->headers + index * size, 4));
	b.name = string_at(&b_names, get(second, second->data + second->headers + index * size, 4));
	if (!a.name || !b.name || strcmp(a.name, b.name) != 0)
		return false;
	if (policy == MODHASH_BTF_DROP && is_btf(a.name))
		return true;
	return a.type == b.type && a.flags == b.flags && a.addr == b.addr && a.link == b.link &&
	       a.info == b.info && a.align == b.align && a.each == b.each &&
	       (a.data || a.size == b.size) &&
	       same_contents(first, &a, second, &b, policy, twins);
}

bool oracle_same_module(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length,
			int policy, bool twins)
{
	struct elf first, second;
	size_t word = 0;
	uint64_t i;

	if (a_length == b_length && !memcmp(a, b, a_length))
		return true;
	if (!open_elf(&first, a, a_length) || !open_elf(&second, b, b_length))
		return false;
	word = first.is_64 ? 8 : 4;
	/* All of the header but e_shoff. */
	if (first.count != second.count || memcmp(a, b, 24 + 2 * word) != 0 ||
	    memcmp(a + 24 + 3 * word, b + 24 + 3 * word, 16) != 0)
		return false;
	for (i = 0; i < first.count; i++) {
		if (!same_part(&first, &second, i, policy, twins))
			return false;
	}
	return true;
}
