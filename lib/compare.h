/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: telling two modules apart, part by part.
 */
#ifndef MH_COMPARE_H
#define MH_COMPARE_H

#include <modhash/compare.h>

#include "canon.h"

struct mh_compare {
	struct mh_canon a, b;
	int (*told)(void *user, const struct modhash_difference *difference);
	void *user;
	uint32_t kinds;
	uint32_t failed;   /* which one is being read */
	uint64_t searched; /* sections, for partners */
	uint32_t *matches; /* of a's symbols: which of b is the same, or UINT32_MAX; or NULL */
};

/* One difference; @format yields the detail.  What the caller's function returned. */
int mh_compare_tell(struct mh_compare *compare, uint32_t kind, const char *name,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

/* compare-symbols.c */
int mh_compare_symbols(struct mh_compare *compare, struct modhash_error *err);

/* Are sections of relocations the same but for the numbers of symbols? */
int mh_compare_relocations(struct mh_compare *compare, uint32_t in_a, uint32_t in_b, bool *same,
			   struct modhash_error *err);

/* compare-parts.c */
int mh_compare_modinfo(struct mh_compare *compare, uint32_t a, uint32_t b);

/* compare-types.c */
int mh_compare_types(struct mh_compare *compare, struct modhash_error *err);

#endif /* MH_COMPARE_H */
