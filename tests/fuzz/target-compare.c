/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two modules, the first behind its length: compared both ways round, with the same outcome,
 * and one that the digests agree with.
 */
#include "fuzz.h"

static int told(void *user, const struct modhash_difference *difference)
{
	uint32_t *kinds = user;

	MUST(difference->name && difference->detail);
	MUST(difference->kind && !(difference->kind & (difference->kind - 1)));
	MUST(fuzz_is_plain(difference->detail));
	*kinds |= difference->kind;
	return 0;
}

static int compare(const struct modhash_module *a, const struct modhash_module *b,
		   uint32_t policy, uint32_t *kinds)
{
	struct modhash_canon_opts opts_a = fuzz_canon_opts(a, policy);
	struct modhash_canon_opts opts_b = fuzz_canon_opts(b, policy);
	struct modhash_comparison comparison;
	struct modhash_error err;
	uint32_t seen = 0;
	int rc;

	MODHASH_INIT(comparison);
	rc = modhash_compare(a, b, &opts_a, &opts_b, told, &seen, &comparison, &err);
	if (rc) {
		MUST(comparison.failed <= 2 && !comparison.kinds);
		fuzz_must_fail_well(rc, &err, FUZZ_LIMIT);
		return rc;
	}
	MUST(seen == comparison.kinds && !comparison.failed);
	*kinds = comparison.kinds;
	return 0;
}

static int digest(const struct modhash_module *module, uint32_t policy,
		  struct modhash_digest *out)
{
	struct modhash_canon_opts opts = fuzz_canon_opts(module, policy);

	return modhash_module_canonical(module, MODHASH_ALGO_SHA256, &opts, out, NULL, NULL);
}

static void check_policy(const struct modhash_module *a, const struct modhash_module *b,
			 uint32_t policy)
{
	const uint32_t nowhere = MODHASH_DIFFERS_COMPRESSION | MODHASH_DIFFERS_TRAILERS |
				 MODHASH_DIFFERS_LAYOUT | MODHASH_DIFFERS_BTF_ORDER |
				 MODHASH_DIFFERS_BTF;
	struct modhash_digest digest_a, digest_b;
	uint32_t there = 0, back = 0;
	int rc = compare(a, b, policy, &there);

	MUST(!compare(b, a, policy, &back) == !rc);
	if (rc)
		return;
	MUST(there == back);
	/* Modules that are the same byte by byte need not have a canonical form. */
	if (digest(a, policy, &digest_a) || digest(b, policy, &digest_b))
		return;
	MUST(modhash_digest_equal(&digest_a, &digest_b) == !(there & ~nowhere));
}

static void run(const uint8_t *data, size_t length)
{
	struct fuzz_input input = { data, length }, piece = fuzz_take_piece(&input);
	uint8_t *first = fuzz_copy(piece.data, piece.length);
	uint8_t *second = fuzz_copy(input.data, input.length);
	struct modhash_module *a = NULL, *b = NULL;

	if (!modhash_module_from_memory(fuzz_ctx(), first, piece.length, &a, NULL) &&
	    !modhash_module_from_memory(fuzz_ctx(), second, input.length, &b, NULL)) {
		check_policy(a, b, MODHASH_BTF_CANONICAL);
		check_policy(a, b, MODHASH_BTF_RAW);
		check_policy(a, b, MODHASH_BTF_DROP);
	}
	modhash_module_free(a);
	modhash_module_free(b);
	free(first);
	free(second);
}

extern const struct fuzz_target fuzz_compare;
const struct fuzz_target fuzz_compare = {
	.name = "compare",
	.run = run,
	.max_length = 16384,
	.covers = "lib/compare.c lib/compare-parts.c lib/compare-symbols.c lib/compare-types.c",
};
