/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verbs that write files anew: many of them --in-place, or one to --output.
 */
#ifndef TOOL_ANEW_H
#define TOOL_ANEW_H

#include "tool.h"
#include "workers.h"

struct anew_file {
	char *path;
	const char *written; /* another file, once nothing but writing it is left */
};

struct anew {
	struct tool *tool;
	const char *output; /* NULL: in place */
	struct anew_file *files;
	size_t count;
};

/*
 * All files that are to be written anew.  False, which is told, if what was asked for can't be:
 * @tells: something is printed on standard output.
 */
bool anew_open(struct tool *tool, bool tells, struct anew *anew);
void anew_close(struct anew *anew);

/* Do the job with each, and tell it. */
void anew_run(const struct anew *anew, const struct workers *workers);

/* Where the file goes; on any thread. */
int anew_write(const struct anew *anew, uint64_t index, const struct modhash_buffer *buffer,
	       struct modhash_error *err);

/* A job failed: say so of the file that it was about. */
void anew_report(const struct anew *anew, uint64_t index, const struct modhash_error *err);

#endif /* TOOL_ANEW_H */
