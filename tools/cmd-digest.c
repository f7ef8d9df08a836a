/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash digest: digests of modules, as sha256sum prints them.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "canon-opts.h"
#include "digest-check.h"
#include "inputs.h"
#include "json.h"
#include "options.h"
#include "progress.h"
#include "report.h"

/* By CHOICE_ALGORITHM_*. */
static const int algorithms[] = {
	MODHASH_ALGO_SHA256,   MODHASH_ALGO_SHA384,   MODHASH_ALGO_SHA512,
	MODHASH_ALGO_SHA3_256, MODHASH_ALGO_SHA3_384, MODHASH_ALGO_SHA3_512,
};

int digest_algorithm(const struct options *options)
{
	int choice = options->choice[OPT_ALGORITHM];

	return choice < 0 ? MODHASH_ALGO_SHA256 : algorithms[choice];
}

int digest_scope(const struct options *options)
{
	switch (options->choice[OPT_SCOPE]) {
	case CHOICE_SCOPE_FILE:
		return MODHASH_SCOPE_FILE;
	case CHOICE_SCOPE_CANONICAL:
		return MODHASH_SCOPE_CANONICAL;
	default:
		return MODHASH_SCOPE_PAYLOAD;
	}
}

int digest_form(const struct options *options)
{
	return digest_scope(options) == MODHASH_SCOPE_CANONICAL ? MODHASH_CANON_FORM : 0;
}

struct digest {
	struct tool *tool;
	const struct modhash_files *files;
	uint64_t told;
	uint64_t failed;
	bool terminal;
};

static void set_canon(json_t *object, const struct modhash_file_result *result)
{
	const struct modhash_canon_info *canon = result->canon;
	bool has_btf = canon->flags & MODHASH_CANON_HAS_BTF;

	json_set_uint(object, "types", canon->types);
	json_set_uint(object, "duplicates", canon->duplicates);
	json_set_hex(object, "base_sha256", has_btf ? canon->base_sha256 : NULL,
		     sizeof(canon->base_sha256));
}

static void print_json(struct tool *tool, const char *path,
		       const struct modhash_file_result *result)
{
	json_t *object = json_object();

	json_set_text(object, "path", path);
	if (result->status)
		json_object_set_new(object, "error", json_error(NULL, result->error));
	else
		json_set_digest(object, result->digest);
	if (result->canon)
		set_canon(object, result);
	json_element(tool, object);
}

static int digest_result(void *user, const struct modhash_file_result *result)
{
	struct digest *digest = user;
	struct tool *tool = digest->tool;
	struct modhash_file file;
	char hex[2 * MODHASH_DIGEST_MAX + 1];

	inputs_get(digest->files, result->index, &file);
	if (result->status) {
		digest->failed++;
		report_error(tool, file.path, result->error, report_status(result->status));
	} else {
		digest->told++;
	}
	if (tool->json) {
		print_json(tool, file.path, result);
	} else if (!result->status) {
		char *name = digest_escape(file.path, digest->terminal);

		modhash_digest_to_hex(result->digest, hex, sizeof(hex));
		progress_clear(&tool->progress);
		printf("%s%s  %s\n", strcmp(name, file.path) ? "\\" : "", hex, name);
		free(name);
		if (result->canon && result->canon->duplicates)
			report_note(tool, "%s: %" PRIu32 " of its types have a double, so that an "
				    "equal digest would not prove that its types are equal",
				    file.path, result->canon->duplicates);
	}
	return 0;
}

static void digest_print(struct tool *tool, const struct modhash_files *files)
{
	struct digest digest = { tool, files, 0, 0, isatty(STDOUT_FILENO) };
	struct modhash_digest_spec spec;
	struct canon_opts canon;
	struct modhash_run_opts opts;
	struct modhash_error err;
	int rc;

	MODHASH_INIT(spec);
	spec.algorithm = (uint32_t)digest_algorithm(tool->options);
	spec.scope = (uint32_t)digest_scope(tool->options);
	if (!canon_opts_open(tool, &canon, &spec))
		return;
	tool_run_opts(tool, &opts);
	if (tool->json)
		json_array_begin(tool, "files");
	rc = modhash_digest_files(tool->ctx, files, &spec, 0, &opts, digest_result, &digest, &err);
	canon_opts_close(&canon);
	if (rc && rc != MODHASH_E_STOPPED)
		report_error(tool, NULL, &err, TOOL_NOT_TOLD);
	if (tool->json) {
		json_t *summary = json_object();

		json_set_uint(summary, "files", digest.told + digest.failed);
		json_set_uint(summary, "digests", digest.told);
		json_set_uint(summary, "failed", digest.failed);
		json_member(tool, "summary", summary);
	}
}

void cmd_digest(struct tool *tool)
{
	struct inputs inputs;

	if (tool->options->given[OPT_CHECK]) {
		digest_check(tool);
		return;
	}
	if (inputs_gather(tool, &inputs))
		digest_print(tool, inputs.files);
	inputs_free(&inputs);
}
