/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A proof, a root, and a module, the first two behind their lengths.  Whether the proof leads to the
 * root is found out here, too, step by step.  What it does lead to is a root then, to which
 * it leads, until a bit of anything is changed.
 */
#include "blobs.h"
#include "builder.h"
#include "core/core.h"
#include "hash.h"

#define HASH 32

/* SHA-256 of up to 2 + 64 bytes, or of a leaf. */
static void node(const uint8_t *left, const uint8_t *right, uint8_t out[HASH])
{
	uint8_t message[1 + 2 * HASH] = { 2 };

	memcpy(message + 1, left, HASH);
	memcpy(message + 1 + HASH, right, HASH);
	memcpy(out, fuzz_digest(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, message,
				sizeof(message)).bytes, HASH);
}

static void top_of(const uint8_t *module, uint64_t length, const struct modhash_proof *proof,
		   uint8_t out[HASH])
{
	uint8_t *message = malloc(5 + (size_t)length);
	uint32_t position = proof->position;

	MUST(message);
	message[0] = 1;
	mh_put_be32(message + 1, position);
	memcpy(message + 5, module, (size_t)length);
	memcpy(out, fuzz_digest(MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, message,
				5 + (size_t)length).bytes, HASH);
	free(message);
	for (uint32_t i = 0; i < proof->levels; i++, position /= 2) {
		const uint8_t *sibling = proof->siblings + (size_t)i * HASH;

		if (position % 2)
			node(sibling, out, out);
		else
			node(out, sibling, out);
	}
}

/* What the proof is over: the file less an outermost Merkle trailer. */
static uint64_t leaf_length(const struct modhash_module *module)
{
	struct modhash_module_info info;
	struct modhash_trailer trailer;

	MODHASH_INIT(info);
	MUST(modhash_module_info(module, &info) == 0);
	MODHASH_INIT(trailer);
	if (!modhash_module_trailer(module, 0, &trailer, NULL) &&
	    trailer.kind == MODHASH_TRAILER_MERKLE)
		return trailer.offset;
	return info.length;
}

static int check_against(const struct modhash_module *module, const struct modhash_proof *proof,
			 const struct modhash_blob *root)
{
	struct modhash_error err;
	int rc = modhash_proof_check(module, proof, root, &err);

	if (rc < 0) {
		MUST(rc == MODHASH_E_PROOF || rc == MODHASH_E_TRAILER ||
		     rc == MODHASH_E_NOT_FILLED);
		fuzz_must_fail_well(rc, &err, FUZZ_LIMIT);
	}
	return rc;
}

/* The kernel's own code, whose proof and root are bytes. */
static int core_check(const uint8_t *module, uint64_t length, const struct modhash_proof *proof,
		      const uint8_t top[HASH])
{
	static struct mh_hasher *hasher;
	uint64_t proof_length = 4 + (uint64_t)proof->levels * HASH;
	uint8_t *bytes = malloc((size_t)proof_length);
	int answer;

	if (!hasher)
		MUST(mh_hasher_new(MODHASH_ENGINE_AUTO, MODHASH_ALGO_SHA256, &hasher, NULL) == 0);
	MUST(bytes);
	mh_put_be32(bytes, proof->position);
	memcpy(bytes + 4, proof->siblings, (size_t)proof->levels * HASH);
	answer = mh_core_merkle_check(module, length, bytes, proof_length, proof->levels, top,
				      mh_hasher_core, hasher);
	MUST(mh_core_merkle_check(module, length, bytes, proof_length, proof->levels + 1, top,
				  mh_hasher_core, hasher) == MH_CORE_PROOF);
	free(bytes);
	return answer;
}

static struct modhash_blob *root_of(uint8_t bytes[36], uint32_t levels, const uint8_t top[HASH])
{
	struct modhash_blob *blob;

	mh_put_le32(bytes, levels);
	memcpy(bytes + 4, top, HASH);
	blob = fuzz_read_blob(bytes, 36);
	MUST(blob);
	return blob;
}

/* A proof leads where it leads. */
static void check_own_root(const struct modhash_module *module, const uint8_t *data,
			   const struct modhash_proof *proof)
{
	uint64_t length = leaf_length(module);
	uint8_t bytes[36], top[HASH];
	struct modhash_proof other = *proof;
	struct modhash_blob *root;

	top_of(data, length, proof, top);
	MUST(core_check(data, length, proof, top) == 1);
	if (!proof->levels) /* which no root has that was filled in */
		return;
	root = root_of(bytes, proof->levels, top);
	MUST(check_against(module, proof, root) == 1);
	other.position ^= 1u << (top[0] % 32);
	MUST(check_against(module, &other, root) == 0);
	modhash_blob_free(root);
	top[top[1] % HASH] ^= 1;
	root = root_of(bytes, proof->levels, top);
	MUST(check_against(module, proof, root) == 0);
	MUST(core_check(data, length, proof, top) == 0);
	modhash_blob_free(root);
}

static void check(const struct modhash_module *module, const struct modhash_proof *proof,
		  const struct modhash_blob *root)
{
	struct modhash_module_info info;
	struct modhash_digest digest;
	uint8_t top[HASH];
	int answer;

	MODHASH_INIT(info);
	MUST(modhash_module_info(module, &info) == 0);
	if (!info.trailer_status || info.trailers)
		check_own_root(module, info.data, proof);
	if (!root || fuzz_blob_info(root).format != MODHASH_FORMAT_MERKLE)
		return;
	answer = check_against(module, proof, root);
	if (answer < 0)
		return;
	top_of(info.data, leaf_length(module), proof, top);
	MUST(modhash_blob_digest(root, 0, &digest) == 0);
	MUST(answer == !memcmp(top, digest.bytes, HASH));
}

static void run(const uint8_t *data, size_t length)
{
	struct fuzz_input input = { data, length };
	struct fuzz_input proof_piece = fuzz_take_piece(&input);
	struct fuzz_input root_piece = fuzz_take_piece(&input);
	uint8_t *proof_bytes = fuzz_copy(proof_piece.data, proof_piece.length);
	uint8_t *root_bytes = fuzz_copy(root_piece.data, root_piece.length);
	struct modhash_blob *root = fuzz_read_blob(root_bytes, root_piece.length);
	struct modhash_module *module = NULL;
	struct modhash_proof proof;
	struct modhash_error err;
	int rc;

	if (root)
		fuzz_check_blob(root);
	MODHASH_INIT(proof);
	rc = modhash_proof_parse(proof_bytes, proof_piece.length, &proof, &err);
	if (rc) {
		fuzz_must_fail_well(rc, &err, proof_piece.length);
	} else {
		MUST(proof.levels <= MODHASH_MERKLE_LEVELS_MAX);
		MUST(4 + proof.levels * HASH <= proof_piece.length);
		if (!modhash_module_from_memory(fuzz_ctx(), input.data, input.length, &module, NULL))
			check(module, &proof, root);
	}
	modhash_module_free(module);
	modhash_blob_free(root);
	free(proof_bytes);
	free(root_bytes);
}

extern const struct fuzz_target fuzz_merkle;
const struct fuzz_target fuzz_merkle = {
	.name = "merkle",
	.run = run,
	.max_length = 2048,
	.covers = "lib/proof.c lib/core/merkle.c lib/format-merkle.c",
};
