/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The canonical form of a module, for comparing builds; and the canonical rewrite, for
 * making them equal.  doc/btf.md says what they are and what they are not.
 */
#ifndef MODHASH_CANON_H
#define MODHASH_CANON_H

#include <modhash/attributes.h>
#include <modhash/btf.h>
#include <modhash/context.h>
#include <modhash/digest.h>
#include <modhash/error.h>
#include <modhash/module.h>
#include <modhash/output.h>

MODHASH_BEGIN_DECLS

/* The newest canonical form that this library computes. */
#define MODHASH_CANON_FORM 1

/* What to do about BTF.  Digests of different policies never are the same. */
#define MODHASH_BTF_CANONICAL 1 /* as a graph of types */
#define MODHASH_BTF_RAW 2	/* as the bytes that it is */
#define MODHASH_BTF_DROP 3	/* left out */

/* struct modhash_canon_opts: @flags */
#define MODHASH_CANON_STRICT (1u << 0) /* refuse types that have the same hash */

/**
 * struct modhash_canon_opts - which canonical form
 * @size: sizeof(struct modhash_canon_opts)
 * @flags: MODHASH_CANON_*
 * @form: version of the canonical form; 0 is refused, so that nobody gets the newest
 *	one by mistake
 * @policy: MODHASH_BTF_*
 * @base: what the module's BTF continues; or NULL, which is enough for modules without BTF
 *	or with .BTF.base, and for other policies than MODHASH_BTF_CANONICAL
 *
 * Since: 0.1
 */
struct modhash_canon_opts {
	uint32_t size;
	uint32_t flags;
	uint32_t form;
	uint32_t policy;
	const struct modhash_btf_base *base;
};

/* struct modhash_canon_info: @flags */
#define MODHASH_CANON_HAS_BTF (1u << 0)	 /* BTF was read */
#define MODHASH_CANON_OWN_BASE (1u << 1) /* by .BTF.base */

/**
 * struct modhash_canon_info - what was seen on the way
 * @size: sizeof(struct modhash_canon_info)
 * @flags: MODHASH_CANON_HAS_BTF, MODHASH_CANON_OWN_BASE
 * @types: of the module's own
 * @duplicates: of them, how many share their hash with another; then equal digests do
 *	not prove equal graphs
 * @base_sha256: of the BTF of the base that was used, or all zero
 *
 * Since: 0.1
 */
struct modhash_canon_info {
	uint32_t size;
	uint32_t flags;
	uint32_t types;
	uint32_t duplicates;
	uint8_t base_sha256[32];
};

/**
 * modhash_module_canonical() - the canonical digest of a module
 * @module: the module; its trailers do not count
 * @algorithm: MODHASH_ALGO_* of the outermost hash; those inside are SHA-256
 * @opts: which canonical form
 * @digest: out; zeroed on failure
 * @info: in: its @size; out: the rest; may be NULL
 * @err: out, may be NULL
 *
 * Equal digests mean modules that are the same but for where things lie in the file and
 * how BTF is numbered.  They never mean that a kernel loads them.
 *
 * Return: 0; MODHASH_E_NOT_ELF; MODHASH_E_ELF (malformed, or with bytes that are in
 * no section); MODHASH_E_NOT_MODULE; MODHASH_E_TRAILER; MODHASH_E_BTF; MODHASH_E_BTF_IDS;
 * MODHASH_E_NO_BASE; MODHASH_E_WRONG_BASE; MODHASH_E_TOO_COMPLEX; MODHASH_E_AMBIGUOUS;
 * MODHASH_E_UNSUPPORTED (also another form); MODHASH_E_ALGORITHM; MODHASH_E_CRYPTO;
 * MODHASH_E_NOMEM; MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int
modhash_module_canonical(const struct modhash_module *module, int algorithm,
			 const struct modhash_canon_opts *opts, struct modhash_digest *digest,
			 struct modhash_canon_info *info, struct modhash_error *err);

/* struct modhash_canon_changes: @flags */
#define MODHASH_CHANGED_BTF (1u << 0)	   /* bytes of .BTF, or it was left out */
#define MODHASH_CHANGED_BTF_BASE (1u << 1) /* of .BTF.base */
#define MODHASH_CHANGED_BTF_IDS (1u << 2)  /* of .BTF_ids */
#define MODHASH_CHANGED_TRAILERS (1u << 3) /* trailers were taken off */

/**
 * struct modhash_canon_changes - what a rewrite changed
 * @size: sizeof(struct modhash_canon_changes)
 * @flags: MODHASH_CHANGED_*
 * @types: of the module's own
 * @moved: of these and of .BTF.base's, how many have another number than before
 * @btf_offset: where .BTF was in the unpacked file, or MODHASH_OFFSET_NONE
 * @btf_length: its bytes
 *
 * @types and @moved are 0 under other policies than MODHASH_BTF_CANONICAL.
 *
 * Since: 0.1
 */
struct modhash_canon_changes {
	uint32_t size;
	uint32_t flags;
	uint32_t types;
	uint32_t moved;
	uint64_t btf_offset;
	uint64_t btf_length;
};

/**
 * modhash_module_canon_rewrite() - a module with its BTF in canonical order, or without
 * @module: the module.  With MODHASH_BTF_CANONICAL also a vmlinux, an ELF file that is not
 *	relocatable and whose .BTF stands alone; or BTF as such, of either: its .BTF_ids
 *	must not be filled in yet.
 * @opts: its policy says what becomes of BTF: MODHASH_BTF_CANONICAL, it is put in order; for a
 *	vmlinux, without a base.  MODHASH_BTF_RAW, it stays as it is.  MODHASH_BTF_DROP, .BTF and
 *	.BTF.base are taken out, and the ids in .BTF_ids.
 * @buffer: out: the payload, packed as the file was; freed by the caller with
 *	modhash_buffer_clear()
 * @changes: in: its @size; out: the rest; may be NULL
 * @err: out, may be NULL
 *
 * A kernel loads it as it loaded the module before; without BTF, as one that was built without.
 * Trailers are off: sign, and hash, what comes out.  Bytes are equal for equal type graphs over
 * the same base only.  The digest of modhash_module_canonical() under the same policy stays.
 *
 * Return: 0; MODHASH_E_REWRITE (BTF would have another size, or something refers to a section
 * that is to go); MODHASH_E_AMBIGUOUS; and all
 * that modhash_module_canonical() returns.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int
modhash_module_canon_rewrite(const struct modhash_module *module,
			     const struct modhash_canon_opts *opts,
			     struct modhash_buffer *buffer,
			     struct modhash_canon_changes *changes, struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_CANON_H */
