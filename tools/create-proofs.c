/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdlib.h>
#include <string.h>

#include "create.h"
#include "options.h"
#include "report.h"
#include "workers.h"
#include "write.h"

struct proofs {
	struct create *create;
	const struct modhash_builder *builder;
	uint64_t written; /* by all threads */
	bool *at_proof;	  /* by index: was it the file beside that failed? */
};

bool create_appends(const struct create *create)
{
	return create->tool->options->choice[OPT_PROOFS] == CHOICE_PROOFS_APPEND;
}

/* NAME.ko, NAME.ko.xz and the like have NAME.merkle; any other file gets a suffix. */
char *create_proof_path(const char *module)
{
	static const char *const suffixes[] = { ".ko", ".ko.gz", ".ko.xz", ".ko.zst" };
	size_t length = strlen(module);
	size_t i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (length > suffix && !strcmp(module + length - suffix, suffixes[i]))
			return tool_printf("%.*s.merkle", (int)(length - suffix), module);
	}
	return tool_printf("%s.merkle", module);
}

static int changed(struct modhash_error *err)
{
	memset(err, 0, sizeof(*err));
	err->code = MODHASH_E_CHANGED;
	err->offset = MODHASH_OFFSET_NONE;
	strcpy(err->message, "changed since it was hashed, so that its proof does not fit");
	return err->code;
}

/* The module with its proof, or stripped only if @proof is NULL. */
static int rewrite_module(struct create *create, const struct modhash_module *module,
			  const char *root, const char *path, const struct modhash_buffer *proof,
			  struct modhash_error *err)
{
	struct modhash_rewrite_opts opts;
	struct modhash_buffer buffer;
	int rc;

	MODHASH_INIT(opts);
	opts.flags = create->strip ? MODHASH_REWRITE_STRIP_ALL : MODHASH_REWRITE_STRIP_MERKLE;
	if (proof) {
		opts.append = proof->data;
		opts.append_length = proof->length;
	}
	rc = modhash_module_rewrite(module, &opts, &buffer, err);
	if (rc)
		return rc;
	rc = write_below(root, path, &buffer, err);
	modhash_buffer_clear(&buffer);
	return rc;
}

/* Append to the module, or strip it.  It is read again, so it is checked again, too. */
static int change_module(struct create *create, uint64_t index, const struct modhash_file *file,
			 const struct modhash_buffer *proof, struct modhash_error *err)
{
	struct modhash_digest_spec spec = create->spec;
	struct modhash_module_info info;
	struct modhash_module *module;
	struct modhash_digest digest;
	int rc;

	rc = modhash_module_from_path(create->tool->ctx, file->path, &module, err);
	if (rc)
		return rc;
	spec.position += (uint32_t)index;
	rc = modhash_module_digest(module, &spec, &digest, err);
	if (!rc && !modhash_digest_equal(&digest, &create->modules[index].digest))
		rc = changed(err);
	MODHASH_INIT(info);
	modhash_module_info(module, &info);
	if (!rc && (proof || info.trailers))
		rc = rewrite_module(create, module, file->root, file->path, proof, err);
	modhash_module_free(module);
	return rc;
}

static int write_proof(void *user, uint64_t index, struct modhash_error *err)
{
	struct proofs *proofs = user;
	struct create *create = proofs->create;
	struct modhash_buffer proof;
	struct modhash_file file;
	char *beside;
	int rc;

	inputs_get(create->inputs.files, index, &file);
	rc = modhash_builder_proof(proofs->builder, index, &proof, err);
	if (rc)
		return rc;
	if (create_appends(create)) {
		rc = change_module(create, index, &file, &proof, err);
	} else {
		beside = create_proof_path(file.path);
		if (create->strip)
			rc = change_module(create, index, &file, NULL, err);
		proofs->at_proof[index] = !rc;
		if (!rc)
			rc = write_beside(file.root, beside, &proof, err);
		free(beside);
	}
	modhash_buffer_clear(&proof);
	if (!rc)
		__atomic_add_fetch(&proofs->written, 1, __ATOMIC_RELAXED);
	return rc;
}

/* The first that fails ends it: a full disk would fail them all. */
static bool proof_told(void *user, uint64_t index, int rc, const struct modhash_error *err)
{
	struct proofs *proofs = user;
	struct create *create = proofs->create;
	struct modhash_file file;
	char *beside;

	if (!rc)
		return true;
	inputs_get(create->inputs.files, index, &file);
	beside = create_proof_path(file.path);
	report_error(create->tool, proofs->at_proof[index] ? beside : file.path, err, TOOL_NOT_TOLD);
	free(beside);
	return false;
}

void create_tell_proofs(struct create *create, uint64_t written)
{
	report_problem(create->tool, NULL, TOOL_NOT_TOLD,
		       "%llu of %llu modules have new proofs, and no blob was written: run it again",
		       (unsigned long long)written, (unsigned long long)create->count);
}

bool create_write_proofs(struct create *create, const struct modhash_builder *builder)
{
	struct proofs proofs = { .create = create, .builder = builder };
	struct workers workers = {
		.tool = create->tool,
		.count = create->count,
		.user = &proofs,
		.job = write_proof,
		.told = proof_told,
	};

	bool whole;

	proofs.at_proof = tool_alloc((size_t)create->count, sizeof(*proofs.at_proof));
	whole = workers_run(&workers);
	free(proofs.at_proof);
	if (!whole)
		create_tell_proofs(create, proofs.written);
	return whole;
}
