/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two modules: the same, the same but for something, or different, and in what.
 */
#ifndef MODHASH_COMPARE_H
#define MODHASH_COMPARE_H

#include <modhash/attributes.h>
#include <modhash/canon.h>
#include <modhash/error.h>
#include <modhash/module.h>

MODHASH_BEGIN_DECLS

/* What two modules can differ in, as bits.  Those of MODHASH_DIFFERS_BENIGN leave them equal. */
#define MODHASH_DIFFERS_COMPRESSION (1u << 0) /* packed in another way */
#define MODHASH_DIFFERS_TRAILERS (1u << 1)	   /* signatures and proofs */
#define MODHASH_DIFFERS_LAYOUT (1u << 2)	   /* where sections lie, and their numbers */
#define MODHASH_DIFFERS_BTF_ORDER (1u << 3)   /* numbers of types, order of strings */
#define MODHASH_DIFFERS_BUILD_ID (1u << 4)
#define MODHASH_DIFFERS_DEBUG (1u << 5)	   /* debug sections, and what else strip takes */
#define MODHASH_DIFFERS_BTF (1u << 6)	   /* BTF, where the policy leaves it out */
#define MODHASH_DIFFERS_HEADER (1u << 16)	   /* the ELF header */
#define MODHASH_DIFFERS_SECTION (1u << 17)	   /* a section: its contents, or that it is there */
#define MODHASH_DIFFERS_SYMBOL (1u << 18)
#define MODHASH_DIFFERS_MODINFO (1u << 19)
#define MODHASH_DIFFERS_TYPE (1u << 20)	   /* a type in BTF */

#define MODHASH_DIFFERS_BENIGN 0xffffu

/**
 * struct modhash_difference - one difference
 * @size: sizeof(struct modhash_difference)
 * @kind: one MODHASH_DIFFERS_*
 * @name: of the section, symbol, key or type, or ""; NUL-terminated bytes of the file:
 *	escape them before you print them
 * @detail: what differs, in words; UTF-8, one line
 *
 * Since: 0.1
 */
struct modhash_difference {
	uint32_t size;
	uint32_t kind;
	const char *name;
	const char *detail;
};

/**
 * struct modhash_comparison - what came of comparing two modules
 * @size: sizeof(struct modhash_comparison)
 * @kinds: all MODHASH_DIFFERS_* that there are; 0: the files are the same
 * @failed: which of the two a failure is about, 1 or 2; 0 without one, and if it is about
 *	neither
 * @reserved: zero
 *
 * Since: 0.1
 */
struct modhash_comparison {
	uint32_t size;
	uint32_t kinds;
	uint32_t failed;
	uint32_t reserved;
};

/**
 * modhash_compare() - compare two modules
 * @a: one
 * @b: the other
 * @opts_a: canonical form for @a; with MODHASH_BTF_CANONICAL, its base
 * @opts_b: for @b, of the same form and policy; its base may be another
 * @told: called for each difference; a non-zero return ends it and is returned.  May
 *	be NULL.
 * @user: handed to @told
 * @result: in: its @size; out: the rest
 * @err: out, may be NULL
 *
 * The modules are equal if no bit outside of MODHASH_DIFFERS_BENIGN is set.
 *
 * Return: 0; what modhash_module_canonical() returns; or what @told returned.
 * Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_compare(
	const struct modhash_module *a, const struct modhash_module *b,
	const struct modhash_canon_opts *opts_a, const struct modhash_canon_opts *opts_b,
	int (*told)(void *user, const struct modhash_difference *difference), void *user,
	struct modhash_comparison *result, struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_COMPARE_H */
