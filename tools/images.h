/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel images, and what they are in words.
 */
#ifndef TOOL_IMAGES_H
#define TOOL_IMAGES_H

#include <jansson.h>

#include "tool.h"

/* More than the library takes. */
#define IMAGE_LAYERS_MAX 16

/* What is told of an image, kept when the image is gone. */
struct image {
	const char *path;
	struct modhash_image_info info; /* its @release is @release */
	struct modhash_image_layer layers[IMAGE_LAYERS_MAX];
	char *release; /* or NULL */
	uint64_t btf_length;
	bool has_btf;
	bool has_blob;
};

void image_describe(struct image *image, const char *path, const struct modhash_image *from);
void image_end(struct image *image);

void image_text(struct tool *tool, const struct image *image);
json_t *image_json(const struct image *image);

#endif /* TOOL_IMAGES_H */
