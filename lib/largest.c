/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of work: the largest files first.
 *
 * How large they are is asked for here, by all threads, and not where the files are found: there
 * is one thread, and nobody may want to know.  One thread needs no order before it begins: it
 * postpones what it finds to be large (pipeline.c).
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files.h"
#include "options.h"
#include "pool.h"

/* Files that one job asks for: enough that the job itself costs nothing. */
#define FILES_A_JOB 64

struct sizes {
	const struct modhash_files *files;
	uint64_t *size;
};

/* Of a file that can't be asked for, who reads it is told. */
static int ask(void *user, void *worker, uint64_t index, uint64_t *bytes,
	       struct modhash_error *err)
{
	const struct sizes *sizes = user;
	uint64_t end = (index + 1) * FILES_A_JOB;

	(void)worker;
	(void)bytes;
	(void)err;
	if (end > sizes->files->count)
		end = sizes->files->count;
	for (uint64_t i = index * FILES_A_JOB; i < end; i++) {
		struct stat status;

		if (stat(sizes->files->files[i].path, &status) == 0 && status.st_size > 0)
			sizes->size[i] = (uint64_t)status.st_size;
	}
	return 0;
}

static int ask_all(struct sizes *sizes, const struct modhash_run_opts *opts,
		   struct modhash_error *err)
{
	struct modhash_run_opts quiet = *opts;
	const struct mh_pool_jobs jobs = {
		.count = (sizes->files->count + FILES_A_JOB - 1) / FILES_A_JOB,
		.user = sizes,
		.job = ask,
	};

	quiet.size = sizeof(quiet);
	quiet.progress = NULL;
	return mh_pool_run(&jobs, &quiet, err);
}

struct large {
	uint64_t size;
	uint64_t index;
};

static int by_size(const void *a, const void *b)
{
	const struct large *first = a, *second = b;

	if (first->size != second->size)
		return first->size > second->size ? -1 : 1;
	return first->index < second->index ? -1 : 1;
}

static void arrange(const struct sizes *sizes, struct large *large, uint64_t *order)
{
	uint64_t count = sizes->files->count;
	size_t larges = 0, at = 0;

	for (uint64_t i = 0; i < count; i++) {
		if (sizes->size[i] > MH_LARGE_FILE)
			large[larges++] = (struct large){ sizes->size[i], i };
	}
	if (larges > 1)
		qsort(large, larges, sizeof(*large), by_size);
	for (; at < larges; at++)
		order[at] = large[at].index;
	for (uint64_t i = 0; i < count; i++) {
		if (sizes->size[i] <= MH_LARGE_FILE)
			order[at++] = i;
	}
}

int mh_files_largest_first(const struct modhash_files *files, const struct modhash_run_opts *opts,
			   uint64_t **order, struct modhash_error *err)
{
	struct sizes sizes = { .files = files };
	struct modhash_run_opts ours;
	struct large *large;
	int ret = mh_options_in(&ours, sizeof(ours), opts, err);

	*order = NULL;
	if (ret)
		return ret;
	if (mh_pool_threads(&ours, files->count) < 2)
		return 0;
	sizes.size = calloc(files->count, sizeof(*sizes.size));
	large = calloc(files->count, sizeof(*large));
	*order = calloc(files->count, sizeof(**order));
	if (sizes.size && large && *order)
		ret = ask_all(&sizes, &ours, err);
	else
		ret = MODHASH_E_NOMEM;
	if (!ret)
		arrange(&sizes, large, *order);
	free(sizes.size);
	free(large);
	if (ret) {
		free(*order);
		*order = NULL;
	}
	return ret == MODHASH_E_STOPPED ? ret : 0;
}
