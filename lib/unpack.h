/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: what the decompressors have in common.  One door each:
 * unpack-gzip.c is the only user of zlib, unpack-libdeflate.c of libdeflate, unpack-xz.c of
 * liblzma, unpack-zstd.c of libzstd, unpack-lz4.c of liblz4.
 */
#ifndef MH_UNPACK_H
#define MH_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <modhash/error.h>

#include "buf.h"

/*
 * What a worker keeps between files: decoders, made when they are first wanted.  Begins as
 * zeroes.
 */
struct mh_decoders {
	const int *stop; /* the caller's; may be NULL */
	size_t *used;	 /* only the first stream: where it ended; NULL: all the bytes */
	struct mh_budget *budget; /* of what is unpacked into first */
	uint64_t zstd_taken;	  /* from it, for libzstd */
	void *gzip;
	void *libdeflate;
	void *xz;
	void *zstd;
};

void mh_decoders_fini(struct mh_decoders *decoders);

int mh_unpack_gzip(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		   uint64_t limit, struct mh_buf *out, struct modhash_error *err);
int mh_unpack_xz(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		 uint64_t limit, struct mh_buf *out, struct modhash_error *err);
int mh_unpack_zstd(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		   uint64_t limit, struct mh_buf *out, struct modhash_error *err);
int mh_unpack_lz4(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		  uint64_t limit, struct mh_buf *out, struct modhash_error *err);

/*
 * One gzip member that unpacks to @room bytes at most, in one go: @used of @data.  False if
 * that can't be done, for whatever reason, or if there is nothing here that could.
 */
bool mh_unpack_gzip_member(struct mh_decoders *decoders, const uint8_t *data, size_t length,
			   struct mh_buf *out, size_t room, size_t *used);

void mh_decoder_free_gzip(void *decoder);
void mh_decoder_free_libdeflate(void *decoder);
void mh_decoder_free_xz(void *decoder);
void mh_decoder_free_zstd(void *decoder);

int mh_pack_gzip(const uint8_t *data, size_t length, struct mh_buf *out,
		 struct modhash_error *err);
int mh_pack_xz(const uint8_t *data, size_t length, struct mh_buf *out,
	       struct modhash_error *err);
int mh_pack_zstd(const uint8_t *data, size_t length, struct mh_buf *out,
		 struct modhash_error *err);

bool mh_have_gzip(void);
bool mh_have_xz(void);
bool mh_have_zstd(void);
bool mh_have_lz4(void);

/*
 * Begin with an empty @out that has room for what @hint says, as far as that is
 * believable of @length packed bytes.  0 is no hint.
 */
int mh_unpack_begin(struct mh_buf *out, size_t length, uint64_t hint, uint64_t limit,
		    struct modhash_error *err);

/*
 * Where the next bytes go: @room is never 0 after a success.  There is room for one
 * byte more than @limit, so that who fills it is known to exceed the limit.
 */
int mh_unpack_room(struct mh_buf *out, uint64_t limit, size_t *room,
		   struct modhash_error *err);

/*
 * The same for a decoder that takes so long for @most bytes that the stop flag is looked at
 * before: MODHASH_E_STOPPED.
 */
int mh_unpack_step(const struct mh_decoders *decoders, struct mh_buf *out, uint64_t limit,
		   size_t most, size_t *room, struct modhash_error *err);

/* @length bytes were put there: MODHASH_E_LIMIT if that is more than there may be. */
int mh_unpack_put(struct mh_buf *out, size_t length, uint64_t limit,
		  struct modhash_error *err);

/* MODHASH_E_UNPACK: at byte @offset of the packed file. */
int mh_unpack_fail(struct modhash_error *err, uint64_t offset, const char *what,
		   const char *reason);
int mh_unpack_fail_cut(struct modhash_error *err, uint64_t offset, const char *what);

int mh_unpack_fail_missing(struct modhash_error *err, const char *what);

#endif /* MH_UNPACK_H */
