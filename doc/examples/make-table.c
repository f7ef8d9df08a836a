/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Make a table of the modules below a directory, on all cores.
 *
 *	cc -o make-table make-table.c $(pkg-config --cflags --libs libmodhash)
 *	./make-table DIR TABLE
 *
 * The exit status is 0, or 2 if no table was written.
 */
#include <stdio.h>

#include <modhash/modhash.h>

struct work {
	const struct modhash_files *files;
	struct modhash_builder *builder;
	unsigned int failed;
};

static int complain(const struct modhash_error *err, const char *path)
{
	char line[1024];

	modhash_error_format(err, path, line, sizeof(line));
	fprintf(stderr, "%s\n", line);
	return -1;
}

/* Called for each file, in the order of the list.  What failed is told; the rest go on. */
static int add_result(void *user, const struct modhash_file_result *result)
{
	struct work *work = user;
	struct modhash_blob_module record;
	struct modhash_error err;
	struct modhash_file file;

	MODHASH_INIT(file);
	if (modhash_files_get(work->files, result->index, &file) < 0)
		return -1;
	if (result->status < 0) {
		complain(result->error, file.path);
		work->failed++;
		return 0;
	}

	MODHASH_INIT(record);
	record.name = file.name;
	record.payload_length = result->info->payload_length;
	if (result->signed_pkcs7)
		record.flags |= MODHASH_BLOB_MODULE_SIGNED;
	if (result->identity) {
		record.build_id = result->identity->build_id;
		record.build_id_length = result->identity->build_id_length;
	}
	if (modhash_builder_add(work->builder, result->digest, &record, &err) < 0)
		return complain(&err, file.path);
	return 0;
}

static int hash_all(const struct modhash_ctx *ctx, struct work *work, const char *dir)
{
	struct modhash_digest_spec spec;
	struct modhash_error err = { 0 };

	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = MODHASH_SCOPE_PAYLOAD;
	if (modhash_digest_files(ctx, work->files, &spec, MODHASH_DIGEST_IDENTITY, NULL, add_result,
				 work, &err) != 0)
		return err.code ? complain(&err, dir) : -1;
	return work->failed ? -1 : 0;
}

static int write_table(struct modhash_builder *builder, const char *path)
{
	struct modhash_buffer table = { NULL, 0 };
	struct modhash_error err;
	int status = 0;

	if (modhash_builder_finish(builder, &table, &err) < 0 ||
	    modhash_write_file(path, table.data, table.length, &err) < 0)
		status = complain(&err, path);
	modhash_buffer_clear(&table);
	return status;
}

static int make_table(const struct modhash_ctx *ctx, const char *dir, const char *path)
{
	struct modhash_builder_opts opts;
	struct modhash_files *files = NULL;
	struct work work = { NULL, NULL, 0 };
	struct modhash_error err;
	int status = -1;

	MODHASH_INIT(opts);
	opts.format = MODHASH_FORMAT_TABLE;
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.scope = MODHASH_SCOPE_PAYLOAD;
	opts.index_bits = MODHASH_INDEX_SMALL;
	opts.flags = MODHASH_BUILDER_NAMES;

	if (modhash_files_new(ctx, &files, &err) < 0 ||
	    modhash_files_add(files, dir, NULL, NULL, &err) < 0 ||
	    modhash_files_order(files, NULL, NULL, &err) < 0 ||
	    modhash_builder_new(ctx, &opts, &work.builder, &err) < 0) {
		complain(&err, dir);
	} else {
		work.files = files;
		if (hash_all(ctx, &work, dir) == 0)
			status = write_table(work.builder, path);
	}
	modhash_builder_free(work.builder);
	modhash_files_free(files);
	return status;
}

int main(int argc, char **argv)
{
	struct modhash_error err;
	struct modhash_ctx *ctx;
	int status;

	if (argc != 3) {
		fprintf(stderr, "usage: make-table DIR TABLE\n");
		return 2;
	}
	if (modhash_ctx_new(NULL, &ctx, &err) < 0) {
		complain(&err, NULL);
		return 2;
	}
	status = make_table(ctx, argv[1], argv[2]);
	modhash_ctx_free(ctx);
	return status < 0 ? 2 : 0;
}
