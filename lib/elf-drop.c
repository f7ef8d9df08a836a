/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Taking sections out of a relocatable file: numbers of sections, offsets and names follow.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "elf-drop.h"
#include "fail.h"
#include "sort.h"

#define GONE UINT32_MAX

/* A piece of the file that moves as one. */
struct piece {
	uint64_t offset;
	uint64_t length;
	uint64_t alignment;
	uint64_t to;
};

struct drop {
	const struct mh_elf_view *view;
	uint32_t *number;     /* of each section, afterwards; GONE */
	uint32_t left;	      /* sections afterwards */
	struct piece *pieces; /* by section; 0: the section headers */
	uint8_t *names;	      /* the table of section names, afterwards */
	uint64_t names_length;
	uint32_t *name_at;    /* where each of its bytes is afterwards */
	uint8_t *out;
};

static void put16(const struct mh_elf_view *view, uint8_t *p, uint16_t value)
{
	p[view->big_endian] = (uint8_t)value;
	p[!view->big_endian] = (uint8_t)(value >> 8);
}

/* An address, an offset or a size. */
static void put_word(const struct mh_elf_view *view, uint8_t *p, uint64_t value)
{
	if (!view->is_64) {
		mh_elf_put32(view, p, (uint32_t)value);
		return;
	}
	mh_elf_put32(view, p + (view->big_endian ? 4 : 0), (uint32_t)value);
	mh_elf_put32(view, p + (view->big_endian ? 0 : 4), (uint32_t)(value >> 32));
}

/* --- who refers to what --- */

static int fail_referred(const struct drop *drop, uint32_t section, uint64_t at,
			 struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_REWRITE, at,
		       "refers to section %.80s, which is to be taken out",
		       drop->view->sections[section].name);
}

static int renumber(const struct drop *drop, uint32_t section, uint64_t at, uint32_t *number,
		    struct modhash_error *err)
{
	if (section >= drop->view->count)
		return mh_fail(err, MODHASH_E_ELF, at,
			       "refers to section %" PRIu32 " of %" PRIu32, section,
			       drop->view->count);
	*number = drop->number[section];
	return *number == GONE ? fail_referred(drop, section, at, err) : 0;
}

static bool info_is_section(const struct mh_elf_section *section)
{
	return section->type == MH_SHT_REL || section->type == MH_SHT_RELA ||
	       section->flags & MH_SHF_INFO_LINK;
}

static void number_sections(struct drop *drop, const uint32_t *gone, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		if (gone[i])
			drop->number[gone[i]] = GONE;
	}
	for (uint32_t i = 0; i < drop->view->count; i++) {
		if (drop->number[i] != GONE)
			drop->number[i] = drop->left++;
	}
}

/* --- the names of sections --- */

/* Mark where names that stay begin. */
static int mark_names(const struct drop *drop, uint8_t *used, struct modhash_error *err)
{
	const struct mh_elf_view *view = drop->view;
	struct mh_elf_symbol symbol;
	int ret = 0;

	for (uint32_t i = 0; i < view->count; i++) {
		if (drop->number[i] != GONE)
			used[view->sections[i].name_offset] = 1;
	}
	for (uint64_t i = 0; view->strtab == view->names && i < view->symbols && ret == 0; i++) {
		ret = mh_elf_view_symbol(view, i, &symbol, err);
		if (ret == 0)
			used[symbol.name_offset] = 1;
	}
	return ret;
}

/*
 * The bytes of one name that goes, and that nothing else uses: all of it, its NUL included, or
 * up to where another name begins.  A name that is the end of another stays.
 */
static void cut_name(const struct drop *drop, const uint8_t *used, uint8_t *cut, uint32_t offset)
{
	const uint8_t *text = drop->view->sections[drop->view->names].data;
	uint32_t begins = offset, end = offset;

	while (begins && text[begins - 1])
		begins--;
	for (uint32_t i = begins; i <= offset; i++) {
		if (used[i])
			return;
	}
	for (; text[end] && !used[end]; end++)
		cut[end] = 1;
	if (begins == offset && !text[end] && !used[end] && end)
		cut[end] = 1;
}

static int cut_names(struct drop *drop, uint8_t *flags, struct modhash_error *err)
{
	const struct mh_elf_view *view = drop->view;
	const struct mh_elf_section *table = &view->sections[view->names];
	uint8_t *used = flags, *cut = flags + table->size;
	int ret = mark_names(drop, used, err);

	if (ret < 0)
		return ret;
	for (uint32_t i = 1; i < view->count; i++) {
		if (drop->number[i] == GONE)
			cut_name(drop, used, cut, view->sections[i].name_offset);
	}
	for (uint64_t i = 0; i < table->size; i++) {
		drop->name_at[i] = (uint32_t)drop->names_length;
		if (!cut[i])
			drop->names[drop->names_length++] = table->data[i];
	}
	return 0;
}

static int make_names(struct drop *drop, struct modhash_error *err)
{
	const struct mh_elf_view *view = drop->view;
	uint64_t size = view->names ? view->sections[view->names].size : 0;
	uint8_t *flags;
	int ret;

	if (!view->names)
		return 0;
	if (drop->number[view->names] == GONE)
		return fail_referred(drop, view->names, 0, err);
	if (size > UINT32_MAX)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, view->sections[view->names].header,
			       "%" PRIu64 " bytes of names", size);
	flags = calloc((size_t)size * 2 + 1, 1);
	drop->names = malloc((size_t)size + 1);
	drop->name_at = malloc(((size_t)size + 1) * sizeof(*drop->name_at));
	ret = flags && drop->names && drop->name_at ? cut_names(drop, flags, err) :
						      mh_fail_nomem(err);
	free(flags);
	return ret;
}

/* --- where everything goes --- */

static int compare_pieces(const void *context, uint32_t a, uint32_t b)
{
	const struct piece *pieces = context;

	return (pieces[a].offset > pieces[b].offset) - (pieces[a].offset < pieces[b].offset);
}

/* The largest power of two, up to @wanted, that @offset is a multiple of. */
static uint64_t alignment_of(uint64_t offset, uint64_t wanted)
{
	uint64_t found = 1;

	while (found * 2 <= wanted && found < 65536 && offset % (found * 2) == 0)
		found *= 2;
	return found;
}

static void list_pieces(struct drop *drop)
{
	const struct mh_elf_view *view = drop->view;

	drop->pieces[0] = (struct piece){
		.offset = view->section_headers,
		.length = (uint64_t)drop->left * view->section_header_size,
		.alignment = alignment_of(view->section_headers, 8),
	};
	for (uint32_t i = 1; i < view->count; i++) {
		const struct mh_elf_section *section = &view->sections[i];

		drop->pieces[i] = (struct piece){
			.offset = section->offset,
			.length = i == view->names ? drop->names_length :
				  section->data	   ? section->size :
						     0,
			.alignment = alignment_of(section->offset, section->alignment),
		};
	}
}

/* Nothing moves away from the beginning: offsets are multiples of the alignment already. */
static int place_pieces(struct drop *drop, uint64_t *length, struct modhash_error *err)
{
	uint32_t count = drop->view->count;
	uint32_t *order = malloc((size_t)count * 2 * sizeof(*order));
	uint64_t at = drop->view->header_size;

	if (!order)
		return mh_fail_nomem(err);
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	mh_sort(order, count, order + count, compare_pieces, drop->pieces);
	for (uint32_t i = 0; i < count; i++) {
		struct piece *piece = &drop->pieces[order[i]];

		if (drop->number[order[i]] == GONE)
			continue;
		/* A section without bytes can claim to be anywhere; a kernel wants it inside. */
		if (!piece->length)
			piece->to = piece->offset < at ? piece->offset : at;
		else
			piece->to = (at + piece->alignment - 1) & ~(piece->alignment - 1);
		at = piece->length ? piece->to + piece->length : at;
	}
	*length = at;
	free(order);
	return 0;
}

/* --- writing --- */

static int put_header(const struct drop *drop, uint32_t index, struct modhash_error *err)
{
	const struct mh_elf_view *view = drop->view;
	const struct mh_elf_section *section = &view->sections[index];
	uint64_t headers = drop->pieces[0].to;
	uint8_t *p = drop->out + headers +
		     (uint64_t)drop->number[index] * view->section_header_size;
	uint32_t link, info;
	int ret = renumber(drop, section->link, section->header, &link, err);

	if (ret == 0 && info_is_section(section))
		ret = renumber(drop, section->info, section->header, &info, err);
	else
		info = section->info;
	if (ret < 0)
		return ret;
	memcpy(p, view->data + section->header, view->section_header_size);
	if (!index)
		return 0;
	if (view->names)
		mh_elf_put32(view, p, drop->name_at[section->name_offset]);
	put_word(view, p + (view->is_64 ? 24 : 16), drop->pieces[index].to);
	if (index == view->names)
		put_word(view, p + (view->is_64 ? 32 : 20), drop->names_length);
	p += view->is_64 ? 40 : 24;
	mh_elf_put32(view, p, link);
	mh_elf_put32(view, p + 4, info);
	return 0;
}

/* Of more sections than its 16 bits count, section 0 tells. */
static void put_elf_header(const struct drop *drop)
{
	const struct mh_elf_view *view = drop->view;
	uint8_t *p = drop->out, *zero = drop->out + drop->pieces[0].to;
	uint32_t names = view->names ? drop->number[view->names] : 0;
	bool many = drop->left >= MH_SHN_LORESERVE, far = names >= MH_SHN_LORESERVE;

	memcpy(p, view->data, view->header_size);
	put_word(view, p + (view->is_64 ? 40 : 32), drop->pieces[0].to);
	put16(view, p + view->header_size - 4, many ? 0 : (uint16_t)drop->left);
	put16(view, p + view->header_size - 2, far ? MH_SHN_XINDEX : (uint16_t)names);
	put_word(view, zero + (view->is_64 ? 32 : 20), many ? drop->left : 0);
	mh_elf_put32(view, zero + (view->is_64 ? 40 : 24), far ? names : 0);
}

static int put_symbol(const struct drop *drop, uint64_t index, struct modhash_error *err)
{
	const struct mh_elf_view *view = drop->view;
	uint64_t size = view->is_64 ? 24 : 16;
	uint64_t from = view->sections[view->symtab].offset + index * size;
	uint8_t *p = drop->out + drop->pieces[view->symtab].to + index * size;
	struct mh_elf_symbol symbol;
	uint32_t number;
	int ret = mh_elf_view_symbol(view, index, &symbol, err);

	if (ret < 0)
		return ret;
	if (drop->name_at && view->strtab == view->names)
		mh_elf_put32(view, p, drop->name_at[symbol.name_offset]);
	if (symbol.reserved)
		return 0;
	ret = renumber(drop, symbol.section, from, &number, err);
	if (ret < 0)
		return ret;
	p += view->is_64 ? 6 : 14;
	/* Which of the two places a number has is not changed: both are read. */
	if (view->indices && mh_elf_get16(view, p) == MH_SHN_XINDEX)
		mh_elf_put32(view, drop->out + drop->pieces[view->indices].to + 4 * index, number);
	else
		put16(view, p, (uint16_t)number);
	return 0;
}

static int put_group(const struct drop *drop, uint32_t index, struct modhash_error *err)
{
	const struct mh_elf_section *section = &drop->view->sections[index];
	uint8_t *p = drop->out + drop->pieces[index].to;
	int ret = 0;

	for (uint64_t i = 4; section->data && ret == 0 && i + 4 <= section->size; i += 4) {
		uint32_t member;

		ret = renumber(drop, mh_elf_get32(drop->view, section->data + i),
			       section->offset + i, &member, err);
		if (ret == 0)
			mh_elf_put32(drop->view, p + i, member);
	}
	return ret;
}

static int put_sections(const struct drop *drop, struct modhash_error *err)
{
	const struct mh_elf_view *view = drop->view;
	int ret = 0;

	for (uint32_t i = 1; ret == 0 && i < view->count; i++) {
		const struct piece *piece = &drop->pieces[i];

		if (drop->number[i] == GONE || !piece->length)
			continue;
		memcpy(drop->out + piece->to,
		       i == view->names ? drop->names : view->sections[i].data, piece->length);
		if (view->sections[i].type == MH_SHT_GROUP)
			ret = put_group(drop, i, err);
	}
	for (uint64_t i = 0; ret == 0 && i < view->symbols; i++)
		ret = put_symbol(drop, i, err);
	for (uint32_t i = 0; ret == 0 && i < view->count; i++) {
		if (drop->number[i] != GONE)
			ret = put_header(drop, i, err);
	}
	if (ret == 0)
		put_elf_header(drop);
	return ret;
}

static int write_all(struct drop *drop, struct mh_buf *out, struct modhash_error *err)
{
	uint64_t length = 0;
	int ret = make_names(drop, err);

	if (ret < 0)
		return ret;
	list_pieces(drop);
	ret = place_pieces(drop, &length, err);
	if (ret == 0)
		ret = mh_buf_reserve(out, out->length + (size_t)length, err);
	if (ret < 0)
		return ret;
	drop->out = out->data + out->length;
	memset(drop->out, 0, (size_t)length);
	ret = put_sections(drop, err);
	if (ret == 0)
		out->length += (size_t)length;
	return ret;
}

/* For each byte of the names of sections. */
#define NAMES_MEMORY 16

int mh_elf_drop(const struct mh_elf_view *view, const uint32_t *drop, uint32_t count,
		struct mh_buf *out, struct modhash_error *err)
{
	struct drop state = { .view = view };
	uint64_t needed;
	int ret;

	if (!view->count)
		return mh_buf_append(out, view->data, view->length, err);
	needed = view->names ? view->sections[view->names].size : 0;
	needed = mh_budget_times(needed + 2, NAMES_MEMORY);
	ret = mh_budget_take(view->budget, needed, err);
	if (ret)
		return ret;
	state.number = calloc(view->count, sizeof(*state.number));
	state.pieces = calloc(view->count, sizeof(*state.pieces));
	if (state.number && state.pieces) {
		number_sections(&state, drop, count);
		ret = write_all(&state, out, err);
	} else {
		ret = mh_fail_nomem(err);
	}
	free(state.number);
	free(state.pieces);
	free(state.names);
	free(state.name_at);
	mh_budget_give(view->budget, needed);
	return ret;
}
