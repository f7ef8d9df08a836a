/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Memory in many small pieces, cut from few large ones.
 */
#include <stdint.h>
#include <stdlib.h>

#include "arena.h"

#define CHUNK ((size_t)64 << 10)
#define ALIGNMENT _Alignof(max_align_t)

struct mh_arena_chunk {
	struct mh_arena_chunk *next;
	size_t size;
	_Alignas(max_align_t) unsigned char memory[];
};

void *mh_arena_take(struct mh_arena *arena, size_t size)
{
	struct mh_arena_chunk *chunk = arena->chunks;
	void *taken;

	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (!chunk || size > arena->left) {
		size_t room = size > CHUNK ? size : CHUNK;

		chunk = malloc(sizeof(*chunk) + room);
		if (!chunk)
			return NULL;
		chunk->next = arena->chunks;
		chunk->size = room;
		arena->chunks = chunk;
		arena->left = room;
	}
	taken = chunk->memory + (chunk->size - arena->left);
	arena->left -= size;
	return taken;
}

/* What is left of the first piece of @from is lost. */
void mh_arena_join(struct mh_arena *to, struct mh_arena *from)
{
	while (from->chunks) {
		struct mh_arena_chunk *chunk = from->chunks, **place = &to->chunks;

		from->chunks = chunk->next;
		/* Behind the one that @to goes on with. */
		if (to->chunks)
			place = &to->chunks->next;
		else
			to->left = 0;
		chunk->next = *place;
		*place = chunk;
	}
	from->left = 0;
}

void mh_arena_rewind(struct mh_arena *arena, const struct mh_arena *then)
{
	while (arena->chunks != then->chunks) {
		struct mh_arena_chunk *next = arena->chunks->next;

		free(arena->chunks);
		arena->chunks = next;
	}
	arena->left = then->left;
}

void mh_arena_free(struct mh_arena *arena)
{
	const struct mh_arena nothing = { NULL, 0 };

	mh_arena_rewind(arena, &nothing);
}
