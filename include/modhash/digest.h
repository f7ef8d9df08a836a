/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Digests: a value that says what it was taken over.
 */
#ifndef MODHASH_DIGEST_H
#define MODHASH_DIGEST_H

#include <modhash/attributes.h>
#include <modhash/context.h>
#include <modhash/error.h>
#include <modhash/format.h>

MODHASH_BEGIN_DECLS

/* Long enough for every algorithm that there is a number for. */
#define MODHASH_DIGEST_MAX 64

/**
 * struct modhash_digest - a digest, its kind with it
 * @algorithm: MODHASH_ALGO_*, numbered as in the kernel's uapi hash_info.h
 * @length: bytes of @bytes that count
 * @scope: MODHASH_SCOPE_*
 * @version: of the canonical form, with MODHASH_SCOPE_CANONICAL; else 0
 * @bytes: the digest; those behind @length are zero
 *
 * Values of different kinds never compare equal.  The size of this structure is
 * fixed for good.
 *
 * Since: 0.1
 */
struct modhash_digest {
	uint16_t algorithm;
	uint16_t length;
	uint16_t scope;
	uint16_t version;
	uint8_t bytes[MODHASH_DIGEST_MAX];
};

struct modhash_canon_opts;

/* struct modhash_digest_spec: @flags */
#define MODHASH_SPEC_STRIPPED (1u << 0) /* take all trailers off first, in any scope */

/**
 * struct modhash_digest_spec - which digest is wanted
 * @size: sizeof(struct modhash_digest_spec)
 * @algorithm: MODHASH_ALGO_*
 * @scope: MODHASH_SCOPE_FILE (the unpacked file, trailers included),
 *	MODHASH_SCOPE_PAYLOAD (all trailers off), or MODHASH_SCOPE_LEAF (a Merkle
 *	leaf: @position and the file less an outermost Merkle trailer; SHA-256
 *	only), or MODHASH_SCOPE_CANONICAL (@canon says which canonical form)
 * @version: of the canonical form, @canon's; else 0
 * @position: of the leaf; for many files at once, that of the first
 * @flags: MODHASH_SPEC_*.  With MODHASH_SPEC_STRIPPED, the digest is that of the file
 *	as modhash_module_rewrite() leaves it with MODHASH_REWRITE_STRIP_ALL.
 * @canon: with MODHASH_SCOPE_CANONICAL, which form (canon.h); else NULL.  Since 0.2.
 *
 * Since: 0.1
 */
struct modhash_digest_spec {
	uint32_t size;
	uint32_t algorithm;
	uint32_t scope;
	uint32_t version;
	uint32_t position;
	uint32_t flags;
	const struct modhash_canon_opts *canon;
};

/**
 * modhash_algorithm_from_name() - the number of a hash algorithm
 * @name: as in the kernel's hash_info.c, such as "sha256" or "sha3-512"
 *
 * Return: a MODHASH_ALGO_* (0 or more), or MODHASH_E_ALGORITHM if the name is none
 * of an algorithm that this library can compute.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_algorithm_from_name(const char *name);

/**
 * modhash_algorithm_name() - the name of a hash algorithm
 * @algorithm: MODHASH_ALGO_*
 *
 * Return: a static string, or NULL for a number that has no name.  Algorithms that
 * the kernel names but this library does not compute have a name too.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API const char *modhash_algorithm_name(int algorithm);

/**
 * modhash_algorithm_length() - the length of a digest
 * @algorithm: MODHASH_ALGO_*
 *
 * Return: bytes, or MODHASH_E_ALGORITHM if this library does not compute it.
 * Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_algorithm_length(int algorithm);

/**
 * modhash_scope_name() - the name of a digest scope
 * @scope: MODHASH_SCOPE_*
 *
 * Return: a static string such as "payload", or NULL.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API const char *modhash_scope_name(int scope);

/**
 * modhash_digest_bytes() - the digest of bytes in memory
 * @ctx: context
 * @algorithm: MODHASH_ALGO_*
 * @scope: what the caller says the bytes are: MODHASH_SCOPE_FILE or
 *	MODHASH_SCOPE_PAYLOAD.  It is put into the value; nothing is taken off.
 * @data: the bytes; may be NULL if @length is 0
 * @length: how many
 * @digest: out; zeroed on failure
 * @err: out, may be NULL
 *
 * Return: 0, MODHASH_E_ALGORITHM, MODHASH_E_SCOPE, MODHASH_E_CRYPTO,
 * MODHASH_E_NOMEM or MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_digest_bytes(const struct modhash_ctx *ctx,
							int algorithm, int scope,
							const void *data, size_t length,
							struct modhash_digest *digest,
							struct modhash_error *err);

/**
 * modhash_digest_equal() - are two digests the same value of the same kind?
 * @a: one
 * @b: the other
 *
 * Algorithm, length, scope, version and bytes all count.  A zeroed value, as a failure
 * leaves it, equals nothing, itself included.  Not in constant time: digests of
 * modules are no secrets.
 *
 * Return: true or false.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API bool modhash_digest_equal(const struct modhash_digest *a,
				      const struct modhash_digest *b);

/**
 * modhash_digest_from_hex() - a digest from its hex digits
 * @hex: digits, upper or lower case, NUL-terminated, exactly as many as the
 *	algorithm has
 * @algorithm: MODHASH_ALGO_*
 * @scope: MODHASH_SCOPE_*
 * @version: of the canonical form, else 0
 * @digest: out; zeroed on failure
 *
 * Return: 0, MODHASH_E_INVALID or MODHASH_E_ALGORITHM.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_digest_from_hex(const char *hex, int algorithm,
							   int scope, int version,
							   struct modhash_digest *digest);

/**
 * modhash_digest_to_hex() - the lower-case hex digits of a digest
 * @digest: the digest
 * @buf: where to write them with a NUL: 2 * MODHASH_DIGEST_MAX + 1 bytes suffice
 * @buf_size: bytes at @buf
 *
 * Return: 0; or MODHASH_E_INVALID if @buf is too small or @digest is none (zeroed),
 * and then @buf holds "".  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_digest_to_hex(const struct modhash_digest *digest, char *buf,
				      size_t buf_size);

MODHASH_END_DECLS

#endif /* MODHASH_DIGEST_H */
