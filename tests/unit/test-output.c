/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writing files: the new one whole, or the old one as it was.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/xattr.h>

#include <modhash/modhash.h>

#include "scratch.h"

/* Calls of this program that can be made to fail. */
static int fail_fsync_at; /* the so manyth from now on; 0: none */
static bool fail_rename;

int fsync(int fd)
{
	if (fail_fsync_at && --fail_fsync_at == 0) {
		errno = EIO;
		return -1;
	}
	return fcntl(fd, F_GETFD) < 0 ? -1 : 0;
}

static int rename_in(int from_dir, const char *from, int to_dir, const char *to)
{
	ck_assert_int_eq(from_dir, to_dir);
	/* A rename from the working directory is the same to the test. */
	return fchdir(from_dir) == 0 && rename(from, to) == 0 ? 0 : -1;
}

int renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	int ret, here;

	if (fail_rename) {
		errno = EXDEV;
		return -1;
	}
	here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ret = rename_in(from_dir, from, to_dir, to);
	ck_assert_int_eq(fchdir(here), 0);
	close(here);
	return ret;
}

static struct modhash_error err;

static void setup(void)
{
	scratch_make();
	fail_fsync_at = 0;
	fail_rename = false;
	umask(022);
}

static int write_text(const char *path, const char *text)
{
	return modhash_write_file(path, text, strlen(text), &err);
}

static void contains(const char *path, const char *text)
{
	char found[4096];
	FILE *file = fopen(path, "rb");
	size_t length;

	ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
	length = fread(found, 1, sizeof(found) - 1, file);
	fclose(file);
	found[length] = '\0';
	ck_assert_str_eq(found, text);
}

static mode_t mode_of(const char *path)
{
	struct stat status;

	ck_assert_int_eq(lstat(path, &status), 0);
	return status.st_mode & 07777;
}

/* Entries of the working directory: nothing is left behind. */
static int entries(void)
{
	DIR *directory = opendir(".");
	int count = -2; /* . and .. */

	ck_assert_ptr_nonnull(directory);
	while (readdir(directory))
		count++;
	closedir(directory);
	return count;
}

START_TEST(test_new)
{
	ck_assert_int_eq(write_text("new", "contents"), 0);
	contains("new", "contents");
	ck_assert_uint_eq(mode_of("new"), 0644);
	umask(077);
	ck_assert_int_eq(write_text("private", "contents"), 0);
	ck_assert_uint_eq(mode_of("private"), 0600);
	ck_assert_int_eq(modhash_write_file("empty", NULL, 0, NULL), 0);
	contains("empty", "");
	ck_assert_int_eq(mkdir("d", 0755), 0);
	ck_assert_int_eq(write_text("d/new", "below"), 0);
	contains("d/new", "below");
	ck_assert_int_eq(entries(), 4);
}
END_TEST

START_TEST(test_replace)
{
	scratch_text("old", "before");
	ck_assert_int_eq(chmod("old", 0640), 0);
	ck_assert_int_eq(write_text("old", "after"), 0);
	contains("old", "after");
	ck_assert_uint_eq(mode_of("old"), 0640);
	ck_assert_int_eq(chmod("old", 0444), 0);
	ck_assert_int_eq(write_text("old", "again"), 0);
	ck_assert_uint_eq(mode_of("old"), 0444);
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(test_attributes)
{
	char value[16];

	scratch_text("old", "before");
	if (setxattr("old", "user.kept", "yes", 3, 0) != 0) {
		ck_assert_int_eq(errno, ENOTSUP); /* not on this file system */
		return;
	}
	ck_assert_int_eq(write_text("old", "after"), 0);
	ck_assert_int_eq(getxattr("old", "user.kept", value, sizeof(value)), 3);
	/* root alone may set this one; it is of the old contents. */
	if (setxattr("old", "security.ima", "\1hash", 5, 0) != 0)
		return;
	ck_assert_int_eq(write_text("old", "again"), 0);
	ck_assert_int_eq(getxattr("old", "user.kept", value, sizeof(value)), 3);
	ck_assert_int_lt(getxattr("old", "security.ima", value, sizeof(value)), 0);
}
END_TEST

START_TEST(test_owner)
{
	struct stat status;

	if (geteuid() != 0)
		return;
	scratch_text("old", "before");
	ck_assert_int_eq(chown("old", 12345, 23456), 0);
	ck_assert_int_eq(chmod("old", 06750), 0);
	ck_assert_int_eq(write_text("old", "after"), 0);
	ck_assert_int_eq(stat("old", &status), 0);
	ck_assert_uint_eq(status.st_uid, 12345);
	ck_assert_uint_eq(status.st_gid, 23456);
	ck_assert_uint_eq(mode_of("old"), 06750);
}
END_TEST

/* What can't be handed down is not granted to somebody else instead. */
START_TEST(test_other_owner)
{
	struct stat status;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(mkdir("d", 0777), 0);
	ck_assert_int_eq(chmod("d", 0777), 0);
	scratch_text("d/old", "before");
	ck_assert_int_eq(chown("d/old", 12345, 23456), 0);
	ck_assert_int_eq(chmod("d/old", 06774), 0);
	ck_assert_int_eq(chmod(scratch_path, 0755), 0);
	ck_assert_int_eq(setegid(34567), 0);
	ck_assert_int_eq(seteuid(34567), 0);
	ck_assert_int_eq(write_text("d/old", "after"), 0);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_int_eq(setegid(0), 0);
	ck_assert_int_eq(stat("d/old", &status), 0);
	ck_assert_uint_eq(status.st_uid, 34567);
	ck_assert_uint_eq(mode_of("d/old"), 0744);
}
END_TEST

START_TEST(test_links)
{
	struct stat status;

	ck_assert_int_eq(mkdir("d", 0755), 0);
	scratch_text("d/target", "before");
	ck_assert_int_eq(symlink("d/target", "link"), 0);
	ck_assert_int_eq(symlink("../link", "d/back"), 0);
	ck_assert_int_eq(write_text("d/back", "after"), 0);
	contains("d/target", "after");
	ck_assert_int_eq(lstat("link", &status), 0);
	ck_assert(S_ISLNK(status.st_mode));
	ck_assert_int_eq(lstat("d/back", &status), 0);
	ck_assert(S_ISLNK(status.st_mode));

	ck_assert_int_eq(symlink("made", "dangling"), 0);
	ck_assert_int_eq(write_text("dangling", "new"), 0);
	contains("made", "new");
	ck_assert_int_eq(symlink("loop", "loop"), 0);
	ck_assert_int_eq(write_text("loop", "x"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ELOOP);
}
END_TEST

/* A link whose target is longer than the first guess at it, and absolute. */
START_TEST(test_long_link)
{
	char target[1024];
	size_t length = 0;
	int i;

	length = (size_t)snprintf(target, sizeof(target), "%s", scratch_path);
	for (i = 0; i < 200; i++)
		length += (size_t)snprintf(target + length, sizeof(target) - length, "/.");
	snprintf(target + length, sizeof(target) - length, "/far");
	ck_assert_int_eq(symlink(target, "link"), 0);
	ck_assert_int_eq(write_text("link", "there"), 0);
	contains("far", "there");
}
END_TEST

START_TEST(test_types)
{
	ck_assert_int_eq(mkdir("d", 0755), 0);
	ck_assert_int_eq(mkfifo("fifo", 0644), 0);
	ck_assert_int_eq(symlink("/dev/null", "null"), 0);
	ck_assert_int_eq(write_text("d", "x"), MODHASH_E_FILE_TYPE);
	ck_assert_ptr_nonnull(strstr(err.message, "a directory"));
	ck_assert_int_eq(write_text("d/", "x"), MODHASH_E_FILE_TYPE);
	ck_assert_int_eq(write_text("fifo", "x"), MODHASH_E_FILE_TYPE);
	ck_assert_int_eq(write_text("null", "x"), MODHASH_E_FILE_TYPE);
	ck_assert_int_eq(write_text("/dev/full", "x"), MODHASH_E_FILE_TYPE);
	ck_assert_int_eq(write_text("none/", "x"), MODHASH_E_IO);
	ck_assert_int_eq(write_text("none/file", "x"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ENOENT);
	ck_assert_int_eq(write_text("", "x"), MODHASH_E_INVALID);
	ck_assert_int_eq(write_text("/", "x"), MODHASH_E_FILE_TYPE);
	ck_assert_int_eq(modhash_write_file(NULL, "x", 1, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_write_file("f", NULL, 1, &err), MODHASH_E_INVALID);
	scratch_text("file", "x");
	ck_assert_int_eq(write_text("file/below", "x"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ENOTDIR);
	ck_assert_int_eq(entries(), 4);
}
END_TEST

/* What /dev/stdout leads to is an open file, be it a regular one: not replaced. */
START_TEST(test_open_file)
{
	char path[64];
	int fd;

	scratch_text("stdout", "as it was");
	fd = open("stdout", O_WRONLY);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ck_assert_int_eq(write_text(path, "x"), MODHASH_E_FILE_TYPE);
	close(fd);
	contains("stdout", "as it was");
}
END_TEST

static void old_is_whole(int ret, int sys_errno)
{
	ck_assert_int_eq(ret, MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, sys_errno);
	contains("old", "before");
	ck_assert_int_eq(entries(), 1);
}

/* The time of the file replaced; a new one has none to keep. */
START_TEST(test_keep_time)
{
	const struct timespec old[2] = { { 1000000001, 5 }, { 1000000002, 6 } };
	struct modhash_write_opts opts;
	struct stat status;

	MODHASH_INIT(opts);
	opts.flags = MODHASH_WRITE_KEEP_TIME;
	ck_assert_int_eq(modhash_write_file_opts("file", "one", 3, &opts, &err), 0);
	ck_assert_int_eq(utimensat(AT_FDCWD, "file", old, 0), 0);
	ck_assert_int_eq(modhash_write_file_opts("file", "two", 3, &opts, &err), 0);
	contains("file", "two");
	ck_assert_int_eq(stat("file", &status), 0);
	ck_assert_int_eq(status.st_mtim.tv_sec, 1000000002);
	ck_assert_int_eq(status.st_mtim.tv_nsec, 6);
	ck_assert_int_eq(modhash_write_file_opts("file", "three", 5, NULL, &err), 0);
	ck_assert_int_eq(stat("file", &status), 0);
	ck_assert_int_ne(status.st_mtim.tv_sec, 1000000002);
	contains("file", "three");
	opts.flags = 2;
	ck_assert_int_eq(modhash_write_file_opts("file", "four", 4, &opts, &err),
			 MODHASH_E_INVALID);
	opts.size = 0;
	ck_assert_int_eq(modhash_write_file_opts("file", "four", 4, &opts, &err),
			 MODHASH_E_INVALID);
	contains("file", "three");
}
END_TEST

static int write_below(const char *below, const char *path)
{
	struct modhash_write_opts opts;

	MODHASH_INIT(opts);
	opts.below = below;
	return modhash_write_file_opts(path, "new", 3, &opts, &err);
}

/* Behind the directory, no link; up to there, any. */
START_TEST(test_below)
{
	scratch_text("tree/a/b/file", "old");
	scratch_text("precious", "precious");
	ck_assert_int_eq(symlink("tree", "to-tree"), 0);
	ck_assert_int_eq(symlink("../../precious", "tree/a/link"), 0);
	ck_assert_int_eq(symlink("b", "tree/a/to-b"), 0);
	ck_assert_int_eq(write_below("tree", "tree/a/b/file"), 0);
	contains("tree/a/b/file", "new");
	ck_assert_int_eq(write_below("to-tree", "to-tree//a/b//other"), 0);
	contains("tree/a/b/other", "new");
	ck_assert_int_eq(write_below("tree/a/", "tree/a/b/third"), 0);
	contains("tree/a/b/third", "new");
	ck_assert_int_eq(write_below("tree", "tree/a/link"), MODHASH_E_FILE_TYPE);
	ck_assert_ptr_nonnull(strstr(err.message, "a symbolic link"));
	contains("precious", "precious");
	ck_assert_int_eq(write_below("tree", "tree/a/to-b/file"), MODHASH_E_IO);
	ck_assert_int_eq(write_below("tree", "tree/missing/file"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ENOENT);
	ck_assert_int_eq(write_below("missing", "missing/file"), MODHASH_E_IO);
	ck_assert_int_eq(write_below("tree", "other/file"), MODHASH_E_INVALID);
	ck_assert_int_eq(write_below("tree", "tree2"), MODHASH_E_INVALID);
	ck_assert_int_eq(write_below("", "/file"), MODHASH_E_INVALID);
}
END_TEST

/* Links and files of somebody else, where everybody may put some: as the kernel has it. */
START_TEST(test_planted)
{
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(mkdir("sticky", 0755), 0);
	scratch_text("precious", "precious");
	ck_assert_int_eq(symlink("../precious", "sticky/link"), 0);
	scratch_text("sticky/file", "old");
	ck_assert_int_eq(lchown("sticky/link", 12345, 12345), 0);
	ck_assert_int_eq(chown("sticky/file", 12345, 12345), 0);
	ck_assert_int_eq(chmod("sticky", 01777), 0);
	ck_assert_int_eq(write_text("sticky/link", "x"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, EACCES);
	ck_assert_int_eq(write_text("sticky/file", "x"), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, EACCES);
	contains("precious", "precious");
	contains("sticky/file", "old");
	/* Of who owns the directory, it is meant to be there. */
	ck_assert_int_eq(chown("sticky", 12345, 12345), 0);
	ck_assert_int_eq(write_text("sticky/link", "x"), 0);
	ck_assert_int_eq(write_text("sticky/file", "x"), 0);
	contains("precious", "x");
	contains("sticky/file", "x");
	/* Without the sticky bit, whoever may write there can do anything anyway. */
	ck_assert_int_eq(chown("sticky", 0, 0), 0);
	ck_assert_int_eq(chmod("sticky", 0777), 0);
	ck_assert_int_eq(write_text("sticky/link", "y"), 0);
	ck_assert_int_eq(write_text("sticky/file", "y"), 0);
}
END_TEST

START_TEST(test_failures)
{
	static char large[100000];
	const struct rlimit limit = { 50000, RLIM_INFINITY };

	scratch_text("old", "before");
	fail_fsync_at = 1;
	old_is_whole(write_text("old", "after"), EIO);
	fail_rename = true;
	old_is_whole(write_text("old", "after"), EXDEV);
	fail_rename = false;

	/* A disk that is full half-way is much like a file that may grow no more. */
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	old_is_whole(modhash_write_file("old", large, sizeof(large), &err), EFBIG);
	ck_assert_ptr_nonnull(strstr(err.message, "50000 of 100000"));

	fail_fsync_at = 2; /* that of the directory */
	ck_assert_int_eq(write_text("old", "after"), MODHASH_E_IO);
	contains("old", "after");
	ck_assert_int_eq(entries(), 1);
}
END_TEST

START_TEST(test_clear)
{
	struct modhash_buffer buffer = { malloc(10), 10 };

	modhash_buffer_clear(&buffer);
	ck_assert_ptr_null(buffer.data);
	ck_assert_uint_eq(buffer.length, 0);
	modhash_buffer_clear(&buffer);
	modhash_buffer_clear(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("output");
	TCase *tcase = tcase_create("output");

	tcase_add_checked_fixture(tcase, setup, scratch_remove);
	tcase_add_test(tcase, test_new);
	tcase_add_test(tcase, test_replace);
	tcase_add_test(tcase, test_attributes);
	tcase_add_test(tcase, test_owner);
	tcase_add_test(tcase, test_other_owner);
	tcase_add_test(tcase, test_links);
	tcase_add_test(tcase, test_long_link);
	tcase_add_test(tcase, test_types);
	tcase_add_test(tcase, test_open_file);
	tcase_add_test(tcase, test_keep_time);
	tcase_add_test(tcase, test_below);
	tcase_add_test(tcase, test_planted);
	tcase_add_test(tcase, test_failures);
	tcase_add_test(tcase, test_clear);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
