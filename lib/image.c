/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel images: the public doors.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "fail.h"
#include "image.h"
#include "module.h"
#include "options.h"
#include "source.h"

/* Indexed by MODHASH_IMAGE_*. */
static const char *const kind_names[] = {
	NULL, "vmlinux", "bzimage", "arm64", "zboot", "uki", "packed", "table", "btf",
};

#define KINDS ((int)(sizeof(kind_names) / sizeof(kind_names[0])))

MODHASH_API const char *modhash_image_kind_name(int kind)
{
	return kind > 0 && kind < KINDS ? kind_names[kind] : NULL;
}

/* --- coming and going --- */

static int new_image(const struct modhash_ctx *ctx, struct modhash_image **image,
		     struct modhash_error *err)
{
	if (!image)
		return mh_fail_invalid(err, "no place for the image");
	*image = NULL;
	if (!ctx)
		return mh_fail_invalid(err, "no context");
	*image = calloc(1, sizeof(**image));
	if (!*image)
		return mh_fail_nomem(err);
	(*image)->ctx = ctx;
	(*image)->file.budget = ctx->budget;
	(*image)->unpacked.budget = ctx->budget;
	return 0;
}

static int take(struct modhash_image *image, const uint8_t *data, size_t length,
		struct modhash_error *err)
{
	image->data = data;
	image->length = length;
	image->file_length = length;
	return mh_image_peel(image, err);
}

/* The end of all three ways in: nothing is handed out after a failure. */
static int hand_out(struct modhash_image **image, int rc)
{
	if (rc) {
		modhash_image_free(*image);
		*image = NULL;
	}
	return rc;
}

MODHASH_API int modhash_image_from_memory(const struct modhash_ctx *ctx, const void *data,
					  size_t length, struct modhash_image **image,
					  struct modhash_error *err)
{
	int rc = new_image(ctx, image, err);

	if (rc)
		return rc;
	if (!data && length)
		rc = mh_fail_invalid(err, "no bytes of an image");
	else if (length > ctx->max_unpacked)
		rc = mh_fail(err, MODHASH_E_LIMIT, MODHASH_OFFSET_NONE,
			     "%zu bytes, and the limit is %" PRIu64, length, ctx->max_unpacked);
	else
		rc = take(*image, data ? data : (const void *)"", length, err);
	return hand_out(image, rc);
}

MODHASH_API int modhash_image_from_fd(const struct modhash_ctx *ctx, int fd,
				      struct modhash_image **image, struct modhash_error *err)
{
	int rc = new_image(ctx, image, err);

	if (rc)
		return rc;
	if (fd < 0)
		rc = mh_fail_invalid(err, "no file descriptor");
	else
		rc = mh_source_read_fd(fd, ctx->max_unpacked, ctx->stop, &(*image)->file,
				       err);
	if (!rc)
		rc = take(*image, (*image)->file.data, (*image)->file.length, err);
	return hand_out(image, rc);
}

MODHASH_API int modhash_image_from_path(const struct modhash_ctx *ctx, const char *path,
					struct modhash_image **image, struct modhash_error *err)
{
	int rc = new_image(ctx, image, err);

	if (rc)
		return rc;
	if (!path)
		rc = mh_fail_invalid(err, "no path");
	else
		rc = mh_source_read_path(path, ctx->max_unpacked, ctx->stop, &(*image)->file,
					 err);
	if (!rc)
		rc = take(*image, (*image)->file.data, (*image)->file.length, err);
	return hand_out(image, rc);
}

MODHASH_API void modhash_image_free(struct modhash_image *image)
{
	if (!image)
		return;
	mh_buf_free(&image->file);
	mh_buf_free(&image->unpacked);
	free(image);
}

/* --- what it is --- */

static const struct mh_image_layer *payload_of(const struct modhash_image *image)
{
	return &image->layers[image->count - 1];
}

MODHASH_API int modhash_image_info(const struct modhash_image *image,
				   struct modhash_image_info *info)
{
	struct modhash_image_info ours;

	if (!image || !info)
		return MODHASH_E_INVALID;
	MODHASH_INIT(ours);
	ours.kind = image->layers[0].kind;
	ours.payload = payload_of(image)->kind;
	ours.layers = image->count;
	ours.machine = image->machine;
	ours.bits = image->bits;
	ours.byte_order = image->byte_order;
	ours.file_length = image->file_length;
	ours.payload_length = image->length;
	ours.blob_room = image->blob.room;
	ours.release = image->release[0] ? image->release : NULL;
	return mh_result_out(info, &ours, sizeof(ours));
}

MODHASH_API int modhash_image_layer(const struct modhash_image *image, uint32_t index,
				    struct modhash_image_layer *layer)
{
	struct modhash_image_layer ours;

	if (!image || !layer)
		return MODHASH_E_INVALID;
	if (index >= image->count)
		return MODHASH_E_NOT_FOUND;
	MODHASH_INIT(ours);
	ours.kind = image->layers[index].kind;
	ours.compression = image->layers[index].compression;
	ours.offset = image->layers[index].offset;
	ours.length = image->layers[index].length;
	return mh_result_out(layer, &ours, sizeof(ours));
}

/* --- its parts --- */

static int fail_no_blob(const struct modhash_image *image, struct modhash_error *err)
{
	switch (payload_of(image)->kind) {
	case MODHASH_IMAGE_VMLINUX:
		return mh_fail(err, MODHASH_E_NOT_FOUND, MODHASH_OFFSET_NONE,
			       "a kernel image without a section " MH_IMAGE_SECTION
			       ": this kernel has no blob");
	case MODHASH_IMAGE_ARM64:
		return mh_fail(err, MODHASH_E_NOT_FOUND, MODHASH_OFFSET_NONE,
			       "a raw arm64 Image, and no table in it; a list, a root or an empty "
			       "table can't be found there, but in the vmlinux that it was made of");
	default:
		return mh_fail(err, MODHASH_E_NOT_FOUND, MODHASH_OFFSET_NONE,
			       "BTF alone, which has no blob");
	}
}

static int fail_no_btf(const struct modhash_image *image, struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_NOT_FOUND, MODHASH_OFFSET_NONE, "%s without BTF",
		       payload_of(image)->kind == MODHASH_IMAGE_TABLE ? "a table alone," :
									"a kernel image");
}

static int find_part(const struct modhash_image *image, const struct mh_image_part *part,
		     const char *name, struct modhash_error *err)
{
	bool is_vmlinux = payload_of(image)->kind == MODHASH_IMAGE_VMLINUX;

	if (part->copies > 1 && is_vmlinux)
		return mh_fail(err, MODHASH_E_ELF, MODHASH_OFFSET_NONE,
			       "%" PRIu32 " sections %s, expected one", part->copies, name);
	if (part->copies > 1)
		return mh_fail(err, MODHASH_E_BLOB, MODHASH_OFFSET_NONE,
			       "%" PRIu32 " that could be its %s, expected one", part->copies, name);
	if (part->packed)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, MODHASH_OFFSET_NONE,
			       "section %s is compressed", name);
	if (part->data)
		return 0;
	return part == &image->blob ? fail_no_blob(image, err) : fail_no_btf(image, err);
}

static int find_vmlinux(const struct modhash_image *image, const uint8_t **data,
			uint64_t *length, struct modhash_error *err)
{
	uint32_t kind = payload_of(image)->kind;

	if (kind != MODHASH_IMAGE_VMLINUX)
		return mh_fail(err, MODHASH_E_NOT_FOUND, MODHASH_OFFSET_NONE,
			       "%s, which is no ELF file", kind == MODHASH_IMAGE_ARM64 ?
			       "a raw arm64 Image" : kind == MODHASH_IMAGE_TABLE ?
			       "a table alone" : "BTF alone");
	*data = image->data;
	*length = image->length;
	return 0;
}

MODHASH_API int modhash_image_part(const struct modhash_image *image, uint32_t part,
				   const uint8_t **data, uint64_t *length,
				   struct modhash_error *err)
{
	const struct mh_image_part *found;
	int rc;

	if (data)
		*data = NULL;
	if (length)
		*length = 0;
	if (!image || !data || !length)
		return mh_fail_invalid(err, image ? "no place for the part" : "no image");
	switch (part) {
	case MODHASH_IMAGE_PART_BLOB:
		found = &image->blob;
		rc = find_part(image, found, MH_IMAGE_SECTION, err);
		break;
	case MODHASH_IMAGE_PART_BTF:
		found = &image->btf;
		rc = find_part(image, found, ".BTF", err);
		break;
	case MODHASH_IMAGE_PART_VMLINUX:
		return find_vmlinux(image, data, length, err);
	default:
		return mh_fail_invalid(err, "unknown part of an image");
	}
	if (rc)
		return rc;
	*data = found->data;
	*length = found->length;
	return 0;
}

MODHASH_API int modhash_image_blob(const struct modhash_image *image,
				   struct modhash_blob **blob, struct modhash_error *err)
{
	if (!blob)
		return mh_fail_invalid(err, "no place for the blob");
	*blob = NULL;
	if (!image)
		return mh_fail_invalid(err, "no image");
	return mh_blob_of_image(image, blob, err);
}
