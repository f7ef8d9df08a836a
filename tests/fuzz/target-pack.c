/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What is packed is told as such, unpacks to what it was, and is the same when it is packed
 * again.  The first byte of the input says by what.
 */
#include "buf.h"
#include "fuzz.h"
#include "source.h"

static const int compressions[] = {
	MODHASH_COMPRESSION_GZIP,
	MODHASH_COMPRESSION_XZ,
	MODHASH_COMPRESSION_ZSTD,
};

static void run(const uint8_t *data, size_t length)
{
	struct mh_buf packed = MH_BUF_EMPTY, again = MH_BUF_EMPTY;
	struct fuzz_input input = { data, length };
	int compression = compressions[fuzz_take8(&input) % 3];
	struct modhash_error err;

	if (!modhash_compression_supported(compression))
		return;
	MUST(mh_pack(compression, input.data, input.length, &packed, &err) == 0);
	MUST(mh_compression_detect(packed.data, packed.length) == compression);
	MUST(mh_unpack(compression, packed.data, packed.length, input.length, NULL, &again,
		       &err) == 0);
	MUST(again.length == input.length);
	MUST(!input.length || !memcmp(again.data, input.data, input.length));
	MUST(mh_pack(compression, input.data, input.length, &again, &err) == 0);
	MUST(again.length == packed.length && !memcmp(again.data, packed.data, packed.length));
	mh_buf_free(&packed);
	mh_buf_free(&again);
}

extern const struct fuzz_target fuzz_pack;
const struct fuzz_target fuzz_pack = {
	.name = "pack",
	.run = run,
	.max_length = 8192,
	.covers = "lib/unpack.c lib/unpack-gzip.c lib/unpack-xz.c lib/unpack-zstd.c",
};
