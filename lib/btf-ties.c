/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Types with a double: the same name and hash, so what they lead to is the same.  What
 * leads to them may tell them apart; and where that is the same, too, they may be parts of
 * copies of one another, which can stand in any order as long as each stays whole.
 *
 * Why this is right: after refinement by edges in both directions, each edge with its
 * slot, all nodes of a class have, slot by slot, edges from and to the same classes.  A
 * slot of a node leads to one node, so nodes of a class of several are referred to
 * only by nodes of such classes.  A connected part of these that has one node of a class at
 * most is thus determined by any of its classes: parts that share a class are copies,
 * and exchanging two copies changes nothing but numbers.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "btf-order.h"
#include "fail.h"
#include "sort.h"

#define ROUNDS_MAX 64
#define WORK_MIN 262144

/* One reference to a node.  Words of .BTF_ids count as nodes behind all others. */
struct edge {
	uint32_t from;
	uint32_t slot;
};

struct ties {
	const struct mh_btf_graph *graph;
	uint32_t nodes;
	uint32_t *order;
	uint32_t *colour;
	uint32_t *next;	   /* colours of the round at hand */
	uint32_t *end;	   /* of the class that begins here in the order */
	uint32_t *scratch;
	uint32_t *in_first; /* edges to node i: in[in_first[i]] to in[in_first[i + 1] - 1] */
	struct edge *in;
	uint64_t *keys;	   /* of one node's incoming edges and of another's */
	uint32_t *part;	   /* union-find: the connected parts of nodes with a double */
	uint64_t budget;
};

/* --- the edges --- */

static void add_edge(struct ties *ties, bool fill, uint32_t from, uint32_t to, uint32_t slot)
{
	if (fill)
		ties->in[ties->in_first[to]] = (struct edge){ from, slot };
	ties->in_first[to]++;
}

static void add_types(struct ties *ties, bool fill)
{
	uint32_t first_id = mh_btf_graph_first_id(ties->graph);

	for (uint32_t node = 0; node < ties->nodes; node++) {
		uint32_t index;
		const struct mh_btf *btf = mh_btf_graph_btf(ties->graph, node, &index);
		const uint32_t *type = mh_btf_type(btf, index);
		const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(type[1])];

		for (uint32_t i = 2; i < mh_btf_type_words(btf, index); i++) {
			if (mh_btf_slot(layout, i) == MH_BTF_ID && type[i] >= first_id)
				add_edge(ties, fill, node, type[i] - first_id, i);
		}
	}
}

static void add_id(struct ties *ties, bool fill, uint32_t word, uint32_t from, uint32_t slot)
{
	uint32_t first_id = mh_btf_graph_first_id(ties->graph);
	uint32_t id = mh_btf_ids_word(ties->graph->ids, word);

	if (id >= first_id && id - first_id < ties->nodes)
		add_edge(ties, fill, ties->nodes + from, id - first_id, slot);
}

/* A member of a set is told by the set and its flags: the order is that of the ids. */
static void add_ids(struct ties *ties, bool fill)
{
	const struct mh_btf_ids *ids = ties->graph->ids;

	for (uint32_t i = 0; ids && i < ids->words; i++) {
		if (ids->ids[i] == 1)
			add_id(ties, fill, i, i, 0);
	}
	for (uint32_t i = 0; ids && i < ids->set_count; i++) {
		const struct mh_btf_ids_set *set = &ids->sets[i];

		for (uint32_t j = 1; j <= set->entries; j++) {
			uint32_t word = set->word + j * set->each;

			add_id(ties, fill, word, set->word,
			       set->each == 2 ? mh_btf_ids_word(ids, word + 1) : 0);
		}
	}
}

/* Counts become the places where each node's edges begin. */
static uint64_t begin_edges(struct ties *ties)
{
	uint64_t total = 0;

	for (uint32_t i = 0; i <= ties->nodes; i++) {
		uint32_t count = i < ties->nodes ? ties->in_first[i] : 0;

		ties->in_first[i] = (uint32_t)total;
		total += count;
	}
	return total;
}

/* Filling in moved each on to where the next begins. */
static void end_edges(struct ties *ties)
{
	memmove(ties->in_first + 1, ties->in_first, (size_t)ties->nodes * sizeof(*ties->in_first));
	ties->in_first[0] = 0;
}

static uint32_t most_edges(const struct ties *ties)
{
	uint32_t most = 0;

	for (uint32_t i = 0; i < ties->nodes; i++) {
		if (ties->in_first[i + 1] - ties->in_first[i] > most)
			most = ties->in_first[i + 1] - ties->in_first[i];
	}
	return most;
}

static int list_edges(struct ties *ties, struct modhash_error *err)
{
	uint64_t edges;

	add_types(ties, false);
	add_ids(ties, false);
	edges = begin_edges(ties);
	if (edges > UINT32_MAX || edges + 1 > SIZE_MAX / sizeof(*ties->in))
		return mh_fail_nomem(err);
	ties->in = malloc(((size_t)edges + 1) * sizeof(*ties->in));
	if (!ties->in)
		return mh_fail_nomem(err);
	add_types(ties, true);
	add_ids(ties, true);
	end_edges(ties);
	ties->keys = malloc(((size_t)most_edges(ties) + 1) * 2 * sizeof(*ties->keys));
	ties->budget = (edges + ties->graph->btf->start[ties->graph->btf->count]) * ROUNDS_MAX +
		       WORK_MIN;
	return ties->keys ? 0 : mh_fail_nomem(err);
}

/* --- refinement --- */

static int compare_u64(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static uint32_t colour_of(const struct ties *ties, uint32_t node)
{
	return node < ties->nodes ? ties->colour[node] : node;
}

static uint32_t incoming(const struct ties *ties, uint32_t node, uint64_t *keys)
{
	uint32_t count = 0;

	for (uint32_t i = ties->in_first[node]; i < ties->in_first[node + 1]; i++)
		keys[count++] = (uint64_t)colour_of(ties, ties->in[i].from) << 32 |
				ties->in[i].slot;
	qsort(keys, count, sizeof(*keys), compare_u64);
	return count;
}

/*
 * What a word refers to, as a number: of nodes their colour.  Types and strings of a base that
 * is not renumbered stand for themselves; two of them may look the same.
 */
static uint64_t target(const struct ties *ties, const struct mh_btf *btf, enum mh_btf_slot slot,
		       uint32_t value)
{
	uint32_t first_id = mh_btf_graph_first_id(ties->graph);
	uint64_t fixed = (uint64_t)1 << 32;

	if (slot == MH_BTF_ID)
		return value < first_id ? fixed | value : ties->colour[value - first_id];
	if (slot != MH_BTF_NAME || value >= btf->first_string)
		return 0;
	return ties->graph->distilled ? fixed : fixed | value;
}

/* One name and one hash: the same kind, with as many words. */
static int compare_outgoing(const struct ties *ties, uint32_t a, uint32_t b)
{
	uint32_t index_a, index_b;
	const struct mh_btf *btf = mh_btf_graph_btf(ties->graph, a, &index_a);
	const uint32_t *type_a = mh_btf_type(btf, index_a), *type_b;
	const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(type_a[1])];

	mh_btf_graph_btf(ties->graph, b, &index_b);
	type_b = mh_btf_type(btf, index_b);
	for (uint32_t i = 0; i < mh_btf_type_words(btf, index_a); i++) {
		enum mh_btf_slot slot = mh_btf_slot(layout, i);
		uint64_t x = target(ties, btf, slot, type_a[i]);
		uint64_t y = target(ties, btf, slot, type_b[i]);

		if (x != y)
			return x < y ? -1 : 1;
	}
	return 0;
}

static int compare_ties(const void *context, uint32_t a, uint32_t b)
{
	const struct ties *ties = context;
	uint64_t *keys_a = ties->keys, *keys_b;
	uint32_t in_a = ties->in_first[a + 1] - ties->in_first[a];
	uint32_t in_b = ties->in_first[b + 1] - ties->in_first[b];
	int order = compare_outgoing(ties, a, b);

	if (order)
		return order;
	if (in_a != in_b)
		return in_a < in_b ? -1 : 1;
	keys_b = keys_a + incoming(ties, a, keys_a);
	incoming(ties, b, keys_b);
	for (uint32_t i = 0; i < in_a; i++) {
		if (keys_a[i] != keys_b[i])
			return keys_a[i] < keys_b[i] ? -1 : 1;
	}
	return 0;
}

/* Sorting a class of n looks at each of its edges some log n times. */
static bool spend(struct ties *ties, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		uint32_t node = ties->order[i], index;
		const struct mh_btf *btf = mh_btf_graph_btf(ties->graph, node, &index);
		uint64_t work = (uint64_t)mh_btf_type_words(btf, index) +
				(ties->in_first[node + 1] - ties->in_first[node]);

		if (ties->budget < work)
			return false;
		ties->budget -= work;
	}
	return true;
}

static bool split_class(struct ties *ties, uint32_t from, uint32_t to)
{
	uint32_t begins = from;

	mh_sort(ties->order + from, to - from, ties->scratch, compare_ties, ties);
	for (uint32_t i = from; i < to; i++) {
		if (i > from && compare_ties(ties, ties->order[i - 1], ties->order[i])) {
			ties->end[begins] = i;
			begins = i;
		}
		ties->next[ties->order[i]] = begins;
	}
	ties->end[begins] = to;
	return begins != from;
}

static int refine(struct ties *ties, struct modhash_error *err)
{
	bool split;

	do {
		split = false;
		for (uint32_t i = 0, end; i < ties->nodes; i = end) {
			end = ties->end[i];
			if (end - i == 1)
				continue;
			if (!spend(ties, i, end))
				return mh_fail(err, MODHASH_E_TOO_COMPLEX,
					       ties->graph->btf->offset,
					       "BTF types with doubles can't be told apart in "
					       "reasonable time");
			if (split_class(ties, i, end))
				split = true;
		}
		memcpy(ties->colour, ties->next, ties->nodes * sizeof(*ties->colour));
	} while (split);
	return 0;
}

/* --- what is still tied --- */

static bool is_tied(const struct ties *ties, uint32_t node)
{
	uint32_t colour = ties->colour[node];

	return ties->end[colour] - colour > 1;
}

static uint32_t find_part(struct ties *ties, uint32_t node)
{
	while (ties->part[node] != node) {
		ties->part[node] = ties->part[ties->part[node]];
		node = ties->part[node];
	}
	return node;
}

/* The smallest node stands for the part. */
static void join(struct ties *ties, uint32_t a, uint32_t b)
{
	a = find_part(ties, a);
	b = find_part(ties, b);
	ties->part[a > b ? a : b] = a > b ? b : a;
}

static void find_parts(struct ties *ties)
{
	for (uint32_t i = 0; i < ties->nodes; i++)
		ties->part[i] = i;
	for (uint32_t i = 0; i < ties->nodes; i++) {
		for (uint32_t e = ties->in_first[i]; e < ties->in_first[i + 1]; e++) {
			uint32_t from = ties->in[e].from;

			if (from < ties->nodes && is_tied(ties, i) && is_tied(ties, from))
				join(ties, i, from);
		}
	}
	for (uint32_t i = 0; i < ties->nodes; i++)
		ties->part[i] = find_part(ties, i);
}

static int compare_parts(const void *context, uint32_t a, uint32_t b)
{
	const struct ties *ties = context;

	return (ties->part[a] > ties->part[b]) - (ties->part[a] < ties->part[b]);
}

static int fail_ambiguous(const struct ties *ties, uint32_t a, uint32_t b,
			  struct modhash_error *err)
{
	uint32_t first_id = mh_btf_graph_first_id(ties->graph);

	return mh_fail(err, MODHASH_E_AMBIGUOUS, ties->graph->btf->offset,
		       "BTF types %" PRIu32 " and %" PRIu32 " (%.64s) can't be told apart",
		       first_id + a, first_id + b, mh_btf_name(ties->graph->btf, first_id + a));
}

static int order_parts(struct ties *ties, struct modhash_error *err)
{
	find_parts(ties);
	for (uint32_t i = 0, end; i < ties->nodes; i = end) {
		end = ties->end[i];
		mh_sort(ties->order + i, end - i, ties->scratch, compare_parts, ties);
		for (uint32_t j = i + 1; j < end; j++) {
			if (!compare_parts(ties, ties->order[j - 1], ties->order[j]))
				return fail_ambiguous(ties, ties->order[j - 1], ties->order[j],
						      err);
		}
	}
	return 0;
}

/* --- door --- */

static int prepare(struct ties *ties, const uint32_t *colour, struct modhash_error *err)
{
	size_t n = (size_t)ties->nodes + 1;

	ties->colour = malloc(n * sizeof(*ties->colour));
	ties->next = malloc(n * sizeof(*ties->next));
	ties->end = malloc(n * sizeof(*ties->end));
	ties->scratch = malloc(n * sizeof(*ties->scratch));
	ties->part = malloc(n * sizeof(*ties->part));
	ties->in_first = calloc(n, sizeof(*ties->in_first));
	if (!ties->colour || !ties->next || !ties->end || !ties->scratch || !ties->part ||
	    !ties->in_first)
		return mh_fail_nomem(err);
	memcpy(ties->colour, colour, ties->nodes * sizeof(*colour));
	memcpy(ties->next, colour, ties->nodes * sizeof(*colour));
	for (uint32_t i = ties->nodes, end = i; i > 0;) {
		ties->end[--i] = end;
		if (colour[ties->order[i]] == i)
			end = i;
	}
	return list_edges(ties, err);
}

int mh_btf_order_ties(const struct mh_btf_graph *graph, uint32_t *order,
		      const uint32_t *colour, struct modhash_error *err)
{
	struct ties ties;
	int ret;

	memset(&ties, 0, sizeof(ties));
	ties.graph = graph;
	ties.nodes = mh_btf_graph_nodes(graph);
	ties.order = order;
	ret = prepare(&ties, colour, err);
	if (ret == 0)
		ret = refine(&ties, err);
	if (ret == 0)
		ret = order_parts(&ties, err);
	free(ties.colour);
	free(ties.next);
	free(ties.end);
	free(ties.scratch);
	free(ties.part);
	free(ties.in_first);
	free(ties.in);
	free(ties.keys);
	return ret;
}
