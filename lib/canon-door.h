/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MH_CANON_DOOR_H
#define MH_CANON_DOOR_H

#include <modhash/canon.h>

#include "canon.h"
#include "module.h"

/* Copy a caller's options and check them. */
int mh_canon_opts_in(struct modhash_canon_opts *ours, const struct modhash_canon_opts *theirs,
		     struct modhash_error *err);

/* Take the payload of a module apart; @opts are checked ones. */
int mh_module_canon_open(const struct modhash_module *module,
			 const struct modhash_canon_opts *opts, struct mh_hasher *sha256,
			 struct mh_canon *canon, struct modhash_error *err);

/* The same but for the hashing of sections: see mh_canon_begin(). */
int mh_module_canon_begin(const struct modhash_module *module,
			  const struct modhash_canon_opts *opts, struct mh_hasher *sha256,
			  struct mh_canon *canon, struct modhash_error *err);

/* What was seen: 0, or MODHASH_E_INVALID if @info has no size that fits. */
int mh_canon_info(const struct mh_canon *canon, struct modhash_canon_info *info);

/* The kind of a canonical digest; its bytes are for mh_canon_digest(). */
void mh_canon_digest_kind(int algorithm, struct modhash_digest *digest);

/* As modhash_module_canonical(), with a hasher of @algorithm and options that were checked. */
int mh_module_canonical(const struct modhash_module *module, int algorithm,
			const struct modhash_canon_opts *opts, struct mh_hasher *outer,
			struct modhash_digest *digest, struct modhash_canon_info *info,
			struct modhash_error *err);

#endif /* MH_CANON_DOOR_H */
