/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <modhash/modhash.h>

#include "image-recipes.h"
#include "source.h"

#define GZIP MODHASH_COMPRESSION_GZIP
#define XZ MODHASH_COMPRESSION_XZ
#define ZSTD MODHASH_COMPRESSION_ZSTD
#define LZ4 MODHASH_COMPRESSION_LZ4

static void must(int rc)
{
	if (rc) {
		fprintf(stderr, "image-recipes: %s\n", modhash_strerror(rc));
		exit(2);
	}
}

void image_recipe_table(struct gen_buf *out)
{
	struct modhash_builder_opts opts;
	struct modhash_builder *builder;
	struct modhash_buffer buffer;
	struct modhash_ctx *ctx;
	uint8_t i;

	MODHASH_INIT(opts);
	opts.format = MODHASH_FORMAT_TABLE;
	opts.algorithm = MODHASH_ALGO_SHA256;
	opts.scope = MODHASH_SCOPE_PAYLOAD;
	must(modhash_ctx_new(NULL, &ctx, NULL));
	must(modhash_builder_new(ctx, &opts, &builder, NULL));
	for (i = 0; i < IMAGE_RECIPE_DIGESTS; i++) {
		struct modhash_digest digest;

		must(modhash_digest_bytes(ctx, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD, &i, 1,
					  &digest, NULL));
		must(modhash_builder_add(builder, &digest, NULL, NULL));
	}
	must(modhash_builder_finish(builder, &buffer, NULL));
	gen_add(out, buffer.data, (size_t)buffer.length);
	modhash_buffer_clear(&buffer);
	modhash_builder_free(builder);
	modhash_ctx_free(ctx);
}

bool image_recipe_possible(const struct image_recipe *recipe)
{
	return modhash_compression_supported(recipe->needs);
}

static void pack(struct gen_buf *buf, int compression)
{
	struct mh_buf packed = MH_BUF_EMPTY;

	if (compression == LZ4) {
		imagegen_lz4(buf, 1000);
		return;
	}
	must(mh_pack(compression, buf->data, buf->length, &packed, NULL));
	buf->length = 0;
	gen_add(buf, packed.data, packed.length);
	mh_buf_free(&packed);
}

/* As the kernel's build packs: with the size behind it, where gzip has its own. */
static void pack_sized(struct gen_buf *buf, int compression)
{
	uint64_t unpacked = buf->length;

	pack(buf, compression);
	if (compression != GZIP)
		imagegen_size(buf, unpacked);
}

/* --- vmlinux --- */

static void vmlinux(struct gen_buf *out, struct imagegen image)
{
	struct gen_buf table = { .data = NULL };

	image_recipe_table(&table);
	if (!image.room) {
		image.blob = table.data;
		image.blob_length = table.length;
		image.room = table.length + 96;
	}
	imagegen_vmlinux(out, &image);
	gen_free(&table);
}

#define VMLINUX(name, ...)                                      \
	static void name(struct gen_buf *out)                   \
	{                                                       \
		vmlinux(out, (struct imagegen){ __VA_ARGS__ }); \
	}

VMLINUX(elf64_le, .bits = 64)
VMLINUX(elf64_be, .bits = 64, .big_endian = true)
VMLINUX(elf32_le, .bits = 32)
VMLINUX(elf32_be, .bits = 32, .big_endian = true)
VMLINUX(no_blob, .flags = IMAGEGEN_NO_BLOB)
VMLINUX(no_btf, .flags = IMAGEGEN_NO_BTF)
VMLINUX(no_release, .flags = IMAGEGEN_NO_RELEASE)
VMLINUX(release_lookalikes, .flags = IMAGEGEN_LOOKALIKES)
VMLINUX(two_blobs, .flags = IMAGEGEN_TWO_BLOBS)
VMLINUX(nobits, .flags = IMAGEGEN_NOBITS, .room = 256)
VMLINUX(packed_section, .flags = IMAGEGEN_COMPRESSED)
VMLINUX(object, .flags = IMAGEGEN_OBJECT)
VMLINUX(zero_list, .room = 320)
VMLINUX(zero_root, .room = 36)
VMLINUX(zero_table, .room = 3400)

static void root(struct gen_buf *out)
{
	uint8_t bytes[36] = { 2 };

	memset(bytes + 4, 0xa5, 32);
	imagegen_vmlinux(out, &(struct imagegen){ .blob = bytes, .blob_length = sizeof(bytes) });
}

/* Its first digest begins as a gzip file does: in a section, it is a list all the same. */
static void list(struct gen_buf *out)
{
	uint8_t bytes[96] = { 0x1f, 0x8b, 8 };

	imagegen_vmlinux(out, &(struct imagegen){ .blob = bytes, .blob_length = sizeof(bytes) });
}

static void odd_blob(struct gen_buf *out)
{
	imagegen_vmlinux(out, &(struct imagegen){ .blob = "what is this?", .blob_length = 13 });
}

static void damaged_blob(struct gen_buf *out)
{
	elf64_le(out);
	out->data[elfgen_get(out, elfgen_find(out, ".module_hashes"), ELFGEN_SH_OFFSET) + 3] ^= 1;
}

static void damaged_table(struct gen_buf *out)
{
	elf64_le(out);
	out->data[elfgen_get(out, elfgen_find(out, ".module_hashes"), ELFGEN_SH_OFFSET) + 130] ^= 1;
}

static void cut_vmlinux(struct gen_buf *out)
{
	elf64_le(out);
	out->length -= 1;
}

static void lying_section(struct gen_buf *out)
{
	elf64_le(out);
	elfgen_set(out, elfgen_find(out, ".module_hashes"), ELFGEN_SH_SIZE, UINT64_MAX - 100);
}

/* 60000 sections, each of which is all of the file. */
static void many_sections(struct gen_buf *out)
{
	struct gen_buf header = { .data = NULL };
	unsigned int count, rodata, i;
	size_t headers;

	no_release(out);
	rodata = elfgen_find(out, ".rodata");
	count = (unsigned int)elfgen_get_ehdr(out, ELFGEN_E_SHNUM);
	headers = elfgen_header(out, 0);
	gen_add(&header, out->data + elfgen_header(out, rodata), 64);
	gen_put(&header, 24, 0, 8, false);
	gen_put(&header, 32, headers + (60000u + count) * 64, 8, false);
	for (i = 0; i < 60000; i++)
		gen_add(out, header.data, header.length);
	elfgen_set_ehdr(out, ELFGEN_E_SHNUM, 60000u + count);
	gen_free(&header);
}

static void nothing(struct gen_buf *out)
{
	gen_text(out, "#!/bin/sh\n");
}

static void empty(struct gen_buf *out)
{
	gen_zeroes(out, 0);
}

/* --- bzImage --- */

static void bzimage(struct gen_buf *out, int compression)
{
	struct gen_buf kernel = { .data = NULL };

	elf64_le(&kernel);
	pack_sized(&kernel, compression);
	imagegen_bzimage(out, &kernel, "1.2.3-header");
	gen_free(&kernel);
}

#define BZIMAGE(name, compression)            \
	static void name(struct gen_buf *out) \
	{                                     \
		bzimage(out, compression);    \
	}

BZIMAGE(bzimage_gzip, GZIP)
BZIMAGE(bzimage_xz, XZ)
BZIMAGE(bzimage_zstd, ZSTD)
BZIMAGE(bzimage_lz4, LZ4)

/* The release of the header, where the kernel itself has none. */
static void bzimage_header_release(struct gen_buf *out)
{
	struct gen_buf kernel = { .data = NULL };

	no_release(&kernel);
	pack(&kernel, GZIP);
	imagegen_bzimage(out, &kernel, "1.2.3-header");
	gen_free(&kernel);
}

static void bzimage_header_release_beyond(struct gen_buf *out)
{
	bzimage_header_release(out);
	gen_put(out, 0x20e, 0xfffe, 2, false);
}

static void bzimage_padded(struct gen_buf *out)
{
	struct gen_buf kernel = { .data = NULL };

	elf64_le(&kernel);
	pack(&kernel, XZ);
	gen_zeroes(&kernel, 21);
	imagegen_bzimage(out, &kernel, NULL);
	gen_free(&kernel);
}

static void bzimage_unpacked(struct gen_buf *out)
{
	struct gen_buf kernel = { .data = NULL };

	elf64_le(&kernel);
	imagegen_bzimage(out, &kernel, NULL);
	gen_free(&kernel);
}

static void bzimage_of(struct gen_buf *out, const char *beginning, size_t length)
{
	struct gen_buf kernel = { .data = NULL };

	gen_add(&kernel, beginning, length);
	gen_zeroes(&kernel, 100);
	imagegen_bzimage(out, &kernel, NULL);
	gen_free(&kernel);
}

static void bzimage_bzip2(struct gen_buf *out)
{
	bzimage_of(out, "BZh91AY&SY", 10);
}

static void bzimage_lzma(struct gen_buf *out)
{
	bzimage_of(out, "\135\0\0\200\0\377\377\377\377\377\377\377\377", 13);
}

static void bzimage_lzo(struct gen_buf *out)
{
	bzimage_of(out, "\211LZO\0\r\n\032\n", 9);
}

static void bzimage_unknown(struct gen_buf *out)
{
	bzimage_of(out, "\1\2\3\4", 4);
}

static void bzimage_text(struct gen_buf *out)
{
	struct gen_buf kernel = { .data = NULL };

	gen_text(&kernel, "no kernel at all");
	pack(&kernel, GZIP);
	imagegen_bzimage(out, &kernel, NULL);
	gen_free(&kernel);
}

static void bzimage_old(struct gen_buf *out)
{
	bzimage_unpacked(out);
	gen_put(out, 0x206, 0x207, 2, false);
}

static void bzimage_cut_header(struct gen_buf *out)
{
	bzimage_unpacked(out);
	out->length = 0x24f;
}

static void bzimage_offset(struct gen_buf *out)
{
	bzimage_unpacked(out);
	gen_put(out, 0x248, UINT32_MAX, 4, false);
}

static void bzimage_length(struct gen_buf *out)
{
	bzimage_unpacked(out);
	gen_put(out, 0x24c, UINT32_MAX, 4, false);
}

static void bzimage_no_length(struct gen_buf *out)
{
	bzimage_unpacked(out);
	gen_put(out, 0x24c, 0, 4, false);
}

/* Into the setup code, and beyond what there is. */
static void bzimage_sectors(struct gen_buf *out)
{
	bzimage_gzip(out);
	out->data[0x1f1] = 255;
}

static void bzimage_size_lies(struct gen_buf *out)
{
	bzimage_xz(out);
	out->data[out->length - 77 - 1] ^= 1;
}

static void bzimage_cut(struct gen_buf *out, int compression)
{
	bzimage(out, compression);
	gen_put(out, 0x24c, gen_get(out, 0x24c, 4, false) - 10, 4, false);
}

static void bzimage_cut_gzip(struct gen_buf *out)
{
	bzimage_cut(out, GZIP);
}

static void bzimage_cut_xz(struct gen_buf *out)
{
	bzimage_cut(out, XZ);
}

static void bzimage_cut_zstd(struct gen_buf *out)
{
	bzimage_cut(out, ZSTD);
}

static void bzimage_cut_lz4(struct gen_buf *out)
{
	bzimage_cut(out, LZ4);
}

static void bzimage_garbage(struct gen_buf *out)
{
	struct gen_buf kernel = { .data = NULL };

	elf64_le(&kernel);
	pack(&kernel, ZSTD);
	gen_text(&kernel, "and this");
	imagegen_bzimage(out, &kernel, NULL);
	gen_free(&kernel);
}

static void bzimage_lz4_length(struct gen_buf *out)
{
	bzimage_lz4(out);
	gen_put(out, IMAGEGEN_BZIMAGE_PAYLOAD + 4, 0x7fffffff, 4, false);
}

static void bzimage_lz4_beyond(struct gen_buf *out)
{
	bzimage_lz4(out);
	gen_put(out, IMAGEGEN_BZIMAGE_PAYLOAD + 4, 0x7fffff, 4, false);
}

static void bzimage_lz4_block(struct gen_buf *out)
{
	bzimage_lz4(out);
	gen_put(out, IMAGEGEN_BZIMAGE_PAYLOAD + 4, 7, 4, false);
}

static void bomb(struct gen_buf *out, int compression)
{
	gen_zeroes(out, (17u << 20) + 4);
	memcpy(out->data, "\177ELF", 4);
	pack_sized(out, compression);
}

static void bzimage_bomb(struct gen_buf *out)
{
	struct gen_buf kernel = { .data = NULL };

	bomb(&kernel, XZ);
	imagegen_bzimage(out, &kernel, NULL);
	gen_free(&kernel);
}

/* Three blocks of some 7.6 MiB: one byte, that byte again and again, and five to end with. */
static void bomb_lz4(struct gen_buf *out)
{
	int block, i;

	gen_number(out, 0x184c2102, 4, false);
	for (block = 0; block < 3; block++) {
		size_t at = out->length;

		gen_zeroes(out, 4);
		gen_add(out, "\x1f\0\1\0", 4);
		for (i = 0; i < 30000; i++)
			gen_number(out, 255, 1, false);
		gen_add(out, "\0\x50none.", 7);
		gen_put(out, at, out->length - at - 4, 4, false);
	}
}

static void bomb_gzip(struct gen_buf *out)
{
	bomb(out, GZIP);
}

/* --- arm64, zboot --- */

static void arm64_of(struct gen_buf *out, struct imagegen image)
{
	struct gen_buf table = { .data = NULL };

	image_recipe_table(&table);
	image.blob = table.data;
	image.blob_length = table.length;
	imagegen_arm64(out, &image);
	gen_free(&table);
}

static void arm64(struct gen_buf *out)
{
	arm64_of(out, (struct imagegen){ .flags = 0 });
}

static void arm64_be(struct gen_buf *out)
{
	arm64_of(out, (struct imagegen){ .big_endian = true });
}

static void arm64_bare(struct gen_buf *out)
{
	arm64_of(out, (struct imagegen){ .flags = IMAGEGEN_NO_BLOB | IMAGEGEN_NO_BTF |
						  IMAGEGEN_NO_RELEASE });
}

static void arm64_two(struct gen_buf *out)
{
	arm64_of(out, (struct imagegen){ .flags = IMAGEGEN_TWO_BLOBS });
}

/* The magic at odd places, and as text without a header behind it. */
static void arm64_magic(struct gen_buf *out)
{
	arm64(out);
	gen_align(out, 8);
	gen_text(out, MODHASH_TABLE_MAGIC);
	gen_zeroes(out, 97);
	image_recipe_table(out);
}

static void arm64_magics(struct gen_buf *out)
{
	int i;

	arm64_bare(out);
	gen_align(out, 8);
	for (i = 0; i < 2000; i++)
		gen_text(out, MODHASH_TABLE_MAGIC);
}

/* BTF whose lengths lie, each in its own way. */
static void arm64_btf_lies(struct gen_buf *out)
{
	static const struct {
		unsigned int field;
		uint32_t value;
	} lies[] = {
		{ 4, 25 }, { 8, 4 }, { 12, 15 }, { 12, 0x7ffffffc }, { 16, 20 }, { 20, 0 },
		{ 20, 0xffffffff }, { 20, 4 },
	};
	size_t i;

	arm64_bare(out);
	for (i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		size_t at;

		gen_align(out, 8);
		at = out->length;
		imagegen_btf(out, false);
		gen_put(out, at + lies[i].field, lies[i].value, 4, false);
		gen_text(out, "x");
	}
	gen_add(out, "\237\353\1\0", 4);
}

static void arm64_gz(struct gen_buf *out)
{
	arm64(out);
	pack(out, GZIP);
}

static void arm64_zst(struct gen_buf *out)
{
	arm64(out);
	pack_sized(out, ZSTD);
}

static void arm64_lz4(struct gen_buf *out)
{
	arm64(out);
	pack(out, LZ4);
}

/* Two members, one after the other. */
static void arm64_gz_twice(struct gen_buf *out)
{
	struct gen_buf whole = { .data = NULL }, half = { .data = NULL };

	arm64(&whole);
	gen_add(&half, whole.data, 100);
	pack(&half, GZIP);
	gen_add(out, half.data, half.length);
	half.length = 0;
	gen_add(&half, whole.data + 100, whole.length - 100);
	pack(&half, GZIP);
	gen_add(out, half.data, half.length);
	gen_free(&half);
	gen_free(&whole);
}

static void gz_garbage(struct gen_buf *out)
{
	arm64_gz(out);
	gen_text(out, "garbage");
}

static void gz_text(struct gen_buf *out)
{
	gen_text(out, "no kernel at all");
	pack(out, GZIP);
}

static void zboot(struct gen_buf *out, int compression, const char *type)
{
	struct gen_buf kernel = { .data = NULL };

	arm64(&kernel);
	pack(&kernel, compression);
	imagegen_zboot(out, &kernel, type);
	gen_free(&kernel);
}

static void zboot_gzip(struct gen_buf *out)
{
	zboot(out, GZIP, "gzip");
}

static void zboot_zstd(struct gen_buf *out)
{
	zboot(out, ZSTD, "zstd22");
}

static void zboot_cut(struct gen_buf *out)
{
	zboot_gzip(out);
	out->length = 63;
}

static void zboot_offset(struct gen_buf *out)
{
	zboot_gzip(out);
	gen_put(out, 8, 0xfffffff0, 4, false);
}

static void zboot_empty(struct gen_buf *out)
{
	zboot_gzip(out);
	gen_put(out, 12, 0, 4, false);
}

static void zboot_lzma(struct gen_buf *out)
{
	struct gen_buf kernel = { .data = NULL };

	gen_add(&kernel, "\135\0\0\200\0\377\377\377\377", 9);
	imagegen_zboot(out, &kernel, "lzma");
	gen_free(&kernel);
}

/* --- unified kernel images --- */

static void uki_of(struct gen_buf *out, void (*make)(struct gen_buf *), const char *uname)
{
	struct gen_buf kernel = { .data = NULL };

	make(&kernel);
	imagegen_uki(out, &kernel, uname);
	gen_free(&kernel);
}

static void uki(struct gen_buf *out)
{
	uki_of(out, bzimage_zstd, "0.1-said\n");
}

static void uki_uname(struct gen_buf *out)
{
	uki_of(out, no_release, "0.1-said\n");
}

static void uki_zboot(struct gen_buf *out)
{
	uki_of(out, zboot_gzip, NULL);
}

static void uki_uki(struct gen_buf *out)
{
	uki_of(out, uki, NULL);
}

/* One that is its own kernel. */
static void uki_loop(struct gen_buf *out)
{
	uki(out);
	gen_put(out, IMAGEGEN_UKI_LINUX + 20, 0, 4, false);
	gen_put(out, IMAGEGEN_UKI_LINUX + 16, out->length, 4, false);
	gen_put(out, IMAGEGEN_UKI_LINUX + 8, out->length, 4, false);
}

static void uki_no_linux(struct gen_buf *out)
{
	uki(out);
	memcpy(out->data + IMAGEGEN_UKI_LINUX, ".linus", 6);
}

static void uki_two_linux(struct gen_buf *out)
{
	uki(out);
	memcpy(out->data + IMAGEGEN_UKI_HEADERS, ".linux\0", 8);
}

static void uki_offset(struct gen_buf *out)
{
	uki(out);
	gen_put(out, IMAGEGEN_UKI_LINUX + 20, 0xffffff00, 4, false);
}

static void uki_uname_offset(struct gen_buf *out)
{
	uki(out);
	gen_put(out, IMAGEGEN_UKI_HEADERS + 40 + 20, 0xffffff00, 4, false);
}

static void uki_sections(struct gen_buf *out)
{
	uki(out);
	gen_put(out, 64 + 6, 65535, 2, false);
}

static void uki_cut(struct gen_buf *out)
{
	uki(out);
	out->length = 64 + 23;
}

static void uki_empty(struct gen_buf *out)
{
	uki(out);
	gen_put(out, IMAGEGEN_UKI_LINUX + 16, 0, 4, false);
}

/* --- parts alone --- */

static void table(struct gen_buf *out)
{
	image_recipe_table(out);
}

static void table_padded(struct gen_buf *out)
{
	image_recipe_table(out);
	gen_zeroes(out, 500);
}

static void btf(struct gen_buf *out)
{
	imagegen_btf(out, false);
}

static void btf_be(struct gen_buf *out)
{
	imagegen_btf(out, true);
}

#define R IMAGEGEN_RELEASE

#define GOOD(name, make, needs, layers, release, blob, btf, what) \
	{ "good-" name, make, needs, "OK", layers, release, blob, btf, what }
#define BAD(name, make, needs, code, what) \
	{ "bad-" name, make, needs, code, "-", NULL, "-", "-", what }
#define UNSUPPORTED(name, make, needs, what) \
	{ "unsupported-" name, make, needs, "UNSUPPORTED", "-", NULL, "-", "-", what }

const struct image_recipe image_recipes[] = {
	GOOD("elf64-le", elf64_le, 0, "vmlinux", R, "filled", "OK", "a vmlinux with a table"),
	GOOD("elf64-be", elf64_be, 0, "vmlinux", R, "filled", "OK", "big-endian"),
	GOOD("elf32-le", elf32_le, 0, "vmlinux", R, "filled", "OK", "32-bit"),
	GOOD("elf32-be", elf32_be, 0, "vmlinux", R, "filled", "OK", "32-bit, big-endian"),
	GOOD("no-blob", no_blob, 0, "vmlinux", R, "NOT_FOUND", "OK", "no `.module_hashes`"),
	GOOD("no-btf", no_btf, 0, "vmlinux", R, "filled", "NOT_FOUND", "no `.BTF`"),
	GOOD("no-release", no_release, 0, "vmlinux", NULL, "filled", "OK",
	     "no banner but in a section that is not loaded"),
	GOOD("lookalikes", release_lookalikes, 0, "vmlinux", R, "filled", "OK",
	     "beginnings of banners before the banner"),
	GOOD("many-sections", many_sections, 0, "vmlinux", NULL, "filled", "OK",
	     "60000 sections, each of which is all of the file"),
	GOOD("root", root, 0, "vmlinux", R, "filled", "OK", "with a root"),
	GOOD("list", list, 0, "vmlinux", R, "filled", "OK",
	     "with a list that begins as a gzip file does"),
	GOOD("zero-list", zero_list, 0, "vmlinux", R, "zeroes", "OK",
	     "zeroes that a list or a table could take the place of"),
	GOOD("zero-root", zero_root, 0, "vmlinux", R, "zeroes", "OK", "zeroes for a root"),
	GOOD("zero-table", zero_table, 0, "vmlinux", R, "zeroes", "OK", "zeroes for a table"),
	GOOD("two-blobs", two_blobs, 0, "vmlinux", R, "ELF", "OK", "two sections of that name"),
	GOOD("nobits", nobits, 0, "vmlinux", R, "NOT_FOUND", "OK",
	     "the section has no bytes in the file"),
	GOOD("packed-section", packed_section, 0, "vmlinux", R, "UNSUPPORTED", "OK",
	     "the section is itself compressed"),
	GOOD("odd-blob", odd_blob, 0, "vmlinux", R, "BLOB", "OK", "13 bytes in the section"),
	GOOD("damaged-blob", damaged_blob, 0, "vmlinux", R, "BLOB", "OK",
	     "a table whose magic is damaged"),
	GOOD("damaged-table", damaged_table, 0, "vmlinux", R, "CHECKSUM", "OK",
	     "a table with a digest that is damaged"),
	BAD("object", object, 0, "NOT_IMAGE", "not linked"),
	BAD("cut-vmlinux", cut_vmlinux, 0, "ELF", "the last byte is missing"),
	BAD("lying-section", lying_section, 0, "ELF", "a section of nearly 2^64 bytes"),
	BAD("nothing", nothing, 0, "NOT_IMAGE", "a script"),
	BAD("empty", empty, 0, "NOT_IMAGE", "no bytes at all"),

	GOOD("bzimage-gzip", bzimage_gzip, GZIP, "bzimage (gzip), vmlinux", R, "filled", "OK",
	     "x86, packed by gzip"),
	GOOD("bzimage-xz", bzimage_xz, XZ, "bzimage (xz), vmlinux", R, "filled", "OK",
	     "by xz, the unpacked size behind it"),
	GOOD("bzimage-zstd", bzimage_zstd, ZSTD, "bzimage (zstd), vmlinux", R, "filled", "OK",
	     "by zstd"),
	GOOD("bzimage-lz4", bzimage_lz4, LZ4, "bzimage (lz4), vmlinux", R, "filled", "OK",
	     "by LZ4, in several blocks"),
	GOOD("bzimage-header-release", bzimage_header_release, GZIP, "bzimage (gzip), vmlinux",
	     "1.2.3-header", "filled", "OK", "the release in the setup header alone"),
	GOOD("bzimage-header-release-beyond", bzimage_header_release_beyond, GZIP,
	     "bzimage (gzip), vmlinux", NULL, "filled", "OK",
	     "the setup header says that the release is where nothing is"),
	GOOD("bzimage-padded", bzimage_padded, XZ, "bzimage (xz), vmlinux", R, "filled", "OK",
	     "zeroes behind what is packed"),
	GOOD("bzimage-unpacked", bzimage_unpacked, 0, "bzimage, vmlinux", R, "filled", "OK",
	     "not packed at all"),
	BAD("bzimage-unknown", bzimage_unknown, 0, "IMAGE", "packed by nobody knows what"),
	BAD("bzimage-text", bzimage_text, GZIP, "NOT_IMAGE", "text is packed in it"),
	BAD("bzimage-cut-header", bzimage_cut_header, 0, "IMAGE", "cut in the setup header"),
	BAD("bzimage-offset", bzimage_offset, 0, "IMAGE", "a kernel at 4 GiB"),
	BAD("bzimage-length", bzimage_length, 0, "IMAGE", "a kernel of 4 GiB"),
	BAD("bzimage-no-length", bzimage_no_length, 0, "IMAGE", "a kernel of no bytes"),
	BAD("bzimage-sectors", bzimage_sectors, GZIP, "IMAGE", "255 sectors of setup code"),
	BAD("bzimage-size", bzimage_size_lies, XZ, "UNPACK", "another unpacked size behind it"),
	BAD("bzimage-cut-gzip", bzimage_cut_gzip, GZIP, "UNPACK", "the end is missing"),
	BAD("bzimage-cut-xz", bzimage_cut_xz, XZ, "UNPACK", "the end is missing"),
	BAD("bzimage-cut-zstd", bzimage_cut_zstd, ZSTD, "UNPACK", "the end is missing"),
	BAD("bzimage-cut-lz4", bzimage_cut_lz4, LZ4, "UNPACK", "the end is missing"),
	BAD("bzimage-garbage", bzimage_garbage, ZSTD, "UNPACK", "garbage behind what is packed"),
	BAD("bzimage-lz4-length", bzimage_lz4_length, LZ4, "UNPACK", "a block of 2 GiB"),
	BAD("bzimage-lz4-beyond", bzimage_lz4_beyond, LZ4, "UNPACK",
	     "a block that ends behind the end"),
	BAD("bzimage-lz4-block", bzimage_lz4_block, LZ4, "UNPACK", "a block that is cut"),
	BAD("bzimage-bomb", bzimage_bomb, XZ, "LIMIT", "unpacks to more than 16 MiB"),
	UNSUPPORTED("bzimage-bzip2", bzimage_bzip2, 0, "packed by bzip2"),
	UNSUPPORTED("bzimage-lzma", bzimage_lzma, 0, "packed by lzma"),
	UNSUPPORTED("bzimage-lzo", bzimage_lzo, 0, "packed by lzo"),
	UNSUPPORTED("bzimage-old", bzimage_old, 0, "boot protocol 2.07"),

	GOOD("arm64", arm64, 0, "arm64", R, "filled", "OK", "a raw arm64 Image"),
	GOOD("arm64-be", arm64_be, 0, "arm64", R, "filled", "OK", "big-endian"),
	GOOD("arm64-bare", arm64_bare, 0, "arm64", NULL, "NOT_FOUND", "NOT_FOUND",
	     "with nothing that could be found in it"),
	GOOD("arm64-two", arm64_two, 0, "arm64", R, "BLOB", "OK", "with two tables"),
	GOOD("arm64-magic", arm64_magic, 0, "arm64", R, "filled", "OK",
	     "the magic as text, and another table where none can be"),
	GOOD("arm64-btf-lies", arm64_btf_lies, 0, "arm64", NULL, "NOT_FOUND", "NOT_FOUND",
	     "what begins as BTF, and can't be"),
	BAD("arm64-magics", arm64_magics, 0, "TOO_COMPLEX", "the magic 2000 times"),
	GOOD("arm64-gz", arm64_gz, GZIP, "packed (gzip), arm64", R, "filled", "OK", "Image.gz"),
	GOOD("arm64-zst", arm64_zst, ZSTD, "packed (zstd), arm64", R, "filled", "OK",
	     "Image.zst, the unpacked size behind it"),
	GOOD("arm64-lz4", arm64_lz4, LZ4, "packed (lz4), arm64", R, "filled", "OK", "Image.lz4"),
	GOOD("arm64-gz-twice", arm64_gz_twice, GZIP, "packed (gzip), arm64", R, "filled", "OK",
	     "Image.gz of two members"),
	BAD("gz-garbage", gz_garbage, GZIP, "UNPACK", "Image.gz with garbage behind it"),
	BAD("gz-text", gz_text, GZIP, "NOT_IMAGE", "text packed by gzip"),
	BAD("gz-bomb", bomb_gzip, GZIP, "LIMIT", "unpacks to more than 16 MiB"),
	BAD("lz4-bomb", bomb_lz4, LZ4, "LIMIT", "the same, by LZ4"),
	GOOD("zboot-gzip", zboot_gzip, GZIP, "zboot (gzip), arm64", R, "filled", "OK",
	     "an EFI zboot image"),
	GOOD("zboot-zstd", zboot_zstd, ZSTD, "zboot (zstd), arm64", R, "filled", "OK",
	     "packed by zstd"),
	BAD("zboot-cut", zboot_cut, GZIP, "IMAGE", "cut in its header"),
	BAD("zboot-offset", zboot_offset, GZIP, "IMAGE", "a kernel at 4 GiB"),
	BAD("zboot-empty", zboot_empty, GZIP, "IMAGE", "a kernel of no bytes"),
	UNSUPPORTED("zboot-lzma", zboot_lzma, 0, "packed by lzma"),

	GOOD("uki", uki, ZSTD, "uki, bzimage (zstd), vmlinux", R, "filled", "OK",
	     "a unified kernel image"),
	GOOD("uki-uname", uki_uname, 0, "uki, vmlinux", "0.1-said", "filled", "OK",
	     "the release in `.uname` alone"),
	GOOD("uki-zboot", uki_zboot, GZIP, "uki, zboot (gzip), arm64", R, "filled", "OK",
	     "around a zboot image"),
	GOOD("uki-uki", uki_uki, ZSTD, "uki, uki, bzimage (zstd), vmlinux", R, "filled", "OK",
	     "one in another"),
	BAD("uki-loop", uki_loop, ZSTD, "IMAGE", "it is its own kernel"),
	UNSUPPORTED("uki-two-linux", uki_two_linux, ZSTD, "two sections `.linux`"),
	UNSUPPORTED("uki-no-linux", uki_no_linux, ZSTD, "PE without a section `.linux`"),
	BAD("uki-offset", uki_offset, ZSTD, "IMAGE", "`.linux` behind the end"),
	BAD("uki-uname-offset", uki_uname_offset, ZSTD, "IMAGE", "`.uname` behind the end"),
	BAD("uki-sections", uki_sections, ZSTD, "IMAGE", "65535 sections"),
	BAD("uki-cut", uki_cut, ZSTD, "IMAGE", "cut in the PE header"),
	BAD("uki-empty", uki_empty, ZSTD, "NOT_IMAGE", "`.linux` has no bytes"),

	GOOD("table", table, 0, "table", NULL, "filled", "NOT_FOUND",
	     "a table alone, as a running kernel shows it"),
	GOOD("table-padded", table_padded, 0, "table", NULL, "filled", "NOT_FOUND",
	     "with zeroes behind it"),
	GOOD("btf", btf, 0, "btf", NULL, "NOT_FOUND", "OK", "BTF alone"),
	GOOD("btf-be", btf_be, 0, "btf", NULL, "NOT_FOUND", "OK", "big-endian"),
	{ .name = NULL },
};
