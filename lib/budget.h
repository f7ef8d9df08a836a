/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: how much memory there may be for what is made with one context.
 *
 * Whatever grows with what a file says is taken from here before it is allocated, and given
 * back when it is freed.  What is a few bytes for each file is not counted: include/modhash/
 * context.h says what is.
 */
#ifndef MH_BUDGET_H
#define MH_BUDGET_H

#include <stddef.h>
#include <stdint.h>

#include <modhash/error.h>

/* A context's; NULL, wherever one may be given, is no limit. */
struct mh_budget {
	size_t limit;	   /* bytes */
	uint32_t max_types; /* of one BTF */

	/* By all threads at once. */
	size_t used;
	size_t refusals;
};

/* MODHASH_E_LIMIT if there is not so much left. */
int mh_budget_take(struct mh_budget *budget, uint64_t bytes, struct modhash_error *err);
void mh_budget_give(struct mh_budget *budget, uint64_t bytes);

/* MODHASH_E_LIMIT, for who has taken in vain before. */
int mh_budget_fail(const struct mh_budget *budget, uint64_t bytes, struct modhash_error *err);

/* How often it has said no; 0 without one. */
size_t mh_budget_refusals(const struct mh_budget *budget);

/* @count times @each, or what no budget has. */
static inline uint64_t mh_budget_times(uint64_t count, uint64_t each)
{
	uint64_t bytes;

	return __builtin_mul_overflow(count, each, &bytes) ? UINT64_MAX : bytes;
}

#endif /* MH_BUDGET_H */
