/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: hashing.  hash.c is the one door to libcrypto's digests.
 */
#ifndef MH_HASH_H
#define MH_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <modhash/digest.h>
#include <modhash/error.h>

struct mh_part {
	const void *data;
	size_t length;
};

/* A message in parts, one after the other; modhash_algorithm_length() bytes go to @out. */
struct mh_message {
	const struct mh_part *parts;
	size_t count;
	uint8_t *out;
};

/*
 * Where messages come from.  next(): 1 with a message, which stays as it is until done() is
 * called with it; 0 when there are no more; a failure, which ends it all once the messages
 * that were begun are done.  Messages are done in any order; with a @status that is not 0,
 * one could not be hashed.
 */
struct mh_message_source {
	int (*next)(void *user, const struct mh_message **message);
	void (*done)(void *user, const struct mh_message *message, int status,
		     const struct modhash_error *err);
	void *user;
};

/* A hash state for one thread and one algorithm, used again and again. */
struct mh_hasher;

/* @engine: a context's hash_engine, for SHA-256; where there is no context, AUTO. */
int mh_hasher_new(uint32_t engine, int algorithm, struct mh_hasher **hasher,
		  struct modhash_error *err);
void mh_hasher_free(struct mh_hasher *hasher);

/* As many messages as this are worked on at once; a source must be able to lend so many. */
unsigned int mh_hasher_streams(const struct mh_hasher *hasher);

/*
 * Set to non-zero, this ends hashing soon with MODHASH_E_STOPPED, and lets mh_hasher_packed()
 * not begin.  May be NULL.
 */
void mh_hasher_set_stop(struct mh_hasher *hasher, const int *stop);

/* The digests of messages as they come.  MODHASH_E_STOPPED, or what next() returned. */
int mh_hasher_flow(struct mh_hasher *hasher, const struct mh_message_source *source,
		   struct modhash_error *err);

/* The digests of @count messages. */
int mh_hasher_many(struct mh_hasher *hasher, const struct mh_message *messages, size_t count,
		   struct modhash_error *err);

/* The digest of the parts one after the other, modhash_algorithm_length() bytes at @out. */
int mh_hasher_parts(struct mh_hasher *hasher, const struct mh_part *parts, size_t count,
		    uint8_t *out, struct modhash_error *err);

/*
 * Many short messages that were put together in one buffer: where each lies in it, and where its
 * digest goes.  Behind each, MH_PACKED_ROOM bytes are free, and written to.
 */
#define MH_PACKED_ROOM 72

struct mh_packed {
	size_t at;
	size_t length;
	uint8_t *out;
};

/* Their digests.  A message must not hold what is another's place for its digest. */
int mh_hasher_packed(struct mh_hasher *hasher, uint8_t *buffer, const struct mh_packed *messages,
		     size_t count, struct modhash_error *err);

/* Fits mh_core_sha256; @user is a hasher of SHA-256. */
struct mh_core_part;
int mh_hasher_core(void *user, const struct mh_core_part *parts, unsigned int count,
		   uint8_t digest[32]);
/* After it failed: MODHASH_E_NOMEM, _STOPPED or _CRYPTO. */
int mh_hasher_fail_core(const struct mh_hasher *hasher, const char *what,
			struct modhash_error *err);

#endif /* MH_HASH_H */
