/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How many cache lines of a table a look-up touches: what it costs when nothing of the
 * table is in a cache.
 */
#ifndef COUNT_LINES_H
#define COUNT_LINES_H

#include <stdint.h>

struct line_count {
	unsigned int lines;  /* different lines of 64 bytes, of index and digests */
	unsigned int probes; /* digests that were compared */
	int found;
};

/* @table: a good one, and at a multiple of 64 bytes in memory. */
struct line_count count_lines(const uint8_t *table, uint64_t length, const uint8_t *digest);

#endif /* COUNT_LINES_H */
