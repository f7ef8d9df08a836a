/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Structures that lead with their size: the one way in and the one way out.
 */
#ifndef MH_OPTIONS_H
#define MH_OPTIONS_H

#include <stddef.h>

#include <modhash/error.h>

/*
 * Copy a caller's options into a zeroed structure of ours.  NULL is all zeroes.  A
 * @size below its own field, or a non-zero byte behind what we know, is
 * MODHASH_E_INVALID.
 */
int mh_options_in(void *ours, size_t our_size, const void *theirs, struct modhash_error *err);

/*
 * Copy a result of ours into a caller's structure as far as it is long, and zero
 * what it has beyond that.  Its @size stays.
 */
int mh_result_out(void *theirs, const void *ours, size_t our_size);

#endif /* MH_OPTIONS_H */
