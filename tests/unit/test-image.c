/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel images: of every kind, well-formed and not; blobs read out of them, and put in.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <fcntl.h>

#include "blob-help.h"
#include "elf-sparse.h"
#include "../gen/image-recipes.h"
#include "scratch.h"

/* --- every recipe --- */

static struct modhash_ctx *limited_ctx(void)
{
	struct modhash_ctx_opts opts;
	struct modhash_ctx *ctx;

	MODHASH_INIT(opts);
	opts.max_unpacked = IMAGE_RECIPES_LIMIT;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), 0);
	return ctx;
}

static const char *code_name(int rc)
{
	switch (rc) {
	case 0:
		return "OK";
#define CODE(name)              \
	case MODHASH_E_##name: \
		return #name;
	CODE(NOT_IMAGE)
	CODE(IMAGE)
	CODE(ELF)
	CODE(UNPACK)
	CODE(LIMIT)
	CODE(UNSUPPORTED)
	CODE(TOO_COMPLEX)
	CODE(NOT_FOUND)
	CODE(BLOB)
	CODE(CHECKSUM)
	default:
		return "another";
	}
}

static void layers_of(const struct modhash_image *image, char *text, size_t size)
{
	struct modhash_image_layer layer;
	uint32_t i;

	text[0] = '\0';
	MODHASH_INIT(layer);
	for (i = 0; !modhash_image_layer(image, i, &layer); i++) {
		size_t used = strlen(text);
		bool packed = layer.compression != MODHASH_COMPRESSION_NONE;

		snprintf(text + used, size - used, "%s%s%s%s%s", i ? ", " : "",
			 modhash_image_kind_name((int)layer.kind), packed ? " (" : "",
			 packed ? modhash_compression_name((int)layer.compression) : "",
			 packed ? ")" : "");
	}
}

static const char *blob_of(const struct modhash_image *image, struct modhash_error *err)
{
	struct modhash_blob_info info;
	struct modhash_blob *blob;
	int rc = modhash_image_blob(image, &blob, err);

	if (rc) {
		ck_assert_ptr_null(blob);
		ck_assert_int_eq(err->code, rc);
		ck_assert_str_ne(err->message, "");
		return code_name(rc);
	}
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	modhash_blob_free(blob);
	return info.flags & MODHASH_BLOB_FILLED ? "filled" : "zeroes";
}

static void check_image(const struct image_recipe *recipe, const struct modhash_image *image)
{
	struct modhash_image_info info;
	struct modhash_error err;
	const uint8_t *data;
	const char *found;
	uint64_t length;
	char text[256];
	int rc;

	layers_of(image, text, sizeof(text));
	ck_assert_msg(!strcmp(text, recipe->layers), "%s: layers %s, not %s", recipe->name, text,
		      recipe->layers);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_image_info(image, &info), 0);
	ck_assert_msg(recipe->release ? info.release && !strcmp(info.release, recipe->release) :
					!info.release,
		      "%s: release %s", recipe->name, info.release ? info.release : "(none)");
	found = blob_of(image, &err);
	ck_assert_msg(!strcmp(found, recipe->blob), "%s: blob: %s, not %s", recipe->name, found,
		      recipe->blob);
	rc = modhash_image_part(image, MODHASH_IMAGE_PART_BTF, &data, &length, &err);
	ck_assert_msg(!strcmp(code_name(rc), recipe->btf), "%s: BTF: %s, not %s", recipe->name,
		      code_name(rc), recipe->btf);
	if (!rc)
		ck_assert_uint_eq(length, 24 + 16 + 5);
	rc = modhash_image_part(image, MODHASH_IMAGE_PART_VMLINUX, &data, &length, &err);
	ck_assert_int_eq(rc, info.payload == MODHASH_IMAGE_VMLINUX ? 0 : MODHASH_E_NOT_FOUND);
	if (!rc)
		ck_assert_uint_eq(length, info.payload_length);
}

static void check_outcome(const struct image_recipe *recipe, int rc,
			  const struct modhash_image *image, const struct modhash_error *err)
{
	ck_assert_msg(!strcmp(code_name(rc), recipe->open), "%s: %s (%d: %s), not %s", recipe->name,
		      code_name(rc), rc, rc ? err->message : "", recipe->open);
	if (!rc) {
		check_image(recipe, image);
		return;
	}
	ck_assert_ptr_null(image);
	ck_assert_int_eq(err->code, rc);
	ck_assert_str_ne(err->message, "");
}

START_TEST(every_recipe)
{
	struct modhash_ctx *ctx = limited_ctx();
	const struct image_recipe *recipe;
	struct modhash_image *image;
	struct modhash_error err;
	int fd, rc;

	scratch_make();
	for (recipe = image_recipes; recipe->name; recipe++) {
		struct gen_buf bytes = { .data = NULL };
		struct guarded guarded;

		if (!image_recipe_possible(recipe))
			continue;
		recipe->make(&bytes);
		guarded = guarded_copy(bytes.data, bytes.length);
		rc = modhash_image_from_memory(ctx, guarded.data, bytes.length, &image, &err);
		check_outcome(recipe, rc, image, &err);
		modhash_image_free(image);
		guarded_free(&guarded);

		scratch_file(recipe->name, bytes.length ? bytes.data : (const void *)"",
			     bytes.length);
		rc = modhash_image_from_path(ctx, recipe->name, &image, &err);
		check_outcome(recipe, rc, image, &err);
		modhash_image_free(image);
		fd = open(recipe->name, O_RDONLY | O_CLOEXEC);
		ck_assert_int_ge(fd, 0);
		rc = modhash_image_from_fd(ctx, fd, &image, &err);
		check_outcome(recipe, rc, image, &err);
		modhash_image_free(image);
		ck_assert_int_eq(close(fd), 0);
		gen_free(&bytes);
	}
	scratch_remove();
	modhash_ctx_free(ctx);
}
END_TEST

/* Cut anywhere, and with any one byte changed, an image is read or refused, never more. */
static void damage(const struct modhash_ctx *ctx, const struct gen_buf *bytes, size_t step)
{
	struct modhash_image *image;
	struct modhash_blob *blob;
	struct guarded guarded;
	size_t i;

	for (i = 0; i < bytes->length; i += step) {
		guarded = guarded_copy(bytes->data, i);
		if (!modhash_image_from_memory(ctx, guarded.data, i, &image, NULL)) {
			if (!modhash_image_blob(image, &blob, NULL))
				modhash_blob_free(blob);
			modhash_image_free(image);
		}
		guarded_free(&guarded);
	}
	guarded = guarded_copy(bytes->data, bytes->length);
	for (i = 0; i < bytes->length; i += step) {
		guarded.data[i] ^= (uint8_t)(1 + i % 255);
		if (!modhash_image_from_memory(ctx, guarded.data, bytes->length, &image, NULL)) {
			if (!modhash_image_blob(image, &blob, NULL))
				modhash_blob_free(blob);
			modhash_image_free(image);
		}
		guarded.data[i] ^= (uint8_t)(1 + i % 255);
	}
	guarded_free(&guarded);
}

START_TEST(damaged_anywhere)
{
	static const char *const names[] = {
		"good-elf64-le", "good-elf32-be", "good-bzimage-gzip", "good-bzimage-lz4",
		"good-arm64", "good-zboot-zstd", "good-uki-uname", "good-table",
	};
	struct modhash_ctx *ctx = limited_ctx();
	const struct image_recipe *recipe;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (recipe = image_recipes; strcmp(recipe->name, names[i]); recipe++)
			;
		if (image_recipe_possible(recipe)) {
			struct gen_buf bytes = { .data = NULL };

			recipe->make(&bytes);
			damage(ctx, &bytes, 3);
			gen_free(&bytes);
		}
	}
	modhash_ctx_free(ctx);
}
END_TEST

/* --- what is told --- */

static struct modhash_image *image_of(const struct modhash_ctx *ctx, const struct gen_buf *bytes)
{
	struct modhash_image *image;
	struct modhash_error err;
	int rc = modhash_image_from_memory(ctx, bytes->data, bytes->length, &image, &err);

	ck_assert_msg(!rc, "%s", rc ? err.message : "");
	return image;
}

START_TEST(kinds_and_names)
{
	static const char *const names[] = { "vmlinux", "bzimage", "arm64", "zboot",
					     "uki",	"packed",  "table", "btf" };
	int i;

	for (i = 0; i < 8; i++)
		ck_assert_str_eq(modhash_image_kind_name(i + 1), names[i]);
	ck_assert_ptr_null(modhash_image_kind_name(0));
	ck_assert_ptr_null(modhash_image_kind_name(9));
	ck_assert_ptr_null(modhash_image_kind_name(-1));
}
END_TEST

START_TEST(machine_class_and_order)
{
	static const struct {
		unsigned int bits;
		bool big;
		unsigned int machine;
	} cases[] = { { 64, false, 62 }, { 64, true, 22 }, { 32, false, 40 }, { 32, true, 20 } };
	struct modhash_ctx *ctx = new_ctx();
	size_t i;

	for (i = 0; i < 4; i++) {
		struct gen_buf bytes = { .data = NULL };
		struct modhash_image_info info;
		struct modhash_image *image;

		imagegen_vmlinux(&bytes, &(struct imagegen){ .bits = cases[i].bits,
							      .big_endian = cases[i].big,
							      .room = 640 });
		image = image_of(ctx, &bytes);
		MODHASH_INIT(info);
		ck_assert_int_eq(modhash_image_info(image, &info), 0);
		ck_assert_uint_eq(info.kind, MODHASH_IMAGE_VMLINUX);
		ck_assert_uint_eq(info.payload, MODHASH_IMAGE_VMLINUX);
		ck_assert_uint_eq(info.layers, 1);
		ck_assert_uint_eq(info.machine, cases[i].machine);
		ck_assert_uint_eq(info.bits, cases[i].bits);
		ck_assert_uint_eq(info.byte_order, cases[i].big ? MODHASH_BYTE_ORDER_BIG :
								  MODHASH_BYTE_ORDER_LITTLE);
		ck_assert_uint_eq(info.file_length, bytes.length);
		ck_assert_uint_eq(info.payload_length, bytes.length);
		ck_assert_uint_eq(info.blob_room, 640);
		modhash_image_free(image);
		gen_free(&bytes);
	}
	modhash_ctx_free(ctx);
}
END_TEST

/* Blobs and bases are read out of images wherever they are taken. */
START_TEST(whatever_takes_a_blob_or_a_base)
{
	struct gen_buf kernel = { .data = NULL }, table = { .data = NULL }, bytes = { .data = NULL };
	struct modhash_btf_base_info base_info;
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_btf_base *base;
	struct modhash_blob_info info;
	struct modhash_error err;
	struct modhash_blob *blob;

	image_recipe_table(&table);
	imagegen_vmlinux(&kernel, &(struct imagegen){ .blob = table.data,
						       .blob_length = table.length });
	imagegen_bzimage(&bytes, &kernel, NULL);
	ck_assert_int_eq(modhash_blob_from_memory(ctx, bytes.data, bytes.length, &blob, &err), 0);
	ck_assert_int_eq(modhash_btf_base_from_memory(ctx, bytes.data, bytes.length, &base, &err),
			 0);
	gen_free(&bytes); /* nothing is a view of it */
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_uint_eq(info.count, IMAGE_RECIPE_DIGESTS);
	ck_assert_uint_eq(info.length, table.length);
	ck_assert_uint_eq(info.total_length, table.length);
	ck_assert_str_eq(info.release, IMAGEGEN_RELEASE);
	MODHASH_INIT(base_info);
	ck_assert_int_eq(modhash_btf_base_info(base, &base_info), 0);
	ck_assert_uint_eq(base_info.types, 1);
	modhash_blob_free(blob);
	modhash_btf_base_free(base);

	/* through a file, and a cache that is made of it */
	imagegen_bzimage(&bytes, &kernel, NULL);
	scratch_make();
	scratch_file("bzImage", bytes.data, bytes.length);
	ck_assert_int_eq(modhash_blob_from_path(ctx, "bzImage", &blob, &err), 0);
	modhash_blob_free(blob);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "bzImage", "cache", &base, &err), 0);
	modhash_btf_base_free(base);
	ck_assert_int_eq(access("cache", R_OK), 0);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "bzImage", "cache", &base, &err), 0);
	modhash_btf_base_free(base);
	scratch_remove();

	/* and what an image has not */
	bytes.length = 0;
	imagegen_vmlinux(&bytes, &(struct imagegen){ .flags = IMAGEGEN_NO_BLOB | IMAGEGEN_NO_BTF });
	ck_assert_int_eq(modhash_blob_from_memory(ctx, bytes.data, bytes.length, &blob, &err),
			 MODHASH_E_NOT_FOUND);
	ck_assert_ptr_null(blob);
	ck_assert_ptr_nonnull(strstr(err.message, ".module_hashes"));
	kernel.length = 0;
	imagegen_bzimage(&kernel, &bytes, NULL);
	ck_assert_int_eq(modhash_btf_base_from_memory(ctx, kernel.data, kernel.length, &base, &err),
			 MODHASH_E_NOT_FOUND);
	ck_assert_ptr_null(base);
	gen_free(&kernel);
	gen_free(&table);
	gen_free(&bytes);
	modhash_ctx_free(ctx);
}
END_TEST

/* A section of zeroes knows nothing, and what could be put into it is told by its size. */
START_TEST(zeroes)
{
	static const struct {
		size_t room;
		uint32_t format;
	} cases[] = {
		{ 32, MODHASH_FORMAT_LIST }, { 96, MODHASH_FORMAT_LIST },
		{ 36, MODHASH_FORMAT_MERKLE }, { 3400, MODHASH_FORMAT_TABLE },
		{ 1, MODHASH_FORMAT_TABLE },
	};
	struct modhash_ctx *ctx = new_ctx();
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct gen_buf bytes = { .data = NULL };
		struct modhash_verifier *verifier;
		struct modhash_blob_info info;
		struct modhash_blob *blob;

		imagegen_vmlinux(&bytes, &(struct imagegen){ .room = cases[i].room });
		ck_assert_int_eq(modhash_blob_from_memory(ctx, bytes.data, bytes.length, &blob,
							  NULL), 0);
		MODHASH_INIT(info);
		ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
		ck_assert_uint_eq(info.format, cases[i].format);
		ck_assert_uint_eq(info.flags, 0);
		ck_assert_uint_eq(info.count, 0);
		ck_assert_uint_eq(info.length, cases[i].room);
		ck_assert_int_eq(modhash_verifier_new(ctx, &verifier, NULL), 0);
		ck_assert_int_eq(modhash_verifier_add_blob(verifier, blob, NULL), 0);
		modhash_verifier_free(verifier);
		modhash_blob_free(blob);
		gen_free(&bytes);
	}
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(without_a_decompressor)
{
	struct gen_buf kernel = { .data = NULL }, bytes = { .data = NULL };
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_image *image;
	struct modhash_error err;
	int rc;

	imagegen_vmlinux(&kernel, &(struct imagegen){ .room = 32 });
	imagegen_lz4(&kernel, 100);
	imagegen_bzimage(&bytes, &kernel, NULL);
	rc = modhash_image_from_memory(ctx, bytes.data, bytes.length, &image, &err);
	if (modhash_compression_supported(MODHASH_COMPRESSION_LZ4)) {
		ck_assert_int_eq(rc, 0);
	} else {
		ck_assert_int_eq(rc, MODHASH_E_NO_DECOMPRESSOR);
		ck_assert_ptr_nonnull(strstr(err.message, "lz4"));
		ck_assert_ptr_null(image);
	}
	modhash_image_free(image);
	gen_free(&kernel);
	gen_free(&bytes);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(arguments_that_are_missing)
{
	struct modhash_ctx *ctx = new_ctx();
	struct gen_buf bytes = { .data = NULL };
	struct modhash_image_layer layer;
	struct modhash_image_info info;
	struct modhash_image *image;
	struct modhash_blob *blob;
	const uint8_t *data;
	uint64_t length;

	imagegen_vmlinux(&bytes, &(struct imagegen){ .room = 32 });
	ck_assert_int_eq(modhash_image_from_memory(NULL, bytes.data, 1, &image, NULL),
			 MODHASH_E_INVALID);
	ck_assert_ptr_null(image);
	ck_assert_int_eq(modhash_image_from_memory(ctx, bytes.data, 1, NULL, NULL),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_from_memory(ctx, NULL, 1, &image, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_from_memory(ctx, NULL, 0, &image, NULL),
			 MODHASH_E_NOT_IMAGE);
	ck_assert_int_eq(modhash_image_from_path(ctx, NULL, &image, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_from_path(NULL, "x", &image, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_from_path(ctx, "/nonexistent/x", &image, NULL),
			 MODHASH_E_IO);
	ck_assert_int_eq(modhash_image_from_path(ctx, "/", &image, NULL), MODHASH_E_FILE_TYPE);
	ck_assert_int_eq(modhash_image_from_fd(ctx, -1, &image, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_from_fd(NULL, 0, &image, NULL), MODHASH_E_INVALID);
	ck_assert_ptr_null(image);
	modhash_image_free(NULL);

	image = image_of(ctx, &bytes);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_image_info(NULL, &info), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_info(image, NULL), MODHASH_E_INVALID);
	info.size = 0;
	ck_assert_int_eq(modhash_image_info(image, &info), MODHASH_E_INVALID);
	MODHASH_INIT(layer);
	ck_assert_int_eq(modhash_image_layer(NULL, 0, &layer), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_layer(image, 0, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_layer(image, 1, &layer), MODHASH_E_NOT_FOUND);
	ck_assert_int_eq(modhash_image_part(NULL, 1, &data, &length, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_part(image, 1, NULL, &length, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_part(image, 1, &data, NULL, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_part(image, 0, &data, &length, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_part(image, 4, &data, &length, NULL), MODHASH_E_INVALID);
	ck_assert_ptr_null(data);
	ck_assert_int_eq(modhash_image_blob(NULL, &blob, NULL), MODHASH_E_INVALID);
	ck_assert_ptr_null(blob);
	ck_assert_int_eq(modhash_image_blob(image, NULL, NULL), MODHASH_E_INVALID);
	modhash_image_free(image);
	gen_free(&bytes);
	modhash_ctx_free(ctx);
}
END_TEST

/* A file that is larger than what was allowed is not even looked at. */
START_TEST(the_limit_is_for_the_file_too)
{
	struct gen_buf bytes = { .data = NULL };
	struct modhash_ctx_opts opts;
	struct modhash_image *image;
	struct modhash_ctx *ctx;

	imagegen_vmlinux(&bytes, &(struct imagegen){ .room = 4096 });
	MODHASH_INIT(opts);
	opts.max_unpacked = 4096;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, NULL), 0);
	ck_assert_int_eq(modhash_image_from_memory(ctx, bytes.data, bytes.length, &image, NULL),
			 MODHASH_E_LIMIT);
	ck_assert_ptr_null(image);
	modhash_ctx_free(ctx);
	gen_free(&bytes);
}
END_TEST

/* --- embedding --- */

static struct modhash_blob *blob_from(const struct modhash_ctx *ctx,
				      const struct modhash_buffer *bytes)
{
	struct modhash_blob *blob;

	ck_assert_int_eq(modhash_blob_from_memory(ctx, bytes->data, (size_t)bytes->length, &blob,
						  NULL), 0);
	return blob;
}

static struct modhash_buffer finished(const struct modhash_ctx *ctx,
				      const struct modhash_builder_opts *opts, unsigned int count)
{
	if (opts->flags & MODHASH_BUILDER_RESERVE) {
		struct modhash_builder *builder = new_builder(ctx, opts);
		struct modhash_buffer buffer;

		ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
		modhash_builder_free(builder);
		return buffer;
	}
	return random_table(ctx, opts, 77, count);
}

/* Put a blob into a vmlinux with so much room; what is not in the section stays. */
static int embed(const struct modhash_ctx *ctx, const struct modhash_buffer *bytes,
		 struct imagegen image, uint32_t flags, struct modhash_embed_info *info,
		 struct modhash_error *err)
{
	struct modhash_blob *blob = blob_from(ctx, bytes);
	struct gen_buf before = { .data = NULL }, after = { .data = NULL };
	struct modhash_embed_opts opts;
	size_t i;
	int rc;

	MODHASH_INIT(opts);
	MODHASH_INIT(*info);
	opts.flags = flags;
	imagegen_vmlinux(&before, &image);
	gen_add(&after, before.data, before.length);
	rc = modhash_image_embed(blob, after.data, after.length, &opts, info, err);
	if (rc) {
		ck_assert_mem_eq(before.data, after.data, before.length);
		ck_assert_int_eq(err->code, rc);
		ck_assert_str_ne(err->message, "");
	} else {
		for (i = 0; i < before.length; i++)
			if (i < info->offset || i >= info->offset + info->room)
				ck_assert_uint_eq(before.data[i], after.data[i]);
		if (info->length)
			ck_assert_mem_eq(after.data + info->offset, bytes->data,
					 (size_t)info->length);
		for (i = (size_t)info->length; i < info->room; i++)
			ck_assert_uint_eq(after.data[info->offset + i], 0);
		/* again: nothing to do */
		ck_assert_int_eq(modhash_image_embed(blob, after.data, after.length, &opts, info,
						     err), 0);
		ck_assert_uint_eq(info->changed, 0);
	}
	modhash_blob_free(blob);
	gen_free(&before);
	gen_free(&after);
	return rc;
}

START_TEST(a_table_is_embedded_and_read_back)
{
	struct modhash_builder_opts opts = table_opts(MODHASH_INDEX_SMALL);
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer bytes = random_table(ctx, &opts, 77, 40);
	struct modhash_embed_info info;
	struct modhash_error err;
	unsigned int bits, big;

	for (bits = 32; bits <= 64; bits += 32) {
		for (big = 0; big < 2; big++) {
			struct imagegen image = { .bits = bits, .big_endian = big,
						  .room = (size_t)bytes.length };

			ck_assert_int_eq(embed(ctx, &bytes, image, 0, &info, &err), 0);
			ck_assert_uint_eq(info.room, bytes.length);
			ck_assert_uint_eq(info.length, bytes.length);
			image.room += 100;
			ck_assert_int_eq(embed(ctx, &bytes, image, 0, &info, &err), 0);
			ck_assert_uint_eq(info.room, bytes.length + 100);
			image.room = (size_t)bytes.length - 1;
			ck_assert_int_eq(embed(ctx, &bytes, image, 0, &info, &err),
					 MODHASH_E_CAPACITY);
		}
	}
	modhash_buffer_clear(&bytes);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(a_list_fills_its_section)
{
	struct modhash_builder_opts opts = list_opts();
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer bytes = random_table(ctx, &opts, 77, 5);
	struct modhash_embed_info info;
	struct modhash_error err;

	ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = 160 }, 0, &info, &err), 0);
	ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = 128 }, 0, &info, &err),
			 MODHASH_E_CAPACITY);
	ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = 192 }, 0, &info, &err),
			 MODHASH_E_CAPACITY);
	modhash_buffer_clear(&bytes);
	/* none at all into a section of no bytes */
	bytes = random_table(ctx, &opts, 77, 0);
	ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = 0 }, 0, &info, &err), 0);
	ck_assert_uint_eq(info.room, 0);
	modhash_buffer_clear(&bytes);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(a_root_has_the_byte_order_of_the_kernel)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_embed_info info;
	struct modhash_buffer bytes;
	struct modhash_error err;
	int order;

	for (order = MODHASH_BYTE_ORDER_LITTLE; order <= MODHASH_BYTE_ORDER_BIG; order++) {
		struct modhash_builder_opts opts = root_opts(order);
		bool big = order == MODHASH_BYTE_ORDER_BIG;

		bytes = random_table(ctx, &opts, 77, 5);
		ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = 36,
				       .big_endian = big }, 0, &info, &err), 0);
		ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = 36,
				       .big_endian = !big }, 0, &info, &err), MODHASH_E_BLOB);
		ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = 64,
				       .big_endian = big }, 0, &info, &err), MODHASH_E_CAPACITY);
		modhash_buffer_clear(&bytes);
	}
	modhash_ctx_free(ctx);
}
END_TEST

/* What was only reserved is put into no kernel, unless that is what is wanted. */
START_TEST(reserved_blobs_are_refused)
{
	struct modhash_builder_opts all[] = { table_opts(MODHASH_INDEX_SMALL), list_opts(),
					      root_opts(MODHASH_BYTE_ORDER_LITTLE) };
	static const size_t lengths[] = { 3392, 3200, 36 };
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_embed_info info;
	struct modhash_error err;
	size_t i;

	for (i = 0; i < 3; i++) {
		struct modhash_buffer bytes;

		all[i].flags = MODHASH_BUILDER_RESERVE;
		all[i].capacity = 100;
		bytes = finished(ctx, &all[i], 0);
		ck_assert_uint_eq(bytes.length, lengths[i]);
		ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = lengths[i] }, 0,
				       &info, &err), MODHASH_E_NOT_FILLED);
		ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = lengths[i] },
				       MODHASH_EMBED_EMPTY, &info, &err), 0);
		ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = lengths[i] }, 2,
				       &info, &err), MODHASH_E_INVALID);
		modhash_buffer_clear(&bytes);
	}
	/* A table says that there were no modules: that is filled in. */
	all[0].flags = 0;
	all[0].capacity = 0;
	{
		struct modhash_buffer bytes = finished(ctx, &all[0], 0);

		ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = 128 }, 0, &info,
				       &err), 0);
		modhash_buffer_clear(&bytes);
	}
	modhash_ctx_free(ctx);
}
END_TEST

/* What is reserved for N has the size of what N fill. */
START_TEST(reserved_is_as_long_as_filled)
{
	static const unsigned int counts[] = { 0, 1, 2, 63, 100, 1000 };
	struct modhash_ctx *ctx = new_ctx();
	size_t i, format;

	for (format = 0; format < 4; format++) {
		struct modhash_builder_opts opts =
			format == 0 ? table_opts(MODHASH_INDEX_SMALL) :
			format == 1 ? table_opts(MODHASH_INDEX_FAST) :
			format == 2 ? list_opts() : root_opts(MODHASH_BYTE_ORDER_BIG);

		if (format == 1)
			opts.algorithm = MODHASH_ALGO_SHA384;
		for (i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
			struct modhash_buffer filled = random_table(ctx, &opts, 5, counts[i]);
			struct modhash_builder_opts reserve = opts;
			struct modhash_builder *builder;
			struct modhash_buffer room;
			struct modhash_digest digest;
			uint32_t seed = 9;

			reserve.flags = MODHASH_BUILDER_RESERVE;
			reserve.capacity = counts[i];
			builder = new_builder(ctx, &reserve);
			digest = random_digest(&seed, (int)opts.algorithm, (int)opts.scope);
			ck_assert_int_eq(modhash_builder_add(builder, &digest, NULL, NULL),
					 MODHASH_E_INVALID);
			ck_assert_int_eq(modhash_builder_finish(builder, &room, NULL), 0);
			ck_assert_uint_eq(room.length, filled.length);
			ck_assert_int_eq(read_status(ctx, room.data, (size_t)room.length, NULL), 0);
			modhash_buffer_clear(&room);
			modhash_buffer_clear(&filled);
			modhash_builder_free(builder);
		}
	}
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(builders_that_reserve_nothing)
{
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder *builder;
	struct modhash_buffer buffer;

	opts.flags = MODHASH_BUILDER_RESERVE | MODHASH_BUILDER_NAMES;
	ck_assert_int_eq(modhash_builder_new(ctx, &opts, &builder, NULL), MODHASH_E_INVALID);
	opts.flags = MODHASH_BUILDER_RESERVE;
	opts.release = "6.1";
	ck_assert_int_eq(modhash_builder_new(ctx, &opts, &builder, NULL), MODHASH_E_INVALID);
	opts = list_opts();
	opts.flags = MODHASH_BUILDER_RESERVE;
	opts.capacity = MODHASH_TABLE_COUNT_MAX + 1ull;
	ck_assert_int_eq(modhash_builder_new(ctx, &opts, &builder, NULL), MODHASH_E_INVALID);
	opts.capacity = 3;
	builder = new_builder(ctx, &opts);
	ck_assert_int_eq(modhash_builder_c_source(builder, &buffer, NULL), MODHASH_E_INVALID);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

/* Two modules that are said to have been in one line of modules.order. */
START_TEST(positions_are_unique)
{
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_embed_info info;
	struct modhash_builder *builder;
	struct modhash_buffer bytes;
	struct modhash_error err;
	uint32_t seed = 3;
	uint64_t total;
	uint8_t *record;
	int i;

	opts.flags = MODHASH_BUILDER_NAMES;
	builder = new_builder(ctx, &opts);
	for (i = 0; i < 3; i++) {
		struct modhash_digest digest =
			random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);

		add_named(builder, &digest, i == 0 ? "a.ko" : i == 1 ? "b.ko" : "c.ko");
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &bytes, NULL), 0);
	modhash_builder_free(builder);
	total = mh_core_le64(bytes.data + MODHASH_TABLE_HEADER_TOTAL_SIZE);
	ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = (size_t)total }, 0, &info,
			       &err), 0);
	ck_assert_uint_eq(info.length, total); /* names are for userland */

	/* the first section behind the table is that of the modules */
	record = bytes.data + total + MODHASH_SECTION_HEADER_SIZE + MODHASH_SECTION_MODULES_SIZE;
	mh_put_le32(record + MODHASH_SECTION_RECORD_POSITION,
		    mh_core_le32(record + MODHASH_SECTION_RECORD_SIZE +
				 MODHASH_SECTION_RECORD_POSITION));
	mh_put_le32(bytes.data + total + MODHASH_SECTION_HEADER_CHECKSUM,
		    mh_core_crc32(0, bytes.data + total + MODHASH_SECTION_HEADER_SIZE,
				  mh_core_le64(bytes.data + total + MODHASH_SECTION_HEADER_LENGTH)));
	mh_put_le32(bytes.data + total + MODHASH_SECTION_HEADER_HEADER_CHECKSUM,
		    mh_core_crc32(0, bytes.data + total, MODHASH_SECTION_HEADER_HEADER_CHECKSUM));
	ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = (size_t)total }, 0, &info,
			       &err), MODHASH_E_BLOB);
	ck_assert_ptr_nonnull(strstr(err.message, "position"));
	modhash_buffer_clear(&bytes);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(places_that_are_none)
{
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer bytes = random_table(ctx, &opts, 77, 4);
	size_t room = (size_t)bytes.length;
	struct modhash_embed_info info;
	struct modhash_error err;

#define TRY(code, ...)                                                                       \
	ck_assert_int_eq(embed(ctx, &bytes, (struct imagegen){ .room = room, __VA_ARGS__ },  \
			       0, &info, &err), code)
	TRY(0, .flags = 0);
	TRY(MODHASH_E_NOT_FOUND, .flags = IMAGEGEN_NO_BLOB);
	TRY(MODHASH_E_ELF, .flags = IMAGEGEN_TWO_BLOBS);
	TRY(MODHASH_E_ELF, .flags = IMAGEGEN_NOBITS);
	TRY(MODHASH_E_ELF, .flags = IMAGEGEN_NOT_LOADED);
	TRY(MODHASH_E_UNSUPPORTED, .flags = IMAGEGEN_COMPRESSED);
	TRY(MODHASH_E_UNSUPPORTED, .flags = IMAGEGEN_OBJECT);
	modhash_buffer_clear(&bytes);
	modhash_ctx_free(ctx);
}
END_TEST

/* A section that lies over something else: writing to it would change that. */
START_TEST(places_that_overlap)
{
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer bytes = random_table(ctx, &opts, 77, 1);
	struct modhash_blob *blob = blob_from(ctx, &bytes);
	struct gen_buf good = { .data = NULL };
	unsigned int section;
	struct {
		const char *what;
		uint64_t offset;
	} cases[5];
	size_t i;

	imagegen_vmlinux(&good, &(struct imagegen){ .room = (size_t)bytes.length });
	section = elfgen_find(&good, ".module_hashes");
	cases[0].what = "the ELF header";
	cases[0].offset = 10;
	cases[1].what = "the program headers";
	cases[1].offset = 70;
	cases[2].what = "the section headers";
	cases[2].offset = elfgen_get_ehdr(&good, ELFGEN_E_SHOFF) + 8;
	cases[3].what = ".BTF";
	cases[3].offset = elfgen_get(&good, elfgen_find(&good, ".BTF"), ELFGEN_SH_OFFSET) - 159;
	cases[4].what = ".rodata";
	cases[4].offset = elfgen_get(&good, elfgen_find(&good, ".rodata"), ELFGEN_SH_OFFSET) + 1;
	for (i = 0; i < 5; i++) {
		struct gen_buf bad = { .data = NULL };
		struct modhash_error err;
		int rc;

		gen_add(&bad, good.data, good.length);
		elfgen_set(&bad, section, ELFGEN_SH_OFFSET, cases[i].offset);
		rc = modhash_image_embed(blob, bad.data, bad.length, NULL, NULL, &err);
		ck_assert_msg(rc == MODHASH_E_ELF, "%s: %d", cases[i].what, rc);
		ck_assert_msg(strstr(err.message, cases[i].what) != NULL, "%s: %s", cases[i].what,
			      err.message);
		gen_free(&bad);
	}
	/* and program headers that are nowhere */
	elfgen_set_ehdr(&good, ELFGEN_E_PHOFF, good.length);
	ck_assert_int_eq(modhash_image_embed(blob, good.data, good.length, NULL, NULL, NULL),
			 MODHASH_E_ELF);
	gen_free(&good);
	modhash_blob_free(blob);
	modhash_buffer_clear(&bytes);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(embedding_without_arguments)
{
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer bytes = random_table(ctx, &opts, 77, 1);
	struct modhash_blob *blob = blob_from(ctx, &bytes);
	char text[] = "no ELF file at all, though it has some length";

	ck_assert_int_eq(modhash_image_embed(NULL, text, 10, NULL, NULL, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_embed(blob, NULL, 10, NULL, NULL, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_image_embed(blob, text, sizeof(text), NULL, NULL, NULL),
			 MODHASH_E_NOT_ELF);
	modhash_blob_free(blob);
	modhash_buffer_clear(&bytes);
	modhash_ctx_free(ctx);
}
END_TEST

/* A vmlinux of which only headers and BTF are read, @bytes, answers as one that is read whole. */
static void same_base(struct modhash_ctx *ctx, const struct gen_buf *bytes)
{
	struct modhash_btf_base *whole, *part;
	struct modhash_btf_base_info a, b;
	struct modhash_error err, other;
	int rc = modhash_btf_base_from_memory(ctx, bytes->data, bytes->length, &whole, &err);

	MODHASH_INIT(a);
	MODHASH_INIT(b);
	scratch_file("vmlinux", bytes->data, bytes->length);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "vmlinux", NULL, &part, &other), rc);
	if (rc) {
		ck_assert_str_eq(other.message, err.message);
		ck_assert_uint_eq(other.offset, err.offset);
		return;
	}
	ck_assert_int_eq(modhash_btf_base_info(whole, &a), 0);
	ck_assert_int_eq(modhash_btf_base_info(part, &b), 0);
	ck_assert_mem_eq(&a, &b, sizeof(a));
	modhash_btf_base_free(whole);
	modhash_btf_base_free(part);
}

START_TEST(a_large_vmlinux_is_read_in_parts)
{
	static const size_t header_fields[] = { 4, 5, 32, 40, 46, 48, 50, 58, 60, 62 };
	const struct imagegen kinds[] = { { .bits = 64 }, { .bits = 64, .big_endian = true },
					  { .bits = 32 }, { .bits = 32, .big_endian = true } };
	struct modhash_ctx *ctx = new_ctx();
	struct mh_sparse sparse;
	size_t i, j;

	scratch_make();
	for (i = 0; i < 4; i++) {
		struct gen_buf bytes = { 0 };
		size_t end;

		imagegen_vmlinux(&bytes, &kinds[i]);
		end = bytes.length;
		gen_zeroes(&bytes, 2 << 20);
		same_base(ctx, &bytes);
		ck_assert(mh_elf_sparse_read("vmlinux", UINT32_MAX, ".BTF", &sparse));
		ck_assert_uint_eq(sparse.length, bytes.length);
		ck_assert_mem_eq(sparse.data, bytes.data, 52);
		mh_elf_sparse_free(&sparse);
		ck_assert(!mh_elf_sparse_read("vmlinux", bytes.length - 1, ".BTF", &sparse));
		ck_assert(!mh_elf_sparse_read("vmlinux", UINT32_MAX, ".no", &sparse));
		ck_assert_ptr_null(sparse.data);

		/* Damaged anywhere in the header, the answer is that of the whole file. */
		for (j = 0; j < sizeof(header_fields) / sizeof(header_fields[0]); j++) {
			bytes.data[header_fields[j]] ^= 0x41;
			same_base(ctx, &bytes);
			bytes.data[header_fields[j]] ^= 0x41;
		}
		/* and in the sections' headers, which are last */
		for (j = end - 64 * 3; j < end; j += 7) {
			bytes.data[j] ^= 0x81;
			same_base(ctx, &bytes);
			bytes.data[j] ^= 0x81;
		}
		gen_free(&bytes);
	}
	ck_assert(!mh_elf_sparse_read("no such file", UINT32_MAX, ".BTF", &sparse));
	ck_assert(!mh_elf_sparse_read(".", UINT32_MAX, ".BTF", &sparse));
	scratch_remove();
	modhash_ctx_free(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("image");
	TCase *images = tcase_create("images");
	TCase *embedding = tcase_create("embedding");

	tcase_set_timeout(images, 60);
	tcase_add_test(images, every_recipe);
	tcase_add_test(images, damaged_anywhere);
	tcase_add_test(images, kinds_and_names);
	tcase_add_test(images, machine_class_and_order);
	tcase_add_test(images, whatever_takes_a_blob_or_a_base);
	tcase_add_test(images, a_large_vmlinux_is_read_in_parts);
	tcase_add_test(images, zeroes);
	tcase_add_test(images, without_a_decompressor);
	tcase_add_test(images, arguments_that_are_missing);
	tcase_add_test(images, the_limit_is_for_the_file_too);
	suite_add_tcase(suite, images);
	tcase_add_test(embedding, a_table_is_embedded_and_read_back);
	tcase_add_test(embedding, a_list_fills_its_section);
	tcase_add_test(embedding, a_root_has_the_byte_order_of_the_kernel);
	tcase_add_test(embedding, reserved_blobs_are_refused);
	tcase_add_test(embedding, reserved_is_as_long_as_filled);
	tcase_add_test(embedding, builders_that_reserve_nothing);
	tcase_add_test(embedding, positions_are_unique);
	tcase_add_test(embedding, places_that_are_none);
	tcase_add_test(embedding, places_that_overlap);
	tcase_add_test(embedding, embedding_without_arguments);
	suite_add_tcase(suite, embedding);
	return run_suite(suite);
}
