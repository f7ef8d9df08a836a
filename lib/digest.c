/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Digests as values: algorithms, scopes, comparison, hex digits.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include <modhash/digest.h>

#include "fail.h"
#include "hash.h"
#include "module.h"

/*
 * Indexed by the numbers of enum hash_algo in the kernel's include/uapi/linux/hash_info.h,
 * named as in its crypto/hash_info.c.  Length 0: has a name, but is not computed here.
 */
static const struct {
	const char *name;
	int length;
} algorithms[] = {
	{ "md4", 0 },
	{ "md5", 0 },
	{ "sha1", 0 },
	{ "rmd160", 0 },
	[MODHASH_ALGO_SHA256] = { "sha256", 32 },
	[MODHASH_ALGO_SHA384] = { "sha384", 48 },
	[MODHASH_ALGO_SHA512] = { "sha512", 64 },
	{ "sha224", 0 },
	{ "rmd128", 0 },
	{ "rmd256", 0 },
	{ "rmd320", 0 },
	{ "wp256", 0 },
	{ "wp384", 0 },
	{ "wp512", 0 },
	{ "tgr128", 0 },
	{ "tgr160", 0 },
	{ "tgr192", 0 },
	{ "sm3", 0 },
	{ "streebog256", 0 },
	{ "streebog512", 0 },
	[MODHASH_ALGO_SHA3_256] = { "sha3-256", 32 },
	[MODHASH_ALGO_SHA3_384] = { "sha3-384", 48 },
	[MODHASH_ALGO_SHA3_512] = { "sha3-512", 64 },
};

#define ALGORITHM_COUNT ((int)(sizeof(algorithms) / sizeof(algorithms[0])))

_Static_assert(sizeof(algorithms) / sizeof(algorithms[0]) == 23, "hash_info.h numbers 0 to 22");
_Static_assert(sizeof(struct modhash_digest) == 8 + MODHASH_DIGEST_MAX, "fixed for good");

MODHASH_API int modhash_algorithm_from_name(const char *name)
{
	if (!name)
		return MODHASH_E_ALGORITHM;
	for (int i = 0; i < ALGORITHM_COUNT; i++) {
		if (algorithms[i].length && strcmp(algorithms[i].name, name) == 0)
			return i;
	}
	return MODHASH_E_ALGORITHM;
}

MODHASH_API const char *modhash_algorithm_name(int algorithm)
{
	if (algorithm < 0 || algorithm >= ALGORITHM_COUNT)
		return NULL;
	return algorithms[algorithm].name;
}

MODHASH_API int modhash_algorithm_length(int algorithm)
{
	if (algorithm < 0 || algorithm >= ALGORITHM_COUNT || !algorithms[algorithm].length)
		return MODHASH_E_ALGORITHM;
	return algorithms[algorithm].length;
}

MODHASH_API const char *modhash_scope_name(int scope)
{
	switch (scope) {
	case MODHASH_SCOPE_FILE:
		return "file";
	case MODHASH_SCOPE_PAYLOAD:
		return "payload";
	case MODHASH_SCOPE_CANONICAL:
		return "canonical";
	case MODHASH_SCOPE_LEAF:
		return "leaf";
	case MODHASH_SCOPE_ROOT:
		return "root";
	default:
		return NULL;
	}
}

MODHASH_API int modhash_digest_bytes(const struct modhash_ctx *ctx, int algorithm, int scope,
				     const void *data, size_t length, struct modhash_digest *digest,
				     struct modhash_error *err)
{
	const struct mh_part part = { data, length };
	struct mh_hasher *hasher;
	int ret;

	if (!digest)
		return mh_fail_invalid(err, "no place for the digest");
	memset(digest, 0, sizeof(*digest));
	if (!ctx || (!data && length))
		return mh_fail_invalid(err, ctx ? "no bytes to hash" : "no context");
	if (scope != MODHASH_SCOPE_FILE && scope != MODHASH_SCOPE_PAYLOAD)
		return mh_fail(err, MODHASH_E_SCOPE, MODHASH_OFFSET_NONE,
			       "bytes have no digest of scope %d, expected file or payload", scope);

	ret = mh_hasher_new(ctx->hash_engine, algorithm, &hasher, err);
	if (ret < 0)
		return ret;
	ret = mh_hasher_parts(hasher, &part, 1, digest->bytes, err);
	mh_hasher_free(hasher);
	if (ret < 0) {
		memset(digest, 0, sizeof(*digest));
		return ret;
	}
	digest->algorithm = (uint16_t)algorithm;
	digest->length = (uint16_t)modhash_algorithm_length(algorithm);
	digest->scope = (uint16_t)scope;
	return 0;
}

MODHASH_API bool modhash_digest_equal(const struct modhash_digest *a,
				      const struct modhash_digest *b)
{
	/* A zeroed digest is what failure leaves behind: it equals nothing. */
	if (!a || !b || !a->length || a->length > MODHASH_DIGEST_MAX)
		return false;
	return a->algorithm == b->algorithm && a->length == b->length && a->scope == b->scope &&
	       a->version == b->version && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

/* Exactly @length bytes from exactly twice as many digits. */
static bool parse_hex(const char *hex, uint8_t *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		int high = hex_value(hex[2 * i]);
		int low = high < 0 ? -1 : hex_value(hex[2 * i + 1]);

		if (low < 0)
			return false;
		bytes[i] = (uint8_t)(high << 4 | low);
	}
	return hex[2 * length] == '\0';
}

static bool kind_valid(int scope, int version)
{
	if (!modhash_scope_name(scope))
		return false;
	if (scope == MODHASH_SCOPE_CANONICAL)
		return version > 0 && version <= UINT16_MAX;
	return version == 0;
}

MODHASH_API int modhash_digest_from_hex(const char *hex, int algorithm, int scope, int version,
					struct modhash_digest *digest)
{
	int length = modhash_algorithm_length(algorithm);

	if (!digest)
		return MODHASH_E_INVALID;
	memset(digest, 0, sizeof(*digest));
	if (length < 0)
		return length;
	if (!hex || !kind_valid(scope, version))
		return MODHASH_E_INVALID;
	if (!parse_hex(hex, digest->bytes, (size_t)length)) {
		memset(digest, 0, sizeof(*digest));
		return MODHASH_E_INVALID;
	}
	digest->algorithm = (uint16_t)algorithm;
	digest->length = (uint16_t)length;
	digest->scope = (uint16_t)scope;
	digest->version = (uint16_t)version;
	return 0;
}

MODHASH_API int modhash_digest_to_hex(const struct modhash_digest *digest, char *buf,
				      size_t buf_size)
{
	static const char digits[] = "0123456789abcdef";

	if (buf && buf_size)
		buf[0] = '\0';
	if (!digest || !buf || !digest->length || digest->length > MODHASH_DIGEST_MAX ||
	    buf_size < 2 * (size_t)digest->length + 1)
		return MODHASH_E_INVALID;
	for (size_t i = 0; i < digest->length; i++) {
		buf[2 * i] = digits[digest->bytes[i] >> 4];
		buf[2 * i + 1] = digits[digest->bytes[i] & 15];
	}
	buf[2 * digest->length] = '\0';
	return 0;
}
