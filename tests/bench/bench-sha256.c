/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256, in bytes per second on one core: by libcrypto, and by each engine that this
 * processor has, at each number of streams, for messages of several lengths; and Merkle
 * proofs per second.
 *
 *	bench-sha256 [--json] [--rounds=N]
 *
 * In a round, all take turns; medians over N (9) rounds, and their spread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <modhash/modhash.h>

#include "core/core.h"
#include "hash.h"

#define ROUNDS_MAX 99
#define ROUND_NS 3000000.0
#define STREAMS_MAX 8
#define MEMORY ((size_t)8 << 20)
#define LEVELS 13

static const uint32_t engines[] = {
	MODHASH_ENGINE_EVP, MODHASH_ENGINE_SHANI_1, MODHASH_ENGINE_SHANI_2, MODHASH_ENGINE_SHANI_4,
};

static const size_t lengths[] = { 64, 1024, 4096, 36864, 1048576 };

#define ENGINES (sizeof(engines) / sizeof(engines[0]))
#define LENGTHS (sizeof(lengths) / sizeof(lengths[0]))

/* One thing that is measured. */
struct subject {
	uint32_t engine;
	unsigned int streams; /* messages that are handed over at once */
	size_t length;	      /* of each; 0: proofs of 13 levels instead */
	uint64_t repeats;     /* as often in a round */
	double ns[ROUNDS_MAX];
	double ratio; /* how many times as fast as libcrypto: median over rounds */
};

static struct subject subjects[ENGINES * STREAMS_MAX * (LENGTHS + 1)];
static size_t count;
static uint8_t *memory;
static int rounds = 9;

static void die(const char *what)
{
	fprintf(stderr, "bench-sha256: %s\n", what);
	exit(2);
}

/* This thread's own time: what else runs here takes none of it. */
static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void hash_messages(const struct subject *subject, struct mh_hasher *hasher)
{
	static uint8_t out[STREAMS_MAX][MODHASH_DIGEST_MAX];
	struct mh_part parts[STREAMS_MAX];
	struct mh_message messages[STREAMS_MAX];
	size_t apart = MEMORY / STREAMS_MAX / 64 * 64;

	for (unsigned int i = 0; i < subject->streams; i++) {
		/* Not all at the same place in their pages: that is no fair guest of a cache. */
		parts[i].data = memory + i * apart + (apart > subject->length + 4096 ? i * 192 : 0);
		parts[i].length = subject->length;
		messages[i] = (struct mh_message){ &parts[i], 1, out[i] };
	}
	for (uint64_t i = 0; i < subject->repeats; i++) {
		if (mh_hasher_many(hasher, messages, subject->streams, NULL))
			die("hashing failed");
	}
}

static void climb_proofs(const struct subject *subject, struct mh_hasher *hasher)
{
	uint8_t top[32] = { 0 };

	for (uint64_t i = 0; i < subject->repeats; i++) {
		if (mh_core_merkle_climb(top, (uint32_t)i, memory, LEVELS, top, mh_hasher_core,
					 hasher))
			die("hashing failed");
	}
}

static double once(const struct subject *subject)
{
	struct mh_hasher *hasher;
	double before;

	if (mh_hasher_new(subject->engine, MODHASH_ALGO_SHA256, &hasher, NULL))
		die("no hasher");
	before = now();
	if (subject->length)
		hash_messages(subject, hasher);
	else
		climb_proofs(subject, hasher);
	before = now() - before;
	mh_hasher_free(hasher);
	return before / (double)subject->repeats;
}

static void add(uint32_t engine, unsigned int streams, size_t length)
{
	struct subject *subject = &subjects[count++];
	double ns;

	*subject = (struct subject){ .engine = engine, .streams = streams, .length = length,
				     .repeats = 1 };
	once(subject);
	while ((ns = once(subject)) * (double)subject->repeats < ROUND_NS / 4)
		subject->repeats *= 2;
	subject->repeats = (uint64_t)(ROUND_NS / ns) + 1;
}

static void add_all(void)
{
	for (size_t i = 0; i < ENGINES; i++) {
		struct mh_hasher *hasher;
		unsigned int most;

		if (!modhash_engine_supported(engines[i]))
			continue;
		if (mh_hasher_new(engines[i], MODHASH_ALGO_SHA256, &hasher, NULL))
			die("no hasher");
		most = mh_hasher_streams(hasher);
		mh_hasher_free(hasher);
		for (unsigned int streams = 1; streams <= most; streams++) {
			for (size_t j = 0; j < LENGTHS; j++)
				add(engines[i], streams, lengths[j]);
		}
		add(engines[i], 1, 0);
	}
}

static int compare(const void *a, const void *b)
{
	const double *first = a, *second = b;

	return *first < *second ? -1 : *first > *second;
}

/* Bytes per nanosecond are gigabytes per second. */
static double rate(const struct subject *subject, double ns)
{
	return (double)subject->length * subject->streams / ns;
}

/* libcrypto at the same: its subjects are the first. */
static const struct subject *evp_of(const struct subject *subject)
{
	const struct subject *evp = subjects;

	while (evp->length != subject->length)
		evp++;
	return evp;
}

/* While rounds are still in their order. */
static void compare_with_evp(struct subject *subject)
{
	const struct subject *evp = evp_of(subject);
	double ratios[ROUNDS_MAX];

	for (int i = 0; i < rounds; i++)
		ratios[i] = evp->ns[i] * subject->streams / subject->ns[i];
	qsort(ratios, (size_t)rounds, sizeof(double), compare);
	subject->ratio = ratios[(rounds - 1) / 2];
}

static double median(const struct subject *subject)
{
	return subject->ns[(rounds - 1) / 2];
}

static void print_table(void)
{
	printf("SHA-256 on one core, GB/s (slowest and fastest round), ratio to EVP\n\n");
	printf("  %-10s %8s %10s %8s %18s %7s\n", "engine", "streams", "bytes", "GB/s",
	       "slowest..fastest", "ratio");
	for (size_t i = 0; i < count; i++) {
		const struct subject *s = &subjects[i];

		if (s->length)
			printf("  %-10s %8u %10zu %8.2f %9.2f ..%6.2f %7.2f\n",
			       modhash_engine_name(s->engine), s->streams, s->length,
			       rate(s, median(s)), rate(s, s->ns[rounds - 1]), rate(s, s->ns[0]),
			       s->ratio);
	}
	printf("\nMerkle proofs of %d levels, ns each\n\n", LEVELS);
	for (size_t i = 0; i < count; i++) {
		const struct subject *s = &subjects[i];

		if (!s->length)
			printf("  %-10s %8.0f   (%.0f .. %.0f)   %.0f a second\n",
			       modhash_engine_name(s->engine), median(s), s->ns[0],
			       s->ns[rounds - 1], 1e9 / median(s));
	}
}

static void print_json(void)
{
	printf("{\"sha256\":[");
	for (size_t i = 0; i < count; i++) {
		const struct subject *s = &subjects[i];

		printf("%s\n{\"engine\":\"%s\",\"streams\":%u,\"%s\":%zu,\"ns\":%.1f,"
		       "\"ns_least\":%.1f,\"ns_most\":%.1f,\"ratio\":%.3f",
		       i ? "," : "", modhash_engine_name(s->engine), s->streams,
		       s->length ? "length" : "proof_levels", s->length ? s->length : LEVELS,
		       median(s), s->ns[0], s->ns[rounds - 1], s->ratio);
		if (s->length)
			printf(",\"bytes_per_second\":%.0f", rate(s, median(s)) * 1e9);
		printf("}");
	}
	printf("\n]}\n");
}

int main(int argc, char **argv)
{
	bool json = false;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--json"))
			json = true;
		else if (!strncmp(argv[i], "--rounds=", 9))
			rounds = atoi(argv[i] + 9);
		else
			die("usage: bench-sha256 [--json] [--rounds=N]");
	}
	if (rounds < 1 || rounds > ROUNDS_MAX)
		die("rounds out of range");
	if (posix_memalign((void **)&memory, 4096, MEMORY + 4096))
		die("out of memory");
	for (size_t i = 0; i < MEMORY + 4096; i++)
		memory[i] = (uint8_t)(i * 2654435761u >> 13);
	add_all();
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < count; i++)
			subjects[i].ns[round] = once(&subjects[i]);
	}
	for (size_t i = 0; i < count; i++)
		compare_with_evp(&subjects[i]);
	for (size_t i = 0; i < count; i++)
		qsort(subjects[i].ns, (size_t)rounds, sizeof(double), compare);
	if (json)
		print_json();
	else
		print_table();
	free(memory);
	return 0;
}
