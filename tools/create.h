/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash create, in its parts: what is wanted, the modules, the proofs.
 *
 * --strip-signatures means: as the modules will be once every trailer is off.  The blob
 * is always over that.  Files are changed only where --proofs says that the modules are
 * to be written to: with =append they get the proof in place of what was taken off;
 * with =files they are stripped in place, as the proof beside them would not fit
 * otherwise.  A table over the payload is the same with and without.
 *
 * Nothing is written before every module has been read.  The blob comes last, so that a
 * run that is killed leaves the old one, or none; running it again puts all right.
 */
#ifndef TOOL_CREATE_H
#define TOOL_CREATE_H

#include "inputs.h"
#include "tool.h"

/* What is kept of a module until its place in the blob is known. */
struct create_module {
	struct modhash_digest digest;
	uint64_t payload_length;
	uint32_t flags; /* MODHASH_BLOB_MODULE_* */
	uint8_t build_id_length;
	bool failed;
	uint8_t build_id[MODHASH_SECTION_BUILD_ID_MAX];
};

struct create {
	struct tool *tool;
	struct inputs inputs;
	struct modhash_order_report order;
	uint32_t format;
	struct modhash_digest_spec spec;
	bool keep_names;
	bool strip;
	struct create_module *modules; /* by index in the files */
	uint64_t count;
	uint64_t failed;
	uint64_t other_trailers; /* modules with more than a signature appended */

	/* What the modules say of their kernel. */
	bool little;
	bool big;
	bool releases_differ;
	uint64_t released; /* modules that name one */
	char *release;
};

/* create-modules.c: read all of them.  False if any could not be. */
bool create_read_modules(struct create *create);

/* create-reserve.c: --reserve, and nothing that contradicts it; which blob that is. */
bool create_reserve_usage(struct create *create);
void create_reserve_opts(const struct create *create, struct modhash_builder_opts *opts);

/*
 * create-outputs.c: before any module is read, whether what is to be written can be, and
 * is none of what is read.
 */
bool create_check_outputs(struct create *create);

/* create-proofs.c: all proofs, beside the modules or appended; with a finished builder. */
bool create_write_proofs(struct create *create, const struct modhash_builder *builder);

/* Say how far the proofs came in a run that ended without a blob. */
void create_tell_proofs(struct create *create, uint64_t written);

/* Are they appended?  And where is that of a module, if not?  The caller frees the path. */
bool create_appends(const struct create *create);
char *create_proof_path(const char *module);

#endif /* TOOL_CREATE_H */
