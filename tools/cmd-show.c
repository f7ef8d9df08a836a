/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * modhash show: what a blob is, and with -v all that is in it.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "images.h"
#include "inputs.h"
#include "json.h"
#include "report.h"

/* Which record names which digest. */
struct named {
	uint64_t digest;
	uint64_t module;
};

struct show {
	struct tool *tool;
	const struct blob *blob;   /* without a blob in it, if the image has none */
	const struct image *image; /* that it was found in, or NULL */
	struct named *named;
	uint64_t named_count;
};

static int by_digest(const void *a, const void *b)
{
	const struct named *left = a;
	const struct named *right = b;

	if (left->digest != right->digest)
		return left->digest < right->digest ? -1 : 1;
	if (left->module != right->module)
		return left->module < right->module ? -1 : 1;
	return 0;
}

static void read_names(struct show *show)
{
	struct modhash_blob_module module;
	uint64_t i;

	show->named = tool_alloc(show->blob->info.modules, sizeof(*show->named));
	for (i = 0; i < show->blob->info.modules; i++) {
		MODHASH_INIT(module);
		if (modhash_blob_module(show->blob->blob, i, &module))
			break;
		show->named[i].digest = module.digest;
		show->named[i].module = i;
	}
	show->named_count = i;
	qsort(show->named, i, sizeof(*show->named), by_digest);
}

static json_t *module_json(const struct modhash_blob_module *module)
{
	json_t *object = json_object();

	json_set_text(object, "name", module->name);
	json_set_uint(object, "position", module->position);
	json_set_uint(object, "payload_size", module->payload_length);
	json_set_bool(object, "signed", module->flags & MODHASH_BLOB_MODULE_SIGNED);
	json_set_hex(object, "build_id", module->build_id, module->build_id_length);
	return object;
}

/* One digest, once for each name that it has. */
static void show_digest(struct show *show, uint64_t index, const struct modhash_digest *digest,
			uint64_t *next)
{
	struct modhash_blob_module module;
	char hex[2 * MODHASH_DIGEST_MAX + 1];
	json_t *modules = show->tool->json ? json_array() : NULL;
	bool named = false;

	modhash_digest_to_hex(digest, hex, sizeof(hex));
	for (; *next < show->named_count && show->named[*next].digest == index; ++*next) {
		MODHASH_INIT(module);
		if (modhash_blob_module(show->blob->blob, show->named[*next].module, &module))
			continue;
		named = true;
		if (modules)
			json_array_append_new(modules, module_json(&module));
		else
			report_line(show->tool, "%s  %s", hex, module.name);
	}
	if (modules) {
		json_t *object = json_object();

		json_set_text(object, "blob", show->blob->path);
		json_set_uint(object, "index", index);
		json_set_text(object, "digest", hex);
		json_object_set_new(object, "modules", modules);
		json_element(show->tool, object);
	} else if (!named) {
		report_line(show->tool, "%s", hex);
	}
}

static void show_digests(struct show *show)
{
	struct modhash_digest digest;
	uint64_t next = 0;
	uint64_t i;

	read_names(show);
	for (i = 0; !tool_stopped() && !modhash_blob_digest(show->blob->blob, i, &digest); i++)
		show_digest(show, i, &digest, &next);
	free(show->named);
	show->named = NULL;
}

/* Zeroes have no format.  Of a section, all that is known is what could be put into it. */
static bool is_untold(const struct show *show)
{
	return show->image && !(show->blob->info.flags & MODHASH_BLOB_FILLED) &&
	       show->blob->info.format != MODHASH_FORMAT_MERKLE && !show->blob->info.version;
}

static const char *format_text(const struct show *show)
{
	const struct modhash_blob_info *info = &show->blob->info;

	if (is_untold(show) && info->format == MODHASH_FORMAT_LIST && info->length)
		return "list or table";
	return modhash_format_name((int)info->format);
}

static const char *filled_text(const struct show *show)
{
	const struct modhash_blob_info *info = &show->blob->info;

	if (info->flags & MODHASH_BLOB_FILLED)
		return "yes";
	if (info->format == MODHASH_FORMAT_TABLE && info->version)
		return "no: not patched, the space was only reserved";
	if (is_untold(show) && info->length)
		return "no: not patched, there are zeroes";
	return "no: not patched, or there were no modules; this format can't tell";
}

static void show_table(struct show *show, uint64_t digest)
{
	const struct modhash_blob_info *info = &show->blob->info;
	struct tool *tool = show->tool;
	uint64_t bare = info->capacity * digest;
	uint64_t over = info->length > bare ? info->length - bare : 0;

	report_field(tool, "version", "%lu", (unsigned long)info->version);
	report_field(tool, "index", "%lu bits", (unsigned long)info->index_bits);
	if (bare)
		report_field(tool, "overhead", "%llu bytes, %.1f %% of the digests",
			     (unsigned long long)over, 100.0 * (double)over / (double)bare);
	else
		report_field(tool, "overhead", "%llu bytes", (unsigned long long)over);
	report_field(tool, "features", "compatible 0x%llx, incompatible 0x%llx",
		     (unsigned long long)info->features_compatible,
		     (unsigned long long)info->features_incompatible);
	if (info->flags & MODHASH_BLOB_NAMES)
		report_field(tool, "names", "%lu", (unsigned long)info->modules);
	else
		report_field(tool, "names", "none");
	if (info->release && !show->image)
		report_field(tool, "release", "%s", info->release);
}

static void show_root(struct show *show)
{
	struct modhash_digest root;
	char hex[2 * MODHASH_DIGEST_MAX + 1];

	if (modhash_blob_digest(show->blob->blob, 0, &root))
		return;
	modhash_digest_to_hex(&root, hex, sizeof(hex));
	report_field(show->tool, "root", "%s", hex);
}

static void show_blob(struct show *show)
{
	const struct modhash_blob_info *info = &show->blob->info;
	const char *byte_order = blob_byte_order_name(info->byte_order);
	struct tool *tool = show->tool;
	int digest = modhash_algorithm_length((int)info->algorithm);

	report_field(tool, "format", "%s", format_text(show));
	report_field(tool, "filled", "%s", filled_text(show));
	if (is_untold(show))
		return;
	report_field(tool, "algorithm", "%s", modhash_algorithm_name((int)info->algorithm));
	report_field(tool, "scope", "%s", modhash_scope_name((int)info->scope));
	if (byte_order)
		report_field(tool, "byte_order", "%s", byte_order);
	if (info->format == MODHASH_FORMAT_MERKLE) {
		report_field(tool, "levels", "%lu", (unsigned long)info->levels);
		show_root(show);
	} else {
		report_field(tool, "count", "%llu", (unsigned long long)info->count);
		report_field(tool, "capacity", "%llu", (unsigned long long)info->capacity);
	}
	if (info->format == MODHASH_FORMAT_TABLE)
		show_table(show, digest > 0 ? (uint64_t)digest : 0);
	report_field(tool, "size", "%llu", (unsigned long long)info->length);
	if (info->total_length != info->length)
		report_field(tool, "total_size", "%llu", (unsigned long long)info->total_length);
}

static void show_text(struct show *show)
{
	report_field(show->tool, "filename", "%s", show->blob->path);
	if (show->image)
		image_text(show->tool, show->image);
	if (show->blob->blob)
		show_blob(show);
}

/* All that can be read; --json needs them twice. */
struct item {
	struct blob blob;
	struct image image;
	bool is_image;
};

struct shown {
	struct item *items;
	size_t count;
	size_t blobs;
};

/* A kernel image, told of with its blob or without; what is wrong with the blob is told. */
static void open_image(struct tool *tool, struct item *item, const struct modhash_image *image)
{
	struct modhash_error err;
	int rc;

	item->is_image = true;
	image_describe(&item->image, item->blob.path, image);
	rc = modhash_image_blob(image, &item->blob.blob, &err);
	if (!rc)
		modhash_blob_info(item->blob.blob, &item->blob.info);
	else if (rc == MODHASH_E_NOT_FOUND)
		tool_status(tool, TOOL_NO);
	else
		report_error(tool, item->blob.path, &err, TOOL_NOT_TOLD);
}

static bool is_table_file(const struct modhash_image *image)
{
	struct modhash_image_info info;

	MODHASH_INIT(info);
	modhash_image_info(image, &info);
	return info.kind == MODHASH_IMAGE_TABLE;
}

static bool open_item(struct tool *tool, struct item *item, const char *path)
{
	struct modhash_image *image;
	struct modhash_error err;
	int rc = modhash_image_from_path(tool->ctx, path, &image, &err);

	memset(item, 0, sizeof(*item));
	item->blob.path = path;
	MODHASH_INIT(item->blob.info);
	if (rc == MODHASH_E_NOT_IMAGE)
		return blob_open(tool, path, &item->blob);
	if (rc) {
		report_error(tool, path, &err, TOOL_NOT_TOLD);
		return false;
	}
	if (is_table_file(image)) {
		modhash_image_free(image);
		return blob_open(tool, path, &item->blob);
	}
	open_image(tool, item, image);
	modhash_image_free(image);
	return true;
}

static int show_open(struct tool *tool, const char *path, void *user)
{
	struct shown *shown = user;
	char *copy = tool_strdup(path);

	shown->items = tool_grow(shown->items, shown->count + 1, sizeof(*shown->items));
	if (open_item(tool, &shown->items[shown->count], copy))
		shown->blobs += shown->items[shown->count++].blob.blob != NULL;
	else
		free(copy);
	return 0;
}

static void show_close(struct shown *shown)
{
	size_t i;

	for (i = 0; i < shown->count; i++) {
		free((char *)shown->items[i].blob.path);
		image_end(&shown->items[i].image);
		blob_close(&shown->items[i].blob);
	}
	free(shown->items);
}

static void show_begin(struct show *show, struct tool *tool, const struct item *item)
{
	memset(show, 0, sizeof(*show));
	show->tool = tool;
	show->blob = &item->blob;
	show->image = item->is_image ? &item->image : NULL;
}

/* Of a root there is no more to tell, and of no blob nothing. */
static bool has_digests(const struct show *show)
{
	return show->blob->blob && show->blob->info.format != MODHASH_FORMAT_MERKLE;
}

/* The entries stand in an array of their own, as there may be many. */
static void show_json(struct tool *tool, const struct shown *shown)
{
	json_t *summary = json_object();
	size_t i, images = 0;
	struct show show;

	json_array_begin(tool, "images");
	for (i = 0; i < shown->count; i++) {
		if (!shown->items[i].is_image)
			continue;
		json_element(tool, image_json(&shown->items[i].image));
		images++;
	}
	json_array_begin(tool, "blobs");
	for (i = 0; i < shown->count; i++)
		if (shown->items[i].blob.blob)
			json_element(tool, blob_json(&shown->items[i].blob));
	json_array_begin(tool, "entries");
	for (i = 0; i < shown->count; i++) {
		show_begin(&show, tool, &shown->items[i]);
		if (has_digests(&show))
			show_digests(&show);
	}
	json_set_uint(summary, "blobs", shown->blobs);
	json_set_uint(summary, "images", images);
	json_member(tool, "summary", summary);
}

void cmd_show(struct tool *tool)
{
	struct shown shown = { NULL, 0, 0 };
	struct show show;
	size_t i;

	inputs_each(tool, show_open, &shown);
	for (i = 0; !tool->json && i < shown.count; i++) {
		show_begin(&show, tool, &shown.items[i]);
		if (i)
			puts("");
		show_text(&show);
		if (tool->verbose && has_digests(&show))
			show_digests(&show);
	}
	if (tool->json)
		show_json(tool, &shown);
	show_close(&shown);
}
