/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The context, the version, and codes in words.
 */
#include <modhash/modhash.h>

#include "module.h"
#include "scratch.h"

START_TEST(test_defaults)
{
	struct modhash_ctx *ctx = NULL;

	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
	ck_assert_uint_eq(ctx->max_unpacked, MODHASH_MAX_UNPACKED_DEFAULT);
	modhash_ctx_free(ctx);
	modhash_ctx_free(NULL);
}
END_TEST

START_TEST(test_options)
{
	struct modhash_ctx_opts opts;
	struct modhash_ctx *ctx = NULL;

	MODHASH_INIT(opts);
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), 0);
	ck_assert_uint_eq(ctx->max_unpacked, MODHASH_MAX_UNPACKED_DEFAULT);
	modhash_ctx_free(ctx);

	opts.max_unpacked = 12345;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), 0);
	ck_assert_uint_eq(ctx->max_unpacked, 12345);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(test_unknown_options)
{
	struct {
		struct modhash_ctx_opts opts;
		uint64_t later;
	} newer;
	struct modhash_ctx *ctx;
	struct modhash_error err;

	memset(&newer, 0, sizeof(newer));
	newer.opts.size = sizeof(newer);
	ck_assert_int_eq(modhash_ctx_new(&newer.opts, &ctx, &err), 0);
	modhash_ctx_free(ctx);

	newer.later = 1;
	ctx = (struct modhash_ctx *)&newer;
	ck_assert_int_eq(modhash_ctx_new(&newer.opts, &ctx, &err), MODHASH_E_INVALID);
	ck_assert_ptr_null(ctx);
	ck_assert_int_eq(err.code, MODHASH_E_INVALID);

	newer.later = 0;
	newer.opts.flags = 1;
	ctx = (struct modhash_ctx *)&newer;
	ck_assert_int_eq(modhash_ctx_new(&newer.opts, &ctx, NULL), MODHASH_E_INVALID);
	ck_assert_ptr_null(ctx);
	ck_assert_int_eq(modhash_ctx_new(NULL, NULL, &err), MODHASH_E_INVALID);

	newer.opts.flags = 0;
	newer.opts.size = 0;
	ck_assert_int_eq(modhash_ctx_new(&newer.opts, &ctx, NULL), MODHASH_E_INVALID);
}
END_TEST

/* Each engine by its name; the one that was asked for, or the fastest. */
START_TEST(test_engines)
{
	static const char *const names[] = { "auto", "evp", "sha-ni-1", "sha-ni-2", "sha-ni-4" };
	struct modhash_ctx_opts opts;
	struct modhash_ctx *ctx;
	struct modhash_error err;
	uint32_t best = MODHASH_ENGINE_EVP;

	for (uint32_t engine = 0; engine < 5; engine++) {
		ck_assert_str_eq(modhash_engine_name(engine), names[engine]);
		MODHASH_INIT(opts);
		opts.hash_engine = engine;
		ctx = (struct modhash_ctx *)&opts;
		if (!modhash_engine_supported(engine)) {
			ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &err), MODHASH_E_UNSUPPORTED);
			ck_assert_ptr_null(ctx);
			ck_assert_ptr_nonnull(strstr(err.message, names[engine]));
			continue;
		}
		ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), 0);
		if (engine != MODHASH_ENGINE_AUTO) {
			ck_assert_uint_eq(ctx->hash_engine, engine);
			if (engine != MODHASH_ENGINE_SHANI_1)
				best = engine;
		}
		modhash_ctx_free(ctx);
	}
	ck_assert(modhash_engine_supported(MODHASH_ENGINE_AUTO));
	ck_assert(modhash_engine_supported(MODHASH_ENGINE_EVP));
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
	ck_assert_uint_eq(ctx->hash_engine, best);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(test_no_such_engine)
{
	struct modhash_ctx_opts opts;
	struct modhash_ctx *ctx = (struct modhash_ctx *)&opts;

	ck_assert_ptr_null(modhash_engine_name(5));
	ck_assert(!modhash_engine_supported(5));
	MODHASH_INIT(opts);
	opts.hash_engine = 5;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), MODHASH_E_INVALID);
	ck_assert_ptr_null(ctx);
	MODHASH_INIT(opts);
	opts.flags = 1;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), MODHASH_E_INVALID);
}
END_TEST

START_TEST(test_version)
{
	char expected[64];

	snprintf(expected, sizeof(expected), "%d.%d.%d", MODHASH_VERSION_MAJOR,
		 MODHASH_VERSION_MINOR, MODHASH_VERSION_PATCH);
	ck_assert_str_eq(modhash_version(), MODHASH_VERSION);
	ck_assert_str_eq(modhash_version(), expected);
}
END_TEST

START_TEST(test_errors)
{
	ck_assert_str_eq(modhash_strerror(MODHASH_E_NOMEM), "out of memory");
	ck_assert_str_eq(modhash_strerror(MODHASH_E_NOT_MODULE), "not a kernel module");
	ck_assert_str_eq(modhash_strerror(0), "success");
	ck_assert_str_eq(modhash_strerror(1), "unknown error");
	ck_assert_str_eq(modhash_strerror(-9999), "unknown error");
	/* Numbers are without gaps, and each has a text of its own. */
	for (int a = MODHASH_E_NOMEM; a >= MODHASH_E_NOT_MODULE; a--) {
		ck_assert_str_ne(modhash_strerror(a), "unknown error");
		for (int b = a - 1; b >= MODHASH_E_NOT_MODULE; b--)
			ck_assert_str_ne(modhash_strerror(a), modhash_strerror(b));
	}
}
END_TEST

START_TEST(test_reasons)
{
	ck_assert_str_eq(modhash_reason_name(MODHASH_REASON_KNOWN), "known");
	ck_assert_str_eq(modhash_reason_name(MODHASH_REASON_PROOF_MISSING), "proof-missing");
	ck_assert_str_eq(modhash_reason_text(MODHASH_REASON_UNKNOWN), "not in the blob");
	ck_assert_ptr_null(modhash_reason_name(99999));
	ck_assert_ptr_null(modhash_reason_name(UINT32_MAX));
	ck_assert_str_eq(modhash_reason_text(99999), "unknown reason");
	ck_assert_str_eq(modhash_reason_text(UINT32_MAX), "unknown reason");
	for (uint32_t a = 0; a <= MODHASH_REASON_NO_DECOMPRESSOR; a++) {
		ck_assert_ptr_nonnull(modhash_reason_name(a));
		ck_assert_str_ne(modhash_reason_text(a), "unknown reason");
		for (uint32_t b = a + 1; b <= MODHASH_REASON_NO_DECOMPRESSOR; b++)
			ck_assert_str_ne(modhash_reason_name(a), modhash_reason_name(b));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("context");
	TCase *tcase = tcase_create("context");

	tcase_add_test(tcase, test_defaults);
	tcase_add_test(tcase, test_options);
	tcase_add_test(tcase, test_unknown_options);
	tcase_add_test(tcase, test_engines);
	tcase_add_test(tcase, test_no_such_engine);
	tcase_add_test(tcase, test_version);
	tcase_add_test(tcase, test_errors);
	tcase_add_test(tcase, test_reasons);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
