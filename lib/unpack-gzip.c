/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gzip, RFC 1952: the one user of zlib.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "fail.h"
#include "unpack.h"

#ifdef HAVE_ZLIB

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

/* inflateInit2() and deflateInit2(): the largest window, and a gzip header. */
#define WINDOW_GZIP (15 + 16)
#define MEMORY_DEFAULT 8

/* Unpacked in some 10 ms: the stop flag is looked at in between. */
#define STEP_MAX ((size_t)4 << 20)

/* And so are so many packed bytes, if nothing comes out of them: blocks can be empty. */
#define INPUT_MAX ((size_t)1 << 20)

/* Unpacked by libdeflate in some 20 ms; or so many packed bytes in as long. */
#define ONE_GO_MAX ((size_t)16 << 20)
#define ONE_GO_INPUT_MAX ((size_t)4 << 20)

/* In the header's flags: a checksum of the header follows, at which libdeflate does not look. */
#define FLAGS 3
#define FLAG_HEADER_CRC 2

/* zlib counts in unsigned int. */
static uInt piece(size_t length)
{
	return length < UINT_MAX ? (uInt)length : UINT_MAX;
}

static uInt input_piece(size_t length)
{
	return (uInt)(length < INPUT_MAX ? length : INPUT_MAX);
}

/* The last four bytes of a file of one member: what it unpacks to, modulo 2^32. */
static uint64_t size_hint(const uint8_t *data, size_t length)
{
	const uint8_t *p;

	if (length < 18)
		return 0;
	p = data + length - 4;
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24;
}

/* Where the decoder is: the bytes that it left begin here. */
static size_t position(const z_stream *z, const uint8_t *data)
{
	return (size_t)(z->next_in - data);
}

/* gzip(1) takes zeroes behind the last member for padding of a tape, and nothing else. */
static bool only_zeroes(const uint8_t *data, size_t length)
{
	size_t i;

	for (i = 0; i < length; i++) {
		if (data[i])
			return false;
	}
	return true;
}

static int inflate_member(const struct mh_decoders *decoders, const uint8_t *data,
			  size_t length, uint64_t limit, struct mh_buf *out,
			  struct modhash_error *err)
{
	z_stream *z = decoders->gzip;
	size_t room;
	uInt given;
	int ret, z_ret;

	do {
		ret = mh_unpack_step(decoders, out, limit, STEP_MAX, &room, err);
		if (ret)
			return ret;
		given = piece(room);
		z->next_out = out->data + out->length;
		z->avail_out = given;
		z->avail_in = input_piece(length - position(z, data));
		z_ret = inflate(z, Z_NO_FLUSH);
		ret = mh_unpack_put(out, given - z->avail_out, limit, err);
		if (ret)
			return ret;
		/* Z_BUF_ERROR with all input gone and room left: there is nothing to wait for. */
	} while (z_ret == Z_OK || (z_ret == Z_BUF_ERROR && position(z, data) < length));

	switch (z_ret) {
	case Z_STREAM_END:
		return 0;
	case Z_MEM_ERROR:
		return mh_fail_nomem(err);
	case Z_BUF_ERROR:
		return mh_unpack_fail_cut(err, length, "gzip");
	case Z_NEED_DICT:
		return mh_unpack_fail(err, position(z, data), "gzip", "a dictionary is needed");
	default:
		return mh_unpack_fail(err, position(z, data), "gzip", z->msg ? z->msg : "unknown");
	}
}

/* A decoder that was made before is set back. */
static z_stream *decoder(struct mh_decoders *decoders)
{
	z_stream *z = decoders->gzip;

	if (z)
		return inflateReset(z) == Z_OK ? z : NULL;
	z = calloc(1, sizeof(*z));
	if (z && inflateInit2(z, WINDOW_GZIP) != Z_OK) {
		free(z);
		z = NULL;
	}
	decoders->gzip = z;
	return z;
}

/*
 * What most files are: one member, whose length its end tells.  Everything else, and all
 * that is wrong, is for zlib.
 */
static bool in_one_go(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		      uint64_t limit, struct mh_buf *out)
{
	size_t room = out->capacity < limit ? out->capacity : (size_t)limit;
	size_t used;

	if ((decoders->stop && __atomic_load_n(decoders->stop, __ATOMIC_RELAXED)) ||
	    length > ONE_GO_INPUT_MAX || size_hint(data, length) > ONE_GO_MAX ||
	    length <= FLAGS || data[FLAGS] & FLAG_HEADER_CRC)
		return false;
	if (mh_unpack_gzip_member(decoders, data, length, out, room, &used) &&
	    only_zeroes(data + used, length - used))
		return true;
	out->length = 0;
	return false;
}

int mh_unpack_gzip(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		   uint64_t limit, struct mh_buf *out, struct modhash_error *err)
{
	z_stream *z;
	int ret;

	ret = mh_unpack_begin(out, length, size_hint(data, length), limit, err);
	if (ret)
		return ret;
	if (!decoders->used && in_one_go(decoders, data, length, limit, out))
		return 0;
	z = decoder(decoders);
	if (!z)
		return mh_fail_nomem(err);
	z->next_in = (z_const Bytef *)data;
	do {
		ret = inflate_member(decoders, data, length, limit, out, err);
		if (!ret && inflateReset(z) != Z_OK)
			ret = mh_fail_nomem(err);
		if (decoders->used) {
			*decoders->used = position(z, data);
			return ret;
		}
	} while (!ret && !only_zeroes(data + position(z, data), length - position(z, data)));
	return ret;
}

void mh_decoder_free_gzip(void *decoder)
{
	if (decoder)
		inflateEnd(decoder);
	free(decoder);
}

/* As gzip -9 -n: neither name nor time, so that the same bytes come out. */
static int deflate_all(z_stream *z, size_t length, struct mh_buf *out, struct modhash_error *err)
{
	size_t left = length, room;
	uInt given_in, given_out;
	int ret, z_ret;

	do {
		ret = mh_unpack_room(out, UINT64_MAX, &room, err);
		if (ret)
			return ret;
		given_in = piece(left);
		given_out = piece(room);
		z->avail_in = given_in;
		z->next_out = out->data + out->length;
		z->avail_out = given_out;
		z_ret = deflate(z, given_in == left ? Z_FINISH : Z_NO_FLUSH);
		left -= given_in - z->avail_in;
		out->length += given_out - z->avail_out;
	} while (z_ret == Z_OK || z_ret == Z_BUF_ERROR);
	return z_ret == Z_STREAM_END ? 0 : mh_fail_nomem(err);
}

int mh_pack_gzip(const uint8_t *data, size_t length, struct mh_buf *out,
		 struct modhash_error *err)
{
	gz_header header;
	z_stream z;
	int ret;

	ret = mh_unpack_begin(out, length, length / 2, UINT64_MAX, err);
	if (ret)
		return ret;
	memset(&z, 0, sizeof(z));
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, WINDOW_GZIP, MEMORY_DEFAULT,
			 Z_DEFAULT_STRATEGY) != Z_OK)
		return mh_fail_nomem(err);
	memset(&header, 0, sizeof(header));
	header.os = 3; /* Unix, wherever we run */
	deflateSetHeader(&z, &header);
	z.next_in = (z_const Bytef *)data;
	ret = deflate_all(&z, length, out, err);
	deflateEnd(&z);
	return ret;
}

bool mh_have_gzip(void)
{
	return true;
}

#else /* HAVE_ZLIB */

int mh_unpack_gzip(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		   uint64_t limit, struct mh_buf *out, struct modhash_error *err)
{
	(void)decoders, (void)data, (void)length, (void)limit, (void)out;
	return mh_unpack_fail_missing(err, "gzip (zlib)");
}

int mh_pack_gzip(const uint8_t *data, size_t length, struct mh_buf *out,
		 struct modhash_error *err)
{
	(void)data, (void)length, (void)out;
	return mh_unpack_fail_missing(err, "gzip (zlib)");
}

void mh_decoder_free_gzip(void *decoder)
{
	(void)decoder;
}

bool mh_have_gzip(void)
{
	return false;
}

#endif /* HAVE_ZLIB */
