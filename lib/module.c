/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A module: its file read, unpacked, its trailers found.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "canon-door.h"
#include "fail.h"
#include "module.h"
#include "options.h"
#include "source.h"

void mh_module_init(struct modhash_module *module, const struct modhash_ctx *ctx)
{
	memset(module, 0, sizeof(*module));
	module->ctx = ctx;
	module->postpone = UINT64_MAX;
	module->file.budget = ctx->budget;
	module->unpacked.budget = ctx->budget;
	module->offsets.budget = ctx->budget;
}

void mh_module_fini(struct modhash_module *module)
{
	mh_buf_free(&module->file);
	mh_buf_free(&module->unpacked);
	mh_buf_free(&module->offsets);
}

/* What the last file left; buffers stay. */
static void forget(struct modhash_module *module)
{
	module->data = NULL;
	module->length = 0;
	module->file_length = 0;
	module->payload_length = 0;
	module->compression = MODHASH_COMPRESSION_NONE;
	module->trailers = 0;
	module->trailer_status = 0;
	module->trailer_fault = MODHASH_OFFSET_NONE;
}

/* From the file's bytes on, wherever they are. */
static int take(struct modhash_module *module, const uint8_t *data, size_t length,
		struct modhash_error *err)
{
	int compression = mh_compression_detect(data, length);
	int ret = 0;

	module->compression = (uint32_t)compression;
	module->file_length = length;
	module->data = data;
	module->length = length;
	if (compression != MODHASH_COMPRESSION_NONE) {
		struct mh_decoders own = { .stop = module->ctx->stop };

		ret = mh_unpack(compression, data, length, module->ctx->max_unpacked,
				module->decoders ? module->decoders : &own, &module->unpacked,
				err);
		mh_decoders_fini(&own);
		module->data = module->unpacked.data;
		module->length = module->unpacked.length;
	}
	if (!ret)
		ret = mh_module_find_trailers(module, err);
	if (ret)
		forget(module);
	return ret;
}

int mh_module_load_memory(struct modhash_module *module, const void *data, size_t length,
			  struct modhash_error *err)
{
	uint64_t limit = module->ctx->max_unpacked;

	forget(module);
	if (length > limit)
		return mh_fail(err, MODHASH_E_LIMIT, MODHASH_OFFSET_NONE,
			       "%zu bytes, and the limit is %" PRIu64, length, limit);
	/* Never NULL, so that a view of no bytes is one, too. */
	return take(module, data ? data : (const void *)"", length, err);
}

static int load_fd(struct modhash_module *module, int fd, struct modhash_error *err)
{
	int ret;

	forget(module);
	ret = mh_source_read_fd(fd, module->ctx->max_unpacked, module->ctx->stop, &module->file,
				err);
	if (ret)
		return ret;
	return take(module, module->file.data, module->file.length, err);
}

int mh_module_load_path(struct modhash_module *module, const char *path,
			struct modhash_error *err)
{
	uint64_t size;
	int ret;

	forget(module);
	ret = mh_source_read_small(path, module->ctx->max_unpacked, module->postpone,
				   module->decoders ? module->decoders->stop : module->ctx->stop,
				   &module->file, &size, err);
	if (ret == MH_POSTPONED)
		module->file_length = size;
	if (ret)
		return ret;
	return take(module, module->file.data, module->file.length, err);
}

/* An unpacked module needs its packed bytes no more. */
static void trim(struct modhash_module *module)
{
	if (module->compression != MODHASH_COMPRESSION_NONE)
		mh_buf_free(&module->file);
}

static int new_module(const struct modhash_ctx *ctx, struct modhash_module **module,
		      struct modhash_error *err)
{
	if (!module)
		return mh_fail_invalid(err, "no place for the module");
	*module = NULL;
	if (!ctx)
		return mh_fail_invalid(err, "no context");
	*module = malloc(sizeof(**module));
	if (!*module)
		return mh_fail_nomem(err);
	mh_module_init(*module, ctx);
	return 0;
}

/* The end of all three ways in: nothing is handed out after a failure. */
static int hand_out(struct modhash_module **module, int ret)
{
	if (ret) {
		modhash_module_free(*module);
		*module = NULL;
		return ret;
	}
	trim(*module);
	return 0;
}

MODHASH_API int modhash_module_from_memory(const struct modhash_ctx *ctx, const void *data,
					   size_t length, struct modhash_module **module,
					   struct modhash_error *err)
{
	int ret = new_module(ctx, module, err);

	if (ret)
		return ret;
	if (!data && length)
		ret = mh_fail_invalid(err, "no bytes of a module");
	else
		ret = mh_module_load_memory(*module, data, length, err);
	return hand_out(module, ret);
}

MODHASH_API int modhash_module_from_fd(const struct modhash_ctx *ctx, int fd,
				       struct modhash_module **module,
				       struct modhash_error *err)
{
	int ret = new_module(ctx, module, err);

	if (ret)
		return ret;
	if (fd < 0)
		ret = mh_fail_invalid(err, "no file descriptor");
	else
		ret = load_fd(*module, fd, err);
	return hand_out(module, ret);
}

MODHASH_API int modhash_module_from_path(const struct modhash_ctx *ctx, const char *path,
					 struct modhash_module **module,
					 struct modhash_error *err)
{
	int ret = new_module(ctx, module, err);

	if (ret)
		return ret;
	if (!path)
		ret = mh_fail_invalid(err, "no path");
	else
		ret = mh_module_load_path(*module, path, err);
	return hand_out(module, ret);
}

MODHASH_API void modhash_module_free(struct modhash_module *module)
{
	if (!module)
		return;
	mh_module_fini(module);
	free(module);
}

MODHASH_API int modhash_module_info(const struct modhash_module *module,
				    struct modhash_module_info *info)
{
	struct modhash_module_info ours;

	if (!module || !info)
		return MODHASH_E_INVALID;
	memset(&ours, 0, sizeof(ours));
	ours.compression = module->compression;
	ours.file_length = module->file_length;
	ours.data = module->data;
	ours.length = module->length;
	ours.payload_length = module->payload_length;
	ours.trailers = module->trailers;
	ours.trailer_status = module->trailer_status;
	return mh_result_out(info, &ours, sizeof(ours));
}

/* The version is said twice: no one gets another form than is written beside the digest. */
static int check_canonical(const struct modhash_digest_spec *spec, struct modhash_error *err)
{
	struct modhash_canon_opts opts;

	if (!spec->canon || spec->version != spec->canon->form)
		return mh_fail(err, MODHASH_E_UNSUPPORTED, MODHASH_OFFSET_NONE,
			       "canonical form %" PRIu32 ", and what it is was not said",
			       spec->version);
	if (spec->algorithm > INT32_MAX || modhash_algorithm_length((int)spec->algorithm) < 0)
		return mh_fail(err, MODHASH_E_ALGORITHM, MODHASH_OFFSET_NONE,
			       "hash algorithm %" PRIu32 ", which this library does not compute",
			       spec->algorithm);
	if (spec->flags & ~MODHASH_SPEC_STRIPPED)
		return mh_fail_invalid(err, "unknown flags of a digest");
	return mh_canon_opts_in(&opts, spec->canon, err);
}

int mh_digest_spec_check(const struct modhash_digest_spec *spec, struct modhash_error *err)
{
	switch (spec->scope) {
	case MODHASH_SCOPE_FILE:
	case MODHASH_SCOPE_PAYLOAD:
		break;
	case MODHASH_SCOPE_LEAF:
		if (spec->algorithm != MODHASH_ALGO_SHA256)
			return mh_fail(err, MODHASH_E_ALGORITHM, MODHASH_OFFSET_NONE,
				       "hash algorithm %" PRIu32 " for a Merkle leaf, which "
				       "is SHA-256 (%d)", spec->algorithm, MODHASH_ALGO_SHA256);
		break;
	case MODHASH_SCOPE_CANONICAL:
		return check_canonical(spec, err);
	default:
		return mh_fail(err, MODHASH_E_SCOPE, MODHASH_OFFSET_NONE,
			       "scope %" PRIu32 ", and a module has digests of scope file, "
			       "payload and leaf", spec->scope);
	}
	if (spec->algorithm > INT32_MAX || modhash_algorithm_length((int)spec->algorithm) < 0)
		return mh_fail(err, MODHASH_E_ALGORITHM, MODHASH_OFFSET_NONE,
			       "hash algorithm %" PRIu32 ", which this library does not compute",
			       spec->algorithm);
	if (spec->version)
		return mh_fail_invalid(err, "a version of a digest that is not canonical");
	if (spec->flags & ~MODHASH_SPEC_STRIPPED)
		return mh_fail_invalid(err, "unknown flags of a digest");
	return 0;
}

/* How much of the module, from its beginning, a digest is over. */
static int hashed_length(const struct modhash_module *module,
			 const struct modhash_digest_spec *spec, uint64_t *length,
			 struct modhash_error *err)
{
	if (spec->scope == MODHASH_SCOPE_PAYLOAD || (spec->flags & MODHASH_SPEC_STRIPPED)) {
		*length = module->payload_length;
		return module->trailer_status ? mh_module_fail_trailer(module, err) : 0;
	}
	if (spec->scope == MODHASH_SCOPE_LEAF)
		return mh_module_leaf_length(module, length, err);
	*length = module->length;
	return 0;
}

static void one_part(struct mh_digesting *digesting, const uint8_t *data, uint64_t length)
{
	digesting->parts[0] = (struct mh_part){ data, (size_t)length };
	digesting->message.count = 1;
}

/* Fits mh_core_sha256: keeps what would be hashed.  Its first part is gone when it returns. */
static int keep_leaf(void *user, const struct mh_core_part *parts, unsigned int count,
		     uint8_t digest[32])
{
	struct mh_digesting *digesting = user;

	(void)digest;
	if (count != 2 || parts[0].length != sizeof(digesting->head))
		return -1;
	memcpy(digesting->head, parts[0].data, sizeof(digesting->head));
	digesting->parts[0] = (struct mh_part){ digesting->head, sizeof(digesting->head) };
	digesting->parts[1] = (struct mh_part){ parts[1].data, (size_t)parts[1].length };
	digesting->message.count = 2;
	return 0;
}

static int digest_canonical(const struct modhash_module *module,
			    const struct modhash_digest_spec *spec, struct mh_hasher *hasher,
			    struct modhash_digest *digest, struct modhash_error *err)
{
	struct modhash_canon_opts opts;
	int ret = mh_canon_opts_in(&opts, spec->canon, err);

	if (ret)
		return ret;
	return mh_module_canonical(module, (int)spec->algorithm, &opts, hasher, digest, NULL, err);
}

int mh_module_digest_begin(const struct modhash_module *module,
			   const struct modhash_digest_spec *spec, struct mh_digesting *digesting,
			   struct modhash_digest *digest, struct modhash_error *err)
{
	uint64_t length;
	int ret;

	memset(digest, 0, sizeof(*digest));
	ret = mh_digest_spec_check(spec, err);
	if (!ret)
		ret = hashed_length(module, spec, &length, err);
	if (ret)
		return ret;
	digesting->message.parts = digesting->parts;
	digesting->message.out = digest->bytes;
	if (spec->scope != MODHASH_SCOPE_LEAF)
		one_part(digesting, module->data, length);
	else if (mh_core_merkle_leaf(module->data, length, spec->position, digest->bytes,
				     keep_leaf, digesting))
		return mh_fail(err, MODHASH_E_CRYPTO, MODHASH_OFFSET_NONE, "no Merkle leaf");
	digest->algorithm = (uint16_t)spec->algorithm;
	digest->length = (uint16_t)modhash_algorithm_length((int)spec->algorithm);
	digest->scope = (uint16_t)spec->scope;
	return 0;
}

int mh_module_digest(const struct modhash_module *module,
		     const struct modhash_digest_spec *spec, struct mh_hasher *hasher,
		     struct modhash_digest *digest, struct modhash_error *err)
{
	struct mh_digesting digesting;
	int ret;

	if (spec->scope == MODHASH_SCOPE_CANONICAL) {
		memset(digest, 0, sizeof(*digest));
		ret = mh_digest_spec_check(spec, err);
		return ret ? ret : digest_canonical(module, spec, hasher, digest, err);
	}
	ret = mh_module_digest_begin(module, spec, &digesting, digest, err);
	if (ret)
		return ret;
	ret = mh_hasher_parts(hasher, digesting.parts, digesting.message.count, digest->bytes,
			      err);
	if (ret)
		memset(digest, 0, sizeof(*digest));
	return ret;
}

MODHASH_API int modhash_module_digest(const struct modhash_module *module,
				      const struct modhash_digest_spec *spec,
				      struct modhash_digest *digest, struct modhash_error *err)
{
	struct modhash_digest_spec ours;
	struct mh_hasher *hasher;
	int ret;

	if (!digest)
		return mh_fail_invalid(err, "no place for the digest");
	memset(digest, 0, sizeof(*digest));
	if (!module || !spec)
		return mh_fail_invalid(err, module ? "no digest asked for" : "no module");
	ret = mh_options_in(&ours, sizeof(ours), spec, err);
	if (!ret)
		ret = mh_digest_spec_check(&ours, err);
	if (!ret)
		ret = mh_hasher_new(module->ctx->hash_engine, (int)ours.algorithm, &hasher, err);
	if (ret)
		return ret;
	mh_hasher_set_stop(hasher, module->ctx->stop);
	ret = mh_module_digest(module, &ours, hasher, digest, err);
	mh_hasher_free(hasher);
	return ret;
}
