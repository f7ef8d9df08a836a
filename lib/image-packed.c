/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is packed in an image: by which compression, and what it unpacks to.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <string.h>

#include "blob.h"
#include "fail.h"
#include "image.h"
#include "module.h"
#include "source.h"

/* How many times its length a stream may be said to unpack to. */
#define RATIO_BELIEVED 32

/*
 * The kernel's lib/decompress.c has the same beginnings.  Those that are @sure are told from
 * anything else where no header says that there is something packed.
 */
static const struct packing {
	const char *name;
	int compression; /* -1: known, and not read here */
	size_t length;
	bool sure;
	const char *magic;
} packings[] = {
	{ "gzip", MODHASH_COMPRESSION_GZIP, 3, true, "\037\213\010" },
	{ "xz", MODHASH_COMPRESSION_XZ, 6, true, "\3757zXZ" }, /* its NUL is the sixth */
	{ "zstd", MODHASH_COMPRESSION_ZSTD, 4, true, "\050\265\057\375" },
	{ "lz4", MODHASH_COMPRESSION_LZ4, 4, true, "\002\041\114\030" },
	{ "bzip2", -1, 3, false, "BZh" },
	{ "lzma", -1, 3, false, "\135\0\0" },
	{ "lzo", -1, 9, true, "\211LZO\0\r\n\032\n" },
};

static const struct packing *find_packing(const uint8_t *data, uint64_t length)
{
	size_t i;

	for (i = 0; i < sizeof(packings) / sizeof(packings[0]); i++) {
		if (length >= packings[i].length &&
		    !memcmp(data, packings[i].magic, packings[i].length))
			return &packings[i];
	}
	return NULL;
}

int mh_image_sniff(const struct modhash_image *image, struct mh_image_layer *layer,
		   struct modhash_error *err)
{
	const uint8_t *data = image->data + layer->offset;
	const struct packing *packing = find_packing(data, layer->length);

	if (packing && packing->compression < 0)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, layer->offset,
			       "a kernel packed by %s, and only gzip, xz, zstd and lz4 are read",
			       packing->name);
	if (!packing && !mh_image_detect(data, layer->length))
		return mh_fail(err, MODHASH_E_IMAGE, layer->offset,
			       "here should be a kernel, packed or not, and it begins like none");
	layer->compression = packing ? (uint32_t)packing->compression : MODHASH_COMPRESSION_NONE;
	return 0;
}

/*
 * What is behind a stream: nothing, padding, or the four bytes with what it unpacks to that
 * the kernel's build writes there (size_append in scripts/Makefile.lib).
 */
static int check_tail(const struct mh_image_layer *layer, const uint8_t *tail, uint64_t length,
		      const struct mh_buf *out, struct modhash_error *err)
{
	if (mh_all_zero(tail, length))
		return 0;
	if (length != 4)
		return mh_fail(err, MODHASH_E_UNPACK, layer->offset + layer->length - length,
			       "%" PRIu64 " bytes behind the end of the %s data, expected none", length,
			       modhash_compression_name((int)layer->compression));
	if (mh_core_le32(tail) != (uint32_t)out->length)
		return mh_fail(err, MODHASH_E_UNPACK, layer->offset + layer->length - length,
			       "said to unpack to %" PRIu32 " bytes, and it does to %zu",
			       mh_core_le32(tail), out->length);
	return 0;
}

/* One stream after the other, where that is what was packed. */
static bool goes_on(const struct mh_image_layer *layer, const uint8_t *tail, uint64_t length)
{
	const struct packing *packing = find_packing(tail, length);

	return layer->kind == MODHASH_IMAGE_PACKED && packing &&
	       packing->compression == (int)layer->compression;
}

/*
 * The size that may stand behind the stream, if it can be: what grows by doubling needs up to three
 * times as much memory as is wanted in the end.  Nothing else depends on it.
 */
static void make_room(const struct mh_image_layer *layer, const uint8_t *data, uint64_t limit,
		      struct mh_buf *out)
{
	uint32_t said;

	if (layer->length < 4)
		return;
	said = mh_core_le32(data + layer->length - 4);
	if (said < limit && said / RATIO_BELIEVED < layer->length)
		(void)!mh_buf_reserve(out, (size_t)said + 1, NULL);
}

static int unpack(const struct modhash_image *image, const struct mh_image_layer *layer,
		  struct mh_buf *out, struct modhash_error *err)
{
	const uint8_t *data = image->data + layer->offset;
	uint64_t limit = image->ctx->max_unpacked;
	size_t used = 0;
	struct mh_decoders decoders = { .used = &used, .stop = image->ctx->stop };
	int rc;

	make_room(layer, data, limit, out);
	rc = mh_unpack((int)layer->compression, data, (size_t)layer->length, limit, &decoders, out,
		       err);
	if (!rc && goes_on(layer, data + used, layer->length - used)) {
		decoders.used = NULL;
		rc = mh_unpack((int)layer->compression, data, (size_t)layer->length, limit,
			       &decoders, out, err);
		used = (size_t)layer->length;
	}
	mh_decoders_fini(&decoders);
	/* Where in the file, not where in what is packed. */
	if (rc && err && err->offset != MODHASH_OFFSET_NONE)
		err->offset += layer->offset;
	return rc ? rc : check_tail(layer, data + used, layer->length - used, out, err);
}

int mh_image_unpack(struct modhash_image *image, const struct mh_image_layer *layer,
		    struct modhash_error *err)
{
	struct mh_buf out = MH_BUF_OF(image->ctx->budget);
	int rc = unpack(image, layer, &out, err);

	if (rc) {
		mh_buf_free(&out);
		return rc;
	}
	/* What was packed is wanted no more. */
	mh_buf_free(&image->file);
	mh_buf_free(&image->unpacked);
	image->unpacked = out;
	image->data = out.data;
	image->length = out.length;
	return 0;
}

/* A file that is compressed as a whole. */
static bool is_packed(const uint8_t *data, uint64_t length)
{
	const struct packing *packing = find_packing(data, length);

	if (!packing || !packing->sure)
		return false;
	/* RFC 1952: no reserved flag. */
	return packing->compression != MODHASH_COMPRESSION_GZIP ||
	       (length > 3 && !(data[3] & 0xe0));
}

static int open_packed(struct modhash_image *image, struct mh_image_layer *layer,
		       struct modhash_error *err)
{
	layer->length = image->length;
	return mh_image_sniff(image, layer, err);
}

const struct mh_image_room mh_image_packed = {
	.kind = MODHASH_IMAGE_PACKED,
	.name = "compressed file",
	.is = is_packed,
	.open = open_packed,
};
