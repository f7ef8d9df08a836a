/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Hashes of types that depend on nothing but what a type is: not on ids, offsets or order.
 * doc/btf.md defines every message that is hashed here, byte for byte.
 *
 * Most messages are short and don't depend on each other, so they are gathered, and hashed
 * many at once.  Inside a component, types are told apart by colour refinement, where
 * colours are numbered by what they stand for.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "btf-components.h"
#include "btf-refine.h"
#include "fail.h"
#include "message.h"
#include "sort.h"

/* The first four bytes of a message say which it is. */
#define TAG_TYPE "T1\0"	     /* a type that is in no cycle */
#define TAG_LABEL "L1\0"     /* a type, less what it refers to in its component */
#define TAG_COMPONENT "S1\0" /* a component */
#define TAG_MEMBER "M1\0"    /* a type of it */

static const uint8_t void_hash[MH_BTF_HASH];

/* Stands for a reference into the component. */
static const uint8_t inside_mark[MH_BTF_HASH] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

#define NONE UINT32_MAX

/* So many bytes of messages are hashed at once: what fits in a processor's near memory. */
#define BATCH_BYTES 16384
#define BATCH_MAX 128

struct hash_state {
	const struct mh_btf *btf;
	struct mh_hasher *sha256;
	struct mh_btf_hashes *out;
	struct mh_btf_components components;
	uint32_t *ids;		 /* what the type at hand refers to */

	/* Messages that don't depend on each other, and are not hashed yet. */
	struct mh_buf message;
	struct mh_packed *batch;
	uint32_t batched;

	/* Of the component at hand. */
	uint32_t *place; /* of an own type in it; NONE for all others */
	uint8_t *labels;
	size_t labels_capacity;

	uint64_t taken; /* of the budget, and given back at the end */
};

/* --- messages --- */

static int flush(struct hash_state *state, struct modhash_error *err)
{
	int ret = mh_hasher_packed(state->sha256, state->message.data, state->batch, state->batched,
				   err);

	state->message.length = 0;
	state->batched = 0;
	return ret;
}

static int begin(struct hash_state *state, const char *tag, struct modhash_error *err)
{
	state->batch[state->batched].at = state->message.length;
	return mh_message_put(&state->message, tag, 4, err);
}

/* The message ends here; its digest is at @hash after the next flush. */
static int finish(struct hash_state *state, uint8_t *hash, struct modhash_error *err)
{
	struct mh_packed *message = &state->batch[state->batched];
	int ret = mh_message_room(&state->message, MH_PACKED_ROOM, err);

	if (ret < 0)
		return ret;
	message->length = state->message.length - message->at;
	message->out = hash;
	state->message.length += MH_PACKED_ROOM;
	if (++state->batched == BATCH_MAX || state->message.length >= BATCH_BYTES)
		return flush(state, err);
	return 0;
}

const uint8_t *mh_btf_hash_of(const struct mh_btf *btf, const uint8_t *hashes, uint32_t id)
{
	if (id == 0)
		return void_hash;
	if (id < btf->first_id)
		return btf->base->hashes + (size_t)(id - 1) * MH_BTF_HASH;
	return hashes + (size_t)(id - btf->first_id) * MH_BTF_HASH;
}

static bool is_inside(const struct hash_state *state, uint32_t id)
{
	return id >= state->btf->first_id && state->place[id - state->btf->first_id] != NONE;
}

/*
 * The words of a type, and then what it refers to.  The first word is a name's, and each name
 * asks for room for itself, for the @left words from there on and what they refer to, and for
 * the hashes of the @edges that came before it and are still to be put behind them all.
 */
#define WORD_MAX (4 + MH_BTF_HASH)

static int put_name(struct hash_state *state, uint32_t offset, size_t left, size_t edges,
		    struct modhash_error *err)
{
	const char *name = offset ? mh_btf_string(state->btf, offset) : "";
	size_t length = strlen(name);
	int ret = mh_message_room(&state->message,
				  length + left * WORD_MAX + edges * MH_BTF_HASH, err);

	if (ret < 0)
		return ret;
	mh_message_add32(&state->message, (uint32_t)length);
	mh_message_add(&state->message, name, length);
	return 0;
}

static const uint8_t *edge_hash(const struct hash_state *state, uint32_t id)
{
	if (is_inside(state, id))
		return inside_mark;
	return mh_btf_hash_of(state->btf, state->out->hashes, id);
}

static int put_type(struct hash_state *state, uint32_t v, struct modhash_error *err)
{
	const uint32_t *type = mh_btf_type(state->btf, v);
	const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(type[1])];
	uint32_t words = mh_btf_type_words(state->btf, v), edges = 0;

	for (uint32_t i = 0; i < words; i++) {
		enum mh_btf_slot slot = mh_btf_slot(layout, i);
		int ret;

		if (slot == MH_BTF_NAME) {
			ret = put_name(state, type[i], words - i, edges, err);
			if (ret < 0)
				return ret;
		} else if (slot == MH_BTF_ID) {
			mh_message_add32(&state->message, 0);
			state->ids[edges++] = type[i];
		} else {
			mh_message_add32(&state->message, type[i]);
		}
	}
	for (uint32_t i = 0; i < edges; i++)
		mh_message_add(&state->message, edge_hash(state, state->ids[i]), MH_BTF_HASH);
	return 0;
}

static int hash_type(struct hash_state *state, const char *tag, uint32_t v, uint8_t *hash,
		     struct modhash_error *err)
{
	int ret = begin(state, tag, err);

	if (ret == 0)
		ret = put_type(state, v, err);
	return ret < 0 ? ret : finish(state, hash, err);
}

static uint8_t *hash_at(struct hash_state *state, uint32_t v)
{
	return state->out->hashes + (size_t)v * MH_BTF_HASH;
}

/* --- a component --- */

/* Nearly always, the first eight bytes tell. */
static uint64_t first_bytes(const uint8_t *label)
{
	uint64_t value;

	memcpy(&value, label, sizeof(value));
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	value = __builtin_bswap64(value);
#endif
	return value;
}

static int compare_labels(const void *context, uint32_t a, uint32_t b)
{
	const uint8_t *x = (const uint8_t *)context + (size_t)a * MH_BTF_HASH;
	const uint8_t *y = (const uint8_t *)context + (size_t)b * MH_BTF_HASH;
	uint64_t first_x = first_bytes(x), first_y = first_bytes(y);

	if (first_x != first_y)
		return first_x < first_y ? -1 : 1;
	return memcmp(x, y, MH_BTF_HASH);
}

static int label_members(struct hash_state *state, const uint32_t *members, uint32_t count,
			 struct modhash_error *err)
{
	size_t need = (size_t)count * MH_BTF_HASH;
	int ret = 0;

	if (need > state->labels_capacity) {
		free(state->labels);
		state->labels_capacity = 0;
		state->labels = malloc(need);
		if (!state->labels)
			return mh_fail_nomem(err);
		state->labels_capacity = need;
	}
	for (uint32_t i = 0; ret == 0 && i < count; i++)
		ret = hash_type(state, TAG_LABEL, members[i],
				state->labels + (size_t)i * MH_BTF_HASH, err);
	return ret < 0 ? ret : flush(state, err);
}

/* What members refer to inside the component, by their places in it. */
static int inside_edges(struct hash_state *state, const uint32_t *members, uint32_t count,
			struct mh_refine *refine, struct modhash_error *err)
{
	const struct mh_btf_components *components = &state->components;
	size_t total = 0;

	for (uint32_t i = 0; i < count; i++)
		total += components->edge[members[i] + 1] - components->edge[members[i]];
	if (mh_refine_init(refine, count, total) < 0)
		return mh_fail_nomem(err);
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t *edge = components->edge + members[i];

		mh_refine_node(refine, i);
		for (uint32_t e = edge[0]; e < edge[1]; e++) {
			if (state->place[components->edges[e]] != NONE)
				mh_refine_edge(refine, state->place[components->edges[e]]);
		}
	}
	mh_refine_end(refine);
	return 0;
}

/* The component as it is described by its colours. */
static int hash_component(struct hash_state *state, const struct mh_refine *refine,
			  uint8_t *hash, struct modhash_error *err)
{
	int ret = begin(state, TAG_COMPONENT, err);

	if (ret == 0)
		ret = mh_message_put32(&state->message, refine->count, err);
	for (uint32_t i = 0; ret == 0 && i < refine->count; i = mh_refine_class_end(refine, i)) {
		uint32_t node = refine->order[i];

		ret = mh_message_put32(&state->message, mh_refine_class_end(refine, i) - i, err);
		if (ret == 0)
			ret = mh_message_put(&state->message,
					     state->labels + (size_t)node * MH_BTF_HASH, MH_BTF_HASH,
					     err);
		for (uint32_t e = refine->first[node]; ret == 0 && e < refine->first[node + 1]; e++)
			ret = mh_message_put32(&state->message, refine->colour[refine->edges[e]], err);
	}
	if (ret == 0)
		ret = finish(state, hash, err);
	return ret < 0 ? ret : flush(state, err);
}

static int hash_member(struct hash_state *state, const uint8_t *component, uint32_t colour,
		       uint8_t *hash, struct modhash_error *err)
{
	int ret = begin(state, TAG_MEMBER, err);

	if (ret == 0)
		ret = mh_message_put(&state->message, component, MH_BTF_HASH, err);
	if (ret == 0)
		ret = mh_message_put32(&state->message, colour, err);
	return ret < 0 ? ret : finish(state, hash, err);
}

static int refine_component(struct hash_state *state, const uint32_t *members, uint32_t count,
			    struct mh_refine *refine, struct modhash_error *err)
{
	uint8_t component[MH_BTF_HASH];
	int ret = label_members(state, members, count, err);

	if (ret == 0)
		ret = inside_edges(state, members, count, refine, err);
	if (ret < 0)
		return ret;
	if (mh_refine_run(refine, compare_labels, state->labels) < 0)
		return mh_fail(err, MODHASH_E_TOO_COMPLEX, state->btf->offset,
			       "%" PRIu32 " BTF types that refer to each other, one of them type "
			       "%" PRIu32 ", can't be told apart in reasonable time",
			       count, state->btf->first_id + members[0]);
	if (refine->rounds > state->out->rounds)
		state->out->rounds = refine->rounds;

	ret = hash_component(state, refine, component, err);
	for (uint32_t i = 0; ret == 0 && i < count; i++)
		ret = hash_member(state, component, refine->colour[i], hash_at(state, members[i]),
				  err);
	return ret;
}

static int hash_cycle(struct hash_state *state, const uint32_t *members, uint32_t count,
		      struct modhash_error *err)
{
	struct mh_refine refine;
	int ret;

	memset(&refine, 0, sizeof(refine));
	for (uint32_t i = 0; i < count; i++)
		state->place[members[i]] = i;
	ret = refine_component(state, members, count, &refine, err);
	for (uint32_t i = 0; i < count; i++)
		state->place[members[i]] = NONE;
	mh_refine_free(&refine);
	return ret;
}

/* Level by level: what is on one does not depend on each other. */
static int hash_components(struct hash_state *state, struct modhash_error *err)
{
	const struct mh_btf_components *components = &state->components;
	int ret = 0;

	for (uint32_t l = 0; ret == 0 && l < components->levels; l++) {
		for (uint32_t i = components->level[l]; ret == 0 && i < components->level[l + 1];
		     i++) {
			uint32_t c = components->order[i];
			const uint32_t *members = components->members + components->first[c];

			if (mh_btf_component_is_plain(components, c))
				ret = hash_type(state, TAG_TYPE, members[0],
						hash_at(state, members[0]), err);
			else
				ret = hash_cycle(state, members,
						 components->first[c + 1] - components->first[c],
						 err);
		}
		if (ret == 0)
			ret = flush(state, err);
	}
	return ret;
}

/*
 * For each type: its hash and its place in their order, which stay, with what it takes to
 * compare them with others; and to find the components
 * and refine the largest there can be, 21 numbers and a label.  For each word, as an edge or an
 * id, three numbers.
 */
#define TYPE_KEPT (MH_BTF_HASH + 4 + 8)
#define TYPE_WORK (21 * 4 + MH_BTF_HASH)
#define WORD_WORK (3 * 4)

static int take_memory(struct hash_state *state, struct modhash_error *err)
{
	const struct mh_btf *btf = state->btf;
	uint64_t kept = mh_btf_memory(btf, TYPE_KEPT, 0, 0);
	int ret = mh_budget_take(btf->budget, kept, err);

	if (ret)
		return ret;
	state->out->budget = btf->budget;
	state->out->taken = kept;
	state->message.budget = btf->budget;
	ret = mh_budget_take(btf->budget, mh_btf_memory(btf, TYPE_WORK, WORD_WORK, 0), err);
	if (!ret)
		state->taken = mh_btf_memory(btf, TYPE_WORK, WORD_WORK, 0);
	return ret;
}

static int prepare(struct hash_state *state, struct modhash_error *err)
{
	const struct mh_btf *btf = state->btf;
	/* No type has more ids than there are words. */
	size_t n = (size_t)btf->count + 1, words = (size_t)btf->start[btf->count] + 1;

	state->out->hashes = malloc(n * MH_BTF_HASH);
	state->place = malloc(n * sizeof(*state->place));
	state->ids = malloc(words * sizeof(*state->ids));
	state->batch = malloc(BATCH_MAX * sizeof(*state->batch));
	if (!state->out->hashes || !state->place || !state->ids || !state->batch)
		return mh_fail_nomem(err);
	memset(state->place, 0xff, n * sizeof(*state->place));
	return mh_btf_components_find(btf, &state->components, err);
}

static void release(struct hash_state *state)
{
	mh_budget_give(state->btf->budget, state->taken);
	mh_btf_components_free(&state->components);
	free(state->ids);
	free(state->batch);
	free(state->place);
	free(state->labels);
	mh_buf_free(&state->message);
}

/* Sort, and count those that are not alone. */
static int sort_hashes(const struct mh_btf *btf, struct mh_btf_hashes *out,
		       struct modhash_error *err)
{
	uint32_t *scratch = malloc(((size_t)btf->count + 1) * sizeof(*scratch));
	uint32_t same;

	out->sorted = malloc(((size_t)btf->count + 1) * sizeof(*out->sorted));
	if (!scratch || !out->sorted) {
		free(scratch);
		return mh_fail_nomem(err);
	}
	for (uint32_t i = 0; i < btf->count; i++)
		out->sorted[i] = i;
	mh_sort(out->sorted, btf->count, scratch, compare_labels, out->hashes);
	free(scratch);

	for (uint32_t i = 0; i < btf->count; i = same) {
		for (same = i + 1; same < btf->count; same++) {
			if (compare_labels(out->hashes, out->sorted[i], out->sorted[same]))
				break;
		}
		if (same - i > 1)
			out->duplicates += same - i;
	}
	return 0;
}

int mh_btf_hash(const struct mh_btf *btf, struct mh_hasher *sha256,
		struct mh_btf_hashes *hashes, struct modhash_error *err)
{
	struct hash_state state;
	int ret;

	memset(hashes, 0, sizeof(*hashes));
	memset(&state, 0, sizeof(state));
	state.btf = btf;
	state.sha256 = sha256;
	state.out = hashes;

	ret = take_memory(&state, err);
	if (ret == 0)
		ret = prepare(&state, err);
	if (ret == 0)
		ret = hash_components(&state, err);
	hashes->largest = state.components.largest;
	if (ret == 0)
		ret = sort_hashes(btf, hashes, err);
	release(&state);
	if (ret < 0)
		mh_btf_hashes_free(hashes);
	return ret;
}

void mh_btf_hashes_free(struct mh_btf_hashes *hashes)
{
	free(hashes->hashes);
	free(hashes->sorted);
	mh_budget_give(hashes->budget, hashes->taken);
	memset(hashes, 0, sizeof(*hashes));
}
