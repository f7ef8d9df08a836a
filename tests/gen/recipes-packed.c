/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packed modules, well-formed and not.
 */
#include <string.h>

#include <modhash/module.h>

#include "recipes.h"

#define GZIP MODHASH_COMPRESSION_GZIP
#define XZ MODHASH_COMPRESSION_XZ
#define ZSTD MODHASH_COMPRESSION_ZSTD

/* Zeroes of one piece of a bomb, and pieces: more than the library's default limit. */
#define BOMB_PIECE (17u << 20)
#define BOMB_PIECES 64

static void packed(struct gen_buf *out, int compression)
{
	recipe_module(out);
	recipe_pack(out, compression);
}

static void good_gzip(struct gen_buf *out)
{
	packed(out, GZIP);
}

static void good_xz(struct gen_buf *out)
{
	packed(out, XZ);
}

static void good_zstd(struct gen_buf *out)
{
	packed(out, ZSTD);
}

static void signed_packed(struct gen_buf *out, int compression)
{
	struct gen_buf der = { .data = NULL };

	recipe_module(out);
	pkcs7gen(&der, &(struct pkcs7gen){ .flags = 0 });
	trailergen_add(out, 2, der.data, der.length);
	gen_free(&der);
	recipe_pack(out, compression);
}

static void signed_gzip(struct gen_buf *out)
{
	signed_packed(out, GZIP);
}

static void signed_xz(struct gen_buf *out)
{
	signed_packed(out, XZ);
}

static void signed_zstd(struct gen_buf *out)
{
	signed_packed(out, ZSTD);
}

/* A trailer behind the packed bytes: no kernel and no tool looks for it there. */
static void xz_trailer_outside(struct gen_buf *out)
{
	good_xz(out);
	trailergen_add(out, 3, NULL, 0);
}

/* A module in two halves, each packed for itself, with bytes between and behind them. */
static void in_two(struct gen_buf *out, int compression, const void *between, size_t length,
		   const void *behind, size_t behind_length)
{
	struct gen_buf whole = { .data = NULL }, half = { .data = NULL };

	recipe_module(&whole);
	gen_add(&half, whole.data, whole.length / 2);
	recipe_pack(&half, compression);
	gen_add(out, half.data, half.length);
	gen_add(out, between, length);
	half.length = 0;
	gen_add(&half, whole.data + whole.length / 2, whole.length - whole.length / 2);
	recipe_pack(&half, compression);
	gen_add(out, half.data, half.length);
	gen_add(out, behind, behind_length);
	gen_free(&half);
	gen_free(&whole);
}

static void two_gzip(struct gen_buf *out)
{
	static const uint8_t zeroes[512];

	in_two(out, GZIP, NULL, 0, zeroes, sizeof(zeroes));
}

static void two_xz(struct gen_buf *out)
{
	static const uint8_t zeroes[8];

	in_two(out, XZ, zeroes, 4, zeroes, 8);
}

static void two_zstd(struct gen_buf *out)
{
	static const char skippable[] = "\x50\x2a\x4d\x18\x05\x00\x00\x00.....";

	in_two(out, ZSTD, skippable, 13, skippable, 13);
}

/* An empty file, packed. */
static void nothing_xz(struct gen_buf *out)
{
	recipe_pack(out, XZ);
}

static void text_gzip(struct gen_buf *out)
{
	gen_text(out, "This is no module, and no ELF file.\n");
	recipe_pack(out, GZIP);
}

static void cut_packed(struct gen_buf *out, int compression, size_t length)
{
	packed(out, compression);
	out->length = length ? length : out->length / 2;
}

static void gzip_cut(struct gen_buf *out)
{
	cut_packed(out, GZIP, 0);
}

static void gzip_cut_header(struct gen_buf *out)
{
	cut_packed(out, GZIP, 5);
}

static void gzip_cut_trailer(struct gen_buf *out)
{
	packed(out, GZIP);
	out->length -= 3;
}

static void xz_cut(struct gen_buf *out)
{
	cut_packed(out, XZ, 0);
}

static void xz_cut_header(struct gen_buf *out)
{
	cut_packed(out, XZ, 6);
}

static void xz_cut_footer(struct gen_buf *out)
{
	packed(out, XZ);
	out->length--;
}

static void zstd_cut(struct gen_buf *out)
{
	cut_packed(out, ZSTD, 0);
}

static void zstd_cut_header(struct gen_buf *out)
{
	cut_packed(out, ZSTD, 4);
}

static void flip(struct gen_buf *out, int compression, size_t from_end)
{
	packed(out, compression);
	out->data[out->length - from_end] ^= 0x40;
}

static void gzip_crc(struct gen_buf *out)
{
	flip(out, GZIP, 8);
}

static void gzip_length(struct gen_buf *out)
{
	flip(out, GZIP, 1);
}

static void gzip_method(struct gen_buf *out)
{
	packed(out, GZIP);
	out->data[2] = 7;
}

static void xz_data(struct gen_buf *out)
{
	packed(out, XZ);
	out->data[out->length / 2] ^= 0x10;
}

static void xz_header_crc(struct gen_buf *out)
{
	packed(out, XZ);
	out->data[8] ^= 1;
}

static void zstd_checksum(struct gen_buf *out)
{
	flip(out, ZSTD, 1);
}

static void garbage(struct gen_buf *out, int compression, const char *behind, size_t length)
{
	packed(out, compression);
	gen_add(out, behind, length);
}

static void gzip_garbage(struct gen_buf *out)
{
	garbage(out, GZIP, "garbage", 7);
}

static void gzip_zeroes_and(struct gen_buf *out)
{
	garbage(out, GZIP, "\0\0\0x", 4);
}

static void xz_garbage(struct gen_buf *out)
{
	garbage(out, XZ, "garbage!", 8);
}

static void xz_padding(struct gen_buf *out)
{
	garbage(out, XZ, "\0\0\0", 3);
}

static void zstd_garbage(struct gen_buf *out)
{
	garbage(out, ZSTD, "garbage", 7);
}

/* CRC-32 of IEEE 802.3, bit by bit. */
static uint32_t crc32(const uint8_t *data, size_t length)
{
	uint32_t crc = ~0u;
	int bit;

	for (; length; length--) {
		crc ^= *data++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
	}
	return ~crc;
}

/*
 * The block header of an .xz file begins at byte 12: its size, flags, filter 0x21, one byte
 * of properties (the dictionary), padding, CRC32 in the last four of its 12 bytes.
 */
static void xz_block(struct gen_buf *out, unsigned int at, uint8_t value)
{
	packed(out, XZ);
	out->data[12 + at] = value;
	gen_put(out, 20, crc32(out->data + 12, 8), 4, false);
}

static void xz_dictionary(struct gen_buf *out)
{
	xz_block(out, 4, 40);
}

static void xz_filter(struct gen_buf *out)
{
	xz_block(out, 2, 0x30);
}

/* Stream flags at bytes 6 and 7, their CRC32 at 8: the kind of check is in byte 7. */
static void xz_check(struct gen_buf *out)
{
	packed(out, XZ);
	out->data[7] = 0x0d;
	gen_put(out, 8, crc32(out->data + 6, 2), 4, false);
}

/* Frames made by hand (RFC 8878): no single segment, so that a window is said. */
static void zstd_window(struct gen_buf *out)
{
	gen_add(out, "\x28\xb5\x2f\xfd" "\x00" "\xa0", 6); /* 2^30 bytes */
	gen_add(out, "\x01\x00\x00", 3);
}

static void zstd_dictionary(struct gen_buf *out)
{
	gen_add(out, "\x28\xb5\x2f\xfd" "\x01" "\x00" "\x63", 7);
	gen_add(out, "\x01\x00\x00", 3);
}

/* Claims to unpack to 2^62 bytes, and has five, all the same. */
static void zstd_claims(struct gen_buf *out)
{
	gen_add(out, "\x28\xb5\x2f\xfd" "\xc0" "\x00", 6);
	gen_number(out, UINT64_C(1) << 62, 8, false);
	gen_add(out, "\x2b\x00\x00m", 4);
}

/* One piece, packed, over and over: all three formats allow that. */
static void bomb(struct gen_buf *out, int compression, unsigned int pieces)
{
	struct gen_buf piece = { .data = NULL };

	gen_zeroes(&piece, BOMB_PIECE);
	recipe_pack(&piece, compression);
	for (; pieces; pieces--)
		gen_add(out, piece.data, piece.length);
	gen_free(&piece);
}

static void gzip_bomb(struct gen_buf *out)
{
	bomb(out, GZIP, BOMB_PIECES);
}

static void xz_bomb(struct gen_buf *out)
{
	bomb(out, XZ, BOMB_PIECES);
}

static void zstd_bomb(struct gen_buf *out)
{
	bomb(out, ZSTD, BOMB_PIECES);
}

/* 16 MiB and no more: what the limit allows, to the byte; and a byte more. */
static void at_limit(struct gen_buf *out, int compression, size_t more)
{
	recipe_module(out);
	gen_zeroes(out, RECIPES_LIMIT + more - out->length);
	recipe_pack(out, compression);
}

static void gzip_at_limit(struct gen_buf *out)
{
	at_limit(out, GZIP, 0);
}

static void xz_at_limit(struct gen_buf *out)
{
	at_limit(out, XZ, 0);
}

static void zstd_at_limit(struct gen_buf *out)
{
	at_limit(out, ZSTD, 0);
}

static void gzip_over_limit(struct gen_buf *out)
{
	at_limit(out, GZIP, 1);
}

static void xz_over_limit(struct gen_buf *out)
{
	at_limit(out, XZ, 1);
}

static void zstd_over_limit(struct gen_buf *out)
{
	at_limit(out, ZSTD, 1);
}

static void bzip2(struct gen_buf *out)
{
	gen_add(out, "BZh91AY&SY\x17\x72\x45\x38\x50\x90\0\0\0\0", 18);
}

static void lzma_alone(struct gen_buf *out)
{
	gen_add(out, "\x5d\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff", 13);
}

#define GOOD(name, make, what) { name, make, "OK", 0, "OK", "OK", "-", what, RECIPE_FILE, NULL }
#define SIGNED(name, make, what) { name, make, "OK", 1, "OK", "OK", "OK", what, RECIPE_FILE, NULL }
#define NOT_ELF(name, make, what) \
	{ name, make, "OK", 0, "OK", "NOT_ELF", "-", what, RECIPE_FILE, NULL }
#define BAD(name, make, code, what) { name, make, code, 0, "-", "-", "-", what, RECIPE_FILE, NULL }

const struct recipe packed_recipes[] = {
	GOOD("good-gzip.ko.gz", good_gzip, "a module, packed"),
	GOOD("good-xz.ko.xz", good_xz, "a module, packed"),
	GOOD("good-zstd.ko.zst", good_zstd, "a module, packed"),
	SIGNED("good-signed.ko.gz", signed_gzip, "signed, then packed"),
	SIGNED("good-signed.ko.xz", signed_xz, "signed, then packed"),
	SIGNED("good-signed.ko.zst", signed_zstd, "signed, then packed"),
	GOOD("good-two.ko.gz", two_gzip, "two members, and zeroes behind them"),
	GOOD("good-two.ko.xz", two_xz, "two streams, with padding between and behind"),
	GOOD("good-two.ko.zst", two_zstd, "two frames, with skippable ones between and behind"),
	GOOD("good-at-limit.ko.gz", gzip_at_limit, "unpacks to 16 MiB, the limit of the tests"),
	GOOD("good-at-limit.ko.xz", xz_at_limit, "unpacks to 16 MiB, the limit of the tests"),
	GOOD("good-at-limit.ko.zst", zstd_at_limit, "unpacks to 16 MiB, the limit of the tests"),
	NOT_ELF("good-nothing.ko.xz", nothing_xz, "unpacks to no bytes at all"),
	NOT_ELF("good-text.ko.gz", text_gzip, "packed text"),
	NOT_ELF("unsupported-bzip2.ko", bzip2, "packed by bzip2, which no kernel reads"),
	NOT_ELF("unsupported-lzma.ko", lzma_alone, "the old .lzma format, which no kernel reads"),
	BAD("unsupported-gzip-method.ko.gz", gzip_method, "UNPACK", "compression method 7"),
	BAD("unsupported-xz-check.ko.xz", xz_check, "UNPACK", "an integrity check without a name"),
	BAD("unsupported-xz-filter.ko.xz", xz_filter, "UNPACK", "a filter that is not known"),
	BAD("unsupported-xz-dictionary.ko.xz", xz_dictionary, "LIMIT", "a dictionary of 4 GiB"),
	BAD("unsupported-zstd-window.ko.zst", zstd_window, "LIMIT", "a window of 1 GiB"),
	BAD("unsupported-zstd-dictionary.ko.zst", zstd_dictionary, "UNPACK",
	    "needs a dictionary of its own"),
	BAD("bad-gzip-cut.ko.gz", gzip_cut, "UNPACK", "the first half"),
	BAD("bad-gzip-cut-header.ko.gz", gzip_cut_header, "UNPACK", "five bytes"),
	BAD("bad-gzip-cut-end.ko.gz", gzip_cut_trailer, "UNPACK", "three bytes are missing"),
	BAD("bad-gzip-crc.ko.gz", gzip_crc, "UNPACK", "another CRC"),
	BAD("bad-gzip-length.ko.gz", gzip_length, "UNPACK", "another length at the end"),
	BAD("bad-gzip-garbage.ko.gz", gzip_garbage, "UNPACK", "garbage behind it"),
	BAD("bad-gzip-zeroes.ko.gz", gzip_zeroes_and, "UNPACK", "zeroes and garbage behind it"),
	BAD("bad-gzip-bomb.ko.gz", gzip_bomb, "LIMIT", "unpacks to more than 1 GiB"),
	BAD("bad-gzip-limit.ko.gz", gzip_over_limit, "LIMIT", "unpacks to 16 MiB and a byte"),
	BAD("bad-xz-cut.ko.xz", xz_cut, "UNPACK", "the first half"),
	BAD("bad-xz-cut-header.ko.xz", xz_cut_header, "UNPACK", "six bytes"),
	BAD("bad-xz-cut-end.ko.xz", xz_cut_footer, "UNPACK", "the last byte is missing"),
	BAD("bad-xz-data.ko.xz", xz_data, "UNPACK", "a bit flipped in the middle"),
	BAD("bad-xz-header.ko.xz", xz_header_crc, "UNPACK", "a bit flipped in the header's CRC"),
	BAD("bad-xz-garbage.ko.xz", xz_garbage, "UNPACK", "garbage behind it"),
	BAD("bad-xz-padding.ko.xz", xz_padding, "UNPACK", "three zeroes behind it, not four"),
	BAD("bad-xz-bomb.ko.xz", xz_bomb, "LIMIT", "unpacks to more than 1 GiB"),
	BAD("bad-xz-limit.ko.xz", xz_over_limit, "LIMIT", "unpacks to 16 MiB and a byte"),
	BAD("bad-xz-trailer.ko.xz", xz_trailer_outside, "UNPACK",
	    "a trailer behind the packed bytes, not in them"),
	BAD("bad-zstd-cut.ko.zst", zstd_cut, "UNPACK", "the first half"),
	BAD("bad-zstd-cut-header.ko.zst", zstd_cut_header, "UNPACK", "four bytes"),
	BAD("bad-zstd-checksum.ko.zst", zstd_checksum, "UNPACK", "another checksum"),
	BAD("bad-zstd-garbage.ko.zst", zstd_garbage, "UNPACK", "garbage behind it"),
	BAD("bad-zstd-claims.ko.zst", zstd_claims, "UNPACK", "says that it unpacks to 2^62 bytes"),
	BAD("bad-zstd-bomb.ko.zst", zstd_bomb, "LIMIT", "unpacks to more than 1 GiB"),
	BAD("bad-zstd-limit.ko.zst", zstd_over_limit, "LIMIT", "unpacks to 16 MiB and a byte"),
	{ .name = NULL },
};
