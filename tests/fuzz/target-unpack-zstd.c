/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is packed by zstd: unpack.c says what holds of it. */
#include "fuzz.h"

static void run(const uint8_t *data, size_t length)
{
	fuzz_unpack(MODHASH_COMPRESSION_ZSTD, data, length);
}

extern const struct fuzz_target fuzz_unpack_zstd;
const struct fuzz_target fuzz_unpack_zstd = {
	.name = "unpack-zstd",
	.run = run,
	.max_length = 16384,
	.covers = "lib/unpack-zstd.c lib/unpack.c",
};
