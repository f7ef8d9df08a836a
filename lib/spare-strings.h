/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The bytes of a string table that nothing refers to.  Where strings are hashed at their
 * users, in place of their offsets, these would go unseen.
 */
#ifndef MH_SPARE_STRINGS_H
#define MH_SPARE_STRINGS_H

#include <stddef.h>
#include <stdint.h>

#include <modhash/error.h>

#include "buf.h"

struct mh_spare {
	const char *strings;
	size_t length;
	uint8_t *marks; /* a bit for each byte: a string that is used begins here */
};

/* @strings end with a NUL if there are any; fewer than 2^32 bytes. */
int mh_spare_init(struct mh_spare *spare, const char *strings, size_t length,
		  struct modhash_error *err);
void mh_spare_mark(struct mh_spare *spare, size_t offset);

/*
 * Append how many runs of unused bytes there are and each in the order of their bytes: u32
 * length, bytes, the NUL that ends them left out.
 */
int mh_spare_put(const struct mh_spare *spare, struct mh_buf *message, struct modhash_error *err);
void mh_spare_free(struct mh_spare *spare);

#endif /* MH_SPARE_STRINGS_H */
