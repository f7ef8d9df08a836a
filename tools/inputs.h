/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a verb is asked about: operands, and lists of names on standard input.
 */
#ifndef TOOL_INPUTS_H
#define TOOL_INPUTS_H

#include <stdio.h>

#include "tool.h"

/* The longest line of a list: what is longer is no list, but might never end. */
#define INPUTS_LINE_MAX 65536

/*
 * The next line, without its end: 1; 0 at the end of the file or when it can't be read
 * (ferror()); -1 if it is too long.  *line is made to fit, and freed by the caller.
 */
int inputs_line(FILE *stream, int end, char **line, size_t *length);

/*
 * Call @each with every operand; "-" stands for the names on standard input.  A return
 * other than 0 ends it and is returned.
 */
int inputs_each(struct tool *tool, int (*each)(struct tool *tool, const char *name, void *user),
		void *user);

/* Files, and the modules below directories. */
struct inputs {
	struct modhash_files *files;
	char *directory; /* the first operand that was a directory, or NULL */
	uint64_t operands;
};

/* False if it had to be given up; what was wrong has been told then. */
bool inputs_gather(struct tool *tool, struct inputs *inputs);
void inputs_free(struct inputs *inputs);

/* Put the files in the order of the build, by --order or the tree's modules.order. */
bool inputs_order(struct tool *tool, struct inputs *inputs,
		  struct modhash_order_report *report);

/* The file that the order is in, or would be; NULL if there is none.  The caller frees it. */
char *inputs_order_path(struct tool *tool, const struct inputs *inputs);

/* Say that there was no order to go by, and why. */
void inputs_note_no_order(struct tool *tool, const struct inputs *inputs);

/* The file at @index, which there is. */
void inputs_get(const struct modhash_files *files, uint64_t index, struct modhash_file *file);

/* "-" as the name of a file means a standard stream. */
bool inputs_is_dash(const char *name);

#endif /* TOOL_INPUTS_H */
