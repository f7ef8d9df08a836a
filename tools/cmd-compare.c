/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash compare: two modules, or two trees of modules.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "canon-opts.h"
#include "json.h"
#include "options.h"
#include "report.h"
#include "workers.h"

/* By bit; the last are for what is in one tree only, and what could not be compared. */
static const struct {
	uint32_t bit;
	const char *name;
} kinds[] = {
	{ MODHASH_DIFFERS_COMPRESSION, "compression" }, { MODHASH_DIFFERS_TRAILERS, "signature" },
	{ MODHASH_DIFFERS_LAYOUT, "section layout" },	{ MODHASH_DIFFERS_BTF_ORDER, "BTF order" },
	{ MODHASH_DIFFERS_BUILD_ID, "build id" },	{ MODHASH_DIFFERS_DEBUG, "debug sections" },
	{ MODHASH_DIFFERS_BTF, "BTF" },			{ MODHASH_DIFFERS_HEADER, "ELF header" },
	{ MODHASH_DIFFERS_SECTION, "section" },		{ MODHASH_DIFFERS_SYMBOL, "symbol" },
	{ MODHASH_DIFFERS_MODINFO, "modinfo" },		{ MODHASH_DIFFERS_TYPE, "type" },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct told {
	char *name;
	char *detail;
	uint32_t kind;
};

/* Two modules of the same name, or one that has no partner. */
struct pair {
	char *name;  /* in a tree */
	char *first; /* NULL: it is in the other tree only */
	char *second;
	struct told *told;
	size_t told_count;
	uint32_t kinds;
	uint32_t failed; /* which one an error is about, if there is one */
};

struct compare {
	struct tool *tool;
	struct canon_opts opts;
	struct modhash_canon_opts other; /* of the second */
	struct modhash_btf_base *other_base;
	bool trees;
	struct pair *pairs;
	size_t pair_count;
	uint64_t counts[KINDS];
	uint64_t equal, equal_but, different, alone, failed;
};

static const char *kind_name(uint32_t bit)
{
	for (size_t i = 0; i < KINDS; i++) {
		if (kinds[i].bit == bit)
			return kinds[i].name;
	}
	return "unknown";
}

static void add_pair(struct compare *compare, const char *name, const char *first,
		     const char *second)
{
	struct pair *pair;

	compare->pairs = tool_grow(compare->pairs, compare->pair_count + 1, sizeof(*pair));
	pair = &compare->pairs[compare->pair_count++];
	memset(pair, 0, sizeof(*pair));
	pair->name = name ? tool_strdup(name) : NULL;
	pair->first = first ? tool_strdup(first) : NULL;
	pair->second = second ? tool_strdup(second) : NULL;
}

static void drop_told(struct pair *pair)
{
	for (size_t i = 0; i < pair->told_count; i++) {
		free(pair->told[i].name);
		free(pair->told[i].detail);
	}
	free(pair->told);
	pair->told = NULL;
	pair->told_count = 0;
}

static void free_pairs(struct compare *compare)
{
	for (size_t i = 0; i < compare->pair_count; i++) {
		drop_told(&compare->pairs[i]);
		free(compare->pairs[i].name);
		free(compare->pairs[i].first);
		free(compare->pairs[i].second);
	}
	free(compare->pairs);
}

/* --- comparing, on any thread --- */

static int told(void *user, const struct modhash_difference *difference)
{
	struct pair *pair = user;
	struct told *told;

	pair->told = tool_grow(pair->told, pair->told_count + 1, sizeof(*told));
	told = &pair->told[pair->told_count++];
	told->kind = difference->kind;
	told->name = tool_strdup(difference->name);
	told->detail = tool_strdup(difference->detail);
	return 0;
}

static int compare_modules(const struct compare *compare, struct pair *pair,
			   const struct modhash_module *first,
			   const struct modhash_module *second, struct modhash_error *err)
{
	const struct tool *tool = compare->tool;
	bool quiet = compare->trees && !tool->verbose && !tool->json;
	struct modhash_comparison result;
	int rc;

	MODHASH_INIT(result);
	rc = modhash_compare(first, second, &compare->opts.opts, &compare->other,
			     quiet ? NULL : told, pair, &result, err);
	pair->kinds = result.kinds;
	pair->failed = result.failed;
	return rc;
}

static int compare_pair(void *user, uint64_t index, struct modhash_error *err)
{
	struct modhash_module *first = NULL, *second = NULL;
	struct compare *compare = user;
	struct pair *pair = &compare->pairs[index];
	int rc;

	if (!pair->first || !pair->second)
		return 0;
	pair->failed = 1;
	rc = modhash_module_from_path(compare->tool->ctx, pair->first, &first, err);
	if (!rc) {
		pair->failed = 2;
		rc = modhash_module_from_path(compare->tool->ctx, pair->second, &second, err);
	}
	if (!rc)
		rc = compare_modules(compare, pair, first, second, err);
	modhash_module_free(first);
	modhash_module_free(second);
	return rc;
}

/* --- telling, in order --- */

static bool is_benign(uint32_t differing)
{
	return !(differing & ~(uint32_t)MODHASH_DIFFERS_BENIGN);
}

static char *list_kinds(uint32_t found)
{
	char *list = tool_strdup("");

	for (size_t i = 0; i < KINDS; i++) {
		char *longer;

		if (!(found & kinds[i].bit))
			continue;
		longer = tool_printf("%s%s%s", list, *list ? ", " : "", kinds[i].name);
		free(list);
		list = longer;
	}
	return list;
}

static const char *count_kinds(struct compare *compare, uint32_t found)
{
	for (size_t i = 0; i < KINDS; i++)
		compare->counts[i] += (found & kinds[i].bit) != 0;
	if (!found) {
		compare->equal++;
		return "equal";
	}
	if (is_benign(found)) {
		compare->equal_but++;
		return "equal-but";
	}
	compare->different++;
	tool_status(compare->tool, TOOL_NO);
	return "different";
}

static void set_kinds(json_t *object, uint32_t found)
{
	json_t *names = json_array();

	for (size_t i = 0; i < KINDS; i++) {
		if (found & kinds[i].bit)
			json_array_append_new(names, json_string(kinds[i].name));
	}
	json_object_set_new(object, "kinds", names);
}

static void set_differences(json_t *object, const struct pair *pair)
{
	json_t *differences = json_array();

	for (size_t i = 0; i < pair->told_count; i++) {
		const struct told *told = &pair->told[i];
		json_t *one = json_object();

		json_set_text(one, "kind", kind_name(told->kind));
		json_set_text(one, "name", *told->name ? told->name : NULL);
		json_set_text(one, "detail", told->detail);
		json_array_append_new(differences, one);
	}
	json_object_set_new(object, "differences", differences);
}

static void print_json(struct compare *compare, const struct pair *pair, const char *result,
		       const struct modhash_error *err)
{
	json_t *object = json_object();

	json_set_text(object, "first", pair->first);
	json_set_text(object, "second", pair->second);
	json_set_text(object, "result", result);
	if (err) {
		json_object_set_new(object, "error", json_error(NULL, err));
	} else if (pair->first && pair->second) {
		set_kinds(object, pair->kinds);
		set_differences(object, pair);
	}
	json_element(compare->tool, object);
}

static void print_text(struct compare *compare, const struct pair *pair)
{
	const char *name = pair->name ? pair->name : "", *colon = pair->name ? ": " : "";
	char *list = list_kinds(pair->kinds);

	for (size_t i = 0; i < pair->told_count; i++) {
		const struct told *told = &pair->told[i];

		report_line(compare->tool, "%s%s%s%s%s: %s", name, colon, kind_name(told->kind),
			    *told->name ? " " : "", told->name, told->detail);
	}
	if (pair->kinds)
		report_line(compare->tool, "%s%s%s%s", name, colon,
			    is_benign(pair->kinds) ? "equal but for " : "different: ", list);
	else if (!pair->name || compare->tool->verbose)
		report_line(compare->tool, "%s%sequal", name, colon);
	free(list);
}

static void tell_alone(struct compare *compare, const struct pair *pair)
{
	compare->alone++;
	tool_status(compare->tool, TOOL_NO);
	if (compare->tool->json)
		print_json(compare, pair, "alone", NULL);
	else
		report_line(compare->tool, "%s: only in the %s", pair->name,
			    pair->first ? "first" : "second");
}

static bool tell_pair(void *user, uint64_t index, int rc, const struct modhash_error *err)
{
	struct compare *compare = user;
	struct pair *pair = &compare->pairs[index];
	struct tool *tool = compare->tool;

	if (rc) {
		compare->failed++;
		report_error(tool, pair->failed == 2 ? pair->second : pair->first, err,
			     TOOL_NOT_TOLD);
		if (tool->json)
			print_json(compare, pair, "failed", err);
	} else if (!pair->first || !pair->second) {
		tell_alone(compare, pair);
	} else {
		const char *result = count_kinds(compare, pair->kinds);

		if (tool->json)
			print_json(compare, pair, result, NULL);
		else
			print_text(compare, pair);
	}
	drop_told(pair);
	return true;
}

static void compare_all(struct compare *compare)
{
	struct workers workers = {
		.tool = compare->tool,
		.count = compare->pair_count,
		.user = compare,
		.job = compare_pair,
		.told = tell_pair,
	};

	workers_run(&workers);
}

/* --- trees --- */

static int trouble(void *user, const char *path, const struct modhash_error *err)
{
	report_error(user, path, err, TOOL_NOT_TOLD);
	return 0;
}

static struct modhash_files *gather(struct tool *tool, const char *path)
{
	struct modhash_files *files;
	struct modhash_error err;

	if (modhash_files_new(tool->ctx, &files, &err) ||
	    modhash_files_add(files, path, trouble, tool, &err)) {
		report_error(tool, path, &err, TOOL_NOT_TOLD);
		return NULL;
	}
	return files;
}

static bool get(const struct modhash_files *files, uint64_t index, struct modhash_file *file)
{
	MODHASH_INIT(*file);
	return !modhash_files_get(files, index, file);
}

/* Both lists are sorted by name; the compression's suffix is no part of it. */
static void pair_lists(struct compare *compare, const struct modhash_files *a,
		       const struct modhash_files *b)
{
	struct modhash_file x, y;
	uint64_t i = 0, j = 0;

	for (;;) {
		bool in_a = get(a, i, &x), in_b = get(b, j, &y);
		int order = !in_a ? 1 : !in_b ? -1 : strcmp(x.name, y.name);

		if (!in_a && !in_b)
			break;
		add_pair(compare, order <= 0 ? x.name : y.name, order <= 0 ? x.path : NULL,
			 order >= 0 ? y.path : NULL);
		i += order <= 0;
		j += order >= 0;
	}
}

static void tell_summary(struct compare *compare)
{
	struct tool *tool = compare->tool;

	report_line(tool, "%" PRIu64 " equal, %" PRIu64 " equal but for something, %" PRIu64
		    " different, %" PRIu64 " in one tree only, %" PRIu64 " not compared",
		    compare->equal, compare->equal_but, compare->different, compare->alone,
		    compare->failed);
	for (size_t i = 0; i < KINDS; i++) {
		if (compare->counts[i])
			report_line(tool, "%8" PRIu64 "  %s", compare->counts[i], kinds[i].name);
	}
}

static void json_summary(struct compare *compare)
{
	json_t *summary = json_object();

	json_set_uint(summary, "equal", compare->equal);
	json_set_uint(summary, "equal_but", compare->equal_but);
	json_set_uint(summary, "different", compare->different);
	json_set_uint(summary, "alone", compare->alone);
	json_set_uint(summary, "failed", compare->failed);
	json_member(compare->tool, "summary", summary);
}

static void compare_trees(struct compare *compare, const char *a, const char *b)
{
	struct modhash_files *first = gather(compare->tool, a);
	struct modhash_files *second = gather(compare->tool, b);

	compare->trees = true;
	if (first && second) {
		pair_lists(compare, first, second);
		compare_all(compare);
	}
	modhash_files_free(first);
	modhash_files_free(second);
	if (!compare->tool->json)
		tell_summary(compare);
}

static bool is_directory(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool open_other(struct compare *compare)
{
	const char *path = compare->tool->options->value[OPT_OTHER_BASE];
	struct modhash_error err;

	compare->other = compare->opts.opts;
	if (!path)
		return true;
	if (modhash_btf_base_from_path(compare->tool->ctx, path, NULL, &compare->other_base,
				       &err)) {
		report_error(compare->tool, path, &err, TOOL_NOT_TOLD);
		return false;
	}
	compare->other.base = compare->other_base;
	return true;
}

void cmd_compare(struct tool *tool)
{
	const struct options *options = tool->options;
	struct compare compare;
	const char *a, *b;

	if (options->operand_count != 2) {
		report_usage(tool, "expected two modules, or two directories");
		return;
	}
	a = options->operands[0];
	b = options->operands[1];
	if (is_directory(a) != is_directory(b)) {
		report_usage(tool, "expected two modules, or two directories, not one of each");
		return;
	}
	memset(&compare, 0, sizeof(compare));
	compare.tool = tool;
	if (!canon_opts_open(tool, &compare.opts, NULL))
		return;
	if (tool->json)
		json_array_begin(tool, "modules");
	if (!open_other(&compare)) {
		;
	} else if (is_directory(a)) {
		compare_trees(&compare, a, b);
	} else {
		add_pair(&compare, NULL, a, b);
		compare_all(&compare);
	}
	if (tool->json)
		json_summary(&compare);
	free_pairs(&compare);
	modhash_btf_base_free(compare.other_base);
	canon_opts_close(&compare.opts);
}
