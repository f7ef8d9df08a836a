/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Comparing two blobs.
 *
 * Both sides are put in the order of their digests and merged.  A digest that is in one
 * alone would be "added" or "removed"; where both blobs remember names, and the other
 * has one of its names with another digest, the two are one module that "changed".
 */
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "fail.h"

#define NONE UINT64_MAX

/* One digest of a blob; @length is in each because qsort() hands on no more. */
struct item {
	const uint8_t *digest;
	uint64_t index;
	uint32_t length;
	uint32_t change;
	uint64_t other;	  /* index in the other blob, or NONE */
	const char *name; /* or NULL */
	bool told;	  /* as the other half of a change */
};

struct side {
	const struct modhash_blob *blob;
	struct item *items; /* in the order of digests */
	uint64_t *items_of; /* where in @items a digest of the blob is */
	uint64_t *records;  /* records, those of one digest together, in the order of names */
	uint64_t *begins;   /* where in @records those of a digest begin; one more at the end */
};

/* --- both sides in order --- */

static int compare_items(const void *a, const void *b)
{
	const struct item *first = a, *second = b;
	int order = memcmp(first->digest, second->digest, first->length);

	if (order)
		return order;
	return first->index < second->index ? -1 : first->index > second->index;
}

static void sort_items(struct side *side)
{
	uint64_t i, count = side->blob->count;

	for (i = 0; i < count; i++) {
		side->items[i].digest = mh_blob_digest_at(side->blob, i);
		side->items[i].length = side->blob->digest_length;
		side->items[i].index = i;
		side->items[i].other = NONE;
	}
	if (side->blob->format == MODHASH_FORMAT_LIST && count) /* a table is sorted */
		qsort(side->items, count, sizeof(*side->items), compare_items);
	for (i = 0; i < count; i++)
		side->items_of[side->items[i].index] = i;
}

/* Counting sort of the records by their digest; stable, so in the order of names. */
static void sort_records(struct side *side)
{
	uint64_t i, records = side->blob->sections.count, count = side->blob->count;
	struct modhash_blob_module module;

	for (i = 0; i < records; i++) {
		mh_blob_record(side->blob, i, &module);
		side->begins[module.digest + 1]++;
	}
	for (i = 0; i < count; i++)
		side->begins[i + 1] += side->begins[i];
	for (i = records; i > 0;) {
		mh_blob_record(side->blob, --i, &module);
		side->records[--side->begins[module.digest + 1]] = i;
	}
	/* Each begins[d + 1] is now where d begins: one place too far. */
	memmove(side->begins, side->begins + 1, count * sizeof(*side->begins));
	side->begins[count] = records;
}

static int side_init(struct side *side, const struct modhash_blob *blob, struct modhash_error *err)
{
	struct modhash_blob_module module;
	uint64_t i;

	side->blob = blob;
	side->items = calloc(blob->count + 1, sizeof(*side->items));
	side->items_of = calloc(blob->count + 1, sizeof(*side->items_of));
	side->records = calloc((size_t)blob->sections.count + 1, sizeof(*side->records));
	side->begins = calloc(blob->count + 2, sizeof(*side->begins));
	if (!side->items || !side->items_of || !side->records || !side->begins)
		return mh_fail_nomem(err);
	sort_items(side);
	if (!blob->sections.count)
		return 0;
	sort_records(side);
	for (i = 0; i < blob->count; i++) {
		struct item *item = &side->items[i];
		uint64_t first = side->begins[item->index];

		if (first == side->begins[item->index + 1])
			continue;
		mh_blob_record(blob, side->records[first], &module);
		item->name = module.name;
	}
	return 0;
}

static void side_fini(struct side *side)
{
	free(side->items);
	free(side->items_of);
	free(side->records);
	free(side->begins);
}

/* --- what changed --- */

/* Pair what is in both; a digest that a list has more than once pairs as often. */
static void pair_same(struct side *first, struct side *second)
{
	uint64_t i = 0, j = 0;

	while (i < first->blob->count || j < second->blob->count) {
		struct item *a = &first->items[i], *b = &second->items[j];
		int order;

		if (i == first->blob->count)
			order = 1;
		else if (j == second->blob->count)
			order = -1;
		else
			order = memcmp(a->digest, b->digest, a->length);
		if (!order) {
			a->change = b->change = MODHASH_DIFF_SAME;
			a->other = b->index;
			b->other = a->index;
			b->told = true;
		} else if (order < 0) {
			a->change = MODHASH_DIFF_REMOVED;
		} else {
			b->change = MODHASH_DIFF_ADDED;
		}
		i += order <= 0;
		j += order >= 0;
	}
}

/* A name of @item that @other_side has as well: then it is its digest there that counts. */
static bool same_name(const struct side *side, struct item *item, const struct side *other_side,
		      uint64_t *other)
{
	uint64_t i, end = side->begins[item->index + 1], index = 0;
	struct modhash_blob_module module;

	for (i = side->begins[item->index]; i < end; i++) {
		mh_blob_record(side->blob, side->records[i], &module);
		if (mh_blob_record_named(other_side->blob, module.name, strlen(module.name),
					 &index))
			continue;
		item->name = module.name;
		mh_blob_record(other_side->blob, index, &module);
		*other = module.digest;
		return true;
	}
	return false;
}

/*
 * A name leads from a removed digest to the one that it has now, or from an added one to
 * the one that it had.  The first is where a change is told; the second is for what no
 * first one led to (two modules that were alike, and one of them is not any more).
 */
static void pair_changed(struct side *first, struct side *second)
{
	uint64_t i, other = 0;

	if (!first->blob->sections.count || !second->blob->sections.count)
		return;
	for (i = 0; i < first->blob->count; i++) {
		struct item *item = &first->items[i];

		if (item->change != MODHASH_DIFF_REMOVED || !same_name(first, item, second, &other))
			continue;
		item->change = MODHASH_DIFF_CHANGED;
		item->other = other;
		second->items[second->items_of[other]].told = true;
	}
	for (i = 0; i < second->blob->count; i++) {
		struct item *item = &second->items[i];

		if (item->told || !same_name(second, item, first, &other))
			continue;
		item->change = MODHASH_DIFF_CHANGED;
		item->other = other;
	}
}

/* --- telling --- */

typedef int (*entry_fn)(void *user, const struct modhash_diff_entry *entry);

static int tell(entry_fn entry, void *user, uint32_t change, const char *name, uint64_t first,
		uint64_t second)
{
	struct modhash_diff_entry ours;

	if (!entry)
		return 0;
	MODHASH_INIT(ours);
	ours.change = change;
	ours.name = name;
	ours.first = first;
	ours.second = second;
	return entry(user, &ours);
}

/* The name that the other side has, where ours has none. */
static const char *name_of(const struct item *item, const struct side *other)
{
	if (item->name || item->other == NONE)
		return item->name;
	return other->items[other->items_of[item->other]].name;
}

/* In the order of digests, the first side before the second. */
static int tell_all(struct side *first, struct side *second, entry_fn entry, void *user)
{
	uint64_t i = 0, j = 0;
	int rc = 0, differ = 0;

	while (!rc && (i < first->blob->count || j < second->blob->count)) {
		struct item *a = &first->items[i], *b = &second->items[j];

		if (j < second->blob->count && b->told) {
			j++;
		} else if (j == second->blob->count ||
			   (i < first->blob->count && compare_items(a, b) <= 0)) {
			differ |= a->change != MODHASH_DIFF_SAME;
			rc = tell(entry, user, a->change, name_of(a, second), a->index, a->other);
			i++;
		} else {
			differ = 1;
			rc = tell(entry, user, b->change, name_of(b, first), b->other, b->index);
			j++;
		}
	}
	return rc ? rc : differ;
}

/* --- the two kinds of comparison --- */

static int diff_roots(const struct modhash_blob *first, const struct modhash_blob *second,
		      entry_fn entry, void *user)
{
	bool same = first->levels == second->levels &&
		    !memcmp(first->data + MODHASH_MERKLE_ROOT_HASH,
			    second->data + MODHASH_MERKLE_ROOT_HASH, MODHASH_MERKLE_HASH_LENGTH);
	int rc = tell(entry, user, same ? MODHASH_DIFF_SAME : MODHASH_DIFF_CHANGED, NULL, 0, 0);

	return rc ? rc : !same;
}

static int diff_sets(const struct modhash_blob *first, const struct modhash_blob *second,
		     entry_fn entry, void *user, struct modhash_error *err)
{
	struct side a = { 0 }, b = { 0 };
	int rc = side_init(&a, first, err);

	if (!rc)
		rc = side_init(&b, second, err);
	if (!rc) {
		pair_same(&a, &b);
		pair_changed(&a, &b);
		rc = tell_all(&a, &b, entry, user);
	}
	side_fini(&a);
	side_fini(&b);
	return rc;
}

static const char *scope_name(const struct modhash_blob *blob)
{
	return modhash_scope_name((int)blob->scope);
}

int modhash_blob_diff(const struct modhash_blob *first, const struct modhash_blob *second,
		      int (*entry)(void *user, const struct modhash_diff_entry *entry), void *user,
		      struct modhash_error *err)
{
	if (!first || !second)
		return mh_fail_invalid(err, "first or second");
	if (first->scope != second->scope || first->algorithm != second->algorithm)
		return mh_fail(err, MODHASH_E_SCOPE, MODHASH_OFFSET_NONE,
			       "found %s digests of scope %s and %s digests of scope %s, expected "
			       "two blobs of the same kind",
			       modhash_algorithm_name((int)first->algorithm), scope_name(first),
			       modhash_algorithm_name((int)second->algorithm), scope_name(second));
	if (first->format == MODHASH_FORMAT_MERKLE)
		return diff_roots(first, second, entry, user);
	return diff_sets(first, second, entry, user, err);
}
