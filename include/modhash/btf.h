/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The BTF of a vmlinux, which the BTF of its modules continues.
 */
#ifndef MODHASH_BTF_H
#define MODHASH_BTF_H

#include <modhash/attributes.h>
#include <modhash/context.h>
#include <modhash/error.h>
#include <modhash/output.h>

MODHASH_BEGIN_DECLS

/* Read and hashed once; it never changes, so that any number of threads may share one. */
struct modhash_btf_base;

/**
 * modhash_btf_base_from_memory() - a base that is in memory
 * @ctx: context
 * @data: an ELF file with a section .BTF (a vmlinux), a kernel image (image.h), BTF as such
 *	(what /sys/kernel/btf/vmlinux holds), or a cache that modhash_btf_base_save() made;
 *	told by its first bytes.  It is copied.
 * @length: how many
 * @base: out, to be freed with modhash_btf_base_free()
 * @err: out, may be NULL
 *
 * Return: 0; MODHASH_E_BTF (malformed); MODHASH_E_NO_BASE (BTF that continues another: a
 * module's); MODHASH_E_UNSUPPORTED; MODHASH_E_TOO_COMPLEX; MODHASH_E_ELF;
 * MODHASH_E_NOT_FOUND (ELF or an image without BTF); what modhash_image_from_memory()
 * returns of an image; MODHASH_E_BLOB or MODHASH_E_CHECKSUM (a
 * damaged cache); MODHASH_E_CRYPTO; MODHASH_E_STOPPED (by the context's @stop); MODHASH_E_NOMEM;
 * MODHASH_E_INVALID.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int
modhash_btf_base_from_memory(const struct modhash_ctx *ctx, const void *data, size_t length,
			     struct modhash_btf_base **base, struct modhash_error *err);

/**
 * modhash_btf_base_from_path() - a base that is a file
 * @ctx: context
 * @path: the file, as in modhash_btf_base_from_memory(), packed or not
 * @cache: a cache of it, or NULL.  One that is there, whole and of the same BTF saves the
 *	hashing; otherwise it is written anew.  A file that does not begin as a cache does, or
 *	can't be read, is not replaced.
 * @base: out, to be freed with modhash_btf_base_free()
 * @err: out, may be NULL
 *
 * Return: as modhash_btf_base_from_memory() and modhash_module_from_path(); MODHASH_E_BLOB,
 * also for a @cache that holds something else; and, if it could not be read or written, what
 * modhash_module_from_path() or modhash_write_file() returns.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int
modhash_btf_base_from_path(const struct modhash_ctx *ctx, const char *path, const char *cache,
			   struct modhash_btf_base **base, struct modhash_error *err);

/**
 * modhash_btf_base_free() - free a base
 * @base: the base, or NULL
 *
 * Since: 0.1
 */
MODHASH_API void modhash_btf_base_free(struct modhash_btf_base *base);

/**
 * struct modhash_btf_base_info - what a base is
 * @size: sizeof(struct modhash_btf_base_info)
 * @types: how many, void not counted
 * @duplicates: 1 if two of them have the same hash
 * @reserved: zero
 * @sha256: SHA-256 of the BTF
 *
 * Since: 0.1
 */
struct modhash_btf_base_info {
	uint32_t size;
	uint32_t types;
	uint32_t duplicates;
	uint32_t reserved;
	uint8_t sha256[32];
};

/**
 * modhash_btf_base_info() - what a base is
 * @base: the base
 * @info: in: its @size; out: the rest
 *
 * Return: 0 or MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_btf_base_info(const struct modhash_btf_base *base,
				      struct modhash_btf_base_info *info);

/**
 * modhash_btf_base_save() - a base with its hashes, as the bytes of a cache
 * @base: the base
 * @buffer: out, to be freed with modhash_buffer_clear()
 * @err: out, may be NULL
 *
 * Return: 0, MODHASH_E_NOMEM, MODHASH_E_CRYPTO or MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_btf_base_save(const struct modhash_btf_base *base,
							 struct modhash_buffer *buffer,
							 struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_BTF_H */
