/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A hash list behind a piece of names, one to a line: read, asked, written again byte by byte;
 * and as C source, where no name may end its comment.
 */
#include <stdio.h>

#include "blobs.h"

static void check_written(const struct modhash_blob *blob, const uint8_t *data, size_t length)
{
	struct modhash_buffer again;

	if (!fuzz_rebuild(blob, &again))
		return;
	MUST(again.length == length && (!length || !memcmp(again.data, data, length)));
	modhash_buffer_clear(&again);
}

/* The next name, NUL-terminated, or NULL. */
static char *next_name(struct fuzz_input *names)
{
	const uint8_t *end;
	size_t length;
	char *name;

	if (!names->length)
		return NULL;
	end = memchr(names->data, '\n', names->length);
	length = end ? (size_t)(end - names->data) : names->length;
	name = calloc(1, length + 1);
	MUST(name);
	memcpy(name, names->data, length);
	names->data += end ? length + 1 : length;
	names->length -= end ? length + 1 : length;
	return name;
}

static struct modhash_builder *build(const struct modhash_blob *blob, uint64_t count,
				     struct fuzz_input names)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;
	struct modhash_digest digest;

	MODHASH_INIT(opts);
	opts.format = MODHASH_FORMAT_LIST;
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.scope = MODHASH_SCOPE_FILE;
	MUST(modhash_builder_new(fuzz_ctx(), &opts, &builder, NULL) == 0);
	for (uint64_t i = 0; i < count; i++) {
		struct modhash_blob_module module;
		char *name = next_name(&names);

		MODHASH_INIT(module);
		module.name = name;
		MUST(modhash_blob_digest(blob, i, &digest) == 0);
		MUST(modhash_builder_add(builder, &digest, &module, NULL) == 0);
		free(name);
	}
	return builder;
}

static const char *skip(const char *text, const char *expected)
{
	MUST(!strncmp(text, expected, strlen(expected)));
	return text + strlen(expected);
}

/* What a compiler makes of it: comments are passed over, and digests stay. */
static void check_source(const char *text, const struct modhash_blob *blob, uint64_t count)
{
	struct modhash_digest digest;

	text = skip(text, "#include <linux/module_hashes.h>\n\nconst u8 module_hashes[]"
			  "[MODULE_HASHES_HASH_SIZE] __module_hashes_section = {\n");
	for (uint64_t i = 0; i < count; i++) {
		if (!strncmp(text, "\t/* ", 4)) {
			const char *end = strstr(text + 4, "*/");

			MUST(end && !memchr(text, '\n', (size_t)(end - text)));
			text = skip(end, "*/\n");
		}
		text = skip(text, "\t{ ");
		MUST(modhash_blob_digest(blob, i, &digest) == 0);
		for (unsigned int j = 0; j < digest.length; j++) {
			char byte[8];

			snprintf(byte, sizeof(byte), "0x%02x, ", digest.bytes[j]);
			text = skip(text, byte);
		}
		text = skip(text, "},\n\n");
	}
	MUST(!strcmp(text, "};\n"));
}

static void check_c(const struct modhash_blob *blob, uint64_t count, struct fuzz_input names)
{
	struct modhash_builder *builder = build(blob, count, names);
	struct modhash_buffer source;
	char *text;

	MUST(modhash_builder_c_source(builder, &source, NULL) == 0);
	MUST(!memchr(source.data, 0, source.length));
	text = calloc(1, source.length + 1);
	MUST(text);
	memcpy(text, source.data, source.length);
	check_source(text, blob, count);
	free(text);
	modhash_buffer_clear(&source);
	modhash_builder_free(builder);
}

static void run(const uint8_t *data, size_t length)
{
	struct fuzz_input input = { data, length }, names = fuzz_take_piece(&input);
	uint8_t *bytes = fuzz_copy(input.data, input.length);
	struct modhash_blob *blob = fuzz_read_blob(bytes, input.length);
	struct modhash_blob_info info;

	if (blob) {
		fuzz_check_blob(blob);
		info = fuzz_blob_info(blob);
		if (info.format == MODHASH_FORMAT_LIST && info.flags & MODHASH_BLOB_FILLED) {
			if (info.total_length == input.length)
				check_written(blob, bytes, input.length);
			check_c(blob, info.count, names);
		}
	}
	modhash_blob_free(blob);
	free(bytes);
}

extern const struct fuzz_target fuzz_list;
const struct fuzz_target fuzz_list = {
	.name = "list",
	.run = run,
	.max_length = 2048,
	.covers = "lib/format-list.c lib/core/list.c lib/blob.c",
};
