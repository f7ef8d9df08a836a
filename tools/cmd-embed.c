/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash embed: a blob into the vmlinux that has a place for it.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include "blobs.h"
#include "inputs.h"
#include "json.h"
#include "options.h"
#include "read.h"
#include "report.h"

struct embed {
	struct tool *tool;
	struct blob blob;
	uint64_t files;
	uint64_t embedded;
	uint64_t unchanged;
	uint64_t failed;
};

/* A file that has these bytes already stays as it is, its time and all. */
static int embed_file(struct embed *embed, const char *path, struct modhash_embed_info *done,
		      struct modhash_error *err)
{
	const struct options *options = embed->tool->options;
	struct modhash_buffer vmlinux;
	struct modhash_embed_opts opts;
	struct modhash_write_opts how;
	int rc = read_file(embed->tool, path, &vmlinux, err);

	if (rc)
		return rc;
	MODHASH_INIT(opts);
	MODHASH_INIT(how);
	MODHASH_INIT(*done);
	opts.flags = options->given[OPT_ALLOW_EMPTY] ? MODHASH_EMBED_EMPTY : 0;
	how.flags = options->given[OPT_KEEP_TIME] ? MODHASH_WRITE_KEEP_TIME : 0;
	rc = modhash_image_embed(embed->blob.blob, vmlinux.data, vmlinux.length, &opts, done, err);
	if (!rc && done->changed)
		rc = modhash_write_file_opts(path, vmlinux.data, vmlinux.length, &how, err);
	modhash_buffer_clear(&vmlinux);
	return rc;
}

static void tell_json(struct embed *embed, const char *path, const char *result, int rc,
		      const struct modhash_embed_info *done, const struct modhash_error *err)
{
	json_t *object = json_object();

	json_set_text(object, "path", path);
	json_set_text(object, "result", result);
	if (rc) {
		json_object_set_new(object, "error", json_error(NULL, err));
	} else {
		json_set_uint(object, "offset", done->offset);
		json_set_uint(object, "room", done->room);
		json_set_uint(object, "size", done->length);
	}
	json_element(embed->tool, object);
}

static int embed_one(struct tool *tool, const char *path, void *user)
{
	struct embed *embed = user;
	struct modhash_embed_info done;
	struct modhash_error err;
	const char *result = "failed";
	int rc = embed_file(embed, path, &done, &err);

	embed->files++;
	if (rc) {
		embed->failed++;
		report_error(tool, path, &err, TOOL_NOT_TOLD);
	} else {
		embed->embedded += done.changed;
		embed->unchanged += !done.changed;
		result = done.changed ? "embedded" : "unchanged";
	}
	if (tool->json)
		tell_json(embed, path, result, rc, &done, &err);
	else if (!rc && tool->verbose)
		report_line(tool, "%s: %s, %llu of %llu bytes at offset %llu", path, result,
			    (unsigned long long)done.length, (unsigned long long)done.room,
			    (unsigned long long)done.offset);
	return tool_stopped();
}

static void embed_summary(struct embed *embed)
{
	json_t *summary = json_object();
	json_t *blobs = json_array();

	json_array_append_new(blobs, blob_json(&embed->blob));
	json_member(embed->tool, "blobs", blobs);
	json_set_uint(summary, "files", embed->files);
	json_set_uint(summary, "embedded", embed->embedded);
	json_set_uint(summary, "unchanged", embed->unchanged);
	json_set_uint(summary, "failed", embed->failed);
	json_member(embed->tool, "summary", summary);
}

void cmd_embed(struct tool *tool)
{
	const struct options *options = tool->options;
	struct embed embed;

	memset(&embed, 0, sizeof(embed));
	embed.tool = tool;
	if (options->blob_count != 1) {
		report_usage(tool, "expected one --blob=BLOB to embed, not %llu",
			     (unsigned long long)options->blob_count);
		return;
	}
	if (!blob_open(tool, options->blobs[0], &embed.blob))
		return;
	if (tool->json)
		json_array_begin(tool, "files");
	inputs_each(tool, embed_one, &embed);
	if (tool->json)
		embed_summary(&embed);
	blob_close(&embed.blob);
}
