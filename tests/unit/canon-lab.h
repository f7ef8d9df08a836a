/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests: a maker of modules of which every part can lie anywhere, and of the BTF that
 * theirs continues.
 */
#ifndef CANON_LAB_H
#define CANON_LAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BASE_TYPES 2 /* int, and the prototype of a function that returns it */

struct maker {
	bool is_64, big_endian;
	/* What must not matter. */
	size_t padding;	       /* between sections */
	bool headers_first;    /* section headers in front of the sections */
	bool backwards;	       /* sections lie in the file from the last to the first */
	bool names_backwards;  /* names of sections in another order */
	uint64_t permute;      /* a seed: BTF in another order */
	uint64_t permute_base; /* the same for the base */
	/* What must matter. */
	bool no_btf;
	bool distilled;	       /* with .BTF.base: the base, in the module */
	bool resized;	       /* the base's int has no sign */
	bool rotated;	       /* ids of functions */
	bool unresolved;       /* .BTF_ids not filled in */
	bool extended;	       /* with SHT_SYMTAB_SHNDX, which two symbols use */
	bool twins;	       /* two types that are the same */
	bool swapped;	       /* two sections with the same name and other contents */
	const char *member;    /* of the structure, instead of "fd" */
	const char *spare_name; /* in .shstrtab */
	const char *spare_symbol; /* in .strtab */
};

enum {
	TEXT = 1, RELA, GROUP, DUP_A, DUP_B, IDS, BSS, EMPTY, BTF, SYMTAB, STRTAB, SHSTRTAB, BASE,
	INDICES, SECTIONS
};

struct file {
	uint8_t data[8192];
	size_t length;
	size_t offsets[SECTIONS];
	size_t headers;
};

void make(const struct maker *maker, struct file *file);

/* The base of that module, to be freed. */
uint8_t *make_base_btf(const struct maker *maker, size_t *length);

#endif /* CANON_LAB_H */
