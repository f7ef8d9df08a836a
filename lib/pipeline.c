/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A worker that has as many files in hand as its hasher has streams.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "files.h"
#include "grow.h"
#include "pipeline.h"
#include "source.h"

/* Room for any file that is not among those that go first, so that buffers stay as they are. */
#define BUFFER_LEAST ((size_t)MH_LARGE_FILE + 1)

/* Buffers that one file made larger than this are not kept for the next. */
#define BUFFER_KEPT_MAX ((size_t)64 << 20)

/* Few are packed to more than this, and that would stay beside all that is in hand. */
#define PACKED_KEPT_MAX ((size_t)1 << 20)

/* Nor what is larger than this part of all memory that there may be. */
#define KEPT_SHARE 64

/* A file that was postponed.  One small record for each file: no budget counts it. */
struct later {
	uint64_t size;
	struct mh_job job;
};

struct mh_pipeline {
	const struct mh_pipeline_steps *steps;
	void *user;
	struct mh_hasher *hasher;
	struct mh_decoders decoders;
	struct mh_buf packed; /* what packed files are read into: see lend_packed() */
	struct mh_feed *feed;
	struct mh_slot *filling; /* has messages that are not given yet */
	size_t kept_most;	 /* bytes of a buffer that is kept for the next file */
	bool waits;		 /* there are files, but no slot for one */
	unsigned int count;
	struct mh_slot **slots;

	bool postponing; /* until there are no others left */
	struct later *later;
	size_t later_count, later_capacity;
	size_t largest_taken, largest_end; /* of these, one slot's share: see share_later() */
	size_t rest_taken;
	const struct mh_slot *has_largest;
};

int mh_pipeline_new(const struct mh_pipeline_steps *steps, void *user,
		    const struct modhash_ctx *ctx, struct mh_hasher *hasher, unsigned int most,
		    struct mh_pipeline **pipeline, struct modhash_error *err)
{
	struct mh_pipeline *made = calloc(1, sizeof(*made));
	unsigned int count = mh_hasher_streams(hasher);
	struct mh_slot **slots;

	*pipeline = NULL;
	if (!made)
		return mh_fail_nomem(err);
	made->steps = steps;
	made->user = user;
	made->hasher = hasher;
	made->packed.budget = ctx->budget;
	made->decoders.budget = ctx->budget;
	made->kept_most = ctx->budget->limit / KEPT_SHARE;
	if (made->kept_most > BUFFER_KEPT_MAX)
		made->kept_most = BUFFER_KEPT_MAX;
	if (most && most < count)
		count = most;
	slots = calloc(count, sizeof(*slots));
	made->slots = slots;
	while (slots && made->count < count) {
		struct mh_slot *slot = calloc(1, steps->slot_size);

		if (!slot)
			break;
		mh_module_init(&slot->module, ctx);
		slot->module.decoders = &made->decoders;
		slots[made->count++] = slot;
		if (BUFFER_LEAST < made->kept_most &&
		    mh_buf_reserve(&slot->module.file, BUFFER_LEAST, err) == MODHASH_E_NOMEM) {
			mh_pipeline_free(made);
			return MODHASH_E_NOMEM;
		}
	}
	if (made->count < count) {
		mh_pipeline_free(made);
		return mh_fail_nomem(err);
	}
	*pipeline = made;
	return 0;
}

void mh_pipeline_free(struct mh_pipeline *pipeline)
{
	if (!pipeline)
		return;
	for (unsigned int i = 0; i < pipeline->count; i++) {
		if (pipeline->steps->slot_fini)
			pipeline->steps->slot_fini(pipeline->slots[i]);
		mh_module_fini(&pipeline->slots[i]->module);
		free(pipeline->slots[i]);
	}
	free(pipeline->slots);
	free(pipeline->later);
	mh_decoders_fini(&pipeline->decoders);
	mh_buf_free(&pipeline->packed);
	free(pipeline);
}

static void trim(const struct mh_pipeline *pipeline, struct mh_buf *buf)
{
	if (buf->capacity > pipeline->kept_most)
		mh_buf_free(buf);
}

static void trim_packed(struct mh_pipeline *pipeline)
{
	if (pipeline->packed.capacity > PACKED_KEPT_MAX)
		mh_buf_free(&pipeline->packed);
	trim(pipeline, &pipeline->packed);
}

static void swap_packed(struct mh_pipeline *pipeline, struct mh_slot *slot)
{
	struct mh_buf buf = slot->module.file;

	slot->module.file = pipeline->packed;
	pipeline->packed = buf;
}

/*
 * Packed bytes are not needed once they are unpacked, so that one buffer for them will do for
 * all slots: a slot has it while its file is read and unpacked.
 */
static void lend_packed(struct mh_pipeline *pipeline, struct mh_slot *slot)
{
	if (pipeline->packed.capacity > slot->module.file.capacity)
		swap_packed(pipeline, slot);
}

static void take_packed(struct mh_pipeline *pipeline, struct mh_slot *slot)
{
	if (slot->module.compression != MODHASH_COMPRESSION_NONE)
		swap_packed(pipeline, slot);
	trim_packed(pipeline);
}

static void release(struct mh_pipeline *pipeline, struct mh_slot *slot)
{
	if (pipeline->has_largest == slot)
		pipeline->has_largest = NULL;
	trim(pipeline, &slot->module.file);
	trim(pipeline, &slot->module.unpacked);
	slot->busy = false;
}

/* A slot's file has been gone through. */
static void end(struct mh_pipeline *pipeline, struct mh_slot *slot)
{
	struct modhash_error error;
	int ret;

	mh_error_init(&error);
	ret = pipeline->steps->end(pipeline->user, slot, &error);
	if (ret == MH_NO_ROOM)
		mh_feed_next_round(pipeline->feed, &slot->job);
	else if (ret && ret != MODHASH_E_STOPPED)
		mh_feed_fail(pipeline->feed, &slot->job, ret, &error);
	else if (!ret)
		mh_feed_done(pipeline->feed, &slot->job, slot->module.file_length);
	release(pipeline, slot);
}

bool mh_slot_lacks_room(const struct mh_slot *slot, int status)
{
	return status == MODHASH_E_LIMIT && !slot->last_round &&
	       mh_budget_refusals(slot->module.ctx->budget) != slot->refusals;
}

/* NULL if all are busy, as can be if there are fewer of them than streams. */
static struct mh_slot *free_slot(struct mh_pipeline *pipeline)
{
	unsigned int i = 0;

	while (i < pipeline->count && pipeline->slots[i]->busy)
		i++;
	return i < pipeline->count ? pipeline->slots[i] : NULL;
}

/* --- large files, after all others --- */

static bool postpone(struct mh_pipeline *pipeline, const struct mh_slot *slot)
{
	struct later *later = mh_grow(pipeline->later, &pipeline->later_capacity,
				      pipeline->later_count, sizeof(*later));

	if (!later)
		return false;
	pipeline->later = later;
	pipeline->later[pipeline->later_count++] =
		(struct later){ slot->module.file_length, slot->job };
	return true;
}

static int largest_first(const void *a, const void *b)
{
	const struct later *first = a, *second = b;

	if (first->size != second->size)
		return first->size > second->size ? -1 : 1;
	return first->job.position < second->job.position ? -1 : 1;
}

/*
 * The largest of all, nearly as many as make one slot's share of the bytes, go through one slot:
 * its buffer alone grows to their size, not one a slot.  Nearly: a slot that is at a large one
 * when the others have nothing left is slow.
 */
static void share_later(struct mh_pipeline *pipeline)
{
	uint64_t total = 0, share = 0;
	size_t end = 0;

	if (pipeline->later_count > 1)
		qsort(pipeline->later, pipeline->later_count, sizeof(*pipeline->later),
		      largest_first);
	for (size_t i = 0; i < pipeline->later_count; i++)
		total += pipeline->later[i].size;
	while (end < pipeline->later_count && share < total / pipeline->count / 4 * 3)
		share += pipeline->later[end++].size;
	pipeline->largest_end = pipeline->rest_taken = end;
}

static bool take_later(struct mh_pipeline *pipeline, struct mh_slot *slot)
{
	bool largest_left = pipeline->largest_taken < pipeline->largest_end;
	bool rest_left = pipeline->rest_taken < pipeline->later_count;

	if (largest_left && !pipeline->has_largest)
		pipeline->has_largest = slot;
	if (largest_left && (pipeline->has_largest == slot || !rest_left))
		slot->job = pipeline->later[pipeline->largest_taken++].job;
	else if (rest_left)
		slot->job = pipeline->later[pipeline->rest_taken++].job;
	else
		return false;
	return true;
}

/* The next file: a new one, or, when there are none, one that was postponed. */
static bool take(struct mh_pipeline *pipeline, struct mh_slot *slot)
{
	if (mh_feed_take(pipeline->feed, &slot->job))
		return true;
	if (pipeline->postponing)
		share_later(pipeline);
	pipeline->postponing = false;
	return !mh_feed_ended(pipeline->feed) && take_later(pipeline, slot);
}

/* MH_POSTPONED: it is among those for later. */
static int begin(struct mh_pipeline *pipeline, struct mh_slot *slot, struct modhash_error *error)
{
	int status;

	slot->module.postpone = pipeline->postponing ? MH_LARGE_FILE : UINT64_MAX;
	lend_packed(pipeline, slot);
	status = pipeline->steps->begin(pipeline->user, slot, error);
	if (status == MH_POSTPONED && !postpone(pipeline, slot)) {
		slot->module.postpone = UINT64_MAX;
		status = pipeline->steps->begin(pipeline->user, slot, error);
	}
	take_packed(pipeline, slot);
	return status;
}

/*
 * Go through files until there is one that has something to hash: its slot.  NULL when there
 * are no more, or no slot, or when it failed, which status then says.
 */
static struct mh_slot *fill(struct mh_pipeline *pipeline, int *status)
{
	struct mh_slot *slot = free_slot(pipeline);
	struct modhash_error error;

	*status = 0;
	pipeline->waits = !slot;
	while (slot && take(pipeline, slot)) {
		slot->busy = true;
		slot->messages = slot->given = slot->done = 0;
		slot->more = NULL;
		memset(slot->status, 0, sizeof(slot->status));
		slot->last_round = mh_feed_is_last(pipeline->feed);
		slot->refusals = mh_budget_refusals(slot->module.ctx->budget);
		mh_error_init(&error);
		*status = begin(pipeline, slot, &error);
		if (*status == MH_POSTPONED || *status == MH_NO_ROOM) {
			if (*status == MH_NO_ROOM)
				mh_feed_next_round(pipeline->feed, &slot->job);
			release(pipeline, slot);
			*status = 0;
			continue;
		}
		if (*status) {
			if (*status != MODHASH_E_STOPPED)
				mh_feed_fail(pipeline->feed, &slot->job, *status, &error);
			release(pipeline, slot);
			return NULL;
		}
		if (slot->messages)
			return slot;
		end(pipeline, slot);
	}
	return NULL;
}

static int next(void *user, const struct mh_message **message)
{
	struct mh_pipeline *pipeline = user;
	struct mh_slot *slot = pipeline->filling;
	int status;

	if (!slot) {
		slot = fill(pipeline, &status);
		if (!slot)
			return status;
	}
	*message = &(slot->more ? slot->more : slot->digesting)[slot->given++].message;
	pipeline->filling = slot->given < slot->messages ? slot : NULL;
	return 1;
}

static void done(void *user, const struct mh_message *message, int status,
		 const struct modhash_error *err)
{
	struct mh_pipeline *pipeline = user;
	const struct mh_digesting *digesting =
		(const void *)((const char *)message - offsetof(struct mh_digesting, message));
	struct mh_slot *slot = digesting->user;

	if (status) {
		slot->status[slot->more ? 0 : digesting - slot->digesting] = status;
		slot->error = *err;
	}
	if (++slot->done == slot->messages)
		end(pipeline, slot);
}

void mh_pipeline_work(struct mh_pipeline *pipeline, struct mh_feed *feed)
{
	const struct mh_message_source source = { next, done, pipeline };

	pipeline->feed = feed;
	pipeline->postponing = mh_feed_in_order(feed);
	pipeline->later_count = pipeline->largest_taken = 0;
	pipeline->largest_end = pipeline->rest_taken = 0;
	pipeline->has_largest = NULL;
	pipeline->decoders.stop = mh_feed_stop(feed);
	mh_hasher_set_stop(pipeline->hasher, mh_feed_stop(feed));
	/* What went wrong, the feed was told; who was stopped knows. */
	do {
		pipeline->waits = false;
	} while (!mh_hasher_flow(pipeline->hasher, &source, NULL) && pipeline->waits);
}
