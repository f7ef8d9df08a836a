/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash query: is it known, and to which blob?
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "blobs.h"
#include "digest-check.h"
#include "inputs.h"
#include "json.h"
#include "options.h"
#include "report.h"

/* One operand, in the order of the command line. */
struct asked {
	char *name;
	bool is_digest; /* else the next of the files */
};

struct query {
	struct tool *tool;
	struct blobs blobs;
	struct modhash_files *files;
	struct asked *asked;
	size_t count;
	size_t next; /* of @asked, to be answered */
	uint64_t known;
	uint64_t unknown;
	uint64_t not_told;
};

static bool is_hex_digest(const char *text)
{
	size_t length = strlen(text);

	return (length == 64 || length == 96 || length == 128) &&
	       strspn(text, "0123456789abcdefABCDEF") == length;
}

static bool can_be_file(struct tool *tool, const char *name)
{
	struct stat status;

	/* Not even a file that can't be looked at is a digest. */
	if (stat(name, &status))
		return !is_hex_digest(name);
	if (!S_ISDIR(status.st_mode))
		return true;
	report_problem(tool, name, TOOL_NOT_TOLD,
		       "is a directory; expected a file or a digest (modhash verify takes directories)");
	return false;
}

static int query_gather(struct tool *tool, const char *name, void *user)
{
	struct query *query = user;
	struct modhash_error err;
	struct stat status;
	bool is_digest = is_hex_digest(name) && stat(name, &status);
	uint64_t before = modhash_files_count(query->files);
	int rc;

	if (!is_digest && !can_be_file(tool, name)) {
		query->not_told++;
		return 0;
	}
	if (!is_digest) {
		rc = modhash_files_add(query->files, name, NULL, NULL, &err);
		if (rc)
			report_error(tool, name, &err, TOOL_NOT_TOLD);
		if (rc == MODHASH_E_NOMEM)
			return rc;
		if (modhash_files_count(query->files) != before + 1)
			return 0;
	}
	query->asked = tool_grow(query->asked, query->count + 1, sizeof(*query->asked));
	query->asked[query->count].name = tool_strdup(name);
	query->asked[query->count++].is_digest = is_digest;
	return 0;
}

/* --scope and --algorithm narrow down which blobs a bare digest is for. */
static bool suits(const struct tool *tool, const struct modhash_blob_info *info, size_t digits)
{
	const struct options *options = tool->options;

	if (info->format == MODHASH_FORMAT_MERKLE ||
	    (size_t)modhash_algorithm_length((int)info->algorithm) * 2 != digits)
		return false;
	if (options->given[OPT_SCOPE] && info->scope != (uint32_t)digest_scope(options))
		return false;
	return !options->given[OPT_ALGORITHM] ||
	       info->algorithm == (uint32_t)digest_algorithm(options);
}

static void answer_json(struct tool *tool, json_t *object, int answer, const struct blob *blob,
			uint64_t entry)
{
	static const char *const answers[] = { "known", "unknown", "not-told" };

	json_set_text(object, "answer", answers[answer]);
	if (blob)
		json_set_text(object, "blob", blob->path);
	if (blob && entry != UINT64_MAX)
		json_set_uint(object, "entry", entry);
	json_element(tool, object);
}

static void count_answer(struct query *query, int answer)
{
	query->known += answer == TOOL_YES;
	query->unknown += answer == TOOL_NO;
	query->not_told += answer == TOOL_NOT_TOLD;
	tool_status(query->tool, answer);
}

static void answer_digest(struct query *query, const char *hex)
{
	struct tool *tool = query->tool;
	struct modhash_digest digest;
	const struct blob *known = NULL;
	uint64_t entry = UINT64_MAX;
	bool asked = false;
	int answer;
	size_t i;

	for (i = 0; !known && i < query->blobs.count; i++) {
		const struct blob *blob = &query->blobs.blobs[i];

		if (!suits(tool, &blob->info, strlen(hex)) ||
		    modhash_digest_from_hex(hex, (int)blob->info.algorithm,
					    (int)blob->info.scope, 0, &digest))
			continue;
		asked = true;
		if (modhash_blob_contains(blob->blob, &digest, &entry) == 1)
			known = blob;
	}
	answer = known ? TOOL_YES : asked ? TOOL_NO : TOOL_NOT_TOLD;
	count_answer(query, answer);
	if (!asked)
		report_problem(tool, hex, TOOL_NOT_TOLD, "no blob has digests of this kind: "
			       "expected a list or table with digests of this length, scope and algorithm");
	if (tool->json) {
		json_t *object = json_object();

		json_set_text(object, "digest", hex);
		answer_json(tool, object, answer, known, known ? entry : UINT64_MAX);
	} else if (known) {
		report_line(tool, "%s: known: %s", hex, known->path);
	} else if (asked) {
		report_line(tool, "%s: unknown", hex);
	}
}

/* Answer the digests that come before the next file. */
static void answer_digests(struct query *query)
{
	for (; query->next < query->count && query->asked[query->next].is_digest; query->next++)
		answer_digest(query, query->asked[query->next].name);
}

static void verdict_json(struct query *query, const char *path,
			 const struct modhash_verdict *verdict, const struct blob *blob)
{
	json_t *object = json_object();

	json_set_text(object, "path", path);
	json_set_text(object, "reason", modhash_reason_name(verdict->reason));
	json_set_text(object, "detail", verdict->detail);
	if (verdict->digest.length)
		json_set_digest(object, &verdict->digest);
	answer_json(query->tool, object, (int)verdict->answer, blob, verdict->entry);
}

static void verdict_text(struct tool *tool, const char *path,
			 const struct modhash_verdict *verdict, const struct blob *blob)
{
	if (verdict->answer == MODHASH_ANSWER_YES)
		report_line(tool, "%s: known: %s", path, blob ? blob->path : "?");
	else if (verdict->answer == MODHASH_ANSWER_NO &&
		 verdict->reason == MODHASH_REASON_UNKNOWN)
		report_line(tool, "%s: unknown", path);
	else if (verdict->answer == MODHASH_ANSWER_NO)
		report_line(tool, "%s: unknown: %s", path, modhash_reason_text(verdict->reason));
}

static int query_result(void *user, const struct modhash_verify_result *result)
{
	const struct modhash_verdict *verdict = result->verdict;
	const struct blob *blob = NULL;
	struct query *query = user;
	struct modhash_file file;

	if (result->index == UINT64_MAX)
		return 0;
	inputs_get(query->files, result->index, &file);
	if (verdict->blob < query->blobs.count)
		blob = &query->blobs.blobs[verdict->blob];
	answer_digests(query);
	query->next++;
	count_answer(query, (int)verdict->answer);
	if (verdict->answer == MODHASH_ANSWER_NOT_TOLD)
		report_problem(query->tool, file.path, TOOL_NOT_TOLD, "%s%s%s",
			       modhash_reason_text(verdict->reason), verdict->detail[0] ? ": " : "",
			       verdict->detail);
	if (query->tool->json)
		verdict_json(query, file.path, verdict, blob);
	else
		verdict_text(query->tool, file.path, verdict, blob);
	return 0;
}

static void query_run(struct query *query)
{
	struct tool *tool = query->tool;
	struct modhash_verifier *verifier = blobs_verifier(tool, &query->blobs);
	struct modhash_run_opts opts;
	struct modhash_error err;
	int rc;

	if (!verifier)
		return;
	tool_run_opts(tool, &opts);
	rc = modhash_verifier_run(verifier, query->files, 0, &opts, query_result, query, NULL,
				  &err);
	if (rc && rc != MODHASH_E_STOPPED)
		report_error(tool, NULL, &err, TOOL_NOT_TOLD);
	else if (!rc)
		answer_digests(query);
	modhash_verifier_free(verifier);
}

static void query_ask(struct query *query)
{
	struct tool *tool = query->tool;

	if (tool->json) {
		json_member(tool, "blobs", blobs_json(&query->blobs));
		json_array_begin(tool, "files");
	}
	if (!inputs_each(tool, query_gather, query) && !tool_stopped())
		query_run(query);
	if (tool->json) {
		json_t *summary = json_object();

		json_set_uint(summary, "known", query->known);
		json_set_uint(summary, "unknown", query->unknown);
		json_set_uint(summary, "not_told", query->not_told);
		json_member(tool, "summary", summary);
	}
}

void cmd_query(struct tool *tool)
{
	struct modhash_error err;
	struct query query;
	size_t i;

	memset(&query, 0, sizeof(query));
	query.tool = tool;
	if (blobs_open(tool, &query.blobs)) {
		if (modhash_files_new(tool->ctx, &query.files, &err))
			report_error(tool, NULL, &err, TOOL_NOT_TOLD);
		else
			query_ask(&query);
	}
	for (i = 0; i < query.count; i++)
		free(query.asked[i].name);
	free(query.asked);
	modhash_files_free(query.files);
	blobs_close(&query.blobs);
}
