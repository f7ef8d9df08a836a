/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each call on a file fails once, in each way: faults [--all] BASE WORK OUTPUTS TOOL ARG...
 *
 * The tool is run in WORK, a copy of the directory BASE, once without a fault, so that it is known
 * what it does and which calls it makes, and then once for each of these calls (without --all:
 * for the first and the last of a kind) and each way to fail (without: every other).  Either it
 * does what it does without a fault; or it says what it could not do, names the file, exits with
 * 2, and every file is as it was, but for OUTPUTS, names with commas between: of these each is as
 * before, or as it was to be.  With one output, it is as before.  Nothing else is ever left behind.
 *
 * And it is killed at each of these calls (without --all: at those that change something), and
 * in the middle of each write.  Of OUTPUTS each is as before then, or as it was to be; a new file
 * may be left beside, by the name that the manual tells; and the next run does all that the first
 * was to do.
 *
 * Standard output is a file that may grow to so many bytes and no further, too, and so is every
 * other file.  libfault.so is in $LIBFAULT.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "faults: %s: %s\n", what, strerror(errno));
	exit(99);
}

/* --- directories, in memory --- */

struct entry {
	char *path;
	char *data; /* of a file; where a link leads to; NULL: a directory */
	size_t length;
	mode_t mode;
};

struct tree {
	struct entry *entries;
	size_t count;
};

static char *read_whole(const char *path, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	char *data;
	ssize_t got;

	if (fd < 0 || fstat(fd, &status))
		die(path);
	data = malloc((size_t)status.st_size + 1);
	if (!data)
		die(path);
	got = read(fd, data, (size_t)status.st_size);
	if (got != status.st_size)
		die(path);
	data[got] = '\0';
	*length = (size_t)got;
	close(fd);
	return data;
}

static struct tree *reading;

static int read_entry(const char *path, const struct stat *status, int type, struct FTW *ftw)
{
	struct entry *entry;

	(void)ftw;
	reading->entries = realloc(reading->entries,
				   (reading->count + 1) * sizeof(*reading->entries));
	if (!reading->entries)
		die("memory");
	entry = &reading->entries[reading->count++];
	memset(entry, 0, sizeof(*entry));
	entry->path = strdup(path);
	entry->mode = status->st_mode;
	if (type == FTW_F)
		entry->data = read_whole(path, &entry->length);
	return 0;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(((const struct entry *)a)->path, ((const struct entry *)b)->path);
}

/* Of the working directory. */
static void read_tree(struct tree *tree)
{
	memset(tree, 0, sizeof(*tree));
	reading = tree;
	if (nftw(".", read_entry, 16, FTW_PHYS))
		die("nftw");
	qsort(tree->entries, tree->count, sizeof(*tree->entries), compare_paths);
}

static void free_tree(struct tree *tree)
{
	for (size_t i = 0; i < tree->count; i++) {
		free(tree->entries[i].path);
		free(tree->entries[i].data);
	}
	free(tree->entries);
}

static const struct entry *find(const struct tree *tree, const char *path)
{
	struct entry key = { .path = (char *)path };

	return bsearch(&key, tree->entries, tree->count, sizeof(key), compare_paths);
}

static bool same(const struct entry *a, const struct entry *b)
{
	if (!a || !b)
		return !a && !b;
	return !a->data == !b->data && a->length == b->length && a->mode == b->mode &&
	       (!a->length || !memcmp(a->data, b->data, a->length));
}

static void write_entry(const struct entry *entry)
{
	int fd;

	if (!entry->data) {
		if (mkdir(entry->path, 0755) && errno != EEXIST)
			die(entry->path);
		return;
	}
	fd = open(entry->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, entry->data, entry->length) != (ssize_t)entry->length ||
	    fchmod(fd, entry->mode & 07777) || close(fd))
		die(entry->path);
}

/* Make the working directory what it was; only what differs is written. */
static void restore(const struct tree *base)
{
	struct tree now;

	read_tree(&now);
	for (size_t i = now.count; i > 0; i--) {
		if (!find(base, now.entries[i - 1].path) && remove(now.entries[i - 1].path))
			die(now.entries[i - 1].path);
	}
	for (size_t i = 0; i < base->count; i++) {
		if (!same(&base->entries[i], find(&now, base->entries[i].path)))
			write_entry(&base->entries[i]);
	}
	free_tree(&now);
}

/* --- one run --- */

struct run {
	int status; /* or 128 and the signal */
	char *out, *err;
	size_t out_length, err_length;
	struct tree tree;
};

static char out_path[4096], err_path[4096], log_path[4096];
static char **tool;
static const char *preload;

static void in_child(const char *fault, bool log, rlim_t limit)
{
	int out = open(out_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int err = open(err_path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	int in = open("/dev/null", O_RDONLY);
	struct rlimit most = { limit, limit };

	if (in < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(99);
	close(in);
	close(out);
	close(err);
	if (limit != RLIM_INFINITY) {
		/* What is said of it must fit. */
		if (dup2(open("/dev/null", O_WRONLY), 2) < 0)
			_exit(99);
		signal(SIGXFSZ, SIG_IGN);
		setrlimit(RLIMIT_FSIZE, &most);
	}
	setenv("LD_PRELOAD", preload, 1);
	if (fault)
		setenv("FAULT", fault, 1);
	if (log)
		setenv("FAULT_LOG", log_path, 1);
	execv(tool[0], tool);
	_exit(99);
}

static void run_tool(struct run *run, const char *fault, bool log, rlim_t limit)
{
	pid_t child;
	int status;

	memset(run, 0, sizeof(*run));
	child = fork();
	if (child < 0)
		die("fork");
	if (child == 0)
		in_child(fault, log, limit);
	if (waitpid(child, &status, 0) != child)
		die("waitpid");
	run->status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
	run->out = read_whole(out_path, &run->out_length);
	run->err = read_whole(err_path, &run->err_length);
	read_tree(&run->tree);
}

static void free_run(struct run *run)
{
	free(run->out);
	free(run->err);
	free_tree(&run->tree);
}

/* --- judging --- */

/* How the name of a new file begins till it has its own: 16 hex digits follow. */
#define LEFT ".modhash-"

static unsigned int runs, kills, wrongs;

static void wrong(const char *fault, const char *path, const struct run *run, const char *what,
		  const char *detail)
{
	wrongs++;
	printf("# %s (%s): %s%s; exit %d: %.*s\n", fault, path, what, detail, run->status,
	       (int)strcspn(run->err, "\n"), run->err);
}

static bool is_output(const char *outputs, const char *path)
{
	size_t length = strlen(path + 2);
	const char *at = outputs;

	while (*at) {
		size_t end = strcspn(at, ",");

		if (end == length && !memcmp(at, path + 2, length))
			return true;
		at += end + (at[end] == ',');
	}
	return false;
}

/* What the manual says may be left beside an output by who was killed. */
static bool is_left(const char *outputs, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	size_t directory = (size_t)(name - (path + 2));
	const char *at = outputs;

	if (strlen(name) != strlen(LEFT) + 16 || strncmp(name, LEFT, strlen(LEFT)) != 0 ||
	    strspn(name + strlen(LEFT), "0123456789abcdef") != 16)
		return false;
	while (*at) {
		size_t end = strcspn(at, ",");

		if (end > directory && !memcmp(at, path + 2, directory) &&
		    !memchr(at + directory, '/', end - directory))
			return true;
		at += end + (at[end] == ',');
	}
	return false;
}

/*
 * Every file as it was, or as it was to be; true if one is as it was to be and was not before.
 * One that was @killed may have left a file that was not done.
 */
static bool check_files(const struct tree *base, const struct run *good, const struct run *run,
			const char *outputs, const char *fault, const char *path, bool killed)
{
	bool changed = false;

	for (size_t i = 0; i < run->tree.count; i++) {
		const struct entry *entry = &run->tree.entries[i];
		const struct entry *old = find(base, entry->path);

		if (same(entry, old) || (killed && is_left(outputs, entry->path)))
			continue;
		if (!is_output(outputs, entry->path) || !same(entry, find(&good->tree, entry->path)))
			wrong(fault, path, run, old ? "neither old nor new: " : "left behind: ",
			      entry->path);
		changed = true;
	}
	for (size_t i = 0; i < base->count; i++) {
		if (!find(&run->tree, base->entries[i].path))
			wrong(fault, path, run, "gone: ", base->entries[i].path);
	}
	return changed;
}

static bool all_as_good(const struct run *good, const struct run *run)
{
	if (run->status != good->status || run->out_length != good->out_length ||
	    memcmp(run->out, good->out, run->out_length) != 0 ||
	    run->tree.count != good->tree.count)
		return false;
	for (size_t i = 0; i < run->tree.count; i++) {
		if (!same(&run->tree.entries[i], &good->tree.entries[i]))
			return false;
	}
	return true;
}

/* A new file's name nobody knows: that of what it is to become, then. */
static bool names_file(const struct run *run, const char *path, const char *outputs)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
	char output[256];
	const char *at = outputs;

	if (strncmp(name, LEFT, strlen(LEFT)) && *name && strcmp(name, ".") &&
	    (strstr(run->err, name) || strstr(run->out, name)))
		return true;
	while (*at) { /* of a directory, or a file in it */
		size_t end = strcspn(at, ",");

		snprintf(output, sizeof(output), "%.*s", (int)end, at);
		if (strstr(run->err, output))
			return true;
		at += end + (at[end] == ',');
	}
	return false;
}

static bool must_fail(const char *fault)
{
	return !strncmp(fault, "read:", 5) || !strncmp(fault, "write:", 6) ||
	       !strncmp(fault, "fsync:", 6) || !strncmp(fault, "rename:", 7) ||
	       !strncmp(fault, "create:", 7) || !strncmp(fault, "readdir:", 8) ||
	       !strncmp(fault, "time:", 5);
}

static void judge(const struct tree *base, const struct run *good, const struct run *run,
		  const char *outputs, const char *fault, const char *path, bool harmless)
{
	bool changed;

	if (run->status > 2)
		wrong(fault, path, run, "no exit status of ours", "");
	if (all_as_good(good, run)) {
		if (must_fail(fault) && !harmless)
			wrong(fault, path, run, "nothing was noticed", "");
		return;
	}
	if (harmless) {
		wrong(fault, path, run, "that is to be tried again", "");
		return;
	}
	changed = check_files(base, good, run, outputs, fault, path, false);
	if (run->status != 2)
		wrong(fault, path, run, "another exit status than 2", "");
	if (!names_file(run, path, outputs))
		wrong(fault, path, run, "no file is named", "");
	/* Once it is in place, all that can fail is that the directory is synced. */
	if (changed && !strchr(outputs, ',') && !strstr(run->err, "in place"))
		wrong(fault, path, run, "a failure, and the output is there", "");
}

/* --- all of them --- */

struct call {
	char name[32];
	const char *path;
	int number;
};

static size_t read_calls(char *log, struct call *calls, size_t most)
{
	size_t count = 0;
	char *line;

	for (line = strtok(log, "\n"); line && count < most; line = strtok(NULL, "\n")) {
		struct call *call = &calls[count];
		char *space = strchr(line, ' ');

		if (!space)
			continue;
		*space = '\0';
		snprintf(call->name, sizeof(call->name), "%s", line);
		call->path = space + 1;
		call->number = 1;
		for (size_t i = 0; i < count; i++)
			call->number += !strcmp(calls[i].name, call->name);
		count++;
	}
	return count;
}

static const struct way {
	const char *call;
	const char *kind;
	int number;    /* of kind */
	bool harmless; /* as if it had not been */
} ways[] = {
	{ "read", "EIO", EIO, false },	     { "read", "EINTR", EINTR, true },
	{ "read", "short", 0, true },	     { "write", "ENOSPC", ENOSPC, false },
	{ "write", "EIO", EIO, false },	     { "write", "EDQUOT", EDQUOT, false },
	{ "write", "EINTR", EINTR, true },   { "write", "short", 0, true },
	{ "fsync", "EIO", EIO, false },	     { "fsync", "ENOSPC", ENOSPC, false },
	{ "fsync", "EINTR", EINTR, true },   { "close", "EIO", EIO, false },
	{ "close", "EDQUOT", EDQUOT, false }, { "close", "EINTR", EINTR, true },
	{ "rename", "EIO", EIO, false },     { "rename", "ENOSPC", ENOSPC, false },
	{ "create", "EACCES", EACCES, false }, { "create", "ENOSPC", ENOSPC, false },
	{ "create", "EINTR", EINTR, true },  { "open", "EIO", EIO, false },
	{ "open", "EMFILE", EMFILE, false }, { "open", "EINTR", EINTR, true },
	{ "stat", "EIO", EIO, false },	     { "readlink", "EIO", EIO, false },
	{ "chmod", "EPERM", EPERM, false },  { "readdir", "EIO", EIO, false },
	{ "chown", "EPERM", EPERM, true },   { "time", "EIO", EIO, false },
	{ "opendir", "EMFILE", EMFILE, false }, { "random", "ENOSYS", ENOSYS, false },
	{ "random", "EINTR", EINTR, true },
};

#define CALLS_MAX 4096

static bool is_chosen(const struct call *calls, size_t count, size_t at)
{
	int last = 0;

	for (size_t i = 0; i < count; i++) {
		if (!strcmp(calls[i].name, calls[at].name))
			last = calls[i].number;
	}
	return calls[at].number == 1 || calls[at].number == last;
}

static void each_call(const struct tree *base, const struct run *good, const char *outputs,
		      bool all)
{
	static struct call calls[CALLS_MAX];
	size_t length, count;
	char *log = read_whole(log_path, &length);

	count = read_calls(log, calls, CALLS_MAX);
	if (!count)
		die("the tool makes no calls; is the library loaded?");
	for (size_t i = 0; i < count; i++) {
		if (!all && !is_chosen(calls, count, i))
			continue;
		for (size_t w = 0; w < sizeof(ways) / sizeof(ways[0]); w++) {
			char fault[64], text[64];
			struct run run;

			if (strcmp(ways[w].call, calls[i].name) != 0 ||
			    (!all && !ways[w].harmless && (i + w) % 2))
				continue;
			snprintf(text, sizeof(text), "%s:%d:%s", ways[w].call, calls[i].number,
				 ways[w].kind);
			if (ways[w].number)
				snprintf(fault, sizeof(fault), "%s:%d:%d", ways[w].call,
					 calls[i].number, ways[w].number);
			run_tool(&run, ways[w].number ? fault : text, false, RLIM_INFINITY);
			judge(base, good, &run, outputs, text, calls[i].path, ways[w].harmless);
			free_run(&run);
			restore(base);
			runs++;
		}
	}
	free(log);
}

static bool changes_something(const char *call)
{
	static const char *const names[] = { "create", "write", "chmod", "chown", "time",
					     "fsync",  "close", "rename", "unlink" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcmp(call, names[i]))
			return true;
	}
	return false;
}

/* Killed there; then, with all that it left, run again. */
static void kill_at(const struct tree *base, const struct run *good, const char *outputs,
		    const struct call *call, const char *how)
{
	struct run run, again;
	char fault[64];

	snprintf(fault, sizeof(fault), "%s:%d:%s", call->name, call->number, how);
	run_tool(&run, fault, false, RLIM_INFINITY);
	if (run.status != 128 + SIGKILL)
		wrong(fault, call->path, &run, "it was not killed", "");
	check_files(base, good, &run, outputs, fault, call->path, true);
	run_tool(&again, NULL, false, RLIM_INFINITY);
	if (again.status != good->status || again.out_length != good->out_length ||
	    memcmp(again.out, good->out, again.out_length) != 0)
		wrong(fault, call->path, &again, "the next run does otherwise", "");
	check_files(&good->tree, good, &again, outputs, fault, call->path, true);
	free_run(&run);
	free_run(&again);
	restore(base);
	kills++;
}

static void each_kill(const struct tree *base, const struct run *good, const char *outputs,
		      bool all)
{
	static struct call calls[CALLS_MAX];
	size_t length, count;
	char *log = read_whole(log_path, &length);

	count = read_calls(log, calls, CALLS_MAX);
	for (size_t i = 0; i < count; i++) {
		if (!all && (!*outputs || !changes_something(calls[i].name)))
			continue;
		kill_at(base, good, outputs, &calls[i], "kill");
		if (!strcmp(calls[i].name, "write"))
			kill_at(base, good, outputs, &calls[i], "torn");
	}
	free(log);
}

/* No file may grow further than to so many bytes: each write is short at each point. */
static void each_length(const struct tree *base, const struct run *good, const char *outputs,
			bool all)
{
	size_t most = good->out_length;

	for (size_t i = 0; i < good->tree.count; i++) {
		const struct entry *entry = &good->tree.entries[i];

		if (entry->length > most && !same(entry, find(base, entry->path)))
			most = entry->length;
	}
	for (size_t limit = 0; limit < most;
	     limit += all ? 1 + most / 200 : 1 + most / 3) {
		struct run run;
		char text[64];

		snprintf(text, sizeof(text), "at most %zu bytes", limit);
		run_tool(&run, NULL, false, limit);
		check_files(base, good, &run, outputs, text, "", false);
		if (run.status != 2 && !all_as_good(good, &run))
			wrong(text, "", &run, "another exit status than 2", "");
		free_run(&run);
		restore(base);
		runs++;
	}
}

int main(int argc, char **argv)
{
	bool all = argc > 1 && !strcmp(argv[1], "--all");
	struct tree base;
	struct run good;
	char root[3000];

	argv += all;
	argc -= all;
	preload = getenv("LIBFAULT");
	if (argc < 5 || !preload || !getcwd(root, sizeof(root))) {
		fprintf(stderr, "Usage: LIBFAULT=FILE faults [--all] BASE WORK OUTPUTS TOOL ARG...\n");
		return 99;
	}
	snprintf(out_path, sizeof(out_path), "%s/fault.out", root);
	snprintf(err_path, sizeof(err_path), "%s/fault.err", root);
	snprintf(log_path, sizeof(log_path), "%s/fault.log", root);
	unlink(log_path);
	tool = argv + 4;
	if (chdir(argv[1]))
		die(argv[1]);
	read_tree(&base);
	if (chdir(root) || mkdir(argv[2], 0755) || chdir(argv[2]))
		die(argv[2]);
	restore(&base);
	run_tool(&good, NULL, true, RLIM_INFINITY);
	if (good.status > 1) {
		printf("# without a fault: exit %d: %s\n", good.status, good.err);
		return 1;
	}
	restore(&base);
	each_call(&base, &good, argv[3], all);
	each_kill(&base, &good, argv[3], all);
	each_length(&base, &good, argv[3], all);
	printf("# %u runs, %u killed\n", runs, kills);
	free_run(&good);
	free_tree(&base);
	return wrongs != 0;
}
