/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the canonical digest of BTF is over: the hashes of its types in order, and,
 * so that no byte goes unseen, the strings that no type refers to.
 */
#include <stdlib.h>
#include <string.h>

#include "btf.h"
#include "fail.h"
#include "message.h"
#include "sort.h"
#include "spare-strings.h"

/* Neither one of the base's, nor, for a base, of what continues it. */
static bool is_own(const struct mh_btf *btf, uint32_t name)
{
	return name >= btf->first_string && name - btf->first_string < btf->strings_length;
}

/* Mark all strings of @btf that types of @from refer to. */
static void mark_names(const struct mh_btf *btf, const struct mh_btf *from,
		       struct mh_spare *spare)
{
	for (uint32_t v = 0; v < from->count; v++) {
		const uint32_t *type = mh_btf_type(from, v);
		const struct mh_btf_layout *layout = &mh_btf_layouts[mh_btf_info_kind(type[1])];
		uint32_t words = mh_btf_type_words(from, v);

		for (uint32_t i = 0; i < words; i++) {
			if (mh_btf_slot(layout, i) == MH_BTF_NAME && is_own(btf, type[i]))
				mh_spare_mark(spare, type[i] - btf->first_string);
		}
	}
}

static int put_spare(const struct mh_btf *btf, const struct mh_btf *also, struct mh_buf *message,
		     struct modhash_error *err)
{
	struct mh_spare spare;
	int ret = mh_spare_init(&spare, btf->strings, btf->strings_length, err);

	if (ret < 0)
		return ret;
	/* Offset 0 is the empty string, whether a type refers to it or not. */
	if (btf->first_string == 0)
		mh_spare_mark(&spare, 0);
	mark_names(btf, btf, &spare);
	if (also)
		mark_names(btf, also, &spare);
	ret = mh_spare_put(&spare, message, err);
	mh_spare_free(&spare);
	return ret;
}

int mh_btf_digest_message(const struct mh_btf *btf, const struct mh_btf *also,
			  const struct mh_btf_hashes *hashes, struct mh_buf *message,
			  struct modhash_error *err)
{
	int ret = mh_message_put32(message, btf->count, err);

	for (uint32_t i = 0; ret == 0 && i < btf->count; i++)
		ret = mh_message_put(message,
				    hashes->hashes + (size_t)hashes->sorted[i] * MH_BTF_HASH,
				    MH_BTF_HASH, err);
	return ret < 0 ? ret : put_spare(btf, also, message, err);
}
