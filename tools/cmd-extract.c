/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash extract: the blob, the BTF or the vmlinux out of a kernel image.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "inputs.h"
#include "options.h"
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

/* What is in the section is not always what should be: it is written all the same. */
static void note_blob(struct tool *tool, const struct modhash_image *image, const char *path)
{
	struct modhash_blob_info info;
	struct modhash_blob *blob;
	struct modhash_error err;

	if (modhash_image_blob(image, &blob, &err)) {
		report_error(tool, path, &err, TOOL_NO);
		return;
	}
	MODHASH_INIT(info);
	modhash_blob_info(blob, &info);
	if (!(info.flags & MODHASH_BLOB_FILLED))
		report_note(tool, "%s: the blob is not filled in", path);
	modhash_blob_free(blob);
}

static void extract(struct tool *tool, const char *path, const struct modhash_image *image,
		    uint32_t part)
{
	const char *output = tool->options->value[OPT_OUTPUT];
	struct modhash_error err;
	const uint8_t *data;
	uint64_t length;

	if (modhash_image_part(image, part, &data, &length, &err)) {
		report_error(tool, path, &err, err.code == MODHASH_E_NOT_FOUND ? TOOL_NO :
			     TOOL_NOT_TOLD);
		return;
	}
	if (part == MODHASH_IMAGE_PART_BLOB)
		note_blob(tool, image, path);
	if (write_output(output, data, length, &err))
		report_error(tool, output, &err, TOOL_NOT_TOLD);
	else if (tool->verbose && !tool->json && !inputs_is_dash(output))
		report_line(tool, "%s: %llu bytes", output, (unsigned long long)length);
}

void cmd_extract(struct tool *tool)
{
	const char *path = tool->options->operands[0];
	uint32_t part = wanted_part(tool);
	struct modhash_image *image;
	struct modhash_error err;

	if (!part || !extract_usage(tool))
		return;
	if (modhash_image_from_path(tool->ctx, path, &image, &err)) {
		report_error(tool, path, &err, TOOL_NOT_TOLD);
		return;
	}
	extract(tool, path, image, part);
	modhash_image_free(image);
}
