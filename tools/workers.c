/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "workers.h"

#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "options.h"
#include "progress.h"

struct outcome {
	bool done;
	bool put_off; /* for others had the memory */
	int rc;
	struct modhash_error *err; /* if there is something wrong */
};

struct run {
	const struct workers *workers;
	struct outcome *outcomes;
	pthread_mutex_t lock; /* of what follows, and of telling */
	uint64_t next;	      /* to be done */
	uint64_t next_told;
	bool ended;
	bool alone; /* no other thread is at work */
};

/* The next to be done; false at the end, and when there is no more to do. */
static bool take(struct run *run, uint64_t *index)
{
	bool more;

	pthread_mutex_lock(&run->lock);
	more = !run->ended && !tool_stopped() && run->next < run->workers->count;
	*index = run->next;
	run->next += more;
	pthread_mutex_unlock(&run->lock);
	return more;
}

/* Tell all that are done and have nothing before them that is not. */
static void tell(struct run *run)
{
	const struct workers *workers = run->workers;

	while (run->next_told < run->next && run->outcomes[run->next_told].done) {
		struct outcome *outcome = &run->outcomes[run->next_told];

		if (!workers->told(workers->user, run->next_told, outcome->rc, outcome->err))
			run->ended = true;
		free(outcome->err);
		outcome->err = NULL;
		run->next_told++;
	}
	progress_update(&workers->tool->progress, run->next_told, workers->count, 0);
}

static void finish(struct run *run, uint64_t index, int rc, const struct modhash_error *err)
{
	struct outcome *outcome = &run->outcomes[index];

	if (rc) {
		outcome->err = tool_alloc(1, sizeof(*outcome->err));
		*outcome->err = *err;
	}
	pthread_mutex_lock(&run->lock);
	outcome->rc = rc;
	outcome->done = true;
	tell(run);
	pthread_mutex_unlock(&run->lock);
}

static void *work(void *user)
{
	struct run *run = user;
	struct modhash_error err;
	uint64_t index;

	while (take(run, &index)) {
		int rc = run->workers->job(run->workers->user, index, &err);

		if (rc == MODHASH_E_LIMIT && !run->alone)
			run->outcomes[index].put_off = true;
		else
			finish(run, index, rc, &err);
	}
	return NULL;
}

/* What there may not be memory for while others are at work: one after the other. */
static void work_alone(struct run *run)
{
	struct modhash_error err;
	uint64_t index;

	for (index = run->next_told; index < run->next && !run->ended && !tool_stopped(); index++)
		if (run->outcomes[index].put_off)
			finish(run, index, run->workers->job(run->workers->user, index, &err), &err);
}

/* How many threads besides this one. */
static size_t helpers(const struct workers *workers)
{
	uint64_t threads = workers->tool->options->jobs;

	if (!threads) {
		long processors = sysconf(_SC_NPROCESSORS_ONLN);

		threads = processors > 0 ? (uint64_t)processors : 1;
	}
	if (threads > workers->count)
		threads = workers->count;
	return threads ? (size_t)threads - 1 : 0;
}

bool workers_run(const struct workers *workers)
{
	struct run run = { .workers = workers };
	size_t wanted = helpers(workers);
	pthread_t *threads = tool_alloc(wanted, sizeof(*threads));
	size_t started;
	size_t i;

	run.outcomes = tool_alloc((size_t)workers->count, sizeof(*run.outcomes));
	pthread_mutex_init(&run.lock, NULL);
	run.alone = !wanted;
	for (started = 0; started < wanted; started++)
		if (pthread_create(&threads[started], NULL, work, &run))
			break;
	work(&run);
	for (i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
	work_alone(&run);
	pthread_mutex_destroy(&run.lock);
	free(run.outcomes);
	free(threads);
	return !run.ended && run.next_told == workers->count;
}
