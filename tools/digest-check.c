/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "canon-opts.h"
#include "digest-check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "inputs.h"
#include "json.h"
#include "options.h"
#include "progress.h"
#include "report.h"

char *digest_escape(const char *name, bool terminal)
{
	char *escaped = terminal ? report_escape(name) : tool_alloc(strlen(name) + 1, 2);
	char *out = escaped;

	if (terminal)
		return escaped;
	for (; *name; name++) {
		const char *special = strchr("\\\\\nn\rr", *name);

		if (*name == '\\' || *name == '\n' || *name == '\r') {
			*out++ = '\\';
			*out++ = special[1];
		} else {
			*out++ = *name;
		}
	}
	*out = '\0';
	return escaped;
}

/* What follows the backslash at @text: bytes of it, and the one that it stands for; or 0. */
static size_t unescape_one(const char *text, char *byte)
{
	char digits[3] = { 0 };

	switch (text[1]) {
	case 'n':
		*byte = '\n';
		return 2;
	case 'r':
		*byte = '\r';
		return 2;
	case '\\':
		*byte = '\\';
		return 2;
	case 'x': /* as a terminal was shown it */
		if (strspn(text + 2, "0123456789abcdef") < 2)
			return 0;
		memcpy(digits, text + 2, 2);
		*byte = (char)(unsigned char)strtoul(digits, NULL, 16);
		return *byte ? 4 : 0;
	default:
		return 0;
	}
}

static bool unescape(char *name)
{
	char *out = name;
	size_t length;

	while (*name) {
		if (*name != '\\') {
			*out++ = *name++;
			continue;
		}
		length = unescape_one(name, out);
		if (!length)
			return false;
		out++;
		name += length;
	}
	*out = '\0';
	return true;
}

bool digest_line_parse(char *line, const char **hex, char **name)
{
	bool escaped = *line == '\\';
	size_t digits;

	line += escaped;
	digits = strspn(line, "0123456789abcdefABCDEF");
	/* Two spaces, or a space and the star of sha256sum --binary. */
	if (!digits || line[digits] != ' ' ||
	    (line[digits + 1] != ' ' && line[digits + 1] != '*') || !line[digits + 2])
		return false;
	line[digits] = '\0';
	*hex = line;
	*name = line + digits + 2;
	return !escaped || unescape(*name);
}

/* Digests to check that are of one algorithm, one after the other. */
struct check {
	struct tool *tool;
	struct modhash_files *files;
	int algorithm;
	struct modhash_digest *expected; /* by index in @files */
	uint64_t count;
	uint64_t room;
	uint64_t ok;
	uint64_t failed;
	uint64_t unread;
};

static void check_json(struct tool *tool, const char *path, const char *answer,
		       const struct modhash_digest *expected,
		       const struct modhash_file_result *result)
{
	json_t *object = json_object();

	json_set_text(object, "path", path);
	json_set_text(object, "result", answer);
	json_set_hex(object, "expected", expected->bytes, expected->length);
	if (result && !result->status)
		json_set_digest(object, result->digest);
	if (result && result->status)
		json_object_set_new(object, "error", json_error(NULL, result->error));
	json_element(tool, object);
}

static int check_result(void *user, const struct modhash_file_result *result)
{
	struct check *check = user;
	const struct modhash_digest *expected = &check->expected[result->index];
	struct tool *tool = check->tool;
	struct modhash_file file;
	bool same;

	inputs_get(check->files, result->index, &file);
	if (result->status) {
		check->unread++;
		report_error(tool, file.path, result->error, report_status(result->status));
		if (tool->json)
			check_json(tool, file.path, "unreadable", expected, result);
		return 0;
	}
	same = modhash_digest_equal(result->digest, expected);
	check->ok += same;
	check->failed += !same;
	if (!same)
		tool_status(tool, TOOL_NO);
	if (tool->json)
		check_json(tool, file.path, same ? "ok" : "failed", expected, result);
	else if (!same || tool->verbose)
		report_line(tool, "%s: %s", file.path, same ? "OK" : "FAILED");
	return 0;
}

/* Check what has been gathered, and begin anew. */
static int check_flush(struct check *check)
{
	struct tool *tool = check->tool;
	struct modhash_digest_spec spec;
	struct modhash_run_opts opts;
	struct canon_opts canon;
	struct modhash_error err;
	int rc = 0;

	if (check->count) {
		MODHASH_INIT(spec);
		spec.algorithm = (uint32_t)check->algorithm;
		spec.scope = (uint32_t)digest_scope(tool->options);
		if (!canon_opts_open(tool, &canon, &spec))
			return MODHASH_E_STOPPED;
		tool_run_opts(tool, &opts);
		rc = modhash_digest_files(tool->ctx, check->files, &spec, 0, &opts, check_result,
					  check, &err);
		canon_opts_close(&canon);
		if (rc && rc != MODHASH_E_STOPPED)
			report_error(tool, NULL, &err, TOOL_NOT_TOLD);
	}
	modhash_files_free(check->files);
	check->files = NULL;
	check->count = 0;
	return rc;
}

static int check_begin(struct check *check)
{
	struct modhash_error err;
	int rc;

	if (check->files)
		return 0;
	rc = modhash_files_new(check->tool->ctx, &check->files, &err);
	if (rc)
		report_error(check->tool, NULL, &err, TOOL_NOT_TOLD);
	return rc;
}

/* A name that is no file would stand for many, or none: it is left out, and told. */
static bool is_directory(struct check *check, const char *name,
			 const struct modhash_digest *expected)
{
	struct stat status;

	if (stat(name, &status) || !S_ISDIR(status.st_mode))
		return false;
	check->unread++;
	report_problem(check->tool, name, TOOL_NOT_TOLD, "is a directory; expected a file");
	if (check->tool->json)
		check_json(check->tool, name, "unreadable", expected, NULL);
	return true;
}

static int check_add(struct check *check, const char *name, const struct modhash_digest *expected)
{
	struct modhash_error err;
	uint64_t count;
	uint64_t i;
	int rc;

	if (check->count && check->algorithm != expected->algorithm) {
		rc = check_flush(check);
		if (rc)
			return rc;
	}
	if (is_directory(check, name, expected))
		return 0;
	rc = check_begin(check);
	if (rc)
		return rc;
	check->algorithm = expected->algorithm;
	rc = modhash_files_add(check->files, name, NULL, NULL, &err);
	if (rc) {
		check->unread++;
		report_error(check->tool, name, &err, TOOL_NOT_TOLD);
		return rc == MODHASH_E_NOMEM ? rc : 0;
	}
	/* One more; but should it have become a directory just now, none of it fits. */
	count = modhash_files_count(check->files);
	if (count > check->room) {
		check->room = count < 64 ? 64 : 2 * count;
		check->expected = tool_grow(check->expected, check->room,
					    sizeof(*check->expected));
	}
	for (i = check->count; i < count; i++)
		check->expected[i] = *expected;
	check->count = count;
	return 0;
}

/* The algorithm that was asked for, or the usual one of that length; 0 if there is none. */
static int line_algorithm(const struct options *options, size_t digits)
{
	static const int usual[] = { MODHASH_ALGO_SHA256, MODHASH_ALGO_SHA384,
				     MODHASH_ALGO_SHA512 };
	size_t i;

	if (options->given[OPT_ALGORITHM])
		return digest_algorithm(options);
	for (i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if ((size_t)modhash_algorithm_length(usual[i]) * 2 == digits)
			return usual[i];
	return 0;
}

static int check_text(struct check *check, const char *list, uint64_t number, char *line)
{
	const struct options *options = check->tool->options;
	struct modhash_digest expected;
	const char *hex;
	char *name;

	if (!digest_line_parse(line, &hex, &name) ||
	    modhash_digest_from_hex(hex, line_algorithm(options, strlen(hex)),
				    digest_scope(options), digest_form(options), &expected)) {
		report_problem(check->tool, list, TOOL_NOT_TOLD,
			       "line %llu: expected hex digits of %s, two spaces and a name",
			       (unsigned long long)number, options->given[OPT_ALGORITHM] ?
			       options->value[OPT_ALGORITHM] : "a digest");
		return 0;
	}
	return check_add(check, name, &expected);
}

static void check_stream(struct check *check, const char *list, FILE *stream)
{
	uint64_t number = 0;
	char *line = NULL;
	size_t length;
	int more = 1;
	int rc = 0;

	while (!rc && !tool_stopped() && (more = inputs_line(stream, '\n', &line, &length)) > 0) {
		/* A NUL in it ends it early, and what is left is no line. */
		if (strlen(line) != length)
			line[0] = '\0';
		rc = check_text(check, list, ++number, line);
	}
	if (more < 0)
		report_problem(check->tool, list, TOOL_NOT_TOLD,
			       "line %llu: longer than %d bytes; expected lines of digests",
			       (unsigned long long)number + 1, INPUTS_LINE_MAX);
	else if (ferror(stream) && !tool_stopped())
		report_problem(check->tool, list, TOOL_NOT_TOLD, "%s", strerror(errno));
	else if (!number && !tool_stopped())
		report_problem(check->tool, list, TOOL_NOT_TOLD, "empty; expected lines of digests");
	free(line);
	if (!rc)
		check_flush(check);
}

static FILE *open_list(struct tool *tool, const char *path)
{
	FILE *stream;

	do {
		stream = fopen(path, "re");
	} while (!stream && errno == EINTR && !tool_stopped());
	if (!stream)
		report_problem(tool, path, TOOL_NOT_TOLD, "%s", strerror(errno));
	return stream;
}

void digest_check(struct tool *tool)
{
	const struct options *options = tool->options;
	struct check check;
	size_t i;

	memset(&check, 0, sizeof(check));
	check.tool = tool;
	if (tool->json)
		json_array_begin(tool, "files");
	for (i = 0; i < options->operand_count && !tool_stopped(); i++) {
		const char *path = options->operands[i];
		FILE *stream = inputs_is_dash(path) ? stdin : open_list(tool, path);

		if (stream)
			check_stream(&check, stream == stdin ? "standard input" : path, stream);
		if (stream && stream != stdin)
			fclose(stream);
	}
	if (tool->json) {
		json_t *summary = json_object();

		json_set_uint(summary, "files", check.ok + check.failed + check.unread);
		json_set_uint(summary, "ok", check.ok);
		json_set_uint(summary, "failed", check.failed);
		json_set_uint(summary, "unreadable", check.unread);
		json_member(tool, "summary", summary);
	} else {
		unsigned long long files = check.ok + check.failed + check.unread;

		report_line(tool, "%llu file%s: %llu OK, %llu failed, %llu not read", files,
			    files == 1 ? "" : "s", (unsigned long long)check.ok,
			    (unsigned long long)check.failed, (unsigned long long)check.unread);
	}
	modhash_files_free(check.files);
	free(check.expected);
}
