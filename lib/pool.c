/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Jobs on worker threads, their results in order on the caller's.
 *
 * With several workers the caller's thread only coordinates: it sleeps, and looks now
 * and then for what can be delivered.  Workers do not wake it for each job, which
 * would cost more than a small job does.  All that is shared is under one lock, taken
 * twice a job.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "checked.h"
#include "fail.h"
#include "options.h"
#include "pool.h"

#define MS (UINT64_C(1000) * 1000)
#define SECOND (1000 * MS)

/* How long the caller's thread sleeps: the delay of results and of the stop flag. */
#define POLL (20 * MS)
#define PROGRESS_INTERVAL (100 * MS)

/* So many times fewer workers have each round after the second. */
#define FEWER 8

/* More than this is a mistake of the caller's. */
#define THREADS_MAX 1024

struct pool {
	const struct mh_pool_jobs *jobs;
	struct modhash_run_opts opts;

	/* The caller's thread alone. */
	uint64_t delivered;
	uint64_t progress_at;

	/* Under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t ended; /* no worker runs any more */
	uint8_t *finished;    /* for each job: 1 when it is */
	uint64_t ready;	      /* jobs that can be delivered: all before this one are finished */
	uint64_t taken;	      /* of this round's jobs */
	uint64_t *no_room;    /* positions in the order of work, for the next round */
	uint64_t no_room_count;
	uint64_t files;
	uint64_t bytes;
	uint32_t running;
	bool halt;
	bool last; /* of the rounds */
	uint64_t *round; /* positions; NULL: all of them */
	uint64_t round_count;
	uint64_t failed_at; /* the first in the order of work, whatever the threads do */
	int failure;
	struct modhash_error error;
};

/* A worker. */
struct mh_feed {
	struct pool *pool;
	void *memory;
	pthread_t thread;
	bool here; /* on the caller's thread, which delivers */
	int ended; /* what delivering returned */
};

static uint64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

static bool stopped(const struct pool *pool)
{
	return pool->opts.stop && __atomic_load_n(pool->opts.stop, __ATOMIC_RELAXED);
}

/* The processors that this thread may run on. */
static uint32_t processors(void)
{
	long online = sysconf(_SC_NPROCESSORS_ONLN);

	/* The kernel refuses a set that is smaller than its own. */
	for (size_t bits = 1024; bits <= 1024 * 1024; bits *= 2) {
		cpu_set_t *set = CPU_ALLOC(bits);
		size_t size = CPU_ALLOC_SIZE(bits);
		int count = 0;

		if (!set)
			break;
		if (sched_getaffinity(0, size, set) == 0)
			count = CPU_COUNT_S(size, set);
		CPU_FREE(set);
		if (count > 0)
			return (uint32_t)count;
	}
	return online > 0 ? (uint32_t)online : 1;
}

uint32_t mh_pool_threads(const struct modhash_run_opts *opts, uint64_t count)
{
	uint32_t threads = opts->threads ? opts->threads : processors();

	if (threads > THREADS_MAX)
		threads = THREADS_MAX;
	return threads < count ? threads : (uint32_t)count;
}

/* Take the next position in the order of work; false when there is none. */
static bool take(struct pool *pool, uint64_t *position)
{
	if (pool->halt || stopped(pool) || pool->taken == pool->round_count)
		return false;
	*position = pool->round ? pool->round[pool->taken] : pool->taken;
	pool->taken++;
	return true;
}

static void note_finished(struct pool *pool, uint64_t index, uint64_t bytes)
{
	pool->finished[index] = 1;
	pool->files++;
	pool->bytes += bytes;
	while (pool->ready < pool->jobs->count && pool->finished[pool->ready])
		pool->ready++;
}

static void note_failure(struct pool *pool, uint64_t position, int code,
			 const struct modhash_error *error)
{
	pool->halt = true;
	if (pool->failure && pool->failed_at < position)
		return;
	pool->failure = code;
	pool->failed_at = position;
	pool->error = *error;
}

/* Hand on what is ready, in order. */
static int deliver(struct pool *pool, uint64_t ready)
{
	const struct mh_pool_jobs *jobs = pool->jobs;

	while (pool->delivered < ready) {
		int ret;

		if (stopped(pool))
			return MODHASH_E_STOPPED;
		ret = jobs->done ? jobs->done(jobs->user, pool->delivered) : 0;
		if (ret)
			return ret;
		pool->delivered++;
	}
	return 0;
}

static void report(struct pool *pool, uint64_t files, uint64_t bytes)
{
	const struct modhash_run_opts *opts = &pool->opts;
	uint64_t time;

	if (!opts->progress)
		return;
	time = now();
	if (files < pool->jobs->count && time < pool->progress_at)
		return;
	pool->progress_at = time + PROGRESS_INTERVAL;
	opts->progress(opts->user, files, pool->jobs->count, bytes);
}

bool mh_feed_take(struct mh_feed *feed, struct mh_job *job)
{
	struct pool *pool = feed->pool;
	bool taken;

	pthread_mutex_lock(&pool->lock);
	taken = take(pool, &job->position);
	pthread_mutex_unlock(&pool->lock);
	if (taken)
		job->index = pool->jobs->order ? pool->jobs->order[job->position] : job->position;
	return taken;
}

bool mh_feed_ended(const struct mh_feed *feed)
{
	struct pool *pool = feed->pool;
	bool ended;

	pthread_mutex_lock(&pool->lock);
	ended = pool->halt || stopped(pool);
	pthread_mutex_unlock(&pool->lock);
	return ended;
}

bool mh_feed_in_order(const struct mh_feed *feed)
{
	return !feed->pool->jobs->order && !feed->pool->round;
}

static void halt(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->halt = true;
	pthread_mutex_unlock(&pool->lock);
}

/* With no other thread there is, nothing below needs the lock. */
static void deliver_here(struct mh_feed *feed)
{
	struct pool *pool = feed->pool;

	if (!feed->ended)
		feed->ended = deliver(pool, pool->ready);
	if (feed->ended)
		halt(pool);
	else
		report(pool, pool->files, pool->bytes);
}

void mh_feed_done(struct mh_feed *feed, const struct mh_job *job, uint64_t bytes)
{
	struct pool *pool = feed->pool;

	pthread_mutex_lock(&pool->lock);
	note_finished(pool, job->index, bytes);
	pthread_mutex_unlock(&pool->lock);
	if (feed->here)
		deliver_here(feed);
}

void mh_feed_fail(struct mh_feed *feed, const struct mh_job *job, int code,
		  const struct modhash_error *err)
{
	struct pool *pool = feed->pool;

	pthread_mutex_lock(&pool->lock);
	note_failure(pool, job->position, code, err);
	pthread_mutex_unlock(&pool->lock);
}

void mh_feed_next_round(struct mh_feed *feed, const struct mh_job *job)
{
	struct pool *pool = feed->pool;
	struct modhash_error error;

	pthread_mutex_lock(&pool->lock);
	if (!pool->no_room)
		pool->no_room = calloc((size_t)pool->jobs->count, sizeof(*pool->no_room));
	if (pool->no_room)
		pool->no_room[pool->no_room_count++] = job->position;
	else
		note_failure(pool, job->position, mh_fail_nomem(&error), &error);
	pthread_mutex_unlock(&pool->lock);
}

bool mh_feed_is_last(const struct mh_feed *feed)
{
	return feed->pool->last;
}

const int *mh_feed_stop(const struct mh_feed *feed)
{
	return feed->pool->opts.stop;
}

static void work_singly(struct mh_feed *feed)
{
	const struct mh_pool_jobs *jobs = feed->pool->jobs;
	struct modhash_error error;
	struct mh_job job;

	while (mh_feed_take(feed, &job)) {
		uint64_t bytes = 0;
		int ret;

		memset(&error, 0, sizeof(error));
		ret = jobs->job(jobs->user, feed->memory, job.index, &bytes, &error);
		if (ret)
			mh_feed_fail(feed, &job, ret, &error);
		else
			mh_feed_done(feed, &job, bytes);
	}
}

static void work_all(struct mh_feed *feed)
{
	const struct mh_pool_jobs *jobs = feed->pool->jobs;

	if (jobs->work)
		jobs->work(jobs->user, feed->memory, feed);
	else
		work_singly(feed);
}

static void *work(void *arg)
{
	struct mh_feed *feed = arg;
	struct pool *pool = feed->pool;

	work_all(feed);
	pthread_mutex_lock(&pool->lock);
	if (--pool->running == 0)
		pthread_cond_signal(&pool->ended);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

/* All on this thread, which hands on results as they come. */
static int run_here(struct pool *pool, void *memory)
{
	struct mh_feed feed = { .pool = pool, .memory = memory, .here = true };

	work_all(&feed);
	return feed.ended ? feed.ended : deliver(pool, pool->ready);
}

/* Sleep until the workers have ended, but no longer than POLL. */
static void wait_for_end(struct pool *pool)
{
	uint64_t until = now() + POLL;
	struct timespec time = { .tv_sec = (time_t)(until / SECOND),
				 .tv_nsec = (long)(until % SECOND) };

	while (pool->running) {
		if (pthread_cond_timedwait(&pool->ended, &pool->lock, &time))
			break;
	}
}

static int coordinate(struct pool *pool)
{
	bool ended = false;
	int ret = 0;

	while (!ended && !ret) {
		uint64_t ready, files, bytes;

		pthread_mutex_lock(&pool->lock);
		wait_for_end(pool);
		ended = pool->running == 0;
		ready = pool->ready;
		files = pool->files;
		bytes = pool->bytes;
		pthread_mutex_unlock(&pool->lock);

		ret = deliver(pool, ready);
		if (!ret)
			report(pool, files, bytes);
	}
	if (ret)
		halt(pool);
	return ret;
}

/*
 * Start as many as can be; how many it were.  Signals are for the caller's threads:
 * workers block them all.
 */
static uint32_t start(struct pool *pool, struct mh_feed *workers, uint32_t count)
{
	sigset_t all, before;
	uint32_t started = 0;

	sigfillset(&all);
	if (pthread_sigmask(SIG_SETMASK, &all, &before))
		return 0;
	pthread_mutex_lock(&pool->lock);
	while (started < count &&
	       pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
		started++;
	pool->running = started;
	pthread_mutex_unlock(&pool->lock);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return started;
}

static int run_workers(struct pool *pool, struct mh_feed *workers, uint32_t count)
{
	uint32_t started = count > 1 ? start(pool, workers, count) : 0;
	int ret;

	if (!started)
		return run_here(pool, workers[0].memory);
	ret = coordinate(pool);
	for (uint32_t i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	return ret;
}

/* Where memory for all workers can't be had, fewer will do. */
static int new_workers(struct pool *pool, struct mh_feed *workers, uint32_t *count,
		       struct modhash_error *err)
{
	const struct mh_pool_jobs *jobs = pool->jobs;
	uint32_t made;

	for (made = 0; made < *count; made++) {
		int ret = 0;

		workers[made].pool = pool;
		if (jobs->worker_new)
			ret = jobs->worker_new(jobs->user, &workers[made].memory,
					       made ? NULL : err);
		if (ret && !made)
			return ret;
		if (ret)
			break;
	}
	*count = made;
	return 0;
}

static int run_round(struct pool *pool, uint32_t count, struct modhash_error *err)
{
	const struct mh_pool_jobs *jobs = pool->jobs;
	struct mh_feed *workers = calloc(count, sizeof(*workers));
	int ret;

	if (!workers)
		return mh_fail_nomem(err);
	ret = new_workers(pool, workers, &count, err);
	if (ret) {
		free(workers);
		return ret;
	}
	ret = run_workers(pool, workers, count);
	for (uint32_t i = 0; jobs->worker_free && i < count; i++)
		jobs->worker_free(jobs->user, workers[i].memory);
	free(workers);
	return ret;
}

/* What there was no room for, by workers with one job each, then by fewer of these. */
static uint32_t next_round(struct pool *pool, uint32_t threads)
{
	unsigned int *in_hand = pool->jobs->in_hand;

	free(pool->round);
	pool->round = pool->no_room;
	pool->round_count = pool->no_room_count;
	pool->taken = 0;
	pool->no_room = NULL;
	pool->no_room_count = 0;
	threads = *in_hand ? threads / FEWER : threads;
	if (threads > pool->round_count)
		threads = (uint32_t)pool->round_count;
	*in_hand = 1;
	pool->last = threads <= 1;
	return threads ? threads : 1;
}

static int run_with_lock(struct pool *pool, struct modhash_error *err)
{
	const struct mh_pool_jobs *jobs = pool->jobs;
	uint32_t threads = mh_pool_threads(&pool->opts, jobs->count);
	int ret;

	pool->round_count = jobs->count;
	pool->last = !jobs->in_hand;
	if (jobs->in_hand)
		*jobs->in_hand = 0;
	ret = run_round(pool, threads, err);
	while (!ret && !pool->failure && !stopped(pool) && pool->no_room_count) {
		threads = next_round(pool, threads);
		ret = run_round(pool, threads, err);
	}
	if (!ret && pool->failure) {
		if (err)
			*err = pool->error;
		return pool->failure;
	}
	if (ret == MODHASH_E_STOPPED || (!ret && pool->delivered < jobs->count))
		return mh_fail(err, MODHASH_E_STOPPED, MODHASH_OFFSET_NONE,
			       "stopped before all files were gone through");
	return ret;
}

/* Times are told by the clock that nobody sets. */
static int init_lock(struct pool *pool)
{
	pthread_condattr_t attr;
	int ret;

	ret = pthread_condattr_init(&attr);
	if (ret)
		return ret;
	ret = pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	if (!ret)
		ret = pthread_cond_init(&pool->ended, &attr);
	pthread_condattr_destroy(&attr);
	if (ret)
		return ret;
	ret = pthread_mutex_init(&pool->lock, NULL);
	if (ret)
		pthread_cond_destroy(&pool->ended);
	return ret;
}

int mh_pool_run(const struct mh_pool_jobs *jobs, const struct modhash_run_opts *opts,
		struct modhash_error *err)
{
	struct pool pool;
	int ret;

	memset(&pool, 0, sizeof(pool));
	pool.jobs = jobs;
	ret = mh_options_in(&pool.opts, sizeof(pool.opts), opts, err);
	if (ret < 0 || !jobs->count)
		return ret;
	if (jobs->count > SIZE_MAX)
		return mh_fail_nomem(err);
	pool.finished = calloc((size_t)jobs->count, 1);
	if (!pool.finished)
		return mh_fail_nomem(err);
	pool.progress_at = now() + PROGRESS_INTERVAL;

	if (init_lock(&pool)) {
		free(pool.finished);
		return mh_fail_nomem(err);
	}
	ret = run_with_lock(&pool, err);
	pthread_mutex_destroy(&pool.lock);
	pthread_cond_destroy(&pool.ended);
	free(pool.finished);
	free(pool.round);
	free(pool.no_room);
	return ret;
}
