/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: a kernel image, and the rooms that know one kind of layer each.
 */
#ifndef MH_IMAGE_H
#define MH_IMAGE_H

#include <stdbool.h>

#include <modhash/image.h>

#include "buf.h"
#include "elf-view.h"

/* compressed file, unified image, bzImage or zboot, payload: 4, and as many to spare */
#define MH_IMAGE_LAYERS_MAX 8

/* struct new_utsname: 64 bytes, and a NUL. */
#define MH_RELEASE_MAX 64

#define MH_IMAGE_SECTION ".module_hashes"

struct mh_image_layer {
	uint32_t kind;
	uint32_t compression;
	uint64_t offset; /* of what it carries */
	uint64_t length;
};

/* A part of the payload: a view of it, or why there is none. */
struct mh_image_part {
	const uint8_t *data; /* NULL: there is none */
	uint64_t length;
	uint64_t room;	 /* of the section */
	uint32_t copies; /* sections of that name */
	bool packed;	 /* SHF_COMPRESSED */
};

struct modhash_image {
	const struct modhash_ctx *ctx;
	struct mh_buf file;	/* if it was read from one */
	struct mh_buf unpacked; /* of the last layer that was packed */
	const uint8_t *data;	/* of the layer that is being looked at; in the end the payload */
	uint64_t length;
	uint64_t file_length;
	struct mh_image_layer layers[MH_IMAGE_LAYERS_MAX];
	uint32_t count;
	uint32_t machine;
	uint32_t bits;
	uint32_t byte_order;
	char release[MH_RELEASE_MAX + 1];
	struct mh_image_part blob;
	struct mh_image_part btf;
};

/* Could this be the beginning of an image?  What says yes is never taken for a list. */
bool mh_image_detect(const uint8_t *data, uint64_t length);

/* One kind of layer. */
struct mh_image_room {
	uint32_t kind;
	const char *name; /* in messages */
	bool (*is)(const uint8_t *data, uint64_t length);
	/* Where in it lies what it carries, into @layer; of a payload: all that is wanted of it. */
	int (*open)(struct modhash_image *image, struct mh_image_layer *layer,
		    struct modhash_error *err);
	bool payload; /* nothing is in it */
};

/* Layer by layer, from @data and @length on (image-layers.c). */
int mh_image_peel(struct modhash_image *image, struct modhash_error *err);

extern const struct mh_image_room mh_image_vmlinux;
extern const struct mh_image_room mh_image_bzimage;
extern const struct mh_image_room mh_image_arm64;
extern const struct mh_image_room mh_image_zboot;
extern const struct mh_image_room mh_image_uki;
extern const struct mh_image_room mh_image_packed;

/*
 * How the bytes of @layer, which lie within the image, are packed: @layer->compression, or
 * MODHASH_E_UNSUPPORTED and MODHASH_E_IMAGE (image-packed.c).
 */
int mh_image_sniff(const struct modhash_image *image, struct mh_image_layer *layer,
		   struct modhash_error *err);

/* From @layer, whose compression is not NONE, to what it unpacks to. */
int mh_image_unpack(struct modhash_image *image, const struct mh_image_layer *layer,
		    struct modhash_error *err);

/* A release at @data, up to a blank or the end: true, and image->release filled in. */
bool mh_image_take_release(struct modhash_image *image, const uint8_t *data, uint64_t length);

/* The release behind "Linux version " in @data: true, and image->release filled in. */
bool mh_image_find_release(struct modhash_image *image, const uint8_t *data, uint64_t length);

/* The length of a table without the zeroes behind it, or @length. */
uint64_t mh_image_trim(const uint8_t *data, uint64_t length);

#endif /* MH_IMAGE_H */
