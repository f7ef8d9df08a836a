/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Making blobs: digests are gathered here, and written by the rooms of the formats.
 */
#include <stdlib.h>
#include <string.h>

#include "builder.h"
#include "fail.h"
#include "module.h"
#include "options.h"

/* --- beginning --- */

static int check_kind(const struct modhash_builder_opts *opts, struct modhash_error *err)
{
	uint32_t scope = MODHASH_SCOPE_FILE;

	if (opts->format != MODHASH_FORMAT_TABLE && opts->algorithm != MODHASH_ALGO_SHA256)
		return mh_fail(
			err, MODHASH_E_ALGORITHM, MODHASH_OFFSET_NONE,
			"found hash algorithm %u, expected sha256, the only one in this format",
			opts->algorithm);
	if (modhash_algorithm_length((int)opts->algorithm) <= 0)
		return mh_fail(err, MODHASH_E_ALGORITHM, MODHASH_OFFSET_NONE,
			       "found hash algorithm %u, expected one that this library computes",
			       opts->algorithm);
	if (opts->format == MODHASH_FORMAT_TABLE) {
		if (opts->scope == MODHASH_SCOPE_FILE || opts->scope == MODHASH_SCOPE_PAYLOAD)
			return 0;
		scope = MODHASH_SCOPE_PAYLOAD;
	} else if (opts->format == MODHASH_FORMAT_MERKLE) {
		scope = MODHASH_SCOPE_LEAF;
	}
	if (opts->scope != scope)
		return mh_fail(err, MODHASH_E_SCOPE, MODHASH_OFFSET_NONE,
			       "found digests of scope %s, expected %s for this format",
			       modhash_scope_name((int)opts->scope) ?
				       modhash_scope_name((int)opts->scope) :
				       "unknown",
			       modhash_scope_name((int)scope));
	return 0;
}

static int check_opts(const struct modhash_builder_opts *opts, struct modhash_error *err)
{
	switch (opts->format) {
	case MODHASH_FORMAT_LIST:
	case MODHASH_FORMAT_TABLE:
		break;
	case MODHASH_FORMAT_MERKLE:
		if (opts->byte_order != MODHASH_BYTE_ORDER_LITTLE &&
		    opts->byte_order != MODHASH_BYTE_ORDER_BIG)
			return mh_fail_invalid(err, "byte_order");
		break;
	default:
		return mh_fail_invalid(err, "format");
	}
	if (opts->flags & ~(MODHASH_BUILDER_NAMES | MODHASH_BUILDER_RESERVE))
		return mh_fail_invalid(err, "flags");
	if (opts->reserved)
		return mh_fail_invalid(err, "reserved");
	if (opts->flags & MODHASH_BUILDER_RESERVE) {
		if (opts->flags & MODHASH_BUILDER_NAMES || opts->release)
			return mh_fail_invalid(err, "names or release of a blob that is not filled");
		if (opts->capacity > MODHASH_TABLE_COUNT_MAX)
			return mh_fail_invalid(err, "capacity");
	}
	if (opts->format != MODHASH_FORMAT_TABLE) {
		if (opts->flags & MODHASH_BUILDER_NAMES || opts->release)
			return mh_fail_invalid(err, "flags or release: only a table has names");
		return check_kind(opts, err);
	}
	if (opts->index_bits > MODHASH_TABLE_INDEX_BITS_MAX &&
	    opts->index_bits != MODHASH_INDEX_SMALL && opts->index_bits != MODHASH_INDEX_FAST)
		return mh_fail_invalid(err, "index_bits");
	if (opts->capacity > MODHASH_TABLE_COUNT_MAX)
		return mh_fail_invalid(err, "capacity");
	return check_kind(opts, err);
}

int modhash_builder_new(const struct modhash_ctx *ctx, const struct modhash_builder_opts *opts,
			struct modhash_builder **builder, struct modhash_error *err)
{
	struct modhash_builder_opts ours;
	int rc;

	if (builder)
		*builder = NULL;
	if (!ctx || !opts || !builder)
		return mh_fail_invalid(err, "ctx, opts or builder");
	rc = mh_options_in(&ours, sizeof(ours), opts, err);
	if (!rc)
		rc = check_opts(&ours, err);
	if (rc)
		return rc;
	*builder = calloc(1, sizeof(**builder));
	if (!*builder)
		return mh_fail_nomem(err);
	(*builder)->opts = ours;
	(*builder)->hash_engine = ctx->hash_engine;
	(*builder)->digests.budget = ctx->budget;
	(*builder)->records.budget = ctx->budget;
	(*builder)->names.budget = ctx->budget;
	(*builder)->tree.nodes.budget = ctx->budget;
	(*builder)->digest_length = (uint32_t)modhash_algorithm_length((int)ours.algorithm);
	if (ours.release) {
		(*builder)->opts.release = strdup(ours.release);
		if (!(*builder)->opts.release) {
			modhash_builder_free(*builder);
			*builder = NULL;
			return mh_fail_nomem(err);
		}
	}
	return 0;
}

void modhash_builder_free(struct modhash_builder *builder)
{
	if (!builder)
		return;
	free((char *)builder->opts.release);
	mh_buf_free(&builder->digests);
	mh_buf_free(&builder->records);
	mh_buf_free(&builder->names);
	mh_buf_free(&builder->tree.nodes);
	free(builder);
}

/* --- adding --- */

static int check_digest(const struct modhash_builder *builder, const struct modhash_digest *digest,
			struct modhash_error *err)
{
	if (digest->algorithm != builder->opts.algorithm ||
	    digest->length != builder->digest_length)
		return mh_fail(
			err, MODHASH_E_ALGORITHM, MODHASH_OFFSET_NONE,
			"found a digest of hash algorithm %u and %u bytes, expected %u and %u",
			digest->algorithm, digest->length, builder->opts.algorithm,
			builder->digest_length);
	if (digest->scope != builder->opts.scope || digest->version)
		return mh_fail(err, MODHASH_E_SCOPE, MODHASH_OFFSET_NONE,
			       "found a digest of scope %s, expected %s",
			       modhash_scope_name(digest->scope) ?
				       modhash_scope_name(digest->scope) :
				       "unknown",
			       modhash_scope_name((int)builder->opts.scope));
	return 0;
}

/* Positions have 32 bits; so have counts and ranks in a table, and offsets of names. */
static int check_room(const struct modhash_builder *builder, size_t name_length,
		      struct modhash_error *err)
{
	uint64_t most = builder->opts.format == MODHASH_FORMAT_TABLE ? MODHASH_TABLE_COUNT_MAX :
								       UINT32_MAX;
	uint64_t section = MODHASH_SECTION_MODULES_SIZE +
			   (mh_builder_records(builder) + 1) * MODHASH_SECTION_RECORD_SIZE +
			   builder->names.length;

	if (builder->count >= most)
		return mh_fail(err, MODHASH_E_CAPACITY, MODHASH_OFFSET_NONE,
			       "found more than %llu modules, expected no more",
			       (unsigned long long)most);
	if (name_length >= UINT32_MAX || section + name_length >= UINT32_MAX)
		return mh_fail(err, MODHASH_E_CAPACITY, MODHASH_OFFSET_NONE,
			       "found more names than fit in 4 GiB");
	return 0;
}

/* A build id that is too long to be kept is not kept: part of one is none. */
static int add_record(struct modhash_builder *builder, const struct modhash_blob_module *module,
		      size_t name_length, struct modhash_error *err)
{
	struct mh_record record = {
		.name_offset = builder->names.length,
		.payload_length = module->payload_length,
		.name_length = (uint32_t)name_length,
		.added = (uint32_t)builder->count,
	};
	int rc;

	if (module->flags & MODHASH_BLOB_MODULE_SIGNED)
		record.flags |= MODHASH_SECTION_MODULE_SIGNED;
	if (module->build_id && module->build_id_length <= MODHASH_SECTION_BUILD_ID_MAX) {
		record.build_id_length = (uint32_t)module->build_id_length;
		memcpy(record.build_id, module->build_id, record.build_id_length);
	}
	rc = mh_buf_append(&builder->names, module->name, name_length + 1, err);
	if (rc)
		return rc;
	rc = mh_buf_append(&builder->records, &record, sizeof(record), err);
	if (rc)
		builder->names.length = (size_t)record.name_offset;
	return rc;
}

/* Names are wanted in a table with names, and in the C source of a list. */
static bool keeps_names(const struct modhash_builder *builder)
{
	return builder->opts.format == MODHASH_FORMAT_LIST ||
	       builder->opts.flags & MODHASH_BUILDER_NAMES;
}

int modhash_builder_add(struct modhash_builder *builder, const struct modhash_digest *digest,
			const struct modhash_blob_module *record, struct modhash_error *err)
{
	struct modhash_blob_module ours;
	size_t name_length = 0;
	int rc;

	if (!builder || !digest)
		return mh_fail_invalid(err, "builder or digest");
	if (builder->finished)
		return mh_fail_invalid(err, "builder: it is finished, nothing can be added");
	if (builder->opts.flags & MODHASH_BUILDER_RESERVE)
		return mh_fail_invalid(err, "builder: of a blob that is not to be filled in");
	rc = mh_options_in(&ours, sizeof(ours), record, err);
	if (!rc)
		rc = check_digest(builder, digest, err);
	if (!rc && ours.name)
		name_length = strlen(ours.name);
	if (!rc)
		rc = check_room(builder, name_length, err);
	if (!rc)
		rc = mh_buf_append(&builder->digests, digest->bytes, builder->digest_length, err);
	if (rc)
		return rc;
	if (name_length && keeps_names(builder))
		rc = add_record(builder, &ours, name_length, err);
	if (rc)
		builder->digests.length -= builder->digest_length;
	else
		builder->count++;
	return rc;
}

/* --- finishing --- */

static int finish(struct modhash_builder *builder, struct modhash_error *err)
{
	int rc = 0;

	if (builder->finished)
		return 0;
	if (builder->opts.format == MODHASH_FORMAT_MERKLE)
		rc = mh_merkle_finish(builder, err);
	builder->finished = !rc;
	return rc;
}

/* Hand over what was written, or nothing. */
static int hand_over(struct mh_buf *out, int rc, struct modhash_buffer *buffer)
{
	if (rc) {
		mh_buf_free(out);
		return rc;
	}
	buffer->data = out->data;
	buffer->length = out->length;
	return 0;
}

static void clear(struct modhash_buffer *buffer)
{
	if (buffer) {
		buffer->data = NULL;
		buffer->length = 0;
	}
}

/* What a link reserves for a list or a root is zeroes; a table says what it will be. */
static int reserve_zeroes(const struct modhash_builder *builder, struct mh_buf *out,
			  struct modhash_error *err)
{
	uint64_t length = MODHASH_MERKLE_ROOT_SIZE;
	int rc;

	if (builder->opts.format == MODHASH_FORMAT_LIST)
		length = builder->opts.capacity * MODHASH_LIST_DIGEST_LENGTH;
	if (length > SIZE_MAX)
		return mh_fail_nomem(err);
	rc = mh_buf_reserve(out, (size_t)length, err);
	if (rc)
		return rc;
	memset(out->data, 0, (size_t)length);
	out->length = (size_t)length;
	return 0;
}

static int write_blob(const struct modhash_builder *builder, struct mh_buf *out,
		      struct modhash_error *err)
{
	if (builder->opts.format == MODHASH_FORMAT_TABLE)
		return mh_table_write(builder, out, err);
	if (builder->opts.flags & MODHASH_BUILDER_RESERVE)
		return reserve_zeroes(builder, out, err);
	if (builder->opts.format == MODHASH_FORMAT_LIST)
		return mh_list_write(builder, out, err);
	return mh_merkle_write(builder, out, err);
}

int modhash_builder_finish(struct modhash_builder *builder, struct modhash_buffer *buffer,
			   struct modhash_error *err)
{
	struct mh_buf out = MH_BUF_EMPTY;
	int rc;

	clear(buffer);
	if (!builder || !buffer)
		return mh_fail_invalid(err, "builder or buffer");
	rc = finish(builder, err);
	if (rc)
		return rc;
	return hand_over(&out, write_blob(builder, &out, err), buffer);
}

int modhash_builder_c_source(struct modhash_builder *builder, struct modhash_buffer *buffer,
			     struct modhash_error *err)
{
	struct mh_buf out = MH_BUF_EMPTY;
	int rc;

	clear(buffer);
	if (!builder || !buffer)
		return mh_fail_invalid(err, "builder or buffer");
	if (builder->opts.format == MODHASH_FORMAT_TABLE)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, MODHASH_OFFSET_NONE,
			       "found a table, expected a list or a root: a table has no form as "
			       "C source");
	if (builder->opts.flags & MODHASH_BUILDER_RESERVE)
		return mh_fail_invalid(err, "builder: of a blob that is not filled in");
	rc = finish(builder, err);
	if (rc)
		return rc;
	if (builder->opts.format == MODHASH_FORMAT_LIST)
		rc = mh_list_c_source(builder, &out, err);
	else
		rc = mh_merkle_c_source(builder, &out, err);
	return hand_over(&out, rc, buffer);
}

int modhash_builder_proof(const struct modhash_builder *builder, uint64_t position,
			  struct modhash_buffer *buffer, struct modhash_error *err)
{
	struct mh_buf out = MH_BUF_EMPTY;

	clear(buffer);
	if (!builder || !buffer)
		return mh_fail_invalid(err, "builder or buffer");
	if (builder->opts.format != MODHASH_FORMAT_MERKLE || !builder->finished)
		return mh_fail_invalid(err, "builder: expected one of a root, and finished");
	if (position >= builder->count)
		return mh_fail(err, MODHASH_E_NOT_FOUND, MODHASH_OFFSET_NONE,
			       "found no module at position %llu, expected one below %llu",
			       (unsigned long long)position, (unsigned long long)builder->count);
	return hand_over(&out, mh_merkle_proof(builder, (uint32_t)position, &out, err), buffer);
}
