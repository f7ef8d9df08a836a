/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: the canonical form of a module.  doc/btf.md defines it.
 */
#ifndef MH_CANON_H
#define MH_CANON_H

#include <stdbool.h>
#include <stdint.h>

#include <modhash/error.h>

#include "btf-ids.h"
#include "btf.h"
#include "elf-view.h"
#include "hash.h"
#include "module.h"

#define MH_CANON_FORM 1

enum mh_canon_policy {
	MH_CANON_CANONICAL = 1, /* BTF as a graph of types */
	MH_CANON_RAW = 2,	/* BTF as the bytes that it is */
	MH_CANON_DROP = 3	/* BTF left out */
};

struct mh_canon_opts {
	enum mh_canon_policy policy;
	const struct mh_btf_base *base; /* or NULL */
	bool strict;			/* types that can't be told apart are an error */
};

/* A module that was taken apart. */
struct mh_canon {
	struct mh_canon_opts opts;
	struct mh_hasher *sha256;
	struct mh_elf_view view;
	struct mh_buf message;
	struct mh_digesting *digesting; /* the header's, and the sections' that have a hash */
	uint32_t digestings;
	uint8_t *hashes;	 /* of the sections; zero for those that have none */
	struct mh_budget *budget; /* or NULL */
	uint64_t taken;		 /* from it, for these */
	uint8_t header[32];	 /* hash of the ELF header */

	uint32_t btf_section;	 /* 0: none */
	uint32_t base_section;	 /* .BTF.base */
	uint32_t ids_section;	 /* .BTF_ids */
	bool has_btf;		 /* .BTF was read */
	bool has_distilled;	 /* .BTF.base was read */
	struct mh_btf btf;
	struct mh_btf_hashes btf_hashes;
	struct mh_btf distilled;
	struct mh_btf_hashes distilled_hashes;
	struct mh_btf_base *distilled_base;
	struct mh_btf_ids ids;
};

/*
 * Take the payload of a module apart and hash its sections.  @data must outlive @canon.
 *
 * MODHASH_E_NOT_ELF; MODHASH_E_ELF, also for bytes that are in no section and not zero;
 * MODHASH_E_NOT_MODULE (not a relocatable file); MODHASH_E_UNSUPPORTED; MODHASH_E_AMBIGUOUS
 * (strict); what mh_btf_open(), mh_btf_hash() and mh_btf_ids_open() return; and
 * MODHASH_E_LIMIT, which is @budget's; it may be NULL.
 */
int mh_canon_open_in(struct mh_canon *canon, struct mh_budget *budget, const uint8_t *data,
		     size_t length, const struct mh_canon_opts *opts, struct mh_hasher *sha256,
		     struct modhash_error *err);
void mh_canon_close(struct mh_canon *canon);

/* Without a limit. */
static inline int mh_canon_open(struct mh_canon *canon, const uint8_t *data, size_t length,
				const struct mh_canon_opts *opts, struct mh_hasher *sha256,
				struct modhash_error *err)
{
	return mh_canon_open_in(canon, NULL, data, length, opts, sha256, err);
}

/*
 * The same in two steps, for who hashes many modules at once: what is left to be hashed are the
 * @digestings messages, by SHA-256, before mh_canon_digest().  @canon must stay where it is.
 */
int mh_canon_begin(struct mh_canon *canon, struct mh_budget *budget, const uint8_t *data,
		   size_t length, const struct mh_canon_opts *opts, struct mh_hasher *sha256,
		   struct modhash_error *err);

/* The canonical digest, by @outer. */
int mh_canon_digest(struct mh_canon *canon, struct mh_hasher *outer, uint8_t *digest,
		    struct modhash_error *err);

/* Read .BTF and .BTF.base alone, without any of the rest; the policy is not looked at. */
int mh_canon_read_btf(struct mh_canon *canon, struct modhash_error *err);

static inline const uint8_t *mh_canon_section_hash(const struct mh_canon *canon, uint32_t index)
{
	return canon->hashes + (size_t)index * 32;
}

/* Is the section one that the policy has its own rule for? */
bool mh_canon_is_btf(const struct mh_canon *canon, uint32_t index);

/*
 * canon-section.c: what is hashed of one section, and of the ELF header.  The first part is
 * appended to the message of @canon, and has no address yet.
 */
int mh_canon_section(struct mh_canon *canon, uint32_t index, struct mh_digesting *digesting,
		     struct modhash_error *err);
int mh_canon_header(struct mh_canon *canon, struct mh_digesting *digesting,
		    struct modhash_error *err);

/* canon-gaps.c: every byte of the file is in one section or header, or zero. */
int mh_canon_gaps(const struct mh_elf_view *view, struct modhash_error *err);

/* Messages are built of these. */
int mh_canon_put32(struct mh_canon *canon, uint32_t value, struct modhash_error *err);
int mh_canon_put(struct mh_canon *canon, const void *data, size_t length,
		 struct modhash_error *err);

#endif /* MH_CANON_H */
