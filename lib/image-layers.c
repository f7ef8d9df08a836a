/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From the file to the kernel in it: which layer this is, and what the next one is.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include "fail.h"
#include "image.h"

static bool is_elf(const uint8_t *data, uint64_t length)
{
	return length >= 4 && !memcmp(data, "\177ELF", 4);
}

bool mh_image_detect(const uint8_t *data, uint64_t length)
{
	return is_elf(data, length);
}

int mh_image_peel(struct modhash_image *image, struct modhash_error *err)
{
	if (!is_elf(image->data, image->length))
		return mh_fail(err, MODHASH_E_NOT_IMAGE, 0,
			       "neither a vmlinux nor another kernel image that is known here");
	image->layers[0].kind = MODHASH_IMAGE_VMLINUX;
	image->layers[0].length = image->length;
	image->count = 1;
	return mh_image_read_vmlinux(image, err);
}
