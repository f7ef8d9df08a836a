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
#include "pipeline.h"

/* Room for any file that is not among those that go first, so that buffers stay as they are. */
#define BUFFER_LEAST ((size_t)MH_LARGE_FILE + 1)

/* Buffers that one file made larger than this are not kept for the next. */
#define BUFFER_KEPT_MAX ((size_t)64 << 20)

/* Nor what is larger than this part of all memory that there may be. */
#define KEPT_SHARE 64

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
	mh_decoders_fini(&pipeline->decoders);
	mh_buf_free(&pipeline->packed);
	free(pipeline);
}

static void trim(const struct mh_pipeline *pipeline, struct mh_buf *buf)
{
	if (buf->capacity > pipeline->kept_most)
		mh_buf_free(buf);
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
	trim(pipeline, &pipeline->packed);
}

static void release(const struct mh_pipeline *pipeline, struct mh_slot *slot)
{
	trim(pipeline, &slot->module.file);
	trim(pipeline, &slot->module.unpacked);
	slot->busy = false;
}

/* A slot's file has been gone through. */
static void end(struct mh_pipeline *pipeline, struct mh_slot *slot)
{
	struct modhash_error error;
	int ret;

	memset(&error, 0, sizeof(error));
	ret = pipeline->steps->end(pipeline->user, slot, &error);
	if (ret == MH_PUT_OFF)
		mh_feed_put_off(pipeline->feed, &slot->job);
	else if (ret && ret != MODHASH_E_STOPPED)
		mh_feed_fail(pipeline->feed, &slot->job, ret, &error);
	else if (!ret)
		mh_feed_done(pipeline->feed, &slot->job, slot->module.file_length);
	release(pipeline, slot);
}

bool mh_slot_puts_off(const struct mh_slot *slot, int status)
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
	while (slot && mh_feed_take(pipeline->feed, &slot->job)) {
		slot->busy = true;
		slot->messages = slot->given = slot->done = 0;
		slot->more = NULL;
		memset(slot->status, 0, sizeof(slot->status));
		slot->last_round = mh_feed_is_last(pipeline->feed);
		slot->refusals = mh_budget_refusals(slot->module.ctx->budget);
		memset(&error, 0, sizeof(error));
		lend_packed(pipeline, slot);
		*status = pipeline->steps->begin(pipeline->user, slot, &error);
		take_packed(pipeline, slot);
		if (*status == MH_PUT_OFF) {
			mh_feed_put_off(pipeline->feed, &slot->job);
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
	pipeline->decoders.stop = mh_feed_stop(feed);
	mh_hasher_set_stop(pipeline->hasher, mh_feed_stop(feed));
	/* What went wrong, the feed was told; who was stopped knows. */
	do {
		pipeline->waits = false;
	} while (!mh_hasher_flow(pipeline->hasher, &source, NULL) && pipeline->waits);
}
