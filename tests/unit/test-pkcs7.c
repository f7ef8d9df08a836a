/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * PKCS#7 trailers: the signer, as modinfo shows it.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <modhash/modhash.h>
#include <openssl/err.h>

#include "../gen/elfgen.h"
#include "scratch.h"

#define OFFSET 1000

static struct gen_buf der;
static struct modhash_signature signature;
static struct modhash_error err;

static void setup(void)
{
	MODHASH_INIT(signature);
}

static void teardown(void)
{
	modhash_signature_clear(&signature);
	gen_free(&der);
	ck_assert_uint_eq(ERR_peek_error(), 0);
}

static int parse_kind(uint32_t kind)
{
	struct modhash_trailer trailer;

	MODHASH_INIT(trailer);
	trailer.kind = kind;
	trailer.offset = OFFSET;
	trailer.data = der.data;
	trailer.data_length = der.length;
	modhash_signature_clear(&signature);
	return modhash_trailer_signature(&trailer, &signature, &err);
}

static int parse(void)
{
	return parse_kind(MODHASH_TRAILER_PKCS7);
}

static void make(unsigned int flags, const void *name, size_t length)
{
	pkcs7gen(&der, &(struct pkcs7gen){ .flags = flags, .name = name, .name_length = length });
}

START_TEST(test_fields)
{
	size_t i;

	make(0, NULL, 0);
	ck_assert_int_eq(parse(), 0);
	memset(der.data, 0, der.length); /* it does not depend on the trailer */
	ck_assert_str_eq(signature.signer, "Test key");
	ck_assert_str_eq(signature.hash_name, "sha256");
	ck_assert_int_eq(signature.hash_algorithm, MODHASH_ALGO_SHA256);
	ck_assert_uint_eq(signature.key_id_length, PKCS7GEN_SERIAL_LENGTH);
	ck_assert_int_eq(memcmp(signature.key_id, PKCS7GEN_SERIAL, PKCS7GEN_SERIAL_LENGTH), 0);
	ck_assert_uint_eq(signature.signature_length, PKCS7GEN_SIGNATURE_LENGTH);
	for (i = 0; i < PKCS7GEN_SIGNATURE_LENGTH; i++)
		ck_assert_uint_eq(signature.signature[i], 0x5a);

	modhash_signature_clear(&signature);
	ck_assert_uint_eq(signature.size, sizeof(signature));
	ck_assert_ptr_null(signature.signer);
	ck_assert_ptr_null(signature.storage);
	modhash_signature_clear(&signature);
	modhash_signature_clear(NULL);
}
END_TEST

START_TEST(test_key_id)
{
	make(PKCS7GEN_KEY_ID, NULL, 0);
	ck_assert_int_eq(parse(), 0);
	ck_assert_str_eq(signature.signer, "");
	ck_assert_uint_eq(signature.key_id_length, strlen(PKCS7GEN_KEY_ID_VALUE));
	ck_assert_int_eq(memcmp(signature.key_id, PKCS7GEN_KEY_ID_VALUE,
				strlen(PKCS7GEN_KEY_ID_VALUE)), 0);
}
END_TEST

START_TEST(test_names)
{
	static const uint8_t bmp[] = { 0, 'K', 0, 0xe9, 0x20, 0xac };
	static const uint8_t surrogate[] = { 0xd8, 0x00 };

	make(0, "\xc3\x9c" "bel", 5);
	ck_assert_int_eq(parse(), 0);
	ck_assert_str_eq(signature.signer, "\xc3\x9c" "bel");
	make(PKCS7GEN_BMP_NAME, bmp, sizeof(bmp));
	ck_assert_int_eq(parse(), 0);
	ck_assert_str_eq(signature.signer, "K\xc3\xa9\xe2\x82\xac");
	make(PKCS7GEN_LATIN1_NAME, "Cl\xe9", 3);
	ck_assert_int_eq(parse(), 0);
	ck_assert_str_eq(signature.signer, "Cl\xc3\xa9");
	make(0, "", 0);
	ck_assert_int_eq(parse(), 0);
	ck_assert_str_eq(signature.signer, "");
	/* Like modinfo: without a common name, what comes last. */
	make(PKCS7GEN_NO_CN, NULL, 0);
	ck_assert_int_eq(parse(), 0);
	ck_assert_str_eq(signature.signer, "Nobody");

	make(0, "Trusted\0not", 11);
	ck_assert_int_eq(parse(), MODHASH_E_PKCS7);
	ck_assert_ptr_nonnull(strstr(err.message, "NUL"));
	ck_assert_ptr_null(signature.storage);
	make(PKCS7GEN_BMP_NAME, "odd", 3);
	ck_assert_int_eq(parse(), MODHASH_E_PKCS7);
	make(PKCS7GEN_BMP_NAME, surrogate, 2);
	ck_assert(parse() == 0 || err.code == MODHASH_E_PKCS7);
	make(0, "\xff\xfe", 2);
	ck_assert_int_eq(parse(), MODHASH_E_PKCS7);
}
END_TEST

START_TEST(test_hashes)
{
	static const struct {
		unsigned int last; /* of 2.16.840.1.101.3.4.2 */
		int algorithm;
		const char *name;
	} hashes[] = {
		{ 1, MODHASH_ALGO_SHA256, "sha256" },
		{ 2, MODHASH_ALGO_SHA384, "sha384" },
		{ 3, MODHASH_ALGO_SHA512, "sha512" },
		{ 4, 7, "sha224" },
		{ 8, MODHASH_ALGO_SHA3_256, "sha3-256" },
		{ 9, MODHASH_ALGO_SHA3_384, "sha3-384" },
		{ 10, MODHASH_ALGO_SHA3_512, "sha3-512" },
		{ 99, -1, "2.16.840.1.101.3.4.2.99" },
	};
	size_t i;

	for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		pkcs7gen(&der, &(struct pkcs7gen){ .hash = hashes[i].last });
		ck_assert_int_eq(parse(), 0);
		ck_assert_int_eq(signature.hash_algorithm, hashes[i].algorithm);
		ck_assert_str_eq(signature.hash_name, hashes[i].name);
	}
}
END_TEST

START_TEST(test_malformed)
{
	size_t whole, i;

	make(PKCS7GEN_NO_SIGNER, NULL, 0);
	ck_assert_int_eq(parse(), MODHASH_E_PKCS7);
	ck_assert_ptr_nonnull(strstr(err.message, "without a signer"));

	make(0, NULL, 0);
	whole = der.length;
	gen_zeroes(&der, 3);
	ck_assert_int_eq(parse(), MODHASH_E_PKCS7);
	ck_assert_uint_eq(err.offset, OFFSET + whole);

	for (i = 0; i < whole; i++) {
		der.length = i;
		ck_assert_int_eq(parse(), MODHASH_E_PKCS7);
		ck_assert_uint_eq(ERR_peek_error(), 0);
		ck_assert_ptr_null(signature.storage);
	}
	/* Every byte turned over: a signature or none, and nothing else. */
	der.length = whole;
	for (i = 0; i < whole; i++) {
		int ret;

		der.data[i] ^= 0xff;
		ret = parse();
		ck_assert(ret == 0 || ret == MODHASH_E_PKCS7);
		ck_assert((ret == 0) == (signature.storage != NULL));
		ck_assert_uint_eq(ERR_peek_error(), 0);
		der.data[i] ^= 0xff;
	}
}
END_TEST

/* A caller's own errors stay in libcrypto's queue. */
START_TEST(test_queue)
{
	ERR_raise(ERR_LIB_USER, 77);
	make(0, NULL, 0);
	der.length -= 5;
	ck_assert_int_eq(parse(), MODHASH_E_PKCS7);
	ck_assert_int_eq(ERR_GET_REASON(ERR_get_error()), 77);
	ck_assert_uint_eq(ERR_get_error(), 0);
}
END_TEST

START_TEST(test_invalid)
{
	struct modhash_trailer trailer;

	make(0, NULL, 0);
	ck_assert_int_eq(parse_kind(MODHASH_TRAILER_MERKLE), MODHASH_E_INVALID);
	MODHASH_INIT(trailer);
	trailer.kind = MODHASH_TRAILER_PKCS7;
	ck_assert_int_eq(modhash_trailer_signature(&trailer, &signature, &err), MODHASH_E_INVALID);
	trailer.data = der.data;
	trailer.data_length = UINT64_C(1) << 40;
	ck_assert_int_eq(modhash_trailer_signature(&trailer, &signature, &err), MODHASH_E_PKCS7);
	trailer.data_length = der.length;
	ck_assert_int_eq(modhash_trailer_signature(NULL, &signature, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_trailer_signature(&trailer, NULL, &err), MODHASH_E_INVALID);
	signature.size = 8; /* too short for what the caller would have to free */
	ck_assert_int_eq(modhash_trailer_signature(&trailer, &signature, &err), MODHASH_E_INVALID);
	trailer.size = 0;
	MODHASH_INIT(signature);
	ck_assert_int_eq(modhash_trailer_signature(&trailer, &signature, &err), MODHASH_E_INVALID);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pkcs7");
	TCase *tcase = tcase_create("pkcs7");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_fields);
	tcase_add_test(tcase, test_key_id);
	tcase_add_test(tcase, test_names);
	tcase_add_test(tcase, test_hashes);
	tcase_add_test(tcase, test_malformed);
	tcase_add_test(tcase, test_queue);
	tcase_add_test(tcase, test_invalid);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
