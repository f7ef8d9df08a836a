/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash strip-signature: modules without what was appended to them.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inputs.h"
#include "json.h"
#include "options.h"
#include "read.h"
#include "report.h"
#include "workers.h"
#include "write.h"

/* What became of one module. */
struct stripped {
	char *path;
	const char *written; /* another file, once nothing but writing it is left */
	uint32_t trailers; /* that were taken off */
};

struct strip {
	struct tool *tool;
	const char *output; /* NULL: in place */
	struct stripped *files;
	size_t count;
	uint64_t stripped;
	uint64_t unsigned_already;
	uint64_t failed;
};

static int rewrite(const struct modhash_module *module, struct modhash_buffer *buffer,
		   struct modhash_error *err)
{
	struct modhash_rewrite_opts opts;

	MODHASH_INIT(opts);
	opts.flags = MODHASH_REWRITE_STRIP_ALL;
	return modhash_module_rewrite(module, &opts, buffer, err);
}

static int strip_fd(struct strip *strip, struct stripped *file, int fd,
		    struct modhash_error *err)
{
	struct modhash_module_info info;
	struct modhash_module *module;
	struct modhash_buffer buffer = { NULL, 0 };
	bool has_trailers;
	int rc;

	rc = modhash_module_from_fd(strip->tool->ctx, fd, &module, err);
	if (rc)
		return rc;
	MODHASH_INIT(info);
	modhash_module_info(module, &info);
	has_trailers = info.trailers || info.trailer_status;
	if (has_trailers)
		rc = rewrite(module, &buffer, err);
	else if (strip->output) /* what was read is unpacked, packing it again another file */
		rc = read_whole(fd, info.file_length, &buffer, err);
	modhash_module_free(module);
	if (rc || (!has_trailers && !strip->output))
		return rc;
	if (strip->output && !inputs_is_dash(strip->output))
		file->written = strip->output;
	rc = write_output(strip->output ? strip->output : file->path, buffer.data, buffer.length,
			  err);
	modhash_buffer_clear(&buffer);
	file->trailers = info.trailers;
	return rc;
}

static int strip_one(void *user, uint64_t index, struct modhash_error *err)
{
	struct strip *strip = user;
	struct stripped *file = &strip->files[index];
	int fd;
	int rc;

	fd = read_open(file->path);
	if (fd < 0)
		return write_fail(err, errno, "can't open the file");
	rc = strip_fd(strip, file, fd, err);
	close(fd);
	return rc;
}

static bool strip_told(void *user, uint64_t index, int rc, const struct modhash_error *err)
{
	struct strip *strip = user;
	struct stripped *file = &strip->files[index];
	struct tool *tool = strip->tool;
	const char *result = rc ? "failed" : file->trailers ? "stripped" : "unsigned";
	json_t *object;

	strip->failed += rc != 0;
	strip->stripped += !rc && file->trailers;
	strip->unsigned_already += !rc && !file->trailers;
	if (rc)
		report_error(tool, file->written ? file->written : file->path, err,
			     report_status(err->code));
	if (!tool->json) {
		if (!rc && tool->verbose && !(strip->output && inputs_is_dash(strip->output)))
			report_line(tool, "%s: %s", file->path, result);
		return true;
	}
	object = json_object();
	json_set_text(object, "path", file->path);
	json_set_text(object, "result", result);
	if (rc)
		json_object_set_new(object, "error", json_error(file->written, err));
	else
		json_set_uint(object, "trailers", file->trailers);
	json_element(tool, object);
	return true;
}

static int strip_gather(struct tool *tool, const char *path, void *user)
{
	struct strip *strip = user;

	(void)tool;
	strip->files = tool_grow(strip->files, strip->count + 1, sizeof(*strip->files));
	strip->files[strip->count].path = tool_strdup(path);
	strip->files[strip->count].written = NULL;
	strip->files[strip->count++].trailers = 0;
	return 0;
}

static void strip_all(struct strip *strip)
{
	struct workers workers = {
		.tool = strip->tool,
		.user = strip,
		.job = strip_one,
		.told = strip_told,
	};

	inputs_each(strip->tool, strip_gather, strip);
	workers.count = strip->count;
	if (strip->output && strip->count > 1)
		report_usage(strip->tool, "--output takes one module; use --in-place for many");
	else
		workers_run(&workers);
}

static bool strip_usage(struct tool *tool)
{
	const struct options *options = tool->options;
	const char *output = options->value[OPT_OUTPUT];
	struct modhash_error err;

	if (options->given[OPT_IN_PLACE] == options->given[OPT_OUTPUT])
		report_usage(tool, "expected either --output=FILE or --in-place");
	else if (output && !*output)
		report_usage(tool, "--output=: expected the name of a file, or -");
	else if (output && tool->json && inputs_is_dash(output))
		report_usage(tool, "--json and --output=- are both for standard output");
	else if (output && write_check(output, &err))
		report_error(tool, output, &err, TOOL_NOT_TOLD);
	else
		return true;
	return false;
}

void cmd_strip_signature(struct tool *tool)
{
	struct strip strip;
	json_t *summary;
	size_t i;

	memset(&strip, 0, sizeof(strip));
	strip.tool = tool;
	strip.output = tool->options->value[OPT_OUTPUT];
	if (!strip_usage(tool))
		return;
	if (tool->json)
		json_array_begin(tool, "files");
	strip_all(&strip);
	if (tool->json) {
		summary = json_object();
		json_set_uint(summary, "files", strip.count);
		json_set_uint(summary, "stripped", strip.stripped);
		json_set_uint(summary, "unsigned", strip.unsigned_already);
		json_set_uint(summary, "failed", strip.failed);
		json_member(tool, "summary", summary);
	}
	for (i = 0; i < strip.count; i++)
		free(strip.files[i].path);
	free(strip.files);
}
