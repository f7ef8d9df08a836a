/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Failing with a reason: every error message of the library is made here.
 */
#ifndef MH_FAIL_H
#define MH_FAIL_H

#include <stdint.h>

#include <modhash/error.h>

/* Nothing is wrong yet: what zeroes say, without as many of them for each file. */
static inline void mh_error_init(struct modhash_error *err)
{
	err->code = 0;
	err->sys_errno = 0;
	err->offset = 0;
	err->reserved[0] = err->reserved[1] = 0;
	err->message[0] = '\0';
}

/*
 * Fill in @err, if there is one, and return @code.  The message says what was found
 * and what was expected; text from files in it is escaped.
 */
int mh_fail(struct modhash_error *err, int code, uint64_t offset, const char *format, ...)
	__attribute__((format(printf, 4, 5), cold));

/* The same with an errno behind it. */
int mh_fail_errno(struct modhash_error *err, int code, int sys_errno, const char *format, ...)
	__attribute__((format(printf, 4, 5), cold));

/* MODHASH_E_NOMEM and MODHASH_E_INVALID, the two that need no offset. */
int mh_fail_nomem(struct modhash_error *err);
int mh_fail_invalid(struct modhash_error *err, const char *what);

/*
 * Escape @text for one line: control characters, backslash and bytes that are
 * not UTF-8 become \xNN.  NUL-terminates; returns the whole length, cut or not.
 */
size_t mh_escape(char *buf, size_t buf_size, const char *text, size_t length);

#endif /* MH_FAIL_H */
