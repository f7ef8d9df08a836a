/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Where sections lie in a file is left out of the canonical form, so nothing may hide
 * between them.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "canon.h"
#include "fail.h"
#include "sort.h"

struct extent {
	uint64_t offset;
	uint64_t end;
};

static int compare_extents(const void *context, uint32_t a, uint32_t b)
{
	const struct extent *extents = context;

	return (extents[a].offset > extents[b].offset) - (extents[a].offset < extents[b].offset);
}

static uint32_t list_extents(const struct mh_elf_view *view, struct extent *extents)
{
	uint32_t count = 0;

	extents[count++] = (struct extent){ 0, view->header_size };
	if (view->count)
		extents[count++] = (struct extent){
			view->section_headers,
			view->section_headers + (uint64_t)view->count * view->section_header_size,
		};
	for (uint32_t i = 1; i < view->count; i++) {
		if (view->sections[i].data)
			extents[count++] = (struct extent){
				view->sections[i].offset,
				view->sections[i].offset + view->sections[i].size,
			};
	}
	return count;
}

static int check_zero(const struct mh_elf_view *view, uint64_t from, uint64_t to,
		      struct modhash_error *err)
{
	for (uint64_t i = from; i < to; i++) {
		if (view->data[i])
			return mh_fail(err, MODHASH_E_ELF, i,
				       "byte 0x%02x is in no section of the ELF file, expected 0",
				       view->data[i]);
	}
	return 0;
}

static int check_extents(const struct mh_elf_view *view, const struct extent *extents,
			 const uint32_t *order, uint32_t count, struct modhash_error *err)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct extent *extent = &extents[order[i]];
		int ret;

		if (extent->offset < end)
			return mh_fail(err, MODHASH_E_ELF, extent->offset,
				       "parts of the ELF file overlap up to %" PRIu64, end);
		ret = check_zero(view, end, extent->offset, err);
		if (ret < 0)
			return ret;
		end = extent->end;
	}
	return check_zero(view, end, view->length, err);
}

int mh_canon_gaps(const struct mh_elf_view *view, struct modhash_error *err)
{
	size_t room = (size_t)view->count + 2;
	struct extent *extents = malloc(room * sizeof(*extents));
	uint32_t *order = malloc(room * 2 * sizeof(*order));
	uint32_t count;
	int ret;

	if (!extents || !order) {
		free(extents);
		free(order);
		return mh_fail_nomem(err);
	}
	count = list_extents(view, extents);
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	mh_sort(order, count, order + count, compare_extents, extents);
	ret = check_extents(view, extents, order, count, err);
	free(extents);
	free(order);
	return ret;
}
