/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The public door to the canonical form.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <modhash/canon.h>

#include "btf-door.h"
#include "btf-rewrite.h"
#include "canon-door.h"
#include "canon-rewrite.h"
#include "canon.h"
#include "fail.h"
#include "options.h"
#include "source.h"

int mh_canon_opts_in(struct modhash_canon_opts *ours, const struct modhash_canon_opts *theirs,
		     struct modhash_error *err)
{
	int ret;

	if (!theirs)
		return mh_fail_invalid(err, "no canonical form asked for");
	ret = mh_options_in(ours, sizeof(*ours), theirs, err);
	if (ret < 0)
		return ret;
	if (ours->form != MODHASH_CANON_FORM)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, MODHASH_OFFSET_NONE,
			       "canonical form %" PRIu32 ", and this library computes %d",
			       ours->form, MODHASH_CANON_FORM);
	if (ours->policy < MODHASH_BTF_CANONICAL || ours->policy > MODHASH_BTF_DROP)
		return mh_fail_invalid(err, "unknown policy for BTF");
	if (ours->flags & ~MODHASH_CANON_STRICT)
		return mh_fail_invalid(err, "unknown flags of a canonical form");
	return 0;
}

static struct mh_canon_opts opts_inside(const struct modhash_canon_opts *opts)
{
	return (struct mh_canon_opts){
		.policy = (enum mh_canon_policy)opts->policy,
		.base = mh_btf_base_of(opts->base),
		.strict = opts->flags & MODHASH_CANON_STRICT,
	};
}

int mh_module_canon_open(const struct modhash_module *module,
			 const struct modhash_canon_opts *opts, struct mh_hasher *sha256,
			 struct mh_canon *canon, struct modhash_error *err)
{
	struct mh_canon_opts inside = opts_inside(opts);

	if (module->trailer_status)
		return mh_module_fail_trailer(module, err);
	return mh_canon_open_in(canon, module->ctx->budget, module->data,
				(size_t)module->payload_length, &inside, sha256, err);
}

int mh_module_canon_begin(const struct modhash_module *module,
			  const struct modhash_canon_opts *opts, struct mh_hasher *sha256,
			  struct mh_canon *canon, struct modhash_error *err)
{
	struct mh_canon_opts inside = opts_inside(opts);

	if (module->trailer_status)
		return mh_module_fail_trailer(module, err);
	return mh_canon_begin(canon, module->ctx->budget, module->data,
			      (size_t)module->payload_length, &inside, sha256, err);
}

int mh_canon_info(const struct mh_canon *canon, struct modhash_canon_info *info)
{
	struct modhash_canon_info ours;
	const struct mh_btf_base *base =
		canon->has_distilled ? canon->distilled_base : canon->opts.base;

	if (!info)
		return 0;
	memset(&ours, 0, sizeof(ours));
	if (canon->has_btf) {
		ours.flags = MODHASH_CANON_HAS_BTF;
		ours.types = canon->btf.count;
		ours.duplicates = canon->btf_hashes.duplicates + canon->distilled_hashes.duplicates;
		memcpy(ours.base_sha256, base->sha256, sizeof(ours.base_sha256));
	}
	if (canon->has_distilled)
		ours.flags |= MODHASH_CANON_OWN_BASE;
	return mh_result_out(info, &ours, sizeof(ours));
}

static int digest_with(const struct modhash_module *module,
		       const struct modhash_canon_opts *opts, struct mh_hasher *sha256,
		       struct mh_hasher *outer, uint8_t *bytes, struct modhash_canon_info *info,
		       struct modhash_error *err)
{
	struct mh_canon canon;
	int ret = mh_module_canon_open(module, opts, sha256, &canon, err);

	if (ret < 0)
		return ret;
	ret = mh_canon_digest(&canon, outer, bytes, err);
	if (ret == 0)
		ret = mh_canon_info(&canon, info);
	mh_canon_close(&canon);
	return ret;
}

void mh_canon_digest_kind(int algorithm, struct modhash_digest *digest)
{
	digest->algorithm = (uint16_t)algorithm;
	digest->length = (uint16_t)modhash_algorithm_length(algorithm);
	digest->scope = MODHASH_SCOPE_CANONICAL;
	digest->version = MODHASH_CANON_FORM;
}

int mh_module_canonical(const struct modhash_module *module, int algorithm,
			const struct modhash_canon_opts *opts, struct mh_hasher *outer,
			struct modhash_digest *digest, struct modhash_canon_info *info,
			struct modhash_error *err)
{
	struct mh_hasher *sha256 = outer;
	int ret = 0;

	memset(digest, 0, sizeof(*digest));
	if (algorithm != MODHASH_ALGO_SHA256)
		ret = mh_hasher_new(module->ctx->hash_engine, MODHASH_ALGO_SHA256, &sha256, err);
	if (ret < 0)
		return ret;
	ret = digest_with(module, opts, sha256, outer, digest->bytes, info, err);
	if (sha256 != outer)
		mh_hasher_free(sha256);
	if (ret < 0) {
		memset(digest, 0, sizeof(*digest));
		return ret;
	}
	mh_canon_digest_kind(algorithm, digest);
	return 0;
}

MODHASH_API int modhash_module_canonical(const struct modhash_module *module, int algorithm,
					 const struct modhash_canon_opts *opts,
					 struct modhash_digest *digest,
					 struct modhash_canon_info *info,
					 struct modhash_error *err)
{
	struct modhash_canon_opts ours;
	struct mh_hasher *outer;
	int ret;

	if (!digest)
		return mh_fail_invalid(err, "no place for the digest");
	memset(digest, 0, sizeof(*digest));
	if (!module)
		return mh_fail_invalid(err, "no module");
	ret = mh_canon_opts_in(&ours, opts, err);
	if (ret == 0)
		ret = mh_hasher_new(module->ctx->hash_engine, algorithm, &outer, err);
	if (ret < 0)
		return ret;
	ret = mh_module_canonical(module, algorithm, &ours, outer, digest, info, err);
	mh_hasher_free(outer);
	return ret;
}

static void put_changes(const struct mh_canon *canon, const struct modhash_module *module,
			const struct mh_canon_changes *changes,
			struct modhash_canon_changes *theirs)
{
	struct modhash_canon_changes ours;
	const struct mh_elf_section *section = &canon->view.sections[canon->btf_section];

	memset(&ours, 0, sizeof(ours));
	ours.flags = (changes->btf ? MODHASH_CHANGED_BTF : 0) |
		     (changes->base ? MODHASH_CHANGED_BTF_BASE : 0) |
		     (changes->ids ? MODHASH_CHANGED_BTF_IDS : 0) |
		     (module->trailers ? MODHASH_CHANGED_TRAILERS : 0);
	ours.types = canon->btf.count;
	ours.moved = changes->moved;
	/* One without bytes is nowhere. */
	ours.btf_offset = section->data ? section->offset : MODHASH_OFFSET_NONE;
	ours.btf_length = section->data ? section->size : 0;
	mh_result_out(theirs, &ours, sizeof(ours));
}

/* Packed as the file was. */
static int hand_out(const struct modhash_module *module, struct mh_buf *bytes,
		    struct modhash_buffer *buffer, struct modhash_error *err)
{
	struct mh_buf packed = MH_BUF_OF(bytes->budget);
	int ret;

	if (module->compression != MODHASH_COMPRESSION_NONE) {
		ret = mh_pack((int)module->compression, bytes->data, bytes->length, &packed, err);
		mh_buf_free(bytes);
		if (ret < 0) {
			mh_buf_free(&packed);
			return ret;
		}
		*bytes = packed;
	}
	mh_buf_hand_out(bytes, buffer);
	return 0;
}

static int rewrite(const struct mh_canon *canon, const struct modhash_module *module,
		   struct modhash_buffer *buffer, struct modhash_canon_changes *changes,
		   struct modhash_error *err)
{
	struct mh_canon_changes inside;
	struct mh_buf bytes = MH_BUF_OF(module->ctx->budget);
	int ret = mh_canon_rewrite(canon, &bytes, &inside, err);

	if (ret < 0) {
		mh_buf_free(&bytes);
		return ret;
	}
	if (changes)
		put_changes(canon, module, &inside, changes);
	return hand_out(module, &bytes, buffer, err);
}

/* --- a vmlinux, or BTF as such --- */

/*
 * Ids that were filled in would have to follow, and where they all are is not known.  Flags
 * of sets are there from the beginning.
 */
static int check_unresolved(const struct mh_elf_view *view, struct modhash_error *err)
{
	uint32_t index = mh_elf_view_find(view, ".BTF_ids");
	const struct mh_elf_section *section = &view->sections[index];
	struct mh_btf_ids ids;
	uint64_t i = 0;
	int ret;

	while (section->data && i < section->size && !section->data[i])
		i++;
	if (!section->data || i == section->size)
		return 0;
	if (!view->symtab)
		return mh_fail(err, MODHASH_E_BTF_IDS, section->offset + i,
			       ".BTF_ids of a vmlinux without symbols is not empty: whether it is "
			       "filled in can't be told");
	ret = mh_btf_ids_open(&ids, view, index, err);
	if (ret < 0)
		return ret;
	ret = mh_btf_ids_check_empty(&ids, err);
	mh_btf_ids_close(&ids);
	return ret;
}

/* Where BTF is in a file that is no module; 0 bytes if it is a module after all. */
static int find_btf(const struct modhash_module *module, struct mh_part *btf,
		    struct modhash_error *err)
{
	const struct mh_elf_section *section;
	struct mh_elf_view view;
	int ret;

	*btf = (struct mh_part){ module->data, (size_t)module->payload_length };
	if (btf->length < 4 || memcmp(module->data, "\177ELF", 4))
		return 0;
	ret = mh_elf_view_open_in(&view, module->ctx->budget, module->data,
				  (size_t)module->payload_length, err);
	if (ret < 0)
		return ret;
	btf->length = 0;
	if (view.type != MH_ET_REL && view.count) {
		section = &view.sections[mh_elf_view_find(&view, ".BTF")];
		*btf = (struct mh_part){ section->data, (size_t)section->size };
		ret = section->data ? check_unresolved(&view, err) :
				      mh_fail(err, MODHASH_E_NOT_FOUND, MODHASH_OFFSET_NONE,
					      "the ELF file has no BTF");
	}
	mh_elf_view_close(&view);
	return ret;
}

static int rewrite_btf(const struct modhash_module *module, const struct mh_part *part,
		       const struct mh_btf_base *base, struct mh_hasher *sha256,
		       struct mh_buf *bytes, struct modhash_canon_changes *changes,
		       struct modhash_error *err)
{
	size_t offset = (size_t)((const uint8_t *)part->data - module->data);
	struct modhash_canon_changes ours = { 0 };
	struct mh_btf_rewritten rewritten;
	struct mh_btf_hashes hashes;
	struct mh_btf btf;
	struct mh_btf_graph graph = { .btf = &btf, .hashes = &hashes };
	int ret = mh_btf_open_in(&btf, module->ctx->budget, part->data, part->length, offset, base,
				 err);

	if (ret < 0)
		return ret;
	ret = mh_btf_hash(&btf, sha256, &hashes, err);
	if (ret == 0) {
		ret = mh_btf_rewrite(&graph, &rewritten, err);
		mh_btf_hashes_free(&hashes);
	}
	if (ret == 0) {
		ret = mh_buf_append(bytes, module->data, (size_t)module->payload_length, err);
		if (ret == 0) {
			if (memcmp(bytes->data + offset, rewritten.btf, part->length))
				ours.flags = MODHASH_CHANGED_BTF;
			memcpy(bytes->data + offset, rewritten.btf, part->length);
		}
		ours.types = btf.count;
		ours.moved = rewritten.moved;
		ours.btf_offset = offset;
		ours.btf_length = part->length;
		mh_btf_rewritten_free(&rewritten);
	}
	mh_btf_close(&btf);
	if (ret == 0 && changes)
		mh_result_out(changes, &ours, sizeof(ours));
	return ret;
}

/* 1 and the answer in @buffer, 0 if it is a module, or an error. */
static int rewrite_other(const struct modhash_module *module,
			 const struct modhash_canon_opts *opts, struct mh_hasher *sha256,
			 struct modhash_buffer *buffer, struct modhash_canon_changes *changes,
			 struct modhash_error *err)
{
	struct mh_buf bytes = MH_BUF_OF(module->ctx->budget);
	struct mh_part btf;
	int ret = find_btf(module, &btf, err);

	if (ret < 0 || !btf.length)
		return ret;
	ret = rewrite_btf(module, &btf, mh_btf_base_of(opts->base), sha256, &bytes, changes, err);
	if (ret == 0)
		ret = hand_out(module, &bytes, buffer, err);
	else
		mh_buf_free(&bytes);
	return ret < 0 ? ret : 1;
}

static int rewrite_any(const struct modhash_module *module,
		       const struct modhash_canon_opts *opts, struct mh_hasher *sha256,
		       struct modhash_buffer *buffer, struct modhash_canon_changes *changes,
		       struct modhash_error *err)
{
	struct mh_canon canon = { 0 };
	int ret = 0;

	/* What is no module has nothing to leave as it is, and can't do without its BTF. */
	if (opts->policy == MODHASH_BTF_CANONICAL)
		ret = rewrite_other(module, opts, sha256, buffer, changes, err);
	if (ret)
		return ret < 0 ? ret : 0;
	ret = mh_module_canon_open(module, opts, sha256, &canon, err);
	if (ret < 0)
		return ret;
	ret = rewrite(&canon, module, buffer, changes, err);
	mh_canon_close(&canon);
	return ret;
}

MODHASH_API int modhash_module_canon_rewrite(const struct modhash_module *module,
					     const struct modhash_canon_opts *opts,
					     struct modhash_buffer *buffer,
					     struct modhash_canon_changes *changes,
					     struct modhash_error *err)
{
	struct modhash_canon_opts ours;
	struct mh_hasher *sha256;
	int ret;

	if (!buffer)
		return mh_fail_invalid(err, "no place for the bytes");
	memset(buffer, 0, sizeof(*buffer));
	if (!module)
		return mh_fail_invalid(err, "no module");
	ret = mh_canon_opts_in(&ours, opts, err);
	if (ret == 0)
		ret = mh_hasher_new(module->ctx->hash_engine, MODHASH_ALGO_SHA256, &sha256, err);
	if (ret < 0)
		return ret;
	ret = rewrite_any(module, &ours, sha256, buffer, changes, err);
	mh_hasher_free(sha256);
	return ret;
}
