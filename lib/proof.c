/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Merkle proofs: parsing one, and following it from a module to a root.
 */
#include <string.h>

#include <modhash/merkle.h>

#include "blob.h"
#include "builder.h"
#include "fail.h"
#include "hash.h"
#include "module.h"
#include "options.h"

#define HASH MODHASH_MERKLE_HASH_LENGTH
#define PROOF_MAX (MODHASH_MERKLE_PROOF_SIZE + MODHASH_MERKLE_LEVELS_MAX * HASH)

static bool is_proof_length(uint64_t length)
{
	return length >= MODHASH_MERKLE_PROOF_SIZE && length <= PROOF_MAX &&
	       (length - MODHASH_MERKLE_PROOF_SIZE) % HASH == 0;
}

/*
 * A .merkle file is a trailer and nothing else, which a module never is: so the marker and
 * the record are looked at here.  Its length leaves 12 when it is divided by 32, a bare
 * proof's leaves 4: they can't be taken for each other.
 */
static int take_off_trailer(const uint8_t *data, uint64_t *length, struct modhash_error *err)
{
	const uint64_t tail = MODHASH_MODULE_SIGNATURE_SIZE + MODHASH_TRAILER_MARKER_LENGTH;
	const uint8_t *record;
	uint32_t claimed;

	if (*length < tail || memcmp(data + *length - MODHASH_TRAILER_MARKER_LENGTH,
				     MODHASH_TRAILER_MARKER, MODHASH_TRAILER_MARKER_LENGTH))
		return mh_fail(err, MODHASH_E_PROOF, MODHASH_OFFSET_NONE,
			       "found %llu bytes, expected a Merkle proof: 4 + 32 * n, n up to %d",
			       (unsigned long long)*length, MODHASH_MERKLE_LEVELS_MAX);
	*length -= tail;
	record = data + *length;
	if (record[MODHASH_MODULE_SIGNATURE_ID_TYPE] != MODHASH_TRAILER_MERKLE)
		return mh_fail(err, MODHASH_E_PROOF, *length + MODHASH_MODULE_SIGNATURE_ID_TYPE,
			       "found a trailer of type %u, expected %d (a Merkle proof)",
			       record[MODHASH_MODULE_SIGNATURE_ID_TYPE], MODHASH_TRAILER_MERKLE);
	claimed = mh_core_be32(record + MODHASH_MODULE_SIGNATURE_SIG_LEN);
	if (claimed != *length || !is_proof_length(*length))
		return mh_fail(
			err, MODHASH_E_PROOF, *length + MODHASH_MODULE_SIGNATURE_SIG_LEN,
			"found a trailer that claims %u bytes of data of %llu that there are, "
			"expected a Merkle proof alone: 4 + 32 * n, n up to %d",
			claimed, (unsigned long long)*length, MODHASH_MERKLE_LEVELS_MAX);
	return 0;
}

int modhash_proof_parse(const void *data, size_t length, struct modhash_proof *proof,
			struct modhash_error *err)
{
	struct modhash_proof ours;
	uint64_t proof_length = length;
	int rc = 0;

	if (!data || !proof)
		return mh_fail_invalid(err, "data or proof");
	if (!is_proof_length(proof_length))
		rc = take_off_trailer(data, &proof_length, err);
	if (rc)
		return rc;
	MODHASH_INIT(ours);
	ours.position = mh_core_be32((const uint8_t *)data + MODHASH_MERKLE_PROOF_POSITION);
	ours.levels = (uint32_t)(proof_length - MODHASH_MERKLE_PROOF_SIZE) / HASH;
	ours.siblings = (const uint8_t *)data + MODHASH_MERKLE_PROOF_SIZE;
	if (mh_result_out(proof, &ours, sizeof(ours)))
		return mh_fail_invalid(err, "proof");
	return 0;
}

static int check_root(const struct modhash_blob *root, const struct modhash_proof *proof,
		      struct modhash_error *err)
{
	if (root->format != MODHASH_FORMAT_MERKLE)
		return mh_fail_invalid(err, "root: expected a Merkle root");
	if (!root->filled)
		return mh_fail(err, MODHASH_E_NOT_FILLED, 0,
			       "found a Merkle root of zeroes: the kernel was not patched, or has "
			       "no modules");
	if (proof->levels != root->levels)
		return mh_fail(err, MODHASH_E_PROOF, MODHASH_OFFSET_NONE,
			       "found a Merkle proof of %u levels, expected the %u of the root",
			       proof->levels, root->levels);
	return 0;
}

/* The proof in one piece, as it lies in a module, for the code that the kernel runs. */
static int follow(const struct modhash_module *module, uint64_t length,
		  const struct modhash_proof *proof, const struct modhash_blob *root,
		  struct mh_hasher *hasher)
{
	uint8_t bytes[PROOF_MAX];

	mh_put_be32(bytes + MODHASH_MERKLE_PROOF_POSITION, proof->position);
	memcpy(bytes + MODHASH_MERKLE_PROOF_SIZE, proof->siblings, (size_t)proof->levels * HASH);
	return mh_core_merkle_check(module->data, length, bytes,
				    MODHASH_MERKLE_PROOF_SIZE + (uint64_t)proof->levels * HASH,
				    root->levels, root->data + MODHASH_MERKLE_ROOT_HASH,
				    mh_hasher_core, hasher);
}

int modhash_proof_check(const struct modhash_module *module, const struct modhash_proof *proof,
			const struct modhash_blob *root, struct modhash_error *err)
{
	struct modhash_proof ours;
	struct mh_hasher *hasher;
	uint64_t length;
	int rc;

	if (!module || !proof || !root)
		return mh_fail_invalid(err, "module, proof or root");
	rc = mh_options_in(&ours, sizeof(ours), proof, err);
	if (!rc)
		rc = check_root(root, &ours, err);
	if (!rc && !ours.siblings)
		rc = mh_fail_invalid(err, "proof: it has no siblings");
	if (!rc)
		rc = mh_module_leaf_length(module, &length, err);
	if (!rc)
		rc = mh_hasher_new(module->ctx->hash_engine, MODHASH_ALGO_SHA256, &hasher, err);
	if (rc)
		return rc;
	rc = follow(module, length, &ours, root, hasher);
	if (rc == MH_CORE_HASH)
		rc = mh_hasher_fail_core(hasher, "the module", err);
	mh_hasher_free(hasher);
	return rc;
}
