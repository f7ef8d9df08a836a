/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What everything is written with: errors in words, buffers, structures with a size.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <modhash/modhash.h>

#include "buf.h"
#include "checked.h"
#include "fail.h"
#include "options.h"
#include "scratch.h"

START_TEST(test_escape)
{
	static const struct {
		const char *text;
		size_t length;
		const char *escaped;
	} cases[] = {
		{ "plain text", 10, "plain text" },
		{ "", 0, "" },
		{ "a\nb\tc\x7f", 6, "a\\x0ab\\x09c\\x7f" },
		{ "\33[31m", 5, "\\x1b[31m" },
		{ "\0", 1, "\\x00" },
		{ "C:\\x", 4, "C:\\x5cx" },
		{ "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7", 9, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xa7" },
		{ "\xc2\x80\xc2\x9f\xc2\xa0", 6, "\\xc2\\x80\\xc2\\x9f\xc2\xa0" },
		/* Not UTF-8: overlong, surrogates, too large, cut, a stray byte. */
		{ "\xc0\xaf", 2, "\\xc0\\xaf" },
		{ "\xe0\x9f\xbf", 3, "\\xe0\\x9f\\xbf" },
		{ "\xed\xa0\x80", 3, "\\xed\\xa0\\x80" },
		{ "\xf0\x8f\xbf\xbf", 4, "\\xf0\\x8f\\xbf\\xbf" },
		{ "\xf4\x90\x80\x80", 4, "\\xf4\\x90\\x80\\x80" },
		{ "\xf8\x88\x80\x80", 4, "\\xf8\\x88\\x80\\x80" },
		{ "\xe2\x82", 2, "\\xe2\\x82" },
		{ "\xe2\x82z", 3, "\\xe2\\x82z" },
		{ "a\x80", 2, "a\\x80" },
	};
	char buf[128];
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t length = mh_escape(buf, sizeof(buf), cases[i].text, cases[i].length);

		ck_assert_str_eq(buf, cases[i].escaped);
		ck_assert_uint_eq(length, strlen(cases[i].escaped));
	}
}
END_TEST

/* Cut between characters, and nothing behind the cut; the length is that of all. */
START_TEST(test_escape_cut)
{
	static const char text[] = "ab\xe2\x82\xac\nz"; /* "ab", euro, "\x0a", "z" */
	static const size_t kept[] = { 0, 1, 2, 2, 2, 5, 5, 5, 5, 9, 10 };
	char buf[16];
	size_t size;

	ck_assert_uint_eq(mh_escape(NULL, 0, text, 7), 10);
	for (size = 1; size <= 11; size++) {
		memset(buf, '!', sizeof(buf));
		ck_assert_uint_eq(mh_escape(buf, size, text, 7), 10);
		ck_assert_uint_eq(strlen(buf), kept[size - 1]);
		ck_assert_int_eq(buf[size], '!');
	}
}
END_TEST

START_TEST(test_fail)
{
	struct modhash_error err;

	memset(&err, 0xff, sizeof(err));
	ck_assert_int_eq(mh_fail(&err, MODHASH_E_ELF, 17, "found %s, expected %d", "\33", 5),
			 MODHASH_E_ELF);
	ck_assert_int_eq(err.code, MODHASH_E_ELF);
	ck_assert_int_eq(err.sys_errno, 0);
	ck_assert_uint_eq(err.offset, 17);
	ck_assert_uint_eq(err.reserved[0] | err.reserved[1], 0);
	ck_assert_str_eq(err.message, "found \\x1b, expected 5");

	ck_assert_int_eq(mh_fail_errno(&err, MODHASH_E_IO, ENOENT, "can't"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ENOENT);
	ck_assert_uint_eq(err.offset, MODHASH_OFFSET_NONE);

	/* What it says before may be part of what it says next. */
	mh_fail(&err, MODHASH_E_IO, 1, "and %s", err.message);
	ck_assert_str_eq(err.message, "and can't");

	ck_assert_int_eq(mh_fail(NULL, MODHASH_E_ELF, 0, "nobody asks"), MODHASH_E_ELF);
	ck_assert_int_eq(mh_fail_errno(NULL, MODHASH_E_IO, 1, "nobody asks"), MODHASH_E_IO);
	ck_assert_int_eq(mh_fail_nomem(&err), MODHASH_E_NOMEM);
	ck_assert_str_eq(err.message, "out of memory");
	ck_assert_int_eq(mh_fail_invalid(&err, "no hat"), MODHASH_E_INVALID);
	ck_assert_str_eq(err.message, "invalid argument: no hat");
}
END_TEST

START_TEST(test_fail_long)
{
	char text[4096];
	struct modhash_error err;

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	mh_fail(&err, MODHASH_E_IO, 0, "%s", text);
	ck_assert_uint_eq(strlen(err.message), sizeof(err.message) - 1);
	memset(text, '\n', sizeof(text) - 1);
	mh_fail(&err, MODHASH_E_IO, 0, "%s", text);
	ck_assert_uint_eq(strlen(err.message), (sizeof(err.message) - 1) / 4 * 4);
}
END_TEST

START_TEST(test_format)
{
	struct modhash_error err;
	char buf[256], small[8];
	size_t length;

	mh_fail(&err, MODHASH_E_TRAILER, 12, "it is odd");
	length = modhash_error_format(&err, "dir/a\nb.ko", buf, sizeof(buf));
	ck_assert_str_eq(buf, "dir/a\\x0ab.ko: offset 12: it is odd");
	ck_assert_uint_eq(length, strlen(buf));
	modhash_error_format(&err, NULL, buf, sizeof(buf));
	ck_assert_str_eq(buf, "offset 12: it is odd");

	mh_fail_errno(&err, MODHASH_E_IO, ENOENT, "can't open");
	modhash_error_format(&err, "f", buf, sizeof(buf));
	ck_assert_str_eq(buf, "f: can't open (No such file or directory)");

	/* Nothing but a code is known. */
	memset(&err, 0, sizeof(err));
	err.code = MODHASH_E_BLOB;
	err.offset = MODHASH_OFFSET_NONE;
	modhash_error_format(&err, "f", buf, sizeof(buf));
	ck_assert_str_eq(buf, "f: malformed blob");
	modhash_error_format(NULL, "f", buf, sizeof(buf));
	ck_assert_str_eq(buf, "f: success");

	mh_fail(&err, MODHASH_E_BLOB, MODHASH_OFFSET_NONE, "1234567\xe2\x82\xac.");
	ck_assert_uint_eq(modhash_error_format(&err, NULL, small, sizeof(small)), 11);
	ck_assert_str_eq(small, "1234567");
	ck_assert_uint_eq(modhash_error_format(&err, NULL, buf, 10), 11);
	ck_assert_str_eq(buf, "1234567"); /* not within a character */
	ck_assert_uint_eq(modhash_error_format(&err, "path", small, sizeof(small)), 17);
	ck_assert_str_eq(small, "path: 1");
	ck_assert_uint_eq(modhash_error_format(&err, "longer path", small, sizeof(small)), 24);
	ck_assert_str_eq(small, "longer ");
	ck_assert_uint_eq(modhash_error_format(&err, NULL, NULL, 0), 11);
}
END_TEST

START_TEST(test_buffer)
{
	struct mh_buf buf = MH_BUF_EMPTY;
	struct modhash_error err;
	uint8_t *data;
	int i;

	ck_assert_int_eq(mh_buf_reserve(&buf, 0, &err), 0);
	ck_assert_ptr_nonnull(buf.data);
	ck_assert_uint_eq((uintptr_t)buf.data % MH_BUF_ALIGNMENT, 0);
	for (i = 0; i < 1000; i++)
		ck_assert_int_eq(mh_buf_append(&buf, "abcdefg", 7, &err), 0);
	ck_assert_int_eq(mh_buf_append(&buf, NULL, 0, &err), 0);
	ck_assert_uint_eq(buf.length, 7000);
	ck_assert_uint_lt(buf.capacity, 16384);
	for (i = 0; i < 7000; i++)
		ck_assert_int_eq(buf.data[i], "abcdefg"[i % 7]);
	ck_assert_uint_eq((uintptr_t)buf.data % MH_BUF_ALIGNMENT, 0);

	/* Memory that is there already is used again. */
	data = buf.data;
	buf.length = 0;
	ck_assert_int_eq(mh_buf_reserve(&buf, 7000, &err), 0);
	ck_assert_ptr_eq(buf.data, data);
	ck_assert_int_eq(mh_buf_printf(&buf, &err, "%d %s", 12, "words"), 0);
	ck_assert_int_eq(mh_buf_printf(&buf, &err, "%s", ""), 0);
	ck_assert_uint_eq(buf.length, 8);
	ck_assert_int_eq(memcmp(buf.data, "12 words", 8), 0);

	ck_assert_int_eq(mh_buf_reserve(&buf, SIZE_MAX, &err), MODHASH_E_NOMEM);
	ck_assert_int_eq(mh_buf_append(&buf, buf.data, SIZE_MAX - 3, &err), MODHASH_E_NOMEM);
	ck_assert_int_eq(err.code, MODHASH_E_NOMEM);
	ck_assert_int_eq(memcmp(buf.data, "12 words", 8), 0);
	mh_buf_free(&buf);
	ck_assert_ptr_null(buf.data);
	mh_buf_free(&buf);
}
END_TEST

struct sized {
	uint32_t size;
	uint32_t a;
	uint64_t b;
};

struct sized_later {
	uint32_t size;
	uint32_t a;
	uint64_t b;
	uint64_t c;
};

START_TEST(test_options_in)
{
	struct sized_later theirs = { sizeof(theirs), 1, 2, 0 };
	struct modhash_error err;
	struct sized ours;

	ck_assert_int_eq(mh_options_in(&ours, sizeof(ours), &theirs, &err), 0);
	ck_assert_uint_eq(ours.a, 1);
	ck_assert_uint_eq(ours.b, 2);
	theirs.c = UINT64_C(1) << 63;
	ck_assert_int_eq(mh_options_in(&ours, sizeof(ours), &theirs, &err), MODHASH_E_INVALID);

	theirs.size = 8; /* older than we are */
	memset(&ours, 0xff, sizeof(ours));
	ck_assert_int_eq(mh_options_in(&ours, sizeof(ours), &theirs, &err), 0);
	ck_assert_uint_eq(ours.a, 1);
	ck_assert_uint_eq(ours.b, 0);
	theirs.size = 3;
	ck_assert_int_eq(mh_options_in(&ours, sizeof(ours), &theirs, &err), MODHASH_E_INVALID);

	memset(&ours, 0xff, sizeof(ours));
	ck_assert_int_eq(mh_options_in(&ours, sizeof(ours), NULL, &err), 0);
	ck_assert_uint_eq(ours.size | ours.a | ours.b, 0);
}
END_TEST

START_TEST(test_result_out)
{
	struct sized ours = { 0, 1, 2 };
	struct sized_later theirs = { sizeof(theirs), 9, 9, 9 };

	ck_assert_int_eq(mh_result_out(&theirs, &ours, sizeof(ours)), 0);
	ck_assert_uint_eq(theirs.size, sizeof(theirs));
	ck_assert_uint_eq(theirs.a, 1);
	ck_assert_uint_eq(theirs.b, 2);
	ck_assert_uint_eq(theirs.c, 0);

	memset(&theirs, 0xff, sizeof(theirs));
	theirs.size = 8;
	ck_assert_int_eq(mh_result_out(&theirs, &ours, sizeof(ours)), 0);
	ck_assert_uint_eq(theirs.a, 1);
	ck_assert_uint_eq(theirs.b, UINT64_MAX); /* not theirs to have */
	theirs.size = 0;
	ck_assert_int_eq(mh_result_out(&theirs, &ours, sizeof(ours)), MODHASH_E_INVALID);
	ck_assert_int_eq(mh_result_out(NULL, &ours, sizeof(ours)), MODHASH_E_INVALID);
}
END_TEST

START_TEST(test_checked)
{
	uint64_t wide;
	size_t size;

	ck_assert(mh_add_u64(UINT64_MAX - 1, 1, &wide) && wide == UINT64_MAX);
	ck_assert(!mh_add_u64(UINT64_MAX, 1, &wide));
	ck_assert(mh_mul_u64(UINT32_MAX, UINT32_MAX, &wide));
	ck_assert(!mh_mul_u64(UINT64_C(1) << 32, UINT64_C(1) << 32, &wide));
	ck_assert(!mh_add_size(SIZE_MAX, 1, &size));
	ck_assert(!mh_mul_size(SIZE_MAX / 2, 3, &size));
	ck_assert(mh_in_range(5, 5, 10) && mh_in_range(10, 0, 10));
	ck_assert(!mh_in_range(5, 6, 10) && !mh_in_range(11, 0, 10));
	ck_assert(!mh_in_range(1, UINT64_MAX, 10));
	ck_assert(mh_align_u64(9, 8, &wide) && wide == 16);
	ck_assert(mh_align_u64(8, 8, &wide) && wide == 8);
	ck_assert(!mh_align_u64(UINT64_MAX - 3, 8, &wide));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fail");
	TCase *tcase = tcase_create("fail");

	tcase_add_test(tcase, test_escape);
	tcase_add_test(tcase, test_escape_cut);
	tcase_add_test(tcase, test_fail);
	tcase_add_test(tcase, test_fail_long);
	tcase_add_test(tcase, test_format);
	tcase_add_test(tcase, test_buffer);
	tcase_add_test(tcase, test_options_in);
	tcase_add_test(tcase, test_result_out);
	tcase_add_test(tcase, test_checked);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
