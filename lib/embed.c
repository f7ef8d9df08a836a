/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A blob into the section of a vmlinux that is there for it.  No other byte changes.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "checked.h"
#include "fail.h"
#include "image.h"
#include "options.h"

#define KNOWN_FLAGS MODHASH_EMBED_EMPTY

/* --- the place --- */

static int fail_overlap(const struct mh_elf_section *section, const char *what,
			struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_ELF, section->header,
		       "section " MH_IMAGE_SECTION " overlaps %s", what);
}

static bool overlaps(const struct mh_elf_section *section, uint64_t offset, uint64_t length)
{
	/* Both lie in the file, so that no sum wraps; what has no bytes overlaps nothing. */
	return section->size && length && section->offset < offset + length &&
	       offset < section->offset + section->size;
}

/* Writing to it must change nothing else. */
static int check_alone(const struct mh_elf_view *view, uint32_t index, struct modhash_error *err)
{
	const struct mh_elf_section *section = &view->sections[index];
	uint64_t headers = (uint64_t)view->program_header_count * view->program_header_size;
	uint32_t i;

	if (overlaps(section, 0, view->header_size))
		return fail_overlap(section, "the ELF header", err);
	if (overlaps(section, view->section_headers,
		     (uint64_t)view->count * view->section_header_size))
		return fail_overlap(section, "the section headers", err);
	if (!mh_in_range(view->program_headers, headers, view->length))
		return mh_fail(err, MODHASH_E_ELF, 0,
			       "program headers lie behind the end of the file, %zu", view->length);
	if (overlaps(section, view->program_headers, headers))
		return fail_overlap(section, "the program headers", err);
	for (i = 1; i < view->count; i++) {
		const struct mh_elf_section *other = &view->sections[i];

		if (i != index && other->data && overlaps(section, other->offset, other->size))
			return fail_overlap(section, other->name[0] ? other->name :
					    "another section", err);
	}
	return 0;
}

static int check_section(const struct mh_elf_view *view, const struct mh_elf_section *section,
			 struct modhash_error *err)
{
	if (section->flags & MH_SHF_COMPRESSED)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, section->header,
			       "section " MH_IMAGE_SECTION " is compressed");
	if (section->type != MH_SHT_PROGBITS)
		return mh_fail(err, MODHASH_E_ELF, section->header,
			       "section " MH_IMAGE_SECTION " is of type %" PRIu32 ", expected %d: "
			       "bytes in the file", section->type, MH_SHT_PROGBITS);
	if (!(section->flags & MH_SHF_ALLOC))
		return mh_fail(err, MODHASH_E_ELF, section->header,
			       "section " MH_IMAGE_SECTION " is not among those that a kernel loads");
	/* One of no bytes was not looked at yet. */
	if (!mh_in_range(section->offset, section->size, view->length))
		return mh_fail(err, MODHASH_E_ELF, section->header,
			       "section " MH_IMAGE_SECTION " is said to be at byte %" PRIu64
			       " of a file of %zu", section->offset, view->length);
	return 0;
}

/* The one section of that name. */
static int find_place(const struct mh_elf_view *view, uint32_t *index, struct modhash_error *err)
{
	uint32_t i, found = 0;
	int rc;

	if (view->type == MH_ET_REL)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, 16,
			       "an object file, expected a vmlinux that is linked");
	for (i = 1; i < view->count; i++) {
		if (strcmp(view->sections[i].name, MH_IMAGE_SECTION))
			continue;
		if (found)
			return mh_fail(err, MODHASH_E_ELF, view->sections[i].header,
				       "more than one section " MH_IMAGE_SECTION ", expected one");
		found = i;
	}
	if (!found)
		return mh_fail(err, MODHASH_E_NOT_FOUND, MODHASH_OFFSET_NONE,
			       "no section " MH_IMAGE_SECTION ": a kernel that has no place for a blob");
	*index = found;
	rc = check_section(view, &view->sections[found], err);
	return rc ? rc : check_alone(view, found, err);
}

/* --- the blob --- */

static int compare_positions(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return *left < *right ? -1 : *left > *right;
}

/* Two modules can't be in one line of modules.order. */
static int check_positions(const struct modhash_blob *blob, struct modhash_error *err)
{
	uint64_t i, count = blob->sections.count;
	uint64_t *positions;
	int rc = 0;

	if (count < 2)
		return 0;
	positions = calloc((size_t)count, sizeof(*positions));
	if (!positions)
		return mh_fail_nomem(err);
	for (i = 0; i < count; i++) {
		struct modhash_blob_module module;

		mh_blob_record(blob, i, &module);
		positions[i] = module.position;
	}
	qsort(positions, (size_t)count, sizeof(*positions), compare_positions);
	for (i = 1; !rc && i < count; i++) {
		if (positions[i] == positions[i - 1])
			rc = mh_fail(err, MODHASH_E_BLOB, MODHASH_OFFSET_NONE,
				     "two modules of the blob have position %" PRIu64
				     " in the build, expected one", positions[i]);
	}
	free(positions);
	return rc;
}

static int fail_capacity(const struct modhash_blob *blob, uint64_t room, const char *expected,
			 struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_CAPACITY, MODHASH_OFFSET_NONE,
		       "a %s of %" PRIu64 " bytes, and section " MH_IMAGE_SECTION " has %" PRIu64
		       ": expected %s", modhash_format_name((int)blob->format), blob->kernel_length,
		       room, expected);
}

static int check_fit(const struct modhash_blob *blob, uint64_t room, struct modhash_error *err)
{
	switch (blob->format) {
	case MODHASH_FORMAT_TABLE:
		return blob->kernel_length <= room ? 0 :
			fail_capacity(blob, room, "no more than the section has", err);
	case MODHASH_FORMAT_LIST:
		return blob->kernel_length == room ? 0 :
			fail_capacity(blob, room, "as much as the section has", err);
	default:
		return blob->kernel_length == room ? 0 :
			fail_capacity(blob, room, "a section for a root", err);
	}
}

static int check_root(const struct modhash_blob *blob, const struct mh_elf_view *view,
		      struct modhash_error *err)
{
	uint32_t expected = view->big_endian ? MODHASH_BYTE_ORDER_BIG : MODHASH_BYTE_ORDER_LITTLE;

	if (blob->byte_order == MODHASH_BYTE_ORDER_UNKNOWN || blob->byte_order == expected)
		return 0;
	return mh_fail(err, MODHASH_E_BLOB, MODHASH_MERKLE_ROOT_LEVELS,
		       "a root for a %s-endian kernel, and this one is %s-endian",
		       view->big_endian ? "little" : "big", view->big_endian ? "big" : "little");
}

static int check_blob(const struct modhash_blob *blob, const struct mh_elf_view *view,
		      uint64_t room, uint32_t flags, struct modhash_error *err)
{
	bool empty_list = blob->format == MODHASH_FORMAT_LIST && !blob->length;
	int rc;

	if (blob->scope != MODHASH_SCOPE_FILE && blob->scope != MODHASH_SCOPE_PAYLOAD &&
	    blob->scope != MODHASH_SCOPE_LEAF)
		return mh_fail(err, MODHASH_E_SCOPE, MODHASH_OFFSET_NONE,
			       "a blob of digests that no kernel computes");
	if (!blob->filled && !empty_list && !(flags & MODHASH_EMBED_EMPTY))
		return mh_fail(err, MODHASH_E_NOT_FILLED, MODHASH_OFFSET_NONE,
			       "the %s was not filled in: no module would be known",
			       modhash_format_name((int)blob->format));
	rc = check_fit(blob, room, err);
	if (!rc && blob->format == MODHASH_FORMAT_MERKLE)
		rc = check_root(blob, view, err);
	return rc ? rc : check_positions(blob, err);
}

/* --- both --- */

static void put(const struct modhash_blob *blob, uint8_t *section,
		struct modhash_embed_info *info)
{
	size_t length = (size_t)info->length, left = (size_t)(info->room - info->length);

	if (!info->room)
		return;
	info->changed = (length && memcmp(section, blob->data, length)) ||
			!mh_all_zero(section + length, left);
	if (length)
		memmove(section, blob->data, length);
	memset(section + length, 0, left);
}

MODHASH_API int modhash_image_embed(const struct modhash_blob *blob, void *vmlinux,
				    uint64_t length, const struct modhash_embed_opts *opts,
				    struct modhash_embed_info *info, struct modhash_error *err)
{
	struct modhash_embed_opts ours;
	struct modhash_embed_info done;
	struct mh_elf_view view;
	uint32_t index = 0;
	int rc;

	if (!blob || !vmlinux || length > SIZE_MAX)
		return mh_fail_invalid(err, blob ? "no bytes of a vmlinux" : "no blob");
	rc = mh_options_in(&ours, sizeof(ours), opts, err);
	if (!rc && (ours.flags & ~KNOWN_FLAGS))
		rc = mh_fail_invalid(err, "unknown flags");
	if (!rc)
		rc = mh_elf_view_open(&view, vmlinux, (size_t)length, err);
	if (rc)
		return rc;
	rc = find_place(&view, &index, err);
	if (!rc)
		rc = check_blob(blob, &view, view.sections[index].size, ours.flags, err);
	if (!rc) {
		MODHASH_INIT(done);
		done.offset = view.sections[index].offset;
		done.room = view.sections[index].size;
		done.length = blob->kernel_length;
		put(blob, (uint8_t *)vmlinux + done.offset, &done);
	}
	mh_elf_view_close(&view);
	if (!rc && info)
		rc = mh_result_out(info, &done, sizeof(done));
	return rc;
}
