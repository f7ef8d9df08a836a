/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "tool.h"

#define JOBS_MAX 1024

static char *bad_value(int option, const char *value)
{
	char *text;
	char *words;
	size_t i;

	text = tool_printf("--%s=%s: expected %s", tool_options[option].name, value,
			   tool_options[option].choices ? "one of" : "a number");
	for (i = 0; tool_options[option].choices && tool_options[option].choices[i]; i++) {
		words = tool_printf("%s%s %s", text, i ? "," : "",
				    tool_options[option].choices[i]);
		free(text);
		text = words;
	}
	return text;
}

static bool parse_number(const char *text, uint64_t *number, const char **end)
{
	unsigned long long value;
	char *stop;

	/* strtoull() would take a sign and spaces, too. */
	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	value = strtoull(text, &stop, 10);
	*number = value;
	*end = stop;
	return !errno;
}

static bool parse_size(const char *text, uint64_t *size)
{
	static const char suffixes[] = "KMGT";
	const char *suffix;
	const char *end;
	unsigned int shift = 0;

	if (!parse_number(text, size, &end))
		return false;
	if (*end) {
		suffix = strchr(suffixes, *end >= 'a' ? *end - 'a' + 'A' : *end);
		if (!suffix || end[1])
			return false;
		shift = 10 * (unsigned int)(suffix - suffixes + 1);
	}
	if (*size > UINT64_MAX >> shift)
		return false;
	*size <<= shift;
	return *size != 0;
}

static bool parse_count(const char *text, uint64_t max, uint64_t *count)
{
	const char *end;

	return parse_number(text, count, &end) && !*end && *count <= max;
}

static bool parse_index(const char *text, uint32_t *bits)
{
	uint64_t number;

	if (!strcmp(text, "small"))
		*bits = MODHASH_INDEX_SMALL;
	else if (!strcmp(text, "fast"))
		*bits = MODHASH_INDEX_FAST;
	else if (parse_count(text, MODHASH_TABLE_INDEX_BITS_MAX, &number))
		*bits = (uint32_t)number;
	else
		return false;
	return true;
}

static char *parse_choice(struct options *options, int option, const char *value)
{
	const char *const *choices = tool_options[option].choices;
	int i;

	for (i = 0; choices[i]; i++) {
		if (!strcmp(choices[i], value)) {
			options->choice[option] = i;
			return NULL;
		}
	}
	return bad_value(option, value);
}

static char *set_jobs(struct options *options, const char *value)
{
	uint64_t number;

	if (!parse_count(value, JOBS_MAX, &number))
		return tool_printf("--jobs=%s: expected a number from 0 to %d", value, JOBS_MAX);
	options->jobs = (uint32_t)number;
	return NULL;
}

static char *set_size(int option, uint64_t *size, const char *value)
{
	if (parse_size(value, size))
		return NULL;
	return tool_printf("--%s=%s: expected a number of bytes above 0, with K, M, G or T behind "
			   "it if you like", tool_options[option].name, value);
}

static char *set_value(struct options *options, int option, const char *value)
{
	switch (option) {
	case OPT_JOBS:
		return set_jobs(options, value);
	case OPT_MAX_SIZE:
		return set_size(option, &options->max_size, value);
	case OPT_MAX_MEMORY:
		return set_size(option, &options->max_memory, value);
	case OPT_MAX_TYPES:
		if (!parse_count(value, MODHASH_MAX_TYPES_DEFAULT, &options->max_types) ||
		    !options->max_types)
			return tool_printf("--max-types=%s: expected a number from 1 to %d", value,
					   MODHASH_MAX_TYPES_DEFAULT);
		return NULL;
	case OPT_CAPACITY:
		if (!parse_count(value, MODHASH_TABLE_COUNT_MAX, &options->capacity))
			return tool_printf("--capacity=%s: expected a number from 0 to %d", value,
					   MODHASH_TABLE_COUNT_MAX);
		return NULL;
	case OPT_RESERVE:
		if (!parse_count(value, MODHASH_TABLE_COUNT_MAX, &options->reserve))
			return tool_printf("--reserve=%s: expected a number from 0 to %d", value,
					   MODHASH_TABLE_COUNT_MAX);
		return NULL;
	case OPT_INDEX:
		if (!parse_index(value, &options->index_bits))
			return tool_printf("--index=%s: expected small, fast or a number from 0 to "
					   "%d", value, MODHASH_TABLE_INDEX_BITS_MAX);
		return NULL;
	case OPT_BLOB:
		options->blobs = tool_grow(options->blobs, options->blob_count + 1,
					   sizeof(*options->blobs));
		options->blobs[options->blob_count++] = value;
		return NULL;
	default:
		return tool_options[option].choices ? parse_choice(options, option, value) : NULL;
	}
}

/* What getopt_long() did not like; @argument is the one that it looked at. */
static char *not_understood(int answer, const char *argument)
{
	bool is_long = !strncmp(argument, "--", 2);

	if (answer == ':' && (is_long || !optopt))
		return tool_printf("%s needs an argument", argument);
	if (answer == ':')
		return tool_printf("-%c needs an argument", optopt);
	if (!is_long && optopt)
		return tool_printf("no option -%c", optopt);
	if (optopt)
		return tool_printf("%s takes no argument", argument);
	return tool_printf("no option %s, or more than one begins so", argument);
}

static void options_init(struct options *options, int verb)
{
	int i;

	memset(options, 0, sizeof(*options));
	options->verb = verb;
	options->index_bits = MODHASH_INDEX_SMALL;
	for (i = 0; i < OPT_COUNT; i++)
		options->choice[i] = -1;
}

char *options_parse(struct options *options, int verb, int argc, char **argv)
{
	char *short_options = tool_printf(":%s", tool_verbs[verb].short_options);
	char *wrong = NULL;
	int answer;
	int option;

	options_init(options, verb);
	opterr = 0;
	optind = 1;
	while (!wrong) {
		optopt = 0;
		answer = getopt_long(argc, argv, short_options, tool_verbs[verb].long_options,
				     NULL);
		if (answer == -1)
			break;
		option = tool_option_number(answer);
		if (answer == '?' || answer == ':' || option < 0) {
			wrong = not_understood(answer, argv[optind - 1]);
			break;
		}
		options->given[option] = true;
		options->value[option] = optarg;
		if (optarg)
			wrong = set_value(options, option, optarg);
	}
	free(short_options);
	options->operands = argv + optind;
	options->operand_count = (size_t)(argc - optind);
	return wrong;
}

void options_free(struct options *options)
{
	free(options->blobs);
	options->blobs = NULL;
}

int options_verb(const char *name)
{
	int i;

	for (i = 0; i < VERB_COUNT; i++)
		if (!strcmp(tool_verbs[i].name, name))
			return i;
	return -1;
}

static size_t least(size_t a, size_t b, size_t c)
{
	size_t least_two = a < b ? a : b;

	return least_two < c ? least_two : c;
}

/* How many letters to change, add or drop between two words (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
	enum { WORD_MAX = 32 };
	size_t row[WORD_MAX + 1];
	size_t length = strlen(b);
	size_t i;
	size_t j;

	if (length > WORD_MAX || strlen(a) > WORD_MAX)
		return WORD_MAX;
	for (j = 0; j <= length; j++)
		row[j] = j;
	for (i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (j = 0; j < length; j++) {
			size_t above = row[j + 1];

			row[j + 1] = least(row[j] + 1, above + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[length];
}

const char *options_suggest(const char *name)
{
	size_t nearest = 3;
	const char *suggestion = NULL;
	int i;

	for (i = 0; i < VERB_COUNT; i++) {
		const char *verb = tool_verbs[i].name;
		size_t far = distance(name, verb);

		/* A beginning of a verb is near, however much is left out. */
		if (strlen(name) >= 2 && !strncmp(verb, name, strlen(name)))
			far = 1;
		if (far < nearest) {
			nearest = far;
			suggestion = verb;
		}
	}
	return suggestion;
}
