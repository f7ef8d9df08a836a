/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From packed bytes to unpacked ones and back, whatever packed them.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <inttypes.h>
#include <string.h>

#include <modhash/module.h>

#include "fail.h"
#include "source.h"
#include "unpack.h"

/* Room to begin with: at least this, and so many times what is packed. */
#define ROOM_LEAST 65536
#define ROOM_USUAL 4
#define ROOM_BELIEVED 32

/* More than any of the encoders takes at the levels that they are used at. */
#define PACKING_MEMORY (UINT64_C(24) << 20)

struct packer {
	int compression;
	const char *name;
	size_t magic_length;
	uint8_t magic[6];
	bool of_modules; /* a module can be packed so */
	bool (*have)(void);
	int (*unpack)(struct mh_decoders *decoders, const uint8_t *data, size_t length,
		      uint64_t limit, struct mh_buf *out, struct modhash_error *err);
	int (*pack)(const uint8_t *data, size_t length, struct mh_buf *out,
		    struct modhash_error *err);
};

/* Magic numbers: RFC 1952, the .xz file format 1.1, RFC 8878, LZ4's legacy frame. */
static const struct packer packers[] = {
	{ MODHASH_COMPRESSION_GZIP, "gzip", 2, { 0x1f, 0x8b }, true,
	  mh_have_gzip, mh_unpack_gzip, mh_pack_gzip },
	{ MODHASH_COMPRESSION_XZ, "xz", 6, { 0xfd, '7', 'z', 'X', 'Z', 0 }, true,
	  mh_have_xz, mh_unpack_xz, mh_pack_xz },
	{ MODHASH_COMPRESSION_ZSTD, "zstd", 4, { 0x28, 0xb5, 0x2f, 0xfd }, true,
	  mh_have_zstd, mh_unpack_zstd, mh_pack_zstd },
	{ MODHASH_COMPRESSION_LZ4, "lz4", 4, { 0x02, 0x21, 0x4c, 0x18 }, false,
	  mh_have_lz4, mh_unpack_lz4, NULL },
};

#define PACKERS (sizeof(packers) / sizeof(packers[0]))

static const struct packer *find_packer(int compression)
{
	size_t i;

	for (i = 0; i < PACKERS; i++) {
		if (packers[i].compression == compression)
			return &packers[i];
	}
	return NULL;
}

MODHASH_API const char *modhash_compression_name(int compression)
{
	const struct packer *packer = find_packer(compression);

	if (compression == MODHASH_COMPRESSION_NONE)
		return "none";
	return packer ? packer->name : NULL;
}

MODHASH_API bool modhash_compression_supported(int compression)
{
	const struct packer *packer = find_packer(compression);

	if (compression == MODHASH_COMPRESSION_NONE)
		return true;
	return packer && packer->have();
}

int mh_compression_detect(const uint8_t *data, size_t length)
{
	size_t i;

	for (i = 0; i < PACKERS; i++) {
		if (packers[i].of_modules && length >= packers[i].magic_length &&
		    memcmp(data, packers[i].magic, packers[i].magic_length) == 0)
			return packers[i].compression;
	}
	return MODHASH_COMPRESSION_NONE;
}

void mh_decoders_fini(struct mh_decoders *decoders)
{
	mh_decoder_free_gzip(decoders->gzip);
	mh_decoder_free_libdeflate(decoders->libdeflate);
	mh_decoder_free_xz(decoders->xz);
	mh_decoder_free_zstd(decoders->zstd);
	mh_budget_give(decoders->budget, decoders->zstd_taken);
	memset(decoders, 0, sizeof(*decoders));
}

int mh_unpack(int compression, const uint8_t *data, size_t length, uint64_t limit,
	      struct mh_decoders *decoders, struct mh_buf *out, struct modhash_error *err)
{
	const struct packer *packer = find_packer(compression);
	struct mh_decoders own = { .stop = NULL };
	int ret;

	out->length = 0;
	if (!packer)
		return mh_fail_invalid(err, "no compression that can be unpacked");
	if (!decoders)
		decoders = &own;
	if (!decoders->budget)
		decoders->budget = out->budget;
	ret = packer->unpack(decoders, data, length, limit, out, err);
	if (decoders == &own)
		mh_decoders_fini(&own);
	if (ret)
		out->length = 0;
	return ret;
}

int mh_pack(int compression, const uint8_t *data, size_t length, struct mh_buf *out,
	    struct modhash_error *err)
{
	const struct packer *packer = find_packer(compression);
	int ret;

	out->length = 0;
	if (!packer || !packer->pack)
		return mh_fail_invalid(err, "no compression that can be packed with");
	ret = mh_budget_take(out->budget, PACKING_MEMORY, err);
	if (ret)
		return ret;
	ret = packer->pack(data, length, out, err);
	mh_budget_give(out->budget, PACKING_MEMORY);
	if (ret)
		out->length = 0;
	return ret;
}

/* The limit and a byte more, as far as memory can be addressed. */
static size_t room_limit(uint64_t limit)
{
	return limit < PTRDIFF_MAX ? (size_t)limit + 1 : PTRDIFF_MAX;
}

int mh_unpack_begin(struct mh_buf *out, size_t length, uint64_t hint, uint64_t limit,
		    struct modhash_error *err)
{
	uint64_t believed = (uint64_t)length * ROOM_BELIEVED;
	uint64_t room = hint ? hint : (uint64_t)length * ROOM_USUAL;

	out->length = 0;
	if (room > believed)
		room = believed;
	if (room < ROOM_LEAST)
		room = ROOM_LEAST;
	if (room > room_limit(limit))
		room = room_limit(limit);
	return mh_buf_reserve(out, (size_t)room, err);
}

int mh_unpack_room(struct mh_buf *out, uint64_t limit, size_t *room, struct modhash_error *err)
{
	size_t most = room_limit(limit);
	size_t wanted;
	int ret;

	if (out->length == out->capacity) {
		wanted = out->capacity < most / 2 ? out->capacity * 2 : most;
		ret = mh_buf_reserve(out, wanted, err);
		if (ret)
			return ret;
	}
	if (out->capacity < most)
		most = out->capacity;
	if (out->length >= most) /* only where memory can't hold what the limit allows */
		return mh_fail_nomem(err);
	*room = most - out->length;
	return 0;
}

int mh_unpack_step(const struct mh_decoders *decoders, struct mh_buf *out, uint64_t limit,
		   size_t most, size_t *room, struct modhash_error *err)
{
	int ret;

	if (decoders->stop && __atomic_load_n(decoders->stop, __ATOMIC_RELAXED))
		return mh_fail(err, MODHASH_E_STOPPED, MODHASH_OFFSET_NONE,
			       "stopped while unpacking");
	ret = mh_unpack_room(out, limit, room, err);
	if (!ret && *room > most)
		*room = most;
	return ret;
}

int mh_unpack_put(struct mh_buf *out, size_t length, uint64_t limit, struct modhash_error *err)
{
	out->length += length;
	if (out->length <= limit)
		return 0;
	return mh_fail(err, MODHASH_E_LIMIT, MODHASH_OFFSET_NONE,
		       "unpacks to more than %" PRIu64 " bytes, which is the limit", limit);
}

int mh_unpack_fail(struct modhash_error *err, uint64_t offset, const char *what,
		   const char *reason)
{
	return mh_fail(err, MODHASH_E_UNPACK, offset, "corrupt %s data: %s", what, reason);
}

int mh_unpack_fail_cut(struct modhash_error *err, uint64_t offset, const char *what)
{
	return mh_fail(err, MODHASH_E_UNPACK, offset,
		       "the file ends here, in the middle of its %s data", what);
}

int mh_unpack_fail_missing(struct modhash_error *err, const char *what)
{
	return mh_fail(err, MODHASH_E_NO_DECOMPRESSOR, MODHASH_OFFSET_NONE,
		       "compressed, and this library was built without %s", what);
}
