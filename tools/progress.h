/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How far a run is: one line on a terminal's stderr, after the first second, gone at
 * the end.  Never anything in a pipe.
 */
#ifndef TOOL_PROGRESS_H
#define TOOL_PROGRESS_H

#include "tool.h"

void progress_start(struct progress *progress, bool quiet);

/* Fits struct modhash_run_opts; @user is the struct progress. */
void progress_update(void *user, uint64_t files, uint64_t files_total, uint64_t bytes);

/* Off the terminal, so that something else can be said. */
void progress_clear(struct progress *progress);

#endif /* TOOL_PROGRESS_H */
