/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tool says, to people: errors and notes on stderr, lines on stdout.  All
 * text that comes from files is escaped here.  Errors go into the JSON as well.
 */
#ifndef TOOL_REPORT_H
#define TOOL_REPORT_H

#include "tool.h"

/* The exit status that an error means: a malformed module is a no, all else not told. */
int report_status(int code);

/* "modhash: PATH: offset N: MESSAGE"; @path may be NULL.  Raises the exit status. */
void report_error(struct tool *tool, const char *path, const struct modhash_error *err,
		  int status);

/* The same for what only the tool knows; @format yields the message. */
void report_problem(struct tool *tool, const char *path, int status, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* What is wrong with the command line, and where to read on. */
void report_usage(struct tool *tool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Something worth knowing that is no error; not with --quiet. */
void report_note(struct tool *tool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/*
 * Escaped for one line of a terminal: control characters, backslash and bytes that are
 * not UTF-8 become \xNN.  The caller frees it.
 */
char *report_escape(const char *text);

/* How many bytes at @text are one well-formed UTF-8 character; 0 if they are none. */
size_t report_utf8(const char *text);

/* A line on stdout, escaped as a whole. */
void report_line(struct tool *tool, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "label:   value" on stdout, escaped. */
void report_field(struct tool *tool, const char *label, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Hex digits; @separator may be 0.  The caller frees it. */
char *report_hex(const uint8_t *bytes, size_t length, char separator, bool upper);

#endif /* TOOL_REPORT_H */
