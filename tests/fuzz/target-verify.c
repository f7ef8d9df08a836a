/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A verdict: a blob, a name, a proof, each behind its length, and a module.  "Yes" is said if, and
 * only if, the digest that the blob is asked with is in it, or the proof leads to the root.  Then a
 * table is made that knows the module: yes, until a bit of its payload is changed.
 */
#include "blobs.h"

static bool digest_of(const struct modhash_module *module, uint32_t algorithm, uint32_t scope,
		      struct modhash_digest *digest)
{
	struct modhash_digest_spec spec;

	MODHASH_INIT(spec);
	spec.algorithm = algorithm;
	spec.scope = scope;
	return modhash_module_digest(module, &spec, digest, NULL) == 0;
}

/* The proof that there is: given, or else appended. */
static bool proof_of(const struct modhash_module *module, const struct modhash_proof *given,
		     struct modhash_proof *proof)
{
	struct modhash_trailer trailer;

	MODHASH_INIT(trailer);
	if (given) {
		*proof = *given;
		return true;
	}
	if (modhash_module_trailer(module, 0, &trailer, NULL) ||
	    trailer.kind != MODHASH_TRAILER_MERKLE)
		return false;
	MODHASH_INIT(*proof);
	return modhash_proof_parse(trailer.data, trailer.data_length, proof, NULL) == 0;
}

static bool is_known(const struct modhash_module *module, const struct modhash_blob *blob,
		     const struct modhash_proof *given)
{
	struct modhash_blob_info info = fuzz_blob_info(blob);
	struct modhash_digest digest;
	struct modhash_proof proof;

	if (info.format == MODHASH_FORMAT_MERKLE)
		return proof_of(module, given, &proof) &&
		       modhash_proof_check(module, &proof, blob, NULL) == 1;
	return digest_of(module, info.algorithm, info.scope, &digest) &&
	       fuzz_is_there(blob, &digest);
}

static struct modhash_verdict verdict_of(const struct modhash_module *module,
					 const struct modhash_blob *blob, const char *name,
					 const struct modhash_proof *proof)
{
	struct modhash_verifier *verifier;
	struct modhash_verdict verdict;

	MUST(modhash_verifier_new(fuzz_ctx(), &verifier, NULL) == 0);
	MUST(modhash_verifier_add_blob(verifier, blob, NULL) == 0);
	MODHASH_INIT(verdict);
	MUST(modhash_verifier_check(verifier, module, name, proof, &verdict, NULL) == 0);
	modhash_verifier_free(verifier);
	MUST(verdict.answer <= MODHASH_ANSWER_NOT_TOLD);
	MUST(modhash_reason_name(verdict.reason));
	MUST(fuzz_is_plain(verdict.detail));
	MUST((verdict.answer == MODHASH_ANSWER_YES) == (verdict.reason == MODHASH_REASON_KNOWN));
	return verdict;
}

static bool is_yes(const struct modhash_verdict *verdict)
{
	return verdict->answer == MODHASH_ANSWER_YES;
}

/* A table that knows it. */
static struct modhash_blob *table_for(const struct modhash_digest *digest, const char *name,
				      struct modhash_buffer *buffer)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;
	struct modhash_blob_module module;
	struct modhash_digest other;

	MODHASH_INIT(opts);
	opts.format = MODHASH_FORMAT_TABLE;
	opts.algorithm = digest->algorithm;
	opts.scope = digest->scope;
	opts.flags = MODHASH_BUILDER_NAMES;
	MUST(modhash_builder_new(fuzz_ctx(), &opts, &builder, NULL) == 0);
	MODHASH_INIT(module);
	module.name = name;
	MUST(modhash_builder_add(builder, digest, &module, NULL) == 0);
	other = fuzz_digest(digest->algorithm, digest->scope, "another", 7);
	module.name = "another.ko";
	MUST(modhash_builder_add(builder, &other, &module, NULL) == 0);
	MUST(modhash_builder_finish(builder, buffer, NULL) == 0);
	modhash_builder_free(builder);
	return fuzz_read_blob(buffer->data, buffer->length);
}

/* Whatever else changed: what is yes now has the digest. */
static void check_changed(const struct modhash_blob *table, const uint8_t *data, size_t length,
			  size_t bit, uint32_t scope, const struct modhash_digest *known,
			  const char *name)
{
	uint8_t *changed = fuzz_copy(data, length);
	struct modhash_verdict verdict;
	struct modhash_module *module;
	struct modhash_digest digest;
	bool same;

	changed[bit / 8] ^= (uint8_t)(1u << (bit % 8));
	if (!modhash_module_from_memory(fuzz_ctx(), changed, length, &module, NULL)) {
		same = digest_of(module, known->algorithm, scope, &digest) &&
		       modhash_digest_equal(&digest, known);
		verdict = verdict_of(module, table, name, NULL);
		MUST(is_yes(&verdict) == same);
		modhash_module_free(module);
	}
	free(changed);
}

static void check_made(const struct modhash_module *module, const uint8_t *data, size_t length,
		       uint32_t scope, const char *name)
{
	struct modhash_verdict verdict;
	struct modhash_buffer buffer;
	struct modhash_digest digest;
	struct modhash_blob *table;
	size_t bit;

	if (!digest_of(module, MODHASH_ALGO_SHA256, scope, &digest))
		return;
	table = table_for(&digest, name, &buffer);
	MUST(table);
	verdict = verdict_of(module, table, name, NULL);
	MUST(is_yes(&verdict) && modhash_digest_equal(&verdict.digest, &digest));
	for (unsigned int i = 0; length && i < 2; i++) {
		memcpy(&bit, digest.bytes + 8 * i, sizeof(bit));
		check_changed(table, data, length, bit % (8 * length), scope, &digest, name);
	}
	modhash_blob_free(table);
	modhash_buffer_clear(&buffer);
}

static void check(const struct modhash_module *module, const struct modhash_blob *blob,
		  const char *name, const struct modhash_proof *proof)
{
	struct modhash_verdict verdict = verdict_of(module, blob, name, proof);

	MUST(is_yes(&verdict) == is_known(module, blob, proof));
}

static void run(const uint8_t *data, size_t length)
{
	struct fuzz_input input = { data, length };
	struct fuzz_input blob_piece = fuzz_take_piece(&input);
	struct fuzz_input name_piece = fuzz_take_piece(&input);
	struct fuzz_input proof_piece = fuzz_take_piece(&input);
	uint8_t *blob_bytes = fuzz_copy(blob_piece.data, blob_piece.length);
	uint8_t *proof_bytes = fuzz_copy(proof_piece.data, proof_piece.length);
	char *name = calloc(1, name_piece.length + 1);
	struct modhash_module *module = NULL;
	struct modhash_blob *blob;
	struct modhash_proof proof;
	bool has_proof;

	MUST(name);
	if (name_piece.length)
		memcpy(name, name_piece.data, name_piece.length);
	fuzz_make_good(blob_bytes, blob_piece.length);
	blob = fuzz_read_blob(blob_bytes, blob_piece.length);
	MODHASH_INIT(proof);
	has_proof = modhash_proof_parse(proof_bytes, proof_piece.length, &proof, NULL) == 0;
	if (!modhash_module_from_memory(fuzz_ctx(), input.data, input.length, &module, NULL)) {
		if (blob)
			check(module, blob, name[0] ? name : NULL, has_proof ? &proof : NULL);
		check_made(module, input.data, input.length, MODHASH_SCOPE_PAYLOAD, name);
		check_made(module, input.data, input.length, MODHASH_SCOPE_FILE, name);
	}
	modhash_module_free(module);
	modhash_blob_free(blob);
	free(blob_bytes);
	free(proof_bytes);
	free(name);
}

extern const struct fuzz_target fuzz_verify;
const struct fuzz_target fuzz_verify = {
	.name = "verify",
	.run = run,
	.max_length = 8192,
	.covers = "lib/verify.c lib/verify-why.c",
};
