/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests: small ELF files that look like kernel modules, of either class and byte
 * order, and trailers behind them.  The same input yields the same bytes.
 *
 * Written against the formats, not with the library: what it makes is evidence.
 */
#ifndef ELFGEN_H
#define ELFGEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes that grow.  Out of memory ends the program: this is for tests. */
struct gen_buf {
	uint8_t *data;
	size_t length;
	size_t capacity;
};

void gen_add(struct gen_buf *buf, const void *data, size_t length);
void gen_zeroes(struct gen_buf *buf, size_t length);
void gen_text(struct gen_buf *buf, const char *text); /* without its NUL */
void gen_number(struct gen_buf *buf, uint64_t value, unsigned int size, bool big_endian);
void gen_align(struct gen_buf *buf, size_t alignment);
/* Overwrite @size bytes at @offset with a number. */
void gen_put(struct gen_buf *buf, size_t offset, uint64_t value, unsigned int size,
	     bool big_endian);
uint64_t gen_get(const struct gen_buf *buf, size_t offset, unsigned int size, bool big_endian);
void gen_free(struct gen_buf *buf);

/* --- ELF --- */

#define ELFGEN_BTF (1u << 0)	   /* stubs of .BTF and .BTF_ids */
#define ELFGEN_BTF_BASE (1u << 1)  /* a stub of .BTF.base */
#define ELFGEN_STRIPPED (1u << 2)  /* no .symtab */
#define ELFGEN_DEBUG (1u << 3)	   /* a stub of .debug_info */
#define ELFGEN_NO_NAME (1u << 4)   /* no "name=" in .modinfo, as in older kernels */
#define ELFGEN_NO_MODINFO (1u << 5)
#define ELFGEN_NO_THIS_MODULE (1u << 6)
#define ELFGEN_EXTENDED (1u << 7)  /* numbers of sections in section header 0 */
#define ELFGEN_TWO_MODINFO (1u << 8)
#define ELFGEN_MODINFO_NO_END (1u << 9)

struct elfgen {
	unsigned int bits; /* 32 or 64 */
	bool big_endian;
	unsigned int flags;	    /* ELFGEN_* */
	const char *name;	    /* of the module; NULL: "generated" */
	const char *seed;	    /* .text and the build id are made of it; NULL: the name */
	size_t text_length;	    /* 0: 256 */
};

/* A module.  The sections that all have, in this order, by number: */
#define ELFGEN_SECTION_TEXT 1
#define ELFGEN_SECTION_BUILD_ID 2
#define ELFGEN_SECTION_BSS 3
void elfgen_module(struct gen_buf *out, const struct elfgen *elf);

/* Where the header of section @index begins, and where its fields are in it. */
size_t elfgen_header(const struct gen_buf *elf, unsigned int index);
enum elfgen_field { ELFGEN_SH_NAME, ELFGEN_SH_TYPE, ELFGEN_SH_OFFSET, ELFGEN_SH_SIZE };
void elfgen_set(struct gen_buf *elf, unsigned int index, enum elfgen_field field, uint64_t value);
uint64_t elfgen_get(const struct gen_buf *elf, unsigned int index, enum elfgen_field field);
/* The number of a section, which must be there. */
unsigned int elfgen_find(const struct gen_buf *elf, const char *name);

enum elfgen_ehdr {
	ELFGEN_E_PHOFF, ELFGEN_E_SHOFF, ELFGEN_E_PHENTSIZE, ELFGEN_E_PHNUM,
	ELFGEN_E_SHENTSIZE, ELFGEN_E_SHNUM, ELFGEN_E_SHSTRNDX
};
void elfgen_set_ehdr(struct gen_buf *elf, enum elfgen_ehdr field, uint64_t value);
uint64_t elfgen_get_ehdr(const struct gen_buf *elf, enum elfgen_ehdr field);

/* --- trailers --- */

struct trailergen {
	uint8_t algo, hash, id_type, signer_len, key_id_len, pad[3];
	uint32_t sig_len; /* what it claims; trailergen_add() sets it */
};

/* Append data, structure and marker; the second with a length of the caller's choice. */
void trailergen_add(struct gen_buf *file, uint8_t id_type, const void *data, size_t length);
void trailergen_add_raw(struct gen_buf *file, const struct trailergen *trailer, const void *data,
			size_t length);

/* A proof of @levels siblings: the right length, made-up contents. */
void trailergen_proof(struct gen_buf *out, uint32_t position, unsigned int levels);

#define PKCS7GEN_NO_SIGNER (1u << 0)
#define PKCS7GEN_KEY_ID (1u << 1)      /* the signer by key identifier, not by issuer */
#define PKCS7GEN_BMP_NAME (1u << 2)    /* the name in UTF-16 */
#define PKCS7GEN_LATIN1_NAME (1u << 3) /* the name in ISO 8859-1, as a T61String */
#define PKCS7GEN_NO_CN (1u << 4)       /* the issuer has an organisation alone */

struct pkcs7gen {
	unsigned int flags;
	const void *name; /* of the issuer, in its character set; NULL: "Test key" */
	size_t name_length;
	unsigned int hash; /* last number of 2.16.840.1.101.3.4.2.N; 0: 1, SHA-256 */
};

/* The DER of a message with a signer; the signature is 64 made-up bytes. */
void pkcs7gen(struct gen_buf *out, const struct pkcs7gen *message);
#define PKCS7GEN_SIGNATURE_LENGTH 64
#define PKCS7GEN_SERIAL "\x12\x34\x56\x78\x9a"
#define PKCS7GEN_SERIAL_LENGTH 5
#define PKCS7GEN_KEY_ID_VALUE "key identifier, made up"

#endif /* ELFGEN_H */
