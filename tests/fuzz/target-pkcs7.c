/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The data of a PKCS#7 trailer: what is told of the signer. */
#include "fuzz.h"

static bool same_bytes(const uint8_t *a, uint64_t a_length, const uint8_t *b, uint64_t b_length)
{
	return a_length == b_length && (!a_length || !memcmp(a, b, a_length));
}

static void check(const struct modhash_signature *signature, size_t length)
{
	const char *name;

	MUST(signature->signer && signature->hash_name && signature->hash_name[0]);
	MUST(signature->key_id && signature->signature);
	MUST(signature->key_id_length <= length);
	MUST(signature->signature_length <= length);
	MUST(strlen(signature->signer) <= 4 * length);
	MUST(signature->hash_algorithm >= -1);
	name = modhash_algorithm_name(signature->hash_algorithm);
	if (signature->hash_algorithm >= 0)
		MUST(name && !strcmp(name, signature->hash_name));
}

static void run(const uint8_t *data, size_t length)
{
	struct modhash_signature first, second;
	struct modhash_trailer trailer;
	struct modhash_error err;
	int rc;

	MODHASH_INIT(trailer);
	trailer.kind = MODHASH_TRAILER_PKCS7;
	trailer.offset = 1000;
	trailer.data = data;
	trailer.data_length = length;
	MODHASH_INIT(first);
	MODHASH_INIT(second);
	rc = modhash_trailer_signature(&trailer, &first, &err);
	MUST(modhash_trailer_signature(&trailer, &second, NULL) == rc);
	if (rc) {
		MUST(rc == MODHASH_E_PKCS7);
		fuzz_must_fail_well(rc, &err, 1000 + length);
		MUST(!first.storage);
		return;
	}
	check(&first, length);
	MUST(!strcmp(first.signer, second.signer) && !strcmp(first.hash_name, second.hash_name));
	MUST(same_bytes(first.key_id, first.key_id_length, second.key_id, second.key_id_length));
	MUST(same_bytes(first.signature, first.signature_length, second.signature,
			second.signature_length));
	modhash_signature_clear(&first);
	modhash_signature_clear(&second);
}

extern const struct fuzz_target fuzz_pkcs7;
const struct fuzz_target fuzz_pkcs7 = {
	.name = "pkcs7",
	.run = run,
	.max_length = 4096,
	.covers = "lib/pkcs7.c",
};
