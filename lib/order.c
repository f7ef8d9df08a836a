/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The order of a build: modules.order read, matched with a list of files, applied.
 *
 * Everything is sorted and searched by halves, so that no choice of names makes it slow.
 * A list is changed only when all has gone well.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "fail.h"
#include "files.h"
#include "module.h"
#include "options.h"
#include "source.h"

/* A hundred times the largest there is; all of it is kept in memory. */
#define ORDER_SIZE_MAX (UINT64_C(64) << 20)

#define NOT_MATCHED UINT64_MAX
#define AMBIGUOUS (UINT64_MAX - 1)

/* A name and the line it is of, for sorting. */
struct key {
	const char *name;
	size_t length;
	size_t line;
};

/* What searching needs. */
struct index {
	const struct mh_order *order;
	struct key *by_name;
	struct key *by_end; /* by the bytes of names from the last to the first; or NULL */
	size_t next;	    /* in by_name, behind the one that was found last */
};

static int compare_numbers(size_t a, size_t b)
{
	return (a > b) - (a < b);
}

static int compare_names(const void *a, const void *b)
{
	const struct key *first = a, *second = b;
	int ret = strcmp(first->name, second->name);

	return ret ? ret : compare_numbers(first->line, second->line);
}

static int compare_ends(const void *a, const void *b)
{
	const struct key *first = a, *second = b;

	for (size_t i = 1; i <= first->length && i <= second->length; i++) {
		unsigned char c = (unsigned char)first->name[first->length - i];
		unsigned char d = (unsigned char)second->name[second->length - i];

		if (c != d)
			return c < d ? -1 : 1;
	}
	return compare_numbers(first->length, second->length);
}

/* A sorted array of the names of all lines; NULL if there is no memory. */
static struct key *sort_lines(const struct mh_order *order,
			      int (*compare)(const void *, const void *))
{
	struct key *keys = calloc(order->count + 1, sizeof(*keys));

	if (!keys)
		return NULL;
	for (size_t i = 0; i < order->count; i++) {
		const char *name = order->lines[i].name;

		keys[i] = (struct key){ name, strlen(name), i };
	}
	if (order->count > 1)
		qsort(keys, order->count, sizeof(*keys), compare);
	return keys;
}

static const char *without_dot(const char *name)
{
	while (name[0] == '.' && name[1] == '/')
		name += 2 + strspn(name + 2, "/");
	return name;
}

/* --- reading --- */

static bool ends_with(const char *text, size_t length, const char *end)
{
	size_t end_length = strlen(end);

	return length > end_length && memcmp(text + length - end_length, end, end_length) == 0;
}

/*
 * A line as the name of a module: without "./", ending in .ko.  @name has room for one
 * byte more than the line, and a NUL.  The length, 0 if this is no module's path.
 */
static size_t parse_line(const char *line, size_t length, char *name)
{
	size_t stem;

	if (memchr(line, '\0', length) || line[0] == '/')
		return 0;
	if (ends_with(line, length, ".ko"))
		stem = length - 3;
	else if (ends_with(line, length, ".o"))
		stem = length - 2;
	else
		return 0;
	memcpy(name, line, stem);
	name[stem] = '\0';
	line = without_dot(name);
	stem -= (size_t)(line - name);
	if (!stem || line[stem - 1] == '/')
		return 0;
	memmove(name, line, stem);
	memcpy(name + stem, ".ko", 4);
	return stem + 3;
}

static int fail_line(struct modhash_error *err, size_t line, const char *text, size_t length,
		     uint64_t offset)
{
	return mh_fail(err, MODHASH_E_ORDER, offset,
		       "line %zu of the order is \"%.*s\", expected a module's path, relative, "
		       "that ends in .ko or .o",
		       line, (int)(length < 200 ? length : 200), text);
}

static size_t count_lines(const char *text, size_t length)
{
	size_t lines = 1;

	for (size_t i = 0; i < length; i++)
		lines += text[i] == '\n';
	return lines;
}

static int parse_lines(const char *text, size_t length, struct mh_order *order,
		       struct modhash_error *err)
{
	char *name = order->names;
	size_t at = 0;

	for (size_t number = 1; at < length; number++) {
		const char *line = text + at;
		const char *end = memchr(line, '\n', length - at);
		size_t line_length = end ? (size_t)(end - line) : length - at;
		size_t name_length;

		if (line_length) {
			name_length = parse_line(line, line_length, name);
			if (!name_length)
				return fail_line(err, number, line, line_length, at);
			order->lines[order->count].name = name;
			order->lines[order->count++].index = UINT64_MAX;
			name += name_length + 1;
		}
		at += line_length + 1;
	}
	return 0;
}

static void free_order(struct mh_order *order)
{
	free(order->names);
	free(order->lines);
	mh_budget_give(order->budget, order->taken);
	memset(order, 0, sizeof(*order));
}

/* What is kept of it, and while its file is found: two keys, sorted. */
#define LINE_MEMORY (2 + sizeof(struct mh_line) + 3 * sizeof(struct key))

static int parse_order(const char *text, size_t length, struct mh_order *order,
		       struct modhash_error *err)
{
	size_t lines = count_lines(text, length);
	uint64_t needed = length + (uint64_t)lines * LINE_MEMORY;
	int ret = mh_budget_take(order->budget, needed, err);

	if (ret)
		return ret;
	order->taken = needed;
	/* Each line ends in a NUL, and may gain a byte: .o becomes .ko. */
	order->names = malloc(length + 2 * lines);
	order->lines = calloc(lines, sizeof(*order->lines));
	ret = order->names && order->lines ? 0 : mh_fail_nomem(err);
	if (!ret)
		ret = parse_lines(text, length, order, err);
	if (ret)
		free_order(order);
	return ret;
}

static int read_order(const struct modhash_files *files, const char *path, struct mh_order *order,
		      struct modhash_error *err)
{
	uint64_t limit = files->ctx->max_unpacked;
	struct mh_buf buf = MH_BUF_OF(files->ctx->budget);
	int ret;

	order->budget = files->ctx->budget;
	if (limit > ORDER_SIZE_MAX)
		limit = ORDER_SIZE_MAX;
	ret = mh_source_read_path(path, limit, files->ctx->stop, &buf, err);
	if (!ret)
		ret = parse_order((const char *)buf.data, buf.length, order, err);
	mh_buf_free(&buf);
	return ret;
}

/* --- matching --- */

/* Take out lines that were there before: true if there were any. */
static bool drop_repeated(struct mh_order *order, const struct key *by_name)
{
	size_t before = order->count, kept = 0;

	for (size_t i = 1; i < before; i++) {
		if (strcmp(by_name[i].name, by_name[i - 1].name) == 0)
			order->lines[by_name[i].line].name = NULL;
	}
	for (size_t i = 0; i < before; i++) {
		if (order->lines[i].name)
			order->lines[kept++] = order->lines[i];
	}
	order->count = kept;
	return kept < before;
}

/* Only a file that was named itself is looked for by the end of a line. */
static int make_index(const struct modhash_files *files, struct mh_order *order,
		      struct index *index, struct modhash_error *err)
{
	index->order = order;
	index->by_name = sort_lines(order, compare_names);
	if (index->by_name && drop_repeated(order, index->by_name)) {
		free(index->by_name);
		index->by_name = sort_lines(order, compare_names);
	}
	if (files->named)
		index->by_end = sort_lines(order, compare_ends);
	return index->by_name && (index->by_end || !files->named) ? 0 : mh_fail_nomem(err);
}

/* The first of the keys that @compare does not put before the name. */
static size_t lower_bound(const struct key *keys, size_t count, const char *name,
			  int (*compare)(const struct key *key, const char *name))
{
	size_t low = 0;

	while (count) {
		size_t half = count / 2;

		if (compare(&keys[low + half], name) < 0) {
			low += half + 1;
			count -= half + 1;
		} else {
			count = half;
		}
	}
	return low;
}

static int compare_to_name(const struct key *key, const char *name)
{
	return strcmp(key->name, name);
}

/* As compare_ends(), with "/PATH"; 0 if the entry ends so. */
static int compare_to_end(const struct key *key, const char *path)
{
	size_t length = strlen(path);

	for (size_t i = 1; i <= length + 1; i++) {
		unsigned char wanted = i <= length ? (unsigned char)path[length - i] : '/';
		unsigned char found;

		if (i > key->length)
			return -1;
		found = (unsigned char)key->name[key->length - i];
		if (found != wanted)
			return found < wanted ? -1 : 1;
	}
	return 0;
}

/* Files of a directory are in the order of their names: the next line is often the one. */
static uint64_t match_whole(struct index *index, const char *name)
{
	size_t count = index->order->count;
	size_t at = index->next;

	if (at >= count || compare_to_name(&index->by_name[at], name) != 0)
		at = lower_bound(index->by_name, count, name, compare_to_name);
	if (at == count || compare_to_name(&index->by_name[at], name) != 0)
		return NOT_MATCHED;
	index->next = at + 1;
	return index->by_name[at].line;
}

/* The longest entry that this path ends with. */
static uint64_t match_ends(struct index *index, const char *path)
{
	for (const char *tail = path; tail; tail = strchr(tail, '/')) {
		uint64_t line;

		tail += strspn(tail, "/");
		line = match_whole(index, tail);
		if (line != NOT_MATCHED)
			return line;
	}
	return NOT_MATCHED;
}

/* The one entry that ends with this path. */
static uint64_t match_ended(const struct index *index, const char *path)
{
	const struct key *keys = index->by_end;
	size_t count = index->order->count;
	size_t at = keys ? lower_bound(keys, count, path, compare_to_end) : count;

	if (at == count || compare_to_end(&keys[at], path) != 0)
		return NOT_MATCHED;
	if (at + 1 < count && compare_to_end(&keys[at + 1], path) == 0)
		return AMBIGUOUS;
	return keys[at].line;
}

static uint64_t match(struct index *index, const struct mh_file *file)
{
	const char *name = without_dot(file->name);
	uint64_t line;

	if (file->root)
		return match_whole(index, file->name);
	line = match_ends(index, name);
	return line == NOT_MATCHED ? match_ended(index, name) : line;
}

/* For each file its line, for each line its file. */
static int match_all(const struct modhash_files *files, struct index *index,
		     struct mh_order *order, uint64_t *lines, struct modhash_error *err)
{
	for (size_t i = 0; i < files->count; i++) {
		uint64_t line = match(index, &files->files[i]);

		if (line == AMBIGUOUS)
			return mh_fail(err, MODHASH_E_ORDER, MODHASH_OFFSET_NONE,
				       "%s could be either of two entries of the order",
				       files->files[i].path);
		lines[i] = line;
		if (line == NOT_MATCHED)
			continue;
		if (order->lines[line].index != UINT64_MAX)
			return mh_fail(err, MODHASH_E_ORDER, MODHASH_OFFSET_NONE,
				       "two files for one entry of the order: %s and %s",
				       files->files[order->lines[line].index].path,
				       files->files[i].path);
		order->lines[line].index = i;
	}
	return 0;
}

/* --- applying --- */

static int by_name(const void *a, const void *b)
{
	const struct mh_file *first = a, *second = b;
	int ret = strcmp(first->name, second->name);

	return ret ? ret : strcmp(first->path, second->path);
}

static int by_path(const void *a, const void *b)
{
	const struct mh_file *first = a, *second = b;

	return strcmp(first->path, second->path);
}

static uint32_t line_number(uint64_t line)
{
	return line == NOT_MATCHED ? MODHASH_NO_LINE : (uint32_t)line;
}

/*
 * From here on nothing fails.  Each line has one file at most; those without a line are behind
 * the others.  @sorted has room for all.
 */
static void apply(struct modhash_files *files, struct mh_order *order, const uint64_t *lines,
		  struct mh_file *sorted)
{
	size_t at = 0, with_line;

	for (size_t i = 0; i < files->count; i++)
		files->files[i].line = line_number(lines[i]);
	for (size_t i = 0; i < order->count; i++) {
		if (order->lines[i].index == UINT64_MAX)
			continue;
		sorted[at] = files->files[order->lines[i].index];
		order->lines[i].index = at++;
	}
	with_line = at;
	for (size_t i = 0; i < files->count; i++) {
		if (lines[i] == NOT_MATCHED)
			sorted[at++] = files->files[i];
	}
	if (at - with_line > 1)
		qsort(sorted + with_line, at - with_line, sizeof(*sorted), by_name);
	if (at)
		memcpy(files->files, sorted, at * sizeof(*sorted));
	free_order(&files->order);
	files->order = *order;
	memset(order, 0, sizeof(*order));
}

static void apply_paths(struct modhash_files *files)
{
	free_order(&files->order);
	for (size_t i = 0; i < files->count; i++)
		files->files[i].line = MODHASH_NO_LINE;
	if (files->count > 1)
		qsort(files->files, files->count, sizeof(*files->files), by_path);
}

static int match_and_apply(struct modhash_files *files, struct mh_order *order,
			   struct modhash_error *err)
{
	uint64_t *lines = calloc(files->count + 1, sizeof(*lines));
	struct mh_file *sorted = calloc(files->count + 1, sizeof(*sorted));
	struct index index = { 0 };
	int ret;

	ret = lines && sorted ? make_index(files, order, &index, err) : mh_fail_nomem(err);
	if (!ret)
		ret = match_all(files, &index, order, lines, err);
	if (!ret)
		apply(files, order, lines, sorted);
	free(sorted);
	free(index.by_name);
	free(index.by_end);
	free(lines);
	return ret;
}

/* --- where the order comes from --- */

static char *tree_order_path(const char *root)
{
	static const char file[] = "modules.order";
	size_t length = strlen(root);
	size_t slash = root[length - 1] != '/';
	char *path = malloc(length + slash + sizeof(file));

	if (!path)
		return NULL;
	memcpy(path, root, length);
	if (slash)
		path[length] = '/';
	memcpy(path + length + slash, file, sizeof(file));
	return path;
}

/* 1 with the order of the one directory that was added, 0 if there is none. */
static int read_tree_order(const struct modhash_files *files, struct mh_order *order,
			   struct modhash_error *err)
{
	struct modhash_error error;
	char *path;
	int ret;

	if (files->root_count != 1 || files->named)
		return 0;
	path = tree_order_path(files->roots[0]);
	if (!path)
		return mh_fail_nomem(err);
	memset(&error, 0, sizeof(error));
	ret = read_order(files, path, order, &error);
	free(path);
	if (ret == MODHASH_E_IO && error.sys_errno == ENOENT)
		return 0;
	if (ret && err)
		*err = error;
	return ret ? ret : 1;
}

/* 1 with an order, 0 if there is none. */
static int find_order(const struct modhash_files *files, const char *path, struct mh_order *order,
		      uint32_t *source, struct modhash_error *err)
{
	int ret;

	if (path) {
		*source = MODHASH_ORDER_GIVEN;
		ret = read_order(files, path, order, err);
		return ret ? ret : 1;
	}
	ret = read_tree_order(files, order, err);
	*source = ret > 0 ? MODHASH_ORDER_TREE : MODHASH_ORDER_PATHS;
	return ret;
}

static void fill_report(const struct modhash_files *files, uint32_t source,
			struct modhash_order_report *report)
{
	struct modhash_order_report ours;

	memset(&ours, 0, sizeof(ours));
	ours.source = source;
	ours.lines = files->order.count;
	for (size_t i = 0; i < files->order.count; i++)
		ours.missing += files->order.lines[i].index == UINT64_MAX;
	for (size_t i = 0; source != MODHASH_ORDER_PATHS && i < files->count; i++)
		ours.extra += files->files[i].line == MODHASH_NO_LINE;
	mh_result_out(report, &ours, sizeof(ours));
}

MODHASH_API int modhash_files_order(struct modhash_files *files, const char *order_path,
				    struct modhash_order_report *report, struct modhash_error *err)
{
	struct mh_order order = { 0 };
	uint32_t source;
	int ret;

	if (!files)
		return mh_fail_invalid(err, "no list of files");
	if (report && report->size < sizeof(report->size))
		return mh_fail_invalid(err, "a report whose size field was not set");

	ret = find_order(files, order_path, &order, &source, err);
	if (ret < 0)
		return ret;
	if (ret) {
		ret = match_and_apply(files, &order, err);
		free_order(&order);
		if (ret)
			return ret;
	} else {
		apply_paths(files);
	}
	if (report)
		fill_report(files, source, report);
	return 0;
}

MODHASH_API int modhash_files_line(const struct modhash_files *files, uint64_t line,
				   const char **name, uint64_t *index)
{
	if (name)
		*name = NULL;
	if (index)
		*index = UINT64_MAX;
	if (!files || !name || !index)
		return MODHASH_E_INVALID;
	if (line >= files->order.count)
		return MODHASH_E_NOT_FOUND;
	*name = files->order.lines[line].name;
	*index = files->order.lines[line].index;
	return 0;
}
