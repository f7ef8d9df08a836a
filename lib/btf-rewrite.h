/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: BTF written anew in its one order, at its size.
 */
#ifndef MH_BTF_REWRITE_H
#define MH_BTF_REWRITE_H

#include "btf-order.h"

struct mh_btf_rewritten {
	uint8_t *btf;	    /* as long as graph->btf */
	uint8_t *distilled; /* as long as graph->distilled, or NULL */
	uint8_t *ids;	    /* as long as .BTF_ids, or NULL */
	uint32_t moved;	    /* types with another number than before */
	struct mh_budget *budget; /* the graph's */
	uint64_t taken;	    /* from it */
};

/*
 * MODHASH_E_REWRITE if the size would change: strings that are not used, doubled, or used
 * from their middle; and what mh_btf_order() returns.
 */
int mh_btf_rewrite(const struct mh_btf_graph *graph, struct mh_btf_rewritten *rewritten,
		   struct modhash_error *err);
void mh_btf_rewritten_free(struct mh_btf_rewritten *rewritten);

#endif /* MH_BTF_REWRITE_H */
