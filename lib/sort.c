/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <string.h>

#include "sort.h"

/* Runs of so many are sorted by insertion. */
#define RUN 8

static void sort_run(uint32_t *items, size_t count, mh_sort_cmp cmp, const void *context)
{
	for (size_t i = 1; i < count; i++) {
		uint32_t item = items[i];
		size_t j = i;

		for (; j > 0 && cmp(context, items[j - 1], item) > 0; j--)
			items[j] = items[j - 1];
		items[j] = item;
	}
}

static void merge(const uint32_t *a, size_t a_count, const uint32_t *b, size_t b_count,
		  uint32_t *out, mh_sort_cmp cmp, const void *context)
{
	while (a_count && b_count) {
		if (cmp(context, *a, *b) <= 0) {
			*out++ = *a++;
			a_count--;
		} else {
			*out++ = *b++;
			b_count--;
		}
	}
	memcpy(out, a, a_count * sizeof(*a));
	memcpy(out + a_count, b, b_count * sizeof(*b));
}

void mh_sort(uint32_t *items, size_t count, uint32_t *scratch, mh_sort_cmp cmp,
	     const void *context)
{
	uint32_t *from = items, *to = scratch, *other;

	for (size_t i = 0; i < count; i += RUN)
		sort_run(items + i, count - i < RUN ? count - i : RUN, cmp, context);

	for (size_t run = RUN; run < count; run *= 2) {
		for (size_t i = 0; i < count; i += 2 * run) {
			size_t a = count - i < run ? count - i : run;
			size_t b = count - i - a < run ? count - i - a : run;

			merge(from + i, a, from + i + a, b, to + i, cmp, context);
		}
		other = from;
		from = to;
		to = other;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
}
