/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MH_CANON_REWRITE_H
#define MH_CANON_REWRITE_H

#include "canon.h"

/* What a rewrite changed. */
struct mh_canon_changes {
	uint32_t moved; /* types with another number than before */
	bool btf;	/* bytes of .BTF, or all of it */
	bool base;	/* of .BTF.base */
	bool ids;	/* of .BTF_ids */
};

/*
 * Append the file to @out, with its BTF in order, as it is, or left out: as the policy of
 * @canon says.  MODHASH_E_REWRITE, MODHASH_E_AMBIGUOUS, MODHASH_E_TOO_COMPLEX, MODHASH_E_NOMEM.
 */
int mh_canon_rewrite(const struct mh_canon *canon, struct mh_buf *out,
		     struct mh_canon_changes *changes, struct modhash_error *err);

#endif /* MH_CANON_REWRITE_H */
