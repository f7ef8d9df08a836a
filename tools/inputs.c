/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "inputs.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "options.h"
#include "report.h"

bool inputs_is_dash(const char *name)
{
	return !strcmp(name, "-");
}

int inputs_line(FILE *stream, int end, char **line, size_t *length)
{
	int c;

	if (!*line)
		*line = tool_alloc(INPUTS_LINE_MAX + 1, 1);
	*length = 0;
	while ((c = getc(stream)) != EOF && c != end) {
		if (*length == INPUTS_LINE_MAX)
			return -1;
		(*line)[(*length)++] = (char)c;
	}
	(*line)[*length] = '\0';
	return c == end || (*length && !ferror(stream));
}

/* One name of a list; one with a NUL in it would be another one. */
static int each_name(struct tool *tool, const char *name, size_t length,
		     int (*each)(struct tool *tool, const char *name, void *user), void *user)
{
	if (strlen(name) == length)
		return length ? each(tool, name, user) : 0;
	report_problem(tool, "standard input", TOOL_NOT_TOLD,
		       "a name with a NUL in it: do names end with NUL (-0)?");
	return 0;
}

static int each_of_stdin(struct tool *tool,
			 int (*each)(struct tool *tool, const char *name, void *user), void *user)
{
	int end = tool->options->given[OPT_NULL] ? '\0' : '\n';
	char *name = NULL;
	size_t length;
	int more = 1;
	int rc = 0;

	while (!rc && !tool_stopped() && (more = inputs_line(stdin, end, &name, &length)) > 0)
		rc = each_name(tool, name, length, each, user);
	if (more < 0)
		report_problem(tool, "standard input", TOOL_NOT_TOLD,
			       "found a name longer than %d bytes; expected a list of names",
			       INPUTS_LINE_MAX);
	else if (ferror(stdin) && !tool_stopped())
		report_problem(tool, "standard input", TOOL_NOT_TOLD, "%s", strerror(errno));
	free(name);
	return rc;
}

int inputs_each(struct tool *tool, int (*each)(struct tool *tool, const char *name, void *user),
		void *user)
{
	const struct options *options = tool->options;
	bool read_stdin = false;
	size_t i;
	int rc = 0;

	for (i = 0; !rc && i < options->operand_count && !tool_stopped(); i++) {
		const char *operand = options->operands[i];

		if (!inputs_is_dash(operand)) {
			rc = each(tool, operand, user);
		} else if (!read_stdin) {
			read_stdin = true;
			rc = each_of_stdin(tool, each, user);
		} else {
			report_problem(tool, NULL, TOOL_NOT_TOLD,
				       "standard input is named twice, but can be read once only");
		}
	}
	return rc;
}

/* A directory that can't be read: told, and passed over. */
static int directory_trouble(void *user, const char *path, const struct modhash_error *err)
{
	report_error(user, path, err, TOOL_NOT_TOLD);
	return 0;
}

static int gather_one(struct tool *tool, const char *name, void *user)
{
	struct inputs *inputs = user;
	struct modhash_error err;
	uint64_t before = modhash_files_count(inputs->files);
	struct stat status;
	bool directory = !stat(name, &status) && S_ISDIR(status.st_mode);
	int rc;

	inputs->operands++;
	if (!inputs->directory && directory)
		inputs->directory = tool_strdup(name);
	rc = modhash_files_add(inputs->files, name, directory_trouble, tool, &err);
	if (rc < 0)
		report_error(tool, name, &err, TOOL_NOT_TOLD);
	else if (directory && tool->options->verb == VERB_VERIFY &&
		 modhash_files_count(inputs->files) == before)
		/* It may be the wrong one, and a verdict on nothing would not say so. */
		report_note(tool, "no modules in %s", name);
	return rc == MODHASH_E_NOMEM ? rc : 0;
}

bool inputs_gather(struct tool *tool, struct inputs *inputs)
{
	struct modhash_error err;

	memset(inputs, 0, sizeof(*inputs));
	if (modhash_files_new(tool->ctx, &inputs->files, &err)) {
		report_error(tool, NULL, &err, TOOL_NOT_TOLD);
		return false;
	}
	return !inputs_each(tool, gather_one, inputs) && !tool_stopped();
}

void inputs_free(struct inputs *inputs)
{
	modhash_files_free(inputs->files);
	free(inputs->directory);
	memset(inputs, 0, sizeof(*inputs));
}

char *inputs_order_path(struct tool *tool, const struct inputs *inputs)
{
	const char *given = tool->options->value[OPT_ORDER];
	size_t length;

	if (given)
		return tool_strdup(given);
	if (!inputs->directory || inputs->operands != 1)
		return NULL;
	length = strlen(inputs->directory);
	return tool_printf("%s%smodules.order", inputs->directory,
			   inputs->directory[length - 1] == '/' ? "" : "/");
}

bool inputs_order(struct tool *tool, struct inputs *inputs, struct modhash_order_report *report)
{
	const char *order = tool->options->value[OPT_ORDER];
	struct modhash_error err;
	char *path;

	MODHASH_INIT(*report);
	if (!modhash_files_order(inputs->files, order, report, &err))
		return true;
	path = inputs_order_path(tool, inputs);
	report_error(tool, path, &err, TOOL_NOT_TOLD);
	free(path);
	return false;
}

void inputs_note_no_order(struct tool *tool, const struct inputs *inputs)
{
	/* Of none, or of one, there is one order. */
	if (modhash_files_count(inputs->files) < 2)
		return;
	if (inputs->directory && inputs->operands == 1)
		report_note(tool, "no modules.order in %s: modules taken by path in byte order",
			    inputs->directory);
	else if (inputs->directory)
		report_note(tool, "a tree's modules.order counts for one DIR alone, and no --order "
			    "is given: modules taken by path in byte order");
	else
		report_note(tool, "no --order given: modules taken by path in byte order");
}

void inputs_get(const struct modhash_files *files, uint64_t index, struct modhash_file *file)
{
	MODHASH_INIT(*file);
	if (modhash_files_get(files, index, file)) {
		file->path = "?";
		file->name = "?";
	}
}
