/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Written, read, written again: the same bytes.  The input is what goes into a table: algorithm,
 * scope, bits of the index, room beyond what is needed, a release, then modules, each a name behind
 * its length, what the digest is made of, and the rest.
 */
#include "../reader/reader.h"
#include "blobs.h"

static const uint16_t algorithms[] = {
	MODHASH_ALGO_SHA256,   MODHASH_ALGO_SHA384,   MODHASH_ALGO_SHA512,
	MODHASH_ALGO_SHA3_256, MODHASH_ALGO_SHA3_384, MODHASH_ALGO_SHA3_512,
};

#define INDEX_BITS_MOST 12 /* a larger index is slow, and nothing else */

struct wanted {
	struct modhash_builder_opts opts;
	char release[32];
	struct modhash_digest digests[96];
	uint32_t count;
};

static void take_text(struct fuzz_input *input, char *text, size_t room)
{
	size_t length = fuzz_take8(input) % room, i;

	memset(text, 0, room);
	for (i = 0; i < length; i++) {
		text[i] = (char)fuzz_take8(input);
		if (!text[i])
			break;
	}
}

static void take_opts(struct fuzz_input *input, struct wanted *wanted)
{
	struct modhash_builder_opts *opts = &wanted->opts;
	uint8_t bits, flags;

	MODHASH_INIT(*opts);
	opts->format = MODHASH_FORMAT_TABLE;
	opts->algorithm = algorithms[fuzz_take8(input) % 6];
	bits = fuzz_take8(input);
	if (bits >= 0xf8)
		opts->index_bits = MODHASH_INDEX_SMALL;
	else if (bits >= 0xf0)
		opts->index_bits = MODHASH_INDEX_FAST;
	else
		opts->index_bits = bits % (INDEX_BITS_MOST + 1);
	flags = fuzz_take8(input);
	opts->scope = flags & 1 ? MODHASH_SCOPE_FILE : MODHASH_SCOPE_PAYLOAD;
	opts->capacity = flags & 2 ? fuzz_take8(input) : 0;
	take_text(input, wanted->release, sizeof(wanted->release));
	if (flags & 4)
		opts->release = wanted->release;
	if (flags & 8)
		opts->flags = MODHASH_BUILDER_NAMES;
	if ((flags & 0xf0) == 0xf0) {
		opts->flags = MODHASH_BUILDER_RESERVE;
		opts->release = NULL;
	}
}

/* One that was there before, one of few bits, or any. */
static struct modhash_digest take_digest(struct fuzz_input *input, const struct wanted *wanted)
{
	struct modhash_digest digest;
	uint8_t how = fuzz_take8(input), length;

	if (how >= 0xc0 && wanted->count)
		return wanted->digests[how % wanted->count];
	digest = fuzz_digest((int)wanted->opts.algorithm, (int)wanted->opts.scope, &how, 1);
	if (how >= 0x80)
		return digest;
	memset(digest.bytes, how & 1 ? 0xff : 0, digest.length);
	length = (uint8_t)(how % 9);
	for (uint8_t i = 0; i < length; i++)
		digest.bytes[(i * (how >> 4 | 1)) % digest.length] = fuzz_take8(input);
	return digest;
}

static void add(struct modhash_builder *builder, struct fuzz_input *input, struct wanted *wanted)
{
	struct modhash_blob_module module;
	uint8_t build_id[40];
	char name[48];

	MODHASH_INIT(module);
	take_text(input, name, sizeof(name));
	wanted->digests[wanted->count] = take_digest(input, wanted);
	module.flags = fuzz_take8(input) & MODHASH_BLOB_MODULE_SIGNED;
	module.payload_length = fuzz_take32(input);
	module.build_id_length = fuzz_take8(input) % sizeof(build_id);
	memset(build_id, 0xb1, sizeof(build_id));
	module.build_id = module.build_id_length ? build_id : NULL;
	module.name = name[0] ? name : NULL;
	MUST(modhash_builder_add(builder, &wanted->digests[wanted->count], &module, NULL) == 0);
	wanted->count++;
}

static uint32_t count_different(const struct wanted *wanted)
{
	uint32_t count = 0, j;

	for (uint32_t i = 0; i < wanted->count; i++) {
		for (j = 0; j < i; j++) {
			if (modhash_digest_equal(&wanted->digests[i], &wanted->digests[j]))
				break;
		}
		count += j == i;
	}
	return count;
}

static void check_written(const struct modhash_buffer *buffer, const struct wanted *wanted)
{
	struct modhash_blob *blob = fuzz_read_blob(buffer->data, buffer->length);
	bool filled = !(wanted->opts.flags & MODHASH_BUILDER_RESERVE);
	struct modhash_blob_info info;
	struct modhash_buffer again;
	struct reader reader;

	MUST(blob);
	info = fuzz_blob_info(blob);
	MUST(info.count == count_different(wanted));
	MUST(!(info.flags & MODHASH_BLOB_FILLED) == !filled);
	MUST(!info.release == !wanted->opts.release);
	MUST(!info.release || !strcmp(info.release, wanted->release));
	for (uint32_t i = 0; i < wanted->count; i++)
		MUST(modhash_blob_contains(blob, &wanted->digests[i], NULL) == 1);
	fuzz_check_blob(blob);
	MUST(!reader_open(&reader, buffer->data, buffer->length));
	MUST(fuzz_rebuild(blob, &again));
	MUST(again.length == buffer->length && !memcmp(again.data, buffer->data, again.length));
	modhash_buffer_clear(&again);
	modhash_blob_free(blob);
}

static void run(const uint8_t *data, size_t length)
{
	static struct wanted wanted;
	struct fuzz_input input = { data, length };
	struct modhash_builder *builder;
	struct modhash_buffer buffer, again;
	struct modhash_error err;
	int rc;

	wanted.count = 0;
	take_opts(&input, &wanted);
	MUST(modhash_builder_new(fuzz_ctx(), &wanted.opts, &builder, NULL) == 0);
	while (input.length && wanted.count < 96 && !(wanted.opts.flags & MODHASH_BUILDER_RESERVE))
		add(builder, &input, &wanted);
	rc = modhash_builder_finish(builder, &buffer, &err);
	if (rc) {
		MUST(rc == MODHASH_E_CAPACITY && wanted.opts.capacity < count_different(&wanted));
		fuzz_must_fail_well(rc, &err, 0);
	} else {
		MUST(modhash_builder_finish(builder, &again, NULL) == 0);
		MUST(again.length == buffer.length &&
		     !memcmp(again.data, buffer.data, again.length));
		modhash_buffer_clear(&again);
		check_written(&buffer, &wanted);
	}
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
}

extern const struct fuzz_target fuzz_table_write;
const struct fuzz_target fuzz_table_write = {
	.name = "table-write",
	.run = run,
	.max_length = 1024,
	.covers = "lib/builder.c lib/format-table.c lib/sections.c",
};
