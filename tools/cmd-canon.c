/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash canon: modules, and a vmlinux, with their BTF in its one order.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "canon-opts.h"
#include "inputs.h"
#include "json.h"
#include "options.h"
#include "report.h"
#include "write.h"

struct canon {
	struct canon_opts opts;
	const char *output; /* NULL: in place */
	uint64_t files;
	uint64_t changed;
	uint64_t failed;
};

static int canon_file(struct tool *tool, struct canon *canon, const char *path,
		      struct modhash_canon_changes *changes, struct modhash_error *err)
{
	struct modhash_buffer buffer = { NULL, 0 };
	struct modhash_module *module;
	int rc = modhash_module_from_path(tool->ctx, path, &module, err);

	if (rc)
		return rc;
	rc = modhash_module_canon_rewrite(module, &canon->opts.opts, &buffer, changes, err);
	modhash_module_free(module);
	if (rc)
		return rc;
	if (canon->output || changes->flags)
		rc = write_output(canon->output ? canon->output : path, buffer.data,
				  buffer.length, err);
	modhash_buffer_clear(&buffer);
	return rc;
}

static const char *const change_names[] = { ".BTF", ".BTF.base", ".BTF_ids", "trailers" };

static void explain(struct tool *tool, const char *path,
		    const struct modhash_canon_changes *changes)
{
	if (!changes->flags) {
		report_line(tool, "%s: in canonical order already", path);
		return;
	}
	if (changes->flags & MODHASH_CHANGED_BTF)
		report_line(tool, "%s: offset %" PRIu64 ": .BTF, %" PRIu64 " bytes: %" PRIu32
			    " of %" PRIu32 " types have another number", path,
			    changes->btf_offset, changes->btf_length, changes->moved,
			    changes->types);
	if (changes->flags & MODHASH_CHANGED_BTF_BASE)
		report_line(tool, "%s: .BTF.base: put in order", path);
	if (changes->flags & MODHASH_CHANGED_BTF_IDS)
		report_line(tool, "%s: .BTF_ids: renumbered, its sets sorted again", path);
	if (changes->flags & MODHASH_CHANGED_TRAILERS)
		report_line(tool, "%s: trailers: taken off; sign it, and hash it, anew", path);
}

static void print_json(struct tool *tool, const char *path, int rc,
		       const struct modhash_canon_changes *changes,
		       const struct modhash_error *err)
{
	json_t *object = json_object();
	json_t *changed = json_array();

	json_set_text(object, "path", path);
	json_set_text(object, "result", rc ? "failed" : changes->flags ? "changed" : "canonical");
	for (size_t i = 0; !rc && i < sizeof(change_names) / sizeof(change_names[0]); i++) {
		if (changes->flags >> i & 1)
			json_array_append_new(changed, json_string(change_names[i]));
	}
	if (rc) {
		json_object_set_new(object, "error", json_error(NULL, err));
		json_decref(changed);
	} else {
		json_object_set_new(object, "changed", changed);
		json_set_uint(object, "types", changes->types);
		json_set_uint(object, "moved", changes->moved);
	}
	json_element(tool, object);
}

static int canon_one(struct tool *tool, const char *path, void *user)
{
	struct modhash_canon_changes changes;
	struct canon *canon = user;
	struct modhash_error err;
	int rc;

	MODHASH_INIT(changes);
	if (canon->output && canon->files) {
		report_problem(tool, path, TOOL_NOT_TOLD,
			       "--output takes one file; use --in-place");
		return -1;
	}
	rc = canon_file(tool, canon, path, &changes, &err);
	canon->files++;
	canon->failed += rc != 0;
	canon->changed += !rc && changes.flags;
	if (rc)
		report_error(tool, path, &err, report_status(err.code));
	if (tool->json)
		print_json(tool, path, rc, &changes, &err);
	else if (!rc && tool->options->given[OPT_EXPLAIN])
		explain(tool, path, &changes);
	return 0;
}

static bool canon_usage(struct tool *tool)
{
	const struct options *options = tool->options;
	const char *output = options->value[OPT_OUTPUT];

	if (options->given[OPT_IN_PLACE] == options->given[OPT_OUTPUT])
		report_usage(tool, "expected either --output=FILE or --in-place");
	else if (output && options->operand_count > 1)
		report_usage(tool, "--output takes one file; use --in-place for many");
	else if (output && inputs_is_dash(output) && (tool->json || options->given[OPT_EXPLAIN]))
		report_usage(tool, "--output=- and what is told are both for standard output");
	else
		return true;
	return false;
}

void cmd_canon(struct tool *tool)
{
	struct canon canon;
	json_t *summary;

	memset(&canon, 0, sizeof(canon));
	canon.output = tool->options->value[OPT_OUTPUT];
	if (!canon_usage(tool) || !canon_opts_open(tool, &canon.opts, NULL))
		return;
	if (tool->json)
		json_array_begin(tool, "files");
	inputs_each(tool, canon_one, &canon);
	canon_opts_close(&canon.opts);
	if (!tool->json)
		return;
	summary = json_object();
	json_set_uint(summary, "files", canon.files);
	json_set_uint(summary, "changed", canon.changed);
	json_set_uint(summary, "failed", canon.failed);
	json_member(tool, "summary", summary);
}
