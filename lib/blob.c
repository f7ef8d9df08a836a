/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blobs: which format it is, reading, and asking.
 */
#include <stdlib.h>
#include <string.h>

#include "blob.h"
#include "fail.h"
#include "image.h"
#include "module.h"
#include "options.h"
#include "source.h"

bool mh_all_zero(const uint8_t *data, uint64_t length)
{
	for (; length; length--, data++) {
		if (*data)
			return false;
	}
	return true;
}

const char *modhash_format_name(int format)
{
	switch (format) {
	case MODHASH_FORMAT_LIST:
		return "list";
	case MODHASH_FORMAT_MERKLE:
		return "merkle";
	case MODHASH_FORMAT_TABLE:
		return "table";
	default:
		return NULL;
	}
}

/* --- telling formats apart --- */

/*
 * Any bytes of the right length could be a list, and nothing in it would tell.  What
 * people name by mistake is refused, whatever its length; what begins as a kernel image or
 * a compressed file does, as a digest would once in 2^24 lists or less, is taken for one.
 */
struct lookalike {
	const char *what;
	int (*is)(const uint8_t *data, uint64_t length);
};

static bool begins(const uint8_t *data, uint64_t length, const char *magic, size_t magic_length)
{
	return length >= magic_length && !memcmp(data, magic, magic_length);
}

static int has_trailer(const uint8_t *data, uint64_t length)
{
	return length >= MODHASH_TRAILER_MARKER_LENGTH &&
	       !memcmp(data + length - MODHASH_TRAILER_MARKER_LENGTH, MODHASH_TRAILER_MARKER,
		       MODHASH_TRAILER_MARKER_LENGTH);
}

/* A list of digests in hexadecimal, say, or C source: 32 characters in a row. */
static int is_text(const uint8_t *data, uint64_t length)
{
	uint64_t i;

	for (i = 0; i < length && i < MODHASH_LIST_DIGEST_LENGTH; i++) {
		if ((data[i] < 0x20 || data[i] > 0x7e) && !(data[i] >= '\t' && data[i] <= '\r'))
			return 0;
	}
	return i == MODHASH_LIST_DIGEST_LENGTH;
}

/* With the right magic, its checksum would match. */
static bool is_header_without_magic(const uint8_t *data, uint64_t length)
{
	static const uint8_t zero[4];
	const uint32_t field = MODHASH_TABLE_HEADER_HEADER_CHECKSUM;
	uint32_t size, crc;

	if (length < MODHASH_TABLE_HEADER_SIZE)
		return false;
	size = mh_core_le32(data + MODHASH_TABLE_HEADER_HEADER_SIZE);
	if (size < MODHASH_TABLE_HEADER_SIZE || size > MODHASH_TABLE_HEADER_SIZE_MAX ||
	    size > length)
		return false;
	crc = mh_core_crc32(0, (const uint8_t *)MODHASH_TABLE_MAGIC, MODHASH_TABLE_MAGIC_LENGTH);
	crc = mh_core_crc32(crc, data + MODHASH_TABLE_MAGIC_LENGTH,
			    field - MODHASH_TABLE_MAGIC_LENGTH);
	crc = mh_core_crc32(crc, zero, sizeof(zero));
	crc = mh_core_crc32(crc, data + field + 4, size - field - 4);
	return crc == mh_core_le32(data + field);
}

/* Most of the magic is there, where it should be, or all of the header but the magic. */
static int is_damaged_table(const uint8_t *data, uint64_t length)
{
	static const char magic[] = MODHASH_TABLE_MAGIC;
	unsigned int i, same = 0;

	if (length < MODHASH_TABLE_MAGIC_LENGTH)
		return 0;
	for (i = 0; i < MODHASH_TABLE_MAGIC_LENGTH; i++)
		same += data[i] == (uint8_t)magic[i];
	return same >= 5 || is_header_without_magic(data, length);
}

static const struct lookalike lookalikes[] = {
	{ "a table whose magic is damaged", is_damaged_table },
	{ "a Merkle proof or a signed file", has_trailer },
	{ "text", is_text },
};

static int refuse_lookalikes(const struct modhash_blob *blob, struct modhash_error *err)
{
	size_t i;

	for (i = 0; i < sizeof(lookalikes) / sizeof(lookalikes[0]); i++) {
		if (lookalikes[i].is(blob->data, blob->length))
			return mh_fail(err, MODHASH_E_BLOB, 0,
				       "found %s, expected a table, a hash list or a Merkle root",
				       lookalikes[i].what);
	}
	return 0;
}

static bool is_table(const struct modhash_blob *blob)
{
	return begins(blob->data, blob->length, MODHASH_TABLE_MAGIC, MODHASH_TABLE_MAGIC_LENGTH);
}

/* By the length, which is all that tells. */
static int read_bare(struct modhash_blob *blob, struct modhash_error *err)
{
	if (blob->length == MODHASH_MERKLE_ROOT_SIZE)
		return mh_merkle_read(blob, err);
	if (blob->length % MODHASH_LIST_DIGEST_LENGTH == 0)
		return mh_list_read(blob, err);
	return mh_fail(err, MODHASH_E_BLOB, 0,
		       "found %llu bytes without a table's magic, expected %d (a Merkle root) or a "
		       "multiple of %d (a hash list)",
		       (unsigned long long)blob->length, MODHASH_MERKLE_ROOT_SIZE,
		       MODHASH_LIST_DIGEST_LENGTH);
}

/*
 * Zeroes where a kernel has its blob.  A section that has neither the size of a list nor
 * that of a root can only be for a table; what kind of one is not told.
 */
static int read_zeroes(struct modhash_blob *blob)
{
	blob->format = MODHASH_FORMAT_TABLE;
	blob->algorithm = MODHASH_ALGO_SHA256;
	blob->scope = MODHASH_SCOPE_PAYLOAD;
	blob->digest_length = (uint32_t)modhash_algorithm_length(MODHASH_ALGO_SHA256);
	blob->byte_order = MODHASH_BYTE_ORDER_UNKNOWN;
	blob->kernel_length = blob->length;
	return 0;
}

/* Bytes that are known to be a blob, as they are where a kernel has it. */
static int read_section(struct modhash_blob *blob, struct modhash_error *err)
{
	if (is_table(blob))
		return mh_table_read(blob, err);
	if (is_damaged_table(blob->data, blob->length))
		return mh_fail(err, MODHASH_E_BLOB, 0, "found a table whose magic is damaged");
	if (blob->length % MODHASH_LIST_DIGEST_LENGTH &&
	    blob->length != MODHASH_MERKLE_ROOT_SIZE && mh_all_zero(blob->data, blob->length))
		return read_zeroes(blob);
	return read_bare(blob, err);
}

/* Out of an image: a copy, so that nobody keeps a whole kernel for its blob. */
static int take_from_image(struct modhash_blob *blob, const struct modhash_image *image,
			   struct modhash_error *err)
{
	struct mh_buf section = MH_BUF_OF(image->ctx->budget);
	const uint8_t *data;
	uint64_t length;
	int rc = modhash_image_part(image, MODHASH_IMAGE_PART_BLOB, &data, &length, err);

	if (!rc)
		rc = mh_buf_append(&section, data, (size_t)length, err);
	if (rc)
		return rc;
	mh_buf_free(&blob->file);
	blob->file = section;
	blob->data = length ? section.data : (const uint8_t *)"";
	blob->length = length;
	rc = read_section(blob, err);
	if (rc || !image->release[0] || blob->sections.release)
		return rc;
	blob->sections.release = strdup(image->release);
	return blob->sections.release ? 0 : mh_fail_nomem(err);
}

static int read_image(const struct modhash_ctx *ctx, struct modhash_blob *blob,
		      struct modhash_error *err)
{
	struct modhash_image *image;
	int rc = modhash_image_from_memory(ctx, blob->data, (size_t)blob->length, &image, err);

	if (rc)
		return rc;
	rc = take_from_image(blob, image, err);
	modhash_image_free(image);
	return rc;
}

static int read_blob(const struct modhash_ctx *ctx, struct modhash_blob *blob,
		     struct modhash_error *err)
{
	int rc;

	if (is_table(blob))
		return mh_table_read(blob, err);
	if (mh_image_detect(blob->data, blob->length))
		return read_image(ctx, blob, err);
	rc = refuse_lookalikes(blob, err);
	return rc ? rc : read_bare(blob, err);
}

/* --- coming and going --- */

static int blob_new(const struct modhash_ctx *ctx, struct modhash_blob **blob,
		    struct modhash_error *err)
{
	if (blob)
		*blob = NULL;
	if (!ctx || !blob)
		return mh_fail_invalid(err, "ctx or blob");
	*blob = calloc(1, sizeof(**blob));
	if (!*blob)
		return mh_fail_nomem(err);
	(*blob)->file.budget = ctx->budget;
	return 0;
}

/* A blob must be whole or not be. */
static int blob_done(struct modhash_blob **blob, int rc)
{
	if (rc) {
		modhash_blob_free(*blob);
		*blob = NULL;
	}
	return rc;
}

int modhash_blob_from_memory(const struct modhash_ctx *ctx, const void *data, size_t length,
			     struct modhash_blob **blob, struct modhash_error *err)
{
	int rc = blob_new(ctx, blob, err);

	if (rc)
		return rc;
	if (!data && length)
		return blob_done(blob, mh_fail_invalid(err, "data"));
	(*blob)->data = data;
	(*blob)->length = length;
	return blob_done(blob, read_blob(ctx, *blob, err));
}

static int read_own(const struct modhash_ctx *ctx, struct modhash_blob *blob,
		    struct modhash_error *err)
{
	blob->data = blob->file.data;
	blob->length = blob->file.length;
	return read_blob(ctx, blob, err);
}

int modhash_blob_from_fd(const struct modhash_ctx *ctx, int fd, struct modhash_blob **blob,
			 struct modhash_error *err)
{
	int rc = blob_new(ctx, blob, err);

	if (rc)
		return rc;
	rc = mh_source_read_fd(fd, ctx->max_unpacked, ctx->stop, &(*blob)->file, err);
	if (!rc)
		rc = read_own(ctx, *blob, err);
	return blob_done(blob, rc);
}

int modhash_blob_from_path(const struct modhash_ctx *ctx, const char *path,
			   struct modhash_blob **blob, struct modhash_error *err)
{
	int rc = blob_new(ctx, blob, err);

	if (rc)
		return rc;
	if (!path)
		return blob_done(blob, mh_fail_invalid(err, "path"));
	rc = mh_source_read_path(path, ctx->max_unpacked, ctx->stop, &(*blob)->file, err);
	if (!rc)
		rc = read_own(ctx, *blob, err);
	return blob_done(blob, rc);
}

void modhash_blob_free(struct modhash_blob *blob)
{
	if (!blob)
		return;
	mh_sections_fini(&blob->sections);
	mh_buf_free(&blob->file);
	free(blob);
}

int mh_blob_of_image(const struct modhash_image *image, struct modhash_blob **blob,
		     struct modhash_error *err)
{
	*blob = calloc(1, sizeof(**blob));
	if (!*blob)
		return mh_fail_nomem(err);
	return blob_done(blob, take_from_image(*blob, image, err));
}

/* --- asking --- */

int modhash_blob_info(const struct modhash_blob *blob, struct modhash_blob_info *info)
{
	struct modhash_blob_info ours;

	if (!blob || !info)
		return MODHASH_E_INVALID;
	MODHASH_INIT(ours);
	ours.format = blob->format;
	if (blob->filled)
		ours.flags |= MODHASH_BLOB_FILLED;
	if (blob->sections.modules)
		ours.flags |= MODHASH_BLOB_NAMES;
	ours.byte_order = blob->byte_order;
	ours.algorithm = blob->algorithm;
	ours.scope = blob->scope;
	ours.version = blob->table.version;
	ours.index_bits = blob->table.index_bits;
	ours.levels = blob->levels;
	ours.modules = blob->sections.count;
	ours.count = blob->count;
	ours.capacity = blob->capacity;
	ours.length = blob->kernel_length;
	ours.total_length = blob->length;
	ours.features_compatible = blob->table.features_compatible;
	ours.features_incompatible = blob->table.features_incompatible;
	ours.release = blob->sections.release;
	return mh_result_out(info, &ours, sizeof(ours));
}

const uint8_t *mh_blob_digest_at(const struct modhash_blob *blob, uint64_t index)
{
	const uint8_t *digests = blob->format == MODHASH_FORMAT_TABLE ? blob->table.digests :
									blob->data;

	return digests + index * blob->digest_length;
}

int modhash_blob_contains(const struct modhash_blob *blob, const struct modhash_digest *digest,
			  uint64_t *index)
{
	uint64_t found = 0;
	uint32_t rank = 0;
	int rc;

	if (!blob || !digest)
		return MODHASH_E_INVALID;
	if (blob->format == MODHASH_FORMAT_MERKLE || digest->algorithm != blob->algorithm ||
	    digest->length != blob->digest_length || digest->scope != blob->scope ||
	    digest->version)
		return MODHASH_E_SCOPE;
	if (!blob->filled)
		return 0;
	if (blob->format == MODHASH_FORMAT_LIST) {
		rc = mh_core_list_find(blob->data, blob->length, digest->bytes, &found);
	} else {
		rc = mh_core_table_find(&blob->table, digest->bytes, &rank);
		found = rank;
	}
	if (rc == 1 && index)
		*index = found;
	return rc;
}

static int root_digest(const struct modhash_blob *blob, uint64_t index,
		       struct modhash_digest *digest)
{
	if (index)
		return MODHASH_E_NOT_FOUND;
	digest->algorithm = (uint16_t)blob->algorithm;
	digest->length = (uint16_t)blob->digest_length;
	digest->scope = MODHASH_SCOPE_ROOT;
	memcpy(digest->bytes, blob->data + MODHASH_MERKLE_ROOT_HASH, blob->digest_length);
	return 0;
}

int modhash_blob_digest(const struct modhash_blob *blob, uint64_t index,
			struct modhash_digest *digest)
{
	if (digest)
		memset(digest, 0, sizeof(*digest));
	if (!blob || !digest)
		return MODHASH_E_INVALID;
	if (blob->format == MODHASH_FORMAT_MERKLE)
		return root_digest(blob, index, digest);
	if (index >= blob->count)
		return MODHASH_E_NOT_FOUND;
	digest->algorithm = (uint16_t)blob->algorithm;
	digest->length = (uint16_t)blob->digest_length;
	digest->scope = (uint16_t)blob->scope;
	memcpy(digest->bytes, mh_blob_digest_at(blob, index), blob->digest_length);
	return 0;
}

int modhash_blob_module(const struct modhash_blob *blob, uint64_t index,
			struct modhash_blob_module *module)
{
	struct modhash_blob_module ours;

	if (!blob || !module)
		return MODHASH_E_INVALID;
	if (index >= blob->sections.count)
		return MODHASH_E_NOT_FOUND;
	MODHASH_INIT(ours);
	mh_blob_record(blob, index, &ours);
	return mh_result_out(module, &ours, sizeof(ours));
}

/* --- modules by name --- */

/* Without the suffix of a compression behind ".ko". */
static size_t name_length(const char *name)
{
	static const char *const suffixes[] = { ".gz", ".xz", ".zst" };
	size_t length = strlen(name), i;

	for (i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		size_t suffix = strlen(suffixes[i]);

		if (length > suffix + 3 && !strcmp(name + length - suffix, suffixes[i]) &&
		    !memcmp(name + length - suffix - 3, ".ko", 3))
			return length - suffix;
	}
	return length;
}

/* In a module's own name '-' and '_' are the same. */
static char folded(char c)
{
	return c == '-' ? '_' : c;
}

/*
 * How many components two paths have in common, from the end.  The last one counts with
 * '-' and '_' alike, and decides: without it there are none.
 */
static unsigned int common_components(const char *a, size_t a_length, const char *b,
				      size_t b_length)
{
	unsigned int common = 0;

	for (;;) {
		bool a_ends, b_ends;

		while (a_length && b_length && a[a_length - 1] != '/' && b[b_length - 1] != '/' &&
		       (common ? a[a_length - 1] == b[b_length - 1] :
				 folded(a[a_length - 1]) == folded(b[b_length - 1]))) {
			a_length--;
			b_length--;
		}
		a_ends = !a_length || a[a_length - 1] == '/';
		b_ends = !b_length || b[b_length - 1] == '/';
		if (!a_ends || !b_ends)
			return common;
		common++;
		if (!a_length || !b_length)
			return common;
		a_length--;
		b_length--;
	}
}

/* The one record that has the longest end in common with @name. */
static int find_by_end(const struct modhash_blob *blob, const char *name, size_t length,
		       uint64_t *index)
{
	unsigned int best = 0;
	bool only = false;
	uint64_t i;

	for (i = 0; i < blob->sections.count; i++) {
		struct modhash_blob_module module;
		unsigned int common;

		mh_blob_record(blob, i, &module);
		common = common_components(module.name, strlen(module.name), name, length);
		if (common > best) {
			best = common;
			*index = i;
			only = true;
		} else if (common && common == best) {
			only = false;
		}
	}
	return only ? 0 : MODHASH_E_NOT_FOUND;
}

int modhash_blob_find_module(const struct modhash_blob *blob, const char *name,
			     struct modhash_blob_module *module)
{
	uint64_t index = 0;
	size_t length;
	int rc;

	if (!blob || !name || !module)
		return MODHASH_E_INVALID;
	if (!blob->sections.count)
		return MODHASH_E_NOT_FOUND;
	length = name_length(name);
	rc = mh_blob_record_named(blob, name, length, &index);
	if (rc)
		rc = find_by_end(blob, name, length, &index);
	return rc ? rc : modhash_blob_module(blob, index, module);
}
