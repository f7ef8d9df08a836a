/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading files: regular ones, whole, and unchanged meanwhile.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "scratch.h"
#include "source.h"

/*
 * pread() of this program: what can't be made to happen at the right moment otherwise is
 * made to happen here.
 */
static void (*before_read)(int fd);
static int fail_with; /* the next read fails so */
static size_t read_at_most;

ssize_t pread(int fd, void *data, size_t length, off_t offset)
{
	if (fail_with) {
		errno = fail_with;
		fail_with = 0;
		return -1;
	}
	if (before_read)
		before_read(fd);
	if (read_at_most && length > read_at_most)
		length = read_at_most;
	if (lseek(fd, offset, SEEK_SET) < 0)
		return -1;
	return read(fd, data, length);
}

static struct mh_buf buf;
static struct modhash_error err;

static void setup(void)
{
	scratch_make();
	before_read = NULL;
	fail_with = 0;
	read_at_most = 0;
}

static void teardown(void)
{
	mh_buf_free(&buf);
	scratch_remove();
}

static int read_path(const char *path)
{
	return mh_source_read_path(path, 1 << 20, NULL, &buf, &err);
}

START_TEST(test_regular)
{
	static uint8_t bytes[100000];
	uint8_t *data;
	size_t i;

	for (i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 7);
	scratch_file("a", bytes, sizeof(bytes));
	ck_assert_int_eq(read_path("a"), 0);
	ck_assert_uint_eq(buf.length, sizeof(bytes));
	ck_assert_int_eq(memcmp(buf.data, bytes, sizeof(bytes)), 0);

	/* A shorter one next: the same memory, and no byte of the first. */
	data = buf.data;
	scratch_text("b", "short");
	ck_assert_int_eq(read_path("b"), 0);
	ck_assert_uint_eq(buf.length, 5);
	ck_assert_ptr_eq(buf.data, data);

	scratch_text("empty", "");
	ck_assert_int_eq(read_path("empty"), 0);
	ck_assert_uint_eq(buf.length, 0);
	ck_assert_ptr_nonnull(buf.data);

	/* However little a read gives. */
	read_at_most = 999;
	ck_assert_int_eq(read_path("a"), 0);
	ck_assert_uint_eq(buf.length, sizeof(bytes));
	ck_assert_int_eq(memcmp(buf.data, bytes, sizeof(bytes)), 0);
}
END_TEST

START_TEST(test_limit)
{
	scratch_text("ten", "0123456789");
	ck_assert_int_eq(mh_source_read_path("ten", 10, NULL, &buf, &err), 0);
	ck_assert_int_eq(mh_source_read_path("ten", 9, NULL, &buf, &err), MODHASH_E_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.message, "10 bytes"));
	ck_assert_ptr_nonnull(strstr(err.message, "limit is 9"));
	ck_assert_uint_eq(buf.length, 0);
	ck_assert_int_eq(mh_source_read_path("ten", UINT64_MAX, NULL, &buf, &err), 0);
}
END_TEST

START_TEST(test_types)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "socket" };
	int fd;

	ck_assert_int_eq(read_path("."), MODHASH_E_FILE_TYPE);
	ck_assert_ptr_nonnull(strstr(err.message, "a directory"));
	ck_assert_int_eq(mkfifo("fifo", 0600), 0);
	ck_assert_int_eq(read_path("fifo"), MODHASH_E_FILE_TYPE);
	ck_assert_ptr_nonnull(strstr(err.message, "a FIFO"));
	ck_assert_int_eq(read_path("/dev/null"), MODHASH_E_FILE_TYPE);
	ck_assert_ptr_nonnull(strstr(err.message, "a character device"));

	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	ck_assert_int_eq(read_path("socket"), MODHASH_E_FILE_TYPE);
	ck_assert_ptr_nonnull(strstr(err.message, "a socket"));
	close(fd);
}
END_TEST

START_TEST(test_not_there)
{
	ck_assert_int_eq(read_path("none"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ENOENT);
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_int_eq(read_path("loop"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ELOOP);
	scratch_text("file", "x");
	ck_assert_int_eq(read_path("file/below"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ENOTDIR);
	ck_assert_int_eq(symlink("file", "link"), 0);
	ck_assert_int_eq(read_path("link"), 0);
}
END_TEST

START_TEST(test_descriptor)
{
	int fd;

	scratch_text("a", "contents");
	fd = open("a", O_RDONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(lseek(fd, 5, SEEK_SET), 5);
	ck_assert_int_eq(mh_source_read_fd(fd, 100, NULL, &buf, &err), 0);
	ck_assert_uint_eq(buf.length, 8);
	ck_assert_int_eq(fcntl(fd, F_GETFD), 0); /* still open */
	close(fd);
	ck_assert_int_eq(mh_source_read_fd(fd, 100, NULL, &buf, &err), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, EBADF);
	fd = open("a", O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(mh_source_read_fd(fd, 100, NULL, &buf, &err), MODHASH_E_IO);
	close(fd);
}
END_TEST

/* Files of procfs say that they have no bytes, and have some. */
START_TEST(test_unsized)
{
	ck_assert_int_eq(read_path("/proc/self/status"), 0);
	ck_assert_uint_gt(buf.length, 20);
	ck_assert_int_eq(memcmp(buf.data, "Name:", 5), 0);
	mh_buf_free(&buf);
	ck_assert_int_eq(mh_source_read_path("/proc/self/status", 20, NULL, &buf, &err), MODHASH_E_LIMIT);
	/* Longer than the first guess. */
	ck_assert_int_eq(read_path("/proc/self/smaps"), 0);
	ck_assert_uint_gt(buf.length, 4096);
}
END_TEST

START_TEST(test_read_fails)
{
	scratch_text("a", "contents");
	fail_with = EIO;
	ck_assert_int_eq(read_path("a"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, EIO);
	ck_assert_uint_eq(buf.length, 0);
	fail_with = EINTR;
	ck_assert_int_eq(read_path("a"), 0);
	ck_assert_uint_eq(buf.length, 8);
}
END_TEST

static void append_once(int fd)
{
	int other = open("a", O_WRONLY | O_APPEND);

	(void)fd;
	before_read = NULL;
	ck_assert_int_eq(write(other, "more", 4), 4);
	close(other);
}

static void cut_once(int fd)
{
	(void)fd;
	before_read = NULL;
	ck_assert_int_eq(truncate("a", 3), 0);
}

/* The size is as before, and the modification time is set back, too. */
static void overwrite_once(int fd)
{
	struct stat status;
	struct timespec times[2];
	int other = open("a", O_WRONLY);

	before_read = NULL;
	ck_assert_int_eq(fstat(fd, &status), 0);
	/* The clock of file systems ticks every few milliseconds. */
	ck_assert_int_eq(usleep(30000), 0);
	ck_assert_int_eq(pwrite(other, "C", 1, 0), 1);
	times[0] = status.st_atim;
	times[1] = status.st_mtim;
	ck_assert_int_eq(futimens(other, times), 0);
	close(other);
}

static void append_always(int fd)
{
	append_once(fd);
	before_read = append_always;
}

static void changes_by(void (*change)(int fd))
{
	scratch_text("a", "contents");
	before_read = change;
	ck_assert_int_eq(read_path("a"), MODHASH_E_CHANGED);
	ck_assert_uint_eq(buf.length, 0);
	before_read = NULL;
}

START_TEST(test_changed)
{
	changes_by(append_once);
	changes_by(cut_once);
	changes_by(overwrite_once);
	read_at_most = 1;
	changes_by(append_once);
	changes_by(cut_once);

	/* No more is read of one that grows for ever than it had at first. */
	scratch_text("a", "contents");
	read_at_most = 0;
	changes_by(append_always);
	/* One that does not say how much it has is given up at the limit. */
	scratch_text("a", "");
	before_read = append_always;
	ck_assert_int_eq(mh_source_read_path("a", 50, NULL, &buf, &err), MODHASH_E_LIMIT);
}
END_TEST

START_TEST(test_stop)
{
	int stop = 0;

	scratch_text("a", "contents");
	ck_assert_int_eq(mh_source_read_path("a", 50, &stop, &buf, &err), 0);
	stop = 1;
	ck_assert_int_eq(mh_source_read_path("a", 50, &stop, &buf, &err), MODHASH_E_STOPPED);
	ck_assert_uint_eq(buf.length, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("source");
	TCase *tcase = tcase_create("source");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, test_regular);
	tcase_add_test(tcase, test_limit);
	tcase_add_test(tcase, test_types);
	tcase_add_test(tcase, test_not_there);
	tcase_add_test(tcase, test_descriptor);
	tcase_add_test(tcase, test_unsized);
	tcase_add_test(tcase, test_read_fails);
	tcase_add_test(tcase, test_changed);
	tcase_add_test(tcase, test_stop);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
