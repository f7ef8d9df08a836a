/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A list of module files: gathered from directories, put in the order of the build.
 */
#ifndef MODHASH_FILES_H
#define MODHASH_FILES_H

#include <modhash/attributes.h>
#include <modhash/context.h>
#include <modhash/error.h>

MODHASH_BEGIN_DECLS

struct modhash_files;

/**
 * modhash_files_new() - an empty list
 * @ctx: context; must outlive the list
 * @files: out, to be freed with modhash_files_free()
 * @err: out, may be NULL
 *
 * Return: 0, MODHASH_E_INVALID or MODHASH_E_NOMEM.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_files_new(const struct modhash_ctx *ctx,
						     struct modhash_files **files,
						     struct modhash_error *err);

/**
 * modhash_files_free() - free a list and all that it handed out
 * @files: the list, or NULL
 *
 * Since: 0.1
 */
MODHASH_API void modhash_files_free(struct modhash_files *files);

/**
 * modhash_files_add() - add a file, or the modules below a directory
 * @files: the list
 * @path: a file, whatever its name, taken as it is; or a directory, which stands for
 *	the regular files below it named *.ko, *.ko.gz, *.ko.xz or *.ko.zst.
 *	Symbolic links below it are not followed; @path itself may be one.
 * @trouble: called for each directory that can't be read, on the caller's
 *	thread: 0 to go on without it, non-zero to end with that MODHASH_E_* code; or
 *	NULL, to end with the error at the first, whose message names it.  @path of the
 *	call names the directory.  A path that is too long to be opened is trouble of
 *	this kind, too.
 * @user: handed to @trouble
 * @err: out, may be NULL
 *
 * Files found below a directory are added in the byte order of their relative paths.
 * That a file can't be opened is found out when it is read.
 *
 * After a failure the list is as it was.
 *
 * Return: 0, MODHASH_E_IO, MODHASH_E_INVALID, MODHASH_E_NOMEM, MODHASH_E_STOPPED (by the
 * context's @stop), or what @trouble returned.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int
modhash_files_add(struct modhash_files *files, const char *path,
		  int (*trouble)(void *user, const char *path, const struct modhash_error *err),
		  void *user, struct modhash_error *err);

/**
 * struct modhash_file - one file of a list
 * @size: sizeof(struct modhash_file)
 * @line: its line in the order that was applied, from 0, or MODHASH_NO_LINE
 * @path: for opening: what was given to modhash_files_add(), with the path below
 *	it for a directory
 * @name: the module's name among others: the path below the directory, or all of
 *	@path for a file that was named itself; without the compression's suffix
 * @root: the directory that it was found in, or NULL
 *
 * Since: 0.1
 */
struct modhash_file {
	uint32_t size;
	uint32_t line;
	const char *path;
	const char *name;
	const char *root;
};

#define MODHASH_NO_LINE UINT32_MAX

/**
 * modhash_files_count() - how many files there are
 * @files: the list
 *
 * Return: the number.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API uint64_t modhash_files_count(const struct modhash_files *files);

/**
 * modhash_files_get() - one file
 * @files: the list
 * @index: from 0, in the order of the list
 * @file: in: its @size; out: views that are valid until the list changes
 *
 * Return: 0, MODHASH_E_NOT_FOUND or MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_files_get(const struct modhash_files *files, uint64_t index,
				  struct modhash_file *file);

/* Where an order came from. */
#define MODHASH_ORDER_PATHS 0 /* none: files are in the byte order of their paths */
#define MODHASH_ORDER_GIVEN 1 /* the file that the caller named */
#define MODHASH_ORDER_TREE 2  /* modules.order in the one directory that was added */

/**
 * struct modhash_order_report - how files and an order fit together
 * @size: sizeof(struct modhash_order_report)
 * @source: MODHASH_ORDER_*
 * @lines: entries of the order
 * @missing: entries for which there is no file
 * @extra: files for which there is no entry; they stand behind the others, in the
 *	byte order of their names
 *
 * Since: 0.1
 */
struct modhash_order_report {
	uint32_t size;
	uint32_t source;
	uint64_t lines;
	uint64_t missing;
	uint64_t extra;
};

/**
 * modhash_files_order() - put a list in the order of the build
 * @files: the list
 * @order_path: a modules.order file; or NULL: modules.order of the directory that was
 *	added, if it was one alone and has that file, else the byte order of paths
 * @report: in: its @size; out: the rest.  May be NULL.
 * @err: out, may be NULL
 *
 * An entry is a path relative to the tree, ends in .ko or .o, and may stand for a
 * compressed file.  Empty lines are passed over; a line that comes twice counts
 * where it comes first.  Leading "./" does not count.  Files that were named
 * themselves match by the end of their path, at a '/': such a file is the longest
 * entry that its path ends with, or else the one entry that ends with its path.
 *
 * After a failure the list is as it was.
 *
 * Return: 0; MODHASH_E_IO, MODHASH_E_FILE_TYPE, MODHASH_E_CHANGED (with the order's
 * file); MODHASH_E_ORDER (a line that is no module's path; two files for one line: say,
 * a.ko and a.ko.xz; or a file that could be either of two); MODHASH_E_LIMIT;
 * MODHASH_E_STOPPED; MODHASH_E_INVALID; MODHASH_E_NOMEM.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_files_order(struct modhash_files *files,
						       const char *order_path,
						       struct modhash_order_report *report,
						       struct modhash_error *err);

/**
 * modhash_files_line() - what stands in a line of the order that was applied
 * @files: the list
 * @line: from 0
 * @name: out: the entry as a module's name (ending in .ko): a view, valid until the
 *	list changes
 * @index: out: the file that it stands for, or UINT64_MAX if that is missing
 *
 * Return: 0, MODHASH_E_NOT_FOUND (no such line, or no order was applied) or
 * MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_files_line(const struct modhash_files *files, uint64_t line,
				   const char **name, uint64_t *index);

MODHASH_END_DECLS

#endif /* MODHASH_FILES_H */
