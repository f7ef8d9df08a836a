/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a PKCS#7 trailer says of its signer: the one user of libcrypto's CMS.
 *
 * Fields are those that modinfo(8) shows: the issuer's name, the serial number (or the
 * key identifier, with which modinfo shows nothing), the hash algorithm, the signature.  Nothing is
 * verified.  RFC 5652 for the structure.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/bn.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/objects.h>
#include <openssl/x509.h>

#include "fail.h"
#include "module.h"
#include "options.h"

/* The numbers of enum hash_algo in the kernel's include/uapi/linux/hash_info.h. */
static const struct {
	int nid;
	int algorithm;
} hashes[] = {
	{ NID_md4, 0 },
	{ NID_md5, 1 },
	{ NID_sha1, 2 },
	{ NID_ripemd160, 3 },
	{ NID_sha256, MODHASH_ALGO_SHA256 },
	{ NID_sha384, MODHASH_ALGO_SHA384 },
	{ NID_sha512, MODHASH_ALGO_SHA512 },
	{ NID_sha224, 7 },
	{ NID_sm3, 17 },
	{ NID_sha3_256, MODHASH_ALGO_SHA3_256 },
	{ NID_sha3_384, MODHASH_ALGO_SHA3_384 },
	{ NID_sha3_512, MODHASH_ALGO_SHA3_512 },
};

/* Whoever has less could not free what we hand out. */
#define SIGNATURE_SIZE_LEAST (offsetof(struct modhash_signature, storage) + sizeof(void *))

/* What a signature points to, in one block, each part behind the other. */
struct parts {
	const uint8_t *signer;
	size_t signer_length;
	const uint8_t *key_id;
	size_t key_id_length;
	const uint8_t *value;
	size_t value_length;
	int algorithm;
	char hash_name[80];
};

/*
 * A signature has a kilobyte or so; libcrypto takes up to a hundred bytes for one that it
 * parses, and nothing bounds that but this.
 */
#define LENGTH_MAX ((size_t)1 << 20)

static int fail_pkcs7(const struct modhash_trailer *trailer, size_t offset,
		      struct modhash_error *err, const char *what)
{
	return mh_fail(err, MODHASH_E_PKCS7, trailer->offset + offset, "%s", what);
}

/*
 * What libcrypto's queue says since the mark that was set.  It does not say that memory was
 * lacking where something further out failed for that; malloc() sets errno.
 */
static int fail_libcrypto(const struct modhash_trailer *trailer, struct modhash_error *err)
{
	unsigned long last = ERR_peek_last_error();
	const char *reason = last ? ERR_reason_error_string(last) : NULL;

	if (errno == ENOMEM)
		return mh_fail_nomem(err);
	return mh_fail(err, MODHASH_E_PKCS7, trailer->offset, "no PKCS#7 message begins here: %s",
		       reason ? reason : "it does not decode");
}

/* The first common name, and without one, like modinfo, what comes last in the name. */
static ASN1_STRING *signer_name(const X509_NAME *name)
{
	int at;

	if (!name || X509_NAME_entry_count(name) < 1)
		return NULL;
	at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
	if (at < 0)
		at = X509_NAME_entry_count(name) - 1;
	return X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at));
}

/* In whatever character set it is: UTF-8, to be freed with OPENSSL_free(). */
static int take_signer(const struct modhash_trailer *trailer, const X509_NAME *issuer,
		       unsigned char **utf8, struct parts *parts, struct modhash_error *err)
{
	ASN1_STRING *name = signer_name(issuer);
	int length;

	if (!name)
		return 0;
	length = ASN1_STRING_to_UTF8(utf8, name);
	if (length < 0 && errno == ENOMEM)
		return mh_fail_nomem(err);
	if (length < 0)
		return fail_pkcs7(trailer, 0, err,
				  "the signer's name is not in the character set that it claims");
	if (memchr(*utf8, 0, (size_t)length))
		return fail_pkcs7(trailer, 0, err, "a NUL within the signer's name");
	parts->signer = *utf8;
	parts->signer_length = (size_t)length;
	return 0;
}

/* A serial number without its sign, as modinfo shows it, or a subject key identifier. */
static int take_key_id(const ASN1_OCTET_STRING *key_id, const ASN1_INTEGER *serial,
		       BIGNUM **number, uint8_t **bytes, struct parts *parts,
		       struct modhash_error *err)
{
	int length;

	if (!serial) {
		parts->key_id = ASN1_STRING_get0_data(key_id);
		parts->key_id_length = (size_t)ASN1_STRING_length(key_id);
		return 0;
	}
	*number = ASN1_INTEGER_to_BN(serial, NULL);
	if (!*number)
		return mh_fail_nomem(err);
	length = BN_num_bytes(*number);
	*bytes = malloc((size_t)length + 1);
	if (!*bytes)
		return mh_fail_nomem(err);
	BN_bn2bin(*number, *bytes);
	parts->key_id = *bytes;
	parts->key_id_length = (size_t)length;
	return 0;
}

/* A number and a name: ours, or else libcrypto's, or else its dotted numbers. */
static void take_algorithm(const X509_ALGOR *algorithm, struct parts *parts)
{
	const ASN1_OBJECT *object = NULL;
	size_t i;

	X509_ALGOR_get0(&object, NULL, NULL, algorithm);
	parts->algorithm = -1;
	for (i = 0; i < sizeof(hashes) / sizeof(hashes[0]); i++) {
		if (hashes[i].nid == OBJ_obj2nid(object))
			parts->algorithm = hashes[i].algorithm;
	}
	if (parts->algorithm >= 0)
		strncat(parts->hash_name, modhash_algorithm_name(parts->algorithm),
			sizeof(parts->hash_name) - 1);
	else if (OBJ_obj2txt(parts->hash_name, sizeof(parts->hash_name), object, 0) <= 0)
		strcpy(parts->hash_name, "unknown");
}

static int fill_in(const struct parts *parts, struct modhash_signature *signature,
		   struct modhash_error *err)
{
	size_t hash_length = strlen(parts->hash_name);
	uint8_t *to;

	to = malloc(parts->signer_length + 1 + hash_length + 1 + parts->key_id_length +
		    parts->value_length);
	if (!to)
		return mh_fail_nomem(err);
	signature->storage = to;
	signature->hash_algorithm = parts->algorithm;

	signature->signer = (char *)to;
	if (parts->signer_length)
		memcpy(to, parts->signer, parts->signer_length);
	to += parts->signer_length;
	*to++ = 0;
	signature->hash_name = (char *)to;
	memcpy(to, parts->hash_name, hash_length + 1);
	to += hash_length + 1;
	signature->key_id = to;
	signature->key_id_length = parts->key_id_length;
	if (parts->key_id_length)
		memcpy(to, parts->key_id, parts->key_id_length);
	to += parts->key_id_length;
	signature->signature = to;
	signature->signature_length = parts->value_length;
	if (parts->value_length)
		memcpy(to, parts->value, parts->value_length);
	return 0;
}

static int take_signer_info(const struct modhash_trailer *trailer, CMS_SignerInfo *info,
			    struct modhash_signature *signature, struct modhash_error *err)
{
	ASN1_OCTET_STRING *key_id = NULL, *value = CMS_SignerInfo_get0_signature(info);
	struct parts parts = { .signer = NULL };
	ASN1_INTEGER *serial = NULL;
	unsigned char *utf8 = NULL;
	X509_ALGOR *digest = NULL;
	X509_NAME *issuer = NULL;
	BIGNUM *number = NULL;
	uint8_t *bytes = NULL;
	int ret;

	CMS_SignerInfo_get0_algs(info, NULL, NULL, &digest, NULL);
	if (!CMS_SignerInfo_get0_signer_id(info, &key_id, &issuer, &serial) || !value || !digest ||
	    (!key_id && !serial))
		return fail_pkcs7(trailer, 0, err, "a signer without a name or a signature");
	parts.value = ASN1_STRING_get0_data(value);
	parts.value_length = (size_t)ASN1_STRING_length(value);
	take_algorithm(digest, &parts);
	ret = take_signer(trailer, issuer, &utf8, &parts, err);
	if (!ret)
		ret = take_key_id(key_id, serial, &number, &bytes, &parts, err);
	if (!ret)
		ret = fill_in(&parts, signature, err);
	BN_free(number);
	free(bytes);
	OPENSSL_free(utf8);
	return ret;
}

static int parse(const struct modhash_trailer *trailer, struct modhash_signature *signature,
		 struct modhash_error *err)
{
	const unsigned char *at = trailer->data;
	STACK_OF(CMS_SignerInfo) *infos;
	CMS_ContentInfo *cms;
	size_t used;
	int ret;

	cms = d2i_CMS_ContentInfo(NULL, &at, (long)trailer->data_length);
	if (!cms)
		return fail_libcrypto(trailer, err);
	used = (size_t)(at - trailer->data);
	infos = CMS_get0_SignerInfos(cms);
	if (used != trailer->data_length)
		ret = fail_pkcs7(trailer, used, err,
				 "the PKCS#7 message ends before the trailer's data do");
	else if (!infos || sk_CMS_SignerInfo_num(infos) < 1)
		ret = fail_pkcs7(trailer, 0, err, "a PKCS#7 message without a signer");
	else
		ret = take_signer_info(trailer, sk_CMS_SignerInfo_value(infos, 0), signature, err);
	CMS_ContentInfo_free(cms);
	return ret;
}

static void forget(struct modhash_signature *signature)
{
	uint32_t size = signature->size;

	memset(signature, 0, size);
	signature->size = size;
}

MODHASH_API void modhash_signature_clear(struct modhash_signature *signature)
{
	if (!signature || signature->size < SIGNATURE_SIZE_LEAST)
		return;
	free(signature->storage);
	forget(signature);
}

MODHASH_API int modhash_trailer_signature(const struct modhash_trailer *trailer,
					  struct modhash_signature *signature,
					  struct modhash_error *err)
{
	struct modhash_signature ours;
	struct modhash_trailer in;
	int ret;

	if (!trailer || !signature || signature->size < SIGNATURE_SIZE_LEAST)
		return mh_fail_invalid(err, trailer ? "no place for the signature, or its size "
						      "not set" : "no trailer");
	forget(signature);
	ret = mh_options_in(&in, sizeof(in), trailer, err);
	if (ret)
		return ret;
	if (in.kind != MODHASH_TRAILER_PKCS7 || !in.data)
		return mh_fail_invalid(err, "a trailer that is not PKCS#7");
	if (in.data_length > LENGTH_MAX)
		return fail_pkcs7(&in, 0, err, "a signature of more than 1 MiB");

	memset(&ours, 0, sizeof(ours));
	ERR_set_mark();
	errno = 0;
	ret = parse(&in, &ours, err);
	ERR_pop_to_mark();
	if (ret)
		return ret;
	return mh_result_out(signature, &ours, sizeof(ours));
}
