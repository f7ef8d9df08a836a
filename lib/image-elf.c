/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The vmlinux in an image: sections by their names, the release by the banner that every
 * kernel prints first.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include "blob.h"
#include "fail.h"
#include "image.h"
#include "module.h"

static const char banner[] = "Linux version ";

bool mh_image_take_release(struct modhash_image *image, const uint8_t *data, uint64_t length)
{
	size_t i = 0;

	while (i < length && i <= MH_RELEASE_MAX && data[i] > ' ' && data[i] <= '~')
		i++;
	if (i == 0 || i > MH_RELEASE_MAX || data[0] < '0' || data[0] > '9')
		return false;
	memcpy(image->release, data, i);
	image->release[i] = '\0';
	return true;
}

bool mh_image_find_release(struct modhash_image *image, const uint8_t *data, uint64_t length)
{
	const size_t skipped = sizeof(banner) - 1;
	const uint8_t *end = data + length;

	while (data < end) {
		data = memmem(data, (size_t)(end - data), banner, skipped);
		if (!data)
			return false;
		data += skipped;
		if (mh_image_take_release(image, data, (uint64_t)(end - data)))
			return true;
	}
	return false;
}

uint64_t mh_image_trim(const uint8_t *data, uint64_t length)
{
	struct mh_core_table table;

	if (mh_core_table_open(data, length, &table) ||
	    !mh_all_zero(data + table.total_size, length - table.total_size))
		return length;
	return table.total_size;
}

static void take_section(struct mh_image_part *part, const struct mh_elf_section *section)
{
	part->copies++;
	/* Nothing in the file, whatever its size; but of no bytes, all are there. */
	if (section->type == MH_SHT_NOBITS || (section->size && !section->data))
		return;
	part->packed = section->flags & MH_SHF_COMPRESSED;
	part->data = section->data ? section->data : (const uint8_t *)"";
	part->length = section->size;
	part->room = section->size;
}

static void take_sections(struct modhash_image *image, const struct mh_elf_view *view)
{
	/* Sections that overlap could be as long as the square of the file. */
	uint64_t left = image->length;
	bool known = false;
	uint32_t i;

	for (i = 1; i < view->count; i++) {
		const struct mh_elf_section *section = &view->sections[i];

		if (!strcmp(section->name, MH_IMAGE_SECTION))
			take_section(&image->blob, section);
		else if (!strcmp(section->name, ".BTF"))
			take_section(&image->btf, section);
		/* In what the kernel loads: debug information can quote anything. */
		if (known || !(section->flags & MH_SHF_ALLOC) || !section->data ||
		    section->size > left)
			continue;
		left -= section->size;
		known = mh_image_find_release(image, section->data, section->size);
	}
}

static bool is_elf(const uint8_t *data, uint64_t length)
{
	return length >= 4 && !memcmp(data, "\177ELF", 4);
}

static int read_vmlinux(struct modhash_image *image, struct mh_image_layer *layer,
			struct modhash_error *err)
{
	struct mh_elf_view view;
	int rc;

	(void)layer;
	rc = mh_elf_view_open_in(&view, image->ctx->budget, image->data, (size_t)image->length,
				 err);

	if (rc)
		return rc;
	if (view.type == MH_ET_REL) {
		mh_elf_view_close(&view);
		return mh_fail(err, MODHASH_E_NOT_IMAGE, 16,
			       "an object file, such as a module: no kernel that is linked");
	}
	image->machine = view.machine;
	image->bits = view.is_64 ? 64 : 32;
	image->byte_order = view.big_endian ? MODHASH_BYTE_ORDER_BIG : MODHASH_BYTE_ORDER_LITTLE;
	take_sections(image, &view);
	mh_elf_view_close(&view);
	if (image->blob.data && !image->blob.packed)
		image->blob.length = mh_image_trim(image->blob.data, image->blob.length);
	return 0;
}

const struct mh_image_room mh_image_vmlinux = {
	.kind = MODHASH_IMAGE_VMLINUX,
	.name = "vmlinux",
	.is = is_elf,
	.open = read_vmlinux,
	.payload = true,
};
