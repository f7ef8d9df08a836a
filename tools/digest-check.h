/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lines of digests, as sha256sum writes and reads them.
 */
#ifndef TOOL_DIGEST_CHECK_H
#define TOOL_DIGEST_CHECK_H

#include "tool.h"

/* --algorithm and --scope, or the defaults. */
int digest_algorithm(const struct options *options);
int digest_scope(const struct options *options);

/* The version of the canonical form, if that is the scope. */
int digest_form(const struct options *options);

/*
 * A name as it stands in a line: backslash, newline and carriage return escaped, as sha256sum does;
 * for a terminal, all that it might obey.
 */
char *digest_escape(const char *name, bool terminal);

/*
 * Take a line apart: digits, and the name with its escapes undone, both in @line's
 * memory.  False if it is none.
 */
bool digest_line_parse(char *line, const char **hex, char **name);

/* --check: read lines from the operands, and check the files that they name. */
void digest_check(struct tool *tool);

#endif /* TOOL_DIGEST_CHECK_H */
