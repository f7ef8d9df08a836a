/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: jobs on worker threads, their results in order on the caller's.
 */
#ifndef MH_POOL_H
#define MH_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include <modhash/batch.h>
#include <modhash/error.h>

/* Where a worker that does several jobs at once has them from: see work() below. */
struct mh_feed;

struct mh_job {
	uint64_t index;
	uint64_t position; /* in the order of work */
};

/* The next job; false when there are no more for this worker. */
bool mh_feed_take(struct mh_feed *feed, struct mh_job *job);

/* A job is done; @bytes were read for it. */
void mh_feed_done(struct mh_feed *feed, const struct mh_job *job, uint64_t bytes);

/* A job failed so that the run ends with @code and @err. */
void mh_feed_fail(struct mh_feed *feed, const struct mh_job *job, int code,
		  const struct modhash_error *err);

/* The run ends: jobs that a worker took, but has postponed, are not to be begun any more. */
bool mh_feed_ended(const struct mh_feed *feed);

/* Jobs come in the order of the list: nobody said a better one. */
bool mh_feed_in_order(const struct mh_feed *feed);

/* There was no room for a job: it is to be begun again when fewer are in hand. */
void mh_feed_next_round(struct mh_feed *feed, const struct mh_job *job);

/* One job alone is in hand: there will not be more room. */
bool mh_feed_is_last(const struct mh_feed *feed);

/* The caller's stop flag, or NULL. */
const int *mh_feed_stop(const struct mh_feed *feed);

struct mh_pool_jobs {
	uint64_t count;
	void *user;

	/* Memory of one worker, made on the caller's thread before any job runs. */
	int (*worker_new)(void *user, void **worker, struct modhash_error *err);
	void (*worker_free)(void *user, void *worker);

	/*
	 * Job @index on a worker's thread.  Jobs are taken in the order of the list, or, if
	 * @order is not NULL, of that permutation (largest first, say).  Adds what it read to
	 * *bytes.  Non-zero ends the run with that code and @err.
	 */
	int (*job)(void *user, void *worker, uint64_t index, uint64_t *bytes,
		   struct modhash_error *err);
	const uint64_t *order;

	/*
	 * Instead of job(), for a worker that has several jobs in hand at once: all that it
	 * can take from @feed.  Each that it took, it says to be done or failed, unless
	 * it was stopped.
	 */
	void (*work)(void *user, void *worker, struct mh_feed *feed);

	/*
	 * Set before workers are made: how many jobs each may have in hand, 0: as many as it
	 * likes.  Jobs that there was no room for are done by new workers, with fewer of them
	 * in hand, and at the end with one alone.  May be NULL if there is always room.
	 */
	unsigned int *in_hand;

	/*
	 * The job of @index is done, and so are all before it: on the caller's thread, in
	 * order.  Non-zero ends the run and is returned.  May be NULL.
	 */
	int (*done)(void *user, uint64_t index);
};

/* How many threads a run of so many jobs would have; 1: none but the caller's. */
uint32_t mh_pool_threads(const struct modhash_run_opts *opts, uint64_t count);

/* 0, MODHASH_E_STOPPED, MODHASH_E_NOMEM, or what job() or done() returned. */
int mh_pool_run(const struct mh_pool_jobs *jobs, const struct modhash_run_opts *opts,
		struct modhash_error *err);

#endif /* MH_POOL_H */
