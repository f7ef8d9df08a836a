/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public door to bases.  struct modhash_btf_base is struct mh_btf_base.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <modhash/btf.h>
#include <modhash/module.h>

#include "btf-door.h"
#include "elf-sparse.h"
#include "elf-view.h"
#include "fail.h"
#include "image.h"
#include "module.h"
#include "options.h"

/* Of a cache that other runs make anew meanwhile. */
#define CACHE_TRIES 10

static struct modhash_btf_base *public_base(const struct modhash_ctx *ctx, struct mh_btf_base *base)
{
	base->hash_engine = ctx->hash_engine;
	return (struct modhash_btf_base *)(void *)base;
}

const struct mh_btf_base *mh_btf_base_of(const struct modhash_btf_base *base)
{
	return (const struct mh_btf_base *)(const void *)base;
}

/* Where BTF was found: a piece of what was given, or of an image that was unpacked for it. */
struct found {
	const uint8_t *data;
	size_t length;
	size_t offset; /* for messages */
	struct modhash_image *image;
};

static int find_in_elf(const struct modhash_ctx *ctx, struct found *found,
		       struct modhash_error *err)
{
	const struct mh_elf_section *section;
	struct mh_elf_view view;
	uint32_t index;
	int ret;

	ret = mh_elf_view_open_in(&view, ctx->budget, found->data, found->length, err);
	if (ret < 0)
		return ret;
	index = mh_elf_view_find(&view, ".BTF");
	section = &view.sections[index];
	if (!index || !section->data) {
		ret = mh_fail(err, MODHASH_E_NOT_FOUND, MODHASH_OFFSET_NONE,
			      "the ELF file has no BTF");
	} else {
		found->offset = (size_t)section->offset;
		found->data = section->data;
		found->length = (size_t)section->size;
	}
	mh_elf_view_close(&view);
	return ret;
}

static int find_in_image(const struct modhash_ctx *ctx, struct found *found,
			 struct modhash_error *err)
{
	uint64_t length;
	int ret = modhash_image_from_memory(ctx, found->data, found->length, &found->image, err);

	if (ret < 0)
		return ret;
	ret = modhash_image_part(found->image, MODHASH_IMAGE_PART_BTF, &found->data, &length, err);
	found->length = (size_t)length;
	return ret;
}

static void found_end(struct found *found)
{
	modhash_image_free(found->image);
}

/* The BTF in what may be an ELF file, or a kernel image; what is neither is BTF itself. */
static int find_btf(const struct modhash_ctx *ctx, const uint8_t *data, size_t length,
		    struct found *found, struct modhash_error *err)
{
	int ret;

	*found = (struct found){ .data = data, .length = length };
	if (length >= 4 && !memcmp(data, "\177ELF", 4))
		ret = find_in_elf(ctx, found, err);
	else if (mh_image_detect(data, length))
		ret = find_in_image(ctx, found, err);
	else
		return 0;
	if (ret < 0)
		found_end(found);
	return ret;
}

static int read_base(const struct modhash_ctx *ctx, const uint8_t *data, size_t length,
		     struct mh_hasher *sha256, struct mh_btf_base **base,
		     struct modhash_error *err)
{
	struct found found;
	int ret;

	if (mh_btf_is_cache(data, length))
		return mh_btf_base_load_in(ctx->budget, data, length, NULL, sha256, base, err);
	ret = find_btf(ctx, data, length, &found, err);
	if (ret < 0)
		return ret;
	ret = mh_btf_base_new_in(ctx->budget, found.data, found.length, found.offset, sha256, base,
				 err);
	found_end(&found);
	return ret;
}

MODHASH_API int modhash_btf_base_from_memory(const struct modhash_ctx *ctx, const void *data,
					     size_t length, struct modhash_btf_base **base,
					     struct modhash_error *err)
{
	struct mh_hasher *sha256;
	struct mh_btf_base *ours = NULL;
	int ret;

	if (!base)
		return mh_fail_invalid(err, "no place for the base");
	*base = NULL;
	if (!ctx || (!data && length))
		return mh_fail_invalid(err, ctx ? "no bytes of a base" : "no context");
	ret = mh_hasher_new(ctx->hash_engine, MODHASH_ALGO_SHA256, &sha256, err);
	if (ret < 0)
		return ret;
	mh_hasher_set_stop(sha256, ctx->stop);
	ret = read_base(ctx, data ? data : (const void *)"", length, sha256, &ours, err);
	mh_hasher_free(sha256);
	if (ret == 0)
		*base = public_base(ctx, ours);
	return ret;
}

/*
 * A file that can't be read may hold anything: it is not ours to replace.  One that was replaced
 * under our hands is another run's cache, and the next look finds that.
 */
static int read_cache(const struct modhash_ctx *ctx, const char *cache,
		      struct modhash_module **file, struct modhash_error *err)
{
	struct modhash_error why = { 0 };
	int ret, i;

	*file = NULL;
	for (i = 0; i < CACHE_TRIES; i++) {
		ret = modhash_module_from_path(ctx, cache, file, &why);
		if (ret != MODHASH_E_CHANGED)
			break;
	}
	if (ret == MODHASH_E_IO && why.sys_errno == ENOENT)
		return 0;
	if (ret == MODHASH_E_NOMEM)
		return mh_fail_nomem(err);
	return ret ? mh_fail_errno(err, ret, why.sys_errno, "the cache of its hashes, %.200s: %s",
				   cache, why.message) : 0;
}

/*
 * A cache that is there and of this BTF: the base; none, whatever is wrong with it, as it can
 * be made anew; or an error, for a file that holds something else is not ours to replace.
 */
static int try_cache(const struct modhash_ctx *ctx, const char *cache, const uint8_t *sum,
		     struct mh_hasher *sha256, struct mh_btf_base **base,
		     struct modhash_error *err)
{
	struct modhash_module *file;
	int ret = read_cache(ctx, cache, &file, err);

	*base = NULL;
	if (ret || !file)
		return ret;
	if (file->length && !mh_btf_is_cache(file->data, (size_t)file->length))
		ret = mh_fail(err, MODHASH_E_BLOB, MODHASH_OFFSET_NONE,
			      "the file for the cache of its hashes, %.200s, holds something else, "
			      "and stays as it is",
			      cache);
	else if (mh_btf_base_load_in(ctx->budget, file->data, (size_t)file->length, sum, sha256,
				     base, NULL))
		*base = NULL;
	modhash_module_free(file);
	return ret;
}

static int write_cache(const struct modhash_ctx *ctx, const struct mh_btf_base *base,
		       const char *cache, struct mh_hasher *sha256, struct modhash_error *err)
{
	struct mh_buf bytes = MH_BUF_OF(ctx->budget);
	struct modhash_error why;
	int ret = mh_btf_base_save(base, sha256, &bytes, err);

	if (ret == 0) {
		ret = modhash_write_file(cache, bytes.data, bytes.length, &why);
		if (ret < 0)
			ret = mh_fail_errno(err, ret, why.sys_errno,
					    "the cache of its hashes, %.200s: %s", cache,
					    why.message);
	}
	mh_buf_free(&bytes);
	return ret;
}

static int through_cache(const struct modhash_ctx *ctx, const struct found *found,
			 const char *cache, struct mh_hasher *sha256, struct mh_btf_base **base,
			 struct modhash_error *err)
{
	const struct mh_part part = { found->data, found->length };
	uint8_t sum[32];
	int ret = mh_hasher_parts(sha256, &part, 1, sum, err);

	if (ret)
		return ret;
	ret = try_cache(ctx, cache, sum, sha256, base, err);
	if (ret < 0 || *base)
		return ret;
	ret = mh_btf_base_new_in(ctx->budget, found->data, found->length, found->offset, sha256,
				 base, err);
	if (ret == 0)
		ret = write_cache(ctx, *base, cache, sha256, err);
	if (ret < 0) {
		mh_btf_base_free(*base);
		*base = NULL;
	}
	return ret;
}

static int cached(const struct modhash_ctx *ctx, const uint8_t *data, size_t length,
		  const char *cache, struct mh_hasher *sha256, struct mh_btf_base **base,
		  struct modhash_error *err)
{
	struct found found;
	int ret;

	if (!cache || mh_btf_is_cache(data, length))
		return read_base(ctx, data, length, sha256, base, err);
	ret = find_btf(ctx, data, length, &found, err);
	if (ret < 0)
		return ret;
	ret = through_cache(ctx, &found, cache, sha256, base, err);
	found_end(&found);
	return ret;
}

static int base_from_bytes(const struct modhash_ctx *ctx, const uint8_t *data, size_t length,
			   const char *cache, struct modhash_btf_base **base,
			   struct modhash_error *err)
{
	struct mh_btf_base *ours = NULL;
	struct mh_hasher *sha256;
	int ret = mh_hasher_new(ctx->hash_engine, MODHASH_ALGO_SHA256, &sha256, err);

	if (ret < 0)
		return ret;
	mh_hasher_set_stop(sha256, ctx->stop);
	ret = cached(ctx, data, length, cache, sha256, &ours, err);
	mh_hasher_free(sha256);
	if (ret == 0)
		*base = public_base(ctx, ours);
	return ret;
}

MODHASH_API int modhash_btf_base_from_path(const struct modhash_ctx *ctx, const char *path,
					   const char *cache, struct modhash_btf_base **base,
					   struct modhash_error *err)
{
	struct modhash_module *file;
	struct mh_sparse sparse;
	int ret;

	if (!base)
		return mh_fail_invalid(err, "no place for the base");
	*base = NULL;
	if (!ctx || !path)
		return mh_fail_invalid(err, ctx ? "no path" : "no context");
	if (mh_elf_sparse_read_in(ctx->budget, path, ctx->max_unpacked, ".BTF", &sparse)) {
		ret = base_from_bytes(ctx, sparse.data, sparse.length, cache, base, err);
		mh_elf_sparse_free(&sparse);
		return ret;
	}
	ret = modhash_module_from_path(ctx, path, &file, err);
	if (ret < 0)
		return ret;
	ret = base_from_bytes(ctx, file->data, (size_t)file->length, cache, base, err);
	modhash_module_free(file);
	return ret;
}

MODHASH_API void modhash_btf_base_free(struct modhash_btf_base *base)
{
	mh_btf_base_free((struct mh_btf_base *)(void *)base);
}

MODHASH_API int modhash_btf_base_info(const struct modhash_btf_base *base,
				      struct modhash_btf_base_info *info)
{
	const struct mh_btf_base *theirs = mh_btf_base_of(base);
	struct modhash_btf_base_info ours;

	if (!base || !info)
		return MODHASH_E_INVALID;
	memset(&ours, 0, sizeof(ours));
	ours.types = theirs->end_id - 1;
	ours.duplicates = theirs->duplicates;
	memcpy(ours.sha256, theirs->sha256, sizeof(ours.sha256));
	return mh_result_out(info, &ours, sizeof(ours));
}

MODHASH_API int modhash_btf_base_save(const struct modhash_btf_base *base,
				      struct modhash_buffer *buffer, struct modhash_error *err)
{
	struct mh_buf bytes = MH_BUF_EMPTY;
	struct mh_hasher *sha256;
	int ret;

	if (!buffer)
		return mh_fail_invalid(err, "no place for the bytes");
	memset(buffer, 0, sizeof(*buffer));
	if (!base)
		return mh_fail_invalid(err, "no base");
	ret = mh_hasher_new(mh_btf_base_of(base)->hash_engine, MODHASH_ALGO_SHA256, &sha256, err);
	if (ret < 0)
		return ret;
	ret = mh_btf_base_save(mh_btf_base_of(base), sha256, &bytes, err);
	mh_hasher_free(sha256);
	if (ret < 0) {
		mh_buf_free(&bytes);
		return ret;
	}
	mh_buf_hand_out(&bytes, buffer);
	return 0;
}
