/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modules.order, and a list of files that it is applied to: their names, one to a line, behind
 * their length, then the order.  It is read by its path alone, so that it is a file in memory.
 */
#include <stdio.h>
#include <unistd.h>

#include "checked.h"
#include "fuzz.h"

#define FILES_MAX 64

/* Nobody opens these; a name must not be that of a directory, which would be looked into. */
static void add(struct modhash_files *files, const uint8_t *line, size_t length)
{
	static const char nowhere[] = "/nonexistent/";
	char path[512];

	if (memchr(line, 0, length) || length >= sizeof(path) - sizeof(nowhere) - 4)
		return;
	snprintf(path, sizeof(path), "%s%.*s.ko", nowhere, (int)length, (const char *)line);
	MUST(modhash_files_add(files, path, NULL, NULL, NULL) == 0);
}

static struct modhash_files *list_of(struct fuzz_input names)
{
	struct modhash_files *files;

	MUST(modhash_files_new(fuzz_ctx(), &files, NULL) == 0);
	for (unsigned int i = 0; i < FILES_MAX && names.length; i++) {
		const uint8_t *end = memchr(names.data, '\n', names.length);
		size_t length = end ? (size_t)(end - names.data) : names.length;

		add(files, names.data, length);
		names.data += end ? length + 1 : length;
		names.length -= end ? length + 1 : length;
	}
	return files;
}

/* Which files there are does not change: a sum that their order does not count in. */
MH_WRAPS static uint64_t sum_of(const struct modhash_files *files)
{
	struct modhash_file file;
	uint64_t sum = 0;

	for (uint64_t i = 0; i < modhash_files_count(files); i++) {
		uint64_t hash = 5381;

		MODHASH_INIT(file);
		MUST(modhash_files_get(files, i, &file) == 0);
		for (const char *p = file.path; *p; p++)
			hash = hash * 33 + (unsigned char)*p;
		sum += hash;
	}
	return sum;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && !strcmp(text + length - end_length, end);
}

/* Lines lead to files, and files to lines. */
static void check_lines(const struct modhash_files *files,
			const struct modhash_order_report *report)
{
	uint64_t index, missing = 0;
	struct modhash_file file;
	const char *name;

	for (uint64_t line = 0; line < report->lines; line++) {
		MUST(modhash_files_line(files, line, &name, &index) == 0);
		MUST(name && name[0] != '/' && ends_with(name, ".ko") && !strchr(name, '\n'));
		if (index == UINT64_MAX) {
			missing++;
			continue;
		}
		MODHASH_INIT(file);
		MUST(modhash_files_get(files, index, &file) == 0);
		MUST(file.line == line);
	}
	MUST(missing == report->missing);
	MUST(modhash_files_line(files, report->lines, &name, &index) == MODHASH_E_NOT_FOUND);
}

static void check_files(const struct modhash_files *files,
			const struct modhash_order_report *report)
{
	uint64_t extra = 0, index, line = 0;
	struct modhash_file file;
	const char *name;

	for (uint64_t i = 0; i < modhash_files_count(files); i++) {
		MODHASH_INIT(file);
		MUST(modhash_files_get(files, i, &file) == 0);
		if (file.line == MODHASH_NO_LINE) {
			extra++;
			continue;
		}
		/* In the order of lines, and those without one behind them. */
		MUST(!extra && (!i || file.line > line));
		line = file.line;
		MUST(modhash_files_line(files, line, &name, &index) == 0);
		MUST(index == i);
	}
	MUST(extra == report->extra);
}

static void run(const uint8_t *data, size_t length)
{
	struct fuzz_input input = { data, length }, names = fuzz_take_piece(&input);
	struct modhash_files *files = list_of(names);
	int fd = fuzz_file(input.data, input.length);
	uint64_t before = sum_of(files), count = modhash_files_count(files);
	struct modhash_order_report report;
	struct modhash_error err;
	char path[64];
	int rc;

	fuzz_file_path(fd, path);
	MODHASH_INIT(report);
	rc = modhash_files_order(files, path, &report, &err);
	close(fd);
	MUST(modhash_files_count(files) == count && sum_of(files) == before);
	if (rc) {
		MUST(rc == MODHASH_E_ORDER);
		fuzz_must_fail_well(rc, &err, input.length);
	} else {
		MUST(report.source == MODHASH_ORDER_GIVEN);
		check_lines(files, &report);
		check_files(files, &report);
	}
	modhash_files_free(files);
}

extern const struct fuzz_target fuzz_order;
const struct fuzz_target fuzz_order = {
	.name = "order",
	.run = run,
	.max_length = 2048,
	.covers = "lib/order.c lib/files.c",
};
