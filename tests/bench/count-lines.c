/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The look-up itself, compiled once more under other names, with all reading of it
 * led past a counter.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "count-lines.h"

#define mh_core_crc32 counting_crc32
#define mh_core_table_layout counting_table_layout
#define mh_core_table_header_checksum counting_table_header_checksum
#define mh_core_table_open counting_table_open
#define mh_core_table_check counting_table_check
#define mh_core_table_find counting_table_find
#include "core/core.h"

#define LINE 64
#define SEEN_MAX 256

/* A bench and a test have one thread each. */
static const uint8_t *watched, *watched_digests, *watched_end;
static uintptr_t seen[SEEN_MAX];
static unsigned int seen_count;
static int heads;

/* What is read of index and digests, not of the header or of what is looked for. */
static void see(const uint8_t *data, size_t length)
{
	uintptr_t line = (uintptr_t)data / LINE, last = ((uintptr_t)data + length - 1) / LINE;
	unsigned int i;

	if (data < watched || data >= watched_end)
		return;
	heads += data >= watched_digests;
	for (; line <= last; line++) {
		for (i = 0; i < seen_count && seen[i] != line; i++)
			;
		if (i == seen_count && seen_count < SEEN_MAX)
			seen[seen_count++] = line;
	}
}

static uint32_t counting_le32(const uint8_t *data)
{
	see(data, 4);
	return mh_core_le32(data);
}

static uint32_t counting_be32(const uint8_t *data)
{
	see(data, 4);
	return mh_core_be32(data);
}

static int counting_memcmp(const void *a, const void *b, size_t length)
{
	see((const uint8_t *)b + 8, length - 8); /* the head was compared before */
	heads--;
	return memcmp(a, b, length);
}

#define mh_core_le32 counting_le32
#define mh_core_be32 counting_be32
#define memcmp counting_memcmp
#include "core/table.c"
#undef memcmp

struct line_count count_lines(const uint8_t *table, uint64_t length, const uint8_t *digest)
{
	struct line_count count = { 0, 0, 0 };
	struct mh_core_table opened;
	mh_u32 index;

	watched = watched_digests = watched_end = NULL;
	heads = 0;
	if (mh_core_table_open(table, length, &opened))
		return count;
	watched = opened.index;
	watched_digests = opened.digests;
	watched_end = table + opened.total_size;
	seen_count = 0;
	heads = 0;
	count.found = mh_core_table_find(&opened, digest, &index);
	count.lines = seen_count;
	count.probes = (unsigned int)heads / 2; /* a head is two numbers */
	return count;
}
