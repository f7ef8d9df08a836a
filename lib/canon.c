/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The canonical form of a module: its ELF header, its sections in their order, and its BTF,
 * each hashed for itself, so that two modules can be compared part by part.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "canon.h"
#include "fail.h"

/* The message of the outer hash begins with this, its NUL included. */
#define DOMAIN "modhash canonical module"

bool mh_canon_is_btf(const struct mh_canon *canon, uint32_t index)
{
	return canon->opts.policy != MH_CANON_RAW &&
	       (index == canon->btf_section || index == canon->base_section);
}

/* --- BTF --- */

static int find_one(const struct mh_elf_view *view, const char *name, uint32_t *index,
		    struct modhash_error *err)
{
	*index = mh_elf_view_find(view, name);
	for (uint32_t i = *index + 1; *index && i < view->count; i++) {
		if (!strcmp(view->sections[i].name, name))
			return mh_fail(err, MODHASH_E_ELF, view->sections[i].header,
				       "more than one section %s", name);
	}
	if (*index && view->sections[*index].flags & MH_SHF_COMPRESSED)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, view->sections[*index].header,
			       "section %s is compressed", name);
	return 0;
}

static int find_btf(struct mh_canon *canon, struct modhash_error *err)
{
	int ret = find_one(&canon->view, ".BTF", &canon->btf_section, err);

	if (ret == 0)
		ret = find_one(&canon->view, ".BTF.base", &canon->base_section, err);
	if (ret == 0)
		ret = find_one(&canon->view, ".BTF_ids", &canon->ids_section, err);
	return ret;
}

static int read_one(struct mh_canon *canon, uint32_t index, const struct mh_btf_base *base,
		    struct mh_btf *btf, struct mh_btf_hashes *hashes, struct modhash_error *err)
{
	const struct mh_elf_section *section = &canon->view.sections[index];
	int ret;

	if (!section->data)
		return mh_fail(err, MODHASH_E_BTF, section->header, "section %s is empty",
			       section->name);
	ret = mh_btf_open_in(btf, canon->budget, section->data, (size_t)section->size,
			     section->offset, base, err);
	if (ret < 0)
		return ret;
	if (btf->big_endian != canon->view.big_endian)
		return mh_fail(err, MODHASH_E_BTF, section->offset,
			       "BTF is not in the byte order of its ELF file");
	return mh_btf_hash(btf, canon->sha256, hashes, err);
}

static int read_distilled(struct mh_canon *canon, struct modhash_error *err)
{
	int ret;

	canon->has_distilled = true;
	ret = read_one(canon, canon->base_section, NULL, &canon->distilled,
		       &canon->distilled_hashes, err);
	if (ret < 0)
		return ret;
	return mh_btf_base_view(&canon->distilled, &canon->distilled_hashes, canon->sha256,
				&canon->distilled_base, err);
}

int mh_canon_read_btf(struct mh_canon *canon, struct modhash_error *err)
{
	const struct mh_btf_base *base = canon->opts.base;
	int ret;

	if (canon->base_section) {
		ret = read_distilled(canon, err);
		if (ret < 0)
			return ret;
		base = canon->distilled_base;
	}
	if (!canon->btf_section)
		return canon->base_section ?
			       mh_fail(err, MODHASH_E_BTF,
				       mh_elf_section_place(&canon->view.sections[canon->base_section]),
				       ".BTF.base without .BTF") :
			       0;
	if (!base)
		return mh_fail(err, MODHASH_E_NO_BASE,
			       mh_elf_section_place(&canon->view.sections[canon->btf_section]),
			       "the module's BTF continues that of a vmlinux, which was not given");
	canon->has_btf = true;
	return read_one(canon, canon->btf_section, base, &canon->btf, &canon->btf_hashes, err);
}

static bool has_relocations(const struct mh_elf_view *view, uint32_t index)
{
	for (uint32_t i = 1; index && i < view->count; i++) {
		const struct mh_elf_section *section = &view->sections[i];

		if ((section->type == MH_SHT_REL || section->type == MH_SHT_RELA) &&
		    section->info == index && section->size)
			return true;
	}
	return false;
}

static int check_strict(const struct mh_canon *canon, struct modhash_error *err)
{
	uint32_t duplicates = canon->btf_hashes.duplicates + canon->distilled_hashes.duplicates;

	if (!canon->opts.strict || !duplicates)
		return 0;
	return mh_fail(err, MODHASH_E_AMBIGUOUS,
		       canon->view.sections[canon->btf_section].offset,
		       "%" PRIu32 " BTF types have a double, so that equal digests would not "
		       "prove equal type graphs",
		       duplicates);
}

/* .BTF_ids without .BTF is fine as long as nothing is in it. */
static int read_ids(struct mh_canon *canon, struct modhash_error *err)
{
	int ret;

	if (!canon->ids_section)
		return 0;
	ret = mh_btf_ids_open(&canon->ids, &canon->view, canon->ids_section, err);
	if (ret < 0 || canon->opts.policy != MH_CANON_CANONICAL)
		return ret;
	return mh_btf_ids_check(&canon->ids, canon->has_btf ? canon->btf.end_id : 1, err);
}

static int read_types(struct mh_canon *canon, struct modhash_error *err)
{
	int ret = 0;

	if (canon->opts.policy == MH_CANON_RAW)
		return 0;
	if (canon->opts.policy == MH_CANON_CANONICAL) {
		if (has_relocations(&canon->view, canon->btf_section) ||
		    has_relocations(&canon->view, canon->base_section))
			return mh_fail(err, MODHASH_E_UNSUPPORTED, MODHASH_OFFSET_NONE,
				       "BTF with relocations");
		ret = mh_canon_read_btf(canon, err);
	}
	if (ret == 0)
		ret = check_strict(canon, err);
	return ret < 0 ? ret : read_ids(canon, err);
}

/* --- the whole --- */

static int check_kind(const struct mh_elf_view *view, struct modhash_error *err)
{
	if (view->type != MH_ET_REL)
		return mh_fail(err, MODHASH_E_NOT_MODULE, 16,
			       "ELF file of type %u, expected 1: relocatable", view->type);
	if (view->program_headers || view->program_header_count)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, 0,
			       "relocatable ELF file with program headers");
	if (!view->count)
		return mh_fail(err, MODHASH_E_NOT_MODULE, 0, "ELF file without sections");
	return 0;
}

/* What is hashed of the header and of each section, in one buffer. */
static int put_messages(struct mh_canon *canon, struct modhash_error *err)
{
	struct mh_digesting *digesting = canon->digesting;
	int ret = mh_canon_header(canon, digesting, err);

	digesting++->message.out = canon->header;
	for (uint32_t i = 1; ret == 0 && i < canon->view.count; i++) {
		if (mh_canon_is_btf(canon, i) && canon->opts.policy == MH_CANON_DROP)
			continue;
		ret = mh_canon_section(canon, i, digesting, err);
		digesting++->message.out = canon->hashes + (size_t)i * 32;
	}
	canon->digestings = (uint32_t)(digesting - canon->digesting);
	return ret;
}

static int prepare_hashing(struct mh_canon *canon, struct modhash_error *err)
{
	uint64_t needed = mh_budget_times(canon->view.count, 32 + sizeof(*canon->digesting));
	const uint8_t *at;
	int ret = mh_budget_take(canon->budget, needed, err);

	if (ret)
		return ret;
	canon->taken = needed;
	canon->hashes = calloc(canon->view.count, 32);
	canon->digesting = calloc(canon->view.count, sizeof(*canon->digesting));
	if (!canon->hashes || !canon->digesting)
		return mh_fail_nomem(err);
	ret = put_messages(canon, err);
	if (ret < 0)
		return ret;
	/* Nothing is appended any more: now it stays where it is. */
	at = canon->message.data;
	for (uint32_t i = 0; i < canon->digestings; i++) {
		canon->digesting[i].parts[0].data = at;
		at += canon->digesting[i].parts[0].length;
	}
	return 0;
}

int mh_canon_begin(struct mh_canon *canon, struct mh_budget *budget, const uint8_t *data,
		   size_t length, const struct mh_canon_opts *opts, struct mh_hasher *sha256,
		   struct modhash_error *err)
{
	int ret;

	memset(canon, 0, sizeof(*canon));
	canon->opts = *opts;
	canon->sha256 = sha256;
	canon->budget = budget;
	canon->message.budget = budget;
	ret = mh_elf_view_open_in(&canon->view, budget, data, length, err);
	if (ret == 0)
		ret = check_kind(&canon->view, err);
	if (ret == 0)
		ret = mh_canon_gaps(&canon->view, err);
	if (ret == 0)
		ret = find_btf(canon, err);
	if (ret == 0)
		ret = read_types(canon, err);
	if (ret == 0)
		ret = prepare_hashing(canon, err);
	if (ret < 0)
		mh_canon_close(canon);
	return ret;
}

/* --- hashing alone --- */

struct hashing {
	const struct mh_canon *canon;
	uint32_t next;
	int status; /* of the first that failed */
	struct modhash_error *err;
};

static int next_message(void *user, const struct mh_message **message)
{
	struct hashing *hashing = user;

	if (hashing->next == hashing->canon->digestings)
		return 0;
	*message = &hashing->canon->digesting[hashing->next++].message;
	return 1;
}

static void message_done(void *user, const struct mh_message *message, int status,
			 const struct modhash_error *err)
{
	struct hashing *hashing = user;

	(void)message;
	if (!status || hashing->status)
		return;
	hashing->status = status;
	if (hashing->err)
		*hashing->err = *err;
}

int mh_canon_open_in(struct mh_canon *canon, struct mh_budget *budget, const uint8_t *data,
		     size_t length, const struct mh_canon_opts *opts, struct mh_hasher *sha256,
		     struct modhash_error *err)
{
	struct hashing hashing = { .canon = canon, .err = err };
	const struct mh_message_source source = { next_message, message_done, &hashing };
	int ret = mh_canon_begin(canon, budget, data, length, opts, sha256, err);

	if (ret < 0)
		return ret;
	ret = mh_hasher_flow(sha256, &source, err);
	if (ret == 0)
		ret = hashing.status;
	if (ret < 0)
		mh_canon_close(canon);
	return ret;
}

void mh_canon_close(struct mh_canon *canon)
{
	mh_btf_ids_close(&canon->ids);
	mh_btf_close(&canon->btf);
	mh_btf_hashes_free(&canon->btf_hashes);
	mh_btf_base_free(canon->distilled_base);
	mh_btf_close(&canon->distilled);
	mh_btf_hashes_free(&canon->distilled_hashes);
	mh_elf_view_close(&canon->view);
	mh_buf_free(&canon->message);
	free(canon->hashes);
	free(canon->digesting);
	mh_budget_give(canon->budget, canon->taken);
	memset(canon, 0, sizeof(*canon));
}

/* All but BTF in their order, as a count and their hashes. */
static int put_rest(struct mh_canon *canon, struct modhash_error *err)
{
	uint32_t count = 0;
	int ret;

	for (uint32_t i = 1; i < canon->view.count; i++)
		count += !mh_canon_is_btf(canon, i);
	ret = mh_canon_put32(canon, count, err);
	for (uint32_t i = 1; ret == 0 && i < canon->view.count; i++) {
		if (!mh_canon_is_btf(canon, i))
			ret = mh_canon_put(canon, mh_canon_section_hash(canon, i), 32, err);
	}
	return ret;
}

/* A section that is not there has index 0 and zeroes for its hash. */
static int put_btf(struct mh_canon *canon, struct modhash_error *err)
{
	int ret;

	if (canon->opts.policy != MH_CANON_CANONICAL)
		return 0;
	ret = mh_canon_put(canon, mh_canon_section_hash(canon, canon->btf_section), 32, err);
	if (ret < 0)
		return ret;
	return mh_canon_put(canon, mh_canon_section_hash(canon, canon->base_section), 32, err);
}

int mh_canon_digest(struct mh_canon *canon, struct mh_hasher *outer, uint8_t *digest,
		    struct modhash_error *err)
{
	struct mh_part part;
	int ret;

	canon->message.length = 0;
	ret = mh_canon_put(canon, DOMAIN, sizeof(DOMAIN), err);
	if (ret == 0)
		ret = mh_canon_put32(canon, MH_CANON_FORM, err);
	if (ret == 0)
		ret = mh_canon_put32(canon, (uint32_t)canon->opts.policy, err);
	if (ret == 0)
		ret = mh_canon_put(canon, canon->header, sizeof(canon->header), err);
	if (ret == 0)
		ret = put_rest(canon, err);
	if (ret == 0)
		ret = put_btf(canon, err);
	if (ret < 0)
		return ret;
	part = (struct mh_part){ canon->message.data, canon->message.length };
	return mh_hasher_parts(outer, &part, 1, digest, err);
}
