/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inputs and outputs of the kernel's own build tools (patch series v3 and v5), in
 * tests/vectors/kernel-formats.json: every value in it comes out byte for byte, and
 * every proof holds until a bit of it, of the module or of the root is flipped.
 */
#include <jansson.h>

#include "blob-help.h"

#define CASES 6

static uint8_t *from_hex(const char *hex, size_t *length)
{
	uint8_t *bytes;
	size_t i;

	ck_assert_ptr_nonnull(hex);
	*length = strlen(hex) / 2;
	ck_assert_uint_eq(strlen(hex) % 2, 0);
	bytes = malloc(*length + 1);
	ck_assert_ptr_nonnull(bytes);
	for (i = 0; i < *length; i++) {
		unsigned int byte;

		ck_assert_int_eq(sscanf(hex + 2 * i, "%2x", &byte), 1);
		bytes[i] = (uint8_t)byte;
	}
	return bytes;
}

static uint8_t *hex_of(const json_t *object, const char *key, size_t *length)
{
	return from_hex(json_string_value(json_object_get(object, key)), length);
}

static void check_hex(const json_t *object, const char *key, const void *data, size_t length)
{
	size_t expected_length;
	uint8_t *expected = hex_of(object, key, &expected_length);

	ck_assert_uint_eq(length, expected_length);
	if (length)
		ck_assert_mem_eq(data, expected, length);
	free(expected);
}

static json_t *load(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	json_error_t error;
	json_t *root;

	snprintf(path, sizeof(path), "%s/tests/vectors/kernel-formats.json", srcdir ? srcdir : ".");
	root = json_load_file(path, 0, &error);
	ck_assert_msg(root != NULL, "%s: %s", path, error.text);
	return root;
}

struct vector {
	json_t *root;
	const char *name;
	json_t *modules; /* an array */
	json_t *data;
	struct modhash_ctx *ctx;
};

static void setup(struct vector *vector, int number)
{
	json_t *cases;
	void *iter;

	vector->root = load();
	cases = json_object_get(vector->root, "cases");
	ck_assert_uint_eq(json_object_size(cases), CASES);
	for (iter = json_object_iter(cases); number-- > 0;)
		iter = json_object_iter_next(cases, iter);
	vector->name = json_object_iter_key(iter);
	vector->data = json_object_iter_value(iter);
	vector->modules = json_object_get(vector->data, "modules");
	ck_assert(json_is_array(vector->modules));
	vector->ctx = new_ctx();
}

static void teardown(struct vector *vector)
{
	modhash_ctx_free(vector->ctx);
	json_decref(vector->root);
}

static struct modhash_module *module_of(const struct vector *vector, size_t i, uint8_t **content)
{
	const json_t *object = json_array_get(vector->modules, i);
	struct modhash_module *module;
	size_t length;

	*content = hex_of(object, "content_hex", &length);
	ck_assert_uint_eq(length, (size_t)json_integer_value(json_object_get(object, "size")));
	ck_assert_int_eq(modhash_module_from_memory(vector->ctx, *content, length, &module, NULL),
			 0);
	return module;
}

static struct modhash_digest digest_of(const struct vector *vector, size_t i, int scope)
{
	struct modhash_digest_spec spec;
	struct modhash_module *module;
	struct modhash_digest digest;
	uint8_t *content;

	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = (uint32_t)scope;
	spec.position = (uint32_t)i;
	module = module_of(vector, i, &content);
	ck_assert_int_eq(modhash_module_digest(module, &spec, &digest, NULL), 0);
	modhash_module_free(module);
	free(content);
	return digest;
}

static struct modhash_builder *built(const struct vector *vector,
				     const struct modhash_builder_opts *opts)
{
	struct modhash_builder *builder = new_builder(vector->ctx, opts);
	size_t i;

	for (i = 0; i < json_array_size(vector->modules); i++) {
		const json_t *object = json_array_get(vector->modules, i);
		struct modhash_digest digest = digest_of(vector, i, (int)opts->scope);

		check_hex(object, opts->scope == MODHASH_SCOPE_LEAF ? "v5_leaf" : "sha256",
			  digest.bytes, digest.length);
		add_named(builder, &digest, json_string_value(json_object_get(object, "path")));
	}
	return builder;
}

START_TEST(list_comes_out_byte_for_byte)
{
	struct modhash_builder_opts opts = list_opts();
	struct modhash_builder *builder;
	struct modhash_buffer buffer;
	struct vector vector;

	setup(&vector, _i);
	builder = built(&vector, &opts);
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	check_hex(vector.data, "v3_list_hex", buffer.data, buffer.length);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	teardown(&vector);
}
END_TEST

static void check_root(const struct vector *vector, int byte_order)
{
	struct modhash_builder_opts opts = root_opts(byte_order);
	struct modhash_builder *builder = built(vector, &opts);
	struct modhash_blob_info info;
	struct modhash_buffer buffer;
	struct modhash_blob *blob;
	json_int_t levels = json_integer_value(json_object_get(vector->data, "levels"));

	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	ck_assert_uint_eq(buffer.length, 36);
	ck_assert_uint_eq(buffer.data[byte_order == MODHASH_BYTE_ORDER_BIG ? 3 : 0],
			  (unsigned int)levels);
	ck_assert_uint_eq(buffer.data[0] + buffer.data[1] + buffer.data[2] + buffer.data[3],
			  (unsigned int)levels);
	check_hex(vector->data, "root", buffer.data + 4, 32);

	ck_assert_int_eq(
		modhash_blob_from_memory(vector->ctx, buffer.data, buffer.length, &blob, NULL), 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_uint_eq(info.levels, (unsigned int)levels);
	ck_assert_uint_eq(info.byte_order,
			  levels ? (unsigned int)byte_order : MODHASH_BYTE_ORDER_UNKNOWN);
	modhash_blob_free(blob);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
}

START_TEST(root_comes_out_in_both_byte_orders)
{
	struct vector vector;

	setup(&vector, _i);
	check_root(&vector, MODHASH_BYTE_ORDER_LITTLE);
	check_root(&vector, MODHASH_BYTE_ORDER_BIG);
	teardown(&vector);
}
END_TEST

START_TEST(proofs_come_out_byte_for_byte)
{
	struct modhash_builder_opts opts = root_opts(MODHASH_BYTE_ORDER_LITTLE);
	struct modhash_builder *builder;
	struct modhash_buffer buffer;
	struct vector vector;
	size_t i;

	setup(&vector, _i);
	builder = built(&vector, &opts);
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	modhash_buffer_clear(&buffer);
	for (i = 0; i < json_array_size(vector.modules); i++) {
		ck_assert_int_eq(modhash_builder_proof(builder, i, &buffer, NULL), 0);
		check_hex(json_array_get(vector.modules, i), "v5_merkle_file_hex", buffer.data,
			  buffer.length);
		modhash_buffer_clear(&buffer);
	}
	ck_assert_int_eq(modhash_builder_proof(builder, i, &buffer, NULL), MODHASH_E_NOT_FOUND);
	modhash_builder_free(builder);
	teardown(&vector);
}
END_TEST

/* Does this proof lead from these contents to this root?  Or the code why not. */
static int proof_holds(const struct vector *vector, const uint8_t *content, size_t content_length,
		       const uint8_t *proof_bytes, size_t proof_length, const uint8_t *root_bytes)
{
	struct modhash_module *module = NULL;
	struct modhash_blob *root = NULL;
	struct modhash_proof proof;
	int rc;

	MODHASH_INIT(proof);
	rc = modhash_proof_parse(proof_bytes, proof_length, &proof, NULL);
	if (!rc)
		rc = modhash_blob_from_memory(vector->ctx, root_bytes, 36, &root, NULL);
	if (!rc)
		rc = modhash_module_from_memory(vector->ctx, content, content_length, &module,
						NULL);
	if (!rc)
		rc = modhash_proof_check(module, &proof, root, NULL);
	modhash_module_free(module);
	modhash_blob_free(root);
	return rc;
}

static void root_bytes_of(const struct vector *vector, uint8_t root[36])
{
	size_t length;
	uint8_t *hash = hex_of(vector->data, "root", &length);

	mh_put_le32(root, (uint32_t)json_integer_value(json_object_get(vector->data, "levels")));
	memcpy(root + 4, hash, 32);
	free(hash);
}

/* Each bit of @bytes in turn; @bytes are as they were afterwards. */
#define EACH_BIT(bytes, length, check)                                  \
	do {                                                            \
		size_t bit_;                                            \
		for (bit_ = 0; bit_ < (length)*8; bit_++) {             \
			(bytes)[bit_ / 8] ^= (uint8_t)(1u << bit_ % 8); \
			ck_assert_int_ne(check, 1);                     \
			(bytes)[bit_ / 8] ^= (uint8_t)(1u << bit_ % 8); \
		}                                                       \
	} while (0)

START_TEST(proofs_hold_until_a_bit_is_flipped)
{
	struct vector vector;
	uint8_t root[36];
	size_t i;

	setup(&vector, _i);
	root_bytes_of(&vector, root);
	for (i = 0; i < json_array_size(vector.modules); i++) {
		const json_t *object = json_array_get(vector.modules, i);
		size_t length, proof_length;
		uint8_t *content = hex_of(object, "content_hex", &length);
		uint8_t *proof = hex_of(object, "v5_merkle_file_hex", &proof_length);
		size_t bare = proof_length - 40; /* without structure and marker */
		size_t flipped = length < 40 ? length : 40;

#define HOLDS() proof_holds(&vector, content, length, proof, proof_length, root)
		ck_assert_int_eq(HOLDS(), 1);
		ck_assert_int_eq(proof_holds(&vector, content, length, proof, bare, root), 1);
		EACH_BIT(content, flipped, HOLDS());
		EACH_BIT(root, sizeof(root), HOLDS());
		/*
		 * Of the trailer, the kernel and we look at all but the padding and the
		 * fields that a Merkle trailer does not use.
		 */
		EACH_BIT(proof, bare, HOLDS());
		EACH_BIT(proof + bare + 8, 4 + 28, HOLDS());
		/* a byte more or less, at the end and within */
		ck_assert_int_ne(proof_holds(&vector, content, length, proof, bare - 1, root), 1);
		ck_assert_int_ne(proof_holds(&vector, content, length, proof, bare - 32, root), 1);
		if (length)
			ck_assert_int_ne(proof_holds(&vector, content, length - 1, proof,
						     proof_length, root),
					 1);
		free(content);
		free(proof);
	}
	teardown(&vector);
}
END_TEST

/* The leaf is over the position: another module's proof is none, even for the same bytes. */
START_TEST(proofs_of_others_do_not_hold)
{
	struct vector vector;
	uint8_t root[36];
	size_t i, j;

	setup(&vector, _i);
	root_bytes_of(&vector, root);
	for (i = 0; i < json_array_size(vector.modules); i++) {
		for (j = 0; j < json_array_size(vector.modules); j++) {
			const json_t *module = json_array_get(vector.modules, i);
			const json_t *other = json_array_get(vector.modules, j);
			bool same = json_equal(json_object_get(module, "content_hex"),
					       json_object_get(other, "content_hex"));
			size_t length, proof_length;
			uint8_t *content = hex_of(module, "content_hex", &length);
			uint8_t *proof = hex_of(other, "v5_merkle_file_hex", &proof_length);

			/* the same contents at another position are that other module */
			ck_assert_int_eq(
				proof_holds(&vector, content, length, proof, proof_length, root),
				i == j || same);
			free(content);
			free(proof);
		}
	}
	teardown(&vector);
}
END_TEST

/* A module with its proof appended, and a PKCS#7 trailer, say, beneath: m is what was. */
START_TEST(appended_proofs_hold)
{
	struct vector vector;
	uint8_t root[36];
	size_t i;

	setup(&vector, _i);
	root_bytes_of(&vector, root);
	for (i = 0; i < json_array_size(vector.modules); i++) {
		const json_t *object = json_array_get(vector.modules, i);
		size_t length, proof_length;
		uint8_t *content = hex_of(object, "content_hex", &length);
		uint8_t *proof = hex_of(object, "v5_merkle_file_hex", &proof_length);

		content = realloc(content, length + proof_length);
		ck_assert_ptr_nonnull(content);
		memcpy(content + length, proof, proof_length);
		ck_assert_int_eq(proof_holds(&vector, content, length + proof_length, proof,
					     proof_length, root),
				 1);
		free(content);
		free(proof);
	}
	teardown(&vector);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("vectors");
	TCase *tcase = tcase_create("vectors");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, list_comes_out_byte_for_byte, 0, CASES);
	tcase_add_loop_test(tcase, root_comes_out_in_both_byte_orders, 0, CASES);
	tcase_add_loop_test(tcase, proofs_come_out_byte_for_byte, 0, CASES);
	tcase_add_loop_test(tcase, proofs_hold_until_a_bit_is_flipped, 0, CASES);
	tcase_add_loop_test(tcase, proofs_of_others_do_not_hold, 0, CASES);
	tcase_add_loop_test(tcase, appended_proofs_hold, 0, CASES);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
