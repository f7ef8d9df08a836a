/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "create.h"
#include "options.h"
#include "report.h"

#define NAMES_TOLD 10

/* Where a file is, by whatever path: itself if it is there, else its directory and name. */
struct place {
	dev_t device;
	ino_t inode;
	const char *name; /* of what is not there yet, else "" */
	const char *module; /* that it is, or is the proof of */
	char *path;
};

static bool in_directory(struct place *place)
{
	char *slash = strrchr(place->path, '/');
	char *directory = slash ? tool_printf("%.*s", (int)(slash - place->path + 1), place->path)
				: tool_strdup(".");
	struct stat status;
	bool there = !stat(directory, &status) && S_ISDIR(status.st_mode);

	free(directory);
	if (!there)
		return false;
	place->device = status.st_dev;
	place->inode = status.st_ino;
	place->name = slash ? slash + 1 : place->path;
	return true;
}

/* False if it is nowhere: not even its directory is there.  Takes @path. */
static bool find_place(struct place *place, char *path)
{
	struct stat status;

	memset(place, 0, sizeof(*place));
	place->path = path;
	place->name = "";
	if (stat(path, &status))
		return in_directory(place);
	place->device = status.st_dev;
	place->inode = status.st_ino;
	return true;
}

static int by_place(const void *first, const void *second)
{
	const struct place *a = first, *b = second;

	if (a->device != b->device)
		return a->device < b->device ? -1 : 1;
	if (a->inode != b->inode)
		return a->inode < b->inode ? -1 : 1;
	return strcmp(a->name, b->name);
}

/* The places of all modules, or of all their proofs, sorted; those that are nowhere left out. */
static struct place *places_of(struct create *create, bool proofs, uint64_t *found)
{
	uint64_t count = modhash_files_count(create->inputs.files);
	struct place *places = tool_alloc((size_t)count + 1, sizeof(*places));
	struct modhash_file file;
	uint64_t i;

	*found = 0;
	for (i = 0; i < count; i++) {
		inputs_get(create->inputs.files, i, &file);
		if (find_place(&places[*found],
			       proofs ? create_proof_path(file.path) : tool_strdup(file.path)))
			places[(*found)++].module = file.path;
		else
			free(places[*found].path);
	}
	qsort(places, (size_t)*found, sizeof(*places), by_place);
	return places;
}

static void free_places(struct place *places, uint64_t count)
{
	uint64_t i;

	for (i = 0; i < count; i++)
		free(places[i].path);
	free(places);
}

/* Two that want one file: the second would undo what the first got. */
static bool all_different(struct create *create, const struct place *places, uint64_t count)
{
	bool different = true;
	uint64_t i;

	for (i = 1; i < count; i++) {
		if (by_place(&places[i - 1], &places[i]))
			continue;
		report_problem(create->tool, places[i].path, TOOL_NOT_TOLD,
			       "two modules want their proof here; expected each module once: "
			       "%s and %s", places[i - 1].module, places[i].module);
		different = false;
	}
	return different;
}

static bool output_can_be(struct create *create, struct place *output)
{
	const char *path = create->tool->options->value[OPT_OUTPUT];
	struct stat status;

	if (!find_place(output, tool_strdup(path))) {
		report_problem(create->tool, path, TOOL_NOT_TOLD,
			       "there is no such directory to write it in");
		return false;
	}
	if (!*output->name && !stat(path, &status) && !S_ISREG(status.st_mode)) {
		report_problem(create->tool, path, TOOL_NOT_TOLD,
			       "found something that is no regular file; expected one, or none yet, "
			       "or - for standard output");
		return false;
	}
	return true;
}

static bool is_none_of(struct create *create, const struct place *output,
		       const struct place *places, uint64_t count, const char *what)
{
	if (!count || !bsearch(output, places, (size_t)count, sizeof(*places), by_place))
		return true;
	report_problem(create->tool, output->path, TOOL_NOT_TOLD,
		       "the blob would replace %s; nothing was written", what);
	return false;
}

static bool is_not_the_order(struct create *create, const struct place *output)
{
	char *path = inputs_order_path(create->tool, &create->inputs);
	struct place order;
	bool other = true;

	if (!path)
		return true;
	if (find_place(&order, path))
		other = is_none_of(create, output, &order, 1, "the modules.order of the build");
	free(order.path);
	return other;
}

/* @output: where the blob goes; its path is NULL for standard output. */
static bool outputs_differ(struct create *create, const struct place *output)
{
	bool proofs = create->tool->options->given[OPT_PROOFS];
	bool beside = proofs && !create_appends(create);
	uint64_t module_count, proof_count = 0;
	struct place *modules = places_of(create, false, &module_count);
	struct place *proof_places = beside ? places_of(create, true, &proof_count) : NULL;
	bool good;

	good = (!proofs || all_different(create, modules, module_count)) &&
	       all_different(create, proof_places, proof_count);
	if (good && output->path)
		good = is_none_of(create, output, modules, module_count, "one of the modules") &&
		       is_none_of(create, output, proof_places, proof_count,
				  "the proof of a module");
	free_places(modules, module_count);
	free_places(proof_places, proof_count);
	return good;
}

/*
 * A module that is named twice would be in the blob twice, and it has one place in the order.
 * By directory and name: hard links are files of their own, as in trees that share what they have
 * in common.
 */
static bool each_once(struct create *create)
{
	uint64_t count = modhash_files_count(create->inputs.files);
	struct place *places;
	struct modhash_file file;
	uint64_t i, found = 0, twice = 0;

	if (create->inputs.operands < 2)
		return true;
	places = tool_alloc((size_t)count + 1, sizeof(*places));
	for (i = 0; i < count; i++) {
		inputs_get(create->inputs.files, i, &file);
		places[found].path = tool_strdup(file.path);
		if (in_directory(&places[found]))
			found++;
		else
			free(places[found].path);
	}
	qsort(places, (size_t)found, sizeof(*places), by_place);
	for (i = 1; i < found; i++) {
		if (by_place(&places[i - 1], &places[i]) ||
		    (i > 1 && !by_place(&places[i - 2], &places[i])))
			continue;
		if (twice++ < NAMES_TOLD)
			report_problem(create->tool, places[i - 1].path, TOOL_NOT_TOLD,
				       "named twice, also as %s; expected each module once",
				       places[i].path);
	}
	free_places(places, found);
	if (twice)
		report_problem(create->tool, NULL, TOOL_NOT_TOLD,
			       "modules that are named twice: %llu%s; nothing was written",
			       (unsigned long long)twice,
			       twice > NAMES_TOLD ? " (some of them named above)" : "");
	return !twice;
}

/*
 * A blob alone, where nothing is yet, can't be a module: one that is not there either ends
 * it all when it is read.  So that no module's place has to be asked for.
 */
bool create_check_outputs(struct create *create)
{
	const struct options *options = create->tool->options;
	struct place output = { .name = "", .path = NULL };
	bool good = each_once(create);

	if (good && !inputs_is_dash(options->value[OPT_OUTPUT]))
		good = output_can_be(create, &output) && is_not_the_order(create, &output);
	if (good && (options->given[OPT_PROOFS] || (output.path && !*output.name)))
		good = outputs_differ(create, &output);
	free(output.path);
	return good;
}
