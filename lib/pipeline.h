/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: a worker that has as many files in hand as its hasher has streams.
 *
 * A file is read, unpacked and looked at, and gives one or two messages to hash; while one
 * file's are hashed, so are those of the others; then its slot takes the next file.  All
 * of a slot is used again.
 *
 * Two things bring a file back later, which have nothing to do with one another:
 *
 * MH_POSTPONED: it is large, which is known only now that it was opened.  The same worker does
 * it when there are no others left, the largest first, so that buffers grow once: a matter of
 * speed, and of one thread, as with several of them somebody asks for sizes before.
 *
 * MH_NO_ROOM: there is not the memory for it that max_memory allows beside the other files in
 * hand.  The pool has it begun again in its next round, with fewer in hand.
 */
#ifndef MH_PIPELINE_H
#define MH_PIPELINE_H

#include "module.h"
#include "pool.h"
#include "source.h"

#define MH_SLOT_MESSAGES 2

/* One file in hand.  Users have it as the first member of what they keep of a file. */
struct mh_slot {
	struct mh_job job;
	struct modhash_module module;
	struct mh_digesting digesting[MH_SLOT_MESSAGES];
	struct mh_digesting *more;    /* or messages elsewhere, instead of these: begin() says */
	int status[MH_SLOT_MESSAGES]; /* of hashing; [0]: of any of @more */
	struct modhash_error error;   /* the last of them that is not 0 */
	unsigned int messages;	      /* to be hashed: what begin() says */
	unsigned int given;
	unsigned int done;
	bool busy;
	bool last_round;      /* it will not find more room */
	size_t refusals;      /* of the budget, before begin() */
};

/* What begin() and end() return for a file that is to be begun again when there is more room. */
#define MH_NO_ROOM 2
_Static_assert(MH_NO_ROOM != MH_POSTPONED, "begin() returns either");

struct mh_pipeline_steps {
	size_t slot_size;
	void (*slot_fini)(void *slot); /* may be NULL; slots begin as zeroes */

	/*
	 * Read the slot's file, and say what of it is to be hashed.  MODHASH_E_STOPPED, or
	 * another failure, ends the run.  MH_POSTPONED, if reading it says so, or MH_NO_ROOM,
	 * if mh_slot_lacks_room() does: nothing of it is left, and it comes again.
	 */
	int (*begin)(void *user, struct mh_slot *slot, struct modhash_error *err);

	/* All of that is hashed.  A failure ends the run.  Or MH_NO_ROOM. */
	int (*end)(void *user, struct mh_slot *slot, struct modhash_error *err);
};

struct mh_pipeline;

/* @hasher is lent; @user is handed to the steps; @most files are in hand, 0: as it has streams. */
int mh_pipeline_new(const struct mh_pipeline_steps *steps, void *user,
		    const struct modhash_ctx *ctx, struct mh_hasher *hasher, unsigned int most,
		    struct mh_pipeline **pipeline, struct modhash_error *err);
void mh_pipeline_free(struct mh_pipeline *pipeline);

/*
 * A step on the slot's file failed with @status: is that because memory was short, while
 * other files had some of it?
 */
bool mh_slot_lacks_room(const struct mh_slot *slot, int status);

/* All files that the feed has for this worker. */
void mh_pipeline_work(struct mh_pipeline *pipeline, struct mh_feed *feed);

#endif /* MH_PIPELINE_H */
