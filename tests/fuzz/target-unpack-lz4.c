/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is packed by lz4: unpack.c says what holds of it. */
#include "fuzz.h"

static void run(const uint8_t *data, size_t length)
{
	fuzz_unpack(MODHASH_COMPRESSION_LZ4, data, length);
}

extern const struct fuzz_target fuzz_unpack_lz4;
const struct fuzz_target fuzz_unpack_lz4 = {
	.name = "unpack-lz4",
	.run = run,
	.max_length = 16384,
	.covers = "lib/unpack-lz4.c lib/unpack.c",
};
