/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash-table(5) held against the library: a reader that was written from the page
 * alone (tests/reader) reads what the library writes, finds what is in it, and agrees
 * with the library about what has to be refused; and the table that the page shows is
 * the one that the library makes.
 */
#include "../reader/reader.h"
#include "blob-help.h"

static const int algorithms[] = { MODHASH_ALGO_SHA256,	 MODHASH_ALGO_SHA384,
				  MODHASH_ALGO_SHA512,	 MODHASH_ALGO_SHA3_256,
				  MODHASH_ALGO_SHA3_384, MODHASH_ALGO_SHA3_512 };

START_TEST(stranger_reads_what_we_write)
{
	static const unsigned int counts[] = { 0, 1, 2, 17, 400 };
	static const uint32_t indices[] = { 0, 1, 5, 13, MODHASH_INDEX_SMALL, MODHASH_INDEX_FAST };
	struct modhash_ctx *ctx = new_ctx();
	size_t c, k;

	for (c = 0; c < 5; c++) {
		for (k = 0; k < 6; k++) {
			struct modhash_builder_opts opts = table_opts(indices[k]);
			struct modhash_buffer buffer;
			struct reader reader;
			uint32_t seed = 1000;
			const char *why;
			unsigned int i;

			opts.algorithm = (uint32_t)algorithms[_i];
			opts.scope = c % 2 ? MODHASH_SCOPE_FILE : MODHASH_SCOPE_PAYLOAD;
			opts.capacity = c * 100;
			buffer = random_table(ctx, &opts, seed, counts[c]);
			why = reader_open(&reader, buffer.data, (size_t)buffer.length);
			ck_assert_msg(!why, "%s", why);
			ck_assert_uint_eq(reader.count, counts[c]);
			ck_assert_uint_eq(reader.algorithm, opts.algorithm);
			ck_assert_uint_eq(reader.scope, opts.scope);
			ck_assert_uint_eq(reader.filled, 1);
			for (i = 0; i < 2 * counts[c] + 5; i++) { /* those in it first */
				struct modhash_digest digest =
					random_digest(&seed, algorithms[_i], (int)opts.scope);
				long long found = reader_find(&reader, digest.bytes);

				if (i >= counts[c]) {
					ck_assert_int_eq(found, -1);
					continue;
				}
				ck_assert_int_ge(found, 0);
				ck_assert_mem_eq(buffer.data + reader.digests +
							 (size_t)found * digest.length,
						 digest.bytes, digest.length);
			}
			modhash_buffer_clear(&buffer);
		}
	}
	modhash_ctx_free(ctx);
}
END_TEST

static struct modhash_buffer with_sections(const struct modhash_ctx *ctx)
{
	static const char *const names[] = { "kernel/c.ko", "kernel/a.ko", "kernel/b.ko" };
	struct modhash_builder_opts opts = table_opts(2);
	struct modhash_builder *builder;
	struct modhash_buffer buffer;
	uint32_t i, seed = 3;

	opts.flags = MODHASH_BUILDER_NAMES;
	opts.release = "6.1.0-9-amd64";
	builder = new_builder(ctx, &opts);
	for (i = 0; i < 3; i++) {
		struct modhash_digest digest =
			random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
		struct modhash_blob_module module;

		MODHASH_INIT(module);
		module.name = names[i];
		module.payload_length = UINT64_C(5000000000) + i;
		module.flags = i == 1 ? MODHASH_BLOB_MODULE_SIGNED : 0;
		module.build_id = digest.bytes;
		module.build_id_length = 20;
		ck_assert_int_eq(modhash_builder_add(builder, &digest, &module, NULL), 0);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	modhash_builder_free(builder);
	return buffer;
}

START_TEST(stranger_reads_names)
{
	static const struct {
		const char *name;
		unsigned long long position;
	} expected[] = { { "kernel/a.ko", 1 }, { "kernel/b.ko", 2 }, { "kernel/c.ko", 0 } };
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer buffer = with_sections(ctx);
	unsigned long long digest, position, length, is_signed;
	struct reader reader;
	uint32_t i, p, seed;

	ck_assert_ptr_null(reader_open(&reader, buffer.data, (size_t)buffer.length));
	ck_assert_str_eq(reader.release, "6.1.0-9-amd64");
	ck_assert_uint_eq(reader.modules, 3);
	for (i = 0; i < 3; i++) {
		struct modhash_digest added;
		const char *name =
			reader_module(&reader, i, &digest, &position, &length, &is_signed);

		ck_assert_str_eq(name, expected[i].name);
		ck_assert_uint_eq(position, expected[i].position);
		ck_assert_uint_eq(length, UINT64_C(5000000000) + position);
		ck_assert_uint_eq(is_signed, position == 1);
		for (seed = 3, p = 0; p <= position; p++)
			added = random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
		ck_assert_int_eq(reader_find(&reader, added.bytes), (long long)digest);
	}
	ck_assert_ptr_null(reader_module(&reader, 3, &digest, &position, &length, &is_signed));
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/*
 * Both give the same answer to any table that was tampered with, be its checksums
 * right or wrong.  (A magic that is not one leaves room for the other formats.)
 */
START_TEST(stranger_refuses_what_we_refuse)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer buffer = with_sections(ctx);
	size_t length = (size_t)buffer.length, byte;
	uint8_t *bytes = malloc(length);
	uint32_t seed = 17;
	int round, good = 0, refused = 0;

	ck_assert_ptr_nonnull(bytes);
	for (byte = 8; byte < length; byte++) {
		for (round = 0; round < 6; round++) {
			struct reader reader;
			bool ours, theirs;

			memcpy(bytes, buffer.data, length);
			bytes[byte] ^= (uint8_t)(round < 5 ? 1u << next_random(&seed) % 8 : 0xff);
			if (round == 1 || round == 4)
				make_header_good(bytes);
			if (round >= 2 && byte >= MODHASH_TABLE_HEADER_SIZE)
				make_good(bytes);
			if (round >= 3 && byte >= MODHASH_TABLE_HEADER_SIZE) {
				/* those of both sections, where their heads still are */
				uint8_t *head = bytes + 128 + 3 * 32;
				size_t section;

				for (section = 0; section < 2; section++) {
					uint64_t contents = section ? 8 + 3 * 64 + 3 * 12 : 13;

					mh_put_le32(head + 16,
						    mh_core_crc32(0, head + 24, contents));
					mh_put_le32(head + 20, mh_core_crc32(0, head, 20));
					head += 24 + (contents + 7) / 8 * 8;
				}
			}
			ours = read_status(ctx, bytes, length, NULL) == 0;
			theirs = reader_open(&reader, bytes, length) == NULL;
			ck_assert_msg(ours == theirs, "byte %zu, round %d: we %s, they %s", byte,
				      round, ours ? "read" : "refuse", theirs ? "read" : "refuse");
			good += ours;
			refused += !ours;
		}
	}
	ck_assert_int_gt(good, 100); /* other names, positions, lengths, build ids */
	ck_assert_int_gt(refused, 1000);
	free(bytes);
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(stranger_agrees_on_each_length)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer buffer = with_sections(ctx);
	size_t length;

	for (length = 1; length <= buffer.length; length++) {
		struct guarded guarded = guarded_copy(buffer.data, length);
		struct reader reader;

		ck_assert_int_eq(read_status(ctx, guarded.data, length, NULL) == 0,
				 reader_open(&reader, guarded.data, length) == NULL);
		guarded_free(&guarded);
	}
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* --- the example on the page --- */

/* The lines "0a0  ca 97 ..." of the page. */
static size_t example_bytes(uint8_t *bytes, size_t room)
{
	const char *srcdir = getenv("srcdir");
	char path[4096], line[256];
	size_t length = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/doc/modhash-table.5.in", srcdir ? srcdir : ".");
	file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s can't be read", path);
	while (fgets(line, sizeof(line), file)) {
		unsigned int offset, byte, i;
		const char *at = line + 5;

		if (strlen(line) != 5 + 16 * 3 || sscanf(line, "%3x  ", &offset) != 1 ||
		    strncmp(line + 3, "  ", 2) != 0)
			continue;
		ck_assert_uint_eq(offset, length);
		ck_assert_uint_le(length + 16, room);
		for (i = 0; i < 16; i++, at += 3) {
			ck_assert_int_eq(sscanf(at, "%2x", &byte), 1);
			bytes[length++] = (uint8_t)byte;
		}
	}
	fclose(file);
	return length;
}

START_TEST(example_is_what_we_write)
{
	static const char *const payloads[] = { "a", "bc", "def" };
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(2);
	struct modhash_builder *builder;
	struct modhash_buffer buffer;
	struct modhash_digest digest;
	struct reader reader;
	uint8_t bytes[1024];
	size_t length = example_bytes(bytes, sizeof(bytes)), i;

	opts.capacity = 4;
	opts.release = "6.1";
	builder = new_builder(ctx, &opts);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256,
						      MODHASH_SCOPE_PAYLOAD, payloads[i],
						      strlen(payloads[i]), &digest, NULL),
				 0);
		add_named(builder, &digest, NULL);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	ck_assert_uint_eq(length, buffer.length);
	ck_assert_mem_eq(bytes, buffer.data, length);
	ck_assert_ptr_null(reader_open(&reader, bytes, length));
	ck_assert_str_eq(reader.release, "6.1");
	ck_assert_int_eq(reader_find(&reader, digest.bytes), 2); /* of "def" */
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("reader");
	TCase *tcase = tcase_create("reader");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, stranger_reads_what_we_write, 0, 6);
	tcase_add_test(tcase, stranger_reads_names);
	tcase_add_test(tcase, stranger_refuses_what_we_refuse);
	tcase_add_test(tcase, stranger_agrees_on_each_length);
	tcase_add_test(tcase, example_is_what_we_write);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
