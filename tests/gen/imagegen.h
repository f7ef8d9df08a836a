/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests: small kernel images of every kind.  Written against the formats, not with the
 * library: what it makes is evidence.
 */
#ifndef IMAGEGEN_H
#define IMAGEGEN_H

#include "elfgen.h"

#define IMAGEGEN_NO_BLOB (1u << 0)     /* no section .module_hashes */
#define IMAGEGEN_TWO_BLOBS (1u << 1)   /* two of them */
#define IMAGEGEN_NOBITS (1u << 2)      /* it has no bytes in the file */
#define IMAGEGEN_NOT_LOADED (1u << 3)  /* it is not allocated */
#define IMAGEGEN_COMPRESSED (1u << 4)  /* it says that it is compressed */
#define IMAGEGEN_NO_BTF (1u << 5)
#define IMAGEGEN_OBJECT (1u << 6)      /* relocatable */
#define IMAGEGEN_NO_RELEASE (1u << 7)
#define IMAGEGEN_LOOKALIKES (1u << 8)  /* "Linux version " in places where no release follows */

struct imagegen {
	unsigned int bits; /* of a vmlinux: 32 or 64; 0: 64 */
	bool big_endian;
	unsigned int flags;
	const char *release; /* NULL: IMAGEGEN_RELEASE */
	const void *blob;    /* NULL: zeroes */
	size_t blob_length;
	size_t room; /* of the section; 0: as long as the blob */
};

#define IMAGEGEN_RELEASE "6.12.0-generated"

/* The bytes of .BTF: no types, one string. */
void imagegen_btf(struct gen_buf *out, bool big_endian);

void imagegen_vmlinux(struct gen_buf *out, const struct imagegen *image);

/* A raw arm64 Image: blob and BTF somewhere in it, at multiples of 8. */
void imagegen_arm64(struct gen_buf *out, const struct imagegen *image);

/* Around @payload, which is packed, its size behind it where that belongs. */
void imagegen_bzimage(struct gen_buf *out, const struct gen_buf *payload, const char *release);
#define IMAGEGEN_BZIMAGE_PAYLOAD (5 * 512 + 32) /* where it lies */
void imagegen_zboot(struct gen_buf *out, const struct gen_buf *payload, const char *type);
#define IMAGEGEN_ZBOOT_PAYLOAD 128

/* PE with sections .uname (if not NULL) and .linux; raw sizes are multiples of 512. */
void imagegen_uki(struct gen_buf *out, const struct gen_buf *kernel, const char *uname);
#define IMAGEGEN_UKI_HEADERS (64 + 24 + 16) /* of 40 bytes each; .linux is the last */
#define IMAGEGEN_UKI_LINUX (IMAGEGEN_UKI_HEADERS + 2 * 40)

/* LZ4's legacy frame in place, of literals alone, blocks of @block bytes. */
void imagegen_lz4(struct gen_buf *buf, size_t block);

/* The four bytes that the kernel's build writes behind what it packed. */
void imagegen_size(struct gen_buf *packed, uint64_t unpacked);

#endif /* IMAGEGEN_H */
