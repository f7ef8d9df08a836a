/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The context: limits and choices that every call below it shares.
 */
#ifndef MODHASH_CONTEXT_H
#define MODHASH_CONTEXT_H

#include <stdbool.h>

#include <modhash/attributes.h>
#include <modhash/error.h>

MODHASH_BEGIN_DECLS

struct modhash_ctx;

/* The largest unpacked module, in bytes, unless the caller says otherwise: 1 GiB. */
#define MODHASH_MAX_UNPACKED_DEFAULT (UINT64_C(1) << 30)

/*
 * How SHA-256 is computed.  Every other algorithm is libcrypto's, and so is SHA-256 where
 * AUTO finds nothing faster.  Who wants libcrypto's for its own sake (its FIPS provider,
 * say) asks for EVP.
 */
#define MODHASH_ENGINE_AUTO 0	 /* the fastest that this processor has */
#define MODHASH_ENGINE_EVP 1	 /* libcrypto's EVP */
#define MODHASH_ENGINE_SHANI_1 2 /* x86 SHA extensions, one stream */
#define MODHASH_ENGINE_SHANI_2 3 /* two streams interleaved */
#define MODHASH_ENGINE_SHANI_4 4 /* four, with the registers of AVX-512VL */

/**
 * modhash_engine_name() - the name of a way to compute SHA-256
 * @engine: MODHASH_ENGINE_*
 *
 * Return: a static string, such as "sha-ni-2", or NULL.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API const char *modhash_engine_name(uint32_t engine);

/**
 * modhash_engine_supported() - can SHA-256 be computed that way here?
 * @engine: MODHASH_ENGINE_*
 *
 * Return: true if this library was built with it and this processor has what it needs.
 * Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API bool modhash_engine_supported(uint32_t engine);

/**
 * struct modhash_ctx_opts - options of a context
 * @size: sizeof(struct modhash_ctx_opts)
 * @flags: 0
 * @max_unpacked: the largest module or kernel image that is read, in bytes after
 *	unpacking (which is also the largest compressed file); 0 means MODHASH_MAX_UNPACKED_DEFAULT
 * @hash_engine: MODHASH_ENGINE_*: how SHA-256 is computed.  Digests are the same.
 * @reserved: 0
 *
 * Since: 0.1
 */
struct modhash_ctx_opts {
	uint32_t size;
	uint32_t flags;
	uint64_t max_unpacked;
	uint32_t hash_engine;
	uint32_t reserved;
};

/**
 * modhash_ctx_new() - make a context
 * @opts: options, or NULL for the defaults; copied
 * @ctx: out: the context, to be freed with modhash_ctx_free()
 * @err: out, may be NULL
 *
 * A context never changes, so any number of threads may share one.  It must
 * outlive whatever is made with it.
 *
 * Return: 0, MODHASH_E_INVALID, MODHASH_E_NOMEM or MODHASH_E_CRYPTO;
 * MODHASH_E_UNSUPPORTED if SHA-256 can't be computed here as @opts says.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_ctx_new(const struct modhash_ctx_opts *opts,
						   struct modhash_ctx **ctx,
						   struct modhash_error *err);

/**
 * modhash_ctx_free() - free a context
 * @ctx: the context, or NULL
 *
 * Since: 0.1
 */
MODHASH_API void modhash_ctx_free(struct modhash_ctx *ctx);

MODHASH_END_DECLS

#endif /* MODHASH_CONTEXT_H */
