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

/* Layer by layer, from @data and @length on (image-layers.c). */
int mh_image_peel(struct modhash_image *image, struct modhash_error *err);

/* The last layer, one room each: parts, release, what machine it is for. */
int mh_image_read_vmlinux(struct modhash_image *image, struct modhash_error *err);

/* The release behind "Linux version " in @data: true, and image->release filled in. */
bool mh_image_find_release(struct modhash_image *image, const uint8_t *data, uint64_t length);

/* The length of a table without the zeroes behind it, or @length. */
uint64_t mh_image_trim(const uint8_t *data, uint64_t length);

#endif /* MH_IMAGE_H */
