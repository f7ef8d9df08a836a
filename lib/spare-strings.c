/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "message.h"
#include "sort.h"
#include "spare-strings.h"

int mh_spare_init(struct mh_spare *spare, const char *strings, size_t length,
		  struct modhash_error *err)
{
	spare->strings = strings;
	spare->length = length;
	spare->marks = calloc(length / 8 + 1, 1);
	return spare->marks ? 0 : mh_fail_nomem(err);
}

void mh_spare_free(struct mh_spare *spare)
{
	free(spare->marks);
	memset(spare, 0, sizeof(*spare));
}

void mh_spare_mark(struct mh_spare *spare, size_t offset)
{
	spare->marks[offset / 8] |= (uint8_t)(1u << offset % 8);
}

struct runs {
	const char *strings;
	uint32_t *from;
	uint32_t *length;
	uint32_t count;
	uint32_t room;
	struct mh_budget *budget;
	uint64_t taken;
};

/* For each: where it begins and its length, both moved when there are more; then their order. */
#define RUN_MEMORY 24

static int add_run(struct runs *runs, size_t from, size_t length, struct modhash_error *err)
{
	if (runs->count == runs->room) {
		uint32_t room = runs->room ? runs->room * 2 : 16;
		uint32_t *more;
		int ret = mh_budget_take(runs->budget,
					 (uint64_t)(room - runs->room) * RUN_MEMORY, err);

		if (ret)
			return ret;
		runs->taken = (uint64_t)room * RUN_MEMORY;
		more = realloc(runs->from, room * sizeof(*more));
		if (!more)
			return mh_fail_nomem(err);
		runs->from = more;
		more = realloc(runs->length, room * sizeof(*more));
		if (!more)
			return mh_fail_nomem(err);
		runs->length = more;
		runs->room = room;
	}
	runs->from[runs->count] = (uint32_t)from;
	runs->length[runs->count++] = (uint32_t)length;
	return 0;
}

/* A string is unused up to the first byte at which a user begins to read it. */
static int find_runs(const struct mh_spare *spare, struct runs *runs, struct modhash_error *err)
{
	size_t begins = 0;
	int ret = 0;

	for (size_t i = 0; ret == 0 && i < spare->length;) {
		bool used = spare->marks[i / 8] >> i % 8 & 1;

		if (!used && spare->strings[i]) {
			i++;
			continue;
		}
		if (!used || i > begins)
			ret = add_run(runs, begins, i - begins, err);
		i += strlen(spare->strings + i) + 1;
		begins = i;
	}
	return ret;
}

static int compare_runs(const void *context, uint32_t a, uint32_t b)
{
	const struct runs *runs = context;
	uint32_t shorter = runs->length[a] < runs->length[b] ? runs->length[a] : runs->length[b];
	int order = memcmp(runs->strings + runs->from[a], runs->strings + runs->from[b], shorter);

	if (order)
		return order;
	return (runs->length[a] > runs->length[b]) - (runs->length[a] < runs->length[b]);
}

static int put_runs(const struct runs *runs, struct mh_buf *message, struct modhash_error *err)
{
	uint32_t *order;
	int ret = mh_message_put32(message, runs->count, err);

	if (ret < 0 || !runs->count)
		return ret;
	order = malloc((size_t)runs->count * 2 * sizeof(*order));
	if (!order)
		return mh_fail_nomem(err);
	for (uint32_t i = 0; i < runs->count; i++)
		order[i] = i;
	mh_sort(order, runs->count, order + runs->count, compare_runs, runs);
	for (uint32_t i = 0; ret == 0 && i < runs->count; i++) {
		ret = mh_message_put32(message, runs->length[order[i]], err);
		if (ret == 0)
			ret = mh_message_put(message, runs->strings + runs->from[order[i]],
					    runs->length[order[i]], err);
	}
	free(order);
	return ret;
}

int mh_spare_put(const struct mh_spare *spare, struct mh_buf *message, struct modhash_error *err)
{
	struct runs runs = { .strings = spare->strings, .budget = message->budget };
	int ret = find_runs(spare, &runs, err);

	if (ret == 0)
		ret = put_runs(&runs, message, err);
	free(runs.from);
	free(runs.length);
	mh_budget_give(runs.budget, runs.taken);
	return ret;
}
