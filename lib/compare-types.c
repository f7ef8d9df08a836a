/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Types that only one of two modules has.  A type that changed changes the hashes of all that
 * lead to it, so what is told is where it begins: types whose own words differ from those of
 * the one with the same kind and name.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"
#include "fail.h"
#include "sort.h"

/* Types of one module that the other has not, sorted by kind and name. */
struct types {
	const struct mh_btf *btf;
	uint32_t *order;
	uint32_t count;
};

static const uint32_t *type_at(const struct types *types, uint32_t i)
{
	return mh_btf_type(types->btf, types->order[i]);
}

static const char *name_at(const struct types *types, uint32_t i)
{
	return mh_btf_string(types->btf, type_at(types, i)[0]);
}

static int compare_types(const void *context, uint32_t a, uint32_t b)
{
	const struct mh_btf *btf = context;
	const uint32_t *x = mh_btf_type(btf, a), *y = mh_btf_type(btf, b);
	uint32_t kind_x = mh_btf_info_kind(x[1]), kind_y = mh_btf_info_kind(y[1]);

	if (kind_x != kind_y)
		return kind_x < kind_y ? -1 : 1;
	return strcmp(mh_btf_string(btf, x[0]), mh_btf_string(btf, y[0]));
}

/* Both lists of hashes are sorted: what is in one alone. */
static int find_alone(const struct mh_btf *btf, const struct mh_btf_hashes *hashes,
		      const struct mh_btf *other, const struct mh_btf_hashes *others,
		      struct types *types, struct modhash_error *err)
{
	uint32_t j = 0;

	types->btf = btf;
	types->order = malloc(((size_t)btf->count + 1) * 2 * sizeof(*types->order));
	if (!types->order)
		return mh_fail_nomem(err);
	for (uint32_t i = 0; i < btf->count; i++) {
		const uint8_t *hash = hashes->hashes + (size_t)hashes->sorted[i] * MH_BTF_HASH;
		int order = 1;

		while (j < other->count) {
			order = memcmp(others->hashes + (size_t)others->sorted[j] * MH_BTF_HASH,
				       hash, MH_BTF_HASH);
			if (order >= 0)
				break;
			j++;
		}
		if (order == 0 && j < other->count)
			j++;
		else
			types->order[types->count++] = hashes->sorted[i];
	}
	mh_sort(types->order, types->count, types->order + btf->count, compare_types, btf);
	return 0;
}

static int tell_alone(struct mh_compare *compare, const struct types *types, uint32_t i,
		      const char *where)
{
	uint32_t kind = mh_btf_info_kind(type_at(types, i)[1]);

	if (!*name_at(types, i))
		return 0; /* those with names lead to these */
	return mh_compare_tell(compare, MODHASH_DIFFERS_TYPE, name_at(types, i), "%s only in the %s",
			       mh_btf_layouts[kind].name, where);
}

static const char *entry_word(uint32_t kind)
{
	switch (kind) {
	case MH_BTF_STRUCT:
	case MH_BTF_UNION:
		return "member";
	case MH_BTF_FUNC_PROTO:
		return "parameter";
	case MH_BTF_DATASEC:
		return "variable";
	default:
		return "enumerator";
	}
}

/* What word @i of an entry tells. */
static const char *entry_part(uint32_t kind, uint32_t i)
{
	switch (kind) {
	case MH_BTF_STRUCT:
	case MH_BTF_UNION:
		return i == 0 ? "name" : i == 1 ? "type" : "bit offset";
	case MH_BTF_FUNC_PROTO:
		return i == 0 ? "name" : "type";
	case MH_BTF_DATASEC:
		return i == 0 ? "type" : i == 1 ? "offset" : "size";
	case MH_BTF_ENUM64:
		return i == 0 ? "name" : i == 1 ? "value, low half" : "value, high half";
	default:
		return i == 0 ? "name" : "value";
	}
}

/* What word @w in front of the entries tells. */
static const char *head_part(uint32_t kind, uint32_t w)
{
	static const char *const array[] = { "element", "index", "count" };

	if (w == 2)
		return mh_btf_layouts[kind].third == MH_BTF_ID ? "type" : "size";
	switch (kind) {
	case MH_BTF_INT:
		return "encoding";
	case MH_BTF_ARRAY:
		return array[w - 3];
	case MH_BTF_DECL_TAG:
		return "component";
	default:
		return "linkage";
	}
}

/* Where word @w is: "size", or whose entry by its name. */
static void place_of(const struct types *types, uint32_t i, uint32_t w, char *place, size_t size)
{
	const uint32_t *type = type_at(types, i);
	uint32_t kind = mh_btf_info_kind(type[1]);
	const struct mh_btf_layout *layout = &mh_btf_layouts[kind];
	uint32_t entry, first;
	const char *name;

	if (w < 3u + layout->fixed || !layout->each) {
		snprintf(place, size, "%s", head_part(kind, w));
		return;
	}
	entry = (w - 3 - layout->fixed) / layout->each;
	first = 3 + layout->fixed + entry * layout->each;
	name = kind == MH_BTF_DATASEC ? mh_btf_name(types->btf, type[first]) :
					mh_btf_string(types->btf, type[first]);
	if (*name)
		snprintf(place, size, "%s \"%.80s\": %s", entry_word(kind), name,
			 entry_part(kind, w - first));
	else
		snprintf(place, size, "%s %" PRIu32 ": %s", entry_word(kind), entry,
			 entry_part(kind, w - first));
}

/* Word by word; 1 if something was told. */
static int tell_pair(struct mh_compare *compare, const struct types *a, uint32_t i,
		     const struct types *b, uint32_t j, int *ret)
{
	const uint32_t *x = type_at(a, i), *y = type_at(b, j);
	const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(x[1])];
	uint32_t words = mh_btf_type_words(a->btf, a->order[i]);
	const char *name = name_at(a, i);
	char place[160];

	if (x[1] != y[1]) {
		*ret = mh_compare_tell(compare, MODHASH_DIFFERS_TYPE, name,
				       "%s: %" PRIu32 " entries and %" PRIu32, layout->name,
				       mh_btf_info_vlen(x[1]), mh_btf_info_vlen(y[1]));
		return 1;
	}
	for (uint32_t w = 2; w < words; w++) {
		enum mh_btf_slot slot = mh_btf_slot(layout, w);
		const char *p = "", *q = "";

		if (slot == MH_BTF_NAME) {
			p = mh_btf_string(a->btf, x[w]);
			q = mh_btf_string(b->btf, y[w]);
		} else if (slot == MH_BTF_ID) {
			p = mh_btf_name(a->btf, x[w]);
			q = mh_btf_name(b->btf, y[w]);
		} else if (x[w] != y[w]) {
			place_of(a, i, w, place, sizeof(place));
			*ret = mh_compare_tell(compare, MODHASH_DIFFERS_TYPE, name,
					       "%s: %s is %" PRIu32 " and %" PRIu32,
					       layout->name, place, x[w], y[w]);
			return 1;
		}
		if (strcmp(p, q)) {
			place_of(a, i, w, place, sizeof(place));
			*ret = mh_compare_tell(compare, MODHASH_DIFFERS_TYPE, name,
					       "%s: %s is \"%.80s\" and \"%.80s\"", layout->name,
					       place, p, q);
			return 1;
		}
	}
	return 0;
}

static int compare_pairs(const struct types *a, uint32_t i, const struct types *b, uint32_t j)
{
	uint32_t kind_a = mh_btf_info_kind(type_at(a, i)[1]);
	uint32_t kind_b = mh_btf_info_kind(type_at(b, j)[1]);

	if (kind_a != kind_b)
		return kind_a < kind_b ? -1 : 1;
	return strcmp(name_at(a, i), name_at(b, j));
}

static int merge_types(struct mh_compare *compare, const struct types *a, const struct types *b)
{
	uint32_t i = 0, j = 0, followers = 0;
	int ret = 0;

	while (ret == 0 && (i < a->count || j < b->count)) {
		int order = i == a->count ? 1 : j == b->count ? -1 : compare_pairs(a, i, b, j);

		if (order < 0)
			ret = tell_alone(compare, a, i, "first");
		else if (order > 0)
			ret = tell_alone(compare, b, j, "second");
		else if (!*name_at(a, i) || !tell_pair(compare, a, i, b, j, &ret))
			followers++;
		i += order <= 0;
		j += order >= 0;
	}
	if (ret == 0 && !a->count && !b->count) {
		/* Only one has its base with it, which is told elsewhere. */
		if (compare->a.has_distilled != compare->b.has_distilled)
			return 0;
		return mh_compare_tell(compare, MODHASH_DIFFERS_SECTION, ".BTF",
				       "strings that nothing refers to");
	}
	if (ret == 0 && !(compare->kinds & MODHASH_DIFFERS_TYPE))
		ret = mh_compare_tell(compare, MODHASH_DIFFERS_TYPE,
				      a->count ? name_at(a, a->count - 1) : "",
				      "%" PRIu32 " types lead to others", followers);
	return ret;
}

int mh_compare_types(struct mh_compare *compare, struct modhash_error *err)
{
	const struct mh_canon *x = &compare->a, *y = &compare->b;
	struct types a = { 0 }, b = { 0 };
	int ret = find_alone(&x->btf, &x->btf_hashes, &y->btf, &y->btf_hashes, &a, err);

	if (ret == 0)
		ret = find_alone(&y->btf, &y->btf_hashes, &x->btf, &x->btf_hashes, &b, err);
	if (ret == 0)
		ret = merge_types(compare, &a, &b);
	free(a.order);
	free(b.order);
	return ret;
}
