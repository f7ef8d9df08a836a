/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What can't be gone below: the files of a list are read, and do nothing; as many bytes in
 * messages of the same lengths are hashed, by the fastest engine, from memory; or, with
 * --unpack, the files are unpacked by the library that is best at it, and do nothing.
 *
 *	bench-floor [--unpack|--zlib|--sizes] THREADS <LIST
 *	bench-floor --directories
 *
 * Prints nanoseconds, the wall's and the processors': of reading, and of hashing; or, on one
 * line, of reading with unpacking.  --zlib: .gz by zlib, also where there is libdeflate.
 * --sizes: of the THREADS largest files, bytes as they are and unpacked.  --directories: of
 * opening and reading all directories below this one, which is what finding files takes at least.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <dirent.h>
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
#ifdef HAVE_ZLIB
#include <zlib.h>
#endif
#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif
#ifdef HAVE_ZSTD
#include <zstd.h>
#endif

#include <modhash/modhash.h>

#include "buf.h"
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

/* As the library has it. */
static void *aligned(size_t length)
{
	struct mh_buf buf = MH_BUF_EMPTY;

	if (mh_buf_reserve(&buf, length + 4096, NULL))
		die("out of memory");
	return buf.data;
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

/* Of one thread; all kept from file to file. */
struct decoders {
	uint8_t *unpacked;
#ifdef HAVE_LZMA
	lzma_stream xz;
#endif
#ifdef HAVE_ZLIB
	z_stream gz;
#endif
#ifdef HAVE_LIBDEFLATE
	struct libdeflate_decompressor *deflate;
#endif
#ifdef HAVE_ZSTD
	ZSTD_DCtx *zstd;
#endif
};

static bool with_zlib;

static size_t unpack_xz(struct decoders *decoders, const uint8_t *data, size_t length)
{
#ifdef HAVE_LZMA
	lzma_stream *xz = &decoders->xz;

	if (lzma_stream_decoder(xz, UINT64_MAX, LZMA_CONCATENATED) != LZMA_OK)
		return 0;
	xz->next_in = data;
	xz->avail_in = length;
	xz->next_out = decoders->unpacked;
	xz->avail_out = UNPACKED_MAX;
	return lzma_code(xz, LZMA_FINISH) == LZMA_STREAM_END ? (size_t)xz->total_out : 0;
#else
	(void)decoders, (void)data, (void)length;
	return 0;
#endif
}

static size_t unpack_gz(struct decoders *decoders, const uint8_t *data, size_t length)
{
#ifdef HAVE_LIBDEFLATE
	size_t unpacked;

	if (!with_zlib)
		return libdeflate_gzip_decompress(decoders->deflate, data, length,
						  decoders->unpacked, UNPACKED_MAX, &unpacked) ?
			       0 : unpacked;
#endif
#ifdef HAVE_ZLIB
	if (inflateReset(&decoders->gz) != Z_OK)
		return 0;
	decoders->gz.next_in = (z_const Bytef *)data;
	decoders->gz.avail_in = (uInt)length;
	decoders->gz.next_out = decoders->unpacked;
	decoders->gz.avail_out = (uInt)UNPACKED_MAX;
	return inflate(&decoders->gz, Z_FINISH) == Z_STREAM_END ? decoders->gz.total_out : 0;
#else
	(void)decoders, (void)data, (void)length;
	return 0;
#endif
}

static size_t unpack_zstd(struct decoders *decoders, const uint8_t *data, size_t length)
{
#ifdef HAVE_ZSTD
	size_t got = ZSTD_decompressDCtx(decoders->zstd, decoders->unpacked, UNPACKED_MAX, data,
					 length);

	return ZSTD_isError(got) ? 0 : got;
#else
	(void)decoders, (void)data, (void)length;
	return 0;
#endif
}

static size_t unpack(struct decoders *decoders, const struct file *file, const uint8_t *data)
{
	size_t got = file->length;

	if (file->length > 6 && !memcmp(data, "\xfd" "7zXZ", 6))
		got = unpack_xz(decoders, data, file->length);
	else if (file->length > 6 && !memcmp(data, "\x1f\x8b", 2))
		got = unpack_gz(decoders, data, file->length);
	else if (file->length > 6 && !memcmp(data, "\x28\xb5\x2f\xfd", 4))
		got = unpack_zstd(decoders, data, file->length);
	if (!got)
		die(file->path);
	return got;
}

static void decoders_init(struct decoders *decoders)
{
	memset(decoders, 0, sizeof(*decoders));
	decoders->unpacked = must(malloc(UNPACKED_MAX));
#ifdef HAVE_ZLIB
	if (inflateInit2(&decoders->gz, 15 + 16) != Z_OK)
		die("zlib");
#endif
#ifdef HAVE_LIBDEFLATE
	decoders->deflate = must(libdeflate_alloc_decompressor());
#endif
#ifdef HAVE_ZSTD
	decoders->zstd = must(ZSTD_createDCtx());
#endif
}

static void decoders_fini(struct decoders *decoders)
{
	free(decoders->unpacked);
#ifdef HAVE_LZMA
	lzma_end(&decoders->xz);
#endif
#ifdef HAVE_ZLIB
	inflateEnd(&decoders->gz);
#endif
#ifdef HAVE_LIBDEFLATE
	libdeflate_free_decompressor(decoders->deflate);
#endif
#ifdef HAVE_ZSTD
	ZSTD_freeDCtx(decoders->zstd);
#endif
}

static void *unpack_files(void *arg)
{
	uint8_t *buffer = aligned(longest);
	struct decoders decoders;
	const struct file *file;

	(void)arg;
	decoders_init(&decoders);
	while ((file = take())) {
		read_one(file, buffer);
		unpack(&decoders, file, buffer);
	}
	decoders_fini(&decoders);
	free(buffer);
	return NULL;
}

static int descending(const void *a, const void *b)
{
	const size_t *first = a, *second = b;

	return *first > *second ? -1 : *first < *second;
}

/* Of packed files, the largest unpacked are among the larger ones. */
static void print_sizes(int largest)
{
	size_t tried = (size_t)largest * 25 < count ? (size_t)largest * 25 : count;
	size_t *sizes = must(calloc(tried + 1, sizeof(*sizes)));
	uint8_t *buffer = aligned(longest);
	struct decoders decoders;
	size_t packed = 0, unpacked = 0;

	decoders_init(&decoders);
	for (size_t i = 0; i < tried; i++) {
		read_one(&files[i], buffer);
		sizes[i] = unpack(&decoders, &files[i], buffer);
	}
	decoders_fini(&decoders);
	qsort(sizes, tried, sizeof(*sizes), descending);
	for (size_t i = 0; i < (size_t)largest && i < tried; i++) {
		packed += files[i].length;
		unpacked += sizes[i];
	}
	free(sizes);
	free(buffer);
	printf("%zu %zu\n", packed, unpacked);
}

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

static double processors(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void timed(void *(*work)(void *arg), void *arg, int threads)
{
	pthread_t thread[THREADS_MAX];
	double before = now(), processors_before = processors();

	taken = 0;
	for (int i = 1; i < threads; i++) {
		if (pthread_create(&thread[i], NULL, work, arg))
			die("no thread");
	}
	work(arg);
	for (int i = 1; i < threads; i++)
		pthread_join(thread[i], NULL);
	printf("%.0f %.0f\n", now() - before, processors() - processors_before);
}

/* What is in it is read, and does nothing. */
static void read_directory(int parent, const char *path)
{
	int fd = openat(parent, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	if (!directory)
		die(path);
	while ((entry = readdir(directory))) {
		if (entry->d_type == DT_DIR && strcmp(entry->d_name, ".") &&
		    strcmp(entry->d_name, ".."))
			read_directory(fd, entry->d_name);
	}
	closedir(directory);
}

static void *read_directories(void *arg)
{
	(void)arg;
	read_directory(AT_FDCWD, ".");
	return NULL;
}

int main(int argc, char **argv)
{
	const char *what = argc == 3 ? argv[1] : "";
	int threads = argc == 2 || argc == 3 ? atoi(argv[argc - 1]) : 0;
	uint8_t *memory;

	if (argc == 2 && !strcmp(argv[1], "--directories")) {
		timed(read_directories, NULL, 1);
		return 0;
	}
	if (threads < 1 || threads > THREADS_MAX)
		die("usage: bench-floor [--unpack|--zlib|--sizes] THREADS <LIST");
	read_list();
	with_zlib = !strcmp(what, "--zlib");
	if (!strcmp(what, "--sizes")) {
		print_sizes(threads);
	} else if (*what) {
		timed(unpack_files, NULL, threads);
	} else {
		memory = aligned(longest);
		memset(memory, 0x5a, longest);
		timed(read_files, NULL, threads);
		timed(hash_files, memory, threads);
		free(memory);
	}
	return 0;
}
