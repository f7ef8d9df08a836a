/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where a verb's product goes: a file, whole or not at all, or standard output.
 */
#ifndef TOOL_WRITE_H
#define TOOL_WRITE_H

#include "tool.h"

/* @path may be "-".  0 or a MODHASH_E_* with @err. */
int write_output(const char *path, const void *data, uint64_t length, struct modhash_error *err);

/*
 * Before anything is read: could @path be written, as far as can be seen?  A directory
 * that it can be in, and no other thing than a regular file in its place.  "-" can.
 */
int write_check(const char *path, struct modhash_error *err);

/* Fill in @err with MODHASH_E_IO and what happened; @sys_errno may be 0. */
int write_fail(struct modhash_error *err, int sys_errno, const char *message);

/*
 * Write a file that was found below @root: not through symbolic links in there.  NULL: it was
 * named itself.
 */
int write_below(const char *root, const char *path, const struct modhash_buffer *buffer,
		struct modhash_error *err);

/* The same for one beside a file that was found, or that was named: it was not named itself. */
int write_beside(const char *root, const char *path, const struct modhash_buffer *buffer,
		 struct modhash_error *err);

#endif /* TOOL_WRITE_H */
