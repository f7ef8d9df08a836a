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
#include <unistd.h>

#include "anew.h"
#include "inputs.h"
#include "json.h"
#include "read.h"
#include "report.h"
#include "write.h"

struct strip {
	struct tool *tool;
	struct anew anew;
	uint32_t *trailers; /* that were taken off each module */
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

static int strip_fd(struct strip *strip, uint64_t index, int fd, struct modhash_error *err)
{
	bool in_place = !strip->anew.output;
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
	else if (!in_place) /* what was read is unpacked, packing it again another file */
		rc = read_whole(fd, info.file_length, &buffer, err);
	modhash_module_free(module);
	if (rc || (!has_trailers && in_place))
		return rc;
	rc = anew_write(&strip->anew, index, &buffer, err);
	modhash_buffer_clear(&buffer);
	strip->trailers[index] = info.trailers;
	return rc;
}

static int strip_one(void *user, uint64_t index, struct modhash_error *err)
{
	struct strip *strip = user;
	int fd = read_open(strip->anew.files[index].path);
	int rc;

	if (fd < 0)
		return write_fail(err, errno, "can't open the file");
	rc = strip_fd(strip, index, fd, err);
	close(fd);
	return rc;
}

static bool to_stdout(const struct strip *strip)
{
	return strip->anew.output && inputs_is_dash(strip->anew.output);
}

static bool strip_told(void *user, uint64_t index, int rc, const struct modhash_error *err)
{
	struct strip *strip = user;
	const struct anew_file *file = &strip->anew.files[index];
	uint32_t trailers = strip->trailers[index];
	struct tool *tool = strip->tool;
	const char *result = rc ? "failed" : trailers ? "stripped" : "unsigned";
	json_t *object;

	strip->failed += rc != 0;
	strip->stripped += !rc && trailers;
	strip->unsigned_already += !rc && !trailers;
	if (rc)
		anew_report(&strip->anew, index, err);
	if (!tool->json) {
		if (!rc && tool->verbose && !to_stdout(strip))
			report_line(tool, "%s: %s", file->path, result);
		return true;
	}
	object = json_object();
	json_set_text(object, "path", file->path);
	json_set_text(object, "result", result);
	if (rc)
		json_object_set_new(object, "error", json_error(file->written, err));
	else
		json_set_uint(object, "trailers", trailers);
	json_element(tool, object);
	return true;
}

static void strip_all(struct strip *strip)
{
	const struct workers workers = {
		.tool = strip->tool,
		.count = strip->anew.count,
		.user = strip,
		.job = strip_one,
		.told = strip_told,
	};

	strip->trailers = tool_alloc(strip->anew.count, sizeof(*strip->trailers));
	anew_run(&strip->anew, &workers);
	free(strip->trailers);
}

void cmd_strip_signature(struct tool *tool)
{
	struct strip strip = { .tool = tool };
	json_t *summary;

	if (!anew_open(tool, tool->json, &strip.anew))
		return;
	if (tool->json)
		json_array_begin(tool, "files");
	strip_all(&strip);
	if (tool->json) {
		summary = json_object();
		json_set_uint(summary, "files", strip.anew.count);
		json_set_uint(summary, "stripped", strip.stripped);
		json_set_uint(summary, "unsigned", strip.unsigned_already);
		json_set_uint(summary, "failed", strip.failed);
		json_member(tool, "summary", summary);
	}
	anew_close(&strip.anew);
}
