/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdlib.h>
#include <string.h>

#include "btf-order.h"
#include "fail.h"
#include "sort.h"

static const uint8_t *node_hash(const struct mh_btf_graph *graph, uint32_t node)
{
	uint32_t index;
	const struct mh_btf *btf = mh_btf_graph_btf(graph, node, &index);
	const struct mh_btf_hashes *hashes =
		btf == graph->btf ? graph->hashes : graph->distilled_hashes;

	return hashes->hashes + (size_t)index * MH_BTF_HASH;
}

/* The distilled base's before the module's own; anonymous ones first. */
static int compare_nodes(const void *context, uint32_t a, uint32_t b)
{
	const struct mh_btf_graph *graph = context;
	uint32_t index_a, index_b;
	const struct mh_btf *btf_a = mh_btf_graph_btf(graph, a, &index_a);
	const struct mh_btf *btf_b = mh_btf_graph_btf(graph, b, &index_b);
	int order;

	if (btf_a != btf_b)
		return btf_a == graph->distilled ? -1 : 1;
	order = strcmp(mh_btf_string(btf_a, mh_btf_type(btf_a, index_a)[0]),
		       mh_btf_string(btf_b, mh_btf_type(btf_b, index_b)[0]));
	return order ? order : memcmp(node_hash(graph, a), node_hash(graph, b), MH_BTF_HASH);
}

int mh_btf_order(const struct mh_btf_graph *graph, uint32_t *order, struct modhash_error *err)
{
	uint32_t nodes = mh_btf_graph_nodes(graph);
	uint32_t *colour = malloc(((size_t)nodes + 1) * sizeof(*colour));
	bool ties = false;
	int ret = 0;

	if (!colour)
		return mh_fail_nomem(err);
	for (uint32_t i = 0; i < nodes; i++)
		order[i] = i;
	mh_sort(order, nodes, colour, compare_nodes, graph);

	for (uint32_t i = 0, first = 0; i < nodes; i++) {
		if (i && compare_nodes(graph, order[i - 1], order[i]))
			first = i;
		ties |= first != i;
		colour[order[i]] = first;
	}
	if (ties)
		ret = mh_btf_order_ties(graph, order, colour, err);
	free(colour);
	return ret;
}
