/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A buffer of bytes that grows, and is used again for the next file.
 */
#ifndef MH_BUF_H
#define MH_BUF_H

#include <stddef.h>
#include <stdint.h>

#include <modhash/error.h>

/* Data begin at a multiple of this, so that reads and vector code are aligned. */
#define MH_BUF_ALIGNMENT 64

struct mh_buf {
	uint8_t *data;
	size_t length;
	size_t capacity;
};

#define MH_BUF_EMPTY { NULL, 0, 0 }

/* Room for @capacity bytes in all, contents kept.  May move @data. */
int mh_buf_reserve(struct mh_buf *buf, size_t capacity, struct modhash_error *err);

int mh_buf_append(struct mh_buf *buf, const void *data, size_t length,
		  struct modhash_error *err);

int mh_buf_printf(struct mh_buf *buf, struct modhash_error *err, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void mh_buf_free(struct mh_buf *buf);

#endif /* MH_BUF_H */
