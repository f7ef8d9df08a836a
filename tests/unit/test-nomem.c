/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each allocation of the library fails once: what was asked for fails with
 * MODHASH_E_NOMEM or succeeds without that memory, hands out nothing, and leaks nothing
 * (which a sanitizer sees).  Linked with --wrap for the functions that allocate.
 */
#include <errno.h>
#include <sys/stat.h>

#include <modhash/modhash.h>

#include "../gen/imagegen.h"
#include "scratch.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size);

static long countdown; /* 0: nothing fails; n: the nth allocation from here on does */
static int failed;

static bool fails(void)
{
	if (!__atomic_load_n(&countdown, __ATOMIC_SEQ_CST))
		return false;
	if (__atomic_sub_fetch(&countdown, 1, __ATOMIC_SEQ_CST))
		return false;
	__atomic_store_n(&failed, 1, __ATOMIC_SEQ_CST);
	return true;
}

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return fails() ? NULL : __real_realloc(memory, size);
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size)
{
	return fails() ? ENOMEM : __real_posix_memalign(memory, alignment, size);
}

/*
 * What is done while memory fails: each returns 0 or a MODHASH_E_*, or WRONG.  No
 * assertions there: they need memory, too.
 */
#define WRONG 1

static int count_failures(void *user, const struct modhash_file_result *result)
{
	(void)user;
	return result->status;
}

static int trouble(void *user, const char *path, const struct modhash_error *error)
{
	(void)user;
	(void)path;
	return error->code;
}

static int digest(const struct modhash_ctx *ctx, const struct modhash_files *files,
		  uint32_t threads, struct modhash_error *err)
{
	struct modhash_digest_spec spec;
	struct modhash_run_opts opts;

	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = MODHASH_SCOPE_PAYLOAD;
	MODHASH_INIT(opts);
	opts.threads = threads;
	return modhash_digest_files(ctx, files, &spec, MODHASH_DIGEST_IDENTITY, &opts,
				    count_failures, NULL, err);
}

static int use_files(const struct modhash_ctx *ctx, struct modhash_files *files,
		     struct modhash_error *err)
{
	int ret = modhash_files_add(files, "t/", trouble, NULL, err);

	if (!ret)
		ret = modhash_files_add(files, "a.ko.gz", trouble, NULL, err);
	if (!ret)
		ret = modhash_files_order(files, "t/modules.order", NULL, err);
	if (!ret)
		ret = digest(ctx, files, 1, err);
	return ret ? ret : digest(ctx, files, 2, err);
}

static int files_and_digests(struct modhash_error *err)
{
	struct modhash_files *files = NULL;
	struct modhash_ctx *ctx = NULL;
	int ret = modhash_ctx_new(NULL, &ctx, err);

	if ((ret != 0) != (ctx == NULL))
		return WRONG;
	if (!ret)
		ret = modhash_files_new(ctx, &files, err);
	if ((ret != 0) != (files == NULL))
		return WRONG;
	if (!ret)
		ret = use_files(ctx, files, err);
	modhash_files_free(files);
	modhash_ctx_free(ctx);
	return ret;
}

static int tree_order(struct modhash_error *err)
{
	struct modhash_files *files = NULL;
	struct modhash_ctx *ctx = NULL;
	int ret = modhash_ctx_new(NULL, &ctx, err);

	if (!ret)
		ret = modhash_files_new(ctx, &files, err);
	if (!ret)
		ret = modhash_files_add(files, "t", NULL, NULL, err);
	if (!ret)
		ret = modhash_files_order(files, NULL, NULL, err);
	modhash_files_free(files);
	modhash_ctx_free(ctx);
	return ret;
}

static int one_digest(struct modhash_error *err)
{
	struct modhash_digest value;
	struct modhash_ctx *ctx = NULL;
	int ret = modhash_ctx_new(NULL, &ctx, err);

	if (!ret)
		ret = modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, "abc", 3,
					   &value, err);
	modhash_ctx_free(ctx);
	return ret;
}

/* An image read, its blob and its BTF taken out of it, and the blob put into the vmlinux. */
static int use_image(const struct modhash_image *image, struct modhash_error *err)
{
	struct modhash_embed_opts opts;
	struct modhash_blob *blob = NULL;
	const uint8_t *data;
	uint64_t length;
	uint8_t *copy;
	int ret = modhash_image_blob(image, &blob, err);

	if ((ret != 0) != (blob == NULL))
		return WRONG;
	if (!ret)
		ret = modhash_image_part(image, MODHASH_IMAGE_PART_VMLINUX, &data, &length, err);
	if (!ret) {
		copy = __real_malloc((size_t)length);
		if (!copy)
			return WRONG;
		memcpy(copy, data, (size_t)length);
		MODHASH_INIT(opts);
		opts.flags = MODHASH_EMBED_EMPTY;
		ret = modhash_image_embed(blob, copy, length, &opts, NULL, err);
		free(copy);
	}
	modhash_blob_free(blob);
	return ret;
}

static int images(struct modhash_error *err)
{
	struct modhash_btf_base *base = NULL;
	struct modhash_image *image = NULL;
	struct modhash_ctx *ctx = NULL;
	struct modhash_blob *blob = NULL;
	int ret = modhash_ctx_new(NULL, &ctx, err);

	if (!ret)
		ret = modhash_image_from_path(ctx, "bzImage", &image, err);
	if ((ret != 0) != (image == NULL))
		return WRONG;
	if (!ret)
		ret = use_image(image, err);
	if (!ret)
		ret = modhash_blob_from_path(ctx, "bzImage", &blob, err);
	if (!ret)
		ret = modhash_btf_base_from_path(ctx, "bzImage", NULL, &base, err);
	modhash_btf_base_free(base);
	modhash_blob_free(blob);
	modhash_image_free(image);
	modhash_ctx_free(ctx);
	return ret;
}

static void write_image(void)
{
	struct gen_buf kernel = { .data = NULL }, bytes = { .data = NULL };

	imagegen_vmlinux(&kernel, &(struct imagegen){ .room = 64 });
	if (modhash_compression_supported(MODHASH_COMPRESSION_LZ4))
		imagegen_lz4(&kernel, 1000);
	imagegen_bzimage(&bytes, &kernel, NULL);
	scratch_file("bzImage", bytes.data, bytes.length);
	gen_free(&kernel);
	gen_free(&bytes);
}

static int (*const scenarios[])(struct modhash_error *err) = {
	files_and_digests,
	tree_order,
	one_digest,
	images,
};

#define SCENARIOS ((int)(sizeof(scenarios) / sizeof(scenarios[0])))

/* More than any of the above allocates. */
#define ALLOCATIONS_MAX 100000

START_TEST(test_each_fails_once)
{
	struct modhash_error err;
	int refused = 0;
	long n;

	scratch_make();
	scratch_text("t/b.ko", "not ELF, but hashed");
	scratch_text("t/c/c.ko", "");
	scratch_text("t/modules.order", "c/c.ko\nb.o\ngone.ko\na.ko\n");
	scratch_text("a.ko.gz", "not packed, whatever its name");
	write_image();

	for (n = 1; n < ALLOCATIONS_MAX; n++) {
		int ret;

		memset(&err, 0, sizeof(err));
		__atomic_store_n(&failed, 0, __ATOMIC_SEQ_CST);
		__atomic_store_n(&countdown, n, __ATOMIC_SEQ_CST);
		ret = scenarios[_i](&err);
		__atomic_store_n(&countdown, 0, __ATOMIC_SEQ_CST);
		if (!failed) {
			ck_assert_int_eq(ret, 0);
			break;
		}
		ck_assert_msg(ret == 0 || ret == MODHASH_E_NOMEM, "allocation %ld: %d, %s", n, ret,
			      err.message);
		refused += ret == MODHASH_E_NOMEM;
	}
	ck_assert_int_lt(n, ALLOCATIONS_MAX);
	ck_assert_int_gt(refused, 0);
	scratch_remove();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("nomem");
	TCase *tcase = tcase_create("nomem");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, test_each_fails_once, 0, SCENARIOS);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
