/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Trailers: what is one, what is malformed, and where.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <modhash/modhash.h>

#include "../gen/elfgen.h"
#include "module.h"
#include "scratch.h"

static struct gen_buf file;
static struct modhash_ctx *ctx;
static struct modhash_module *module;
static struct modhash_error err;

static void setup(void)
{
	file.length = 0;
	gen_text(&file, "payload");
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
}

static void teardown(void)
{
	modhash_module_free(module);
	module = NULL;
	modhash_ctx_free(ctx);
	gen_free(&file);
}

static void load(void)
{
	modhash_module_free(module);
	ck_assert_int_eq(modhash_module_from_memory(ctx, file.data, file.length, &module, &err), 0);
}

static struct modhash_module_info info(void)
{
	struct modhash_module_info info;

	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_module_info(module, &info), 0);
	return info;
}

static int last(struct mh_core_trailer *trailer)
{
	memset(trailer, 0xee, sizeof(*trailer));
	return mh_core_trailer_last(file.data, file.length, trailer);
}

START_TEST(test_none)
{
	struct mh_core_trailer trailer;

	ck_assert_int_eq(last(&trailer), 0);
	ck_assert_int_eq(mh_core_trailer_last(file.data, 0, &trailer), 0);
	file.length = 0;
	gen_text(&file, MODHASH_TRAILER_MARKER);
	ck_assert_int_eq(last(&trailer), 0); /* nothing that it could be of */
	gen_text(&file, "\n");
	ck_assert_int_eq(last(&trailer), 0); /* not at the end */
	file.length = 0;
	gen_text(&file, "payload............................~Module signature appended~");
	ck_assert_int_eq(last(&trailer), 0); /* a byte short */
}
END_TEST

START_TEST(test_one)
{
	struct mh_core_trailer trailer;

	trailergen_add(&file, MODHASH_TRAILER_MERKLE, "data", 4);
	ck_assert_int_eq(last(&trailer), 1);
	ck_assert_uint_eq(trailer.offset, 7);
	ck_assert_uint_eq(trailer.data_length, 4);
	ck_assert_uint_eq(trailer.length, 4 + 12 + 28);
	ck_assert_uint_eq(trailer.id_type, 3);
	ck_assert_int_eq(mh_core_trailer_last(file.data, trailer.offset, &trailer), 0);
}
END_TEST

/* At least a byte of the module is left, as in mod_check_sig(). */
START_TEST(test_claims)
{
	struct mh_core_trailer trailer;
	struct trailergen raw = { .id_type = 2 };
	uint32_t claimed;

	for (claimed = 0; claimed < 20; claimed++) {
		file.length = 7;
		raw.sig_len = claimed;
		trailergen_add_raw(&file, &raw, "abc", 3);
		if (claimed < 10) {
			ck_assert_int_eq(last(&trailer), 1);
			ck_assert_uint_eq(trailer.offset, 10 - claimed);
		} else {
			ck_assert_int_eq(last(&trailer), MH_CORE_TRAILER);
			ck_assert_uint_eq(trailer.fault, 10 + 8);
		}
	}
}
END_TEST

START_TEST(test_short)
{
	struct mh_core_trailer trailer;
	size_t before;

	for (before = 1; before <= 12; before++) {
		file.length = 0;
		gen_zeroes(&file, before);
		gen_text(&file, MODHASH_TRAILER_MARKER);
		ck_assert_int_eq(last(&trailer), MH_CORE_TRAILER);
		ck_assert_uint_eq(trailer.fault, before);
	}
	file.length = 0;
	gen_zeroes(&file, 13);
	gen_text(&file, MODHASH_TRAILER_MARKER);
	ck_assert_int_eq(last(&trailer), 1); /* PGP, without data, a byte of payload */
	ck_assert_uint_eq(trailer.offset, 1);
}
END_TEST

/* Of PKCS#7, every byte but the kind and the length is 0; of others, none need be. */
START_TEST(test_fields)
{
	static const uint8_t kinds[] = { 0, 1, 2, 3, 77 };
	struct mh_core_trailer trailer;
	unsigned int at;
	size_t i;

	for (i = 0; i < sizeof(kinds); i++) {
		for (at = 0; at < 8; at++) {
			bool fault = kinds[i] == 2 && at != 2;

			file.length = 7;
			trailergen_add(&file, kinds[i], "0123456789", 10);
			if (at != 2)
				file.data[17 + at] = 1;
			ck_assert_int_eq(last(&trailer), fault ? MH_CORE_TRAILER : 1);
			if (fault)
				ck_assert_uint_eq(trailer.fault, 17 + at);
		}
	}
}
END_TEST

/* Before PKCS#7, the name of the signer and of the key stood before the signature. */
START_TEST(test_historic)
{
	struct trailergen raw = { .id_type = 1, .signer_len = 3, .key_id_len = 2, .sig_len = 4 };
	struct mh_core_trailer trailer;

	trailergen_add_raw(&file, &raw, "signk.sig", 9);
	ck_assert_int_eq(last(&trailer), 1);
	ck_assert_uint_eq(trailer.offset, 7);
	ck_assert_uint_eq(trailer.data_length, 9);
	ck_assert_uint_eq(trailer.signer_len, 3);
	ck_assert_uint_eq(trailer.key_id_len, 2);
	raw.signer_len = 10;
	file.length = 7;
	trailergen_add_raw(&file, &raw, "signk.sig", 9);
	ck_assert_int_eq(last(&trailer), MH_CORE_TRAILER);
	raw.id_type = 3; /* where these fields mean nothing */
	file.length = 7;
	trailergen_add_raw(&file, &raw, "signk.sig", 9);
	ck_assert_int_eq(last(&trailer), 1);
	ck_assert_uint_eq(trailer.data_length, 4);
}
END_TEST

START_TEST(test_module)
{
	struct modhash_trailer trailer;

	trailergen_add(&file, MODHASH_TRAILER_PKCS7, "inner", 5);
	trailergen_add(&file, MODHASH_TRAILER_MERKLE, "outer!", 6);
	load();
	ck_assert_uint_eq(info().trailers, 2);
	ck_assert_int_eq(info().trailer_status, 0);
	ck_assert_uint_eq(info().payload_length, 7);
	ck_assert_uint_eq(info().length, file.length);

	MODHASH_INIT(trailer);
	ck_assert_int_eq(modhash_module_trailer(module, 0, &trailer, &err), 0);
	ck_assert_uint_eq(trailer.kind, MODHASH_TRAILER_MERKLE);
	ck_assert_uint_eq(trailer.offset, 7 + 5 + 40);
	ck_assert_uint_eq(trailer.data_length, 6);
	ck_assert_int_eq(memcmp(trailer.data, "outer!", 6), 0);
	ck_assert_int_eq(modhash_module_trailer(module, 1, &trailer, &err), 0);
	ck_assert_uint_eq(trailer.kind, MODHASH_TRAILER_PKCS7);
	ck_assert_uint_eq(trailer.offset, 7);
	ck_assert_uint_eq(trailer.length, 5 + 40);
	ck_assert_int_eq(memcmp(trailer.data, "inner", 5), 0);

	ck_assert_int_eq(modhash_module_trailer(module, 2, &trailer, &err), MODHASH_E_NOT_FOUND);
	ck_assert_int_eq(modhash_module_trailer(module, UINT32_MAX, &trailer, &err),
			 MODHASH_E_NOT_FOUND);
	ck_assert_int_eq(modhash_module_trailer(NULL, 0, &trailer, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_trailer(module, 0, NULL, &err), MODHASH_E_INVALID);
	trailer.size = 0;
	ck_assert_int_eq(modhash_module_trailer(module, 0, &trailer, &err), MODHASH_E_INVALID);
}
END_TEST

static void malformed(uint64_t offset, const char *message)
{
	struct modhash_trailer trailer;
	uint32_t trailers;

	load();
	trailers = info().trailers;
	ck_assert_int_eq(info().trailer_status, MODHASH_E_TRAILER);
	MODHASH_INIT(trailer);
	ck_assert_int_eq(modhash_module_trailer(module, trailers, &trailer, &err),
			 MODHASH_E_TRAILER);
	ck_assert_uint_eq(err.offset, offset);
	ck_assert_msg(strstr(err.message, message) != NULL, "\"%s\"", err.message);
	ck_assert_int_eq(modhash_module_trailer(module, trailers + 1, &trailer, &err),
			 MODHASH_E_NOT_FOUND);
}

START_TEST(test_malformed)
{
	struct trailergen raw = { .id_type = 2, .sig_len = 1000 };

	trailergen_add_raw(&file, &raw, "abc", 3);
	malformed(10 + 8, "claims 1000 bytes of data, and the file has 10");
	trailergen_add(&file, MODHASH_TRAILER_MERKLE, "x", 1);
	malformed(10 + 8, "claims 1000 bytes");
	ck_assert_uint_eq(info().trailers, 1);
	ck_assert_uint_eq(info().payload_length, 10 + 40);

	file.length = 7;
	raw.sig_len = 0;
	raw.pad[1] = 0xab;
	trailergen_add_raw(&file, &raw, "", 0);
	malformed(7 + 6, "0xab");

	/* The historic kinds have a name and a key identifier beside the signature. */
	file.length = 7;
	raw = (struct trailergen){ .id_type = MODHASH_TRAILER_X509, .signer_len = 20,
				   .key_id_len = 30, .sig_len = 4 };
	trailergen_add_raw(&file, &raw, "", 0);
	malformed(7 + 8, "claims 54 bytes of data, and the file has 7");

	file.length = 7;
	gen_text(&file, MODHASH_TRAILER_MARKER);
	malformed(7, "7 bytes before the marker");
}
END_TEST

/* As many as there is room for, each in its place, in time that is linear. */
START_TEST(test_many)
{
	const uint32_t count = 50000;
	struct modhash_trailer trailer;
	uint32_t i;

	for (i = 0; i < count; i++)
		trailergen_add(&file, MODHASH_TRAILER_MERKLE, "abc", i % 4);
	load();
	ck_assert_uint_eq(info().trailers, count);
	ck_assert_uint_eq(info().payload_length, 7);
	MODHASH_INIT(trailer);
	for (i = 0; i < count; i++) {
		ck_assert_int_eq(modhash_module_trailer(module, count - 1 - i, &trailer, &err), 0);
		ck_assert_uint_eq(trailer.data_length, i % 4);
	}
}
END_TEST

START_TEST(test_leaf_length)
{
	struct trailergen raw = { .id_type = 2, .sig_len = 1000 };
	uint64_t length;

	load();
	ck_assert_int_eq(mh_module_leaf_length(module, &length, &err), 0);
	ck_assert_uint_eq(length, 7);
	trailergen_add(&file, MODHASH_TRAILER_PKCS7, "signature", 9);
	load();
	ck_assert_int_eq(mh_module_leaf_length(module, &length, &err), 0);
	ck_assert_uint_eq(length, file.length);
	trailergen_add(&file, MODHASH_TRAILER_MERKLE, "proof", 5);
	load();
	ck_assert_int_eq(mh_module_leaf_length(module, &length, &err), 0);
	ck_assert_uint_eq(length, 7 + 9 + 40);
	trailergen_add(&file, MODHASH_TRAILER_MERKLE, "proof", 5);
	load();
	ck_assert_int_eq(mh_module_leaf_length(module, &length, &err), 0);
	ck_assert_uint_eq(length, file.length - 45); /* one, and no more */

	/* What lies under a malformed one can't be told; what lies over it can. */
	file.length = 7;
	trailergen_add_raw(&file, &raw, "", 0);
	load();
	ck_assert_int_eq(mh_module_leaf_length(module, &length, &err), MODHASH_E_TRAILER);
	trailergen_add(&file, MODHASH_TRAILER_MERKLE, "proof", 5);
	load();
	ck_assert_int_eq(mh_module_leaf_length(module, &length, &err), 0);
	ck_assert_uint_eq(length, 7 + 40);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("trailer");
	TCase *tcase = tcase_create("trailer");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_none);
	tcase_add_test(tcase, test_one);
	tcase_add_test(tcase, test_claims);
	tcase_add_test(tcase, test_short);
	tcase_add_test(tcase, test_fields);
	tcase_add_test(tcase, test_historic);
	tcase_add_test(tcase, test_module);
	tcase_add_test(tcase, test_malformed);
	tcase_add_test(tcase, test_many);
	tcase_add_test(tcase, test_leaf_length);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
