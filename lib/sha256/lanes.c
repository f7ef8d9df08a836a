/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From messages to blocks: FIPS 180-4, sections 5.1.1 and 6.2, without the rounds.
 *
 * Each message that is worked on has a lane.  A lane yields runs: whole blocks where they
 * lie, or, where a message's parts meet and at its end, a block or two that are put together.
 * All lanes go as far as the shortest run; whose message is through takes the next one, so
 * that long and short ones mix without idling.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include <modhash/error.h>

#include "sha256.h"

#define BLOCK MH_SHA256_BLOCK
#define LENGTH_FIELD 8

/* Between two looks at the stop flag: 1 MiB a lane, less than a millisecond. */
#define STEP_MAX ((size_t)16384)

struct lane {
	const struct mh_message *message;
	size_t part;	  /* where we are: in this part of it */
	size_t at;	  /* at this byte of that part */
	uint64_t length;  /* bytes that were put into runs */
	bool padded;	  /* the last run was made */
	size_t blocks;	  /* left of the current run */
	uint8_t edge[2 * BLOCK];
};

/* The lanes at work are the first ones; states and runs lie as an engine wants them. */
struct lanes {
	const struct mh_sha256_engine *engine;
	unsigned int active;
	uint32_t state[MH_SHA256_STREAMS_MAX][8] __attribute__((aligned(16)));
	const uint8_t *run[MH_SHA256_STREAMS_MAX];
	struct lane lane[MH_SHA256_STREAMS_MAX];
};

static void init_state(const struct mh_sha256_engine *engine, uint32_t *state)
{
	memcpy(state, engine->initial, sizeof(engine->initial));
}

static void put_be32(uint8_t *to, uint32_t value)
{
	to[0] = (uint8_t)(value >> 24);
	to[1] = (uint8_t)(value >> 16);
	to[2] = (uint8_t)(value >> 8);
	to[3] = (uint8_t)value;
}

static void put_digest(const struct mh_sha256_engine *engine, const uint32_t *state, uint8_t *out)
{
	for (unsigned int i = 0; i < 8; i++)
		put_be32(out + 4 * i, state[engine->word[i]]);
}

/* A one, zeroes, and the length in bits behind @used bytes; how many blocks that makes. */
static size_t pad(uint8_t *edge, size_t used, uint64_t length)
{
	size_t blocks = used + 1 + LENGTH_FIELD <= BLOCK ? 1 : 2;
	uint8_t *field = edge + blocks * BLOCK - LENGTH_FIELD;

	edge[used] = 0x80;
	memset(edge + used + 1, 0, (size_t)(field - edge) - used - 1);
	put_be32(field, (uint32_t)(length >> 29));
	put_be32(field + 4, (uint32_t)(length << 3));
	return blocks;
}

/* Bytes of one block, from as many parts as it takes; how many there were. */
static size_t fill_edge(struct lane *lane)
{
	const struct mh_message *message = lane->message;
	size_t used = 0;

	while (used < BLOCK && lane->part < message->count) {
		const struct mh_part *part = &message->parts[lane->part];
		size_t left = part->length - lane->at;
		size_t taken = left < BLOCK - used ? left : BLOCK - used;

		if (taken)
			memcpy(lane->edge + used, (const uint8_t *)part->data + lane->at, taken);
		used += taken;
		lane->at += taken;
		if (lane->at == part->length) {
			lane->part++;
			lane->at = 0;
		}
	}
	return used;
}

/* The next run of a lane: false if there is none, for the message is through. */
static bool next_run(struct lane *lane, const uint8_t **run)
{
	const struct mh_message *message = lane->message;
	size_t used;

	if (lane->padded)
		return false;
	if (lane->part < message->count) {
		const struct mh_part *part = &message->parts[lane->part];

		lane->blocks = (part->length - lane->at) / BLOCK;
		if (lane->blocks) {
			*run = (const uint8_t *)part->data + lane->at;
			lane->at += lane->blocks * BLOCK;
			lane->length += lane->blocks * BLOCK;
			return true;
		}
	}
	used = fill_edge(lane);
	lane->length += used;
	lane->padded = used < BLOCK;
	lane->blocks = lane->padded ? pad(lane->edge, used, lane->length) : 1;
	*run = lane->edge;
	return true;
}

static void begin_message(struct lanes *lanes, const struct mh_message *message)
{
	unsigned int n = lanes->active++;
	struct lane *lane = &lanes->lane[n];

	lane->message = message;
	lane->part = 0;
	lane->at = 0;
	lane->length = 0;
	lane->padded = false;
	init_state(lanes->engine, lanes->state[n]);
	next_run(lane, &lanes->run[n]); /* each has one: its end */
}

/* Its digest is made; the last lane at work takes its place. */
static const struct mh_message *end_message(struct lanes *lanes, unsigned int n)
{
	const struct mh_message *message = lanes->lane[n].message;
	unsigned int last = --lanes->active;

	put_digest(lanes->engine, lanes->state[n], message->out);
	if (n != last) {
		struct lane *from = &lanes->lane[last], *to = &lanes->lane[n];
		bool in_edge = lanes->run[last] >= from->edge &&
			       lanes->run[last] < from->edge + sizeof(from->edge);

		memcpy(lanes->state[n], lanes->state[last], sizeof(lanes->state[n]));
		*to = *from;
		lanes->run[n] = in_edge ? to->edge + (lanes->run[last] - from->edge) :
					  lanes->run[last];
	}
	return message;
}

/* All lanes, as far as the shortest run goes. */
static void step(struct lanes *lanes)
{
	size_t blocks = STEP_MAX;

	for (unsigned int i = 0; i < lanes->active; i++) {
		if (lanes->lane[i].blocks < blocks)
			blocks = lanes->lane[i].blocks;
	}
	lanes->engine->step[lanes->active - 1](lanes->state, lanes->run, blocks);
	for (unsigned int i = 0; i < lanes->active; i++) {
		lanes->run[i] += blocks * BLOCK;
		lanes->lane[i].blocks -= blocks;
	}
}

static void refill(struct lanes *lanes, const struct mh_message_source *source, int *ret)
{
	const struct mh_message *message;

	while (*ret > 0 && lanes->active < lanes->engine->streams) {
		*ret = source->next(source->user, &message);
		if (*ret > 0)
			begin_message(lanes, message);
	}
}

static bool stopped(const int *stop)
{
	return stop && __atomic_load_n(stop, __ATOMIC_RELAXED);
}

int mh_sha256_flow(const struct mh_sha256_engine *engine, const struct mh_message_source *source,
		   const int *stop)
{
	struct lanes lanes;
	int ret = 1;

	lanes.engine = engine;
	lanes.active = 0;
	for (;;) {
		refill(&lanes, source, &ret);
		if (!lanes.active)
			return ret;
		if (stopped(stop))
			return MODHASH_E_STOPPED;
		step(&lanes);
		/* From the last on: which takes the place of one that ended was looked at. */
		for (unsigned int i = lanes.active; i > 0;) {
			i--;
			if (!lanes.lane[i].blocks && !next_run(&lanes.lane[i], &lanes.run[i]))
				source->done(source->user, end_message(&lanes, i), 0, NULL);
		}
	}
}

/* Two blocks with their padding hold this much. */
#define SHORT_MAX (2 * BLOCK - 1 - LENGTH_FIELD)

/* The parts in one piece, if they are short, and how long that is; else SIZE_MAX. */
static size_t gather(const struct mh_part *parts, size_t count, uint8_t *edge)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		if (parts[i].length > SHORT_MAX - used)
			return SIZE_MAX;
		if (parts[i].length)
			memcpy(edge + used, parts[i].data, parts[i].length);
		used += parts[i].length;
	}
	return used;
}

/* A node of a Merkle tree is 65 bytes, and a proof is nothing but nodes. */
static bool one_short(const struct mh_sha256_engine *engine, const struct mh_part *parts,
		      size_t count, uint8_t *out)
{
	uint32_t state[1][8] __attribute__((aligned(16)));
	uint8_t edge[2 * BLOCK];
	const uint8_t *run = edge;
	size_t used = gather(parts, count, edge);

	if (used == SIZE_MAX)
		return false;
	init_state(engine, state[0]);
	engine->step[0](state, &run, pad(edge, used, used));
	put_digest(engine, state[0], out);
	return true;
}

int mh_sha256_one(const struct mh_sha256_engine *engine, const struct mh_part *parts,
		  size_t count, uint8_t *out, const int *stop)
{
	const struct mh_message message = { parts, count, out };
	uint32_t state[1][8] __attribute__((aligned(16)));
	struct lane lane;
	const uint8_t *run;

	if (one_short(engine, parts, count, out))
		return 0;
	lane.message = &message;
	lane.part = 0;
	lane.at = 0;
	lane.length = 0;
	lane.padded = false;
	init_state(engine, state[0]);
	while (next_run(&lane, &run)) {
		while (lane.blocks) {
			size_t blocks = lane.blocks < STEP_MAX ? lane.blocks : STEP_MAX;

			if (stopped(stop))
				return MODHASH_E_STOPPED;
			engine->step[0](state, &run, blocks);
			run += blocks * BLOCK;
			lane.blocks -= blocks;
		}
	}
	put_digest(engine, state[0], out);
	return 0;
}

/* --- messages that lie in one piece, with room behind them --- */

struct piece {
	size_t blocks; /* that are left */
	uint8_t *out;
};

struct pieces {
	unsigned int active;
	uint32_t state[MH_SHA256_STREAMS_MAX][8] __attribute__((aligned(16)));
	const uint8_t *run[MH_SHA256_STREAMS_MAX];
	struct piece piece[MH_SHA256_STREAMS_MAX];
};

static void begin_piece(const struct mh_sha256_engine *engine, struct pieces *pieces, uint8_t *data,
			const struct mh_packed *message)
{
	unsigned int n = pieces->active++;
	size_t whole = message->length / BLOCK;

	init_state(engine, pieces->state[n]);
	pieces->run[n] = data;
	pieces->piece[n].out = message->out;
	pieces->piece[n].blocks =
		whole + pad(data + whole * BLOCK, message->length % BLOCK, message->length);
}

static void end_piece(const struct mh_sha256_engine *engine, struct pieces *pieces, unsigned int n)
{
	unsigned int last = --pieces->active;

	put_digest(engine, pieces->state[n], pieces->piece[n].out);
	if (n == last)
		return;
	memcpy(pieces->state[n], pieces->state[last], sizeof(pieces->state[n]));
	pieces->run[n] = pieces->run[last];
	pieces->piece[n] = pieces->piece[last];
}

void mh_sha256_packed(const struct mh_sha256_engine *engine, uint8_t *buffer,
		      const struct mh_packed *messages, size_t count)
{
	struct pieces pieces;
	size_t next = 0;

	pieces.active = 0;
	for (;;) {
		size_t blocks = SIZE_MAX;

		for (; pieces.active < engine->streams && next < count; next++)
			begin_piece(engine, &pieces, buffer + messages[next].at, &messages[next]);
		if (!pieces.active)
			return;
		for (unsigned int i = 0; i < pieces.active; i++) {
			if (pieces.piece[i].blocks < blocks)
				blocks = pieces.piece[i].blocks;
		}
		engine->step[pieces.active - 1](pieces.state, pieces.run, blocks);
		for (unsigned int i = pieces.active; i > 0;) {
			i--;
			pieces.run[i] += blocks * BLOCK;
			pieces.piece[i].blocks -= blocks;
			if (!pieces.piece[i].blocks)
				end_piece(engine, &pieces, i);
		}
	}
}
