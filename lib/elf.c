/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a module's ELF image says of itself.
 *
 * Read here, and not by libelf, which is not made for hostile files: all that it would be
 * asked for is section headers, and for these alone it makes and frees a description of
 * the whole file.  Where headers point to is checked before anything is read there.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <elf.h>
#include <endian.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "fail.h"
#include "module.h"
#include "options.h"

/* A kernel reads no more than 65279; this is what we give memory for. */
#define SECTIONS_MAX (UINT64_C(1) << 20)

/* Most modules have some fifty sections. */
#define RANGES_FEW 128

#define NOTE_HEADER_SIZE 12

/* struct module: its state, a list_head, then char name[64 - sizeof(unsigned long)]. */
#define THIS_MODULE_NAME_64 24
#define THIS_MODULE_NAME_32 12

/* Where what we need stands in the two kinds of ELF header and of section header. */
struct layout {
	uint8_t word; /* bytes of an address, an offset and a size */
	uint8_t ehdr_size, phdr_size, shdr_size;
	uint8_t phoff, shoff, phentsize, phnum, shentsize, shnum, shstrndx;
	uint8_t sh_offset, sh_size, sh_link, sh_info, sh_addralign;
};

static const struct layout layout32 = {
	.word = 4, .ehdr_size = 52, .phdr_size = 32, .shdr_size = 40,
	.phoff = 28, .shoff = 32, .phentsize = 42, .phnum = 44, .shentsize = 46, .shnum = 48,
	.shstrndx = 50,
	.sh_offset = 16, .sh_size = 20, .sh_link = 24, .sh_info = 28, .sh_addralign = 32,
};

static const struct layout layout64 = {
	.word = 8, .ehdr_size = 64, .phdr_size = 56, .shdr_size = 64,
	.phoff = 32, .shoff = 40, .phentsize = 54, .phnum = 56, .shentsize = 58, .shnum = 60,
	.shstrndx = 62,
	.sh_offset = 24, .sh_size = 32, .sh_link = 40, .sh_info = 44, .sh_addralign = 48,
};

struct image {
	const uint8_t *data;
	uint64_t length;
	const struct layout *layout;
	bool big_endian;
	uint64_t phoff, phnum;
	uint64_t shoff, shnum;
	uint64_t shstrndx;
	uint64_t end; /* of what the headers describe */
	const char *names;
	uint64_t names_length;
	struct mh_budget *budget;
	uint16_t type, machine;
};

struct section {
	uint32_t name_offset, type;
	uint64_t header, offset, size;
	const char *name;
	const uint8_t *data; /* NULL if it has none in the file */
	uint64_t length;
};

struct range {
	uint64_t begin, end;
};

/* --- the headers --- */

static uint16_t get16(const struct image *image, uint64_t offset)
{
	uint16_t value;

	memcpy(&value, image->data + offset, sizeof(value));
	return image->big_endian ? be16toh(value) : le16toh(value);
}

static uint32_t get32(const struct image *image, uint64_t offset)
{
	uint32_t value;

	memcpy(&value, image->data + offset, sizeof(value));
	return image->big_endian ? be32toh(value) : le32toh(value);
}

/* An address, an offset or a size; the caller knows that it is there, here as above. */
static uint64_t get_word(const struct image *image, uint64_t offset)
{
	uint64_t value;

	if (image->layout->word == 4)
		return get32(image, offset);
	memcpy(&value, image->data + offset, sizeof(value));
	return image->big_endian ? be64toh(value) : le64toh(value);
}

static int check_ident(struct image *image, struct modhash_error *err)
{
	const uint8_t *ident = image->data;

	if (image->length < EI_NIDENT || memcmp(ident, ELFMAG, SELFMAG))
		return mh_fail(err, MODHASH_E_NOT_ELF, 0, "no ELF file begins here");
	if (ident[EI_CLASS] != ELFCLASS32 && ident[EI_CLASS] != ELFCLASS64)
		return mh_fail(err, MODHASH_E_ELF, EI_CLASS,
			       "ELF class %u, expected 1 (32-bit) or 2 (64-bit)",
			       ident[EI_CLASS]);
	if (ident[EI_DATA] != ELFDATA2LSB && ident[EI_DATA] != ELFDATA2MSB)
		return mh_fail(err, MODHASH_E_ELF, EI_DATA,
			       "ELF byte order %u, expected 1 (little) or 2 (big)",
			       ident[EI_DATA]);
	if (ident[EI_VERSION] != EV_CURRENT)
		return mh_fail(err, MODHASH_E_ELF, EI_VERSION, "ELF version %u, expected 1",
			       ident[EI_VERSION]);
	image->layout = ident[EI_CLASS] == ELFCLASS64 ? &layout64 : &layout32;
	image->big_endian = ident[EI_DATA] == ELFDATA2MSB;
	if (image->length < image->layout->ehdr_size)
		return mh_fail(err, MODHASH_E_ELF, image->length,
			       "the file ends here, within an ELF header of %u bytes",
			       image->layout->ehdr_size);
	return 0;
}

/* A table of headers: its entries have the size they should, and it lies in the file. */
static int check_table(const struct image *image, const char *what, uint64_t offset,
		       uint64_t count, unsigned int entry_size, uint64_t entry_size_field,
		       uint64_t offset_field, struct modhash_error *err)
{
	uint64_t found = get16(image, entry_size_field);
	uint64_t length;

	if (found != entry_size)
		return mh_fail(err, MODHASH_E_ELF, entry_size_field,
			       "%s headers of %" PRIu64 " bytes, expected %u", what, found,
			       entry_size);
	if (!mh_mul_u64(count, entry_size, &length) ||
	    !mh_in_range(offset, length, image->length))
		return mh_fail(err, MODHASH_E_ELF, offset_field,
			       "%" PRIu64 " %s headers at byte %" PRIu64
			       ", beyond the image's %" PRIu64 " bytes",
			       count, what, offset, image->length);
	return 0;
}

/* Where numbers do not fit the ELF header, they stand in section header 0. */
static int extended_numbers(struct image *image, struct modhash_error *err)
{
	const struct layout *at = image->layout;
	bool extended = image->shnum == 0 || image->shstrndx == SHN_XINDEX ||
			image->phnum == PN_XNUM;
	int ret;

	if (!extended)
		return 0;
	ret = check_table(image, "section", image->shoff, 1, at->shdr_size, at->shentsize,
			  at->shoff, err);
	if (ret)
		return ret;
	if (image->shnum == 0)
		image->shnum = get_word(image, image->shoff + at->sh_size);
	if (image->shstrndx == SHN_XINDEX)
		image->shstrndx = get32(image, image->shoff + at->sh_link);
	if (image->phnum == PN_XNUM)
		image->phnum = get32(image, image->shoff + at->sh_info);
	return 0;
}

static int check_sections_table(struct image *image, struct modhash_error *err)
{
	const struct layout *at = image->layout;
	int ret;

	if (image->shoff == 0) {
		if (image->shnum)
			return mh_fail(err, MODHASH_E_ELF, at->shoff,
				       "%" PRIu64 " section headers, but none are in the file",
				       image->shnum);
		image->shstrndx = 0;
		return 0;
	}
	ret = extended_numbers(image, err);
	if (ret)
		return ret;
	if (image->shnum > SECTIONS_MAX)
		return mh_fail(err, MODHASH_E_ELF, at->shnum,
			       "%" PRIu64 " sections, expected no more than %" PRIu64,
			       image->shnum, SECTIONS_MAX);
	ret = check_table(image, "section", image->shoff, image->shnum, at->shdr_size,
			  at->shentsize, at->shoff, err);
	if (ret)
		return ret;
	/* Section 0 was read even where it says that there are none. */
	image->end = image->shoff + (image->shnum ? image->shnum : 1) * at->shdr_size;
	if (image->shstrndx && image->shstrndx >= image->shnum)
		return mh_fail(err, MODHASH_E_ELF, at->shstrndx,
			       "names of sections in section %" PRIu64 " of %" PRIu64,
			       image->shstrndx, image->shnum);
	return 0;
}

static int check_segments_table(struct image *image, struct modhash_error *err)
{
	const struct layout *at = image->layout;
	uint64_t end;
	int ret;

	if (image->phnum == 0)
		return 0;
	ret = check_table(image, "program", image->phoff, image->phnum, at->phdr_size,
			  at->phentsize, at->phoff, err);
	if (ret)
		return ret;
	end = image->phoff + image->phnum * at->phdr_size;
	if (end > image->end)
		image->end = end;
	return 0;
}

static int check_header(struct image *image, struct modhash_error *err)
{
	const struct layout *at = image->layout;
	int ret;

	image->type = get16(image, 16);
	image->machine = get16(image, 18);
	image->phoff = get_word(image, at->phoff);
	image->phnum = get16(image, at->phnum);
	image->shoff = get_word(image, at->shoff);
	image->shnum = get16(image, at->shnum);
	image->shstrndx = get16(image, at->shstrndx);

	ret = check_sections_table(image, err);
	if (!ret)
		ret = check_segments_table(image, err);
	if (image->end < at->ehdr_size)
		image->end = at->ehdr_size;
	return ret;
}

/* --- sections --- */

static uint64_t header_offset(const struct image *image, uint64_t index)
{
	return image->shoff + index * image->layout->shdr_size;
}

/* Section @index without its name: does it lie in the file? */
static inline int get_contents(const struct image *image, uint64_t index,
			       struct section *section, struct modhash_error *err)
{
	const struct layout *at = image->layout;
	uint64_t header = header_offset(image, index);

	section->name = NULL;
	section->data = NULL;
	section->length = 0;
	section->name_offset = get32(image, header);
	section->type = get32(image, header + 4);
	section->offset = get_word(image, header + at->sh_offset);
	section->size = get_word(image, header + at->sh_size);
	section->header = header;
	if (section->type == SHT_NULL || section->type == SHT_NOBITS)
		return 0;
	if (!mh_in_range(section->offset, section->size, image->length))
		return mh_fail(err, MODHASH_E_ELF, header,
			       "section %" PRIu64 " has %" PRIu64 " bytes at byte %" PRIu64
			       ", beyond the image's %" PRIu64 " bytes",
			       index, section->size, section->offset, image->length);
	section->data = image->data + section->offset;
	section->length = section->size;
	return 0;
}

static inline int get_section(const struct image *image, uint64_t index,
			      struct section *section, struct modhash_error *err)
{
	int ret = get_contents(image, index, section, err);

	if (ret)
		return ret;
	section->name = "";
	if (!image->names)
		return 0;
	if (section->name_offset >= image->names_length)
		return mh_fail(err, MODHASH_E_ELF, header_offset(image, index),
			       "name of section %" PRIu64 " at byte %" PRIu64 " of %" PRIu64
			       " bytes of names",
			       index, (uint64_t)section->name_offset, image->names_length);
	section->name = image->names + section->name_offset;
	return 0;
}

/* Section names are bounded by the end of their section, and so must end before it. */
static int find_names(struct image *image, struct modhash_error *err)
{
	struct section section;
	int ret;

	if (image->shstrndx == 0)
		return 0;
	ret = get_contents(image, image->shstrndx, &section, err);
	if (ret)
		return ret;
	if (section.type != SHT_STRTAB || section.length == 0)
		return mh_fail(err, MODHASH_E_ELF, header_offset(image, image->shstrndx),
			       "section %" PRIu64 " has no strings, and should have the names "
			       "of sections", image->shstrndx);
	if (section.data[section.length - 1])
		return mh_fail(err, MODHASH_E_ELF, section.offset + section.length - 1,
			       "the last name of a section has no end");
	image->names = (const char *)section.data;
	image->names_length = section.length;
	return 0;
}

static int image_open(struct image *image, const struct modhash_module *module,
		      struct modhash_error *err)
{
	int ret;

	memset(image, 0, sizeof(*image));
	image->data = module->data;
	image->length = module->payload_length;
	ret = check_ident(image, err);
	if (!ret)
		ret = check_header(image, err);
	image->budget = module->ctx->budget;
	return ret ? ret : find_names(image, err);
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

static int fail_overlap(const struct range *first, const struct range *second,
			struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_ELF, second->begin,
		       "what begins here overlaps with bytes %" PRIu64 " to %" PRIu64
		       " of the ELF image", first->begin, first->end - 1);
}

/*
 * Ranges as they come.  A linker writes sections in the order of their headers, but for those
 * of relocations, which it writes behind the others: two runs in order, one at the beginning of
 * the array and one, backwards, at its end, which need no sorting.
 */
struct ranges {
	struct range *range;
	size_t capacity;
	size_t first, second; /* how many are in each run */
	bool mixed;	      /* some were in neither's order: they are in the first */
};

static inline void add_to_ranges(struct ranges *ranges, const struct range *range)
{
	struct range *first = ranges->range + ranges->first;
	struct range *second = ranges->range + ranges->capacity - ranges->second;

	if (!ranges->first || range->begin >= first[-1].end) {
		*first = *range;
		ranges->first++;
	} else if (!ranges->second || range->begin >= second->end) {
		second[-1] = *range;
		ranges->second++;
	} else {
		*first = *range;
		ranges->first++;
		ranges->mixed = true;
	}
}

static int check_sorted(struct ranges *ranges, struct modhash_error *err)
{
	struct range *range = ranges->range;
	size_t count = ranges->first + ranges->second, i;

	memmove(range + ranges->first, range + ranges->capacity - ranges->second,
		ranges->second * sizeof(*range));
	qsort(range, count, sizeof(*range), compare_ranges);
	for (i = 1; i < count; i++) {
		if (range[i].begin < range[i - 1].end)
			return fail_overlap(&range[i - 1], &range[i], err);
	}
	return 0;
}

static int check_disjoint(struct ranges *ranges, struct modhash_error *err)
{
	const struct range *first = ranges->range, *first_end = first + ranges->first;
	const struct range *second = first + ranges->capacity;
	const struct range *second_end = second - ranges->second;
	const struct range *before = NULL, *range;

	if (ranges->mixed)
		return check_sorted(ranges, err);
	while (first < first_end || second > second_end) {
		if (second == second_end ||
		    (first < first_end && compare_ranges(first, second - 1) <= 0))
			range = first++;
		else
			range = --second;
		if (before && range->begin < before->end)
			return fail_overlap(before, range, err);
		before = range;
	}
	return 0;
}

/* --- what sections say --- */

/* Entries end in NUL, and views of them are handed out as strings. */
static int check_modinfo(const struct section *section, struct modhash_error *err)
{
	if (section->length && section->data[section->length - 1])
		return mh_fail(err, MODHASH_E_ELF, section->offset + section->length - 1,
			       "the last entry of .modinfo has no end");
	return 0;
}

/* The next entry that is not empty, from *position on; NULL after the last. */
static const char *next_entry(const uint8_t *modinfo, uint64_t length, uint64_t *position)
{
	const char *entry;

	while (*position < length && modinfo[*position] == 0)
		++*position;
	if (*position == length)
		return NULL;
	entry = (const char *)modinfo + *position;
	*position += strlen(entry) + 1;
	return entry;
}

/* Put the entry's value there, if it is @key's and none was there yet. */
static void take_value(const char *entry, const char *key, const char **value)
{
	size_t length = strlen(key);

	if (!*value && strncmp(entry, key, length) == 0)
		*value = entry + length;
}

static void take_modinfo(const struct section *section, struct modhash_identity *identity)
{
	uint64_t position = 0;
	const char *entry;

	while ((entry = next_entry(section->data, section->length, &position))) {
		/* Most are aliases, and parameters. */
		if (entry[0] == 'n')
			take_value(entry, "name=", &identity->name);
		else if (entry[0] == 'v')
			take_value(entry, "vermagic=", &identity->vermagic);
		else if (entry[0] == 's')
			take_value(entry, "srcversion=", &identity->srcversion);
	}
}

/*
 * The name in struct module, which the build fills in.  Its offset is that of all
 * kernels so far, but a kernel can shuffle its structures: what does not look like a
 * name is none.
 */
static const char *this_module_name(const struct section *section, unsigned int word)
{
	uint64_t offset = word == 8 ? THIS_MODULE_NAME_64 : THIS_MODULE_NAME_32;
	uint64_t most = 64 - word, i;
	const uint8_t *name;

	if (!section->data || !mh_in_range(offset, most, section->length))
		return NULL;
	name = section->data + offset;
	for (i = 0; i < most && name[i] > ' ' && name[i] < 0x7f; i++)
		;
	return i && i < most && name[i] == 0 ? (const char *)name : NULL;
}

struct note {
	uint64_t name_length, desc_length;
	uint32_t type;
	const uint8_t *name, *desc;
};

/* The note at *position, which is moved behind it; false if it claims what is not there. */
static bool get_note(const struct image *image, const struct section *section,
		     uint64_t *position, struct note *note)
{
	uint64_t aligned = get_word(image, section->header + image->layout->sh_addralign);
	uint64_t alignment = aligned == 8 ? 8 : 4;
	uint64_t at = section->offset + *position;
	uint64_t desc;

	if (!mh_in_range(*position, NOTE_HEADER_SIZE, section->length))
		return false;
	note->name_length = get32(image, at);
	note->desc_length = get32(image, at + 4);
	note->type = get32(image, at + 8);
	/* Two numbers of 32 bits and an offset in a file: no sum of them wraps. */
	desc = *position + NOTE_HEADER_SIZE + note->name_length;
	desc = (desc + alignment - 1) & ~(alignment - 1);
	if (!mh_in_range(desc, note->desc_length, section->length))
		return false;
	note->name = section->data + *position + NOTE_HEADER_SIZE;
	note->desc = section->data + desc;
	*position = (desc + note->desc_length + alignment - 1) & ~(alignment - 1);
	return true;
}

static int take_notes(const struct image *image, const struct section *section,
		      struct modhash_identity *identity, struct modhash_error *err)
{
	uint64_t position = 0;
	struct note note;

	while (position < section->length) {
		if (!get_note(image, section, &position, &note))
			return mh_fail(err, MODHASH_E_ELF, section->offset + position,
				       "a note that is longer than its section");
		if (note.type != NT_GNU_BUILD_ID || note.desc_length == 0 ||
		    note.name_length != sizeof(ELF_NOTE_GNU) ||
		    memcmp(note.name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)))
			continue;
		if (!identity->build_id) {
			identity->build_id = note.desc;
			identity->build_id_length = note.desc_length;
		}
	}
	return 0;
}

/* Sections that are told of by their name alone. */
static uint32_t flag_of_name(const char *name)
{
	static const struct {
		const char *name;
		uint32_t flag;
	} flags[] = {
		{ ".BTF", MODHASH_IDENTITY_BTF },
		{ ".BTF.base", MODHASH_IDENTITY_BTF_BASE },
		{ ".BTF_ids", MODHASH_IDENTITY_BTF_IDS },
		{ ".debug_info", MODHASH_IDENTITY_DEBUG },
		{ ".zdebug_info", MODHASH_IDENTITY_DEBUG },
	};
	size_t i;

	/* Hardly any begins like one of these. */
	if (name[0] != '.' || (name[1] != 'B' && name[1] != 'd' && name[1] != 'z'))
		return 0;
	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (strcmp(name, flags[i].name) == 0)
			return flags[i].flag;
	}
	return 0;
}

/* A section that there can be one of, or one would have to choose. */
static int take_unique(struct section *into, const struct image *image, uint64_t index,
		       const struct section *section, struct modhash_error *err)
{
	if (into->name)
		return mh_fail(err, MODHASH_E_ELF, header_offset(image, index),
			       "a second section called %s", section->name);
	*into = *section;
	return 0;
}

/* What is found on the way through the sections. */
struct found {
	struct section modinfo, this_module;
	struct ranges ranges;
};

static int take_section(const struct image *image, uint64_t index, const struct section *section,
			struct found *found, struct modhash_identity *identity,
			struct modhash_error *err)
{
	identity->flags |= flag_of_name(section->name);
	if (section->type == SHT_SYMTAB)
		identity->flags &= ~MODHASH_IDENTITY_STRIPPED;
	if (section->type == SHT_NOTE)
		return take_notes(image, section, identity, err);
	if (section->name[0] != '.')
		return 0;
	if (section->name[1] == 'm' && strcmp(section->name, ".modinfo") == 0)
		return take_unique(&found->modinfo, image, index, section, err);
	if (section->name[1] == 'g' && strcmp(section->name, ".gnu.linkonce.this_module") == 0)
		return take_unique(&found->this_module, image, index, section, err);
	return 0;
}

static inline void add_range(struct image *image, struct found *found, uint64_t begin,
			     uint64_t length)
{
	const struct range range = { begin, begin + length };

	if (length == 0)
		return;
	add_to_ranges(&found->ranges, &range);
	if (begin + length > image->end)
		image->end = begin + length;
}

/*
 * All sections lie in the file, have a name, and share no byte with one another or with
 * the headers.
 */
static int go_through_sections(struct image *image, struct found *found,
			       struct modhash_identity *identity, struct modhash_error *err)
{
	struct section section;
	int ret = 0;

	add_range(image, found, 0, image->layout->ehdr_size);
	for (uint64_t i = 1; i < image->shnum && !ret; i++) {
		ret = get_section(image, i, &section, err);
		if (ret)
			return ret;
		add_range(image, found, section.offset, section.length);
		/* An empty one, too, lies somewhere. */
		if (section.data && section.offset > image->end)
			image->end = section.offset;
		ret = take_section(image, i, &section, found, identity, err);
	}
	/* Where they are in most files: behind the sections. */
	add_range(image, found, image->shoff, image->shnum * image->layout->shdr_size);
	return ret ? ret : check_disjoint(&found->ranges, err);
}

static int take_sections(struct image *image, struct found *found,
			 struct modhash_identity *identity, struct modhash_error *err)
{
	int ret;

	identity->flags = MODHASH_IDENTITY_STRIPPED;
	ret = go_through_sections(image, found, identity, err);
	if (!ret)
		ret = check_modinfo(&found->modinfo, err);
	if (ret)
		return ret;

	take_modinfo(&found->modinfo, identity);
	if (!identity->name)
		identity->name = this_module_name(&found->this_module, image->layout->word);
	if (image->type == ET_REL && (found->modinfo.name || found->this_module.name))
		identity->flags |= MODHASH_IDENTITY_MODULE;
	return 0;
}

static int take_with_ranges(struct image *image, struct range *range, size_t count,
			    struct modhash_identity *identity, struct modhash_error *err)
{
	struct found found = { .modinfo = { .name = NULL }, .this_module = { .name = NULL } };

	found.ranges.range = range;
	found.ranges.capacity = count;
	return take_sections(image, &found, identity, err);
}

/* Ranges of modules with sections as many as most have need no memory of their own. */
static int take_image(struct image *image, struct modhash_identity *identity,
		      struct modhash_error *err)
{
	struct range few[RANGES_FEW], *range;
	size_t needed = (size_t)image->shnum + 2;
	int ret;

	if (needed <= RANGES_FEW)
		return take_with_ranges(image, few, needed, identity, err);
	ret = mh_budget_take(image->budget, needed * sizeof(*range), err);
	if (ret)
		return ret;
	range = malloc(needed * sizeof(*range));
	ret = range ? take_with_ranges(image, range, needed, identity, err) : mh_fail_nomem(err);
	free(range);
	mh_budget_give(image->budget, needed * sizeof(*range));
	return ret;
}

MODHASH_API int modhash_module_identity(const struct modhash_module *module,
					struct modhash_identity *identity,
					struct modhash_error *err)
{
	struct modhash_identity ours;
	struct image image;
	int ret;

	if (!module || !identity || identity->size < sizeof(identity->size))
		return mh_fail_invalid(err, module ? "no place for the identity, or its size not set"
						   : "no module");
	ret = image_open(&image, module, err);
	if (ret)
		return ret;
	memset(&ours, 0, sizeof(ours));
	ret = take_image(&image, &ours, err);
	if (ret)
		return ret;

	ours.elf_class = image.layout->word * 8;
	ours.byte_order = image.big_endian ? MODHASH_BYTE_ORDER_BIG : MODHASH_BYTE_ORDER_LITTLE;
	ours.machine = image.machine;
	ours.image_length = image.end;
	return mh_result_out(identity, &ours, sizeof(ours));
}

/* --- .modinfo, entry by entry --- */

/*
 * The cursor says where the next entry is and how many bytes of .modinfo are left, so
 * that the headers are read at the first call only.
 */
#define CURSOR_BITS 32
#define CURSOR_MAX UINT32_MAX

static int find_modinfo(const struct modhash_module *module, uint64_t *cursor,
			struct modhash_error *err)
{
	struct section section, modinfo = { .name = NULL };
	struct image image;
	uint64_t i;
	int ret;

	ret = image_open(&image, module, err);
	if (ret)
		return ret;
	for (i = 1; i < image.shnum && !ret; i++) {
		ret = get_section(&image, i, &section, err);
		if (!ret && strcmp(section.name, ".modinfo") == 0)
			ret = take_unique(&modinfo, &image, i, &section, err);
	}
	if (!ret)
		ret = check_modinfo(&modinfo, err);
	if (ret)
		return ret;
	if (modinfo.offset > CURSOR_MAX || modinfo.length > CURSOR_MAX)
		return mh_fail(err, MODHASH_E_ELF, modinfo.offset,
			       ".modinfo beyond the first 4 GiB");
	*cursor = (modinfo.data ? modinfo.offset : 1) << CURSOR_BITS | modinfo.length;
	return 0;
}

MODHASH_API int modhash_module_modinfo(const struct modhash_module *module, uint64_t *cursor,
				       const char **key, size_t *key_length, const char **value,
				       struct modhash_error *err)
{
	uint64_t offset, left, position = 0;
	const char *entry;
	int ret;

	if (key)
		*key = NULL;
	if (value)
		*value = NULL;
	if (!module || !cursor || !key || !key_length || !value)
		return mh_fail_invalid(err, module ? "no cursor, or no place for an entry"
						   : "no module");
	*key_length = 0;
	if (*cursor == 0) {
		ret = find_modinfo(module, cursor, err);
		if (ret)
			return ret;
	}
	offset = *cursor >> CURSOR_BITS;
	left = *cursor & CURSOR_MAX;
	if (!mh_in_range(offset, left, module->payload_length) ||
	    (left && module->data[offset + left - 1]))
		return mh_fail_invalid(err, "a cursor that is not of this module");

	entry = next_entry(module->data + offset, left, &position);
	*cursor = (offset + position) << CURSOR_BITS | (left - position);
	if (!entry)
		return 0;
	*key = entry;
	*key_length = strcspn(entry, "=");
	*value = entry + *key_length + (entry[*key_length] == '=');
	return 1;
}
