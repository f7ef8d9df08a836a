/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of files: what a directory stands for, and the order of a build.  Linked with
 * --wrap for readdir: a file system need not tell what kind an entry is of.
 */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <modhash/modhash.h>

#include "scratch.h"

struct dirent *__real_readdir(DIR *dir);
struct dirent *__real_readdir64(DIR *dir) __attribute__((weak));
struct dirent *__wrap_readdir(DIR *dir);
struct dirent *__wrap_readdir64(DIR *dir);

static bool kinds_untold;
static int stop, stop_in; /* the flag, and how many entries it is until it is set */

static struct dirent *untold(struct dirent *entry)
{
	if (stop_in && !--stop_in)
		stop = 1;
	if (entry && kinds_untold)
		entry->d_type = DT_UNKNOWN;
	return entry;
}

/* Which of the two a program calls depends on the size of its off_t. */
struct dirent *__wrap_readdir(DIR *dir)
{
	return untold(__real_readdir(dir));
}

struct dirent *__wrap_readdir64(DIR *dir)
{
	return untold(__real_readdir64(dir));
}

static struct modhash_ctx *ctx;
static struct modhash_files *files;
static struct modhash_error err;

static void setup(void)
{
	scratch_make();
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
	ck_assert_int_eq(modhash_files_new(ctx, &files, NULL), 0);
}

static void teardown(void)
{
	modhash_files_free(files);
	modhash_ctx_free(ctx);
	scratch_remove();
}

static void add(const char *path)
{
	ck_assert_int_eq(modhash_files_add(files, path, NULL, NULL, &err), 0);
}

static struct modhash_file get(uint64_t index)
{
	struct modhash_file file;

	MODHASH_INIT(file);
	ck_assert_int_eq(modhash_files_get(files, index, &file), 0);
	return file;
}

/* The list is these paths, in this order. */
static void check_paths(const char *const *paths)
{
	uint64_t count = 0;

	for (; paths[count]; count++) {
		ck_assert_uint_lt(count, modhash_files_count(files));
		ck_assert_str_eq(get(count).path, paths[count]);
	}
	ck_assert_uint_eq(modhash_files_count(files), count);
}

#define PATHS(...) check_paths((const char *const[]){ __VA_ARGS__, NULL })

/* --- gathering --- */

START_TEST(test_empty)
{
	struct modhash_file file;

	ck_assert_uint_eq(modhash_files_count(files), 0);
	MODHASH_INIT(file);
	file.path = "left";
	ck_assert_int_eq(modhash_files_get(files, 0, &file), MODHASH_E_NOT_FOUND);
	ck_assert_ptr_null(file.path);
	ck_assert_int_eq(mkdir("empty", 0755), 0);
	add("empty");
	ck_assert_uint_eq(modhash_files_count(files), 0);
	ck_assert_uint_eq(modhash_files_count(NULL), 0);
	modhash_files_free(NULL);
}
END_TEST

/* Once with what readdir() says of kinds, once without. */
START_TEST(test_which_files)
{
	kinds_untold = _i;
	scratch_text("d/a.ko", "");
	scratch_text("d/b.ko.gz", "");
	scratch_text("d/c.ko.xz", "");
	scratch_text("d/d.ko.zst", "");
	scratch_text("d/e.ko.bz2", "");
	scratch_text("d/f.o", "");
	scratch_text("d/g.xz", "");
	scratch_text("d/h.ko.xz.part", "");
	scratch_text("d/modules.dep", "");
	scratch_text("d/ko", "");
	scratch_text("d/x/y/z.ko", "");
	scratch_text("d/directory.ko/inner.ko", "");
	scratch_text("d/.hidden.ko", "");
	ck_assert_int_eq(mkfifo("d/fifo.ko", 0600), 0);
	ck_assert_int_eq(symlink("a.ko", "d/link.ko"), 0);
	ck_assert_int_eq(symlink("x", "d/linked"), 0);
	ck_assert_int_eq(symlink(".", "d/loop"), 0);
	add("d");
	PATHS("d/.hidden.ko", "d/a.ko", "d/b.ko.gz", "d/c.ko.xz", "d/d.ko.zst",
	      "d/directory.ko/inner.ko", "d/x/y/z.ko");
	ck_assert_str_eq(get(1).name, "a.ko");
	ck_assert_str_eq(get(2).name, "b.ko");
	ck_assert_str_eq(get(3).name, "c.ko");
	ck_assert_str_eq(get(4).name, "d.ko");
	ck_assert_str_eq(get(6).name, "x/y/z.ko");
	ck_assert_str_eq(get(6).root, "d");
	ck_assert_uint_eq(get(6).line, MODHASH_NO_LINE);
}
END_TEST

START_TEST(test_byte_order)
{
	/* By bytes, unsigned, of the whole path: '/' is before '0', and '.' before '/'. */
	scratch_text("d/b/a.ko", "");
	scratch_text("d/b.ko", "");
	scratch_text("d/b0.ko", "");
	scratch_text("d/b-.ko", "");
	scratch_text("d/B.ko", "");
	scratch_text("d/b-/a.ko", "");
	scratch_text("d/b0/a.ko", "");
	scratch_text("d/\xc3\xa4.ko", "");
	scratch_text("d/z.ko", "");
	add("d");
	PATHS("d/B.ko", "d/b-.ko", "d/b-/a.ko", "d/b.ko", "d/b/a.ko", "d/b0.ko", "d/b0/a.ko",
	      "d/z.ko", "d/\xc3\xa4.ko");
}
END_TEST

START_TEST(test_joining)
{
	char absolute[PATH_MAX + 2];

	scratch_text("d/e/a.ko.xz", "");
	add("d///");
	ck_assert_str_eq(get(0).path, "d/e/a.ko.xz");
	ck_assert_str_eq(get(0).name, "e/a.ko");
	ck_assert_str_eq(get(0).root, "d");
	add(".");
	ck_assert_str_eq(get(1).path, "./d/e/a.ko.xz");
	ck_assert_str_eq(get(1).name, "d/e/a.ko");
	ck_assert_str_eq(get(1).root, ".");
	snprintf(absolute, sizeof(absolute), "/%s", scratch_path);
	add(absolute);
	ck_assert_str_eq(get(2).name, "d/e/a.ko");
	ck_assert_str_eq(get(2).root, absolute);
}
END_TEST

START_TEST(test_named)
{
	scratch_text("d/a.ko", "");
	ck_assert_int_eq(symlink("d", "link"), 0);
	ck_assert_int_eq(symlink("d/a.ko", "link.ko"), 0);
	/* Taken as it is, whatever it is; that it isn't there is found when it is read. */
	add("d/a.ko");
	add("./nowhere.ko.zst");
	add("notes.txt.gz");
	add("link.ko");
	add("link");
	PATHS("d/a.ko", "./nowhere.ko.zst", "notes.txt.gz", "link.ko", "link/a.ko");
	ck_assert_str_eq(get(0).name, "d/a.ko");
	ck_assert_ptr_null(get(0).root);
	ck_assert_str_eq(get(1).name, "./nowhere.ko");
	ck_assert_str_eq(get(2).name, "notes.txt.gz");
	ck_assert_str_eq(get(4).name, "a.ko");
	ck_assert_str_eq(get(4).root, "link");
}
END_TEST

START_TEST(test_invalid)
{
	struct modhash_files *other = files;
	struct modhash_file file;

	ck_assert_int_eq(modhash_files_add(files, "", NULL, NULL, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_files_add(files, NULL, NULL, NULL, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_files_add(NULL, "a", NULL, NULL, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_files_new(NULL, &other, &err), MODHASH_E_INVALID);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(modhash_files_new(ctx, NULL, &err), MODHASH_E_INVALID);
	add("a.ko");
	memset(&file, 0, sizeof(file));
	ck_assert_int_eq(modhash_files_get(files, 0, &file), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_files_get(files, 0, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_files_get(NULL, 0, &file), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_files_order(NULL, NULL, NULL, &err), MODHASH_E_INVALID);
}
END_TEST

/* --- trouble --- */

struct troubles {
	int count;
	int answer;
	int sys_errno;
	char path[3 * PATH_MAX];
};

static int trouble(void *user, const char *path, const struct modhash_error *error)
{
	struct troubles *troubles = user;

	ck_assert_int_eq(error->code, MODHASH_E_IO);
	ck_assert_ptr_null(strstr(error->message, path));
	troubles->count++;
	troubles->sys_errno = error->sys_errno;
	snprintf(troubles->path, sizeof(troubles->path), "%s", path);
	return troubles->answer;
}

/* A chain of directories, deeper than any path can be; 250 bytes a level. */
static void make_deep(int levels)
{
	char name[251], long_module[254];

	memset(name, 'd', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	snprintf(long_module, sizeof(long_module), "%s.ko", name);
	for (int i = 0; i < levels; i++) {
		scratch_text("a.ko", "");
		scratch_text(long_module, "");
		ck_assert_int_eq(mkdir(name, 0755), 0);
		ck_assert_int_eq(chdir(name), 0);
	}
	scratch_text("bottom.ko", "");
	ck_assert_int_eq(chdir(scratch_path), 0);
}

START_TEST(test_too_deep)
{
	struct troubles troubles = { 0 };
	uint64_t found;

	make_deep(20);
	/* The last directory that can be opened has a module that can't, and a directory. */
	ck_assert_int_eq(modhash_files_add(files, ".", trouble, &troubles, &err), 0);
	ck_assert_int_eq(troubles.count, 2);
	ck_assert_int_eq(troubles.sys_errno, ENAMETOOLONG);
	ck_assert_uint_ge(strlen(troubles.path), PATH_MAX - 6);
	found = modhash_files_count(files);
	ck_assert_uint_ge(found, PATH_MAX / 251);
	for (uint64_t i = 0; i < found; i++)
		ck_assert_int_eq(access(get(i).path, R_OK), 0);

	troubles.answer = -77;
	ck_assert_int_eq(modhash_files_add(files, ".", trouble, &troubles, &err), -77);
	ck_assert_int_eq(err.code, -77);
	ck_assert_int_eq(err.sys_errno, ENAMETOOLONG);
	ck_assert_uint_eq(modhash_files_count(files), found);

	ck_assert_int_eq(modhash_files_add(files, ".", NULL, NULL, &err), MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ENAMETOOLONG);
	ck_assert_ptr_nonnull(strstr(err.message, "./ddd"));
	ck_assert_uint_eq(modhash_files_count(files), found);
}
END_TEST

/* More levels than descriptors: one directory is open at a time. */
START_TEST(test_many_levels)
{
	struct rlimit limit;

	for (int i = 0; i < 300; i++) {
		ck_assert_int_eq(mkdir("d", 0755), 0);
		ck_assert_int_eq(chdir("d"), 0);
	}
	scratch_text("bottom.ko", "");
	ck_assert_int_eq(chdir(scratch_path), 0);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 64;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	add("d");
	ck_assert_uint_eq(modhash_files_count(files), 1);
	ck_assert_int_eq(access(get(0).path, R_OK), 0);
}
END_TEST

/* Whatever it is at when it is told to stop, it ends there, and the list is as it was. */
START_TEST(test_stopped)
{
	struct modhash_files *stoppable;
	struct modhash_ctx_opts opts;
	struct modhash_ctx *with_stop;
	int entries;

	for (int i = 0; i < 10; i++) {
		char name[32];

		snprintf(name, sizeof(name), "tree/%d/%d.ko", i, i);
		scratch_text(name, "");
	}
	scratch_text("a.ko", "");
	scratch_text("order", "a.ko\n");
	MODHASH_INIT(opts);
	opts.stop = &stop;
	ck_assert_int_eq(modhash_ctx_new(&opts, &with_stop, NULL), 0);
	ck_assert_int_eq(modhash_files_new(with_stop, &stoppable, NULL), 0);
	ck_assert_int_eq(modhash_files_add(stoppable, "a.ko", NULL, NULL, &err), 0);
	/* 13 in the tree itself, as the end is one, too; and 4 in each of the others. */
	for (entries = 1; entries <= 13 + 10 * 4; entries++) {
		stop_in = entries;
		ck_assert_int_eq(modhash_files_add(stoppable, "tree", NULL, NULL, &err),
				 MODHASH_E_STOPPED);
		ck_assert_int_eq(err.code, MODHASH_E_STOPPED);
		ck_assert_int_eq(stop_in, 0);
		ck_assert_uint_eq(modhash_files_count(stoppable), 1);
		stop = 0;
	}
	stop_in = entries;
	ck_assert_int_eq(modhash_files_add(stoppable, "tree", NULL, NULL, &err), 0);
	ck_assert_int_eq(stop_in, 1);
	ck_assert_uint_eq(modhash_files_count(stoppable), 11);
	stop_in = 0;
	/* One that is named is not looked for; an order is read. */
	stop = 1;
	ck_assert_int_eq(modhash_files_add(stoppable, "a.ko", NULL, NULL, &err), 0);
	ck_assert_int_eq(modhash_files_order(stoppable, "order", NULL, &err), MODHASH_E_STOPPED);
	stop = 0;
	modhash_files_free(stoppable);
	modhash_ctx_free(with_stop);
}
END_TEST

/* A directory that can't be opened: no descriptor is left. */
START_TEST(test_cannot_open)
{
	struct troubles troubles = { 0 };
	struct rlimit limit, none;

	scratch_text("tree/a.ko", "");
	add("tree/a.ko");
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	none = limit;
	none.rlim_cur = 0;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
	ck_assert_int_eq(modhash_files_add(files, "tree", trouble, &troubles, &err), 0);
	ck_assert_int_eq(modhash_files_add(files, "tree", NULL, NULL, &err), MODHASH_E_IO);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(troubles.count, 1);
	ck_assert_int_eq(troubles.sys_errno, EMFILE);
	ck_assert_str_eq(troubles.path, "tree");
	ck_assert_int_eq(err.sys_errno, EMFILE);
	ck_assert_uint_eq(modhash_files_count(files), 1);
}
END_TEST

/* --- order --- */

static struct modhash_order_report order(const char *path)
{
	struct modhash_order_report report;

	MODHASH_INIT(report);
	ck_assert_msg(modhash_files_order(files, path, &report, &err) == 0, "%s", err.message);
	return report;
}

static void check_report(struct modhash_order_report report, uint32_t source, uint64_t lines,
			 uint64_t missing, uint64_t extra)
{
	ck_assert_uint_eq(report.source, source);
	ck_assert_uint_eq(report.lines, lines);
	ck_assert_uint_eq(report.missing, missing);
	ck_assert_uint_eq(report.extra, extra);
}

static void check_line(uint64_t line, const char *name, uint64_t index)
{
	const char *found;
	uint64_t at;

	ck_assert_int_eq(modhash_files_line(files, line, &found, &at), 0);
	ck_assert_str_eq(found, name);
	ck_assert_uint_eq(at, index);
}

START_TEST(test_tree_order)
{
	scratch_text("t/kernel/a.ko", "");
	scratch_text("t/kernel/b.ko.xz", "");
	scratch_text("t/kernel/c/c.ko.zst", "");
	scratch_text("t/kernel/d.ko.gz", "");
	scratch_text("t/modules.order", "kernel/c/c.ko\nkernel/d.o\n./kernel/a.ko\nkernel/b.ko\n");
	add("t/");
	check_report(order(NULL), MODHASH_ORDER_TREE, 4, 0, 0);
	PATHS("t/kernel/c/c.ko.zst", "t/kernel/d.ko.gz", "t/kernel/a.ko", "t/kernel/b.ko.xz");
	for (uint32_t i = 0; i < 4; i++)
		ck_assert_uint_eq(get(i).line, i);
	check_line(0, "kernel/c/c.ko", 0);
	check_line(1, "kernel/d.ko", 1);
	check_line(2, "kernel/a.ko", 2);
	check_line(3, "kernel/b.ko", 3);
}
END_TEST

START_TEST(test_missing_and_extra)
{
	const char *name;
	uint64_t index;

	scratch_text("t/z.ko", "");
	scratch_text("t/b.ko", "");
	scratch_text("t/y.ko.xz", "");
	scratch_text("t/a.ko", "");
	/* Empty lines, one twice, and no newline at the end. */
	scratch_text("order", "\nb.ko\n\ngone.ko\nb.o\n./b.ko\na.ko");
	add("t");
	check_report(order("order"), MODHASH_ORDER_GIVEN, 3, 1, 2);
	PATHS("t/b.ko", "t/a.ko", "t/y.ko.xz", "t/z.ko");
	ck_assert_uint_eq(get(0).line, 0);
	ck_assert_uint_eq(get(1).line, 2);
	ck_assert_uint_eq(get(2).line, MODHASH_NO_LINE);
	check_line(0, "b.ko", 0);
	check_line(1, "gone.ko", UINT64_MAX);
	check_line(2, "a.ko", 1);
	ck_assert_int_eq(modhash_files_line(files, 3, &name, &index), MODHASH_E_NOT_FOUND);
	ck_assert_ptr_null(name);
	ck_assert_uint_eq(index, UINT64_MAX);
	ck_assert_int_eq(modhash_files_line(files, 0, NULL, &index), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_files_line(files, 0, &name, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_files_line(NULL, 0, &name, &index), MODHASH_E_INVALID);
}
END_TEST

START_TEST(test_names_are_exact)
{
	scratch_text("t/a-b.ko", "");
	scratch_text("t/k/c.ko", "");
	scratch_text("order", "a_b.ko\nc.ko\nt/a-b.ko\n");
	add("t");
	check_report(order("order"), MODHASH_ORDER_GIVEN, 3, 3, 2);
}
END_TEST

START_TEST(test_no_order)
{
	const char *name;
	uint64_t index;

	scratch_text("b/a.ko", "");
	scratch_text("a/b.ko", "");
	add("b");
	add("a");
	PATHS("b/a.ko", "a/b.ko");
	check_report(order(NULL), MODHASH_ORDER_PATHS, 0, 0, 0);
	PATHS("a/b.ko", "b/a.ko");
	ck_assert_int_eq(modhash_files_line(files, 0, &name, &index), MODHASH_E_NOT_FOUND);
}
END_TEST

/* A tree's own order counts only if the tree is all that there is. */
START_TEST(test_tree_order_alone)
{
	scratch_text("t/a.ko", "");
	scratch_text("t/b.ko", "");
	scratch_text("t/modules.order", "b.ko\na.ko\n");
	scratch_text("x.ko", "");
	add("t");
	check_report(order(NULL), MODHASH_ORDER_TREE, 2, 0, 0);
	PATHS("t/b.ko", "t/a.ko");
	add("x.ko");
	check_report(order(NULL), MODHASH_ORDER_PATHS, 0, 0, 0);
	PATHS("t/a.ko", "t/b.ko", "x.ko");
	ck_assert_uint_eq(get(0).line, MODHASH_NO_LINE);
	/* Named, it is applied all the same; each root is matched from its own beginning. */
	check_report(order("t/modules.order"), MODHASH_ORDER_GIVEN, 2, 0, 1);
	PATHS("t/b.ko", "t/a.ko", "x.ko");
}
END_TEST

START_TEST(test_several_roots)
{
	scratch_text("one/a.ko", "");
	scratch_text("two/b.ko", "");
	scratch_text("order", "b.ko\na.ko\n");
	add("one");
	add("two");
	check_report(order("order"), MODHASH_ORDER_GIVEN, 2, 0, 0);
	PATHS("two/b.ko", "one/a.ko");
}
END_TEST

START_TEST(test_named_files_by_their_end)
{
	scratch_text("order", "kernel/fs/a.ko\nfs/a.ko\nkernel/b.ko\nkernel/c.ko\nd.ko\n");
	add("/lib/modules/x/kernel/fs/a.ko.xz"); /* the longest entry that it ends with */
	add("/elsewhere/fs/a.ko");
	add("./b.ko");	   /* the one entry that ends with it */
	add("other/c.ko"); /* neither */
	add("xd.ko");	   /* not at a '/' */
	add("b//d.ko");
	check_report(order("order"), MODHASH_ORDER_GIVEN, 5, 1, 2);
	PATHS("/lib/modules/x/kernel/fs/a.ko.xz", "/elsewhere/fs/a.ko", "./b.ko", "b//d.ko",
	      "other/c.ko", "xd.ko");
	check_line(3, "kernel/c.ko", UINT64_MAX);
	check_line(4, "d.ko", 3);
}
END_TEST

static void order_fails(const char *path, int code)
{
	struct modhash_order_report report;

	MODHASH_INIT(report);
	memset(&err, 0, sizeof(err));
	ck_assert_int_eq(modhash_files_order(files, path, &report, &err), code);
	ck_assert_int_eq(err.code, code);
}

START_TEST(test_ambiguous)
{
	scratch_text("order", "x/a.ko\ny/a.ko\nz/xa.ko\n");
	add("b.ko");
	add("a.ko");
	order_fails("order", MODHASH_E_ORDER);
	ck_assert_ptr_nonnull(strstr(err.message, "a.ko"));
	PATHS("b.ko", "a.ko");
	/* With more of its path it is clear. */
	scratch_text("order", "x/a.ko\ny/a.ko\nk/y/b.ko\n");
	modhash_files_free(files);
	ck_assert_int_eq(modhash_files_new(ctx, &files, NULL), 0);
	add("y/a.ko");
	check_report(order("order"), MODHASH_ORDER_GIVEN, 3, 2, 0);
	check_line(1, "y/a.ko", 0);
}
END_TEST

START_TEST(test_two_files_for_a_line)
{
	scratch_text("t/b.ko", "");
	scratch_text("t/a.ko", "");
	scratch_text("t/a.ko.xz", "");
	scratch_text("t/modules.order", "b.ko\na.ko\n");
	add("t");
	order_fails(NULL, MODHASH_E_ORDER);
	ck_assert_ptr_nonnull(strstr(err.message, "t/a.ko.xz"));
	/* As it was. */
	PATHS("t/a.ko", "t/a.ko.xz", "t/b.ko");
	ck_assert_uint_eq(get(2).line, MODHASH_NO_LINE);
}
END_TEST

static const struct {
	const char *text;
	size_t length;
	uint64_t offset;
} malformed[] = {
	{ "a.ko\n/b.ko\n", 11, 5 }, { "a.ko\nb\n", 7, 5 },    { "a.ko\nb.ko.xz\n", 13, 5 },
	{ "a.ko\r\n", 6, 0 },	    { "a.ko\n.ko\n", 9, 5 },  { "a.ko\n.o", 7, 5 },
	{ "a.ko\nx/.ko\n", 11, 5 }, { "./.ko\n", 6, 0 },      { "a\0b.ko\n", 7, 0 },
	{ "\n\n\n \n", 5, 3 },	    { "# comment\n", 10, 0 },
};

START_TEST(test_malformed)
{
	scratch_text("t/a.ko", "");
	scratch_file("t/modules.order", malformed[_i].text, malformed[_i].length);
	add("t");
	order_fails(NULL, MODHASH_E_ORDER);
	ck_assert_uint_eq(err.offset, malformed[_i].offset);
	order_fails("t/modules.order", MODHASH_E_ORDER);
	PATHS("t/a.ko");
}
END_TEST

START_TEST(test_empty_order)
{
	scratch_text("t/a.ko", "");
	scratch_text("t/modules.order", "");
	add("t");
	check_report(order(NULL), MODHASH_ORDER_TREE, 0, 0, 1);
}
END_TEST

START_TEST(test_order_not_readable)
{
	scratch_text("t/a.ko", "");
	add("t");
	order_fails("nowhere", MODHASH_E_IO);
	ck_assert_int_eq(err.sys_errno, ENOENT);
	order_fails("t", MODHASH_E_FILE_TYPE);
	ck_assert_int_eq(mkdir("t/modules.order", 0755), 0);
	order_fails(NULL, MODHASH_E_FILE_TYPE);
	ck_assert_int_eq(rmdir("t/modules.order"), 0);
	check_report(order(NULL), MODHASH_ORDER_PATHS, 0, 0, 0);
}
END_TEST

START_TEST(test_order_too_long)
{
	struct modhash_ctx_opts opts;
	struct modhash_ctx *small;
	struct modhash_files *list;

	scratch_text("order", "kernel/a.ko\n");
	MODHASH_INIT(opts);
	opts.max_unpacked = 5;
	ck_assert_int_eq(modhash_ctx_new(&opts, &small, NULL), 0);
	ck_assert_int_eq(modhash_files_new(small, &list, NULL), 0);
	ck_assert_int_eq(modhash_files_order(list, "order", NULL, &err), MODHASH_E_LIMIT);
	modhash_files_free(list);
	modhash_ctx_free(small);

	ck_assert_int_eq(truncate("order", (off_t)(64 << 20) + 1), 0);
	order_fails("order", MODHASH_E_LIMIT);
}
END_TEST

START_TEST(test_report_without_size)
{
	struct modhash_order_report report;

	scratch_text("order", "a.ko\n");
	add("b.ko");
	memset(&report, 0, sizeof(report));
	ck_assert_int_eq(modhash_files_order(files, "order", &report, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_files_order(files, "order", NULL, &err), 0);
	check_line(0, "a.ko", UINT64_MAX);
}
END_TEST

START_TEST(test_order_again)
{
	scratch_text("t/a.ko", "");
	scratch_text("t/b.ko", "");
	scratch_text("first", "b.ko\na.ko\n");
	scratch_text("second", "a.ko\nb.ko\nc.ko\n");
	add("t");
	order("first");
	PATHS("t/b.ko", "t/a.ko");
	order("second");
	PATHS("t/a.ko", "t/b.ko");
	check_line(2, "c.ko", UINT64_MAX);
	/* What is added now has no line, and the lines stay. */
	add("c.ko");
	ck_assert_uint_eq(get(2).line, MODHASH_NO_LINE);
	check_line(1, "b.ko", 1);
	check_report(order("second"), MODHASH_ORDER_GIVEN, 3, 0, 0);
	check_line(2, "c.ko", 2);
}
END_TEST

/* Names that differ only at their ends, and very many of them: no square of anything. */
START_TEST(test_very_many)
{
	const int count = 100000;
	FILE *out = fopen("order", "w");
	char path[64];

	ck_assert_ptr_nonnull(out);
	for (int i = count - 1; i >= 0; i--)
		fprintf(out, "kernel/drivers/x%06d/same.ko\n", i);
	ck_assert_int_eq(fclose(out), 0);
	for (int i = 0; i < count; i++) {
		/* By turns: a longer path than the entry, a shorter one, another. */
		if (i % 3 == 0)
			snprintf(path, sizeof(path), "/r/kernel/drivers/x%06d/same.ko", i);
		else if (i % 3 == 1)
			snprintf(path, sizeof(path), "x%06d/same.ko.xz", i);
		else
			snprintf(path, sizeof(path), "y%06d/same.ko", i);
		add(path);
	}
	check_report(order("order"), MODHASH_ORDER_GIVEN, 100000, 33333, 33333);
	ck_assert_str_eq(get(0).name, "/r/kernel/drivers/x099999/same.ko");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("files");
	TCase *gather = tcase_create("gathering");
	TCase *ordering = tcase_create("order");

	tcase_add_checked_fixture(gather, setup, teardown);
	tcase_set_timeout(gather, 60);
	tcase_add_test(gather, test_empty);
	tcase_add_loop_test(gather, test_which_files, 0, 2);
	tcase_add_test(gather, test_byte_order);
	tcase_add_test(gather, test_joining);
	tcase_add_test(gather, test_named);
	tcase_add_test(gather, test_invalid);
	tcase_add_test(gather, test_too_deep);
	tcase_add_test(gather, test_many_levels);
	tcase_add_test(gather, test_stopped);
	tcase_add_test(gather, test_cannot_open);
	suite_add_tcase(suite, gather);

	tcase_add_checked_fixture(ordering, setup, teardown);
	tcase_set_timeout(ordering, 60);
	tcase_add_test(ordering, test_tree_order);
	tcase_add_test(ordering, test_missing_and_extra);
	tcase_add_test(ordering, test_names_are_exact);
	tcase_add_test(ordering, test_no_order);
	tcase_add_test(ordering, test_tree_order_alone);
	tcase_add_test(ordering, test_several_roots);
	tcase_add_test(ordering, test_named_files_by_their_end);
	tcase_add_test(ordering, test_ambiguous);
	tcase_add_test(ordering, test_two_files_for_a_line);
	tcase_add_loop_test(ordering, test_malformed, 0,
			    (int)(sizeof(malformed) / sizeof(malformed[0])));
	tcase_add_test(ordering, test_empty_order);
	tcase_add_test(ordering, test_order_not_readable);
	tcase_add_test(ordering, test_order_too_long);
	tcase_add_test(ordering, test_report_without_size);
	tcase_add_test(ordering, test_order_again);
	tcase_add_test(ordering, test_very_many);
	suite_add_tcase(suite, ordering);
	return scratch_run(suite);
}
