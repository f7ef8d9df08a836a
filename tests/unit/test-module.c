/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Modules from memory, descriptors and paths, and their digests.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <modhash/modhash.h>

#include "../gen/elfgen.h"
#include "module.h"
#include "scratch.h"
#include "source.h"

static struct gen_buf file;
static struct modhash_ctx *ctx;
static struct modhash_module *module;
static struct modhash_error err;

static void setup(void)
{
	scratch_make();
	file.length = 0;
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
}

static void teardown(void)
{
	modhash_module_free(module);
	module = NULL;
	modhash_ctx_free(ctx);
	gen_free(&file);
	scratch_remove();
}

static struct modhash_module_info info_of(const struct modhash_module *of)
{
	struct modhash_module_info info;

	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_module_info(of, &info), 0);
	return info;
}

static void load(void)
{
	modhash_module_free(module);
	ck_assert_int_eq(modhash_module_from_memory(ctx, file.data, file.length, &module, &err), 0);
}

START_TEST(test_three_ways)
{
	struct modhash_module_info info;
	int fd;

	gen_text(&file, "module");
	trailergen_add(&file, 3, "proof", 5);
	scratch_file("m.ko", file.data, file.length);

	load();
	info = info_of(module);
	ck_assert_ptr_eq(info.data, file.data); /* a view */
	ck_assert_uint_eq(info.file_length, file.length);
	ck_assert_uint_eq(info.compression, MODHASH_COMPRESSION_NONE);

	modhash_module_free(module);
	ck_assert_int_eq(modhash_module_from_path(ctx, "m.ko", &module, &err), 0);
	info = info_of(module);
	ck_assert_uint_eq(info.length, file.length);
	ck_assert_uint_eq(info.payload_length, 6);
	ck_assert_int_eq(memcmp(info.data, file.data, file.length), 0);

	modhash_module_free(module);
	fd = open("m.ko", O_RDONLY);
	ck_assert_int_eq(modhash_module_from_fd(ctx, fd, &module, &err), 0);
	scratch_text("m.ko", "other"); /* it need not stay as it is */
	close(fd);
	ck_assert_int_eq(memcmp(info_of(module).data, file.data, file.length), 0);
}
END_TEST

START_TEST(test_empty)
{
	struct modhash_module_info info;

	ck_assert_int_eq(modhash_module_from_memory(ctx, NULL, 0, &module, &err), 0);
	info = info_of(module);
	ck_assert_ptr_nonnull(info.data);
	ck_assert_uint_eq(info.length | info.file_length | info.payload_length | info.trailers, 0);
	modhash_module_free(module);
	scratch_text("empty.ko", "");
	ck_assert_int_eq(modhash_module_from_path(ctx, "empty.ko", &module, &err), 0);
	ck_assert_ptr_nonnull(info_of(module).data);
}
END_TEST

/* No module is handed out after a failure. */
static void fails(int ret, int expected)
{
	ck_assert_int_eq(ret, expected);
	ck_assert_ptr_null(module);
	module = (struct modhash_module *)&file;
}

START_TEST(test_failures)
{
	module = (struct modhash_module *)&file;
	fails(modhash_module_from_path(ctx, "none.ko", &module, &err), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ENOENT);
	fails(modhash_module_from_path(ctx, ".", &module, &err), MODHASH_E_FILE_TYPE);
	fails(modhash_module_from_path(ctx, NULL, &module, &err), MODHASH_E_INVALID);
	fails(modhash_module_from_path(NULL, "none.ko", &module, &err), MODHASH_E_INVALID);
	fails(modhash_module_from_fd(ctx, -1, &module, &err), MODHASH_E_INVALID);
	fails(modhash_module_from_fd(ctx, 9999, &module, &err), MODHASH_E_IO);
	fails(modhash_module_from_fd(NULL, 0, &module, &err), MODHASH_E_INVALID);
	fails(modhash_module_from_memory(ctx, NULL, 1, &module, &err), MODHASH_E_INVALID);
	fails(modhash_module_from_memory(NULL, "", 0, &module, &err), MODHASH_E_INVALID);
	fails(modhash_module_from_memory(ctx, "\x1f\x8b", 2, &module, NULL),
	      modhash_compression_supported(MODHASH_COMPRESSION_GZIP) ? MODHASH_E_UNPACK
								      : MODHASH_E_NO_DECOMPRESSOR);
	module = NULL;
	ck_assert_int_eq(modhash_module_from_memory(ctx, "", 0, NULL, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_from_fd(ctx, 0, NULL, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_from_path(ctx, "", NULL, &err), MODHASH_E_INVALID);
	modhash_module_free(NULL);
}
END_TEST

START_TEST(test_info)
{
	struct modhash_module_info info;

	gen_text(&file, "module");
	load();
	ck_assert_int_eq(modhash_module_info(NULL, &info), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_info(module, NULL), MODHASH_E_INVALID);
	info.size = 2;
	ck_assert_int_eq(modhash_module_info(module, &info), MODHASH_E_INVALID);
}
END_TEST

START_TEST(test_limit)
{
	struct modhash_ctx_opts opts;
	struct modhash_ctx *small;

	MODHASH_INIT(opts);
	opts.max_unpacked = 10;
	ck_assert_int_eq(modhash_ctx_new(&opts, &small, NULL), 0);
	ck_assert_int_eq(modhash_module_from_memory(small, "0123456789", 10, &module, &err), 0);
	modhash_module_free(module);
	ck_assert_int_eq(modhash_module_from_memory(small, "0123456789a", 11, &module, &err),
			 MODHASH_E_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.message, "11 bytes"));
	ck_assert_ptr_null(module);
	modhash_ctx_free(small);
}
END_TEST

/* One module, file after file: buffers stay, contents do not. */
START_TEST(test_reuse)
{
	struct modhash_module reused;
	const uint8_t *where;
	int i;

	gen_zeroes(&file, 50000);
	scratch_file("large.ko", file.data, file.length);
	trailergen_add(&file, 3, "proof", 5);
	scratch_file("signed.ko", file.data, file.length);
	scratch_text("small.ko", "small");

	mh_module_init(&reused, ctx);
	ck_assert_int_eq(mh_module_load_path(&reused, "signed.ko", &err), 0);
	where = reused.data;
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(mh_module_load_path(&reused, "small.ko", &err), 0);
		ck_assert_uint_eq(reused.length, 5);
		ck_assert_uint_eq(reused.trailers, 0);
		ck_assert_ptr_eq(reused.data, where);
		ck_assert_int_eq(mh_module_load_path(&reused, "none.ko", &err), MODHASH_E_IO);
		ck_assert_uint_eq(reused.length, 0);
		ck_assert_ptr_null(reused.data);
		ck_assert_int_eq(mh_module_load_path(&reused, "signed.ko", &err), 0);
		ck_assert_uint_eq(reused.trailers, 1);
		ck_assert_uint_eq(reused.payload_length, 50000);
		ck_assert_ptr_eq(reused.data, where);
	}
	ck_assert_int_eq(mh_module_load_memory(&reused, "memory", 6, &err), 0);
	ck_assert_uint_eq(reused.length, 6);
	mh_module_fini(&reused);
}
END_TEST

/* Packed by content: the name does not count. */
START_TEST(test_packed)
{
	static const int compressions[] = {
		MODHASH_COMPRESSION_GZIP, MODHASH_COMPRESSION_XZ, MODHASH_COMPRESSION_ZSTD,
	};
	struct mh_buf packed = MH_BUF_EMPTY;
	struct modhash_module_info info;

	if (!modhash_compression_supported(compressions[_i]))
		return;
	gen_zeroes(&file, 10000);
	trailergen_add(&file, 3, "proof", 5);
	ck_assert_int_eq(mh_pack(compressions[_i], file.data, file.length, &packed, &err), 0);
	scratch_file("m.ko", packed.data, packed.length);
	ck_assert_int_eq(modhash_module_from_path(ctx, "m.ko", &module, &err), 0);
	info = info_of(module);
	ck_assert_uint_eq(info.compression, (unsigned int)compressions[_i]);
	ck_assert_uint_eq(info.file_length, packed.length);
	ck_assert_uint_eq(info.length, file.length);
	ck_assert_uint_eq(info.payload_length, 10000);
	ck_assert_int_eq(memcmp(info.data, file.data, file.length), 0);
	mh_buf_free(&packed);
}
END_TEST

static int take(uint32_t scope, uint32_t flags, uint32_t position, struct modhash_digest *digest)
{
	struct modhash_digest_spec spec;

	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = scope;
	spec.flags = flags;
	spec.position = position;
	memset(digest, 0xee, sizeof(*digest));
	return modhash_module_digest(module, &spec, digest, &err);
}

/* The digest of the first bytes of the file, with a scope put to it. */
static void is_of(const struct modhash_digest *digest, size_t length, int scope)
{
	struct modhash_digest expected;

	ck_assert_int_eq(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE,
					      file.data, length, &expected, &err), 0);
	expected.scope = (uint16_t)scope;
	ck_assert(modhash_digest_equal(digest, &expected));
}

START_TEST(test_scopes)
{
	struct modhash_digest digest, leaf;
	struct gen_buf message = { .data = NULL };

	gen_text(&file, "module");
	trailergen_add(&file, 2, "signature", 9);
	trailergen_add(&file, 3, "proof", 5);
	load();
	ck_assert_int_eq(take(MODHASH_SCOPE_FILE, 0, 0, &digest), 0);
	is_of(&digest, file.length, MODHASH_SCOPE_FILE);
	ck_assert_int_eq(take(MODHASH_SCOPE_PAYLOAD, 0, 0, &digest), 0);
	is_of(&digest, 6, MODHASH_SCOPE_PAYLOAD);
	ck_assert_int_eq(take(MODHASH_SCOPE_FILE, MODHASH_SPEC_STRIPPED, 0, &digest), 0);
	is_of(&digest, 6, MODHASH_SCOPE_FILE);

	/* A leaf is over 1, the position, and all but the proof. */
	gen_add(&message, "\1\0\1\2\3", 5);
	gen_add(&message, file.data, 6 + 9 + 40);
	ck_assert_int_eq(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE,
					      message.data, message.length, &leaf, &err), 0);
	leaf.scope = MODHASH_SCOPE_LEAF;
	ck_assert_int_eq(take(MODHASH_SCOPE_LEAF, 0, 0x010203, &digest), 0);
	ck_assert(modhash_digest_equal(&digest, &leaf));
	message.length = 5 + 6;
	ck_assert_int_eq(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE,
					      message.data, message.length, &leaf, &err), 0);
	leaf.scope = MODHASH_SCOPE_LEAF;
	ck_assert_int_eq(take(MODHASH_SCOPE_LEAF, MODHASH_SPEC_STRIPPED, 0x010203, &digest), 0);
	ck_assert(modhash_digest_equal(&digest, &leaf));
	gen_free(&message);
}
END_TEST

static void is_zero(const struct modhash_digest *digest)
{
	static const struct modhash_digest zero;

	ck_assert_int_eq(memcmp(digest, &zero, sizeof(zero)), 0);
}

START_TEST(test_malformed)
{
	struct trailergen raw = { .id_type = 2, .sig_len = 99999 };
	struct modhash_digest digest;

	gen_text(&file, "module");
	trailergen_add_raw(&file, &raw, "", 0);
	load();
	ck_assert_int_eq(take(MODHASH_SCOPE_FILE, 0, 0, &digest), 0);
	is_of(&digest, file.length, MODHASH_SCOPE_FILE);
	ck_assert_int_eq(take(MODHASH_SCOPE_PAYLOAD, 0, 0, &digest), MODHASH_E_TRAILER);
	is_zero(&digest);
	ck_assert_uint_eq(err.offset, 6 + 8);
	ck_assert_int_eq(take(MODHASH_SCOPE_FILE, MODHASH_SPEC_STRIPPED, 0, &digest),
			 MODHASH_E_TRAILER);
	ck_assert_int_eq(take(MODHASH_SCOPE_LEAF, 0, 0, &digest), MODHASH_E_TRAILER);
	is_zero(&digest);
}
END_TEST

static int ask(struct modhash_digest_spec *spec)
{
	struct modhash_digest digest;
	int ret;

	spec->size = sizeof(*spec);
	memset(&digest, 0xee, sizeof(digest));
	ret = modhash_module_digest(module, spec, &digest, &err);
	if (ret)
		is_zero(&digest);
	return ret;
}

START_TEST(test_specs)
{
	struct modhash_digest digest;

	gen_text(&file, "module");
	load();
	ck_assert_int_eq(ask(&(struct modhash_digest_spec){ .algorithm = 2, .scope = 1 }),
			 MODHASH_E_ALGORITHM);
	ck_assert_int_eq(ask(&(struct modhash_digest_spec){ .algorithm = UINT32_MAX, .scope = 1 }),
			 MODHASH_E_ALGORITHM);
	ck_assert_int_eq(ask(&(struct modhash_digest_spec){ .algorithm = 4, .scope = 0 }),
			 MODHASH_E_SCOPE);
	ck_assert_int_eq(ask(&(struct modhash_digest_spec){ .algorithm = 4,
							    .scope = MODHASH_SCOPE_ROOT }),
			 MODHASH_E_SCOPE);
	ck_assert_int_eq(ask(&(struct modhash_digest_spec){ .algorithm = 4, .version = 1,
							    .scope = MODHASH_SCOPE_CANONICAL }),
			 MODHASH_E_UNSUPPORTED);
	ck_assert_int_eq(ask(&(struct modhash_digest_spec){ .algorithm = 6,
							    .scope = MODHASH_SCOPE_LEAF }),
			 MODHASH_E_ALGORITHM);
	ck_assert_int_eq(ask(&(struct modhash_digest_spec){ .algorithm = 4, .scope = 1,
							    .version = 1 }),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(ask(&(struct modhash_digest_spec){ .algorithm = 4, .scope = 1,
							    .flags = 0x80 }),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(ask(&(struct modhash_digest_spec){ .algorithm = MODHASH_ALGO_SHA3_512,
							    .scope = 2 }), 0);
	ck_assert_int_eq(modhash_module_digest(NULL, NULL, &digest, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_digest(module, NULL, &digest, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_digest(module, NULL, NULL, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_digest(module, &(struct modhash_digest_spec){ .size = 0 },
					       &digest, &err), MODHASH_E_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("module");
	TCase *tcase = tcase_create("module");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_three_ways);
	tcase_add_test(tcase, test_empty);
	tcase_add_test(tcase, test_failures);
	tcase_add_test(tcase, test_info);
	tcase_add_test(tcase, test_limit);
	tcase_add_test(tcase, test_reuse);
	tcase_add_loop_test(tcase, test_packed, 0, 3);
	tcase_add_test(tcase, test_scopes);
	tcase_add_test(tcase, test_malformed);
	tcase_add_test(tcase, test_specs);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
