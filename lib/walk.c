/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The modules below a directory, in order.
 *
 * One directory is open at a time, and what is still to be visited is kept: neither depth nor
 * the limit of open files can stop it.  What it finds can be opened by its path; a path that is
 * too long for that is trouble, not silence.
 *
 * To sort each directory is enough for all paths to come in the order of their bytes, and sorts
 * few and short names, where the paths have most of their bytes in common.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fail.h"
#include "grow.h"
#include "walk.h"

/* Modules, packed or not; the second part is the compression's suffix. */
static const char *const suffixes[] = { ".ko", ".ko.gz", ".ko.xz", ".ko.zst" };

#define KO_LENGTH 3

int mh_module_suffix(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (length >= suffix && memcmp(name + length - suffix, suffixes[i], suffix) == 0)
			return (int)(suffix - KO_LENGTH);
	}
	return -1;
}

/* A module, or a directory, that was seen and not visited. */
struct pending {
	char *path;
	size_t length;
	size_t name; /* where its name begins; that of a directory ends in a slash for sorting */
	bool is_directory;
};

struct walker {
	const struct mh_walk *walk;
	struct pending *pending; /* a stack */
	size_t count;
	size_t capacity;
	struct modhash_error *err;
};

/* A directory can't be read: the caller decides whether to go on. */
static int report(const struct walker *walker, const char *path, int sys_errno, const char *what)
{
	const struct mh_walk *walk = walker->walk;
	struct modhash_error error;
	int ret;

	if (!walk->trouble)
		return mh_fail_errno(walker->err, MODHASH_E_IO, sys_errno, "%s: %s", path, what);
	memset(&error, 0, sizeof(error));
	ret = mh_fail_errno(&error, MODHASH_E_IO, sys_errno, "%s", what);
	if (ret == MODHASH_E_NOMEM)
		return mh_fail_nomem(walker->err);
	ret = walk->trouble(walk->user, path, &error);
	if (ret && walker->err) {
		*walker->err = error;
		walker->err->code = ret;
	}
	return ret;
}

/* Below @parent, or, without one, the root itself. */
static int push(struct walker *walker, const struct pending *parent, const char *entry,
		bool is_directory)
{
	size_t before = parent ? parent->length : 0;
	size_t length = strlen(entry);
	struct pending *pushed = mh_grow(walker->pending, &walker->capacity, walker->count,
					 sizeof(*pushed));
	char *path;

	if (!pushed)
		return mh_fail_nomem(walker->err);
	walker->pending = pushed;
	/* Room for two slashes, which no path is asked to end in, and a NUL. */
	path = malloc(before + length + 3);
	if (!path)
		return mh_fail_nomem(walker->err);
	if (before)
		memcpy(path, parent->path, before);
	if (before && path[before - 1] != '/')
		path[before++] = '/';
	memcpy(path + before, entry, length);
	pushed = &walker->pending[walker->count++];
	*pushed = (struct pending){ path, before + length, before, is_directory };
	path[pushed->length] = is_directory ? '/' : '\0';
	path[pushed->length + is_directory] = '\0';
	return 0;
}

enum entry_kind { ENTRY_OTHER, ENTRY_FILE, ENTRY_DIRECTORY, ENTRY_UNKNOWN };

static enum entry_kind kind_of_mode(mode_t mode)
{
	if (S_ISDIR(mode))
		return ENTRY_DIRECTORY;
	return S_ISREG(mode) ? ENTRY_FILE : ENTRY_OTHER;
}

/* ENTRY_UNKNOWN: errno says why. */
static enum entry_kind kind_of(int fd, const struct dirent *entry)
{
	struct stat st;

	switch (entry->d_type) {
	case DT_DIR:
		return ENTRY_DIRECTORY;
	case DT_REG:
		return ENTRY_FILE;
	case DT_UNKNOWN:
		break;
	default:
		return ENTRY_OTHER;
	}
	if (fstatat(fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return kind_of_mode(st.st_mode);
	return errno == ENOENT ? ENTRY_OTHER : ENTRY_UNKNOWN;
}

static int see_file(struct walker *walker, const struct pending *parent, const char *name)
{
	size_t length = strlen(name);

	if (mh_module_suffix(name, length) < 0)
		return 0;
	if (parent->length + 1 + length >= PATH_MAX)
		return report(walker, parent->path, ENAMETOOLONG,
			      "has a module with too long a path");
	return push(walker, parent, name, false);
}

static int see(struct walker *walker, const struct pending *parent, int fd,
	       const struct dirent *entry)
{
	const char *name = entry->d_name;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	switch (kind_of(fd, entry)) {
	case ENTRY_DIRECTORY:
		return push(walker, parent, name, true);
	case ENTRY_FILE:
		return see_file(walker, parent, name);
	case ENTRY_UNKNOWN:
		return report(walker, parent->path, errno, "can't tell what is in the directory");
	default:
		return 0;
	}
}

/* All are of one directory. */
static int last_first(const void *a, const void *b)
{
	const struct pending *first = a, *second = b;

	return strcmp(second->path + second->name, first->path + first->name);
}

/* For each entry of each directory: there is nothing else that makes all of it long. */
static int check_stop(const struct walker *walker)
{
	const int *stop = walker->walk->stop;

	if (!stop || !__atomic_load_n(stop, __ATOMIC_RELAXED))
		return 0;
	return mh_fail(walker->err, MODHASH_E_STOPPED, MODHASH_OFFSET_NONE,
		       "stopped while finding files");
}

static int see_all(struct walker *walker, const struct pending *parent, DIR *dir)
{
	size_t before = walker->count;
	int ret;

	while (!(ret = check_stop(walker))) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			if (errno)
				ret = report(walker, parent->path, errno,
					     "can't read the directory");
			break;
		}
		ret = see(walker, parent, dirfd(dir), entry);
		if (ret)
			break;
	}
	if (walker->count > before + 1)
		qsort(walker->pending + before, walker->count - before, sizeof(*walker->pending),
		      last_first);
	return ret;
}

static int visit_directory(struct walker *walker, const struct pending *directory, bool is_root)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (is_root ? 0 : O_NOFOLLOW);
	int fd, ret;
	DIR *dir;

	directory->path[directory->length] = '\0';
	do {
		fd = open(directory->path, flags);
	} while (fd < 0 && errno == EINTR);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		ret = report(walker, directory->path, errno, "can't open the directory");
		if (fd >= 0)
			close(fd);
		return ret;
	}
	ret = see_all(walker, directory, dir);
	closedir(dir);
	return ret;
}

int mh_walk(const char *root, const struct mh_walk *walk, struct modhash_error *err)
{
	struct walker walker = { .walk = walk, .err = err };
	bool is_root = true;
	int ret = push(&walker, NULL, root, true);

	while (!ret && walker.count && !(ret = check_stop(&walker))) {
		const struct pending visited = walker.pending[--walker.count];

		if (visited.is_directory)
			ret = visit_directory(&walker, &visited, is_root);
		else
			ret = walk->found(walk->found_user, visited.path, visited.length, err);
		is_root = false;
		free(visited.path);
	}
	while (walker.count)
		free(walker.pending[--walker.count].path);
	free(walker.pending);
	return ret;
}
