/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Targets without a fuzzer: inputs from files.
 *
 *	replay --list			name, longest input and files covered of each target
 *	replay TARGET PATH...		these files, and those below these directories
 *	replay --all DIR...		those below DIR/TARGET, for all targets
 *	replay --here TARGET FILE	one file in this very process: for afl-fuzz, and debuggers
 *
 * Each target has a process of its own, another one after an input that ended it.  The last
 * line is the count.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fuzz.h"

/* Seconds that one input may take: a sanitizer and a busy machine are slow. */
#define SECONDS_MAX 60

struct paths {
	char **paths;
	size_t count;
};

static unsigned int passed, failed;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* --- files --- */

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_path(struct paths *paths, const char *path)
{
	paths->paths = realloc(paths->paths, (paths->count + 1) * sizeof(*paths->paths));
	if (!paths->paths)
		die(path);
	paths->paths[paths->count] = strdup(path);
	if (!paths->paths[paths->count++])
		die(path);
}

static void find(struct paths *paths, const char *path)
{
	struct dirent *entry;
	struct stat st;
	char below[4096];
	DIR *dir;

	if (stat(path, &st))
		die(path);
	if (!S_ISDIR(st.st_mode)) {
		add_path(paths, path);
		return;
	}
	dir = opendir(path);
	if (!dir)
		die(path);
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.')
			continue;
		if (snprintf(below, sizeof(below), "%s/%s", path, entry->d_name) >=
		    (int)sizeof(below))
			die(path);
		find(paths, below);
	}
	closedir(dir);
}

static void free_paths(struct paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		free(paths->paths[i]);
	free(paths->paths);
}

/* Exactly as long as the file, so that a sanitizer sees who reads on. */
static uint8_t *read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;
	long end;

	if (!file || fseek(file, 0, SEEK_END) || (end = ftell(file)) < 0 ||
	    fseek(file, 0, SEEK_SET))
		die(path);
	*length = (size_t)end;
	data = malloc(*length ? *length : 1);
	if (!data || fread(data, 1, *length, file) != *length)
		die(path);
	fclose(file);
	return data;
}

/* --- running --- */

static void run_file(const struct fuzz_target *target, const char *path)
{
	size_t length;
	uint8_t *data = read_file(path, &length);

	target->run(data, length);
	free(data);
}

/* In a child, from @at on; that is moved on with each, in memory that the parent sees. */
static void run_from(const struct fuzz_target *target, const struct paths *paths,
		     volatile size_t *at)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork");
	if (child == 0) {
		for (; *at < paths->count; ++*at) {
			alarm(SECONDS_MAX);
			run_file(target, paths->paths[*at]);
		}
		/* What a tool for coverage or leaks does at the end is done here. */
		exit(0);
	}
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	if (status == 0)
		return;
	failed++;
	printf("FAIL: %s: %s: %s %d\n", target->name,
	       *at < paths->count ? paths->paths[*at] : "at the end",
	       WIFSIGNALED(status) ? "signal" : "exit",
	       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
	if (*at < paths->count)
		++*at;
}

static void run_target(const struct fuzz_target *target, struct paths *paths)
{
	volatile size_t *at = mmap(NULL, sizeof(*at), PROT_READ | PROT_WRITE,
				   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned int before = failed;

	if (at == MAP_FAILED)
		die("mmap");
	if (paths->count)
		qsort(paths->paths, paths->count, sizeof(*paths->paths), compare);
	*at = 0;
	fflush(NULL);
	while (*at < paths->count) {
		run_from(target, paths, at);
		fflush(NULL);
	}
	passed += (unsigned int)paths->count - (failed - before);
	munmap((void *)at, sizeof(*at));
}

/* For a test of this program: one that fails if the input says so. */
static void fail_if_told(const uint8_t *data, size_t length)
{
	if (length == 5 && !memcmp(data, "abort", 5))
		abort();
	if (length == 4 && !memcmp(data, "hang", 4)) {
		alarm(1);
		for (;;)
			pause();
	}
}

static const struct fuzz_target self_test = { .name = "self-test", .run = fail_if_told };

static const struct fuzz_target *find_target(const char *name)
{
	if (!strcmp(name, self_test.name))
		return &self_test;
	for (size_t i = 0; fuzz_targets[i]; i++) {
		if (!strcmp(fuzz_targets[i]->name, name))
			return fuzz_targets[i];
	}
	fprintf(stderr, "replay: there is no target %s\n", name);
	exit(2);
}

static void run_all(char **dirs)
{
	for (size_t i = 0; fuzz_targets[i]; i++) {
		struct paths paths = { NULL, 0 };
		char path[4096];

		for (char **dir = dirs; *dir; dir++) {
			snprintf(path, sizeof(path), "%s/%s", *dir, fuzz_targets[i]->name);
			if (!access(path, F_OK))
				find(&paths, path);
		}
		run_target(fuzz_targets[i], &paths);
		printf("%s: %zu inputs\n", fuzz_targets[i]->name, paths.count);
		free_paths(&paths);
	}
}

static void list(void)
{
	for (size_t i = 0; fuzz_targets[i]; i++)
		printf("%s %u %s\n", fuzz_targets[i]->name, fuzz_targets[i]->max_length,
		       fuzz_targets[i]->covers);
}

int main(int argc, char **argv)
{
	struct paths paths = { NULL, 0 };

	if (argc == 2 && !strcmp(argv[1], "--list")) {
		list();
		return 0;
	}
	if (argc < 3) {
		fprintf(stderr, "usage: replay --list | TARGET PATH... | --all DIR... | "
				"--here TARGET FILE\n");
		return 2;
	}
	if (argc == 4 && !strcmp(argv[1], "--here")) {
		run_file(find_target(argv[2]), argv[3]);
		return 0;
	}
	if (!strcmp(argv[1], "--all")) {
		run_all(argv + 2);
	} else {
		for (int i = 2; i < argc; i++)
			find(&paths, argv[i]);
		run_target(find_target(argv[1]), &paths);
		free_paths(&paths);
	}
	printf("%u passed, %u failed, 0 skipped\n", passed, failed);
	return failed != 0;
}
