/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hash of one section: of what it says, not of where it is.  Sections stand for
 * themselves by name, and by how many before them have the same one; never by number.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "canon.h"
#include "fail.h"
#include "message.h"
#include "spare-strings.h"

#define TAG_SECTION "E1\0"
#define TAG_HEADER "H1\0"

/* How a section's contents are told. */
enum content {
	CONTENT_NOBITS = 0,
	CONTENT_BYTES = 1,
	CONTENT_STRINGS = 2, /* at their users, and what nobody uses here */
	CONTENT_SYMBOLS = 3,
	CONTENT_INDICES = 4, /* at the symbols */
	CONTENT_GROUP = 5,
	CONTENT_BTF = 6,
	CONTENT_BTF_IDS = 7,
	CONTENT_IDS_DROPPED = 8
};

/* How a number of a section is told. */
enum reference {
	REFERENCE_NUMBER = 0,  /* no section: the number itself */
	REFERENCE_SECTION = 1, /* its name and ordinal */
};

int mh_canon_put(struct mh_canon *canon, const void *data, size_t length,
		 struct modhash_error *err)
{
	return mh_message_put(&canon->message, data, length, err);
}

int mh_canon_put32(struct mh_canon *canon, uint32_t value, struct modhash_error *err)
{
	return mh_message_put32(&canon->message, value, err);
}

static int put64(struct mh_canon *canon, uint64_t value, struct modhash_error *err)
{
	return mh_message_put64(&canon->message, value, err);
}

static int put_string(struct mh_canon *canon, const char *text, struct modhash_error *err)
{
	size_t length;
	int ret = mh_elf_view_name(&canon->view, text, &length, err);

	return ret < 0 ? ret : mh_message_put_text(&canon->message, text, length, err);
}

static int put_number(struct mh_canon *canon, uint32_t number, struct modhash_error *err)
{
	int ret = mh_canon_put32(canon, REFERENCE_NUMBER, err);

	return ret < 0 ? ret : mh_canon_put32(canon, number, err);
}

/* A section that another one, at @at, refers to. */
static int put_section(struct mh_canon *canon, uint32_t index, uint64_t at,
		       struct modhash_error *err)
{
	const struct mh_elf_view *view = &canon->view;
	int ret;

	if (index == 0)
		return put_number(canon, 0, err);
	if (index >= view->count)
		return mh_fail(err, MODHASH_E_ELF, at,
			       "refers to section %" PRIu32 " of %" PRIu32, index, view->count);
	ret = mh_canon_put32(canon, REFERENCE_SECTION, err);
	if (ret == 0)
		ret = put_string(canon, view->sections[index].name, err);
	return ret < 0 ? ret : mh_canon_put32(canon, view->sections[index].ordinal, err);
}

/* --- the header of a section --- */

static bool info_is_section(const struct mh_elf_section *section)
{
	return section->type == MH_SHT_REL || section->type == MH_SHT_RELA ||
	       section->flags & MH_SHF_INFO_LINK;
}

static int put_section_header(struct mh_canon *canon, const struct mh_elf_section *section,
			      struct modhash_error *err)
{
	int ret = put_string(canon, section->name, err);

	if (ret == 0)
		ret = mh_canon_put32(canon, section->ordinal, err);
	if (ret == 0)
		ret = mh_canon_put32(canon, section->type, err);
	if (ret == 0)
		ret = put64(canon, section->flags, err);
	if (ret == 0)
		ret = put64(canon, section->address, err);
	if (ret == 0)
		ret = put64(canon, section->alignment, err);
	if (ret == 0)
		ret = put64(canon, section->entry_size, err);
	if (ret == 0)
		ret = put_section(canon, section->link, section->header, err);
	if (ret < 0)
		return ret;
	if (info_is_section(section))
		return put_section(canon, section->info, section->header, err);
	return put_number(canon, section->info, err);
}

/* --- string tables --- */

static int mark_symbols(struct mh_canon *canon, struct mh_spare *spare, struct modhash_error *err)
{
	int ret = 0;

	for (uint64_t i = 0; ret == 0 && i < canon->view.symbols; i++) {
		struct mh_elf_symbol symbol;

		ret = mh_elf_view_symbol(&canon->view, i, &symbol, err);
		if (ret == 0)
			mh_spare_mark(spare, symbol.name_offset);
	}
	return ret;
}

/* The names of sections and of symbols may share a table. */
static int put_strings(struct mh_canon *canon, uint32_t index, struct modhash_error *err)
{
	const struct mh_elf_view *view = &canon->view;
	const struct mh_elf_section *section = &view->sections[index];
	struct mh_spare spare;
	int ret;

	if (section->size > UINT32_MAX)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, section->header,
			       "%" PRIu64 " bytes of strings", section->size);
	ret = mh_spare_init(&spare, (const char *)section->data, (size_t)section->size, err);
	if (ret < 0)
		return ret;
	if (section->size && !section->data[0])
		mh_spare_mark(&spare, 0);
	for (uint32_t i = 1; index == view->names && i < view->count; i++)
		mh_spare_mark(&spare, view->sections[i].name_offset);
	if (index == view->strtab)
		ret = mark_symbols(canon, &spare, err);
	if (ret == 0)
		ret = mh_spare_put(&spare, &canon->message, err);
	mh_spare_free(&spare);
	return ret;
}

/* Whoever else reads names from it goes by offsets, which are not in the canonical form. */
static int check_users(const struct mh_canon *canon, uint32_t index, struct modhash_error *err)
{
	const struct mh_elf_view *view = &canon->view;

	for (uint32_t i = 1; i < view->count; i++) {
		if (view->sections[i].link == index && i != view->symtab)
			return mh_fail(err, MODHASH_E_UNSUPPORTED, view->sections[i].header,
				       "section %.80s uses the names of the symbols",
				       view->sections[i].name);
	}
	return 0;
}

/* --- symbols --- */

static int put_symbol(struct mh_canon *canon, const struct mh_elf_symbol *symbol, uint64_t at,
		      struct modhash_error *err)
{
	uint8_t bytes[2] = { symbol->info, symbol->other };
	int ret = put_string(canon, symbol->name, err);

	if (ret == 0)
		ret = mh_canon_put(canon, bytes, sizeof(bytes), err);
	if (ret == 0)
		ret = symbol->reserved ? put_number(canon, symbol->section, err) :
					 put_section(canon, symbol->section, at, err);
	if (ret == 0)
		ret = put64(canon, symbol->value, err);
	return ret < 0 ? ret : put64(canon, symbol->size, err);
}

static int put_symbols(struct mh_canon *canon, struct modhash_error *err)
{
	const struct mh_elf_view *view = &canon->view;
	int ret = put64(canon, view->symbols, err);

	for (uint64_t i = 0; ret == 0 && i < view->symbols; i++) {
		struct mh_elf_symbol symbol;

		ret = mh_elf_view_symbol(view, i, &symbol, err);
		if (ret == 0)
			ret = put_symbol(canon, &symbol, view->sections[view->symtab].offset, err);
	}
	return ret;
}

/* --- groups --- */

static int put_group(struct mh_canon *canon, const struct mh_elf_section *section,
		     struct modhash_error *err)
{
	int ret;

	if (section->size < 4 || section->size % 4)
		return mh_fail(err, MODHASH_E_ELF, section->header,
			       "section group of %" PRIu64 " bytes", section->size);
	ret = put64(canon, section->size, err);
	if (ret == 0)
		ret = mh_canon_put32(canon, mh_elf_get32(&canon->view, section->data), err);
	for (uint64_t i = 4; ret == 0 && i < section->size; i += 4)
		ret = put_section(canon, mh_elf_get32(&canon->view, section->data + i),
				  section->offset + i, err);
	return ret;
}

/* --- contents --- */

static enum content content_of(const struct mh_canon *canon, uint32_t index)
{
	const struct mh_elf_view *view = &canon->view;
	const struct mh_elf_section *section = &view->sections[index];

	if (section->type == MH_SHT_NOBITS || section->type == MH_SHT_NULL)
		return CONTENT_NOBITS;
	if (index == view->names || (index == view->strtab && view->symtab))
		return CONTENT_STRINGS;
	if (index == view->symtab)
		return CONTENT_SYMBOLS;
	if (index == view->indices && view->symtab)
		return CONTENT_INDICES;
	if (section->type == MH_SHT_GROUP)
		return CONTENT_GROUP;
	if (canon->opts.policy == MH_CANON_RAW)
		return CONTENT_BYTES;
	if (index == canon->btf_section || index == canon->base_section)
		return CONTENT_BTF;
	if (index == canon->ids_section)
		return canon->opts.policy == MH_CANON_DROP ? CONTENT_IDS_DROPPED :
							     CONTENT_BTF_IDS;
	return CONTENT_BYTES;
}

static int put_btf(struct mh_canon *canon, uint32_t index, struct modhash_error *err)
{
	int ret;

	if (index == canon->base_section)
		return mh_btf_digest_message(&canon->distilled, &canon->btf,
					     &canon->distilled_hashes, &canon->message, err);
	ret = mh_canon_put32(canon, canon->has_distilled, err);
	if (ret < 0)
		return ret;
	return mh_btf_digest_message(&canon->btf, NULL, &canon->btf_hashes, &canon->message, err);
}

static int put_content(struct mh_canon *canon, uint32_t index, enum content content,
		       struct modhash_error *err)
{
	const struct mh_elf_section *section = &canon->view.sections[index];
	int ret;

	switch (content) {
	case CONTENT_NOBITS:
	case CONTENT_BYTES:
		return put64(canon, section->size, err);
	case CONTENT_STRINGS:
		ret = check_users(canon, index, err);
		return ret < 0 ? ret : put_strings(canon, index, err);
	case CONTENT_SYMBOLS:
		return put_symbols(canon, err);
	case CONTENT_INDICES:
		return 0;
	case CONTENT_GROUP:
		return put_group(canon, section, err);
	case CONTENT_BTF:
		return put_btf(canon, index, err);
	case CONTENT_BTF_IDS:
		return mh_btf_ids_put(&canon->ids, &canon->btf, canon->btf_hashes.hashes,
				      &canon->message, err);
	case CONTENT_IDS_DROPPED:
		return mh_btf_ids_put(&canon->ids, NULL, NULL, &canon->message, err);
	}
	return mh_fail_invalid(err, "content");
}

/* The message from @begins on is the first part. */
static void end_message(const struct mh_canon *canon, size_t begins,
			struct mh_digesting *digesting)
{
	digesting->parts[0] = (struct mh_part){ NULL, canon->message.length - begins };
	digesting->message.parts = digesting->parts;
	digesting->message.count = 1;
}

int mh_canon_section(struct mh_canon *canon, uint32_t index, struct mh_digesting *digesting,
		     struct modhash_error *err)
{
	const struct mh_elf_section *section = &canon->view.sections[index];
	enum content content = content_of(canon, index);
	size_t begins = canon->message.length;
	int ret = mh_canon_put(canon, TAG_SECTION, 4, err);

	if (ret == 0)
		ret = put_section_header(canon, section, err);
	if (ret == 0)
		ret = mh_canon_put32(canon, (uint32_t)content, err);
	if (ret == 0)
		ret = put_content(canon, index, content, err);
	if (ret < 0)
		return ret;
	end_message(canon, begins, digesting);
	if (content == CONTENT_BYTES && section->data) {
		digesting->parts[1] = (struct mh_part){ section->data, (size_t)section->size };
		digesting->message.count = 2;
	}
	return 0;
}

/* What the ELF header says, less where things are and how many sections there are. */
int mh_canon_header(struct mh_canon *canon, struct mh_digesting *digesting,
		    struct modhash_error *err)
{
	const struct mh_elf_view *view = &canon->view;
	size_t begins = canon->message.length;
	int ret = mh_canon_put(canon, TAG_HEADER, 4, err);

	if (ret == 0)
		ret = mh_canon_put(canon, view->data, 16, err);
	if (ret == 0)
		ret = mh_canon_put32(canon, view->type, err);
	if (ret == 0)
		ret = mh_canon_put32(canon, view->machine, err);
	if (ret == 0)
		ret = mh_canon_put32(canon, view->version, err);
	if (ret == 0)
		ret = put64(canon, view->entry, err);
	if (ret == 0)
		ret = mh_canon_put32(canon, view->flags, err);
	if (ret == 0)
		ret = mh_canon_put32(canon, view->program_header_size, err);
	if (ret == 0)
		ret = put_section(canon, view->names, 0, err);
	if (ret == 0)
		end_message(canon, begins, digesting);
	return ret;
}
