/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "blobs.h"

#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "options.h"
#include "report.h"

const char *blob_byte_order_name(uint32_t byte_order)
{
	switch (byte_order) {
	case MODHASH_BYTE_ORDER_LITTLE:
		return "little";
	case MODHASH_BYTE_ORDER_BIG:
		return "big";
	default:
		return NULL;
	}
}

bool blob_open(struct tool *tool, const char *path, struct blob *blob)
{
	struct modhash_error err;

	memset(blob, 0, sizeof(*blob));
	blob->path = path;
	MODHASH_INIT(blob->info);
	if (modhash_blob_from_path(tool->ctx, path, &blob->blob, &err)) {
		report_error(tool, path, &err, TOOL_NOT_TOLD);
		return false;
	}
	modhash_blob_info(blob->blob, &blob->info);
	return true;
}

void blob_close(struct blob *blob)
{
	modhash_blob_free(blob->blob);
	blob->blob = NULL;
}

bool blobs_open(struct tool *tool, struct blobs *blobs)
{
	const struct options *options = tool->options;
	size_t i;

	memset(blobs, 0, sizeof(*blobs));
	if (!options->blob_count) {
		report_usage(tool, "no --blob=BLOB given to ask");
		return false;
	}
	blobs->blobs = tool_alloc(options->blob_count, sizeof(*blobs->blobs));
	for (i = 0; i < options->blob_count; i++)
		if (blob_open(tool, options->blobs[i], &blobs->blobs[blobs->count]))
			blobs->count++;
	return blobs->count != 0;
}

void blobs_close(struct blobs *blobs)
{
	size_t i;

	for (i = 0; i < blobs->count; i++)
		blob_close(&blobs->blobs[i]);
	free(blobs->blobs);
	memset(blobs, 0, sizeof(*blobs));
}

struct modhash_verifier *blobs_verifier(struct tool *tool, const struct blobs *blobs)
{
	struct modhash_verifier *verifier;
	struct modhash_error err;
	size_t i;

	if (modhash_verifier_new(tool->ctx, &verifier, &err)) {
		report_error(tool, NULL, &err, TOOL_NOT_TOLD);
		return NULL;
	}
	for (i = 0; i < blobs->count; i++) {
		if (modhash_verifier_add_blob(verifier, blobs->blobs[i].blob, &err)) {
			report_error(tool, blobs->blobs[i].path, &err, TOOL_NOT_TOLD);
			modhash_verifier_free(verifier);
			return NULL;
		}
	}
	return verifier;
}

bool blobs_ordered(const struct blobs *blobs)
{
	size_t i;

	for (i = 0; i < blobs->count; i++)
		if (blobs->blobs[i].info.format != MODHASH_FORMAT_TABLE)
			return true;
	return false;
}

static void set_mask(json_t *object, const char *key, uint64_t mask)
{
	char *text = tool_printf("0x%llx", (unsigned long long)mask);

	json_set_text(object, key, text);
	free(text);
}

static void set_table(json_t *object, const struct modhash_blob_info *info)
{
	json_set_uint(object, "format_version", info->version);
	json_set_uint(object, "index_bits", info->index_bits);
	set_mask(object, "features_compatible", info->features_compatible);
	set_mask(object, "features_incompatible", info->features_incompatible);
	json_set_uint(object, "modules", info->modules);
	json_set_text(object, "release", info->release);
}

static void set_root(json_t *object, const struct blob *blob)
{
	struct modhash_digest root;

	json_set_uint(object, "levels", blob->info.levels);
	if (!modhash_blob_digest(blob->blob, 0, &root))
		json_set_hex(object, "root", root.bytes, root.length);
}

json_t *blob_json(const struct blob *blob)
{
	const struct modhash_blob_info *info = &blob->info;
	json_t *object = json_object();

	json_set_text(object, "path", blob->path);
	json_set_text(object, "format", modhash_format_name((int)info->format));
	json_set_bool(object, "filled", info->flags & MODHASH_BLOB_FILLED);
	json_set_text(object, "byte_order", blob_byte_order_name(info->byte_order));
	json_set_text(object, "algorithm", modhash_algorithm_name((int)info->algorithm));
	json_set_text(object, "scope", modhash_scope_name((int)info->scope));
	json_set_uint(object, "size", info->length);
	json_set_uint(object, "total_size", info->total_length);
	if (info->format == MODHASH_FORMAT_MERKLE) {
		set_root(object, blob);
	} else {
		json_set_uint(object, "count", info->count);
		json_set_uint(object, "capacity", info->capacity);
	}
	if (info->format == MODHASH_FORMAT_TABLE)
		set_table(object, info);
	return object;
}

json_t *blobs_json(const struct blobs *blobs)
{
	json_t *array = json_array();
	size_t i;

	for (i = 0; i < blobs->count; i++)
		json_array_append_new(array, blob_json(&blobs->blobs[i]));
	return array;
}
