/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * For tests: small ELF files that look like kernel modules.
 */
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "elfgen.h"

/* --- bytes --- */

void gen_add(struct gen_buf *buf, const void *data, size_t length)
{
	if (length == 0)
		return;
	if (length > buf->capacity - buf->length) {
		buf->capacity = 2 * (buf->length + length) + 64;
		buf->data = realloc(buf->data, buf->capacity);
		if (!buf->data) {
			fputs("out of memory\n", stderr);
			exit(2);
		}
	}
	if (data)
		memcpy(buf->data + buf->length, data, length);
	else
		memset(buf->data + buf->length, 0, length);
	buf->length += length;
}

void gen_zeroes(struct gen_buf *buf, size_t length)
{
	gen_add(buf, NULL, length);
}

void gen_text(struct gen_buf *buf, const char *text)
{
	gen_add(buf, text, strlen(text));
}

void gen_put(struct gen_buf *buf, size_t offset, uint64_t value, unsigned int size,
	     bool big_endian)
{
	unsigned int i;

	for (i = 0; i < size; i++)
		buf->data[offset + (big_endian ? size - 1 - i : i)] = (uint8_t)(value >> (8 * i));
}

uint64_t gen_get(const struct gen_buf *buf, size_t offset, unsigned int size, bool big_endian)
{
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < size; i++)
		value |= (uint64_t)buf->data[offset + (big_endian ? size - 1 - i : i)] << (8 * i);
	return value;
}

void gen_number(struct gen_buf *buf, uint64_t value, unsigned int size, bool big_endian)
{
	gen_zeroes(buf, size);
	gen_put(buf, buf->length - size, value, size, big_endian);
}

void gen_align(struct gen_buf *buf, size_t alignment)
{
	gen_zeroes(buf, (alignment - buf->length % alignment) % alignment);
}

void gen_free(struct gen_buf *buf)
{
	free(buf->data);
	buf->data = NULL;
	buf->length = 0;
	buf->capacity = 0;
}

/* --- what the bytes of an ELF file are, by its class --- */

static bool is_64(const struct gen_buf *elf)
{
	return elf->data[EI_CLASS] == ELFCLASS64;
}

static bool is_big(const struct gen_buf *elf)
{
	return elf->data[EI_DATA] == ELFDATA2MSB;
}

#define FIELD(type, field) { offsetof(Elf32_##type, field), sizeof(((Elf32_##type *)0)->field), \
			     offsetof(Elf64_##type, field), sizeof(((Elf64_##type *)0)->field) }

struct field {
	size_t offset32;
	unsigned int size32;
	size_t offset64;
	unsigned int size64;
};

static const struct field shdr_fields[] = {
	[ELFGEN_SH_NAME] = FIELD(Shdr, sh_name),
	[ELFGEN_SH_TYPE] = FIELD(Shdr, sh_type),
	[ELFGEN_SH_OFFSET] = FIELD(Shdr, sh_offset),
	[ELFGEN_SH_SIZE] = FIELD(Shdr, sh_size),
};

static const struct field ehdr_fields[] = {
	[ELFGEN_E_PHOFF] = FIELD(Ehdr, e_phoff),
	[ELFGEN_E_SHOFF] = FIELD(Ehdr, e_shoff),
	[ELFGEN_E_PHENTSIZE] = FIELD(Ehdr, e_phentsize),
	[ELFGEN_E_PHNUM] = FIELD(Ehdr, e_phnum),
	[ELFGEN_E_SHENTSIZE] = FIELD(Ehdr, e_shentsize),
	[ELFGEN_E_SHNUM] = FIELD(Ehdr, e_shnum),
	[ELFGEN_E_SHSTRNDX] = FIELD(Ehdr, e_shstrndx),
};

static size_t at(const struct gen_buf *elf, const struct field *field)
{
	return is_64(elf) ? field->offset64 : field->offset32;
}

static unsigned int size_of(const struct gen_buf *elf, const struct field *field)
{
	return is_64(elf) ? field->size64 : field->size32;
}

void elfgen_set_ehdr(struct gen_buf *elf, enum elfgen_ehdr field, uint64_t value)
{
	const struct field *f = &ehdr_fields[field];

	gen_put(elf, at(elf, f), value, size_of(elf, f), is_big(elf));
}

uint64_t elfgen_get_ehdr(const struct gen_buf *elf, enum elfgen_ehdr field)
{
	const struct field *f = &ehdr_fields[field];

	return gen_get(elf, at(elf, f), size_of(elf, f), is_big(elf));
}

size_t elfgen_header(const struct gen_buf *elf, unsigned int index)
{
	size_t size = is_64(elf) ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr);

	return (size_t)elfgen_get_ehdr(elf, ELFGEN_E_SHOFF) + index * size;
}

void elfgen_set(struct gen_buf *elf, unsigned int index, enum elfgen_field field, uint64_t value)
{
	const struct field *f = &shdr_fields[field];

	gen_put(elf, elfgen_header(elf, index) + at(elf, f), value, size_of(elf, f), is_big(elf));
}

uint64_t elfgen_get(const struct gen_buf *elf, unsigned int index, enum elfgen_field field)
{
	const struct field *f = &shdr_fields[field];

	return gen_get(elf, elfgen_header(elf, index) + at(elf, f), size_of(elf, f), is_big(elf));
}

unsigned int elfgen_find(const struct gen_buf *elf, const char *name)
{
	unsigned int count = (unsigned int)elfgen_get_ehdr(elf, ELFGEN_E_SHNUM);
	unsigned int names = (unsigned int)elfgen_get_ehdr(elf, ELFGEN_E_SHSTRNDX);
	const char *strings = (char *)elf->data + elfgen_get(elf, names, ELFGEN_SH_OFFSET);
	unsigned int i;

	for (i = 1; i < count; i++) {
		if (strcmp(strings + elfgen_get(elf, i, ELFGEN_SH_NAME), name) == 0)
			return i;
	}
	fprintf(stderr, "no section %s\n", name);
	exit(2);
}

/* --- writing one --- */

#define SECTIONS_MAX 24

struct section {
	const char *name;
	uint32_t type, link, info;
	uint64_t flags, alignment, entry_size;
	size_t offset, length;
};

struct writer {
	const struct elfgen *elf;
	struct gen_buf *out;
	struct section sections[SECTIONS_MAX];
	unsigned int count;
};

static const char *module_name(const struct elfgen *elf)
{
	return elf->name ? elf->name : "generated";
}

/* Contents are written to the end of the file; then the section is ended. */
static struct section *begin(struct writer *w, const char *name, uint32_t type, uint64_t flags,
			     uint64_t alignment)
{
	struct section *section = &w->sections[w->count++];

	gen_align(w->out, (size_t)alignment);
	memset(section, 0, sizeof(*section));
	section->name = name;
	section->type = type;
	section->flags = flags;
	section->alignment = alignment;
	section->offset = w->out->length;
	return section;
}

static void end(struct writer *w, struct section *section)
{
	section->length = w->out->length - section->offset;
}

static void add_section(struct writer *w, const char *name, uint32_t type, uint64_t flags,
			const void *data, size_t length)
{
	struct section *section = begin(w, name, type, flags, 4);

	gen_add(w->out, data, length);
	end(w, section);
}

/* Bytes that depend on a text and look like nothing: a linear congruential generator. */
MH_WRAPS static void add_noise(struct gen_buf *out, const char *seed, size_t length)
{
	uint64_t state = 88172645463325252u;
	uint8_t byte;

	while (*seed)
		state = state * 6364136223846793005u + (uint8_t)*seed++;
	while (length--) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		byte = (uint8_t)(state >> 56);
		gen_add(out, &byte, 1);
	}
}

static void add_text(struct writer *w)
{
	const char *seed = w->elf->seed ? w->elf->seed : module_name(w->elf);
	struct section *section = begin(w, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16);

	add_noise(w->out, seed, w->elf->text_length ? w->elf->text_length : 256);
	end(w, section);
}

static void add_build_id(struct writer *w)
{
	const char *seed = w->elf->seed ? w->elf->seed : module_name(w->elf);
	struct section *section = begin(w, ".note.gnu.build-id", SHT_NOTE, SHF_ALLOC, 4);

	gen_number(w->out, 4, 4, w->elf->big_endian);
	gen_number(w->out, 20, 4, w->elf->big_endian);
	gen_number(w->out, NT_GNU_BUILD_ID, 4, w->elf->big_endian);
	gen_add(w->out, "GNU", 4);
	add_noise(w->out, seed, 20);
	end(w, section);
}

/* No bytes in the file, and a size that no file could have. */
static void add_bss(struct writer *w)
{
	struct section *section = begin(w, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 4);

	section->length = 0x7fffffff;
}

static void add_entry(struct gen_buf *out, const char *key, const char *value)
{
	gen_text(out, key);
	gen_add(out, "=", 1);
	gen_add(out, value, strlen(value) + 1);
}

static void add_modinfo(struct writer *w)
{
	struct section *section = begin(w, ".modinfo", SHT_PROGBITS, SHF_ALLOC, 1);

	add_entry(w->out, "license", "GPL");
	gen_zeroes(w->out, 3); /* compilers pad */
	add_entry(w->out, "srcversion", "0123456789ABCDEF0123456");
	add_entry(w->out, "depends", "");
	if (!(w->elf->flags & ELFGEN_NO_NAME))
		add_entry(w->out, "name", module_name(w->elf));
	add_entry(w->out, "vermagic", "6.1.0-generated SMP mod_unload ");
	gen_add(w->out, "intree", 7); /* no '=' */
	if (w->elf->flags & ELFGEN_MODINFO_NO_END)
		gen_text(w->out, "alias=without end");
	end(w, section);
}

static void add_this_module(struct writer *w)
{
	bool is64 = w->elf->bits == 64;
	struct section *section = begin(w, ".gnu.linkonce.this_module", SHT_PROGBITS,
					SHF_ALLOC | SHF_WRITE, is64 ? 8 : 4);
	size_t name_at = is64 ? 24 : 12, name_size = is64 ? 56 : 60;
	size_t length = strlen(module_name(w->elf));

	gen_zeroes(w->out, 512);
	memcpy(w->out->data + section->offset + name_at, module_name(w->elf),
	       length < name_size ? length : name_size - 1);
	end(w, section);
}

static void add_symtab(struct writer *w)
{
	size_t symbol = w->elf->bits == 64 ? sizeof(Elf64_Sym) : sizeof(Elf32_Sym);
	struct section *section = begin(w, ".symtab", SHT_SYMTAB, 0, 8);

	gen_zeroes(w->out, symbol);
	section->entry_size = symbol;
	section->link = w->count;
	section->info = 1;
	end(w, section);
	add_section(w, ".strtab", SHT_STRTAB, 0, "", 1);
}

static void add_names(struct writer *w)
{
	struct section *section = begin(w, ".shstrtab", SHT_STRTAB, 0, 1);
	unsigned int i;

	gen_zeroes(w->out, 1);
	for (i = 1; i < w->count; i++)
		gen_add(w->out, w->sections[i].name, strlen(w->sections[i].name) + 1);
	end(w, section);
}

/* In the order in which elfgen.h numbers them. */
static void add_sections(struct writer *w)
{
	unsigned int flags = w->elf->flags;

	w->count = 1; /* section 0 */
	add_text(w);
	add_build_id(w);
	add_bss(w);
	if (!(flags & ELFGEN_NO_MODINFO))
		add_modinfo(w);
	if (flags & ELFGEN_TWO_MODINFO)
		add_modinfo(w);
	if (!(flags & ELFGEN_NO_THIS_MODULE))
		add_this_module(w);
	if (flags & ELFGEN_BTF) {
		add_section(w, ".BTF", SHT_PROGBITS, SHF_ALLOC, "BTF", 4);
		add_section(w, ".BTF_ids", SHT_PROGBITS, SHF_ALLOC, "ids", 4);
	}
	if (flags & ELFGEN_BTF_BASE)
		add_section(w, ".BTF.base", SHT_PROGBITS, SHF_ALLOC, "base", 5);
	if (flags & ELFGEN_DEBUG)
		add_section(w, ".debug_info", SHT_PROGBITS, 0, "debug", 6);
	if (!(flags & ELFGEN_STRIPPED))
		add_symtab(w);
	add_names(w);
}

static void add_section_header(struct writer *w, const struct section *section, uint32_t name)
{
	const bool big = w->elf->big_endian;
	const unsigned int word = w->elf->bits / 8;

	gen_number(w->out, name, 4, big);
	gen_number(w->out, section->type, 4, big);
	gen_number(w->out, section->flags, word, big);
	gen_number(w->out, 0, word, big);
	gen_number(w->out, section->offset, word, big);
	gen_number(w->out, section->length, word, big);
	gen_number(w->out, section->link, 4, big);
	gen_number(w->out, section->info, 4, big);
	gen_number(w->out, section->alignment, word, big);
	gen_number(w->out, section->entry_size, word, big);
}

static void add_section_headers(struct writer *w)
{
	struct section null = { .type = SHT_NULL };
	uint32_t name = 1;
	unsigned int i;

	if (w->elf->flags & ELFGEN_EXTENDED) {
		null.length = w->count;
		null.link = w->count - 1;
	}
	add_section_header(w, &null, 0);
	for (i = 1; i < w->count; i++) {
		add_section_header(w, &w->sections[i], name);
		name += (uint32_t)strlen(w->sections[i].name) + 1;
	}
}

static void add_ehdr(struct writer *w)
{
	const bool big = w->elf->big_endian, is64 = w->elf->bits == 64;
	const uint8_t ident[EI_NIDENT] = {
		ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, is64 ? ELFCLASS64 : ELFCLASS32,
		big ? ELFDATA2MSB : ELFDATA2LSB, EV_CURRENT,
	};
	static const uint16_t machines[2][2] = { { EM_ARM, EM_PPC }, { EM_X86_64, EM_S390 } };

	gen_add(w->out, ident, sizeof(ident));
	gen_number(w->out, ET_REL, 2, big);
	gen_number(w->out, machines[is64][big], 2, big);
	gen_number(w->out, EV_CURRENT, 4, big);
	gen_zeroes(w->out, 3 * (w->elf->bits / 8) + 4); /* entry, phoff, shoff; flags */
	gen_number(w->out, is64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr), 2, big);
	gen_zeroes(w->out, 2 * 2); /* no program headers */
	gen_number(w->out, is64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr), 2, big);
	gen_zeroes(w->out, 2 * 2); /* shnum, shstrndx */
}

void elfgen_module(struct gen_buf *out, const struct elfgen *elf)
{
	const bool extended = elf->flags & ELFGEN_EXTENDED;
	struct writer w = { .elf = elf, .out = out };

	out->length = 0;
	add_ehdr(&w);
	add_sections(&w);
	gen_align(out, 8);
	elfgen_set_ehdr(out, ELFGEN_E_SHOFF, out->length);
	elfgen_set_ehdr(out, ELFGEN_E_SHNUM, extended ? 0 : w.count);
	elfgen_set_ehdr(out, ELFGEN_E_SHSTRNDX, extended ? SHN_XINDEX : w.count - 1);
	add_section_headers(&w);
}
