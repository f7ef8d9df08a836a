/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * LZ4's legacy frame (doc/lz4_Frame_format.md of LZ4): what "lz4 -l" writes, and kernels are
 * packed with.  A magic, then blocks of up to 8 MiB, each behind its packed length; there is
 * neither an end mark nor a checksum.  The one user of liblz4.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <limits.h>

#include "fail.h"
#include "unpack.h"

#ifdef HAVE_LZ4

#include <lz4.h>

#include "core/core.h"

#define MAGIC 0x184c2102u
#define MAGIC_LENGTH 4
#define BLOCK_MAX (8 << 20)

/* Room for a whole block, whatever the limit: liblz4 wants it before it says how long it is. */
static int reserve_block(struct mh_buf *out, struct modhash_error *err)
{
	size_t wanted = out->length + BLOCK_MAX;

	if (wanted > out->capacity && wanted < 2 * out->capacity)
		wanted = 2 * out->capacity;
	return mh_buf_reserve(out, wanted, err);
}

static int decode_block(const struct mh_decoders *decoders, const uint8_t *data, size_t at,
			uint32_t packed, uint64_t limit, struct mh_buf *out,
			struct modhash_error *err)
{
	int ret = reserve_block(out, err), unpacked;
	size_t room;

	if (!ret)
		ret = mh_unpack_step(decoders, out, UINT64_MAX, BLOCK_MAX, &room, err);
	if (ret)
		return ret;
	unpacked = LZ4_decompress_safe((const char *)data + at, (char *)out->data + out->length,
				       (int)packed, BLOCK_MAX);
	if (unpacked < 0)
		return mh_unpack_fail(err, at, "lz4", "the block that begins here does not decode");
	return mh_unpack_put(out, (size_t)unpacked, limit, err);
}

/*
 * The kernel's build writes what it unpacks to behind the last block: four bytes, no more, that
 * are no block.
 */
static bool at_end(const struct mh_decoders *decoders, size_t left, uint32_t packed)
{
	return decoders->used && (left == 4 || packed == 0);
}

int mh_unpack_lz4(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		  uint64_t limit, struct mh_buf *out, struct modhash_error *err)
{
	size_t at = MAGIC_LENGTH;
	int ret = mh_unpack_begin(out, length, 0, limit, err);

	if (!ret && (length < MAGIC_LENGTH || mh_core_le32(data) != MAGIC))
		ret = mh_unpack_fail(err, 0, "lz4", "no frame begins here");
	while (!ret && at < length) {
		uint32_t packed;

		if (length - at < 4)
			return mh_unpack_fail_cut(err, length, "lz4");
		packed = mh_core_le32(data + at);
		if (at_end(decoders, length - at, packed))
			break;
		at += 4;
		if (packed == MAGIC)
			continue;
		if (packed == 0 || packed > LZ4_COMPRESSBOUND(BLOCK_MAX))
			return mh_unpack_fail(err, at - 4, "lz4", "no length of a block");
		if (packed > length - at)
			return mh_unpack_fail_cut(err, length, "lz4");
		ret = decode_block(decoders, data, at, packed, limit, out, err);
		at += packed;
	}
	if (!ret && decoders->used)
		*decoders->used = at;
	return ret;
}

bool mh_have_lz4(void)
{
	return true;
}

#else /* HAVE_LZ4 */

int mh_unpack_lz4(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		  uint64_t limit, struct mh_buf *out, struct modhash_error *err)
{
	(void)decoders, (void)data, (void)length, (void)limit, (void)out;
	return mh_unpack_fail_missing(err, "lz4 (liblz4)");
}

bool mh_have_lz4(void)
{
	return false;
}

#endif /* HAVE_LZ4 */
