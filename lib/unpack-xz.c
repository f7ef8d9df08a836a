/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The .xz file format: the one user of liblzma.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>

#include "checked.h"
#include "fail.h"
#include "unpack.h"

#ifdef HAVE_LZMA

#include <lzma.h>

/* xz -9 needs 65 MiB; a header can ask for 4 GiB. */
#define DECODER_MEMORY (UINT64_C(256) << 20)

/* Unpacked in 10 ms even if hardly anything repeats: the stop flag is looked at in between. */
#define STEP_MAX ((size_t)256 << 10)

/* And so are so many packed bytes, if nothing comes out of them: streams can be empty. */
#define INPUT_MAX ((size_t)512 << 10)

/* What the kernel's own decoder is given: make modules_install packs like this. */
#define ENCODER_PRESET 6
#define ENCODER_DICTIONARY (UINT32_C(1) << 20)

/* In MiB: to the byte, it depends on how wide pointers are, and what is said should not. */
static int fail_memory(lzma_stream *xz, struct modhash_error *err)
{
	return mh_fail(err, MODHASH_E_LIMIT, xz->total_in,
		       "unpacking needs %" PRIu64 " MiB of memory, and the limit is %" PRIu64,
		       (lzma_memusage(xz) >> 20) + 1, DECODER_MEMORY >> 20);
}

/*
 * A decoder, and a piece of memory that liblzma gave back: it asks for one for the options of
 * each block anew, and for nothing else when a decoder is used again.
 */
struct xz_decoder {
	lzma_stream stream; /* first: it is what others see */
	lzma_allocator allocator;
	struct spare *spare;
	struct mh_budget *budget;
	size_t refused; /* bytes that the budget did not have */
};

/* There is none, or there may not be so much. */
static int fail_no_memory(lzma_stream *xz, struct modhash_error *err)
{
	const struct xz_decoder *decoder = (const struct xz_decoder *)xz;

	return decoder->refused ? mh_budget_fail(decoder->budget, decoder->refused, err) :
				  mh_fail_nomem(err);
}

static int fail_xz(lzma_stream *xz, lzma_ret xz_ret, size_t length, struct modhash_error *err)
{
	switch (xz_ret) {
	case LZMA_MEM_ERROR:
		return fail_no_memory(xz, err);
	case LZMA_MEMLIMIT_ERROR:
		return fail_memory(xz, err);
	case LZMA_BUF_ERROR:
		return mh_unpack_fail_cut(err, length, "xz");
	case LZMA_FORMAT_ERROR:
		return mh_unpack_fail(err, xz->total_in, "xz",
				      "neither an .xz stream nor padding begins here");
	case LZMA_OPTIONS_ERROR:
		return mh_unpack_fail(err, xz->total_in, "xz", "unknown filter or option");
	case LZMA_UNSUPPORTED_CHECK:
		return mh_unpack_fail(err, xz->total_in, "xz", "unknown kind of integrity check");
	default:
		return mh_unpack_fail(err, xz->total_in, "xz", "it does not decode");
	}
}

/* Run the coder to the end of its input, whose length it was given, by @most of that at once. */
static lzma_ret run(const struct mh_decoders *decoders, lzma_stream *xz, size_t most,
		    uint64_t limit, struct mh_buf *out, int *ret, struct modhash_error *err)
{
	size_t left = xz->avail_in, room;
	lzma_ret xz_ret;

	xz->avail_in = 0;
	do {
		if (!xz->avail_in) {
			xz->avail_in = left < most ? left : most;
			left -= xz->avail_in;
		}
		*ret = mh_unpack_step(decoders, out, limit, STEP_MAX, &room, err);
		if (*ret)
			return LZMA_OK;
		xz->next_out = out->data + out->length;
		xz->avail_out = room;
		xz_ret = lzma_code(xz, left ? LZMA_RUN : LZMA_FINISH);
		*ret = mh_unpack_put(out, room - xz->avail_out, limit, err);
		if (*ret)
			return LZMA_OK;
	} while (xz_ret == LZMA_OK);
	return xz_ret;
}

#define SPARE_SIZE ((size_t)256)

/* In front of all memory that liblzma has of us. */
struct spare {
	bool small; /* so that it can be kept */
	size_t taken;
	max_align_t memory[];
};

static void *take_memory(void *user, size_t count, size_t size)
{
	struct xz_decoder *decoder = user;
	struct spare *spare = decoder->spare;
	size_t length;

	if (!mh_mul_size(count, size, &length) || length > SIZE_MAX - sizeof(*spare))
		return NULL;
	if (length <= SPARE_SIZE && spare) {
		decoder->spare = NULL;
		return spare->memory;
	}
	length = sizeof(*spare) + (length <= SPARE_SIZE ? SPARE_SIZE : length);
	if (mh_budget_take(decoder->budget, length, NULL)) {
		decoder->refused = length;
		return NULL;
	}
	spare = malloc(length);
	if (!spare) {
		mh_budget_give(decoder->budget, length);
		return NULL;
	}
	spare->small = length == sizeof(*spare) + SPARE_SIZE;
	spare->taken = length;
	return spare->memory;
}

static void give_memory(void *user, void *memory)
{
	struct xz_decoder *decoder = user;
	struct spare *spare;

	if (!memory)
		return;
	spare = (void *)((char *)memory - offsetof(struct spare, memory));
	if (spare->small && !decoder->spare) {
		decoder->spare = spare;
		return;
	}
	mh_budget_give(decoder->budget, spare->taken);
	free(spare);
}

static lzma_stream *new_decoder(struct mh_budget *budget)
{
	static const lzma_stream fresh = LZMA_STREAM_INIT;
	struct xz_decoder *made = malloc(sizeof(*made));

	if (!made)
		return NULL;
	made->allocator = (lzma_allocator){ take_memory, give_memory, made };
	made->spare = NULL;
	made->budget = budget;
	made->stream = fresh;
	made->stream.allocator = &made->allocator;
	return &made->stream;
}

/*
 * A decoder that is initialised again keeps its memory if it needs as much: most of the
 * cost of a small module.
 */
static int decoder(struct mh_decoders *decoders, lzma_stream **xz, struct modhash_error *err)
{
	if (!decoders->xz)
		decoders->xz = new_decoder(decoders->budget);
	*xz = decoders->xz;
	if (!*xz)
		return mh_fail_nomem(err);
	((struct xz_decoder *)decoders->xz)->refused = 0;
	if (lzma_stream_decoder(*xz, DECODER_MEMORY, LZMA_TELL_UNSUPPORTED_CHECK |
				(decoders->used ? 0 : LZMA_CONCATENATED)) != LZMA_OK)
		return fail_no_memory(*xz, err);
	return 0;
}

static bool next_number(const uint8_t *data, size_t length, size_t *at, uint64_t *number)
{
	return lzma_vli_decode(number, NULL, data, at, length) == LZMA_OK;
}

/*
 * What a file of one stream unpacks to, as its index has it (the .xz file format, section 4),
 * so that the buffer need not grow; 0 if it can't be told.  Checked by nobody here.
 */
static uint64_t size_hint(const uint8_t *data, size_t length)
{
	const uint8_t *index;
	lzma_stream_flags flags;
	uint64_t records, ignored, size, sum = 0;
	size_t at = 1; /* behind the indicator */

	if (length < 2 * LZMA_STREAM_HEADER_SIZE ||
	    lzma_stream_footer_decode(&flags, data + length - LZMA_STREAM_HEADER_SIZE) != LZMA_OK ||
	    flags.backward_size > length - 2 * LZMA_STREAM_HEADER_SIZE)
		return 0;
	index = data + length - LZMA_STREAM_HEADER_SIZE - flags.backward_size;
	if (!next_number(index, (size_t)flags.backward_size, &at, &records))
		return 0;
	for (; records; records--) {
		if (!next_number(index, (size_t)flags.backward_size, &at, &ignored) ||
		    !next_number(index, (size_t)flags.backward_size, &at, &size) ||
		    size > UINT64_MAX / 2 - sum)
			return 0;
		sum += size;
	}
	return sum + 1; /* liblzma sees the end only with room left over */
}

int mh_unpack_xz(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		 uint64_t limit, struct mh_buf *out, struct modhash_error *err)
{
	lzma_stream *xz;
	lzma_ret xz_ret;
	int ret;

	ret = mh_unpack_begin(out, length, size_hint(data, length), limit, err);
	if (ret)
		return ret;
	ret = decoder(decoders, &xz, err);
	if (ret)
		return ret;
	xz->next_in = data;
	xz->avail_in = length;
	xz_ret = run(decoders, xz, INPUT_MAX, limit, out, &ret, err);
	if (!ret && xz_ret != LZMA_STREAM_END)
		ret = fail_xz(xz, xz_ret, length, err);
	if (decoders->used)
		*decoders->used = (size_t)xz->total_in;
	return ret;
}

void mh_decoder_free_xz(void *decoder)
{
	struct xz_decoder *done = decoder;

	if (!done)
		return;
	lzma_end(&done->stream);
	if (done->spare)
		mh_budget_give(done->budget, done->spare->taken);
	free(done->spare);
	free(done);
}

int mh_pack_xz(const uint8_t *data, size_t length, struct mh_buf *out,
	       struct modhash_error *err)
{
	lzma_stream xz = LZMA_STREAM_INIT;
	lzma_options_lzma options;
	lzma_filter filters[2] = {
		{ .id = LZMA_FILTER_LZMA2, .options = &options },
		{ .id = LZMA_VLI_UNKNOWN },
	};
	const struct mh_decoders none = { .stop = NULL };
	lzma_ret xz_ret;
	int ret;

	ret = mh_unpack_begin(out, length, length / 2, UINT64_MAX, err);
	if (ret)
		return ret;
	lzma_lzma_preset(&options, ENCODER_PRESET);
	options.dict_size = ENCODER_DICTIONARY;
	if (lzma_stream_encoder(&xz, filters, LZMA_CHECK_CRC32) != LZMA_OK)
		return mh_fail_nomem(err);
	xz.next_in = data;
	xz.avail_in = length;
	xz_ret = run(&none, &xz, SIZE_MAX, UINT64_MAX, out, &ret, err);
	if (!ret && xz_ret != LZMA_STREAM_END)
		ret = mh_fail_nomem(err);
	lzma_end(&xz);
	return ret;
}

bool mh_have_xz(void)
{
	return true;
}

#else /* HAVE_LZMA */

int mh_unpack_xz(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		 uint64_t limit, struct mh_buf *out, struct modhash_error *err)
{
	(void)decoders, (void)data, (void)length, (void)limit, (void)out;
	return mh_unpack_fail_missing(err, "xz (liblzma)");
}

int mh_pack_xz(const uint8_t *data, size_t length, struct mh_buf *out,
	       struct modhash_error *err)
{
	(void)data, (void)length, (void)out;
	return mh_unpack_fail_missing(err, "xz (liblzma)");
}

void mh_decoder_free_xz(void *decoder)
{
	(void)decoder;
}

bool mh_have_xz(void)
{
	return false;
}

#endif /* HAVE_LZMA */
