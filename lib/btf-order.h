/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: the one order of a module's types, whatever it was before.
 */
#ifndef MH_BTF_ORDER_H
#define MH_BTF_ORDER_H

#include <stdint.h>

#include <modhash/error.h>

#include "btf-ids.h"
#include "btf.h"

/* The types that are renumbered: those of a distilled base, if there is one, and own ones. */
struct mh_btf_graph {
	const struct mh_btf *btf;
	const struct mh_btf_hashes *hashes;
	const struct mh_btf *distilled; /* what @btf continues, to be renumbered too; or NULL */
	const struct mh_btf_hashes *distilled_hashes;
	const struct mh_btf_ids *ids;	/* what else refers to types, or NULL */
};

/* A type of a graph is a node, from 0: those of the distilled base come first. */
static inline uint32_t mh_btf_graph_nodes(const struct mh_btf_graph *graph)
{
	return graph->btf->count + (graph->distilled ? graph->distilled->count : 0);
}

static inline uint32_t mh_btf_graph_first_id(const struct mh_btf_graph *graph)
{
	return graph->distilled ? graph->distilled->first_id : graph->btf->first_id;
}

/* The BTF that a node is of, and its index in there. */
static inline const struct mh_btf *mh_btf_graph_btf(const struct mh_btf_graph *graph,
						    uint32_t node, uint32_t *index)
{
	uint32_t below = graph->distilled ? graph->distilled->count : 0;

	*index = node < below ? node : node - below;
	return node < below ? graph->distilled : graph->btf;
}

/*
 * Sort the nodes: by name, hash, and, where these are the same, by who refers to
 * them.  @order has room for all nodes.  MODHASH_E_AMBIGUOUS if two that differ can't be told
 * apart, MODHASH_E_TOO_COMPLEX, MODHASH_E_NOMEM.
 */
int mh_btf_order(const struct mh_btf_graph *graph, uint32_t *order, struct modhash_error *err);

/* btf-ties.c: the same for nodes that name and hash don't tell apart. */
int mh_btf_order_ties(const struct mh_btf_graph *graph, uint32_t *order,
		      const uint32_t *colour, struct modhash_error *err);

#endif /* MH_BTF_ORDER_H */
