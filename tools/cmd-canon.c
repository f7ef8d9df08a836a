/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash canon: modules, and a vmlinux, with their BTF in its one order; or modules without.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "canon-opts.h"
#include "inputs.h"
#include "json.h"
#include "options.h"
#include "report.h"
#include "workers.h"
#include "write.h"

/* What became of one file. */
struct rewritten {
	char *path;
	const char *written; /* another file, once nothing but writing it is left */
	struct modhash_canon_changes changes;
};

struct canon {
	struct tool *tool;
	struct canon_opts opts;
	const char *output; /* NULL: in place */
	struct rewritten *files;
	size_t count;
	uint64_t changed;
	uint64_t failed;
};

/* --- rewriting, on any thread --- */

static int canon_one(void *user, uint64_t index, struct modhash_error *err)
{
	const struct canon *canon = user;
	struct rewritten *file = &canon->files[index];
	struct modhash_buffer buffer = { NULL, 0 };
	struct modhash_module *module;
	int rc = modhash_module_from_path(canon->tool->ctx, file->path, &module, err);

	if (rc)
		return rc;
	MODHASH_INIT(file->changes);
	rc = modhash_module_canon_rewrite(module, &canon->opts.opts, &buffer, &file->changes, err);
	modhash_module_free(module);
	if (rc)
		return rc;
	if (canon->output && !inputs_is_dash(canon->output))
		file->written = canon->output;
	if (canon->output || file->changes.flags)
		rc = write_output(canon->output ? canon->output : file->path, buffer.data,
				  buffer.length, err);
	modhash_buffer_clear(&buffer);
	return rc;
}

/* --- telling, in order --- */

static const char *const change_names[] = { ".BTF", ".BTF.base", ".BTF_ids", "trailers" };

static void explain_order(struct tool *tool, const struct rewritten *file)
{
	const struct modhash_canon_changes *changes = &file->changes;

	if (changes->flags & MODHASH_CHANGED_BTF)
		report_line(tool, "%s: offset %" PRIu64 ": .BTF, %" PRIu64 " bytes: %" PRIu32
			    " of %" PRIu32 " types have another number", file->path,
			    changes->btf_offset, changes->btf_length, changes->moved,
			    changes->types);
	if (changes->flags & MODHASH_CHANGED_BTF_BASE)
		report_line(tool, "%s: .BTF.base: put in order", file->path);
	if (changes->flags & MODHASH_CHANGED_BTF_IDS)
		report_line(tool, "%s: .BTF_ids: renumbered, its sets sorted again", file->path);
}

static void explain_drop(struct tool *tool, const struct rewritten *file)
{
	const struct modhash_canon_changes *changes = &file->changes;

	if (changes->flags & MODHASH_CHANGED_BTF)
		report_line(tool, "%s: offset %" PRIu64 ": .BTF, %" PRIu64 " bytes: left out",
			    file->path, changes->btf_offset, changes->btf_length);
	if (changes->flags & MODHASH_CHANGED_BTF_BASE)
		report_line(tool, "%s: .BTF.base: left out", file->path);
	if (changes->flags & MODHASH_CHANGED_BTF_IDS)
		report_line(tool, "%s: .BTF_ids: its ids left out", file->path);
}

static const char *nothing_changed(uint32_t policy)
{
	switch (policy) {
	case MODHASH_BTF_RAW:
		return "nothing to take off";
	case MODHASH_BTF_DROP:
		return "has no BTF";
	default:
		return "in canonical order already";
	}
}

static void explain(const struct canon *canon, const struct rewritten *file)
{
	uint32_t policy = canon->opts.opts.policy;

	if (policy == MODHASH_BTF_DROP)
		explain_drop(canon->tool, file);
	else
		explain_order(canon->tool, file);
	if (file->changes.flags & MODHASH_CHANGED_TRAILERS)
		report_line(canon->tool, "%s: trailers: taken off; sign it, and hash it, anew",
			    file->path);
	if (!file->changes.flags)
		report_line(canon->tool, "%s: %s", file->path, nothing_changed(policy));
}

static void print_json(const struct canon *canon, const struct rewritten *file, int rc,
		       const struct modhash_error *err)
{
	const struct modhash_canon_changes *changes = &file->changes;
	json_t *object = json_object();
	json_t *changed = json_array();

	json_set_text(object, "path", file->path);
	json_set_text(object, "result", rc ? "failed" : changes->flags ? "changed" : "canonical");
	for (size_t i = 0; !rc && i < sizeof(change_names) / sizeof(change_names[0]); i++) {
		if (changes->flags >> i & 1)
			json_array_append_new(changed, json_string(change_names[i]));
	}
	if (rc) {
		json_object_set_new(object, "error", json_error(file->written, err));
		json_decref(changed);
	} else {
		json_object_set_new(object, "changed", changed);
		json_set_uint(object, "types", changes->types);
		json_set_uint(object, "moved", changes->moved);
	}
	json_element(canon->tool, object);
}

static bool canon_told(void *user, uint64_t index, int rc, const struct modhash_error *err)
{
	struct canon *canon = user;
	const struct rewritten *file = &canon->files[index];
	struct tool *tool = canon->tool;

	canon->failed += rc != 0;
	canon->changed += !rc && file->changes.flags;
	if (rc)
		report_error(tool, file->written ? file->written : file->path, err,
			     report_status(err->code));
	if (tool->json)
		print_json(canon, file, rc, err);
	else if (!rc && tool->options->given[OPT_EXPLAIN])
		explain(canon, file);
	return true;
}

/* --- the verb --- */

static int canon_gather(struct tool *tool, const char *path, void *user)
{
	struct canon *canon = user;
	struct rewritten *file;

	(void)tool;
	canon->files = tool_grow(canon->files, canon->count + 1, sizeof(*canon->files));
	file = &canon->files[canon->count++];
	memset(file, 0, sizeof(*file));
	file->path = tool_strdup(path);
	return 0;
}

static void canon_all(struct canon *canon)
{
	struct workers workers = {
		.tool = canon->tool,
		.user = canon,
		.job = canon_one,
		.told = canon_told,
	};

	inputs_each(canon->tool, canon_gather, canon);
	workers.count = canon->count;
	if (canon->output && canon->count > 1)
		report_usage(canon->tool, "--output takes one file; use --in-place for many");
	else
		workers_run(&workers);
}

static bool canon_usage(struct tool *tool)
{
	const struct options *options = tool->options;
	const char *output = options->value[OPT_OUTPUT];
	struct modhash_error err;

	if (options->given[OPT_IN_PLACE] == options->given[OPT_OUTPUT])
		report_usage(tool, "expected either --output=FILE or --in-place");
	else if (output && !*output)
		report_usage(tool, "--output=: expected the name of a file, or -");
	else if (output && inputs_is_dash(output) && (tool->json || options->given[OPT_EXPLAIN]))
		report_usage(tool, "--output=- and what is told are both for standard output");
	else if (output && write_check(output, &err))
		report_error(tool, output, &err, TOOL_NOT_TOLD);
	else
		return true;
	return false;
}

void cmd_canon(struct tool *tool)
{
	struct canon canon;
	json_t *summary;

	memset(&canon, 0, sizeof(canon));
	canon.tool = tool;
	canon.output = tool->options->value[OPT_OUTPUT];
	if (!canon_usage(tool) || !canon_opts_open(tool, &canon.opts, NULL))
		return;
	if (tool->json)
		json_array_begin(tool, "files");
	canon_all(&canon);
	canon_opts_close(&canon.opts);
	if (tool->json) {
		summary = json_object();
		json_set_uint(summary, "files", canon.count);
		json_set_uint(summary, "changed", canon.changed);
		json_set_uint(summary, "failed", canon.failed);
		json_member(tool, "summary", summary);
	}
	for (size_t i = 0; i < canon.count; i++)
		free(canon.files[i].path);
	free(canon.files);
}
