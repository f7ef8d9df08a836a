/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * BTF: a base (behind its length; none if that is 0), then what continues it.  The reader, the
 * hashes and the rewrite are internal; the public door to all three comes last.
 *
 * What is read well is taken apart by tests/unit/btf-lab.c, which knows BTF on its own, put in
 * another order, and has to have the same digest, and the same rewrite.
 */
#include "btf-lab.h"
#include "btf-rewrite.h"
#include "btf.h"
#include "fuzz.h"

static struct mh_hasher *sha256;

/* Ids and names are those of types and strings that are there. */
static void check_words(const struct mh_btf *btf)
{
	uint32_t strings = btf->first_string + btf->strings_length;

	for (uint32_t i = 0; i < btf->count; i++) {
		const uint32_t *type = mh_btf_type(btf, i);
		const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(type[1])];

		MUST(mh_btf_info_kind(type[1]) && mh_btf_info_kind(type[1]) < MH_BTF_KINDS);
		for (uint32_t j = 0; j < mh_btf_type_words(btf, i); j++) {
			char slot = lab_word(type[1], j);

			MUST((slot == 't') == (mh_btf_slot(layout, j) == MH_BTF_ID));
			MUST((slot == 'n') == (mh_btf_slot(layout, j) == MH_BTF_NAME));
			if (slot == 't')
				MUST(type[j] < btf->end_id);
			if (slot == 'n')
				MUST(!type[j] || type[j] < strings);
			if (slot == 'n')
				MUST(strlen(mh_btf_string(btf, type[j])) < strings);
		}
		MUST(mh_btf_kind(btf, btf->first_id + i) == mh_btf_info_kind(type[1]));
		MUST(mh_btf_name(btf, btf->first_id + i) == mh_btf_string(btf, type[0]));
	}
}

/* Hashes, sorted; and the digest over them. */
static int digest(const struct mh_btf *btf, struct mh_btf_hashes *hashes, uint8_t out[32])
{
	struct mh_buf message = MH_BUF_EMPTY;
	struct mh_part part;
	struct modhash_error err;
	int rc = mh_btf_hash(btf, sha256, hashes, &err);

	if (rc) {
		MUST(rc == MODHASH_E_TOO_COMPLEX);
		fuzz_must_fail_well(rc, &err, btf->offset + btf->length);
		return rc;
	}
	for (uint32_t i = 1; i < btf->count; i++)
		MUST(memcmp(mh_btf_hash_of(btf, hashes->hashes, btf->first_id + hashes->sorted[i - 1]),
			    mh_btf_hash_of(btf, hashes->hashes, btf->first_id + hashes->sorted[i]),
			    32) <= 0);
	MUST(mh_btf_digest_message(btf, NULL, hashes, &message, NULL) == 0);
	part = (struct mh_part){ message.data, message.length };
	MUST(mh_hasher_parts(sha256, &part, 1, out, NULL) == 0);
	mh_buf_free(&message);
	return 0;
}

static int rewrite(const struct mh_btf *btf, const struct mh_btf_hashes *hashes, uint8_t **out,
		   uint32_t *moved)
{
	struct mh_btf_graph graph = { .btf = btf, .hashes = hashes };
	struct mh_btf_rewritten rewritten;
	struct modhash_error err;
	int rc = mh_btf_rewrite(&graph, &rewritten, &err);

	*out = NULL;
	if (rc) {
		MUST(rc == MODHASH_E_REWRITE || rc == MODHASH_E_AMBIGUOUS ||
		     rc == MODHASH_E_TOO_COMPLEX);
		fuzz_must_fail_well(rc, &err, btf->offset + btf->length);
		return rc;
	}
	MUST(rewritten.moved <= btf->count);
	*moved = rewritten.moved;
	*out = fuzz_copy(rewritten.btf, btf->length);
	mh_btf_rewritten_free(&rewritten);
	return 0;
}

/* The same graph in other bytes: the digest is the same, and so is what it is rewritten to. */
static void check_same(const uint8_t *data, size_t length, const struct mh_btf_base *base,
		       const uint8_t before[32], int expected, const uint8_t *rewritten,
		       bool fixed)
{
	struct mh_btf_hashes hashes;
	uint8_t after[32], *again;
	struct mh_btf btf;
	uint32_t moved;
	int rc;

	MUST(mh_btf_open(&btf, data, length, 0, base, NULL) == 0);
	MUST(digest(&btf, &hashes, after) == 0);
	MUST(!memcmp(before, after, 32));
	rc = rewrite(&btf, &hashes, &again, &moved);
	MUST(rc == expected);
	if (!rc)
		MUST(!memcmp(again, rewritten, length));
	if (!rc && fixed)
		MUST(!moved);
	free(again);
	mh_btf_hashes_free(&hashes);
	mh_btf_close(&btf);
}

static void check_permuted(const struct mh_btf *btf, const uint8_t before[32], int expected,
			   const uint8_t *rewritten)
{
	uint64_t seed = before[0] + 256u * before[1];
	struct lab lab;
	uint8_t *bytes;
	size_t length;

	lab_parse(&lab, btf->data, btf->length, btf->first_id, btf->first_string);
	MUST(lab.count == btf->count && lab.strings_length == btf->strings_length);
	bytes = lab_write(&lab, &length);
	MUST(length == btf->length && !memcmp(bytes, btf->data, length));
	free(bytes);
	lab_permute(&lab, &seed, NULL, NULL);
	bytes = lab_write(&lab, &length);
	check_same(bytes, length, btf->base, before, expected, rewritten, false);
	free(bytes);
	lab_free(&lab);
}

static void check_btf(const struct mh_btf *btf)
{
	struct mh_btf_hashes hashes;
	uint8_t before[32], *rewritten;
	uint32_t moved = 0;
	int rc;

	check_words(btf);
	if (digest(btf, &hashes, before))
		return;
	rc = rewrite(btf, &hashes, &rewritten, &moved);
	if (!rc)
		check_same(rewritten, btf->length, btf->base, before, 0, rewritten, true);
	check_permuted(btf, before, rc, rewritten);
	free(rewritten);
	mh_btf_hashes_free(&hashes);
}

/* A base is what its cache says. */
static void check_base(const struct mh_btf_base *base)
{
	struct mh_buf file = MH_BUF_EMPTY, again = MH_BUF_EMPTY;
	struct mh_btf_base *loaded;

	MUST(mh_btf_base_save(base, sha256, &file, NULL) == 0);
	MUST(mh_btf_base_load(file.data, file.length, base->sha256, sha256, &loaded, NULL) == 0);
	MUST(loaded->end_id == base->end_id && loaded->duplicates == base->duplicates);
	MUST(mh_btf_base_save(loaded, sha256, &again, NULL) == 0);
	MUST(file.length == again.length && !memcmp(file.data, again.data, file.length));
	mh_btf_base_free(loaded);
	mh_buf_free(&file);
	mh_buf_free(&again);
}

/* By the public door: BTF that is no ELF file is rewritten as such. */
static void check_door(const uint8_t *data, size_t length, const struct mh_btf_base *base)
{
	struct modhash_canon_opts opts;
	struct modhash_buffer buffer;
	struct modhash_module *module;
	struct modhash_error err;
	int rc;

	MODHASH_INIT(opts);
	opts.form = MODHASH_CANON_FORM;
	opts.policy = MODHASH_BTF_CANONICAL;
	opts.base = (const struct modhash_btf_base *)(const void *)base;
	if (modhash_module_from_memory(fuzz_ctx(), data, length, &module, NULL))
		return;
	rc = modhash_module_canon_rewrite(module, &opts, &buffer, NULL, &err);
	if (rc)
		fuzz_must_fail_well(rc, &err, FUZZ_LIMIT);
	modhash_buffer_clear(&buffer);
	modhash_module_free(module);
}

static void run(const uint8_t *data, size_t length)
{
	struct fuzz_input input = { data, length }, piece = fuzz_take_piece(&input);
	uint8_t *first = fuzz_copy(piece.data, piece.length);
	uint8_t *second = fuzz_copy(input.data, input.length);
	struct mh_btf_base *base = NULL;
	struct modhash_error err;
	struct mh_btf btf;
	int rc = 0;

	if (!sha256)
		MUST(mh_hasher_new(MODHASH_ENGINE_AUTO, MODHASH_ALGO_SHA256, &sha256, NULL) == 0);
	if (piece.length)
		rc = mh_btf_base_new(first, piece.length, 0, sha256, &base, &err);
	if (!rc && base)
		check_base(base);
	if (!rc)
		rc = mh_btf_open(&btf, second, input.length, 0, base, &err);
	if (rc) {
		fuzz_must_fail_well(rc, &err, length);
	} else {
		check_btf(&btf);
		mh_btf_close(&btf);
	}
	if (!piece.length || base)
		check_door(second, input.length, base);
	mh_btf_base_free(base);
	free(first);
	free(second);
}

extern const struct fuzz_target fuzz_btf;
const struct fuzz_target fuzz_btf = {
	.name = "btf",
	.run = run,
	.max_length = 8192,
	.covers = "lib/btf-read.c lib/btf-hash.c lib/btf-components.c lib/btf-refine.c "
		  "lib/btf-digest.c lib/btf-order.c lib/btf-ties.c lib/btf-rewrite.c "
		  "lib/spare-strings.c",
};
