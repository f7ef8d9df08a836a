/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Colour refinement over a directed graph whose nodes have ordered edges.
 *
 * A colour is a number: how many nodes have a smaller one.  At first it is given by a
 * comparison of the caller's; in each round, nodes of one colour are sorted by the
 * colours that their edges lead to, and told apart by that.  So the colours, in the
 * end, depend on the graph alone and not on how its nodes were numbered.
 */
#ifndef MH_BTF_REFINE_H
#define MH_BTF_REFINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "sort.h"

struct mh_refine {
	uint32_t count;
	uint32_t *first;   /* edges of node i: first[i] to first[i + 1] - 1 */
	uint32_t *edges;
	uint32_t *order;   /* nodes in the order of their colours */
	uint32_t *colour;  /* of each node */
	uint32_t *next;	   /* colours of the round at hand */
	uint32_t *end;	   /* where the class that begins here in the order ends */
	uint32_t *scratch;
	uint32_t nodes;	   /* while it is being filled */
	uint32_t rounds;   /* out: that split a class */
	uint64_t budget;
};

/* Room for @count nodes and @edges edges; -1 if there is no memory. */
int mh_refine_init(struct mh_refine *refine, uint32_t count, size_t edges);

/* Fill in: node 0, its edges, node 1, its edges, …, the end. */
void mh_refine_node(struct mh_refine *refine, uint32_t node);
void mh_refine_edge(struct mh_refine *refine, uint32_t to);
void mh_refine_end(struct mh_refine *refine);

/*
 * Refine until nothing more can be told apart.  Nodes that @cmp finds equal must have
 * equally many edges.  -1 if that takes too long: the limit depends on the graph alone.
 */
int mh_refine_run(struct mh_refine *refine, mh_sort_cmp cmp, const void *context);

/* The position in the order where the class that begins at @i ends. */
static inline uint32_t mh_refine_class_end(const struct mh_refine *refine, uint32_t i)
{
	return refine->end[i];
}

void mh_refine_free(struct mh_refine *refine);

#endif /* MH_BTF_REFINE_H */
