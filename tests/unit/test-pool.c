/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The pool: every job once, results in order, the same with any number of threads.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <pthread.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>

#include <modhash/codes.h>

#include "fail.h"
#include "pool.h"
#include "scratch.h"

#define JOBS 500
#define NEVER UINT64_MAX

static const uint32_t thread_counts[] = { 1, 2, 3, 8, 0 };

#define THREAD_COUNTS ((int)(sizeof(thread_counts) / sizeof(thread_counts[0])))

/* What a run is told to do, and what it saw. */
struct run {
	uint64_t nap_every; /* every so manyth job takes so long, in ms */
	long nap_time;
	uint64_t fail_at; /* this job fails, slowly; the next fails at once */
	uint64_t stop_at; /* this job sets the stop flag */
	uint64_t done_fails_at;
	int workers_at_most;

	pthread_t caller;
	int stop;
	int workers_made;
	int workers_freed;
	int in_job; /* atomically: how many at this moment */
	int in_job_most;
	int strangers; /* jobs on another thread than the caller's */
	int ran[JOBS];
	uint64_t sequence[JOBS]; /* the order in which jobs were begun */
	int begun;
	uint64_t done; /* calls so far */
	uint64_t progress_calls;
	uint64_t files;
	uint64_t bytes;
};

static struct run run;

static void fresh(void)
{
	memset(&run, 0, sizeof(run));
	run.fail_at = run.stop_at = run.done_fails_at = NEVER;
	run.nap_time = 1;
	run.workers_at_most = 1000;
	run.caller = pthread_self();
}

static void nap(long milliseconds)
{
	struct timespec time = { milliseconds / 1000, milliseconds % 1000 * 1000000 };

	nanosleep(&time, NULL);
}

static int worker_new(void *user, void **worker, struct modhash_error *err)
{
	ck_assert_ptr_eq(user, &run);
	ck_assert(pthread_equal(pthread_self(), run.caller));
	if (run.workers_made >= run.workers_at_most)
		return mh_fail(err, MODHASH_E_CRYPTO, MODHASH_OFFSET_NONE, "no more workers");
	run.workers_made++;
	*worker = calloc(1, sizeof(int));
	return 0;
}

static void worker_free(void *user, void *worker)
{
	ck_assert_ptr_eq(user, &run);
	run.workers_freed++;
	free(worker);
}

static void note_concurrency(void)
{
	int now = __atomic_add_fetch(&run.in_job, 1, __ATOMIC_SEQ_CST);
	int most = __atomic_load_n(&run.in_job_most, __ATOMIC_SEQ_CST);

	while (now > most && !__atomic_compare_exchange_n(&run.in_job_most, &most, now, false,
							  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
		;
}

static int job(void *user, void *worker, uint64_t index, uint64_t *bytes, struct modhash_error *err)
{
	int *in_use = worker;
	int ret = 0;

	/* Assertions are for the caller's thread: what is wrong here is counted. */
	(void)user;
	note_concurrency();
	if (__atomic_exchange_n(in_use, 1, __ATOMIC_SEQ_CST))
		__atomic_add_fetch(&run.strangers, 1000000, __ATOMIC_SEQ_CST);
	if (!pthread_equal(pthread_self(), run.caller))
		__atomic_add_fetch(&run.strangers, 1, __ATOMIC_SEQ_CST);
	run.sequence[__atomic_fetch_add(&run.begun, 1, __ATOMIC_SEQ_CST)] = index;
	run.ran[index]++;
	*bytes += index;
	if (run.nap_every && index % run.nap_every == 0)
		nap(run.nap_time);
	if (index == run.stop_at)
		__atomic_store_n(&run.stop, 1, __ATOMIC_SEQ_CST);
	if (index == run.fail_at)
		nap(20);
	if (run.fail_at != NEVER && (index == run.fail_at || index == run.fail_at + 1))
		ret = mh_fail(err, -1000 - (int)index, 7, "job %d", (int)index);
	__atomic_store_n(in_use, 0, __ATOMIC_SEQ_CST);
	__atomic_sub_fetch(&run.in_job, 1, __ATOMIC_SEQ_CST);
	return ret;
}

static int done(void *user, uint64_t index)
{
	ck_assert_ptr_eq(user, &run);
	ck_assert(pthread_equal(pthread_self(), run.caller));
	ck_assert_uint_eq(index, run.done);
	ck_assert_int_eq(run.ran[index], 1);
	if (index == run.done_fails_at)
		return 4711;
	run.done++;
	return 0;
}

static void progress(void *user, uint64_t files, uint64_t files_total, uint64_t bytes)
{
	ck_assert_ptr_eq(user, &run);
	ck_assert(pthread_equal(pthread_self(), run.caller));
	ck_assert_uint_eq(files_total, JOBS);
	ck_assert_uint_ge(files, run.files);
	ck_assert_uint_ge(bytes, run.bytes);
	ck_assert_uint_le(files, JOBS);
	run.files = files;
	run.bytes = bytes;
	run.progress_calls++;
}

static const struct mh_pool_jobs jobs = {
	.count = JOBS,
	.user = &run,
	.worker_new = worker_new,
	.worker_free = worker_free,
	.job = job,
	.done = done,
};

static struct modhash_run_opts options(uint32_t threads)
{
	struct modhash_run_opts opts;

	MODHASH_INIT(opts);
	opts.threads = threads;
	opts.stop = &run.stop;
	opts.progress = progress;
	opts.user = &run;
	return opts;
}

static int go(const struct mh_pool_jobs *what, uint32_t threads, struct modhash_error *err)
{
	struct modhash_run_opts opts = options(threads);
	int ret = mh_pool_run(what, &opts, err);

	ck_assert_int_eq(run.workers_freed, run.workers_made);
	ck_assert_int_lt(run.strangers, 1000000);
	if (threads)
		ck_assert_int_le(run.in_job_most, (int)threads);
	if (threads == 1)
		ck_assert_int_eq(run.strangers, 0);
	return ret;
}

static double seconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

START_TEST(test_all)
{
	fresh();
	run.nap_every = 50;
	ck_assert_int_eq(go(&jobs, thread_counts[_i], NULL), 0);
	ck_assert_uint_eq(run.done, JOBS);
	for (int i = 0; i < JOBS; i++)
		ck_assert_int_eq(run.ran[i], 1);
	ck_assert_uint_eq(run.files, JOBS);
	ck_assert_uint_eq(run.bytes, (uint64_t)JOBS * (JOBS - 1) / 2);
}
END_TEST

START_TEST(test_options_may_be_missing)
{
	struct mh_pool_jobs silent = jobs;

	fresh();
	ck_assert_int_eq(mh_pool_run(&jobs, NULL, NULL), 0);
	ck_assert_uint_eq(run.done, JOBS);

	fresh();
	silent.done = NULL;
	ck_assert_int_eq(go(&silent, 3, NULL), 0);
	ck_assert_uint_eq(run.done, 0);
	ck_assert_int_eq(run.ran[JOBS - 1], 1);
}
END_TEST

START_TEST(test_unknown_options)
{
	struct {
		struct modhash_run_opts opts;
		uint64_t later;
	} newer;
	struct modhash_error err;

	fresh();
	memset(&newer, 0, sizeof(newer));
	newer.opts.size = sizeof(newer);
	newer.later = 1;
	ck_assert_int_eq(mh_pool_run(&jobs, &newer.opts, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(run.begun, 0);
	newer.later = 0;
	ck_assert_int_eq(mh_pool_run(&jobs, &newer.opts, &err), 0);
}
END_TEST

START_TEST(test_no_jobs)
{
	struct mh_pool_jobs none = jobs;

	fresh();
	none.count = 0;
	ck_assert_int_eq(go(&none, thread_counts[_i], NULL), 0);
	ck_assert_int_eq(run.workers_made, 0);
}
END_TEST

START_TEST(test_more_threads_than_jobs)
{
	struct mh_pool_jobs few = jobs;
	struct modhash_run_opts opts;

	fresh();
	few.count = 3;
	opts = options(UINT32_MAX);
	opts.progress = NULL;
	ck_assert_int_eq(mh_pool_run(&few, &opts, NULL), 0);
	ck_assert_uint_eq(run.done, 3);
	ck_assert_int_eq(run.workers_made, 3);
	ck_assert_int_eq(run.workers_freed, 3);
}
END_TEST

/* Work may be done in any order: results come in that of the list all the same. */
START_TEST(test_order_of_work)
{
	struct mh_pool_jobs shuffled = jobs;
	uint64_t order[JOBS];

	for (uint64_t i = 0; i < JOBS; i++)
		order[i] = i * 7 % JOBS; /* 7 does not divide JOBS */
	fresh();
	run.nap_every = 50;
	shuffled.order = order;
	ck_assert_int_eq(go(&shuffled, thread_counts[_i], NULL), 0);
	ck_assert_uint_eq(run.done, JOBS);
	for (int i = 0; i < JOBS; i++)
		ck_assert_int_eq(run.ran[i], 1);
	if (thread_counts[_i] == 1)
		ck_assert_mem_eq(run.sequence, order, sizeof(order));
}
END_TEST

START_TEST(test_stopped_before)
{
	struct modhash_error err;

	fresh();
	run.stop = 1;
	ck_assert_int_eq(go(&jobs, thread_counts[_i], &err), MODHASH_E_STOPPED);
	ck_assert_int_eq(err.code, MODHASH_E_STOPPED);
	ck_assert_int_eq(run.begun, 0);
	ck_assert_uint_eq(run.done, 0);
}
END_TEST

START_TEST(test_stopped_by_a_job)
{
	fresh();
	run.stop_at = 100;
	run.nap_every = 1;
	ck_assert_int_eq(go(&jobs, thread_counts[_i], NULL), MODHASH_E_STOPPED);
	ck_assert_int_ge(run.begun, 101);
	/* Jobs that were begun are ended, and none is begun after them. */
	ck_assert_int_le(run.begun, 101 + 64);
	ck_assert_uint_lt(run.done, JOBS);
}
END_TEST

static void on_alarm(int signal)
{
	(void)signal;
	__atomic_store_n(&run.stop, 1, __ATOMIC_RELAXED);
}

/* Jobs for seconds; a signal after 30 ms. */
START_TEST(test_stopped_by_a_signal)
{
	struct itimerval timer = { .it_value = { 0, 30000 } };
	struct sigaction action = { .sa_handler = on_alarm };
	double begun;

	fresh();
	run.nap_every = 1;
	run.nap_time = 10;
	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	begun = seconds();
	ck_assert_int_eq(setitimer(ITIMER_REAL, &timer, NULL), 0);
	ck_assert_int_eq(go(&jobs, 1 + (uint32_t)_i, NULL), MODHASH_E_STOPPED);
	/* Some 30 + 20 + 10 ms, more than that on a busy machine; without it, seconds. */
	ck_assert(seconds() - begun < 1);
	ck_assert_int_lt(run.begun, JOBS);
}
END_TEST

/* Two jobs fail, the later one sooner: it is always the first that is told. */
START_TEST(test_failing_job)
{
	struct modhash_error err;

	fresh();
	run.fail_at = 100;
	ck_assert_int_eq(go(&jobs, thread_counts[_i], &err), -1100);
	ck_assert_int_eq(err.code, -1100);
	ck_assert_uint_eq(err.offset, 7);
	ck_assert_str_eq(err.message, "job 100");
	ck_assert_uint_eq(run.done, 100);
	if (thread_counts[_i] == 1)
		ck_assert_int_eq(run.begun, 101);

	fresh();
	run.fail_at = 0;
	ck_assert_int_eq(go(&jobs, thread_counts[_i], NULL), -1000);
	ck_assert_uint_eq(run.done, 0);

	fresh();
	run.fail_at = JOBS - 1;
	ck_assert_int_eq(go(&jobs, thread_counts[_i], NULL), -1000 - (JOBS - 1));
	ck_assert_uint_eq(run.done, JOBS - 1);
}
END_TEST

START_TEST(test_failing_done)
{
	fresh();
	run.done_fails_at = 50;
	run.nap_every = 10;
	ck_assert_int_eq(go(&jobs, thread_counts[_i], NULL), 4711);
	ck_assert_uint_eq(run.done, 50);
}
END_TEST

START_TEST(test_no_worker)
{
	struct modhash_error err;

	fresh();
	run.workers_at_most = 0;
	ck_assert_int_eq(go(&jobs, thread_counts[_i], &err), MODHASH_E_CRYPTO);
	ck_assert_str_eq(err.message, "no more workers");
	ck_assert_int_eq(run.begun, 0);
}
END_TEST

START_TEST(test_fewer_workers)
{
	struct modhash_error err;

	for (int workers = 1; workers <= 3; workers++) {
		fresh();
		memset(&err, 0, sizeof(err));
		run.workers_at_most = workers;
		ck_assert_int_eq(go(&jobs, 4, &err), 0);
		ck_assert_int_eq(err.code, 0);
		ck_assert_uint_eq(run.done, JOBS);
		ck_assert_int_le(run.in_job_most, workers);
	}
}
END_TEST

#ifdef __GLIBC__
/* Without threads to be had (a stack that no machine has room for), the caller's works. */
START_TEST(test_no_threads)
{
	pthread_attr_t attr;
	size_t usual;

	ck_assert_int_eq(pthread_getattr_default_np(&attr), 0);
	ck_assert_int_eq(pthread_attr_getstacksize(&attr, &usual), 0);
	ck_assert_int_eq(pthread_attr_setstacksize(&attr, SIZE_MAX / 8 * 7), 0);
	ck_assert_int_eq(pthread_setattr_default_np(&attr), 0);
	fresh();
	ck_assert_int_eq(go(&jobs, 4, NULL), 0);
	ck_assert_int_eq(run.strangers, 0);
	ck_assert_uint_eq(run.done, JOBS);
	pthread_attr_setstacksize(&attr, usual);
	ck_assert_int_eq(pthread_setattr_default_np(&attr), 0);
	pthread_attr_destroy(&attr);
}
END_TEST
#endif

START_TEST(test_progress)
{
	double begun, spent;

	fresh();
	run.nap_every = 1;
	begun = seconds();
	ck_assert_int_eq(go(&jobs, 1 + (uint32_t)_i, NULL), 0);
	spent = seconds() - begun;
	/* One every 100 ms, and one at the end. */
	ck_assert_uint_ge(run.progress_calls, 2);
	ck_assert_uint_le(run.progress_calls, (uint64_t)(spent * 10) + 1);
	ck_assert_uint_eq(run.files, JOBS);
}
END_TEST

/* Signals are the caller's: a worker's thread takes none, and its mask is its own. */
START_TEST(test_signal_mask)
{
	sigset_t before, after;

	fresh();
	ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
	ck_assert_int_eq(go(&jobs, 4, NULL), 0);
	ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	for (int i = 1; i < 32; i++)
		ck_assert_int_eq(sigismember(&before, i), sigismember(&after, i));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("pool");
	TCase *tcase = tcase_create("pool");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, test_all, 0, THREAD_COUNTS);
	tcase_add_test(tcase, test_options_may_be_missing);
	tcase_add_test(tcase, test_unknown_options);
	tcase_add_loop_test(tcase, test_no_jobs, 0, THREAD_COUNTS);
	tcase_add_test(tcase, test_more_threads_than_jobs);
	tcase_add_loop_test(tcase, test_order_of_work, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_stopped_before, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_stopped_by_a_job, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_stopped_by_a_signal, 0, 2);
	tcase_add_loop_test(tcase, test_failing_job, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_failing_done, 0, THREAD_COUNTS);
	tcase_add_loop_test(tcase, test_no_worker, 0, THREAD_COUNTS);
	tcase_add_test(tcase, test_fewer_workers);
#ifdef __GLIBC__
	tcase_add_test(tcase, test_no_threads);
#endif
	tcase_add_loop_test(tcase, test_progress, 0, 2);
	tcase_add_test(tcase, test_signal_mask);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
