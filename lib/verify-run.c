// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Verdicts on many modules: a first pass over each alone, on all cores; a second over
 * what they have in common (verify-tree.c); then they are told, in order.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fail.h"
#include "files.h"
#include "options.h"
#include "pipeline.h"
#include "source.h"
#include "verify-tree.h"

/* A proof's file is no longer than the longest proof with its trailer. */
#define PROOF_FILE_MAX                                                                        \
	(MODHASH_MERKLE_PROOF_SIZE + MODHASH_MERKLE_LEVELS_MAX * MODHASH_MERKLE_HASH_LENGTH + \
	 MODHASH_MODULE_SIGNATURE_SIZE + MODHASH_TRAILER_MARKER_LENGTH)

struct worker {
	struct mh_tree *tree;
	struct mh_asker asker;
	struct mh_pipeline *pipeline;
};

/* One file in hand. */
struct look {
	struct mh_slot slot;
	struct mh_proof_file proof;
	struct mh_question question;
	struct mh_foreseen foreseen;
	bool unreadable; /* and that is what its record says */
};

static bool has_own_proof(const struct modhash_module *module)
{
	struct modhash_trailer trailer;

	MODHASH_INIT(trailer);
	return !modhash_module_trailer(module, 0, &trailer, NULL) &&
	       trailer.kind == MODHASH_TRAILER_MERKLE;
}

int mh_proof_beside(struct mh_proof_file *file, const char *path, struct mh_question *question,
		    struct modhash_error *err)
{
	static const char suffix[] = ".merkle";
	const char *slash = strrchr(path, '/');
	const char *end = NULL;
	struct modhash_error why;
	int rc;

	for (const char *dot = slash ? slash : path; (dot = strstr(dot, ".ko")); dot++)
		if (!dot[3] || dot[3] == '.')
			end = dot;
	if (!end || has_own_proof(question->module))
		return 0;
	file->path.length = 0;
	rc = mh_buf_append(&file->path, path, (size_t)(end - path), err);
	if (!rc)
		rc = mh_buf_append(&file->path, suffix, sizeof(suffix), err);
	if (rc)
		return rc;
	rc = mh_source_read_path((const char *)file->path.data, PROOF_FILE_MAX, NULL, &file->bytes,
				 &why);
	if (rc == MODHASH_E_NOMEM)
		return mh_fail_nomem(err);
	if (rc == MODHASH_E_IO && (why.sys_errno == ENOENT || why.sys_errno == ENOTDIR))
		return 0;
	if (rc) {
		question->proof_status = rc == MODHASH_E_LIMIT ? MODHASH_E_PROOF : rc;
		question->proof_error = why;
		return 0;
	}
	MODHASH_INIT(file->proof);
	question->proof_status = modhash_proof_parse(file->bytes.data, file->bytes.length,
						     &file->proof, &question->proof_error);
	if (!question->proof_status)
		question->proof = &file->proof;
	return 0;
}

void mh_proof_file_fini(struct mh_proof_file *file)
{
	mh_buf_free(&file->bytes);
	mh_buf_free(&file->path);
}

/* The leaf at the place that the file has in the build, to make the root from again. */
static int keep_leaf(struct mh_tree *tree, struct mh_question *question,
		     const struct modhash_verdict *verdict, uint64_t index,
		     struct mh_record *record, struct modhash_error *err)
{
	struct modhash_digest leaf;
	int rc;

	if (!tree->leaves_wanted || index > UINT32_MAX)
		return 0;
	if (verdict->digest.scope == MODHASH_SCOPE_LEAF && verdict->position == index) {
		memcpy(record->leaf, verdict->digest.bytes, sizeof(record->leaf));
		record->has_leaf = true;
		return 0;
	}
	rc = mh_verify_leaf(question, (uint32_t)index, &leaf, err);
	if (rc == MODHASH_E_TRAILER)
		return 0;
	if (rc)
		return rc;
	memcpy(record->leaf, leaf.bytes, sizeof(record->leaf));
	record->has_leaf = true;
	return 0;
}

static int keep(struct mh_record *record, const struct modhash_verdict *verdict,
		struct modhash_error *err)
{
	record->answer = verdict->answer;
	record->reason = verdict->reason;
	record->status = verdict->status;
	record->blob = verdict->blob;
	record->position = verdict->position;
	record->entry = verdict->entry;
	record->digest = verdict->digest;
	if (!verdict->detail[0])
		return 0;
	record->detail = strdup(verdict->detail);
	return record->detail ? 0 : mh_fail_nomem(err);
}

/* Messages for the digests that will be asked for. */
static void foresee(const struct mh_tree *tree, struct look *look)
{
	struct mh_slot *slot = &look->slot;
	struct mh_foreseen *foreseen = &look->foreseen;
	struct modhash_digest_spec specs[MH_FORESEEN_MAX];
	uint64_t index = slot->job.index;
	unsigned int count = mh_verify_foresee(&look->question,
					       tree->leaves_wanted && index < UINT32_MAX ?
						       (uint32_t)index : UINT32_MAX, specs);

	foreseen->count = 0;
	for (unsigned int i = 0; i < count; i++) {
		unsigned int n = foreseen->count;
		struct mh_digesting *digesting = &slot->digesting[n];

		/* One that can't be taken fails again, and is told of, when it is asked for. */
		if (mh_module_digest_begin(&slot->module, &specs[i], digesting,
					   &foreseen->digest[n], NULL))
			continue;
		digesting->user = slot;
		foreseen->place[n] = specs[i].scope == MODHASH_SCOPE_LEAF ?
			specs[i].position : digesting->parts[0].length;
		foreseen->count++;
	}
	slot->messages = foreseen->count;
}

static int begin(void *user, struct mh_slot *slot, struct modhash_error *err)
{
	struct worker *worker = user;
	struct mh_tree *tree = worker->tree;
	struct look *look = (struct look *)slot;
	struct modhash_verdict verdict;
	struct modhash_error why;
	struct modhash_file file;
	int rc;

	MODHASH_INIT(file);
	rc = modhash_files_get(tree->files, slot->job.index, &file);
	if (rc)
		return mh_fail(err, rc, MODHASH_OFFSET_NONE, "the list of files changed");
	mh_error_init(&why);
	rc = mh_module_load_path(&slot->module, file.path, &why);
	look->unreadable = rc != 0;
	if (rc == MODHASH_E_STOPPED || rc == MH_POSTPONED)
		return rc;
	if (rc == MODHASH_E_NOMEM)
		return mh_fail_nomem(err);
	if (mh_slot_lacks_room(slot, rc))
		return MH_NO_ROOM;
	if (rc) {
		mh_verdict_unreadable(&verdict, rc, &why);
		return keep(&tree->records[slot->job.index], &verdict, err);
	}
	memset(&look->question, 0, sizeof(look->question));
	look->question.verifier = tree->verifier;
	look->question.asker = &worker->asker;
	look->question.module = &slot->module;
	look->question.name = file.name;
	if (tree->root_asked) {
		rc = mh_proof_beside(&look->proof, file.path, &look->question, err);
		if (rc)
			return rc;
	}
	foresee(tree, look);
	return 0;
}

static int end(void *user, struct mh_slot *slot, struct modhash_error *err)
{
	struct worker *worker = user;
	struct mh_tree *tree = worker->tree;
	struct look *look = (struct look *)slot;
	struct mh_record *record = &tree->records[slot->job.index];
	struct modhash_verdict verdict;
	int rc;

	if (look->unreadable)
		return 0;
	/* What libcrypto could not hash, it is asked for again, one by one. */
	if (!slot->status[0] && !slot->status[1])
		look->question.foreseen = &look->foreseen;
	rc = mh_verify_module(&look->question, &verdict, err);
	if (rc)
		return rc;
	/* It may be a no, but one that could say more. */
	if (verdict.answer != MODHASH_ANSWER_YES &&
	    mh_slot_lacks_room(slot, look->question.identity_status))
		return MH_NO_ROOM;
	record->trailers = slot->module.trailers - has_own_proof(&slot->module);
	rc = keep(record, &verdict, err);
	if (!rc && verdict.answer != MODHASH_ANSWER_YES)
		rc = mh_record_evidence(record, &look->question, err);
	if (!rc)
		rc = keep_leaf(tree, &look->question, &verdict, slot->job.index, record, err);
	return rc;
}

static void look_fini(void *slot)
{
	mh_proof_file_fini(&((struct look *)slot)->proof);
}

static const struct mh_pipeline_steps steps = {
	.slot_size = sizeof(struct look),
	.slot_fini = look_fini,
	.begin = begin,
	.end = end,
};

static void worker_free(void *user, void *worker)
{
	struct worker *done = worker;

	(void)user;
	mh_pipeline_free(done->pipeline);
	mh_asker_fini(&done->asker);
	free(done);
}

static int worker_new(void *user, void **worker, struct modhash_error *err)
{
	struct mh_tree *tree = user;
	struct worker *made = calloc(1, sizeof(*made));
	struct mh_hasher *hasher;
	int rc;

	if (!made)
		return mh_fail_nomem(err);
	made->tree = tree;
	made->asker.engine = tree->verifier->ctx->hash_engine;
	made->asker.stop = tree->stop;
	rc = mh_hasher_for(&made->asker, MODHASH_ALGO_SHA256, &hasher, err);
	if (!rc)
		rc = mh_pipeline_new(&steps, made, tree->verifier->ctx, hasher, tree->in_hand,
				     &made->pipeline, err);
	if (rc) {
		worker_free(tree, made);
		return rc;
	}
	*worker = made;
	return 0;
}

static void work(void *user, void *worker, struct mh_feed *feed)
{
	(void)user;
	mh_pipeline_work(((struct worker *)worker)->pipeline, feed);
}

/* How far the files are all of a build, and what is missing. */
static int survey(struct mh_tree *tree)
{
	const char *name;
	uint64_t index;

	for (uint32_t i = 0; i < tree->verifier->count; i++)
		tree->root_asked |= tree->verifier->asked[i].info.format == MODHASH_FORMAT_MERKLE;
	while (!modhash_files_line(tree->files, tree->lines, &name, &index)) {
		tree->lines++;
		tree->lines_missing += index == UINT64_MAX;
	}
	tree->leaves_wanted = tree->root_asked && !tree->lines_missing &&
			      (tree->lines || tree->complete);
	return 0;
}

static int tell(struct mh_tree *tree, uint64_t index, const char *name,
		const struct mh_record *record)
{
	struct modhash_verdict verdict;
	struct modhash_verify_result result;

	MODHASH_INIT(verdict);
	verdict.answer = record->answer;
	verdict.reason = record->reason;
	verdict.status = record->status;
	verdict.blob = record->blob;
	verdict.position = record->position;
	verdict.entry = record->entry;
	verdict.digest = record->digest;
	if (record->detail)
		snprintf(verdict.detail, sizeof(verdict.detail), "%s", record->detail);
	MODHASH_INIT(result);
	result.index = index;
	result.name = name;
	result.verdict = &verdict;
	return tree->result ? tree->result(tree->user, &result) : 0;
}

int mh_tree_check_stop(const struct mh_tree *tree, struct modhash_error *err)
{
	if (!tree->stop || !__atomic_load_n(tree->stop, __ATOMIC_RELAXED))
		return 0;
	return mh_fail(err, MODHASH_E_STOPPED, MODHASH_OFFSET_NONE,
		       "stopped before all verdicts were told");
}

static int tell_all(struct mh_tree *tree, struct modhash_error *err)
{
	struct modhash_file file;

	for (uint64_t i = 0; i < tree->count; i++) {
		const struct mh_record *record = &tree->records[i];
		int rc = mh_tree_check_stop(tree, err);

		if (rc)
			return rc;
		MODHASH_INIT(file);
		rc = modhash_files_get(tree->files, i, &file);
		if (rc)
			return rc;
		if (record->answer == MODHASH_ANSWER_YES)
			tree->summary.known++;
		else if (record->answer == MODHASH_ANSWER_NO)
			tree->summary.unknown++;
		else
			tree->summary.not_told++;
		rc = tell(tree, i, file.name, record);
		if (rc)
			return rc;
	}
	return 0;
}

static int tell_one_missing(struct mh_tree *tree, const char *name, uint64_t line,
			    const char *where)
{
	char detail[128];
	struct mh_record record = {
		.answer = MODHASH_ANSWER_NO,
		.reason = MODHASH_REASON_MISSING,
		.status = MODHASH_E_NOT_FOUND,
		.blob = UINT32_MAX,
		.position = line < UINT32_MAX ? (uint32_t)line : UINT32_MAX,
		.entry = UINT64_MAX,
		.detail = detail,
	};

	snprintf(detail, sizeof(detail), "%s %llu, but there is no file for it", where,
		 (unsigned long long)line);
	tree->summary.missing++;
	return tell(tree, UINT64_MAX, name, &record);
}

static int tell_missing(struct mh_tree *tree)
{
	const char *name;
	uint64_t index;
	int rc;

	for (uint64_t line = 0; line < tree->lines; line++) {
		if (modhash_files_line(tree->files, line, &name, &index) || index != UINT64_MAX)
			continue;
		rc = tell_one_missing(tree, name, line, "modules.order has it at line");
		if (rc)
			return rc;
	}
	if (tree->lines)
		return 0;
	return mh_tree_names_missing(tree, tell_one_missing);
}

static int run(struct mh_tree *tree, const struct modhash_run_opts *opts,
	       struct modhash_error *err)
{
	struct mh_pool_jobs jobs = {
		.count = tree->count,
		.user = tree,
		.worker_new = worker_new,
		.worker_free = worker_free,
		.work = work,
		.in_hand = &tree->in_hand,
	};
	struct modhash_run_opts ours;
	uint64_t *order;
	int rc = mh_options_in(&ours, sizeof(ours), opts, err);

	if (rc)
		return rc;
	tree->stop = ours.stop;
	rc = mh_files_largest_first(tree->files, opts, &order, err);
	if (rc)
		return rc;
	jobs.order = order;
	rc = mh_pool_run(&jobs, opts, err);
	free(order);
	if (!rc)
		rc = mh_tree_refine(tree, err);
	if (!rc)
		rc = tell_all(tree, err);
	if (!rc && tree->complete)
		rc = tell_missing(tree);
	return rc;
}

int modhash_verifier_run(const struct modhash_verifier *verifier,
			 const struct modhash_files *files, uint32_t flags,
			 const struct modhash_run_opts *opts,
			 int (*result)(void *user, const struct modhash_verify_result *result),
			 void *user, struct modhash_verify_summary *summary,
			 struct modhash_error *err)
{
	struct mh_tree tree = {
		.verifier = verifier,
		.files = files,
		.result = result,
		.user = user,
		.complete = flags & MODHASH_VERIFY_COMPLETE,
	};
	int rc;

	if (!verifier || !files || (flags & ~MODHASH_VERIFY_COMPLETE))
		return mh_fail_invalid(err, "verifier, files or flags");
	tree.count = modhash_files_count(files);
	tree.records = calloc(tree.count ? tree.count : 1, sizeof(*tree.records));
	if (!tree.records)
		return mh_fail_nomem(err);
	rc = survey(&tree);
	if (!rc)
		rc = run(&tree, opts, err);
	for (uint64_t i = 0; i < tree.count; i++)
		mh_record_fini(&tree.records[i]);
	free(tree.records);
	if (!rc && summary) {
		tree.summary.size = sizeof(tree.summary);
		rc = mh_result_out(summary, &tree.summary, sizeof(tree.summary));
		if (rc)
			mh_fail_invalid(err, "summary");
	}
	return rc;
}
