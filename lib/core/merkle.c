// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * Merkle proofs, as the kernel of the patch series v4 and v5 checks them.
 */
#include "core.h"

int mh_core_merkle_leaf(const mh_u8 *data, mh_u64 length, mh_u32 position, mh_u8 leaf[32],
			mh_core_sha256 sha256, void *user)
{
	mh_u8 head[5] = {
		MODHASH_MERKLE_PREFIX_LEAF, (mh_u8)(position >> 24), (mh_u8)(position >> 16),
		(mh_u8)(position >> 8),	    (mh_u8)position,
	};
	struct mh_core_part parts[2] = {
		{ head, sizeof(head) },
		{ data, length },
	};

	return sha256(user, parts, 2, leaf) ? MH_CORE_HASH : MH_CORE_OK;
}

int mh_core_merkle_node(const mh_u8 left[32], const mh_u8 right[32], mh_u8 node[32],
			mh_core_sha256 sha256, void *user)
{
	mh_u8 prefix = MODHASH_MERKLE_PREFIX_NODE;
	struct mh_core_part parts[3] = {
		{ &prefix, 1 },
		{ left, MODHASH_MERKLE_HASH_LENGTH },
		{ right, MODHASH_MERKLE_HASH_LENGTH },
	};

	return sha256(user, parts, 3, node) ? MH_CORE_HASH : MH_CORE_OK;
}

int mh_core_merkle_climb(const mh_u8 leaf[32], mh_u32 position, const mh_u8 *siblings,
			 mh_u32 levels, mh_u8 top[32], mh_core_sha256 sha256, void *user)
{
	mh_u32 level;
	int status = MH_CORE_OK;

	memcpy(top, leaf, MODHASH_MERKLE_HASH_LENGTH);
	for (level = 0; !status && level < levels; level++) {
		if (position & 1)
			status = mh_core_merkle_node(siblings, top, top, sha256, user);
		else
			status = mh_core_merkle_node(top, siblings, top, sha256, user);
		position >>= 1;
		siblings += MODHASH_MERKLE_HASH_LENGTH;
	}
	return status;
}

int mh_core_merkle_check(const mh_u8 *data, mh_u64 length, const mh_u8 *proof, mh_u64 proof_length,
			 mh_u32 levels, const mh_u8 root[32], mh_core_sha256 sha256, void *user)
{
	mh_u8 leaf[MODHASH_MERKLE_HASH_LENGTH], top[MODHASH_MERKLE_HASH_LENGTH];
	mh_u32 position;
	int status;

	if (levels > MODHASH_MERKLE_LEVELS_MAX ||
	    proof_length != MODHASH_MERKLE_PROOF_SIZE + (mh_u64)levels * MODHASH_MERKLE_HASH_LENGTH)
		return MH_CORE_PROOF;

	position = mh_core_be32(proof + MODHASH_MERKLE_PROOF_POSITION);
	status = mh_core_merkle_leaf(data, length, position, leaf, sha256, user);
	if (!status)
		status = mh_core_merkle_climb(leaf, position, proof + MODHASH_MERKLE_PROOF_SIZE,
					      levels, top, sha256, user);
	if (status)
		return status;
	return !memcmp(top, root, MODHASH_MERKLE_HASH_LENGTH);
}
