/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "anew.h"

#include <stdlib.h>
#include <string.h>

#include "inputs.h"
#include "options.h"
#include "report.h"
#include "write.h"

static bool usage(struct tool *tool, bool tells)
{
	const struct options *options = tool->options;
	const char *output = options->value[OPT_OUTPUT];
	struct modhash_error err;

	if (options->given[OPT_IN_PLACE] == options->given[OPT_OUTPUT])
		report_usage(tool, "expected either --output=FILE or --in-place");
	else if (output && !*output)
		report_usage(tool, "--output=: expected the name of a file, or -");
	else if (output && inputs_is_dash(output) && tells)
		report_usage(tool, "--output=- and what is told are both for standard output");
	else if (output && write_check(output, &err))
		report_error(tool, output, &err, TOOL_NOT_TOLD);
	else
		return true;
	return false;
}

static int gather(struct tool *tool, const char *path, void *user)
{
	struct anew *anew = user;

	(void)tool;
	anew->files = tool_grow(anew->files, anew->count + 1, sizeof(*anew->files));
	anew->files[anew->count].path = tool_strdup(path);
	anew->files[anew->count++].written = NULL;
	return 0;
}

bool anew_open(struct tool *tool, bool tells, struct anew *anew)
{
	memset(anew, 0, sizeof(*anew));
	anew->tool = tool;
	anew->output = tool->options->value[OPT_OUTPUT];
	if (!usage(tool, tells))
		return false;
	inputs_each(tool, gather, anew);
	return true;
}

void anew_close(struct anew *anew)
{
	for (size_t i = 0; i < anew->count; i++)
		free(anew->files[i].path);
	free(anew->files);
	memset(anew, 0, sizeof(*anew));
}

void anew_run(const struct anew *anew, const struct workers *workers)
{
	if (anew->output && anew->count > 1)
		report_usage(anew->tool, "--output takes one file; use --in-place for many");
	else
		workers_run(workers);
}

int anew_write(const struct anew *anew, uint64_t index, const struct modhash_buffer *buffer,
	       struct modhash_error *err)
{
	struct anew_file *file = &anew->files[index];

	if (anew->output && !inputs_is_dash(anew->output))
		file->written = anew->output;
	return write_output(anew->output ? anew->output : file->path, buffer->data, buffer->length,
			    err);
}

void anew_report(const struct anew *anew, uint64_t index, const struct modhash_error *err)
{
	const struct anew_file *file = &anew->files[index];

	report_error(anew->tool, file->written ? file->written : file->path, err,
		     report_status(err->code));
}
