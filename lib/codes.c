/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Codes in words.  The tables are generated from definitions/codes.def.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <modhash/error.h>
#include <modhash/verify.h>

#include "codes-tables.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

MODHASH_API const char *modhash_strerror(int code)
{
	if (code == 0)
		return "success";
	for (size_t i = 0; i < LENGTH(mh_error_texts); i++) {
		if (mh_error_texts[i].code == code)
			return mh_error_texts[i].text;
	}
	return "unknown error";
}

static const struct mh_reason_text *find_reason(uint32_t reason)
{
	for (size_t i = 0; i < LENGTH(mh_reason_texts); i++) {
		if (mh_reason_texts[i].reason == reason)
			return &mh_reason_texts[i];
	}
	return NULL;
}

MODHASH_API const char *modhash_reason_name(uint32_t reason)
{
	const struct mh_reason_text *found = find_reason(reason);

	return found ? found->word : NULL;
}

MODHASH_API const char *modhash_reason_text(uint32_t reason)
{
	const struct mh_reason_text *found = find_reason(reason);

	return found ? found->text : "unknown reason";
}
