/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The blobs, and who is asked whether they know a file: the library, what a kernel compiles
 * of it over libcrypto's hashes, and a comparison of bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "core/core.h"
#include "mutate.h"

const char *const format_names[FORMATS] = { "list", "table/file", "table/payload", "merkle" };

const char *const broken_names[BROKEN_WAYS] = {
	"nothing",
	"the last 64 bytes are not hashed",
	"every other 64 bytes are not hashed",
	"a table's digest is not compared",
	"a bucket's first digest is passed over",
	"one byte of a list's digest is compared",
	"a proof's position is taken modulo the leaves",
	"a proof may be longer than the root says",
	"the end of a marker is not compared",
	"what is reserved in a signature's record is not looked at",
	"the blobs know one module more",
};

/* --- hashes --- */

static const EVP_MD *method(int algorithm)
{
	switch (algorithm) {
	case MODHASH_ALGO_SHA256:
		return EVP_sha256();
	case MODHASH_ALGO_SHA384:
		return EVP_sha384();
	case MODHASH_ALGO_SHA512:
		return EVP_sha512();
	case MODHASH_ALGO_SHA3_256:
		return EVP_sha3_256();
	case MODHASH_ALGO_SHA3_384:
		return EVP_sha3_384();
	default:
		return EVP_sha3_512();
	}
}

static EVP_MD_CTX *hashing(void)
{
	static EVP_MD_CTX *ctx;

	if (!ctx)
		ctx = EVP_MD_CTX_new();
	return ctx;
}

void digest_by_libcrypto(int algorithm, const void *data, size_t length, uint8_t *digest)
{
	if (!EVP_DigestInit_ex(hashing(), method(algorithm), NULL) ||
	    !EVP_DigestUpdate(hashing(), data, length) ||
	    !EVP_DigestFinal_ex(hashing(), digest, NULL))
		die("libcrypto can't hash");
}

static int sha256(void *user, const struct mh_core_part *parts, unsigned int count,
		  mh_u8 digest[32])
{
	unsigned int i;

	(void)user;
	if (!EVP_DigestInit_ex(hashing(), EVP_sha256(), NULL))
		return -1;
	for (i = 0; i < count; i++) {
		if (!EVP_DigestUpdate(hashing(), parts[i].data, (size_t)parts[i].length))
			return -1;
	}
	return EVP_DigestFinal_ex(hashing(), digest, NULL) ? 0 : -1;
}

/* --- making --- */

static void add_digest(struct modhash_builder *builder, const struct modhash_builder_opts *opts,
		       const uint8_t *bytes, const char *name)
{
	struct modhash_blob_module record;
	struct modhash_digest digest;

	memset(&digest, 0, sizeof(digest));
	digest.algorithm = (uint16_t)opts->algorithm;
	digest.scope = (uint16_t)opts->scope;
	digest.length = (uint16_t)modhash_algorithm_length((int)opts->algorithm);
	memcpy(digest.bytes, bytes, digest.length);
	MODHASH_INIT(record);
	record.name = name;
	if (modhash_builder_add(builder, &digest, name ? &record : NULL, NULL))
		die("a digest can't be added");
}

static void add_module(struct modhash_builder *builder, const struct modhash_builder_opts *opts,
		       const struct gen_buf *file, uint32_t position, const char *name)
{
	size_t length = file->length;
	uint8_t digest[MODHASH_DIGEST_MAX];

	if (opts->scope == MODHASH_SCOPE_PAYLOAD)
		length = (size_t)oracle_payload(file->data, length);
	if (opts->scope == MODHASH_SCOPE_LEAF)
		mh_core_merkle_leaf(file->data, length, position, digest, sha256, NULL);
	else
		digest_by_libcrypto((int)opts->algorithm, file->data, length, digest);
	add_digest(builder, opts, digest, name);
}

static struct modhash_builder *build(const struct modhash_ctx *ctx, const struct corpus *corpus,
				     const struct modhash_builder_opts *opts, size_t others,
				     struct random *random, const struct gen_buf *planted,
				     struct modhash_buffer *buffer)
{
	struct modhash_builder *builder;
	uint8_t other[MODHASH_DIGEST_MAX];
	size_t i, k;

	if (modhash_builder_new(ctx, opts, &builder, NULL))
		die("no builder");
	for (i = 0; i < corpus->count; i++) {
		char name[64];

		snprintf(name, sizeof(name), "kernel/%zu.ko", i);
		add_module(builder, opts, &corpus->modules[i].plain, (uint32_t)i,
			   opts->flags & MODHASH_BUILDER_NAMES ? name : NULL);
	}
	if (planted && opts->scope != MODHASH_SCOPE_LEAF)
		add_module(builder, opts, planted, (uint32_t)i, NULL);
	for (i = 0; i < others; i++) {
		for (k = 0; k < sizeof(other); k++)
			other[k] = (uint8_t)random_next(random);
		add_digest(builder, opts, other, NULL);
	}
	if (modhash_builder_finish(builder, buffer, NULL))
		die("no blob");
	return builder;
}

static void make_proofs(struct corpus *corpus, const struct modhash_builder *builder)
{
	size_t i;

	for (i = 0; i < corpus->count; i++) {
		struct module *module = &corpus->modules[i];
		struct modhash_buffer proof;

		if (modhash_builder_proof(builder, i, &proof, NULL))
			die("no proof");
		gen_free(&module->proof);
		gen_free(&module->proved);
		gen_add(&module->proof, proof.data, (size_t)proof.length - 40);
		gen_add(&module->proved, module->plain.data, module->plain.length);
		gen_add(&module->proved, proof.data, (size_t)proof.length);
		modhash_buffer_clear(&proof);
	}
}

static void open_blob(const struct modhash_ctx *ctx, const struct modhash_buffer *buffer,
		      struct modhash_blob **blob, struct modhash_verifier **verifier)
{
	struct modhash_error err;

	if (modhash_blob_from_memory(ctx, buffer->data, (size_t)buffer->length, blob, &err))
		die("a blob can't be read: %s", err.message);
	if (modhash_verifier_new(ctx, verifier, NULL) ||
	    modhash_verifier_add_blob(*verifier, *blob, NULL))
		die("no verifier");
}

static const int algorithms[] = {
	MODHASH_ALGO_SHA256,   MODHASH_ALGO_SHA384,   MODHASH_ALGO_SHA512,
	MODHASH_ALGO_SHA3_256, MODHASH_ALGO_SHA3_384, MODHASH_ALGO_SHA3_512,
};
static const uint32_t indices[] = { 0, 3, MODHASH_INDEX_SMALL, MODHASH_INDEX_FAST };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

void blobs_make(struct blobs *blobs, struct corpus *corpus, const struct modhash_ctx *ctx,
		size_t others, struct random *random, const struct gen_buf *planted)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;
	size_t a, i;

	memset(blobs, 0, sizeof(*blobs));
	MODHASH_INIT(opts);
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.format = MODHASH_FORMAT_LIST;
	opts.scope = MODHASH_SCOPE_FILE;
	modhash_builder_free(
		build(ctx, corpus, &opts, others, random, planted, &blobs->list));
	opts.format = MODHASH_FORMAT_MERKLE;
	opts.scope = MODHASH_SCOPE_LEAF;
	opts.byte_order = MODHASH_BYTE_ORDER_LITTLE;
	builder = build(ctx, corpus, &opts, others, random, planted, &blobs->root);
	make_proofs(corpus, builder);
	modhash_builder_free(builder);
	opts.format = MODHASH_FORMAT_TABLE;
	for (a = 0; a < COUNT(algorithms); a++) {
		for (i = 0; i < 2 * COUNT(indices); i++) {
			opts.algorithm = (uint32_t)algorithms[a];
			opts.scope = i % 2 ? MODHASH_SCOPE_FILE : MODHASH_SCOPE_PAYLOAD;
			opts.index_bits = indices[i / 2];
			/* Names with some, spare room with others. */
			opts.flags = (a + i) % 3 ? 0 : MODHASH_BUILDER_NAMES;
			opts.release = (a + i) % 3 ? NULL : "6.1.0-mutated";
			opts.capacity = i < 4 ? 0 : corpus->count + others + 9;
			modhash_builder_free(build(ctx, corpus, &opts, others, random, planted,
						   &blobs->tables[blobs->tables_count++]));
		}
	}
	open_blob(ctx, &blobs->list, &blobs->list_blob, &blobs->list_verifier);
	open_blob(ctx, &blobs->root, &blobs->root_blob, &blobs->root_verifier);
	for (i = 0; i < blobs->tables_count; i++)
		open_blob(ctx, &blobs->tables[i], &blobs->table_blobs[i],
			  &blobs->table_verifiers[i]);
}

static void close_blob(struct modhash_buffer *buffer, struct modhash_blob *blob,
		       struct modhash_verifier *verifier)
{
	modhash_verifier_free(verifier);
	modhash_blob_free(blob);
	modhash_buffer_clear(buffer);
}

void blobs_free(struct blobs *blobs)
{
	size_t i;

	close_blob(&blobs->list, blobs->list_blob, blobs->list_verifier);
	close_blob(&blobs->root, blobs->root_blob, blobs->root_verifier);
	for (i = 0; i < blobs->tables_count; i++)
		close_blob(&blobs->tables[i], blobs->table_blobs[i], blobs->table_verifiers[i]);
}

/* --- asking the library --- */

int ask_library(const struct question *question)
{
	const struct modhash_verifier *verifier =
		question->format == FORMAT_LIST	  ? question->blobs->list_verifier :
		question->format == FORMAT_MERKLE ? question->blobs->root_verifier :
						    question->blobs->table_verifiers[question->table];
	struct modhash_verdict verdict;
	struct modhash_error err;

	MODHASH_INIT(verdict);
	if (modhash_verifier_check(verifier, question->module, NULL, NULL, &verdict, &err))
		die("no verdict: %s", err.message);
	if ((verdict.answer == MODHASH_ANSWER_YES) != (verdict.reason == MODHASH_REASON_KNOWN))
		wrong("answer %u with reason %u", verdict.answer, verdict.reason);
	return verdict.answer == MODHASH_ANSWER_YES;
}

/* --- asking lib/core --- */

/* As mh_core_trailer_last(), but for what is broken. */
static int last_trailer(const struct question *question, uint64_t length,
			struct mh_core_trailer *trailer)
{
	const struct gen_buf *file = question->file;
	struct gen_buf mended = { .data = NULL };
	uint64_t tail = MODHASH_TRAILER_MARKER_LENGTH + MODHASH_MODULE_SIGNATURE_SIZE;
	int found, i;

	if (length <= tail ||
	    (question->broken != BROKEN_MARKER && question->broken != BROKEN_FIELDS))
		return mh_core_trailer_last(file->data, length, trailer);
	gen_add(&mended, file->data, (size_t)length);
	if (question->broken == BROKEN_MARKER)
		memcpy(mended.data + length - 8, MODHASH_TRAILER_MARKER + 20, 8);
	for (i = 3; question->broken == BROKEN_FIELDS && i < 8; i++)
		mended.data[length - tail + (size_t)i] = 0;
	found = mh_core_trailer_last(mended.data, length, trailer);
	gen_free(&mended);
	return found;
}

/* What a hash with holes in it is over. */
static void with_holes(const struct question *question, const uint8_t *data, size_t length,
		       struct gen_buf *some)
{
	size_t at;

	some->length = 0;
	if (question->broken == BROKEN_TAIL) {
		gen_add(some, data, length > 64 ? length - 64 : 0);
		return;
	}
	for (at = 0; at < length; at += 128)
		gen_add(some, data + at, length - at < 64 ? length - at : 64);
}

/* Would blobs know the file, had all digests in them such holes? */
static int find_with_holes(const struct question *question, size_t length)
{
	struct gen_buf some = { .data = NULL }, other = { .data = NULL };
	int found = 0;
	size_t i;

	with_holes(question, question->file->data, length, &some);
	for (i = 0; !found && i < question->corpus->count; i++) {
		const struct module *module = &question->corpus->modules[i];

		with_holes(question, module->plain.data,
			   question->format == FORMAT_TABLE_PAYLOAD ? module->payload :
								      module->plain.length,
			   &other);
		found = some.length == other.length && !memcmp(some.data, other.data, some.length);
	}
	gen_free(&some);
	gen_free(&other);
	return found;
}

static int find_in_table(const struct question *question, const uint8_t *digest)
{
	const struct modhash_buffer *bytes = &question->blobs->tables[question->table];
	struct mh_core_table table;
	mh_u32 index = 0;

	if (mh_core_table_open(bytes->data, bytes->length, &table) ||
	    mh_core_table_check(&table, bytes->data))
		die("lib/core does not read a table that the library wrote");
	if (question->broken == BROKEN_INDEX && table.index_bits) {
		mh_u32 shift = 32 - table.index_bits, bucket = mh_core_be32(digest) >> shift;

		if (mh_core_table_find(&table, digest, &index) &&
		    index == mh_core_le32(table.index + (size_t)bucket * 4))
			return 0;
	}
	if (question->broken == BROKEN_TABLE) {
		mh_u32 i;

		for (i = 0; i < table.count; i++) {
			if (table.digests[(size_t)i * table.digest_length] == digest[0])
				return 1;
		}
		return 0;
	}
	return mh_core_table_find(&table, digest, &index);
}

static int find_in_list(const struct question *question, const uint8_t *digest)
{
	const struct modhash_buffer *list = &question->blobs->list;
	mh_u64 index;
	size_t i;

	for (i = 0; question->broken == BROKEN_LIST && i < list->length; i++) {
		if (list->data[i] == digest[0])
			return 1;
	}
	return mh_core_list_find(list->data, list->length, digest, &index);
}

static int check_proof(const struct question *question)
{
	const uint8_t *file = question->file->data, *root = question->blobs->root.data;
	struct mh_core_trailer trailer;
	mh_u32 levels = mh_core_le32(root + MODHASH_MERKLE_ROOT_LEVELS);
	mh_u8 proof[MODHASH_MERKLE_PROOF_SIZE + 33 * 32];
	mh_u64 length;

	if (last_trailer(question, question->file->length, &trailer) != 1 ||
	    trailer.id_type != MODHASH_TRAILER_MERKLE)
		return 0;
	length = trailer.data_length;
	if (length > sizeof(proof))
		return 0;
	memcpy(proof, file + trailer.offset, (size_t)length);
	if (question->broken == BROKEN_LEVELS && length > MODHASH_MERKLE_PROOF_SIZE + levels * 32)
		length = MODHASH_MERKLE_PROOF_SIZE + levels * 32;
	if (question->broken == BROKEN_POSITION && length >= MODHASH_MERKLE_PROOF_SIZE && levels < 16)
		proof[0] = proof[1] = 0;
	return mh_core_merkle_check(file, trailer.offset, proof, length, levels,
				    root + MODHASH_MERKLE_ROOT_HASH, sha256, NULL) == 1;
}

int ask_core(const struct question *question)
{
	const struct modhash_buffer *bytes = &question->blobs->tables[question->table];
	uint64_t length = question->file->length;
	uint8_t digest[MODHASH_DIGEST_MAX];
	struct mh_core_trailer trailer;
	int found;

	if (question->format == FORMAT_MERKLE)
		return check_proof(question);
	if (question->format == FORMAT_TABLE_PAYLOAD) {
		while ((found = last_trailer(question, length, &trailer)) == 1)
			length = trailer.offset;
		if (found)
			return 0;
	}
	if (question->broken == BROKEN_TAIL || question->broken == BROKEN_MIDDLE)
		return find_with_holes(question, (size_t)length);
	if (question->format == FORMAT_LIST) {
		digest_by_libcrypto(MODHASH_ALGO_SHA256, question->file->data, (size_t)length,
				    digest);
		return find_in_list(question, digest);
	}
	digest_by_libcrypto((int)mh_core_le32(bytes->data + MODHASH_TABLE_HEADER_ALGORITHM),
			    question->file->data, (size_t)length, digest);
	return find_in_table(question, digest);
}

/* --- asking nobody --- */

static bool same(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
	return a_length == b_length && !memcmp(a, b, a_length);
}

static int same_proof(const struct gen_buf *file, const struct corpus *corpus)
{
	struct oracle_trailer trailer;
	const struct module *module;
	size_t position;

	if (oracle_trailer(file->data, file->length, &trailer) != 1 || trailer.type != 3 ||
	    trailer.length < 4)
		return 0;
	position = (size_t)trailer.data[0] << 24 | (size_t)trailer.data[1] << 16 |
		   (size_t)trailer.data[2] << 8 | trailer.data[3];
	if (position >= corpus->count)
		return 0;
	module = &corpus->modules[position];
	return same(file->data, trailer.before, module->plain.data, module->plain.length) &&
	       same(trailer.data, trailer.length, module->proof.data, module->proof.length);
}

int ask_oracle(const struct question *question)
{
	const struct corpus *corpus = question->corpus;
	const struct gen_buf *file = question->file;
	long long length = (long long)file->length;
	size_t i;

	if (question->format == FORMAT_MERKLE)
		return same_proof(file, corpus);
	if (question->format == FORMAT_TABLE_PAYLOAD)
		length = oracle_payload(file->data, file->length);
	if (length < 0)
		return 0;
	for (i = 0; i < corpus->count; i++) {
		const struct module *module = &corpus->modules[i];

		if (same(file->data, (size_t)length, module->plain.data,
			 question->format == FORMAT_TABLE_PAYLOAD ? module->payload :
								    module->plain.length))
			return 1;
	}
	return 0;
}
