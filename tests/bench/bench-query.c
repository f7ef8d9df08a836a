/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a look-up costs: a scan over a list, a plain binary search, and the table without an
 * index, with one of 256 entries, with the small one and with the fast one.
 *
 *	bench-query [--json] [COUNT...]		default: 4023 100000 1000000 digests
 *
 * hot	each query waits for the answer of the one before, over random digests of the
 *	set; what the caches hold, they hold
 * cold	before each query every line of the blob is thrown out of the caches
 * lines, probes	cache lines touched and digests compared, on average (counted, not timed)
 *
 * Times are in nanoseconds, medians of rounds in which the structures take turns.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <modhash/modhash.h>

#include "core/core.h"
#include "count-lines.h"

#define LENGTH 32
#define ROUNDS 7
#define QUERIES 4096 /* different ones; a power of two */
#define BATCH_NS 4000000.0
#define COLD_NS 60000000.0 /* for all cold queries of a round together */
#define COLD_MAX 300
#define KINDS 4 /* of times: hot and cold, hits and misses */

static void die(const char *what)
{
	fprintf(stderr, "bench-query: %s\n", what);
	exit(2);
}

static void *must(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}

static double look(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double now(void)
{
	return look(CLOCK_MONOTONIC);
}

/* This thread's own time, for what takes longer than to look at it. */
static double own_time(void)
{
	return look(CLOCK_THREAD_CPUTIME_ID);
}

static uint64_t random_state = 88172645463325252u;

static uint64_t random64(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 2685821657736338717u;
}

/* --- throwing out of the caches --- */

#ifdef __SSE2__
static void flush(const uint8_t *data, size_t length)
{
	size_t i;

	for (i = 0; i < length; i += 64)
		__builtin_ia32_clflush(data + i);
	__builtin_ia32_mfence();
}
#else
/* Elsewhere by filling the caches with something else. */
static void flush(const uint8_t *data, size_t length)
{
	enum { OTHER = 128 << 20 };
	static uint8_t *other;
	size_t i;

	(void)data;
	(void)length;
	if (!other)
		other = must(malloc(OTHER));
	for (i = 0; i < OTHER; i += 64)
		other[i]++;
}
#endif

/* --- the structures --- */

struct structure {
	const char *name;
	int format;
	uint32_t index_bits;
	int (*find)(const struct structure *structure, const uint8_t *digest);
	uint8_t *data;
	size_t length;
	struct mh_core_table table;
	double times[KINDS][ROUNDS];
	double lines, probes;
};

static int find_in_list(const struct structure *structure, const uint8_t *digest)
{
	mh_u64 index;

	return mh_core_list_find(structure->data, structure->length, digest, &index);
}

/* What one would write without thinking, over the sorted digests. */
static int find_by_halves(const struct structure *structure, const uint8_t *digest)
{
	size_t low = 0, high = structure->table.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = memcmp(digest, structure->table.digests + middle * LENGTH, LENGTH);

		if (!order)
			return 1;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return 0;
}

static int find_in_table(const struct structure *structure, const uint8_t *digest)
{
	mh_u32 index;

	return mh_core_table_find(&structure->table, digest, &index);
}

static struct structure structures[] = {
	{ .name = "list, scanned", .format = MODHASH_FORMAT_LIST, .find = find_in_list },
	{ .name = "binary search", .format = MODHASH_FORMAT_TABLE, .find = find_by_halves },
	{ .name = "table, no index", .format = MODHASH_FORMAT_TABLE, .find = find_in_table },
	{ .name = "table, 8 bits of index",
	  .format = MODHASH_FORMAT_TABLE,
	  .index_bits = 8,
	  .find = find_in_table },
	{ .name = "table, small index",
	  .format = MODHASH_FORMAT_TABLE,
	  .index_bits = MODHASH_INDEX_SMALL,
	  .find = find_in_table },
	{ .name = "table, fast index",
	  .format = MODHASH_FORMAT_TABLE,
	  .index_bits = MODHASH_INDEX_FAST,
	  .find = find_in_table },
};

#define STRUCTURES (sizeof(structures) / sizeof(structures[0]))

static void build(const struct modhash_ctx *ctx, struct structure *structure,
		  const struct modhash_digest *digests, size_t count)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;
	struct modhash_buffer buffer;
	size_t i;

	MODHASH_INIT(opts);
	opts.format = (uint32_t)structure->format;
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.scope = MODHASH_SCOPE_FILE;
	opts.index_bits = structure->index_bits;
	if (modhash_builder_new(ctx, &opts, &builder, NULL))
		die("can't make a builder");
	for (i = 0; i < count; i++) {
		if (modhash_builder_add(builder, &digests[i], NULL, NULL))
			die("can't add a digest");
	}
	if (modhash_builder_finish(builder, &buffer, NULL))
		die("can't make a blob");
	modhash_builder_free(builder);
	structure->length = (size_t)buffer.length;
	structure->data = must(aligned_alloc(64, (structure->length + 63) / 64 * 64));
	memcpy(structure->data, buffer.data, structure->length);
	modhash_buffer_clear(&buffer);
	if (structure->format == MODHASH_FORMAT_TABLE &&
	    mh_core_table_open(structure->data, structure->length, &structure->table))
		die("can't open a table");
}

/* --- measuring --- */

struct queries {
	uint8_t digests[QUERIES][LENGTH];
	int expected;
};

static struct queries hits, misses;

/* Each query's place depends on the answer before, so that none begins before it is there. */
static double time_hot(const struct structure *structure, const struct queries *queries,
		       size_t count)
{
	size_t i, at = 0;
	double begin = own_time();

	for (i = 0; i < count; i++) {
		int found = structure->find(structure, queries->digests[at]);

		if (found != queries->expected)
			die("a wrong answer");
		__asm__ volatile("" : "+r"(found));
		at = (at + (size_t)(found - queries->expected) + 1) & (QUERIES - 1);
		/* A digest that was just computed is in the nearest cache. */
		__builtin_prefetch(queries->digests[(at + 2) & (QUERIES - 1)]);
	}
	return (own_time() - begin) / (double)count;
}

static double hot(const struct structure *structure, const struct queries *queries)
{
	double one = time_hot(structure, queries, 2);
	size_t count = (size_t)(BATCH_NS / (one > 1 ? one : 1));

	return time_hot(structure, queries, count < 3 ? 3 : count > 100000 ? 100000 : count);
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_doubles);
	return values[count / 2];
}

/* What it costs to look at the clock twice. */
static double clock_cost(void)
{
	double values[1001];
	size_t i;

	for (i = 0; i < 1001; i++) {
		double begin = now();

		values[i] = now() - begin;
	}
	return median(values, 1001);
}

static double cold(const struct structure *structure, const struct queries *queries)
{
	double values[COLD_MAX], begin = now(), cost = clock_cost();
	size_t count = 0;

	while (count < COLD_MAX && (count < 5 || now() - begin < COLD_NS)) {
		const uint8_t *digest = queries->digests[random64() & (QUERIES - 1)];
		volatile uint8_t touched = 0;
		double before;
		size_t i;

		for (i = 0; i < LENGTH; i++)
			touched = (uint8_t)(touched + digest[i]);
		flush(structure->data, structure->length);
		before = now();
		if (structure->find(structure, digest) != queries->expected)
			die("a wrong answer");
		values[count++] = now() - before - cost;
	}
	return median(values, count);
}

static void count(struct structure *structure)
{
	size_t i;

	structure->lines = 0;
	structure->probes = 0;
	if (structure->find != find_in_table)
		return;
	for (i = 0; i < QUERIES; i++) {
		struct line_count counted =
			count_lines(structure->data, structure->length, hits.digests[i]);

		if (!counted.found)
			die("a wrong answer");
		structure->lines += counted.lines / (double)QUERIES;
		structure->probes += counted.probes / (double)QUERIES;
	}
}

static void choose_queries(const struct modhash_digest *digests, size_t count)
{
	size_t i, j;

	hits.expected = 1;
	misses.expected = 0;
	for (i = 0; i < QUERIES; i++) {
		memcpy(hits.digests[i], digests[random64() % count].bytes, LENGTH);
		for (j = 0; j < LENGTH; j++)
			misses.digests[i][j] = (uint8_t)(random64() >> 32);
	}
}

static void print_row(struct structure *structure, size_t count)
{
	double over = 100.0 * ((double)structure->length / ((double)count * LENGTH) - 1);
	size_t i;

	printf("  %-24s %7.2f %%", structure->name, over);
	for (i = 0; i < KINDS; i++)
		printf(" %10.0f", median(structure->times[i], ROUNDS));
	if (structure->lines > 0)
		printf(" %7.2f %7.2f", structure->lines, structure->probes);
	printf("\n");
}

static bool json;

static void print_table(size_t count)
{
	size_t i;

	printf("%zu digests, ns a query:\n", count);
	printf("  %-24s %9s %10s %10s %10s %10s %7s %7s\n", "", "over", "hot hit", "hot miss",
	       "cold hit", "cold miss", "lines", "probes");
	for (i = 0; i < STRUCTURES; i++)
		print_row(&structures[i], count);
	fflush(stdout);
}

static void print_json(size_t count)
{
	static const char *const kinds[KINDS] = { "hot_hit", "hot_miss", "cold_hit", "cold_miss" };
	static const char *separator = "";
	size_t i;

	for (i = 0; i < STRUCTURES; i++) {
		struct structure *s = &structures[i];

		printf("%s{\"digests\":%zu,\"structure\":\"%s\",\"over_percent\":%.2f,",
		       separator, count, s->name,
		       100.0 * ((double)s->length / ((double)count * LENGTH) - 1));
		for (size_t j = 0; j < KINDS; j++) {
			printf("\"%s_ns\":%.1f,", kinds[j], median(s->times[j], ROUNDS));
			printf("\"%s_least\":%.1f,\"%s_most\":%.1f,", kinds[j], s->times[j][0],
			       kinds[j], s->times[j][ROUNDS - 1]);
		}
		printf("\"lines\":%.2f,\"probes\":%.2f}", s->lines, s->probes);
		separator = ",\n";
	}
	fflush(stdout);
}

static void bench(const struct modhash_ctx *ctx, size_t count_of)
{
	struct modhash_digest *digests = must(calloc(count_of, sizeof(*digests)));
	size_t i, j, round;

	for (i = 0; i < count_of; i++) {
		digests[i].algorithm = MODHASH_ALGO_SHA256;
		digests[i].length = LENGTH;
		digests[i].scope = MODHASH_SCOPE_FILE;
		for (j = 0; j < LENGTH; j++)
			digests[i].bytes[j] = (uint8_t)(random64() >> 32);
	}
	choose_queries(digests, count_of);
	for (i = 0; i < STRUCTURES; i++) {
		build(ctx, &structures[i], digests, count_of);
		count(&structures[i]);
	}
	free(digests);
	for (round = 0; round < ROUNDS; round++) {
		for (i = 0; i < STRUCTURES; i++) {
			structures[i].times[0][round] = hot(&structures[i], &hits);
			structures[i].times[1][round] = hot(&structures[i], &misses);
			structures[i].times[2][round] = cold(&structures[i], &hits);
			structures[i].times[3][round] = cold(&structures[i], &misses);
		}
	}
	if (json)
		print_json(count_of);
	else
		print_table(count_of);
	for (i = 0; i < STRUCTURES; i++)
		free(structures[i].data);
}

int main(int argc, char **argv)
{
	static const size_t counts[] = { 4023, 100000, 1000000 };
	struct modhash_ctx *ctx;
	int i, first = 1;

	if (argc > 1 && !strcmp(argv[1], "--json")) {
		json = true;
		first = 2;
	}
	if (modhash_ctx_new(NULL, &ctx, NULL))
		die("can't make a context");
	if (json)
		printf("[");
	for (i = first; i < argc; i++) {
		unsigned long long wanted = strtoull(argv[i], NULL, 10);

		if (!wanted || wanted > MODHASH_TABLE_COUNT_MAX)
			die("a COUNT is a number of digests from 1");
		bench(ctx, (size_t)wanted);
	}
	for (i = 0; argc == first && i < 3; i++)
		bench(ctx, counts[i]);
	if (json)
		printf("]\n");
	modhash_ctx_free(ctx);
	return 0;
}
