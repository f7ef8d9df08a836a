/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A module with its BTF in canonical order: every byte but those of .BTF, .BTF.base and
 * .BTF_ids stays where and as it was.
 */
#include <stdlib.h>
#include <string.h>

#include "btf-rewrite.h"
#include "canon.h"
#include "canon-rewrite.h"
#include "fail.h"

static bool patch(const struct mh_elf_section *section, const uint8_t *from, uint8_t *data)
{
	bool changed = from && memcmp(data + section->offset, from, (size_t)section->size);

	if (changed)
		memcpy(data + section->offset, from, (size_t)section->size);
	return changed;
}

int mh_canon_rewrite(const struct mh_canon *canon, uint8_t *data,
		     struct mh_canon_changes *changes, struct modhash_error *err)
{
	const struct mh_elf_section *sections = canon->view.sections;
	struct mh_btf_graph graph = { 0 };
	struct mh_btf_rewritten rewritten;
	int ret;

	memset(changes, 0, sizeof(*changes));
	if (canon->view.length)
		memcpy(data, canon->view.data, canon->view.length);
	if (!canon->has_btf)
		return 0;
	graph.btf = &canon->btf;
	graph.hashes = &canon->btf_hashes;
	if (canon->has_distilled) {
		graph.distilled = &canon->distilled;
		graph.distilled_hashes = &canon->distilled_hashes;
	}
	graph.ids = canon->ids_section ? &canon->ids : NULL;

	ret = mh_btf_rewrite(&graph, &rewritten, err);
	if (ret < 0)
		return ret;
	changes->moved = rewritten.moved;
	changes->btf = patch(&sections[canon->btf_section], rewritten.btf, data);
	if (canon->has_distilled)
		changes->base = patch(&sections[canon->base_section], rewritten.distilled, data);
	if (canon->ids_section)
		changes->ids = patch(&sections[canon->ids_section], rewritten.ids, data);
	mh_btf_rewritten_free(&rewritten);
	return 0;
}
