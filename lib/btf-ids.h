/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: .BTF_ids, the section of a module that holds ids of types.
 *
 * What a word of it is, the symbols say (include/linux/btf_ids.h of the kernel): a slot
 * for one id; a set, which is a count and ids; a set8, which is a count, flags, and
 * pairs of an id and flags.  resolve_btfids fills them in when the module is linked, and
 * sorts the sets by id.
 */
#ifndef MH_BTF_IDS_H
#define MH_BTF_IDS_H

#include <stdbool.h>
#include <stdint.h>

#include <modhash/error.h>

#include "btf.h"
#include "elf-view.h"

struct mh_btf_ids_set {
	uint32_t word;	  /* where it begins */
	uint32_t entries;
	uint32_t each;	  /* words of an entry: 1, or 2 in a set8; as many of its head */
	bool resolved;	  /* filled in and sorted */
};

struct mh_btf_ids {
	const struct mh_elf_view *view;
	uint32_t section;
	uint32_t words;
	uint8_t *ids;	  /* for each word: 1 if it is an id on its own, 2 if one of a set */
	struct mh_btf_ids_set *sets;
	uint32_t set_count;
	uint64_t taken; /* of the view's budget */
};

/* Find the slots.  MODHASH_E_BTF_IDS if a word of it can't be explained. */
int mh_btf_ids_open(struct mh_btf_ids *ids, const struct mh_elf_view *view, uint32_t section,
		    struct modhash_error *err);
void mh_btf_ids_close(struct mh_btf_ids *ids);

uint32_t mh_btf_ids_word(const struct mh_btf_ids *ids, uint32_t word);

/* All ids below @end_id, or MODHASH_E_WRONG_BASE. */
int mh_btf_ids_check(const struct mh_btf_ids *ids, uint32_t end_id, struct modhash_error *err);

/* No id in it, as before resolve_btfids, or MODHASH_E_BTF_IDS; flags of sets may be there. */
int mh_btf_ids_check_empty(const struct mh_btf_ids *ids, struct modhash_error *err);

/*
 * Append the canonical form: ids as hashes of types, sets in the order of these.  Without
 * @btf, ids are left out, and what is left of sets is in the order of the flags.
 */
int mh_btf_ids_put(const struct mh_btf_ids *ids, const struct mh_btf *btf,
		   const uint8_t *hashes, struct mh_buf *message, struct modhash_error *err);

/*
 * Write the section anew at @out, with each id from @first_id on as @renumber[id - first_id]
 * says, and sort the sets again.
 */
int mh_btf_ids_renumber(const struct mh_btf_ids *ids, uint32_t first_id,
			const uint32_t *renumber, uint8_t *out, struct modhash_error *err);

/*
 * Write the section anew at @out without its ids, as it was before they were filled in; but
 * the entries of a set8 that was filled in come in the order of their flags.
 */
int mh_btf_ids_clear(const struct mh_btf_ids *ids, uint8_t *out, struct modhash_error *err);

#endif /* MH_BTF_IDS_H */
