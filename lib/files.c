/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Lists of files: named one by one, or found below a directory (walk.c).
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "fail.h"
#include "files.h"
#include "grow.h"
#include "module.h"
#include "options.h"
#include "walk.h"

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

MODHASH_API void modhash_files_free(struct modhash_files *files)
{
	if (!files)
		return;
	mh_arena_free(&files->paths);
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
 * Add @length bytes of a path, whose name begins at @name_offset; one without the compression's
 * suffix, if it has one, is put behind it.
 */
static int add_file(struct modhash_files *files, const char *path, size_t length,
		    size_t name_offset, const char *root, struct modhash_error *err)
{
	int suffix = mh_module_suffix(path, length);
	struct mh_file *file = mh_grow(files->files, &files->capacity, files->count, sizeof(*file));
	char *copy;

	if (!file)
		return mh_fail_nomem(err);
	files->files = file;
	copy = mh_arena_take(&files->paths, (suffix > 0 ? 2 : 1) * (length + 1));
	if (!copy)
		return mh_fail_nomem(err);
	memcpy(copy, path, length);
	copy[length] = '\0';

	file = &files->files[files->count++];
	file->path = copy;
	file->name = copy + name_offset;
	file->root = root;
	file->line = MODHASH_NO_LINE;
	if (suffix > 0) {
		char *name = copy + length + 1;
		size_t name_length = length - name_offset - (size_t)suffix;

		memcpy(name, file->name, name_length);
		name[name_length] = '\0';
		file->name = name;
	}
	return 0;
}

/* --- a directory --- */

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

struct finding {
	struct modhash_files *files;
	const char *root;
	size_t name_offset;
};

static int found(void *user, const char *path, size_t length, struct modhash_error *err)
{
	const struct finding *finding = user;

	return add_file(finding->files, path, length, finding->name_offset, finding->root, err);
}

/* They come in the order that they stay in. */
static int add_directory(struct modhash_files *files, const char *path,
			 const struct mh_walk *asked, struct modhash_error *err)
{
	struct finding finding = { .files = files, .root = add_root(files, path) };
	const struct mh_arena paths = files->paths;
	size_t before = files->count;
	struct mh_walk walk = *asked;
	size_t length;
	int ret;

	if (!finding.root)
		return mh_fail_nomem(err);
	length = strlen(finding.root);
	finding.name_offset = finding.root[length - 1] == '/' ? length : length + 1;
	walk.found = found;
	walk.found_user = &finding;
	ret = mh_walk(finding.root, &walk, err);
	if (!ret)
		return 0;
	files->count = before;
	mh_arena_rewind(&files->paths, &paths);
	free(files->roots[--files->root_count]);
	return ret;
}

MODHASH_API int modhash_files_add(struct modhash_files *files, const char *path,
				  int (*trouble)(void *user, const char *path,
						 const struct modhash_error *err),
				  void *user, struct modhash_error *err)
{
	struct mh_walk walk = { .trouble = trouble, .user = user };
	struct stat st;
	int ret;

	if (!files || !path || !*path)
		return mh_fail_invalid(err, files ? "no path" : "no list of files");
	walk.stop = files->ctx->stop;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_directory(files, path, &walk, err);
	ret = add_file(files, path, strlen(path), 0, NULL, err);
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
