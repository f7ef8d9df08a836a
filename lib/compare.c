/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Two modules, compared by the hashes of their parts; only parts that differ are
 * looked into.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canon-door.h"
#include "compare.h"
#include "fail.h"
#include "hash.h"
#include "options.h"

int mh_compare_tell(struct mh_compare *compare, uint32_t kind, const char *name,
		    const char *format, ...)
{
	struct modhash_difference difference;
	char raw[400], detail[1700];
	va_list args;

	compare->kinds |= kind;
	if (!compare->told)
		return 0;
	va_start(args, format);
	vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	mh_escape(detail, sizeof(detail), raw, strlen(raw));
	MODHASH_INIT(difference);
	difference.kind = kind;
	difference.name = name;
	difference.detail = detail;
	return compare->told(compare->user, &difference);
}

/* Sections that are looked at in search of partners: more than any real module needs. */
#define SEARCH_MAX (1u << 28)

static int search_partner(struct mh_compare *compare, const struct mh_elf_view *other,
			  const struct mh_elf_section *section, uint32_t *found,
			  struct modhash_error *err)
{
	*found = 0;
	compare->searched += other->count;
	if (compare->searched > SEARCH_MAX)
		return mh_fail(err, MODHASH_E_TOO_COMPLEX, MODHASH_OFFSET_NONE,
			       "too many sections that the other has not, or elsewhere");
	for (uint32_t i = 1; !*found && i < other->count; i++) {
		if (other->sections[i].ordinal == section->ordinal &&
		    !strcmp(other->sections[i].name, section->name))
			*found = i;
	}
	return 0;
}

/* The section of @other with the same name and ordinal, or 0. */
static int find_partner(struct mh_compare *compare, const struct mh_elf_view *other,
			const struct mh_elf_section *section, uint32_t guess, uint32_t *found,
			struct modhash_error *err)
{
	/* Nearly always, it has the same number. */
	if (guess < other->count && other->sections[guess].ordinal == section->ordinal &&
	    !strcmp(other->sections[guess].name, section->name))
		*found = guess;
	else
		return search_partner(compare, other, section, found, err);
	return 0;
}

static uint32_t kind_of(const char *name)
{
	if (!strncmp(name, ".debug", 6) || !strncmp(name, ".zdebug", 7) ||
	    !strncmp(name, ".rela.debug", 11) || !strncmp(name, ".rel.debug", 10) ||
	    !strcmp(name, ".gnu_debuglink"))
		return MODHASH_DIFFERS_DEBUG;
	if (!strcmp(name, ".note.gnu.build-id"))
		return MODHASH_DIFFERS_BUILD_ID;
	return MODHASH_DIFFERS_SECTION;
}

static int tell_bytes(struct mh_compare *compare, const struct mh_elf_section *a,
		      const struct mh_elf_section *b)
{
	uint64_t i = 0;

	if (a->size != b->size)
		return mh_compare_tell(compare, kind_of(a->name), a->name,
				       "%" PRIu64 " bytes and %" PRIu64, a->size, b->size);
	while (a->data && b->data && i < a->size && a->data[i] == b->data[i])
		i++;
	if (!a->data || !b->data || i == a->size)
		return mh_compare_tell(compare, kind_of(a->name), a->name,
				       "the section's header differs");
	return mh_compare_tell(compare, kind_of(a->name), a->name,
			       "byte %" PRIu64 " of %" PRIu64 ": 0x%02x and 0x%02x", i, a->size,
			       a->data[i], b->data[i]);
}

static int compare_section(struct mh_compare *compare, uint32_t in_a, uint32_t in_b,
			   struct modhash_error *err)
{
	const struct mh_elf_section *a = &compare->a.view.sections[in_a];
	const struct mh_elf_section *b = &compare->b.view.sections[in_b];
	bool same;
	int ret;

	if (!memcmp(mh_canon_section_hash(&compare->a, in_a),
		    mh_canon_section_hash(&compare->b, in_b), 32))
		return 0;
	ret = mh_compare_relocations(compare, in_a, in_b, &same, err);
	if (ret < 0 || same)
		return ret;
	if (in_a == compare->a.view.symtab && in_b == compare->b.view.symtab)
		return mh_compare_symbols(compare, err);
	if (!strcmp(a->name, ".modinfo"))
		return mh_compare_modinfo(compare, in_a, in_b);
	if (compare->a.has_btf && compare->b.has_btf && in_a == compare->a.btf_section)
		return mh_compare_types(compare, err);
	if (compare->a.ids_section && in_a == compare->a.ids_section && a->size == b->size)
		return mh_compare_tell(compare, MODHASH_DIFFERS_SECTION, a->name,
				       "refers to types that differ");
	return tell_bytes(compare, a, b);
}

/* BTF that the policy leaves out is no section of the canonical form. */
static bool is_left_out(const struct mh_canon *canon, uint32_t index)
{
	return canon->opts.policy == MH_CANON_DROP && mh_canon_is_btf(canon, index);
}

static int compare_sections(struct mh_compare *compare, struct modhash_error *err)
{
	const struct mh_elf_view *a = &compare->a.view, *b = &compare->b.view;
	int ret = 0;

	for (uint32_t i = 1; ret == 0 && i < a->count; i++) {
		uint32_t other;

		if (is_left_out(&compare->a, i))
			continue;
		ret = find_partner(compare, b, &a->sections[i], i, &other, err);
		if (ret == 0 && other)
			ret = compare_section(compare, i, other, err);
		else if (ret == 0)
			ret = mh_compare_tell(compare, kind_of(a->sections[i].name),
					      a->sections[i].name, "only in the first");
	}
	for (uint32_t i = 1; ret == 0 && i < b->count; i++) {
		uint32_t other;

		if (is_left_out(&compare->b, i))
			continue;
		ret = find_partner(compare, a, &b->sections[i], i, &other, err);
		if (ret == 0 && !other)
			ret = mh_compare_tell(compare, kind_of(b->sections[i].name),
					      b->sections[i].name, "only in the second");
	}
	return ret;
}

static bool same_bytes(const struct mh_canon *a, uint32_t in_a, const struct mh_canon *b,
		       uint32_t in_b)
{
	const struct mh_elf_section *x = &a->view.sections[in_a], *y = &b->view.sections[in_b];

	if (!in_a || !in_b)
		return in_a == in_b;
	return x->size == y->size && (!x->data || !y->data || !memcmp(x->data, y->data, x->size));
}

/* Of sections that hash the same, or that the policy leaves out: do their bytes differ? */
static bool hides_difference(const struct mh_canon *a, uint32_t in_a, const struct mh_canon *b,
			     uint32_t in_b)
{
	return !same_bytes(a, in_a, b, in_b) &&
	       !memcmp(mh_canon_section_hash(a, in_a), mh_canon_section_hash(b, in_b), 32);
}

/* With "raw", bytes of BTF were compared already; otherwise what they are, or nothing of them. */
static int compare_btf(struct mh_compare *compare)
{
	const struct mh_canon *a = &compare->a, *b = &compare->b;
	bool hidden = hides_difference(a, a->btf_section, b, b->btf_section) ||
		      hides_difference(a, a->base_section, b, b->base_section) ||
		      hides_difference(a, a->ids_section, b, b->ids_section);

	if (!hidden || a->opts.policy == MH_CANON_RAW)
		return 0;
	if (a->opts.policy == MH_CANON_DROP)
		return mh_compare_tell(compare, MODHASH_DIFFERS_BTF, "",
				       "differs, and is left out");
	if (compare->kinds & MODHASH_DIFFERS_TYPE)
		return 0;
	return mh_compare_tell(compare, MODHASH_DIFFERS_BTF_ORDER, "",
			       "types are numbered in another order");
}

/* Where sections are; or else the order of the names of symbols. */
static int compare_layout(struct mh_compare *compare)
{
	const struct mh_elf_view *a = &compare->a.view, *b = &compare->b.view;
	bool moved = a->count != b->count || a->length != b->length;

	for (uint32_t i = 1; !moved && i < a->count; i++)
		moved = a->sections[i].offset != b->sections[i].offset ||
			a->sections[i].name_offset != b->sections[i].name_offset;
	if (!moved && compare->kinds)
		return 0;
	return mh_compare_tell(compare, MODHASH_DIFFERS_LAYOUT, "",
			       "sections lie elsewhere in the file");
}

static int compare_canonical(struct mh_compare *compare, struct mh_hasher *sha256,
			     struct modhash_error *err)
{
	uint8_t a[32], b[32];
	int ret;

	compare->failed = 1;
	ret = mh_canon_digest(&compare->a, sha256, a, err);
	if (ret == 0) {
		compare->failed = 2;
		ret = mh_canon_digest(&compare->b, sha256, b, err);
	}
	if (ret == 0)
		compare->failed = 0;
	if (ret == 0 && memcmp(compare->a.header, compare->b.header, 32))
		ret = mh_compare_tell(compare, MODHASH_DIFFERS_HEADER, "", "the ELF headers differ");
	if (ret == 0)
		ret = compare_sections(compare, err);
	/* Nothing of the above, and yet: their order. */
	if (ret == 0 && !(compare->kinds & ~(MODHASH_DIFFERS_COMPRESSION | MODHASH_DIFFERS_TRAILERS)) &&
	    memcmp(a, b, sizeof(a)))
		ret = mh_compare_tell(compare, MODHASH_DIFFERS_SECTION, "",
				      "sections are in another order");
	if (ret == 0)
		ret = compare_btf(compare);
	return ret ? ret : compare_layout(compare);
}

static int compare_files(struct mh_compare *compare, const struct modhash_module *a,
			 const struct modhash_module *b)
{
	uint64_t behind_a = a->length - a->payload_length, behind_b = b->length - b->payload_length;
	int ret = 0;

	if (a->compression != b->compression)
		ret = mh_compare_tell(compare, MODHASH_DIFFERS_COMPRESSION, "", "%s and %s",
				      modhash_compression_name((int)a->compression),
				      modhash_compression_name((int)b->compression));
	if (ret == 0 && (behind_a != behind_b ||
			 memcmp(a->data + a->payload_length, b->data + b->payload_length,
				(size_t)behind_a)))
		ret = mh_compare_tell(compare, MODHASH_DIFFERS_TRAILERS, "",
				      "%" PRIu32 " trailers of %" PRIu64 " bytes, and %" PRIu32
				      " of %" PRIu64,
				      a->trailers, behind_a, b->trailers, behind_b);
	return ret;
}

static int compare_payloads(struct mh_compare *compare, const struct modhash_module *a,
			    const struct modhash_module *b,
			    const struct modhash_canon_opts *opts_a,
			    const struct modhash_canon_opts *opts_b, struct modhash_error *err)
{
	struct mh_hasher *sha256;
	int ret;

	if (a->payload_length == b->payload_length &&
	    !memcmp(a->data, b->data, (size_t)a->payload_length))
		return 0;
	ret = mh_hasher_new(a->ctx->hash_engine, MODHASH_ALGO_SHA256, &sha256, err);
	if (ret < 0)
		return ret;
	compare->failed = 1;
	ret = mh_module_canon_open(a, opts_a, sha256, &compare->a, err);
	if (ret == 0) {
		compare->failed = 2;
		ret = mh_module_canon_open(b, opts_b, sha256, &compare->b, err);
		if (ret == 0) {
			ret = compare_canonical(compare, sha256, err);
			mh_canon_close(&compare->b);
		}
		mh_canon_close(&compare->a);
	}
	mh_hasher_free(sha256);
	free(compare->matches);
	return ret;
}

MODHASH_API int modhash_compare(
	const struct modhash_module *a, const struct modhash_module *b,
	const struct modhash_canon_opts *opts_a, const struct modhash_canon_opts *opts_b,
	int (*told)(void *user, const struct modhash_difference *difference), void *user,
	struct modhash_comparison *result, struct modhash_error *err)
{
	struct modhash_comparison found = { 0 };
	struct modhash_canon_opts ours_a, ours_b;
	struct mh_compare compare;
	int ret;

	if (mh_result_out(result, &found, sizeof(found)))
		return mh_fail_invalid(err, "no place for the result");
	if (!a || !b)
		return mh_fail_invalid(err, "no module");
	ret = mh_canon_opts_in(&ours_a, opts_a, err);
	if (ret == 0)
		ret = mh_canon_opts_in(&ours_b, opts_b, err);
	if (ret == 0 && ours_a.policy != ours_b.policy)
		return mh_fail_invalid(err, "two policies");
	if (ret < 0)
		return ret;
	memset(&compare, 0, sizeof(compare));
	compare.told = told;
	compare.user = user;
	ret = compare_files(&compare, a, b);
	if (ret == 0)
		ret = compare_payloads(&compare, a, b, &ours_a, &ours_b, err);
	if (ret == 0)
		found.kinds = compare.kinds;
	else
		found.failed = compare.failed;
	mh_result_out(result, &found, sizeof(found));
	return ret;
}
