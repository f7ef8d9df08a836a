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

/* The most types of one BTF, unless the caller says otherwise: as many as a kernel takes. */
#define MODHASH_MAX_TYPES_DEFAULT 0xfffff

/* The most memory, unless the caller says otherwise: so many times max_unpacked, or this. */
#define MODHASH_MAX_MEMORY_FACTOR 4
#define MODHASH_MAX_MEMORY_LEAST (UINT64_C(1) << 30)

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
 * @max_types: the most types of one BTF, those of the BTF that it continues left out; 0
 *	means MODHASH_MAX_TYPES_DEFAULT, and more than that is the same
 * @max_memory: the most memory, in bytes, that there is at once for what is made with this
 *	context, over all threads; 0 means max_unpacked times MODHASH_MAX_MEMORY_FACTOR, but
 *	no less than MODHASH_MAX_MEMORY_LEAST
 * @stop: if not NULL, an int that another thread or a signal handler sets to non-zero
 *	(atomically) to end soon, with MODHASH_E_STOPPED, what can take long without being a run
 *	over many files, which has its own (struct modhash_run_opts): finding the files below a
 *	directory, reading, unpacking, hashing and verifying one file, hashing a base of BTF.  It
 *	must outlive the context.
 *
 * max_memory counts whatever grows with what a file says: the bytes of modules, images,
 * blobs and bases, packed and unpacked, of files in hand and of objects not freed; what
 * decompressors need; the views of ELF sections; types of BTF, their hashes, and what it
 * takes to hash, compare or rewrite them.  It is taken before it is allocated.  What would
 * exceed it is MODHASH_E_LIMIT, and the message says how much was needed.  A run over many
 * files (modhash_digest_files(), modhash_verifier_run()) first has fewer of them in hand, at
 * the end one alone: only a file that does not fit even so is refused, and its result says
 * so, as of any file that can't be read.  Elsewhere, a call that is refused while
 * others hold memory can be made again when they do not.
 *
 * Not counted are the stacks of threads and what is of one size: some 1 KiB for each file
 * of a list with its result, some 100 bytes for an entry of a blob that is made or compared,
 * 1 MiB for each thread of a run, up to 128 MiB for a signature that is parsed (which may
 * have 1 MiB), and what was handed out to the caller as a modhash_buffer.
 *
 * Since: 0.1
 */
struct modhash_ctx_opts {
	uint32_t size;
	uint32_t flags;
	uint64_t max_unpacked;
	uint32_t hash_engine;
	uint32_t max_types;
	uint64_t max_memory;
	const int *stop;
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
 * Return: 0, MODHASH_E_INVALID or MODHASH_E_NOMEM; MODHASH_E_UNSUPPORTED if SHA-256 can't be
 * computed here as @opts says.
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
