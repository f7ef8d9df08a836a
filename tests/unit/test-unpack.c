/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Packing and unpacking, with what this build has and without what it has not.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <modhash/modhash.h>

#include "checked.h"
#include "core/core.h"
#include "scratch.h"
#include "source.h"
#include "unpack.h"

static const int compressions[] = {
	MODHASH_COMPRESSION_GZIP, MODHASH_COMPRESSION_XZ, MODHASH_COMPRESSION_ZSTD,
};

#define COMPRESSIONS ((int)(sizeof(compressions) / sizeof(compressions[0])))

static struct mh_buf packed, unpacked;
static struct modhash_error err;

static void teardown(void)
{
	mh_buf_free(&packed);
	mh_buf_free(&unpacked);
}

/* Bytes that do not pack at all. */
MH_WRAPS static void fill(uint8_t *bytes, size_t length)
{
	uint64_t state = 1;
	size_t i;

	for (i = 0; i < length; i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(state >> 56);
	}
}

START_TEST(test_names)
{
	ck_assert_str_eq(modhash_compression_name(MODHASH_COMPRESSION_NONE), "none");
	ck_assert_str_eq(modhash_compression_name(MODHASH_COMPRESSION_GZIP), "gzip");
	ck_assert_str_eq(modhash_compression_name(MODHASH_COMPRESSION_XZ), "xz");
	ck_assert_str_eq(modhash_compression_name(MODHASH_COMPRESSION_ZSTD), "zstd");
	ck_assert_str_eq(modhash_compression_name(MODHASH_COMPRESSION_LZ4), "lz4");
	ck_assert_ptr_null(modhash_compression_name(5));
	ck_assert_ptr_null(modhash_compression_name(-1));
	ck_assert(modhash_compression_supported(MODHASH_COMPRESSION_NONE));
	ck_assert(!modhash_compression_supported(5));
#ifdef HAVE_LZMA
	ck_assert(modhash_compression_supported(MODHASH_COMPRESSION_XZ));
#else
	ck_assert(!modhash_compression_supported(MODHASH_COMPRESSION_XZ));
#endif
}
END_TEST

START_TEST(test_detect)
{
	static const uint8_t gzip[] = { 0x1f, 0x8b }, xz[] = { 0xfd, '7', 'z', 'X', 'Z', 0 },
			     zstd[] = { 0x28, 0xb5, 0x2f, 0xfd };

	ck_assert_int_eq(mh_compression_detect(gzip, 2), MODHASH_COMPRESSION_GZIP);
	ck_assert_int_eq(mh_compression_detect(gzip, 1), MODHASH_COMPRESSION_NONE);
	ck_assert_int_eq(mh_compression_detect(xz, 6), MODHASH_COMPRESSION_XZ);
	ck_assert_int_eq(mh_compression_detect(xz, 5), MODHASH_COMPRESSION_NONE);
	ck_assert_int_eq(mh_compression_detect(zstd, 4), MODHASH_COMPRESSION_ZSTD);
	ck_assert_int_eq(mh_compression_detect(zstd, 3), MODHASH_COMPRESSION_NONE);
	ck_assert_int_eq(mh_compression_detect((const uint8_t *)"\x7f" "ELF", 4),
			 MODHASH_COMPRESSION_NONE);
	ck_assert_int_eq(mh_compression_detect(gzip, 0), MODHASH_COMPRESSION_NONE);
	ck_assert_int_eq(mh_unpack(MODHASH_COMPRESSION_NONE, gzip, 2, 10, NULL, &unpacked, &err),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(mh_pack(99, gzip, 2, &packed, &err), MODHASH_E_INVALID);
}
END_TEST

static void round_trip(int compression, const uint8_t *bytes, size_t length)
{
	ck_assert_int_eq(mh_pack(compression, bytes, length, &packed, &err), 0);
	ck_assert_int_eq(mh_compression_detect(packed.data, packed.length), compression);
	ck_assert_int_eq(mh_unpack(compression, packed.data, packed.length, length, NULL, &unpacked,
				   &err), 0);
	ck_assert_uint_eq(unpacked.length, length);
	ck_assert(length == 0 || memcmp(unpacked.data, bytes, length) == 0);
	ck_assert_uint_eq((uintptr_t)unpacked.data % MH_BUF_ALIGNMENT, 0);
}

START_TEST(test_round_trip)
{
	const size_t most = 300000;
	static const size_t lengths[] = { 0, 1, 2, 63, 64, 65, 65535, 65536, 65537, 131072, 300000 };
	uint8_t *noise = malloc(most), *zeroes = calloc(1, most);
	size_t i;

	ck_assert(noise && zeroes);
	fill(noise, most);
	if (!modhash_compression_supported(compressions[_i])) {
		ck_assert_int_eq(mh_pack(compressions[_i], noise, most, &packed, &err),
				 MODHASH_E_NO_DECOMPRESSOR);
		ck_assert_ptr_nonnull(strstr(err.message, "built without"));
		ck_assert_int_eq(mh_unpack(compressions[_i], noise, most, most, NULL, &unpacked, &err),
				 MODHASH_E_NO_DECOMPRESSOR);
		ck_assert_ptr_nonnull(strstr(err.message,
					     modhash_compression_name(compressions[_i])));
	} else {
		for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
			round_trip(compressions[_i], noise, lengths[i]);
			round_trip(compressions[_i], zeroes, lengths[i]);
		}
	}
	free(noise);
	free(zeroes);
}
END_TEST

/*
 * Decoders are given what is long in pieces, which end anywhere in it: in the middle of a stream,
 * behind one, or a few bytes around its end.  What is cut is cut, and not whole.
 */
START_TEST(test_pieces)
{
	/* Of unpack-*.c, in the order of compressions[]. */
	static const size_t pieces[] = { 1 << 20, 512 << 10, 2 << 20 };
	int compression = compressions[_i];
	size_t piece = pieces[_i], more;
	struct mh_buf all = MH_BUF_EMPTY;
	uint8_t *bytes;

	if (!modhash_compression_supported(compression))
		return;
	bytes = malloc(piece);
	ck_assert_ptr_nonnull(bytes);
	fill(bytes, piece);
	ck_assert_int_eq(mh_pack(compression, bytes, piece, &packed, &err), 0);
	ck_assert_uint_gt(packed.length, piece);
	more = packed.length - piece;
	for (size_t less = more - 3; less <= more + 3; less++) {
		size_t length = piece - less;

		ck_assert_int_eq(mh_pack(compression, bytes, length, &packed, &err), 0);
		ck_assert_uint_le(packed.length, piece + 16);
		ck_assert_uint_ge(packed.length, piece - 16);
		all.length = 0;
		for (int i = 0; i < 2; i++)
			ck_assert_int_eq(mh_buf_append(&all, packed.data, packed.length, &err), 0);
		ck_assert_int_eq(mh_unpack(compression, all.data, all.length, 2 * piece, NULL,
					   &unpacked, &err), 0);
		ck_assert_uint_eq(unpacked.length, 2 * length);
		ck_assert(!memcmp(unpacked.data, bytes, length));
		ck_assert(!memcmp(unpacked.data + length, bytes, length));
		for (size_t cut = 1; cut < 16; cut++)
			ck_assert_int_eq(mh_unpack(compression, packed.data, packed.length - cut,
						   2 * piece, NULL, &unpacked, &err),
					 MODHASH_E_UNPACK);
	}
	mh_buf_free(&all);
	free(bytes);
}
END_TEST

START_TEST(test_limit)
{
	const int compression = compressions[_i];
	uint8_t *zeroes = calloc(1, 1 << 20);
	uint64_t limit;

	ck_assert_ptr_nonnull(zeroes);
	if (modhash_compression_supported(compression)) {
		ck_assert_int_eq(mh_pack(compression, zeroes, 1 << 20, &packed, &err), 0);
		for (limit = 1; limit < 1 << 20; limit = limit * 7 + 1) {
			ck_assert_int_eq(mh_unpack(compression, packed.data, packed.length, limit,
						   NULL, &unpacked, &err), MODHASH_E_LIMIT);
			ck_assert_uint_eq(unpacked.length, 0);
			/* No more memory than what is allowed, or was there to begin with. */
			ck_assert_uint_le(unpacked.capacity, limit + 64 < 65536 ? 65536 : limit + 64);
		}
		ck_assert_int_eq(mh_unpack(compression, packed.data, packed.length, (1 << 20) - 1,
					   NULL, &unpacked, &err), MODHASH_E_LIMIT);
		ck_assert_int_eq(mh_unpack(compression, packed.data, packed.length, UINT64_MAX,
					   NULL, &unpacked, &err), 0);
	}
	free(zeroes);
}
END_TEST

/* What a kernel reads: .xz with CRC32 and a dictionary of 1 MiB; no time in .gz. */
START_TEST(test_kernel_reads)
{
	uint8_t bytes[5000];

	fill(bytes, sizeof(bytes));
	if (modhash_compression_supported(MODHASH_COMPRESSION_XZ)) {
		ck_assert_int_eq(mh_pack(MODHASH_COMPRESSION_XZ, bytes, sizeof(bytes), &packed,
					 &err), 0);
		ck_assert_uint_eq(packed.data[7], 1);	  /* stream flags: CRC32 */
		ck_assert_uint_eq(packed.data[14], 0x21); /* LZMA2 alone */
		ck_assert_uint_eq(packed.data[16], 16);	  /* 2^20 bytes */
	}
	if (modhash_compression_supported(MODHASH_COMPRESSION_GZIP)) {
		ck_assert_int_eq(mh_pack(MODHASH_COMPRESSION_GZIP, bytes, sizeof(bytes), &packed,
					 &err), 0);
		ck_assert_int_eq(memcmp(packed.data, "\x1f\x8b\x08\0\0\0\0\0\x02\x03", 10), 0);
	}
	if (modhash_compression_supported(MODHASH_COMPRESSION_ZSTD)) {
		ck_assert_int_eq(mh_pack(MODHASH_COMPRESSION_ZSTD, bytes, sizeof(bytes), &packed,
					 &err), 0);
		/* A checksum, one segment, its size in two bytes, no dictionary. */
		ck_assert_uint_eq(packed.data[4], 0x64);
	}
}
END_TEST

/* A claimed size is a hint, and no reason to take all memory. */
START_TEST(test_hint)
{
	static const char frame[] = "\x28\xb5\x2f\xfd\xc0\x00\0\0\0\0\0\0\0\x40\x2b\0\0m";

	if (!modhash_compression_supported(MODHASH_COMPRESSION_ZSTD))
		return;
	ck_assert_int_eq(mh_unpack(MODHASH_COMPRESSION_ZSTD, (const uint8_t *)frame,
				   sizeof(frame) - 1, UINT64_C(1) << 30, NULL, &unpacked, &err),
			 MODHASH_E_UNPACK);
	ck_assert_uint_le(unpacked.capacity, 65536);
}
END_TEST

/* Garbage of all kinds behind the magic number: an answer, whatever it is. */
START_TEST(test_garbage)
{
	uint8_t bytes[2000];
	size_t i;
	int ret;

	if (!modhash_compression_supported(compressions[_i]))
		return;
	fill(bytes, sizeof(bytes));
	ck_assert_int_eq(mh_pack(compressions[_i], bytes, sizeof(bytes), &packed, &err), 0);
	for (i = 0; i < packed.length; i++) {
		packed.data[i] ^= 0x81;
		ret = mh_unpack(compressions[_i], packed.data, packed.length, 100000, NULL, &unpacked, &err);
		ck_assert_msg(ret == 0 || ret == MODHASH_E_UNPACK || ret == MODHASH_E_LIMIT,
			      "byte %zu: %d", i, ret);
		if (ret == MODHASH_E_UNPACK)
			ck_assert_uint_le(err.offset, packed.length);
		packed.data[i] ^= 0x81;
	}
}
END_TEST

/* One decoder for many files: whatever became of the last one, the next is unpacked. */
START_TEST(test_decoder_again)
{
	const int compression = compressions[_i];
	struct mh_decoders decoders = { .stop = NULL };
	const size_t most = 200000;
	uint8_t *noise = malloc(most);
	size_t length;

	if (!modhash_compression_supported(compression)) {
		free(noise);
		return;
	}
	fill(noise, most);
	for (length = 1; length < most; length = length * 3 + 1) {
		ck_assert_int_eq(mh_pack(compression, noise, length, &packed, &err), 0);
		ck_assert_int_eq(mh_unpack(compression, packed.data, packed.length, length, &decoders,
					   &unpacked, &err), 0);
		ck_assert_uint_eq(unpacked.length, length);
		ck_assert_mem_eq(unpacked.data, noise, length);
		ck_assert_int_eq(mh_unpack(compression, packed.data, packed.length - 1, length,
					   &decoders, &unpacked, &err), MODHASH_E_UNPACK);
		ck_assert_int_eq(mh_unpack(compression, packed.data, packed.length, length - 1,
					   &decoders, &unpacked, &err), MODHASH_E_LIMIT);
		packed.data[packed.length / 2] ^= 0x40;
		ck_assert_int_ne(mh_unpack(compression, packed.data, packed.length, length,
					   &decoders, &unpacked, &err), 0);
	}
	mh_decoders_fini(&decoders);
	ck_assert_ptr_null(decoders.gzip);
	ck_assert_ptr_null(decoders.libdeflate);
	ck_assert_ptr_null(decoders.xz);
	ck_assert_ptr_null(decoders.zstd);
	free(noise);
}
END_TEST

/* A checksum of a gzip header, which few write: whatever unpacks it, a wrong one is seen. */
START_TEST(test_gzip_header)
{
	static const uint8_t good[] = { 0x1f, 0x8b, 8, 2, 0, 0, 0, 0, 0, 3, 0x16, 0x7c, 0x4b, 4, 0,
					0x43, 0xbe, 0xb7, 0xe8, 1, 0, 0, 0 };
	uint8_t bad[sizeof(good)];
	uint16_t crc = (uint16_t)mh_core_crc32(0, good, 10);

	if (!modhash_compression_supported(MODHASH_COMPRESSION_GZIP))
		return;
	memcpy(bad, good, sizeof(good));
	bad[10] = (uint8_t)crc;
	bad[11] = (uint8_t)(crc >> 8);
	ck_assert_int_eq(mh_unpack(MODHASH_COMPRESSION_GZIP, bad, sizeof(bad), 10, NULL, &unpacked,
				   &err), 0);
	ck_assert_uint_eq(unpacked.length, 1);
	bad[10] ^= 1;
	ck_assert_int_eq(mh_unpack(MODHASH_COMPRESSION_GZIP, bad, sizeof(bad), 10, NULL, &unpacked,
				   &err), MODHASH_E_UNPACK);
}
END_TEST

START_TEST(test_stop)
{
	static const uint8_t bytes[1000];
	int stop = 0;
	struct mh_decoders decoders = { .stop = &stop };

	if (!modhash_compression_supported(compressions[_i]))
		return;
	ck_assert_int_eq(mh_pack(compressions[_i], bytes, sizeof(bytes), &packed, &err), 0);
	ck_assert_int_eq(mh_unpack(compressions[_i], packed.data, packed.length, sizeof(bytes),
				   &decoders, &unpacked, &err), 0);
	stop = 1;
	ck_assert_int_eq(mh_unpack(compressions[_i], packed.data, packed.length, sizeof(bytes),
				   &decoders, &unpacked, &err), MODHASH_E_STOPPED);
	ck_assert_uint_eq(unpacked.length, 0);
	mh_decoders_fini(&decoders);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("unpack");
	TCase *tcase = tcase_create("unpack");

	tcase_add_checked_fixture(tcase, NULL, teardown);
	tcase_add_test(tcase, test_gzip_header);
	tcase_add_test(tcase, test_names);
	tcase_add_test(tcase, test_detect);
	tcase_add_loop_test(tcase, test_round_trip, 0, COMPRESSIONS);
	tcase_add_loop_test(tcase, test_pieces, 0, COMPRESSIONS);
	tcase_add_loop_test(tcase, test_limit, 0, COMPRESSIONS);
	tcase_add_test(tcase, test_kernel_reads);
	tcase_add_test(tcase, test_hint);
	tcase_add_loop_test(tcase, test_garbage, 0, COMPRESSIONS);
	tcase_add_loop_test(tcase, test_decoder_again, 0, COMPRESSIONS);
	tcase_add_loop_test(tcase, test_stop, 0, COMPRESSIONS);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
