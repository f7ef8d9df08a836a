/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: memory in many small pieces, which all go at once.
 */
#ifndef MH_ARENA_H
#define MH_ARENA_H

#include <stddef.h>

struct mh_arena_chunk;

/* Begins as zeroes.  For one thread at a time. */
struct mh_arena {
	struct mh_arena_chunk *chunks;
	size_t left; /* bytes of the first one */
};

/* @size bytes, aligned for any object; NULL if there is no memory. */
void *mh_arena_take(struct mh_arena *arena, size_t size);

/* What was taken since @then was a copy of it goes; nothing may have been joined meanwhile. */
void mh_arena_rewind(struct mh_arena *arena, const struct mh_arena *then);

/* All of @from is @to's; both for one thread. */
void mh_arena_join(struct mh_arena *to, struct mh_arena *from);

void mh_arena_free(struct mh_arena *arena);

#endif /* MH_ARENA_H */
