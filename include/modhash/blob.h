/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blobs: what a kernel carries to know its modules by.  Read, asked, compared.
 */
#ifndef MODHASH_BLOB_H
#define MODHASH_BLOB_H

#include <modhash/attributes.h>
#include <modhash/context.h>
#include <modhash/digest.h>
#include <modhash/error.h>
#include <modhash/format.h>

MODHASH_BEGIN_DECLS

struct modhash_blob;

/**
 * modhash_format_name() - the name of a blob format
 * @format: MODHASH_FORMAT_*
 *
 * Return: "list", "merkle", "table", or NULL.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API const char *modhash_format_name(int format);

/**
 * modhash_blob_from_memory() - read a blob
 * @ctx: context; must outlive the blob
 * @data: its bytes, which must stay as they are until modhash_blob_free(): the blob is
 *	a view of them
 * @length: how many
 * @blob: out
 * @err: out, may be NULL
 *
 * The format is told from the bytes: the table's magic; else 36 bytes are a Merkle
 * root, and a multiple of the digest's 32 bytes (0 among them) is a list, unless they
 * begin as a table with a damaged magic or text does.  What begins as a kernel image does
 * (image.h), or a compressed one, is opened, and its blob is read: a copy, then, and
 * no view.  All of it is validated.  Zeroes where a blob should be, and a table that says that it
 * was not filled in, are read: modhash_blob_info() says so, and nothing is known
 * to them.  A list has no checksum: any bytes of the right length are one.
 *
 * Return: 0; MODHASH_E_BLOB (malformed); MODHASH_E_CHECKSUM; MODHASH_E_UNSUPPORTED (a
 * newer version, or an incompatible feature); MODHASH_E_NOT_FOUND (an image without a
 * blob); what modhash_image_from_memory() and modhash_image_blob() return of an image;
 * MODHASH_E_NOMEM; MODHASH_E_INVALID.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_blob_from_memory(const struct modhash_ctx *ctx,
							    const void *data, size_t length,
							    struct modhash_blob **blob,
							    struct modhash_error *err);

/**
 * modhash_blob_from_fd() - read a blob from a file descriptor
 * @ctx: context; must outlive the blob
 * @fd: a regular file, open for reading; read whole, and left open
 * @blob: out
 * @err: out, may be NULL
 *
 * Return: as modhash_blob_from_memory(), and MODHASH_E_IO, MODHASH_E_FILE_TYPE,
 * MODHASH_E_CHANGED, MODHASH_E_LIMIT.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_blob_from_fd(const struct modhash_ctx *ctx, int fd,
							struct modhash_blob **blob,
							struct modhash_error *err);

/**
 * modhash_blob_from_path() - read a blob from a file
 * @ctx: context; must outlive the blob
 * @path: the file
 * @blob: out
 * @err: out, may be NULL
 *
 * Return: as modhash_blob_from_fd().
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_blob_from_path(const struct modhash_ctx *ctx,
							  const char *path,
							  struct modhash_blob **blob,
							  struct modhash_error *err);

/**
 * modhash_blob_free() - free a blob
 * @blob: the blob, or NULL
 *
 * Since: 0.1
 */
MODHASH_API void modhash_blob_free(struct modhash_blob *blob);

/* struct modhash_blob_info: @flags */
#define MODHASH_BLOB_FILLED (1u << 0)	   /* not zeroes, and not said to be unfilled */
#define MODHASH_BLOB_NAMES (1u << 1)	   /* has the modules' names and paths */

/**
 * struct modhash_blob_info - what a blob is
 * @size: sizeof(struct modhash_blob_info)
 * @format: MODHASH_FORMAT_*
 * @flags: MODHASH_BLOB_*.  Without MODHASH_BLOB_FILLED: the kernel's image was not
 *	patched, or (a zero root, an empty list) there were no modules: these formats
 *	can't tell the two apart, a table can.
 * @byte_order: MODHASH_BYTE_ORDER_*, of a root; little for a table; unknown for a list
 *	and for a root of no levels
 * @algorithm: MODHASH_ALGO_* of its digests
 * @scope: MODHASH_SCOPE_* that it is asked with; MODHASH_SCOPE_LEAF for a root
 * @version: of a table; else 0
 * @index_bits: of a table; else 0
 * @levels: of a root; else 0
 * @modules: records of names that it has; else 0
 * @count: digests in it; 0 for a root, which does not say, and for zeroes
 * @capacity: digests that there is room for; as @count, but for a table and for a list
 *	of zeroes
 * @length: bytes of the part that a kernel needs
 * @total_length: bytes with the sections that only userland needs
 * @features_compatible: of a table; else 0
 * @features_incompatible: of a table; else 0
 * @release: of the kernel that it was made for, or of the image that it was found in;
 *	NUL-terminated, a view; or NULL
 *
 * Since: 0.1
 */
struct modhash_blob_info {
	uint32_t size;
	uint32_t format;
	uint32_t flags;
	uint32_t byte_order;
	uint32_t algorithm;
	uint32_t scope;
	uint32_t version;
	uint32_t index_bits;
	uint32_t levels;
	uint32_t modules;
	uint64_t count;
	uint64_t capacity;
	uint64_t length;
	uint64_t total_length;
	uint64_t features_compatible;
	uint64_t features_incompatible;
	const char *release;
};

/**
 * modhash_blob_info() - what a blob is
 * @blob: the blob
 * @info: in: its @size; out: the rest; views are valid as long as the blob
 *
 * Return: 0 or MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_blob_info(const struct modhash_blob *blob,
				  struct modhash_blob_info *info);

/**
 * modhash_blob_contains() - is this digest in the blob?
 * @blob: a list or a table
 * @digest: of the blob's algorithm and scope
 * @index: out: which one, in the blob's order; may be NULL
 *
 * Return: 1 yes; 0 no; MODHASH_E_SCOPE if @digest is of another kind than the
 * blob's, or if the blob is a root, which only a module with a proof can be
 * checked against (modhash_verifier_check()); MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_blob_contains(const struct modhash_blob *blob,
							 const struct modhash_digest *digest,
							 uint64_t *index);

/**
 * modhash_blob_digest() - one digest of a blob
 * @blob: a list, a table, or a root (whose one digest is the root, with scope
 *	MODHASH_SCOPE_ROOT)
 * @index: from 0
 * @digest: out; zeroed on failure
 *
 * Return: 0, MODHASH_E_NOT_FOUND or MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_blob_digest(const struct modhash_blob *blob, uint64_t index,
				    struct modhash_digest *digest);

/* struct modhash_blob_module: @flags */
#define MODHASH_BLOB_MODULE_SIGNED (1u << 0) /* had a PKCS#7 trailer */

/**
 * struct modhash_blob_module - what a table remembers of a module, for userland
 * @size: sizeof(struct modhash_blob_module)
 * @flags: MODHASH_BLOB_MODULE_*
 * @name: its path in the tree, ending in .ko; NUL-terminated view
 * @digest: which digest of the table is its
 * @position: its line in the order of the build
 * @payload_length: its bytes without trailers
 * @build_id: its GNU build id, or NULL; view
 * @build_id_length: bytes at @build_id
 *
 * Since: 0.1
 */
struct modhash_blob_module {
	uint32_t size;
	uint32_t flags;
	const char *name;
	uint64_t digest;
	uint64_t position;
	uint64_t payload_length;
	const uint8_t *build_id;
	uint64_t build_id_length;
};

/**
 * modhash_blob_module() - what a table remembers of a module
 * @blob: the blob
 * @index: from 0, in the byte order of names
 * @module: in: its @size; out: the rest; views are valid as long as the blob
 *
 * Return: 0; MODHASH_E_NOT_FOUND (no more, or a blob without names);
 * MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_blob_module(const struct modhash_blob *blob, uint64_t index,
				    struct modhash_blob_module *module);

/**
 * modhash_blob_find_module() - what a table remembers of a module of this name
 * @blob: the blob
 * @name: a path; ".ko.xz" and the like count as ".ko".  If no record has all
 *	of it, the one record whose path has most components in common with it, from
 *	the end, will do: the last component at least, in which '-' and '_' each
 *	stand for both.
 * @module: in: its @size; out: the rest
 *
 * Return: 0; MODHASH_E_NOT_FOUND (none, more than one that fits as well, or a blob
 * without names);
 * MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_blob_find_module(const struct modhash_blob *blob, const char *name,
					 struct modhash_blob_module *module);

#define MODHASH_DIFF_SAME 0
#define MODHASH_DIFF_ADDED 1   /* in the second only */
#define MODHASH_DIFF_REMOVED 2 /* in the first only */
#define MODHASH_DIFF_CHANGED 3 /* same name, another digest; needs names in both */

/**
 * struct modhash_diff_entry - one difference between two blobs
 * @size: sizeof(struct modhash_diff_entry)
 * @change: MODHASH_DIFF_*
 * @name: of the module, if a blob knows it, else NULL
 * @first: index of the digest in the first blob, or UINT64_MAX
 * @second: index of the digest in the second blob, or UINT64_MAX
 *
 * Since: 0.1
 */
struct modhash_diff_entry {
	uint32_t size;
	uint32_t change;
	const char *name;
	uint64_t first;
	uint64_t second;
};

/**
 * modhash_blob_diff() - compare two blobs
 * @first: one
 * @second: the other, of the same algorithm and scope
 * @entry: called for each digest, MODHASH_DIFF_SAME too, in the byte order of digests
 *	(changed ones where the first has them), on the caller's thread; a
 *	non-zero return ends it and is returned.  A digest that a list has more than
 *	once comes as often.  May be NULL.
 * @user: handed to @entry
 * @err: out, may be NULL
 *
 * Two roots are the same or "changed"; a root and anything else can't be compared.
 *
 * Return: 0 all the same; 1 not; MODHASH_E_SCOPE (digests of different kinds);
 * MODHASH_E_NOMEM; MODHASH_E_INVALID; or what @entry returned.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int
modhash_blob_diff(const struct modhash_blob *first, const struct modhash_blob *second,
		  int (*entry)(void *user, const struct modhash_diff_entry *entry), void *user,
		  struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_BLOB_H */
