/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A run that is told to stop ends within 50 ms, whatever it is at: reading and hashing, by
 * streams or by libcrypto, or unpacking.  What is not a run, and may be long all the same, is
 * ended by the context's flag.
 *
 * What counts is the time that each thread has of the processors, so that others who want
 * them, too, do not make the test fail; the wall's is told.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <pthread.h>
#include <time.h>

#include <modhash/modhash.h>

#include "checked.h"
#include "scratch.h"
#include "source.h"

#define MS 1e6
#define BOUND (50 * MS)
#define TRIES 3
#define MB ((size_t)1 << 20)

static const struct {
	const char *what;
	int compression;
	size_t length; /* unpacked in more than twice the bound, or so */
	uint32_t algorithm;
	bool of_nothing; /* so many packed bytes, that unpack to none */
} kinds[] = {
	{ "streams", MODHASH_COMPRESSION_NONE, 128 * MB, MODHASH_ALGO_SHA256, false },
	{ "libcrypto", MODHASH_COMPRESSION_NONE, 128 * MB, MODHASH_ALGO_SHA384, false },
	{ "gzip, in one go", MODHASH_COMPRESSION_GZIP, 9 * MB, MODHASH_ALGO_SHA384, false },
	{ "gzip", MODHASH_COMPRESSION_GZIP, 17 * MB, MODHASH_ALGO_SHA384, false },
	{ "xz", MODHASH_COMPRESSION_XZ, 3 * MB, MODHASH_ALGO_SHA384, false },
	{ "zstd", MODHASH_COMPRESSION_ZSTD, 48 * MB, MODHASH_ALGO_SHA384, false },
	{ "gzip of nothing", MODHASH_COMPRESSION_GZIP, 24 * MB, MODHASH_ALGO_SHA256, true },
	{ "xz of nothing", MODHASH_COMPRESSION_XZ, 8 * MB, MODHASH_ALGO_SHA256, true },
	{ "zstd of nothing", MODHASH_COMPRESSION_ZSTD, 24 * MB, MODHASH_ALGO_SHA256, true },
};

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static struct modhash_ctx *ctx;
static struct modhash_files *files;
static struct modhash_verifier *verifier; /* of a run for verdicts; else NULL */

/* Bytes that can be packed, but not by much. */
MH_WRAPS static uint8_t *noise(size_t length)
{
	uint8_t *data = malloc(length);
	uint32_t state = 2463534242u;

	ck_assert_ptr_nonnull(data);
	for (size_t i = 0; i < length; i++) {
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		data[i] = (uint8_t)(state >> 25);
	}
	return data;
}

static void repeat(struct mh_buf *out, const void *bytes, size_t size, size_t length)
{
	ck_assert_int_eq(mh_buf_reserve(out, length + 64, NULL), 0);
	while (out->length + size <= length)
		ck_assert_int_eq(mh_buf_append(out, bytes, size, NULL), 0);
}

/* Empty blocks of one member (RFC 1951, 3.2.6) or frame (RFC 8878, 3.1.1.2); streams of xz. */
static void make_nothing(int compression, size_t length, struct mh_buf *out)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3 };
	static const uint8_t gzip_blocks[] = { 2, 8, 0x20, 0x80, 0 }; /* 4 of 10 bits */
	static const uint8_t gzip_end[10] = { 3 };
	static const uint8_t zstd[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, 0x58 };
	static const uint8_t zstd_block[3] = { 0 }, zstd_end[3] = { 1 };
	struct mh_buf xz = MH_BUF_EMPTY;

	switch (compression) {
	case MODHASH_COMPRESSION_GZIP:
		ck_assert_int_eq(mh_buf_append(out, gzip, sizeof(gzip), NULL), 0);
		repeat(out, gzip_blocks, sizeof(gzip_blocks), length);
		ck_assert_int_eq(mh_buf_append(out, gzip_end, sizeof(gzip_end), NULL), 0);
		break;
	case MODHASH_COMPRESSION_ZSTD:
		ck_assert_int_eq(mh_buf_append(out, zstd, sizeof(zstd), NULL), 0);
		repeat(out, zstd_block, sizeof(zstd_block), length);
		ck_assert_int_eq(mh_buf_append(out, zstd_end, sizeof(zstd_end), NULL), 0);
		break;
	default:
		ck_assert_int_eq(mh_pack(compression, zstd_block, 0, &xz, NULL), 0);
		repeat(out, xz.data, xz.length, length);
		mh_buf_free(&xz);
	}
}

static void make_file(int kind)
{
	size_t length = kinds[kind].length;
	struct mh_buf packed = MH_BUF_EMPTY;
	uint8_t *data;

	if (kinds[kind].of_nothing) {
		make_nothing(kinds[kind].compression, length, &packed);
		scratch_file("a.ko", packed.data, packed.length);
		mh_buf_free(&packed);
		return;
	}
	if (kinds[kind].compression == MODHASH_COMPRESSION_NONE) {
		scratch_text("a.ko", "");
		ck_assert_int_eq(truncate("a.ko", (off_t)length), 0);
		return;
	}
	data = noise(length);
	ck_assert_int_eq(mh_pack(kinds[kind].compression, data, length, &packed, NULL), 0);
	free(data);
	scratch_file("a.ko", packed.data, packed.length);
	mh_buf_free(&packed);
}

static double now(clockid_t clock)
{
	struct timespec time;

	clock_gettime(clock, &time);
	return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

/* Tells a run to stop after some time. */
struct stopper {
	long after; /* ms */
	int stop;
	double told, told_cpu;
};

static void *tell_to_stop(void *arg)
{
	struct stopper *stopper = arg;
	struct timespec time = { 0, stopper->after * 1000000 };

	nanosleep(&time, NULL);
	stopper->told = now(CLOCK_MONOTONIC);
	stopper->told_cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	__atomic_store_n(&stopper->stop, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

static int see(void *user, const struct modhash_file_result *result)
{
	*(int *)user = result->status;
	return result->status;
}

/* How long it took to end; wall and processors. */
static void stop_once(int kind, uint32_t threads, long after, double *wall, double *cpu)
{
	struct stopper stopper = { .after = after };
	struct modhash_digest_spec spec;
	struct modhash_run_opts opts;
	pthread_t thread;
	int status = 0, ret;

	MODHASH_INIT(spec);
	spec.algorithm = kinds[kind].algorithm;
	spec.scope = MODHASH_SCOPE_FILE;
	MODHASH_INIT(opts);
	opts.threads = threads;
	opts.stop = &stopper.stop;
	ck_assert_int_eq(pthread_create(&thread, NULL, tell_to_stop, &stopper), 0);
	ret = verifier ? modhash_verifier_run(verifier, files, 0, &opts, NULL, NULL, NULL, NULL) :
			 modhash_digest_files(ctx, files, &spec, 0, &opts, see, &status, NULL);
	*wall = now(CLOCK_MONOTONIC);
	*cpu = now(CLOCK_PROCESS_CPUTIME_ID);
	pthread_join(thread, NULL);
	ck_assert_int_eq(status, 0);
	ck_assert_int_eq(ret, MODHASH_E_STOPPED);
	*wall -= stopper.told;
	*cpu -= stopper.told_cpu;
}

static int compare(const void *a, const void *b)
{
	const double *first = a, *second = b;

	return *first < *second ? -1 : *first > *second;
}

/* Under a program that makes all slower, valgrind say, the bound is that much larger. */
static double bound(void)
{
	const char *slower = getenv("MODHASH_TEST_SLOWER");

	return slower ? BOUND * atof(slower) : BOUND;
}

/* So many ms after it began, and then by so many more. */
static void stop_each(int kind, const char *what, long after, long more)
{
	double wall[TRIES], cpu[TRIES];

	for (uint32_t threads = 1; threads <= 2; threads++) {
		for (int i = 0; i < TRIES; i++)
			stop_once(kind, threads, after + more * i, &wall[i], &cpu[i]);
		qsort(wall, TRIES, sizeof(*wall), compare);
		qsort(cpu, TRIES, sizeof(*cpu), compare);
		ck_assert_msg(cpu[TRIES / 2] / threads < bound(), "%s, %u threads: %.0f ms", what,
			      threads, cpu[TRIES / 2] / threads / MS);
		printf("%s, %u threads: %.1f ms, %.1f of processors\n", what, threads,
		       wall[TRIES / 2] / MS, cpu[TRIES / 2] / MS);
	}
}

static void ask_for(struct modhash_blob **blob, uint32_t algorithm, struct modhash_buffer *bytes)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;
	struct modhash_digest digest;

	MODHASH_INIT(opts);
	opts.format = MODHASH_FORMAT_TABLE;
	opts.scope = MODHASH_SCOPE_FILE;
	opts.algorithm = algorithm;
	ck_assert_int_eq(modhash_digest_bytes(ctx, (int)algorithm, MODHASH_SCOPE_FILE, "", 0,
					      &digest, NULL), 0);
	ck_assert_int_eq(modhash_builder_new(ctx, &opts, &builder, NULL), 0);
	ck_assert_int_eq(modhash_builder_add(builder, &digest, NULL, NULL), 0);
	ck_assert_int_eq(modhash_builder_finish(builder, bytes, NULL), 0);
	modhash_builder_free(builder);
	ck_assert_int_eq(modhash_blob_from_memory(ctx, bytes->data, bytes->length, blob, NULL), 0);
	ck_assert_int_eq(modhash_verifier_add_blob(verifier, *blob, NULL), 0);
}

/* More digests than are taken with others: they are taken one by one. */
START_TEST(test_stop_verdicts)
{
	static const uint32_t algorithms[] = { MODHASH_ALGO_SHA512, MODHASH_ALGO_SHA384,
					       MODHASH_ALGO_SHA3_256 };
	struct modhash_blob *blobs[3];
	struct modhash_buffer bytes[3];

	scratch_make();
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
	ck_assert_int_eq(modhash_files_new(ctx, &files, NULL), 0);
	ck_assert_int_eq(modhash_verifier_new(ctx, &verifier, NULL), 0);
	for (int i = 0; i < 3; i++)
		ask_for(&blobs[i], algorithms[i], &bytes[i]);
	make_file(0);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(modhash_files_add(files, "a.ko", NULL, NULL, NULL), 0);
	/* By then it is read, on most machines, and for some time not through. */
	stop_each(0, "verdicts", 600, 170);
	modhash_verifier_free(verifier);
	for (int i = 0; i < 3; i++) {
		modhash_blob_free(blobs[i]);
		modhash_buffer_clear(&bytes[i]);
	}
	modhash_files_free(files);
	modhash_ctx_free(ctx);
	scratch_remove();
}
END_TEST

START_TEST(test_stop)
{
	if (!modhash_compression_supported(kinds[_i].compression)) {
		printf("%s: built without, NOT TESTED\n", kinds[_i].what);
		return;
	}
	scratch_make();
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
	ck_assert_int_eq(modhash_files_new(ctx, &files, NULL), 0);
	make_file(_i);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(modhash_files_add(files, "a.ko", NULL, NULL, NULL), 0);
	stop_each(_i, kinds[_i].what, 40, 13);
	modhash_files_free(files);
	modhash_ctx_free(ctx);
	scratch_remove();
}
END_TEST

/* --- what is not a run: the context has a flag --- */

static int read_all_ways(int compression, const void *data, size_t length)
{
	struct modhash_module *module;
	struct modhash_image *image;
	struct modhash_blob *blob;
	struct modhash_error err;
	int ret;

	ret = modhash_module_from_path(ctx, "a.ko", &module, &err);
	ck_assert(!ret || ret == err.code);
	modhash_module_free(module);
	/* With what is in memory, and not packed, nothing is done that takes long. */
	ck_assert_int_eq(modhash_module_from_memory(ctx, data, length, &module, &err),
			 compression == MODHASH_COMPRESSION_NONE ? 0 : ret);
	modhash_module_free(module);
	if (compression == MODHASH_COMPRESSION_NONE) {
		ck_assert_int_eq(modhash_blob_from_path(ctx, "a.ko", &blob, &err), ret);
		modhash_blob_free(blob);
		return ret;
	}
	ck_assert_int_eq(modhash_image_from_path(ctx, "a.ko", &image, &err),
			 ret ? ret : MODHASH_E_NOT_IMAGE);
	ck_assert_int_eq(modhash_image_from_memory(ctx, data, length, &image, &err),
			 ret ? ret : MODHASH_E_NOT_IMAGE);
	return ret;
}

START_TEST(test_no_run)
{
	static const int compressions[] = { MODHASH_COMPRESSION_NONE, MODHASH_COMPRESSION_GZIP,
					    MODHASH_COMPRESSION_XZ, MODHASH_COMPRESSION_ZSTD };
	int compression = compressions[_i], stop = 0;
	struct mh_buf packed = MH_BUF_EMPTY;
	struct modhash_ctx_opts opts;
	static const uint8_t list[32] = { 1 };

	if (!modhash_compression_supported(compression)) {
		printf("%s: built without, NOT TESTED\n", modhash_compression_name(compression));
		return;
	}
	scratch_make();
	if (compression == MODHASH_COMPRESSION_NONE)
		ck_assert_int_eq(mh_buf_append(&packed, list, sizeof(list), NULL), 0);
	else
		ck_assert_int_eq(mh_pack(compression, list, sizeof(list), &packed, NULL), 0);
	scratch_file("a.ko", packed.data, packed.length);
	MODHASH_INIT(opts);
	opts.stop = &stop;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), 0);
	ck_assert_int_eq(read_all_ways(compression, packed.data, packed.length), 0);
	stop = 1;
	ck_assert_int_eq(read_all_ways(compression, packed.data, packed.length),
			 MODHASH_E_STOPPED);
	modhash_ctx_free(ctx);
	mh_buf_free(&packed);
	scratch_remove();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("stop");
	TCase *tcase = tcase_create("stop");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, test_stop, 0, KINDS);
	tcase_add_test(tcase, test_stop_verdicts);
	tcase_add_loop_test(tcase, test_no_run, 0, 4);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
