/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "elf-view.h"
#include "fail.h"
#include "sort.h"

uint16_t mh_elf_get16(const struct mh_elf_view *view, const uint8_t *p)
{
	return view->big_endian ? (uint16_t)(p[0] << 8 | p[1]) : (uint16_t)(p[1] << 8 | p[0]);
}

uint32_t mh_elf_get32(const struct mh_elf_view *view, const uint8_t *p)
{
	if (view->big_endian)
		return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

uint64_t mh_elf_get64(const struct mh_elf_view *view, const uint8_t *p)
{
	uint64_t a = mh_elf_get32(view, p), b = mh_elf_get32(view, p + 4);

	return view->big_endian ? a << 32 | b : b << 32 | a;
}

void mh_elf_put32(const struct mh_elf_view *view, uint8_t *p, uint32_t value)
{
	for (unsigned int i = 0; i < 4; i++)
		p[view->big_endian ? 3 - i : i] = (uint8_t)(value >> (8 * i));
}

#define NAMES_MIN (1 << 20)
#define NAMES_FACTOR 64

int mh_elf_view_name(struct mh_elf_view *view, const char *name, size_t *length,
		     struct modhash_error *err)
{
	*length = strnlen(name, (size_t)view->names_left);
	if (*length == view->names_left)
		return mh_fail(err, MODHASH_E_TOO_COMPLEX, MODHASH_OFFSET_NONE,
			       "the ELF file uses more bytes of names than there is a reason for");
	view->names_left -= *length;
	return 0;
}

/* --- the header --- */

static int read_ident(struct mh_elf_view *view, struct modhash_error *err)
{
	const uint8_t *data = view->data;

	if (view->length < 4 || memcmp(data, "\177ELF", 4))
		return mh_fail(err, MODHASH_E_NOT_ELF, 0, "no ELF magic");
	if (view->length < 16)
		return mh_fail(err, MODHASH_E_ELF, 0, "ELF file of %zu bytes", view->length);
	if (data[4] < 1 || data[4] > 2)
		return mh_fail(err, MODHASH_E_ELF, 4, "ELF class %u, expected 1 or 2", data[4]);
	if (data[5] < 1 || data[5] > 2)
		return mh_fail(err, MODHASH_E_ELF, 5, "ELF byte order %u, expected 1 or 2",
			       data[5]);
	if (data[6] != 1)
		return mh_fail(err, MODHASH_E_ELF, 6, "ELF version %u, expected 1", data[6]);
	view->is_64 = data[4] == 2;
	view->big_endian = data[5] == 2;
	view->header_size = view->is_64 ? 64 : 52;
	view->section_header_size = view->is_64 ? 64 : 40;
	if (view->length < view->header_size)
		return mh_fail(err, MODHASH_E_ELF, 0, "ELF header is cut off: %zu bytes of %" PRIu32,
			       view->length, view->header_size);
	return 0;
}

static int read_header(struct mh_elf_view *view, uint16_t *count, uint16_t *names,
		       struct modhash_error *err)
{
	const uint8_t *data = view->data, *p;
	uint16_t header_size, entry_size;
	int ret = read_ident(view, err);

	if (ret < 0)
		return ret;
	view->type = mh_elf_get16(view, data + 16);
	view->machine = mh_elf_get16(view, data + 18);
	view->version = mh_elf_get32(view, data + 20);
	if (view->is_64) {
		view->entry = mh_elf_get64(view, data + 24);
		view->program_headers = mh_elf_get64(view, data + 32);
		view->section_headers = mh_elf_get64(view, data + 40);
	} else {
		view->entry = mh_elf_get32(view, data + 24);
		view->program_headers = mh_elf_get32(view, data + 28);
		view->section_headers = mh_elf_get32(view, data + 32);
	}
	p = data + (view->is_64 ? 48 : 36);
	view->flags = mh_elf_get32(view, p);
	header_size = mh_elf_get16(view, p + 4);
	view->program_header_size = mh_elf_get16(view, p + 6);
	view->program_header_count = mh_elf_get16(view, p + 8);
	entry_size = mh_elf_get16(view, p + 10);
	*count = mh_elf_get16(view, p + 12);
	*names = mh_elf_get16(view, p + 14);

	if (header_size != view->header_size)
		return mh_fail(err, MODHASH_E_ELF, (uint64_t)(p + 4 - data),
			       "ELF header says that it has %u bytes, expected %" PRIu32,
			       header_size, view->header_size);
	if (view->section_headers && entry_size != view->section_header_size)
		return mh_fail(err, MODHASH_E_ELF, (uint64_t)(p + 10 - data),
			       "section headers of %u bytes, expected %" PRIu32, entry_size,
			       view->section_header_size);
	return 0;
}

/* --- section headers --- */

static void read_section(const struct mh_elf_view *view, uint64_t at,
			 struct mh_elf_section *section)
{
	const uint8_t *p = view->data + at;

	section->header = at;
	section->name_offset = mh_elf_get32(view, p);
	section->type = mh_elf_get32(view, p + 4);
	if (view->is_64) {
		section->flags = mh_elf_get64(view, p + 8);
		section->address = mh_elf_get64(view, p + 16);
		section->offset = mh_elf_get64(view, p + 24);
		section->size = mh_elf_get64(view, p + 32);
		section->link = mh_elf_get32(view, p + 40);
		section->info = mh_elf_get32(view, p + 44);
		section->alignment = mh_elf_get64(view, p + 48);
		section->entry_size = mh_elf_get64(view, p + 56);
	} else {
		section->flags = mh_elf_get32(view, p + 8);
		section->address = mh_elf_get32(view, p + 12);
		section->offset = mh_elf_get32(view, p + 16);
		section->size = mh_elf_get32(view, p + 20);
		section->link = mh_elf_get32(view, p + 24);
		section->info = mh_elf_get32(view, p + 28);
		section->alignment = mh_elf_get32(view, p + 32);
		section->entry_size = mh_elf_get32(view, p + 36);
	}
}

/* How many sections, and which has their names: section 0 says so if there are many. */
static int count_sections(struct mh_elf_view *view, uint16_t count, uint16_t names,
			  struct modhash_error *err)
{
	uint64_t sections = count, room;
	struct mh_elf_section zero;

	if (!view->section_headers) {
		if (count)
			return mh_fail(err, MODHASH_E_ELF, 0, "%u sections without headers", count);
		return 0;
	}
	if (!mh_in_range(view->section_headers, view->section_header_size, view->length))
		return mh_fail(err, MODHASH_E_ELF, view->is_64 ? 40 : 32,
			       "section headers lie behind the end of the file, %zu", view->length);
	read_section(view, view->section_headers, &zero);
	if (count == 0)
		sections = zero.size;
	else if (zero.size)
		return mh_fail(err, MODHASH_E_ELF, zero.header, "section 0 has a size");
	view->names = names == MH_SHN_XINDEX ? zero.link : names;
	if (names != MH_SHN_XINDEX && zero.link)
		return mh_fail(err, MODHASH_E_ELF, zero.header, "section 0 has a link");
	if (zero.name_offset || zero.type || zero.flags || zero.address || zero.offset ||
	    zero.info || zero.alignment || zero.entry_size)
		return mh_fail(err, MODHASH_E_ELF, zero.header, "section 0 is not empty");

	room = (view->length - view->section_headers) / view->section_header_size;
	if (sections == 0 || sections > room)
		return mh_fail(err, MODHASH_E_ELF, view->section_headers,
			       "%" PRIu64 " section headers, with room for %" PRIu64
			       " before the end of the file",
			       sections, room);
	if (view->names >= sections || sections > UINT32_MAX)
		return mh_fail(err, MODHASH_E_ELF, view->section_headers,
			       "section names are said to be in section %" PRIu32 " of %" PRIu64,
			       view->names, sections);
	view->count = (uint32_t)sections;
	return 0;
}

static int check_extent(struct mh_elf_view *view, uint32_t index, struct modhash_error *err)
{
	struct mh_elf_section *section = &view->sections[index];

	if (section->type == MH_SHT_NOBITS || section->type == MH_SHT_NULL || !section->size)
		return 0;
	if (!mh_in_range(section->offset, section->size, view->length))
		return mh_fail(err, MODHASH_E_ELF, section->header,
			       "section %" PRIu32 " claims %" PRIu64 " bytes at %" PRIu64
			       " of a file of %zu",
			       index, section->size, section->offset, view->length);
	section->data = view->data + section->offset;
	return 0;
}

static int name_section(struct mh_elf_view *view, uint32_t index, struct modhash_error *err)
{
	struct mh_elf_section *section = &view->sections[index];
	const struct mh_elf_section *names = &view->sections[view->names];
	size_t length;

	if (!view->names) {
		/* Where nothing says whose names these are, no byte may hide. */
		if (section->name_offset)
			return mh_fail(err, MODHASH_E_ELF, section->header,
				       "section %" PRIu32 " has a name, but no section has the names",
				       index);
		section->name = "";
		return 0;
	}
	if (section->name_offset >= names->size)
		return mh_fail(err, MODHASH_E_ELF, section->header,
			       "section %" PRIu32 " has its name at %" PRIu32 " of %" PRIu64
			       " bytes of names",
			       index, section->name_offset, names->size);
	section->name = (const char *)names->data + section->name_offset;
	return mh_elf_view_name(view, section->name, &length, err);
}

static int compare_names(const void *context, uint32_t a, uint32_t b)
{
	const struct mh_elf_section *sections = context;

	return strcmp(sections[a].name, sections[b].name);
}

static int number_names(struct mh_elf_view *view, struct modhash_error *err)
{
	uint32_t *order = malloc((size_t)view->count * 2 * sizeof(*order));

	if (!order)
		return mh_fail_nomem(err);
	for (uint32_t i = 0; i < view->count; i++)
		order[i] = i;
	mh_sort(order, view->count, order + view->count, compare_names, view->sections);
	for (uint32_t i = 1; i < view->count; i++) {
		if (!compare_names(view->sections, order[i - 1], order[i]))
			view->sections[order[i]].ordinal =
				view->sections[order[i - 1]].ordinal + 1;
	}
	free(order);
	return 0;
}

/*
 * For each section: what the view has of it, and what it takes to sort them, to look for gaps
 * between them, to drop some, or to find their partners in another file.
 */
#define SECTION_MEMORY (sizeof(struct mh_elf_section) + 64)

static int read_sections(struct mh_elf_view *view, struct modhash_error *err)
{
	uint64_t needed = mh_budget_times((uint64_t)view->count + 2, SECTION_MEMORY);
	int ret = mh_budget_take(view->budget, needed, err);

	if (ret)
		return ret;
	view->taken = needed;
	/* Section 0 is what was not found: there is one, even if the file has none. */
	view->sections = calloc((size_t)view->count + !view->count, sizeof(*view->sections));
	if (!view->sections)
		return mh_fail_nomem(err);
	if (!view->count) {
		view->sections[0].name = "";
		return 0;
	}
	for (uint32_t i = 0; ret == 0 && i < view->count; i++) {
		read_section(view,
			     view->section_headers + (uint64_t)i * view->section_header_size,
			     &view->sections[i]);
		if (i)
			ret = check_extent(view, i, err);
	}
	if (ret < 0)
		return ret;
	if (view->names) {
		const struct mh_elf_section *names = &view->sections[view->names];

		if (names->type != MH_SHT_STRTAB || !names->data || names->data[names->size - 1])
			return mh_fail(err, MODHASH_E_ELF, names->header,
				       "section %" PRIu32 " is no table of section names",
				       view->names);
	}
	view->sections[0].name = "";
	for (uint32_t i = 1; ret == 0 && i < view->count; i++)
		ret = name_section(view, i, err);
	return ret < 0 ? ret : number_names(view, err);
}

/* --- symbols --- */

static int check_symtab(struct mh_elf_view *view, struct modhash_error *err)
{
	const struct mh_elf_section *symtab = &view->sections[view->symtab];
	const struct mh_elf_section *strings;
	uint64_t size = view->is_64 ? 24 : 16;

	if (symtab->entry_size != size || symtab->size % size)
		return mh_fail(err, MODHASH_E_ELF, symtab->header,
			       "symbol table of %" PRIu64 " bytes, %" PRIu64
			       " an entry, expected %" PRIu64,
			       symtab->size, symtab->entry_size, size);
	view->symbols = symtab->size / size;
	view->strtab = symtab->link;
	if (view->strtab >= view->count)
		return mh_fail(err, MODHASH_E_ELF, symtab->header,
			       "symbol names are said to be in section %" PRIu32 " of %" PRIu32,
			       view->strtab, view->count);
	strings = &view->sections[view->strtab];
	if (strings->type != MH_SHT_STRTAB || !strings->data || strings->data[strings->size - 1])
		return mh_fail(err, MODHASH_E_ELF, strings->header,
			       "section %" PRIu32 " is no table of symbol names", view->strtab);
	if (view->indices && view->sections[view->indices].size != 4 * view->symbols)
		return mh_fail(err, MODHASH_E_ELF, view->sections[view->indices].header,
			       "%" PRIu64 " bytes of section numbers for %" PRIu64 " symbols",
			       view->sections[view->indices].size, view->symbols);
	return 0;
}

static int find_symtab(struct mh_elf_view *view, struct modhash_error *err)
{
	for (uint32_t i = 1; i < view->count; i++) {
		uint32_t *slot = NULL;

		if (view->sections[i].type == MH_SHT_SYMTAB)
			slot = &view->symtab;
		else if (view->sections[i].type == MH_SHT_SYMTAB_SHNDX)
			slot = &view->indices;
		if (slot && *slot)
			return mh_fail(err, MODHASH_E_UNSUPPORTED, view->sections[i].header,
				       "more than one symbol table");
		if (slot)
			*slot = i;
	}
	return view->symtab ? check_symtab(view, err) : 0;
}

static int symbol_section(const struct mh_elf_view *view, uint64_t index, uint64_t at,
			  struct mh_elf_symbol *symbol, struct modhash_error *err)
{
	uint32_t extended = 0;

	if (view->indices)
		extended = mh_elf_get32(view, view->sections[view->indices].data + 4 * index);
	symbol->reserved = symbol->section >= MH_SHN_LORESERVE;
	if (symbol->section == MH_SHN_XINDEX && view->indices) {
		symbol->section = extended;
		symbol->reserved = false;
	} else if (extended) {
		return mh_fail(err, MODHASH_E_ELF, at,
			       "symbol %" PRIu64 " has two section numbers", index);
	}
	if (!symbol->reserved && symbol->section >= view->count)
		return mh_fail(err, MODHASH_E_ELF, at,
			       "symbol %" PRIu64 " is in section %" PRIu32 " of %" PRIu32, index,
			       symbol->section, view->count);
	return 0;
}

int mh_elf_view_symbol(const struct mh_elf_view *view, uint64_t index,
		       struct mh_elf_symbol *symbol, struct modhash_error *err)
{
	const struct mh_elf_section *symtab = &view->sections[view->symtab];
	const struct mh_elf_section *strings = &view->sections[view->strtab];
	uint64_t at = index * (view->is_64 ? 24 : 16);
	const uint8_t *p = symtab->data + at;

	symbol->name_offset = mh_elf_get32(view, p);
	if (view->is_64) {
		symbol->info = p[4];
		symbol->other = p[5];
		symbol->section = mh_elf_get16(view, p + 6);
		symbol->value = mh_elf_get64(view, p + 8);
		symbol->size = mh_elf_get64(view, p + 16);
	} else {
		symbol->value = mh_elf_get32(view, p + 4);
		symbol->size = mh_elf_get32(view, p + 8);
		symbol->info = p[12];
		symbol->other = p[13];
		symbol->section = mh_elf_get16(view, p + 14);
	}
	at += symtab->offset;
	if (symbol->name_offset >= strings->size)
		return mh_fail(err, MODHASH_E_ELF, at,
			       "symbol %" PRIu64 " has its name at %" PRIu32 " of %" PRIu64
			       " bytes of names",
			       index, symbol->name_offset, strings->size);
	symbol->name = (const char *)strings->data + symbol->name_offset;
	return symbol_section(view, index, at, symbol, err);
}

/* --- doors --- */

int mh_elf_view_open_in(struct mh_elf_view *view, struct mh_budget *budget, const uint8_t *data,
			size_t length, struct modhash_error *err)
{
	uint16_t count = 0, names = 0;
	int ret;

	memset(view, 0, sizeof(*view));
	view->budget = budget;
	view->data = data;
	view->length = length;
	view->names_left = NAMES_MIN + (uint64_t)length * NAMES_FACTOR;
	if (view->names_left > SIZE_MAX)
		view->names_left = SIZE_MAX;
	ret = read_header(view, &count, &names, err);
	if (ret == 0)
		ret = count_sections(view, count, names, err);
	if (ret == 0)
		ret = read_sections(view, err);
	if (ret == 0)
		ret = find_symtab(view, err);
	if (ret < 0)
		mh_elf_view_close(view);
	return ret;
}

void mh_elf_view_close(struct mh_elf_view *view)
{
	free(view->sections);
	mh_budget_give(view->budget, view->taken);
	memset(view, 0, sizeof(*view));
}

uint32_t mh_elf_view_find(const struct mh_elf_view *view, const char *name)
{
	for (uint32_t i = 1; i < view->count; i++) {
		if (!strcmp(view->sections[i].name, name))
			return i;
	}
	return 0;
}
