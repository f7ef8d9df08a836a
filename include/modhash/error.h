/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What went wrong, where, and what was expected.  The codes are in codes.h, which
 * is generated from definitions/codes.def.
 */
#ifndef MODHASH_ERROR_H
#define MODHASH_ERROR_H

#include <string.h>

#include <modhash/attributes.h>
#include <modhash/codes.h>

MODHASH_BEGIN_DECLS

/* No byte of a file in particular. */
#define MODHASH_OFFSET_NONE UINT64_MAX

#define MODHASH_ERROR_MESSAGE_MAX 480

/*
 * Zero a structure that leads with @size, and set its @size:
 *
 *	struct modhash_run_opts opts;
 *	MODHASH_INIT(opts);
 */
#define MODHASH_INIT(object)                                  \
	do {                                                  \
		memset(&(object), 0, sizeof(object));         \
		(object).size = (uint32_t)sizeof(object);     \
	} while (0)

/**
 * struct modhash_error - one failure, told whole
 * @code: the MODHASH_E_* that the function returned
 * @sys_errno: the errno behind it, or 0
 * @offset: the byte of the *unpacked* file (or of the compressed one, when it
 *	is the compressed data that is wrong; or of the blob) that is at fault,
 *	or MODHASH_OFFSET_NONE
 * @reserved: zero
 * @message: what was found and what was expected: one line of UTF-8, NUL-terminated,
 *	cut if it is too long.  It has neither the path (the caller knows it) nor
 *	the offset; modhash_error_format() puts all of them together.  Control
 *	characters that came from a file are escaped.
 *
 * The size of this structure is fixed for good: it can be put on the stack.
 *
 * Since: 0.1
 */
struct modhash_error {
	int32_t code;
	int32_t sys_errno;
	uint64_t offset;
	uint64_t reserved[2];
	char message[MODHASH_ERROR_MESSAGE_MAX];
};

/**
 * modhash_strerror() - a short text for a code
 * @code: a MODHASH_E_*
 *
 * Return: a static string, "success" for 0, and "unknown error" for a code that this
 * library does not know; never NULL.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API const char *modhash_strerror(int code);

/**
 * modhash_error_format() - an error as one line for people
 * @err: the error
 * @path: the file's name, put in front with control characters escaped, or NULL
 * @buf: where to write; NUL-terminated if @buf_size is not 0
 * @buf_size: bytes at @buf
 *
 * The form is "PATH: offset N: MESSAGE (errno text)", with what is not known
 * left out.
 *
 * Return: the length of the whole line without its NUL, which is @buf_size or more
 * if it was cut.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API size_t modhash_error_format(const struct modhash_error *err, const char *path,
					char *buf, size_t buf_size);

MODHASH_END_DECLS

#endif /* MODHASH_ERROR_H */
