/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Zstandard, RFC 8878: the one user of libzstd.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fail.h"
#include "unpack.h"

#ifdef HAVE_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

#include "core/core.h"

/* zstd's default, whose window of 2 MiB and less every kernel reads. */
#define ENCODER_LEVEL 3

/* Unpacked in some 10 ms; with room for a whole frame, libzstd unpacks right into it. */
#define STEP_MAX ((size_t)8 << 20)

/* Nor do so many packed bytes take longer, if nothing comes out of them: blocks can be empty. */
#define INPUT_MAX ((size_t)2 << 20)

#define MAGIC 0xfd2fb528u

/* ZSTD_WINDOWLOG_LIMIT_DEFAULT, which only the header of libzstd's insides has. */
#define WINDOW_MAX ((UINT64_C(1) << 27) + 1)

/* Its state, and room for blocks, of 128 KiB at most, beside the window. */
#define STATE_MEMORY (UINT64_C(1) << 20)

static int fail_zstd(size_t z_ret, size_t offset, struct modhash_error *err)
{
	switch (ZSTD_getErrorCode(z_ret)) {
	case ZSTD_error_memory_allocation:
		return mh_fail_nomem(err);
	case ZSTD_error_frameParameter_windowTooLarge:
		return mh_fail(err, MODHASH_E_LIMIT, offset,
			       "unpacking needs a window of more than 128 MiB");
	case ZSTD_error_prefix_unknown:
		return mh_unpack_fail(err, offset, "zstd", "no frame begins here");
	default:
		return mh_unpack_fail(err, offset, "zstd", ZSTD_getErrorName(z_ret));
	}
}

static uint64_t size_hint(const uint8_t *data, size_t length)
{
	unsigned long long size = ZSTD_getFrameContentSize(data, length);

	switch (size) {
	case ZSTD_CONTENTSIZE_UNKNOWN:
	case ZSTD_CONTENTSIZE_ERROR:
		return 0;
	default:
		return size;
	}
}

/*
 * The window of the frame that begins here (RFC 8878, section 3.1.1.1); a frame of a single
 * segment has its contents for one.  0: it can't be told, and libzstd will say so.
 */
static uint64_t frame_window(const uint8_t *data, size_t length)
{
	static const uint8_t dictionary_lengths[] = { 0, 1, 2, 4 };
	uint8_t descriptor;
	uint64_t window;
	size_t at;

	if (length < 6 || mh_core_le32(data) != MAGIC)
		return 0;
	descriptor = data[4];
	if (!(descriptor & 0x20)) {
		window = UINT64_C(1) << (10 + (data[5] >> 3));
		return window + window / 8 * (data[5] & 7);
	}
	at = 5 + (size_t)dictionary_lengths[descriptor & 3];
	if (length < at + ((size_t)1 << (descriptor >> 6)))
		return 0;
	switch (descriptor >> 6) {
	case 0:
		return data[at];
	case 1:
		return (data[at] | (unsigned int)data[at + 1] << 8) + 256;
	case 2:
		return mh_core_le32(data + at);
	default:
		return mh_core_le64(data + at);
	}
}

/* Before each frame: libzstd keeps what an earlier one made it allocate. */
static int take_memory(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		       struct modhash_error *err)
{
	uint64_t window = frame_window(data, length);
	uint64_t needed = window + STATE_MEMORY;
	int ret;

	/* A larger one libzstd refuses itself, before it allocates any of it. */
	if (window > WINDOW_MAX || needed <= decoders->zstd_taken)
		return 0;
	ret = mh_budget_take(decoders->budget, needed - decoders->zstd_taken, err);
	if (!ret)
		decoders->zstd_taken = needed;
	return ret;
}

/* All frames, one after the other; libzstd passes over skippable ones itself. */
static int decode(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		  uint64_t limit, struct mh_buf *out, struct modhash_error *err)
{
	ZSTD_DCtx *dctx = decoders->zstd;
	ZSTD_inBuffer in = { data, 0, 0 };
	size_t z_ret = 0, room;
	int ret;

	for (;;) {
		ZSTD_outBuffer to;

		ret = z_ret ? 0 : take_memory(decoders, data + in.pos, length - in.pos, err);
		if (!ret)
			ret = mh_unpack_step(decoders, out, limit, STEP_MAX, &room, err);
		if (ret)
			return ret;
		in.size = length - in.pos < INPUT_MAX ? length : in.pos + INPUT_MAX;
		to.dst = out->data + out->length;
		to.size = room;
		to.pos = 0;
		z_ret = ZSTD_decompressStream(dctx, &to, &in);
		if (ZSTD_isError(z_ret))
			return fail_zstd(z_ret, in.pos, err);
		ret = mh_unpack_put(out, to.pos, limit, err);
		if (ret)
			return ret;
		if (z_ret == 0 && decoders->used) {
			*decoders->used = in.pos;
			return 0;
		}
		/* With room left over, there is nothing more that input could yield. */
		if (in.pos == length && to.pos < to.size)
			return z_ret == 0 ? 0 : mh_unpack_fail_cut(err, length, "zstd");
		if (in.pos == length && z_ret == 0)
			return 0;
	}
}

int mh_unpack_zstd(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		   uint64_t limit, struct mh_buf *out, struct modhash_error *err)
{
	int ret;

	ret = mh_unpack_begin(out, length, size_hint(data, length), limit, err);
	if (ret)
		return ret;
	if (!decoders->zstd)
		decoders->zstd = ZSTD_createDCtx();
	if (!decoders->zstd)
		return mh_fail_nomem(err);
	/* What an earlier file may have left in the middle of a frame. */
	ZSTD_DCtx_reset(decoders->zstd, ZSTD_reset_session_only);
	return decode(decoders, data, length, limit, out, err);
}

void mh_decoder_free_zstd(void *decoder)
{
	ZSTD_freeDCtx(decoder);
}

int mh_pack_zstd(const uint8_t *data, size_t length, struct mh_buf *out,
		 struct modhash_error *err)
{
	ZSTD_CCtx *cctx;
	size_t z_ret;
	int ret;

	ret = mh_buf_reserve(out, ZSTD_compressBound(length), err);
	if (ret)
		return ret;
	cctx = ZSTD_createCCtx();
	if (!cctx)
		return mh_fail_nomem(err);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_compressionLevel, ENCODER_LEVEL);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_contentSizeFlag, 1);
	ZSTD_CCtx_setParameter(cctx, ZSTD_c_checksumFlag, 1);
	z_ret = ZSTD_compress2(cctx, out->data, out->capacity, data, length);
	ZSTD_freeCCtx(cctx);
	if (ZSTD_isError(z_ret))
		return mh_fail_nomem(err);
	out->length = z_ret;
	return 0;
}

bool mh_have_zstd(void)
{
	return true;
}

#else /* HAVE_ZSTD */

int mh_unpack_zstd(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		   uint64_t limit, struct mh_buf *out, struct modhash_error *err)
{
	(void)decoders, (void)data, (void)length, (void)limit, (void)out;
	return mh_unpack_fail_missing(err, "zstd (libzstd)");
}

int mh_pack_zstd(const uint8_t *data, size_t length, struct mh_buf *out,
		 struct modhash_error *err)
{
	(void)data, (void)length, (void)out;
	return mh_unpack_fail_missing(err, "zstd (libzstd)");
}

void mh_decoder_free_zstd(void *decoder)
{
	(void)decoder;
}

bool mh_have_zstd(void)
{
	return false;
}

#endif /* HAVE_ZSTD */
