/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * x86: Documentation/arch/x86/boot.rst of the kernel.  A boot sector with the setup header,
 * the setup code, and behind it the protected-mode code, in which lies the packed vmlinux.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <string.h>

#include "checked.h"
#include "core/core.h"
#include "fail.h"
#include "image.h"

#define SECTOR 512
#define SETUP_SECTORS 0x1f1 /* u8; 0 means 4 */
#define BOOT_FLAG 0x1fe	    /* 55 aa */
#define HEADER 0x202	    /* "HdrS" */
#define PROTOCOL 0x206	    /* le16 */
#define KERNEL_VERSION 0x20e /* le16: where the release is, less 0x200 */
#define PAYLOAD_OFFSET 0x248 /* le32, from the protected-mode code on; since 2.08 */
#define PAYLOAD_LENGTH 0x24c /* le32 */
#define HEADER_END 0x250
#define PROTOCOL_PAYLOAD 0x208

static bool is_bzimage(const uint8_t *data, uint64_t length)
{
	return length > PROTOCOL + 1 && data[BOOT_FLAG] == 0x55 && data[BOOT_FLAG + 1] == 0xaa &&
	       !memcmp(data + HEADER, "HdrS", 4);
}

static unsigned int le16(const uint8_t *p)
{
	return p[0] | (unsigned int)p[1] << 8;
}

/* A hint, and taken for no more: what vmlinux itself says is found later. */
static void read_release(struct modhash_image *image, uint64_t setup_end)
{
	uint64_t at = le16(image->data + KERNEL_VERSION);

	if (at && at + SECTOR < setup_end && setup_end <= image->length)
		mh_image_take_release(image, image->data + at + SECTOR, setup_end - at - SECTOR);
}

static int open_bzimage(struct modhash_image *image, struct mh_image_layer *layer,
			struct modhash_error *err)
{
	const uint8_t *data = image->data;
	uint64_t setup_end;

	if (le16(data + PROTOCOL) < PROTOCOL_PAYLOAD)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, PROTOCOL,
			       "an x86 kernel of boot protocol %u.%02u, expected 2.08 or later",
			       data[PROTOCOL + 1], data[PROTOCOL]);
	if (image->length < HEADER_END)
		return mh_fail(err, MODHASH_E_IMAGE, image->length,
			       "the file ends in the setup header");
	setup_end = ((uint64_t)(data[SETUP_SECTORS] ? data[SETUP_SECTORS] : 4) + 1) * SECTOR;
	layer->offset = setup_end + mh_core_le32(data + PAYLOAD_OFFSET);
	layer->length = mh_core_le32(data + PAYLOAD_LENGTH);
	if (!layer->length || !mh_in_range(layer->offset, layer->length, image->length))
		return mh_fail(err, MODHASH_E_IMAGE, PAYLOAD_OFFSET,
			       "%" PRIu64 " bytes of kernel claimed at %" PRIu64
			       " of a file of %" PRIu64,
			       layer->length, layer->offset, image->length);
	read_release(image, setup_end);
	return mh_image_sniff(image, layer, err);
}

const struct mh_image_room mh_image_bzimage = {
	.kind = MODHASH_IMAGE_BZIMAGE,
	.name = "bzImage",
	.is = is_bzimage,
	.open = open_bzimage,
};
