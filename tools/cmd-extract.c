/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash extract: the blob, the BTF or the vmlinux out of a kernel image.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "blobs.h"
#include "images.h"
#include "inputs.h"
#include "json.h"
#include "options.h"
#include "read.h"
#include "report.h"
#include "write.h"

static const struct {
	int option;
	uint32_t part;
} parts[] = {
	{ OPT_PART_BLOB, MODHASH_IMAGE_PART_BLOB },
	{ OPT_PART_BTF, MODHASH_IMAGE_PART_BTF },
	{ OPT_PART_VMLINUX, MODHASH_IMAGE_PART_VMLINUX },
};

static const char *part_name(uint32_t part)
{
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (parts[i].part == part)
			return tool_options[parts[i].option].name;
	return NULL;
}

/* What is wanted, the blob if nothing was said; 0 if too much was. */
static uint32_t wanted_part(struct tool *tool)
{
	uint32_t part = 0;
	size_t i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (!tool->options->given[parts[i].option])
			continue;
		if (part) {
			report_usage(tool, "expected one of --blob, --btf and --vmlinux");
			return 0;
		}
		part = parts[i].part;
	}
	return part ? part : MODHASH_IMAGE_PART_BLOB;
}

static bool extract_usage(struct tool *tool)
{
	const struct options *options = tool->options;
	const char *output = options->value[OPT_OUTPUT];
	struct modhash_error err;

	if (!options->given[OPT_OUTPUT] || !*output)
		report_usage(tool, "no --output=FILE given");
	else if (options->operand_count != 1)
		report_usage(tool, "expected one IMAGE, not %llu",
			     (unsigned long long)options->operand_count);
	else if (tool->json && inputs_is_dash(output))
		report_usage(tool, "--json and --output=- are both for standard output");
	else if (write_check(output, &err))
		report_error(tool, output, &err, TOOL_NOT_TOLD);
	else
		return true;
	return false;
}

static void tell_file(struct tool *tool, const char *part, uint64_t length)
{
	json_t *object = json_object();
	json_t *files = json_array();

	json_set_text(object, "path", tool->options->value[OPT_OUTPUT]);
	json_set_text(object, "part", part);
	json_set_uint(object, "size", length);
	json_array_append_new(files, object);
	json_member(tool, "files", files);
}

static void put_part(struct tool *tool, const char *part, const void *data, uint64_t length)
{
	const char *output = tool->options->value[OPT_OUTPUT];
	struct modhash_error err;

	if (write_output(output, data, length, &err)) {
		report_error(tool, output, &err, TOOL_NOT_TOLD);
	} else if (tool->json) {
		tell_file(tool, part, length);
	} else if (tool->verbose && !inputs_is_dash(output)) {
		report_line(tool, "%s: %llu bytes", output, (unsigned long long)length);
	}
}

static void tell_blob(struct tool *tool, struct blob *blob)
{
	json_t *blobs;

	MODHASH_INIT(blob->info);
	modhash_blob_info(blob->blob, &blob->info);
	if (!(blob->info.flags & MODHASH_BLOB_FILLED))
		report_note(tool, "%s: the blob is not filled in", blob->path);
	if (tool->json) {
		blobs = json_array();
		json_array_append_new(blobs, blob_json(blob));
		json_member(tool, "blobs", blobs);
	}
	blob_close(blob);
}

static void tell_image(struct tool *tool, const char *path, const struct modhash_image *from)
{
	struct image image;
	json_t *images;

	if (!tool->json)
		return;
	images = json_array();
	image_describe(&image, path, from);
	json_array_append_new(images, image_json(&image));
	image_end(&image);
	json_member(tool, "images", images);
}

/* What is in the section is not always what should be there: it is written all the same. */
static void check_blob(struct tool *tool, const char *path, const struct modhash_image *image)
{
	struct blob blob = { .path = path };
	struct modhash_error err;

	if (modhash_image_blob(image, &blob.blob, &err))
		report_error(tool, path, &err, TOOL_NO);
	else
		tell_blob(tool, &blob);
}

static void extract(struct tool *tool, const char *path, const struct modhash_image *image,
		    uint32_t part)
{
	struct modhash_error err;
	const uint8_t *data;
	uint64_t length;

	tell_image(tool, path, image);
	if (modhash_image_part(image, part, &data, &length, &err)) {
		report_error(tool, path, &err, err.code == MODHASH_E_NOT_FOUND ? TOOL_NO :
			     TOOL_NOT_TOLD);
		return;
	}
	if (part == MODHASH_IMAGE_PART_BLOB)
		check_blob(tool, path, image);
	put_part(tool, part_name(part), data, length);
}

/* A list or a root alone, as a running kernel shows it: nothing but its length tells. */
static bool extract_bare(struct tool *tool, const char *path)
{
	struct blob blob = { .path = path };
	struct modhash_buffer bytes;
	struct modhash_error err;
	bool good;

	if (read_file(tool, path, &bytes, &err))
		return false;
	good = !modhash_blob_from_memory(tool->ctx, bytes.data, (size_t)bytes.length, &blob.blob,
					 &err);
	if (good) {
		tell_blob(tool, &blob);
		put_part(tool, part_name(MODHASH_IMAGE_PART_BLOB), bytes.data, bytes.length);
	}
	modhash_buffer_clear(&bytes);
	return good;
}

void cmd_extract(struct tool *tool)
{
	const char *path = tool->options->operands[0];
	uint32_t part = wanted_part(tool);
	struct modhash_image *image;
	struct modhash_error err;
	int rc;

	if (!part || !extract_usage(tool))
		return;
	rc = modhash_image_from_path(tool->ctx, path, &image, &err);
	if (!rc) {
		extract(tool, path, image, part);
		modhash_image_free(image);
	} else if (rc != MODHASH_E_NOT_IMAGE || part != MODHASH_IMAGE_PART_BLOB ||
		   !extract_bare(tool, path)) {
		report_error(tool, path, &err, TOOL_NOT_TOLD);
	}
}
