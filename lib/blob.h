/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: a blob that was read, and the rooms that read one part each.
 */
#ifndef MH_BLOB_H
#define MH_BLOB_H

#include <modhash/blob.h>

#include "buf.h"
#include "core/core.h"

/* What stands behind a table, for userland: views of the blob, but for @release. */
struct mh_sections {
	char *release;		/* NUL-terminated copy, or NULL */
	const uint8_t *modules; /* contents of the section of modules, or NULL */
	uint32_t count;		/* records */
	uint32_t record_size;
	uint64_t length; /* bytes of all sections, padding included */
};

struct modhash_blob {
	const uint8_t *data;
	uint64_t length;
	struct mh_buf file; /* if the blob was read from one */
	uint32_t format;
	uint32_t algorithm;
	uint32_t scope;
	uint32_t digest_length;
	bool filled;
	uint32_t byte_order;
	uint32_t levels; /* of a root */
	uint64_t count;
	uint64_t capacity;
	uint64_t kernel_length; /* the part that a kernel needs */
	struct mh_core_table table;
	struct mh_sections sections;
};

/* One digest, @blob->digest_length bytes; @index is below @blob->count. */
const uint8_t *mh_blob_digest_at(const struct modhash_blob *blob, uint64_t index);

/* Record @index, below @blob->sections.count. */
void mh_blob_record(const struct modhash_blob *blob, uint64_t index,
		    struct modhash_blob_module *module);

/* The one record of this very name; MODHASH_E_NOT_FOUND if none, or more than one. */
int mh_blob_record_named(const struct modhash_blob *blob, const char *name, size_t length,
			 uint64_t *index);

/* Validate and take in a blob's bytes, one function a format (format-*.c). */
int mh_list_read(struct modhash_blob *blob, struct modhash_error *err);
int mh_merkle_read(struct modhash_blob *blob, struct modhash_error *err);
int mh_table_read(struct modhash_blob *blob, struct modhash_error *err);

/* The blob of an image, which need not stay. */
struct modhash_image;
int mh_blob_of_image(const struct modhash_image *image, struct modhash_blob **blob,
		     struct modhash_error *err);

/* Sections in [offset, length) of @data, whose table has @digests (sections.c). */
int mh_sections_read(struct mh_sections *sections, const uint8_t *data, uint64_t offset,
		     uint64_t length, uint32_t digests, struct modhash_error *err);
void mh_sections_fini(struct mh_sections *sections);

bool mh_all_zero(const uint8_t *data, uint64_t length);

#endif /* MH_BLOB_H */
