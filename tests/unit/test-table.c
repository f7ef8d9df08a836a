/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The indexed table and its sections: what is written, and what a reader refuses.
 */
#include "blob-help.h"

#define DIGESTS 5
#define RELEASE "6.1.0-test"

/* A small table with everything in it. */
static struct modhash_buffer small_table(const struct modhash_ctx *ctx)
{
	static const char *const names[DIGESTS] = { "kernel/b.ko", "kernel/a.ko", "kernel/a/z.ko",
						    "x.ko", "kernel/a-b.ko" };
	static const uint8_t build_id[20] = { 1, 2, 3 };
	struct modhash_builder_opts opts = table_opts(3);
	struct modhash_builder *builder;
	struct modhash_buffer buffer;
	uint32_t i, seed = 42;

	opts.flags = MODHASH_BUILDER_NAMES;
	opts.release = RELEASE;
	opts.capacity = 8;
	builder = new_builder(ctx, &opts);
	for (i = 0; i < DIGESTS; i++) {
		struct modhash_digest digest =
			random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
		struct modhash_blob_module module;

		MODHASH_INIT(module);
		module.name = names[i];
		module.payload_length = 1000 + i;
		module.flags = i % 2 ? MODHASH_BLOB_MODULE_SIGNED : 0;
		module.build_id = i == 3 ? NULL : build_id;
		module.build_id_length = i == 3 ? 0 : 16 + i;
		ck_assert_int_eq(modhash_builder_add(builder, &digest, &module, NULL), 0);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	modhash_builder_free(builder);
	return buffer;
}

static size_t total_of(const struct modhash_buffer *buffer)
{
	return (size_t)mh_core_le64(buffer->data + MODHASH_TABLE_HEADER_TOTAL_SIZE);
}

START_TEST(table_is_read_back)
{
	static const char *const names[DIGESTS] = { "kernel/a-b.ko", "kernel/a.ko", "kernel/a/z.ko",
						    "kernel/b.ko", "x.ko" };
	static const uint32_t positions[DIGESTS] = { 4, 1, 2, 0, 3 };
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer buffer = small_table(ctx);
	struct modhash_blob_info info;
	struct modhash_digest digest, before;
	struct modhash_blob_module module;
	struct modhash_blob *blob;
	uint32_t i, p, seed;
	uint64_t index;

	ck_assert_int_eq(modhash_blob_from_memory(ctx, buffer.data, buffer.length, &blob, NULL), 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_uint_eq(info.format, MODHASH_FORMAT_TABLE);
	ck_assert_uint_eq(info.flags, MODHASH_BLOB_FILLED | MODHASH_BLOB_NAMES);
	ck_assert_uint_eq(info.byte_order, MODHASH_BYTE_ORDER_LITTLE);
	ck_assert_uint_eq(info.algorithm, MODHASH_ALGO_SHA256);
	ck_assert_uint_eq(info.scope, MODHASH_SCOPE_PAYLOAD);
	ck_assert_uint_eq(info.version, 1);
	ck_assert_uint_eq(info.index_bits, 3);
	ck_assert_uint_eq(info.modules, DIGESTS);
	ck_assert_uint_eq(info.count, DIGESTS);
	ck_assert_uint_eq(info.capacity, 8);
	ck_assert_uint_eq(info.length, 128 + 8 * 32);
	ck_assert_uint_eq(info.total_length, buffer.length);
	ck_assert_str_eq(info.release, RELEASE);

	for (i = 0; i < DIGESTS; i++) {
		ck_assert_int_eq(modhash_blob_digest(blob, i, &digest), 0);
		ck_assert_int_eq(modhash_blob_contains(blob, &digest, &index), 1);
		ck_assert_uint_eq(index, i);
		if (i)
			ck_assert_int_lt(memcmp(before.bytes, digest.bytes, 32), 0);
		before = digest;
	}
	ck_assert_int_eq(modhash_blob_digest(blob, DIGESTS, &digest), MODHASH_E_NOT_FOUND);
	for (i = 0; i < DIGESTS; i++) {
		MODHASH_INIT(module);
		ck_assert_int_eq(modhash_blob_module(blob, i, &module), 0);
		ck_assert_str_eq(module.name, names[i]);
		ck_assert_uint_eq(module.position, positions[i]);
		ck_assert_uint_eq(module.payload_length, 1000 + positions[i]);
		ck_assert_uint_eq(module.flags, positions[i] % 2 ? MODHASH_BLOB_MODULE_SIGNED : 0);
		ck_assert_uint_eq(module.build_id_length,
				  positions[i] == 3 ? 0 : 16 + positions[i]);
		ck_assert_int_eq(module.build_id == NULL, positions[i] == 3);
		for (seed = 42, p = 0; p <= positions[i]; p++)
			digest = random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
		ck_assert_int_eq(modhash_blob_contains(blob, &digest, &index), 1);
		ck_assert_uint_eq(index, module.digest);
	}
	ck_assert_int_eq(modhash_blob_module(blob, DIGESTS, &module), MODHASH_E_NOT_FOUND);
	modhash_blob_free(blob);
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* Every bit counts: there is none that could be flipped without being noticed. */
START_TEST(each_bit_flipped_is_noticed)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer buffer = small_table(ctx);
	size_t bit;

	for (bit = 0; bit < buffer.length * 8; bit++) {
		struct modhash_error err;
		int rc;

		buffer.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		rc = read_status(ctx, buffer.data, (size_t)buffer.length, &err);
		ck_assert_msg(rc == MODHASH_E_BLOB || rc == MODHASH_E_CHECKSUM ||
				      rc == MODHASH_E_UNSUPPORTED,
			      "byte %zu bit %zu: %d", bit / 8, bit % 8, rc);
		buffer.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	ck_assert_int_eq(read_status(ctx, buffer.data, (size_t)buffer.length, NULL), 0);
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* Whole without the sections, or without the last; nothing else is. */
START_TEST(cut_at_each_length)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer buffer = small_table(ctx);
	size_t total = total_of(&buffer), first = total + 24 + 16, length;

	for (length = 0; length < buffer.length; length++) {
		struct guarded guarded = guarded_copy(buffer.data, length);
		struct modhash_error err;
		int rc = read_status(ctx, guarded.data, length, &err);

		if (length == 0 || length == total || length == first)
			ck_assert_int_eq(rc, 0); /* nothing is an empty list */
		else
			ck_assert_int_eq(rc, MODHASH_E_BLOB);
		guarded_free(&guarded);
	}
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* Dropping what only userland needs changes no byte before it, nor any answer. */
START_TEST(sections_can_be_dropped)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer buffer = small_table(ctx), bare;
	struct modhash_builder_opts opts = table_opts(3);
	struct modhash_blob_module module;
	struct modhash_blob_info info;
	struct modhash_blob *blob;

	opts.capacity = 8;
	bare = random_table(ctx, &opts, 42, DIGESTS);
	ck_assert_uint_eq(bare.length, total_of(&buffer));
	ck_assert_mem_eq(bare.data, buffer.data, (size_t)bare.length);

	ck_assert_int_eq(modhash_blob_from_memory(ctx, bare.data, (size_t)bare.length, &blob, NULL),
			 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_uint_eq(info.flags, MODHASH_BLOB_FILLED);
	ck_assert_uint_eq(info.modules, 0);
	ck_assert_ptr_null(info.release);
	MODHASH_INIT(module);
	ck_assert_int_eq(modhash_blob_module(blob, 0, &module), MODHASH_E_NOT_FOUND);
	ck_assert_int_eq(modhash_blob_find_module(blob, "x.ko", &module), MODHASH_E_NOT_FOUND);
	modhash_blob_free(blob);
	modhash_buffer_clear(&bare);
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* --- fields of the header --- */

struct change {
	uint32_t offset;
	uint64_t value;
	bool wide;
	int code;
};

static void apply(uint8_t *data, const struct change *change)
{
	if (change->wide)
		mh_put_le64(data + change->offset, change->value);
	else
		mh_put_le32(data + change->offset, (uint32_t)change->value);
}

START_TEST(fields_out_of_range_are_refused)
{
	static const struct change changes[] = {
		{ MODHASH_TABLE_HEADER_VERSION, 0, false, MODHASH_E_UNSUPPORTED },
		{ MODHASH_TABLE_HEADER_VERSION, 2, false, MODHASH_E_UNSUPPORTED },
		{ MODHASH_TABLE_HEADER_HEADER_SIZE, 0, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_HEADER_SIZE, 88, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_HEADER_SIZE, 97, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_HEADER_SIZE, 4096, false, MODHASH_E_BLOB }, /* short */
		{ MODHASH_TABLE_HEADER_HEADER_SIZE, 4104, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_HEADER_SIZE, 0xfffffff8, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_TOTAL_SIZE, 0, true, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_TOTAL_SIZE, 128 + 8 * 32 - 8, true, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_TOTAL_SIZE, 128 + 8 * 32 + 8, true, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_TOTAL_SIZE, UINT64_MAX, true, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_FEATURES_INCOMPATIBLE, 1, true, MODHASH_E_UNSUPPORTED },
		{ MODHASH_TABLE_HEADER_FEATURES_INCOMPATIBLE, UINT64_C(1) << 63, true,
		  MODHASH_E_UNSUPPORTED },
		{ MODHASH_TABLE_HEADER_ALGORITHM, 0, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_ALGORITHM, MODHASH_ALGO_SHA512, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_ALGORITHM, 7, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_SCOPE, 0, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_SCOPE, MODHASH_SCOPE_CANONICAL, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_SCOPE, MODHASH_SCOPE_LEAF, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_DIGEST_LENGTH, 0, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_DIGEST_LENGTH, 48, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_INDEX_BITS, 25, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_INDEX_BITS, UINT32_MAX, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_INDEX_BITS, 24, false, MODHASH_E_BLOB }, /* total size */
		{ MODHASH_TABLE_HEADER_COUNT, 9, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_COUNT, UINT32_MAX, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_COUNT, 4, false, MODHASH_E_BLOB }, /* the index differs */
		{ MODHASH_TABLE_HEADER_COUNT, 6, false, MODHASH_E_BLOB }, /* zeroes do not ascend */
		{ MODHASH_TABLE_HEADER_CAPACITY, 4, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_CAPACITY, 9, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_CAPACITY, MODHASH_TABLE_COUNT_MAX, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_CAPACITY, MODHASH_TABLE_COUNT_MAX + 1u, false,
		  MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_CAPACITY, UINT32_MAX, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_FLAGS, 0, false, MODHASH_E_BLOB }, /* but with digests */
		{ MODHASH_TABLE_HEADER_FLAGS, 3, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_FLAGS, 0x80000001, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_RESERVED, 1, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_RESERVED + 16, 0x1000000, false, MODHASH_E_BLOB },
		{ MODHASH_TABLE_HEADER_BODY_CHECKSUM, 0, false, MODHASH_E_CHECKSUM },
		{ MODHASH_TABLE_HEADER_FEATURES_COMPATIBLE, UINT64_MAX, true, 0 },
	};
	struct modhash_ctx *ctx = new_ctx();
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct modhash_buffer buffer = small_table(ctx);
		struct modhash_error err;
		int rc;

		apply(buffer.data, &changes[i]);
		make_header_good(buffer.data);
		rc = read_status(ctx, buffer.data, (size_t)buffer.length, &err);
		ck_assert_msg(rc == changes[i].code, "change %zu, at %u: %d (%s)", i,
			      changes[i].offset, rc, err.message);
		modhash_buffer_clear(&buffer);
	}
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(errors_name_the_byte)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer buffer = small_table(ctx);
	struct modhash_error err;

	mh_put_le32(buffer.data + MODHASH_TABLE_HEADER_SCOPE, 3);
	make_header_good(buffer.data);
	ck_assert_int_eq(read_status(ctx, buffer.data, (size_t)buffer.length, &err),
			 MODHASH_E_BLOB);
	ck_assert_uint_eq(err.offset, MODHASH_TABLE_HEADER_SCOPE);
	ck_assert_ptr_nonnull(strstr(err.message, "found scope 3"));
	ck_assert_ptr_nonnull(strstr(err.message, "expected 1 (file) or 2 (payload)"));
	ck_assert_int_eq(read_status(ctx, buffer.data, 100, &err), MODHASH_E_BLOB);
	modhash_buffer_clear(&buffer);

	buffer = small_table(ctx);
	ck_assert_int_eq(read_status(ctx, buffer.data, 300, &err), MODHASH_E_BLOB);
	ck_assert_uint_eq(err.offset, 300);
	ck_assert_ptr_nonnull(strstr(err.message, "expected 384"));
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* A header that grew by a minor change: what we don't know of it is not looked at. */
START_TEST(longer_header_is_read)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_buffer buffer = random_table(ctx, &opts, 6, 4);
	struct modhash_digest digest;
	struct modhash_blob *blob;
	static const uint32_t sizes[] = { 104, 120, 128, 136, 4096 };
	uint8_t *longer = calloc(1, 4160 + 128);
	uint64_t index;
	size_t i;

	ck_assert_ptr_nonnull(longer);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		uint32_t size = sizes[i], digests = (size + 63) / 64 * 64;

		memset(longer, 0, 4160 + 128);
		memcpy(longer, buffer.data, 96);
		memset(longer + 96, 0xee, size - 96);
		memcpy(longer + digests, buffer.data + 128, 128);
		mh_put_le32(longer + MODHASH_TABLE_HEADER_HEADER_SIZE, size);
		mh_put_le64(longer + MODHASH_TABLE_HEADER_TOTAL_SIZE, digests + 128);
		make_good(longer);
		ck_assert_int_eq(modhash_blob_from_memory(ctx, longer, digests + 128, &blob, NULL),
				 0);
		ck_assert_int_eq(modhash_blob_digest(blob, 2, &digest), 0);
		ck_assert_int_eq(modhash_blob_contains(blob, &digest, &index), 1);
		ck_assert_mem_eq(digest.bytes, buffer.data + 128 + 64, 32);
		modhash_blob_free(blob);
		longer[size - 1] ^= 1; /* covered by the checksum all the same */
		ck_assert_int_eq(read_status(ctx, longer, digests + 128, NULL), MODHASH_E_CHECKSUM);
	}
	free(longer);
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* --- a body that contradicts itself, with checksums that match --- */

START_TEST(bodies_that_contradict_themselves_are_refused)
{
	static const struct {
		size_t offset;
		uint8_t flip;
	} flips[] = {
		{ 96, 1 },	   /* the first entry of the index, which is 0 */
		{ 96 + 4 * 7, 4 }, /* the last */
		{ 96 + 4 * 4, 2 }, /* one in the middle */
		{ 96 + 4 * 4 + 3, 128 },
		{ 128, 0x80 },		/* the first digest in another bucket */
		{ 128 + 32 * 4, 0x80 }, /* the last, too */
		{ 128 + 32 * 5, 1 },	/* behind the last digest */
		{ 128 + 32 * 8 - 1, 1 },
	};
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_error err;
	size_t i;

	for (i = 0; i < sizeof(flips) / sizeof(flips[0]); i++) {
		struct modhash_buffer buffer = small_table(ctx);

		buffer.data[flips[i].offset] ^= flips[i].flip;
		make_good(buffer.data);
		ck_assert_msg(read_status(ctx, buffer.data, (size_t)buffer.length, &err) ==
				      MODHASH_E_BLOB,
			      "flip %zu", i);
		modhash_buffer_clear(&buffer);
	}
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(digests_must_ascend)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_buffer buffer = random_table(ctx, &opts, 6, 4);
	uint8_t swapped[32];

	memcpy(swapped, buffer.data + 128, 32);
	memcpy(buffer.data + 128, buffer.data + 160, 32); /* twice the same */
	make_good(buffer.data);
	ck_assert_int_eq(read_status(ctx, buffer.data, (size_t)buffer.length, NULL),
			 MODHASH_E_BLOB);
	memcpy(buffer.data + 160, swapped, 32); /* the wrong way round */
	make_good(buffer.data);
	ck_assert_int_eq(read_status(ctx, buffer.data, (size_t)buffer.length, NULL),
			 MODHASH_E_BLOB);
	modhash_buffer_clear(&buffer);

	buffer = random_table(ctx, &opts, 6, 4);
	buffer.data[127] = 1; /* between header and digests */
	make_good(buffer.data);
	ck_assert_int_eq(read_status(ctx, buffer.data, (size_t)buffer.length, NULL),
			 MODHASH_E_BLOB);
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* --- filled or not --- */

START_TEST(no_modules_is_not_the_same_as_not_filled)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(MODHASH_INDEX_FAST);
	struct modhash_buffer buffer;
	struct modhash_blob_info info;
	struct modhash_digest digest = { MODHASH_ALGO_SHA256, 32, MODHASH_SCOPE_PAYLOAD, 0, { 0 } };
	struct modhash_blob *blob;
	int filled;

	opts.capacity = 1000;
	buffer = random_table(ctx, &opts, 1, 0);
	for (filled = 1; filled >= 0; filled--) {
		ck_assert_int_eq(modhash_blob_from_memory(ctx, buffer.data, (size_t)buffer.length,
							  &blob, NULL),
				 0);
		MODHASH_INIT(info);
		ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
		ck_assert_uint_eq(info.flags, filled ? MODHASH_BLOB_FILLED : 0);
		ck_assert_uint_eq(info.count, 0);
		ck_assert_uint_eq(info.capacity, 1000);
		ck_assert_int_eq(modhash_blob_contains(blob, &digest, NULL), 0);
		modhash_blob_free(blob);
		mh_put_le32(buffer.data + MODHASH_TABLE_HEADER_FLAGS, 0);
		make_good(buffer.data);
	}
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* --- sections --- */

/* A table with sections that a test puts there. */
struct patchwork {
	struct modhash_ctx *ctx;
	uint8_t bytes[4096];
	size_t length;
	size_t section; /* where the last one begins */
};

static void patchwork_new(struct patchwork *work)
{
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_buffer buffer;

	memset(work, 0, sizeof(*work));
	work->ctx = new_ctx();
	buffer = random_table(work->ctx, &opts, 6, 4);
	memcpy(work->bytes, buffer.data, (size_t)buffer.length);
	work->length = (size_t)buffer.length;
	modhash_buffer_clear(&buffer);
}

static void put_section(struct patchwork *work, uint32_t type, const void *contents, size_t length)
{
	uint8_t *head = work->bytes + work->length;

	work->section = work->length;
	mh_put_le32(head, MODHASH_SECTION_MAGIC);
	mh_put_le32(head + 4, type);
	mh_put_le64(head + 8, length);
	mh_put_le32(head + 16, mh_core_crc32(0, contents, length));
	mh_put_le32(head + 20, mh_core_crc32(0, head, 20));
	memcpy(head + 24, contents, length);
	work->length += 24 + (length + 7) / 8 * 8;
}

static int patchwork_status(struct patchwork *work, struct modhash_error *err)
{
	struct guarded guarded = guarded_copy(work->bytes, work->length);
	int rc = read_status(work->ctx, guarded.data, work->length, err);

	guarded_free(&guarded);
	return rc;
}

static void patchwork_free(struct patchwork *work)
{
	modhash_ctx_free(work->ctx);
}

START_TEST(unknown_sections_are_passed_over)
{
	struct modhash_blob_info info;
	struct modhash_blob *blob;
	struct patchwork work;

	patchwork_new(&work);
	put_section(&work, 77, "of a later version", 18);
	put_section(&work, MODHASH_SECTION_RELEASE, "12345678", 8); /* no padding behind it */
	put_section(&work, 0xffffffff, "", 0);
	ck_assert_int_eq(modhash_blob_from_memory(work.ctx, work.bytes, work.length, &blob, NULL),
			 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_str_eq(info.release, "12345678");
	ck_assert_uint_eq(info.flags, MODHASH_BLOB_FILLED);
	modhash_blob_free(blob);
	/* but their checksums count */
	work.bytes[total_of(&(struct modhash_buffer){ work.bytes, 0 }) + 24] ^= 1;
	ck_assert_int_eq(patchwork_status(&work, NULL), MODHASH_E_CHECKSUM);
	patchwork_free(&work);
}
END_TEST

START_TEST(zeroes_may_follow_and_nothing_else)
{
	struct modhash_error err;
	struct patchwork work;
	size_t length;
	int sections;

	for (sections = 0; sections < 2; sections++) {
		patchwork_new(&work);
		if (sections)
			put_section(&work, MODHASH_SECTION_RELEASE, "6.1", 3);
		length = work.length;
		for (work.length = length; work.length < length + 70; work.length++)
			ck_assert_int_eq(patchwork_status(&work, &err), 0);
		work.bytes[length + 69] = 1;
		ck_assert_int_eq(patchwork_status(&work, &err), MODHASH_E_BLOB);
		ck_assert_uint_eq(err.offset, length);
		work.bytes[length + 69] = 0;
		work.bytes[length] = 1;
		work.length = length + 1;
		ck_assert_int_eq(patchwork_status(&work, &err), MODHASH_E_BLOB);
		patchwork_free(&work);
	}
}
END_TEST

START_TEST(sections_that_claim_what_is_not_there)
{
	static const uint64_t lengths[] = { 8 + 1,	     1000,
					    UINT64_MAX,	     UINT64_MAX - 7,
					    UINT64_MAX - 24, UINT64_C(1) << 63,
					    0xffffffff };
	struct modhash_error err;
	struct patchwork work;
	size_t i;

	patchwork_new(&work);
	put_section(&work, 5, "12345678", 8);
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		uint8_t *head = work.bytes + work.section;

		mh_put_le64(head + 8, lengths[i]);
		mh_put_le32(head + 20, mh_core_crc32(0, head, 20));
		ck_assert_int_eq(patchwork_status(&work, &err), MODHASH_E_BLOB);
	}
	patchwork_free(&work);
}
END_TEST

START_TEST(releases_that_are_none)
{
	struct patchwork work;

	patchwork_new(&work);
	put_section(&work, MODHASH_SECTION_RELEASE, "6.1\0.0", 6);
	ck_assert_int_eq(patchwork_status(&work, NULL), MODHASH_E_BLOB);
	patchwork_free(&work);
	patchwork_new(&work);
	put_section(&work, MODHASH_SECTION_RELEASE, "6.1", 3);
	put_section(&work, MODHASH_SECTION_RELEASE, "6.1", 3);
	ck_assert_int_eq(patchwork_status(&work, NULL), MODHASH_E_BLOB);
	patchwork_free(&work);
	patchwork_new(&work);
	put_section(&work, MODHASH_SECTION_RELEASE, "", 0);
	ck_assert_int_eq(patchwork_status(&work, NULL), 0);
	patchwork_free(&work);
}
END_TEST

#define RECORDS 2
#define NAMES (8 + RECORDS * 64)
#define CONTENTS (NAMES + 10)

/* Two modules, "a.ko" and "b.ko". */
static void modules_contents(uint8_t contents[CONTENTS])
{
	int i;

	memset(contents, 0, CONTENTS);
	mh_put_le32(contents, RECORDS);
	mh_put_le32(contents + 4, 64);
	for (i = 0; i < RECORDS; i++) {
		uint8_t *record = contents + 8 + i * 64;

		mh_put_le32(record + MODHASH_SECTION_RECORD_NAME_OFFSET, (uint32_t)(NAMES + 5 * i));
		mh_put_le32(record + MODHASH_SECTION_RECORD_NAME_LENGTH, 4);
		mh_put_le32(record + MODHASH_SECTION_RECORD_DIGEST, (uint32_t)(3 - i));
		mh_put_le32(record + MODHASH_SECTION_RECORD_BUILD_ID_LENGTH, 32);
		memset(record + MODHASH_SECTION_RECORD_BUILD_ID, 0x77, 32);
	}
	memcpy(contents + NAMES, "a.ko\0b.ko", 10);
}

START_TEST(modules_that_contradict_themselves_are_refused)
{
	static const struct change changes[] = {
		{ 0, 2, false, 0 },
		{ 0, 1, false, 0 }, /* the second record is then part of the names */
		{ 0, 0, false, 0 },
		{ 0, 3, false, MODHASH_E_BLOB },
		{ 0, UINT32_MAX, false, MODHASH_E_BLOB },
		{ 4, 63, false, MODHASH_E_BLOB },
		{ 4, 0, false, MODHASH_E_BLOB },
		{ 4, UINT32_MAX, false, MODHASH_E_BLOB },
		{ 8, 0, false, MODHASH_E_BLOB },	 /* a name in the head */
		{ 8, NAMES - 1, false, MODHASH_E_BLOB }, /* in the records */
		{ 8, NAMES + 1, false, MODHASH_E_BLOB }, /* no NUL where it ends */
		{ 8, CONTENTS, false, MODHASH_E_BLOB },
		{ 8, UINT32_MAX, false, MODHASH_E_BLOB },
		{ 12, 0, false, MODHASH_E_BLOB },
		{ 12, 3, false, MODHASH_E_BLOB },
		{ 12, 9, false, MODHASH_E_BLOB }, /* a NUL within */
		{ 12, 10, false, MODHASH_E_BLOB },
		{ 12, UINT32_MAX, false, MODHASH_E_BLOB },
		{ 72, NAMES, false, 0 }, /* twice the same name */
		{ 8, NAMES + 5, false, 0 },
		{ 16, 4, false, MODHASH_E_BLOB }, /* a digest that there is none of */
		{ 16, UINT32_MAX, false, MODHASH_E_BLOB },
		{ 36, 33, false, MODHASH_E_BLOB }, /* the build id's length */
		{ 36, 31, false, MODHASH_E_BLOB },
		{ 36, UINT32_MAX, false, MODHASH_E_BLOB },
		{ 32, 0xfffffffe, false, 0 }, /* flags of a later version */
	};
	struct modhash_error err;
	size_t i;

	for (i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		uint8_t contents[CONTENTS];
		struct patchwork work;
		int rc;

		patchwork_new(&work);
		modules_contents(contents);
		apply(contents, &changes[i]);
		put_section(&work, MODHASH_SECTION_MODULES, contents, sizeof(contents));
		rc = patchwork_status(&work, &err);
		ck_assert_msg(rc == changes[i].code, "change %zu: %d (%s)", i, rc, err.message);
		patchwork_free(&work);
	}
}
END_TEST

START_TEST(modules_must_be_in_order)
{
	uint8_t contents[CONTENTS];
	struct modhash_error err;
	struct patchwork work;

	patchwork_new(&work);
	modules_contents(contents);
	memcpy(contents + NAMES, "b.ko\0a.ko", 10);
	put_section(&work, MODHASH_SECTION_MODULES, contents, sizeof(contents));
	ck_assert_int_eq(patchwork_status(&work, &err), MODHASH_E_BLOB);
	ck_assert_uint_eq(err.offset, work.section + 24 + 8 + 64);
	patchwork_free(&work);

	patchwork_new(&work);
	modules_contents(contents);
	put_section(&work, MODHASH_SECTION_MODULES, contents, sizeof(contents));
	put_section(&work, MODHASH_SECTION_MODULES, contents, sizeof(contents));
	ck_assert_int_eq(patchwork_status(&work, &err), MODHASH_E_BLOB);
	patchwork_free(&work);

	patchwork_new(&work);
	put_section(&work, MODHASH_SECTION_MODULES, contents, 7);
	ck_assert_int_eq(patchwork_status(&work, &err), MODHASH_E_BLOB);
	patchwork_free(&work);
}
END_TEST

/* Records of a later version are longer; what we don't know of them is not looked at. */
START_TEST(longer_records_are_read)
{
	uint8_t contents[CONTENTS], longer[CONTENTS + 2 * 16];
	struct modhash_blob_module module;
	struct modhash_blob *blob;
	struct patchwork work;
	int i;

	modules_contents(contents);
	memset(longer, 0xcc, sizeof(longer));
	memcpy(longer, contents, 8);
	mh_put_le32(longer + 4, 80);
	for (i = 0; i < RECORDS; i++) {
		memcpy(longer + 8 + i * 80, contents + 8 + i * 64, 64);
		mh_put_le32(longer + 8 + i * 80, (uint32_t)(NAMES + 32 + 5 * i));
	}
	memcpy(longer + NAMES + 32, contents + NAMES, 10);
	patchwork_new(&work);
	put_section(&work, MODHASH_SECTION_MODULES, longer, sizeof(longer));
	ck_assert_int_eq(modhash_blob_from_memory(work.ctx, work.bytes, work.length, &blob, NULL),
			 0);
	MODHASH_INIT(module);
	ck_assert_int_eq(modhash_blob_find_module(blob, "b.ko", &module), 0);
	ck_assert_str_eq(module.name, "b.ko");
	ck_assert_uint_eq(module.digest, 2);
	ck_assert_uint_eq(module.build_id_length, 32);
	ck_assert_uint_eq(module.build_id[31], 0x77);
	modhash_blob_free(blob);
	patchwork_free(&work);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("table");
	TCase *tcase = tcase_create("table");

	tcase_add_test(tcase, table_is_read_back);
	tcase_add_test(tcase, each_bit_flipped_is_noticed);
	tcase_add_test(tcase, cut_at_each_length);
	tcase_add_test(tcase, sections_can_be_dropped);
	tcase_add_test(tcase, fields_out_of_range_are_refused);
	tcase_add_test(tcase, errors_name_the_byte);
	tcase_add_test(tcase, longer_header_is_read);
	tcase_add_test(tcase, bodies_that_contradict_themselves_are_refused);
	tcase_add_test(tcase, digests_must_ascend);
	tcase_add_test(tcase, no_modules_is_not_the_same_as_not_filled);
	tcase_add_test(tcase, unknown_sections_are_passed_over);
	tcase_add_test(tcase, zeroes_may_follow_and_nothing_else);
	tcase_add_test(tcase, sections_that_claim_what_is_not_there);
	tcase_add_test(tcase, releases_that_are_none);
	tcase_add_test(tcase, modules_that_contradict_themselves_are_refused);
	tcase_add_test(tcase, modules_must_be_in_order);
	tcase_add_test(tcase, longer_records_are_read);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
