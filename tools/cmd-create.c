/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash create: the blob that a kernel knows its modules by.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "create.h"
#include "digest-check.h"
#include "json.h"
#include "options.h"
#include "report.h"
#include "write.h"

#define NAMES_TOLD 10

/* --- what is wanted --- */

/* By CHOICE_FORMAT_*. */
static const struct {
	uint32_t format;
	uint32_t scope;
} formats[] = {
	[CHOICE_FORMAT_TABLE] = { MODHASH_FORMAT_TABLE, MODHASH_SCOPE_PAYLOAD },
	[CHOICE_FORMAT_LIST] = { MODHASH_FORMAT_LIST, MODHASH_SCOPE_FILE },
	[CHOICE_FORMAT_MERKLE] = { MODHASH_FORMAT_MERKLE, MODHASH_SCOPE_LEAF },
};

static void plan(struct create *create)
{
	const struct options *options = create->tool->options;
	int choice = options->choice[OPT_FORMAT];

	if (choice < 0)
		choice = CHOICE_FORMAT_TABLE;
	create->format = formats[choice].format;
	create->strip = options->given[OPT_STRIP_SIGNATURES];
	create->keep_names = choice == CHOICE_FORMAT_TABLE && !options->given[OPT_NO_NAMES];
	MODHASH_INIT(create->spec);
	create->spec.algorithm = (uint32_t)digest_algorithm(options);
	create->spec.scope = formats[choice].scope;
	if (choice == CHOICE_FORMAT_TABLE && options->given[OPT_SCOPE])
		create->spec.scope = (uint32_t)digest_scope(options);
	if (create->strip && create->spec.scope != MODHASH_SCOPE_PAYLOAD)
		create->spec.flags = MODHASH_SPEC_STRIPPED;
}

/* Options that mean nothing to a format are mistakes: each is told. */
static bool fits_format(struct create *create)
{
	static const struct {
		int option;
		uint32_t format;
	} only[] = {
		{ OPT_INDEX, MODHASH_FORMAT_TABLE },
		{ OPT_CAPACITY, MODHASH_FORMAT_TABLE },
		{ OPT_RELEASE, MODHASH_FORMAT_TABLE },
		{ OPT_NO_NAMES, MODHASH_FORMAT_TABLE },
		{ OPT_BYTE_ORDER, MODHASH_FORMAT_MERKLE },
		{ OPT_PROOFS, MODHASH_FORMAT_MERKLE },
	};
	const struct options *options = create->tool->options;
	bool fits = true;
	size_t i;

	for (i = 0; i < sizeof(only) / sizeof(only[0]); i++) {
		if (!options->given[only[i].option] || only[i].format == create->format)
			continue;
		report_usage(create->tool, "--%s is for --format=%s",
			     tool_options[only[i].option].name,
			     modhash_format_name((int)only[i].format));
		fits = false;
	}
	return fits;
}

static bool fits_digests(struct create *create)
{
	const struct options *options = create->tool->options;
	struct tool *tool = create->tool;

	if (create->spec.scope == MODHASH_SCOPE_CANONICAL) {
		report_usage(tool, "--scope=canonical is for comparing builds: no blob holds it");
		return false;
	}
	if (create->format == MODHASH_FORMAT_TABLE) {
		if (!options->given[OPT_C_SOURCE])
			return true;
		report_usage(tool, "--c-source is for --format=list or merkle");
		return false;
	}
	if (create->spec.algorithm != MODHASH_ALGO_SHA256) {
		report_usage(tool, "--algorithm=%s: this format has sha256 alone",
			     options->value[OPT_ALGORITHM]);
		return false;
	}
	/* A list is over the file; what is said of a root's leaves is never right. */
	if (options->given[OPT_SCOPE] &&
	    (create->format == MODHASH_FORMAT_MERKLE ||
	     digest_scope(options) != MODHASH_SCOPE_FILE)) {
		report_usage(tool, "--scope=%s: this format has a scope of its own, %s",
			     options->value[OPT_SCOPE],
			     modhash_scope_name((int)create->spec.scope));
		return false;
	}
	return true;
}

static bool is_release(const char *text)
{
	size_t i;

	for (i = 0; text[i]; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return i > 0;
}

static bool wants_something_possible(struct create *create)
{
	const struct options *options = create->tool->options;
	struct tool *tool = create->tool;

	if (!options->given[OPT_OUTPUT] || !*options->value[OPT_OUTPUT]) {
		report_usage(tool, "no --output=FILE given");
		return false;
	}
	if (options->given[OPT_RELEASE] && !is_release(options->value[OPT_RELEASE])) {
		report_usage(tool, "--release: expected one word, as uname -r prints it");
		return false;
	}
	if (tool->json && inputs_is_dash(options->value[OPT_OUTPUT])) {
		report_usage(tool, "--json and --output=- are both for standard output");
		return false;
	}
	if (options->given[OPT_RELEASE] && options->given[OPT_NO_NAMES]) {
		report_usage(tool, "--release and --no-names: expected one of them");
		return false;
	}
	return fits_format(create) && fits_digests(create) &&
	       (!options->given[OPT_RESERVE] || create_reserve_usage(create));
}

/* --- the order of the build --- */

static void name_missing(struct create *create)
{
	char *order = inputs_order_path(create->tool, &create->inputs);
	uint64_t told = 0;
	const char *name;
	uint64_t index;
	uint64_t line;

	for (line = 0; told < NAMES_TOLD &&
		       !modhash_files_line(create->inputs.files, line, &name, &index); line++) {
		if (index != UINT64_MAX)
			continue;
		told++;
		report_problem(create->tool, name, TOOL_NOT_TOLD, "no such module, but it is in %s",
			       order ? order : "the order");
	}
	free(order);
	report_problem(create->tool, NULL, TOOL_NOT_TOLD,
		       "modules of the order that are missing: %llu%s; nothing was written",
		       (unsigned long long)create->order.missing,
		       create->order.missing > told ? " (the first of them named above)" : "");
}

/* false: there is no use in reading the modules */
static bool put_in_order(struct create *create)
{
	if (!inputs_order(create->tool, &create->inputs, &create->order))
		return false;
	if (create->order.source == MODHASH_ORDER_PATHS) {
		inputs_note_no_order(create->tool, &create->inputs);
		return true;
	}
	/* They may be in the directory that could not be read. */
	if (create->tool->status != TOOL_YES)
		return true;
	/* A leaf and a place in a list are by line: with a line empty, all behind are wrong. */
	if (create->order.missing && create->format != MODHASH_FORMAT_TABLE)
		name_missing(create);
	else if (create->order.missing)
		report_note(create->tool, "modules of the order that are missing: %llu",
			    (unsigned long long)create->order.missing);
	if (create->order.extra)
		report_note(create->tool, "modules that are not in the order, taken behind the others: %llu",
			    (unsigned long long)create->order.extra);
	return true;
}

/* --- the blob --- */

static bool choose_byte_order(struct create *create, struct modhash_builder_opts *opts)
{
	int choice = create->tool->options->choice[OPT_BYTE_ORDER];

	opts->byte_order = MODHASH_BYTE_ORDER_LITTLE;
	if (choice == CHOICE_BYTE_ORDER_BIG || (choice < 0 && create->big && !create->little))
		opts->byte_order = MODHASH_BYTE_ORDER_BIG;
	if (choice >= 0 || !create->big || !create->little ||
	    create->format != MODHASH_FORMAT_MERKLE)
		return true;
	report_problem(create->tool, NULL, TOOL_NOT_TOLD,
		       "modules of both byte orders; expected one, or --byte-order");
	return false;
}

static const char *choose_release(struct create *create)
{
	const struct options *options = create->tool->options;

	if (!create->keep_names)
		return NULL;
	if (options->given[OPT_RELEASE])
		return options->value[OPT_RELEASE];
	if (create->releases_differ) {
		report_note(create->tool, "modules are of more than one kernel release: none is kept");
		return NULL;
	}
	return create->release;
}

static int add_modules(struct create *create, struct modhash_builder *builder,
		       struct modhash_error *err)
{
	struct modhash_blob_module record;
	struct modhash_file file;
	uint64_t i;
	int rc = 0;

	for (i = 0; !rc && i < create->count; i++) {
		const struct create_module *module = &create->modules[i];

		inputs_get(create->inputs.files, i, &file);
		MODHASH_INIT(record);
		record.name = file.name;
		record.flags = module->flags;
		record.payload_length = module->payload_length;
		record.build_id = module->build_id_length ? module->build_id : NULL;
		record.build_id_length = module->build_id_length;
		rc = modhash_builder_add(builder, &module->digest, &record, err);
	}
	return rc;
}

static bool build_opts(struct create *create, struct modhash_builder_opts *builder_opts)
{
	const struct options *options = create->tool->options;
	struct modhash_builder_opts opts;

	MODHASH_INIT(opts);
	if (!choose_byte_order(create, &opts))
		return false;
	opts.format = create->format;
	opts.algorithm = create->spec.algorithm;
	opts.scope = create->spec.scope;
	if (create->format == MODHASH_FORMAT_TABLE) {
		opts.index_bits = options->index_bits;
		opts.capacity = options->capacity;
		opts.flags = create->keep_names ? MODHASH_BUILDER_NAMES : 0;
		opts.release = choose_release(create);
	}
	*builder_opts = opts;
	return true;
}

static struct modhash_builder *build(struct create *create)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;
	struct modhash_error err;
	int rc;

	if (create->tool->options->given[OPT_RESERVE])
		create_reserve_opts(create, &opts);
	else if (!build_opts(create, &opts))
		return NULL;
	rc = modhash_builder_new(create->tool->ctx, &opts, &builder, &err);
	if (!rc)
		rc = add_modules(create, builder, &err);
	if (!rc)
		return builder;
	report_error(create->tool, NULL, &err, TOOL_NOT_TOLD);
	modhash_builder_free(builder);
	return NULL;
}

static void tell_blob(struct create *create, const struct modhash_buffer *blob)
{
	const struct options *options = create->tool->options;
	const char *output = options->value[OPT_OUTPUT];
	struct modhash_error err;
	struct blob made;
	json_t *object;

	if (!create->tool->json) {
		if (create->tool->verbose && !inputs_is_dash(output))
			report_line(create->tool, "%s: %s of %llu module%s", output,
				    modhash_format_name((int)create->format),
				    (unsigned long long)create->count,
				    create->count == 1 ? "" : "s");
		return;
	}
	memset(&made, 0, sizeof(made));
	made.path = output;
	MODHASH_INIT(made.info);
	if (modhash_blob_from_memory(create->tool->ctx, blob->data, (size_t)blob->length,
				     &made.blob, &err)) {
		report_error(create->tool, output, &err, TOOL_NOT_TOLD);
		return;
	}
	modhash_blob_info(made.blob, &made.info);
	object = json_array();
	json_array_append_new(object, blob_json(&made));
	json_member(create->tool, "blobs", object);
	blob_close(&made);
}

static bool write_blob(struct create *create, struct modhash_builder *builder,
		       const struct modhash_buffer *blob)
{
	const struct options *options = create->tool->options;
	struct modhash_buffer source = { NULL, 0 };
	struct modhash_error err;
	int rc = 0;

	if (options->given[OPT_C_SOURCE])
		rc = modhash_builder_c_source(builder, &source, &err);
	if (!rc && options->given[OPT_C_SOURCE])
		rc = write_output(options->value[OPT_OUTPUT], source.data, source.length, &err);
	else if (!rc)
		rc = write_output(options->value[OPT_OUTPUT], blob->data, blob->length, &err);
	modhash_buffer_clear(&source);
	if (rc)
		report_error(create->tool, options->value[OPT_OUTPUT], &err, TOOL_NOT_TOLD);
	else
		tell_blob(create, blob);
	if (rc && options->given[OPT_PROOFS])
		create_tell_proofs(create, create->count);
	return !rc;
}

static void note_stripping(struct create *create)
{
	bool proofs = create->tool->options->given[OPT_PROOFS];

	if (!create->strip)
		return;
	if (create->spec.scope == MODHASH_SCOPE_PAYLOAD)
		report_note(create->tool,
			    "--strip-signatures: a table over the payload is the same without");
	else if (!proofs)
		report_note(create->tool, "--strip-signatures: the blob is over modules without "
			    "signatures; these were left as they are");
	else if (create->tool->options->choice[OPT_PROOFS] == CHOICE_PROOFS_FILES)
		report_note(create->tool, "--strip-signatures: modules were stripped in place, "
			    "as their proofs would not fit otherwise");
}

/* A proof is for the module without an older one, and has to take its place. */
static void note_old_proofs(struct create *create)
{
	if (create->tool->options->choice[OPT_PROOFS] == CHOICE_PROOFS_FILES && !create->strip &&
	    create->other_trailers)
		report_note(create->tool, "modules with more than a signature appended: %llu; take an old "
			    "proof off before the new one is appended",
			    (unsigned long long)create->other_trailers);
}

/* Proofs first, the blob last. */
static void create_write(struct create *create)
{
	struct modhash_builder *builder = build(create);
	struct modhash_buffer blob = { NULL, 0 };
	struct modhash_error err;

	if (!builder)
		return;
	if (modhash_builder_finish(builder, &blob, &err))
		report_error(create->tool, NULL, &err, TOOL_NOT_TOLD);
	else if ((!create->tool->options->given[OPT_PROOFS] ||
		  create_write_proofs(create, builder)) && write_blob(create, builder, &blob)) {
		note_stripping(create);
		note_old_proofs(create);
	}
	modhash_buffer_clear(&blob);
	modhash_builder_free(builder);
}

static void create_summary(struct create *create)
{
	json_t *summary = json_object();

	json_set_uint(summary, "modules", create->count);
	json_set_uint(summary, "failed", create->failed);
	json_set_uint(summary, "missing", create->order.missing);
	json_set_uint(summary, "extra", create->order.extra);
	json_member(create->tool, "summary", summary);
}

void cmd_create(struct tool *tool)
{
	struct create create;

	memset(&create, 0, sizeof(create));
	create.tool = tool;
	plan(&create);
	if (!wants_something_possible(&create))
		return;
	if (tool->json)
		json_array_begin(tool, "files");
	/*
	 * A directory that could not be read, or a line of the order, has modules that would be
	 * left out: nothing is written then, but the others are told about.
	 */
	if (tool->options->given[OPT_RESERVE])
		create_write(&create);
	else if (inputs_gather(tool, &create.inputs) && put_in_order(&create) &&
		 create_check_outputs(&create) && create_read_modules(&create) &&
		 tool->status == TOOL_YES && !tool_stopped())
		create_write(&create);
	if (tool->json)
		create_summary(&create);
	inputs_free(&create.inputs);
	free(create.modules);
	free(create.release);
}
