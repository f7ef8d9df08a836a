/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ELF files, well-formed and not.
 */
#include <elf.h>
#include <string.h>

#include "recipes.h"

static void make(struct gen_buf *out, unsigned int bits, bool big_endian, unsigned int flags)
{
	struct elfgen elf = { .bits = bits, .big_endian = big_endian, .flags = flags };

	elfgen_module(out, &elf);
}

void recipe_module(struct gen_buf *out)
{
	make(out, 64, false, 0);
}

static void elf64_le(struct gen_buf *out)
{
	make(out, 64, false, ELFGEN_BTF);
}

static void elf64_be(struct gen_buf *out)
{
	make(out, 64, true, ELFGEN_BTF | ELFGEN_BTF_BASE);
}

static void elf32_le(struct gen_buf *out)
{
	make(out, 32, false, 0);
}

static void elf32_be(struct gen_buf *out)
{
	make(out, 32, true, ELFGEN_DEBUG);
}

static void stripped(struct gen_buf *out)
{
	make(out, 64, false, ELFGEN_STRIPPED);
}

static void old_name(struct gen_buf *out)
{
	make(out, 64, false, ELFGEN_NO_NAME);
}

static void old_name32(struct gen_buf *out)
{
	make(out, 32, true, ELFGEN_NO_NAME);
}

static void no_name(struct gen_buf *out)
{
	struct elfgen elf = { .bits = 64, .flags = ELFGEN_NO_NAME, .name = "not a name" };

	elfgen_module(out, &elf);
}

static void extended(struct gen_buf *out)
{
	make(out, 64, false, ELFGEN_EXTENDED);
}

static void no_module(struct gen_buf *out)
{
	make(out, 64, false, ELFGEN_NO_MODINFO | ELFGEN_NO_THIS_MODULE);
}

static void executable(struct gen_buf *out)
{
	recipe_module(out);
	gen_put(out, 16, ET_EXEC, 2, false);
}

static void no_sections(struct gen_buf *out)
{
	recipe_module(out);
	out->length = sizeof(Elf64_Ehdr);
	elfgen_set_ehdr(out, ELFGEN_E_SHOFF, 0);
	elfgen_set_ehdr(out, ELFGEN_E_SHNUM, 0);
	elfgen_set_ehdr(out, ELFGEN_E_SHSTRNDX, 0);
}

static void segments(struct gen_buf *out)
{
	recipe_module(out);
	elfgen_set_ehdr(out, ELFGEN_E_PHOFF, out->length);
	elfgen_set_ehdr(out, ELFGEN_E_PHENTSIZE, sizeof(Elf64_Phdr));
	elfgen_set_ehdr(out, ELFGEN_E_PHNUM, 2);
	gen_zeroes(out, 2 * sizeof(Elf64_Phdr));
}

static void nameless(struct gen_buf *out)
{
	recipe_module(out);
	elfgen_set_ehdr(out, ELFGEN_E_SHSTRNDX, 0);
}

static void linked_to_itself(struct gen_buf *out)
{
	unsigned int symtab;

	recipe_module(out);
	symtab = elfgen_find(out, ".symtab");
	gen_put(out, elfgen_header(out, symtab) + offsetof(Elf64_Shdr, sh_link), symtab, 4, false);
}

static void empty(struct gen_buf *out)
{
	gen_zeroes(out, 0);
}

static void text(struct gen_buf *out)
{
	gen_text(out, "This is no module, and no ELF file.\n");
}

static void magic_only(struct gen_buf *out)
{
	gen_add(out, ELFMAG, SELFMAG);
}

static void cut_at(struct gen_buf *out, size_t length)
{
	recipe_module(out);
	out->length = length;
}

static void ident_only(struct gen_buf *out)
{
	cut_at(out, EI_NIDENT);
}

static void header_cut(struct gen_buf *out)
{
	cut_at(out, sizeof(Elf64_Ehdr) - 1);
}

static void header_only(struct gen_buf *out)
{
	cut_at(out, sizeof(Elf64_Ehdr));
}

static void truncated(struct gen_buf *out)
{
	recipe_module(out);
	out->length /= 2;
}

static void last_byte_off(struct gen_buf *out)
{
	recipe_module(out);
	out->length--;
}

static void ident(struct gen_buf *out, unsigned int at, uint8_t value)
{
	recipe_module(out);
	out->data[at] = value;
}

static void bad_class(struct gen_buf *out)
{
	ident(out, EI_CLASS, 3);
}

static void bad_order(struct gen_buf *out)
{
	ident(out, EI_DATA, 0);
}

static void bad_version(struct gen_buf *out)
{
	ident(out, EI_VERSION, 2);
}

static void ehdr(struct gen_buf *out, enum elfgen_ehdr field, uint64_t value)
{
	recipe_module(out);
	elfgen_set_ehdr(out, field, value);
}

static void shoff_beyond(struct gen_buf *out)
{
	recipe_module(out);
	elfgen_set_ehdr(out, ELFGEN_E_SHOFF, out->length);
}

static void shoff_overflow(struct gen_buf *out)
{
	ehdr(out, ELFGEN_E_SHOFF, UINT64_MAX - 63);
}

static void shoff_none(struct gen_buf *out)
{
	ehdr(out, ELFGEN_E_SHOFF, 0);
}

static void shentsize(struct gen_buf *out)
{
	ehdr(out, ELFGEN_E_SHENTSIZE, 40);
}

static void shnum_more(struct gen_buf *out)
{
	ehdr(out, ELFGEN_E_SHNUM, 0xff00);
}

/* The number in section header 0, as a file with extended numbering has it. */
static void shnum_extended(struct gen_buf *out, uint64_t number)
{
	make(out, 64, false, ELFGEN_EXTENDED);
	elfgen_set(out, 0, ELFGEN_SH_SIZE, number);
}

static void shnum_overflow(struct gen_buf *out)
{
	shnum_extended(out, UINT64_C(1) << 58);
}

static void shnum_million(struct gen_buf *out)
{
	shnum_extended(out, 1 << 20);
}

static void extended_cut(struct gen_buf *out)
{
	make(out, 64, false, ELFGEN_EXTENDED);
	out->length = elfgen_header(out, 0) + 32;
}

static void shstrndx_beyond(struct gen_buf *out)
{
	ehdr(out, ELFGEN_E_SHSTRNDX, 99);
}

static void phoff_beyond(struct gen_buf *out)
{
	segments(out);
	elfgen_set_ehdr(out, ELFGEN_E_PHNUM, 3);
}

static void phentsize(struct gen_buf *out)
{
	segments(out);
	elfgen_set_ehdr(out, ELFGEN_E_PHENTSIZE, 1);
}

static void phnum_extended(struct gen_buf *out)
{
	segments(out);
	elfgen_set_ehdr(out, ELFGEN_E_PHNUM, PN_XNUM);
	gen_put(out, elfgen_header(out, 0) + offsetof(Elf64_Shdr, sh_info), UINT32_MAX, 4, false);
}

static void section(struct gen_buf *out, const char *name, enum elfgen_field field,
		    uint64_t value)
{
	recipe_module(out);
	elfgen_set(out, elfgen_find(out, name), field, value);
}

static void names_without_end(struct gen_buf *out)
{
	unsigned int names;

	recipe_module(out);
	names = elfgen_find(out, ".shstrtab");
	elfgen_set(out, names, ELFGEN_SH_SIZE, elfgen_get(out, names, ELFGEN_SH_SIZE) - 1);
}

static void names_no_strings(struct gen_buf *out)
{
	section(out, ".shstrtab", ELFGEN_SH_TYPE, SHT_PROGBITS);
}

static void names_empty(struct gen_buf *out)
{
	section(out, ".shstrtab", ELFGEN_SH_SIZE, 0);
}

static void names_nobits(struct gen_buf *out)
{
	section(out, ".shstrtab", ELFGEN_SH_TYPE, SHT_NOBITS);
}

static void name_beyond(struct gen_buf *out)
{
	section(out, ".text", ELFGEN_SH_NAME, 4096);
}

static void section_beyond(struct gen_buf *out)
{
	section(out, ".text", ELFGEN_SH_SIZE, 1 << 20);
}

static void section_offset(struct gen_buf *out)
{
	section(out, ".text", ELFGEN_SH_OFFSET, UINT64_C(1) << 40);
}

static void section_overflow(struct gen_buf *out)
{
	section(out, ".text", ELFGEN_SH_SIZE, UINT64_MAX - 15);
}

static void overlap(struct gen_buf *out)
{
	recipe_module(out);
	elfgen_set(out, elfgen_find(out, ".modinfo"), ELFGEN_SH_OFFSET,
		   elfgen_get(out, ELFGEN_SECTION_TEXT, ELFGEN_SH_OFFSET) + 16);
	elfgen_set(out, elfgen_find(out, ".modinfo"), ELFGEN_SH_TYPE, SHT_SYMTAB);
}

static void overlap_header(struct gen_buf *out)
{
	section(out, ".text", ELFGEN_SH_OFFSET, 32);
}

static void overlap_table(struct gen_buf *out)
{
	recipe_module(out);
	elfgen_set(out, ELFGEN_SECTION_TEXT, ELFGEN_SH_OFFSET, elfgen_header(out, 2));
}

static void modinfo_without_end(struct gen_buf *out)
{
	make(out, 64, false, ELFGEN_MODINFO_NO_END);
}

static void two_modinfo(struct gen_buf *out)
{
	make(out, 32, false, ELFGEN_TWO_MODINFO);
}

/* A number of the note's head: 0 is the length of its name, 1 that of what it says. */
static void note(struct gen_buf *out, unsigned int number, uint32_t value)
{
	recipe_module(out);
	gen_put(out, (size_t)elfgen_get(out, ELFGEN_SECTION_BUILD_ID, ELFGEN_SH_OFFSET) +
		4 * number, value, 4, false);
}

static void note_name(struct gen_buf *out)
{
	note(out, 0, UINT32_MAX);
}

static void note_description(struct gen_buf *out)
{
	note(out, 1, UINT32_MAX);
}

static void note_one_more(struct gen_buf *out)
{
	note(out, 1, 21);
}

static void note_cut(struct gen_buf *out)
{
	section(out, ".note.gnu.build-id", ELFGEN_SH_SIZE, 11);
}

#define GOOD(name, make, what) { name, make, "OK", 0, "OK", "OK", "-", what, RECIPE_FILE, NULL }
#define BAD(name, make, code, what) \
	{ name, make, "OK", 0, "OK", code, "-", what, RECIPE_FILE, NULL }

const struct recipe elf_recipes[] = {
	GOOD("good-elf64-le.ko", elf64_le, "a module, with `.BTF` and `.BTF_ids`"),
	GOOD("good-elf64-be.ko", elf64_be, "big-endian, with `.BTF.base` as well"),
	GOOD("good-elf32-le.ko", elf32_le, "32-bit"),
	GOOD("good-elf32-be.ko", elf32_be, "32-bit, big-endian, with `.debug_info`"),
	GOOD("good-stripped.ko", stripped, "no `.symtab`: strip went over it"),
	GOOD("good-name-old.ko", old_name, "its name in `struct module` alone, as in old kernels"),
	GOOD("good-name-old32.ko", old_name32, "the same, 32-bit, big-endian"),
	GOOD("good-name-none.ko", no_name, "in the place of the name, what is none: it has a blank"),
	GOOD("good-extended-numbering.ko", extended, "numbers of sections in section header 0"),
	GOOD("good-no-module.o", no_module, "a relocatable file without `.modinfo`: no module"),
	GOOD("good-executable.ko", executable, "not relocatable: no module"),
	GOOD("good-no-sections.o", no_sections, "an ELF header and nothing else"),
	GOOD("good-segments.o", segments, "with program headers, at the end of the file"),
	GOOD("good-nameless.o", nameless, "sections that have no names"),
	GOOD("good-linked-to-itself.ko", linked_to_itself,
	     "a symbol table whose strings are in itself: a loop for who follows it"),
	BAD("bad-elf-empty.ko", empty, "NOT_ELF", "no bytes at all"),
	BAD("bad-elf-text.ko", text, "NOT_ELF", "text"),
	BAD("bad-elf-magic-only.ko", magic_only, "NOT_ELF", "four bytes"),
	BAD("bad-elf-ident-only.ko", ident_only, "ELF", "16 bytes"),
	BAD("bad-elf-header-cut.ko", header_cut, "ELF", "a byte of the ELF header is missing"),
	BAD("bad-elf-header-only.ko", header_only, "ELF", "nothing but the ELF header is there"),
	BAD("bad-elf-truncated.ko", truncated, "ELF", "the first half of a module"),
	BAD("bad-elf-last-byte.ko", last_byte_off, "ELF", "the last byte is missing"),
	BAD("bad-elf-class.ko", bad_class, "ELF", "class 3"),
	BAD("bad-elf-byte-order.ko", bad_order, "ELF", "byte order 0"),
	BAD("unsupported-elf-version.ko", bad_version, "ELF", "ELF version 2"),
	BAD("bad-elf-shoff-beyond.ko", shoff_beyond, "ELF", "section headers begin at the end"),
	BAD("bad-elf-shoff-overflow.ko", shoff_overflow, "ELF",
	    "section headers at 2^64 - 64, so that their end wraps"),
	BAD("bad-elf-shoff-none.ko", shoff_none, "ELF", "a number of section headers, but none there"),
	BAD("bad-elf-shentsize.ko", shentsize, "ELF", "section headers of another size"),
	BAD("bad-elf-shnum.ko", shnum_more, "ELF", "65280 sections claimed"),
	BAD("bad-elf-shnum-overflow.ko", shnum_overflow, "ELF",
	    "2^58 sections claimed, the bytes of whose headers wrap"),
	BAD("bad-elf-shnum-million.ko", shnum_million, "ELF", "2^20 sections claimed"),
	BAD("bad-elf-extended-cut.ko", extended_cut, "ELF",
	    "cut in section header 0, which should have the numbers"),
	BAD("bad-elf-shstrndx.ko", shstrndx_beyond, "ELF", "names in a section that is not there"),
	BAD("bad-elf-phnum.ko", phoff_beyond, "ELF", "more program headers than are there"),
	BAD("bad-elf-phentsize.ko", phentsize, "ELF", "program headers of one byte"),
	BAD("bad-elf-phnum-extended.ko", phnum_extended, "ELF", "2^32 - 1 program headers claimed"),
	BAD("bad-elf-names-no-end.ko", names_without_end, "ELF", "the last section name has no end"),
	BAD("bad-elf-names-type.ko", names_no_strings, "ELF", "names in a section of no strings"),
	BAD("bad-elf-names-empty.ko", names_empty, "ELF", "no byte of names"),
	BAD("bad-elf-names-nobits.ko", names_nobits, "ELF", "names in a section without contents"),
	BAD("bad-elf-name-beyond.ko", name_beyond, "ELF", "a name beyond the names"),
	BAD("bad-elf-section-size.ko", section_beyond, "ELF", "a section longer than the file"),
	BAD("bad-elf-section-offset.ko", section_offset, "ELF", "a section behind the file"),
	BAD("bad-elf-section-overflow.ko", section_overflow, "ELF", "a section whose end wraps"),
	BAD("bad-elf-overlap.ko", overlap, "ELF", "two sections that overlap"),
	BAD("bad-elf-overlap-header.ko", overlap_header, "ELF", "a section in the ELF header"),
	BAD("bad-elf-overlap-table.ko", overlap_table, "ELF", "a section in the section headers"),
	BAD("bad-elf-modinfo-no-end.ko", modinfo_without_end, "ELF",
	    "the last entry of `.modinfo` has no end"),
	BAD("bad-elf-two-modinfo.ko", two_modinfo, "ELF", "`.modinfo` twice, saying two things"),
	BAD("bad-elf-note-name.ko", note_name, "ELF", "a note whose name has 2^32 - 1 bytes"),
	BAD("bad-elf-note-description.ko", note_description, "ELF",
	    "a note that says 2^32 - 1 bytes"),
	BAD("bad-elf-note-longer.ko", note_one_more, "ELF", "a build id a byte longer than its note"),
	BAD("bad-elf-note-cut.ko", note_cut, "ELF", "a note cut in its head"),
	{ .name = NULL },
};
