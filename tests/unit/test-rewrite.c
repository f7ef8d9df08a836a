/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Modules with other trailers, packed as they were.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <modhash/modhash.h>

#include "../gen/elfgen.h"
#include "scratch.h"
#include "source.h"

static struct gen_buf file;
static struct modhash_ctx *ctx;
static struct modhash_module *module;
static struct modhash_buffer buffer;
static struct modhash_error err;

#define SIGNED (6 + 9 + 40) /* bytes of the file up to its proof */

static void setup(void)
{
	file.length = 0;
	gen_text(&file, "module");
	trailergen_add(&file, 2, "signature", 9);
	trailergen_add(&file, 3, "proof", 5);
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
	ck_assert_int_eq(modhash_module_from_memory(ctx, file.data, file.length, &module, &err), 0);
}

static void teardown(void)
{
	modhash_buffer_clear(&buffer);
	modhash_module_free(module);
	modhash_ctx_free(ctx);
	gen_free(&file);
}

static int rewrite(uint32_t flags, const char *append)
{
	struct modhash_rewrite_opts opts;

	MODHASH_INIT(opts);
	opts.flags = flags;
	opts.append = (const uint8_t *)append;
	opts.append_length = append ? strlen(append) : 0;
	modhash_buffer_clear(&buffer);
	buffer.length = 77;
	return modhash_module_rewrite(module, &opts, &buffer, &err);
}

/* The file's first bytes, and what was appended. */
static void is(size_t length, const char *append)
{
	ck_assert_uint_eq(buffer.length, length + strlen(append));
	ck_assert_int_eq(memcmp(buffer.data, file.data, length), 0);
	ck_assert_int_eq(memcmp(buffer.data + length, append, strlen(append)), 0);
}

START_TEST(test_plain)
{
	ck_assert_int_eq(rewrite(0, NULL), 0);
	is(file.length, "");
	ck_assert_int_eq(rewrite(MODHASH_REWRITE_STRIP_MERKLE, NULL), 0);
	is(SIGNED, "");
	ck_assert_int_eq(rewrite(MODHASH_REWRITE_STRIP_ALL, NULL), 0);
	is(6, "");
	ck_assert_int_eq(rewrite(MODHASH_REWRITE_STRIP_ALL | MODHASH_REWRITE_STRIP_MERKLE, NULL), 0);
	is(6, "");
	ck_assert_int_eq(rewrite(0, "more"), 0);
	is(file.length, "more");
	ck_assert_int_eq(rewrite(MODHASH_REWRITE_STRIP_MERKLE, "another proof"), 0);
	is(SIGNED, "another proof");
	modhash_buffer_clear(&buffer);
	ck_assert_int_eq(modhash_module_rewrite(module, NULL, &buffer, &err), 0);
	is(file.length, "");
}
END_TEST

/* The outermost, if that is a proof: what is under it stays. */
START_TEST(test_strip_merkle)
{
	trailergen_add(&file, 2, "signature", 9);
	modhash_module_free(module);
	ck_assert_int_eq(modhash_module_from_memory(ctx, file.data, file.length, &module, &err), 0);
	ck_assert_int_eq(rewrite(MODHASH_REWRITE_STRIP_MERKLE, NULL), 0);
	is(file.length, "");
}
END_TEST

START_TEST(test_empty)
{
	modhash_module_free(module);
	ck_assert_int_eq(modhash_module_from_memory(ctx, NULL, 0, &module, &err), 0);
	ck_assert_int_eq(rewrite(MODHASH_REWRITE_STRIP_ALL, NULL), 0);
	ck_assert_ptr_nonnull(buffer.data);
	ck_assert_uint_eq(buffer.length, 0);
}
END_TEST

START_TEST(test_packed)
{
	static const int compressions[] = {
		MODHASH_COMPRESSION_GZIP, MODHASH_COMPRESSION_XZ, MODHASH_COMPRESSION_ZSTD,
	};
	const int compression = compressions[_i];
	struct mh_buf packed = MH_BUF_EMPTY, unpacked = MH_BUF_EMPTY;

	if (!modhash_compression_supported(compression))
		return;
	ck_assert_int_eq(mh_pack(compression, file.data, file.length, &packed, &err), 0);
	modhash_module_free(module);
	ck_assert_int_eq(modhash_module_from_memory(ctx, packed.data, packed.length, &module, &err),
			 0);
	ck_assert_int_eq(rewrite(MODHASH_REWRITE_STRIP_MERKLE, "appended"), 0);
	ck_assert_int_eq(mh_compression_detect(buffer.data, buffer.length), compression);
	ck_assert_int_eq(mh_unpack(compression, buffer.data, buffer.length, 1000, NULL, &unpacked, &err),
			 0);
	ck_assert_uint_eq(unpacked.length, SIGNED + 8);
	ck_assert_int_eq(memcmp(unpacked.data, file.data, SIGNED), 0);
	ck_assert_int_eq(memcmp(unpacked.data + SIGNED, "appended", 8), 0);
	mh_buf_free(&packed);
	mh_buf_free(&unpacked);
}
END_TEST

static void nothing(int ret, int expected)
{
	ck_assert_int_eq(ret, expected);
	ck_assert_ptr_null(buffer.data);
	ck_assert_uint_eq(buffer.length, 0);
}

START_TEST(test_malformed)
{
	struct trailergen raw = { .id_type = 2, .sig_len = 99999 };

	trailergen_add_raw(&file, &raw, "", 0);
	modhash_module_free(module);
	ck_assert_int_eq(modhash_module_from_memory(ctx, file.data, file.length, &module, &err), 0);
	nothing(rewrite(MODHASH_REWRITE_STRIP_ALL, NULL), MODHASH_E_TRAILER);
	nothing(rewrite(MODHASH_REWRITE_STRIP_MERKLE, NULL), MODHASH_E_TRAILER);
	ck_assert_int_eq(rewrite(0, "more"), 0);
	is(file.length, "more");
}
END_TEST

START_TEST(test_arguments)
{
	struct modhash_rewrite_opts opts;

	MODHASH_INIT(opts);
	opts.append_length = 5;
	nothing(modhash_module_rewrite(module, &opts, &buffer, &err), MODHASH_E_INVALID);
	nothing(rewrite(0x10, NULL), MODHASH_E_INVALID);
	nothing(modhash_module_rewrite(NULL, NULL, &buffer, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_rewrite(module, NULL, NULL, &err), MODHASH_E_INVALID);
	opts.size = 1;
	nothing(modhash_module_rewrite(module, &opts, &buffer, &err), MODHASH_E_INVALID);
	MODHASH_INIT(opts);
	opts.append = file.data;
	opts.append_length = UINT64_MAX;
	nothing(modhash_module_rewrite(module, &opts, &buffer, &err), MODHASH_E_NOMEM);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rewrite");
	TCase *tcase = tcase_create("rewrite");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_plain);
	tcase_add_test(tcase, test_strip_merkle);
	tcase_add_test(tcase, test_empty);
	tcase_add_loop_test(tcase, test_packed, 0, 3);
	tcase_add_test(tcase, test_malformed);
	tcase_add_test(tcase, test_arguments);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
