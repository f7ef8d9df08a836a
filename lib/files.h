/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: a list of files, and the order that was applied to it.
 */
#ifndef MH_FILES_H
#define MH_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <modhash/batch.h>
#include <modhash/files.h>

#include "arena.h"
#include "budget.h"

struct mh_file {
	const char *path; /* the list's memory, as all of them */
	const char *name;
	const char *root;
	uint32_t line;
};

/* A line of an order: a name that ends in .ko, and the file that it stands for. */
struct mh_line {
	const char *name;
	uint64_t index;
};

struct mh_order {
	char *names;
	struct mh_line *lines;
	size_t count;
	struct mh_budget *budget; /* the list's context's */
	uint64_t taken;		  /* from it */
};

struct modhash_files {
	const struct modhash_ctx *ctx;
	struct mh_file *files;
	size_t count;
	size_t capacity;
	struct mh_arena paths;
	char **roots;
	size_t root_count;
	size_t named; /* files that were named themselves */
	struct mh_order order;
};

/*
 * Files larger than this go first, the largest before the others: begun last, it would
 * be hashed by one thread while the others have nothing to do.  The small ones
 * stay in the order of the list, so that results do not have to wait for each other.
 */
#define MH_LARGE_FILE ((uint64_t)256 << 10)

/*
 * An order of work for the threads of @opts: large files first, then the others as they stand
 * in the list.  To be freed by the caller.  NULL where the order of the list will do: with one
 * thread, or if there is no memory.  0, or MODHASH_E_STOPPED.
 */
int mh_files_largest_first(const struct modhash_files *files, const struct modhash_run_opts *opts,
			   uint64_t **order, struct modhash_error *err);

#endif /* MH_FILES_H */
