/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The hash list: bytes, C source, zeroes, and what only looks like one.
 */
#include "blob-help.h"

/* By a build that has the decompressor, or has it not. */
#define UNPACKED(compression)                                                       \
	(modhash_compression_supported(compression) ? MODHASH_E_UNPACK :             \
						      MODHASH_E_NO_DECOMPRESSOR)

START_TEST(list_is_its_digests_in_order)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = list_opts();
	struct modhash_builder *builder = new_builder(ctx, &opts);
	struct modhash_digest digests[3], other;
	struct modhash_blob_info info;
	struct modhash_buffer buffer;
	struct modhash_blob *blob;
	uint32_t seed = 3;
	uint64_t index = 7;
	int i;

	for (i = 0; i < 3; i++) {
		digests[i] = random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
		add_named(builder, &digests[i], NULL);
	}
	add_named(builder, &digests[0], NULL); /* duplicates are kept */
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	ck_assert_uint_eq(buffer.length, 4 * 32);
	for (i = 0; i < 4; i++)
		ck_assert_mem_eq(buffer.data + i * 32, digests[i % 3].bytes, 32);

	ck_assert_int_eq(modhash_blob_from_memory(ctx, buffer.data, buffer.length, &blob, NULL), 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_uint_eq(info.format, MODHASH_FORMAT_LIST);
	ck_assert_uint_eq(info.flags, MODHASH_BLOB_FILLED);
	ck_assert_uint_eq(info.algorithm, MODHASH_ALGO_SHA256);
	ck_assert_uint_eq(info.scope, MODHASH_SCOPE_FILE);
	ck_assert_uint_eq(info.count, 4);
	ck_assert_uint_eq(info.capacity, 4);
	ck_assert_uint_eq(info.length, 128);
	ck_assert_uint_eq(info.total_length, 128);
	ck_assert_uint_eq(info.byte_order, MODHASH_BYTE_ORDER_UNKNOWN);

	ck_assert_int_eq(modhash_blob_contains(blob, &digests[2], &index), 1);
	ck_assert_uint_eq(index, 2);
	ck_assert_int_eq(modhash_blob_digest(blob, 3, &other), 0);
	ck_assert(modhash_digest_equal(&other, &digests[0]));
	ck_assert_int_eq(modhash_blob_digest(blob, 4, &other), MODHASH_E_NOT_FOUND);
	ck_assert_uint_eq(other.length, 0);
	other = random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);
	ck_assert_int_eq(modhash_blob_contains(blob, &other, NULL), 0);
	/* the same bytes, of something else */
	other = digests[2];
	other.scope = MODHASH_SCOPE_PAYLOAD;
	ck_assert_int_eq(modhash_blob_contains(blob, &other, NULL), MODHASH_E_SCOPE);
	other = digests[2];
	other.algorithm = MODHASH_ALGO_SHA3_256;
	ck_assert_int_eq(modhash_blob_contains(blob, &other, NULL), MODHASH_E_SCOPE);
	other = digests[2];
	other.version = 1;
	ck_assert_int_eq(modhash_blob_contains(blob, &other, NULL), MODHASH_E_SCOPE);
	modhash_blob_free(blob);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(list_of_nothing)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = list_opts();
	struct modhash_builder *builder = new_builder(ctx, &opts);
	struct modhash_blob_info info;
	struct modhash_buffer buffer;
	struct modhash_blob *blob;

	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	ck_assert_uint_eq(buffer.length, 0);
	ck_assert_int_eq(modhash_blob_from_memory(ctx, buffer.data, 0, &blob, NULL), 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_uint_eq(info.format, MODHASH_FORMAT_LIST);
	ck_assert_uint_eq(info.flags, 0);
	ck_assert_uint_eq(info.count, 0);
	modhash_blob_free(blob);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

/* Space that was reserved and not filled in knows nothing, the digest of zeroes included. */
START_TEST(list_of_zeroes_is_not_filled)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_digest digest = { MODHASH_ALGO_SHA256, 32, MODHASH_SCOPE_FILE, 0, { 0 } };
	uint8_t zeroes[96] = { 0 };
	struct modhash_blob_info info;
	struct modhash_blob *blob;

	ck_assert_int_eq(modhash_blob_from_memory(ctx, zeroes, sizeof(zeroes), &blob, NULL), 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_uint_eq(info.format, MODHASH_FORMAT_LIST);
	ck_assert_uint_eq(info.flags, 0);
	ck_assert_uint_eq(info.count, 0);
	ck_assert_uint_eq(info.capacity, 3);
	ck_assert_int_eq(modhash_blob_contains(blob, &digest, NULL), 0);
	ck_assert_int_eq(modhash_blob_digest(blob, 0, &digest), MODHASH_E_NOT_FOUND);
	modhash_blob_free(blob);
	modhash_ctx_free(ctx);
}
END_TEST

static const char c_source[] =
	"#include <linux/module_hashes.h>\n"
	"\n"
	"const u8 module_hashes[][MODULE_HASHES_HASH_SIZE] __module_hashes_section = {\n"
	"\t/* kernel/fs/a.ko */\n"
	"\t{ 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c, 0x0d, "
	"0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19, 0x1a, 0x1b, "
	"0x1c, 0x1d, 0x1e, 0x1f, },\n"
	"\n"
	"\t{ 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, "
	"0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, "
	"0x3c, 0x3d, 0x3e, 0x3f, },\n"
	"\n"
	"\t/* odd\\x0a*\\x2f.ko */\n"
	"\t{ 0x40, 0x41, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, "
	"0x4e, 0x4f, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0x5a, 0x5b, "
	"0x5c, 0x5d, 0x5e, 0x5f, },\n"
	"\n"
	"};\n";

START_TEST(list_as_c_source)
{
	static const char *const names[] = { "kernel/fs/a.ko", NULL, "odd\n*/.ko" };
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = list_opts();
	struct modhash_builder *builder = new_builder(ctx, &opts);
	struct modhash_digest digest = { MODHASH_ALGO_SHA256, 32, MODHASH_SCOPE_FILE, 0, { 0 } };
	struct modhash_buffer buffer;
	unsigned int i, j;

	for (i = 0; i < 3; i++) {
		for (j = 0; j < 32; j++)
			digest.bytes[j] = (uint8_t)(32 * i + j);
		add_named(builder, &digest, names[i]);
	}
	ck_assert_int_eq(modhash_builder_c_source(builder, &buffer, NULL), 0);
	ck_assert_uint_eq(buffer.length, sizeof(c_source) - 1);
	ck_assert_mem_eq(buffer.data, c_source, sizeof(c_source) - 1);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);

	builder = new_builder(ctx, &opts);
	ck_assert_int_eq(modhash_builder_c_source(builder, &buffer, NULL), 0);
	ck_assert_uint_eq(buffer.length, 34 + 78 + 3);
	ck_assert_mem_eq(buffer.data, c_source, 34 + 78);
	ck_assert_mem_eq(buffer.data + 34 + 78, "};\n", 3);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

/* Of the length of a list, but something else: never taken for one. */
START_TEST(lookalikes_are_refused)
{
	const struct {
		size_t offset;
		const char *magic;
		size_t length;
		size_t more_offset;
		const char *more;
		size_t more_length;
		int code;
		const char *word;
	} cases[] = {
		{ 0, "\177ELF\5", 5, 0, "", 0, MODHASH_E_ELF, "ELF" },
		{ 0x1fe, "\x55\xaa", 2, 0x202, "HdrS\0\2", 6, MODHASH_E_UNSUPPORTED,
		  "boot protocol 2.00" },
		{ 0, "MZ", 2, 0x3c, "\x80\0\0\0", 4, 0, NULL }, /* and no PE there: a list */
		{ 0, "\037\213\010\0", 4, 0, "", 0, UNPACKED(MODHASH_COMPRESSION_GZIP), "gzip" },
		{ 0, "\3757zXZ\0", 6, 0, "", 0, UNPACKED(MODHASH_COMPRESSION_XZ), "xz" },
		{ 0, "\050\265\057\375\xff", 5, 0, "", 0, UNPACKED(MODHASH_COMPRESSION_ZSTD), "zstd" },
		{ 0, "0123456789abcdef0123456789abcde\n", 32, 0, "", 0, MODHASH_E_BLOB, "text" },
		{ 996, MODHASH_TRAILER_MARKER, 28, 0, "", 0, MODHASH_E_BLOB, "signed" },
		{ 0, "\x8aMODHSH\r", 8, 0, "", 0, MODHASH_E_BLOB, "damaged" },
		{ 0, "\x0aMODHSH\n", 8, 0, "", 0, MODHASH_E_BLOB, "damaged" },
		{ 0, "0123456789abcdef0123456789abcde\x01", 32, 0, "", 0, 0, NULL },
		{ 0, "\037\213\010\xe0", 4, 0, "", 0, 0, NULL },
		{ 0, "\x8aMODH", 4, 0, "", 0, 0, NULL },
	};
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_error err;
	uint8_t bytes[1024];
	uint32_t seed = 8;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int rc;

		random_bytes(&seed, bytes, sizeof(bytes));
		memcpy(bytes + cases[i].offset, cases[i].magic, cases[i].length);
		memcpy(bytes + cases[i].more_offset, cases[i].more, cases[i].more_length);
		rc = read_status(ctx, bytes, sizeof(bytes), &err);
		ck_assert_msg(rc == cases[i].code, "case %zu: %d, not %d", i, rc, cases[i].code);
		if (rc)
			ck_assert_ptr_nonnull(strstr(err.message, cases[i].word));
	}
	/* and with the PE header where MZ says */
	random_bytes(&seed, bytes, sizeof(bytes));
	memcpy(bytes, "MZ", 2);
	memcpy(bytes + 0x3c, "\x80\0\0\0", 4);
	memcpy(bytes + 0x80, "PE\0\0", 4);
	memset(bytes + 0x84, 0, 20); /* no sections */
	ck_assert_int_eq(read_status(ctx, bytes, sizeof(bytes), &err), MODHASH_E_UNSUPPORTED);
	/* or beyond the end, or at it */
	memcpy(bytes + 0x3c, "\xff\xff\xff\xff", 4);
	ck_assert_int_eq(read_status(ctx, bytes, sizeof(bytes), &err), 0);
	memcpy(bytes + 0x3c, "\xfd\x03\0\0", 4);
	ck_assert_int_eq(read_status(ctx, bytes, sizeof(bytes), &err), 0);
	modhash_ctx_free(ctx);
}
END_TEST

/* A table that has lost all of its magic, and nothing else. */
START_TEST(table_without_magic_is_no_list)
{
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_buffer table = random_table(ctx, &opts, 5, 6);
	struct modhash_error err;

	ck_assert_int_eq(table.length % MODHASH_LIST_DIGEST_LENGTH, 0);
	memset(table.data, 0x5a, MODHASH_TABLE_MAGIC_LENGTH);
	ck_assert_int_eq(read_status(ctx, table.data, table.length, &err), MODHASH_E_BLOB);
	ck_assert_ptr_nonnull(strstr(err.message, "damaged"));
	/* cut within its header, or with a header that can't be: nothing shows that it was one */
	ck_assert_int_eq(read_status(ctx, table.data, 64, &err), 0);
	mh_put_le32(table.data + MODHASH_TABLE_HEADER_HEADER_SIZE, 0xfffffff8u);
	ck_assert_int_eq(read_status(ctx, table.data, table.length, &err), 0);
	modhash_buffer_clear(&table);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(every_length_is_a_list_a_root_or_refused)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_error err;
	uint8_t bytes[200];
	uint32_t seed = 4;
	size_t length;

	random_bytes(&seed, bytes, sizeof(bytes));
	memset(bytes, 0, 4);
	bytes[0] = 5; /* levels of a root */
	for (length = 0; length <= sizeof(bytes); length++) {
		struct guarded guarded = guarded_copy(bytes, length);
		int expected = length % 32 && length != 36 ? MODHASH_E_BLOB : 0;

		ck_assert_int_eq(read_status(ctx, guarded.data, length, &err), expected);
		guarded_free(&guarded);
	}
	modhash_ctx_free(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("list");
	TCase *tcase = tcase_create("list");

	tcase_add_test(tcase, list_is_its_digests_in_order);
	tcase_add_test(tcase, list_of_nothing);
	tcase_add_test(tcase, list_of_zeroes_is_not_filled);
	tcase_add_test(tcase, list_as_c_source);
	tcase_add_test(tcase, lookalikes_are_refused);
	tcase_add_test(tcase, table_without_magic_is_no_list);
	tcase_add_test(tcase, every_length_is_a_list_a_root_or_refused);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
