/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A table, as it is and with its checksums made right.  The reader that was written from the
 * manual alone says the same of it; put together again it is a table of the same contents, and
 * the same bytes when that is done once more.
 */
#include "../reader/reader.h"
#include "blobs.h"

static bool is_table(const uint8_t *data, size_t length)
{
	return length >= MODHASH_TABLE_MAGIC_LENGTH &&
	       !memcmp(data, MODHASH_TABLE_MAGIC, MODHASH_TABLE_MAGIC_LENGTH);
}

static void check_stranger(const struct reader *reader, const struct modhash_blob *blob)
{
	struct modhash_blob_info info = fuzz_blob_info(blob);
	unsigned long long digest, position, payload_length, is_signed;
	struct modhash_digest one;

	MUST(reader->count == info.count && reader->capacity == info.capacity);
	MUST(reader->algorithm == info.algorithm && reader->scope == info.scope);
	MUST(reader->index_bits == info.index_bits && reader->total_size == info.length);
	MUST(reader->modules == info.modules);
	for (uint64_t i = 0; i < info.count; i++) {
		MUST(modhash_blob_digest(blob, i, &one) == 0);
		MUST(reader_find(reader, one.bytes) == (long long)i);
	}
	for (uint64_t i = 0; i < info.modules; i++) {
		struct modhash_blob_module module;
		const char *name = reader_module(reader, i, &digest, &position, &payload_length,
						 &is_signed);

		MODHASH_INIT(module);
		MUST(modhash_blob_module(blob, i, &module) == 0);
		MUST(!strcmp(name, module.name) && digest == module.digest);
		MUST(position == module.position && payload_length == module.payload_length);
	}
}

static int not_the_same(void *user, const struct modhash_diff_entry *entry)
{
	(void)user;
	MUST(entry->change == MODHASH_DIFF_SAME);
	return 0;
}

static void check_rebuilt(const struct modhash_blob *blob)
{
	struct modhash_buffer first, second;
	struct modhash_blob *again;

	if (!fuzz_rebuild(blob, &first))
		return;
	again = fuzz_read_blob(first.data, first.length);
	MUST(again);
	MUST(modhash_blob_diff(blob, again, not_the_same, NULL, NULL) == 0);
	MUST(fuzz_blob_info(blob).modules == fuzz_blob_info(again).modules);
	MUST(fuzz_rebuild(again, &second));
	MUST(first.length == second.length && !memcmp(first.data, second.data, first.length));
	modhash_blob_free(again);
	modhash_buffer_clear(&first);
	modhash_buffer_clear(&second);
}

static void check(const uint8_t *data, size_t length)
{
	struct modhash_blob *blob = fuzz_read_blob(data, length);
	struct reader reader;

	if (is_table(data, length))
		MUST(!reader_open(&reader, data, length) == !!blob);
	if (!blob)
		return;
	fuzz_check_blob(blob);
	if (is_table(data, length)) {
		check_stranger(&reader, blob);
		check_rebuilt(blob);
	}
	modhash_blob_free(blob);
}

static void run(const uint8_t *data, size_t length)
{
	uint8_t *copy = fuzz_copy(data, length);

	check(data, length);
	fuzz_make_good(copy, length);
	check(copy, length);
	free(copy);
}

extern const struct fuzz_target fuzz_table;
const struct fuzz_target fuzz_table = {
	.name = "table",
	.run = run,
	.max_length = 4096,
	.covers = "lib/format-table.c lib/sections.c lib/blob.c lib/core/table.c",
};
