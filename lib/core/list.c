// SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later
/*
 * The hash list of the patch series v1 to v3: digests, nothing else, in no order that
 * a search could use.
 */
#include "core.h"

int mh_core_list_find(const mh_u8 *list, mh_u64 length, const mh_u8 *digest, mh_u64 *index)
{
	mh_u64 count = length / MODHASH_LIST_DIGEST_LENGTH;
	mh_u64 i;

	for (i = 0; i < count; i++) {
		if (!memcmp(list + i * MODHASH_LIST_DIGEST_LENGTH, digest,
			    MODHASH_LIST_DIGEST_LENGTH)) {
			*index = i;
			return 1;
		}
	}
	return 0;
}
