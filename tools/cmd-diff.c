/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash diff: what changed from one blob to another.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "json.h"
#include "options.h"
#include "report.h"

struct diff {
	struct tool *tool;
	struct blob first;
	struct blob second;
	uint64_t counts[MODHASH_DIFF_CHANGED + 1]; /* by MODHASH_DIFF_* */
};

/* By MODHASH_DIFF_*. */
static const char *const change_names[] = { "same", "added", "removed", "changed" };
static const char change_signs[] = "=+-~";

/* The hex digits at @index, or "". */
static void hex_of(const struct blob *blob, uint64_t index, char *hex, size_t size)
{
	struct modhash_digest digest;

	hex[0] = '\0';
	if (index != UINT64_MAX && !modhash_blob_digest(blob->blob, index, &digest))
		modhash_digest_to_hex(&digest, hex, size);
}

static void entry_json(struct diff *diff, const struct modhash_diff_entry *entry,
		       const char *first, const char *second)
{
	json_t *object = json_object();

	json_set_text(object, "change", change_names[entry->change]);
	json_set_text(object, "name", entry->name);
	json_set_text(object, "first", *first ? first : NULL);
	json_set_text(object, "second", *second ? second : NULL);
	json_element(diff->tool, object);
}

static int diff_entry(void *user, const struct modhash_diff_entry *entry)
{
	char first[2 * MODHASH_DIGEST_MAX + 1];
	char second[2 * MODHASH_DIGEST_MAX + 1];
	struct diff *diff = user;
	bool both = entry->change == MODHASH_DIFF_CHANGED;

	if (entry->change > MODHASH_DIFF_CHANGED)
		return 0;
	diff->counts[entry->change]++;
	if (entry->change == MODHASH_DIFF_SAME && !diff->tool->verbose)
		return 0;
	hex_of(&diff->first, entry->first, first, sizeof(first));
	hex_of(&diff->second, entry->second, second, sizeof(second));
	if (diff->tool->json)
		entry_json(diff, entry, first, second);
	else
		report_line(diff->tool, "%c %s%s%s%s%s", change_signs[entry->change],
			    *first ? first : second, both ? " " : "", both ? second : "",
			    entry->name ? "  " : "", entry->name ? entry->name : "");
	return 0;
}

static void diff_summary(struct diff *diff)
{
	const uint64_t *counts = diff->counts;
	json_t *summary;
	size_t i;

	if (!diff->tool->json) {
		report_line(diff->tool, "%llu added, %llu removed, %llu changed, %llu the same",
			    (unsigned long long)counts[MODHASH_DIFF_ADDED],
			    (unsigned long long)counts[MODHASH_DIFF_REMOVED],
			    (unsigned long long)counts[MODHASH_DIFF_CHANGED],
			    (unsigned long long)counts[MODHASH_DIFF_SAME]);
		return;
	}
	summary = json_object();
	for (i = 0; i <= MODHASH_DIFF_CHANGED; i++)
		json_set_uint(summary, change_names[i], counts[i]);
	json_member(diff->tool, "summary", summary);
}

/* It is about both blobs, and an error has one path. */
static void diff_error(struct diff *diff, struct modhash_error *err)
{
	char *second = report_escape(diff->second.path);
	char *message = tool_printf("held against %s: %s", second, err->message);

	snprintf(err->message, sizeof(err->message), "%s", message);
	report_error(diff->tool, diff->first.path, err, TOOL_NOT_TOLD);
	free(message);
	free(second);
}

static void diff_run(struct diff *diff)
{
	struct tool *tool = diff->tool;
	struct modhash_error err;
	int rc;

	if (tool->json) {
		json_t *blobs = json_array();

		json_array_append_new(blobs, blob_json(&diff->first));
		json_array_append_new(blobs, blob_json(&diff->second));
		json_member(tool, "blobs", blobs);
		json_array_begin(tool, "entries");
	}
	rc = modhash_blob_diff(diff->first.blob, diff->second.blob, diff_entry, diff, &err);
	if (rc < 0)
		diff_error(diff, &err);
	else
		diff_summary(diff);
	if (rc > 0)
		tool_status(tool, TOOL_NO);
}

void cmd_diff(struct tool *tool)
{
	char **operands = tool->options->operands;
	struct diff diff;
	bool first;
	bool second;

	if (tool->options->operand_count != 2) {
		report_usage(tool, "%llu operands given; expected two blobs",
			     (unsigned long long)tool->options->operand_count);
		return;
	}
	memset(&diff, 0, sizeof(diff));
	diff.tool = tool;
	first = blob_open(tool, operands[0], &diff.first);
	second = blob_open(tool, operands[1], &diff.second);
	if (first && second)
		diff_run(&diff);
	blob_close(&diff.first);
	blob_close(&diff.second);
}
