/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Merkle proofs: one module, one root, nothing else.
 */
#ifndef MODHASH_MERKLE_H
#define MODHASH_MERKLE_H

#include <modhash/attributes.h>
#include <modhash/blob.h>
#include <modhash/context.h>
#include <modhash/error.h>
#include <modhash/module.h>

MODHASH_BEGIN_DECLS

/**
 * struct modhash_proof - a Merkle proof, parsed
 * @size: sizeof(struct modhash_proof)
 * @position: the module's line in modules.order, from 0
 * @levels: how many siblings there are
 * @reserved: zero
 * @siblings: @levels * 32 bytes, leaf to root: a view
 *
 * Since: 0.1
 */
struct modhash_proof {
	uint32_t size;
	uint32_t position;
	uint32_t levels;
	uint32_t reserved;
	const uint8_t *siblings;
};

/**
 * modhash_proof_parse() - parse a proof
 * @data: the data of a Merkle trailer (struct modhash_trailer), or a whole .merkle
 *	file: proof, structure and marker
 * @length: bytes at @data
 * @proof: in: its @size; out: a view of @data
 * @err: out, may be NULL
 *
 * Return: 0; MODHASH_E_PROOF (its length is not 4 + 32 * n with n up to 32, or the
 * trailer around it is malformed); MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_proof_parse(const void *data, size_t length,
						       struct modhash_proof *proof,
						       struct modhash_error *err);

/**
 * modhash_proof_check() - does a proof lead from a module to a root?
 * @module: the module, whether or not the proof is appended to it
 * @proof: the proof
 * @root: a blob that is a root
 * @err: out, may be NULL
 *
 * Return: 1 yes; 0 no; MODHASH_E_PROOF (it has another number of levels than the
 * root); MODHASH_E_TRAILER (the module's outermost trailer is malformed);
 * MODHASH_E_NOT_FILLED; MODHASH_E_INVALID; MODHASH_E_CRYPTO; MODHASH_E_NOMEM.
 * Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_proof_check(const struct modhash_module *module,
						       const struct modhash_proof *proof,
						       const struct modhash_blob *root,
						       struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_MERKLE_H */
