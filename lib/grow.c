/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arrays that grow by doubling.
 */
#include <stdlib.h>

#include "checked.h"
#include "grow.h"

#define CAPACITY_LEAST 64

void *mh_grow(void *array, size_t *capacity, size_t count, size_t size)
{
	size_t wanted = CAPACITY_LEAST, bytes;
	void *larger;

	if (count < *capacity)
		return array;
	if (*capacity && !mh_mul_size(*capacity, 2, &wanted))
		return NULL;
	if (!mh_mul_size(wanted, size, &bytes))
		return NULL;
	larger = realloc(array, bytes);
	if (larger)
		*capacity = wanted;
	return larger;
}
