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

#include "anew.h"
#include "canon-opts.h"
#include "json.h"
#include "options.h"
#include "report.h"

struct canon {
	struct tool *tool;
	struct canon_opts opts;
	struct anew anew;
	struct modhash_canon_changes *changes; /* of each file */
	uint64_t changed;
	uint64_t failed;
};

/* --- rewriting, on any thread --- */

static int canon_one(void *user, uint64_t index, struct modhash_error *err)
{
	const struct canon *canon = user;
	struct modhash_canon_changes *changes = &canon->changes[index];
	struct modhash_buffer buffer = { NULL, 0 };
	struct modhash_module *module;
	int rc = modhash_module_from_path(canon->tool->ctx, canon->anew.files[index].path, &module,
					  err);

	if (rc)
		return rc;
	MODHASH_INIT(*changes);
	rc = modhash_module_canon_rewrite(module, &canon->opts.opts, &buffer, changes, err);
	modhash_module_free(module);
	if (rc)
		return rc;
	if (canon->anew.output || changes->flags)
		rc = anew_write(&canon->anew, index, &buffer, err);
	modhash_buffer_clear(&buffer);
	return rc;
}

/* --- telling, in order --- */

static const char *const change_names[] = { ".BTF", ".BTF.base", ".BTF_ids", "trailers" };

static void explain_order(struct tool *tool, const char *path,
			  const struct modhash_canon_changes *changes)
{
	if (changes->flags & MODHASH_CHANGED_BTF)
		report_line(tool, "%s: offset %" PRIu64 ": .BTF, %" PRIu64 " bytes: %" PRIu32
			    " of %" PRIu32 " types have another number", path,
			    changes->btf_offset, changes->btf_length, changes->moved,
			    changes->types);
	if (changes->flags & MODHASH_CHANGED_BTF_BASE)
		report_line(tool, "%s: .BTF.base: put in order", path);
	if (changes->flags & MODHASH_CHANGED_BTF_IDS)
		report_line(tool, "%s: .BTF_ids: renumbered, its sets sorted again", path);
}

static void explain_drop(struct tool *tool, const char *path,
			 const struct modhash_canon_changes *changes)
{
	if (changes->flags & MODHASH_CHANGED_BTF)
		report_line(tool, "%s: offset %" PRIu64 ": .BTF, %" PRIu64 " bytes: left out",
			    path, changes->btf_offset, changes->btf_length);
	if (changes->flags & MODHASH_CHANGED_BTF_BASE)
		report_line(tool, "%s: .BTF.base: left out", path);
	if (changes->flags & MODHASH_CHANGED_BTF_IDS)
		report_line(tool, "%s: .BTF_ids: its ids left out", path);
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

static void explain(const struct canon *canon, uint64_t index)
{
	const struct modhash_canon_changes *changes = &canon->changes[index];
	const char *path = canon->anew.files[index].path;
	uint32_t policy = canon->opts.opts.policy;

	if (policy == MODHASH_BTF_DROP)
		explain_drop(canon->tool, path, changes);
	else
		explain_order(canon->tool, path, changes);
	if (changes->flags & MODHASH_CHANGED_TRAILERS)
		report_line(canon->tool, "%s: trailers: taken off; sign it, and hash it, anew",
			    path);
	if (!changes->flags)
		report_line(canon->tool, "%s: %s", path, nothing_changed(policy));
}

static void print_json(const struct canon *canon, uint64_t index, int rc,
		       const struct modhash_error *err)
{
	const struct modhash_canon_changes *changes = &canon->changes[index];
	const struct anew_file *file = &canon->anew.files[index];
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
	struct tool *tool = canon->tool;

	canon->failed += rc != 0;
	canon->changed += !rc && canon->changes[index].flags;
	if (rc)
		anew_report(&canon->anew, index, err);
	if (tool->json)
		print_json(canon, index, rc, err);
	else if (!rc && tool->options->given[OPT_EXPLAIN])
		explain(canon, index);
	return true;
}

/* --- the verb --- */

static void canon_all(struct canon *canon)
{
	const struct workers workers = {
		.tool = canon->tool,
		.count = canon->anew.count,
		.user = canon,
		.job = canon_one,
		.told = canon_told,
	};

	canon->changes = tool_alloc(canon->anew.count, sizeof(*canon->changes));
	anew_run(&canon->anew, &workers);
	free(canon->changes);
}

void cmd_canon(struct tool *tool)
{
	bool tells = tool->json || tool->options->given[OPT_EXPLAIN];
	struct canon canon = { .tool = tool };
	json_t *summary;

	if (!anew_open(tool, tells, &canon.anew))
		return;
	if (!canon_opts_open(tool, &canon.opts, NULL)) {
		anew_close(&canon.anew);
		return;
	}
	if (tool->json)
		json_array_begin(tool, "files");
	canon_all(&canon);
	canon_opts_close(&canon.opts);
	if (tool->json) {
		summary = json_object();
		json_set_uint(summary, "files", canon.anew.count);
		json_set_uint(summary, "changed", canon.changed);
		json_set_uint(summary, "failed", canon.failed);
		json_member(tool, "summary", summary);
	}
	anew_close(&canon.anew);
}
