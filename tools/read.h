/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A file as it is, whole.
 */
#ifndef TOOL_READ_H
#define TOOL_READ_H

#include "tool.h"

/* @length bytes of @fd, from its beginning; 0 or a MODHASH_E_* with @err. */
int read_whole(int fd, uint64_t length, struct modhash_buffer *buffer, struct modhash_error *err);

/* For reading; a FIFO does not block, and a signal that stops nothing does no harm. */
int read_open(const char *path);

/* A regular file, no larger than --max-size; the buffer is freed by the caller. */
int read_file(struct tool *tool, const char *path, struct modhash_buffer *buffer,
	      struct modhash_error *err);

#endif /* TOOL_READ_H */
