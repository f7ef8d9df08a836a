/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel images: what is in them, whatever they are packed in, and a blob put into one.
 */
#ifndef MODHASH_IMAGE_H
#define MODHASH_IMAGE_H

#include <modhash/attributes.h>
#include <modhash/blob.h>
#include <modhash/context.h>
#include <modhash/error.h>
#include <modhash/module.h>

MODHASH_BEGIN_DECLS

struct modhash_image;

/* What an image is, or a layer of one. */
#define MODHASH_IMAGE_VMLINUX 1 /* ELF: a vmlinux, or User Mode Linux */
#define MODHASH_IMAGE_BZIMAGE 2 /* x86: a loader and a packed vmlinux */
#define MODHASH_IMAGE_ARM64 3	/* a raw arm64 Image: no sections, no symbols */
#define MODHASH_IMAGE_ZBOOT 4	/* an EFI program that unpacks what it carries */
#define MODHASH_IMAGE_UKI 5	/* unified kernel image: PE, with a section .linux */
#define MODHASH_IMAGE_PACKED 6	/* a compressed file, such as Image.gz */
#define MODHASH_IMAGE_TABLE 7	/* a table alone, such as a running kernel's */
#define MODHASH_IMAGE_BTF 8	/* BTF alone: /sys/kernel/btf/vmlinux */

/**
 * modhash_image_kind_name() - the name of a kind of image
 * @kind: MODHASH_IMAGE_*
 *
 * Return: "vmlinux", "bzimage", "arm64", "zboot", "uki", "packed", "table", "btf", or
 * NULL.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API const char *modhash_image_kind_name(int kind);

/**
 * modhash_image_from_memory() - read a kernel image
 * @ctx: context; must outlive the image
 * @data: its bytes, which must stay as they are until modhash_image_free(): where
 *	nothing is packed, the image is a view of them
 * @length: how many
 * @image: out, to be freed with modhash_image_free()
 * @err: out, may be NULL
 *
 * What it is is told from the bytes.  Layers are taken off one by one, up to the vmlinux
 * (or a raw arm64 Image), and what is packed is unpacked, under the context's limit.  That
 * there is no blob in it, or no BTF, is no failure here: who asks for it is told then.
 *
 * Return: 0; MODHASH_E_NOT_IMAGE; MODHASH_E_IMAGE (malformed: an offset or a length that
 * can't be); MODHASH_E_UNSUPPORTED (packed by bzip2, lzma or lzo, or a PE file without a
 * kernel); MODHASH_E_ELF; MODHASH_E_TOO_COMPLEX; MODHASH_E_UNPACK;
 * MODHASH_E_NO_DECOMPRESSOR; MODHASH_E_LIMIT; MODHASH_E_STOPPED (by the context's @stop);
 * MODHASH_E_NOMEM; MODHASH_E_INVALID.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_image_from_memory(const struct modhash_ctx *ctx,
							     const void *data, size_t length,
							     struct modhash_image **image,
							     struct modhash_error *err);

/**
 * modhash_image_from_fd() - read a kernel image from a file descriptor
 * @ctx: context; must outlive the image
 * @fd: a regular file, open for reading; read whole, and left open
 * @image: out
 * @err: out, may be NULL
 *
 * Return: as modhash_image_from_memory(), and MODHASH_E_IO, MODHASH_E_FILE_TYPE,
 * MODHASH_E_CHANGED.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_image_from_fd(const struct modhash_ctx *ctx, int fd,
							 struct modhash_image **image,
							 struct modhash_error *err);

/**
 * modhash_image_from_path() - read a kernel image from a file
 * @ctx: context; must outlive the image
 * @path: the file; one of sysfs or securityfs that does not say how long it is will do
 * @image: out
 * @err: out, may be NULL
 *
 * Return: as modhash_image_from_fd().
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_image_from_path(const struct modhash_ctx *ctx,
							   const char *path,
							   struct modhash_image **image,
							   struct modhash_error *err);

/**
 * modhash_image_free() - free an image
 * @image: the image, or NULL
 *
 * Since: 0.1
 */
MODHASH_API void modhash_image_free(struct modhash_image *image);

/**
 * struct modhash_image_info - what an image is
 * @size: sizeof(struct modhash_image_info)
 * @kind: MODHASH_IMAGE_* of the file
 * @payload: MODHASH_IMAGE_* of what is left when all layers are off
 * @layers: how many there are, the payload among them
 * @machine: the ELF machine number (EM_X86_64 is 62, EM_AARCH64 183), or 0
 * @bits: 32 or 64, or 0 if that can't be told
 * @byte_order: MODHASH_BYTE_ORDER_*
 * @reserved: zero
 * @file_length: bytes of the file
 * @payload_length: bytes of what is left when all layers are off
 * @blob_room: bytes of the section .module_hashes; 0 if there is none
 * @release: the kernel's release, as uname -r prints it, NUL-terminated, a view; or NULL
 *
 * Since: 0.1
 */
struct modhash_image_info {
	uint32_t size;
	uint32_t kind;
	uint32_t payload;
	uint32_t layers;
	uint32_t machine;
	uint32_t bits;
	uint32_t byte_order;
	uint32_t reserved;
	uint64_t file_length;
	uint64_t payload_length;
	uint64_t blob_room;
	const char *release;
};

/**
 * modhash_image_info() - what an image is
 * @image: the image
 * @info: in: its @size; out: the rest; views are valid as long as the image
 *
 * Return: 0 or MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_image_info(const struct modhash_image *image,
				   struct modhash_image_info *info);

/**
 * struct modhash_image_layer - one layer of an image
 * @size: sizeof(struct modhash_image_layer)
 * @kind: MODHASH_IMAGE_*
 * @compression: MODHASH_COMPRESSION_* of what it carries
 * @reserved: zero
 * @offset: where in it lies what it carries; 0 for the payload
 * @length: bytes of that, packed
 *
 * Since: 0.1
 */
struct modhash_image_layer {
	uint32_t size;
	uint32_t kind;
	uint32_t compression;
	uint32_t reserved;
	uint64_t offset;
	uint64_t length;
};

/**
 * modhash_image_layer() - one layer of an image
 * @image: the image
 * @index: from 0, the file itself, to the payload
 * @layer: in: its @size; out: the rest
 *
 * Return: 0; MODHASH_E_NOT_FOUND (no more); MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API int modhash_image_layer(const struct modhash_image *image, uint32_t index,
				    struct modhash_image_layer *layer);

#define MODHASH_IMAGE_PART_BLOB 1    /* .module_hashes: a table without the zeroes behind it */
#define MODHASH_IMAGE_PART_BTF 2     /* .BTF, as /sys/kernel/btf/vmlinux shows it */
#define MODHASH_IMAGE_PART_VMLINUX 3 /* the ELF file, unpacked */

/**
 * modhash_image_part() - a part of an image, as bytes
 * @image: the image
 * @part: MODHASH_IMAGE_PART_*
 * @data: out: a view, valid as long as the image; never NULL after a success
 * @length: out: how many bytes
 * @err: out, may be NULL
 *
 * In a raw arm64 Image a table is found by its magic and its checksums, and BTF by its
 * header; a list, a root and zeroes can't be found there.
 *
 * Return: 0; MODHASH_E_NOT_FOUND (it has no such part, or none that can be found);
 * MODHASH_E_ELF (more than one section of that name); MODHASH_E_BLOB (more than one table
 * in a raw Image); MODHASH_E_UNSUPPORTED (a section that is itself compressed);
 * MODHASH_E_INVALID.  Thread-safe.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_image_part(const struct modhash_image *image,
						      uint32_t part, const uint8_t **data,
						      uint64_t *length,
						      struct modhash_error *err);

/**
 * modhash_image_blob() - the blob of an image
 * @image: the image
 * @blob: out, to be freed with modhash_blob_free(); it may outlive the image
 * @err: out, may be NULL
 *
 * Zeroes are a blob that was not filled in: a list or a root by their length, and a table
 * of which nothing is known where it can be neither.  Its release is the image's.
 *
 * Return: as modhash_image_part(), and MODHASH_E_BLOB, MODHASH_E_CHECKSUM or
 * MODHASH_E_UNSUPPORTED as modhash_blob_from_memory(); MODHASH_E_NOMEM.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_image_blob(const struct modhash_image *image,
						      struct modhash_blob **blob,
						      struct modhash_error *err);

/* struct modhash_embed_opts: @flags */
#define MODHASH_EMBED_EMPTY (1u << 0) /* take a blob that was not filled in, too */

/**
 * struct modhash_embed_opts - how a blob is put into a vmlinux
 * @size: sizeof(struct modhash_embed_opts)
 * @flags: MODHASH_EMBED_*
 *
 * Since: 0.1
 */
struct modhash_embed_opts {
	uint32_t size;
	uint32_t flags;
};

/**
 * struct modhash_embed_info - what was put where
 * @size: sizeof(struct modhash_embed_info)
 * @changed: 0 if all of it was there before, else 1
 * @offset: of the section .module_hashes in the file
 * @room: bytes of the section
 * @length: bytes of the blob in it; zeroes follow
 *
 * Since: 0.1
 */
struct modhash_embed_info {
	uint32_t size;
	uint32_t changed;
	uint64_t offset;
	uint64_t room;
	uint64_t length;
};

/**
 * modhash_image_embed() - put a blob into a vmlinux
 * @blob: the blob; of a table, the part that a kernel needs is written
 * @vmlinux: an ELF file with one section .module_hashes, changed in place: the bytes of
 *	that section, and none but these; none at all after a failure
 * @length: how many bytes
 * @opts: how, or NULL for the defaults
 * @info: in: its @size; out: what was done; may be NULL
 * @err: out, may be NULL
 *
 * A list has to fill the section, a root is 36 bytes of the ELF file's byte order, and a
 * table may be shorter than the section.  A blob of zeroes, or one that says that it was
 * not filled in, is refused, unless MODHASH_EMBED_EMPTY is set.  So is a table two modules
 * of which are said to have the same position in the build.
 *
 * Return: 0; MODHASH_E_NOT_ELF; MODHASH_E_ELF (malformed; not exactly one such section
 * that a kernel loads; it overlaps something else); MODHASH_E_NOT_FOUND (no such section);
 * MODHASH_E_UNSUPPORTED (an object file, or a compressed section); MODHASH_E_CAPACITY (does
 * not fit); MODHASH_E_BLOB (a root of the other byte order, positions that are not unique);
 * MODHASH_E_NOT_FILLED; MODHASH_E_SCOPE; MODHASH_E_TOO_COMPLEX; MODHASH_E_NOMEM;
 * MODHASH_E_INVALID.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_image_embed(const struct modhash_blob *blob,
						       void *vmlinux, uint64_t length,
						       const struct modhash_embed_opts *opts,
						       struct modhash_embed_info *info,
						       struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_IMAGE_H */
