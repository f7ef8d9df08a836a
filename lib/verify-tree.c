// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The second pass: modules that are known are witnesses.  What they have in common (the
 * kernel they were made for, whether and by whom they are signed, where they stand in a
 * list, the root's two children) tells why the others are not.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "verify-tree.h"

/* --- evidence of one module --- */

/* The signer and key of the outermost PKCS#7 trailer, as one string; *signer may stay NULL. */
static int signer_of(const struct modhash_module *module, char **signer, struct modhash_error *err)
{
	struct modhash_signature signature;
	struct modhash_trailer trailer;
	struct mh_buf text = MH_BUF_EMPTY;
	char name[128];
	int rc = 0;

	*signer = NULL;
	MODHASH_INIT(trailer);
	for (uint32_t i = 0; i < 4; i++) {
		if (modhash_module_trailer(module, i, &trailer, NULL))
			return 0;
		if (trailer.kind == MODHASH_TRAILER_PKCS7)
			break;
	}
	if (trailer.kind != MODHASH_TRAILER_PKCS7)
		return 0;
	MODHASH_INIT(signature);
	if (modhash_trailer_signature(&trailer, &signature, NULL))
		return 0;
	mh_escape(name, sizeof(name), signature.signer, strlen(signature.signer));
	rc = mh_buf_printf(&text, err, "%s, key ", name);
	for (uint64_t i = 0; !rc && i < signature.key_id_length && i < 20; i++)
		rc = mh_buf_printf(&text, err, "%02X", signature.key_id[i]);
	modhash_signature_clear(&signature);
	if (!rc)
		rc = mh_buf_append(&text, "", 1, err);
	if (!rc) {
		*signer = strdup((const char *)text.data);
		rc = *signer ? 0 : mh_fail_nomem(err);
	}
	mh_buf_free(&text);
	return rc;
}

/* Longer than any is; a hostile one is not kept for each file. */
#define RELEASE_MAX 255

int mh_record_evidence(struct mh_record *record, const struct mh_question *question,
		       struct modhash_error *err)
{
	const char *vermagic = question->identity_status ? NULL : question->identity.vermagic;
	struct modhash_proof proof;

	if (vermagic) {
		size_t length = mh_release_length(vermagic);

		record->release = strndup(vermagic, length < RELEASE_MAX ? length : RELEASE_MAX);
		if (!record->release)
			return mh_fail_nomem(err);
	}
	if (record->reason == MODHASH_REASON_PROOF_FAILS &&
	    mh_verify_proof(question, &proof, NULL) == 1 && proof.levels) {
		uint32_t last = proof.levels - 1;

		memcpy(record->top, proof.siblings + (size_t)last * MODHASH_MERKLE_HASH_LENGTH,
		       sizeof(record->top));
		record->top_right = !(proof.position >> last & 1);
	}
	return signer_of(question->module, &record->signer, err);
}

void mh_record_fini(struct mh_record *record)
{
	free(record->detail);
	free(record->release);
	free(record->signer);
}

static int say(struct mh_record *record, uint32_t reason, struct modhash_error *err,
	       const char *format, ...) __attribute__((format(printf, 4, 5)));

static int say(struct mh_record *record, uint32_t reason, struct modhash_error *err,
	       const char *format, ...)
{
	struct modhash_verdict verdict;
	va_list args;

	va_start(args, format);
	vsnprintf(verdict.detail, sizeof(verdict.detail), format, args);
	va_end(args);
	free(record->detail);
	record->detail = strdup(verdict.detail);
	record->reason = reason;
	return record->detail ? 0 : mh_fail_nomem(err);
}

/* --- what the known modules have in common, by blob --- */

struct witness {
	bool found;
	bool signed_mostly; /* most known modules have a trailer besides a proof */
	bool in_order;	    /* a list: most known modules stand at their own line */
	bool has_tops;
	char *release;
	char *signer;
	uint8_t tops[2][MODHASH_MERKLE_HASH_LENGTH]; /* the root's children */
};

static void witness_fini(struct witness *witness)
{
	free(witness->release);
	free(witness->signer);
}

/* Where a file stands in the build; UINT64_MAX if that is not known. */
static uint64_t place(const struct mh_tree *tree, uint64_t index)
{
	struct modhash_file file;

	if (!tree->lines)
		return tree->complete ? index : UINT64_MAX;
	MODHASH_INIT(file);
	if (modhash_files_get(tree->files, index, &file) || file.line == MODHASH_NO_LINE)
		return UINT64_MAX;
	return file.line;
}

/* The digest that a list has for a place, if it is one of the whole build. */
static bool expected(const struct mh_tree *tree, uint32_t blob, uint64_t at,
		     struct modhash_digest *digest)
{
	const struct mh_asked *asked = &tree->verifier->asked[blob];
	uint64_t places = tree->lines ? tree->lines : tree->count;

	return asked->info.format == MODHASH_FORMAT_LIST && asked->info.count >= places &&
	       at != UINT64_MAX && !modhash_blob_digest(asked->blob, at, digest);
}

static uint64_t count_known(const struct mh_tree *tree, uint32_t blob, struct witness *witness)
{
	uint64_t known = 0, with_trailer = 0, in_place = 0, first = UINT64_MAX;

	for (uint64_t i = 0; i < tree->count; i++) {
		const struct mh_record *record = &tree->records[i];
		struct modhash_digest digest;

		if (record->answer != MODHASH_ANSWER_YES || record->blob != blob)
			continue;
		if (!known++)
			first = i;
		with_trailer += record->trailers > 0;
		in_place += expected(tree, blob, place(tree, i), &digest) &&
			    modhash_digest_equal(&digest, &record->digest);
	}
	witness->signed_mostly = with_trailer * 2 > known;
	witness->in_order = in_place * 2 > known;
	return first;
}

/* The two children of the root, from one proof that leads to it. */
static void tops_of(const struct mh_record *record, const struct modhash_proof *proof,
		    struct mh_asker *asker, struct witness *witness)
{
	uint32_t last = proof->levels - 1;
	uint32_t right = proof->position >> last & 1;
	struct mh_hasher *hasher;

	if (mh_hasher_for(asker, MODHASH_ALGO_SHA256, &hasher, NULL))
		return;
	if (mh_core_merkle_climb(record->digest.bytes, proof->position, proof->siblings, last,
				 witness->tops[right], mh_hasher_core, hasher))
		return;
	memcpy(witness->tops[!right],
	       proof->siblings + (size_t)last * MODHASH_MERKLE_HASH_LENGTH,
	       MODHASH_MERKLE_HASH_LENGTH);
	witness->has_tops = true;
}

/* Read one known module again, for what the first pass had no need of. */
static int question_witness(const struct mh_tree *tree, uint64_t index, struct witness *witness,
			    struct modhash_error *err)
{
	const struct mh_record *record = &tree->records[index];
	struct mh_asker asker = { .engine = tree->verifier->ctx->hash_engine,
				  .stop = tree->stop };
	struct modhash_module *module;
	struct modhash_identity identity;
	struct modhash_file file;
	struct mh_question question = { .verifier = tree->verifier, .asker = &asker };
	struct mh_proof_file beside = { .path = MH_BUF_EMPTY, .bytes = MH_BUF_EMPTY };
	struct modhash_proof proof;
	int rc;

	MODHASH_INIT(file);
	MODHASH_INIT(identity);
	if (modhash_files_get(tree->files, index, &file) ||
	    modhash_module_from_path(tree->verifier->ctx, file.path, &module, NULL))
		return 0; /* gone meanwhile: no witness */
	question.module = module;
	witness->found = true;
	rc = signer_of(module, &witness->signer, err);
	if (!rc && !modhash_module_identity(module, &identity, NULL) && identity.vermagic) {
		witness->release = strndup(identity.vermagic,
					   mh_release_length(identity.vermagic));
		rc = witness->release ? 0 : mh_fail_nomem(err);
	}
	if (!rc && tree->root_asked)
		rc = mh_proof_beside(&beside, file.path, &question, err);
	if (!rc && record->digest.scope == MODHASH_SCOPE_LEAF &&
	    mh_verify_proof(&question, &proof, NULL) == 1 && proof.levels)
		tops_of(record, &proof, &asker, witness);
	mh_proof_file_fini(&beside);
	mh_asker_fini(&asker);
	modhash_module_free(module);
	return rc;
}

static int witness_for(const struct mh_tree *tree, uint32_t blob, struct witness *witness,
		       struct modhash_error *err)
{
	uint64_t first = count_known(tree, blob, witness);

	return first == UINT64_MAX ? 0 : question_witness(tree, first, witness, err);
}

/* --- what follows for one that is not known --- */

static bool differ(const char *a, const char *b)
{
	return a && b && strcmp(a, b) != 0;
}

static int other_release(struct mh_record *record, const struct witness *witness,
			 struct modhash_error *err)
{
	char mine[96], theirs[96];

	mh_escape(mine, sizeof(mine), record->release, strlen(record->release));
	mh_escape(theirs, sizeof(theirs), witness->release, strlen(witness->release));
	return say(record, MODHASH_REASON_OTHER_BUILD, err,
		   "made for kernel %s; the modules that are known are for %s", mine, theirs);
}

static int other_signer(struct mh_record *record, const struct witness *witness,
			struct modhash_error *err)
{
	return say(record, MODHASH_REASON_RESIGNED, err,
		   "signed by %s; the modules that are known are by %s", record->signer,
		   witness->signer);
}

static int not_signed(struct mh_record *record, struct modhash_error *err)
{
	return say(record, MODHASH_REASON_STRIPPED, err,
		   "no trailer is appended, as it is to the modules that are known: "
		   "strip and objcopy drop it");
}

/* A list of the whole build has another digest for the module's place. */
static int not_in_place(const struct mh_tree *tree, uint64_t at, struct mh_record *record,
			const struct witness *witness, struct modhash_error *err)
{
	struct modhash_digest digest;
	char hex[2 * MODHASH_DIGEST_MAX + 1];

	if (!witness->in_order || !expected(tree, record->blob, at, &digest))
		return 0;
	record->entry = at;
	record->position = at < UINT32_MAX ? (uint32_t)at : UINT32_MAX;
	modhash_digest_to_hex(&digest, hex, sizeof(hex));
	return say(record, MODHASH_REASON_ALTERED, err,
		   "its place in the build is %" PRIu64 ", where the list has %.16s...", at, hex);
}

/* A failed proof: does its last step still fit the root? */
static int failed_proof(struct mh_record *record, const struct witness *witness,
			struct modhash_error *err)
{
	if (!witness->has_tops)
		return 0;
	if (memcmp(record->top, witness->tops[record->top_right], sizeof(record->top)) != 0)
		return say(record, MODHASH_REASON_PROOF_OTHER_TREE, err,
			   "its proof's last step (position %u) is none of this root's",
			   record->position);
	if (differ(record->release, witness->release))
		return other_release(record, witness, err);
	if (witness->signed_mostly && !record->trailers)
		return not_signed(record, err);
	if (differ(record->signer, witness->signer))
		return other_signer(record, witness, err);
	return say(record, MODHASH_REASON_ALTERED, err,
		   "its proof (position %u) is of this tree, its contents are not",
		   record->position);
}

static int unknown(const struct mh_tree *tree, uint64_t index, struct mh_record *record,
		   const struct witness *witness, struct modhash_error *err)
{
	uint64_t at = place(tree, index);

	if (differ(record->release, witness->release))
		return other_release(record, witness, err);
	if (tree->lines && at == UINT64_MAX)
		return say(record, MODHASH_REASON_EXTRA, err, "modules.order does not have it");
	if (witness->signed_mostly && !record->trailers)
		return not_signed(record, err);
	if (record->reason == MODHASH_REASON_PROOF_MISSING)
		return 0;
	if (differ(record->signer, witness->signer))
		return other_signer(record, witness, err);
	return not_in_place(tree, at, record, witness, err);
}

static int refine_unknown(const struct mh_tree *tree, uint64_t index, struct mh_record *record,
			  const struct witness *witness, struct modhash_error *err)
{
	if (!witness->found)
		return 0;
	switch (record->reason) {
	case MODHASH_REASON_PROOF_FAILS:
		return failed_proof(record, witness, err);
	case MODHASH_REASON_NOT_MODULE:
		return not_in_place(tree, place(tree, index), record, witness, err);
	case MODHASH_REASON_UNKNOWN:
	case MODHASH_REASON_PROOF_MISSING:
		return unknown(tree, index, record, witness, err);
	default:
		return 0;
	}
}

/* A proof that holds, for another line than the file's name has. */
static int refine_known(const struct mh_tree *tree, uint64_t index, struct mh_record *record,
			struct modhash_error *err)
{
	uint64_t at;

	if (!tree->lines || record->digest.scope != MODHASH_SCOPE_LEAF)
		return 0;
	at = place(tree, index);
	if (at == UINT64_MAX || at == record->position)
		return 0;
	record->answer = MODHASH_ANSWER_NO;
	return say(record, MODHASH_REASON_OUT_OF_ORDER, err,
		   "its proof is for position %u, and modules.order has it at %" PRIu64
		   "; a kernel would load it",
		   record->position, at);
}

/* --- the root, made again --- */

static int add_leaves(const struct mh_tree *tree, struct modhash_builder *builder, uint64_t count,
		      struct modhash_error *err)
{
	struct modhash_digest leaf;
	int rc = 0;

	memset(&leaf, 0, sizeof(leaf));
	leaf.algorithm = MODHASH_ALGO_SHA256;
	leaf.length = MODHASH_MERKLE_HASH_LENGTH;
	leaf.scope = MODHASH_SCOPE_LEAF;
	for (uint64_t i = 0; !rc && i < count; i++) {
		memcpy(leaf.bytes, tree->records[i].leaf, MODHASH_MERKLE_HASH_LENGTH);
		rc = modhash_builder_add(builder, &leaf, NULL, err);
	}
	return rc;
}

/* Do the first @count files make the root of @asked?  1, 0 or negative. */
static int makes_root(const struct mh_tree *tree, const struct mh_asked *asked, uint64_t count,
		      struct modhash_error *err)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;
	struct modhash_buffer root;
	int rc;

	MODHASH_INIT(opts);
	opts.format = MODHASH_FORMAT_MERKLE;
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.scope = MODHASH_SCOPE_LEAF;
	opts.byte_order = asked->info.byte_order ? asked->info.byte_order
						 : MODHASH_BYTE_ORDER_LITTLE;
	rc = modhash_builder_new(tree->verifier->ctx, &opts, &builder, err);
	if (rc)
		return rc;
	rc = add_leaves(tree, builder, count, err);
	if (!rc)
		rc = modhash_builder_finish(builder, &root, err);
	if (!rc) {
		rc = !memcmp(root.data + MODHASH_MERKLE_ROOT_HASH, asked->root,
			     sizeof(asked->root));
		modhash_buffer_clear(&root);
	}
	modhash_builder_free(builder);
	return rc;
}

static int remake_root(struct mh_tree *tree, struct modhash_error *err)
{
	if (!tree->leaves_wanted)
		return 0;
	for (uint64_t i = 0; i < tree->count; i++)
		if (!tree->records[i].has_leaf)
			return 0;
	tree->summary.root = MODHASH_ROOT_OTHER;
	for (uint32_t i = 0; i < tree->verifier->count; i++) {
		const struct mh_asked *asked = &tree->verifier->asked[i];
		int rc = 0;

		if (asked->info.format != MODHASH_FORMAT_MERKLE)
			continue;
		if (tree->lines)
			rc = makes_root(tree, asked, tree->lines, err);
		if (!rc && tree->count != tree->lines)
			rc = makes_root(tree, asked, tree->count, err);
		if (rc < 0)
			return rc;
		if (rc)
			tree->summary.root = MODHASH_ROOT_SAME;
	}
	return 0;
}

/* The contents are right, and only the proof is not there. */
static int right_but_for_proof(const struct mh_tree *tree, struct mh_record *record,
			       struct modhash_error *err)
{
	if (tree->summary.root != MODHASH_ROOT_SAME ||
	    record->reason != MODHASH_REASON_PROOF_MISSING)
		return 0;
	return say(record, MODHASH_REASON_PROOF_MISSING, err,
		   "its contents are those that the root was made from; append its proof "
		   "(modhash create --format=merkle --proofs=append)");
}

static bool all_known(const struct mh_tree *tree)
{
	for (uint64_t i = 0; i < tree->count; i++) {
		if (tree->records[i].answer != MODHASH_ANSWER_YES)
			return false;
	}
	return true;
}

int mh_tree_refine(struct mh_tree *tree, struct modhash_error *err)
{
	struct witness *witnesses = calloc((size_t)tree->verifier->count + 1, sizeof(*witnesses));
	int rc;

	if (!witnesses)
		return mh_fail_nomem(err);
	rc = remake_root(tree, err);
	/* Who has nothing to explain needs no witness. */
	for (uint32_t i = 0; !rc && !all_known(tree) && i < tree->verifier->count; i++)
		rc = witness_for(tree, i, &witnesses[i], err);
	for (uint64_t i = 0; !rc && i < tree->count; i++) {
		struct mh_record *record = &tree->records[i];

		rc = mh_tree_check_stop(tree, err);
		if (rc)
			break;
		if (record->answer == MODHASH_ANSWER_YES)
			rc = refine_known(tree, i, record, err);
		else if (record->blob < tree->verifier->count)
			rc = refine_unknown(tree, i, record, &witnesses[record->blob], err);
		if (!rc)
			rc = right_but_for_proof(tree, record, err);
	}
	for (uint32_t i = 0; i < tree->verifier->count; i++)
		witness_fini(&witnesses[i]);
	free(witnesses);
	return rc;
}

/* --- names without a file --- */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int names_missing(struct mh_tree *tree, const struct modhash_blob *blob, const char **names,
			 int (*missing)(struct mh_tree *, const char *, uint64_t, const char *))
{
	struct modhash_blob_module module;
	int rc = 0;

	MODHASH_INIT(module);
	for (uint64_t i = 0; !rc && !modhash_blob_module(blob, i, &module); i++)
		if (!bsearch(&module.name, names, tree->count, sizeof(*names), compare_names))
			rc = missing(tree, module.name, module.position,
				     "the table has it at position");
	return rc;
}

int mh_tree_names_missing(struct mh_tree *tree,
			  int (*missing)(struct mh_tree *tree, const char *name, uint64_t line,
					 const char *where))
{
	const char **names = calloc(tree->count ? tree->count : 1, sizeof(*names));
	struct modhash_file file;
	int rc = 0;

	if (!names)
		return MODHASH_E_NOMEM;
	for (uint64_t i = 0; i < tree->count; i++) {
		MODHASH_INIT(file);
		rc = modhash_files_get(tree->files, i, &file);
		names[i] = file.name ? file.name : "";
	}
	qsort(names, tree->count, sizeof(*names), compare_names);
	for (uint32_t i = 0; !rc && i < tree->verifier->count; i++)
		if (tree->verifier->asked[i].info.flags & MODHASH_BLOB_NAMES)
			rc = names_missing(tree, tree->verifier->asked[i].blob, names, missing);
	free(names);
	return rc;
}
