/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making blobs: digests go in, in the order of the build; bytes come out.
 */
#ifndef MODHASH_BUILDER_H
#define MODHASH_BUILDER_H

#include <modhash/attributes.h>
#include <modhash/context.h>
#include <modhash/digest.h>
#include <modhash/error.h>
#include <modhash/output.h>

MODHASH_BEGIN_DECLS

struct modhash_builder;
struct modhash_blob_module;

/* struct modhash_builder_opts: @index_bits, besides a number of bits */
#define MODHASH_INDEX_SMALL 0xfffffffeu /* at most 2 % over the bare digests */
#define MODHASH_INDEX_FAST 0xffffffffu	/* at most 17 % */

/* struct modhash_builder_opts: @flags */
#define MODHASH_BUILDER_NAMES (1u << 0)	  /* keep names, for userland (table only) */
#define MODHASH_BUILDER_RESERVE (1u << 1) /* not filled in: room for @capacity modules */

/**
 * struct modhash_builder_opts - which blob is wanted
 * @size: sizeof(struct modhash_builder_opts)
 * @format: MODHASH_FORMAT_*
 * @algorithm: MODHASH_ALGO_*; list and merkle: SHA-256 alone
 * @scope: MODHASH_SCOPE_FILE or _PAYLOAD for a table; MODHASH_SCOPE_FILE for a list;
 *	MODHASH_SCOPE_LEAF for merkle
 * @byte_order: MODHASH_BYTE_ORDER_* of a root; ignored by the others
 * @index_bits: of a table: 0 to MODHASH_TABLE_INDEX_BITS_MAX, or MODHASH_INDEX_*
 * @flags: MODHASH_BUILDER_*
 * @reserved: zero
 * @capacity: room in a table for so many digests, MODHASH_TABLE_COUNT_MAX at most; 0:
 *	as many as there are.  With MODHASH_BUILDER_RESERVE: the number of modules that
 *	a blob of any format is to have room for, to which nothing can be added then
 * @release: the kernel's release, for userland (table only), or NULL; copied
 *
 * Since: 0.1
 */
struct modhash_builder_opts {
	uint32_t size;
	uint32_t format;
	uint32_t algorithm;
	uint32_t scope;
	uint32_t byte_order;
	uint32_t index_bits;
	uint32_t flags;
	uint32_t reserved;
	uint64_t capacity;
	const char *release;
};

/**
 * modhash_builder_new() - start a blob
 * @ctx: context; must outlive the builder
 * @opts: which
 * @builder: out, to be freed with modhash_builder_free()
 * @err: out, may be NULL
 *
 * Return: 0; MODHASH_E_INVALID; MODHASH_E_ALGORITHM (not in this format);
 * MODHASH_E_SCOPE (not in this format; a canonical digest is in none);
 * MODHASH_E_NOMEM.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_builder_new(const struct modhash_ctx *ctx,
						       const struct modhash_builder_opts *opts,
						       struct modhash_builder **builder,
						       struct modhash_error *err);

/**
 * modhash_builder_free() - free a builder
 * @builder: the builder, or NULL
 *
 * Since: 0.1
 */
MODHASH_API void modhash_builder_free(struct modhash_builder *builder);

/**
 * modhash_builder_add() - the next module
 * @builder: the builder
 * @digest: its digest, of the algorithm and scope that the blob has.  A Merkle leaf
 *	must have been taken at this position: the first added is 0.
 * @record: what a table with names is to remember of it (struct modhash_blob_module
 *	in blob.h; its @digest and @position are ignored), or NULL.  @name is copied,
 *	and named in the C source of a list; a build id of more than
 *	MODHASH_SECTION_BUILD_ID_MAX bytes is not kept.
 * @err: out, may be NULL
 *
 * Return: 0; MODHASH_E_ALGORITHM or MODHASH_E_SCOPE (a digest of another kind);
 * MODHASH_E_CAPACITY (more than the format can hold); MODHASH_E_INVALID;
 * MODHASH_E_NOMEM.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_builder_add(struct modhash_builder *builder,
						       const struct modhash_digest *digest,
						       const struct modhash_blob_module *record,
						       struct modhash_error *err);

/**
 * modhash_builder_finish() - the blob
 * @builder: the builder; nothing can be added any more
 * @buffer: out: the blob; freed by the caller with modhash_buffer_clear()
 * @err: out, may be NULL
 *
 * May be called again, and yields the same bytes.
 *
 * Return: 0; MODHASH_E_CAPACITY (more digests than the room that was wanted);
 * MODHASH_E_INVALID; MODHASH_E_NOMEM; MODHASH_E_CRYPTO.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_builder_finish(struct modhash_builder *builder,
							  struct modhash_buffer *buffer,
							  struct modhash_error *err);

/**
 * modhash_builder_c_source() - the blob as C source
 * @builder: a builder of a list (as the v3 build step writes it) or of a root; nothing
 *	can be added any more
 * @buffer: out: text, not NUL-terminated; freed with modhash_buffer_clear()
 * @err: out, may be NULL
 *
 * Return: 0; MODHASH_E_UNSUPPORTED for a table; MODHASH_E_INVALID; MODHASH_E_NOMEM;
 * MODHASH_E_CRYPTO.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_builder_c_source(struct modhash_builder *builder,
							    struct modhash_buffer *buffer,
							    struct modhash_error *err);

/**
 * modhash_builder_proof() - a module's Merkle proof
 * @builder: a builder of a root; nothing can be added any more
 * @position: of the module
 * @buffer: out: proof, 12-byte structure and marker, ready to be appended; freed
 *	with modhash_buffer_clear()
 * @err: out, may be NULL
 *
 * After modhash_builder_finish(), thread-safe.
 *
 * Return: 0; MODHASH_E_NOT_FOUND (no such position); MODHASH_E_INVALID (no builder
 * of a root, or not finished); MODHASH_E_NOMEM.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_builder_proof(const struct modhash_builder *builder,
							 uint64_t position,
							 struct modhash_buffer *buffer,
							 struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_BUILDER_H */
