/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The command line, parsed by the tables that definitions/tool.def yields.
 */
#ifndef TOOL_OPTIONS_H
#define TOOL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options-gen.h"

struct options {
	int verb; /* VERB_*, or -1 before it is known */
	bool given[OPT_COUNT];
	const char *value[OPT_COUNT];
	int choice[OPT_COUNT]; /* CHOICE_*, or -1 if it was not given */
	const char **blobs;    /* --blob, all of them */
	size_t blob_count;
	char **operands;
	size_t operand_count;

	/* Options whose arguments are numbers. */
	uint32_t jobs;
	uint64_t max_size;
	uint64_t max_memory;
	uint64_t max_types;
	uint64_t capacity;
	uint64_t reserve;
	uint32_t index_bits;
};

/*
 * Parse what follows the verb's name (argv[0]).  Returns NULL, or what is wrong with
 * it as a sentence that the caller frees.
 */
char *options_parse(struct options *options, int verb, int argc, char **argv);
void options_free(struct options *options);

/* The verb of that name, or -1. */
int options_verb(const char *name);

/* The verb that was probably meant, or NULL. */
const char *options_suggest(const char *name);

#endif /* TOOL_OPTIONS_H */
