/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A buffer of bytes that grows, and is used again for the next file.
 */
#ifndef MH_BUF_H
#define MH_BUF_H

#include <stddef.h>
#include <stdint.h>

#include <modhash/error.h>

#include "budget.h"

/* Data begin at a multiple of this, so that reads and vector code are aligned. */
#define MH_BUF_ALIGNMENT 64

struct mh_buf {
	uint8_t *data;
	size_t length;
	size_t capacity;
	struct mh_budget *budget; /* what its memory is taken from; or NULL */
};

#define MH_BUF_EMPTY { NULL, 0, 0, NULL }
#define MH_BUF_OF(budget) { NULL, 0, 0, budget }

/* Room for @capacity bytes in all, contents kept.  May move @data. */
int mh_buf_reserve(struct mh_buf *buf, size_t capacity, struct modhash_error *err);

int mh_buf_append(struct mh_buf *buf, const void *data, size_t length,
		  struct modhash_error *err);

int mh_buf_printf(struct mh_buf *buf, struct modhash_error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Its budget stays. */
void mh_buf_free(struct mh_buf *buf);

/* The contents are the caller's from now on, and of no budget. */
struct modhash_buffer;
void mh_buf_hand_out(struct mh_buf *buf, struct modhash_buffer *buffer);

#endif /* MH_BUF_H */
