/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The canonical digest and the rewrite, under each policy: the rewrite keeps the digest, doing
 * it twice is doing it once, and whatever it yields compares equal.
 */
#include "elf-view.h"
#include "fuzz.h"

static bool is_zero(const void *data, size_t length)
{
	const uint8_t *bytes = data;

	for (; length; length--) {
		if (*bytes++)
			return false;
	}
	return true;
}

static void told_well(int rc, const struct modhash_error *err)
{
	fuzz_must_fail_well(rc, err, FUZZ_LIMIT);
	MUST(rc != MODHASH_E_NOMEM && rc != MODHASH_E_CRYPTO);
}

/* 0, and the digest; it is the same by all doors. */
static int digest(const struct modhash_module *module, struct modhash_canon_opts opts,
		  struct modhash_digest *out)
{
	struct modhash_digest_spec spec;
	struct modhash_digest other;
	struct modhash_canon_info info;
	struct modhash_error err;
	int rc;

	MODHASH_INIT(info);
	rc = modhash_module_canonical(module, MODHASH_ALGO_SHA256, &opts, out, &info, &err);
	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = MODHASH_SCOPE_CANONICAL;
	spec.version = MODHASH_CANON_FORM;
	spec.canon = &opts;
	MUST(modhash_module_digest(module, &spec, &other, NULL) == rc);
	if (rc) {
		told_well(rc, &err);
		MUST(is_zero(out, sizeof(*out)));
		return rc;
	}
	MUST(modhash_digest_equal(out, &other));
	opts.flags = MODHASH_CANON_STRICT;
	rc = modhash_module_canonical(module, MODHASH_ALGO_SHA256, &opts, &other, NULL, NULL);
	MUST(rc == 0 ? modhash_digest_equal(out, &other) : rc == MODHASH_E_AMBIGUOUS);
	/* Duplicates in the base are ambiguous, too; without any, nothing is. */
	if (rc)
		MUST(info.duplicates || opts.base);
	return 0;
}

static struct modhash_module *from_buffer(const struct modhash_buffer *buffer)
{
	struct modhash_module *module;

	MUST(modhash_module_from_memory(fuzz_ctx(), buffer->data, buffer->length, &module,
					NULL) == 0);
	return module;
}

static void must_be_equal(const struct modhash_module *a, const struct modhash_module *b,
			  const struct modhash_canon_opts *opts)
{
	struct modhash_comparison comparison;
	struct modhash_error err;
	int rc;

	MODHASH_INIT(comparison);
	rc = modhash_compare(a, b, opts, opts, NULL, NULL, &comparison, &err);
	MUST(rc == 0);
	MUST(!(comparison.kinds & ~MODHASH_DIFFERS_BENIGN));
	MUST(!(comparison.kinds & (MODHASH_DIFFERS_BUILD_ID | MODHASH_DIFFERS_DEBUG)));
}

/* @buffer is @module rewritten. */
static void check_rewritten(const struct modhash_module *module,
			    const struct modhash_canon_opts *opts,
			    const struct modhash_buffer *buffer,
			    const struct modhash_digest *before)
{
	struct modhash_module *rewritten = from_buffer(buffer);
	struct modhash_canon_changes changes;
	struct modhash_digest after;
	struct modhash_buffer again;
	struct modhash_error err;

	if (before) {
		MUST(digest(rewritten, *opts, &after) == 0);
		MUST(modhash_digest_equal(before, &after));
		must_be_equal(module, rewritten, opts);
		must_be_equal(rewritten, rewritten, opts);
	}
	MODHASH_INIT(changes);
	MUST(modhash_module_canon_rewrite(rewritten, opts, &again, &changes, &err) == 0);
	MUST(!changes.moved && !changes.flags);
	MUST(again.length == buffer->length && !memcmp(again.data, buffer->data, again.length));
	modhash_buffer_clear(&again);
	modhash_module_free(rewritten);
}

static void check_policy(const struct modhash_module *module, uint32_t policy, bool is_module)
{
	struct modhash_canon_opts opts = fuzz_canon_opts(module, policy);
	struct modhash_canon_changes changes;
	struct modhash_digest before;
	struct modhash_buffer buffer;
	struct modhash_error err;
	int digested = digest(module, opts, &before), rc;

	MODHASH_INIT(changes);
	rc = modhash_module_canon_rewrite(module, &opts, &buffer, &changes, &err);
	if (rc) {
		MUST(!buffer.data && !buffer.length);
		told_well(rc, &err);
		return;
	}
	MUST(changes.moved <= changes.types || policy == MODHASH_BTF_CANONICAL);
	if (changes.btf_offset == MODHASH_OFFSET_NONE)
		MUST(!changes.btf_length);
	else
		MUST(changes.btf_offset <= FUZZ_LIMIT &&
		     changes.btf_length <= FUZZ_LIMIT - changes.btf_offset);
	/* What is no module can be rewritten, and has no digest. */
	MUST(!digested || !is_module);
	check_rewritten(module, &opts, &buffer, digested ? NULL : &before);
	modhash_buffer_clear(&buffer);
}

static void run(const uint8_t *data, size_t length)
{
	struct modhash_module_info info;
	struct modhash_module *module;
	struct mh_elf_view view;
	bool is_module = false;

	if (modhash_module_from_memory(fuzz_ctx(), data, length, &module, NULL))
		return;
	MODHASH_INIT(info);
	MUST(modhash_module_info(module, &info) == 0);
	/* Packing is slow, and another target's. */
	if (info.compression == MODHASH_COMPRESSION_NONE) {
		if (!mh_elf_view_open(&view, info.data, info.payload_length, NULL)) {
			is_module = view.type == MH_ET_REL;
			mh_elf_view_close(&view);
		}
		check_policy(module, MODHASH_BTF_CANONICAL, is_module);
		check_policy(module, MODHASH_BTF_RAW, is_module);
		check_policy(module, MODHASH_BTF_DROP, is_module);
	}
	modhash_module_free(module);
}

extern const struct fuzz_target fuzz_canon;
const struct fuzz_target fuzz_canon = {
	.name = "canon",
	.run = run,
	.max_length = 8192,
	.covers = "lib/canon.c lib/canon-door.c lib/canon-section.c lib/canon-gaps.c "
		  "lib/canon-rewrite.c lib/elf-drop.c lib/btf-ids.c lib/btf-ties.c "
		  "lib/btf-rewrite.c lib/spare-strings.c",
};
