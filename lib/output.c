/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Files that are whole or not there: written beside, synced, renamed.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <modhash/output.h>

#include "fail.h"
#include "options.h"

/* As many symbolic links as Linux follows itself. */
#define LINKS_MAX 40
#define NAME_TRIES 100
#define PROC_MAGIC 0x9fa0
#define WRITE_MAX ((size_t)1 << 30)

/* A file on its way: its directory, its name there, and the name that it has till then. */
struct output {
	char *path; /* with symbolic links resolved */
	const char *name;
	char temporary[32];
	int directory;
	int fd;
	bool replaces;
	bool keep_time;
	struct stat old;
};

MODHASH_API void modhash_buffer_clear(struct modhash_buffer *buffer)
{
	if (!buffer)
		return;
	free(buffer->data);
	buffer->data = NULL;
	buffer->length = 0;
}

static int fail_type(struct modhash_error *err, const char *what)
{
	return mh_fail(err, MODHASH_E_FILE_TYPE, MODHASH_OFFSET_NONE,
		       "%s, where a regular file was expected", what);
}

static const char *type_name(mode_t mode)
{
	if (S_ISDIR(mode))
		return "a directory";
	return S_ISLNK(mode) ? "a symbolic link" : "a device, FIFO or socket";
}

static const char *name_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int open_at(int directory, const char *path, int flags)
{
	int fd;

	do {
		fd = openat(directory, path, flags | O_CLOEXEC);
	} while (fd < 0 && errno == EINTR);
	return fd;
}

/* --- where the file is --- */

/*
 * Could anybody have put it there?  In a directory that all may write to, where the sticky bit keeps
 * one from what is another's, only what is ours, or of who owns the directory, is what it was
 * meant to be.  The kernel asks the same (fs.protected_symlinks, fs.protected_regular), but
 * not of who looks at links himself.
 */
static bool is_planted(const struct stat *status, const struct stat *directory, mode_t writable)
{
	return directory->st_mode & S_ISVTX && directory->st_mode & writable &&
	       status->st_uid != geteuid() && status->st_uid != directory->st_uid;
}

static int fail_planted(struct modhash_error *err, const char *what)
{
	return mh_fail_errno(err, MODHASH_E_IO, EACCES,
			     "a %s of somebody else, in a directory that everybody may write to",
			     what);
}

static int stat_directory_of(const char *path, struct stat *status)
{
	char *directory = strndup(path, (size_t)(name_of(path) - path));
	int ret = directory ? stat(directory[0] ? directory : ".", status) : -1;

	free(directory);
	return ret;
}

/* The contents of the link that @fd is, to be freed; NULL and errno. */
static char *contents(int fd)
{
	size_t size = 256;
	char *target = NULL, *larger;
	ssize_t length;

	for (;; size *= 2) {
		larger = realloc(target, size);
		if (!larger)
			break;
		target = larger;
		length = readlinkat(fd, "", target, size);
		if (length < 0)
			break;
		if ((size_t)length < size) {
			target[length] = '\0';
			return target;
		}
	}
	free(target);
	return NULL;
}

static int read_open_link(int fd, const char *path, char **target, struct modhash_error *err)
{
	struct stat link, directory;

	if (fstat(fd, &link) != 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't look the file up");
	if (!S_ISLNK(link.st_mode))
		return 0;
	if (stat_directory_of(path, &directory) != 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't look at the file's directory");
	if (is_planted(&link, &directory, S_IWOTH))
		return fail_planted(err, "symbolic link");
	*target = contents(fd);
	if (*target)
		return 0;
	return errno == ENOMEM ? mh_fail_nomem(err) :
				 mh_fail_errno(err, MODHASH_E_IO, errno, "can't look the file up");
}

/* The contents of a symbolic link, *target to be freed; NULL if @path is none. */
static int read_link(const char *path, char **target, struct modhash_error *err)
{
	int fd = open_at(AT_FDCWD, path, O_PATH | O_NOFOLLOW);
	int ret;

	*target = NULL;
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't look the file up");
	ret = read_open_link(fd, path, target, err);
	close(fd);
	return ret;
}

/* @target as seen from the directory of @path; frees both. */
static char *join(char *path, char *target)
{
	size_t kept = target[0] == '/' ? 0 : (size_t)(name_of(path) - path);
	char *joined = malloc(kept + strlen(target) + 1);

	if (joined) {
		memcpy(joined, path, kept);
		strcpy(joined + kept, target);
	}
	free(path);
	free(target);
	return joined;
}

/* /dev/stdout and the like: what they name is an open file, not a place for one. */
static int check_not_in_proc(const char *path, struct modhash_error *err)
{
	struct statfs status;
	char *directory = strndup(path, (size_t)(name_of(path) - path));
	int ret = 0;

	if (!directory)
		return mh_fail_nomem(err);
	if (statfs(directory[0] ? directory : ".", &status) != 0)
		ret = mh_fail_errno(err, MODHASH_E_IO, errno, "can't look at the file's directory");
	else if (status.f_type == PROC_MAGIC)
		ret = fail_type(err, "a link to an open file");
	free(directory);
	return ret;
}

static int resolve(struct output *out, const char *path, struct modhash_error *err)
{
	char *target;
	int i, ret;

	out->path = strdup(path);
	for (i = 0; out->path && i < LINKS_MAX; i++) {
		ret = read_link(out->path, &target, err);
		if (ret)
			return ret;
		if (!target) {
			out->name = name_of(out->path);
			return 0;
		}
		ret = check_not_in_proc(out->path, err);
		if (ret) {
			free(target);
			return ret;
		}
		out->path = join(out->path, target);
	}
	if (!out->path)
		return mh_fail_nomem(err);
	return mh_fail_errno(err, MODHASH_E_IO, ELOOP, "too many symbolic links");
}

static int open_directory(struct output *out, struct modhash_error *err)
{
	char *directory = strndup(out->path, (size_t)(out->name - out->path));

	if (!directory)
		return mh_fail_nomem(err);
	out->directory = open_at(AT_FDCWD, directory[0] ? directory : ".", O_RDONLY | O_DIRECTORY);
	free(directory);
	if (out->directory < 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't open the file's directory");
	return 0;
}

/* Its directory, reached from @below without a symbolic link. */
static int open_directory_below(struct output *out, const char *path, const char *below,
				struct modhash_error *err)
{
	size_t length = strlen(below);
	char *name, *slash;

	if (strncmp(path, below, length) != 0 || !length ||
	    (below[length - 1] != '/' && path[length] != '/'))
		return mh_fail_invalid(err, "a path that is not below its directory");
	out->path = strdup(path);
	if (!out->path)
		return mh_fail_nomem(err);
	out->name = name_of(out->path);
	out->directory = open_at(AT_FDCWD, below, O_RDONLY | O_DIRECTORY);
	for (name = out->path + length; out->directory >= 0; name = slash + 1) {
		int outer = out->directory;

		name += strspn(name, "/");
		slash = strchr(name, '/');
		if (!slash)
			return 0;
		*slash = '\0';
		out->directory = open_at(outer, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
		*slash = '/';
		close(outer);
	}
	return mh_fail_errno(err, MODHASH_E_IO, errno, "can't open the file's directory");
}

static int look_at_old(struct output *out, struct modhash_error *err)
{
	struct stat directory;

	if (out->name[0] == '\0')
		return mh_fail_errno(err, MODHASH_E_IO, EISDIR, "the name of a file ends in '/'");
	if (fstatat(out->directory, out->name, &out->old, AT_SYMLINK_NOFOLLOW) != 0) {
		if (errno == ENOENT)
			return 0;
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't look at the old file");
	}
	if (!S_ISREG(out->old.st_mode))
		return fail_type(err, type_name(out->old.st_mode));
	if (fstat(out->directory, &directory) != 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't look at the file's directory");
	if (is_planted(&out->old, &directory, S_IWOTH | S_IWGRP))
		return fail_planted(err, "file");
	out->replaces = true;
	return 0;
}

/* --- the new file --- */

static int create(struct output *out, struct modhash_error *err)
{
	/* For a new file the kernel applies the umask; an old one hands its mode down. */
	mode_t mode = out->replaces ? S_IRUSR | S_IWUSR : 0666;
	uint64_t random;
	int i;

	for (i = 0; i < NAME_TRIES; i++) {
		ssize_t got;

		do {
			got = getrandom(&random, sizeof(random), 0);
		} while (got < 0 && errno == EINTR);
		if (got != (ssize_t)sizeof(random))
			return mh_fail_errno(err, MODHASH_E_IO, errno, "no random numbers");
		snprintf(out->temporary, sizeof(out->temporary), ".modhash-%016" PRIx64, random);
		out->fd = openat(out->directory, out->temporary,
				 O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
		if (out->fd >= 0)
			return 0;
		if (errno != EEXIST && errno != EINTR)
			break;
	}
	out->temporary[0] = '\0';
	return mh_fail_errno(err, MODHASH_E_IO, errno, "can't make a new file in the directory");
}

static int write_all(int fd, const uint8_t *data, size_t length, struct modhash_error *err)
{
	size_t done = 0;

	while (done < length) {
		size_t left = length - done;
		ssize_t n = write(fd, data + done, left < WRITE_MAX ? left : WRITE_MAX);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return mh_fail_errno(err, MODHASH_E_IO, n ? errno : ENOSPC,
					     "can't write, after %zu of %zu bytes", done, length);
		done += (size_t)n;
	}
	return 0;
}

/* Of the old contents, and wrong for the new ones. */
static bool is_of_contents(const char *attribute)
{
	return strcmp(attribute, "security.ima") == 0 || strcmp(attribute, "security.evm") == 0;
}

/* One that may not be read or set stays behind. */
static void copy_attribute(int from, int to, const char *attribute)
{
	ssize_t length = fgetxattr(from, attribute, NULL, 0);
	void *value;

	if (length < 0)
		return;
	value = malloc((size_t)length + 1);
	if (!value)
		return;
	length = fgetxattr(from, attribute, value, (size_t)length);
	/* Some file systems set one anew although the new file has it: no harm. */
	if (length >= 0 && fsetxattr(to, attribute, value, (size_t)length, 0) != 0)
		errno = 0;
	free(value);
}

static void copy_attributes(const struct output *out)
{
	int old = openat(out->directory, out->name,
			 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	ssize_t length = old < 0 ? -1 : flistxattr(old, NULL, 0);
	char *names = length > 0 ? malloc((size_t)length + 1) : NULL;
	const char *name;

	if (names)
		length = flistxattr(old, names, (size_t)length);
	if (names && length > 0) {
		names[length] = '\0';
		for (name = names; name < names + length; name += strlen(name) + 1) {
			if (!is_of_contents(name))
				copy_attribute(old, out->fd, name);
		}
	}
	free(names);
	if (old >= 0)
		close(old);
}

/*
 * Owner and group where that is permitted, the mode without what it would grant to
 * others than before.
 */
static int hand_down(const struct output *out, struct modhash_error *err)
{
	const struct stat *old = &out->old;
	mode_t mode = old->st_mode & 07777;
	struct stat new;

	if (fchown(out->fd, old->st_uid, old->st_gid) != 0 &&
	    fchown(out->fd, (uid_t)-1, old->st_gid) != 0)
		errno = 0; /* not ours to give: what follows is for that */
	copy_attributes(out);
	if (fstat(out->fd, &new) != 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't look at the new file");
	if (new.st_uid != old->st_uid)
		mode &= ~(mode_t)S_ISUID;
	if (new.st_gid != old->st_gid)
		mode &= ~(mode_t)(S_ISGID | S_IRWXG) | (mode & S_IRWXO) << 3;
	if (fchmod(out->fd, mode) != 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't set the new file's mode");
	return 0;
}

static int keep_time(const struct output *out, struct modhash_error *err)
{
	const struct timespec times[2] = { out->old.st_atim, out->old.st_mtim };

	if (futimens(out->fd, times) != 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't set the new file's time");
	return 0;
}

static int sync_fd(int fd)
{
	int ret;

	do {
		ret = fsync(fd);
	} while (ret != 0 && errno == EINTR);
	return ret;
}

static int sync_and_close(struct output *out, struct modhash_error *err)
{
	int fd = out->fd;

	if (sync_fd(fd) != 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't sync the new file");
	out->fd = -1;
	/* EINTR: it is closed all the same, and all of it is on the disk. */
	if (close(fd) != 0 && errno != EINTR)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't close the new file");
	return 0;
}

static int put_in_place(struct output *out, struct modhash_error *err)
{
	if (renameat(out->directory, out->temporary, out->directory, out->name) != 0)
		return mh_fail_errno(err, MODHASH_E_IO, errno, "can't rename the new file");
	out->temporary[0] = '\0';
	/* EINVAL: a file system whose directories can't be synced. */
	if (sync_fd(out->directory) != 0 && errno != EINVAL)
		return mh_fail_errno(err, MODHASH_E_IO, errno,
				     "the file is in place, but its directory can't be synced");
	return 0;
}

static int find_place(struct output *out, const char *path, const char *below,
		      struct modhash_error *err)
{
	int ret;

	if (below)
		return open_directory_below(out, path, below, err);
	ret = resolve(out, path, err);
	return ret ? ret : open_directory(out, err);
}

static int write_output(struct output *out, const char *path, const char *below,
			const void *data, size_t length, struct modhash_error *err)
{
	int ret = find_place(out, path, below, err);

	if (!ret)
		ret = look_at_old(out, err);
	if (!ret)
		ret = create(out, err);
	if (!ret)
		ret = write_all(out->fd, data, length, err);
	if (!ret && out->replaces)
		ret = hand_down(out, err);
	if (!ret && out->replaces && out->keep_time)
		ret = keep_time(out, err);
	if (!ret)
		ret = sync_and_close(out, err);
	if (!ret)
		ret = put_in_place(out, err);
	return ret;
}

static void end_output(struct output *out)
{
	if (out->fd >= 0)
		close(out->fd);
	if (out->temporary[0])
		unlinkat(out->directory, out->temporary, 0);
	if (out->directory >= 0)
		close(out->directory);
	free(out->path);
}

MODHASH_API int modhash_write_file(const char *path, const void *data, uint64_t length,
				   struct modhash_error *err)
{
	return modhash_write_file_opts(path, data, length, NULL, err);
}

MODHASH_API int modhash_write_file_opts(const char *path, const void *data, uint64_t length,
					const struct modhash_write_opts *opts,
					struct modhash_error *err)
{
	struct output out = { .directory = -1, .fd = -1 };
	struct modhash_write_opts ours;
	struct stat status;
	int ret = mh_options_in(&ours, sizeof(ours), opts, err);

	if (ret)
		return ret;
	if (ours.flags & ~MODHASH_WRITE_KEEP_TIME)
		return mh_fail_invalid(err, "unknown flags");
	out.keep_time = ours.flags & MODHASH_WRITE_KEEP_TIME;
	if (!path || !path[0] || (!data && length) || length > SIZE_MAX)
		return mh_fail_invalid(err, "no path, or no bytes to write");
	/* Seen through links, so that nothing else is ever looked for behind a device. */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		return fail_type(err, type_name(status.st_mode));
	ret = write_output(&out, path, ours.below, data, (size_t)length, err);
	end_output(&out);
	return ret;
}
