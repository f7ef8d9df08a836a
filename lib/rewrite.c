/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A module with other trailers, packed as it was.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <string.h>

#include <modhash/output.h>

#include "checked.h"
#include "fail.h"
#include "module.h"
#include "options.h"
#include "source.h"

#define KNOWN_FLAGS (MODHASH_REWRITE_STRIP_MERKLE | MODHASH_REWRITE_STRIP_ALL)

/* Bytes of the module that stay. */
static int kept_length(const struct modhash_module *module, uint32_t flags, uint64_t *length,
		       struct modhash_error *err)
{
	*length = module->length;
	if (flags & MODHASH_REWRITE_STRIP_ALL) {
		*length = module->payload_length;
		return module->trailer_status ? mh_module_fail_trailer(module, err) : 0;
	}
	if (flags & MODHASH_REWRITE_STRIP_MERKLE)
		return mh_module_leaf_length(module, length, err);
	return 0;
}

static int put_together(const struct modhash_module *module, size_t kept,
			const struct modhash_rewrite_opts *opts, struct mh_buf *out,
			struct modhash_error *err)
{
	size_t length;
	int ret;

	if (opts->append_length > SIZE_MAX ||
	    !mh_add_size(kept, (size_t)opts->append_length, &length))
		return mh_fail_nomem(err);
	ret = mh_buf_reserve(out, length, err);
	if (!ret)
		ret = mh_buf_append(out, module->data, kept, err);
	if (!ret)
		ret = mh_buf_append(out, opts->append, (size_t)opts->append_length, err);
	return ret;
}

static int repack(int compression, struct mh_buf *bytes, struct modhash_error *err)
{
	struct mh_buf packed = MH_BUF_OF(bytes->budget);
	int ret = mh_pack(compression, bytes->data, bytes->length, &packed, err);

	if (ret) {
		mh_buf_free(&packed);
		return ret;
	}
	mh_buf_free(bytes);
	*bytes = packed;
	return 0;
}

MODHASH_API int modhash_module_rewrite(const struct modhash_module *module,
				       const struct modhash_rewrite_opts *opts,
				       struct modhash_buffer *buffer, struct modhash_error *err)
{
	struct mh_buf bytes = MH_BUF_EMPTY;
	struct modhash_rewrite_opts ours;
	uint64_t kept;
	int ret;

	if (!buffer)
		return mh_fail_invalid(err, "no place for the new file");
	memset(buffer, 0, sizeof(*buffer));
	if (!module)
		return mh_fail_invalid(err, "no module");
	bytes.budget = module->ctx->budget;
	ret = mh_options_in(&ours, sizeof(ours), opts, err);
	if (ret)
		return ret;
	if ((ours.flags & ~KNOWN_FLAGS) || (!ours.append && ours.append_length))
		return mh_fail_invalid(err, "unknown flags, or no bytes to append");

	ret = kept_length(module, ours.flags, &kept, err);
	if (!ret)
		ret = put_together(module, (size_t)kept, &ours, &bytes, err);
	if (!ret && module->compression != MODHASH_COMPRESSION_NONE)
		ret = repack((int)module->compression, &bytes, err);
	if (ret) {
		mh_buf_free(&bytes);
		return ret;
	}
	mh_buf_hand_out(&bytes, buffer);
	return 0;
}
