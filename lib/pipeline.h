/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: a worker that has as many files in hand as its hasher has streams.
 *
 * A file is read, unpacked and looked at, and gives one or two messages to hash; while one
 * file's are hashed, so are those of the others; then its slot takes the next file.  All
 * of a slot is used again.
 */
#ifndef MH_PIPELINE_H
#define MH_PIPELINE_H

#include "module.h"
#include "pool.h"

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
	bool last_round;  /* nothing can be put off any more */
	size_t refusals;  /* of the budget, before begin() */
};

/* What begin() and end() return for a file that is to be begun again when there is more room. */
#define MH_PUT_OFF 1

struct mh_pipeline_steps {
	size_t slot_size;
	void (*slot_fini)(void *slot); /* may be NULL; slots begin as zeroes */

	/*
	 * Read the slot's file, and say what of it is to be hashed.  MODHASH_E_STOPPED, or
	 * another failure, ends the run.  MH_PUT_OFF: nothing of it is left.
	 */
	int (*begin)(void *user, struct mh_slot *slot, struct modhash_error *err);

	/* All of that is hashed.  A failure ends the run.  Or MH_PUT_OFF. */
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
bool mh_slot_puts_off(const struct mh_slot *slot, int status);

/* All files that the feed has for this worker. */
void mh_pipeline_work(struct mh_pipeline *pipeline, struct mh_feed *feed);

#endif /* MH_PIPELINE_H */
