/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Work on many files that the library has no call for: writing them.  Packing takes
 * long, so it is done on as many threads as reading.
 */
#ifndef TOOL_WORKERS_H
#define TOOL_WORKERS_H

#include "tool.h"

struct workers {
	struct tool *tool;
	uint64_t count;
	void *user;

	/* On any thread: do one; 0 or what is wrong. */
	int (*job)(void *user, uint64_t index, struct modhash_error *err);

	/* One at a time, in order: tell it.  False ends the work. */
	bool (*told)(void *user, uint64_t index, int rc, const struct modhash_error *err);
};

/* False if it ended before all were done. */
bool workers_run(const struct workers *workers);

#endif /* TOOL_WORKERS_H */
