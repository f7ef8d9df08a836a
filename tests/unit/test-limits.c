/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * max_memory holds: whatever a file says, there is never more memory than that and a little,
 * and what does not fit is MODHASH_E_LIMIT.  All memory of the process is counted, that of
 * liblzma, libzstd and libcrypto too, by functions of ours in place of the C library's.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <malloc.h>

#include <modhash/modhash.h>

#include "../gen/elfgen.h"
#include "btf-lab.h"
#include "btf.h"
#include "canon-lab.h"
#include "hash.h"
#include "module.h"
#include "scratch.h"
#include "source.h"
#include "unpack.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__GLIBC__)
#define COUNTED 0
#elif defined(__has_feature)
#define COUNTED (!__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer) && \
		 !__has_feature(memory_sanitizer))
#else
#define COUNTED 1
#endif

static size_t now, most;

#if COUNTED
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);

static void *count(void *memory)
{
	size_t used, seen = __atomic_load_n(&most, __ATOMIC_RELAXED);

	if (!memory)
		return NULL;
	used = __atomic_add_fetch(&now, malloc_usable_size(memory), __ATOMIC_RELAXED);
	while (used > seen && !__atomic_compare_exchange_n(&most, &seen, used, true,
							   __ATOMIC_RELAXED, __ATOMIC_RELAXED))
		;
	return memory;
}

static void uncount(void *memory)
{
	if (memory)
		__atomic_sub_fetch(&now, malloc_usable_size(memory), __ATOMIC_RELAXED);
}

void *malloc(size_t size)
{
	return count(__libc_malloc(size));
}

void *calloc(size_t number, size_t size)
{
	return count(__libc_calloc(number, size));
}

void *realloc(void *memory, size_t size)
{
	void *moved;

	uncount(memory);
	moved = __libc_realloc(memory, size);
	return count(moved ? moved : size ? NULL : memory);
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return count(__libc_memalign(alignment, size));
}

void *memalign(size_t alignment, size_t size)
{
	return count(__libc_memalign(alignment, size));
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
	*memory = count(__libc_memalign(alignment, size));
	return *memory ? 0 : ENOMEM;
}

void free(void *memory)
{
	uncount(memory);
	__libc_free(memory);
}
#endif

/* What include/modhash/context.h says is not counted: 1 MiB for each thread, and this one. */
#define BESIDE ((size_t)3 << 20)

#define START ((uint64_t)1 << 20)
#define END ((uint64_t)1 << 30)

static struct modhash_ctx *ctx;
static struct modhash_error error;

/* --- files that are larger inside than outside --- */

static void write_packed(const char *path, int compression, const void *data, size_t length)
{
	struct mh_buf packed = MH_BUF_EMPTY;

	ck_assert_int_eq(mh_pack(compression, data, length, &packed, NULL), 0);
	scratch_file(path, packed.data, packed.length);
	mh_buf_free(&packed);
}

static void write_zeroes(void)
{
	size_t length = (size_t)5 << 20;
	uint8_t *zeroes = calloc(length, 1);

	if (mh_have_gzip())
		write_packed("zeroes.ko.gz", MODHASH_COMPRESSION_GZIP, zeroes, length);
	if (mh_have_xz())
		write_packed("zeroes.ko.xz", MODHASH_COMPRESSION_XZ, zeroes, length);
	if (mh_have_zstd())
		write_packed("zeroes.ko.zst", MODHASH_COMPRESSION_ZSTD, zeroes, length);
	scratch_file("zeroes.ko", zeroes, length);
	free(zeroes);
}

/* Nothing but section headers, of sections that are empty. */
#define SECTIONS_MANY 20000

static void write_sections(void)
{
	struct gen_buf file = { .data = NULL };

	gen_add(&file, "\177ELF\2\1\1", 7);
	gen_zeroes(&file, 9);
	gen_number(&file, 1, 2, false);
	gen_number(&file, 62, 2, false);
	gen_number(&file, 1, 4, false);
	gen_zeroes(&file, 16);
	gen_number(&file, 64, 8, false);
	gen_zeroes(&file, 4);
	gen_number(&file, 64, 2, false);
	gen_zeroes(&file, 4);
	gen_number(&file, 64, 2, false);
	gen_number(&file, SECTIONS_MANY, 2, false);
	gen_zeroes(&file, 2);
	gen_zeroes(&file, 64);
	for (int i = 1; i < SECTIONS_MANY; i++) {
		gen_zeroes(&file, 4);
		gen_number(&file, 8, 4, false); /* SHT_NOBITS */
		gen_zeroes(&file, 40);
		gen_number(&file, 1, 8, false);
		gen_zeroes(&file, 8);
	}
	scratch_file("sections.ko", file.data, file.length);
	gen_free(&file);
}

/* A module's name, of megabytes. */
static void write_name(void)
{
	struct gen_buf file = { .data = NULL };
	size_t length = (size_t)2 << 20;
	char *name = malloc(length + 1);

	memset(name, 'n', length);
	name[length] = '\0';
	elfgen_module(&file, &(struct elfgen){ .bits = 64, .name = name, .seed = "x" });
	scratch_file("name.ko", file.data, file.length);
	gen_free(&file);
	free(name);
}

#define CYCLES 8000
#define CHAIN 80000

static void write_lab(const char *path, const struct lab *lab)
{
	size_t length;
	uint8_t *bytes = lab_write(lab, &length);

	scratch_file(path, bytes, length);
	free(bytes);
}

static void write_btf(void)
{
	struct gen_buf chain = { .data = NULL };
	uint64_t seed = 7;
	struct lab lab;

	lab_init(&lab, 1, 0);
	lab_random_types(&lab, &seed, CYCLES, 0, NULL);
	write_lab("cycles.btf", &lab);
	lab_free(&lab);

	/* Pointers to pointers, and strings that nobody uses. */
	gen_add(&chain, "\x9f\xeb\1\0", 4);
	gen_number(&chain, 24, 4, false);
	gen_number(&chain, 0, 4, false);
	gen_number(&chain, CHAIN * 12, 4, false);
	gen_number(&chain, CHAIN * 12, 4, false);
	gen_number(&chain, 1 + 2 * CHAIN, 4, false);
	for (uint32_t i = 0; i < CHAIN; i++) {
		gen_number(&chain, 0, 4, false);
		gen_number(&chain, MH_BTF_PTR << 24, 4, false);
		gen_number(&chain, i, 4, false);
	}
	gen_zeroes(&chain, 1);
	for (uint32_t i = 0; i < CHAIN; i++)
		gen_add(&chain, "a", 2);
	scratch_file("chain.btf", chain.data, chain.length);
	gen_free(&chain);
}

static void write_order(void)
{
	size_t lines = 50000;
	char *text = malloc(lines * 5);

	for (size_t i = 0; i < lines; i++)
		memcpy(text + i * 5, "a.ko\n", 5);
	scratch_file("modules.order", text, lines * 5);
	free(text);
}

/* --- what is done with them: 0, or what failed --- */

static int failed_file; /* the first that did */

static int note(void *user, const struct modhash_file_result *result)
{
	(void)user;
	if (!failed_file && (result->status == MODHASH_E_LIMIT || !result->digest)) {
		failed_file = result->status;
		error = *result->error;
	}
	if (!failed_file && result->identity_status == MODHASH_E_LIMIT)
		failed_file = MODHASH_E_LIMIT;
	return 0;
}

static int digest_all(const char *const *paths, uint32_t threads, uint32_t flags)
{
	struct modhash_digest_spec spec;
	struct modhash_run_opts opts;
	struct modhash_files *files;
	int ret = modhash_files_new(ctx, &files, &error);

	for (; !ret && *paths; paths++)
		if (access(*paths, F_OK) == 0)
			ret = modhash_files_add(files, *paths, NULL, NULL, &error);
	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = MODHASH_SCOPE_PAYLOAD;
	MODHASH_INIT(opts);
	opts.threads = threads;
	failed_file = 0;
	if (!ret)
		ret = modhash_digest_files(ctx, files, &spec, flags, &opts, note, NULL, &error);
	modhash_files_free(files);
	return ret ? ret : failed_file;
}

static const char *const zeroes[] = { "zeroes.ko.gz", "zeroes.ko.xz", "zeroes.ko.zst",
				      "zeroes.ko", NULL };
static const char *const identities[] = { "name.ko", "sections.ko", "name.ko", "name.ko", NULL };

static int unpack_one(void)
{
	return digest_all(zeroes, 1, 0);
}

static int unpack_three(void)
{
	return digest_all(zeroes, 3, 0);
}

static int identify(void)
{
	return digest_all(identities, 2, MODHASH_DIGEST_IDENTITY);
}

static int canonical(const char *path, bool rewrite)
{
	struct modhash_canon_opts opts;
	struct modhash_buffer buffer = { NULL, 0 };
	struct modhash_module *module;
	struct modhash_digest digest;
	int ret = modhash_module_from_path(ctx, path, &module, &error);

	if (ret)
		return ret;
	MODHASH_INIT(opts);
	opts.form = MODHASH_CANON_FORM;
	opts.policy = MODHASH_BTF_CANONICAL;
	if (rewrite)
		ret = modhash_module_canon_rewrite(module, &opts, &buffer, NULL, &error);
	else
		ret = modhash_module_canonical(module, MODHASH_ALGO_SHA256, &opts, &digest, NULL,
					       &error);
	modhash_buffer_clear(&buffer);
	modhash_module_free(module);
	/* Of strings that nobody uses, there is no rewrite; but that is found after all else. */
	return ret == MODHASH_E_REWRITE || ret == MODHASH_E_AMBIGUOUS ? 0 : ret;
}

static int canonical_sections(void)
{
	return canonical("sections.ko", false);
}

static int rewrite_cycles(void)
{
	return canonical("cycles.btf", true);
}

static int rewrite_chain(void)
{
	return canonical("chain.btf", true);
}

static int base_of(const char *path)
{
	struct modhash_btf_base *base;
	int ret = modhash_btf_base_from_path(ctx, path, NULL, &base, &error);

	modhash_btf_base_free(base);
	return ret;
}

static int base_cycles(void)
{
	return base_of("cycles.btf");
}

static int base_chain(void)
{
	return base_of("chain.btf");
}

/* Packed again, as it was. */
static int pack(void)
{
	const char *path = mh_have_xz() ? "zeroes.ko.xz" : "zeroes.ko";
	struct modhash_rewrite_opts opts;
	struct modhash_buffer buffer = { NULL, 0 };
	struct modhash_module *module;
	int ret = modhash_module_from_path(ctx, path, &module, &error);

	if (ret)
		return ret;
	MODHASH_INIT(opts);
	ret = modhash_module_rewrite(module, &opts, &buffer, &error);
	modhash_buffer_clear(&buffer);
	modhash_module_free(module);
	return ret;
}

static int order(void)
{
	struct modhash_files *files;
	int ret = modhash_files_new(ctx, &files, &error);

	if (!ret)
		ret = modhash_files_order(files, "modules.order", NULL, &error);
	modhash_files_free(files);
	/* One line twice is no order, which is found when all is read. */
	return ret == MODHASH_E_ORDER ? 0 : ret;
}

static const struct {
	const char *name;
	int (*run)(void);
} scenarios[] = {
	{ "unpack, one thread", unpack_one },
	{ "unpack, three threads", unpack_three },
	{ "identity", identify },
	{ "canonical digest of many sections", canonical_sections },
	{ "base, cycles", base_cycles },
	{ "base, a chain", base_chain },
	{ "rewrite, cycles", rewrite_cycles },
	{ "rewrite, a chain", rewrite_chain },
	{ "pack", pack },
	{ "modules.order", order },
};

#define SCENARIOS ((int)(sizeof(scenarios) / sizeof(scenarios[0])))

static void write_all(void)
{
	write_zeroes();
	write_sections();
	write_name();
	write_btf();
	write_order();
}

/* Refused at every limit below one, done at that, and never more memory than either. */
START_TEST(test_memory_holds)
{
	struct modhash_ctx_opts opts;
	bool done = false;

	scratch_make();
	write_all();
	/* What libraries allocate once and keep, is not this. */
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, &error), 0);
	ck_assert_int_eq(scenarios[_i].run(), 0);
	modhash_ctx_free(ctx);

	MODHASH_INIT(opts);
	for (opts.max_memory = START; !done; opts.max_memory += opts.max_memory / 2) {
		size_t before = __atomic_load_n(&now, __ATOMIC_RELAXED), peak;
		int ret;

		ck_assert_uint_lt(opts.max_memory, END);
		ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
		__atomic_store_n(&most, before, __ATOMIC_RELAXED);
		memset(&error, 0, sizeof(error));
		ret = scenarios[_i].run();
		peak = __atomic_load_n(&most, __ATOMIC_RELAXED) - before;
		ck_assert_msg(ret == 0 || ret == MODHASH_E_LIMIT, "%s: %d, %s", scenarios[_i].name,
			      ret, error.message);
		ck_assert_msg(peak <= opts.max_memory + BESIDE, "%s: %zu bytes, and the limit is %zu",
			      scenarios[_i].name, peak, (size_t)opts.max_memory);
		ck_assert_msg(ctx->budget->used == 0, "%s: %zu bytes were not given back",
			      scenarios[_i].name, ctx->budget->used);
		done = ret == 0;
		if (getenv("MODHASH_TEST_VERBOSE"))
			printf("%-34s %10zu %10zu %s\n", scenarios[_i].name,
			       (size_t)opts.max_memory, peak, done ? "done" : error.message);
		modhash_ctx_free(ctx);
	}
	scratch_remove();
}
END_TEST

/* A claim alone costs nothing: a small file that says it needs much is refused at once. */
static void refused(const char *what, const void *data, size_t length, uint64_t max_memory)
{
	struct modhash_ctx_opts opts;
	struct modhash_module *module;
	size_t before;
	int ret;

	MODHASH_INIT(opts);
	opts.max_memory = max_memory;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
	before = __atomic_load_n(&now, __ATOMIC_RELAXED);
	__atomic_store_n(&most, before, __ATOMIC_RELAXED);
	ret = modhash_module_from_memory(ctx, data, length, &module, &error);
	ck_assert_msg(ret == MODHASH_E_LIMIT, "%s: %d, %s", what, ret, error.message);
	ck_assert_msg(strstr(error.message, "limit is"), "%s: %s", what, error.message);
	ck_assert_uint_le(__atomic_load_n(&most, __ATOMIC_RELAXED) - before, max_memory + BESIDE);
	modhash_ctx_free(ctx);
}

START_TEST(test_windows)
{
	/* Magic, no content size, a window of 64 MiB, and one block that is the last. */
	static const uint8_t window[] = { 0x28, 0xb5, 0x2f, 0xfd, 0x00, 16 << 3, 0x0b, 0, 0, 'x' };
	/* A single segment of 96 MiB. */
	static const uint8_t segment[] = { 0x28, 0xb5, 0x2f, 0xfd, 0xe0, 0, 0, 0, 6, 0, 0, 0, 0,
					   0x0b, 0, 0, 'x' };
	struct mh_buf packed = MH_BUF_EMPTY;

	if (mh_have_zstd()) {
		refused("a window", window, sizeof(window), 16 << 20);
		refused("a segment", segment, sizeof(segment), 16 << 20);
	}
	if (mh_have_xz()) {
		/* The dictionary of an .xz file is in its block's header: 1 MiB, here. */
		ck_assert_int_eq(mh_pack(MODHASH_COMPRESSION_XZ, window, sizeof(window), &packed,
					 NULL), 0);
		refused("a dictionary", packed.data, packed.length, 1 << 20);
		mh_buf_free(&packed);
	}
}
END_TEST

/* As many files as there are streams and threads would not fit; one after the other, they do. */
START_TEST(test_fewer_in_hand)
{
	static const char *const paths[] = { "a.ko", "b.ko", "c.ko", "d.ko", "e.ko", "f.ko", "g.ko",
					     "h.ko", NULL };
	size_t length = (size_t)3 << 20;
	uint8_t *noise = malloc(length);
	struct modhash_ctx_opts opts;

	scratch_make();
	for (size_t i = 0; i < length; i++)
		noise[i] = (uint8_t)(i * 31 >> 3);
	for (int i = 0; paths[i]; i++)
		scratch_file(paths[i], noise, length);
	free(noise);
	MODHASH_INIT(opts);
	opts.max_memory = 6 << 20;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
	for (uint32_t threads = 1; threads <= 8; threads *= 2) {
		ck_assert_int_eq(digest_all(paths, threads, 0), 0);
		ck_assert_uint_eq(ctx->budget->used, 0);
	}
	modhash_ctx_free(ctx);
	/* And one that does not fit alone is named, and the others are done. */
	opts.max_memory = 1 << 20;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
	scratch_text("a.ko", "small");
	ck_assert_int_eq(digest_all(paths, 4, 0), MODHASH_E_LIMIT);
	ck_assert_ptr_nonnull(strstr(error.message, "limit is 1048576"));
	modhash_ctx_free(ctx);
	scratch_remove();
}
END_TEST

/*
 * What is told of files of the first round is kept through all that follow, which are made by
 * other workers: large files, for which there is room one by one, before small ones.
 */
#define KEPT_FILES 24
#define KEPT_LARGE 6

static void kept_name(char name[16], uint64_t index)
{
	snprintf(name, 16, "kept%u", (unsigned int)index);
}

static int note_kept(void *user, const struct modhash_file_result *result)
{
	uint64_t *told = user;
	char name[16];

	kept_name(name, result->index);
	ck_assert_int_eq(result->status, 0);
	ck_assert_int_eq(result->identity_status, 0);
	ck_assert_str_eq(result->identity->name, name);
	ck_assert_uint_eq(result->index, *told);
	(*told)++;
	return 0;
}

static void digest_kept(const struct modhash_files *files, uint32_t threads)
{
	struct modhash_digest_spec spec;
	struct modhash_run_opts opts;
	uint64_t told = 0;

	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = MODHASH_SCOPE_PAYLOAD;
	MODHASH_INIT(opts);
	opts.threads = threads;
	ck_assert_int_eq(modhash_digest_files(ctx, files, &spec, MODHASH_DIGEST_IDENTITY, &opts,
					      note_kept, &told, &error), 0);
	ck_assert_uint_eq(told, KEPT_FILES);
	ck_assert_uint_eq(ctx->budget->used, 0);
}

/* As many files as a thread has in hand. */
static unsigned int streams_of_thread(void)
{
	struct mh_hasher *hasher;
	unsigned int streams;

	ck_assert_int_eq(mh_hasher_new(MODHASH_ENGINE_AUTO, MODHASH_ALGO_SHA256, &hasher, &error),
			 0);
	streams = mh_hasher_streams(hasher);
	mh_hasher_free(hasher);
	return streams;
}

START_TEST(test_identities_are_kept)
{
	unsigned int streams = streams_of_thread();
	struct modhash_ctx_opts opts;
	struct modhash_files *files;
	char name[16];

	scratch_make();
	MODHASH_INIT(opts);
	opts.max_memory = 6 << 20;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
	ck_assert_int_eq(modhash_files_new(ctx, &files, &error), 0);
	for (uint64_t i = 0; i < KEPT_FILES; i++) {
		struct gen_buf file = { .data = NULL };

		kept_name(name, i);
		elfgen_module(&file, &(struct elfgen){ .bits = 64, .name = name, .seed = name });
		if (i < KEPT_LARGE)
			gen_zeroes(&file, (size_t)3 << 20);
		scratch_file(name, file.data, file.length);
		gen_free(&file);
		ck_assert_int_eq(modhash_files_add(files, name, NULL, NULL, &error), 0);
	}
	for (uint32_t threads = 1; threads <= 16; threads *= 2) {
		size_t refusals = ctx->budget->refusals;

		digest_kept(files, threads);
		if (threads * streams > 1)
			ck_assert_uint_gt(ctx->budget->refusals, refusals);
	}
	modhash_files_free(files);
	modhash_ctx_free(ctx);
	scratch_remove();
}
END_TEST

START_TEST(test_types)
{
	struct modhash_ctx_opts opts;
	struct lab lab;
	uint64_t seed = 3;

	scratch_make();
	lab_init(&lab, 1, 0);
	lab_random_types(&lab, &seed, 50, 0, NULL);
	write_lab("some.btf", &lab);
	MODHASH_INIT(opts);
	for (int less = 0; less < 2; less++) {
		opts.max_types = lab.count - (uint32_t)less;
		ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
		ck_assert_int_eq(base_of("some.btf"), less ? MODHASH_E_LIMIT : 0);
		modhash_ctx_free(ctx);
	}
	ck_assert_ptr_nonnull(strstr(error.message, "BTF types, which is the limit"));
	lab_free(&lab);
	scratch_remove();
}
END_TEST

START_TEST(test_types_of_a_cache)
{
	struct modhash_buffer cache;
	struct modhash_ctx_opts opts;
	struct modhash_btf_base *base;
	size_t length;
	uint8_t *bytes = make_base_btf(&(struct maker){ .is_64 = true }, &length);

	MODHASH_INIT(opts);
	opts.max_types = BASE_TYPES;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
	ck_assert_int_eq(modhash_btf_base_from_memory(ctx, bytes, length, &base, &error), 0);
	ck_assert_int_eq(modhash_btf_base_save(base, &cache, &error), 0);
	modhash_btf_base_free(base);
	ck_assert_uint_eq(ctx->budget->used, 0);
	modhash_ctx_free(ctx);
	opts.max_types--;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
	ck_assert_int_eq(modhash_btf_base_from_memory(ctx, bytes, length, &base, &error),
			 MODHASH_E_LIMIT);
	ck_assert_int_eq(modhash_btf_base_from_memory(ctx, cache.data, (size_t)cache.length, &base,
						      &error), MODHASH_E_LIMIT);
	modhash_ctx_free(ctx);
	modhash_buffer_clear(&cache);
	free(bytes);
}
END_TEST

START_TEST(test_defaults)
{
	struct modhash_ctx_opts opts;

	MODHASH_INIT(opts);
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
	if (sizeof(size_t) > 4)
		ck_assert_uint_eq(ctx->budget->limit, (uint64_t)4 << 30);
	ck_assert_uint_eq(ctx->budget->max_types, MODHASH_MAX_TYPES_DEFAULT);
	modhash_ctx_free(ctx);
	opts.max_unpacked = 4096;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
	ck_assert_uint_eq(ctx->budget->limit, MODHASH_MAX_MEMORY_LEAST);
	modhash_ctx_free(ctx);
	opts.max_unpacked = UINT64_MAX;
	opts.max_types = UINT32_MAX;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
	ck_assert_uint_eq(ctx->budget->limit, SIZE_MAX);
	ck_assert_uint_eq(ctx->budget->max_types, MODHASH_MAX_TYPES_DEFAULT);
	modhash_ctx_free(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limits");
	TCase *tcase = tcase_create("limits");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, test_memory_holds, 0, SCENARIOS);
	tcase_add_test(tcase, test_windows);
	tcase_add_test(tcase, test_fewer_in_hand);
	tcase_add_test(tcase, test_identities_are_kept);
	tcase_add_test(tcase, test_types);
	tcase_add_test(tcase, test_types_of_a_cache);
	tcase_add_test(tcase, test_defaults);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
