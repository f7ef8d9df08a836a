/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blobs that are damaged: each bit of some, and all kinds of damage to all.
 *
 * Of a table, every byte that a kernel has is under a checksum, and so is every section; what
 * can change and leave it a good table is that sections, or the zeroes behind them, are cut off
 * or added.  A table whose checksums were made right again is no damaged one: of it, all readers
 * must say the same.  A list and a root have no checksum: what a list knows then is what stands
 * in it, and a root knows nothing.
 */
#include <stdio.h>
#include <string.h>

#include "../reader/reader.h"
#include "core/core.h"
#include "mutate.h"

/* Digests that every reader is asked for. */
#define ASKED_MAX 24

struct asked {
	struct modhash_digest digests[ASKED_MAX];
	size_t count;
};

static struct counts by_kind[4][2]; /* what was asked and what was taken, plain and mended */
static const char *const kind_names[] = { "list", "table", "table, taken for a list", "merkle" };
enum { LIST, TABLE, TAKEN, MERKLE };

static struct modhash_digest digest_of(const struct modhash_blob_info *info)
{
	struct modhash_digest digest;

	memset(&digest, 0, sizeof(digest));
	digest.algorithm = (uint16_t)info->algorithm;
	digest.scope = (uint16_t)info->scope;
	digest.length = (uint16_t)modhash_algorithm_length((int)info->algorithm);
	return digest;
}

/* Some that the blob has, and one that it has not. */
static void choose(struct asked *asked, const struct modhash_blob *blob, struct random *random)
{
	struct modhash_blob_info info;
	size_t i;

	MODHASH_INIT(info);
	if (modhash_blob_info(blob, &info))
		die("no information on a blob");
	asked->count = ASKED_MAX;
	for (i = 0; i < ASKED_MAX - 1; i++) {
		if (modhash_blob_digest(blob, random_below(random, (size_t)info.count),
					&asked->digests[i]))
			die("no digest in a blob");
	}
	asked->digests[i] = digest_of(&info);
	for (size_t k = 0; k < asked->digests[i].length; k++)
		asked->digests[i].bytes[k] = (uint8_t)random_next(random);
}

/* Is it one of the entries that begin there? */
static bool stands_in(const uint8_t *entries, size_t length, size_t each, const uint8_t *digest)
{
	size_t at;

	for (at = 0; at + each <= length; at += each) {
		if (!memcmp(entries + at, digest, each))
			return true;
	}
	return false;
}

/* --- tables --- */

static uint32_t le32(const uint8_t *at)
{
	return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
	       (uint32_t)at[3] << 24;
}

static uint64_t le64(const uint8_t *at)
{
	return le32(at) | (uint64_t)le32(at + 4) << 32;
}

/* Only sections of the good one, in their order, and zeroes? */
static bool same_sections(const uint8_t *good, size_t good_length, const uint8_t *bytes,
			  size_t length)
{
	size_t at = 0, size;

	while (at < length && at + 24 <= good_length && !memcmp(good + at, "HSEC", 4)) {
		size = 24 + (((size_t)le64(good + at + 8) + 7) & ~(size_t)7);
		if (size > length - at || memcmp(good + at, bytes + at, size) != 0)
			break;
		at += size;
	}
	for (; at < length; at++) {
		if (bytes[at])
			return false;
	}
	return true;
}

static bool same_table(const struct modhash_buffer *good, const struct gen_buf *bytes)
{
	size_t total = (size_t)le64(good->data + 16);

	return bytes->length >= total && !memcmp(good->data, bytes->data, total);
}

/* By modhash-table(5): is that the good table, but for what may be cut off or added? */
static bool is_harmless(const struct modhash_buffer *good, const struct gen_buf *bytes)
{
	size_t total = (size_t)le64(good->data + 16);

	return same_table(good, bytes) &&
	       same_sections(good->data + total, (size_t)good->length - total,
			     bytes->data + total, bytes->length - total);
}

/* What a kernel does, and one that trusts the header alone. */
static int core_reads(const struct gen_buf *bytes, struct mh_core_table *table)
{
	int status = mh_core_table_open(bytes->data, bytes->length, table);

	return status ? status : mh_core_table_check(table, bytes->data);
}

/* Without the body's checksum, too: what is found stands where it was found. */
static void check_unchecked(const struct gen_buf *bytes, const struct asked *asked)
{
	struct mh_core_table table;
	mh_u32 index;
	size_t i;

	if (mh_core_table_open(bytes->data, bytes->length, &table))
		return;
	for (i = 0; i < asked->count; i++) {
		if (table.digest_length != asked->digests[i].length ||
		    !mh_core_table_find(&table, asked->digests[i].bytes, &index))
			continue;
		if (index >= table.count ||
		    memcmp(table.digests + (size_t)index * table.digest_length,
			   asked->digests[i].bytes, table.digest_length) != 0)
			wrong("a look-up in a damaged table found what is not there");
	}
}

/* Three readers of one table say the same of each digest, and what stands in it. */
static void check_answers(const struct modhash_blob *blob, const struct mh_core_table *table,
			  const struct reader *reader, const struct asked *asked)
{
	const uint8_t *digests = reader->data + reader->digests;
	size_t i, length = (size_t)(reader->count * reader->digest_length);

	for (i = 0; i < asked->count; i++) {
		struct modhash_digest digest = asked->digests[i];
		mh_u32 index = 0;
		int stands, library;

		digest.algorithm = (uint16_t)reader->algorithm;
		digest.scope = (uint16_t)reader->scope;
		digest.length = (uint16_t)reader->digest_length;
		stands = stands_in(digests, length, (size_t)reader->digest_length, digest.bytes);
		library = modhash_blob_contains(blob, &digest, NULL);
		if (library != stands || mh_core_table_find(table, digest.bytes, &index) != stands ||
		    (reader_find(reader, digest.bytes) >= 0) != stands)
			wrong("a digest is%s in a table: the library says %d, lib/core %d, the "
			      "reader %d", stands ? "" : " not", library,
			      mh_core_table_find(table, digest.bytes, &index),
			      reader_find(reader, digest.bytes) >= 0);
	}
}

/* Read as a list, it must say so, and know what stands in it and nothing else. */
static void check_list(const struct modhash_blob *blob, const struct gen_buf *bytes,
		       const struct asked *asked)
{
	size_t i;

	for (i = 0; i < asked->count; i++) {
		struct modhash_digest digest = asked->digests[i];

		digest.algorithm = MODHASH_ALGO_SHA256;
		digest.scope = MODHASH_SCOPE_FILE;
		digest.length = 32;
		if (modhash_blob_contains(blob, &digest, NULL) !=
		    stands_in(bytes->data, bytes->length, 32, digest.bytes))
			wrong("a list knows what does not stand in it, or not what does");
	}
}

/* Most of the magic is there, or all of the header that it would have with a magic. */
static bool looks_like_table(const struct gen_buf *bytes)
{
	static const uint8_t magic[8] = { 0x8a, 'M', 'O', 'D', 'H', 'S', 'H', '\n' };
	uint8_t header[96];
	int i, same = 0;

	for (i = 0; i < 8 && bytes->length >= 8; i++)
		same += bytes->data[i] == magic[i];
	if (same >= 5 || bytes->length < sizeof(header))
		return same >= 5;
	memcpy(header, magic, sizeof(magic));
	memcpy(header + 8, bytes->data + 8, sizeof(header) - 8);
	memset(header + 92, 0, 4);
	return oracle_crc32(header, sizeof(header)) == le32(bytes->data + 92);
}

/* @other: another good table that it may have become, or NULL. */
static void check_table(const struct modhash_ctx *ctx, const struct modhash_buffer *good,
			const struct modhash_buffer *other, const struct gen_buf *bytes, const struct asked *asked, bool mended,
			const char *what)
{
	struct modhash_blob *blob = NULL;
	struct modhash_blob_info info;
	struct mh_core_table table;
	struct reader reader;
	const char *why = reader_open(&reader, bytes->data, bytes->length);
	int status = modhash_blob_from_memory(ctx, bytes->data, bytes->length, &blob, NULL);
	int core = core_reads(bytes, &table);
	bool harmless, sections;

	if (other && is_harmless(other, bytes))
		good = other;
	harmless = is_harmless(good, bytes);
	/* Nothing ties sections to their table: those of another may do. */
	sections = other && same_table(good, bytes);

	by_kind[TABLE][mended].asked++;
	MODHASH_INIT(info);
	if (!status && modhash_blob_info(blob, &info))
		die("no information on a blob");
	if (!status && info.format != MODHASH_FORMAT_TABLE) {
		by_kind[TAKEN][mended].asked++;
		by_kind[TAKEN][mended].known++;
		/* What is left of it does not show that it was one. */
		if (looks_like_table(bytes) || why == NULL || !core)
			wrong("%s: a table is taken for something else", what);
		if (info.format == MODHASH_FORMAT_LIST)
			check_list(blob, bytes, asked);
		modhash_blob_free(blob);
		return;
	}
	by_kind[TABLE][mended].known += !status;
	if (harmless && (status || core || why))
		wrong("%s: a good table is refused: the library says %d, lib/core %d, the reader %s",
		      what, status, core, why ? why : "yes");
	if (!harmless && !sections && !mended && !status)
		wrong("%s: a damaged table is read", what);
	if (!status != !why)
		wrong("%s: the library says %d of a table, the reader %s", what, status,
		      why ? why : "yes");
	if (!status && core)
		wrong("%s: the library reads a table that lib/core does not: %d", what, core);
	if (!core && !mended && !same_table(good, bytes))
		wrong("%s: lib/core reads a damaged table", what);
	check_unchecked(bytes, asked);
	if (!status && !core && !why)
		check_answers(blob, &table, &reader, asked);
	modhash_blob_free(blob);
}

static void put_le32(uint8_t *at, uint32_t value)
{
	int i;

	for (i = 0; i < 4; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

/* Fields as they should not be, or not together, and checksums that are right. */
static void mend_table(struct gen_buf *bytes, struct random *random)
{
	static const uint32_t values[] = { 0, 1, 2, 4, 6, 31, 32, 33, 48, 64, 96, 104, 0x7fffffff,
					   0x80000000, 0xffffffff };
	size_t field = 8 + 4 * random_below(random, 22), total;
	uint32_t value = values[random_below(random, sizeof(values) / sizeof(values[0]))];

	if (random_below(random, 2)) /* the fields that say how much there is */
		field = 40 + 4 * random_below(random, 7);
	if (random_below(random, 2))
		value = le32(bytes->data + field) + (random_below(random, 2) ? 1 : -1u);
	if (random_below(random, 8) == 0) /* a digest, or an entry of the index */
		scramble(random, bytes);
	else
		put_le32(bytes->data + field, value);
	if (bytes->length < 96)
		return;
	total = (size_t)le64(bytes->data + 16);
	if (total <= bytes->length && total >= 96 && le32(bytes->data + 12) == 96)
		put_le32(bytes->data + 68, oracle_crc32(bytes->data + 96, total - 96));
	put_le32(bytes->data + 92, 0);
	put_le32(bytes->data + 92, oracle_crc32(bytes->data, 96));
}

static void take(struct gen_buf *bytes, const struct modhash_buffer *from)
{
	bytes->length = 0;
	gen_add(bytes, from->data, (size_t)from->length);
}

static void damage_table(const struct modhash_ctx *ctx, const struct blobs *blobs, size_t which,
			 const struct asked *asked, struct random *random, struct gen_buf *bytes)
{
	const struct modhash_buffer *good = &blobs->tables[which];
	const struct modhash_buffer *other =
		&blobs->tables[random_below(random, blobs->tables_count)];
	size_t at;

	take(bytes, good);
	switch (random_below(random, 9)) {
	case 8: /* no magic at all */
		for (at = 0; at < 8; at++)
			bytes->data[at] = (uint8_t)random_next(random);
		check_table(ctx, good, NULL, bytes, asked, false, "another magic");
		break;
	case 0: /* cut at a boundary, or between */
		bytes->length = (size_t)le64(good->data + 16) + 8 * random_below(random, 4);
		if (bytes->length > good->length)
			bytes->length = (size_t)good->length;
		check_table(ctx, good, NULL, bytes, asked, false, "cut behind its end");
		break;
	case 1:
		gen_zeroes(bytes, random_length(random, 4096));
		check_table(ctx, good, NULL, bytes, asked, false, "zeroes behind it");
		break;
	case 2: /* of another table from there on */
		at = random_below(random, (size_t)good->length);
		if (at >= other->length)
			at = (size_t)other->length - 1;
		bytes->length = at;
		gen_add(bytes, other->data + at, (size_t)other->length - at);
		check_table(ctx, good, other, bytes, asked, false, "half of another table");
		break;
	case 3:
	case 4:
		mend_table(bytes, random);
		check_table(ctx, good, NULL, bytes, asked, true, "a field changed, checksums right");
		break;
	case 5: /* a sector of zeroes, as a disk leaves it */
		at = random_below(random, (size_t)good->length) & ~(size_t)511;
		memset(bytes->data + at, 0, good->length - at < 512 ? (size_t)good->length - at : 512);
		check_table(ctx, good, NULL, bytes, asked, false, "a sector of zeroes");
		break;
	default:
		scramble(random, bytes);
		check_table(ctx, good, NULL, bytes, asked, false, "bytes changed");
		break;
	}
}

static void each_bit(const struct modhash_ctx *ctx, const struct modhash_buffer *good,
		     const struct asked *asked, struct gen_buf *bytes)
{
	char what[64];
	size_t bit;

	take(bytes, good);
	for (bit = 0; bit < bytes->length * 8; bit++) {
		bytes->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		snprintf(what, sizeof(what), "bit %zu of byte %zu", bit % 8, bit / 8);
		check_table(ctx, good, NULL, bytes, asked, false, what);
		bytes->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	if (memcmp(bytes->data, good->data, bytes->length) != 0)
		die("bits were not put back");
	check_table(ctx, good, NULL, bytes, asked, false, "a good table");
}

/* --- lists and roots --- */

static void damage_list(const struct modhash_ctx *ctx, const struct blobs *blobs,
			const struct asked *asked, struct random *random, struct gen_buf *bytes)
{
	struct modhash_blob_info info;
	struct modhash_blob *blob;
	int status;

	take(bytes, &blobs->list);
	scramble(random, bytes);
	status = modhash_blob_from_memory(ctx, bytes->data, bytes->length, &blob, NULL);
	by_kind[LIST][0].asked++;
	by_kind[LIST][0].known += !status;
	if (status)
		return;
	MODHASH_INIT(info);
	if (modhash_blob_info(blob, &info))
		die("no information on a blob");
	if (info.format == MODHASH_FORMAT_LIST)
		check_list(blob, bytes, asked);
	else if (info.format != MODHASH_FORMAT_MERKLE || bytes->length != 36)
		wrong("a list of %zu bytes is taken for a %s", bytes->length,
		      modhash_format_name((int)info.format));
	modhash_blob_free(blob);
}

/* The number of levels in the other byte order is the same root. */
static bool is_same_root(const struct modhash_buffer *good, const struct gen_buf *bytes)
{
	uint8_t turned[36];
	size_t i;

	if (bytes->length != 36)
		return false;
	memcpy(turned, bytes->data, 36);
	for (i = 0; i < 4; i++)
		turned[i] = bytes->data[3 - i];
	return !memcmp(good->data, bytes->data, 36) || !memcmp(good->data, turned, 36);
}

static void check_root(const struct modhash_ctx *ctx, const struct corpus *corpus,
		       const struct modhash_buffer *good, const struct gen_buf *bytes, size_t which)
{
	const struct module *one = &corpus->modules[which];
	struct modhash_verifier *verifier;
	struct modhash_verdict verdict;
	struct modhash_module *module;
	struct modhash_blob *blob;
	int expected = is_same_root(good, bytes) ? MODHASH_ANSWER_YES : MODHASH_ANSWER_NO;

	by_kind[MERKLE][0].asked++;
	if (modhash_blob_from_memory(ctx, bytes->data, bytes->length, &blob, NULL)) {
		if (expected == MODHASH_ANSWER_YES)
			wrong("a good root is refused");
		return;
	}
	if (modhash_verifier_new(ctx, &verifier, NULL) ||
	    modhash_verifier_add_blob(verifier, blob, NULL) ||
	    modhash_module_from_memory(ctx, one->proved.data, one->proved.length, &module, NULL))
		die("no memory");
	MODHASH_INIT(verdict);
	if (modhash_verifier_check(verifier, module, NULL, NULL, &verdict, NULL))
		die("no verdict");
	if ((verdict.answer == MODHASH_ANSWER_YES) != (expected == MODHASH_ANSWER_YES))
		wrong("a root that is%s the same answers %u", expected ? " not" : "",
		      verdict.answer);
	by_kind[MERKLE][0].known += verdict.answer == MODHASH_ANSWER_YES;
	modhash_module_free(module);
	modhash_verifier_free(verifier);
	modhash_blob_free(blob);
}

static void damage_root(const struct modhash_ctx *ctx, const struct corpus *corpus,
			const struct blobs *blobs, struct random *random, struct gen_buf *bytes)
{
	uint8_t byte;

	take(bytes, &blobs->root);
	switch (random_below(random, 4)) {
	case 0: /* the other byte order */
		byte = bytes->data[0];
		bytes->data[0] = bytes->data[3];
		bytes->data[3] = byte;
		break;
	case 1: /* another number of levels */
		bytes->data[0] = (uint8_t)random_below(random, 40);
		break;
	default:
		scramble(random, bytes);
		break;
	}
	check_root(ctx, corpus, &blobs->root, bytes, random_below(random, corpus->count));
}

static void each_bit_of_root(const struct modhash_ctx *ctx, const struct corpus *corpus,
			     const struct blobs *blobs, struct gen_buf *bytes)
{
	size_t bit, which;

	for (bit = 0; bit < 36 * 8; bit++) {
		take(bytes, &blobs->root);
		bytes->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		for (which = 0; which < corpus->count; which++)
			check_root(ctx, corpus, &blobs->root, bytes, which);
	}
}

/* Each bit of a list but one digest's: that one is not known any more, and all others are. */
static void each_bit_of_list(const struct modhash_ctx *ctx, const struct blobs *blobs,
			     const struct asked *asked, struct gen_buf *bytes)
{
	struct modhash_blob *blob;
	size_t bit;

	take(bytes, &blobs->list);
	for (bit = 0; bit < bytes->length * 8; bit += 1 + (bytes->length > 4096) * 36) {
		bytes->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		by_kind[LIST][0].asked++;
		if (modhash_blob_from_memory(ctx, bytes->data, bytes->length, &blob, NULL)) {
			wrong("a list is refused for one bit");
		} else {
			by_kind[LIST][0].known++;
			check_list(blob, bytes, asked);
			modhash_blob_free(blob);
		}
		bytes->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

void change_blobs(const struct corpus *corpus, const struct blobs *blobs,
		  const struct modhash_ctx *ctx, struct random *random, unsigned long count,
		  size_t bits_of)
{
	struct gen_buf bytes = { .data = NULL };
	struct asked asked[TABLES_MAX], of_list;
	unsigned long n;
	size_t i;

	memset(by_kind, 0, sizeof(by_kind));
	for (i = 0; i < blobs->tables_count; i++)
		choose(&asked[i], blobs->table_blobs[i], random);
	choose(&of_list, blobs->list_blob, random);
	for (i = 0; i < bits_of; i++)
		each_bit(ctx, &blobs->tables[i * 5 % blobs->tables_count],
			 &asked[i * 5 % blobs->tables_count], &bytes);
	each_bit_of_root(ctx, corpus, blobs, &bytes);
	each_bit_of_list(ctx, blobs, &of_list, &bytes);
	for (n = 0; n < count; n++) {
		i = random_below(random, blobs->tables_count + 12);
		if (i < blobs->tables_count)
			damage_table(ctx, blobs, i, &asked[i], random, &bytes);
		else if (i < blobs->tables_count + 6)
			damage_list(ctx, blobs, &of_list, random, &bytes);
		else
			damage_root(ctx, corpus, blobs, random, &bytes);
	}
	gen_free(&bytes);
	printf("%-26s %11s %11s\n", "blobs", "damaged", "accepted");
	for (i = 0; i < 4; i++) {
		printf("%-26s %11llu %11llu\n", kind_names[i], by_kind[i][0].asked,
		       by_kind[i][0].known);
		if (by_kind[i][1].asked)
			printf("%-26s %11llu %11llu\n", "  with right checksums",
			       by_kind[i][1].asked, by_kind[i][1].known);
	}
}
