/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is packed by gzip: unpack.c says what holds of it. */
#include "fuzz.h"

static void run(const uint8_t *data, size_t length)
{
	fuzz_unpack(MODHASH_COMPRESSION_GZIP, data, length);
}

extern const struct fuzz_target fuzz_unpack_gzip;
const struct fuzz_target fuzz_unpack_gzip = {
	.name = "unpack-gzip",
	.run = run,
	.max_length = 16384,
	.covers = "lib/unpack-gzip.c lib/unpack-libdeflate.c lib/unpack.c",
};
