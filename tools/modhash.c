/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash: tell, make and check what a kernel knows its modules by.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "json.h"
#include "options.h"
#include "progress.h"
#include "report.h"
#include "tool.h"

int tool_stop;

bool tool_stopped(void)
{
	return __atomic_load_n(&tool_stop, __ATOMIC_RELAXED) != 0;
}

void tool_status(struct tool *tool, int status)
{
	if (status > tool->status)
		tool->status = status;
}

void tool_run_opts(struct tool *tool, struct modhash_run_opts *opts)
{
	MODHASH_INIT(*opts);
	opts->threads = tool->options->jobs;
	opts->stop = &tool_stop;
	opts->progress = progress_update;
	opts->user = &tool->progress;
}

static void out_of_memory(void)
{
	fputs("modhash: out of memory\n", stderr);
	exit(TOOL_NOT_TOLD);
}

void *tool_alloc(size_t count, size_t size)
{
	void *memory = calloc(count ? count : 1, size);

	if (!memory)
		out_of_memory();
	return memory;
}

void *tool_grow(void *memory, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		out_of_memory();
	memory = realloc(memory, bytes ? bytes : 1);
	if (!memory)
		out_of_memory();
	return memory;
}

char *tool_strdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		out_of_memory();
	return copy;
}

char *tool_printf(const char *format, ...)
{
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	text = tool_alloc((size_t)(length < 0 ? 0 : length) + 1, 1);
	va_start(arguments, format);
	if (length > 0)
		vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}

static void on_signal(int number)
{
	__atomic_store_n(&tool_stop, number, __ATOMIC_RELAXED);
}

/*
 * Once to stop and clean up; a second time to die at once.  Reading names is interrupted.  SIGPIPE
 * comes with each line that nobody reads any more, while other threads take away what they have
 * begun.  A file that may not grow is an error like a full disk.
 */
static void catch_signals(void)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGHUP, SIGXCPU, SIGPIPE };
	struct sigaction action;
	struct sigaction before;
	size_t i;

	memset(&action, 0, sizeof(action));
	action.sa_handler = on_signal;
	sigemptyset(&action.sa_mask);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		action.sa_flags = numbers[i] == SIGPIPE ? 0 : (int)SA_RESETHAND;
		if (!sigaction(numbers[i], NULL, &before) && before.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
	}
	signal(SIGXFSZ, SIG_IGN);
}

/* Die of the signal that stopped us, so that whoever waits sees it. */
static void die_of_signal(void)
{
	int number = __atomic_load_n(&tool_stop, __ATOMIC_RELAXED);

	signal(number, SIG_DFL);
	raise(number);
	_exit(128 + number);
}

/*
 * A file that is opened while a standard stream is closed would take its place, and get
 * our output.  Such streams are opened the wrong way round: using them still fails.
 */
static void hold_standard_streams(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF &&
		    open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
			exit(TOOL_NOT_TOLD);
}

/* Output that was lost is no success.  Who closed the pipe knows it. */
static bool close_stdout(bool quiet)
{
	bool failed = ferror(stdout) != 0;
	int error = 0;

	errno = 0;
	if (fclose(stdout)) {
		failed = true;
		error = errno;
	}
	if (failed && !quiet)
		fprintf(stderr, "modhash: standard output: %s\n",
			error ? strerror(error) : "write error");
	return !failed;
}

static int finish(struct tool *tool)
{
	int stopped = __atomic_load_n(&tool_stop, __ATOMIC_RELAXED);

	progress_clear(&tool->progress);
	if (stopped && stopped != SIGPIPE)
		report_problem(tool, NULL, TOOL_NOT_TOLD, "stopped by signal %d", stopped);
	if (tool->json && !json_finish(tool->json, stopped ? 128 + stopped : tool->status)) {
		fputs("modhash: out of memory: the JSON is not whole\n", stderr);
		tool_status(tool, TOOL_NOT_TOLD);
	}
	if (!close_stdout(stopped == SIGPIPE))
		tool_status(tool, TOOL_NOT_TOLD);
	if (stopped)
		die_of_signal();
	return tool->status;
}

/* By VERB_*. */
static void (*const commands[VERB_COUNT])(struct tool *tool) = {
	[VERB_INFO] = cmd_info,
	[VERB_DIGEST] = cmd_digest,
	[VERB_CREATE] = cmd_create,
	[VERB_SHOW] = cmd_show,
	[VERB_QUERY] = cmd_query,
	[VERB_VERIFY] = cmd_verify,
	[VERB_STRIP_SIGNATURE] = cmd_strip_signature,
	[VERB_DIFF] = cmd_diff,
	[VERB_CANON] = cmd_canon,
	[VERB_COMPARE] = cmd_compare,
	[VERB_EMBED] = cmd_embed,
	[VERB_EXTRACT] = cmd_extract,
};

static bool make_context(struct tool *tool)
{
	struct modhash_ctx_opts opts;
	struct modhash_error err;

	MODHASH_INIT(opts);
	opts.max_unpacked = tool->options->max_size;
	opts.max_memory = tool->options->max_memory;
	opts.max_types = (uint32_t)tool->options->max_types;
	opts.stop = &tool_stop;
	if (!modhash_ctx_new(&opts, &tool->ctx, &err))
		return true;
	report_error(tool, NULL, &err, TOOL_NOT_TOLD);
	return false;
}

/* Whoever asks for JSON gets it even if the rest of the line is not understood. */
static bool wants_json(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--json"))
			return true;
	return false;
}

static void run_verb(struct tool *tool, struct options *options, int argc, char **argv)
{
	int verb = options_verb(argv[0]);
	char *wrong = options_parse(options, verb, argc, argv);

	tool->options = options;
	tool->quiet = options->given[OPT_QUIET];
	tool->verbose = options->given[OPT_VERBOSE];
	if (!wrong && options->given[OPT_HELP]) {
		fputs(tool_verbs[verb].help, stdout);
		return;
	}
	if (options->given[OPT_JSON] || wants_json(argc, argv))
		tool->json = json_new(tool_verbs[verb].name);
	if (wrong) {
		report_usage(tool, "%s", wrong);
		free(wrong);
	} else if (!options->operand_count && !options->given[OPT_RESERVE]) {
		report_usage(tool, "no %s given", tool_verbs[verb].operands);
	} else if (make_context(tool)) {
		progress_start(&tool->progress, tool->quiet);
		commands[verb](tool);
	}
}

static bool is_help(const char *word)
{
	return !strcmp(word, "--help") || !strcmp(word, "-h") || !strcmp(word, "help");
}

static bool is_version(const char *word)
{
	return !strcmp(word, "--version") || !strcmp(word, "-V") || !strcmp(word, "version");
}

static void unknown_verb(struct tool *tool, int argc, char **argv)
{
	const char *suggestion = options_suggest(argv[0]);

	if (wants_json(argc, argv))
		tool->json = json_new(NULL);
	if (argv[0][0] == '-')
		report_usage(tool, "%s: a verb comes first", argv[0]);
	else if (suggestion)
		report_usage(tool, "%s: no such verb; did you mean %s?", argv[0], suggestion);
	else
		report_usage(tool, "%s: no such verb", argv[0]);
}

static void dispatch(struct tool *tool, struct options *options, int argc, char **argv)
{
	if (argc < 2) {
		fputs(tool_help, stderr);
		tool_status(tool, TOOL_NOT_TOLD);
	} else if (is_help(argv[1]) && argc > 2 && options_verb(argv[2]) >= 0) {
		fputs(tool_verbs[options_verb(argv[2])].help, stdout);
	} else if (is_help(argv[1]) && argc > 2 && argv[2][0] != '-') {
		unknown_verb(tool, argc - 2, argv + 2);
	} else if (is_help(argv[1])) {
		fputs(tool_help, stdout);
	} else if (is_version(argv[1])) {
		printf("modhash %s\n", modhash_version());
	} else if (options_verb(argv[1]) < 0) {
		unknown_verb(tool, argc - 1, argv + 1);
	} else {
		run_verb(tool, options, argc - 1, argv + 1);
	}
}

int main(int argc, char **argv)
{
	struct options options;
	struct tool tool;
	int status;

	hold_standard_streams();
	catch_signals();
	memset(&tool, 0, sizeof(tool));
	memset(&options, 0, sizeof(options));
	dispatch(&tool, &options, argc, argv);
	modhash_ctx_free(tool.ctx);
	status = finish(&tool);
	options_free(&options);
	return status;
}
