/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Many files at once, on all cores.
 */
#ifndef MODHASH_BATCH_H
#define MODHASH_BATCH_H

#include <modhash/attributes.h>
#include <modhash/canon.h>
#include <modhash/context.h>
#include <modhash/digest.h>
#include <modhash/error.h>
#include <modhash/files.h>
#include <modhash/module.h>

MODHASH_BEGIN_DECLS

/**
 * struct modhash_run_opts - how to go through many files
 * @size: sizeof(struct modhash_run_opts)
 * @threads: 0: as many as there are processors; 1: none but the caller's; else so many
 * @stop: if not NULL, an int that another thread or a signal handler sets to non-zero
 *	(atomically) to end the run soon with MODHASH_E_STOPPED
 * @progress: called now and then on the caller's thread with what is done: files and
 *	bytes read, of all; or NULL
 * @user: handed to @progress
 *
 * Since: 0.1
 */
struct modhash_run_opts {
	uint32_t size;
	uint32_t threads;
	const int *stop;
	void (*progress)(void *user, uint64_t files, uint64_t files_total, uint64_t bytes);
	void *user;
};

/* modhash_digest_files(): @flags */
#define MODHASH_DIGEST_IDENTITY (1u << 0) /* parse the ELF image of each, too */

/**
 * struct modhash_file_result - what became of one file
 * @size: sizeof(struct modhash_file_result)
 * @status: 0, or the MODHASH_E_* in @error
 * @index: in the list of files
 * @digest: if @status is 0
 * @error: if @status is not 0, else NULL
 * @info: if it could be read, else NULL; its @data is NULL: the contents are gone
 * @identity: with MODHASH_DIGEST_IDENTITY, if it is ELF, else NULL; views in it are
 *	valid during the call
 * @identity_status: 0, or why there is no @identity
 * @signed_pkcs7: 1 if it has a PKCS#7 trailer
 * @canon: what was seen on the way to a canonical digest; NULL if @status is not 0, and with
 *	other scopes
 *
 * Since: 0.1
 */
struct modhash_file_result {
	uint32_t size;
	int32_t status;
	uint64_t index;
	const struct modhash_digest *digest;
	const struct modhash_error *error;
	const struct modhash_module_info *info;
	const struct modhash_identity *identity;
	int32_t identity_status;
	uint32_t signed_pkcs7;
	const struct modhash_canon_info *canon;
};

/**
 * modhash_digest_files() - the digests of many files
 * @ctx: context
 * @files: the files
 * @spec: which digest.  For Merkle leaves, the position is @spec's and the index
 *	in @files added up.
 * @flags: MODHASH_DIGEST_*
 * @opts: how, or NULL
 * @result: called for each file in the order of @files, whatever the order in which
 *	they were read, on the caller's thread; a non-zero return ends the run and is
 *	returned.  What it is given is valid during the call.
 * @user: handed to @result
 * @err: out, may be NULL: only what ends the run.  That one file fails does not.
 *
 * At any time, no more modules are in memory than four for each thread: as many messages
 * as are hashed at once (MODHASH_ENGINE_*).
 *
 * Return: 0 when all were gone through; MODHASH_E_STOPPED; MODHASH_E_ALGORITHM,
 * MODHASH_E_SCOPE, MODHASH_E_UNSUPPORTED (of @spec); MODHASH_E_NOMEM;
 * MODHASH_E_INVALID; or what @result returned.
 *
 * Since: 0.1
 */
MODHASH_API MODHASH_MUST_CHECK int modhash_digest_files(
	const struct modhash_ctx *ctx, const struct modhash_files *files,
	const struct modhash_digest_spec *spec, uint32_t flags,
	const struct modhash_run_opts *opts,
	int (*result)(void *user, const struct modhash_file_result *result), void *user,
	struct modhash_error *err);

MODHASH_END_DECLS

#endif /* MODHASH_BATCH_H */
