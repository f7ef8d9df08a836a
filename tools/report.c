/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "options.h"
#include "progress.h"

int report_status(int code)
{
	switch (code) {
	case MODHASH_E_UNPACK:
	case MODHASH_E_TRAILER:
	case MODHASH_E_PKCS7:
	case MODHASH_E_NOT_ELF:
	case MODHASH_E_ELF:
	case MODHASH_E_PROOF:
	case MODHASH_E_NOT_MODULE:
	case MODHASH_E_BTF:
		return TOOL_NO;
	default:
		return TOOL_NOT_TOLD;
	}
}

static size_t continuation(const unsigned char *text, size_t count)
{
	size_t i;

	for (i = 1; i <= count; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	return count + 1;
}

size_t report_utf8(const char *text)
{
	const unsigned char *c = (const unsigned char *)text;

	if (c[0] < 0x80)
		return 1;
	if (c[0] >= 0xc2 && c[0] <= 0xdf)
		return continuation(c, 1);
	/* No longer form than needed, no surrogates, nothing above U+10FFFF. */
	if ((c[0] == 0xe0 && c[1] < 0xa0) || (c[0] == 0xed && c[1] > 0x9f) ||
	    (c[0] == 0xf0 && c[1] < 0x90) || (c[0] == 0xf4 && c[1] > 0x8f))
		return 0;
	if (c[0] >= 0xe0 && c[0] <= 0xef)
		return continuation(c, 2);
	if (c[0] >= 0xf0 && c[0] <= 0xf4)
		return continuation(c, 3);
	return 0;
}

static bool is_plain(const char *text, size_t length)
{
	unsigned char first = (unsigned char)text[0];

	if (length == 1)
		return first >= 0x20 && first != 0x7f && first != '\\';
	/* U+0080 to U+009F are control characters, too. */
	return length > 2 || (length == 2 && (first != 0xc2 || (unsigned char)text[1] >= 0xa0));
}

char *report_escape(const char *text)
{
	static const char digits[] = "0123456789abcdef";
	char *escaped = tool_alloc(strlen(text) + 1, 4);
	char *out = escaped;

	while (*text) {
		size_t length = report_utf8(text);

		if (is_plain(text, length)) {
			memcpy(out, text, length);
			out += length;
			text += length;
			continue;
		}
		*out++ = '\\';
		*out++ = 'x';
		*out++ = digits[(unsigned char)*text >> 4];
		*out++ = digits[(unsigned char)*text & 15];
		text++;
	}
	*out = '\0';
	return escaped;
}

__attribute__((nonnull(1))) static char *vformat(const char *format, va_list arguments)
{
	va_list again;
	char *text;
	int length;

	va_copy(again, arguments);
	length = vsnprintf(NULL, 0, format, again);
	va_end(again);
	text = tool_alloc((size_t)(length < 0 ? 0 : length) + 1, 1);
	if (length > 0)
		vsnprintf(text, (size_t)length + 1, format, arguments);
	return text;
}

static char *vescaped(const char *format, va_list arguments)
{
	char *text = vformat(format, arguments);
	char *escaped = report_escape(text);

	free(text);
	return escaped;
}

static void say(struct tool *tool, const char *prefix, const char *line)
{
	progress_clear(&tool->progress);
	/* What was printed so far comes first where both go to the same place. */
	fflush(stdout);
	fprintf(stderr, "modhash: %s%s\n", prefix, line);
}

void report_error(struct tool *tool, const char *path, const struct modhash_error *err, int status)
{
	size_t length = modhash_error_format(err, path, NULL, 0);
	char *line;

	/* Told once, at the end. */
	if (err->code == MODHASH_E_STOPPED && tool_stopped()) {
		tool_status(tool, status);
		return;
	}
	line = tool_alloc(length + 1, 1);
	modhash_error_format(err, path, line, length + 1);
	say(tool, "", line);
	free(line);
	if (tool->json)
		json_add_error(tool->json, path, err);
	tool_status(tool, status);
}

/* As much as fits, cut between characters. */
static void set_message(struct modhash_error *err, const char *message)
{
	size_t length = strlen(message);

	if (length >= sizeof(err->message)) {
		length = sizeof(err->message) - 1;
		while (length && ((unsigned char)message[length] & 0xc0) == 0x80)
			length--;
	}
	memcpy(err->message, message, length);
	err->message[length] = '\0';
}

void report_problem(struct tool *tool, const char *path, int status, const char *format, ...)
{
	struct modhash_error err;
	va_list arguments;
	char *message;

	va_start(arguments, format);
	message = vescaped(format, arguments);
	va_end(arguments);
	memset(&err, 0, sizeof(err));
	err.code = MODHASH_E_INVALID;
	err.offset = MODHASH_OFFSET_NONE;
	set_message(&err, message);
	free(message);
	report_error(tool, path, &err, status);
}

void report_usage(struct tool *tool, const char *format, ...)
{
	int verb = tool->options ? tool->options->verb : -1;
	va_list arguments;
	char *message;

	va_start(arguments, format);
	message = vformat(format, arguments);
	va_end(arguments);
	report_problem(tool, NULL, TOOL_NOT_TOLD, "%s", message);
	free(message);
	fprintf(stderr, "Try 'modhash%s%s --help'.\n", verb < 0 ? "" : " ",
		verb < 0 ? "" : tool_verbs[verb].name);
}

void report_note(struct tool *tool, const char *format, ...)
{
	va_list arguments;
	char *note;

	va_start(arguments, format);
	note = vescaped(format, arguments);
	va_end(arguments);
	if (!tool->quiet)
		say(tool, "note: ", note);
	if (tool->json)
		json_add_note(tool->json, note);
	free(note);
}

void report_line(struct tool *tool, const char *format, ...)
{
	va_list arguments;
	char *line;

	va_start(arguments, format);
	line = vescaped(format, arguments);
	va_end(arguments);
	progress_clear(&tool->progress);
	puts(line);
	free(line);
}

void report_field(struct tool *tool, const char *label, const char *format, ...)
{
	va_list arguments;
	char *value;

	va_start(arguments, format);
	value = vescaped(format, arguments);
	va_end(arguments);
	progress_clear(&tool->progress);
	printf("%s:%*s%s\n", label, (int)(strlen(label) < 15 ? 15 - strlen(label) : 1), "", value);
	free(value);
}

char *report_hex(const uint8_t *bytes, size_t length, char separator, bool upper)
{
	const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
	char *hex = tool_alloc(length + 1, 3);
	char *out = hex;
	size_t i;

	for (i = 0; i < length; i++) {
		if (i && separator)
			*out++ = separator;
		*out++ = digits[bytes[i] >> 4];
		*out++ = digits[bytes[i] & 15];
	}
	*out = '\0';
	return hex;
}
