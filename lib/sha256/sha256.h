/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: SHA-256 of several messages at once.
 *
 * One message is bound by the latency of its rounds: each waits for the one before.
 * Independent messages fill the gaps.  An engine is a set of functions that take blocks
 * of so many messages a step further (shani.c); lanes.c makes blocks of messages, whatever
 * the engine; engines.c knows which engines there are and what this processor can.
 */
#ifndef MH_SHA256_H
#define MH_SHA256_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hash.h"

#define MH_SHA256_BLOCK 64
#define MH_SHA256_DIGEST 32
#define MH_SHA256_STREAMS_MAX 4

/*
 * The next @blocks blocks at each of @data, into the state of the same number.  States
 * are aligned to 16 bytes; data need not be.
 */
typedef void (*mh_sha256_step)(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks);

struct mh_sha256_engine {
	unsigned int streams; /* most messages at once */
	uint32_t initial[8];  /* a state before any block */
	uint8_t word[8];      /* where the words A to H lie in a state */
	mh_sha256_step step[MH_SHA256_STREAMS_MAX]; /* for 1 to @streams messages */
};

/*
 * The engine of that number (MODHASH_ENGINE_*); NULL if it is none of ours, or if this
 * processor, as the system lets us use it, does not have what it needs.  With
 * MH_ENGINE_NO_AVX, for tests: what a processor without AVX would get.
 */
#define MH_ENGINE_NO_AVX (UINT32_C(1) << 31)

const struct mh_sha256_engine *mh_sha256_engine(uint32_t number);

/* The fastest one here; MODHASH_ENGINE_EVP if none of ours can be used. */
uint32_t mh_sha256_fastest(void);

/* The digest of one message, without the fuss of several.  @stop may be NULL. */
int mh_sha256_one(const struct mh_sha256_engine *engine, const struct mh_part *parts,
		  size_t count, uint8_t *out, const int *stop);

/*
 * Messages as @source gives them, until it has no more.  @stop may be NULL.
 * 0, MODHASH_E_STOPPED, or what @source returned.
 */
int mh_sha256_flow(const struct mh_sha256_engine *engine, const struct mh_message_source *source,
		   const int *stop);

/* Messages in one buffer; what is behind each in its room is overwritten. */
void mh_sha256_packed(const struct mh_sha256_engine *engine, uint8_t *buffer,
		      const struct mh_packed *messages, size_t count);

#endif /* MH_SHA256_H */
