/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf-lab.h"
#include "checked.h"

MH_WRAPS uint64_t lab_random(uint64_t *seed)
{
	/* splitmix64: Steele, Lea, Flood, "Fast splittable pseudorandom number generators" */
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

uint32_t lab_below(uint64_t *seed, uint32_t below)
{
	return (uint32_t)(lab_random(seed) % below);
}

static void *need(void *memory)
{
	if (!memory) {
		fputs("no memory\n", stderr);
		exit(2);
	}
	return memory;
}

/* The words of a type: those that each has, then those of each entry. */
static const struct {
	const char *head, *each;
} words[20] = {
	[1] = { "nivv", "" },	  [2] = { "nit", "" },	    [3] = { "nizttv", "" },
	[4] = { "niv", "ntv" },	  [5] = { "niv", "ntv" },   [6] = { "niv", "nv" },
	[7] = { "niz", "" },	  [8] = { "nit", "" },	    [9] = { "nit", "" },
	[10] = { "nit", "" },	  [11] = { "nit", "" },	    [12] = { "nit", "" },
	[13] = { "nit", "nt" },	  [14] = { "nitv", "" },    [15] = { "niv", "tvv" },
	[16] = { "niv", "" },	  [17] = { "nitv", "" },    [18] = { "nit", "" },
	[19] = { "niv", "nvv" },
};

static uint32_t kind_of(uint32_t info)
{
	return info >> 24 & 0x1f;
}

static uint32_t length_of(uint32_t info)
{
	uint32_t kind = kind_of(info);

	return (uint32_t)strlen(words[kind].head) +
	       (uint32_t)strlen(words[kind].each) * (info & 0xffff);
}

uint32_t lab_head(uint32_t info)
{
	return (uint32_t)strlen(words[kind_of(info)].head);
}

uint32_t lab_each(uint32_t info)
{
	return (uint32_t)strlen(words[kind_of(info)].each);
}

bool lab_same_words(uint32_t a, uint32_t b)
{
	return !strcmp(words[kind_of(a)].head, words[kind_of(b)].head) &&
	       !strcmp(words[kind_of(a)].each, words[kind_of(b)].each);
}

char lab_word(uint32_t info, uint32_t index)
{
	uint32_t kind = kind_of(info);
	uint32_t head = (uint32_t)strlen(words[kind].head);

	if (index < head)
		return words[kind].head[index];
	return words[kind].each[(index - head) % strlen(words[kind].each)];
}

void lab_init(struct lab *lab, uint32_t first_id, uint32_t first_string)
{
	memset(lab, 0, sizeof(*lab));
	lab->first_id = first_id;
	lab->first_string = first_string;
	lab->strings = need(calloc(1, 1));
	if (!first_string)
		lab->strings_length = 1;
}

void lab_free(struct lab *lab)
{
	for (uint32_t i = 0; i < lab->count; i++)
		free(lab->types[i].words);
	free(lab->types);
	free(lab->strings);
	memset(lab, 0, sizeof(*lab));
}

static uint32_t get32(const struct lab *lab, const uint8_t *p)
{
	uint32_t value = 0;

	for (unsigned int i = 0; i < 4; i++)
		value |= (uint32_t)p[lab->big_endian ? 3 - i : i] << (8 * i);
	return value;
}

static void put32(const struct lab *lab, uint8_t *p, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		p[lab->big_endian ? 3 - i : i] = (uint8_t)(value >> (8 * i));
}

static struct lab_type *new_type(struct lab *lab, uint32_t count)
{
	struct lab_type *type;

	/* Room doubles whenever the count is a power of two. */
	if (!lab->count || !(lab->count & (lab->count - 1)))
		lab->types = need(realloc(lab->types, (lab->count ? lab->count * 2 : 1) *
							     sizeof(*lab->types)));
	type = &lab->types[lab->count++];
	type->count = count;
	type->words = need(calloc(count, sizeof(*type->words)));
	return type;
}

void lab_parse(struct lab *lab, const uint8_t *data, size_t length, uint32_t first_id,
	       uint32_t first_string)
{
	size_t header, types, at;

	lab_init(lab, first_id, first_string);
	lab->big_endian = data[0] == 0xeb;
	header = get32(lab, data + 4);
	types = get32(lab, data + 12);
	for (at = header; at < header + types;) {
		uint32_t count = length_of(get32(lab, data + at + 4));
		struct lab_type *type = new_type(lab, count);

		for (uint32_t i = 0; i < count; i++, at += 4)
			type->words[i] = get32(lab, data + at);
	}
	lab->strings_length = (uint32_t)(length - at);
	lab->strings = need(realloc(lab->strings, (size_t)lab->strings_length + 1));
	memcpy(lab->strings, data + at, lab->strings_length);
}

uint8_t *lab_write(const struct lab *lab, size_t *length)
{
	uint32_t types = 0;
	uint8_t *data, *p;

	for (uint32_t i = 0; i < lab->count; i++)
		types += 4 * lab->types[i].count;
	*length = 24 + (size_t)types + lab->strings_length;
	data = need(calloc(1, *length));
	data[lab->big_endian ? 1 : 0] = 0x9f;
	data[lab->big_endian ? 0 : 1] = 0xeb;
	data[2] = 1;
	put32(lab, data + 4, 24);
	put32(lab, data + 12, types);
	put32(lab, data + 16, types);
	put32(lab, data + 20, lab->strings_length);
	p = data + 24;
	for (uint32_t i = 0; i < lab->count; i++) {
		for (uint32_t j = 0; j < lab->types[i].count; j++, p += 4)
			put32(lab, p, lab->types[i].words[j]);
	}
	memcpy(p, lab->strings, lab->strings_length);
	return data;
}

uint32_t lab_string(struct lab *lab, const char *text)
{
	uint32_t length = (uint32_t)strlen(text) + 1, at = 0;

	if (length == 1)
		return 0;
	while (at < lab->strings_length) {
		if (!strcmp(lab->strings + at, text))
			return lab->first_string + at;
		at += (uint32_t)strlen(lab->strings + at) + 1;
	}
	lab->strings = need(realloc(lab->strings, (size_t)lab->strings_length + length));
	memcpy(lab->strings + lab->strings_length, text, length);
	lab->strings_length += length;
	return lab->first_string + at;
}

uint32_t lab_add(struct lab *lab, const char *name, uint32_t info, uint32_t count, ...)
{
	struct lab_type *type = new_type(lab, 2 + count);
	va_list args;

	type->words[0] = name ? lab_string(lab, name) : 0;
	type->words[1] = info;
	va_start(args, count);
	for (uint32_t i = 0; i < count; i++)
		type->words[2 + i] = va_arg(args, uint32_t);
	va_end(args);
	if (type->count != length_of(info)) {
		fprintf(stderr, "lab_add: %u words, expected %u\n", type->count, length_of(info));
		exit(2);
	}
	return lab->first_id + lab->count - 1;
}

/* --- permuting --- */

static void shuffle(uint32_t *items, uint32_t count, uint64_t *seed)
{
	for (uint32_t i = count; i > 1; i--) {
		uint32_t j = lab_below(seed, i), item = items[i - 1];

		items[i - 1] = items[j];
		items[j] = item;
	}
}

static uint32_t *shuffled(uint32_t count, uint64_t *seed)
{
	uint32_t *items = need(malloc(((size_t)count + 1) * sizeof(*items)));

	for (uint32_t i = 0; i < count; i++)
		items[i] = i;
	shuffle(items, count, seed);
	return items;
}

/* New offsets for all bytes of the strings; the empty string of a first BTF stays first. */
static uint32_t *permute_strings(struct lab *lab, uint64_t *seed)
{
	uint32_t *moved = need(malloc(((size_t)lab->strings_length + 1) * sizeof(*moved)));
	uint32_t *starts = need(malloc(((size_t)lab->strings_length + 1) * sizeof(*starts)));
	char *strings = need(malloc((size_t)lab->strings_length + 1));
	uint32_t count = 0, at = 0, *order;

	if (!lab->first_string) {
		strings[0] = '\0';
		moved[0] = 0;
		at = 1;
	}
	for (uint32_t i = at; i < lab->strings_length;
	     i += (uint32_t)strlen(lab->strings + i) + 1)
		starts[count++] = i;
	order = shuffled(count, seed);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t from = starts[order[i]];
		uint32_t length = (uint32_t)strlen(lab->strings + from) + 1;

		memcpy(strings + at, lab->strings + from, length);
		for (uint32_t j = 0; j < length; j++)
			moved[from + j] = lab->first_string + at + j;
		at += length;
	}
	free(starts);
	free(order);
	free(lab->strings);
	lab->strings = strings;
	return moved;
}

static void renumber(struct lab *lab, const uint32_t *ids, const uint32_t *names)
{
	for (uint32_t i = 0; i < lab->count; i++) {
		struct lab_type *type = &lab->types[i];

		for (uint32_t j = 0; j < type->count; j++) {
			char word = lab_word(type->words[1], j);

			if (word == 't' && type->words[j] >= lab->first_id)
				type->words[j] = ids[type->words[j] - lab->first_id];
			if (word == 'n' && type->words[j] >= lab->first_string)
				type->words[j] = names[type->words[j] - lab->first_string];
		}
	}
}

void lab_permute(struct lab *lab, uint64_t *seed, uint32_t *ids, uint32_t *names)
{
	uint32_t *moved = permute_strings(lab, seed);
	uint32_t *order = shuffled(lab->count, seed);
	uint32_t *numbers = need(malloc(((size_t)lab->count + 1) * sizeof(*numbers)));
	struct lab_type *types = need(malloc((2 * (size_t)lab->count + 1) * sizeof(*types)));

	for (uint32_t i = 0; i < lab->count; i++) {
		types[i] = lab->types[order[i]];
		numbers[order[i]] = lab->first_id + i;
	}
	free(lab->types);
	lab->types = types;
	renumber(lab, numbers, moved);
	if (ids)
		memcpy(ids, numbers, lab->count * sizeof(*ids));
	if (names)
		memcpy(names, moved, lab->strings_length * sizeof(*names));
	free(moved);
	free(order);
	free(numbers);
}

void lab_retarget(struct lab *lab, const uint32_t *base_ids, const uint32_t *base_names)
{
	for (uint32_t i = 0; i < lab->count; i++) {
		struct lab_type *type = &lab->types[i];

		for (uint32_t j = 0; j < type->count; j++) {
			char word = lab_word(type->words[1], j);

			if (word == 't' && type->words[j] && type->words[j] < lab->first_id)
				type->words[j] = base_ids[type->words[j] - 1];
			if (word == 'n' && type->words[j] < lab->first_string)
				type->words[j] = base_names[type->words[j]];
		}
	}
}

/* --- making --- */

struct maker {
	struct lab *lab;
	uint64_t *seed;
	uint8_t *kinds; /* of all ids, the base's too, from 1 */
	uint32_t ids;	/* how many */
};

/* An id of one of the kinds in a bit mask, by trying; 0 if luck has none. */
static uint32_t pick(struct maker *maker, uint32_t mask)
{
	for (int i = 0; i < 200; i++) {
		uint32_t id = 1 + lab_below(maker->seed, maker->ids);

		if (mask >> maker->kinds[id] & 1)
			return id;
	}
	for (uint32_t id = 1; id <= maker->ids; id++) {
		if (mask >> maker->kinds[id] & 1)
			return id;
	}
	return 0;
}

static uint32_t value_type(struct maker *maker)
{
	return pick(maker, (1u << 1 | 1u << 2 | 1u << 3 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7 |
			    1u << 8 | 1u << 9 | 1u << 10 | 1u << 11 | 1u << 13 | 1u << 16 |
			    1u << 18 | 1u << 19));
}

static uint32_t random_name(struct maker *maker, const char *stem)
{
	char text[32];

	snprintf(text, sizeof(text), "%s%u", stem, lab_below(maker->seed, maker->lab->count + 3));
	return lab_string(maker->lab, text);
}

static void fill_type(struct maker *maker, struct lab_type *type, uint32_t kind)
{
	uint64_t *seed = maker->seed;
	uint32_t *w = type->words, vlen = w[1] & 0xffff;

	switch (kind) {
	case 1:
		w[0] = random_name(maker, "int");
		w[2] = 1u << lab_below(seed, 4);
		w[3] = (uint32_t)(lab_below(seed, 2) << 24) | 8 * w[2];
		break;
	case 3:
		w[3] = value_type(maker);
		w[4] = value_type(maker);
		w[5] = lab_below(seed, 9);
		break;
	case 4:
	case 5:
		w[0] = lab_below(seed, 3) ? random_name(maker, "record") : 0;
		w[2] = 64;
		for (uint32_t i = 0; i < vlen; i++) {
			w[3 + 3 * i] = random_name(maker, "member");
			w[4 + 3 * i] = value_type(maker);
			w[5 + 3 * i] = kind == 4 ? 32 * i : 0;
			if (w[1] & LAB_KFLAG)
				w[5 + 3 * i] |= lab_below(seed, 8) << 24;
		}
		break;
	case 6:
	case 19:
		w[0] = lab_below(seed, 3) ? random_name(maker, "enum") : 0;
		w[2] = 1u << lab_below(seed, 4);
		for (uint32_t i = 3; i < type->count; i++)
			w[i] = lab_word(w[1], i) == 'n' ? random_name(maker, "VALUE") :
							  lab_below(seed, 1000);
		break;
	case 7:
		w[0] = random_name(maker, "record");
		break;
	case 12:
		w[0] = random_name(maker, "function");
		w[2] = pick(maker, 1u << 13);
		break;
	case 13:
		w[2] = lab_below(seed, 4) ? value_type(maker) : 0;
		for (uint32_t i = 0; i < vlen; i++) {
			bool dots = i + 1 == vlen && !lab_below(seed, 4);

			w[3 + 2 * i] = dots ? 0 : random_name(maker, "argument");
			w[4 + 2 * i] = dots ? 0 : value_type(maker);
		}
		break;
	case 14:
		w[0] = random_name(maker, "variable");
		w[2] = value_type(maker);
		w[3] = lab_below(seed, 3);
		break;
	case 15:
		w[0] = random_name(maker, ".data");
		w[2] = 16 * vlen;
		for (uint32_t i = 0; i < vlen; i++) {
			w[3 + 3 * i] = pick(maker, 1u << 14);
			w[4 + 3 * i] = 16 * i;
			w[5 + 3 * i] = 1 + lab_below(seed, 16);
		}
		break;
	case 16:
		w[0] = random_name(maker, "float");
		w[2] = 2u << lab_below(seed, 4);
		break;
	case 17:
		w[0] = random_name(maker, "tag");
		w[2] = pick(maker, 1u << 4 | 1u << 5 | 1u << 12);
		w[3] = lab_below(seed, 3);
		w[3] = w[3] ? w[3] - 1 : ~0u;
		break;
	default: /* what refers to one type */
		if (kind == 8 || kind == 18)
			w[0] = random_name(maker, "alias");
		w[2] = value_type(maker);
	}
}

/* Kinds with their weights; one of each that others need comes first. */
static uint32_t random_kind(uint64_t *seed, uint32_t index)
{
	static const uint8_t first[] = { 1, 13, 14, 4, 12 };
	static const uint8_t often[] = { 2, 2, 2, 2, 4, 4, 4, 5, 8, 8, 10, 12, 13, 13 };

	if (index < sizeof(first))
		return first[index];
	if (lab_below(seed, 2))
		return often[lab_below(seed, sizeof(often))];
	return 1 + lab_below(seed, 19);
}

void lab_random_types(struct lab *lab, uint64_t *seed, uint32_t count, uint32_t base_count,
		      const uint8_t *base_kinds)
{
	struct maker maker = { lab, seed, need(calloc(1, base_count + count + 1)), 0 };

	maker.ids = base_count + count;
	if (base_count)
		memcpy(maker.kinds + 1, base_kinds, base_count);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t kind = random_kind(seed, i), info = kind << 24;

		if (kind == 12)
			info |= lab_below(seed, 3);
		else if (*words[kind].each)
			info |= lab_below(seed, 5);
		if (kind >= 4 && kind <= 7 && lab_below(seed, 2))
			info |= LAB_KFLAG;
		maker.kinds[base_count + 1 + i] = (uint8_t)kind;
		new_type(lab, length_of(info))->words[1] = info;
	}
	for (uint32_t i = 0; i < count; i++)
		fill_type(&maker, &lab->types[i], kind_of(lab->types[i].words[1]));
	free(maker.kinds);
}
