/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What all rooms of the tool share: the state of a run, and its exit status.
 */
#ifndef TOOL_H
#define TOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <modhash/modhash.h>

#include "options-gen.h"

/* Exit status.  Of several, the greatest wins. */
#define TOOL_YES 0
#define TOOL_NO 1
#define TOOL_NOT_TOLD 2

struct json_writer;
struct options;

struct progress {
	bool enabled;
	unsigned int width; /* columns on the terminal now; 0: nothing is shown */
	uint64_t started;   /* nanoseconds */
	uint64_t last;
};

struct tool {
	const struct options *options;
	struct modhash_ctx *ctx;
	struct json_writer *json; /* NULL without --json */
	struct progress progress;
	int status;
	bool quiet;
	bool verbose;
};

/* Set by SIGINT and SIGTERM to the signal's number; fits struct modhash_run_opts, and _ctx_opts. */
extern int tool_stop;

bool tool_stopped(void);

/* Make the exit status at least @status. */
void tool_status(struct tool *tool, int status);

/* How a run over many files is to go: threads, stop flag, progress. */
void tool_run_opts(struct tool *tool, struct modhash_run_opts *opts);

/* Memory or the end of the run, with exit status 2. */
void *tool_alloc(size_t count, size_t size);
void *tool_grow(void *memory, size_t count, size_t size);
char *tool_strdup(const char *text);
char *tool_printf(const char *format, ...) __attribute__((format(printf, 1, 2), nonnull(1)));

/* The verbs.  Each leaves its answer in @tool->status. */
void cmd_info(struct tool *tool);
void cmd_digest(struct tool *tool);
void cmd_create(struct tool *tool);
void cmd_show(struct tool *tool);
void cmd_query(struct tool *tool);
void cmd_verify(struct tool *tool);
void cmd_strip_signature(struct tool *tool);
void cmd_diff(struct tool *tool);
void cmd_canon(struct tool *tool);
void cmd_compare(struct tool *tool);
void cmd_embed(struct tool *tool);
void cmd_extract(struct tool *tool);

#endif /* TOOL_H */
