/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a module's ELF image says of itself: the one user of libelf.
 *
 * libelf is not made for hostile files.  So the ELF header and the extent of the tables
 * are checked here before it sees the file; it is asked for section headers alone,
 * whatever their class and byte order; and where these point to is checked here again
 * before anything is read there.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <elf.h>
#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <pthread.h>
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
	uint8_t sh_size, sh_link, sh_info;
};

static const struct layout layout32 = {
	.word = 4, .ehdr_size = 52, .phdr_size = 32, .shdr_size = 40,
	.phoff = 28, .shoff = 32, .phentsize = 42, .phnum = 44, .shentsize = 46, .shnum = 48,
	.shstrndx = 50, .sh_size = 20, .sh_link = 24, .sh_info = 28,
};

static const struct layout layout64 = {
	.word = 8, .ehdr_size = 64, .phdr_size = 56, .shdr_size = 64,
	.phoff = 32, .shoff = 40, .phentsize = 54, .phnum = 56, .shentsize = 58, .shnum = 60,
	.shstrndx = 62, .sh_size = 32, .sh_link = 40, .sh_info = 44,
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
	Elf *elf;
	uint16_t type, machine;
};

struct section {
	GElf_Shdr header;
	const char *name;
	const uint8_t *data; /* NULL if it has none in the file */
	uint64_t length;
};

struct range {
	uint64_t begin, end;
};

/* --- the headers, before libelf sees them --- */

/* An unsigned number of @size bytes; the caller knows that it is there. */
static uint64_t number(const struct image *image, uint64_t offset, unsigned int size)
{
	const uint8_t *p = image->data + offset;
	uint64_t value = 0;
	unsigned int i;

	for (i = 0; i < size; i++)
		value = value << 8 | p[image->big_endian ? i : size - 1 - i];
	return value;
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
	uint64_t found = number(image, entry_size_field, 2);
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
		image->shnum = number(image, image->shoff + at->sh_size, at->word);
	if (image->shstrndx == SHN_XINDEX)
		image->shstrndx = number(image, image->shoff + at->sh_link, 4);
	if (image->phnum == PN_XNUM)
		image->phnum = number(image, image->shoff + at->sh_info, 4);
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
	image->end = image->shoff + image->shnum * at->shdr_size;
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

	image->type = (uint16_t)number(image, 16, 2);
	image->machine = (uint16_t)number(image, 18, 2);
	image->phoff = number(image, at->phoff, at->word);
	image->phnum = number(image, at->phnum, 2);
	image->shoff = number(image, at->shoff, at->word);
	image->shnum = number(image, at->shnum, 2);
	image->shstrndx = number(image, at->shstrndx, 2);

	ret = check_sections_table(image, err);
	if (!ret)
		ret = check_segments_table(image, err);
	if (image->end < at->ehdr_size)
		image->end = at->ehdr_size;
	return ret;
}

/* --- sections --- */

static void set_version(void)
{
	elf_version(EV_CURRENT);
}

/* With errno 0 before it was called. */
static int fail_libelf(struct modhash_error *err)
{
	if (errno == ENOMEM)
		return mh_fail_nomem(err);
	return mh_fail(err, MODHASH_E_ELF, MODHASH_OFFSET_NONE, "libelf can't read it: %s",
		       elf_errmsg(-1));
}

static uint64_t header_offset(const struct image *image, uint64_t index)
{
	return image->shoff + index * image->layout->shdr_size;
}

/* Section @index without its name: does it lie in the file? */
static int get_contents(const struct image *image, uint64_t index, struct section *section,
			struct modhash_error *err)
{
	const GElf_Shdr *header = &section->header;
	Elf_Scn *scn;

	memset(section, 0, sizeof(*section));
	errno = 0;
	scn = elf_getscn(image->elf, (size_t)index);
	if (!scn || !gelf_getshdr(scn, &section->header))
		return fail_libelf(err);
	if (header->sh_type == SHT_NULL || header->sh_type == SHT_NOBITS)
		return 0;
	if (!mh_in_range(header->sh_offset, header->sh_size, image->length))
		return mh_fail(err, MODHASH_E_ELF, header_offset(image, index),
			       "section %" PRIu64 " has %" PRIu64 " bytes at byte %" PRIu64
			       ", beyond the image's %" PRIu64 " bytes",
			       index, (uint64_t)header->sh_size, (uint64_t)header->sh_offset,
			       image->length);
	section->data = image->data + header->sh_offset;
	section->length = header->sh_size;
	return 0;
}

static int get_section(const struct image *image, uint64_t index, struct section *section,
		       struct modhash_error *err)
{
	int ret = get_contents(image, index, section, err);

	if (ret)
		return ret;
	section->name = "";
	if (!image->names)
		return 0;
	if (section->header.sh_name >= image->names_length)
		return mh_fail(err, MODHASH_E_ELF, header_offset(image, index),
			       "name of section %" PRIu64 " at byte %" PRIu64 " of %" PRIu64
			       " bytes of names",
			       index, (uint64_t)section->header.sh_name, image->names_length);
	section->name = image->names + section->header.sh_name;
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
	if (section.header.sh_type != SHT_STRTAB || section.length == 0)
		return mh_fail(err, MODHASH_E_ELF, header_offset(image, image->shstrndx),
			       "section %" PRIu64 " has no strings, and should have the names "
			       "of sections", image->shstrndx);
	if (section.data[section.length - 1])
		return mh_fail(err, MODHASH_E_ELF,
			       section.header.sh_offset + section.length - 1,
			       "the last name of a section has no end");
	image->names = (const char *)section.data;
	image->names_length = section.length;
	return 0;
}

static void image_close(struct image *image)
{
	elf_end(image->elf);
}

static int image_open(struct image *image, const struct modhash_module *module,
		      struct modhash_error *err)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	int ret;

	memset(image, 0, sizeof(*image));
	image->data = module->data;
	image->length = module->payload_length;
	ret = check_ident(image, err);
	if (!ret)
		ret = check_header(image, err);
	if (ret)
		return ret;

	pthread_once(&once, set_version);
	/* It takes the image for reading, in spite of its prototype. */
	errno = 0;
	image->elf = elf_memory((char *)(uintptr_t)image->data, (size_t)image->length);
	if (!image->elf)
		return fail_libelf(err);
	ret = find_names(image, err);
	if (ret)
		image_close(image);
	return ret;
}

static int compare_ranges(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	if (x->begin != y->begin)
		return x->begin < y->begin ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

/* A few, which are nearly in order, are sorted sooner than qsort() begins. */
static void sort_ranges(struct range *ranges, size_t count)
{
	size_t i, at;

	if (count > RANGES_FEW) {
		qsort(ranges, count, sizeof(*ranges), compare_ranges);
		return;
	}
	for (i = 1; i < count; i++) {
		const struct range range = ranges[i];

		for (at = i; at && compare_ranges(&ranges[at - 1], &range) > 0; at--)
			ranges[at] = ranges[at - 1];
		ranges[at] = range;
	}
}

static int check_disjoint(struct range *ranges, size_t count, struct modhash_error *err)
{
	size_t i;

	sort_ranges(ranges, count);
	for (i = 1; i < count; i++) {
		if (ranges[i].begin < ranges[i - 1].end)
			return mh_fail(err, MODHASH_E_ELF, ranges[i].begin,
				       "what begins here overlaps with bytes %" PRIu64
				       " to %" PRIu64 " of the ELF image",
				       ranges[i - 1].begin, ranges[i - 1].end - 1);
	}
	return 0;
}

/* --- what sections say --- */

/* Entries end in NUL, and views of them are handed out as strings. */
static int check_modinfo(const struct section *section, struct modhash_error *err)
{
	if (section->length && section->data[section->length - 1])
		return mh_fail(err, MODHASH_E_ELF, section->header.sh_offset + section->length - 1,
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

static void take_modinfo(const struct section *section, struct modhash_identity *identity)
{
	static const char name[] = "name=", vermagic[] = "vermagic=", srcversion[] = "srcversion=";
	uint64_t position = 0;
	const char *entry;

	while ((entry = next_entry(section->data, section->length, &position))) {
		if (!identity->name && strncmp(entry, name, strlen(name)) == 0)
			identity->name = entry + strlen(name);
		else if (!identity->vermagic && strncmp(entry, vermagic, strlen(vermagic)) == 0)
			identity->vermagic = entry + strlen(vermagic);
		else if (!identity->srcversion &&
			 strncmp(entry, srcversion, strlen(srcversion)) == 0)
			identity->srcversion = entry + strlen(srcversion);
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
	uint64_t alignment = section->header.sh_addralign == 8 ? 8 : 4;
	uint64_t at = section->header.sh_offset + *position;
	uint64_t desc;

	if (!mh_in_range(*position, NOTE_HEADER_SIZE, section->length))
		return false;
	note->name_length = number(image, at, 4);
	note->desc_length = number(image, at + 4, 4);
	note->type = (uint32_t)number(image, at + 8, 4);
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
			return mh_fail(err, MODHASH_E_ELF, section->header.sh_offset + position,
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
	struct range *ranges;
	size_t count;
};

static int take_section(const struct image *image, uint64_t index, const struct section *section,
			struct found *found, struct modhash_identity *identity,
			struct modhash_error *err)
{
	identity->flags |= flag_of_name(section->name);
	if (section->header.sh_type == SHT_SYMTAB)
		identity->flags &= ~MODHASH_IDENTITY_STRIPPED;
	if (section->header.sh_type == SHT_NOTE)
		return take_notes(image, section, identity, err);
	if (section->name[0] != '.')
		return 0;
	if (section->name[1] == 'm' && strcmp(section->name, ".modinfo") == 0)
		return take_unique(&found->modinfo, image, index, section, err);
	if (section->name[1] == 'g' && strcmp(section->name, ".gnu.linkonce.this_module") == 0)
		return take_unique(&found->this_module, image, index, section, err);
	return 0;
}

static void add_range(struct image *image, struct found *found, uint64_t begin, uint64_t length)
{
	if (length == 0)
		return;
	found->ranges[found->count++] = (struct range){ begin, begin + length };
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
		add_range(image, found, section.header.sh_offset, section.length);
		ret = take_section(image, i, &section, found, identity, err);
	}
	/* Where they are in most files: behind the sections. */
	add_range(image, found, image->shoff, image->shnum * image->layout->shdr_size);
	return ret ? ret : check_disjoint(found->ranges, found->count, err);
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

/* Ranges of modules with sections as many as most have need no memory of their own. */
static int take_image(struct image *image, struct modhash_identity *identity,
		      struct modhash_error *err)
{
	struct found found = { .modinfo = { .name = NULL }, .this_module = { .name = NULL } };
	struct range few[RANGES_FEW];
	size_t needed = (size_t)image->shnum + 2;
	int ret;

	found.ranges = needed <= RANGES_FEW ? few : malloc(needed * sizeof(*found.ranges));
	if (!found.ranges)
		return mh_fail_nomem(err);
	ret = take_sections(image, &found, identity, err);
	if (found.ranges != few)
		free(found.ranges);
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
	image_close(&image);
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
	image_close(&image);
	if (!ret)
		ret = check_modinfo(&modinfo, err);
	if (ret)
		return ret;
	if (modinfo.header.sh_offset > CURSOR_MAX || modinfo.length > CURSOR_MAX)
		return mh_fail(err, MODHASH_E_ELF, modinfo.header.sh_offset,
			       ".modinfo beyond the first 4 GiB");
	*cursor = (modinfo.data ? modinfo.header.sh_offset : 1) << CURSOR_BITS | modinfo.length;
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
