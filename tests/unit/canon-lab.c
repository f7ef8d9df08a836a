/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "btf-lab.h"
#include "canon-lab.h"

/* --- the base --- */

#define BASE_STRINGS 5

/* @ids and @names: out, where its types and the bytes of its strings went. */
static uint8_t *base_btf(const struct maker *maker, uint32_t *ids, uint32_t *names,
			 size_t *length)
{
	uint64_t seed = maker->permute_base;
	struct lab lab;
	uint8_t *bytes;

	lab_init(&lab, 1, 0);
	lab.big_endian = maker->big_endian;
	lab_add(&lab, "int", LAB_INFO(1, 0), 2, 4, maker->resized ? 0x20 : 0x01000020);
	lab_add(&lab, NULL, LAB_INFO(13, 0), 1, 1);
	for (uint32_t i = 0; i < BASE_TYPES; i++)
		ids[i] = i + 1;
	for (uint32_t i = 0; i < BASE_STRINGS; i++)
		names[i] = i;
	if (seed)
		lab_permute(&lab, &seed, ids, names);
	bytes = lab_write(&lab, length);
	lab_free(&lab);
	return bytes;
}

uint8_t *make_base_btf(const struct maker *maker, size_t *length)
{
	uint32_t ids[BASE_TYPES], names[BASE_STRINGS];

	return base_btf(maker, ids, names, length);
}

/* --- sections --- */

struct section {
	const char *name;
	uint32_t type, link, info;
	uint64_t flags, size, entry_size;
	uint8_t data[1024];
};

static void put(const struct maker *maker, uint8_t *p, unsigned int size, uint64_t value)
{
	for (unsigned int i = 0; i < size; i++)
		p[maker->big_endian ? size - 1 - i : i] = (uint8_t)(value >> (8 * i));
}

static void add(const struct maker *maker, struct section *section, unsigned int size,
		uint64_t value)
{
	put(maker, section->data + section->size, size, value);
	section->size += size;
}

static uint32_t add_text(struct section *section, const char *text)
{
	uint32_t at = (uint32_t)section->size;

	strcpy((char *)section->data + at, text);
	section->size += strlen(text) + 1;
	return at;
}

static void add_symbol(const struct maker *maker, struct section *sections, const char *name,
		       uint8_t info, uint16_t index, uint64_t value, uint64_t size)
{
	struct section *symtab = &sections[SYMTAB];
	uint32_t at = *name ? add_text(&sections[STRTAB], name) : 0;

	add(maker, symtab, 4, at);
	if (!maker->is_64) {
		add(maker, symtab, 4, value);
		add(maker, symtab, 4, size);
	}
	add(maker, symtab, 1, info);
	add(maker, symtab, 1, 0);
	add(maker, symtab, 2, index);
	if (maker->is_64) {
		add(maker, symtab, 8, value);
		add(maker, symtab, 8, size);
	}
}

/* Four functions, and a set8 of three of them. */
static void make_btf(const struct maker *maker, struct section *sections)
{
	static const char *const functions[] = { "open", "close", "write", "seek" };
	uint32_t ids[7] = { BASE_TYPES + 1, BASE_TYPES + 2, BASE_TYPES + 3, BASE_TYPES + 4,
			    BASE_TYPES + 5 };
	struct section *slots = &sections[IDS];
	uint64_t seed = maker->permute;
	uint32_t set[3], flags[3] = { 1, 2, 4 };
	uint32_t base_ids[BASE_TYPES], base_names[BASE_STRINGS];
	struct lab lab;
	size_t length;
	uint8_t *bytes = base_btf(maker, base_ids, base_names, &length);

	memcpy(sections[BASE].data, bytes, length);
	sections[BASE].size = length;
	free(bytes);
	lab_init(&lab, BASE_TYPES + 1, BASE_STRINGS);
	lab.big_endian = maker->big_endian;
	for (int i = 0; i < 4; i++)
		lab_add(&lab, functions[i], LAB_INFO(12, i % 3), 1, 2);
	lab_add(&lab, "state", LAB_INFO(4, 1), 4, 4, 
		lab_string(&lab, maker->member ? maker->member : "fd"), 1, 0);
	if (maker->twins) {
		lab_add(&lab, "twin", LAB_INFO(8, 0), 1, 1);
		lab_add(&lab, "twin", LAB_INFO(8, 0), 1, 1);
	}
	if (maker->permute)
		lab_permute(&lab, &seed, ids, NULL);
	lab_retarget(&lab, base_ids, base_names);
	bytes = lab_write(&lab, &length);
	memcpy(sections[BTF].data, bytes, length);
	sections[BTF].size = length;
	free(bytes);
	lab_free(&lab);

	for (int i = 0; i < 3; i++)
		set[i] = ids[maker->rotated ? (i + 1) % 3 : i];
	for (int i = 0; i < 3; i++) {
		for (int j = i + 1; j < 3; j++) {
			uint32_t id = set[i], flag = flags[i];

			if (set[i] <= set[j])
				continue;
			set[i] = set[j];
			set[j] = id;
			flags[i] = flags[j];
			flags[j] = flag;
		}
	}
	add(maker, slots, 4, maker->unresolved ? 0 : ids[4]); /* struct state */
	add(maker, slots, 4, 0);			      /* BTF_ID_UNUSED */
	add(maker, slots, 4, maker->unresolved ? 0 : 3);
	add(maker, slots, 4, 7);
	for (int i = 0; i < 3; i++) {
		add(maker, slots, 4, maker->unresolved ? 0 : set[i]);
		add(maker, slots, 4, flags[i]);
	}
}

static bool is_there(const struct maker *maker, int index);

/* As it is numbered in the file, without those that are not there. */
static uint32_t number_of(const struct maker *maker, uint32_t index)
{
	uint32_t number = index;

	for (uint32_t i = 1; index < SECTIONS && i < index; i++)
		number -= !is_there(maker, (int)i);
	return number;
}

/* Two symbols more, in sections before and behind .BTF, whose numbers stand elsewhere. */
static void make_indices(const struct maker *maker, struct section *sections)
{
	uint64_t each = sections[SYMTAB].entry_size;

	add_symbol(maker, sections, "before", 0x10, 0xffff, 4, 4);
	add_symbol(maker, sections, "behind", 0x10, 0xffff, 0, 4);
	for (uint64_t i = 2; i < sections[SYMTAB].size / each; i++)
		add(maker, &sections[INDICES], 4, 0);
	add(maker, &sections[INDICES], 4, TEXT);
	add(maker, &sections[INDICES], 4, number_of(maker, STRTAB));
}

static void make_sections(const struct maker *maker, struct section *sections)
{
	static const struct section shape[SECTIONS] = {
		[TEXT] = { .name = ".text", .type = 1, .flags = 6 },
		[RELA] = { .name = ".rela.text", .type = 4, .flags = 0x40, .link = SYMTAB,
			   .info = TEXT },
		[GROUP] = { .name = ".group", .type = 17, .link = SYMTAB, .info = 3,
			    .entry_size = 4 },
		[DUP_A] = { .name = ".dup", .type = 1, .flags = 2 },
		[DUP_B] = { .name = ".dup", .type = 1, .flags = 2 },
		[IDS] = { .name = ".BTF_ids", .type = 1, .flags = 2 },
		[BSS] = { .name = ".bss", .type = 8, .flags = 3 },
		[EMPTY] = { .name = ".note.GNU-stack", .type = 1 },
		[BTF] = { .name = ".BTF", .type = 1 },
		[SYMTAB] = { .name = ".symtab", .type = 2, .link = STRTAB, .info = 3 },
		[STRTAB] = { .name = ".strtab", .type = 3 },
		[SHSTRTAB] = { .name = ".shstrtab", .type = 3 },
		[BASE] = { .name = ".BTF.base", .type = 1 },
		[INDICES] = { .name = ".symtab_shndx", .type = 18, .link = SYMTAB,
			      .entry_size = 4 },
	};

	memcpy(sections, shape, sizeof(shape));
	for (int i = 0; i < 40; i++)
		add(maker, &sections[TEXT], 1, (uint64_t)i * 7);
	for (int i = 0; i < (maker->is_64 ? 3 : 3); i++)
		add(maker, &sections[RELA], maker->is_64 ? 8 : 4, (uint64_t)i + 1);
	sections[RELA].entry_size = maker->is_64 ? 24 : 12;
	add(maker, &sections[GROUP], 4, 1);
	add(maker, &sections[GROUP], 4, DUP_A);
	add(maker, &sections[DUP_A], 4, maker->swapped ? 2 : 1);
	add(maker, &sections[DUP_B], 4, maker->swapped ? 1 : 2);
	sections[BSS].size = 64;
	make_btf(maker, sections);

	add(maker, &sections[STRTAB], 1, 0);
	sections[SYMTAB].entry_size = maker->is_64 ? 24 : 16;
	add_symbol(maker, sections, "", 0, 0, 0, 0);
	add_symbol(maker, sections, "", 3, TEXT, 0, 0);
	add_symbol(maker, sections, "", 3, DUP_B, 0, 0);
	add_symbol(maker, sections, "__BTF_ID__struct__state__1", 1, IDS, 0, 4);
	add_symbol(maker, sections, "__BTF_ID__set8__calls", 0, IDS, 8, 32);
	add_symbol(maker, sections, "__BTF_ID__func__open__2", 1, IDS, 16, 4);
	add_symbol(maker, sections, "__BTF_ID__func__close__3", 1, IDS, 24, 4);
	add_symbol(maker, sections, "__BTF_ID__func__write__4", 1, IDS, 32, 4);
	add_symbol(maker, sections, "init_module", 0x12, TEXT, 8, 16);
	add_symbol(maker, sections, "absolute", 0x10, 0xfff1, 12345, 0);
	if (maker->spare_symbol)
		add_text(&sections[STRTAB], maker->spare_symbol);
	if (maker->extended)
		make_indices(maker, sections);
}

static bool is_there(const struct maker *maker, int index)
{
	switch (index) {
	case BTF:
		return !maker->no_btf;
	case BASE:
		return maker->distilled;
	case INDICES:
		return maker->extended;
	default:
		return true;
	}
}

/* Sections behind .BTF have one number less when it is not there. */
static void renumber(const struct maker *maker, struct section *sections)
{
	for (int i = 1; i < SECTIONS; i++) {
		sections[i].link = number_of(maker, sections[i].link);
		if (sections[i].type == 4)
			sections[i].info = number_of(maker, sections[i].info);
	}
}

static void put_header(const struct maker *maker, const struct section *section, uint32_t name,
		       size_t offset, uint8_t *p)
{
	unsigned int word = maker->is_64 ? 8 : 4;
	uint64_t values[] = { name, section->type, section->flags, 0, offset, section->size,
			      section->link, section->info, 1, section->entry_size };
	unsigned int sizes[] = { 4, 4, word, word, word, word, 4, 4, word, word };

	for (int i = 0; i < 10; i++) {
		put(maker, p, sizes[i], values[i]);
		p += sizes[i];
	}
}

void make(const struct maker *maker, struct file *file)
{
	static struct section sections[SECTIONS];
	uint32_t names[SECTIONS] = { 0 };
	size_t size = maker->is_64 ? 64 : 40, at = maker->is_64 ? 64 : 52;
	uint16_t count = 1;
	uint8_t *p;

	memset(file, 0, sizeof(*file));
	make_sections(maker, sections);
	renumber(maker, sections);
	add(maker, &sections[SHSTRTAB], 1, 0);
	for (int i = 1; i < SECTIONS; i++) {
		int j = maker->names_backwards ? SECTIONS - i : i;

		count += is_there(maker, i);
		if (is_there(maker, j))
			names[j] = add_text(&sections[SHSTRTAB], sections[j].name);
	}
	if (maker->spare_name)
		add_text(&sections[SHSTRTAB], maker->spare_name);
	if (maker->headers_first) {
		file->headers = at + 16;
		at += 16 + count * size;
	}
	for (int i = 1; i < SECTIONS; i++) {
		int j = maker->backwards ? SECTIONS - i : i;

		if (!is_there(maker, j))
			continue;
		at += maker->padding;
		file->offsets[j] = at;
		if (sections[j].type == 8)
			continue;
		memcpy(file->data + at, sections[j].data, sections[j].size);
		at += sections[j].size;
	}
	if (!maker->headers_first) {
		file->headers = at;
		at += count * size;
	}
	file->length = at + maker->padding;
	for (uint32_t i = 1; i < SECTIONS; i++) {
		if (is_there(maker, (int)i))
			put_header(maker, &sections[i], names[i], file->offsets[i],
				   file->data + file->headers + number_of(maker, i) * size);
	}

	p = file->data;
	memcpy(p, "\177ELF", 4);
	p[4] = maker->is_64 ? 2 : 1;
	p[5] = maker->big_endian ? 2 : 1;
	p[6] = 1;
	put(maker, p + 16, 2, 1);
	put(maker, p + 18, 2, 62);
	put(maker, p + 20, 4, 1);
	put(maker, p + (maker->is_64 ? 40 : 32), maker->is_64 ? 8 : 4, file->headers);
	p += maker->is_64 ? 52 : 40;
	put(maker, p, 2, maker->is_64 ? 64 : 52);
	put(maker, p + 6, 2, size);
	put(maker, p + 8, 2, count);
	put(maker, p + 10, 2, number_of(maker, SHSTRTAB));
}

