/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For unit tests: a directory of their own, files in it, and running a suite.
 */
#ifndef SCRATCH_H
#define SCRATCH_H

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* Where the test is: its working directory, too. */
static char scratch_path[4096];

static inline void scratch_make(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(scratch_path, sizeof(scratch_path), "%s/modhash-test-XXXXXX",
		 base && *base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(scratch_path));
	ck_assert_int_eq(chdir(scratch_path), 0);
}

/* rm, because it gets at paths of any length. */
static inline void scratch_remove(void)
{
	pid_t child;
	int status;

	ck_assert_int_eq(chdir("/"), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		execlp("rm", "rm", "-rf", "--", scratch_path, (char *)NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}

/* Make the directories of a relative path, and the file itself. */
static inline void scratch_file(const char *path, const void *data, size_t length)
{
	char parent[4096];
	int fd;

	snprintf(parent, sizeof(parent), "%s", path);
	for (char *slash = strchr(parent, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(parent, 0755);
		*slash = '/';
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, length), (ssize_t)length);
	ck_assert_int_eq(close(fd), 0);
}

static inline void scratch_text(const char *path, const char *text)
{
	scratch_file(path, text, strlen(text));
}

/* Run all of a suite; what main() returns. */
static inline int scratch_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif /* SCRATCH_H */
