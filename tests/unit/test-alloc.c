/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A run over many modules asks for memory at its beginning, and then no more: twice as many
 * modules cost not one allocation more, those of decompressors among them; nor do verdicts on
 * modules that are known, by any format.  With several threads, chance says which of them meets the
 * first packed file, so that what each makes once is allowed for.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <pthread.h>

#include <modhash/modhash.h>

#include "../gen/elfgen.h"
#include "scratch.h"
#include "sha256/sha256.h"
#include "source.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define COUNTED_BY_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define COUNTED_BY_SANITIZER 1
#endif
#endif

static long allocations;
static int counting;

static void note(void)
{
	if (__atomic_load_n(&counting, __ATOMIC_RELAXED))
		__atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
}

#ifdef COUNTED_BY_SANITIZER
/* From <sanitizer/allocator_interface.h>. */
int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
					      void (*on_free)(const volatile void *));

static void on_malloc(const volatile void *memory, size_t size)
{
	(void)memory;
	(void)size;
	note();
}

static void on_free(const volatile void *memory)
{
	(void)memory;
}

static bool begin_counting(void)
{
	return __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free) > 0;
}

#elif defined(__GLIBC__)
/* In place of the C library's, for all libraries in this program. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
	note();
	return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
	note();
	return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
	note();
	return __libc_realloc(memory, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	note();
	return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
	void *got;

	note();
	got = __libc_memalign(alignment, size);
	if (!got)
		return ENOMEM;
	*memory = got;
	return 0;
}

static bool begin_counting(void)
{
	return true;
}

#else
static bool begin_counting(void)
{
	return false;
}
#endif

/* --- modules --- */

#define FILES 24
#define LENGTH 60000

static struct modhash_ctx *ctx;
static uint8_t content[LENGTH];

/* Something that packs, all of one length, with a trailer; it begins as a module does. */
static void fill(int number)
{
	struct gen_buf module = { 0 };
	static const uint8_t trailer[12] = { [2] = MODHASH_TRAILER_PKCS7, [11] = 100 };
	size_t marker = LENGTH - MODHASH_TRAILER_MARKER_LENGTH;

	for (size_t i = 0; i < LENGTH; i++)
		content[i] = (uint8_t)(number + (int)(i * i >> 7) % 37);
	elfgen_module(&module, &(struct elfgen){ .bits = 64 });
	ck_assert_uint_lt(module.length, LENGTH / 2);
	memcpy(content, module.data, module.length);
	gen_free(&module);
	memcpy(content + marker, MODHASH_TRAILER_MARKER, MODHASH_TRAILER_MARKER_LENGTH);
	memcpy(content + marker - sizeof(trailer), trailer, sizeof(trailer));
}

static const struct {
	int compression;
	uint32_t scope;
	uint32_t algorithm;
	uint32_t engine;
	uint32_t flags;
} kinds[] = {
	{ MODHASH_COMPRESSION_NONE, MODHASH_SCOPE_FILE, MODHASH_ALGO_SHA256, 0, 0 },
	{ MODHASH_COMPRESSION_NONE, MODHASH_SCOPE_LEAF, MODHASH_ALGO_SHA256, 0,
	  MODHASH_DIGEST_IDENTITY },
	{ MODHASH_COMPRESSION_XZ, MODHASH_SCOPE_PAYLOAD, MODHASH_ALGO_SHA256, 0,
	  MODHASH_DIGEST_IDENTITY },
	{ MODHASH_COMPRESSION_NONE, MODHASH_SCOPE_PAYLOAD, MODHASH_ALGO_SHA256, 0, 0 },
	{ MODHASH_COMPRESSION_NONE, MODHASH_SCOPE_PAYLOAD, MODHASH_ALGO_SHA256,
	  MODHASH_ENGINE_EVP, 0 },
	{ MODHASH_COMPRESSION_NONE, MODHASH_SCOPE_LEAF, MODHASH_ALGO_SHA256, 0, 0 },
	{ MODHASH_COMPRESSION_NONE, MODHASH_SCOPE_PAYLOAD, MODHASH_ALGO_SHA3_512, 0, 0 },
	{ MODHASH_COMPRESSION_GZIP, MODHASH_SCOPE_PAYLOAD, MODHASH_ALGO_SHA256, 0, 0 },
	{ MODHASH_COMPRESSION_XZ, MODHASH_SCOPE_PAYLOAD, MODHASH_ALGO_SHA256, 0, 0 },
	{ MODHASH_COMPRESSION_ZSTD, MODHASH_SCOPE_PAYLOAD, MODHASH_ALGO_SHA256, 0, 0 },
};

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

/*
 * Allocations a module.  Ours does with none; libcrypto 3.0 makes a new state for each message,
 * also in a context that has one.
 */
static long allowed(int kind)
{
	uint32_t engine = kinds[kind].engine ? kinds[kind].engine : mh_sha256_fastest();

	return kinds[kind].algorithm != MODHASH_ALGO_SHA256 || engine == MODHASH_ENGINE_EVP;
}

static void make_files(int compression)
{
	struct mh_buf packed = MH_BUF_EMPTY;
	char name[32];

	for (int i = 0; i < FILES; i++) {
		const uint8_t *data = content;
		size_t length = LENGTH;

		fill(i);
		if (compression != MODHASH_COMPRESSION_NONE) {
			ck_assert_int_eq(mh_pack(compression, content, LENGTH, &packed, NULL), 0);
			data = packed.data;
			length = packed.length;
		}
		snprintf(name, sizeof(name), "%02d.ko", i);
		scratch_file(name, data, length);
	}
	mh_buf_free(&packed);
}

static uint64_t identities;

static int see(void *user, const struct modhash_file_result *result)
{
	*(uint64_t *)user += result->status == 0;
	identities += result->identity && result->identity->vermagic;
	return 0;
}

/* What a run over all files, so many times each, asks for. */
static long count_run(int kind, uint32_t threads, int times)
{
	struct modhash_digest_spec spec;
	struct modhash_run_opts opts;
	struct modhash_files *files;
	uint64_t good = 0;
	int ret;

	identities = 0;
	MODHASH_INIT(spec);
	spec.algorithm = kinds[kind].algorithm;
	spec.scope = kinds[kind].scope;
	MODHASH_INIT(opts);
	opts.threads = threads;
	ck_assert_int_eq(modhash_files_new(ctx, &files, NULL), 0);
	for (int i = 0; i < times; i++) {
		for (int j = 0; j < FILES; j++) {
			char name[32];

			snprintf(name, sizeof(name), "%02d.ko", j);
			ck_assert_int_eq(modhash_files_add(files, name, NULL, NULL, NULL), 0);
		}
	}
	__atomic_store_n(&allocations, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&counting, 1, __ATOMIC_RELAXED);
	ret = modhash_digest_files(ctx, files, &spec, kinds[kind].flags, &opts, see, &good, NULL);
	__atomic_store_n(&counting, 0, __ATOMIC_RELAXED);
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_eq(good, (uint64_t)FILES * (uint64_t)times);
	ck_assert_uint_eq(identities, kinds[kind].flags ? good : 0);
	modhash_files_free(files);
	return allocations;
}

/* Eight threads, and so many more modules that one allocation for each would be seen. */
#define THREADS 8
#define TIMES 20
#define ONCE_A_THREAD 40

START_TEST(test_steady_threads)
{
	struct modhash_ctx_opts opts;
	long once, often;

	MODHASH_INIT(opts);
	opts.hash_engine = kinds[_i].engine;
	if (!modhash_compression_supported(kinds[_i].compression) || allowed(_i))
		return;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), 0);
	scratch_make();
	make_files(kinds[_i].compression);
	count_run(_i, THREADS, 1);
	once = count_run(_i, THREADS, 1);
	often = count_run(_i, THREADS, TIMES);
	ck_assert_int_gt((TIMES - 1) * FILES, THREADS * ONCE_A_THREAD);
	ck_assert_int_le(often - once, THREADS * ONCE_A_THREAD);
	scratch_remove();
	modhash_ctx_free(ctx);
}
END_TEST

/* --- verdicts --- */

static const struct {
	uint32_t format;
	uint32_t scope;
} formats[] = {
	{ MODHASH_FORMAT_LIST, MODHASH_SCOPE_FILE },
	{ MODHASH_FORMAT_TABLE, MODHASH_SCOPE_PAYLOAD },
	{ MODHASH_FORMAT_MERKLE, MODHASH_SCOPE_LEAF },
};

#define FORMATS ((int)(sizeof(formats) / sizeof(formats[0])))

/* Of all files; with a proof beside each, where it takes one. */
static void make_blob(int format, struct modhash_buffer *bytes)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;
	struct modhash_digest_spec spec;

	MODHASH_INIT(opts);
	opts.format = formats[format].format;
	opts.scope = formats[format].scope;
	opts.algorithm = MODHASH_ALGO_SHA256;
	if (opts.format == MODHASH_FORMAT_MERKLE)
		opts.byte_order = MODHASH_BYTE_ORDER_LITTLE;
	MODHASH_INIT(spec);
	spec.algorithm = opts.algorithm;
	spec.scope = opts.scope;
	ck_assert_int_eq(modhash_builder_new(ctx, &opts, &builder, NULL), 0);
	for (uint32_t i = 0; i < FILES; i++) {
		struct modhash_module *module;
		struct modhash_digest digest;

		fill((int)i);
		spec.position = opts.scope == MODHASH_SCOPE_LEAF ? i : 0;
		ck_assert_int_eq(modhash_module_from_memory(ctx, content, LENGTH, &module, NULL), 0);
		ck_assert_int_eq(modhash_module_digest(module, &spec, &digest, NULL), 0);
		ck_assert_int_eq(modhash_builder_add(builder, &digest, NULL, NULL), 0);
		modhash_module_free(module);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, bytes, NULL), 0);
	for (uint32_t i = 0; opts.format == MODHASH_FORMAT_MERKLE && i < FILES; i++) {
		struct modhash_buffer proof;
		char name[32];

		snprintf(name, sizeof(name), "%02d.merkle", (int)i);
		ck_assert_int_eq(modhash_builder_proof(builder, i, &proof, NULL), 0);
		scratch_file(name, proof.data, proof.length);
		modhash_buffer_clear(&proof);
	}
	modhash_builder_free(builder);
}

static long count_verdicts(const struct modhash_verifier *verifier, uint32_t threads, int times)
{
	struct modhash_verify_summary summary;
	struct modhash_run_opts opts;
	struct modhash_files *files;
	int ret;

	MODHASH_INIT(opts);
	opts.threads = threads;
	MODHASH_INIT(summary);
	ck_assert_int_eq(modhash_files_new(ctx, &files, NULL), 0);
	for (int i = 0; i < times * FILES; i++) {
		char name[32];

		snprintf(name, sizeof(name), "%02d.ko", i % FILES);
		ck_assert_int_eq(modhash_files_add(files, name, NULL, NULL, NULL), 0);
	}
	__atomic_store_n(&allocations, 0, __ATOMIC_RELAXED);
	__atomic_store_n(&counting, 1, __ATOMIC_RELAXED);
	ret = modhash_verifier_run(verifier, files, 0, &opts, NULL, NULL, &summary, NULL);
	__atomic_store_n(&counting, 0, __ATOMIC_RELAXED);
	ck_assert_int_eq(ret, 0);
	ck_assert_uint_eq(summary.known, (uint64_t)times * FILES);
	modhash_files_free(files);
	return allocations;
}

START_TEST(test_verdicts)
{
	struct modhash_verifier *verifier;
	struct modhash_buffer bytes;
	struct modhash_blob *blob;
	long once, often;

	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
	scratch_make();
	make_files(MODHASH_COMPRESSION_NONE);
	make_blob(_i, &bytes);
	ck_assert_int_eq(modhash_blob_from_memory(ctx, bytes.data, bytes.length, &blob, NULL), 0);
	ck_assert_int_eq(modhash_verifier_new(ctx, &verifier, NULL), 0);
	ck_assert_int_eq(modhash_verifier_add_blob(verifier, blob, NULL), 0);
	/* libcrypto's states for messages are told of above. */
	if (mh_sha256_fastest() != MODHASH_ENGINE_EVP) {
		count_verdicts(verifier, 1, 1);
		once = count_verdicts(verifier, 1, 1);
		ck_assert_int_gt(once, 0);
		ck_assert_int_eq(count_verdicts(verifier, 1, 2), once);
		once = count_verdicts(verifier, THREADS, 1);
		often = count_verdicts(verifier, THREADS, TIMES);
		ck_assert_int_le(often - once, THREADS * ONCE_A_THREAD);
	} else {
		printf("verdicts: no engine of ours is here, NOT TESTED\n");
	}
	modhash_verifier_free(verifier);
	modhash_blob_free(blob);
	modhash_buffer_clear(&bytes);
	scratch_remove();
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(test_steady)
{
	struct modhash_ctx_opts opts;
	long once, twice;

	MODHASH_INIT(opts);
	opts.hash_engine = kinds[_i].engine;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), 0);
	scratch_make();
	if (modhash_compression_supported(kinds[_i].compression)) {
		make_files(kinds[_i].compression);
		count_run(_i, 1, 1); /* what libraries make for good */
		once = count_run(_i, 1, 1);
		twice = count_run(_i, 1, 2);
		ck_assert_int_gt(once, 0);
		ck_assert_int_le(twice - once, allowed(_i) * FILES);
	} else {
		printf("%s: built without, NOT TESTED\n",
		       modhash_compression_name(kinds[_i].compression));
	}
	scratch_remove();
	modhash_ctx_free(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("alloc");
	TCase *tcase = tcase_create("alloc");

	if (!begin_counting()) {
		printf("alloc: allocations can't be counted with this C library\n");
		return 77;
	}
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, test_steady, 0, KINDS);
	tcase_add_loop_test(tcase, test_steady_threads, 0, KINDS);
	tcase_add_loop_test(tcase, test_verdicts, 0, FORMATS);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
