/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * EFI programs that carry a kernel: a unified kernel image has it in a section of its own
 * (the UAPI group's specification of UKIs), a zboot image where its header says
 * (drivers/firmware/efi/libstub/zboot-header.S of the kernel).
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

/* --- unified kernel images --- */

#define PE_HEADER 0x3c /* le32: where it is */
#define COFF_SIZE 24   /* with the signature before it */
#define COFF_SECTIONS 6
#define COFF_OPTIONAL_SIZE 20
#define SECTION_SIZE 40
#define SECTION_NAME_SIZE 8
#define SECTION_VIRTUAL_SIZE 8
#define SECTION_RAW_SIZE 16
#define SECTION_RAW_OFFSET 20

static bool is_pe(const uint8_t *data, uint64_t length)
{
	return length >= PE_HEADER + 4 && !memcmp(data, "MZ", 2) &&
	       mh_in_range(mh_core_le32(data + PE_HEADER), 4, length) &&
	       !memcmp(data + mh_core_le32(data + PE_HEADER), "PE\0\0", 4);
}

static unsigned int le16(const uint8_t *p)
{
	return p[0] | (unsigned int)p[1] << 8;
}

/* Raw bytes are padded to the file's alignment; those beyond the virtual size are not its. */
static int take_section(const struct modhash_image *image, const uint8_t *header,
			uint64_t *offset, uint64_t *length, struct modhash_error *err)
{
	uint32_t virtual_size = mh_core_le32(header + SECTION_VIRTUAL_SIZE);

	*offset = mh_core_le32(header + SECTION_RAW_OFFSET);
	*length = mh_core_le32(header + SECTION_RAW_SIZE);
	if (virtual_size && virtual_size < *length)
		*length = virtual_size;
	if (mh_in_range(*offset, *length, image->length))
		return 0;
	return mh_fail(err, MODHASH_E_IMAGE, (uint64_t)(header - image->data),
		       "PE section %.8s claims %" PRIu64 " bytes at %" PRIu64 " of a file of %" PRIu64,
		       (const char *)header, *length, *offset, image->length);
}

static bool is_named(const uint8_t *header, const char *name)
{
	char padded[SECTION_NAME_SIZE] = { 0 };

	memcpy(padded, name, strlen(name));
	return !memcmp(header, padded, sizeof(padded));
}

/* Section headers: how many, and where the first is. */
static int find_sections(const struct modhash_image *image, const uint8_t **headers,
			 unsigned int *count, struct modhash_error *err)
{
	uint64_t at = mh_core_le32(image->data + PE_HEADER);
	const uint8_t *coff = image->data + at;

	if (!mh_in_range(at, COFF_SIZE, image->length))
		return mh_fail(err, MODHASH_E_IMAGE, at, "the PE header is cut off");
	*count = le16(coff + COFF_SECTIONS);
	at += COFF_SIZE + le16(coff + COFF_OPTIONAL_SIZE);
	if (!mh_in_range(at, (uint64_t)*count * SECTION_SIZE, image->length))
		return mh_fail(err, MODHASH_E_IMAGE, at,
			       "%u PE section headers, which do not fit before the end of the file",
			       *count);
	*headers = image->data + at;
	return 0;
}

static int open_uki(struct modhash_image *image, struct mh_image_layer *layer,
		    struct modhash_error *err)
{
	const uint8_t *headers = NULL, *linux_section = NULL;
	unsigned int i, count = 0;
	uint64_t offset, length;
	int rc = find_sections(image, &headers, &count, err);

	for (i = 0; !rc && i < count; i++, headers += SECTION_SIZE) {
		if (is_named(headers, ".uname")) {
			rc = take_section(image, headers, &offset, &length, err);
			if (!rc)
				mh_image_take_release(image, image->data + offset, length);
		}
		if (!is_named(headers, ".linux"))
			continue;
		if (linux_section)
			return mh_fail(err, MODHASH_E_UNSUPPORTED,
				       (uint64_t)(headers - image->data),
				       "a PE file with more than one kernel (.linux)");
		linux_section = headers;
	}
	if (!rc && !linux_section)
		rc = mh_fail(err, MODHASH_E_UNSUPPORTED, MODHASH_OFFSET_NONE,
			     "a PE file without a section .linux: no unified kernel image");
	if (!rc)
		rc = take_section(image, linux_section, &layer->offset, &layer->length, err);
	return rc;
}

const struct mh_image_room mh_image_uki = {
	.kind = MODHASH_IMAGE_UKI,
	.name = "unified kernel image",
	.is = is_pe,
	.open = open_uki,
};

/* --- zboot --- */

#define ZBOOT_MAGIC 4	/* "zimg", behind "MZ\0\0" */
#define ZBOOT_OFFSET 8	/* le32 */
#define ZBOOT_LENGTH 12 /* le32, the four bytes with the unpacked size left out */
#define ZBOOT_END 64

static bool is_zboot(const uint8_t *data, uint64_t length)
{
	return length >= ZBOOT_MAGIC + 4 && !memcmp(data, "MZ", 2) &&
	       !memcmp(data + ZBOOT_MAGIC, "zimg", 4);
}

static int open_zboot(struct modhash_image *image, struct mh_image_layer *layer,
		      struct modhash_error *err)
{
	if (image->length < ZBOOT_END)
		return mh_fail(err, MODHASH_E_IMAGE, image->length,
			       "the file ends in the zboot header");
	layer->offset = mh_core_le32(image->data + ZBOOT_OFFSET);
	layer->length = mh_core_le32(image->data + ZBOOT_LENGTH);
	if (!layer->length || !mh_in_range(layer->offset, layer->length, image->length))
		return mh_fail(err, MODHASH_E_IMAGE, ZBOOT_OFFSET,
			       "%" PRIu64 " bytes of kernel claimed at %" PRIu64
			       " of a file of %" PRIu64,
			       layer->length, layer->offset, image->length);
	return mh_image_sniff(image, layer, err);
}

const struct mh_image_room mh_image_zboot = {
	.kind = MODHASH_IMAGE_ZBOOT,
	.name = "zboot image",
	.is = is_zboot,
	.open = open_zboot,
};
