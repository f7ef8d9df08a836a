/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of files: named one by one, or found below a directory.
 *
 * The walk keeps the paths that are still to be visited, and has one directory open at
 * a time: neither depth nor the limit of open files can stop it.  What it hands out can
 * be opened by its path; a path that is too long for that is trouble, not silence.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checked.h"
#include "fail.h"
#include "files.h"
#include "options.h"

/* Modules, packed or not; the second part is the compression's suffix. */
static const char *const suffixes[] = { ".ko", ".ko.gz", ".ko.xz", ".ko.zst" };

#define KO_LENGTH 3

/* Bytes of the compression's suffix; -1 if this is no module's name. */
static int packed_suffix(const char *name, size_t length)
{
	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (length >= suffix && memcmp(name + length - suffix, suffixes[i], suffix) == 0)
			return (int)(suffix - KO_LENGTH);
	}
	return -1;
}

MODHASH_API int modhash_files_new(const struct modhash_ctx *ctx, struct modhash_files **files,
				  struct modhash_error *err)
{
	if (!files)
		return mh_fail_invalid(err, "no place for the list of files");
	*files = NULL;
	if (!ctx)
		return mh_fail_invalid(err, "no context");
	*files = calloc(1, sizeof(**files));
	if (!*files)
		return mh_fail_nomem(err);
	(*files)->ctx = ctx;
	return 0;
}

static void cut_files(struct modhash_files *files, size_t count)
{
	while (files->count > count)
		free(files->files[--files->count].path);
}

MODHASH_API void modhash_files_free(struct modhash_files *files)
{
	if (!files)
		return;
	cut_files(files, 0);
	free(files->files);
	for (size_t i = 0; i < files->root_count; i++)
		free(files->roots[i]);
	free(files->roots);
	free(files->order.names);
	free(files->order.lines);
	mh_budget_give(files->order.budget, files->order.taken);
	free(files);
}

/*
 * The array, with room for one more; it has @count of @size bytes each.  NULL, and all
 * as it was, if there is no memory.
 */
static void *grow(void *array, size_t *capacity, size_t count, size_t size)
{
	size_t wanted, bytes;
	void *larger;

	if (count < *capacity)
		return array;
	wanted = *capacity ? *capacity : 64;
	if (!mh_mul_size(wanted, 2, &wanted) || !mh_mul_size(wanted, size, &bytes))
		return NULL;
	larger = realloc(array, bytes);
	if (larger)
		*capacity = wanted;
	return larger;
}

/*
 * Add DIRECTORY/ENTRY, or ENTRY alone if there is no directory.  Its name begins at
 * @name_offset of the path; one without the compression's suffix is put behind it.
 */
static int add_file(struct modhash_files *files, const char *directory, const char *entry,
		    size_t name_offset, const char *root, struct modhash_error *err)
{
	size_t before = directory ? strlen(directory) : 0;
	size_t slash = before && directory[before - 1] != '/';
	size_t length = before + slash + strlen(entry);
	int suffix = packed_suffix(entry, strlen(entry));
	struct mh_file *file;
	char *path;

	file = grow(files->files, &files->capacity, files->count, sizeof(*file));
	if (!file)
		return mh_fail_nomem(err);
	files->files = file;
	path = malloc((suffix > 0 ? 2 : 1) * (length + 1));
	if (!path)
		return mh_fail_nomem(err);
	if (before)
		memcpy(path, directory, before);
	if (slash)
		path[before] = '/';
	memcpy(path + before + slash, entry, length - before - slash + 1);

	file = &files->files[files->count++];
	file->path = path;
	file->name = path + name_offset;
	file->root = root;
	file->line = MODHASH_NO_LINE;
	if (suffix > 0) {
		char *name = path + length + 1;
		size_t name_length = length - name_offset - (size_t)suffix;

		memcpy(name, file->name, name_length);
		name[name_length] = '\0';
		file->name = name;
	}
	return 0;
}

/* --- the walk --- */

struct walk {
	struct modhash_files *files;
	const char *root;
	size_t name_offset;
	char **pending; /* directories still to be visited: a stack */
	size_t count;
	size_t capacity;
	int (*trouble)(void *user, const char *path, const struct modhash_error *err);
	void *user;
	struct modhash_error *err;
};

/* A directory can't be read: the caller decides whether to go on. */
static int report(struct walk *walk, const char *path, int sys_errno, const char *what)
{
	struct modhash_error error;
	int ret;

	if (!walk->trouble)
		return mh_fail_errno(walk->err, MODHASH_E_IO, sys_errno, "%s: %s", path, what);
	memset(&error, 0, sizeof(error));
	ret = mh_fail_errno(&error, MODHASH_E_IO, sys_errno, "%s", what);
	if (ret == MODHASH_E_NOMEM)
		return mh_fail_nomem(walk->err);
	ret = walk->trouble(walk->user, path, &error);
	if (ret && walk->err) {
		*walk->err = error;
		walk->err->code = ret;
	}
	return ret;
}

/* Below @parent, or, without one, the root itself. */
static int push(struct walk *walk, const char *parent, const char *entry)
{
	size_t before = parent ? strlen(parent) : 0;
	size_t slash = before && parent[before - 1] != '/';
	size_t size = before + slash + strlen(entry) + 1;
	char **pending;
	char *path;

	pending = grow(walk->pending, &walk->capacity, walk->count, sizeof(*pending));
	if (!pending)
		return mh_fail_nomem(walk->err);
	walk->pending = pending;
	path = malloc(size);
	if (!path)
		return mh_fail_nomem(walk->err);
	if (before)
		memcpy(path, parent, before);
	if (slash)
		path[before] = '/';
	memcpy(path + before + slash, entry, size - before - slash);
	walk->pending[walk->count++] = path;
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

static int visit_file(struct walk *walk, const char *path, const char *name)
{
	if (packed_suffix(name, strlen(name)) < 0)
		return 0;
	if (strlen(path) + 1 + strlen(name) >= PATH_MAX)
		return report(walk, path, ENAMETOOLONG, "has a module with too long a path");
	return add_file(walk->files, path, name, walk->name_offset, walk->root, walk->err);
}

static int visit_entry(struct walk *walk, const char *path, int fd, const struct dirent *entry)
{
	const char *name = entry->d_name;

	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	switch (kind_of(fd, entry)) {
	case ENTRY_DIRECTORY:
		return push(walk, path, name);
	case ENTRY_FILE:
		return visit_file(walk, path, name);
	case ENTRY_UNKNOWN:
		return report(walk, path, errno, "can't tell what is in the directory");
	default:
		return 0;
	}
}

static int descending(const void *a, const void *b)
{
	return strcmp(*(char *const *)b, *(char *const *)a);
}

static int visit_entries(struct walk *walk, const char *path, DIR *dir)
{
	size_t before = walk->count;
	int ret = 0;

	while (!ret) {
		const struct dirent *entry;

		errno = 0;
		entry = readdir(dir);
		if (!entry) {
			if (errno)
				ret = report(walk, path, errno, "can't read the directory");
			break;
		}
		ret = visit_entry(walk, path, dirfd(dir), entry);
	}
	/* So that trouble comes in the same order, whatever the file system's is. */
	if (walk->count > before)
		qsort(walk->pending + before, walk->count - before, sizeof(*walk->pending),
		      descending);
	return ret;
}

static int visit(struct walk *walk, const char *path, bool is_root)
{
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC | (is_root ? 0 : O_NOFOLLOW);
	int fd, ret;
	DIR *dir;

	do {
		fd = open(path, flags);
	} while (fd < 0 && errno == EINTR);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		ret = report(walk, path, errno, "can't open the directory");
		if (fd >= 0)
			close(fd);
		return ret;
	}
	ret = visit_entries(walk, path, dir);
	closedir(dir);
	return ret;
}

static int walk_all(struct walk *walk)
{
	bool is_root = true;
	int ret = push(walk, NULL, walk->root);

	while (!ret && walk->count) {
		char *path = walk->pending[--walk->count];

		ret = visit(walk, path, is_root);
		is_root = false;
		free(path);
	}
	while (walk->count)
		free(walk->pending[--walk->count]);
	free(walk->pending);
	return ret;
}

/* The path without slashes at its end; "/" keeps its one. */
static char *copy_root(const char *path)
{
	size_t length = strlen(path);
	char *root;

	while (length > 1 && path[length - 1] == '/')
		length--;
	root = malloc(length + 1);
	if (!root)
		return NULL;
	memcpy(root, path, length);
	root[length] = '\0';
	return root;
}

static char *add_root(struct modhash_files *files, const char *path)
{
	char **roots = realloc(files->roots, (files->root_count + 1) * sizeof(*roots));
	char *root;

	if (!roots)
		return NULL;
	files->roots = roots;
	root = copy_root(path);
	if (root)
		files->roots[files->root_count++] = root;
	return root;
}

static int by_path(const void *a, const void *b)
{
	const struct mh_file *first = a, *second = b;

	return strcmp(first->path, second->path);
}

static int add_directory(struct walk *walk, const char *path)
{
	struct modhash_files *files = walk->files;
	size_t before = files->count;
	char *root = add_root(files, path);
	size_t length;
	int ret;

	if (!root)
		return mh_fail_nomem(walk->err);
	length = strlen(root);
	walk->root = root;
	walk->name_offset = root[length - 1] == '/' ? length : length + 1;
	ret = walk_all(walk);
	if (ret) {
		cut_files(files, before);
		free(files->roots[--files->root_count]);
		return ret;
	}
	/* All begin with the same root, so paths are in the order of what follows it. */
	if (files->count > before)
		qsort(files->files + before, files->count - before, sizeof(*files->files), by_path);
	return 0;
}

MODHASH_API int modhash_files_add(struct modhash_files *files, const char *path,
				  int (*trouble)(void *user, const char *path,
						 const struct modhash_error *err),
				  void *user, struct modhash_error *err)
{
	struct walk walk = { .files = files, .trouble = trouble, .user = user, .err = err };
	struct stat st;
	int ret;

	if (!files || !path || !*path)
		return mh_fail_invalid(err, files ? "no path" : "no list of files");
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_directory(&walk, path);
	ret = add_file(files, NULL, path, 0, NULL, err);
	if (ret == 0)
		files->named++;
	return ret;
}

MODHASH_API uint64_t modhash_files_count(const struct modhash_files *files)
{
	return files ? files->count : 0;
}

MODHASH_API int modhash_files_get(const struct modhash_files *files, uint64_t index,
				  struct modhash_file *file)
{
	struct modhash_file ours;

	if (!files || !file)
		return MODHASH_E_INVALID;
	memset(&ours, 0, sizeof(ours));
	ours.line = MODHASH_NO_LINE;
	if (index >= files->count) {
		mh_result_out(file, &ours, sizeof(ours));
		return MODHASH_E_NOT_FOUND;
	}
	ours.line = files->files[index].line;
	ours.path = files->files[index].path;
	ours.name = files->files[index].name;
	ours.root = files->files[index].root;
	return mh_result_out(file, &ours, sizeof(ours));
}
