/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A kernel image: its layers, and what is in it.  Read as a blob, it says the same of its blob.
 */
#include "blobs.h"

static void check_layers(const struct modhash_image *image, const struct modhash_image_info *info)
{
	struct modhash_image_layer layer;
	uint64_t around = info->file_length;

	MUST(info->layers && info->layers <= 64);
	for (uint32_t i = 0; i < info->layers; i++) {
		MODHASH_INIT(layer);
		MUST(modhash_image_layer(image, i, &layer) == 0);
		MUST(modhash_image_kind_name((int)layer.kind));
		MUST(modhash_compression_name((int)layer.compression));
		MUST(layer.offset <= around && layer.length <= around - layer.offset);
		/* What was packed may be larger than what it was packed in. */
		around = layer.compression == MODHASH_COMPRESSION_NONE ? layer.length : FUZZ_LIMIT;
		if (!i)
			MUST(layer.kind == info->kind);
	}
	MUST(layer.kind == info->payload && info->payload_length <= around);
	MUST(modhash_image_layer(image, info->layers, &layer) == MODHASH_E_NOT_FOUND);
}

static int part(const struct modhash_image *image, uint32_t which, const uint8_t **data,
		uint64_t *length)
{
	struct modhash_error err;
	int rc = modhash_image_part(image, which, data, length, &err);
	uint8_t all = 0;

	if (rc) {
		MUST(!*data && !*length);
		fuzz_must_fail_well(rc, &err, FUZZ_LIMIT);
		return rc;
	}
	MUST(*data);
	for (uint64_t i = 0; i < *length; i++) /* a sanitizer sees who can't */
		all |= (*data)[i];
	MUST(all || !memchr(*data, 1, *length));
	return 0;
}

static bool same_blob(const struct modhash_blob *a, const struct modhash_blob *b)
{
	struct modhash_blob_info first = fuzz_blob_info(a), second = fuzz_blob_info(b);
	bool same_release = first.release && second.release ?
				    !strcmp(first.release, second.release) :
				    first.release == second.release;

	first.release = second.release = NULL;
	return same_release && !memcmp(&first, &second, sizeof(first)) &&
	       (first.scope != second.scope || modhash_blob_diff(a, b, NULL, NULL, NULL) == 0);
}

static void check_blob(const struct modhash_image *image, const uint8_t *data, size_t length,
		       bool is_table)
{
	struct modhash_blob *blob, *direct;
	struct modhash_error err;
	int rc = modhash_image_blob(image, &blob, &err);
	int direct_rc = modhash_blob_from_memory(fuzz_ctx(), data, length, &direct, NULL);

	MUST(!rc == !!blob && !direct_rc == !!direct);
	if (rc)
		fuzz_must_fail_well(rc, &err, FUZZ_LIMIT);
	if (blob)
		fuzz_check_blob(blob);
	/* A table alone is read with what stands behind it. */
	if (!is_table)
		MUST(rc == direct_rc && (rc || same_blob(blob, direct)));
	modhash_blob_free(blob);
	modhash_blob_free(direct);
}

static void check(const struct modhash_image *image, const uint8_t *data, size_t length)
{
	struct modhash_image_info info;
	const uint8_t *bytes;
	uint64_t bytes_length;
	int rc;

	MODHASH_INIT(info);
	MUST(modhash_image_info(image, &info) == 0);
	MUST(info.file_length == length && info.payload_length <= FUZZ_LIMIT);
	MUST(modhash_image_kind_name((int)info.kind) && modhash_image_kind_name((int)info.payload));
	MUST(!info.release || (info.release[0] && fuzz_is_plain(info.release) &&
			       !strchr(info.release, ' ')));
	check_layers(image, &info);
	rc = part(image, MODHASH_IMAGE_PART_BLOB, &bytes, &bytes_length);
	MUST(rc || bytes_length <= info.blob_room || info.payload == MODHASH_IMAGE_ARM64 ||
	     info.payload == MODHASH_IMAGE_TABLE);
	part(image, MODHASH_IMAGE_PART_BTF, &bytes, &bytes_length);
	rc = part(image, MODHASH_IMAGE_PART_VMLINUX, &bytes, &bytes_length);
	MUST(!rc == (info.payload == MODHASH_IMAGE_VMLINUX));
	MUST(rc || bytes_length == info.payload_length);
	check_blob(image, data, length, info.kind == MODHASH_IMAGE_TABLE);
}

static void run(const uint8_t *data, size_t length)
{
	struct modhash_image *image;
	struct modhash_error err;
	int rc = modhash_image_from_memory(fuzz_ctx(), data, length, &image, &err);

	if (rc) {
		MUST(!image);
		fuzz_must_fail_well(rc, &err, FUZZ_LIMIT);
		return;
	}
	check(image, data, length);
	modhash_image_free(image);
}

extern const struct fuzz_target fuzz_image;
const struct fuzz_target fuzz_image = {
	.name = "image",
	.run = run,
	.max_length = 16384,
	.covers = "lib/image.c lib/image-layers.c lib/image-packed.c lib/image-bzimage.c "
		  "lib/image-pe.c lib/image-elf.c lib/image-arm64.c",
};
