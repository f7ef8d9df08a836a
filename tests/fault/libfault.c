/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For LD_PRELOAD: one call of the tool's fails, or does less than it was asked for.
 *
 *	FAULT=CALL:N:KIND	the Nth CALL fails with errno KIND; with "short", it reads or
 *				writes half as much; with "kill", the process dies before it, and
 *				with "torn", in the middle of it
 *	FAULT_LOG=FILE		each call that could have been chosen, with what it was on
 *
 * Only what is done to files counts: standard input, output and error are left alone, and so
 * are other programs that a wrapper script of the tool's starts.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NOTHING, FAIL, SHORT, KILL, TORN };

static int kind, number, wanted = -1;
static char call_wanted[32];
static int log_fd = -1;
static int seen;

static bool is_tool(void)
{
	const char *name = program_invocation_short_name;

	return !strcmp(name, "modhash") || !strcmp(name, "lt-modhash");
}

__attribute__((constructor)) static void begin(void)
{
	const char *fault = getenv("FAULT"), *log = getenv("FAULT_LOG");
	char what[16] = "";

	if (!is_tool())
		return;
	if (log)
		log_fd = (int)syscall(SYS_openat, AT_FDCWD, log,
				      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fault && sscanf(fault, "%31[a-z]:%d:%15s", call_wanted, &number, what) == 3) {
		kind = !strcmp(what, "short") ? SHORT :
		       !strcmp(what, "kill")  ? KILL :
		       !strcmp(what, "torn")  ? TORN :
						FAIL;
		wanted = atoi(what);
	}
}

/* Does this call fail?  With errno set then. */
static int chosen(const char *call, const char *path)
{
	char line[4200];
	int length;

	if (log_fd >= 0) {
		length = snprintf(line, sizeof(line), "%s %s\n", call, path);
		if (syscall(SYS_write, log_fd, line, (size_t)length) != length)
			abort();
	}
	if (!kind || strcmp(call, call_wanted) != 0 ||
	    __atomic_add_fetch(&seen, 1, __ATOMIC_SEQ_CST) != number)
		return NOTHING;
	if (kind == KILL)
		raise(SIGKILL);
	errno = wanted;
	return kind;
}

static bool is_ours(const char *path)
{
	/* What libraries read of their own. */
	return strncmp(path, "/etc/", 5) && strncmp(path, "/usr/", 5) &&
	       strncmp(path, "/proc/", 6) && strncmp(path, "/sys/", 5) &&
	       strncmp(path, "/dev/", 5);
}

static int chosen_fd(const char *call, int fd)
{
	char link[64], path[4096] = "?";
	ssize_t length;

	if (fd <= STDERR_FILENO)
		return NOTHING;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	length = syscall(SYS_readlink, link, path, sizeof(path) - 1);
	path[length < 0 ? 0 : length] = '\0';
	return is_ours(path) ? chosen(call, path) : NOTHING;
}

#define NEXT(type, name, ...)                                             \
	static type (*next)(__VA_ARGS__);                                 \
	if (!next)                                                        \
		next = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static mode_t mode_of(int flags, va_list args)
{
	return flags & O_CREAT ? va_arg(args, mode_t) : 0;
}

#define OPEN(name)                                                             \
	int name(const char *path, int flags, ...)                             \
	{                                                                      \
		va_list args;                                                  \
		mode_t mode;                                                   \
		NEXT(int, #name, const char *, int, ...);                      \
		va_start(args, flags);                                         \
		mode = mode_of(flags, args);                                   \
		va_end(args);                                                  \
		if (is_ours(path) && chosen("open", path))                     \
			return -1;                                             \
		return next(path, flags, mode);                                \
	}

#define OPENAT(name)                                                           \
	int name(int fd, const char *path, int flags, ...)                     \
	{                                                                      \
		va_list args;                                                  \
		mode_t mode;                                                   \
		NEXT(int, #name, int, const char *, int, ...);                 \
		va_start(args, flags);                                         \
		mode = mode_of(flags, args);                                   \
		va_end(args);                                                  \
		if (chosen(flags & O_CREAT ? "create" : "open", path))         \
			return -1;                                             \
		return next(fd, path, flags, mode);                            \
	}

int open(const char *path, int flags, ...);
int open64(const char *path, int flags, ...);
int openat(int fd, const char *path, int flags, ...);
int openat64(int fd, const char *path, int flags, ...);

OPEN(open)
OPEN(open64)
OPENAT(openat)
OPENAT(openat64)

#define FOPEN(name)                                                            \
	FILE *name(const char *path, const char *mode)                         \
	{                                                                      \
		NEXT(FILE *, #name, const char *, const char *);               \
		if (is_ours(path) && chosen("open", path))                     \
			return NULL;                                           \
		return next(path, mode);                                       \
	}

FOPEN(fopen)
FOPEN(fopen64)

static size_t less(size_t length)
{
	return length > 1 ? length / 2 : length;
}

ssize_t read(int fd, void *data, size_t length)
{
	NEXT(ssize_t, "read", int, void *, size_t);
	switch (chosen_fd("read", fd)) {
	case FAIL:
		return -1;
	case SHORT:
		length = less(length);
		break;
	}
	return next(fd, data, length);
}

#define PREAD(name, offset)                                                    \
	ssize_t name(int fd, void *data, size_t length, offset at)             \
	{                                                                      \
		NEXT(ssize_t, #name, int, void *, size_t, offset);             \
		switch (chosen_fd("read", fd)) {                               \
		case FAIL:                                                     \
			return -1;                                             \
		case SHORT:                                                    \
			length = less(length);                                 \
			break;                                                 \
		}                                                              \
		return next(fd, data, length, at);                             \
	}

ssize_t pread(int fd, void *data, size_t length, off_t at);
ssize_t pread64(int fd, void *data, size_t length, off64_t at);

PREAD(pread, off_t)
PREAD(pread64, off64_t)

ssize_t write(int fd, const void *data, size_t length)
{
	NEXT(ssize_t, "write", int, const void *, size_t);
	switch (chosen_fd("write", fd)) {
	case FAIL:
		return -1;
	case SHORT:
		length = less(length);
		break;
	case TORN:
		next(fd, data, less(length));
		raise(SIGKILL);
	}
	return next(fd, data, length);
}

int fsync(int fd)
{
	NEXT(int, "fsync", int);
	return chosen_fd("fsync", fd) ? -1 : next(fd);
}

/* The descriptor is closed, whatever is said of it. */
int close(int fd)
{
	int failed = chosen_fd("close", fd), why = errno;
	NEXT(int, "close", int);

	if (!failed)
		return next(fd);
	next(fd);
	errno = why;
	return -1;
}

int renameat(int from_fd, const char *from, int to_fd, const char *to)
{
	NEXT(int, "renameat", int, const char *, int, const char *);
	return chosen("rename", to) ? -1 : next(from_fd, from, to_fd, to);
}

int fchmod(int fd, mode_t mode)
{
	NEXT(int, "fchmod", int, mode_t);
	return chosen_fd("chmod", fd) ? -1 : next(fd, mode);
}

int fchown(int fd, uid_t owner, gid_t group)
{
	NEXT(int, "fchown", int, uid_t, gid_t);
	return chosen_fd("chown", fd) ? -1 : next(fd, owner, group);
}

int futimens(int fd, const struct timespec times[2])
{
	NEXT(int, "futimens", int, const struct timespec *);
	return chosen_fd("time", fd) ? -1 : next(fd, times);
}

int unlinkat(int fd, const char *path, int flags)
{
	NEXT(int, "unlinkat", int, const char *, int);
	return chosen("unlink", path) ? -1 : next(fd, path, flags);
}

#define FSTAT(name, type)                                                      \
	int name(int fd, struct type *status)                                  \
	{                                                                      \
		NEXT(int, #name, int, struct type *);                          \
		return chosen_fd("stat", fd) ? -1 : next(fd, status);          \
	}

int fstat64(int fd, struct stat64 *status);
FSTAT(fstat, stat)
FSTAT(fstat64, stat64)

#define FSTATAT(name, type)                                                    \
	int name(int fd, const char *path, struct type *status, int flags)     \
	{                                                                      \
		NEXT(int, #name, int, const char *, struct type *, int);       \
		return chosen("stat", path) ? -1 : next(fd, path, status, flags); \
	}

int fstatat64(int fd, const char *path, struct stat64 *status, int flags);
FSTATAT(fstatat, stat)
FSTATAT(fstatat64, stat64)

ssize_t readlink(const char *path, char *target, size_t size)
{
	NEXT(ssize_t, "readlink", const char *, char *, size_t);
	return is_ours(path) && chosen("readlink", path) ? -1 : next(path, target, size);
}

struct dirent *readdir(DIR *directory)
{
	NEXT(struct dirent *, "readdir", DIR *);
	return chosen_fd("readdir", dirfd(directory)) ? NULL : next(directory);
}

struct dirent64 *readdir64(DIR *directory)
{
	NEXT(struct dirent64 *, "readdir64", DIR *);
	return chosen_fd("readdir", dirfd(directory)) ? NULL : next(directory);
}

DIR *fdopendir(int fd)
{
	NEXT(DIR *, "fdopendir", int);
	return chosen_fd("opendir", fd) ? NULL : next(fd);
}

ssize_t getrandom(void *data, size_t length, unsigned int flags)
{
	NEXT(ssize_t, "getrandom", void *, size_t, unsigned int);
	return length == 8 && chosen("random", "") ? -1 : next(data, length, flags);
}
