/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Each allocation fails once: what was asked for fails with MODHASH_E_NOMEM or succeeds
 * without that memory, hands out nothing, leaks nothing (which a sanitizer sees), and a success
 * is the right answer.  Every function of the library is called here; nomem-symbols holds
 * this file against lib/libmodhash.map.
 *
 * Compiled twice: as test-nomem, linked with --wrap, the library's own allocations fail, under
 * sanitizers, too; as test-nomem-all, those of libcrypto and all others in this process.
 */
#include <errno.h>
#include <sys/stat.h>

#include <modhash/modhash.h>

#include "../gen/imagegen.h"
#include "canon-lab.h"
#include "scratch.h"
#include "source.h"

static long countdown; /* 0: nothing fails; n: the nth allocation from here on does */
static int failed;
static int counting;
static long counted;

__attribute__((unused)) static bool fails(void)
{
	if (__atomic_load_n(&counting, __ATOMIC_SEQ_CST))
		__atomic_add_fetch(&counted, 1, __ATOMIC_SEQ_CST);
	if (!__atomic_load_n(&countdown, __ATOMIC_SEQ_CST))
		return false;
	if (__atomic_sub_fetch(&countdown, 1, __ATOMIC_SEQ_CST))
		return false;
	__atomic_store_n(&failed, 1, __ATOMIC_SEQ_CST);
	errno = ENOMEM;
	return true;
}

#ifndef EVERY_ALLOCATION
#define ALLOCATOR(name) __wrap_##name
#define REAL(name) __real_##name
#elif defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* In place of the C library's, for all libraries in this program. */
#define ALLOCATOR(name) name
#define REAL(name) __libc_##name
#define IN_PLACE 1
#else
#define CAN_NOT 1
#endif

#ifdef CAN_NOT
#define REAL(name) name
#else
void *REAL(malloc)(size_t size);
void *REAL(calloc)(size_t count, size_t size);
void *REAL(realloc)(void *memory, size_t size);
void *ALLOCATOR(malloc)(size_t size);
void *ALLOCATOR(calloc)(size_t count, size_t size);
void *ALLOCATOR(realloc)(void *memory, size_t size);
int ALLOCATOR(posix_memalign)(void **memory, size_t alignment, size_t size);

void *ALLOCATOR(malloc)(size_t size)
{
	return fails() ? NULL : REAL(malloc)(size);
}

void *ALLOCATOR(calloc)(size_t count, size_t size)
{
	return fails() ? NULL : REAL(calloc)(count, size);
}

void *ALLOCATOR(realloc)(void *memory, size_t size)
{
	return fails() ? NULL : REAL(realloc)(memory, size);
}

#ifdef IN_PLACE
void *__libc_memalign(size_t alignment, size_t size);

void *aligned_alloc(size_t alignment, size_t size)
{
	return fails() ? NULL : __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
	void *got = fails() ? NULL : __libc_memalign(alignment, size);

	if (!got)
		return ENOMEM;
	*memory = got;
	return 0;
}
#else
/* strdup() and the like are the C library's, which --wrap does not see into. */
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t most);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t most);

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size)
{
	return fails() ? ENOMEM : __real_posix_memalign(memory, alignment, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
	return fails() ? NULL : __real_reallocarray(memory, count, size);
}

char *__wrap_strdup(const char *text)
{
	return fails() ? NULL : __real_strdup(text);
}

char *__wrap_strndup(const char *text, size_t most)
{
	return fails() ? NULL : __real_strndup(text, most);
}
#endif
#endif

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

static uint32_t engine;

static int new_ctx(struct modhash_ctx **ctx, struct modhash_error *err)
{
	struct modhash_ctx_opts opts;

	MODHASH_INIT(opts);
	opts.hash_engine = engine;
	return modhash_ctx_new(&opts, ctx, err);
}

static int files_and_digests(struct modhash_error *err)
{
	struct modhash_files *files = NULL;
	struct modhash_ctx *ctx = NULL;
	int ret = new_ctx(&ctx, err);

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
	int ret = new_ctx(&ctx, err);

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
	int ret = new_ctx(&ctx, err);

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
		copy = REAL(malloc)((size_t)length);
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
	int ret = new_ctx(&ctx, err);

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

/* --- what scenarios are done with, made before anything fails --- */

static struct {
	struct modhash_ctx *ctx;
	struct gen_buf sign, packed[4], image; /* a signed module; and packed */
	struct file canon, permuted;	       /* modules with BTF */
	uint8_t *btf;			       /* that they continue */
	size_t btf_length;
	struct modhash_buffer list, table, root, proof;
	struct modhash_digest payload;	       /* of the signed module */
} with;

#define MODULES 3

static struct modhash_builder_opts builder_opts(uint32_t format)
{
	struct modhash_builder_opts opts;

	MODHASH_INIT(opts);
	opts.format = format;
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.scope = format == MODHASH_FORMAT_TABLE ? MODHASH_SCOPE_PAYLOAD :
		     format == MODHASH_FORMAT_LIST  ? MODHASH_SCOPE_FILE :
						      MODHASH_SCOPE_LEAF;
	opts.byte_order = MODHASH_BYTE_ORDER_LITTLE;
	opts.index_bits = MODHASH_INDEX_FAST;
	if (format == MODHASH_FORMAT_TABLE) {
		opts.flags = MODHASH_BUILDER_NAMES;
		opts.release = "6.1.0-test";
	}
	return opts;
}

static int digest_of(const struct modhash_ctx *ctx, const struct gen_buf *file, uint32_t scope,
		     uint32_t position, struct modhash_digest *digest, struct modhash_error *err)
{
	struct modhash_digest_spec spec;
	struct modhash_module *module;
	int ret = modhash_module_from_memory(ctx, file->data, file->length, &module, err);

	if (ret)
		return ret;
	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = scope;
	spec.position = position;
	ret = modhash_module_digest(module, &spec, digest, err);
	modhash_module_free(module);
	return ret;
}

/* The signed module, under so many names. */
static int fill_builder(struct modhash_builder *builder, const struct modhash_ctx *ctx,
			const struct modhash_builder_opts *opts, struct modhash_error *err)
{
	static const char *const names[MODULES] = { "b.ko", "c/c.ko", "a.ko" };
	struct modhash_blob_module record;
	struct modhash_digest digest;
	int ret = 0;

	for (uint32_t i = 0; !ret && i < MODULES; i++) {
		MODHASH_INIT(record);
		record.name = names[i];
		record.build_id = (const uint8_t *)"build id";
		record.build_id_length = 8;
		ret = digest_of(ctx, &with.sign, opts->scope, i, &digest, err);
		if (!ret)
			ret = modhash_builder_add(builder, &digest, &record, err);
	}
	return ret;
}

static int build(const struct modhash_ctx *ctx, uint32_t format, struct modhash_buffer *blob,
		 struct modhash_buffer *proof, struct modhash_error *err)
{
	struct modhash_builder_opts opts = builder_opts(format);
	struct modhash_buffer source = { .data = NULL };
	struct modhash_builder *builder = NULL;
	int ret = modhash_builder_new(ctx, &opts, &builder, err);

	if ((ret != 0) != (builder == NULL))
		return WRONG;
	if (!ret)
		ret = fill_builder(builder, ctx, &opts, err);
	if (!ret)
		ret = modhash_builder_finish(builder, blob, err);
	if (!ret && format == MODHASH_FORMAT_MERKLE)
		ret = modhash_builder_proof(builder, 1, proof, err);
	if (!ret && format != MODHASH_FORMAT_TABLE) {
		ret = modhash_builder_c_source(builder, &source, err);
		modhash_buffer_clear(&source);
	}
	modhash_builder_free(builder);
	return ret;
}

/* The signed module; if there is no decompressor for it, as much as shows what is needed. */
static void pack(struct gen_buf *out, int compression)
{
	static const char *const begin[] = {
		[MODHASH_COMPRESSION_GZIP] = "\x1f\x8b\x08",
		[MODHASH_COMPRESSION_XZ] = "\xfd" "7zXZ",
		[MODHASH_COMPRESSION_ZSTD] = "\x28\xb5\x2f\xfd",
	};
	struct mh_buf packed = MH_BUF_EMPTY;

	if (!modhash_compression_supported(compression)) {
		gen_add(out, begin[compression], strlen(begin[compression]) + 1);
		gen_add(out, with.sign.data, with.sign.length);
		return;
	}
	ck_assert_int_eq(mh_pack(compression, with.sign.data, with.sign.length, &packed, NULL), 0);
	gen_add(out, packed.data, packed.length);
	mh_buf_free(&packed);
}

static void make_image(struct gen_buf *bytes)
{
	struct gen_buf kernel = { .data = NULL };

	imagegen_vmlinux(&kernel, &(struct imagegen){ .room = 64 });
	if (modhash_compression_supported(MODHASH_COMPRESSION_LZ4))
		imagegen_lz4(&kernel, 1000);
	imagegen_bzimage(bytes, &kernel, NULL);
	gen_free(&kernel);
}

static void make_files(void)
{
	struct gen_buf proved = { .data = NULL };

	scratch_text("t/b.ko", "not ELF, but hashed");
	scratch_text("t/c/c.ko", "");
	scratch_text("t/modules.order", "c/c.ko\nb.o\ngone.ko\na.ko\n");
	scratch_text("a.ko.gz", "not packed, whatever its name");
	scratch_file("bzImage", with.image.data, with.image.length);
	scratch_file("signed.ko", with.sign.data, with.sign.length);
	scratch_file("btf", with.btf, with.btf_length);
	scratch_file("table", with.table.data, (size_t)with.table.length);
	scratch_file("v/b.ko", with.sign.data, with.sign.length);
	gen_add(&proved, with.sign.data, with.sign.length);
	gen_add(&proved, with.proof.data, (size_t)with.proof.length);
	scratch_file("v/c/c.ko", proved.data, proved.length);
	scratch_text("v/a.ko", "another");
	scratch_file("v/a.ko.merkle", with.proof.data, (size_t)with.proof.length);
	scratch_text("v/modules.order", "b.o\nc/c.o\na.o\n");
	gen_free(&proved);
}

static void make_all(void)
{
	struct maker maker = { .is_64 = true };
	struct gen_buf der = { .data = NULL };

	ck_assert_int_eq(new_ctx(&with.ctx, NULL), 0);
	elfgen_module(&with.sign, &(struct elfgen){ .bits = 64 });
	pkcs7gen(&der, &(struct pkcs7gen){ .flags = 0 });
	trailergen_add(&with.sign, MODHASH_TRAILER_PKCS7, der.data, der.length);
	gen_free(&der);
	for (int i = MODHASH_COMPRESSION_GZIP; i <= MODHASH_COMPRESSION_ZSTD; i++)
		pack(&with.packed[i], i);
	make_image(&with.image);
	make(&maker, &with.canon);
	with.btf = make_base_btf(&maker, &with.btf_length);
	maker.permute = 3;
	make(&maker, &with.permuted);
	ck_assert_int_eq(digest_of(with.ctx, &with.sign, MODHASH_SCOPE_PAYLOAD, 0, &with.payload,
				   NULL), 0);
	ck_assert_int_eq(build(with.ctx, MODHASH_FORMAT_LIST, &with.list, NULL, NULL), 0);
	ck_assert_int_eq(build(with.ctx, MODHASH_FORMAT_TABLE, &with.table, NULL, NULL), 0);
	ck_assert_int_eq(build(with.ctx, MODHASH_FORMAT_MERKLE, &with.root, &with.proof, NULL), 0);
	make_files();
}

static void free_all(void)
{
	gen_free(&with.sign);
	gen_free(&with.image);
	for (size_t i = 0; i < sizeof(with.packed) / sizeof(with.packed[0]); i++)
		gen_free(&with.packed[i]);
	free(with.btf);
	modhash_buffer_clear(&with.list);
	modhash_buffer_clear(&with.table);
	modhash_buffer_clear(&with.root);
	modhash_buffer_clear(&with.proof);
	modhash_ctx_free(with.ctx);
	memset(&with, 0, sizeof(with));
}

/* --- modules --- */

static int read_signature(const struct modhash_module *module, struct modhash_error *err)
{
	struct modhash_signature signature;
	struct modhash_trailer trailer;
	int ret;

	MODHASH_INIT(trailer);
	MODHASH_INIT(signature);
	ret = modhash_module_trailer(module, 0, &trailer, err);
	if (ret)
		return WRONG;
	ret = modhash_trailer_signature(&trailer, &signature, err);
	if (!ret && (strcmp(signature.signer, "Test key") || strcmp(signature.hash_name, "sha256") ||
		     signature.signature_length != PKCS7GEN_SIGNATURE_LENGTH))
		ret = WRONG;
	if (ret && signature.storage)
		ret = WRONG;
	modhash_signature_clear(&signature);
	return ret;
}

static int read_identity(const struct modhash_module *module, struct modhash_error *err)
{
	struct modhash_identity identity;
	const char *key, *value;
	uint64_t cursor = 0;
	size_t length;
	int ret;

	MODHASH_INIT(identity);
	ret = modhash_module_identity(module, &identity, err);
	if (!ret && (!identity.name || strcmp(identity.name, "generated")))
		ret = WRONG;
	if (ret)
		return ret;
	ret = modhash_module_modinfo(module, &cursor, &key, &length, &value, err);
	return ret < 0 ? ret : 0;
}

static int rewrite(const struct modhash_module *module, struct modhash_error *err)
{
	struct modhash_buffer buffer = { .data = NULL };
	struct modhash_rewrite_opts opts;
	int ret;

	MODHASH_INIT(opts);
	opts.flags = MODHASH_REWRITE_STRIP_ALL;
	opts.append = with.proof.data;
	opts.append_length = with.proof.length;
	ret = modhash_module_rewrite(module, &opts, &buffer, err);
	if ((ret != 0) != (buffer.data == NULL))
		ret = WRONG;
	modhash_buffer_clear(&buffer);
	return ret;
}

static int use_module(const struct modhash_module *module, struct modhash_error *err)
{
	struct modhash_digest_spec spec;
	struct modhash_digest digest;
	struct modhash_module_info info;
	int ret;

	MODHASH_INIT(info);
	if (modhash_module_info(module, &info) || info.length != with.sign.length)
		return WRONG;
	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = MODHASH_SCOPE_PAYLOAD;
	ret = modhash_module_digest(module, &spec, &digest, err);
	if (!ret && !modhash_digest_equal(&digest, &with.payload))
		return WRONG;
	spec.algorithm = MODHASH_ALGO_SHA3_384;
	if (!ret)
		ret = modhash_module_digest(module, &spec, &digest, err);
	if (!ret)
		ret = read_signature(module, err);
	if (!ret)
		ret = read_identity(module, err);
	return ret ? ret : rewrite(module, err);
}

static int packed_modules(struct modhash_error *err)
{
	int ret = 0;

	for (int i = MODHASH_COMPRESSION_GZIP; !ret && i <= MODHASH_COMPRESSION_ZSTD; i++) {
		const struct gen_buf *file = &with.packed[i];
		bool supported = modhash_compression_supported(i);
		struct modhash_module *module = NULL;

		ret = modhash_module_from_memory(with.ctx, file->data, file->length, &module, err);
		if ((ret != 0) != (module == NULL) || (!ret && !supported))
			return WRONG;
		if (ret == MODHASH_E_NO_DECOMPRESSOR && !supported)
			ret = 0;
		else if (!ret)
			ret = use_module(module, err);
		modhash_module_free(module);
	}
	return ret;
}

static int modules_from_files(struct modhash_error *err)
{
	struct modhash_module *module = NULL;
	int fd, ret = modhash_module_from_path(with.ctx, "signed.ko", &module, err);

	if ((ret != 0) != (module == NULL))
		return WRONG;
	if (!ret)
		ret = use_module(module, err);
	modhash_module_free(module);
	if (ret)
		return ret;
	fd = open("signed.ko", O_RDONLY | O_CLOEXEC);
	ret = modhash_module_from_fd(with.ctx, fd, &module, err);
	if ((ret != 0) != (module == NULL))
		return WRONG;
	modhash_module_free(module);
	close(fd);
	return ret;
}

/* --- the canonical form --- */

static int told(void *user, const struct modhash_difference *difference)
{
	(void)user;
	(void)difference;
	return 0;
}

static int compare(const struct modhash_module *a, const struct modhash_module *b,
		   const struct modhash_canon_opts *opts, struct modhash_error *err)
{
	struct modhash_comparison result;
	int ret;

	MODHASH_INIT(result);
	ret = modhash_compare(a, b, opts, opts, told, NULL, &result, err);
	if (ret >= 0 && result.kinds & ~(uint32_t)MODHASH_DIFFERS_BENIGN)
		return WRONG;
	return ret < 0 ? ret : 0;
}

static int use_canonical(const struct modhash_module *a, const struct modhash_module *b,
			 const struct modhash_btf_base *base, struct modhash_error *err)
{
	struct modhash_digest first, second;
	struct modhash_buffer buffer = { .data = NULL };
	struct modhash_canon_opts opts;
	int ret;

	MODHASH_INIT(opts);
	opts.form = 1;
	opts.policy = MODHASH_BTF_CANONICAL;
	opts.base = base;
	ret = modhash_module_canonical(a, MODHASH_ALGO_SHA256, &opts, &first, NULL, err);
	if (!ret)
		ret = modhash_module_canonical(b, MODHASH_ALGO_SHA256, &opts, &second, NULL, err);
	if (!ret && !modhash_digest_equal(&first, &second))
		return WRONG;
	if (!ret)
		ret = compare(a, b, &opts, err);
	if (!ret)
		ret = modhash_module_canon_rewrite(b, &opts, &buffer, NULL, err);
	modhash_buffer_clear(&buffer);
	opts.policy = MODHASH_BTF_DROP;
	if (!ret)
		ret = modhash_module_canon_rewrite(a, &opts, &buffer, NULL, err);
	modhash_buffer_clear(&buffer);
	return ret;
}

static int canonical_forms(struct modhash_error *err)
{
	struct modhash_btf_base *base = NULL;
	struct modhash_module *a = NULL, *b = NULL;
	struct modhash_buffer cache = { .data = NULL };
	int ret = modhash_btf_base_from_memory(with.ctx, with.btf, with.btf_length, &base, err);

	if ((ret != 0) != (base == NULL))
		return WRONG;
	if (!ret)
		ret = modhash_btf_base_save(base, &cache, err);
	if (!ret)
		ret = modhash_module_from_memory(with.ctx, with.canon.data, with.canon.length, &a,
						 err);
	if (!ret)
		ret = modhash_module_from_memory(with.ctx, with.permuted.data,
						 with.permuted.length, &b, err);
	if (!ret)
		ret = use_canonical(a, b, base, err);
	modhash_buffer_clear(&cache);
	modhash_module_free(a);
	modhash_module_free(b);
	modhash_btf_base_free(base);
	return ret;
}

/* A cache that is not there is written, one that is there is read. */
static int cached_base(struct modhash_error *err)
{
	struct modhash_btf_base *base = NULL;
	int ret = 0;

	for (int i = 0; !ret && i < 2; i++) {
		ret = modhash_btf_base_from_path(with.ctx, "btf", "cache", &base, err);
		if ((ret != 0) != (base == NULL))
			return WRONG;
		modhash_btf_base_free(base);
	}
	unlink("cache");
	return ret;
}

/* --- blobs --- */

static int building(struct modhash_error *err)
{
	static const uint32_t formats[] = { MODHASH_FORMAT_LIST, MODHASH_FORMAT_TABLE,
					    MODHASH_FORMAT_MERKLE };
	const struct modhash_buffer *good[] = { &with.list, &with.table, &with.root };
	int ret = 0;

	for (int i = 0; !ret && i < 3; i++) {
		struct modhash_buffer blob = { .data = NULL }, proof = { .data = NULL };

		ret = build(with.ctx, formats[i], &blob, &proof, err);
		if (!ret && (blob.length != good[i]->length ||
			     memcmp(blob.data, good[i]->data, (size_t)blob.length)))
			ret = WRONG;
		modhash_buffer_clear(&blob);
		modhash_buffer_clear(&proof);
	}
	return ret;
}

static int same_entry(void *user, const struct modhash_diff_entry *entry)
{
	(void)user;
	return entry->change == MODHASH_DIFF_SAME ? 0 : WRONG;
}

static int use_blob(const struct modhash_blob *blob, struct modhash_error *err)
{
	struct modhash_blob *other = NULL;
	int fd, ret = modhash_blob_contains(blob, &with.payload, NULL);

	if (ret != 1)
		return WRONG;
	fd = open("table", O_RDONLY | O_CLOEXEC);
	ret = modhash_blob_from_fd(with.ctx, fd, &other, err);
	if ((ret != 0) != (other == NULL))
		ret = WRONG;
	if (!ret)
		ret = modhash_blob_diff(blob, other, same_entry, NULL, err);
	modhash_blob_free(other);
	close(fd);
	return ret;
}

static int reading_blobs(struct modhash_error *err)
{
	struct modhash_blob *blob = NULL;
	int ret = modhash_blob_from_path(with.ctx, "table", &blob, err);

	if ((ret != 0) != (blob == NULL))
		return WRONG;
	if (!ret)
		ret = use_blob(blob, err);
	modhash_blob_free(blob);
	return ret;
}

static int images_in_memory(struct modhash_error *err)
{
	struct modhash_image *image = NULL;
	int fd, ret = modhash_image_from_memory(with.ctx, with.image.data, with.image.length,
						&image, err);

	if ((ret != 0) != (image == NULL))
		return WRONG;
	modhash_image_free(image);
	if (ret)
		return ret;
	fd = open("bzImage", O_RDONLY | O_CLOEXEC);
	ret = modhash_image_from_fd(with.ctx, fd, &image, err);
	if ((ret != 0) != (image == NULL))
		return WRONG;
	modhash_image_free(image);
	close(fd);
	return ret;
}

/* --- verdicts --- */

/* b.ko and c.ko are known, a.ko is not; each to whom it should be. */
static int judge(void *user, const struct modhash_verify_result *result)
{
	bool known = result->verdict->answer == MODHASH_ANSWER_YES;

	(void)user;
	if (result->verdict->answer == MODHASH_ANSWER_NOT_TOLD)
		return result->verdict->status == MODHASH_E_NOMEM ? MODHASH_E_NOMEM : WRONG;
	return known == !strcmp(result->name, "a.ko") ? WRONG : 0;
}

static int run(const struct modhash_verifier *verifier, uint32_t threads,
	       struct modhash_error *err)
{
	struct modhash_verify_summary summary;
	struct modhash_files *files = NULL;
	struct modhash_run_opts opts;
	int ret = modhash_files_new(with.ctx, &files, err);

	MODHASH_INIT(summary);
	MODHASH_INIT(opts);
	opts.threads = threads;
	if (!ret)
		ret = modhash_files_add(files, "v", NULL, NULL, err);
	if (!ret)
		ret = modhash_files_order(files, NULL, NULL, err);
	if (!ret)
		ret = modhash_verifier_run(verifier, files, MODHASH_VERIFY_COMPLETE, &opts, judge,
					   NULL, &summary, err);
	if (!ret && (summary.known != 2 || summary.unknown != 1 || summary.missing))
		ret = WRONG;
	modhash_files_free(files);
	return ret;
}

static int check_one(const struct modhash_verifier *verifier, const struct gen_buf *file,
		     uint32_t expected, struct modhash_error *err)
{
	struct modhash_module *module = NULL;
	struct modhash_verdict verdict;
	int ret = modhash_module_from_memory(with.ctx, file->data, file->length, &module, err);

	MODHASH_INIT(verdict);
	if (!ret)
		ret = modhash_verifier_check(verifier, module, "b.ko", NULL, &verdict, err);
	if (!ret && verdict.answer != expected)
		ret = WRONG;
	modhash_module_free(module);
	return ret;
}

static int check_proof(const struct modhash_blob *root, struct modhash_error *err)
{
	struct modhash_module *module = NULL;
	struct modhash_proof proof;
	int ret;

	MODHASH_INIT(proof);
	if (modhash_proof_parse(with.proof.data, (size_t)with.proof.length, &proof, err))
		return WRONG;
	ret = modhash_module_from_memory(with.ctx, with.sign.data, with.sign.length, &module, err);
	if (!ret)
		ret = modhash_proof_check(module, &proof, root, err);
	modhash_module_free(module);
	return ret == 1 ? 0 : ret ? ret : WRONG;
}

static int verifying(struct modhash_error *err)
{
	const struct modhash_buffer *const buffers[] = { &with.list, &with.root, &with.table };
	struct gen_buf changed = { .data = NULL };
	struct modhash_verifier *verifier = NULL;
	struct modhash_blob *blobs[3] = { NULL };
	int ret = modhash_verifier_new(with.ctx, &verifier, err);

	if ((ret != 0) != (verifier == NULL))
		return WRONG;
	for (int i = 0; !ret && i < 3; i++) {
		ret = modhash_blob_from_memory(with.ctx, buffers[i]->data,
					       (size_t)buffers[i]->length, &blobs[i], err);
		if (!ret)
			ret = modhash_verifier_add_blob(verifier, blobs[i], err);
	}
	if (!ret)
		ret = check_proof(blobs[1], err);
	if (!ret)
		ret = check_one(verifier, &with.sign, MODHASH_ANSWER_YES, err);
	changed.data = REAL(malloc)(with.sign.length);
	if (!changed.data)
		return WRONG;
	changed.length = with.sign.length;
	memcpy(changed.data, with.sign.data, changed.length);
	changed.data[changed.length / 3] ^= 1;
	if (!ret)
		ret = check_one(verifier, &changed, MODHASH_ANSWER_NO, err);
	free(changed.data);
	if (!ret)
		ret = run(verifier, 1, err);
	if (!ret)
		ret = run(verifier, 2, err);
	modhash_verifier_free(verifier);
	for (int i = 0; i < 3; i++)
		modhash_blob_free(blobs[i]);
	return ret;
}

/* --- writing --- */

/* The old contents or the new, and nothing beside them. */
static int check_written(const char *expected)
{
	char found[16] = "";
	int fd = open("w/out", O_RDONLY | O_CLOEXEC);
	ssize_t length = fd < 0 ? -1 : read(fd, found, sizeof(found) - 1);

	close(fd);
	if (length < 0 || strcmp(found, expected))
		return WRONG;
	/* Two links are . and .., so that rmdir() tells of what else is there. */
	if (unlink("w/out") || rmdir("w"))
		return WRONG;
	return 0;
}

/* A link to an open file is refused, as one and not for another reason. */
static int write_open_file(struct modhash_error *err)
{
	int fd = open("w/out", O_WRONLY | O_CLOEXEC);
	char path[64];
	int ret;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	ret = modhash_write_file(path, "third", 5, err);
	close(fd);
	if (ret == MODHASH_E_NOMEM)
		return ret;
	return ret == MODHASH_E_FILE_TYPE ? 0 : WRONG;
}

static int writing(struct modhash_error *err)
{
	struct modhash_write_opts opts;
	int ret;

	if (mkdir("w", 0755) || symlink("out", "w/link"))
		return WRONG;
	close(open("w/out", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
	ret = modhash_write_file("w/link", "first", 5, err);
	MODHASH_INIT(opts);
	opts.flags = MODHASH_WRITE_KEEP_TIME;
	unlink("w/link");
	if (ret)
		return check_written("") ? WRONG : ret;
	ret = modhash_write_file_opts("w/out", "second", 6, &opts, err);
	if (ret)
		return check_written("first") ? WRONG : ret;
	ret = write_open_file(err);
	return check_written("second") ? WRONG : ret;
}

/* --- what never needs memory --- */

static int ask_blob(struct modhash_error *err)
{
	struct modhash_blob_module module;
	struct modhash_verdict verdict;
	struct modhash_blob_info info;
	struct modhash_digest digest;
	struct modhash_verifier *verifier;
	struct modhash_blob *blob;
	uint64_t index;
	int wrong = 0;

	MODHASH_INIT(info);
	MODHASH_INIT(module);
	MODHASH_INIT(verdict);
	if (modhash_blob_from_memory(with.ctx, with.table.data, (size_t)with.table.length, &blob,
				     err) ||
	    modhash_verifier_new(with.ctx, &verifier, err) ||
	    modhash_verifier_add_blob(verifier, blob, err))
		return WRONG;
	counting = 1;
	wrong |= modhash_blob_info(blob, &info) || info.count != 1;
	wrong |= modhash_blob_contains(blob, &with.payload, &index) != 1 || index;
	wrong |= modhash_blob_digest(blob, 0, &digest);
	wrong |= modhash_blob_module(blob, 0, &module);
	wrong |= modhash_blob_find_module(blob, "x/c.ko.xz", &module);
	wrong |= modhash_verifier_digest(verifier, &digest, &verdict, err);
	counting = 0;
	modhash_verifier_free(verifier);
	modhash_blob_free(blob);
	return wrong ? WRONG : 0;
}

static int ask_others(struct modhash_error *err)
{
	struct modhash_order_report report;
	struct modhash_image_layer layer;
	struct modhash_image_info info;
	struct modhash_btf_base_info base_info;
	struct modhash_file file;
	struct modhash_files *files;
	struct modhash_image *image;
	struct modhash_btf_base *base;
	const uint8_t *data;
	const char *name;
	uint64_t index;
	int wrong = 0;

	MODHASH_INIT(report);
	MODHASH_INIT(layer);
	MODHASH_INIT(info);
	MODHASH_INIT(base_info);
	MODHASH_INIT(file);
	if (modhash_files_new(with.ctx, &files, err) ||
	    modhash_files_add(files, "v", NULL, NULL, err) ||
	    modhash_files_order(files, NULL, &report, err) ||
	    modhash_image_from_memory(with.ctx, with.image.data, with.image.length, &image, err) ||
	    modhash_btf_base_from_memory(with.ctx, with.btf, with.btf_length, &base, err))
		return WRONG;
	counting = 1;
	wrong |= modhash_files_count(files) != MODULES;
	wrong |= modhash_files_get(files, 0, &file);
	wrong |= modhash_files_line(files, 0, &name, &index);
	wrong |= modhash_image_info(image, &info) || info.kind != MODHASH_IMAGE_BZIMAGE;
	wrong |= modhash_image_layer(image, 0, &layer);
	wrong |= modhash_image_part(image, MODHASH_IMAGE_PART_VMLINUX, &data, &index, err);
	wrong |= modhash_btf_base_info(base, &base_info) || base_info.types != BASE_TYPES;
	counting = 0;
	modhash_files_free(files);
	modhash_image_free(image);
	modhash_btf_base_free(base);
	return wrong ? WRONG : 0;
}

static int ask_names(struct modhash_error *err)
{
	char hex[2 * MODHASH_DIGEST_MAX + 1], line[MODHASH_ERROR_MESSAGE_MAX];
	struct modhash_digest digest;
	int wrong = 0;

	counting = 1;
	wrong |= !modhash_version() || !modhash_strerror(MODHASH_E_IO);
	wrong |= modhash_algorithm_from_name("sha256") != MODHASH_ALGO_SHA256;
	wrong |= modhash_algorithm_length(MODHASH_ALGO_SHA512) != 64;
	wrong |= !modhash_algorithm_name(MODHASH_ALGO_SHA256);
	wrong |= !modhash_compression_name(0) || !modhash_compression_supported(0);
	wrong |= !modhash_engine_name(MODHASH_ENGINE_EVP);
	wrong |= !modhash_engine_supported(MODHASH_ENGINE_EVP);
	wrong |= !modhash_format_name(MODHASH_FORMAT_LIST);
	wrong |= !modhash_image_kind_name(MODHASH_IMAGE_VMLINUX);
	wrong |= !modhash_reason_name(0) || !modhash_reason_text(0);
	wrong |= !modhash_scope_name(MODHASH_SCOPE_FILE);
	wrong |= modhash_digest_to_hex(&with.payload, hex, sizeof(hex));
	wrong |= modhash_digest_from_hex(hex, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD, 0,
					 &digest);
	wrong |= !modhash_digest_equal(&digest, &with.payload);
	memset(err, 0, sizeof(*err));
	wrong |= !modhash_error_format(err, "a\nb", line, sizeof(line));
	counting = 0;
	return wrong ? WRONG : 0;
}

/* modhash_module_info(), _trailer() and modhash_proof_parse() as well. */
static int ask_module(struct modhash_error *err)
{
	struct modhash_module_info info;
	struct modhash_trailer trailer;
	struct modhash_module *module;
	struct modhash_proof proof;
	int wrong = 0;

	MODHASH_INIT(info);
	MODHASH_INIT(trailer);
	MODHASH_INIT(proof);
	if (modhash_module_from_memory(with.ctx, with.sign.data, with.sign.length, &module, err))
		return WRONG;
	counting = 1;
	wrong |= modhash_module_info(module, &info);
	wrong |= modhash_module_trailer(module, 0, &trailer, err);
	wrong |= modhash_proof_parse(with.proof.data, (size_t)with.proof.length, &proof, err);
	counting = 0;
	modhash_module_free(module);
	return wrong ? WRONG : 0;
}

static const struct scenario {
	const char *name;
	int (*run)(struct modhash_error *err);
	bool needs_none;
} scenarios[] = {
	{ "files and digests", files_and_digests, false },
	{ "order of a tree", tree_order, false },
	{ "one digest", one_digest, false },
	{ "images", images, false },
	{ "images in memory", images_in_memory, false },
	{ "packed modules", packed_modules, false },
	{ "modules from files", modules_from_files, false },
	{ "canonical forms", canonical_forms, false },
	{ "a base with a cache", cached_base, false },
	{ "building", building, false },
	{ "reading blobs", reading_blobs, false },
	{ "verifying", verifying, false },
	{ "writing", writing, false },
	{ "asking a blob", ask_blob, true },
	{ "asking others", ask_others, true },
	{ "names", ask_names, true },
	{ "asking a module", ask_module, true },
};

#define SCENARIOS ((int)(sizeof(scenarios) / sizeof(scenarios[0])))

/* More than any of the above allocates. */
#define ALLOCATIONS_MAX 100000

static int run_failing(const struct scenario *scenario, long n, struct modhash_error *err)
{
	int ret;

	memset(err, 0, sizeof(*err));
	__atomic_store_n(&failed, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&countdown, n, __ATOMIC_SEQ_CST);
	ret = scenario->run(err);
	__atomic_store_n(&countdown, 0, __ATOMIC_SEQ_CST);
	return ret;
}

START_TEST(test_each_fails_once)
{
	const struct scenario *scenario = &scenarios[_i % SCENARIOS];
	struct modhash_error err;
	int refused = 0, ret;
	long n;

	/* SHA-256 of our own needs no memory. */
	engine = _i < SCENARIOS ? MODHASH_ENGINE_AUTO : MODHASH_ENGINE_EVP;
	scratch_make();
	make_all();
	/* Once to begin with: what libraries keep for ever is no leak. */
	ret = run_failing(scenario, 0, &err);
	ck_assert_msg(ret == 0, "%s: %d, %s", scenario->name, ret, err.message);
	for (n = 1; n < ALLOCATIONS_MAX && !scenario->needs_none; n++) {
		ret = run_failing(scenario, n, &err);
		if (!failed) {
			ck_assert_int_eq(ret, 0);
			break;
		}
		ck_assert_msg(ret == 0 || ret == MODHASH_E_NOMEM, "%s, allocation %ld: %d, %s",
			      scenario->name, n, ret, err.message);
		refused += ret == MODHASH_E_NOMEM;
	}
	ck_assert_int_lt(n, ALLOCATIONS_MAX);
	ck_assert_int_eq(refused > 0, !scenario->needs_none);
	ck_assert_int_eq(counted, 0);
	free_all();
	scratch_remove();
}
END_TEST

#ifdef IN_PLACE
/* In a process of its own each time: what libraries do once fails for the first time. */
static int in_child(const struct scenario *scenario, long n)
{
	struct modhash_error err;
	int status, ret;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		ret = run_failing(scenario, n, &err);
		_exit(!failed ? 100 : ret == WRONG ? 101 : -ret);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status), "%s, allocation %ld: signal %d", scenario->name, n,
		      WTERMSIG(status));
	return WEXITSTATUS(status);
}

START_TEST(test_each_fails_in_a_new_process)
{
	const struct scenario *scenario = &scenarios[2];
	long n, step;
	int ret = 0;

	/* libcrypto allocates some thousand times before the first digest. */
	for (n = 1, step = 1; ret != 100; n += step) {
		ret = in_child(scenario, n);
		ck_assert_msg(ret == 0 || ret == 100 || ret == -MODHASH_E_NOMEM ||
			      ret == -MODHASH_E_CRYPTO, "allocation %ld: %d", n, ret);
		if (n > 200)
			step = 17;
		ck_assert_int_lt(n, ALLOCATIONS_MAX);
	}
}
END_TEST
#endif

int main(void)
{
	Suite *suite = suite_create("nomem");
	TCase *tcase = tcase_create("nomem");

#ifdef CAN_NOT
	printf("no place to make all allocations fail in\n");
	return 77;
#endif
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, test_each_fails_once, 0, 2 * SCENARIOS);
#ifdef IN_PLACE
	tcase_add_test(tcase, test_each_fails_in_a_new_process);
#endif
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
