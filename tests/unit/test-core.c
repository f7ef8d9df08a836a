/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The code that kernel and library share, by itself.
 */
#include "../bench/count-lines.h"
#include "blob-help.h"
#include "hash.h"

/* --- CRC-32 --- */

static uint32_t slow_crc32(const uint8_t *data, size_t length)
{
	uint32_t crc = ~0u;
	size_t i;
	int bit;

	for (i = 0; i < length; i++) {
		crc ^= data[i];
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

START_TEST(crc32_is_that_of_ieee_802_3)
{
	uint8_t bytes[300];
	uint32_t seed = 1;
	size_t length, split;

	ck_assert_uint_eq(mh_core_crc32(0, (const uint8_t *)"123456789", 9), 0xcbf43926u);
	ck_assert_uint_eq(mh_core_crc32(0, NULL, 0), 0);
	random_bytes(&seed, bytes, sizeof(bytes));
	for (length = 0; length <= sizeof(bytes); length++)
		ck_assert_uint_eq(mh_core_crc32(0, bytes, length), slow_crc32(bytes, length));
	for (split = 0; split <= sizeof(bytes); split++)
		ck_assert_uint_eq(mh_core_crc32(mh_core_crc32(0, bytes, split), bytes + split,
						sizeof(bytes) - split),
				  slow_crc32(bytes, sizeof(bytes)));
}
END_TEST

/* --- the list --- */

START_TEST(list_finds_the_first)
{
	uint8_t list[5 * 32];
	uint64_t index = 99;
	uint32_t seed = 2;

	random_bytes(&seed, list, sizeof(list));
	memcpy(list + 4 * 32, list + 32, 32); /* twice */
	ck_assert_int_eq(mh_core_list_find(list, sizeof(list), list + 4 * 32, &index), 1);
	ck_assert_uint_eq(index, 1);
	ck_assert_int_eq(mh_core_list_find(list, sizeof(list), list + 3 * 32, &index), 1);
	ck_assert_uint_eq(index, 3);
	index = 99;
	ck_assert_int_eq(mh_core_list_find(list, 3 * 32, list + 3 * 32, &index), 0);
	ck_assert_int_eq(mh_core_list_find(list, sizeof(list), list + 1, &index), 0);
	ck_assert_int_eq(mh_core_list_find(NULL, 0, list, &index), 0);
	ck_assert_uint_eq(index, 99);
}
END_TEST

/* --- the table's layout --- */

START_TEST(layout_is_as_the_manual_says)
{
	static const struct {
		uint32_t header, bits, capacity, length;
		uint64_t digests, total;
	} cases[] = {
		{ 96, 0, 0, 32, 128, 128 },
		{ 96, 0, 1, 32, 128, 160 },
		{ 96, 1, 1, 32, 128, 160 },
		{ 96, 3, 2, 32, 128, 192 },
		{ 96, 4, 2, 32, 192, 256 },
		{ 96, 9, 4023, 32, 2176, 2176 + 4023 * 32 },
		{ 104, 0, 3, 48, 128, 128 + 144 },
		{ 4096, 24, MODHASH_TABLE_COUNT_MAX, 64, 4096 + (UINT64_C(64) << 20),
		  4096 + (UINT64_C(64) << 20) + (UINT64_C(1) << 34) },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t digests;

		ck_assert_uint_eq(mh_core_table_layout(cases[i].header, cases[i].bits,
						       cases[i].capacity, cases[i].length,
						       &digests),
				  cases[i].total);
		ck_assert_uint_eq(digests, cases[i].digests);
	}
}
END_TEST

/* --- looking up --- */

static const int algorithms[] = { MODHASH_ALGO_SHA256, MODHASH_ALGO_SHA3_384, MODHASH_ALGO_SHA512 };

static const uint32_t sizes[] = { 0, 1, 2, 3, 5, 16, 100, 1000, 4023 };

/* Next above or below as a number: where a search would go wrong first. */
static void step(uint8_t *digest, uint32_t length, int by)
{
	while (length-- > 0) {
		digest[length] = (uint8_t)(digest[length] + by);
		if (digest[length] != (by > 0 ? 0 : 0xff))
			break;
	}
}

static bool in_table(const struct mh_core_table *table, const uint8_t *digest)
{
	uint32_t i;

	for (i = 0; i < table->count; i++) {
		if (!memcmp(table->digests + (size_t)i * table->digest_length, digest,
			    table->digest_length))
			return true;
	}
	return false;
}

static void find_all(const struct mh_core_table *table)
{
	uint32_t i, index;

	for (i = 0; i < table->count; i++) {
		uint8_t digest[64];
		int by;

		memcpy(digest, table->digests + (size_t)i * table->digest_length,
		       table->digest_length);
		index = UINT32_MAX;
		ck_assert_int_eq(mh_core_table_find(table, digest, &index), 1);
		ck_assert_uint_eq(index, i);
		for (by = -1; by <= 1; by += 2) {
			uint8_t near[64];

			memcpy(near, digest, sizeof(near));
			step(near, table->digest_length, by);
			ck_assert_int_eq(mh_core_table_find(table, near, &index), 0);
		}
	}
}

START_TEST(table_finds_what_is_in_it)
{
	struct modhash_ctx *ctx = new_ctx();
	uint32_t seed = 77;
	size_t a, s;

	for (a = 0; a < sizeof(algorithms) / sizeof(algorithms[0]); a++) {
		for (s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
			struct modhash_builder_opts opts = table_opts((uint32_t)_i);
			struct modhash_buffer buffer;
			struct mh_core_table table;
			unsigned int i;

			opts.algorithm = (uint32_t)algorithms[a];
			buffer = random_table(ctx, &opts, (uint32_t)(s + 1) * 1000, sizes[s]);
			ck_assert_int_eq(mh_core_table_open(buffer.data, buffer.length, &table), 0);
			ck_assert_int_eq(mh_core_table_check(&table, buffer.data), 0);
			ck_assert_uint_eq(table.count, sizes[s]);
			ck_assert_uint_eq(table.index_bits, (uint32_t)_i);
			find_all(&table);
			for (i = 0; i < 100; i++) {
				uint8_t digest[64];
				uint32_t index;

				random_bytes(&seed, digest, sizeof(digest));
				ck_assert_int_eq(mh_core_table_find(&table, digest, &index),
						 in_table(&table, digest));
			}
			modhash_buffer_clear(&buffer);
		}
	}
	modhash_ctx_free(ctx);
}
END_TEST

/* Digests that are anything but evenly spread: found all the same. */
START_TEST(table_of_crowded_digests)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts((uint32_t)_i);
	struct modhash_builder *builder = new_builder(ctx, &opts);
	struct modhash_buffer buffer;
	struct mh_core_table table;
	uint32_t i;

	for (i = 0; i < 3000; i++) {
		struct modhash_digest digest = {
			MODHASH_ALGO_SHA256, 32, MODHASH_SCOPE_PAYLOAD, 0, { 0 }
		};

		/* a third all in one place, a third doubling, a third at the very end */
		if (i % 3 == 0) {
			memset(digest.bytes, 0x55, 16);
			mh_put_be32(digest.bytes + 28, i);
		} else if (i % 3 == 1) {
			digest.bytes[i / 3 % 256 / 8] = (uint8_t)(1u << i / 3 % 8);
			mh_put_be32(digest.bytes + 28, i);
		} else {
			memset(digest.bytes, 0xff, 32);
			mh_put_be32(digest.bytes + 28, i * 2);
		}
		ck_assert_int_eq(modhash_builder_add(builder, &digest, NULL, NULL), 0);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	ck_assert_int_eq(mh_core_table_open(buffer.data, buffer.length, &table), 0);
	ck_assert_int_eq(mh_core_table_check(&table, buffer.data), 0);
	ck_assert_uint_eq(table.count, 3000);
	for (i = 0; i < table.count; i++) {
		uint32_t index = 0;

		ck_assert_int_eq(mh_core_table_find(&table, table.digests + (size_t)i * 32, &index),
				 1);
		ck_assert_uint_eq(index, i);
	}
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

/*
 * A kernel opens a table and asks it; whatever became of the body since, a look-up reads
 * nothing beyond the table, ends, and finds only what is there.
 */
START_TEST(look_up_in_a_damaged_body_stays_within_it)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts((uint32_t)_i);
	struct modhash_buffer buffer = random_table(ctx, &opts, 5, 300);
	struct guarded guarded = guarded_copy(buffer.data, buffer.length);
	uint32_t seed = 123 + (uint32_t)_i;
	struct mh_core_table table;
	unsigned int round, query, hits = 0;
	size_t body = buffer.length - MODHASH_TABLE_HEADER_SIZE;

	ck_assert_int_eq(mh_core_table_open(guarded.data, buffer.length, &table), 0);
	for (round = 0; round < 300; round++) {
		unsigned int damage = 1 + next_random(&seed) % 200;

		memcpy(guarded.data, buffer.data, buffer.length);
		if (round % 10 == 0) /* all of it */
			random_bytes(&seed, guarded.data + MODHASH_TABLE_HEADER_SIZE, body);
		for (; damage; damage--)
			guarded.data[MODHASH_TABLE_HEADER_SIZE + next_random(&seed) % body] =
				(uint8_t)next_random(&seed);
		for (query = 0; query < 50; query++) {
			uint8_t digest[32];
			uint32_t index = UINT32_MAX;
			int found;

			memcpy(digest,
			       buffer.data + (table.digests - guarded.data) +
				       (size_t)(next_random(&seed) % 300) * 32,
			       32);
			if (query % 2)
				random_bytes(&seed, digest, 1 + query % 32);
			found = mh_core_table_find(&table, digest, &index);
			if (found) {
				hits++;
				ck_assert_uint_lt(index, table.count);
				ck_assert_mem_eq(table.digests + (size_t)index * 32, digest, 32);
			}
		}
	}
	ck_assert_uint_gt(hits, 0);
	guarded_free(&guarded);
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* What the manual promises of a look-up that finds all of it outside of the caches. */
START_TEST(look_ups_touch_few_cache_lines)
{
	static const struct {
		uint32_t index_bits;
		double lines;
	} kinds[] = { { 0, 3.6 }, { MODHASH_INDEX_SMALL, 2.8 }, { MODHASH_INDEX_FAST, 2.4 } };
	const uint32_t count = 4023;
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(kinds[_i].index_bits);
	struct modhash_buffer buffer = random_table(ctx, &opts, 99, count);
	uint64_t digests, lines = 0, most = 0;
	uint32_t i;

	ck_assert_uint_eq((uintptr_t)buffer.data % 64, 0);
	mh_core_table_layout(MODHASH_TABLE_HEADER_SIZE,
			     mh_core_le32(buffer.data + MODHASH_TABLE_HEADER_INDEX_BITS), count, 32,
			     &digests);
	for (i = 0; i < count; i++) {
		struct line_count counted;
		uint8_t copy[32]; /* or reading what is looked for would count as well */

		memcpy(copy, buffer.data + digests + (size_t)i * 32, 32);
		counted = count_lines(buffer.data, buffer.length, copy);
		ck_assert_int_eq(counted.found, 1);
		ck_assert_uint_ge(counted.lines, 1);
		lines += counted.lines;
		most = counted.lines > most ? counted.lines : most;
	}
	ck_assert_double_le((double)lines / count, kinds[_i].lines);
	ck_assert_uint_le(most, 12);
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* However digests crowd, a look-up ends soon: made to be slow, it is not. */
START_TEST(look_ups_end_soon)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts((uint32_t)_i * 6);
	struct modhash_builder *builder = new_builder(ctx, &opts);
	struct modhash_digest digest = { MODHASH_ALGO_SHA256, 32, MODHASH_SCOPE_PAYLOAD, 0, { 0 } };
	struct modhash_buffer buffer;
	unsigned int i, most = 0;

	for (i = 0; i < 1u << 15; i++) { /* all in one place */
		memset(digest.bytes, i % 2 ? 0x80 : 0x7f, 16);
		mh_put_be32(digest.bytes + 4, i);
		ck_assert_int_eq(modhash_builder_add(builder, &digest, NULL, NULL), 0);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	for (i = 0; i < 1u << 15; i++) {
		struct line_count counted;

		memset(digest.bytes, i % 2 ? 0x80 : 0x7f, 16);
		mh_put_be32(digest.bytes + 4, i);
		counted = count_lines(buffer.data, buffer.length, digest.bytes);
		ck_assert_int_eq(counted.found, 1);
		most = counted.probes > most ? counted.probes : most;
	}
	ck_assert_uint_le(most, 9 + 16);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(opening_reads_no_more_than_there_is)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(2);
	struct modhash_buffer buffer = random_table(ctx, &opts, 5, 3);
	struct mh_core_table table;
	size_t length;

	for (length = 0; length < buffer.length; length++) {
		struct guarded guarded = guarded_copy(buffer.data, length);

		ck_assert_int_eq(mh_core_table_open(guarded.data, length, &table), MH_CORE_SHORT);
		guarded_free(&guarded);
	}
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* --- Merkle proofs --- */

START_TEST(merkle_check_follows_a_proof)
{
	static const char content[] = "what a module has in it";
	uint8_t proof[4 + 3 * 32], node[32], root[32];
	struct mh_hasher *hasher;
	uint32_t seed = 9, position = 5; /* right, left, right */

	ck_assert_int_eq(mh_hasher_new(MODHASH_ENGINE_EVP, MODHASH_ALGO_SHA256, &hasher, NULL), 0);
	random_bytes(&seed, proof, sizeof(proof));
	mh_put_be32(proof, position);
	ck_assert_int_eq(mh_core_merkle_leaf((const uint8_t *)content, sizeof(content), position,
					     node, mh_hasher_core, hasher),
			 0);
	ck_assert_int_eq(mh_core_merkle_node(proof + 4, node, root, mh_hasher_core, hasher), 0);
	ck_assert_int_eq(mh_core_merkle_node(root, proof + 36, node, mh_hasher_core, hasher), 0);
	ck_assert_int_eq(mh_core_merkle_node(proof + 68, node, root, mh_hasher_core, hasher), 0);

#define CHECK(length, levels)                                                                  \
	mh_core_merkle_check((const uint8_t *)content, sizeof(content), proof, length, levels, \
			     root, mh_hasher_core, hasher)
	ck_assert_int_eq(CHECK(sizeof(proof), 3), 1);
	ck_assert_int_eq(CHECK(sizeof(proof) - 32, 2), 0);
	ck_assert_int_eq(CHECK(sizeof(proof), 2), MH_CORE_PROOF);
	ck_assert_int_eq(CHECK(sizeof(proof) - 1, 3), MH_CORE_PROOF);
	ck_assert_int_eq(CHECK(4, 0), 0);
	ck_assert_int_eq(CHECK(0, 0), MH_CORE_PROOF);
	ck_assert_int_eq(CHECK(4 + 33 * 32, 33), MH_CORE_PROOF);
	root[31] ^= 1;
	ck_assert_int_eq(CHECK(sizeof(proof), 3), 0);
	mh_hasher_free(hasher);
}
END_TEST

static int failing_sha256(void *user, const struct mh_core_part *parts, unsigned int count,
			  uint8_t digest[32])
{
	int *left = user;

	(void)parts;
	(void)count;
	memset(digest, 0, 32);
	return (*left)-- == 0;
}

START_TEST(merkle_check_tells_when_hashing_fails)
{
	uint8_t proof[4 + 2 * 32] = { 0 }, root[32] = { 0 };
	int left;

	for (left = 0; left < 3; left++) {
		int before = left;

		ck_assert_int_eq(mh_core_merkle_check(proof, 1, proof, sizeof(proof), 2, root,
						      failing_sha256, &before),
				 MH_CORE_HASH);
	}
	left = 3;
	ck_assert_int_eq(mh_core_merkle_check(proof, 1, proof, sizeof(proof), 2, root,
					      failing_sha256, &left),
			 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("core");
	TCase *tcase = tcase_create("core");

	tcase_add_test(tcase, crc32_is_that_of_ieee_802_3);
	tcase_add_test(tcase, list_finds_the_first);
	tcase_add_test(tcase, layout_is_as_the_manual_says);
	tcase_add_loop_test(tcase, table_finds_what_is_in_it, 0, 13);
	tcase_add_loop_test(tcase, table_of_crowded_digests, 0, 13);
	tcase_add_loop_test(tcase, look_up_in_a_damaged_body_stays_within_it, 0, 10);
	tcase_add_loop_test(tcase, look_ups_touch_few_cache_lines, 0, 3);
	tcase_add_loop_test(tcase, look_ups_end_soon, 0, 3);
	tcase_add_test(tcase, opening_reads_no_more_than_there_is);
	tcase_add_test(tcase, merkle_check_follows_a_proof);
	tcase_add_test(tcase, merkle_check_tells_when_hashing_fails);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
