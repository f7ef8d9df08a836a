/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "btf-refine.h"

/*
 * How much work is reasonable: as many full rounds over the graph, and a floor for small
 * graphs.  A node and an edge cost one each.  Real kernels and modules need at most a
 * quarter of it; a graph made to be slow needs one round per node.
 */
#define ROUNDS_MAX 64
#define WORK_MIN 262144

int mh_refine_init(struct mh_refine *refine, uint32_t count, size_t edges)
{
	size_t n = (size_t)count + 1;

	memset(refine, 0, sizeof(*refine));
	refine->count = count;
	refine->first = calloc(n, sizeof(*refine->first));
	refine->edges = malloc((edges + 1) * sizeof(*refine->edges));
	refine->order = malloc(n * sizeof(*refine->order));
	refine->colour = malloc(n * sizeof(*refine->colour));
	refine->next = malloc(n * sizeof(*refine->next));
	refine->end = malloc(n * sizeof(*refine->end));
	refine->scratch = malloc(n * sizeof(*refine->scratch));
	if (refine->first && refine->edges && refine->order && refine->colour && refine->next &&
	    refine->end && refine->scratch)
		return 0;
	mh_refine_free(refine);
	return -1;
}

void mh_refine_free(struct mh_refine *refine)
{
	free(refine->first);
	free(refine->edges);
	free(refine->order);
	free(refine->colour);
	free(refine->next);
	free(refine->end);
	free(refine->scratch);
	memset(refine, 0, sizeof(*refine));
}

void mh_refine_node(struct mh_refine *refine, uint32_t node)
{
	refine->nodes = node;
	refine->first[node + 1] = refine->first[node];
}

void mh_refine_edge(struct mh_refine *refine, uint32_t to)
{
	refine->edges[refine->first[refine->nodes + 1]++] = to;
}

void mh_refine_end(struct mh_refine *refine)
{
	uint64_t work = (uint64_t)refine->count + refine->first[refine->count];

	refine->budget = work * ROUNDS_MAX + WORK_MIN;
}

static int compare_edges(const void *context, uint32_t a, uint32_t b)
{
	const struct mh_refine *refine = context;
	const uint32_t *to_a = refine->edges + refine->first[a];
	const uint32_t *to_b = refine->edges + refine->first[b];
	uint32_t count = refine->first[a + 1] - refine->first[a];

	for (uint32_t i = 0; i < count; i++) {
		uint32_t x = refine->colour[to_a[i]], y = refine->colour[to_b[i]];

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

/* Number the sorted nodes from @from to @to: a new class wherever @cmp says so. */
static bool number(struct mh_refine *refine, uint32_t from, uint32_t to, mh_sort_cmp cmp,
		   const void *context)
{
	uint32_t begins = from;

	for (uint32_t i = from; i < to; i++) {
		if (i > from && cmp(context, refine->order[i - 1], refine->order[i])) {
			refine->end[begins] = i;
			begins = i;
		}
		refine->next[refine->order[i]] = begins;
	}
	refine->end[begins] = to;
	return begins != from;
}

/* Take the budget for a class; false when there is none left. */
static bool spend(struct mh_refine *refine, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		uint32_t node = refine->order[i];
		uint64_t work = 1 + (uint64_t)(refine->first[node + 1] - refine->first[node]);

		if (refine->budget < work)
			return false;
		refine->budget -= work;
	}
	return true;
}

/* 1 if a class was split, 0, or -1. */
static int refine_round(struct mh_refine *refine)
{
	uint32_t end;
	int split = 0;

	for (uint32_t i = 0; i < refine->count; i = end) {
		end = refine->end[i];
		if (end - i == 1)
			continue;
		if (!spend(refine, i, end))
			return -1;
		mh_sort(refine->order + i, end - i, refine->scratch, compare_edges, refine);
		if (number(refine, i, end, compare_edges, refine))
			split = 1;
	}
	if (split)
		memcpy(refine->colour, refine->next, refine->count * sizeof(*refine->colour));
	return split;
}

int mh_refine_run(struct mh_refine *refine, mh_sort_cmp cmp, const void *context)
{
	int split;

	for (uint32_t i = 0; i < refine->count; i++)
		refine->order[i] = i;
	mh_sort(refine->order, refine->count, refine->scratch, cmp, context);
	number(refine, 0, refine->count, cmp, context);
	memcpy(refine->colour, refine->next, refine->count * sizeof(*refine->colour));

	while ((split = refine_round(refine)) > 0)
		refine->rounds++;
	return split;
}
