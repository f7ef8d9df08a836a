/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: the sections and symbols of an ELF file, for rules that must see each
 * byte of it: the canonical form, BTF.  Everything is checked when it is opened.
 */
#ifndef MH_ELF_VIEW_H
#define MH_ELF_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <modhash/error.h>

#include "budget.h"

/* elf.h is not everywhere, and these are few. */
#define MH_ET_REL 1
#define MH_SHT_NULL 0
#define MH_SHT_PROGBITS 1
#define MH_SHT_SYMTAB 2
#define MH_SHT_STRTAB 3
#define MH_SHT_RELA 4
#define MH_SHT_NOBITS 8
#define MH_SHT_REL 9
#define MH_SHT_GROUP 17
#define MH_SHT_SYMTAB_SHNDX 18
#define MH_SHF_ALLOC 0x2
#define MH_SHF_INFO_LINK 0x40
#define MH_SHF_COMPRESSED 0x800
#define MH_SHN_UNDEF 0
#define MH_SHN_LORESERVE 0xff00
#define MH_SHN_XINDEX 0xffff

struct mh_elf_section {
	const char *name;
	uint32_t name_offset;
	uint32_t ordinal; /* how many before it have the same name */
	uint32_t type;
	uint32_t link;
	uint32_t info;
	uint64_t flags;
	uint64_t address;
	uint64_t offset;
	uint64_t size;
	uint64_t alignment;
	uint64_t entry_size;
	const uint8_t *data; /* NULL if it has no bytes in the file */
	uint64_t header;     /* offset of its header */
};

/* For messages: where it lies; one without bytes can claim to be anywhere, and has a header. */
static inline uint64_t mh_elf_section_place(const struct mh_elf_section *section)
{
	return section->data ? section->offset : section->header;
}

struct mh_elf_symbol {
	const char *name;
	uint32_t name_offset;
	uint8_t info;
	uint8_t other;
	uint32_t section; /* its number, or a reserved one */
	bool reserved;	  /* @section is a reserved number, such as "absolute" */
	uint64_t value;
	uint64_t size;
};

struct mh_elf_view {
	const uint8_t *data;
	size_t length;
	bool is_64;
	bool big_endian;
	uint16_t type;
	uint16_t machine;
	uint32_t version;
	uint64_t entry;
	uint64_t program_headers;
	uint64_t section_headers;
	uint32_t flags;
	uint32_t header_size;
	uint32_t section_header_size;
	uint16_t program_header_size;
	uint16_t program_header_count;
	uint32_t count;
	uint32_t names; /* the section of section names; 0: none */
	uint64_t names_left; /* bytes of names that may still be read */
	struct mh_elf_section *sections;
	struct mh_budget *budget;
	uint64_t taken; /* from it */

	uint32_t symtab;  /* 0: none */
	uint32_t strtab;  /* of the symbols */
	uint32_t indices; /* SHT_SYMTAB_SHNDX, or 0 */
	uint64_t symbols;
};

/*
 * MODHASH_E_NOT_ELF, MODHASH_E_ELF (malformed), MODHASH_E_UNSUPPORTED (more than one symbol
 * table), MODHASH_E_NOMEM; MODHASH_E_LIMIT if @budget, which may be NULL, does not have the
 * memory.  @data must outlive the view.
 */
int mh_elf_view_open_in(struct mh_elf_view *view, struct mh_budget *budget, const uint8_t *data,
			size_t length, struct modhash_error *err);
void mh_elf_view_close(struct mh_elf_view *view);

/* Without a limit. */
static inline int mh_elf_view_open(struct mh_elf_view *view, const uint8_t *data, size_t length,
				   struct modhash_error *err)
{
	return mh_elf_view_open_in(view, NULL, data, length, err);
}

/* The first section of that name, or 0. */
uint32_t mh_elf_view_find(const struct mh_elf_view *view, const char *name);

/* Symbol @index, checked: MODHASH_E_ELF. */
int mh_elf_view_symbol(const struct mh_elf_view *view, uint64_t index,
		       struct mh_elf_symbol *symbol, struct modhash_error *err);

/*
 * Names may overlap in a file, so that all of them can be as long as the square of it.
 * Whoever goes through them all takes each length from here: MODHASH_E_TOO_COMPLEX.
 */
int mh_elf_view_name(struct mh_elf_view *view, const char *name, size_t *length,
		     struct modhash_error *err);

uint16_t mh_elf_get16(const struct mh_elf_view *view, const uint8_t *p);
uint32_t mh_elf_get32(const struct mh_elf_view *view, const uint8_t *p);
uint64_t mh_elf_get64(const struct mh_elf_view *view, const uint8_t *p);
void mh_elf_put32(const struct mh_elf_view *view, uint8_t *p, uint32_t value);

#endif /* MH_ELF_VIEW_H */
