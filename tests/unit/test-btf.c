/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* BTF: reading, hashing, the canonical order, the cache. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include <modhash/format.h>

#include "btf-lab.h"
#include "btf-rewrite.h"
#include "btf.h"

static struct mh_hasher *sha256;
static struct modhash_error error;

/* --- helpers --- */

struct bytes {
	uint8_t *data;
	size_t length;
};

static struct bytes written(const struct lab *lab)
{
	struct bytes bytes;

	bytes.data = lab_write(lab, &bytes.length);
	return bytes;
}

/* The digest of BTF, 0 or the error's code. */
static int digest_of(const uint8_t *data, size_t length, const struct mh_btf_base *base,
		     uint8_t digest[32])
{
	struct mh_btf btf;
	struct mh_btf_hashes hashes;
	struct mh_buf message = MH_BUF_EMPTY;
	int ret = mh_btf_open(&btf, data, length, 0, base, &error);

	if (ret < 0)
		return ret;
	ret = mh_btf_hash(&btf, sha256, &hashes, &error);
	if (ret == 0) {
		struct mh_part part;

		ret = mh_btf_digest_message(&btf, NULL, &hashes, &message, &error);
		part = (struct mh_part){ message.data, message.length };
		if (ret == 0)
			ret = mh_hasher_parts(sha256, &part, 1, digest, &error);
		mh_buf_free(&message);
		mh_btf_hashes_free(&hashes);
	}
	mh_btf_close(&btf);
	return ret;
}

static int lab_digest(const struct lab *lab, const struct mh_btf_base *base, uint8_t digest[32])
{
	struct bytes bytes = written(lab);
	int ret = digest_of(bytes.data, bytes.length, base, digest);

	free(bytes.data);
	return ret;
}

static void must_digest(const struct lab *lab, const struct mh_btf_base *base,
			uint8_t digest[32])
{
	int ret = lab_digest(lab, base, digest);

	ck_assert_msg(ret == 0, "%d: %s", ret, error.message);
}

static bool same(const struct lab *a, const struct lab *b)
{
	uint8_t x[32], y[32];

	must_digest(a, NULL, x);
	must_digest(b, NULL, y);
	return !memcmp(x, y, 32);
}

static struct mh_btf_base *base_of(const struct lab *lab)
{
	struct bytes bytes = written(lab);
	struct mh_btf_base *base;
	int ret = mh_btf_base_new(bytes.data, bytes.length, 0, sha256, &base, &error);

	ck_assert_msg(ret == 0, "%d: %s", ret, error.message);
	free(bytes.data);
	return base;
}

static void kinds_of(const struct lab *lab, uint8_t *kinds)
{
	for (uint32_t i = 0; i < lab->count; i++)
		kinds[i] = lab->types[i].words[1] >> 24 & 0x1f;
}

/* The rewrite's bytes, or the error's code. */
static int rewrite_of(const uint8_t *data, size_t length, const struct mh_btf_base *base,
		      uint8_t **out)
{
	struct mh_btf btf;
	struct mh_btf_hashes hashes;
	struct mh_btf_rewritten rewritten;
	struct mh_btf_graph graph = { .btf = &btf, .hashes = &hashes };
	int ret = mh_btf_open(&btf, data, length, 0, base, &error);

	if (ret < 0)
		return ret;
	ck_assert_int_eq(mh_btf_hash(&btf, sha256, &hashes, &error), 0);
	ret = mh_btf_rewrite(&graph, &rewritten, &error);
	*out = ret == 0 ? rewritten.btf : NULL;
	mh_btf_hashes_free(&hashes);
	mh_btf_close(&btf);
	return ret;
}

/* --- reading --- */

static void small(struct lab *lab)
{
	uint32_t integer, record;

	lab_init(lab, 1, 0);
	integer = lab_add(lab, "int", LAB_INFO(1, 0), 2, 4, 0x01000020);
	record = lab_add(lab, "pair", LAB_INFO(4, 2), 7, 8, lab_string(lab, "first"), integer, 0,
			 lab_string(lab, "second"), integer, 32);
	lab_add(lab, NULL, LAB_INFO(2, 0), 1, record);
}

static int read_changed(size_t at, uint8_t value)
{
	struct lab lab;
	struct bytes bytes;
	struct mh_btf btf;
	int ret;

	small(&lab);
	bytes = written(&lab);
	bytes.data[at] = value;
	ret = mh_btf_open(&btf, bytes.data, bytes.length, 1000, NULL, &error);
	if (ret == 0)
		mh_btf_close(&btf);
	free(bytes.data);
	lab_free(&lab);
	return ret;
}

START_TEST(test_header)
{
	static const struct {
		size_t at;
		uint8_t value;
		int code;
		uint64_t offset;
	} cases[] = {
		{ 0, 0, MODHASH_E_BTF, 1000 },	      { 2, 2, MODHASH_E_UNSUPPORTED, 1002 },
		{ 3, 1, MODHASH_E_UNSUPPORTED, 1003 }, { 4, 20, MODHASH_E_BTF, 1004 },
		{ 4, 25, MODHASH_E_BTF, 1004 },	      { 7, 255, MODHASH_E_BTF, 1004 },
		{ 4, 28, MODHASH_E_UNSUPPORTED, 1024 }, { 8, 4, MODHASH_E_BTF, 1008 },
		{ 12, 65, MODHASH_E_BTF, 1012 },      { 15, 255, MODHASH_E_BTF, 1012 },
		{ 16, 1, MODHASH_E_BTF, 1016 },	      { 20, 1, MODHASH_E_BTF, 1020 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		ck_assert_int_eq(read_changed(cases[i].at, cases[i].value), cases[i].code);
		ck_assert_int_eq(error.code, cases[i].code);
		ck_assert_uint_eq(error.offset, cases[i].offset);
	}
	ck_assert_int_eq(read_changed(2, 1), 0);
}
END_TEST

START_TEST(test_types_refused)
{
	/* Types begin at 24: an int of 16 bytes, a struct of 36, a pointer of 12; strings at 88. */
	static const struct {
		size_t at;
		uint8_t value;
		int code;
		uint64_t offset;
	} cases[] = {
		{ 24, 200, MODHASH_E_BTF, 1024 },    { 31, 20, MODHASH_E_UNSUPPORTED, 1028 },
		{ 31, 0, MODHASH_E_BTF, 1028 },	     { 31, 0x81, MODHASH_E_BTF, 1028 },
		{ 31, 0x21, MODHASH_E_UNSUPPORTED, 1028 },
		{ 28, 1, MODHASH_E_BTF, 1028 },	     { 32, 3, MODHASH_E_BTF, 1036 },
		{ 37, 1, MODHASH_E_BTF, 1036 },	     { 39, 3, MODHASH_E_BTF, 1036 },
		{ 44, 4, MODHASH_E_BTF, 1040 },	     { 46, 1, MODHASH_E_BTF, 1040 },
		{ 56, 9, MODHASH_E_BTF, 1056 },	     { 56, 0, MODHASH_E_BTF, 1056 },
		{ 60, 40, MODHASH_E_BTF, 1072 },     { 72, 65, MODHASH_E_BTF, 1072 },
		{ 76, 1, MODHASH_E_BTF, 1076 },	     { 84, 4, MODHASH_E_BTF, 1084 },
		{ 88, 'x', MODHASH_E_NO_BASE, 1088 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int code = read_changed(cases[i].at, cases[i].value);

		ck_assert_msg(code == cases[i].code, "%zu := %u: %d, %s", cases[i].at,
			      cases[i].value, code, code ? error.message : "");
		ck_assert_msg(error.offset == cases[i].offset, "%zu := %u: offset %u: %s",
			      cases[i].at, cases[i].value, (unsigned int)error.offset,
			      error.message);
	}
}
END_TEST

START_TEST(test_every_cut)
{
	struct lab lab;
	struct bytes bytes;
	uint8_t digest[32];
	uint64_t seed = 7;

	lab_init(&lab, 1, 0);
	lab_random_types(&lab, &seed, 40, 0, NULL);
	bytes = written(&lab);
	for (size_t i = 0; i < bytes.length; i++) {
		uint8_t *copy = malloc(i + 1);

		memcpy(copy, bytes.data, i);
		ck_assert_int_lt(digest_of(copy, i, NULL, digest), 0);
		free(copy);
	}
	free(bytes.data);
	lab_free(&lab);
}
END_TEST

/* Any byte at all may be anything: an error or a digest, within bounds. */
START_TEST(test_noise)
{
	struct lab lab;
	struct bytes bytes;
	uint8_t digest[32];
	uint64_t seed = 11;

	lab_init(&lab, 1, 0);
	lab_random_types(&lab, &seed, 60, 0, NULL);
	bytes = written(&lab);
	for (int i = 0; i < 20000; i++) {
		uint8_t *copy = malloc(bytes.length);
		int changes = 1 + (int)lab_below(&seed, 4);

		memcpy(copy, bytes.data, bytes.length);
		while (changes--)
			copy[lab_below(&seed, (uint32_t)bytes.length)] =
				(uint8_t)lab_random(&seed);
		(void)digest_of(copy, bytes.length, NULL, digest);
		free(copy);
	}
	free(bytes.data);
	lab_free(&lab);
}
END_TEST

/* --- the digest: what leaves it alone --- */

START_TEST(test_permuted)
{
	for (uint64_t round = 0; round < 300; round++) {
		uint64_t seed = round;
		struct lab lab;
		uint8_t before[32], after[32];

		lab_init(&lab, 1, 0);
		lab_random_types(&lab, &seed, 6 + lab_below(&seed, 120), 0, NULL);
		must_digest(&lab, NULL, before);
		for (int i = 0; i < 3; i++) {
			lab_permute(&lab, &seed, NULL, NULL);
			must_digest(&lab, NULL, after);
			ck_assert_mem_eq(before, after, 32);
		}
		lab.big_endian = true;
		must_digest(&lab, NULL, after);
		ck_assert_mem_eq(before, after, 32);
		lab_free(&lab);
	}
}
END_TEST

/* A module over a base: the base is permuted, and the module follows. */
START_TEST(test_base_permuted)
{
	for (uint64_t round = 0; round < 200; round++) {
		uint64_t seed = 1000 + round;
		struct lab base_lab, lab;
		struct mh_btf_base *base;
		uint32_t ids[64], *names;
		uint8_t before[32], after[32], kinds[64];

		lab_init(&base_lab, 1, 0);
		lab_random_types(&base_lab, &seed, 60, 0, NULL);
		base = base_of(&base_lab);
		kinds_of(&base_lab, kinds);
		lab_init(&lab, 61, base_lab.strings_length);
		lab_random_types(&lab, &seed, 50, 60, kinds);
		must_digest(&lab, base, before);
		mh_btf_base_free(base);

		names = malloc(base_lab.strings_length * sizeof(*names));
		lab_permute(&base_lab, &seed, ids, names);
		base = base_of(&base_lab);
		lab_retarget(&lab, ids, names);
		lab_permute(&lab, &seed, NULL, NULL);
		must_digest(&lab, base, after);
		ck_assert_mem_eq(before, after, 32);
		mh_btf_base_free(base);
		free(names);
		lab_free(&lab);
		lab_free(&base_lab);
	}
}
END_TEST

/* --- the digest: what changes it --- */

static unsigned int mutations, refused;
/* By kind and word, entries' words behind those of the head: changes that were no error. */
static unsigned int accepted[20][8];

static uint32_t word_column(uint32_t info, uint32_t word)
{
	uint32_t head = lab_head(info), each = lab_each(info);

	return word < head ? word : head + (word - head) % each;
}

static void mutated(const struct lab *lab, const uint8_t before[32], uint32_t type, uint32_t word)
{
	uint32_t info = lab->types[type].words[1];
	uint8_t after[32];
	int ret = lab_digest(lab, NULL, after);

	mutations++;
	refused += ret < 0;
	accepted[info >> 24 & 0x1f][word_column(info, word)] += ret == 0;
	ck_assert_msg(ret < 0 || memcmp(before, after, 32),
		      "type %u, word %u, kind %u: changed, but the digest is the same", type, word,
		      lab->types[type].words[1] >> 24);
}

/* Do two types look the same, but for the types that they refer to? */
static bool words_alike(const struct lab *lab, uint32_t a, uint32_t b, const uint32_t *class)
{
	const struct lab_type *x = &lab->types[a], *y = &lab->types[b];

	if (x->words[1] != y->words[1])
		return false;
	for (uint32_t i = 0; i < x->count; i++) {
		uint32_t p = x->words[i], q = y->words[i];
		char word = lab_word(x->words[1], i);

		if (word == 't' ? class[p] != class[q] :
		    word == 'n' ? strcmp(lab->strings + p, lab->strings + q) :
				  p != q)
			return false;
	}
	return true;
}

/*
 * Which types can't be told apart by following what they refer to, however far: a class
 * for each id, the slow and simple way.  To refer to one of these rather than to another
 * can leave the graph the same as a whole.
 */
static void classes_of(const struct lab *lab, uint32_t *class)
{
	uint32_t next[128] = { 0 };
	bool changed = true;

	memset(class, 0, (lab->count + 1) * sizeof(*class));
	while (changed) {
		for (uint32_t a = 0; a < lab->count; a++) {
			uint32_t b = 0;

			while (!(class[a + 1] == class[b + 1] && words_alike(lab, a, b, class)))
				b++;
			next[a + 1] = b + 1;
		}
		changed = memcmp(class, next, (lab->count + 1) * sizeof(*class));
		memcpy(class, next, (lab->count + 1) * sizeof(*class));
	}
}

/* Do two entries of a type say the same? */
static bool entries_alike(const struct lab *lab, uint32_t info, uint32_t head, const uint32_t *x,
			  const uint32_t *y, const uint32_t *class)
{
	for (uint32_t i = 0; i < lab_each(info); i++) {
		char word = lab_word(info, head + i);

		if (word == 't' ? class[x[i]] != class[y[i]] :
		    word == 'n' ? strcmp(lab->strings + x[i], lab->strings + y[i]) :
				  x[i] != y[i])
			return false;
	}
	return true;
}

/*
 * Each word of each kind was changed to something that can be, but for those that can't: words
 * that are not used, names of what has none, and infos that say nothing but the kind.
 */
static void check_accepted(void)
{
	for (uint32_t kind = 1; kind < 20; kind++) {
		uint32_t info = kind << 24;
		bool nameless = kind == 2 || kind == 3 || (kind >= 9 && kind <= 11) || kind == 13;
		bool only_kind = kind == 1 || kind == 3 || kind == 16;

		for (uint32_t w = 0; w < lab_head(info) + lab_each(info); w++) {
			char word = lab_word(info, w);
			bool never = word == 'z' || (word == 'n' && w == 0 && nameless) ||
				     (word == 'i' && only_kind);

			ck_assert_msg(never == !accepted[kind][w],
				      "kind %u, word %u: %u changes that can be", kind, w,
				      accepted[kind][w]);
		}
	}
}

static void mutate_word(struct lab *lab, const uint8_t before[32], const uint32_t *class,
			uint32_t t, uint32_t w, uint64_t *seed)
{
	uint32_t *word = &lab->types[t].words[w], old = *word;

	switch (lab_word(lab->types[t].words[1], w)) {
	case 't':
		/* Another type, that looks different. */
		for (int i = 0; i < 20; i++) {
			uint32_t id = lab_below(seed, lab->count + 1);

			if (class[id] == class[old])
				continue;
			*word = id;
			mutated(lab, before, t, w);
			*word = old;
		}
		break;
	case 'n':
		for (int i = 0; i < 5; i++) {
			uint32_t name = lab_below(seed, lab->strings_length);

			if (strcmp(lab->strings + name, lab->strings + old)) {
				*word = name;
				mutated(lab, before, t, w);
			}
			*word = old;
		}
		break;
	case 'i':
		*word ^= LAB_KFLAG;
		mutated(lab, before, t, w);
		*word = old;
		/* Kinds whose words are the same. */
		for (uint32_t kind = 1; kind < 20; kind++) {
			*word = (old & ~(0x1fu << 24)) | kind << 24;
			if (*word != old && lab_same_words(*word, old))
				mutated(lab, before, t, w);
			*word = old;
		}
		if (old >> 24 == 12) {
			*word = old ^ 1;
			mutated(lab, before, t, w);
			*word = old;
		}
		break;
	default:
		for (int bit = 0; bit < 32; bit++) {
			*word = old ^ 1u << bit;
			mutated(lab, before, t, w);
			*word = old;
		}
		/* Some can only be a power of two, or go with what is beside them. */
		for (int i = 0; i < 5; i++) {
			const uint32_t values[] = {
				(uint32_t)((uint64_t)old << 1), old >> 1,
				(uint32_t)((uint64_t)old + 1), old ? old - 1 : ~0u, ~0u,
			};

			*word = values[i];
			if (*word != old)
				mutated(lab, before, t, w);
			*word = old;
		}
	}
}

/* The entries of a type: one taken away, one twice, and two that change places. */
static void mutate_entries(struct lab *lab, const uint8_t before[32], const uint32_t *class,
			   uint32_t t)
{
	struct lab_type *type = &lab->types[t], old = *type;
	uint32_t info = old.words[1], head = lab_head(info), each = lab_each(info);
	uint32_t count = each ? (old.count - head) / each : 0;

	for (uint32_t i = 0; i < count; i++) {
		uint32_t at = head + i * each, rest = old.count - at - each;

		type->words = malloc((old.count + each) * sizeof(*type->words));
		memcpy(type->words, old.words, at * sizeof(*type->words));
		memcpy(type->words + at, old.words + at + each, rest * sizeof(*type->words));
		type->words[1] = info - 1;
		type->count = old.count - each;
		mutated(lab, before, t, 1);
		memcpy(type->words, old.words, (at + each) * sizeof(*type->words));
		memcpy(type->words + at + each, old.words + at, (each + rest) * sizeof(*type->words));
		type->words[1] = info + 1;
		type->count = old.count + each;
		mutated(lab, before, t, 1);
		free(type->words);
		*type = old;
	}
	for (uint32_t i = 1; i < count; i++) {
		uint32_t *x = type->words + head + (i - 1) * each, *y = x + each, kept[3];

		if (entries_alike(lab, info, head, x, y, class))
			continue;
		memcpy(kept, x, each * sizeof(*kept));
		memcpy(x, y, each * sizeof(*kept));
		memcpy(y, kept, each * sizeof(*kept));
		mutated(lab, before, t, head);
		memcpy(y, x, each * sizeof(*kept));
		memcpy(x, kept, each * sizeof(*kept));
	}
}

START_TEST(test_mutated)
{
	unsigned int kinds[20] = { 0 };

	mutations = refused = 0;
	for (uint64_t round = 0; round < 12; round++) {
		uint64_t seed = 77 + round;
		struct lab lab;
		uint32_t class[128];
		uint8_t before[32];

		lab_init(&lab, 1, 0);
		lab_random_types(&lab, &seed, 60, 0, NULL);
		must_digest(&lab, NULL, before);
		classes_of(&lab, class);
		for (uint32_t t = 0; t < lab.count; t++) {
			kinds[lab.types[t].words[1] >> 24 & 0x1f]++;
			for (uint32_t w = 0; w < lab.types[t].count; w++)
				mutate_word(&lab, before, class, t, w, &seed);
			mutate_entries(&lab, before, class, t);
		}
		lab_free(&lab);
	}
	for (int kind = 1; kind < 20; kind++)
		ck_assert_msg(kinds[kind] > 0, "no type of kind %d", kind);
	ck_assert_uint_gt(mutations - refused, 10000);
	check_accepted();
}
END_TEST

/* Every byte of the strings, and strings that nothing uses. */
START_TEST(test_strings_changed)
{
	struct lab lab;
	uint64_t seed = 5;
	uint8_t before[32], after[32];

	lab_init(&lab, 1, 0);
	lab_random_types(&lab, &seed, 50, 0, NULL);
	lab_string(&lab, "nobody uses this");
	must_digest(&lab, NULL, before);
	for (uint32_t i = 0; i < lab.strings_length; i++) {
		char old = lab.strings[i];

		lab.strings[i] = old == 'q' ? 'Q' : 'q';
		if (lab_digest(&lab, NULL, after) == 0)
			ck_assert_msg(memcmp(before, after, 32), "byte %u", i);
		lab.strings[i] = old;
	}
	lab_string(&lab, "nor this");
	must_digest(&lab, NULL, after);
	ck_assert_mem_ne(before, after, 32);
	lab_free(&lab);
}
END_TEST

/* --- cycles --- */

/* @cycles cycles of @length pointers each. */
static void pointer_cycles(struct lab *lab, uint32_t cycles, uint32_t length)
{
	lab_init(lab, 1, 0);
	for (uint32_t i = 0; i < cycles; i++) {
		for (uint32_t j = 0; j < length; j++)
			lab_add(lab, NULL, LAB_INFO(2, 0), 1,
				1 + i * length + (j + 1) % length);
	}
}

START_TEST(test_cycles)
{
	struct lab labs[6];
	static const uint32_t shapes[6][2] = { { 1, 6 }, { 2, 3 }, { 3, 2 },
					       { 6, 1 }, { 1, 12 }, { 2, 6 } };

	for (int i = 0; i < 6; i++)
		pointer_cycles(&labs[i], shapes[i][0], shapes[i][1]);
	for (int i = 0; i < 6; i++) {
		for (int j = 0; j < 6; j++)
			ck_assert_msg(same(&labs[i], &labs[j]) == (i == j), "%d and %d", i, j);
	}
	for (int i = 0; i < 6; i++)
		lab_free(&labs[i]);
}
END_TEST

/* A list head, as its own type and unrolled once: each node leads to the same for ever. */
static void list(struct lab *lab, uint32_t unrolled)
{
	lab_init(lab, 1, 0);
	for (uint32_t i = 0; i < unrolled; i++) {
		lab_add(lab, "list", LAB_INFO(4, 1), 4, 8, lab_string(lab, "next"), 2 + 2 * i, 0);
		lab_add(lab, NULL, LAB_INFO(2, 0), 1, 1 + 2 * ((i + 1) % unrolled));
	}
}

START_TEST(test_unrolled)
{
	struct lab once, twice, thrice;

	list(&once, 1);
	list(&twice, 2);
	list(&thrice, 3);
	ck_assert(!same(&once, &twice));
	ck_assert(!same(&twice, &thrice));
	ck_assert(!same(&once, &thrice));
	lab_free(&once);
	lab_free(&twice);
	lab_free(&thrice);
}
END_TEST

/* Two equal structs, with one user each, or both with the same. */
static void twins(struct lab *lab, uint32_t second_user)
{
	uint32_t integer, a;

	lab_init(lab, 1, 0);
	integer = lab_add(lab, "int", LAB_INFO(1, 0), 2, 4, 0x01000020);
	a = lab_add(lab, "twin", LAB_INFO(4, 1), 4, 4, lab_string(lab, "x"), integer, 0);
	lab_add(lab, "twin", LAB_INFO(4, 1), 4, 4, lab_string(lab, "x"), integer, 0);
	lab_add(lab, "one", LAB_INFO(8, 0), 1, a);
	lab_add(lab, "two", LAB_INFO(8, 0), 1, a + second_user);
}

START_TEST(test_twins)
{
	struct lab lab;
	struct bytes bytes;
	struct mh_btf btf;
	struct mh_btf_hashes hashes;

	twins(&lab, 1);
	bytes = written(&lab);
	ck_assert_int_eq(mh_btf_open(&btf, bytes.data, bytes.length, 0, NULL, &error), 0);
	ck_assert_int_eq(mh_btf_hash(&btf, sha256, &hashes, &error), 0);
	ck_assert_uint_eq(hashes.duplicates, 2);
	mh_btf_hashes_free(&hashes);
	mh_btf_close(&btf);
	free(bytes.data);
	lab_free(&lab);
}
END_TEST

/* --- limits --- */

START_TEST(test_deep)
{
	struct lab lab;
	uint8_t digest[32];

	lab_init(&lab, 1, 0);
	lab_add(&lab, "int", LAB_INFO(1, 0), 2, 4, 0x01000020);
	for (uint32_t i = 0; i < 300000; i++)
		lab_add(&lab, NULL, LAB_INFO(2, 0), 1, i + 1);
	must_digest(&lab, NULL, digest);
	lab_free(&lab);
}
END_TEST

/* One cycle of pointers with a const in it: each round tells one more pointer apart. */
START_TEST(test_rounds_capped)
{
	struct lab lab;
	uint8_t digest[32];
	uint32_t count = 60000;

	lab_init(&lab, 1, 0);
	lab_add(&lab, NULL, LAB_INFO(10, 0), 1, count);
	for (uint32_t i = 1; i < count; i++)
		lab_add(&lab, NULL, LAB_INFO(2, 0), 1, i);
	ck_assert_int_eq(lab_digest(&lab, NULL, digest), MODHASH_E_TOO_COMPLEX);
	lab_free(&lab);

	count = 300;
	lab_init(&lab, 1, 0);
	lab_add(&lab, NULL, LAB_INFO(10, 0), 1, count);
	for (uint32_t i = 1; i < count; i++)
		lab_add(&lab, NULL, LAB_INFO(2, 0), 1, i);
	must_digest(&lab, NULL, digest);
	lab_free(&lab);
}
END_TEST

START_TEST(test_most_types)
{
	struct lab lab;
	uint8_t digest[32];

	lab_init(&lab, 1, 0);
	for (uint32_t i = 0; i < 0xfffff; i++)
		lab_add(&lab, NULL, LAB_INFO(2, 0), 1, 0);
	must_digest(&lab, NULL, digest);
	lab_add(&lab, NULL, LAB_INFO(2, 0), 1, 0);
	ck_assert_int_eq(lab_digest(&lab, NULL, digest), MODHASH_E_TOO_COMPLEX);
	lab_free(&lab);
}
END_TEST

/* One string of a mebibyte, and many types that have it for a name, each from elsewhere. */
START_TEST(test_names_capped)
{
	struct lab lab;
	uint8_t digest[32];
	uint32_t length = 1 << 20;
	char *name = malloc(length + 1);

	memset(name, 'n', length);
	name[length] = '\0';
	lab_init(&lab, 1, 0);
	lab_add(&lab, name, LAB_INFO(7, 0), 1, 0);
	must_digest(&lab, NULL, digest);
	for (uint32_t i = 0; i < 100; i++) {
		lab_add(&lab, NULL, LAB_INFO(7, 0), 1, 0);
		lab.types[i + 1].words[0] = 2 + i;
	}
	ck_assert_int_eq(lab_digest(&lab, NULL, digest), MODHASH_E_TOO_COMPLEX);
	lab_free(&lab);
	free(name);
}
END_TEST

/*
 * Prototypes with many parameters, whose names are long: what is hashed is the names, and then
 * what each of them is.
 */
START_TEST(test_long_names)
{
	uint8_t digest[32], before[32] = { 0 };
	char name[200];

	memset(name, 'p', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	for (uint32_t length = 1; length < sizeof(name); length += 6) {
		for (uint32_t parameters = 1; parameters < 300; parameters += 7) {
			struct lab lab;
			struct lab_type *type;
			uint32_t at;

			lab_init(&lab, 1, 0);
			lab_add(&lab, "int", LAB_INFO(1, 0), 2, 4, 32);
			at = lab_string(&lab, name + sizeof(name) - 1 - length);
			lab_add(&lab, NULL, LAB_INFO(13, 0), 1, 1);
			type = &lab.types[1];
			type->count = 3 + 2 * parameters;
			type->words = realloc(type->words, type->count * sizeof(*type->words));
			type->words[1] = LAB_INFO(13, parameters);
			for (uint32_t i = 3; i < type->count; i += 2) {
				type->words[i] = at;
				type->words[i + 1] = 1;
			}
			must_digest(&lab, NULL, digest);
			ck_assert_mem_ne(digest, before, sizeof(digest));
			memcpy(before, digest, sizeof(before));
			lab_free(&lab);
		}
	}
}
END_TEST

/* --- bases --- */

START_TEST(test_wrong_base)
{
	struct lab base_lab, lab;
	struct mh_btf_base *base, *other;
	uint64_t seed = 3;
	uint8_t digest[32], kinds[64];
	struct bytes bytes;

	lab_init(&base_lab, 1, 0);
	lab_random_types(&base_lab, &seed, 60, 0, NULL);
	kinds_of(&base_lab, kinds);
	base = base_of(&base_lab);
	lab_init(&lab, 61, base_lab.strings_length);
	lab_random_types(&lab, &seed, 40, 60, kinds);
	lab_add(&lab, NULL, LAB_INFO(8, 0), 1, 1);
	lab.types[lab.count - 1].words[0] = base_lab.types[0].words[0];
	must_digest(&lab, base, digest);
	ck_assert_int_eq(lab_digest(&lab, NULL, digest), MODHASH_E_NO_BASE);

	/* As many types and strings, in another order. */
	lab_permute(&base_lab, &seed, NULL, NULL);
	other = base_of(&base_lab);
	ck_assert_int_eq(lab_digest(&lab, other, digest), MODHASH_E_WRONG_BASE);
	mh_btf_base_free(other);

	/* Fewer. */
	lab_free(&base_lab);
	small(&base_lab);
	other = base_of(&base_lab);
	ck_assert_int_eq(lab_digest(&lab, other, digest), MODHASH_E_WRONG_BASE);
	mh_btf_base_free(other);

	/* Of the other byte order. */
	lab.big_endian = true;
	ck_assert_int_eq(lab_digest(&lab, base, digest), MODHASH_E_WRONG_BASE);
	lab.big_endian = false;

	/* A string of its own that does not end. */
	bytes = written(&lab);
	bytes.data[bytes.length - 1] = 'x';
	ck_assert_int_eq(digest_of(bytes.data, bytes.length, base, digest), MODHASH_E_BTF);
	free(bytes.data);

	mh_btf_base_free(base);
	lab_free(&base_lab);
	lab_free(&lab);
}
END_TEST

START_TEST(test_cache)
{
	struct lab base_lab, lab;
	struct mh_btf_base *base, *loaded;
	struct mh_buf file = MH_BUF_EMPTY;
	uint64_t seed = 9;
	uint8_t with_base[32], with_cache[32], kinds[64], other[32] = { 0 };

	lab_init(&base_lab, 1, 0);
	lab_random_types(&base_lab, &seed, 60, 0, NULL);
	kinds_of(&base_lab, kinds);
	base = base_of(&base_lab);
	lab_init(&lab, 61, base_lab.strings_length);
	lab_random_types(&lab, &seed, 40, 60, kinds);
	must_digest(&lab, base, with_base);

	ck_assert_int_eq(mh_btf_base_save(base, sha256, &file, &error), 0);
	ck_assert(mh_btf_is_cache(file.data, file.length));
	ck_assert_int_eq(mh_btf_base_load(file.data, file.length, base->sha256, sha256, &loaded,
					  &error),
			 0);
	must_digest(&lab, loaded, with_cache);
	ck_assert_mem_eq(with_base, with_cache, 32);
	ck_assert_str_eq(loaded->strings + loaded->names[0], base->strings + base->names[0]);
	mh_btf_base_free(loaded);

	ck_assert_int_eq(mh_btf_base_load(file.data, file.length, other, sha256, &loaded, &error),
			 MODHASH_E_STALE);
	ck_assert_ptr_null(loaded);
	for (size_t i = 0; i < file.length; i++) {
		file.data[i] ^= 0x10;
		ck_assert_int_lt(mh_btf_base_load(file.data, file.length, NULL, sha256, &loaded,
						  &error),
				 0);
		ck_assert_ptr_null(loaded);
		ck_assert_int_lt(mh_btf_base_load(file.data, i, NULL, sha256, &loaded, &error), 0);
		file.data[i] ^= 0x10;
	}
	mh_buf_free(&file);
	mh_btf_base_free(base);
	lab_free(&base_lab);
	lab_free(&lab);
}
END_TEST

/* --- the rewrite --- */

/* The same bytes whatever the order was; the digest stays; twice is once. */
static void check_rewrite(struct lab *lab, const struct mh_btf_base *base, uint64_t *seed)
{
	struct bytes bytes = written(lab);
	uint8_t *first, *second, before[32], after[32];
	int ret = rewrite_of(bytes.data, bytes.length, base, &first);

	ck_assert_msg(ret == 0, "%d: %s", ret, error.message);
	ck_assert_int_eq(digest_of(bytes.data, bytes.length, base, before), 0);
	ck_assert_int_eq(digest_of(first, bytes.length, base, after), 0);
	ck_assert_mem_eq(before, after, 32);
	ck_assert_int_eq(rewrite_of(first, bytes.length, base, &second), 0);
	ck_assert_mem_eq(first, second, bytes.length);
	free(second);
	free(bytes.data);
	for (int i = 0; i < 4; i++) {
		lab_permute(lab, seed, NULL, NULL);
		bytes = written(lab);
		ck_assert_int_eq(rewrite_of(bytes.data, bytes.length, base, &second), 0);
		ck_assert_mem_eq(first, second, bytes.length);
		free(second);
		free(bytes.data);
	}
	free(first);
}

START_TEST(test_rewrite)
{
	unsigned int done = 0;

	for (uint64_t round = 0; round < 200; round++) {
		uint64_t seed = 5000 + round;
		struct lab lab;
		struct bytes bytes;
		uint8_t *out;

		lab_init(&lab, 1, 0);
		lab_random_types(&lab, &seed, 5 + lab_below(&seed, 100), 0, NULL);
		bytes = written(&lab);
		if (rewrite_of(bytes.data, bytes.length, NULL, &out) == 0) {
			done++;
			free(out);
			check_rewrite(&lab, NULL, &seed);
		} else {
			ck_assert_int_eq(error.code, MODHASH_E_AMBIGUOUS);
		}
		free(bytes.data);
		lab_free(&lab);
	}
	ck_assert_uint_gt(done, 100);
}
END_TEST

START_TEST(test_rewrite_twins)
{
	struct lab lab;
	uint64_t seed = 1;

	/* Told apart by their users. */
	twins(&lab, 1);
	check_rewrite(&lab, NULL, &seed);
	lab_free(&lab);
	/* One of them is not used. */
	twins(&lab, 0);
	check_rewrite(&lab, NULL, &seed);
	lab_free(&lab);

	/* Copies of one cycle, told apart by nothing, and each type in a copy differs. */
	lab_init(&lab, 1, 0);
	for (uint32_t i = 0; i < 4; i++) {
		lab_add(&lab, NULL, LAB_INFO(2, 0), 1, 3 * i + 2);
		lab_add(&lab, NULL, LAB_INFO(10, 0), 1, 3 * i + 3);
		lab_add(&lab, NULL, LAB_INFO(9, 0), 1, 3 * i + 1);
	}
	check_rewrite(&lab, NULL, &seed);
	lab_free(&lab);
}
END_TEST

static void must_refuse(const struct lab *lab, int code)
{
	struct bytes bytes = written(lab);
	uint8_t *out;

	ck_assert_int_eq(rewrite_of(bytes.data, bytes.length, NULL, &out), code);
	ck_assert_int_eq(error.code, code);
	free(bytes.data);
}

START_TEST(test_rewrite_refused)
{
	struct lab lab;
	uint32_t name;

	pointer_cycles(&lab, 1, 6);
	must_refuse(&lab, MODHASH_E_AMBIGUOUS);
	lab_free(&lab);

	small(&lab);
	lab_string(&lab, "unused");
	must_refuse(&lab, MODHASH_E_REWRITE);
	lab_free(&lab);

	/* From the middle. */
	small(&lab);
	name = lab_string(&lab, "second");
	lab_add(&lab, "second", LAB_INFO(8, 0), 1, 1);
	lab.types[lab.count - 1].words[0] = name + 2;
	must_refuse(&lab, MODHASH_E_REWRITE);
	lab_free(&lab);

	/* Twice. */
	small(&lab);
	name = lab_string(&lab, "elsewhere");
	lab_add(&lab, "elsewhere", LAB_INFO(8, 0), 1, 1);
	lab_add(&lab, "elsewhere", LAB_INFO(8, 0), 1, 2);
	lab_string(&lab, "elsewherX");
	lab.types[lab.count - 1].words[0] = name + 10;
	lab.strings[name + 18] = 'e';
	must_refuse(&lab, MODHASH_E_REWRITE);
	lab_free(&lab);
}
END_TEST

/* Types of the base that look the same are not the same number. */
START_TEST(test_rewrite_over_twins)
{
	struct lab base_lab, lab;
	struct mh_btf_base *base;
	uint64_t seed = 21;

	twins(&base_lab, 1);
	base = base_of(&base_lab);
	lab_init(&lab, 6, base_lab.strings_length);
	lab_add(&lab, NULL, LAB_INFO(2, 0), 1, 2);
	lab_add(&lab, NULL, LAB_INFO(2, 0), 1, 3);
	lab_add(&lab, NULL, LAB_INFO(2, 0), 1, 2);
	check_rewrite(&lab, base, &seed);
	mh_btf_base_free(base);
	lab_free(&lab);
	lab_free(&base_lab);
}
END_TEST

/* --- for ever --- */

static void check_golden(const struct lab *lab, const char *expected)
{
	uint8_t digest[32];
	char hex[65];

	must_digest(lab, NULL, digest);
	for (int i = 0; i < 32; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	ck_assert_str_eq(hex, expected);
}

#define GOLDEN_SMALL "8019baec1b03d98e3ef57a4388099a6b4bd5582c8a503cccf2397d677368a387"
#define GOLDEN_LIST "ec30355979c8dfdd710696e739ceacd374e768f2193bab44dcf9c84274b384ed"
#define GOLDEN_RANDOM "26cffefae02189dce7d3ca8b12fb038e8e3d383bf30f6ee4890c20e91c9f2717"

/* Canonical form 1 never changes, so these never do. */
START_TEST(test_golden)
{
	struct lab lab;
	uint64_t seed = 2026;

	small(&lab);
	check_golden(&lab, GOLDEN_SMALL);
	lab_free(&lab);
	list(&lab, 1);
	check_golden(&lab, GOLDEN_LIST);
	lab_free(&lab);
	lab_init(&lab, 1, 0);
	lab_random_types(&lab, &seed, 200, 0, NULL);
	check_golden(&lab, GOLDEN_RANDOM);
	lab_free(&lab);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("btf");
	TCase *tcase = tcase_create("btf");
	SRunner *runner;
	int failed;

	if (mh_hasher_new(MODHASH_ENGINE_AUTO, MODHASH_ALGO_SHA256, &sha256, &error) < 0)
		return 1;
	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, test_header);
	tcase_add_test(tcase, test_types_refused);
	tcase_add_test(tcase, test_every_cut);
	tcase_add_test(tcase, test_noise);
	tcase_add_test(tcase, test_permuted);
	tcase_add_test(tcase, test_base_permuted);
	tcase_add_test(tcase, test_mutated);
	tcase_add_test(tcase, test_strings_changed);
	tcase_add_test(tcase, test_cycles);
	tcase_add_test(tcase, test_unrolled);
	tcase_add_test(tcase, test_twins);
	tcase_add_test(tcase, test_deep);
	tcase_add_test(tcase, test_rounds_capped);
	tcase_add_test(tcase, test_most_types);
	tcase_add_test(tcase, test_names_capped);
	tcase_add_test(tcase, test_long_names);
	tcase_add_test(tcase, test_wrong_base);
	tcase_add_test(tcase, test_cache);
	tcase_add_test(tcase, test_rewrite);
	tcase_add_test(tcase, test_rewrite_twins);
	tcase_add_test(tcase, test_rewrite_refused);
	tcase_add_test(tcase, test_rewrite_over_twins);
	tcase_add_test(tcase, test_golden);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	mh_hasher_free(sha256);
	return failed ? 1 : 0;
}
