/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blobs in general: where they come from, what they say of themselves, modules by name.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "blob-help.h"

static char scratch[4096];

static void scratch_make(void)
{
	const char *base = getenv("TMPDIR");

	snprintf(scratch, sizeof(scratch), "%s/test-blob.XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(scratch));
}

static void scratch_remove(void)
{
	char path[4200];

	snprintf(path, sizeof(path), "%s/blob", scratch);
	unlink(path);
	rmdir(scratch);
}

static const char *written(const void *data, size_t length)
{
	static char path[4200];
	FILE *file;

	snprintf(path, sizeof(path), "%s/blob", scratch);
	file = fopen(path, "wb");
	ck_assert_ptr_nonnull(file);
	if (length)
		ck_assert_uint_eq(fwrite(data, length, 1, file), 1);
	ck_assert_int_eq(fclose(file), 0);
	return path;
}

START_TEST(read_from_path_and_descriptor)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(2);
	struct modhash_buffer buffer = random_table(ctx, &opts, 11, 10);
	const char *path = written(buffer.data, (size_t)buffer.length);
	struct modhash_blob_info info;
	struct modhash_blob *blob;
	int fd;

	modhash_buffer_clear(&buffer);
	ck_assert_int_eq(modhash_blob_from_path(ctx, path, &blob, NULL), 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_uint_eq(info.count, 10);
	modhash_blob_free(blob);

	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(modhash_blob_from_fd(ctx, fd, &blob, NULL), 0);
	ck_assert_int_eq(modhash_blob_info(blob, &info), 0);
	ck_assert_uint_eq(info.count, 10);
	modhash_blob_free(blob);
	ck_assert_int_eq(close(fd), 0);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(files_that_are_no_blobs)
{
	static const char elf[64] = "\177ELF";
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_error err;
	struct modhash_blob *blob;

	ck_assert_int_eq(modhash_blob_from_path(ctx, scratch, &blob, &err), MODHASH_E_FILE_TYPE);
	ck_assert_ptr_null(blob);
	ck_assert_int_eq(modhash_blob_from_path(ctx, "/nonexistent/blob", &blob, &err),
			 MODHASH_E_IO);
	ck_assert_ptr_null(blob);
	ck_assert_int_eq(modhash_blob_from_path(ctx, written(elf, sizeof(elf)), &blob, &err),
			 MODHASH_E_ELF);
	ck_assert_ptr_null(blob);
	ck_assert_ptr_nonnull(strstr(err.message, "ELF"));
	ck_assert_int_eq(modhash_blob_from_path(ctx, written("abc", 3), &blob, &err),
			 MODHASH_E_BLOB);
	ck_assert_ptr_null(blob);
	ck_assert_int_eq(modhash_blob_from_fd(ctx, -1, &blob, &err), MODHASH_E_IO);
	ck_assert_ptr_null(blob);
	/* an empty file is an empty list */
	ck_assert_int_eq(modhash_blob_from_path(ctx, written("", 0), &blob, &err), 0);
	modhash_blob_free(blob);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(arguments_that_are_missing)
{
	struct modhash_ctx *ctx = new_ctx();
	uint8_t zeroes[32] = { 0 };
	struct modhash_blob_module module;
	struct modhash_blob_info info;
	struct modhash_digest digest;
	struct modhash_blob *blob;

	ck_assert_int_eq(modhash_blob_from_memory(NULL, zeroes, 32, &blob, NULL),
			 MODHASH_E_INVALID);
	ck_assert_ptr_null(blob);
	ck_assert_int_eq(modhash_blob_from_memory(ctx, zeroes, 32, NULL, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_blob_from_memory(ctx, NULL, 32, &blob, NULL), MODHASH_E_INVALID);
	ck_assert_ptr_null(blob);
	ck_assert_int_eq(modhash_blob_from_path(ctx, NULL, &blob, NULL), MODHASH_E_INVALID);
	ck_assert_ptr_null(blob);
	ck_assert_int_eq(modhash_blob_from_path(NULL, "x", &blob, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_blob_from_fd(NULL, 0, &blob, NULL), MODHASH_E_INVALID);
	modhash_blob_free(NULL);

	ck_assert_int_eq(modhash_blob_from_memory(ctx, zeroes, 32, &blob, NULL), 0);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_blob_info(NULL, &info), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_blob_info(blob, NULL), MODHASH_E_INVALID);
	info.size = 0;
	ck_assert_int_eq(modhash_blob_info(blob, &info), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_blob_contains(blob, NULL, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_blob_digest(blob, 0, NULL), MODHASH_E_INVALID);
	digest.length = 7;
	ck_assert_int_eq(modhash_blob_digest(NULL, 0, &digest), MODHASH_E_INVALID);
	ck_assert_uint_eq(digest.length, 0);
	ck_assert_int_eq(modhash_blob_contains(NULL, &digest, NULL), MODHASH_E_INVALID);
	MODHASH_INIT(module);
	ck_assert_int_eq(modhash_blob_module(NULL, 0, &module), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_blob_module(blob, 0, NULL), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_blob_find_module(blob, NULL, &module), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_blob_find_module(blob, "a.ko", &module), MODHASH_E_NOT_FOUND);
	modhash_blob_free(blob);
	modhash_ctx_free(ctx);
}
END_TEST

START_TEST(format_names)
{
	ck_assert_str_eq(modhash_format_name(MODHASH_FORMAT_LIST), "list");
	ck_assert_str_eq(modhash_format_name(MODHASH_FORMAT_MERKLE), "merkle");
	ck_assert_str_eq(modhash_format_name(MODHASH_FORMAT_TABLE), "table");
	ck_assert_ptr_null(modhash_format_name(0));
	ck_assert_ptr_null(modhash_format_name(4));
}
END_TEST

/* A caller that was compiled with a shorter, or a longer, structure. */
START_TEST(results_fit_the_callers_structure)
{
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(2);
	struct modhash_buffer buffer = random_table(ctx, &opts, 11, 10);
	struct {
		struct modhash_blob_info info;
		uint8_t more[8];
	} longer;
	struct modhash_blob *blob;

	ck_assert_int_eq(modhash_blob_from_memory(ctx, buffer.data, buffer.length, &blob, NULL), 0);
	memset(&longer, 0xff, sizeof(longer));
	longer.info.size = offsetof(struct modhash_blob_info, scope);
	ck_assert_int_eq(modhash_blob_info(blob, &longer.info), 0);
	ck_assert_uint_eq(longer.info.algorithm, MODHASH_ALGO_SHA256);
	ck_assert_uint_eq(longer.info.scope, 0xffffffff);
	longer.info.size = sizeof(longer);
	ck_assert_int_eq(modhash_blob_info(blob, &longer.info), 0);
	ck_assert_uint_eq(longer.info.count, 10);
	ck_assert_uint_eq(longer.more[7], 0);
	ck_assert_uint_eq(longer.info.size, sizeof(longer));
	modhash_blob_free(blob);
	modhash_buffer_clear(&buffer);
	modhash_ctx_free(ctx);
}
END_TEST

/* --- modules by name --- */

static const char *const tree[] = {
	"kernel/drivers/net/dummy.ko",
	"kernel/drivers/usb/usb-storage.ko",
	"kernel/fs/ext4/ext4.ko",
	"kernel/fs/foo/common.ko",
	"kernel/net/foo/common.ko",
	"kernel/net/foo/a_b-c.ko",
	"plain.ko",
	"twice.ko",
	"twice.ko",
	"updates/dkms/zfs.ko",
};

START_TEST(modules_are_found_by_name)
{
	static const struct {
		const char *name;
		const char *found;
	} cases[] = {
		{ "kernel/fs/ext4/ext4.ko", "kernel/fs/ext4/ext4.ko" },
		{ "kernel/fs/ext4/ext4.ko.xz", "kernel/fs/ext4/ext4.ko" },
		{ "kernel/fs/ext4/ext4.ko.gz", "kernel/fs/ext4/ext4.ko" },
		{ "kernel/fs/ext4/ext4.ko.zst", "kernel/fs/ext4/ext4.ko" },
		{ "ext4.ko", "kernel/fs/ext4/ext4.ko" },
		{ "ext4/ext4.ko.xz", "kernel/fs/ext4/ext4.ko" },
		{ "/lib/modules/6.1/kernel/fs/ext4/ext4.ko", "kernel/fs/ext4/ext4.ko" },
		{ "/tmp/copy/ext4.ko", "kernel/fs/ext4/ext4.ko" },
		{ "usb_storage.ko", "kernel/drivers/usb/usb-storage.ko" },
		{ "kernel/drivers/usb/usb_storage.ko", "kernel/drivers/usb/usb-storage.ko" },
		{ "a-b_c.ko", "kernel/net/foo/a_b-c.ko" },
		{ "fs/foo/common.ko", "kernel/fs/foo/common.ko" },
		{ "net/foo/common.ko.xz", "kernel/net/foo/common.ko" },
		{ "/plain.ko", "plain.ko" },
		{ "dir/plain.ko", "plain.ko" },
		{ "zfs.ko", "updates/dkms/zfs.ko" },
		{ "foo/common.ko", NULL }, /* two that fit as well */
		{ "common.ko", NULL },
		{ "twice.ko", NULL },
		{ "xt4.ko", NULL },
		{ "text4.ko", NULL },
		{ "ext4", NULL },
		{ "ext4.ko.bz2", NULL },
		{ "ext4.xz", NULL },
		{ ".ko", NULL },
		{ ".ko.xz", NULL },
		{ "", NULL },
		{ "/", NULL },
		{ "ext4.ko/", NULL },
		{ "zzz.ko", NULL },
	};
	struct modhash_ctx *ctx = new_ctx();
	struct modhash_builder_opts opts = table_opts(0);
	struct modhash_builder *builder;
	struct modhash_buffer buffer;
	struct modhash_blob *blob;
	uint32_t seed = 1;
	size_t i;

	opts.flags = MODHASH_BUILDER_NAMES;
	builder = new_builder(ctx, &opts);
	for (i = 0; i < sizeof(tree) / sizeof(tree[0]); i++) {
		struct modhash_digest digest =
			random_digest(&seed, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);

		add_named(builder, &digest, tree[i]);
	}
	ck_assert_int_eq(modhash_builder_finish(builder, &buffer, NULL), 0);
	ck_assert_int_eq(modhash_blob_from_memory(ctx, buffer.data, buffer.length, &blob, NULL), 0);
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct modhash_blob_module module;
		int rc;

		MODHASH_INIT(module);
		rc = modhash_blob_find_module(blob, cases[i].name, &module);
		ck_assert_msg(rc == (cases[i].found ? 0 : MODHASH_E_NOT_FOUND), "\"%s\": %d (%s)",
			      cases[i].name, rc, rc ? "" : module.name);
		if (!rc)
			ck_assert_str_eq(module.name, cases[i].found);
	}
	modhash_blob_free(blob);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("blob");
	TCase *files = tcase_create("files"), *tcase = tcase_create("blob");

	tcase_add_checked_fixture(files, scratch_make, scratch_remove);
	tcase_add_test(files, read_from_path_and_descriptor);
	tcase_add_test(files, files_that_are_no_blobs);
	suite_add_tcase(suite, files);
	tcase_add_test(tcase, arguments_that_are_missing);
	tcase_add_test(tcase, format_names);
	tcase_add_test(tcase, results_fit_the_callers_structure);
	tcase_add_test(tcase, modules_are_found_by_name);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
