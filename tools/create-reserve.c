/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash create --reserve: the place for a blob, before there are modules.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "create.h"
#include "options.h"
#include "report.h"

bool create_reserve_usage(struct create *create)
{
	static const int others[] = {
		OPT_ORDER, OPT_CAPACITY, OPT_RELEASE, OPT_NO_NAMES, OPT_PROOFS,
		OPT_STRIP_SIGNATURES, OPT_C_SOURCE, OPT_ALLOW_NON_ELF, OPT_BYTE_ORDER,
	};
	const struct options *options = create->tool->options;
	size_t i;

	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (!options->given[others[i]])
			continue;
		report_usage(create->tool, "--reserve and --%s: a blob that is only reserved says "
			     "nothing of modules", tool_options[others[i]].name);
		return false;
	}
	if (!options->operand_count)
		return true;
	report_usage(create->tool, "--reserve=N: expected no modules beside it");
	return false;
}

void create_reserve_opts(const struct create *create, struct modhash_builder_opts *opts)
{
	const struct options *options = create->tool->options;

	MODHASH_INIT(*opts);
	opts->format = create->format;
	opts->algorithm = create->spec.algorithm;
	opts->scope = create->spec.scope;
	opts->flags = MODHASH_BUILDER_RESERVE;
	opts->capacity = options->reserve;
	opts->byte_order = MODHASH_BYTE_ORDER_LITTLE; /* of zeroes: all the same */
	if (create->format == MODHASH_FORMAT_TABLE)
		opts->index_bits = options->index_bits;
}
