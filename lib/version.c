/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The version of the library that is running.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <modhash/version.h>

MODHASH_API const char *modhash_version(void)
{
	return MODHASH_VERSION;
}
