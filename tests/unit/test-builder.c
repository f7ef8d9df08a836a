/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making blobs: what is refused, what is kept, how large an index gets.
 */
#include "blob-help.h"

static int new_status(const struct modhash_ctx *ctx, const struct modhash_builder_opts *opts)
{
	struct modhash_builder *builder;
	struct modhash_error err;
	int rc;

	memset(&err, 0, sizeof(err));
	rc = modhash_builder_new(ctx, opts, &builder, &err);
	ck_assert_int_eq(err.code, rc);
	ck_assert_int_eq(builder == NULL, rc != 0);
	modhash_builder_free(builder);
	return rc;
}

START_TEST(options_that_make_no_blob)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;

#define TRY(make, change, code)                                 \
	do {                                                    \
		opts = make;                                    \
		change;                                         \
		ck_assert_int_eq(new_status(ctx, &opts), code); \
	} while (0)
	TRY(table_opts(0), (void)0, 0);
	TRY(table_opts(24), (void)0, 0);
	TRY(table_opts(MODHASH_INDEX_SMALL), (void)0, 0);
	TRY(table_opts(25), (void)0, MODHASH_E_INVALID);
	TRY(table_opts(0), opts.size = 0, MODHASH_E_INVALID);
	TRY(table_opts(0), opts.format = 0, MODHASH_E_INVALID);
	TRY(table_opts(0), opts.format = 4, MODHASH_E_INVALID);
	TRY(table_opts(0), opts.flags = 4, MODHASH_E_INVALID);
	TRY(table_opts(0), opts.reserved = 1, MODHASH_E_INVALID);
	TRY(table_opts(0), opts.capacity = MODHASH_TABLE_COUNT_MAX + 1u, MODHASH_E_INVALID);
	TRY(table_opts(0), opts.algorithm = 0, MODHASH_E_ALGORITHM);
	TRY(table_opts(0), opts.algorithm = 1000, MODHASH_E_ALGORITHM);
	TRY(table_opts(0), opts.algorithm = MODHASH_ALGO_SHA3_512, 0);
	TRY(table_opts(0), opts.scope = MODHASH_SCOPE_FILE, 0);
	TRY(table_opts(0), opts.scope = 0, MODHASH_E_SCOPE);
	TRY(table_opts(0), opts.scope = MODHASH_SCOPE_LEAF, MODHASH_E_SCOPE);
	TRY(table_opts(0), opts.scope = MODHASH_SCOPE_CANONICAL, MODHASH_E_SCOPE);
	TRY(list_opts(), (void)0, 0);
	TRY(list_opts(), opts.algorithm = MODHASH_ALGO_SHA512, MODHASH_E_ALGORITHM);
	TRY(list_opts(), opts.algorithm = MODHASH_ALGO_SHA3_256, MODHASH_E_ALGORITHM);
	TRY(list_opts(), opts.scope = MODHASH_SCOPE_PAYLOAD, MODHASH_E_SCOPE);
	TRY(list_opts(), opts.scope = MODHASH_SCOPE_CANONICAL, MODHASH_E_SCOPE);
	TRY(list_opts(), opts.flags = MODHASH_BUILDER_NAMES, MODHASH_E_INVALID);
	TRY(list_opts(), opts.release = "6.1", MODHASH_E_INVALID);
	TRY(root_opts(MODHASH_BYTE_ORDER_BIG), (void)0, 0);
	TRY(root_opts(MODHASH_BYTE_ORDER_UNKNOWN), (void)0, MODHASH_E_INVALID);
	TRY(root_opts(3), (void)0, MODHASH_E_INVALID);
	TRY(root_opts(1), opts.algorithm = MODHASH_ALGO_SHA384, MODHASH_E_ALGORITHM);
	TRY(root_opts(1), opts.scope = MODHASH_SCOPE_FILE, MODHASH_E_SCOPE);
	TRY(root_opts(1), opts.scope = MODHASH_SCOPE_CANONICAL, MODHASH_E_SCOPE);

	opts = table_opts(0);
	ck_assert_int_eq(modhash_builder_new(NULL, &opts, &builder, NULL), MODHASH_E_INVALID);
	ck_assert_ptr_null(builder);
	ck_assert_int_eq(modhash_builder_new(ctx, NULL, &builder, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_builder_new(ctx, &opts, NULL, NULL), MODHASH_E_INVALID);
	modhash_builder_free(NULL);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(digests_of_another_kind)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_builder *builder = new_builder(ctx, &opts);
	struct modhash_buffer buffer, again;
	struct modhash_digest good, digest;
	uint32_t seed = 1;

	good = random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
#define ADD(change, code)                                                                  \
	do {                                                                               \
		digest = good;                                                             \
		change;                                                                    \
		ck_assert_int_eq(modhash_builder_add(builder, &digest, NULL, NULL), code); \
	} while (0)
	ADD(digest.algorithm = MODHASH_ALGO_SHA3_256, MODHASH_E_ALGORITHM);
	ADD(digest.length = 31, MODHASH_E_ALGORITHM);
	ADD(digest.length = 64, MODHASH_E_ALGORITHM);
	ADD(digest.scope = MODHASH_SCOPE_FILE, MODHASH_E_SCOPE);
	ADD(digest.scope = MODHASH_SCOPE_CANONICAL, MODHASH_E_SCOPE);
	ADD(digest.version = 1, MODHASH_E_SCOPE);
	ADD(digest.scope = 99, MODHASH_E_SCOPE);
	ck_assert_int_eq(modhash_builder_add(builder, NULL, NULL, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_builder_add(NULL, &good, NULL, NULL), MODHASH_E_INVALID);
	ADD((void)0, 0);

	/* nothing that was refused is in it, and nothing more can be added */
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	ck_assert_uint_eq(buffer.length, 128 + 32);
	ck_assert_mem_eq(buffer.data + 128, good.bytes, 32);
	ADD((void)0, MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_builder_finish(builder, &again, NULL), 0);
	ck_assert_uint_eq(again.length, buffer.length);
	ck_assert_mem_eq(again.data, buffer.data, buffer.length);
	modhash_buffer_clear(&again);
	modhash_buffer_clear(&buffer);

	ck_assert_int_eq(modhash_builder_c_source(builder, &buffer, NULL), MODHASH_E_UNSUPPORTED);
	ck_assert_ptr_null(buffer.data);
	ck_assert_int_eq(modhash_builder_proof(builder, 0, &buffer, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_builder_finish(builder, NULL, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_builder_finish(NULL, &buffer, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_builder_c_source(NULL, &buffer, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_builder_proof(NULL, 0, &buffer, NULL), MODHASH_E_INVALID);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(proofs_need_a_finished_tree)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = root_opts(MODHASH_BYTE_ORDER_LITTLE);
	struct modhash_builder *builder = new_builder(ctx, &opts);
	uint32_t seed = 1;
	struct modhash_digest leaf = random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF);
	struct modhash_buffer buffer, proof;

	ck_assert_int_eq(modhash_builder_add(builder, &leaf, NULL, NULL), 0);
	ck_assert_int_eq(modhash_builder_proof(builder, 0, &proof, NULL), MODHASH_E_INVALID);
	ck_assert_ptr_null(proof.data);
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	ck_assert_int_eq(modhash_builder_proof(builder, 0, &proof, NULL), 0);
	ck_assert_uint_eq(proof.length, 4 + 32 + 12 + 28);
	modhash_buffer_clear(&proof);
	ck_assert_int_eq(modhash_builder_proof(builder, 1, &proof, NULL), MODHASH_E_NOT_FOUND);
	ck_assert_int_eq(modhash_builder_proof(builder, UINT64_C(1) << 32, &proof, NULL),
			 MODHASH_E_NOT_FOUND);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

/* Modules that are alike share a digest; each keeps its name. */
START_TEST(duplicates_are_stored_once)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(1);
	struct modhash_builder *builder;
	struct modhash_buffer buffer;
	struct modhash_blob_info info;
	struct modhash_blob *blob;
	struct modhash_digest digests[3];
	uint32_t i, seed = 5;
	char name[16];

	opts.flags = MODHASH_BUILDER_NAMES;
	builder = new_builder(ctx, &opts);
	for (i = 0; i < 3; i++)
		digests[i] = random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
	for (i = 0; i < 9; i++) {
		snprintf(name, sizeof(name), "m%u.ko", 8 - i);
		add_named(builder, &digests[i % 3], i == 4 ? NULL : name);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	ck_assert_int_eq(modhash_blob_from_memory(ctx, buffer.data, buffer.length, &blob, NULL), 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_uint_eq(info.count, 3);
	ck_assert_uint_eq(info.capacity, 3);
	ck_assert_uint_eq(info.modules, 8); /* one had no name */
	for (i = 0; i < 8; i++) {
		struct modhash_blob_module module;
		struct modhash_digest digest;

		MODHASH_INIT(module);
		ck_assert_int_eq(modhash_blob_module(blob, i, &module), 0);
		snprintf(name, sizeof(name), "m%u.ko", 8 - (unsigned int)module.position);
		ck_assert_str_eq(module.name, name);
		ck_assert_int_eq(modhash_blob_digest(blob, module.digest, &digest), 0);
		ck_assert(modhash_digest_equal(&digest, &digests[module.position % 3]));
	}
	modhash_blob_free(blob);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

/* The same set in another order is the same table. */
START_TEST(tables_do_not_depend_on_the_order)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(MODHASH_INDEX_FAST);
	struct modhash_builder *builders[2] = { new_builder(ctx, &opts), new_builder(ctx, &opts) };
	struct modhash_buffer buffers[2];
	struct modhash_digest digests[200];
	uint32_t seed = 5;
	int i, which;

	for (i = 0; i < 200; i++)
		digests[i] = random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
	for (which = 0; which < 2; which++) {
		for (i = 0; i < 200; i++)
			add_named(builders[which], &digests[which ? 199 - i : i], NULL);
		ck_assert_int_eq(modhash_builder_finish(builders[which], &buffers[which], NULL), 0);
	}
	ck_assert_uint_eq(buffers[0].length, buffers[1].length);
	ck_assert_mem_eq(buffers[0].data, buffers[1].data, buffers[0].length);
	for (which = 0; which < 2; which++) {
		modhash_buffer_clear(&buffers[which]);
		modhash_builder_free(builders[which]);
	}
	modhash_ctx_free(ctx);
}
END_TEST

/* The index is the largest that keeps to its share of the digests. */
START_TEST(index_keeps_to_its_share)
{
	static const struct {
		uint32_t index;
		uint64_t percent;
	} kinds[] = { { MODHASH_INDEX_SMALL, 2 }, { MODHASH_INDEX_FAST, 17 } };
	static const uint64_t capacities[] = { 0,   1,	  3,	12,   13,   47,	    48,
					       100, 1000, 4023, 4256, 6000, 100000, 300000 };
	static const uint32_t algorithms[] = { MODHASH_ALGO_SHA256, MODHASH_ALGO_SHA384,
					       MODHASH_ALGO_SHA512 };
	struct modhash_ctx *ctx = new_ctx();
	size_t i, j, a;

	for (a = 0; a < 3; a++) {
		for (i = 0; i < 2; i++) {
			for (j = 0; j < sizeof(capacities) / sizeof(capacities[0]); j++) {
				struct modhash_builder_opts opts = table_opts(kinds[i].index);
				struct modhash_buffer buffer;
				uint64_t bytes, bits;

				opts.algorithm = algorithms[a];
				opts.capacity = capacities[j];
				buffer = random_table(ctx, &opts, 1, 0);
				bits = mh_core_le32(buffer.data + MODHASH_TABLE_HEADER_INDEX_BITS);
				bytes = capacities[j] *
					(uint64_t)modhash_algorithm_length((int)algorithms[a]);
				if (bits)
					ck_assert_uint_le((UINT64_C(4) << bits) * 100,
							  bytes * kinds[i].percent);
				ck_assert_uint_gt((UINT64_C(4) << (bits + 1)) * 100,
						  bytes * kinds[i].percent);
				ck_assert_int_eq(read_status(ctx, buffer.data, buffer.length, NULL),
						 0);
				modhash_buffer_clear(&buffer);
			}
		}
	}
	modhash_ctx_free(ctx);
}
END_TEST

/* What a packager pays for a kernel of the usual size, all in. */
START_TEST(four_thousand_modules_cost_what_is_promised)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(MODHASH_INDEX_SMALL);
	struct modhash_buffer buffer = random_table(ctx, &opts, 1, 4023);

	ck_assert_uint_le(buffer.length * 100, UINT64_C(4023) * 32 * 102);
	ck_assert_uint_eq(mh_core_le32(buffer.data + MODHASH_TABLE_HEADER_INDEX_BITS), 9);
	modhash_buffer_clear(&buffer);
	opts.index_bits = MODHASH_INDEX_FAST;
	buffer = random_table(ctx, &opts, 1, 4023);
	ck_assert_uint_le(buffer.length * 100, UINT64_C(4023) * 32 * 117);
	ck_assert_uint_eq(mh_core_le32(buffer.data + MODHASH_TABLE_HEADER_INDEX_BITS), 12);
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(capacity_leaves_room)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(4);
	struct modhash_builder *builder;
	struct modhash_buffer buffer;
	struct modhash_error err;
	uint32_t seed = 9;

	opts.capacity = 20;
	buffer = random_table(ctx, &opts, 1, 7);
	ck_assert_uint_eq(mh_core_le32(buffer.data + MODHASH_TABLE_HEADER_COUNT), 7);
	ck_assert_uint_eq(mh_core_le32(buffer.data + MODHASH_TABLE_HEADER_CAPACITY), 20);
	ck_assert_uint_eq(buffer.length, 192 + 20 * 32);
	modhash_buffer_clear(&buffer);
	opts.capacity = 3; /* too small: the space that was reserved would be overrun */
	builder = new_builder(ctx, &opts);
	for (int i = 0; i < 4; i++) {
		struct modhash_digest digest = random_digest(&seed, MODHASH_ALGO_SHA256,
							     MODHASH_SCOPE_PAYLOAD);

		ck_assert_int_eq(modhash_builder_add(builder, &digest, NULL, NULL), 0);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, &err), MODHASH_E_CAPACITY);
	ck_assert_ptr_null(buffer.data);
	ck_assert_str_ne(err.message, "");
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(build_ids_are_kept_whole_or_not_at_all)
{
	static const uint8_t build_id[33] = { 9, 8, 7 };
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_builder *builder;
	struct modhash_digest digest;
	struct modhash_buffer buffer;
	struct modhash_blob *blob;
	uint32_t seed = 1, length;

	for (length = 32; length <= 33; length++) {
		struct modhash_blob_module module;

		opts.flags = MODHASH_BUILDER_NAMES;
		builder = new_builder(ctx, &opts);
		digest = random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
		MODHASH_INIT(module);
		module.name = "m.ko";
		module.build_id = build_id;
		module.build_id_length = length;
		ck_assert_int_eq(modhash_builder_add(builder, &digest, &module, NULL), 0);
		ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
		ck_assert_int_eq(
			modhash_blob_from_memory(ctx, buffer.data, buffer.length, &blob, NULL), 0);
		MODHASH_INIT(module);
		ck_assert_int_eq(modhash_blob_module(blob, 0, &module), 0);
		ck_assert_uint_eq(module.build_id_length, length == 32 ? 32 : 0);
		if (length == 32)
			ck_assert_mem_eq(module.build_id, build_id, 32);
		else
			ck_assert_ptr_null(module.build_id);
		modhash_blob_free(blob);
		modhash_buffer_clear(&buffer);
		modhash_builder_free(builder);
	}
	modhash_ctx_free(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("builder");
	TCase *tcase = tcase_create("builder");

	tcase_add_test(tcase, options_that_make_no_blob);
	tcase_add_test(tcase, digests_of_another_kind);
	tcase_add_test(tcase, proofs_need_a_finished_tree);
	tcase_add_test(tcase, duplicates_are_stored_once);
	tcase_add_test(tcase, tables_do_not_depend_on_the_order);
	tcase_add_test(tcase, index_keeps_to_its_share);
	tcase_add_test(tcase, four_thousand_modules_cost_what_is_promised);
	tcase_add_test(tcase, capacity_leaves_room);
	tcase_add_test(tcase, build_ids_are_kept_whole_or_not_at_all);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
