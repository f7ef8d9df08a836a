// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * Appended signatures and proofs, found from the end of a file.
 *
 * What is a trailer and what is malformed is as in the kernel's module_sig_check(),
 * mod_verify_sig() and mod_check_sig(); for the historic kinds, whose signer's name and
 * key identifier stand before the signature, as in the kernels that knew them.
 */
#include "core.h"

#define MARKER_LENGTH MODHASH_TRAILER_MARKER_LENGTH
#define RECORD_SIZE MODHASH_MODULE_SIGNATURE_SIZE

/* Offset in the record of a byte that a PKCS#7 trailer must have as 0, or RECORD_SIZE. */
static mh_u32 pkcs7_fault(const mh_u8 *record)
{
	mh_u32 i;

	for (i = 0; i < MODHASH_MODULE_SIGNATURE_SIG_LEN; i++) {
		if (i != MODHASH_MODULE_SIGNATURE_ID_TYPE && record[i])
			return i;
	}
	return RECORD_SIZE;
}

/* Bytes before the record that are the trailer's. */
static mh_u64 data_length(const mh_u8 *record)
{
	mh_u64 length = mh_core_be32(record + MODHASH_MODULE_SIGNATURE_SIG_LEN);
	mh_u8 id_type = record[MODHASH_MODULE_SIGNATURE_ID_TYPE];

	if (id_type == MODHASH_TRAILER_PGP || id_type == MODHASH_TRAILER_X509)
		length += (mh_u64)record[MODHASH_MODULE_SIGNATURE_SIGNER_LEN] +
			  record[MODHASH_MODULE_SIGNATURE_KEY_ID_LEN];
	return length;
}

int mh_core_trailer_last(const mh_u8 *data, mh_u64 length, struct mh_core_trailer *trailer)
{
	const mh_u8 *record;
	mh_u64 before; /* bytes before the record */

	if (length <= MARKER_LENGTH ||
	    memcmp(data + length - MARKER_LENGTH, MODHASH_TRAILER_MARKER, MARKER_LENGTH))
		return 0;
	if (length - MARKER_LENGTH <= RECORD_SIZE) {
		trailer->fault = length - MARKER_LENGTH;
		return MH_CORE_TRAILER;
	}
	before = length - MARKER_LENGTH - RECORD_SIZE;
	record = data + before;

	trailer->algo = record[MODHASH_MODULE_SIGNATURE_ALGO];
	trailer->hash = record[MODHASH_MODULE_SIGNATURE_HASH];
	trailer->id_type = record[MODHASH_MODULE_SIGNATURE_ID_TYPE];
	trailer->signer_len = record[MODHASH_MODULE_SIGNATURE_SIGNER_LEN];
	trailer->key_id_len = record[MODHASH_MODULE_SIGNATURE_KEY_ID_LEN];
	trailer->data_length = data_length(record);
	/* Not one byte would be left of the module. */
	if (trailer->data_length >= before) {
		trailer->fault = before + MODHASH_MODULE_SIGNATURE_SIG_LEN;
		return MH_CORE_TRAILER;
	}
	if (trailer->id_type == MODHASH_TRAILER_PKCS7 && pkcs7_fault(record) < RECORD_SIZE) {
		trailer->fault = before + pkcs7_fault(record);
		return MH_CORE_TRAILER;
	}
	trailer->offset = before - trailer->data_length;
	trailer->length = length - trailer->offset;
	trailer->fault = 0;
	return 1;
}
