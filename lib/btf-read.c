/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading BTF (include/uapi/linux/btf.h of the kernel).  The input is hostile: nothing
 * is taken from it that was not checked, and what a kernel would refuse for its
 * form is refused here, too.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "btf.h"
#include "checked.h"
#include "fail.h"

#define HEADER_LENGTH 24
#define TYPES_MAX 0xfffff	/* BTF_MAX_TYPE */
#define STRINGS_MAX 0x7fffffff	/* more than any kernel takes; offsets stay below 2^31 */
#define NAME_SHOWN 64		/* bytes of a type's name in a message */

/*
 * A string can be used any number of times, and from its middle: a file can have names as long
 * as the square of its length.  What compilers make has some 4 bytes of names for one of BTF.
 */
#define NAMES_MIN (1 << 20)
#define NAMES_FACTOR 64

const struct mh_btf_layout mh_btf_layouts[MH_BTF_KINDS] = {
	[MH_BTF_INT] = { "int", MH_BTF_VALUE, 1, 0, 0, 0, 0 },
	[MH_BTF_PTR] = { "ptr", MH_BTF_ID, 0, 0, 0, 0, 0 },
	[MH_BTF_ARRAY] = { "array", MH_BTF_ZERO, 3, 3, 0, 0, 0 },
	[MH_BTF_STRUCT] = { "struct", MH_BTF_VALUE, 0, 0, 3, 1, 2 },
	[MH_BTF_UNION] = { "union", MH_BTF_VALUE, 0, 0, 3, 1, 2 },
	[MH_BTF_ENUM] = { "enum", MH_BTF_VALUE, 0, 0, 2, 1, 0 },
	[MH_BTF_FWD] = { "fwd", MH_BTF_ZERO, 0, 0, 0, 0, 0 },
	[MH_BTF_TYPEDEF] = { "typedef", MH_BTF_ID, 0, 0, 0, 0, 0 },
	[MH_BTF_VOLATILE] = { "volatile", MH_BTF_ID, 0, 0, 0, 0, 0 },
	[MH_BTF_CONST] = { "const", MH_BTF_ID, 0, 0, 0, 0, 0 },
	[MH_BTF_RESTRICT] = { "restrict", MH_BTF_ID, 0, 0, 0, 0, 0 },
	[MH_BTF_FUNC] = { "func", MH_BTF_ID, 0, 0, 0, 0, 0 },
	[MH_BTF_FUNC_PROTO] = { "func_proto", MH_BTF_ID, 0, 0, 2, 1, 2 },
	[MH_BTF_VAR] = { "var", MH_BTF_ID, 1, 0, 0, 0, 0 },
	[MH_BTF_DATASEC] = { "datasec", MH_BTF_VALUE, 0, 0, 3, 0, 1 },
	[MH_BTF_FLOAT] = { "float", MH_BTF_VALUE, 0, 0, 0, 0, 0 },
	[MH_BTF_DECL_TAG] = { "decl_tag", MH_BTF_ID, 1, 0, 0, 0, 0 },
	[MH_BTF_TYPE_TAG] = { "type_tag", MH_BTF_ID, 0, 0, 0, 0, 0 },
	[MH_BTF_ENUM64] = { "enum64", MH_BTF_VALUE, 0, 0, 3, 1, 0 },
};

static uint32_t get32(const struct mh_btf *btf, size_t at)
{
	const uint8_t *p = btf->data + at;

	if (btf->big_endian)
		return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
	return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

/* --- the header --- */

static int fail_header(const struct mh_btf *btf, size_t at, struct modhash_error *err,
		       const char *what, uint64_t found, uint64_t expected)
{
	return mh_fail(err, MODHASH_E_BTF, btf->offset + at,
		       "BTF header: %s is %" PRIu64 ", expected %" PRIu64, what, found, expected);
}

static int read_magic(struct mh_btf *btf, struct modhash_error *err)
{
	if (btf->length < HEADER_LENGTH)
		return mh_fail(err, MODHASH_E_BTF, btf->offset,
			       "BTF of %zu bytes is shorter than its header of %d", btf->length,
			       HEADER_LENGTH);
	if (btf->data[0] == 0x9f && btf->data[1] == 0xeb)
		btf->big_endian = false;
	else if (btf->data[0] == 0xeb && btf->data[1] == 0x9f)
		btf->big_endian = true;
	else
		return mh_fail(err, MODHASH_E_BTF, btf->offset,
			       "BTF begins with %02x %02x, expected 9f eb or eb 9f", btf->data[0],
			       btf->data[1]);
	if (btf->data[2] != 1)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, btf->offset + 2,
			       "BTF of version %u, expected 1", btf->data[2]);
	if (btf->data[3] != 0)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, btf->offset + 3,
			       "BTF with flags 0x%02x, expected none", btf->data[3]);
	return 0;
}

/* Types, then strings, and nothing before, between or behind them. */
static int read_header(struct mh_btf *btf, size_t *types_length, struct modhash_error *err)
{
	uint32_t header, types, types_at, strings_at, strings;
	int ret = read_magic(btf, err);

	if (ret < 0)
		return ret;
	header = get32(btf, 4);
	types_at = get32(btf, 8);
	types = get32(btf, 12);
	strings_at = get32(btf, 16);
	strings = get32(btf, 20);

	if (header < HEADER_LENGTH || header > btf->length || header % 4)
		return mh_fail(err, MODHASH_E_BTF, btf->offset + 4,
			       "BTF header: its length is %" PRIu32
			       ", expected a multiple of 4 from %d to %zu",
			       header, HEADER_LENGTH, btf->length);
	for (size_t i = HEADER_LENGTH; i < header; i++) {
		if (btf->data[i])
			return mh_fail(err, MODHASH_E_UNSUPPORTED, btf->offset + i,
				       "BTF header has a field that is not known here");
	}
	if (types_at != 0)
		return fail_header(btf, 8, err, "offset of the types", types_at, 0);
	if (types % 4 || types > btf->length - header)
		return mh_fail(err, MODHASH_E_BTF, btf->offset + 12,
			       "BTF header: length of the types is %" PRIu32
			       ", expected a multiple of 4 up to %zu",
			       types, btf->length - header);
	if (strings_at != types)
		return fail_header(btf, 16, err, "offset of the strings", strings_at, types);
	if (strings != btf->length - header - types)
		return fail_header(btf, 20, err, "length of the strings", strings,
				   btf->length - header - types);

	btf->types_offset = header;
	btf->strings_offset = header + (size_t)types;
	btf->strings = (const char *)btf->data + btf->strings_offset;
	btf->strings_length = strings;
	*types_length = types;
	return 0;
}

static int check_strings(struct mh_btf *btf, struct modhash_error *err)
{
	uint64_t at = btf->offset + btf->strings_offset;

	if (btf->base && btf->base->big_endian != btf->big_endian)
		return mh_fail(err, MODHASH_E_WRONG_BASE, btf->offset,
			       "BTF and its base are of different byte orders");
	if ((uint64_t)btf->first_string + btf->strings_length > STRINGS_MAX)
		return mh_fail(err, MODHASH_E_TOO_COMPLEX, at,
			       "%" PRIu32 " bytes of BTF strings are more than %d",
			       btf->strings_length, STRINGS_MAX);
	if (!btf->base && (!btf->strings_length || btf->strings[0]))
		return mh_fail(err, MODHASH_E_NO_BASE, at,
			       "these BTF strings don't begin with an empty one, so they "
			       "continue those of another BTF");
	if (btf->strings_length && btf->strings[btf->strings_length - 1])
		return mh_fail(err, MODHASH_E_BTF, at + btf->strings_length - 1,
			       "the last BTF string has no end");
	return 0;
}

/* --- messages about a type --- */

static uint64_t word_offset(const struct mh_btf *btf, size_t word)
{
	return btf->offset + btf->types_offset + 4 * (uint64_t)word;
}

/* Fail for word @word of own type @index. */
__attribute__((format(printf, 6, 7), cold)) static int
fail_type(const struct mh_btf *btf, int code, uint32_t index, uint32_t word,
	  struct modhash_error *err, const char *format, ...)
{
	char what[256];
	uint32_t kind = mh_btf_info_kind(mh_btf_type(btf, index)[1]);
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	return mh_fail(err, code, word_offset(btf, btf->start[index] + (size_t)word),
		       "BTF type %" PRIu32 " (%s): %s", btf->first_id + index,
		       mh_btf_layouts[kind].name, what);
}

/* --- the types' extent --- */

/* Words of the type at @at, of @left that there are; 0 and an error if it is none. */
static int measure(const struct mh_btf *btf, size_t at, size_t left, uint32_t index,
		   size_t *words, struct modhash_error *err)
{
	uint32_t id = btf->first_id + index;
	uint64_t offset = btf->offset + at;
	const struct mh_btf_layout *layout;
	uint32_t info, kind;

	if (left < 3)
		return mh_fail(err, MODHASH_E_BTF, offset,
			       "BTF type %" PRIu32 " is cut off: %zu words of 3", id, left);
	info = get32(btf, at + 4);
	kind = mh_btf_info_kind(info);
	if (kind == 0)
		return mh_fail(err, MODHASH_E_BTF, offset + 4, "BTF type %" PRIu32 " has kind 0",
			       id);
	if (kind >= MH_BTF_KINDS)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, offset + 4,
			       "BTF type %" PRIu32 " has kind %" PRIu32 ", known are 1 to %d", id,
			       kind, MH_BTF_KINDS - 1);
	layout = &mh_btf_layouts[kind];
	*words = 3 + (size_t)layout->fixed;
	if (layout->each)
		*words += (size_t)layout->each * mh_btf_info_vlen(info);
	if (*words > left)
		return mh_fail(err, MODHASH_E_BTF, offset,
			       "BTF type %" PRIu32 " (%s) has %zu words, but %zu are left", id,
			       layout->name, *words, left);
	return 0;
}

static int count_types(struct mh_btf *btf, size_t total, struct modhash_error *err)
{
	uint32_t count = 0;
	size_t words = 0;

	for (size_t done = 0; done < total; done += words) {
		int ret = measure(btf, btf->types_offset + 4 * done, total - done, count, &words,
				  err);

		if (ret < 0)
			return ret;
		if (btf->first_id + count > TYPES_MAX)
			return mh_fail(err, MODHASH_E_TOO_COMPLEX,
				       btf->offset + btf->types_offset + 4 * done,
				       "more than %d BTF types", TYPES_MAX);
		if (btf->budget && count == btf->budget->max_types)
			return mh_fail(err, MODHASH_E_LIMIT,
				       btf->offset + btf->types_offset + 4 * done,
				       "more than %" PRIu32 " BTF types, which is the limit",
				       btf->budget->max_types);
		count++;
	}
	btf->count = count;
	btf->end_id = btf->first_id + count;
	return 0;
}

static void copy_words(struct mh_btf *btf, size_t total)
{
	bool ours = btf->big_endian == (__BYTE_ORDER__ == __ORDER_BIG_ENDIAN__);

	if (ours && total)
		memcpy(btf->words, btf->data + btf->types_offset, total * sizeof(*btf->words));
	for (size_t i = 0; !ours && i < total; i++)
		btf->words[i] = get32(btf, btf->types_offset + 4 * i);
}

static int copy_types(struct mh_btf *btf, size_t total, struct modhash_error *err)
{
	uint64_t needed = 4 * ((uint64_t)total + btf->count + 2);
	uint32_t word = 0;
	int ret = mh_budget_take(btf->budget, needed, err);

	if (ret)
		return ret;
	btf->taken = needed;
	btf->words = calloc(total ? total : 1, sizeof(*btf->words));
	btf->start = malloc(((size_t)btf->count + 1) * sizeof(*btf->start));
	if (!btf->words || !btf->start)
		return mh_fail_nomem(err);
	copy_words(btf, total);

	for (uint32_t i = 0; i < btf->count; i++) {
		uint32_t info = btf->words[word + 1];
		const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(info)];

		btf->start[i] = word;
		word += 3u + layout->fixed;
		if (layout->each)
			word += layout->each * mh_btf_info_vlen(info);
	}
	btf->start[btf->count] = word;
	return 0;
}

/* --- what may stand in a type --- */

#define BIT(kind) (1u << (kind))

#define NAMELESS                                                                              \
	(BIT(MH_BTF_PTR) | BIT(MH_BTF_ARRAY) | BIT(MH_BTF_VOLATILE) | BIT(MH_BTF_CONST) |     \
	 BIT(MH_BTF_RESTRICT) | BIT(MH_BTF_FUNC_PROTO))
#define NAMED                                                                                 \
	(BIT(MH_BTF_TYPEDEF) | BIT(MH_BTF_FWD) | BIT(MH_BTF_FUNC) | BIT(MH_BTF_VAR) |         \
	 BIT(MH_BTF_DATASEC) | BIT(MH_BTF_DECL_TAG) | BIT(MH_BTF_TYPE_TAG))
#define WITH_KFLAG                                                                            \
	(BIT(MH_BTF_STRUCT) | BIT(MH_BTF_UNION) | BIT(MH_BTF_ENUM) | BIT(MH_BTF_ENUM64) |     \
	 BIT(MH_BTF_FWD) | BIT(MH_BTF_DECL_TAG) | BIT(MH_BTF_TYPE_TAG))

/* What stands for no type of a value, so that only some may refer to it. */
#define NO_VALUE                                                                              \
	(BIT(MH_BTF_FUNC) | BIT(MH_BTF_VAR) | BIT(MH_BTF_DATASEC) | BIT(MH_BTF_DECL_TAG))

/* Which kinds a type of this kind may refer to; bit 0 is void. */
static uint32_t targets(uint32_t kind, uint32_t word)
{
	uint32_t value = (BIT(MH_BTF_KINDS) - 2) & ~NO_VALUE;

	switch (kind) {
	case MH_BTF_FUNC:
		return BIT(MH_BTF_FUNC_PROTO);
	case MH_BTF_DATASEC:
		return BIT(MH_BTF_VAR) | BIT(MH_BTF_FUNC);
	case MH_BTF_DECL_TAG:
		return BIT(MH_BTF_STRUCT) | BIT(MH_BTF_UNION) | BIT(MH_BTF_FUNC) |
		       BIT(MH_BTF_VAR) | BIT(MH_BTF_TYPEDEF);
	case MH_BTF_FUNC_PROTO:
		/* A return type may be void; so may the last parameter: "...". */
		return value | 1;
	case MH_BTF_ARRAY:
	case MH_BTF_STRUCT:
	case MH_BTF_UNION:
	case MH_BTF_VAR:
		return value;
	default:
		return word == 2 ? value | 1 : value;
	}
}

/*
 * An id that can't be is our own BTF's fault if it stands alone.  If it continues another
 * one, that one is the likelier culprit.
 */
static int blame(const struct mh_btf *btf)
{
	return btf->base ? MODHASH_E_WRONG_BASE : MODHASH_E_BTF;
}

static int check_id(const struct mh_btf *btf, uint32_t index, uint32_t word,
		    struct modhash_error *err)
{
	uint32_t id = mh_btf_type(btf, index)[word];
	uint32_t kind = mh_btf_info_kind(mh_btf_type(btf, index)[1]);
	uint32_t target;

	if (id >= btf->end_id)
		return fail_type(btf, blame(btf), index, word, err,
				 "refers to type %" PRIu32 ", but types end before %" PRIu32, id,
				 btf->end_id);
	target = mh_btf_kind(btf, id);
	if (!(targets(kind, word) >> target & 1))
		return fail_type(btf, id < btf->first_id ? blame(btf) : MODHASH_E_BTF, index, word,
				 err, "refers to type %" PRIu32 ", which is a %s", id,
				 id ? mh_btf_layouts[target].name : "void");
	return 0;
}

static int check_name(struct mh_btf *btf, uint32_t index, uint32_t word,
		      struct modhash_error *err)
{
	uint32_t name = mh_btf_type(btf, index)[word];
	size_t length;

	if (!name)
		return 0;
	if (name >= btf->first_string + btf->strings_length)
		return fail_type(btf, blame(btf), index, word, err,
				 "has a name at %" PRIu32 ", but strings end at %" PRIu32, name,
				 btf->first_string + btf->strings_length);
	/*
	 * The tools that make BTF store a string once, whole: a name from the middle of one
	 * of the base's strings tells of another base.
	 */
	if (name < btf->first_string && btf->base->strings[name - 1])
		return fail_type(btf, MODHASH_E_WRONG_BASE, index, word, err,
				 "has a name in the middle of the base's string \"%.*s\"",
				 NAME_SHOWN, btf->base->strings + name);
	length = strnlen(mh_btf_string(btf, name), btf->names_left);
	if (length == btf->names_left)
		return fail_type(btf, MODHASH_E_TOO_COMPLEX, index, word, err,
				 "comes after more bytes of names than there is a reason for");
	btf->names_left -= length;
	return 0;
}

/* Is there a name where there must be one, and none where there can't be? */
static int check_named(const struct mh_btf *btf, uint32_t index, struct modhash_error *err)
{
	const uint32_t *type = mh_btf_type(btf, index);
	uint32_t kind = mh_btf_info_kind(type[1]);
	bool named = *mh_btf_string(btf, type[0]) != '\0';

	if (BIT(kind) & NAMELESS && type[0])
		return fail_type(btf, MODHASH_E_BTF, index, 0, err, "has a name");
	if (BIT(kind) & NAMED && !named)
		return fail_type(btf, MODHASH_E_BTF, index, 0, err, "has no name");
	return 0;
}

static int check_info(const struct mh_btf *btf, uint32_t index, struct modhash_error *err)
{
	uint32_t info = mh_btf_type(btf, index)[1];
	uint32_t kind = mh_btf_info_kind(info);
	uint32_t vlen = mh_btf_info_vlen(info);

	if (mh_btf_info_kflag(info) && !(BIT(kind) & WITH_KFLAG))
		return fail_type(btf, MODHASH_E_BTF, index, 1, err, "has the kind flag");
	if (kind == MH_BTF_FUNC && vlen > 2)
		return fail_type(btf, MODHASH_E_BTF, index, 1, err,
				 "has linkage %" PRIu32 ", expected 0 to 2", vlen);
	if (!mh_btf_layouts[kind].each && kind != MH_BTF_FUNC && vlen)
		return fail_type(btf, MODHASH_E_BTF, index, 1, err,
				 "has %" PRIu32 " entries, expected none", vlen);
	return 0;
}

static bool is_power_of_two(uint32_t value)
{
	return value && !(value & (value - 1));
}

static int check_int(const struct mh_btf *btf, uint32_t index, struct modhash_error *err)
{
	const uint32_t *type = mh_btf_type(btf, index);
	uint32_t bits = (type[3] & 0xff) + (type[3] >> 16 & 0xff);
	uint32_t encoding = type[3] >> 24;

	if (type[3] & 0xf000ff00)
		return fail_type(btf, MODHASH_E_BTF, index, 3, err,
				 "has reserved bits set in 0x%08" PRIx32, type[3]);
	if (encoding > 4 || encoding == 3) /* none, or one of three bits */
		return fail_type(btf, MODHASH_E_BTF, index, 3, err, "has encoding %" PRIu32,
				 encoding);
	if (bits > 128 || (bits + 7) / 8 > type[2])
		return fail_type(btf, MODHASH_E_BTF, index, 3, err,
				 "has %" PRIu32 " bits in %" PRIu32 " bytes", bits, type[2]);
	return 0;
}

static int check_members(const struct mh_btf *btf, uint32_t index, struct modhash_error *err)
{
	const uint32_t *type = mh_btf_type(btf, index);
	bool is_union = mh_btf_info_kind(type[1]) == MH_BTF_UNION;
	uint32_t last = 0;

	for (uint32_t i = 5; i < mh_btf_type_words(btf, index); i += 3) {
		uint32_t bit = mh_btf_info_kflag(type[1]) ? type[i] & 0xffffff : type[i];

		if (is_union ? bit != 0 : bit < last)
			return fail_type(btf, MODHASH_E_BTF, index, i, err,
					 "has a member at bit %" PRIu32 " behind one at %" PRIu32,
					 bit, last);
		if (((uint64_t)bit + 7) / 8 > type[2])
			return fail_type(btf, MODHASH_E_BTF, index, i, err,
					 "has a member at bit %" PRIu32 ", beyond its %" PRIu32
					 " bytes",
					 bit, type[2]);
		last = bit;
	}
	return 0;
}

static int check_enumerators(const struct mh_btf *btf, uint32_t index, struct modhash_error *err)
{
	const uint32_t *type = mh_btf_type(btf, index);
	uint32_t each = mh_btf_layouts[mh_btf_info_kind(type[1])].each;

	if (type[2] > 8 || !is_power_of_two(type[2]))
		return fail_type(btf, MODHASH_E_BTF, index, 2, err, "has %" PRIu32 " bytes",
				 type[2]);
	for (uint32_t i = 3; i < mh_btf_type_words(btf, index); i += each) {
		if (!*mh_btf_string(btf, type[i]))
			return fail_type(btf, MODHASH_E_BTF, index, i, err,
					 "has an enumerator without a name");
	}
	return 0;
}

static int check_parameters(const struct mh_btf *btf, uint32_t index, struct modhash_error *err)
{
	const uint32_t *type = mh_btf_type(btf, index);
	uint32_t words = mh_btf_type_words(btf, index);

	for (uint32_t i = 3; i < words; i += 2) {
		if (!type[i + 1] && (type[i] || i + 2 != words))
			return fail_type(btf, MODHASH_E_BTF, index, i + 1, err,
					 "has a parameter without a type that is no last \"...\"");
	}
	return 0;
}

static int check_variables(const struct mh_btf *btf, uint32_t index, struct modhash_error *err)
{
	const uint32_t *type = mh_btf_type(btf, index);
	uint64_t end = 0;

	for (uint32_t i = 3; i < mh_btf_type_words(btf, index); i += 3) {
		if (!type[i + 2] || type[i + 1] < end || type[i + 2] > type[2])
			return fail_type(btf, MODHASH_E_BTF, index, i + 1, err,
					 "has a variable of %" PRIu32 " bytes at %" PRIu32
					 ", behind one that ends at %" PRIu64,
					 type[i + 2], type[i + 1], end);
		end = (uint64_t)type[i + 1] + type[i + 2];
	}
	if (end > type[2])
		return fail_type(btf, MODHASH_E_BTF, index, 2, err,
				 "has %" PRIu32 " bytes, but its variables end at %" PRIu64,
				 type[2], end);
	return 0;
}

static int check_decl_tag(const struct mh_btf *btf, uint32_t index, struct modhash_error *err)
{
	const uint32_t *type = mh_btf_type(btf, index);
	uint32_t target = mh_btf_kind(btf, type[2]);

	if (type[3] == UINT32_MAX)
		return 0;
	if (type[3] > INT32_MAX || target == MH_BTF_VAR || target == MH_BTF_TYPEDEF)
		return fail_type(btf, MODHASH_E_BTF, index, 3, err,
				 "is of component %" PRId32 " of a %s", (int32_t)type[3],
				 mh_btf_layouts[target].name);
	return 0;
}

/* What holds for one kind only. */
static int check_kind(const struct mh_btf *btf, uint32_t index, struct modhash_error *err)
{
	const uint32_t *type = mh_btf_type(btf, index);

	switch (mh_btf_info_kind(type[1])) {
	case MH_BTF_INT:
		return check_int(btf, index, err);
	case MH_BTF_STRUCT:
	case MH_BTF_UNION:
		return check_members(btf, index, err);
	case MH_BTF_ENUM:
	case MH_BTF_ENUM64:
		return check_enumerators(btf, index, err);
	case MH_BTF_FUNC_PROTO:
		return check_parameters(btf, index, err);
	case MH_BTF_DATASEC:
		return check_variables(btf, index, err);
	case MH_BTF_DECL_TAG:
		return check_decl_tag(btf, index, err);
	case MH_BTF_VAR:
		if (type[3] > 2)
			return fail_type(btf, MODHASH_E_BTF, index, 3, err,
					 "has linkage %" PRIu32 ", expected 0 to 2", type[3]);
		return 0;
	case MH_BTF_FLOAT:
		if (type[2] != 12 && (!is_power_of_two(type[2]) || type[2] < 2 || type[2] > 16))
			return fail_type(btf, MODHASH_E_BTF, index, 2, err, "has %" PRIu32 " bytes",
					 type[2]);
		return 0;
	default:
		return 0;
	}
}

static int check_type(struct mh_btf *btf, uint32_t index, struct modhash_error *err)
{
	const uint32_t *type = mh_btf_type(btf, index);
	const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(type[1])];
	uint32_t words = mh_btf_type_words(btf, index);
	int ret = check_info(btf, index, err);

	for (uint32_t i = 0; ret == 0 && i < words; i++) {
		enum mh_btf_slot slot = mh_btf_slot(layout, i);

		if (slot == MH_BTF_NAME)
			ret = check_name(btf, index, i, err);
		else if (slot == MH_BTF_ID)
			ret = check_id(btf, index, i, err);
		else if (slot == MH_BTF_ZERO && type[i])
			ret = fail_type(btf, MODHASH_E_BTF, index, i, err,
					"has %" PRIu32 " in a word that is not used", type[i]);
	}
	if (ret == 0)
		ret = check_named(btf, index, err);
	return ret < 0 ? ret : check_kind(btf, index, err);
}

/* --- doors --- */

static int open_checked(struct mh_btf *btf, struct modhash_error *err)
{
	size_t types_length = 0;
	int ret = read_header(btf, &types_length, err);

	if (ret == 0)
		ret = check_strings(btf, err);
	if (ret == 0)
		ret = count_types(btf, types_length / 4, err);
	if (ret == 0)
		ret = copy_types(btf, types_length / 4, err);
	for (uint32_t i = 0; ret == 0 && i < btf->count; i++)
		ret = check_type(btf, i, err);
	return ret;
}

int mh_btf_open_in(struct mh_btf *btf, struct mh_budget *budget, const uint8_t *data,
		   size_t length, uint64_t offset, const struct mh_btf_base *base,
		   struct modhash_error *err)
{
	int ret;

	memset(btf, 0, sizeof(*btf));
	btf->budget = budget;
	btf->base = base;
	btf->data = data;
	btf->length = length;
	btf->offset = offset;
	btf->first_id = base ? base->end_id : 1;
	btf->first_string = base ? base->strings_length : 0;
	btf->names_left = NAMES_MIN + (uint64_t)length * NAMES_FACTOR;
	if (btf->names_left > SIZE_MAX)
		btf->names_left = SIZE_MAX;

	ret = open_checked(btf, err);
	if (ret < 0)
		mh_btf_close(btf);
	return ret;
}

void mh_btf_close(struct mh_btf *btf)
{
	free(btf->words);
	free(btf->start);
	mh_budget_give(btf->budget, btf->taken);
	memset(btf, 0, sizeof(*btf));
}

const char *mh_btf_string(const struct mh_btf *btf, uint32_t offset)
{
	if (offset < btf->first_string)
		return btf->base->strings + offset;
	return btf->strings + (offset - btf->first_string);
}

uint32_t mh_btf_kind(const struct mh_btf *btf, uint32_t id)
{
	if (id == 0)
		return 0;
	if (id < btf->first_id)
		return btf->base->kinds[id - 1];
	return mh_btf_info_kind(mh_btf_type(btf, id - btf->first_id)[1]);
}

const char *mh_btf_name(const struct mh_btf *btf, uint32_t id)
{
	if (id == 0)
		return "";
	if (id < btf->first_id)
		return btf->base->strings + btf->base->names[id - 1];
	return mh_btf_string(btf, mh_btf_type(btf, id - btf->first_id)[0]);
}
