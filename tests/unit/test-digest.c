/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Algorithms, hashing and digests as values.  Linked with --wrap for what libcrypto
 * can fail at.
 */
#include <modhash/modhash.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "core/core.h"
#include "hash.h"
#include "scratch.h"

EVP_MD_CTX *__real_EVP_MD_CTX_new(void);
EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void);
int __real_EVP_DigestInit_ex2(EVP_MD_CTX *state, const EVP_MD *md, const OSSL_PARAM *params);
int __wrap_EVP_DigestInit_ex2(EVP_MD_CTX *state, const EVP_MD *md, const OSSL_PARAM *params);
int __real_EVP_DigestUpdate(EVP_MD_CTX *state, const void *data, size_t length);
int __wrap_EVP_DigestUpdate(EVP_MD_CTX *state, const void *data, size_t length);
int __real_EVP_DigestFinal_ex(EVP_MD_CTX *state, unsigned char *out, unsigned int *length);
int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *state, unsigned char *out, unsigned int *length);

enum step { NONE, CTX_NEW, INIT, UPDATE, FINAL };

static enum step failing;

static bool fails(enum step step)
{
	if (step == failing)
		ERR_raise(ERR_LIB_EVP, ERR_R_INTERNAL_ERROR);
	return step == failing;
}

EVP_MD_CTX *__wrap_EVP_MD_CTX_new(void)
{
	return fails(CTX_NEW) ? NULL : __real_EVP_MD_CTX_new();
}

int __wrap_EVP_DigestInit_ex2(EVP_MD_CTX *state, const EVP_MD *md, const OSSL_PARAM *params)
{
	return fails(INIT) ? 0 : __real_EVP_DigestInit_ex2(state, md, params);
}

int __wrap_EVP_DigestUpdate(EVP_MD_CTX *state, const void *data, size_t length)
{
	return fails(UPDATE) ? 0 : __real_EVP_DigestUpdate(state, data, length);
}

/* Of a build with MemorySanitizer, which does not see what libcrypto writes. */
extern void __msan_unpoison(const volatile void *data, size_t length) __attribute__((weak));

int __wrap_EVP_DigestFinal_ex(EVP_MD_CTX *state, unsigned char *out, unsigned int *length)
{
	int ret = fails(FINAL) ? 0 : __real_EVP_DigestFinal_ex(state, out, length);

	if (ret == 1 && __msan_unpoison)
		__msan_unpoison(out, (size_t)EVP_MD_CTX_get_size(state));
	return ret;
}

/* "abc": FIPS 180-4 and FIPS 202, the examples that NIST publishes. */
static const struct {
	const char *name;
	int algorithm;
	int length;
	const char *abc;
} known[] = {
	{ "sha256", MODHASH_ALGO_SHA256, 32,
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ "sha384", MODHASH_ALGO_SHA384, 48,
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	  "8086072ba1e7cc2358baeca134c825a7" },
	{ "sha512", MODHASH_ALGO_SHA512, 64,
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ "sha3-256", MODHASH_ALGO_SHA3_256, 32,
	  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ "sha3-384", MODHASH_ALGO_SHA3_384, 48,
	  "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
	  "98d88cea927ac7f539f1edf228376d25" },
	{ "sha3-512", MODHASH_ALGO_SHA3_512, 64,
	  "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
	  "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0" },
};

#define KNOWN ((int)(sizeof(known) / sizeof(known[0])))

static struct modhash_ctx *ctx;

static void setup(void)
{
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
}

static void teardown(void)
{
	modhash_ctx_free(ctx);
}

START_TEST(test_algorithms)
{
	ck_assert_int_eq(modhash_algorithm_from_name(known[_i].name), known[_i].algorithm);
	ck_assert_str_eq(modhash_algorithm_name(known[_i].algorithm), known[_i].name);
	ck_assert_int_eq(modhash_algorithm_length(known[_i].algorithm), known[_i].length);
}
END_TEST

START_TEST(test_other_algorithms)
{
	/* Numbers and names of hash_info.h that are not computed here. */
	static const struct {
		int algorithm;
		const char *name;
	} others[] = {
		{ 0, "md4" },	       { 1, "md5" },	 { 2, "sha1" },	  { 3, "rmd160" },
		{ 7, "sha224" },       { 8, "rmd128" },	 { 9, "rmd256" }, { 10, "rmd320" },
		{ 11, "wp256" },       { 12, "wp384" },	 { 13, "wp512" }, { 14, "tgr128" },
		{ 15, "tgr160" },      { 16, "tgr192" }, { 17, "sm3" },	  { 18, "streebog256" },
		{ 19, "streebog512" },
	};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		ck_assert_str_eq(modhash_algorithm_name(others[i].algorithm), others[i].name);
		ck_assert_int_eq(modhash_algorithm_length(others[i].algorithm),
				 MODHASH_E_ALGORITHM);
		ck_assert_int_eq(modhash_algorithm_from_name(others[i].name), MODHASH_E_ALGORITHM);
	}
	ck_assert_ptr_null(modhash_algorithm_name(-1));
	ck_assert_ptr_null(modhash_algorithm_name(23));
	ck_assert_int_eq(modhash_algorithm_length(-1), MODHASH_E_ALGORITHM);
	ck_assert_int_eq(modhash_algorithm_length(23), MODHASH_E_ALGORITHM);
	ck_assert_int_eq(modhash_algorithm_from_name("SHA256"), MODHASH_E_ALGORITHM);
	ck_assert_int_eq(modhash_algorithm_from_name(""), MODHASH_E_ALGORITHM);
	ck_assert_int_eq(modhash_algorithm_from_name(NULL), MODHASH_E_ALGORITHM);
}
END_TEST

START_TEST(test_scopes)
{
	ck_assert_str_eq(modhash_scope_name(MODHASH_SCOPE_FILE), "file");
	ck_assert_str_eq(modhash_scope_name(MODHASH_SCOPE_PAYLOAD), "payload");
	ck_assert_str_eq(modhash_scope_name(MODHASH_SCOPE_CANONICAL), "canonical");
	ck_assert_str_eq(modhash_scope_name(MODHASH_SCOPE_LEAF), "leaf");
	ck_assert_str_eq(modhash_scope_name(MODHASH_SCOPE_ROOT), "root");
	ck_assert_ptr_null(modhash_scope_name(0));
	ck_assert_ptr_null(modhash_scope_name(6));
}
END_TEST

START_TEST(test_bytes)
{
	struct modhash_digest digest;
	char hex[2 * MODHASH_DIGEST_MAX + 1];

	ck_assert_int_eq(modhash_digest_bytes(ctx, known[_i].algorithm, MODHASH_SCOPE_PAYLOAD,
					      "abc", 3, &digest, NULL),
			 0);
	ck_assert_int_eq(digest.algorithm, known[_i].algorithm);
	ck_assert_int_eq(digest.length, known[_i].length);
	ck_assert_int_eq(digest.scope, MODHASH_SCOPE_PAYLOAD);
	ck_assert_int_eq(digest.version, 0);
	for (int i = digest.length; i < MODHASH_DIGEST_MAX; i++)
		ck_assert_int_eq(digest.bytes[i], 0);
	ck_assert_int_eq(modhash_digest_to_hex(&digest, hex, sizeof(hex)), 0);
	ck_assert_str_eq(hex, known[_i].abc);
}
END_TEST

START_TEST(test_no_bytes)
{
	struct modhash_digest digest;
	char hex[2 * MODHASH_DIGEST_MAX + 1];

	ck_assert_int_eq(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, NULL, 0,
					      &digest, NULL),
			 0);
	modhash_digest_to_hex(&digest, hex, sizeof(hex));
	ck_assert_str_eq(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
END_TEST

START_TEST(test_bytes_refused)
{
	static const struct modhash_digest zero;
	struct modhash_digest digest;
	struct modhash_error err;

	memset(&digest, 1, sizeof(digest));
	ck_assert_int_eq(modhash_digest_bytes(ctx, 2, MODHASH_SCOPE_FILE, "", 0, &digest, &err),
			 MODHASH_E_ALGORITHM);
	ck_assert_int_eq(err.code, MODHASH_E_ALGORITHM);
	ck_assert_mem_eq(&digest, &zero, sizeof(zero));
	for (int scope = -1; scope < 8; scope++) {
		if (scope == MODHASH_SCOPE_FILE || scope == MODHASH_SCOPE_PAYLOAD)
			continue;
		memset(&digest, 1, sizeof(digest));
		ck_assert_int_eq(
			modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256, scope, "", 0, &digest, &err),
			MODHASH_E_SCOPE);
		ck_assert_mem_eq(&digest, &zero, sizeof(zero));
	}
	ck_assert_int_eq(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, NULL, 1,
					      &digest, &err),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_bytes(NULL, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, "", 0,
					      &digest, &err),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, "", 0,
					      NULL, &err),
			 MODHASH_E_INVALID);
}
END_TEST

static void abc(struct modhash_digest *digest)
{
	ck_assert_int_eq(modhash_digest_from_hex(known[0].abc, MODHASH_ALGO_SHA256,
						 MODHASH_SCOPE_FILE, 0, digest),
			 0);
}

START_TEST(test_equal)
{
	struct modhash_digest a, b;

	abc(&a);
	abc(&b);
	ck_assert(modhash_digest_equal(&a, &b));
	b.bytes[31] ^= 1;
	ck_assert(!modhash_digest_equal(&a, &b));
	abc(&b);
	b.scope = MODHASH_SCOPE_PAYLOAD;
	ck_assert(!modhash_digest_equal(&a, &b));
	abc(&b);
	b.algorithm = MODHASH_ALGO_SHA3_256;
	ck_assert(!modhash_digest_equal(&a, &b));
	abc(&b);
	b.version = 1;
	ck_assert(!modhash_digest_equal(&a, &b));
	abc(&b);
	b.length = 16;
	ck_assert(!modhash_digest_equal(&a, &b));
}
END_TEST

START_TEST(test_no_digest_equals_nothing)
{
	struct modhash_digest a, b;

	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	ck_assert(!modhash_digest_equal(&a, &b));
	ck_assert(!modhash_digest_equal(&a, &a));
	a.length = b.length = MODHASH_DIGEST_MAX + 1;
	ck_assert(!modhash_digest_equal(&a, &b));
	ck_assert(!modhash_digest_equal(&a, NULL));
	ck_assert(!modhash_digest_equal(NULL, &a));
}
END_TEST

START_TEST(test_hex)
{
	struct modhash_digest lower, upper;
	char hex[2 * MODHASH_DIGEST_MAX + 1], shouted[2 * MODHASH_DIGEST_MAX + 1];

	ck_assert_int_eq(modhash_digest_from_hex(known[_i].abc, known[_i].algorithm,
						 MODHASH_SCOPE_CANONICAL, 7, &lower),
			 0);
	ck_assert_int_eq(lower.version, 7);
	ck_assert_int_eq(lower.scope, MODHASH_SCOPE_CANONICAL);
	ck_assert_int_eq(lower.length, known[_i].length);
	for (size_t i = 0; i <= strlen(known[_i].abc); i++) {
		char c = known[_i].abc[i];

		shouted[i] = c >= 'a' && c <= 'f' ? (char)(c - 'a' + 'A') : c;
	}
	ck_assert_int_eq(modhash_digest_from_hex(shouted, known[_i].algorithm,
						 MODHASH_SCOPE_CANONICAL, 7, &upper),
			 0);
	ck_assert(modhash_digest_equal(&lower, &upper));
	ck_assert_int_eq(modhash_digest_to_hex(&upper, hex, sizeof(hex)), 0);
	ck_assert_str_eq(hex, known[_i].abc);

	/* Exactly long enough, and one too short. */
	ck_assert_int_eq(modhash_digest_to_hex(&upper, hex, 2 * (size_t)known[_i].length + 1), 0);
	ck_assert_int_eq(modhash_digest_to_hex(&upper, hex, 2 * (size_t)known[_i].length),
			 MODHASH_E_INVALID);
	ck_assert_str_eq(hex, "");
}
END_TEST

START_TEST(test_bad_hex)
{
	static const struct modhash_digest zero;
	const char *good = known[0].abc;
	struct modhash_digest digest;
	char hex[80];

#define REFUSED(text)                                                                     \
	do {                                                                              \
		memset(&digest, 1, sizeof(digest));                                       \
		ck_assert_int_eq(modhash_digest_from_hex(text, MODHASH_ALGO_SHA256,       \
							 MODHASH_SCOPE_FILE, 0, &digest), \
				 MODHASH_E_INVALID);                                      \
		ck_assert_mem_eq(&digest, &zero, sizeof(zero));                           \
	} while (0)

	REFUSED("");
	REFUSED("b");
	REFUSED(NULL);
	snprintf(hex, sizeof(hex), "%.63s", good);
	REFUSED(hex);
	snprintf(hex, sizeof(hex), "%s0", good);
	REFUSED(hex);
	snprintf(hex, sizeof(hex), "%s\n", good);
	REFUSED(hex);
	for (const char *bad = "/:@G`g \xb0"; *bad; bad++) {
		for (int at = 0; at < 64; at += 63) {
			snprintf(hex, sizeof(hex), "%s", good);
			hex[at] = *bad;
			REFUSED(hex);
		}
	}
}
END_TEST

START_TEST(test_bad_kinds)
{
	const char *good = known[0].abc;
	struct modhash_digest digest;

	ck_assert_int_eq(modhash_digest_from_hex(good, 2, MODHASH_SCOPE_FILE, 0, &digest),
			 MODHASH_E_ALGORITHM);
	ck_assert_int_eq(modhash_digest_from_hex(good, 4, 0, 0, &digest), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_from_hex(good, 4, 9, 0, &digest), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_from_hex(good, 4, MODHASH_SCOPE_FILE, 1, &digest),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_from_hex(good, 4, MODHASH_SCOPE_CANONICAL, 0, &digest),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_from_hex(good, 4, MODHASH_SCOPE_CANONICAL, 65536, &digest),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_from_hex(good, 4, MODHASH_SCOPE_FILE, 0, NULL),
			 MODHASH_E_INVALID);
}
END_TEST

START_TEST(test_no_hex_of_no_digest)
{
	struct modhash_digest digest;
	char hex[2 * MODHASH_DIGEST_MAX + 1] = "left";

	memset(&digest, 0, sizeof(digest));
	ck_assert_int_eq(modhash_digest_to_hex(&digest, hex, sizeof(hex)), MODHASH_E_INVALID);
	ck_assert_str_eq(hex, "");
	digest.length = MODHASH_DIGEST_MAX + 1;
	ck_assert_int_eq(modhash_digest_to_hex(&digest, hex, sizeof(hex)), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_to_hex(NULL, hex, sizeof(hex)), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_to_hex(&digest, NULL, 0), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_digest_to_hex(&digest, hex, 0), MODHASH_E_INVALID);
}
END_TEST

static void check_hex(const uint8_t *bytes, const char *expected)
{
	struct modhash_digest digest;
	char hex[2 * MODHASH_DIGEST_MAX + 1];

	memset(&digest, 0, sizeof(digest));
	digest.length = (uint16_t)(strlen(expected) / 2);
	memcpy(digest.bytes, bytes, digest.length);
	ck_assert_int_eq(modhash_digest_to_hex(&digest, hex, sizeof(hex)), 0);
	ck_assert_str_eq(hex, expected);
}

START_TEST(test_hasher_again)
{
	const struct mh_part parts[] = { { "a", 1 }, { NULL, 0 }, { "bc", 2 } };
	const struct mh_part other = { "something else", 14 };
	uint8_t out[MODHASH_DIGEST_MAX];
	struct mh_hasher *hasher;

	ck_assert_int_eq(mh_hasher_new(MODHASH_ENGINE_EVP, known[_i].algorithm, &hasher, NULL), 0);
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(mh_hasher_parts(hasher, &other, 1, out, NULL), 0);
		ck_assert_int_eq(mh_hasher_parts(hasher, parts, 3, out, NULL), 0);
		check_hex(out, known[_i].abc);
	}
	mh_hasher_free(hasher);
	mh_hasher_free(NULL);
}
END_TEST

START_TEST(test_hasher_core)
{
	const struct mh_core_part parts[] = { { "a", 1 }, { "b", 1 }, { "", 0 }, { "c", 1 } };
	const struct mh_core_part many[5] = { { "a", 1 } };
	uint8_t out[64];
	struct mh_hasher *hasher;

	ck_assert_int_eq(mh_hasher_new(MODHASH_ENGINE_EVP, MODHASH_ALGO_SHA256, &hasher, NULL), 0);
	ck_assert_int_eq(mh_hasher_core(hasher, parts, 4, out), 0);
	check_hex(out, known[0].abc);
	ck_assert_int_ne(mh_hasher_core(hasher, many, 5, out), 0);
	mh_hasher_free(hasher);

	ck_assert_int_eq(mh_hasher_new(MODHASH_ENGINE_EVP, MODHASH_ALGO_SHA512, &hasher, NULL), 0);
	ck_assert_int_ne(mh_hasher_core(hasher, parts, 4, out), 0);
	mh_hasher_free(hasher);
}
END_TEST

START_TEST(test_hasher_refused)
{
	struct mh_hasher *hasher = (struct mh_hasher *)&hasher;
	struct modhash_error err;

	ck_assert_int_eq(mh_hasher_new(MODHASH_ENGINE_EVP, 1, &hasher, &err), MODHASH_E_ALGORITHM);
	ck_assert_ptr_null(hasher);
	ck_assert_ptr_nonnull(strstr(err.message, "1"));
}
END_TEST

/*
 * A libcrypto that is set up to give us nothing ("fips=yes" and no such provider): an
 * error that says so, and the caller's own queue of errors as it was.
 */
START_TEST(test_not_provided)
{
	struct mh_hasher *hasher = (struct mh_hasher *)&hasher;
	struct modhash_error err;
	unsigned long before;

	ck_assert_int_eq(EVP_set_default_properties(NULL, "fips=yes"), 1);
	ERR_clear_error();
	ERR_raise(ERR_LIB_USER, 77);
	before = ERR_peek_last_error();

	ck_assert_int_eq(mh_hasher_new(MODHASH_ENGINE_EVP, MODHASH_ALGO_SHA256, &hasher, &err), MODHASH_E_ALGORITHM);
	ck_assert_ptr_null(hasher);
	ck_assert_ptr_nonnull(strstr(err.message, "sha256"));
	ck_assert_uint_eq(ERR_peek_last_error(), before);
	ck_assert_uint_eq(ERR_get_error(), before);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	ck_assert_int_eq(EVP_set_default_properties(NULL, ""), 1);
	ck_assert_int_eq(mh_hasher_new(MODHASH_ENGINE_EVP, MODHASH_ALGO_SHA256, &hasher, &err), 0);
	mh_hasher_free(hasher);
}
END_TEST

START_TEST(test_libcrypto_fails)
{
	static const struct modhash_digest zero;
	struct modhash_digest digest;
	struct modhash_error err;

	ERR_clear_error();
	memset(&digest, 1, sizeof(digest));
	failing = (enum step)_i;
	ck_assert_int_eq(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA512, MODHASH_SCOPE_FILE, "abc",
					      3, &digest, &err),
			 failing == CTX_NEW ? MODHASH_E_NOMEM : MODHASH_E_CRYPTO);
	ck_assert_mem_eq(&digest, &zero, sizeof(zero));
	if (failing != CTX_NEW)
		ck_assert_ptr_nonnull(strstr(err.message, "internal error"));
	ck_assert_uint_eq(ERR_peek_error(), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("digest");
	TCase *tcase = tcase_create("digest");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_algorithms, 0, KNOWN);
	tcase_add_test(tcase, test_other_algorithms);
	tcase_add_test(tcase, test_scopes);
	tcase_add_loop_test(tcase, test_bytes, 0, KNOWN);
	tcase_add_test(tcase, test_no_bytes);
	tcase_add_test(tcase, test_bytes_refused);
	tcase_add_test(tcase, test_equal);
	tcase_add_test(tcase, test_no_digest_equals_nothing);
	tcase_add_loop_test(tcase, test_hex, 0, KNOWN);
	tcase_add_test(tcase, test_bad_hex);
	tcase_add_test(tcase, test_bad_kinds);
	tcase_add_test(tcase, test_no_hex_of_no_digest);
	tcase_add_loop_test(tcase, test_hasher_again, 0, KNOWN);
	tcase_add_test(tcase, test_hasher_core);
	tcase_add_test(tcase, test_hasher_refused);
	tcase_add_test(tcase, test_not_provided);
	tcase_add_loop_test(tcase, test_libcrypto_fails, CTX_NEW, FINAL + 1);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
