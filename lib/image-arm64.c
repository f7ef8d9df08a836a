/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A raw arm64 Image (Documentation/arch/arm64/booting.rst of the kernel): memory as it will
 * be, without sections or symbols.  What says of itself what it is can be found in it.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include "checked.h"
#include "core/core.h"
#include "fail.h"
#include "image.h"

#define MAGIC 56 /* "ARM\x64" */
#define FLAGS 24 /* le64; bit 0: big-endian */
#define HEADER_SIZE 64
#define EM_AARCH64 183

/*
 * A kernel with the check in it has the magic once or twice in its text.  Headers whose
 * checksum is asked for by the thousand are there to keep us busy.
 */
#define CANDIDATES_MAX 1000

static bool is_arm64(const uint8_t *data, uint64_t length)
{
	return length >= HEADER_SIZE && !memcmp(data + MAGIC, "ARM\144", 4);
}

/* modhash-table(5), "Finding one in an image". */
static int find_tables(struct modhash_image *image, struct modhash_error *err)
{
	const uint8_t *data = image->data, *end = data + image->length;
	struct mh_core_table table;
	unsigned int candidates = 0;

	for (; data; data++) {
		data = memmem(data, (size_t)(end - data), MODHASH_TABLE_MAGIC,
			      MODHASH_TABLE_MAGIC_LENGTH);
		if (!data)
			return 0;
		if ((data - image->data) % 8)
			continue;
		if (++candidates > CANDIDATES_MAX)
			return mh_fail(err, MODHASH_E_TOO_COMPLEX, (uint64_t)(data - image->data),
				       "more than %d places where a table could begin",
				       CANDIDATES_MAX);
		if (mh_core_table_open(data, (uint64_t)(end - data), &table))
			continue;
		if (!image->blob.copies++) {
			image->blob.data = data;
			image->blob.length = table.total_size;
			image->blob.room = table.total_size;
		}
	}
	return 0;
}

/*
 * The kernel's include/uapi/linux/btf.h: magic, version 1, no flags, a header of 24 bytes, and
 * types, then strings, behind it.
 */
#define BTF_HEADER 24
#define BTF_TYPE_OFFSET 8
#define BTF_TYPE_LENGTH 12
#define BTF_STRING_OFFSET 16
#define BTF_STRING_LENGTH 20

static uint64_t btf_length(const uint8_t *data, uint64_t length, bool big_endian)
{
	uint32_t (*get)(const uint8_t *p) = big_endian ? mh_core_be32 : mh_core_le32;
	uint64_t types, strings, end;

	if (length < BTF_HEADER || get(data + 4) != BTF_HEADER || get(data + BTF_TYPE_OFFSET) ||
	    get(data + BTF_TYPE_LENGTH) % 4)
		return 0;
	types = get(data + BTF_TYPE_LENGTH);
	strings = get(data + BTF_STRING_OFFSET);
	end = strings + get(data + BTF_STRING_LENGTH);
	if (strings != types || end == strings || !mh_in_range(BTF_HEADER, end, length) ||
	    data[BTF_HEADER + strings] || data[BTF_HEADER + end - 1])
		return 0;
	return BTF_HEADER + end;
}

/* The greatest: a kernel can have BTF of small programs in it as well. */
static void find_btf(struct modhash_image *image)
{
	const uint8_t *data = image->data, *end = data + image->length;
	bool big_endian = image->byte_order == MODHASH_BYTE_ORDER_BIG;
	const char *magic = big_endian ? "\353\237\001\0" : "\237\353\001\0";

	for (; data; data++) {
		uint64_t length;

		data = memmem(data, (size_t)(end - data), magic, 4);
		if (!data)
			return;
		length = btf_length(data, (uint64_t)(end - data), big_endian);
		if (length > image->btf.length) {
			image->btf.copies = 1;
			image->btf.data = data;
			image->btf.length = length;
			image->btf.room = length;
		}
	}
}

static int read_arm64(struct modhash_image *image, struct mh_image_layer *layer,
		      struct modhash_error *err)
{
	(void)layer;
	image->machine = EM_AARCH64;
	image->bits = 64;
	image->byte_order = image->data[FLAGS] & 1 ? MODHASH_BYTE_ORDER_BIG :
						     MODHASH_BYTE_ORDER_LITTLE;
	mh_image_find_release(image, image->data, image->length);
	find_btf(image);
	return find_tables(image, err);
}

const struct mh_image_room mh_image_arm64 = {
	.kind = MODHASH_IMAGE_ARM64,
	.name = "arm64 Image",
	.is = is_arm64,
	.open = read_arm64,
	.payload = true,
};
