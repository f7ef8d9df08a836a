/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the file to the kernel in it: which layer this is, and what the next one is.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include "core/core.h"
#include "fail.h"
#include "image.h"

/* --- what is no image, but a part of one --- */

static bool is_table(const uint8_t *data, uint64_t length)
{
	return length >= MODHASH_TABLE_MAGIC_LENGTH &&
	       !memcmp(data, MODHASH_TABLE_MAGIC, MODHASH_TABLE_MAGIC_LENGTH);
}

static int read_table(struct modhash_image *image, struct mh_image_layer *layer,
		      struct modhash_error *err)
{
	(void)layer, (void)err;
	image->blob.copies = 1;
	image->blob.data = image->data;
	image->blob.room = image->length;
	image->blob.length = mh_image_trim(image->data, image->length);
	return 0;
}

static const struct mh_image_room room_table = {
	.kind = MODHASH_IMAGE_TABLE,
	.name = "table",
	.is = is_table,
	.open = read_table,
	.payload = true,
};

/* The magic of either byte order, version 1, no flags. */
static bool is_btf(const uint8_t *data, uint64_t length)
{
	return length >= 4 && (!memcmp(data, "\237\353\001\0", 4) ||
			       !memcmp(data, "\353\237\001\0", 4));
}

static int read_btf(struct modhash_image *image, struct mh_image_layer *layer,
		    struct modhash_error *err)
{
	(void)layer, (void)err;
	image->byte_order = image->data[0] == 0x9f ? MODHASH_BYTE_ORDER_LITTLE :
						     MODHASH_BYTE_ORDER_BIG;
	image->btf.copies = 1;
	image->btf.data = image->data;
	image->btf.length = image->length;
	image->btf.room = image->length;
	return 0;
}

static const struct mh_image_room room_btf = {
	.kind = MODHASH_IMAGE_BTF,
	.name = "BTF",
	.is = is_btf,
	.open = read_btf,
	.payload = true,
};

/* --- all of them --- */

/* What is asked first is told from what comes later: both begin with "MZ", say. */
static const struct mh_image_room *const rooms[] = {
	&room_table,	 &mh_image_vmlinux, &mh_image_bzimage, &mh_image_arm64,
	&mh_image_zboot, &mh_image_uki,	    &mh_image_packed,  &room_btf,
};

static const struct mh_image_room *find_room(const uint8_t *data, uint64_t length)
{
	size_t i;

	for (i = 0; i < sizeof(rooms) / sizeof(rooms[0]); i++) {
		if (rooms[i]->is(data, length))
			return rooms[i];
	}
	return NULL;
}

bool mh_image_detect(const uint8_t *data, uint64_t length)
{
	return find_room(data, length);
}

static int fail_unknown(const struct mh_image_room *around, struct modhash_error *err)
{
	if (!around)
		return mh_fail(err, MODHASH_E_NOT_IMAGE, 0, "neither a vmlinux nor any other "
			       "kernel image that is known here");
	return mh_fail(err, MODHASH_E_NOT_IMAGE, MODHASH_OFFSET_NONE,
		       "what is in this %s is no kernel image that is known here", around->name);
}

/* Into a layer, to what it carries. */
static int descend(struct modhash_image *image, const struct mh_image_layer *layer,
		   struct modhash_error *err)
{
	if (layer->compression != MODHASH_COMPRESSION_NONE)
		return mh_image_unpack(image, layer, err);
	image->data += layer->offset;
	image->length = layer->length;
	return 0;
}

int mh_image_peel(struct modhash_image *image, struct modhash_error *err)
{
	const struct mh_image_room *room, *around = NULL;
	struct mh_image_layer *layer;
	int rc;

	for (;;) {
		room = find_room(image->data, image->length);
		if (!room)
			return fail_unknown(around, err);
		if (image->count == MH_IMAGE_LAYERS_MAX)
			return mh_fail(err, MODHASH_E_IMAGE, MODHASH_OFFSET_NONE,
				       "more than %d layers around a kernel", MH_IMAGE_LAYERS_MAX);
		layer = &image->layers[image->count++];
		layer->kind = room->kind;
		layer->length = image->length;
		rc = room->open(image, layer, err);
		if (rc || room->payload)
			return rc;
		rc = descend(image, layer, err);
		if (rc)
			return rc;
		around = room;
	}
}
