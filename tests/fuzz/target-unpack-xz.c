/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is packed by xz: unpack.c says what holds of it. */
#include "fuzz.h"

static void run(const uint8_t *data, size_t length)
{
	fuzz_unpack(MODHASH_COMPRESSION_XZ, data, length);
}

extern const struct fuzz_target fuzz_unpack_xz;
const struct fuzz_target fuzz_unpack_xz = {
	.name = "unpack-xz",
	.run = run,
	.max_length = 16384,
	.covers = "lib/unpack-xz.c lib/unpack.c",
};
