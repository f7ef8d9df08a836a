/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can't be gone below: the files of a list are read, and do nothing; as many bytes in
 * messages of the same lengths are hashed, by the fastest engine, from memory; or, with
 * --xz, the files are decoded by liblzma, and do nothing.
 *
 *	bench-floor [--xz] THREADS <LIST
 *
 * Prints wall times in nanoseconds: reading and hashing, or reading with decoding.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#ifdef HAVE_LZMA
#include <lzma.h>
#endif

#include <modhash/modhash.h>

#include "hash.h"
#include "sha256/sha256.h"

#define THREADS_MAX 256
#define STREAMS_MAX 16
#define UNPACKED_MAX ((size_t)256 << 20)

struct file {
	char *path;
	size_t length;
};

static struct file *files;
static size_t count;
static size_t longest;
static size_t taken;

static void die(const char *what)
{
	fprintf(stderr, "bench-floor: %s\n", what);
	exit(2);
}

static void *must(void *memory)
{
	if (!memory)
		die("out of memory");
	return memory;
}

static void *aligned(size_t length)
{
	void *memory;

	if (posix_memalign(&memory, 4096, length + 4096))
		die("out of memory");
	return memory;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_length(const void *a, const void *b)
{
	const struct file *first = a, *second = b;

	return first->length > second->length ? -1 : first->length < second->length;
}

static void read_list(void)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t length;

	while ((length = getline(&line, &size, stdin)) > 0) {
		struct stat status;

		if (line[length - 1] == '\n')
			line[length - 1] = '\0';
		if (stat(line, &status))
			die(line);
		files = must(realloc(files, (count + 1) * sizeof(*files)));
		files[count].path = must(strdup(line));
		files[count++].length = (size_t)status.st_size;
		if ((size_t)status.st_size > longest)
			longest = (size_t)status.st_size;
	}
	free(line);
	qsort(files, count, sizeof(*files), by_length);
}

static const struct file *take(void)
{
	size_t at = __atomic_fetch_add(&taken, 1, __ATOMIC_RELAXED);

	return at < count ? &files[at] : NULL;
}

static void read_one(const struct file *file, uint8_t *buffer)
{
	int fd = open(file->path, O_RDONLY | O_CLOEXEC);
	struct stat status;

	if (fd < 0 || fstat(fd, &status) ||
	    read(fd, buffer, file->length) != (ssize_t)file->length)
		die(file->path);
	close(fd);
}

static void *read_files(void *arg)
{
	uint8_t *buffer = aligned(longest);
	const struct file *file;

	(void)arg;
	while ((file = take()))
		read_one(file, buffer);
	free(buffer);
	return NULL;
}

#ifdef HAVE_LZMA
static void *decode_files(void *arg)
{
	uint8_t *buffer = aligned(longest), *unpacked = must(malloc(UNPACKED_MAX));
	lzma_stream xz = LZMA_STREAM_INIT;
	const struct file *file;

	(void)arg;
	while ((file = take())) {
		read_one(file, buffer);
		if (lzma_stream_decoder(&xz, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK)
			die("liblzma");
		xz.next_in = buffer;
		xz.avail_in = file->length;
		xz.next_out = unpacked;
		xz.avail_out = UNPACKED_MAX;
		if (lzma_code(&xz, LZMA_FINISH) != LZMA_STREAM_END)
			die(file->path);
	}
	lzma_end(&xz);
	free(buffer);
	free(unpacked);
	return NULL;
}
#endif

/* One message a file, from the same memory each, which stays in the caches. */
struct feed {
	const uint8_t *memory;
	struct mh_message messages[STREAMS_MAX];
	struct mh_part parts[STREAMS_MAX];
	uint8_t out[STREAMS_MAX][32];
	unsigned int free[STREAMS_MAX], frees;
};

static int next(void *user, const struct mh_message **message)
{
	struct feed *feed = user;
	const struct file *file = take();
	unsigned int i;

	if (!file)
		return 0;
	i = feed->free[--feed->frees];
	feed->parts[i] = (struct mh_part){ feed->memory, file->length };
	feed->messages[i] = (struct mh_message){ &feed->parts[i], 1, feed->out[i] };
	*message = &feed->messages[i];
	return 1;
}

static void done(void *user, const struct mh_message *message, int status,
		 const struct modhash_error *err)
{
	struct feed *feed = user;

	(void)err;
	if (status)
		die("hashing failed");
	feed->free[feed->frees++] = (unsigned int)(message - feed->messages);
}

static void *hash_files(void *memory)
{
	struct feed feed = { .memory = memory };
	const struct mh_message_source source = { next, done, &feed };
	struct mh_hasher *hasher;

	for (unsigned int i = 0; i < STREAMS_MAX; i++)
		feed.free[feed.frees++] = i;
	if (mh_hasher_new(mh_sha256_fastest(), MODHASH_ALGO_SHA256, &hasher, NULL) ||
	    mh_hasher_flow(hasher, &source, NULL))
		die("hashing failed");
	mh_hasher_free(hasher);
	return NULL;
}

static double timed(void *(*work)(void *arg), void *arg, int threads)
{
	pthread_t thread[THREADS_MAX];
	double before = now();

	taken = 0;
	for (int i = 1; i < threads; i++) {
		if (pthread_create(&thread[i], NULL, work, arg))
			die("no thread");
	}
	work(arg);
	for (int i = 1; i < threads; i++)
		pthread_join(thread[i], NULL);
	return now() - before;
}

int main(int argc, char **argv)
{
	bool xz = argc == 3 && !strcmp(argv[1], "--xz");
	int threads = argc == 2 + xz ? atoi(argv[1 + xz]) : 0;
	uint8_t *memory;

	if (threads < 1 || threads > THREADS_MAX)
		die("usage: bench-floor [--xz] THREADS <LIST");
	read_list();
	if (xz) {
#ifdef HAVE_LZMA
		printf("%.0f\n", timed(decode_files, NULL, threads));
		return 0;
#else
		die("built without liblzma");
#endif
	}
	memory = aligned(longest);
	memset(memory, 0x5a, longest);
	printf("%.0f", timed(read_files, NULL, threads));
	printf(" %.0f\n", timed(hash_files, memory, threads));
	return 0;
}
