/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The context: what the caller chose, checked and copied.  It never changes afterwards.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <stdlib.h>

#include <modhash/context.h>

#include "checked.h"
#include "fail.h"
#include "module.h"
#include "options.h"
#include "sha256/sha256.h"

/* Indexed by MODHASH_ENGINE_*. */
static const char *const engine_names[] = { "auto", "evp", "sha-ni-1", "sha-ni-2", "sha-ni-4" };

#define ENGINES (sizeof(engine_names) / sizeof(engine_names[0]))

MODHASH_API const char *modhash_engine_name(uint32_t engine)
{
	return engine < ENGINES ? engine_names[engine] : NULL;
}

MODHASH_API bool modhash_engine_supported(uint32_t engine)
{
	return engine == MODHASH_ENGINE_AUTO || engine == MODHASH_ENGINE_EVP ||
	       mh_sha256_engine(engine);
}

static int choose_engine(uint32_t asked, uint32_t *engine, struct modhash_error *err)
{
	if (asked >= ENGINES)
		return mh_fail_invalid(err, "unknown way to compute SHA-256");
	if (!modhash_engine_supported(asked))
		return mh_fail(err, MODHASH_E_UNSUPPORTED, MODHASH_OFFSET_NONE,
			       "SHA-256 by \"%s\" was asked for, and this processor, or this build, "
			       "does not have it", engine_names[asked]);
	*engine = asked == MODHASH_ENGINE_AUTO ? mh_sha256_fastest() : asked;
	return 0;
}

/* A context with what is counted for it, so that the one can be const. */
struct both {
	struct modhash_ctx ctx;
	struct mh_budget budget;
};

static void set_limits(struct both *both, const struct modhash_ctx_opts *opts)
{
	struct modhash_ctx *ctx = &both->ctx;
	struct mh_budget *budget = &both->budget;
	uint64_t memory = opts->max_memory;

	ctx->max_unpacked = opts->max_unpacked ? opts->max_unpacked : MODHASH_MAX_UNPACKED_DEFAULT;
	if (!memory && !mh_mul_u64(ctx->max_unpacked, MODHASH_MAX_MEMORY_FACTOR, &memory))
		memory = UINT64_MAX;
	if (!opts->max_memory && memory < MODHASH_MAX_MEMORY_LEAST)
		memory = MODHASH_MAX_MEMORY_LEAST;
	ctx->budget = budget;
	budget->limit = memory < SIZE_MAX ? (size_t)memory : SIZE_MAX;
	budget->max_types = opts->max_types;
	if (!budget->max_types || budget->max_types > MODHASH_MAX_TYPES_DEFAULT)
		budget->max_types = MODHASH_MAX_TYPES_DEFAULT;
}

MODHASH_API int modhash_ctx_new(const struct modhash_ctx_opts *opts, struct modhash_ctx **ctx,
				struct modhash_error *err)
{
	struct modhash_ctx_opts ours;
	uint32_t engine = MODHASH_ENGINE_EVP;
	struct both *both;
	int ret;

	if (!ctx)
		return mh_fail_invalid(err, "no place for the context");
	*ctx = NULL;

	ret = mh_options_in(&ours, sizeof(ours), opts, err);
	if (ret < 0)
		return ret;
	if (ours.flags)
		return mh_fail_invalid(err, "unknown flags of a context");
	ret = choose_engine(ours.hash_engine, &engine, err);
	if (ret < 0)
		return ret;

	both = calloc(1, sizeof(*both));
	if (!both)
		return mh_fail_nomem(err);
	set_limits(both, &ours);
	*ctx = &both->ctx;
	(*ctx)->hash_engine = engine;
	(*ctx)->stop = ours.stop;
	return 0;
}

MODHASH_API void modhash_ctx_free(struct modhash_ctx *ctx)
{
	free(ctx);
}
