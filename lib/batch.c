/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The digests of many files.  Each worker has a hasher, and as many files in hand as that
 * has streams; of a file that was hashed, a small record is left until its turn comes.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdlib.h>
#include <string.h>

#include <modhash/batch.h>

#include "arena.h"
#include "canon-door.h"
#include "checked.h"
#include "fail.h"
#include "files.h"
#include "hash.h"
#include "module.h"
#include "options.h"
#include "pipeline.h"
#include "source.h"

/* Most have some 300 bytes; of one that is larger, whoever made the file wanted that. */
#define IDENTITY_SMALL 512

/* There is one for each file, of tens of thousands: no more than can differ. */
struct record {
	int32_t status;
	int32_t identity_status;
	int32_t trailer_status;
	uint32_t trailers;
	uint64_t file_length, length, payload_length;
	uint8_t compression;
	bool was_read;
	bool signed_pkcs7;
	struct modhash_error *error;	   /* if status is not 0 */
	struct modhash_identity *identity; /* its strings in the same memory */
	uint64_t taken;			   /* of the context's budget for it; 0: in an arena */
};

struct batch {
	const struct modhash_ctx *ctx;
	const struct modhash_files *files;
	struct modhash_digest_spec spec;
	struct modhash_canon_opts canon; /* with the canonical scope */
	uint32_t flags;
	int (*result)(void *user, const struct modhash_file_result *result);
	void *user;
	struct modhash_digest kind; /* of all digests; without their bytes */
	struct record *records;	    /* one for each file, so that none is made meanwhile */
	uint8_t *digests;	    /* their bytes, likewise */
	struct modhash_canon_info *canons; /* with the canonical scope, likewise */
	struct mh_arena identities; /* of workers that are gone, until the end */
	unsigned int in_hand;	/* files of each worker, at most; 0: as its hasher has streams */
};

struct worker {
	const struct batch *batch;
	struct mh_arena identities; /* small ones; the batch's when the worker goes */
	struct mh_hasher *hasher;
	struct mh_pipeline *pipeline;
};

static void record_fini(const struct batch *batch, struct record *record)
{
	free(record->error);
	if (record->taken)
		free(record->identity);
	mh_budget_give(batch->ctx->budget, record->taken);
	record->taken = 0;
	record->error = NULL;
	record->identity = NULL;
}

/* --- on the workers' threads --- */

static size_t size_of_string(const char *text)
{
	return text ? strlen(text) + 1 : 0;
}

/* Copy to *to, and move that on. */
static const void *keep(char **to, const void *from, size_t size)
{
	char *kept = *to;

	if (!from)
		return NULL;
	memcpy(kept, from, size);
	*to += size;
	return kept;
}

/* All of them are parts of one file in memory: the sum can't wrap. */
static size_t size_of_copy(const struct modhash_identity *from)
{
	return sizeof(*from) + size_of_string(from->name) + size_of_string(from->vermagic) +
	       size_of_string(from->srcversion) + (size_t)from->build_id_length;
}

/* The views die with the module's next file: copy what they see. */
static void copy_identity(struct modhash_identity *copy, const struct modhash_identity *from)
{
	char *strings = (char *)(copy + 1);

	*copy = *from;
	copy->name = keep(&strings, from->name, size_of_string(from->name));
	copy->vermagic = keep(&strings, from->vermagic, size_of_string(from->vermagic));
	copy->srcversion = keep(&strings, from->srcversion, size_of_string(from->srcversion));
	copy->build_id = keep(&strings, from->build_id, (size_t)from->build_id_length);
}

/* Memory for it: that of a small one is not counted, but is all the files' until the end. */
static int new_identity(struct worker *worker, size_t size, struct record *record,
			struct modhash_error *err)
{
	int ret;

	if (size <= IDENTITY_SMALL) {
		record->identity = mh_arena_take(&worker->identities, size);
		return record->identity ? 0 : mh_fail_nomem(err);
	}
	ret = mh_budget_take(worker->batch->ctx->budget, size, err);
	if (ret)
		return ret;
	record->taken = size;
	record->identity = malloc(size);
	return record->identity ? 0 : mh_fail_nomem(err);
}

/* That it is no ELF file is no failure, nor that it does not fit; that there is no memory is. */
static int note_identity(struct worker *worker, const struct modhash_module *module,
			 struct record *record, struct modhash_error *err)
{
	struct modhash_identity identity;
	int ret;

	MODHASH_INIT(identity);
	record->identity_status = modhash_module_identity(module, &identity, NULL);
	if (record->identity_status)
		return 0;
	ret = new_identity(worker, size_of_copy(&identity), record, err);
	if (ret == MODHASH_E_LIMIT)
		record->identity_status = ret;
	else if (!ret)
		copy_identity(record->identity, &identity);
	return ret == MODHASH_E_LIMIT ? 0 : ret;
}

static bool has_pkcs7(const struct modhash_module *module)
{
	struct modhash_trailer trailer;

	MODHASH_INIT(trailer);
	for (uint32_t i = 0; i < module->trailers; i++) {
		if (modhash_module_trailer(module, i, &trailer, NULL) == 0 &&
		    trailer.kind == MODHASH_TRAILER_PKCS7)
			return true;
	}
	return false;
}

static int note_module(struct worker *worker, const struct modhash_module *module,
		       struct record *record, struct modhash_error *err)
{
	record->was_read = true;
	record->signed_pkcs7 = has_pkcs7(module);
	record->compression = (uint8_t)module->compression;
	record->file_length = module->file_length;
	record->length = module->length;
	record->payload_length = module->payload_length;
	record->trailers = module->trailers;
	record->trailer_status = module->trailer_status;
	if (worker->batch->flags & MODHASH_DIGEST_IDENTITY)
		return note_identity(worker, module, record, err);
	return 0;
}

static int note_failure(struct record *record, int status, const struct modhash_error *error,
			struct modhash_error *err)
{
	record->status = status;
	if (!record->was_read)
		record->identity_status = status;
	record->error = malloc(sizeof(*record->error));
	if (!record->error)
		return mh_fail_nomem(err);
	*record->error = *error;
	return 0;
}

/*
 * A canonical digest: its types are hashed when begin() is, as that is needed for what
 * follows, with a hasher of its own, as the worker's is in the middle of others' messages;
 * its sections by the worker's, beside those of other files; and the outermost hash at the end.
 */
struct batch_slot {
	struct mh_slot slot;
	struct modhash_digest digest;
	struct mh_hasher *sha256;
	struct mh_hasher *outer; /* of the algorithm asked for */
	struct mh_canon canon;
	bool opened;
};

static void close_canon(struct batch_slot *own)
{
	if (own->opened)
		mh_canon_close(&own->canon);
	own->opened = false;
}

static void slot_fini(void *slot)
{
	struct batch_slot *own = slot;

	close_canon(own);
	mh_hasher_free(own->sha256);
	mh_hasher_free(own->outer);
}

static int make_hashers(const struct batch *batch, struct batch_slot *own,
			struct modhash_error *error)
{
	int ret = 0;

	if (!own->sha256)
		ret = mh_hasher_new(batch->ctx->hash_engine, MODHASH_ALGO_SHA256, &own->sha256,
				    error);
	if (!ret && !own->outer)
		ret = mh_hasher_new(batch->ctx->hash_engine, (int)batch->spec.algorithm,
				    &own->outer, error);
	return ret;
}

static int canonical_begin(const struct batch *batch, struct mh_slot *slot,
			   struct modhash_error *error)
{
	struct batch_slot *own = (struct batch_slot *)slot;
	int ret = make_hashers(batch, own, error);

	if (!ret)
		ret = mh_module_canon_begin(&slot->module, &batch->canon, own->sha256, &own->canon,
					    error);
	if (ret)
		return ret;
	own->opened = true;
	for (uint32_t i = 0; i < own->canon.digestings; i++)
		own->canon.digesting[i].user = slot;
	slot->more = own->canon.digesting;
	slot->messages = own->canon.digestings;
	return 0;
}

static int canonical_end(const struct batch *batch, struct mh_slot *slot,
			 struct modhash_error *error)
{
	struct batch_slot *own = (struct batch_slot *)slot;
	struct modhash_canon_info *info = &batch->canons[slot->job.index];
	int ret = mh_canon_digest(&own->canon, own->outer, own->digest.bytes, error);

	if (ret)
		return ret;
	MODHASH_INIT(*info);
	return mh_canon_info(&own->canon, info);
}

/* As if it had never been begun. */
static void undo(const struct batch *batch, struct mh_slot *slot)
{
	struct record *record = &batch->records[slot->job.index];

	close_canon((struct batch_slot *)slot);
	record_fini(batch, record);
	memset(record, 0, sizeof(*record));
}

/* Read a file, and say what of it is to be hashed; that it fails is put into its record. */
static int begin(void *user, struct mh_slot *slot, struct modhash_error *err)
{
	struct worker *worker = user;
	const struct batch *batch = worker->batch;
	struct batch_slot *own = (struct batch_slot *)slot;
	struct record *record = &batch->records[slot->job.index];
	struct modhash_digest_spec spec = batch->spec;
	struct modhash_error error;
	int status, ret = 0;

	mh_error_init(&error);
	status = mh_module_load_path(&slot->module, batch->files->files[slot->job.index].path,
				     &error);
	if (status == MODHASH_E_STOPPED || status == MH_POSTPONED)
		return status;
	if (mh_slot_lacks_room(slot, status))
		return MH_NO_ROOM;
	if (!status) {
		if (spec.scope == MODHASH_SCOPE_LEAF)
			spec.position += (uint32_t)slot->job.index;
		ret = note_module(worker, &slot->module, record, err);
		if (spec.scope == MODHASH_SCOPE_CANONICAL)
			status = canonical_begin(batch, slot, &error);
		else
			status = mh_module_digest_begin(&slot->module, &spec, &slot->digesting[0],
							&own->digest, &error);
	}
	if (mh_slot_lacks_room(slot, status ? status : record->identity_status)) {
		undo(batch, slot);
		return MH_NO_ROOM;
	}
	if (status && !ret)
		return note_failure(record, status, &error, err);
	if (spec.scope == MODHASH_SCOPE_CANONICAL)
		return ret;
	slot->digesting[0].user = slot;
	slot->messages = 1;
	return ret;
}

static int end(void *user, struct mh_slot *slot, struct modhash_error *err)
{
	const struct batch *batch = ((struct worker *)user)->batch;
	struct record *record = &batch->records[slot->job.index];
	struct batch_slot *own = (struct batch_slot *)slot;

	if (!slot->status[0] && own->opened)
		slot->status[0] = canonical_end(batch, slot, &slot->error);
	if (mh_slot_lacks_room(slot, slot->status[0])) {
		undo(batch, slot);
		return MH_NO_ROOM;
	}
	close_canon(own);
	if (slot->status[0])
		return note_failure(record, slot->status[0], &slot->error, err);
	memcpy(batch->digests + slot->job.index * batch->kind.length, own->digest.bytes,
	       batch->kind.length);
	return 0;
}

static const struct mh_pipeline_steps steps = {
	.slot_size = sizeof(struct batch_slot),
	.slot_fini = slot_fini,
	.begin = begin,
	.end = end,
};

/* On the caller's thread: what it found may be told only after another round of workers. */
static void worker_free(void *user, void *worker)
{
	struct worker *done = worker;
	struct batch *batch = user;

	mh_pipeline_free(done->pipeline);
	mh_hasher_free(done->hasher);
	mh_arena_join(&batch->identities, &done->identities);
	free(done);
}

/* All but the outermost hash of the canonical form is SHA-256. */
static int algorithm_of(const struct modhash_digest_spec *spec)
{
	return spec->scope == MODHASH_SCOPE_CANONICAL ? MODHASH_ALGO_SHA256 : (int)spec->algorithm;
}

static int worker_new(void *user, void **worker, struct modhash_error *err)
{
	struct batch *batch = user;
	struct worker *made = calloc(1, sizeof(*made));
	int ret;

	if (!made)
		return mh_fail_nomem(err);
	made->batch = batch;
	ret = mh_hasher_new(batch->ctx->hash_engine, algorithm_of(&batch->spec), &made->hasher,
			    err);
	if (!ret)
		ret = mh_pipeline_new(&steps, made, batch->ctx, made->hasher, batch->in_hand,
				      &made->pipeline, err);
	if (ret) {
		worker_free(batch, made);
		return ret;
	}
	*worker = made;
	return 0;
}

static void work(void *user, void *worker, struct mh_feed *feed)
{
	(void)user;
	mh_pipeline_work(((struct worker *)worker)->pipeline, feed);
}

/* --- on the caller's thread --- */

static void fill_info(const struct record *record, struct modhash_module_info *info)
{
	MODHASH_INIT(*info);
	info->compression = record->compression;
	info->file_length = record->file_length;
	info->length = record->length;
	info->payload_length = record->payload_length;
	info->trailers = record->trailers;
	info->trailer_status = record->trailer_status;
}

static int done(void *user, uint64_t index)
{
	struct batch *batch = user;
	struct record *record = &batch->records[index];
	struct modhash_digest digest = batch->kind;
	struct modhash_module_info info;
	struct modhash_file_result result;
	int ret;

	MODHASH_INIT(result);
	result.status = record->status;
	result.index = index;
	if (!record->status) {
		memcpy(digest.bytes, batch->digests + index * digest.length, digest.length);
		result.digest = &digest;
		result.canon = batch->canons ? &batch->canons[index] : NULL;
	}
	if (record->was_read) {
		fill_info(record, &info);
		result.info = &info;
	}
	result.error = record->error;
	result.identity = record->identity;
	result.identity_status = record->identity_status;
	result.signed_pkcs7 = record->signed_pkcs7;
	ret = batch->result(batch->user, &result);
	record_fini(batch, record);
	return ret;
}

static int check_spec(struct batch *batch, struct modhash_error *err)
{
	uint64_t count = batch->files->count;
	int ret = mh_digest_spec_check(&batch->spec, err);

	if (ret)
		return ret;
	if (batch->flags & ~MODHASH_DIGEST_IDENTITY)
		return mh_fail_invalid(err, "unknown flags of a run over files");
	if (batch->spec.scope == MODHASH_SCOPE_CANONICAL)
		return mh_canon_opts_in(&batch->canon, batch->spec.canon, err);
	if (batch->spec.scope == MODHASH_SCOPE_LEAF && count &&
	    !mh_in_range(batch->spec.position, count - 1, UINT32_MAX))
		return mh_fail_invalid(err, "positions of leaves beyond 32 bits");
	return 0;
}

static int make_records(struct batch *batch, struct modhash_error *err)
{
	size_t count = batch->files->count + 1; /* none, too, is some memory */
	const struct modhash_digest_spec *spec = &batch->spec;

	batch->kind.algorithm = (uint16_t)spec->algorithm;
	batch->kind.length = (uint16_t)modhash_algorithm_length((int)spec->algorithm);
	batch->kind.scope = (uint16_t)spec->scope;
	batch->kind.version = (uint16_t)spec->version;
	batch->records = calloc(count, sizeof(*batch->records));
	batch->digests = calloc(count, batch->kind.length);
	if (spec->scope == MODHASH_SCOPE_CANONICAL) {
		batch->canons = calloc(count, sizeof(*batch->canons));
		if (!batch->canons)
			return mh_fail_nomem(err);
	}
	return batch->records && batch->digests ? 0 : mh_fail_nomem(err);
}

static void free_records(struct batch *batch)
{
	for (size_t i = 0; batch->records && i < batch->files->count; i++)
		record_fini(batch, &batch->records[i]);
	free(batch->records);
	free(batch->digests);
	free(batch->canons);
	mh_arena_free(&batch->identities);
}

static int run(struct batch *batch, const struct modhash_run_opts *opts,
	       struct modhash_error *err)
{
	struct mh_pool_jobs jobs = {
		.count = batch->files->count,
		.user = batch,
		.worker_new = worker_new,
		.worker_free = worker_free,
		.work = work,
		.in_hand = &batch->in_hand,
		.done = done,
	};
	uint64_t *order;
	int ret = mh_files_largest_first(batch->files, opts, &order, err);

	if (ret)
		return ret;
	jobs.order = order;
	ret = make_records(batch, err);
	if (!ret)
		ret = mh_pool_run(&jobs, opts, err);
	free_records(batch);
	free(order);
	return ret;
}

MODHASH_API int
modhash_digest_files(const struct modhash_ctx *ctx, const struct modhash_files *files,
		     const struct modhash_digest_spec *spec, uint32_t flags,
		     const struct modhash_run_opts *opts,
		     int (*result)(void *user, const struct modhash_file_result *result),
		     void *user, struct modhash_error *err)
{
	struct batch batch = {
		.ctx = ctx,
		.files = files,
		.flags = flags,
		.result = result,
		.user = user,
	};
	int ret;

	if (!ctx || !files || !spec || !result)
		return mh_fail_invalid(err, "no context, files, digest or place for results");
	ret = mh_options_in(&batch.spec, sizeof(batch.spec), spec, err);
	if (!ret)
		ret = check_spec(&batch, err);
	return ret ? ret : run(&batch, opts, err);
}
