/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The indexed table: reading and writing.  The layout is computed by the code that kernel
 * and library share (core/table.c); modhash-table(5) tells it in words.
 */
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "builder.h"
#include "checked.h"
#include "fail.h"

/* --- reading --- */

static const char *field_name(uint32_t offset)
{
	static const struct {
		uint32_t offset;
		const char *name;
	} fields[] = {
		{ MODHASH_TABLE_HEADER_VERSION, "version" },
		{ MODHASH_TABLE_HEADER_HEADER_SIZE, "header size" },
		{ MODHASH_TABLE_HEADER_TOTAL_SIZE, "total size" },
		{ MODHASH_TABLE_HEADER_ALGORITHM, "hash algorithm" },
		{ MODHASH_TABLE_HEADER_SCOPE, "scope" },
		{ MODHASH_TABLE_HEADER_DIGEST_LENGTH, "digest length" },
		{ MODHASH_TABLE_HEADER_INDEX_BITS, "bits of index" },
		{ MODHASH_TABLE_HEADER_COUNT, "count" },
		{ MODHASH_TABLE_HEADER_CAPACITY, "capacity" },
		{ MODHASH_TABLE_HEADER_FLAGS, "flags" },
		{ MODHASH_TABLE_HEADER_RESERVED, "reserved bytes" },
	};
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (fields[i].offset == offset)
			return fields[i].name;
	}
	return "field";
}

static const char *field_expected(uint32_t offset)
{
	switch (offset) {
	case MODHASH_TABLE_HEADER_HEADER_SIZE:
		return "a multiple of 8 from 96 to 4096";
	case MODHASH_TABLE_HEADER_TOTAL_SIZE:
		return "what header, index and capacity add up to";
	case MODHASH_TABLE_HEADER_ALGORITHM:
		return "a SHA-2 or SHA-3 of 256, 384 or 512 bits";
	case MODHASH_TABLE_HEADER_SCOPE:
		return "1 (file) or 2 (payload)";
	case MODHASH_TABLE_HEADER_DIGEST_LENGTH:
		return "the length that the algorithm has";
	case MODHASH_TABLE_HEADER_INDEX_BITS:
		return "0 to 24";
	case MODHASH_TABLE_HEADER_COUNT:
		return "no more than the capacity, and 0 in a table that was not filled";
	case MODHASH_TABLE_HEADER_CAPACITY:
		return "no more than 268435456";
	case MODHASH_TABLE_HEADER_FLAGS:
		return "bit 0 alone";
	default:
		return "zeroes";
	}
}

/* A header that is refused, in words. */
static int fail_field(const struct modhash_blob *blob, uint32_t field, struct modhash_error *err)
{
	const uint8_t *at = blob->data + field;
	unsigned long long value = field == MODHASH_TABLE_HEADER_TOTAL_SIZE ? mh_core_le64(at) :
									      mh_core_le32(at);

	if (field == MODHASH_TABLE_HEADER_RESERVED)
		return mh_fail(err, MODHASH_E_BLOB, field,
			       "found reserved bytes of the table in use, expected zeroes");
	return mh_fail(err, MODHASH_E_BLOB, field, "found %s %llu in the table, expected %s",
		       field_name(field), value, field_expected(field));
}

static int fail_short(const struct modhash_blob *blob, uint32_t field, struct modhash_error *err)
{
	unsigned long long expected = MODHASH_TABLE_HEADER_SIZE;

	if (field == MODHASH_TABLE_HEADER_HEADER_SIZE)
		expected = blob->table.header_size;
	else if (field == MODHASH_TABLE_HEADER_TOTAL_SIZE)
		expected = blob->table.total_size;
	return mh_fail(err, MODHASH_E_BLOB, blob->length,
		       "found the end of the table after %llu bytes, expected %llu",
		       (unsigned long long)blob->length, expected);
}

static int fail_open(const struct modhash_blob *blob, int status, struct modhash_error *err)
{
	uint32_t field = blob->table.field;

	switch (status) {
	case MH_CORE_SHORT:
		return fail_short(blob, field, err);
	case MH_CORE_VERSION:
		return mh_fail(err, MODHASH_E_UNSUPPORTED, field,
			       "found version %u of the table, expected %d", blob->table.version,
			       MODHASH_TABLE_VERSION);
	case MH_CORE_FEATURE:
		return mh_fail(err, MODHASH_E_UNSUPPORTED, field,
			       "found incompatible features %#llx in the table, expected none",
			       (unsigned long long)blob->table.features_incompatible);
	case MH_CORE_CHECKSUM:
		return mh_fail(
			err, MODHASH_E_CHECKSUM, field,
			"found header checksum %08x in the table, expected %08x: it is damaged",
			mh_core_le32(blob->data + field),
			mh_core_table_header_checksum(blob->data, blob->table.header_size));
	case MH_CORE_FIELD:
		return fail_field(blob, field, err);
	default:
		return mh_fail(err, MODHASH_E_BLOB, 0, "found no magic, expected a table's");
	}
}

static int fail_check(const struct modhash_blob *blob, int status, struct modhash_error *err)
{
	uint64_t index = blob->table.header_size;
	uint64_t digests = (uint64_t)(blob->table.digests - blob->data);

	switch (status) {
	case MH_CORE_BODY:
		return mh_fail(
			err, MODHASH_E_CHECKSUM, MODHASH_TABLE_HEADER_BODY_CHECKSUM,
			"found body checksum %08x in the table, expected %08x: it is damaged",
			mh_core_le32(blob->data + MODHASH_TABLE_HEADER_BODY_CHECKSUM),
			mh_core_crc32(0, blob->data + index, blob->table.total_size - index));
	case MH_CORE_INDEX:
		return mh_fail(err, MODHASH_E_BLOB, index,
			       "found a prefix index that contradicts the digests of the table");
	default:
		return mh_fail(err, MODHASH_E_BLOB, digests,
			       "found digests out of order, or padding in use, in the table; "
			       "expected them ascending, each once, with zeroes behind");
	}
}

int mh_table_read(struct modhash_blob *blob, struct modhash_error *err)
{
	struct mh_core_table *table = &blob->table;
	int status = mh_core_table_open(blob->data, blob->length, table);

	if (status)
		return fail_open(blob, status, err);
	status = mh_core_table_check(table, blob->data);
	if (status)
		return fail_check(blob, status, err);
	blob->format = MODHASH_FORMAT_TABLE;
	blob->algorithm = table->algorithm;
	blob->scope = table->scope;
	blob->digest_length = table->digest_length;
	blob->byte_order = MODHASH_BYTE_ORDER_LITTLE;
	blob->filled = table->flags & MODHASH_TABLE_FLAG_FILLED;
	blob->count = table->count;
	blob->capacity = table->capacity;
	blob->kernel_length = table->total_size;
	return mh_sections_read(&blob->sections, blob->data, table->total_size, blob->length,
				table->count, err);
}

/* --- writing --- */

/* A digest on its way into the table.  @length is in each because qsort() hands on no more. */
struct entry {
	const uint8_t *digest;
	uint32_t length;
	uint32_t added;
};

static int compare_entries(const void *a, const void *b)
{
	const struct entry *first = a, *second = b;

	return memcmp(first->digest, second->digest, first->length);
}

/*
 * How many bits the index gets.  It goes by the capacity, so that the layout of a table
 * says nothing of how full it is, and a reserved one can be filled where it lies.
 */
static uint32_t index_bits(const struct modhash_builder *builder, uint64_t capacity)
{
	uint64_t bytes = capacity * builder->digest_length, allowed;
	uint32_t bits = 0;

	switch (builder->opts.index_bits) {
	case MODHASH_INDEX_SMALL:
		allowed = bytes * 2 / 100; /* far below 2^64 */
		break;
	case MODHASH_INDEX_FAST:
		allowed = bytes * 17 / 100;
		break;
	default:
		return builder->opts.index_bits;
	}
	while (bits < MODHASH_TABLE_INDEX_BITS_MAX && (uint64_t)4 << (bits + 1) <= allowed)
		bits++;
	return bits;
}

static void sort_entries(const struct modhash_builder *builder, struct entry *entries)
{
	uint64_t i;

	for (i = 0; i < builder->count; i++) {
		entries[i].digest = mh_builder_digest(builder, i);
		entries[i].length = builder->digest_length;
		entries[i].added = (uint32_t)i;
	}
	if (builder->count)
		qsort(entries, builder->count, sizeof(*entries), compare_entries);
}

/* What is there more than once gets one rank.  Returns how many ranks there are. */
static uint32_t rank_entries(const struct modhash_builder *builder, const struct entry *entries,
			     uint32_t *ranks)
{
	uint32_t count = 0;
	uint64_t i;

	for (i = 0; i < builder->count; i++) {
		if (!i || compare_entries(&entries[i - 1], &entries[i]))
			count++;
		ranks[entries[i].added] = count - 1;
	}
	return count;
}

/* Index entry b: how many digests have a prefix below b. */
static void write_index(const struct mh_core_table *layout, uint8_t *index, const uint8_t *digests)
{
	uint32_t bucket, i = 0, buckets = (uint32_t)1 << layout->index_bits;

	if (!layout->index_bits)
		return;
	for (bucket = 0; bucket < buckets; bucket++) {
		while (i < layout->count &&
		       mh_core_be32(digests + (uint64_t)i * layout->digest_length) >>
			       (32 - layout->index_bits) < bucket)
			i++;
		mh_put_le32(index + (uint64_t)bucket * 4, i);
	}
}

static void write_header(const struct mh_core_table *layout, uint8_t *table)
{
	const uint32_t size = MODHASH_TABLE_HEADER_SIZE;

	memcpy(table, MODHASH_TABLE_MAGIC, MODHASH_TABLE_MAGIC_LENGTH);
	mh_put_le32(table + MODHASH_TABLE_HEADER_VERSION, MODHASH_TABLE_VERSION);
	mh_put_le32(table + MODHASH_TABLE_HEADER_HEADER_SIZE, size);
	mh_put_le64(table + MODHASH_TABLE_HEADER_TOTAL_SIZE, layout->total_size);
	mh_put_le32(table + MODHASH_TABLE_HEADER_ALGORITHM, layout->algorithm);
	mh_put_le32(table + MODHASH_TABLE_HEADER_SCOPE, layout->scope);
	mh_put_le32(table + MODHASH_TABLE_HEADER_DIGEST_LENGTH, layout->digest_length);
	mh_put_le32(table + MODHASH_TABLE_HEADER_INDEX_BITS, layout->index_bits);
	mh_put_le32(table + MODHASH_TABLE_HEADER_COUNT, layout->count);
	mh_put_le32(table + MODHASH_TABLE_HEADER_CAPACITY, layout->capacity);
	mh_put_le32(table + MODHASH_TABLE_HEADER_FLAGS, layout->flags);
	mh_put_le32(table + MODHASH_TABLE_HEADER_BODY_CHECKSUM,
		    mh_core_crc32(0, table + size, layout->total_size - size));
	mh_put_le32(table + MODHASH_TABLE_HEADER_HEADER_CHECKSUM,
		    mh_core_table_header_checksum(table, size));
}

/* The kernel's part: zeroes, digests, index, and the header last, over all of them. */
static int write_table(const struct modhash_builder *builder, const struct entry *entries,
		       uint32_t count, struct mh_buf *out, struct modhash_error *err)
{
	uint64_t digests, i, capacity = builder->opts.capacity;
	struct mh_core_table layout = { .count = count };
	uint8_t *to;
	int rc;

	if (capacity && capacity < count)
		return mh_fail(err, MODHASH_E_CAPACITY, MODHASH_OFFSET_NONE,
			       "%u digests, and a table with room for %llu was wanted", count,
			       (unsigned long long)capacity);
	layout.capacity = capacity > count ? (uint32_t)capacity : count;
	layout.algorithm = builder->opts.algorithm;
	layout.scope = builder->opts.scope;
	layout.digest_length = builder->digest_length;
	if (!(builder->opts.flags & MODHASH_BUILDER_RESERVE))
		layout.flags = MODHASH_TABLE_FLAG_FILLED;
	layout.index_bits = index_bits(builder, layout.capacity);
	layout.total_size = mh_core_table_layout(MODHASH_TABLE_HEADER_SIZE, layout.index_bits,
						 layout.capacity, layout.digest_length, &digests);
	if (layout.total_size > SIZE_MAX)
		return mh_fail_nomem(err);
	rc = mh_buf_reserve(out, (size_t)layout.total_size, err);
	if (rc)
		return rc;
	memset(out->data, 0, (size_t)layout.total_size);
	out->length = (size_t)layout.total_size;

	to = out->data + digests;
	for (i = 0; i < builder->count; i++) {
		if (i && !compare_entries(&entries[i - 1], &entries[i]))
			continue;
		memcpy(to, entries[i].digest, layout.digest_length);
		to += layout.digest_length;
	}
	write_index(&layout, out->data + MODHASH_TABLE_HEADER_SIZE, out->data + digests);
	write_header(&layout, out->data);
	return 0;
}

int mh_table_write(const struct modhash_builder *builder, struct mh_buf *out,
		   struct modhash_error *err)
{
	struct entry *entries = calloc(builder->count + 1, sizeof(*entries));
	uint32_t *ranks = calloc(builder->count + 1, sizeof(*ranks));
	uint32_t count;
	int rc;

	if (!entries || !ranks) {
		rc = mh_fail_nomem(err);
	} else {
		sort_entries(builder, entries);
		count = rank_entries(builder, entries, ranks);
		rc = write_table(builder, entries, count, out, err);
		if (!rc)
			rc = mh_sections_write(builder, ranks, out, err);
	}
	free(entries);
	free(ranks);
	return rc;
}
