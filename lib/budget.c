/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdbool.h>

#include "budget.h"
#include "fail.h"

int mh_budget_fail(const struct mh_budget *budget, uint64_t bytes, struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_LIMIT, MODHASH_OFFSET_NONE,
		       "%" PRIu64 " bytes of memory are needed beside the %zu in use, and the "
		       "limit is %zu",
		       bytes, __atomic_load_n(&budget->used, __ATOMIC_RELAXED), budget->limit);
}

int mh_budget_take(struct mh_budget *budget, uint64_t bytes, struct modhash_error *err)
{
	size_t used;

	if (!budget)
		return 0;
	used = __atomic_load_n(&budget->used, __ATOMIC_RELAXED);
	do {
		if (bytes > budget->limit - used) {
			__atomic_add_fetch(&budget->refusals, 1, __ATOMIC_RELAXED);
			return mh_budget_fail(budget, bytes, err);
		}
	} while (!__atomic_compare_exchange_n(&budget->used, &used, used + (size_t)bytes, true,
					      __ATOMIC_RELAXED, __ATOMIC_RELAXED));
	return 0;
}

void mh_budget_give(struct mh_budget *budget, uint64_t bytes)
{
	if (budget)
		__atomic_sub_fetch(&budget->used, (size_t)bytes, __ATOMIC_RELAXED);
}

size_t mh_budget_refusals(const struct mh_budget *budget)
{
	return budget ? __atomic_load_n(&budget->refusals, __ATOMIC_RELAXED) : 0;
}
