/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdlib.h>
#include <string.h>

#include "create.h"
#include "json.h"
#include "options.h"
#include "report.h"

/* The first word of a vermagic is the kernel's release. */
static void note_release(struct create *create, const char *vermagic)
{
	size_t length = strcspn(vermagic, " ");

	if (!length)
		return;
	create->released++;
	if (!create->release) {
		create->release = tool_strdup(vermagic);
		create->release[length] = '\0';
	} else if (strncmp(create->release, vermagic, length) || create->release[length]) {
		create->releases_differ = true;
	}
}

static void note_identity(struct create *create, struct create_module *module,
			  const struct modhash_identity *identity)
{
	create->little |= identity->byte_order == MODHASH_BYTE_ORDER_LITTLE;
	create->big |= identity->byte_order == MODHASH_BYTE_ORDER_BIG;
	if (identity->vermagic)
		note_release(create, identity->vermagic);
	if (identity->build_id && identity->build_id_length <= sizeof(module->build_id)) {
		module->build_id_length = (uint8_t)identity->build_id_length;
		memcpy(module->build_id, identity->build_id, module->build_id_length);
	}
}

/* Is it a kernel module?  If not, and that matters, it is told. */
static bool is_module(struct create *create, const struct modhash_file *file,
		      const struct modhash_file_result *result)
{
	struct tool *tool = create->tool;

	if (tool->options->given[OPT_ALLOW_NON_ELF])
		return true;
	if (result->identity && (result->identity->flags & MODHASH_IDENTITY_MODULE))
		return true;
	report_problem(tool, file->path, TOOL_NOT_TOLD,
		       "%s; expected a kernel module (--allow-non-elf takes it nevertheless)",
		       result->identity ? "ELF, but not a relocatable file with .modinfo" :
		       modhash_strerror(result->identity_status ? result->identity_status :
					MODHASH_E_NOT_MODULE));
	return false;
}

static void module_json(struct create *create, const struct modhash_file *file,
			const struct modhash_file_result *result)
{
	json_t *object = json_object();

	json_set_text(object, "path", file->path);
	json_set_text(object, "name", file->name);
	json_set_uint(object, "position", result->index);
	if (result->status)
		json_object_set_new(object, "error", json_error(NULL, result->error));
	else
		json_set_digest(object, result->digest);
	json_element(create->tool, object);
}

static int module_result(void *user, const struct modhash_file_result *result)
{
	struct create *create = user;
	struct create_module *module = &create->modules[result->index];
	struct modhash_file file;

	inputs_get(create->inputs.files, result->index, &file);
	if (create->tool->json)
		module_json(create, &file, result);
	if (result->status) {
		report_error(create->tool, file.path, result->error, TOOL_NOT_TOLD);
		module->failed = true;
	} else if (!is_module(create, &file, result)) {
		module->failed = true;
	} else {
		module->digest = *result->digest;
		module->payload_length = result->info ? result->info->payload_length : 0;
		module->flags = result->signed_pkcs7 && !create->strip ?
				MODHASH_BLOB_MODULE_SIGNED : 0;
		if (result->identity)
			note_identity(create, module, result->identity);
	}
	if (result->info && result->info->trailers > (result->signed_pkcs7 ? 1u : 0u))
		create->other_trailers++;
	create->failed += module->failed;
	return 0;
}

bool create_read_modules(struct create *create)
{
	struct tool *tool = create->tool;
	struct modhash_run_opts opts;
	struct modhash_error err;
	int rc;

	create->count = modhash_files_count(create->inputs.files);
	if (create->count > SIZE_MAX / sizeof(*create->modules)) {
		report_problem(tool, NULL, TOOL_NOT_TOLD, "more modules than fit into memory");
		return false;
	}
	create->modules = tool_alloc((size_t)create->count, sizeof(*create->modules));
	tool_run_opts(tool, &opts);
	rc = modhash_digest_files(tool->ctx, create->inputs.files, &create->spec,
				  MODHASH_DIGEST_IDENTITY, &opts, module_result, create, &err);
	if (rc && rc != MODHASH_E_STOPPED)
		report_error(tool, NULL, &err, TOOL_NOT_TOLD);
	else if (!rc && create->failed)
		report_problem(tool, NULL, TOOL_NOT_TOLD,
			       "modules that can't be taken: %llu of %llu; nothing was written",
			       (unsigned long long)create->failed,
			       (unsigned long long)create->count);
	return !rc && !create->failed;
}
