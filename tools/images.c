/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "images.h"

#include <stdlib.h>
#include <string.h>

#include "blobs.h"
#include "json.h"
#include "machine.h"
#include "report.h"

void image_describe(struct image *image, const char *path, const struct modhash_image *from)
{
	const uint8_t *data;
	uint64_t length;
	uint32_t i;

	memset(image, 0, sizeof(*image));
	image->path = path;
	MODHASH_INIT(image->info);
	modhash_image_info(from, &image->info);
	if (image->info.layers > IMAGE_LAYERS_MAX)
		image->info.layers = IMAGE_LAYERS_MAX;
	for (i = 0; i < image->info.layers; i++) {
		MODHASH_INIT(image->layers[i]);
		modhash_image_layer(from, i, &image->layers[i]);
	}
	if (image->info.release)
		image->release = tool_strdup(image->info.release);
	image->info.release = image->release;
	image->has_blob = modhash_image_part(from, MODHASH_IMAGE_PART_BLOB, &data, &length,
					     NULL) != MODHASH_E_NOT_FOUND;
	image->has_btf = !modhash_image_part(from, MODHASH_IMAGE_PART_BTF, &data,
					     &image->btf_length, NULL);
}

void image_end(struct image *image)
{
	free(image->release);
	memset(image, 0, sizeof(*image));
}

/* "uki, bzimage (zstd), vmlinux": from the outside to the inside. */
static char *layers_text(const struct image *image)
{
	char *text = tool_strdup("");
	uint32_t i;

	for (i = 0; i < image->info.layers; i++) {
		const struct modhash_image_layer *layer = &image->layers[i];
		bool packed = layer->compression != MODHASH_COMPRESSION_NONE;
		char *longer = tool_printf("%s%s%s%s%s%s", text, i ? ", " : "",
					   modhash_image_kind_name((int)layer->kind),
					   packed ? " (" : "", packed ?
					   modhash_compression_name((int)layer->compression) : "",
					   packed ? ")" : "");

		free(text);
		text = longer;
	}
	return text;
}

void image_text(struct tool *tool, const struct image *image)
{
	const struct modhash_image_info *info = &image->info;
	const char *machine = machine_name(info->machine);
	char *layers = layers_text(image);

	report_field(tool, "image", "%s", layers);
	free(layers);
	report_field(tool, "release", "%s", info->release ? info->release : "not found");
	if (info->bits && machine)
		report_field(tool, "elf", "%lu-bit, %s-endian, %s", (unsigned long)info->bits,
			     blob_byte_order_name(info->byte_order), machine);
	else if (info->bits)
		report_field(tool, "elf", "%lu-bit, %s-endian, machine %lu",
			     (unsigned long)info->bits, blob_byte_order_name(info->byte_order),
			     (unsigned long)info->machine);
	if (image->has_btf)
		report_field(tool, "btf", "%llu", (unsigned long long)image->btf_length);
	else
		report_field(tool, "btf", "none");
	if (image->has_blob)
		report_field(tool, "room", "%llu", (unsigned long long)info->blob_room);
	else
		report_field(tool, "blob", info->payload == MODHASH_IMAGE_ARM64 ?
			     "none found: a raw Image has no sections" : "none");
}

static json_t *layers_json(const struct image *image)
{
	json_t *array = json_array();
	uint32_t i;

	for (i = 0; i < image->info.layers; i++) {
		const struct modhash_image_layer *layer = &image->layers[i];
		json_t *object = json_object();

		json_set_text(object, "kind", modhash_image_kind_name((int)layer->kind));
		json_set_text(object, "compression",
			      modhash_compression_name((int)layer->compression));
		json_set_uint(object, "offset", layer->offset);
		json_set_uint(object, "size", layer->length);
		json_array_append_new(array, object);
	}
	return array;
}

json_t *image_json(const struct image *image)
{
	const struct modhash_image_info *info = &image->info;
	json_t *object = json_object();

	json_set_text(object, "path", image->path);
	json_set_text(object, "kind", modhash_image_kind_name((int)info->kind));
	json_object_set_new(object, "layers", layers_json(image));
	json_set_text(object, "release", info->release);
	json_object_set_new(object, "class", info->bits ? json_integer(info->bits) : json_null());
	json_set_text(object, "byte_order", blob_byte_order_name(info->byte_order));
	json_set_uint(object, "machine", info->machine);
	json_set_text(object, "machine_name", machine_name(info->machine));
	json_set_uint(object, "file_size", info->file_length);
	json_set_uint(object, "unpacked_size", info->payload_length);
	json_set_bool(object, "blob", image->has_blob);
	json_set_uint(object, "room", info->blob_room);
	json_object_set_new(object, "btf_size", image->has_btf ?
			    json_integer((json_int_t)image->btf_length) : json_null());
	return object;
}
