/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: a module whose memory is used again for the next one.
 */
#ifndef MH_MODULE_H
#define MH_MODULE_H

#include <modhash/module.h>

#include "buf.h"
#include "core/core.h"
#include "hash.h"
#include "unpack.h"

/* What stands before a module in the message of its leaf: a prefix and a position. */
#define MH_LEAF_HEAD 5

struct modhash_ctx {
	uint64_t max_unpacked;
	uint32_t hash_engine; /* never MODHASH_ENGINE_AUTO */
	struct mh_budget *budget; /* in the same memory: what does change */
	const int *stop; /* or NULL */
};

struct modhash_module {
	const struct modhash_ctx *ctx;
	struct mh_decoders *decoders; /* a worker's, lent; or NULL */
	const uint8_t *data; /* unpacked: the caller's memory, or @file's, or @unpacked's */
	uint64_t length;
	uint64_t file_length;
	uint64_t payload_length;
	uint64_t postpone; /* a larger file is not read now: MH_POSTPONED, and file_length */
	uint32_t compression;
	uint32_t trailers;
	int32_t trailer_status;	     /* 0 or MODHASH_E_TRAILER */
	uint64_t trailer_fault;	     /* offset, with MODHASH_E_TRAILER */
	struct mh_buf offsets;	     /* uint64_t: where each trailer begins, outermost first */
	struct mh_buf file;
	struct mh_buf unpacked;
};

/* Read another file into the same module; its buffers are kept.  For one thread. */
void mh_module_init(struct modhash_module *module, const struct modhash_ctx *ctx);
int mh_module_load_path(struct modhash_module *module, const char *path,
			struct modhash_error *err);
int mh_module_load_memory(struct modhash_module *module, const void *data, size_t length,
			  struct modhash_error *err);
void mh_module_fini(struct modhash_module *module);

/*
 * Find the trailers of the bytes that @module has: all of them, once, so that asking for
 * one by its number is no search.
 */
int mh_module_find_trailers(struct modhash_module *module, struct modhash_error *err);

/* MODHASH_E_TRAILER, with the offset of what is wrong and what was expected. */
int mh_module_fail_trailer(const struct modhash_module *module, struct modhash_error *err);

/* Is there such a digest at all?  0, or what modhash_module_digest() says of @spec. */
int mh_digest_spec_check(const struct modhash_digest_spec *spec, struct modhash_error *err);

/* A digest of a module, before it is made: the message that it is of. */
struct mh_digesting {
	struct mh_message message;
	struct mh_part parts[2];
	uint8_t head[MH_LEAF_HEAD];
	void *user; /* the user's */
};

/*
 * What modhash_module_digest() would hash.  @digest has its kind, and gets its bytes when the
 * message is hashed, until when @module and @digesting stay as they are; zeroed on failure.
 */
int mh_module_digest_begin(const struct modhash_module *module,
			   const struct modhash_digest_spec *spec, struct mh_digesting *digesting,
			   struct modhash_digest *digest, struct modhash_error *err);

/* As modhash_module_digest(), with a hasher of the spec's algorithm. */
int mh_module_digest(const struct modhash_module *module,
		     const struct modhash_digest_spec *spec, struct mh_hasher *hasher,
		     struct modhash_digest *digest, struct modhash_error *err);

/* The file less an outermost Merkle trailer: what a leaf and a proof are over. */
int mh_module_leaf_length(const struct modhash_module *module, uint64_t *length,
			  struct modhash_error *err);

#endif /* MH_MODULE_H */
