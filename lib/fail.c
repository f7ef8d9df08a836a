/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Failing with a reason, and that reason as a line for people.
 */
#include <inttypes.h>
#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fail.h"

/*
 * Bytes of the well-formed UTF-8 character at @text (Unicode, table 3-7: nothing
 * overlong, no surrogates), or 0.
 */
static size_t utf8_length(const unsigned char *text, size_t length)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t need, i;

	if (text[0] < 0x80)
		return 1;
	if (text[0] >= 0xc2 && text[0] <= 0xdf)
		need = 2;
	else if ((text[0] & 0xf0) == 0xe0)
		need = 3;
	else if (text[0] >= 0xf0 && text[0] <= 0xf4)
		need = 4;
	else
		return 0;
	if (need > length)
		return 0;
	if (text[0] == 0xe0)
		low = 0xa0;
	else if (text[0] == 0xed)
		high = 0x9f;
	else if (text[0] == 0xf0)
		low = 0x90;
	else if (text[0] == 0xf4)
		high = 0x8f;
	if (text[1] < low || text[1] > high)
		return 0;
	for (i = 2; i < need; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	}
	return need;
}

/* May a terminal be shown this character as it is?  C0, DEL and C1 may not. */
static bool is_printable(const unsigned char *text, size_t length)
{
	if (length == 1)
		return text[0] >= 0x20 && text[0] != 0x7f && text[0] != '\\';
	return !(length == 2 && text[0] == 0xc2 && text[1] < 0xa0);
}

size_t mh_escape(char *buf, size_t buf_size, const char *text, size_t length)
{
	static const char hex[] = "0123456789abcdef";
	const unsigned char *in = (const unsigned char *)text;
	size_t whole = 0, written = 0, i = 0;
	bool cut = buf_size == 0;

	while (i < length) {
		size_t n = utf8_length(in + i, length - i);
		char escaped[4] = { '\\', 'x', hex[in[i] >> 4], hex[in[i] & 15] };
		const char *piece = text + i;
		size_t taken = n;

		if (n == 0 || !is_printable(in + i, n)) {
			piece = escaped;
			n = sizeof(escaped);
			taken = 1;
		}
		/* Cut between characters, and nothing after the cut. */
		if (!cut && n < buf_size - written) {
			memcpy(buf + written, piece, n);
			written += n;
		} else {
			cut = true;
		}
		whole += n;
		i += taken;
	}
	if (buf_size)
		buf[written] = '\0';
	return whole;
}

static int fail_v(struct modhash_error *err, int code, int sys_errno, uint64_t offset,
		  const char *format, va_list args)
{
	char message[2 * MODHASH_ERROR_MESSAGE_MAX];

	if (!err)
		return code;
	/* Formatted first: @args may point into *err. */
	if (vsnprintf(message, sizeof(message), format, args) < 0)
		message[0] = '\0';
	memset(err, 0, sizeof(*err));
	err->code = code;
	err->sys_errno = sys_errno;
	err->offset = offset;
	mh_escape(err->message, sizeof(err->message), message, strlen(message));
	return code;
}

int mh_fail(struct modhash_error *err, int code, uint64_t offset, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fail_v(err, code, 0, offset, format, args);
	va_end(args);
	return code;
}

int mh_fail_errno(struct modhash_error *err, int code, int sys_errno, const char *format, ...)
{
	va_list args;

	/* Whoever it was that had none: the caller can have some set free, and ask again. */
	if (sys_errno == ENOMEM)
		code = MODHASH_E_NOMEM;
	va_start(args, format);
	fail_v(err, code, sys_errno, MODHASH_OFFSET_NONE, format, args);
	va_end(args);
	return code;
}

int mh_fail_nomem(struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_NOMEM, MODHASH_OFFSET_NONE, "out of memory");
}

int mh_fail_invalid(struct modhash_error *err, const char *what)
{
	return mh_fail(err, MODHASH_E_INVALID, MODHASH_OFFSET_NONE, "invalid argument: %s", what);
}

/* A line that is cut when @size is reached and counted on regardless. */
struct line {
	char *buf;
	size_t size;
	size_t length;
};

static void line_add(struct line *line, const char *text)
{
	size_t room = line->length < line->size ? line->size - line->length : 0;
	size_t length = strlen(text), kept = length;

	line->length += length;
	if (room == 0)
		return;
	if (kept >= room) {
		kept = room - 1;
		while (kept && ((unsigned char)text[kept] & 0xc0) == 0x80)
			kept--; /* not within a character */
	}
	memcpy(line->buf + line->length - length, text, kept);
	line->buf[line->length - length + kept] = '\0';
}

static void line_add_escaped(struct line *line, const char *text)
{
	size_t room = line->length < line->size ? line->size - line->length : 0;

	line->length += mh_escape(room ? line->buf + line->length : NULL, room, text,
				  strlen(text));
}

/* The GNU strerror_r() returns the text, the POSIX one fills in the buffer. */
__attribute__((unused)) static const char *errno_text_gnu(const char *text, const char *buf)
{
	(void)buf;
	return text;
}

__attribute__((unused)) static const char *errno_text_posix(int ret, const char *buf)
{
	return ret == 0 ? buf : "unknown errno";
}

#define ERRNO_TEXT(number, buf)                                             \
	_Generic(&strerror_r,                                             \
		int (*)(int, char *, size_t): errno_text_posix,           \
		default: errno_text_gnu)(strerror_r(number, buf, sizeof(buf)), buf)

size_t modhash_error_format(const struct modhash_error *err, const char *path, char *buf,
			    size_t buf_size)
{
	struct line line = { buf, buf ? buf_size : 0, 0 };
	const char *message;
	char text[128];

	if (line.size)
		buf[0] = '\0';
	if (path) {
		line_add_escaped(&line, path);
		line_add(&line, ": ");
	}
	if (err && err->offset != MODHASH_OFFSET_NONE && err->code) {
		snprintf(text, sizeof(text), "offset %" PRIu64 ": ", err->offset);
		line_add(&line, text);
	}
	message = err && err->message[0] ? err->message : modhash_strerror(err ? err->code : 0);
	line_add(&line, message);
	if (err && err->sys_errno) {
		message = ERRNO_TEXT(err->sys_errno, text);
		line_add(&line, " (");
		line_add(&line, message);
		line_add(&line, ")");
	}
	return line.length;
}
