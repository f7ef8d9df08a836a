/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A module with its BTF in canonical order: every byte but those of .BTF, .BTF.base and
 * .BTF_ids stays where and as it was.  Or a module without BTF.
 */
#include <stdlib.h>
#include <string.h>

#include "btf-rewrite.h"
#include "canon.h"
#include "canon-rewrite.h"
#include "elf-drop.h"
#include "fail.h"

static bool patch(const struct mh_elf_section *section, const uint8_t *from, uint8_t *data)
{
	/* Without bytes, it can claim to be anywhere. */
	if (!from || !section->data ||
	    !memcmp(data + section->offset, from, (size_t)section->size))
		return false;
	memcpy(data + section->offset, from, (size_t)section->size);
	return true;
}

static int put_in_order(const struct mh_canon *canon, struct mh_buf *out,
			struct mh_canon_changes *changes, struct modhash_error *err)
{
	const struct mh_elf_section *sections = canon->view.sections;
	uint8_t *data = out->data + out->length - canon->view.length;
	struct mh_btf_graph graph = { 0 };
	struct mh_btf_rewritten rewritten;
	int ret;

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

/*
 * Where .BTF_ids is now, what was written says, which is thereby read once more.  The
 * section itself stays: the code of the module leads to it by relocations.
 */
static int clear_ids(const struct mh_canon *canon, uint8_t *data, size_t length,
		     struct mh_canon_changes *changes, struct modhash_error *err)
{
	const struct mh_elf_section *before = &canon->view.sections[canon->ids_section], *after;
	struct mh_elf_view view;
	uint8_t *cleared;
	int ret = mh_budget_take(canon->budget, before->size, err);

	if (ret)
		return ret;
	cleared = malloc((size_t)before->size + 1);
	ret = cleared ? mh_btf_ids_clear(&canon->ids, cleared, err) : mh_fail_nomem(err);

	if (ret == 0)
		ret = mh_elf_view_open_in(&view, canon->budget, data, length, err);
	if (ret == 0) {
		after = &view.sections[mh_elf_view_find(&view, before->name)];
		if (after->data && after->size == before->size)
			changes->ids = patch(after, cleared, data);
		mh_elf_view_close(&view);
	}
	free(cleared);
	mh_budget_give(canon->budget, before->size);
	return ret;
}

static int leave_out(const struct mh_canon *canon, struct mh_buf *out,
		     struct mh_canon_changes *changes, struct modhash_error *err)
{
	const uint32_t gone[] = { canon->btf_section, canon->base_section };
	size_t begins = out->length;
	int ret;

	if (canon->btf_section || canon->base_section)
		ret = mh_elf_drop(&canon->view, gone, 2, out, err);
	else
		ret = mh_buf_append(out, canon->view.data, canon->view.length, err);

	changes->btf = canon->btf_section;
	changes->base = canon->base_section;
	if (ret < 0 || !canon->ids_section || !canon->view.sections[canon->ids_section].data)
		return ret;
	return clear_ids(canon, out->data + begins, out->length - begins, changes, err);
}

int mh_canon_rewrite(const struct mh_canon *canon, struct mh_buf *out,
		     struct mh_canon_changes *changes, struct modhash_error *err)
{
	int ret;

	memset(changes, 0, sizeof(*changes));
	if (canon->opts.policy == MH_CANON_DROP)
		return leave_out(canon, out, changes, err);
	ret = mh_buf_append(out, canon->view.data, canon->view.length, err);
	if (ret < 0 || !canon->has_btf)
		return ret;
	return put_in_order(canon, out, changes, err);
}
