/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A buffer of bytes that grows, and is used again for the next file.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <modhash/output.h>

#include "buf.h"
#include "checked.h"
#include "fail.h"

/* What malloc() could never give anyway; keeps the arithmetic below away from the edge. */
#define BUF_MAX ((size_t)PTRDIFF_MAX - HUGE_PAGE)

/*
 * Buffers for the largest modules are in huge pages, where those can be had: in small ones, to
 * touch all of a buffer for the first time takes as long as to hash what is then in it.
 * What is left at the end stays in small ones, so that no more memory is taken.
 */
#define HUGE_PAGE ((size_t)2 << 20)

static size_t alignment_of(size_t capacity)
{
	return capacity >= HUGE_PAGE ? HUGE_PAGE : MH_BUF_ALIGNMENT;
}

static void ask_for_huge_pages(void *data, size_t capacity)
{
#ifdef MADV_HUGEPAGE
	if (capacity >= HUGE_PAGE)
		(void)madvise(data, capacity & ~(HUGE_PAGE - 1), MADV_HUGEPAGE);
#else
	(void)data;
	(void)capacity;
#endif
}

/* With what may be lost to alignment. */
static size_t cost(size_t capacity)
{
	return capacity ? capacity + alignment_of(capacity) : 0;
}

/* realloc() keeps no alignment: a new block, then a copy. */
static int buf_move(struct mh_buf *buf, size_t capacity, struct modhash_error *err)
{
	void *data = NULL;
	int ret;

	if (capacity > BUF_MAX)
		return mh_fail_nomem(err);
	capacity = (capacity + MH_BUF_ALIGNMENT - 1) & ~(size_t)(MH_BUF_ALIGNMENT - 1);
	ret = mh_budget_take(buf->budget, cost(capacity), err);
	if (ret)
		return ret;
	if (posix_memalign(&data, alignment_of(capacity), capacity) != 0) {
		mh_budget_give(buf->budget, cost(capacity));
		return mh_fail_nomem(err);
	}
	ask_for_huge_pages(data, capacity);
	if (buf->length)
		memcpy(data, buf->data, buf->length);
	free(buf->data);
	mh_budget_give(buf->budget, cost(buf->capacity));
	buf->data = data;
	buf->capacity = capacity;
	return 0;
}

int mh_buf_reserve(struct mh_buf *buf, size_t capacity, struct modhash_error *err)
{
	if (capacity == 0)
		capacity = 1; /* so that data is never NULL after a success */
	if (capacity <= buf->capacity)
		return 0;
	return buf_move(buf, capacity, err);
}

/* Room for @more bytes behind the contents, growing by doubling. */
static int buf_grow(struct mh_buf *buf, size_t more, struct modhash_error *err)
{
	size_t needed;

	if (!mh_add_size(buf->length, more, &needed) || needed > BUF_MAX)
		return mh_fail_nomem(err);
	if (needed <= buf->capacity)
		return 0;
	if (buf->capacity < BUF_MAX / 2 && needed < buf->capacity * 2)
		needed = buf->capacity * 2;
	return buf_move(buf, needed, err);
}

int mh_buf_append(struct mh_buf *buf, const void *data, size_t length, struct modhash_error *err)
{
	int ret;

	if (length == 0)
		return 0;
	ret = buf_grow(buf, length, err);
	if (ret)
		return ret;
	memcpy(buf->data + buf->length, data, length);
	buf->length += length;
	return 0;
}

int mh_buf_printf(struct mh_buf *buf, struct modhash_error *err, const char *format, ...)
{
	va_list args;
	int length, ret;

	va_start(args, format);
	length = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (length < 0)
		return mh_fail_invalid(err, "text that can't be formatted");
	ret = buf_grow(buf, (size_t)length + 1, err);
	if (ret)
		return ret;
	va_start(args, format);
	vsnprintf((char *)buf->data + buf->length, (size_t)length + 1, format, args);
	va_end(args);
	buf->length += (size_t)length;
	return 0;
}

void mh_buf_hand_out(struct mh_buf *buf, struct modhash_buffer *buffer)
{
	buffer->data = buf->data;
	buffer->length = buf->length;
	buf->data = NULL;
	mh_buf_free(buf);
}

void mh_buf_free(struct mh_buf *buf)
{
	free(buf->data);
	mh_budget_give(buf->budget, cost(buf->capacity));
	buf->data = NULL;
	buf->length = 0;
	buf->capacity = 0;
}
