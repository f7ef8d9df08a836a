/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The Merkle root: reading, C source, trees of any size, proofs that are malformed.
 */
#include "blob-help.h"
#include "hash.h"

static struct modhash_blob *read_root(const struct modhash_ctx *ctx, const void *bytes)
{
	struct modhash_blob *blob;

	ck_assert_int_eq(modhash_blob_from_memory(ctx, bytes, 36, &blob, NULL), 0);
	return blob;
}

static void set_root(uint8_t root[36], uint8_t a, uint8_t b, uint8_t c, uint8_t d, int fill)
{
	const uint8_t levels[4] = { a, b, c, d };

	memcpy(root, levels, 4);
	memset(root + 4, fill, 32);
}

START_TEST(levels_tell_the_byte_order)
{
	static const struct {
		uint8_t levels[4];
		int fill;
		int code;
		uint32_t read;
		uint32_t order;
	} cases[] = {
		{ { 0, 0, 0, 0 }, 0, 0, 0, MODHASH_BYTE_ORDER_UNKNOWN },
		{ { 1, 0, 0, 0 }, 7, 0, 1, MODHASH_BYTE_ORDER_LITTLE },
		{ { 0, 0, 0, 1 }, 7, 0, 1, MODHASH_BYTE_ORDER_BIG },
		{ { 32, 0, 0, 0 }, 7, 0, 32, MODHASH_BYTE_ORDER_LITTLE },
		{ { 0, 0, 0, 32 }, 7, 0, 32, MODHASH_BYTE_ORDER_BIG },
		{ { 33, 0, 0, 0 }, 7, MODHASH_E_BLOB, 0, 0 },
		{ { 0, 0, 0, 33 }, 7, MODHASH_E_BLOB, 0, 0 },
		{ { 0, 1, 0, 0 }, 7, MODHASH_E_BLOB, 0, 0 },
		{ { 1, 0, 0, 1 }, 7, MODHASH_E_BLOB, 0, 0 },
		{ { 0, 0, 0, 0 }, 7, MODHASH_E_BLOB, 0, 0 },
		{ { 3, 0, 0, 0 }, 0, MODHASH_E_BLOB, 0, 0 },
	};
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_error err;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const uint8_t *levels = cases[i].levels;
		struct modhash_blob_info info;
		struct modhash_blob *blob;
		uint8_t root[36];

		set_root(root, levels[0], levels[1], levels[2], levels[3], cases[i].fill);
		ck_assert_int_eq(read_status(ctx, root, sizeof(root), &err), cases[i].code);
		if (cases[i].code)
			continue;
		blob = read_root(ctx, root);
		MODHASH_INIT(info);
		ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
		ck_assert_uint_eq(info.format, MODHASH_FORMAT_MERKLE);
		ck_assert_uint_eq(info.scope, MODHASH_SCOPE_LEAF);
		ck_assert_uint_eq(info.levels, cases[i].read);
		ck_assert_uint_eq(info.byte_order, cases[i].order);
		ck_assert_uint_eq(info.count, 0);
		ck_assert_uint_eq(info.flags, cases[i].read ? MODHASH_BLOB_FILLED : 0);
		modhash_blob_free(blob);
	}
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(root_has_one_digest_and_no_members)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_digest digest;
	struct modhash_blob *blob;
	uint8_t root[36];
	uint64_t index;

	set_root(root, 2, 0, 0, 0, 0xab);
	blob = read_root(ctx, root);
	ck_assert_int_eq(modhash_blob_digest(blob, 0, &digest), 0);
	ck_assert_uint_eq(digest.scope, MODHASH_SCOPE_ROOT);
	ck_assert_uint_eq(digest.algorithm, MODHASH_ALGO_SHA256);
	ck_assert_mem_eq(digest.bytes, root + 4, 32);
	ck_assert_int_eq(modhash_blob_contains(blob, &digest, &index), MODHASH_E_SCOPE);
	digest.scope = MODHASH_SCOPE_LEAF;
	ck_assert_int_eq(modhash_blob_contains(blob, &digest, &index), MODHASH_E_SCOPE);
	ck_assert_int_eq(modhash_blob_digest(blob, 1, &digest), MODHASH_E_NOT_FOUND);
	modhash_blob_free(blob);
	modhash_ctx_free(ctx);
}
END_TEST

static struct modhash_builder *tree_of(const struct modhash_ctx *ctx, uint32_t leaves,
				       struct modhash_buffer *buffer)
{
	struct modhash_builder_opts opts = root_opts(MODHASH_BYTE_ORDER_BIG);
	struct modhash_builder *builder = new_builder(ctx, &opts);
	uint32_t i, seed = leaves + 1;

	for (i = 0; i < leaves; i++) {
		struct modhash_digest leaf =
			random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF);

		ck_assert_int_eq(modhash_builder_add(builder, &leaf, NULL, NULL), 0);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, buffer, NULL), 0);
	return builder;
}

/* Every leaf of a tree of any size leads to its root by its proof. */
START_TEST(trees_of_any_size)
{
	static const uint32_t levels_of[] = { 0, 1, 1, 2, 2, 3, 3, 3, 3, 4 };
	struct modhash_ctx *ctx = new_ctx();
	struct mh_hasher *hasher;
	uint32_t leaves, i, level;

	ck_assert_int_eq(mh_hasher_new(MODHASH_ENGINE_EVP, MODHASH_ALGO_SHA256, &hasher, NULL), 0);
	for (leaves = 0; leaves < 70; leaves++) {
		struct modhash_buffer root, proof_file;
		struct modhash_builder *builder = tree_of(ctx, leaves, &root);
		uint32_t levels = mh_core_be32(root.data), seed = leaves + 1;

		if (leaves < sizeof(levels_of) / sizeof(levels_of[0]))
			ck_assert_uint_eq(levels, levels_of[leaves]);
		for (i = 0; i < leaves; i++) {
			struct modhash_digest leaf =
				random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF);
			struct modhash_proof proof;
			uint8_t node[32];

			ck_assert_int_eq(modhash_builder_proof(builder, i, &proof_file, NULL), 0);
			MODHASH_INIT(proof);
			ck_assert_int_eq(modhash_proof_parse(proof_file.data, proof_file.length,
							     &proof, NULL),
					 0);
			ck_assert_uint_eq(proof.position, i);
			ck_assert_uint_eq(proof.levels, levels);
			memcpy(node, leaf.bytes, 32);
			for (level = 0; level < levels; level++) {
				const uint8_t *sibling = proof.siblings + (size_t)level * 32;
				bool right = i >> level & 1;

				ck_assert_int_eq(mh_core_merkle_node(right ? sibling : node,
								     right ? node : sibling, node,
								     mh_hasher_core, hasher),
						 0);
			}
			ck_assert_mem_eq(node, root.data + 4, 32);
			modhash_buffer_clear(&proof_file);
		}
		modhash_buffer_clear(&root);
		modhash_builder_free(builder);
	}
	mh_hasher_free(hasher);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(root_as_c_source)
{
	static const char none[] =
		"#include <linux/module_hashes.h>\n"
		"\n"
		"const struct\n"
		"module_hashes_root module_hashes_root __module_hashes_section = {\n"
		"\t.levels = 0,\n"
		"\t.hash = {{\n"
		"\t\t0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,\n"
		"\t\t0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,\n"
		"\t\t0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,\n"
		"\t\t0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,\n"
		"\t}},\n"
		"};\n";
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer root, source;
	struct modhash_builder *builder = tree_of(ctx, 0, &root);
	char expected[8];
	int i;

	ck_assert_int_eq(modhash_builder_c_source(builder, &source, NULL), 0);
	ck_assert_uint_eq(source.length, sizeof(none) - 1);
	ck_assert_mem_eq(source.data, none, sizeof(none) - 1);
	modhash_buffer_clear(&source);
	modhash_buffer_clear(&root);
	modhash_builder_free(builder);

	builder = tree_of(ctx, 9, &root);
	ck_assert_int_eq(modhash_builder_c_source(builder, &source, NULL), 0);
	ck_assert_uint_eq(source.length, sizeof(none) - 1);
	ck_assert_ptr_nonnull(memmem(source.data, source.length, ".levels = 4,\n", 13));
	for (i = 0; i < 32; i++) { /* where the zeroes were */
		const char *at = strstr(none, "0x00") + i / 8 * 50 + i % 8 * 6;

		snprintf(expected, sizeof(expected), "0x%02x,", root.data[4 + i]);
		ck_assert_mem_eq(source.data + (at - none), expected, 5);
	}
	modhash_buffer_clear(&source);
	modhash_buffer_clear(&root);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

/* --- proofs that are malformed --- */

START_TEST(proof_of_any_other_length_is_refused)
{
	uint8_t bytes[4 + 33 * 32 + 1] = { 0 };
	struct modhash_proof proof;
	size_t length;

	for (length = 0; length <= sizeof(bytes); length++) {
		bool good = length >= 4 && length % 32 == 4 && length <= 4 + 32 * 32;
		struct guarded guarded = guarded_copy(bytes, length);
		struct modhash_error err;
		int rc;

		MODHASH_INIT(proof);
		rc = modhash_proof_parse(guarded.data, length, &proof, &err);
		ck_assert_int_eq(rc, good ? 0 : MODHASH_E_PROOF);
		if (good)
			ck_assert_uint_eq(proof.levels, (length - 4) / 32);
		else
			ck_assert_int_eq(err.code, rc);
		guarded_free(&guarded);
	}
	ck_assert_int_eq(modhash_proof_parse(NULL, 4, &proof, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_proof_parse(bytes, 4, NULL, NULL), MODHASH_E_INVALID);
}
END_TEST

static int parse_file(const uint8_t *bytes, size_t length)
{
	struct guarded guarded = guarded_copy(bytes, length);
	struct modhash_proof proof;
	int rc;

	MODHASH_INIT(proof);
	rc = modhash_proof_parse(guarded.data, length, &proof, NULL);
	guarded_free(&guarded);
	return rc;
}

START_TEST(proof_file_is_a_trailer_alone)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer root, file;
	struct modhash_builder *builder = tree_of(ctx, 5, &root);
	uint8_t *bytes;
	size_t length, cut;

	ck_assert_int_eq(modhash_builder_proof(builder, 3, &file, NULL), 0);
	length = (size_t)file.length;
	ck_assert_int_eq(parse_file(file.data, length), 0);
	for (cut = 0; cut < length; cut++) { /* a proof alone may be what is left */
		int rc = parse_file(file.data, cut);

		ck_assert_int_eq(rc, cut % 32 == 4 ? 0 : MODHASH_E_PROOF);
		if (cut)
			ck_assert_int_eq(parse_file(file.data + cut, length - cut),
					 (length - cut) % 32 == 4 ? 0 : MODHASH_E_PROOF);
	}
	bytes = malloc(length + 1);
	ck_assert_ptr_nonnull(bytes);
	bytes[0] = 0; /* something before it */
	memcpy(bytes + 1, file.data, length);
	ck_assert_int_eq(parse_file(bytes, length + 1), MODHASH_E_PROOF);
	memcpy(bytes, file.data, length);
	bytes[length - 40 + 2] = MODHASH_TRAILER_PKCS7;
	ck_assert_int_eq(parse_file(bytes, length), MODHASH_E_PROOF);
	free(bytes);
	modhash_buffer_clear(&file);
	modhash_buffer_clear(&root);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(check_says_what_it_can_not_check)
{
	static const uint8_t content[] = "content";
	uint8_t bytes[4 + 32] = { 0 }, root_bytes[36], zeroes[36] = { 0 };
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_blob *root, *unfilled, *list;
	struct modhash_module *module;
	struct modhash_proof proof, other;
	struct modhash_error err;

	set_root(root_bytes, 1, 0, 0, 0, 0x5a);
	root = read_root(ctx, root_bytes);
	unfilled = read_root(ctx, zeroes);
	ck_assert_int_eq(modhash_blob_from_memory(ctx, root_bytes, 32, &list, NULL), 0);
	ck_assert_int_eq(modhash_module_from_memory(ctx, content, sizeof(content), &module, NULL),
			 0);
	MODHASH_INIT(proof);
	ck_assert_int_eq(modhash_proof_parse(bytes, sizeof(bytes), &proof, NULL), 0);

	ck_assert_int_eq(modhash_proof_check(module, &proof, root, &err), 0);
	ck_assert_int_eq(modhash_proof_check(module, &proof, unfilled, &err), MODHASH_E_NOT_FILLED);
	ck_assert_int_eq(modhash_proof_check(module, &proof, list, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_proof_check(NULL, &proof, root, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_proof_check(module, NULL, root, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_proof_check(module, &proof, NULL, &err), MODHASH_E_INVALID);
	other = proof;
	other.levels = 2;
	ck_assert_int_eq(modhash_proof_check(module, &other, root, &err), MODHASH_E_PROOF);
	other = proof;
	other.siblings = NULL;
	ck_assert_int_eq(modhash_proof_check(module, &other, root, &err), MODHASH_E_INVALID);
	modhash_module_free(module);
	modhash_blob_free(root);
	modhash_blob_free(unfilled);
	modhash_blob_free(list);
	modhash_ctx_free(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("merkle");
	TCase *tcase = tcase_create("merkle");

	tcase_add_test(tcase, levels_tell_the_byte_order);
	tcase_add_test(tcase, root_has_one_digest_and_no_members);
	tcase_add_test(tcase, trees_of_any_size);
	tcase_add_test(tcase, root_as_c_source);
	tcase_add_test(tcase, proof_of_any_other_length_is_refused);
	tcase_add_test(tcase, proof_file_is_a_trailer_alone);
	tcase_add_test(tcase, check_says_what_it_can_not_check);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
