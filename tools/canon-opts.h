/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --base, --base-cache, --btf and --strict: which canonical form.
 */
#ifndef TOOL_CANON_OPTS_H
#define TOOL_CANON_OPTS_H

#include "tool.h"

struct canon_opts {
	struct modhash_canon_opts opts;
	struct modhash_btf_base *base;
};

/*
 * Read the base, if one is given, and point @spec, if there is one and its scope is
 * canonical, to the options.  False if it could not be had: that has been told.
 */
bool canon_opts_open(struct tool *tool, struct canon_opts *canon,
		     struct modhash_digest_spec *spec);
void canon_opts_close(struct canon_opts *canon);

#endif /* TOOL_CANON_OPTS_H */
