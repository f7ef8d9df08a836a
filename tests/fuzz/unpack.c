/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Unpacking, whatever the compression.
 *
 * mh_unpack() is asked, and no public call, because lz4 is in images alone, and because of what
 * a caller can't see: how much memory is taken, and where a stream ended.
 */
#include "buf.h"
#include "fuzz.h"
#include "source.h"
#include "unpack.h"

/* What liblz4 is given for a block, before it says how long that is. */
#define LZ4_BLOCK (8u << 20)

struct unpacked {
	int rc;
	struct mh_buf bytes;
	struct modhash_error err;
};

/*
 * liblz4 is given so much room that to have it anew takes nearly all the time there is: two
 * buffers, of what is kept and of what is not, are used again.
 */
static struct mh_buf kept = MH_BUF_EMPTY, passing = MH_BUF_EMPTY;

static void done(int compression, struct unpacked *out, struct mh_buf *buf)
{
	if (compression == MODHASH_COMPRESSION_LZ4)
		*buf = out->bytes;
	else
		mh_buf_free(&out->bytes);
}

static struct unpacked unpack(int compression, const uint8_t *data, size_t length, uint64_t limit,
			      struct mh_decoders *decoders, struct mh_buf *buf)
{
	struct unpacked out = { .bytes = MH_BUF_EMPTY };
	uint64_t most = limit + 1;

	if (compression == MODHASH_COMPRESSION_LZ4)
		most = 2 * (FUZZ_LIMIT + LZ4_BLOCK);
	if (compression == MODHASH_COMPRESSION_LZ4)
		out.bytes = *buf;
	out.rc = mh_unpack(compression, data, length, limit, decoders, &out.bytes, &out.err);
	MUST(out.bytes.length <= limit);
	MUST(out.bytes.capacity <= most + MH_BUF_ALIGNMENT);
	if (out.rc) {
		fuzz_must_fail_well(out.rc, &out.err, length);
		MUST(!out.bytes.length);
	}
	return out;
}

static bool same(const struct unpacked *a, const struct unpacked *b)
{
	return a->rc == b->rc && a->bytes.length == b->bytes.length &&
	       (!a->bytes.length || !memcmp(a->bytes.data, b->bytes.data, a->bytes.length));
}

static bool only_zeroes(const uint8_t *data, size_t length)
{
	for (; length; length--) {
		if (*data++)
			return false;
	}
	return true;
}

/* The length is the limit: well.  A byte less: not. */
static void check_limits(int compression, const uint8_t *data, size_t length,
			 const struct unpacked *whole)
{
	struct unpacked again;

	again = unpack(compression, data, length, whole->bytes.length, NULL, &passing);
	MUST(same(&again, whole));
	done(compression, &again, &passing);
	if (!whole->bytes.length)
		return;
	again = unpack(compression, data, length, whole->bytes.length - 1, NULL, &passing);
	MUST(again.rc == MODHASH_E_LIMIT);
	done(compression, &again, &passing);
}

/* Decoders that were left in the middle of something else. */
static void check_decoders(int compression, const uint8_t *data, size_t length,
			   const struct unpacked *whole)
{
	struct mh_decoders decoders = { .stop = NULL };
	uint8_t *half = fuzz_copy(data, length / 2);
	struct unpacked again;

	again = unpack(compression, half, length / 2, FUZZ_LIMIT, &decoders, &passing);
	done(compression, &again, &passing);
	again = unpack(compression, data, length, FUZZ_LIMIT, &decoders, &passing);
	MUST(same(&again, whole));
	done(compression, &again, &passing);
	mh_decoders_fini(&decoders);
	free(half);
}

/*
 * The first stream alone is the beginning of all of them, and all if nothing follows.  For gzip,
 * this is another decoder, too: zlib where libdeflate may have been.
 */
static void check_first(int compression, const uint8_t *data, size_t length,
			const struct unpacked *whole)
{
	size_t used = 0;
	struct mh_decoders decoders = { .used = &used };
	struct unpacked first = unpack(compression, data, length, FUZZ_LIMIT, &decoders, &passing);

	MUST(used <= length);
	if (!whole->rc) {
		MUST(!first.rc);
		MUST(first.bytes.length <= whole->bytes.length);
		MUST(!first.bytes.length ||
		     !memcmp(first.bytes.data, whole->bytes.data, first.bytes.length));
	}
	if (!first.rc && used == length)
		MUST(same(&first, whole));
	if (!first.rc && compression == MODHASH_COMPRESSION_GZIP &&
	    only_zeroes(data + used, length - used))
		MUST(same(&first, whole));
	done(compression, &first, &passing);
	mh_decoders_fini(&decoders);
}

/* Who is told to stop stops, unless there is nothing to do. */
static void check_stop(int compression, const uint8_t *data, size_t length,
		       const struct unpacked *whole)
{
	static const int stop = 1;
	struct mh_decoders decoders = { .stop = &stop };
	struct unpacked stopped = unpack(compression, data, length, FUZZ_LIMIT, &decoders, &passing);

	MUST(stopped.rc || (!whole->rc && !whole->bytes.length));
	done(compression, &stopped, &passing);
	mh_decoders_fini(&decoders);
}

void fuzz_unpack(int compression, const uint8_t *data, size_t length)
{
	struct unpacked whole;

	whole = unpack(compression, data, length, FUZZ_LIMIT, NULL, &kept);
	if (!modhash_compression_supported(compression)) {
		MUST(whole.rc == MODHASH_E_NO_DECOMPRESSOR);
		done(compression, &whole, &kept);
		return;
	}
	if (!whole.rc)
		check_limits(compression, data, length, &whole);
	check_decoders(compression, data, length, &whole);
	check_first(compression, data, length, &whole);
	check_stop(compression, data, length, &whole);
	done(compression, &whole, &kept);
}
