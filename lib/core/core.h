/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * The code that a kernel and the library share: freestanding, no allocation, no libc
 * but memcmp(), memcpy() and memset().  The same files are compiled into both, so
 * that a test of one is a test of the other.  Input is hostile: nothing is read
 * beyond the lengths that are given.
 */
#ifndef MODHASH_CORE_H
#define MODHASH_CORE_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/types.h>
#include "module_hashes_format.h"
typedef u8 mh_u8;
typedef u32 mh_u32;
typedef u64 mh_u64;
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <modhash/format.h>
typedef uint8_t mh_u8;
typedef uint32_t mh_u32;
typedef uint64_t mh_u64;
#endif

/* What a core function answers besides 0 and 1: why something is not as it should be. */
enum mh_core_status {
	MH_CORE_OK = 0,
	MH_CORE_SHORT = -1,	  /* fewer bytes than the header needs, or says */
	MH_CORE_MAGIC = -2,	  /* no magic */
	MH_CORE_VERSION = -3,	  /* a version that we don't know */
	MH_CORE_FEATURE = -4,	  /* an incompatible feature that we don't know */
	MH_CORE_CHECKSUM = -5,	  /* of the header */
	MH_CORE_FIELD = -6,	  /* a field out of its range; @field says at which offset */
	MH_CORE_BODY = -7,	  /* checksum of index and digests */
	MH_CORE_INDEX = -8,	  /* the prefix index contradicts the digests */
	MH_CORE_SORT = -9,	  /* digests not ascending and unique, or padding not zero */
	MH_CORE_PROOF = -10,	  /* a proof of the wrong length */
	MH_CORE_TRAILER = -11,	  /* a trailer that claims what is not there */
	MH_CORE_HASH = -12,	  /* the hash function failed */
};

static inline mh_u32 mh_core_le32(const mh_u8 *p)
{
	return (mh_u32)p[0] | (mh_u32)p[1] << 8 | (mh_u32)p[2] << 16 | (mh_u32)p[3] << 24;
}

static inline mh_u64 mh_core_le64(const mh_u8 *p)
{
	return (mh_u64)mh_core_le32(p) | (mh_u64)mh_core_le32(p + 4) << 32;
}

static inline mh_u32 mh_core_be32(const mh_u8 *p)
{
	return (mh_u32)p[0] << 24 | (mh_u32)p[1] << 16 | (mh_u32)p[2] << 8 | (mh_u32)p[3];
}

/* --- trailer.c: appended signatures and proofs --- */

struct mh_core_trailer {
	mh_u64 offset;	    /* where its data begin: what is left when it is off */
	mh_u64 data_length; /* bytes of data */
	mh_u64 length;	    /* of all of it */
	mh_u8 algo, hash, id_type, signer_len, key_id_len;
	mh_u64 fault;	    /* with MH_CORE_TRAILER: offset of what is wrong */
};

/*
 * The trailer that ends at @length: 1 and @trailer filled in; 0 if there is no
 * marker; MH_CORE_TRAILER if what is before the marker is no trailer, as the
 * kernel's mod_check_sig() has it.
 */
int mh_core_trailer_last(const mh_u8 *data, mh_u64 length, struct mh_core_trailer *trailer);

/* --- list.c: the hash list --- */

/* 1 and *index, or 0.  @length is a multiple of the digest's 32 bytes. */
int mh_core_list_find(const mh_u8 *list, mh_u64 length, const mh_u8 *digest, mh_u64 *index);

/* --- merkle.c: proofs --- */

/* SHA-256 over the parts one after the other; 0, or anything else on failure. */
struct mh_core_part {
	const void *data;
	mh_u64 length;
};
typedef int (*mh_core_sha256)(void *user, const struct mh_core_part *parts, unsigned int count,
			      mh_u8 digest[32]);

/*
 * Does a proof (the data of a trailer, @proof_length bytes) lead from the @length bytes
 * at @data to @root of @levels?  1, 0, MH_CORE_PROOF or MH_CORE_HASH.
 */
int mh_core_merkle_check(const mh_u8 *data, mh_u64 length, const mh_u8 *proof,
			 mh_u64 proof_length, mh_u32 levels, const mh_u8 root[32],
			 mh_core_sha256 sha256, void *user);

int mh_core_merkle_leaf(const mh_u8 *data, mh_u64 length, mh_u32 position, mh_u8 leaf[32],
			mh_core_sha256 sha256, void *user);
/* From a leaf at @position up @levels steps: what is found there.  0 or MH_CORE_HASH. */
int mh_core_merkle_climb(const mh_u8 leaf[32], mh_u32 position, const mh_u8 *siblings,
			 mh_u32 levels, mh_u8 top[32], mh_core_sha256 sha256, void *user);
int mh_core_merkle_node(const mh_u8 left[32], const mh_u8 right[32], mh_u8 node[32],
			mh_core_sha256 sha256, void *user);

/* --- table.c: the indexed table --- */

/* A table that was opened: a view of the caller's memory. */
struct mh_core_table {
	const mh_u8 *index;   /* 2^k little-endian u32: the first digest of each bucket */
	const mh_u8 *digests;
	mh_u64 total_size;
	mh_u64 features_compatible;
	mh_u64 features_incompatible;
	mh_u32 version;
	mh_u32 header_size;
	mh_u32 algorithm;
	mh_u32 scope;
	mh_u32 digest_length;
	mh_u32 index_bits;
	mh_u32 count;
	mh_u32 capacity;
	mh_u32 flags;
	mh_u32 field;	      /* with a failure: offset of what is wrong, in the header */
};

/* Where digests begin in a table, and its total size.  Arguments are within the limits. */
mh_u64 mh_core_table_layout(mh_u32 header_size, mh_u32 index_bits, mh_u32 capacity,
			    mh_u32 digest_length, mh_u64 *digests);

/* CRC-32 (IEEE 802.3, reflected, as zlib's), continued from @crc; begins with 0. */
mh_u32 mh_core_crc32(mh_u32 crc, const mh_u8 *data, mh_u64 length);

/* CRC-32 of a header of @header_size bytes, its own field taken as 0. */
mh_u32 mh_core_table_header_checksum(const mh_u8 *data, mh_u32 header_size);

/*
 * Open a table: the header is checked, the body is not.  What lies behind
 * total_size is not looked at.  MH_CORE_OK or why not.  A look-up in a table whose
 * body is damaged stays within it.
 */
int mh_core_table_open(const mh_u8 *data, mh_u64 length, struct mh_core_table *table);

/* Check the body too: its checksum, the order of the digests, every index entry. */
int mh_core_table_check(const struct mh_core_table *table, const mh_u8 *data);

/*
 * 1 and *index, or 0.  @digest has digest_length bytes.  Some 40 steps at most, whatever
 * the table holds.
 */
int mh_core_table_find(const struct mh_core_table *table, const mh_u8 *digest, mh_u32 *index);

#endif /* MODHASH_CORE_H */
