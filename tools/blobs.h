/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The blobs that a verb asks, and what they are in words.
 */
#ifndef TOOL_BLOBS_H
#define TOOL_BLOBS_H

#include <jansson.h>

#include "tool.h"

struct blob {
	const char *path;
	struct modhash_blob *blob;
	struct modhash_blob_info info;
};

struct blobs {
	struct blob *blobs;
	size_t count;
};

bool blob_open(struct tool *tool, const char *path, struct blob *blob);
void blob_close(struct blob *blob);

/*
 * All of --blob that can be read; those that can't have been told.  False if there
 * is none to ask.
 */
bool blobs_open(struct tool *tool, struct blobs *blobs);
void blobs_close(struct blobs *blobs);

/* A verifier over all of them, or NULL. */
struct modhash_verifier *blobs_verifier(struct tool *tool, const struct blobs *blobs);

/* Does what is in one of them depend on the order of the build? */
bool blobs_ordered(const struct blobs *blobs);

const char *blob_byte_order_name(uint32_t byte_order);

json_t *blob_json(const struct blob *blob);
json_t *blobs_json(const struct blobs *blobs);

#endif /* TOOL_BLOBS_H */
