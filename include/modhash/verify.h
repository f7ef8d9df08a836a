/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Verdicts: is this module known, and if not, why not?
 */
#ifndef MODHASH_VERIFY_H
#define MODHASH_VERIFY_H

#include <modhash/attributes.h>
#include <modhash/batch.h>
#include <modhash/blob.h>
#include <modhash/codes.h>
#include <modhash/context.h>
#include <modhash/digest.h>
#include <modhash/error.h>
#include <modhash/files.h>
#include <modhash/merkle.h>
#include <modhash/module.h>

MODHASH_BEGIN_DECLS

/* struct modhash_verdict: @answer */
#define MODHASH_ANSWER_YES 0	   /* known */
#define MODHASH_ANSWER_NO 1	   /* not known */
#define MODHASH_ANSWER_NOT_TOLD 2  /* could not be told */

/**
 * struct modhash_verdict - what was found of one module
 * @size: sizeof(struct modhash_verdict)
 * @answer: MODHASH_ANSWER_*
 * @reason: MODHASH_REASON_* (codes.h).  New ones may be added: go by @answer.
 * @status: the MODHASH_E_* behind the reason, or 0
 * @blob: index of the blob that knows it, or that the reason was found with; or
 *	UINT32_MAX
 * @position: its position in the order of the build, as far as known, else UINT32_MAX
 * @entry: which digest of that blob, or UINT64_MAX
 * @digest: what it was looked up by, or all zero.  With a root, the leaf.
 * @detail: one more sentence for people, or "": what was found, what was expected,
 *	what to do.  UTF-8; control characters from files are escaped.
 *
 * Since: 0.1
 */
struct modhash_verdict {
	uint32_t size;
	uint32_t answer;
	uint32_t reason;
	int32_t status;
	uint32_t blob;
	uint32_t position;
	uint64_t entry;
	struct modhash_digest digest;
	char detail[480];
};

/**
 * modhash_reason_name() - the name of a reason
 * @reason: MODHASH_REASON_*
 *
 * Return: a static string for programs, such as "proof-missing", or NULL.
 * Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API const char *modhash_reason_name(uint32_t reason);

/**
 * modhash_reason_text() - a reason in words
 * @reason: MODHASH_REASON_*
 *
 * Return: a static string for people; "unknown reason" for one that this library does
 * not know; never NULL.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API const char *modhash_reason_text(uint32_t reason);

struct modhash_verifier;

/**
 * modhash_verifier_new() - a set of blobs to ask
 * @ctx: context; must outlive the verifier
 * @verifier: out, to be freed with modhash_verifier_free()
 * @err: out, may be NULL
 *
 * Return: 0, MODHASH_E_INVALID or MODHASH_E_NOMEM.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_verifier_new(const struct modhash_ctx *ctx,
							struct modhash_verifier **verifier,
							struct modhash_error *err);

/**
 * modhash_verifier_free() - free a verifier
 * @verifier: the verifier, or NULL
 *
 * Since: 0.1
 */
MODHASH_API void modhash_verifier_free(struct modhash_verifier *verifier);

/**
 * modhash_verifier_add_blob() - one more blob: a module is known if any knows it
 * @verifier: the verifier
 * @blob: the blob, of any format; must outlive the verifier
 * @err: out, may be NULL
 *
 * Return: 0, MODHASH_E_INVALID or MODHASH_E_NOMEM.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_verifier_add_blob(struct modhash_verifier *verifier,
							     const struct modhash_blob *blob,
							     struct modhash_error *err);

/**
 * modhash_verifier_digest() - is this digest in any of the blobs?
 * @verifier: the verifier
 * @digest: a digest.  Blobs of another algorithm or scope, and roots, don't know it.
 * @verdict: in: its @size; out: the rest
 * @err: out, may be NULL
 *
 * Return: 0 with a verdict; MODHASH_E_SCOPE if there is no blob that could be asked;
 * MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int
modhash_verifier_digest(const struct modhash_verifier *verifier,
			const struct modhash_digest *digest, struct modhash_verdict *verdict,
			struct modhash_error *err);

/**
 * modhash_verifier_check() - is this module known, and if not, why not?
 * @verifier: the verifier
 * @module: the module
 * @name: its path, for what a table remembers by name, or NULL
 * @proof: a proof that is not appended to it, or NULL
 * @verdict: in: its @size; out: the rest
 * @err: out, may be NULL
 *
 * What can be told from this module alone.  modhash_verifier_run() knows more: what the
 * modules around it have in common.
 *
 * Return: 0 with a verdict, whatever it is; MODHASH_E_INVALID; MODHASH_E_NOMEM;
 * MODHASH_E_STOPPED (by the context's @stop); MODHASH_E_CRYPTO.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int
modhash_verifier_check(const struct modhash_verifier *verifier,
		       const struct modhash_module *module, const char *name,
		       const struct modhash_proof *proof, struct modhash_verdict *verdict,
		       struct modhash_error *err);

/* modhash_verifier_run(): @flags */
#define MODHASH_VERIFY_COMPLETE (1u << 0) /* the files should be all modules of the build */

/**
 * struct modhash_verify_result - the verdict on one module
 * @size: sizeof(struct modhash_verify_result)
 * @reserved: zero
 * @index: in the list of files, or UINT64_MAX for one that is missing
 * @name: of the module
 * @verdict: the verdict
 *
 * Since: 0.1
 */
struct modhash_verify_result {
	uint32_t size;
	uint32_t reserved;
	uint64_t index;
	const char *name;
	const struct modhash_verdict *verdict;
};

#define MODHASH_ROOT_NOT_TRIED 0 /* no root was asked, or no order, or files are missing */
#define MODHASH_ROOT_SAME 1	 /* files and order yield the root that was asked */
#define MODHASH_ROOT_OTHER 2	 /* they yield another */

/**
 * struct modhash_verify_summary - a run as a whole
 * @size: sizeof(struct modhash_verify_summary)
 * @root: MODHASH_ROOT_*: what recomputing the root from all files gave
 * @known: modules that are
 * @unknown: modules that are not (MODHASH_ANSWER_NO), missing ones left out
 * @missing: modules of the order, or of a table's names, for which there is no file
 * @not_told: MODHASH_ANSWER_NOT_TOLD
 *
 * Since: 0.1
 */
struct modhash_verify_summary {
	uint32_t size;
	uint32_t root;
	uint64_t known;
	uint64_t unknown;
	uint64_t missing;
	uint64_t not_told;
};

/**
 * modhash_verifier_run() - verdicts on many modules
 * @verifier: the verifier
 * @files: the files, in the order of the build if that is known
 *	(modhash_files_order()).  A file NAME.merkle beside a module that has no
 *	proof appended is its proof.
 * @flags: MODHASH_VERIFY_*
 * @opts: how, or NULL
 * @result: called for each file in the order of @files, known ones too, then
 *	for each that is missing (with MODHASH_VERIFY_COMPLETE); on the caller's
 *	thread; a non-zero return ends the run and is returned
 * @user: handed to @result
 * @summary: in: its @size; out: the rest.  May be NULL.
 * @err: out, may be NULL: only what ends the run
 *
 * Return: 0 with verdicts, whatever they are; MODHASH_E_STOPPED; MODHASH_E_NOMEM;
 * MODHASH_E_CRYPTO; MODHASH_E_INVALID; or what @result returned.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_verifier_run(
	const struct modhash_verifier *verifier, const struct modhash_files *files, uint32_t flags,
	const struct modhash_run_opts *opts,
	int (*result)(void *user, const struct modhash_verify_result *result), void *user,
	struct modhash_verify_summary *summary, struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_VERIFY_H */
