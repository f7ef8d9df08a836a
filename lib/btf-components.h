/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: which types refer to each other, and what can be hashed at once.
 *
 * Types fall into strongly connected components.  A component's level is one more than the
 * highest of those that it refers to: what is on one level does not depend on each other.
 */
#ifndef MH_BTF_COMPONENTS_H
#define MH_BTF_COMPONENTS_H

#include "btf.h"

struct mh_btf_components {
	/* What each own type refers to among own types: edges[edge[v]] to edges[edge[v + 1] - 1]. */
	uint32_t *edge;
	uint32_t *edges;

	/* Component c: members[first[c]] to members[first[c + 1] - 1]. */
	uint32_t count;
	uint32_t *first;
	uint32_t *members;

	/* Components by level: order[level[l]] to order[level[l + 1] - 1]. */
	uint32_t levels;
	uint32_t *level;
	uint32_t *order;

	uint32_t largest; /* members of the largest */
};

int mh_btf_components_find(const struct mh_btf *btf, struct mh_btf_components *components,
			   struct modhash_error *err);
void mh_btf_components_free(struct mh_btf_components *components);

/* Is it a single type that does not refer to itself? */
static inline bool mh_btf_component_is_plain(const struct mh_btf_components *components, uint32_t c)
{
	uint32_t v = components->members[components->first[c]];

	if (components->first[c + 1] - components->first[c] != 1)
		return false;
	for (uint32_t e = components->edge[v]; e < components->edge[v + 1]; e++) {
		if (components->edges[e] == v)
			return false;
	}
	return true;
}

#endif /* MH_BTF_COMPONENTS_H */
