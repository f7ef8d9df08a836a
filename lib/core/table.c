// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * The indexed table: opening, checking, looking up.  The layout is told in
 * definitions/formats.def and modhash-table(5).
 */
#include "core.h"

/* --- CRC-32 --- */

/*
 * Four bytes a step ("slicing").  CRC is linear, so that an entry of a table is the sum
 * (exclusive or) of the entries of its bits; those of the 32 single bits are the
 * states of the shift register, the polynomial first.
 */
#define CRC_BIT(n, bit, value) ((n) & (bit) ? (value) : 0u)
#define ENTRY(n, b7, b6, b5, b4, b3, b2, b1, b0)                                              \
	(CRC_BIT(n, 128, b7) ^ CRC_BIT(n, 64, b6) ^ CRC_BIT(n, 32, b5) ^ CRC_BIT(n, 16, b4) ^ \
	 CRC_BIT(n, 8, b3) ^ CRC_BIT(n, 4, b2) ^ CRC_BIT(n, 2, b1) ^ CRC_BIT(n, 1, b0))
#define SLICE0(n)                                                                              \
	ENTRY(n, 0xedb88320u, 0x76dc4190u, 0x3b6e20c8u, 0x1db71064u, 0x0edb8832u, 0x076dc419u, \
	      0xee0e612cu, 0x77073096u)
#define SLICE1(n)                                                                              \
	ENTRY(n, 0x3b83984bu, 0xf0794f05u, 0x958424a2u, 0x4ac21251u, 0xc8d98a08u, 0x646cc504u, \
	      0x32366282u, 0x191b3141u)
#define SLICE2(n)                                                                              \
	ENTRY(n, 0xe1351b80u, 0x709a8dc0u, 0x384d46e0u, 0x1c26a370u, 0x0e1351b8u, 0x0709a8dcu, \
	      0x0384d46eu, 0x01c26a37u)
#define SLICE3(n)                                                                              \
	ENTRY(n, 0xed59b63bu, 0x9b14583du, 0xa032af3eu, 0x5019579fu, 0xc5b428efu, 0x8f629757u, \
	      0xaa09c88bu, 0xb8bc6765u)
#define FOUR(slice, n) slice(n), slice((n) + 1), slice((n) + 2), slice((n) + 3)
#define SIXTEEN(slice, n) \
	FOUR(slice, n), FOUR(slice, (n) + 4), FOUR(slice, (n) + 8), FOUR(slice, (n) + 12)
#define SIXTYFOUR(slice, n)                                                    \
	SIXTEEN(slice, n), SIXTEEN(slice, (n) + 16), SIXTEEN(slice, (n) + 32), \
		SIXTEEN(slice, (n) + 48)
#define WHOLE(slice) \
	SIXTYFOUR(slice, 0), SIXTYFOUR(slice, 64), SIXTYFOUR(slice, 128), SIXTYFOUR(slice, 192)

static const mh_u32 crc_slices[4][256] = {
	{ WHOLE(SLICE0) },
	{ WHOLE(SLICE1) },
	{ WHOLE(SLICE2) },
	{ WHOLE(SLICE3) },
};

mh_u32 mh_core_crc32(mh_u32 crc, const mh_u8 *data, mh_u64 length)
{
	crc = ~crc;
	for (; length >= 4; length -= 4, data += 4) {
		crc ^= mh_core_le32(data);
		crc = crc_slices[3][crc & 0xff] ^ crc_slices[2][crc >> 8 & 0xff] ^
		      crc_slices[1][crc >> 16 & 0xff] ^ crc_slices[0][crc >> 24];
	}
	for (; length; length--, data++)
		crc = crc >> 8 ^ crc_slices[0][(crc ^ *data) & 0xff];
	return ~crc;
}

/* --- layout --- */

static mh_u64 align(mh_u64 value, mh_u32 alignment)
{
	return (value + alignment - 1) & ~(mh_u64)(alignment - 1);
}

/* In range, these sizes are far below 2^64: nothing here can wrap. */
mh_u64 mh_core_table_layout(mh_u32 header_size, mh_u32 index_bits, mh_u32 capacity,
			    mh_u32 digest_length, mh_u64 *digests)
{
	mh_u64 index = index_bits ? (mh_u64)4 << index_bits : 0;

	*digests = align(header_size + index, MODHASH_TABLE_DIGESTS_ALIGNMENT);
	return align(*digests + (mh_u64)capacity * digest_length, MODHASH_TABLE_ALIGNMENT);
}

static mh_u32 algorithm_length(mh_u32 algorithm)
{
	switch (algorithm) {
	case MODHASH_ALGO_SHA256:
	case MODHASH_ALGO_SHA3_256:
		return 32;
	case MODHASH_ALGO_SHA384:
	case MODHASH_ALGO_SHA3_384:
		return 48;
	case MODHASH_ALGO_SHA512:
	case MODHASH_ALGO_SHA3_512:
		return 64;
	default:
		return 0;
	}
}

static bool all_zero(const mh_u8 *data, mh_u64 length)
{
	for (; length; length--, data++) {
		if (*data)
			return false;
	}
	return true;
}

/* --- opening --- */

#define RESERVED_LENGTH (MODHASH_TABLE_HEADER_HEADER_CHECKSUM - MODHASH_TABLE_HEADER_RESERVED)

static int bad_field(struct mh_core_table *table, int status, mh_u32 field)
{
	table->field = field;
	return status;
}

/* Of the header, this field taken as 0. */
mh_u32 mh_core_table_header_checksum(const mh_u8 *data, mh_u32 header_size)
{
	static const mh_u8 zero[4];
	mh_u32 crc, behind = MODHASH_TABLE_HEADER_HEADER_CHECKSUM + 4;

	crc = mh_core_crc32(0, data, MODHASH_TABLE_HEADER_HEADER_CHECKSUM);
	crc = mh_core_crc32(crc, zero, sizeof(zero));
	return mh_core_crc32(crc, data + behind, header_size - behind);
}

/* What must be right before any other field can be believed. */
static int open_envelope(const mh_u8 *data, mh_u64 length, struct mh_core_table *table)
{
	if (length < MODHASH_TABLE_MAGIC_LENGTH)
		return MH_CORE_SHORT;
	if (memcmp(data, MODHASH_TABLE_MAGIC, MODHASH_TABLE_MAGIC_LENGTH))
		return MH_CORE_MAGIC;
	if (length < MODHASH_TABLE_HEADER_SIZE)
		return MH_CORE_SHORT;

	table->version = mh_core_le32(data + MODHASH_TABLE_HEADER_VERSION);
	if (table->version != MODHASH_TABLE_VERSION)
		return bad_field(table, MH_CORE_VERSION, MODHASH_TABLE_HEADER_VERSION);

	table->header_size = mh_core_le32(data + MODHASH_TABLE_HEADER_HEADER_SIZE);
	if (table->header_size < MODHASH_TABLE_HEADER_SIZE ||
	    table->header_size > MODHASH_TABLE_HEADER_SIZE_MAX ||
	    table->header_size % MODHASH_TABLE_ALIGNMENT)
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_HEADER_SIZE);
	if (length < table->header_size)
		return bad_field(table, MH_CORE_SHORT, MODHASH_TABLE_HEADER_HEADER_SIZE);

	if (mh_core_table_header_checksum(data, table->header_size) !=
	    mh_core_le32(data + MODHASH_TABLE_HEADER_HEADER_CHECKSUM))
		return bad_field(table, MH_CORE_CHECKSUM, MODHASH_TABLE_HEADER_HEADER_CHECKSUM);

	table->features_compatible = mh_core_le64(data + MODHASH_TABLE_HEADER_FEATURES_COMPATIBLE);
	table->features_incompatible =
		mh_core_le64(data + MODHASH_TABLE_HEADER_FEATURES_INCOMPATIBLE);
	if (table->features_incompatible)
		return bad_field(table, MH_CORE_FEATURE,
				 MODHASH_TABLE_HEADER_FEATURES_INCOMPATIBLE);
	return MH_CORE_OK;
}

static void read_fields(const mh_u8 *data, struct mh_core_table *table)
{
	table->total_size = mh_core_le64(data + MODHASH_TABLE_HEADER_TOTAL_SIZE);
	table->algorithm = mh_core_le32(data + MODHASH_TABLE_HEADER_ALGORITHM);
	table->scope = mh_core_le32(data + MODHASH_TABLE_HEADER_SCOPE);
	table->digest_length = mh_core_le32(data + MODHASH_TABLE_HEADER_DIGEST_LENGTH);
	table->index_bits = mh_core_le32(data + MODHASH_TABLE_HEADER_INDEX_BITS);
	table->count = mh_core_le32(data + MODHASH_TABLE_HEADER_COUNT);
	table->capacity = mh_core_le32(data + MODHASH_TABLE_HEADER_CAPACITY);
	table->flags = mh_core_le32(data + MODHASH_TABLE_HEADER_FLAGS);
}

static int check_fields(const mh_u8 *data, struct mh_core_table *table)
{
	if (!algorithm_length(table->algorithm))
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_ALGORITHM);
	if (table->scope != MODHASH_SCOPE_FILE && table->scope != MODHASH_SCOPE_PAYLOAD)
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_SCOPE);
	if (table->digest_length != algorithm_length(table->algorithm))
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_DIGEST_LENGTH);
	if (table->index_bits > MODHASH_TABLE_INDEX_BITS_MAX)
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_INDEX_BITS);
	if (table->capacity > MODHASH_TABLE_COUNT_MAX)
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_CAPACITY);
	if (table->count > table->capacity)
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_COUNT);
	if (table->flags & ~(mh_u32)MODHASH_TABLE_FLAG_FILLED)
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_FLAGS);
	if (!(table->flags & MODHASH_TABLE_FLAG_FILLED) && table->count)
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_COUNT);
	if (!all_zero(data + MODHASH_TABLE_HEADER_RESERVED, RESERVED_LENGTH))
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_RESERVED);
	return MH_CORE_OK;
}

int mh_core_table_open(const mh_u8 *data, mh_u64 length, struct mh_core_table *table)
{
	mh_u64 total, digests;
	int status;

	memset(table, 0, sizeof(*table));
	status = open_envelope(data, length, table);
	if (status)
		return status;
	read_fields(data, table);
	status = check_fields(data, table);
	if (status)
		return status;

	total = mh_core_table_layout(table->header_size, table->index_bits, table->capacity,
				     table->digest_length, &digests);
	if (table->total_size != total)
		return bad_field(table, MH_CORE_FIELD, MODHASH_TABLE_HEADER_TOTAL_SIZE);
	if (length < total)
		return bad_field(table, MH_CORE_SHORT, MODHASH_TABLE_HEADER_TOTAL_SIZE);
	table->index = data + table->header_size;
	table->digests = data + digests;
	return MH_CORE_OK;
}

/* --- checking --- */

static const mh_u8 *digest_at(const struct mh_core_table *table, mh_u32 i)
{
	return table->digests + (mh_u64)i * table->digest_length;
}

static mh_u32 index_at(const struct mh_core_table *table, mh_u32 bucket)
{
	return mh_core_le32(table->index + (mh_u64)bucket * 4);
}

/* @bits is not 0. */
static mh_u32 bucket_of(const mh_u8 *digest, mh_u32 bits)
{
	return mh_core_be32(digest) >> (32 - bits);
}

/* Entries [*bucket, end) of the index must all be @first. */
static bool index_agrees(const struct mh_core_table *table, mh_u32 *bucket, mh_u32 end,
			 mh_u32 first)
{
	for (; *bucket < end; (*bucket)++) {
		if (index_at(table, *bucket) != first)
			return false;
	}
	return true;
}

static int check_digests(const struct mh_core_table *table)
{
	mh_u32 i, bucket = 0, buckets = table->index_bits ? (mh_u32)1 << table->index_bits : 0;

	for (i = 0; i < table->count; i++) {
		const mh_u8 *digest = digest_at(table, i);

		if (i && memcmp(digest - table->digest_length, digest, table->digest_length) >= 0)
			return MH_CORE_SORT;
		if (buckets &&
		    !index_agrees(table, &bucket, bucket_of(digest, table->index_bits) + 1, i))
			return MH_CORE_INDEX;
	}
	return index_agrees(table, &bucket, buckets, table->count) ? MH_CORE_OK : MH_CORE_INDEX;
}

int mh_core_table_check(const struct mh_core_table *table, const mh_u8 *data)
{
	const mh_u8 *index_end = table->index;
	const mh_u8 *digests_end = digest_at(table, table->count);
	const mh_u8 *end = data + table->total_size;
	int status;

	if (mh_core_crc32(0, table->index, (mh_u64)(end - table->index)) !=
	    mh_core_le32(data + MODHASH_TABLE_HEADER_BODY_CHECKSUM))
		return MH_CORE_BODY;
	status = check_digests(table);
	if (status)
		return status;
	if (table->index_bits)
		index_end += (mh_u64)4 << table->index_bits;
	if (!all_zero(index_end, (mh_u64)(table->digests - index_end)) ||
	    !all_zero(digests_end, (mh_u64)(end - digests_end)))
		return MH_CORE_SORT;
	return MH_CORE_OK;
}

/* --- looking up --- */

/* The first eight bytes as a number: most comparisons need no more. */
static mh_u64 head_of(const mh_u8 *digest)
{
	return (mh_u64)mh_core_be32(digest) << 32 | mh_core_be32(digest + 4);
}

/* The 32 bits behind the first @skip, at most 24 of them. */
static mh_u32 key_of(mh_u64 head, mh_u32 skip)
{
	return (mh_u32)(head >> (32 - skip));
}

/* [*first, *end) is the bucket of @digest, within the table whatever the index says. */
static void find_bucket(const struct mh_core_table *table, const mh_u8 *digest, mh_u32 *first,
			mh_u32 *end)
{
	mh_u32 bucket;

	*first = 0;
	*end = table->count;
	if (!table->index_bits)
		return;
	bucket = bucket_of(digest, table->index_bits);
	*first = index_at(table, bucket);
	if (bucket + 1 < (mh_u32)1 << table->index_bits)
		*end = index_at(table, bucket + 1);
	if (*end > table->count)
		*end = table->count;
	if (*first > *end)
		*first = *end;
}

/* How many digests lie between two keys of a bucket of @size, if they are spread evenly. */
static mh_u32 distance(mh_u32 low, mh_u32 high, mh_u32 size)
{
	return high < low ? 0 : (mh_u32)((mh_u64)(high - low) * size >> 32);
}

#define GUESSES 8

/*
 * Digests are evenly spread, so a key says where to look, and the key found there how
 * far off that was.  The error shrinks to its square root at each guess: from some 30 to
 * 5 to 2 in four thousand digests without an index.  What is left after a few
 * guesses (in a table that is damaged, or was made to be slow) is halved.
 */
int mh_core_table_find(const struct mh_core_table *table, const mh_u8 *digest, mh_u32 *index)
{
	mh_u64 head = head_of(digest);
	mh_u32 key = key_of(head, table->index_bits);
	mh_u32 first, end, size, at, step, guesses;

	find_bucket(table, digest, &first, &end);
	size = end - first;
	at = first + distance(0, key, size);
	for (guesses = 0; first < end; guesses++) {
		const mh_u8 *found = digest_at(table, at);
		mh_u64 found_head = head_of(found);
		mh_u32 found_key = key_of(found_head, table->index_bits);
		int order = head < found_head ? -1 : 1;

		if (head == found_head) {
			order = memcmp(digest, found, table->digest_length);
			if (!order) {
				*index = at;
				return 1;
			}
		}
		if (order < 0) {
			end = at;
			step = distance(key, found_key, size);
			at = step < end - first ? end - 1 - step : first;
		} else {
			first = at + 1;
			step = distance(found_key, key, size);
			at = step < end - first ? first + step : end - 1;
		}
		if (guesses >= GUESSES)
			at = first + (end - first) / 2;
	}
	return 0;
}
