/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include <elf.h>
#include <string.h>

#include "imagegen.h"

static const char *release_of(const struct imagegen *image)
{
	return image->release ? image->release : IMAGEGEN_RELEASE;
}

static void banner(struct gen_buf *out, const struct imagegen *image)
{
	if (image->flags & IMAGEGEN_LOOKALIKES) {
		gen_text(out, "Linux version %s (%s)\nLinux version of 6.1 Linux version \nLinux version ");
		gen_text(out, "6.0-and-then-goes-on-for-more-than-the-sixty-four-bytes-that-a-release-"
			 "can-have-in-utsname (x@y)\n");
	}
	if (!(image->flags & IMAGEGEN_NO_RELEASE)) {
		gen_text(out, "Linux version ");
		gen_text(out, release_of(image));
		gen_text(out, " (nobody@nowhere) (a compiler) #1 SMP\n");
	}
	gen_zeroes(out, 1);
}

static void blob(struct gen_buf *out, const struct imagegen *image)
{
	size_t begun = out->length;

	if (image->blob)
		gen_add(out, image->blob, image->blob_length);
	else
		gen_zeroes(out, image->blob_length);
	if (image->room > out->length - begun)
		gen_zeroes(out, image->room - (out->length - begun));
}

/* include/uapi/linux/btf.h: magic, version, flags, header, types, strings. */
void imagegen_btf(struct gen_buf *out, bool big_endian)
{
	gen_number(out, 0xeb9f, 2, big_endian);
	gen_number(out, 1, 1, big_endian);
	gen_number(out, 0, 1, big_endian);
	gen_number(out, 24, 4, big_endian);
	gen_number(out, 0, 4, big_endian);  /* types: where */
	gen_number(out, 16, 4, big_endian); /* and how long */
	gen_number(out, 16, 4, big_endian); /* strings */
	gen_number(out, 5, 4, big_endian);
	/* int, 4 bytes, signed */
	gen_number(out, 1, 4, big_endian);
	gen_number(out, 1 << 24, 4, big_endian);
	gen_number(out, 4, 4, big_endian);
	gen_number(out, 1 << 24 | 32, 4, big_endian);
	gen_add(out, "\0int", 5);
}

/* --- vmlinux --- */

#define SECTIONS_MAX 8

struct section {
	const char *name;
	uint32_t type;
	uint64_t flags;
	size_t offset, length;
};

struct writer {
	struct gen_buf *out;
	bool is_64, big;
	struct section sections[SECTIONS_MAX];
	unsigned int count;
};

static void word(struct writer *w, uint64_t value) /* of the class's size */
{
	gen_number(w->out, value, w->is_64 ? 8 : 4, w->big);
}

static void number(struct writer *w, uint64_t value, unsigned int size)
{
	gen_number(w->out, value, size, w->big);
}

static struct section *begin(struct writer *w, const char *name, uint32_t type, uint64_t flags)
{
	struct section *section = &w->sections[w->count++];

	gen_align(w->out, 64);
	*section = (struct section){ name, type, flags, w->out->length, 0 };
	return section;
}

static void end(struct writer *w, struct section *section)
{
	section->length = w->out->length - section->offset;
}

static void hashes(struct writer *w, const struct imagegen *image)
{
	bool nobits = image->flags & IMAGEGEN_NOBITS;
	uint64_t flags = image->flags & IMAGEGEN_NOT_LOADED ? 0 : SHF_ALLOC;
	struct section *section;

	if (image->flags & IMAGEGEN_COMPRESSED)
		flags |= SHF_COMPRESSED;
	section = begin(w, ".module_hashes", nobits ? SHT_NOBITS : SHT_PROGBITS, flags);
	if (nobits) {
		section->length = image->room;
		return;
	}
	blob(w->out, image);
	end(w, section);
}

static void header(struct writer *w, bool object)
{
	static const uint8_t pad[8] = { 0 };
	unsigned int ehdr = w->is_64 ? sizeof(Elf64_Ehdr) : sizeof(Elf32_Ehdr);

	gen_add(w->out, ELFMAG, SELFMAG);
	number(w, w->is_64 ? ELFCLASS64 : ELFCLASS32, 1);
	number(w, w->big ? ELFDATA2MSB : ELFDATA2LSB, 1);
	number(w, EV_CURRENT, 1);
	number(w, 0, 1);
	gen_add(w->out, pad, 8);
	number(w, object ? ET_REL : ET_EXEC, 2);
	number(w, w->is_64 ? w->big ? EM_S390 : EM_X86_64 : w->big ? EM_PPC : EM_ARM, 2);
	number(w, EV_CURRENT, 4);
	word(w, 0x1000);
	word(w, ehdr); /* the one program header follows */
	word(w, 0);    /* section headers: set later */
	number(w, 0, 4);
	number(w, ehdr, 2);
	number(w, w->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr), 2);
	number(w, 1, 2);
	number(w, w->is_64 ? sizeof(Elf64_Shdr) : sizeof(Elf32_Shdr), 2);
	number(w, 0, 2);
	number(w, 0, 2);
	gen_zeroes(w->out, w->is_64 ? sizeof(Elf64_Phdr) : sizeof(Elf32_Phdr));
}

static void section_header(struct writer *w, const struct section *section, uint32_t name)
{
	number(w, name, 4);
	number(w, section->type, 4);
	word(w, section->flags);
	word(w, section->flags & SHF_ALLOC ? 0x1000 + section->offset : 0);
	word(w, section->offset);
	word(w, section->length);
	number(w, 0, 4);
	number(w, 0, 4);
	word(w, section->type == SHT_NULL ? 0 : 64);
	word(w, 0);
}

static void section_headers(struct writer *w)
{
	struct section *names = begin(w, ".shstrtab", SHT_STRTAB, 0);
	uint32_t offsets[SECTIONS_MAX];
	unsigned int i;
	size_t at;

	gen_zeroes(w->out, 1);
	for (i = 1; i < w->count; i++) {
		offsets[i] = (uint32_t)(w->out->length - names->offset);
		gen_add(w->out, w->sections[i].name, strlen(w->sections[i].name) + 1);
	}
	end(w, names);
	gen_align(w->out, 8);
	at = w->out->length;
	offsets[0] = 0;
	for (i = 0; i < w->count; i++)
		section_header(w, &w->sections[i], offsets[i]);
	elfgen_set_ehdr(w->out, ELFGEN_E_SHOFF, at);
	elfgen_set_ehdr(w->out, ELFGEN_E_SHNUM, w->count);
	elfgen_set_ehdr(w->out, ELFGEN_E_SHSTRNDX, w->count - 1);
}

void imagegen_vmlinux(struct gen_buf *out, const struct imagegen *image)
{
	struct writer w = { .out = out, .is_64 = image->bits != 32, .big = image->big_endian };
	struct section *section;

	w.count = 1; /* section 0 is empty */
	header(&w, image->flags & IMAGEGEN_OBJECT);
	section = begin(&w, ".rodata", SHT_PROGBITS, SHF_ALLOC);
	banner(out, image);
	end(&w, section);
	if (!(image->flags & IMAGEGEN_NO_BLOB))
		hashes(&w, image);
	if (image->flags & IMAGEGEN_TWO_BLOBS)
		hashes(&w, image);
	if (!(image->flags & IMAGEGEN_NO_BTF)) {
		section = begin(&w, ".BTF", SHT_PROGBITS, SHF_ALLOC);
		imagegen_btf(out, image->big_endian);
		end(&w, section);
	}
	section = begin(&w, ".comment", SHT_PROGBITS, 0);
	gen_add(out, "Linux version 9.9-debug (quoted)", 33);
	end(&w, section);
	section_headers(&w);
}

/* --- raw arm64 --- */

/* Documentation/arch/arm64/booting.rst */
void imagegen_arm64(struct gen_buf *out, const struct imagegen *image)
{
	size_t begun = out->length;

	gen_text(out, "MZ");
	gen_zeroes(out, 22);
	gen_number(out, image->big_endian ? 1 : 0, 8, false); /* flags */
	gen_zeroes(out, 24);
	gen_text(out, "ARM\144");
	gen_number(out, 64, 4, false);
	banner(out, image);
	gen_align(out, 64);
	if (!(image->flags & IMAGEGEN_NO_BLOB))
		blob(out, image);
	if (image->flags & IMAGEGEN_TWO_BLOBS)
		blob(out, image);
	gen_align(out, 64);
	if (!(image->flags & IMAGEGEN_NO_BTF)) {
		/* a small one first, as a program for BPF in the kernel would be */
		gen_add(out, "\237\353\1\0\30\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", 25);
		gen_align(out, 8);
		imagegen_btf(out, image->big_endian);
	}
	gen_zeroes(out, 100);
	gen_put(out, begun + 16, out->length - begun, 8, false);
}

/* --- bzImage --- */

/* Documentation/arch/x86/boot.rst; four sectors of setup. */
void imagegen_bzimage(struct gen_buf *out, const struct gen_buf *payload, const char *release)
{
	gen_text(out, "MZ");
	gen_zeroes(out, 0x1f1 - out->length);
	gen_number(out, 4, 1, false);
	gen_zeroes(out, 0x1fe - out->length);
	gen_add(out, "\x55\xaa\xeb\x66HdrS\x0f\x02", 10);
	gen_zeroes(out, 5 * 512 - out->length);
	gen_put(out, 0x248, 32, 4, false);
	gen_put(out, 0x24c, payload->length, 4, false);
	if (release) {
		gen_put(out, 0x20e, 0x200, 2, false);
		memcpy(out->data + 0x400, release, strlen(release));
		memcpy(out->data + 0x400 + strlen(release), " (nobody@nowhere) #1", 20);
	}
	gen_zeroes(out, 32);
	gen_add(out, payload->data, payload->length);
	gen_zeroes(out, 77);
}

/* --- EFI --- */

/* drivers/firmware/efi/libstub/zboot-header.S */
void imagegen_zboot(struct gen_buf *out, const struct gen_buf *payload, const char *type)
{
	gen_add(out, "MZ\0\0zimg", 8);
	gen_number(out, IMAGEGEN_ZBOOT_PAYLOAD, 4, false);
	gen_number(out, payload->length, 4, false);
	gen_zeroes(out, 8);
	gen_text(out, type);
	gen_zeroes(out, 56 - out->length);
	gen_add(out, "\xcd\x23\x82\x81", 4);
	gen_number(out, 64, 4, false);
	gen_add(out, "PE\0\0", 4);
	gen_zeroes(out, IMAGEGEN_ZBOOT_PAYLOAD - out->length);
	gen_add(out, payload->data, payload->length);
	gen_zeroes(out, 64);
}

static void pe_section(struct gen_buf *out, const char *name, size_t size, size_t offset)
{
	char padded[8] = { 0 };

	memcpy(padded, name, strlen(name));
	gen_add(out, padded, 8);
	gen_number(out, size, 4, false);
	gen_number(out, 0x1000, 4, false);
	gen_number(out, (size + 511) / 512 * 512, 4, false);
	gen_number(out, offset, 4, false);
	gen_zeroes(out, 16);
}

/* The PE format of Microsoft, and the UAPI group's specification of UKIs. */
void imagegen_uki(struct gen_buf *out, const struct gen_buf *kernel, const char *uname)
{
	gen_text(out, "MZ");
	gen_zeroes(out, 58);
	gen_number(out, 64, 4, false);
	gen_add(out, "PE\0\0\x64\x86\3\0", 8);
	gen_zeroes(out, 12);
	gen_number(out, 16, 2, false); /* of the optional header */
	gen_number(out, 0x22e, 2, false);
	gen_zeroes(out, 16);
	pe_section(out, ".text", 16, 512);
	pe_section(out, uname ? ".uname" : ".osrel", uname ? strlen(uname) : 1, 1024);
	pe_section(out, ".linux", kernel->length, 1536);
	gen_align(out, 512);
	gen_zeroes(out, 512);
	gen_text(out, uname ? uname : "\n");
	gen_align(out, 512);
	gen_add(out, kernel->data, kernel->length);
	gen_align(out, 512);
}

/* --- packing --- */

/* A block of literals: a token, the length in bytes of 255, the bytes. */
static void lz4_block(struct gen_buf *out, const uint8_t *data, size_t length)
{
	size_t at = out->length, left = length;

	gen_zeroes(out, 4);
	gen_number(out, (left < 15 ? left : 15) << 4, 1, false);
	if (left >= 15) {
		for (left -= 15; left >= 255; left -= 255)
			gen_number(out, 255, 1, false);
		gen_number(out, left, 1, false);
	}
	gen_add(out, data, length);
	gen_put(out, at, out->length - at - 4, 4, false);
}

void imagegen_lz4(struct gen_buf *buf, size_t block)
{
	struct gen_buf out = { .data = NULL };
	size_t at, length;

	gen_number(&out, 0x184c2102, 4, false);
	for (at = 0; at < buf->length; at += length) {
		length = buf->length - at < block ? buf->length - at : block;
		lz4_block(&out, buf->data + at, length);
	}
	gen_free(buf);
	*buf = out;
}

void imagegen_size(struct gen_buf *packed, uint64_t unpacked)
{
	gen_number(packed, unpacked, 4, false);
}
