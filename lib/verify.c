// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The set of blobs that is asked, and one module's way through it.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "options.h"
#include "verify.h"

int modhash_verifier_new(const struct modhash_ctx *ctx, struct modhash_verifier **verifier,
			 struct modhash_error *err)
{
	if (!verifier)
		return mh_fail_invalid(err, "verifier");
	*verifier = NULL;
	if (!ctx)
		return mh_fail_invalid(err, "ctx");
	*verifier = calloc(1, sizeof(**verifier));
	if (!*verifier)
		return mh_fail_nomem(err);
	(*verifier)->ctx = ctx;
	return 0;
}

void modhash_verifier_free(struct modhash_verifier *verifier)
{
	if (!verifier)
		return;
	free(verifier->asked);
	free(verifier);
}

int modhash_verifier_add_blob(struct modhash_verifier *verifier, const struct modhash_blob *blob,
			      struct modhash_error *err)
{
	struct modhash_digest root;
	struct mh_asked *asked;
	int rc;

	if (!verifier || !blob)
		return mh_fail_invalid(err, "verifier or blob");
	asked = reallocarray(verifier->asked, (size_t)verifier->count + 1, sizeof(*asked));
	if (!asked)
		return mh_fail_nomem(err);
	verifier->asked = asked;
	asked += verifier->count;
	memset(asked, 0, sizeof(*asked));
	asked->blob = blob;
	MODHASH_INIT(asked->info);
	rc = modhash_blob_info(blob, &asked->info);
	if (!rc && asked->info.format == MODHASH_FORMAT_MERKLE) {
		rc = modhash_blob_digest(blob, 0, &root);
		memcpy(asked->root, root.bytes, sizeof(asked->root));
	}
	if (rc)
		return mh_fail(err, rc, MODHASH_OFFSET_NONE, "the blob can't be asked");
	verifier->count++;
	return 0;
}

void mh_asker_fini(struct mh_asker *asker)
{
	for (size_t i = 0; i < MH_ALGORITHMS; i++)
		mh_hasher_free(asker->hashers[i]);
	memset(asker, 0, sizeof(*asker));
}

int mh_hasher_for(struct mh_asker *asker, int algorithm, struct mh_hasher **hasher,
		  struct modhash_error *err)
{
	struct mh_hasher **slot;

	if (algorithm < 0 || algorithm >= MH_ALGORITHMS)
		return mh_fail(err, MODHASH_E_ALGORITHM, MODHASH_OFFSET_NONE,
			       "hash algorithm %d is not known", algorithm);
	slot = &asker->hashers[algorithm];
	if (!*slot) {
		int rc = mh_hasher_new(asker->engine, algorithm, slot, err);

		if (rc)
			return rc;
		mh_hasher_set_stop(*slot, asker->stop);
	}
	*hasher = *slot;
	return 0;
}

static void start_verdict(struct modhash_verdict *verdict)
{
	memset(verdict, 0, sizeof(*verdict));
	verdict->size = sizeof(*verdict);
	verdict->answer = MODHASH_ANSWER_NO;
	verdict->reason = MODHASH_REASON_UNKNOWN;
	verdict->blob = UINT32_MAX;
	verdict->position = UINT32_MAX;
	verdict->entry = UINT64_MAX;
}

void mh_verdict_set(struct modhash_verdict *verdict, uint32_t answer, uint32_t reason, int status,
		    const char *format, ...)
{
	va_list args;

	verdict->answer = answer;
	verdict->reason = reason;
	verdict->status = status;
	va_start(args, format);
	vsnprintf(verdict->detail, sizeof(verdict->detail), format, args);
	va_end(args);
}

/* The reason behind a file that can't be read; a malformed one is a plain "no". */
void mh_verdict_unreadable(struct modhash_verdict *verdict, int status,
			   const struct modhash_error *err)
{
	uint32_t answer = MODHASH_ANSWER_NOT_TOLD;
	uint32_t reason = MODHASH_REASON_UNREADABLE;

	start_verdict(verdict);
	if (status == MODHASH_E_UNPACK) {
		answer = MODHASH_ANSWER_NO;
		reason = MODHASH_REASON_CORRUPT;
	} else if (status == MODHASH_E_LIMIT) {
		reason = MODHASH_REASON_TOO_LARGE;
	} else if (status == MODHASH_E_NO_DECOMPRESSOR) {
		reason = MODHASH_REASON_NO_DECOMPRESSOR;
	}
	mh_verdict_set(verdict, answer, reason, status, "%s", "");
	modhash_error_format(err, NULL, verdict->detail, sizeof(verdict->detail));
}

/* Was that digest taken already? */
static bool was_foreseen(const struct mh_question *question, uint32_t algorithm, uint32_t scope,
			 uint64_t place, struct modhash_digest *digest)
{
	const struct mh_foreseen *foreseen = question->foreseen;

	for (unsigned int i = 0; foreseen && i < foreseen->count; i++) {
		if (foreseen->place[i] == place && foreseen->digest[i].scope == scope &&
		    foreseen->digest[i].algorithm == algorithm) {
			*digest = foreseen->digest[i];
			return true;
		}
	}
	return false;
}

int mh_verify_digest_of(struct mh_question *question, uint32_t which, uint64_t length,
			struct modhash_digest *digest, struct modhash_error *err)
{
	const struct modhash_blob_info *info = &question->verifier->asked[which].info;
	struct mh_part part = { question->module->data, length };
	struct mh_hasher *hasher;
	int rc;

	if (was_foreseen(question, info->algorithm, info->scope, length, digest))
		return 0;
	memset(digest, 0, sizeof(*digest));
	rc = mh_hasher_for(question->asker, (int)info->algorithm, &hasher, err);
	if (rc)
		return rc;
	rc = mh_hasher_parts(hasher, &part, 1, digest->bytes, err);
	if (rc)
		return rc;
	digest->algorithm = (uint16_t)info->algorithm;
	digest->scope = (uint16_t)info->scope;
	digest->length = (uint16_t)modhash_algorithm_length((int)info->algorithm);
	return 0;
}

int mh_verify_leaf(struct mh_question *question, uint32_t position, struct modhash_digest *leaf,
		   struct modhash_error *err)
{
	struct modhash_digest_spec spec;
	struct mh_hasher *hasher;
	int rc;

	if (was_foreseen(question, MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF, position, leaf))
		return 0;
	rc = mh_hasher_for(question->asker, MODHASH_ALGO_SHA256, &hasher, err);
	if (rc)
		return rc;
	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = MODHASH_SCOPE_LEAF;
	spec.position = position;
	return mh_module_digest(question->module, &spec, hasher, leaf, err);
}

int mh_verify_proof(const struct mh_question *question, struct modhash_proof *proof,
		    struct modhash_error *err)
{
	struct modhash_trailer trailer;
	int rc;

	if (question->proof) {
		*proof = *question->proof;
		return 1;
	}
	if (question->proof_status) {
		if (err)
			*err = question->proof_error;
		return question->proof_status;
	}
	MODHASH_INIT(trailer);
	rc = modhash_module_trailer(question->module, 0, &trailer, err);
	if (rc == MODHASH_E_NOT_FOUND || (!rc && trailer.kind != MODHASH_TRAILER_MERKLE))
		return 0;
	if (rc)
		return rc;
	MODHASH_INIT(*proof);
	rc = modhash_proof_parse(trailer.data, trailer.data_length, proof, err);
	return rc ? rc : 1;
}

/* Ask a list or a table.  The last digest is used again if the blob wants the same. */
static int ask_digests(struct mh_question *question, uint32_t which,
		       struct modhash_verdict *verdict, struct modhash_error *err)
{
	const struct mh_asked *asked = &question->verifier->asked[which];
	const struct modhash_module *module = question->module;
	uint64_t length = module->length;
	int rc;

	if (asked->info.scope == MODHASH_SCOPE_PAYLOAD) {
		if (module->trailer_status)
			return 0;
		length = module->payload_length;
	}
	if (verdict->digest.algorithm != asked->info.algorithm ||
	    verdict->digest.scope != asked->info.scope) {
		rc = mh_verify_digest_of(question, which, length, &verdict->digest, err);
		if (rc)
			return rc;
	}
	rc = modhash_blob_contains(asked->blob, &verdict->digest, &verdict->entry);
	return rc == 1 ? 1 : 0;
}

static int ask_root(struct mh_question *question, uint32_t which, struct modhash_verdict *verdict,
		    struct modhash_error *err)
{
	const struct mh_asked *asked = &question->verifier->asked[which];
	struct modhash_proof proof;
	struct mh_hasher *hasher;
	uint8_t top[MODHASH_MERKLE_HASH_LENGTH];
	int rc;

	if (mh_verify_proof(question, &proof, NULL) != 1)
		return 0;
	verdict->position = proof.position;
	if (proof.levels != asked->info.levels)
		return 0;
	rc = mh_verify_leaf(question, proof.position, &verdict->digest, err);
	/* What a leaf is over, its trailers say: of such a module there is none, and why, too. */
	if (rc == MODHASH_E_TRAILER)
		return 0;
	if (!rc)
		rc = mh_hasher_for(question->asker, MODHASH_ALGO_SHA256, &hasher, err);
	if (rc)
		return rc;
	rc = mh_core_merkle_climb(verdict->digest.bytes, proof.position, proof.siblings,
				  proof.levels, top, mh_hasher_core, hasher);
	if (rc)
		return mh_hasher_fail_core(hasher, "a node", err);
	return !memcmp(top, asked->root, sizeof(top));
}

static int ask(struct mh_question *question, uint32_t which, struct modhash_verdict *verdict,
	       struct modhash_error *err)
{
	const struct modhash_blob_info *info = &question->verifier->asked[which].info;

	if (!(info->flags & MODHASH_BLOB_FILLED))
		return 0;
	if (info->format == MODHASH_FORMAT_MERKLE)
		return ask_root(question, which, verdict, err);
	return ask_digests(question, which, verdict, err);
}

static void want(struct modhash_digest_spec *specs, unsigned int *count, uint32_t scope,
		 uint32_t position)
{
	struct modhash_digest_spec *spec = &specs[(*count)++];

	MODHASH_INIT(*spec);
	spec->algorithm = MODHASH_ALGO_SHA256;
	spec->scope = scope;
	spec->position = position;
}

unsigned int mh_verify_foresee(const struct mh_question *question, uint32_t position,
			       struct modhash_digest_spec *specs)
{
	const struct modhash_verifier *verifier = question->verifier;
	const struct modhash_blob_info *info = NULL;
	struct modhash_proof proof;
	unsigned int count = 0;

	/* As ask() goes through them. */
	for (uint32_t i = 0; !info && i < verifier->count; i++) {
		if (verifier->asked[i].info.flags & MODHASH_BLOB_FILLED)
			info = &verifier->asked[i].info;
	}
	if (info && info->format == MODHASH_FORMAT_MERKLE) {
		if (mh_verify_proof(question, &proof, NULL) == 1 && proof.levels == info->levels)
			want(specs, &count, MODHASH_SCOPE_LEAF, proof.position);
	} else if (info && info->algorithm == MODHASH_ALGO_SHA256 &&
		   (info->scope == MODHASH_SCOPE_FILE ||
		    (info->scope == MODHASH_SCOPE_PAYLOAD && !question->module->trailer_status))) {
		want(specs, &count, info->scope, 0);
	}
	if (position != UINT32_MAX && !(count && specs[0].scope == MODHASH_SCOPE_LEAF &&
					specs[0].position == position))
		want(specs, &count, MODHASH_SCOPE_LEAF, position);
	return count;
}

/* How much a reason says: of several blobs' reasons the most telling one is given. */
static int telling(uint32_t reason)
{
	static const uint32_t least_first[] = {
		MODHASH_REASON_BLOB_NOT_FILLED,	  MODHASH_REASON_UNKNOWN,
		MODHASH_REASON_PROOF_MISSING,	  MODHASH_REASON_PROOF_OTHER_TREE,
		MODHASH_REASON_PROOF_FAILS,	  MODHASH_REASON_EXTRA,
		MODHASH_REASON_OTHER_BUILD,	  MODHASH_REASON_NOT_MODULE,
		MODHASH_REASON_ALTERED,		  MODHASH_REASON_STRIPPED,
		MODHASH_REASON_PROOF_MALFORMED,	  MODHASH_REASON_TRAILER_TRUNCATED,
		MODHASH_REASON_TRAILER_MALFORMED, MODHASH_REASON_RESIGNED,
		MODHASH_REASON_UNREADABLE,
	};

	for (size_t i = 0; i < sizeof(least_first) / sizeof(*least_first); i++)
		if (least_first[i] == reason)
			return (int)i;
	return -1;
}

static int why_not(struct mh_question *question, struct modhash_verdict *verdict,
		   struct modhash_error *err)
{
	const struct modhash_digest digest = verdict->digest;
	int best = -2;

	MODHASH_INIT(question->identity);
	question->identity_status = modhash_module_identity(question->module, &question->identity,
							    &question->identity_error);
	if (question->identity_status == MODHASH_E_NOMEM)
		return mh_fail_nomem(err);
	for (uint32_t i = 0; i < question->verifier->count; i++) {
		struct modhash_verdict one;
		int rc;

		start_verdict(&one);
		one.blob = i;
		one.digest = digest;
		one.position = verdict->position;
		rc = mh_verify_why(question, i, &one, err);
		if (rc)
			return rc;
		if (telling(one.reason) > best) {
			best = telling(one.reason);
			*verdict = one;
		}
	}
	return 0;
}

int mh_verify_module(struct mh_question *question, struct modhash_verdict *verdict,
		     struct modhash_error *err)
{
	start_verdict(verdict);
	for (uint32_t i = 0; i < question->verifier->count; i++) {
		int rc = ask(question, i, verdict, err);

		if (rc < 0)
			return rc;
		if (rc == 1) {
			verdict->blob = i;
			mh_verdict_set(verdict, MODHASH_ANSWER_YES, MODHASH_REASON_KNOWN, 0,
				       "%s", "");
			return 0;
		}
	}
	return why_not(question, verdict, err);
}

int modhash_verifier_check(const struct modhash_verifier *verifier,
			   const struct modhash_module *module, const char *name,
			   const struct modhash_proof *proof, struct modhash_verdict *verdict,
			   struct modhash_error *err)
{
	struct modhash_proof own_proof;
	struct modhash_verdict found;
	struct mh_asker asker = { .engine = MODHASH_ENGINE_AUTO };
	struct mh_question question = {
		.verifier = verifier,
		.asker = &asker,
		.module = module,
		.name = name,
	};
	int rc;

	if (!verifier || !module || !verdict)
		return mh_fail_invalid(err, "verifier, module or verdict");
	asker.engine = verifier->ctx->hash_engine;
	asker.stop = verifier->ctx->stop;
	if (proof) {
		rc = mh_options_in(&own_proof, sizeof(own_proof), proof, err);
		if (rc)
			return rc;
		question.proof = &own_proof;
	}
	rc = mh_verify_module(&question, &found, err);
	mh_asker_fini(&asker);
	if (rc)
		return rc;
	rc = mh_result_out(verdict, &found, sizeof(found));
	return rc ? mh_fail_invalid(err, "verdict") : 0;
}

int modhash_verifier_digest(const struct modhash_verifier *verifier,
			    const struct modhash_digest *digest, struct modhash_verdict *verdict,
			    struct modhash_error *err)
{
	struct modhash_verdict found;
	bool asked_any = false;
	int rc;

	if (!verifier || !digest || !verdict)
		return mh_fail_invalid(err, "verifier, digest or verdict");
	start_verdict(&found);
	found.digest = *digest;
	for (uint32_t i = 0; i < verifier->count; i++) {
		rc = modhash_blob_contains(verifier->asked[i].blob, digest, &found.entry);
		asked_any |= rc >= 0;
		if (rc == 1) {
			found.blob = i;
			mh_verdict_set(&found, MODHASH_ANSWER_YES, MODHASH_REASON_KNOWN, 0, "%s",
				       "");
			break;
		}
	}
	if (!asked_any)
		return mh_fail(err, MODHASH_E_SCOPE, MODHASH_OFFSET_NONE,
			       "no blob holds %s digests of scope %s",
			       modhash_algorithm_name(digest->algorithm) ?: "such",
			       modhash_scope_name(digest->scope) ?: "such");
	rc = mh_result_out(verdict, &found, sizeof(found));
	return rc ? mh_fail_invalid(err, "verdict") : 0;
}
