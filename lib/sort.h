/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A stable sort of indices, in time n log n whatever the input, with a context for the
 * comparison: qsort() has none of the three.
 */
#ifndef MH_SORT_H
#define MH_SORT_H

#include <stddef.h>
#include <stdint.h>

typedef int (*mh_sort_cmp)(const void *context, uint32_t a, uint32_t b);

/* Sort @items; @scratch has room for as many. */
void mh_sort(uint32_t *items, size_t count, uint32_t *scratch, mh_sort_cmp cmp,
	     const void *context);

#endif /* MH_SORT_H */
