/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests: BTF taken apart, changed and put together again, with tables of its own, so
 * that an error in the library's does not hide itself.
 */
#ifndef BTF_LAB_H
#define BTF_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lab_type {
	uint32_t *words;
	uint32_t count;
};

struct lab {
	uint32_t first_id;
	uint32_t first_string;
	bool big_endian;
	struct lab_type *types;
	uint32_t count;
	char *strings;
	uint32_t strings_length;
};

/* A sequence that depends on nothing but the seed. */
uint64_t lab_random(uint64_t *seed);
uint32_t lab_below(uint64_t *seed, uint32_t below);

/* 'n'ame, 'i'nfo, 't'ype, 'v'alue, 'z'ero: what word @index of a type with that info is. */
char lab_word(uint32_t info, uint32_t index);

/* How many words a type of that info has in front of its entries, and each of these. */
uint32_t lab_head(uint32_t info);
uint32_t lab_each(uint32_t info);

/* Would two infos of the same count have words of the same meaning behind them? */
bool lab_same_words(uint32_t a, uint32_t b);

void lab_init(struct lab *lab, uint32_t first_id, uint32_t first_string);
void lab_free(struct lab *lab);

/* Parse well-formed BTF. */
void lab_parse(struct lab *lab, const uint8_t *data, size_t length, uint32_t first_id,
	       uint32_t first_string);

/* The bytes, to be freed. */
uint8_t *lab_write(const struct lab *lab, size_t *length);

/* A string's offset: that of an equal one that is there, or a new one. */
uint32_t lab_string(struct lab *lab, const char *text);

/*
 * Add a type: its name (or NULL), info, and @count words more.  Returns its id.
 */
uint32_t lab_add(struct lab *lab, const char *name, uint32_t info, uint32_t count, ...);
#define LAB_INFO(kind, vlen) ((uint32_t)(kind) << 24 | (uint32_t)(vlen))
#define LAB_KFLAG 0x80000000u

/*
 * Put types and strings in another order.  @ids: out, new id of each own type, by old
 * index; @names: out, new offset of each own byte.  Both may be NULL.
 */
void lab_permute(struct lab *lab, uint64_t *seed, uint32_t *ids, uint32_t *names);

/* Follow a base that was permuted so. */
void lab_retarget(struct lab *lab, const uint32_t *base_ids, const uint32_t *base_names);

/* Types of every kind that refer to each other at random, in cycles, too. */
void lab_random_types(struct lab *lab, uint64_t *seed, uint32_t count, uint32_t base_count,
		      const uint8_t *base_kinds);

#endif /* BTF_LAB_H */
