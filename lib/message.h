/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Building what is hashed: numbers are little-endian, text has its length in front.
 * Inline, since messages are short and many.
 */
#ifndef MH_MESSAGE_H
#define MH_MESSAGE_H

#include <stdint.h>
#include <string.h>

#include "buf.h"

/* Room for @more bytes behind what is there. */
static inline int mh_message_room(struct mh_buf *message, size_t more, struct modhash_error *err)
{
	if (__builtin_expect(more <= message->capacity - message->length, 1))
		return 0;
	if (more > SIZE_MAX / 2 - message->length)
		return mh_buf_reserve(message, SIZE_MAX, err);
	return mh_buf_reserve(message, (message->length + more) * 2, err);
}

/* These two have the room. */
static inline void mh_message_add32(struct mh_buf *message, uint32_t value)
{
	uint8_t *p = message->data + message->length;

	p[0] = (uint8_t)value;
	p[1] = (uint8_t)(value >> 8);
	p[2] = (uint8_t)(value >> 16);
	p[3] = (uint8_t)(value >> 24);
	message->length += 4;
}

static inline void mh_message_add(struct mh_buf *message, const void *data, size_t length)
{
	memcpy(message->data + message->length, data, length);
	message->length += length;
}

static inline int mh_message_put32(struct mh_buf *message, uint32_t value,
				   struct modhash_error *err)
{
	int ret = mh_message_room(message, 4, err);

	if (ret == 0)
		mh_message_add32(message, value);
	return ret;
}

static inline int mh_message_put64(struct mh_buf *message, uint64_t value,
				   struct modhash_error *err)
{
	int ret = mh_message_room(message, 8, err);

	if (ret == 0) {
		mh_message_add32(message, (uint32_t)value);
		mh_message_add32(message, (uint32_t)(value >> 32));
	}
	return ret;
}

static inline int mh_message_put(struct mh_buf *message, const void *data, size_t length,
				 struct modhash_error *err)
{
	int ret = mh_message_room(message, length, err);

	if (ret == 0 && length)
		mh_message_add(message, data, length);
	return ret;
}

static inline int mh_message_put_text(struct mh_buf *message, const char *text, size_t length,
				      struct modhash_error *err)
{
	int ret = mh_message_put32(message, (uint32_t)length, err);

	return ret < 0 ? ret : mh_message_put(message, text, length, err);
}

/* A new message; @tag has four bytes. */
static inline int mh_message_begin(struct mh_buf *message, const char *tag,
				   struct modhash_error *err)
{
	message->length = 0;
	return mh_message_put(message, tag, 4, err);
}

#endif /* MH_MESSAGE_H */
