/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash verify: which modules are not as they should be, and why.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include "blobs.h"
#include "inputs.h"
#include "json.h"
#include "options.h"
#include "report.h"

struct verify {
	struct tool *tool;
	struct blobs blobs;
	struct inputs inputs;
	struct modhash_order_report order;
	struct modhash_verify_summary summary;
};

static void result_json(struct verify *verify, const char *path,
			const struct modhash_verify_result *result)
{
	static const char *const answers[] = { "known", "unknown", "not-told" };
	const struct modhash_verdict *verdict = result->verdict;
	json_t *object = json_object();

	if (path)
		json_set_text(object, "path", path);
	json_set_text(object, "name", result->name);
	json_set_text(object, "answer", answers[verdict->answer <= MODHASH_ANSWER_NO ?
						verdict->answer : MODHASH_ANSWER_NOT_TOLD]);
	json_set_text(object, "reason", modhash_reason_name(verdict->reason));
	json_set_text(object, "detail", verdict->detail);
	if (verdict->digest.length)
		json_set_digest(object, &verdict->digest);
	if (verdict->blob < verify->blobs.count)
		json_set_text(object, "blob", verify->blobs.blobs[verdict->blob].path);
	if (verdict->entry != UINT64_MAX)
		json_set_uint(object, "entry", verdict->entry);
	if (verdict->position != UINT32_MAX)
		json_set_uint(object, "position", verdict->position);
	json_element(verify->tool, object);
}

static void result_text(struct verify *verify, const char *path,
			const struct modhash_verify_result *result)
{
	const struct modhash_verdict *verdict = result->verdict;
	const char *reason = modhash_reason_text(verdict->reason);

	if (verdict->answer == MODHASH_ANSWER_YES && verdict->blob < verify->blobs.count)
		report_line(verify->tool, "%s: %s: %s", path, reason,
			    verify->blobs.blobs[verdict->blob].path);
	else
		report_line(verify->tool, "%s: %s%s%s", path, reason,
			    verdict->detail[0] ? ": " : "", verdict->detail);
}

static int verify_result(void *user, const struct modhash_verify_result *result)
{
	const struct modhash_verdict *verdict = result->verdict;
	struct verify *verify = user;
	struct tool *tool = verify->tool;
	struct modhash_file file;
	const char *path = NULL;

	if (result->index != UINT64_MAX) {
		inputs_get(verify->inputs.files, result->index, &file);
		path = file.path;
	}
	tool_status(tool, verdict->answer == MODHASH_ANSWER_YES ? TOOL_YES :
			  verdict->answer == MODHASH_ANSWER_NO ? TOOL_NO : TOOL_NOT_TOLD);
	if (verdict->answer > MODHASH_ANSWER_NO)
		report_problem(tool, path ? path : result->name, TOOL_NOT_TOLD, "%s%s%s",
			       modhash_reason_text(verdict->reason), verdict->detail[0] ? ": " : "",
			       verdict->detail);
	if (verdict->answer == MODHASH_ANSWER_YES && !tool->verbose)
		return 0;
	if (tool->json)
		result_json(verify, path, result);
	else if (verdict->answer <= MODHASH_ANSWER_NO)
		result_text(verify, path ? path : result->name, result);
	return 0;
}

/*
 * A directory with an order stands for a whole build, as soon as the order says
 * something: it was given, or a blob depends on it.  Files do so only by --complete.
 */
static uint32_t verify_flags(const struct verify *verify)
{
	const struct options *options = verify->tool->options;
	bool complete = options->given[OPT_COMPLETE];

	if (verify->inputs.directory && verify->order.source == MODHASH_ORDER_GIVEN)
		complete = true;
	if (verify->order.source == MODHASH_ORDER_TREE && blobs_ordered(&verify->blobs))
		complete = true;
	return complete ? MODHASH_VERIFY_COMPLETE : 0;
}

static const char *root_name(uint32_t root)
{
	switch (root) {
	case MODHASH_ROOT_SAME:
		return "same";
	case MODHASH_ROOT_OTHER:
		return "other";
	default:
		return NULL;
	}
}

static void summary_json(struct tool *tool, const struct modhash_verify_summary *summary)
{
	json_t *object = json_object();

	json_set_uint(object, "known", summary->known);
	json_set_uint(object, "unknown", summary->unknown);
	json_set_uint(object, "missing", summary->missing);
	json_set_uint(object, "not_told", summary->not_told);
	json_set_text(object, "root", root_name(summary->root));
	json_member(tool, "summary", object);
}

static void summary_text(struct tool *tool, const struct modhash_verify_summary *summary)
{
	uint64_t modules = summary->known + summary->unknown + summary->not_told;

	report_line(tool, "%llu module%s: %llu known, %llu not known, %llu missing, %llu not told",
		    (unsigned long long)modules, modules == 1 ? "" : "s",
		    (unsigned long long)summary->known, (unsigned long long)summary->unknown,
		    (unsigned long long)summary->missing, (unsigned long long)summary->not_told);
	if (summary->root == MODHASH_ROOT_OTHER)
		report_line(tool, "the modules in this order yield another root");
	else if (summary->root == MODHASH_ROOT_SAME && tool->verbose)
		report_line(tool, "the modules in this order yield this very root");
}

static void verify_run(struct verify *verify)
{
	struct modhash_verifier *verifier = blobs_verifier(verify->tool, &verify->blobs);
	struct tool *tool = verify->tool;
	struct modhash_run_opts opts;
	struct modhash_error err;
	int rc;

	if (!verifier)
		return;
	if (tool->json) {
		json_member(tool, "blobs", blobs_json(&verify->blobs));
		json_array_begin(tool, "files");
	}
	MODHASH_INIT(verify->summary);
	tool_run_opts(tool, &opts);
	rc = modhash_verifier_run(verifier, verify->inputs.files, verify_flags(verify), &opts,
				  verify_result, verify, &verify->summary, &err);
	if (rc && rc != MODHASH_E_STOPPED)
		report_error(tool, NULL, &err, TOOL_NOT_TOLD);
	if (!rc && verify->summary.root == MODHASH_ROOT_OTHER)
		tool_status(tool, TOOL_NO);
	if (tool->json)
		summary_json(tool, &verify->summary);
	else if (!rc)
		summary_text(tool, &verify->summary);
	modhash_verifier_free(verifier);
}

void cmd_verify(struct tool *tool)
{
	struct verify verify;

	memset(&verify, 0, sizeof(verify));
	verify.tool = tool;
	if (blobs_open(tool, &verify.blobs) && inputs_gather(tool, &verify.inputs) &&
	    inputs_order(tool, &verify.inputs, &verify.order)) {
		if (verify.inputs.directory && verify.order.source == MODHASH_ORDER_PATHS &&
		    blobs_ordered(&verify.blobs))
			inputs_note_no_order(tool, &verify.inputs);
		verify_run(&verify);
	}
	inputs_free(&verify.inputs);
	blobs_close(&verify.blobs);
}
