/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a kernel runs, on tables that are damaged in any way: a digest behind its length, then the
 * table.  A table that is opened is asked, whether its body is right or not: never a yes
 * for a digest that is not at the place that is named.  Where the body is right, the library and the
 * reader that was written from the manual answer the same.
 */
#include "../reader/reader.h"
#include "blobs.h"
#include "core/core.h"

#define PROBES_MAX 512

static const uint8_t *digest_at(const struct mh_core_table *table, uint32_t index)
{
	return table->digests + (size_t)index * table->digest_length;
}

static bool is_there(const struct mh_core_table *table, const uint8_t *digest)
{
	for (uint32_t i = 0; i < table->count; i++) {
		if (!memcmp(digest_at(table, i), digest, table->digest_length))
			return true;
	}
	return false;
}

/* The table as others see it; NULL if its body is wrong. */
struct others {
	struct modhash_blob *blob;
	struct reader reader;
};

static void ask(const struct mh_core_table *table, const uint8_t *digest,
		const struct others *others)
{
	uint32_t index = UINT32_MAX;
	int answer = mh_core_table_find(table, digest, &index);
	struct modhash_digest asked = { .algorithm = (uint16_t)table->algorithm,
					.length = (uint16_t)table->digest_length,
					.scope = (uint16_t)table->scope };

	MUST(answer == 0 || answer == 1);
	if (answer) {
		MUST(index < table->count);
		MUST(!memcmp(digest_at(table, index), digest, table->digest_length));
	}
	if (!others)
		return;
	MUST(answer == is_there(table, digest));
	memcpy(asked.bytes, digest, table->digest_length);
	MUST(modhash_blob_contains(others->blob, &asked, NULL) == answer);
	MUST(reader_find(&others->reader, digest) == (answer ? (long long)index : -1));
}

static void ask_all(const struct mh_core_table *table, const uint8_t probe[MODHASH_DIGEST_MAX],
		    const struct others *others)
{
	uint8_t digest[MODHASH_DIGEST_MAX];

	ask(table, probe, others);
	for (uint32_t i = 0; i < table->count && i < PROBES_MAX; i++) {
		memcpy(digest, digest_at(table, i), table->digest_length);
		ask(table, digest, others);
		digest[table->digest_length - 1] ^= 1;
		ask(table, digest, others);
		digest[i % 8] ^= (uint8_t)(1u << (i / 8 % 8));
		ask(table, digest, others);
	}
	memset(digest, 0, sizeof(digest));
	ask(table, digest, others);
	memset(digest, 0xff, sizeof(digest));
	ask(table, digest, others);
}

static void check_opened(const struct mh_core_table *table, const uint8_t *data,
			 const uint8_t probe[MODHASH_DIGEST_MAX])
{
	struct others others;
	int status = mh_core_table_check(table, data);

	MUST(status == MH_CORE_OK || status == MH_CORE_BODY || status == MH_CORE_INDEX ||
	     status == MH_CORE_SORT);
	MUST(!!modhash_blob_from_memory(fuzz_ctx(), data, table->total_size, &others.blob,
					NULL) == !!status);
	MUST(!!reader_open(&others.reader, data, table->total_size) == !!status);
	ask_all(table, probe, status ? NULL : &others);
	modhash_blob_free(others.blob);
}

static void check(const uint8_t *data, size_t length, const uint8_t probe[MODHASH_DIGEST_MAX])
{
	struct mh_core_table table, again;
	int status = mh_core_table_open(data, length, &table);
	uint8_t *exact;

	MUST(status <= 0 && status >= MH_CORE_FIELD);
	MUST(table.field < MODHASH_TABLE_HEADER_SIZE);
	if (status) {
		struct modhash_blob *blob = NULL;

		if (status != MH_CORE_MAGIC && length >= MODHASH_TABLE_MAGIC_LENGTH)
			MUST(modhash_blob_from_memory(fuzz_ctx(), data, length, &blob, NULL));
		return;
	}
	MUST(table.total_size <= length);
	/* What lies behind it is not looked at. */
	exact = fuzz_copy(data, table.total_size);
	MUST(mh_core_table_open(exact, table.total_size, &again) == MH_CORE_OK);
	MUST(mh_core_table_open(exact, table.total_size - 1, &table) == MH_CORE_SHORT);
	check_opened(&again, exact, probe);
	free(exact);
}

static void check_list(const uint8_t *data, size_t length,
		       const uint8_t probe[MODHASH_DIGEST_MAX])
{
	uint64_t count = length / MODHASH_LIST_DIGEST_LENGTH, index = UINT64_MAX, i = 0;
	int answer;

	while (i < count && memcmp(data + i * MODHASH_LIST_DIGEST_LENGTH, probe,
				   MODHASH_LIST_DIGEST_LENGTH))
		i++;
	answer = mh_core_list_find(data, count * MODHASH_LIST_DIGEST_LENGTH, probe, &index);
	MUST(answer == (i < count));
	MUST(!answer || index == i);
}

static void run(const uint8_t *data, size_t length)
{
	struct fuzz_input input = { data, length }, piece = fuzz_take_piece(&input);
	uint8_t probe[MODHASH_DIGEST_MAX] = { 0 }, *table = fuzz_copy(input.data, input.length);

	memcpy(probe, piece.data, piece.length < sizeof(probe) ? piece.length : sizeof(probe));
	check_list(table, input.length, probe);
	check(table, input.length, probe);
	fuzz_make_header_good(table, input.length);
	check(table, input.length, probe);
	fuzz_make_good(table, input.length);
	check(table, input.length, probe);
	free(table);
}

extern const struct fuzz_target fuzz_core;
const struct fuzz_target fuzz_core = {
	.name = "core",
	.run = run,
	.max_length = 4096,
	.covers = "lib/core/table.c lib/core/list.c",
};
