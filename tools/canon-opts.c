/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include "canon-opts.h"
#include "options.h"
#include "report.h"

static bool check_usage(struct tool *tool, bool canonical)
{
	static const int only[] = { OPT_BTF, OPT_BASE, OPT_BASE_CACHE, OPT_STRICT };
	static const char *const names[] = { "--btf", "--base", "--base-cache", "--strict" };
	const struct options *options = tool->options;

	for (size_t i = 0; !canonical && i < sizeof(only) / sizeof(only[0]); i++) {
		if (!options->given[only[i]])
			continue;
		report_usage(tool, "%s is for --scope=canonical", names[i]);
		return false;
	}
	if (options->given[OPT_BASE_CACHE] && !options->given[OPT_BASE]) {
		report_usage(tool, "--base-cache is for --base=FILE");
		return false;
	}
	return true;
}

static uint32_t policy_of(const struct options *options)
{
	switch (options->choice[OPT_BTF]) {
	case CHOICE_BTF_RAW:
		return MODHASH_BTF_RAW;
	case CHOICE_BTF_DROP:
		return MODHASH_BTF_DROP;
	default:
		return MODHASH_BTF_CANONICAL;
	}
}

bool canon_opts_open(struct tool *tool, struct canon_opts *canon,
		     struct modhash_digest_spec *spec)
{
	const struct options *options = tool->options;
	bool canonical = !spec || spec->scope == MODHASH_SCOPE_CANONICAL;
	struct modhash_error err;

	memset(canon, 0, sizeof(*canon));
	if (!check_usage(tool, canonical))
		return false;
	if (!canonical)
		return true;
	MODHASH_INIT(canon->opts);
	canon->opts.form = MODHASH_CANON_FORM;
	canon->opts.policy = policy_of(options);
	canon->opts.flags = options->given[OPT_STRICT] ? MODHASH_CANON_STRICT : 0;
	if (options->given[OPT_BASE] &&
	    modhash_btf_base_from_path(tool->ctx, options->value[OPT_BASE],
				       options->value[OPT_BASE_CACHE], &canon->base, &err)) {
		report_error(tool, options->value[OPT_BASE], &err, TOOL_NOT_TOLD);
		return false;
	}
	canon->opts.base = canon->base;
	if (spec) {
		spec->version = MODHASH_CANON_FORM;
		spec->canon = &canon->opts;
	}
	return true;
}

void canon_opts_close(struct canon_opts *canon)
{
	modhash_btf_base_free(canon->base);
	memset(canon, 0, sizeof(*canon));
}
