/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: arrays that grow by doubling.
 */
#ifndef MH_GROW_H
#define MH_GROW_H

#include <stddef.h>

/*
 * @array, with room for one more than the @count members of @size bytes that it has.  NULL, and
 * all is as it was, if there is no memory.
 */
void *mh_grow(void *array, size_t *capacity, size_t count, size_t size);

#endif /* MH_GROW_H */
