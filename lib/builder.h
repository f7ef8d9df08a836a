/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: a blob in the making, and the rooms that write one format each.
 */
#ifndef MH_BUILDER_H
#define MH_BUILDER_H

#include <modhash/blob.h>
#include <modhash/builder.h>

#include "buf.h"
#include "core/core.h"

/* What is kept of a module besides its digest. */
struct mh_record {
	uint64_t name_offset; /* in the builder's names, NUL-terminated */
	uint64_t payload_length;
	uint32_t name_length;
	uint32_t added; /* which of the digests added is its */
	uint32_t flags;
	uint32_t build_id_length;
	uint8_t build_id[MODHASH_SECTION_BUILD_ID_MAX];
};

/* A Merkle tree's nodes: level 0 is above the leaves, the last has the root alone. */
struct mh_tree {
	uint32_t levels;
	struct mh_buf nodes;
	uint64_t offset[MODHASH_MERKLE_LEVELS_MAX]; /* in @nodes, of each level */
	uint64_t count[MODHASH_MERKLE_LEVELS_MAX];
};

struct modhash_builder {
	struct modhash_builder_opts opts; /* its @release is ours */
	uint32_t digest_length;
	uint32_t hash_engine;
	bool finished;
	uint64_t count;
	struct mh_buf digests; /* in the order in which they were added */
	struct mh_buf records; /* struct mh_record */
	struct mh_buf names;
	struct mh_tree tree; /* when finished */
};

static inline const uint8_t *mh_builder_digest(const struct modhash_builder *builder,
					       uint64_t index)
{
	return builder->digests.data + index * builder->digest_length;
}

static inline uint64_t mh_builder_records(const struct modhash_builder *builder)
{
	return builder->records.length / sizeof(struct mh_record);
}

static inline struct mh_record *mh_builder_record(const struct modhash_builder *builder,
						  uint64_t index)
{
	return (struct mh_record *)builder->records.data + index;
}

/* Writers, one a format (format-*.c). */
int mh_list_write(const struct modhash_builder *builder, struct mh_buf *out,
		  struct modhash_error *err);
int mh_list_c_source(const struct modhash_builder *builder, struct mh_buf *out,
		     struct modhash_error *err);
int mh_merkle_finish(struct modhash_builder *builder, struct modhash_error *err);
int mh_merkle_write(const struct modhash_builder *builder, struct mh_buf *out,
		    struct modhash_error *err);
int mh_merkle_c_source(const struct modhash_builder *builder, struct mh_buf *out,
		       struct modhash_error *err);
int mh_merkle_proof(const struct modhash_builder *builder, uint32_t position, struct mh_buf *out,
		    struct modhash_error *err);
int mh_table_write(const struct modhash_builder *builder, struct mh_buf *out,
		   struct modhash_error *err);

/* The sections that a builder has, behind what is in @out; @ranks: of each digest added. */
int mh_sections_write(const struct modhash_builder *builder, const uint32_t *ranks,
		      struct mh_buf *out, struct modhash_error *err);

/* Numbers into bytes. */
static inline void mh_put_le32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
	p[2] = (uint8_t)(value >> 16);
	p[3] = (uint8_t)(value >> 24);
}

static inline void mh_put_le64(uint8_t *p, uint64_t value)
{
	mh_put_le32(p, (uint32_t)value);
	mh_put_le32(p + 4, (uint32_t)(value >> 32));
}

static inline void mh_put_be32(uint8_t *p, uint32_t value)
{
	p[0] = (uint8_t)(value >> 24);
	p[1] = (uint8_t)(value >> 16);
	p[2] = (uint8_t)(value >> 8);
	p[3] = (uint8_t)value;
}

#endif /* MH_BUILDER_H */
