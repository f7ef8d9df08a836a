/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the tests of blobs share: digests made up, blobs built, headers made good again.
 */
#ifndef BLOB_HELP_H
#define BLOB_HELP_H

#include <check.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <modhash/modhash.h>

#include "builder.h"
#include "checked.h"
#include "core/core.h"

/* A generator of our own: the same numbers on every machine. */
MH_WRAPS static inline uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static inline void random_bytes(uint32_t *state, uint8_t *bytes, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++)
		bytes[i] = (uint8_t)(next_random(state) >> 11);
}

static inline struct modhash_ctx *new_ctx(void)
{
	struct modhash_ctx *ctx;

	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
	return ctx;
}

static inline struct modhash_digest random_digest(uint32_t *state, int algorithm, int scope)
{
	struct modhash_digest digest;

	memset(&digest, 0, sizeof(digest));
	digest.algorithm = (uint16_t)algorithm;
	digest.length = (uint16_t)modhash_algorithm_length(algorithm);
	digest.scope = (uint16_t)scope;
	random_bytes(state, digest.bytes, digest.length);
	return digest;
}

static inline struct modhash_builder_opts table_opts(uint32_t index_bits)
{
	struct modhash_builder_opts opts;

	MODHASH_INIT(opts);
	opts.format = MODHASH_FORMAT_TABLE;
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.scope = MODHASH_SCOPE_PAYLOAD;
	opts.index_bits = index_bits;
	return opts;
}

static inline struct modhash_builder_opts list_opts(void)
{
	struct modhash_builder_opts opts;

	MODHASH_INIT(opts);
	opts.format = MODHASH_FORMAT_LIST;
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.scope = MODHASH_SCOPE_FILE;
	return opts;
}

static inline struct modhash_builder_opts root_opts(int byte_order)
{
	struct modhash_builder_opts opts;

	MODHASH_INIT(opts);
	opts.format = MODHASH_FORMAT_MERKLE;
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.scope = MODHASH_SCOPE_LEAF;
	opts.byte_order = (uint32_t)byte_order;
	return opts;
}

static inline struct modhash_builder *new_builder(const struct modhash_ctx *ctx,
						  const struct modhash_builder_opts *opts)
{
	struct modhash_builder *builder;

	ck_assert_int_eq(modhash_builder_new(ctx, opts, &builder, NULL), 0);
	return builder;
}

static inline void add_named(struct modhash_builder *builder, const struct modhash_digest *digest,
			     const char *name)
{
	struct modhash_blob_module module;

	MODHASH_INIT(module);
	module.name = name;
	ck_assert_int_eq(modhash_builder_add(builder, digest, name ? &module : NULL, NULL), 0);
}

/* A table of @count made-up digests, which are those that @seed gives in turn. */
static inline struct modhash_buffer random_table(const struct modhash_ctx *ctx,
						 const struct modhash_builder_opts *opts,
						 uint32_t seed, unsigned int count)
{
	struct modhash_builder *builder = new_builder(ctx, opts);
	struct modhash_buffer buffer;
	unsigned int i;

	for (i = 0; i < count; i++) {
		struct modhash_digest digest =
			random_digest(&seed, (int)opts->algorithm, (int)opts->scope);

		ck_assert_int_eq(modhash_builder_add(builder, &digest, NULL, NULL), 0);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	modhash_builder_free(builder);
	return buffer;
}

/* Both checksums of a table made right again after a change. */
static inline void make_good(uint8_t *table)
{
	uint32_t size = mh_core_le32(table + MODHASH_TABLE_HEADER_HEADER_SIZE);
	uint64_t total = mh_core_le64(table + MODHASH_TABLE_HEADER_TOTAL_SIZE);

	mh_put_le32(table + MODHASH_TABLE_HEADER_BODY_CHECKSUM,
		    mh_core_crc32(0, table + size, total - size));
	mh_put_le32(table + MODHASH_TABLE_HEADER_HEADER_CHECKSUM,
		    mh_core_table_header_checksum(table, size));
}

/* That of the header alone, whatever its fields say. */
static inline void make_header_good(uint8_t *table)
{
	mh_put_le32(table + MODHASH_TABLE_HEADER_HEADER_CHECKSUM,
		    mh_core_table_header_checksum(table, MODHASH_TABLE_HEADER_SIZE));
}

/* What reading these bytes gives; the blob is not kept. */
static inline int read_status(const struct modhash_ctx *ctx, const void *data, size_t length,
			      struct modhash_error *err)
{
	struct modhash_blob *blob;
	int rc;

	if (err)
		memset(err, 0, sizeof(*err));
	rc = modhash_blob_from_memory(ctx, data, length, &blob, err);
	if (rc) {
		ck_assert_ptr_null(blob);
		if (err) {
			ck_assert_int_eq(err->code, rc);
			ck_assert_str_ne(err->message, "");
		}
	} else {
		ck_assert_ptr_nonnull(blob);
	}
	modhash_blob_free(blob);
	return rc;
}

/*
 * Memory that ends where a page that can't be read begins: what reads on is killed, with
 * sanitizers or without.
 */
struct guarded {
	uint8_t *data;
	uint8_t *map;
	size_t mapped;
};

static inline struct guarded guarded_copy(const void *data, size_t length)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), room = (length + page - 1) / page * page;
	struct guarded guarded;

	guarded.mapped = room + page;
	guarded.map = mmap(NULL, guarded.mapped, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(guarded.map, MAP_FAILED);
	ck_assert_int_eq(mprotect(guarded.map + room, page, PROT_NONE), 0);
	guarded.data = guarded.map + room - length;
	if (length)
		memcpy(guarded.data, data, length);
	return guarded;
}

static inline void guarded_free(struct guarded *guarded)
{
	munmap(guarded->map, guarded->mapped);
}

static inline int run_suite(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}

#endif /* BLOB_HELP_H */
