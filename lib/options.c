/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Structures that lead with their size: the one way in and the one way out.
 */
#include <stdint.h>
#include <string.h>

#include "fail.h"
#include "options.h"

static size_t leading_size(const void *theirs)
{
	uint32_t size;

	memcpy(&size, theirs, sizeof(size));
	return size;
}

int mh_options_in(void *ours, size_t our_size, const void *theirs, struct modhash_error *err)
{
	const unsigned char *bytes = theirs;
	size_t size, i;

	memset(ours, 0, our_size);
	if (!theirs)
		return 0;
	size = leading_size(theirs);
	if (size < sizeof(uint32_t))
		return mh_fail(err, MODHASH_E_INVALID, MODHASH_OFFSET_NONE,
			       "options with a size of %zu: the size field was not set", size);
	for (i = our_size; i < size; i++) {
		if (bytes[i])
			return mh_fail(err, MODHASH_E_INVALID, MODHASH_OFFSET_NONE,
				       "an option at byte %zu that this library does not know", i);
	}
	memcpy(ours, theirs, size < our_size ? size : our_size);
	return 0;
}

int mh_result_out(void *theirs, const void *ours, size_t our_size)
{
	unsigned char *to = theirs;
	const unsigned char *from = ours;
	const size_t lead = sizeof(uint32_t);
	size_t size, copied;

	if (!theirs)
		return MODHASH_E_INVALID;
	size = leading_size(theirs);
	if (size < lead)
		return MODHASH_E_INVALID;
	copied = size < our_size ? size : our_size;
	memcpy(to + lead, from + lead, copied - lead);
	memset(to + copied, 0, size - copied);
	return 0;
}
