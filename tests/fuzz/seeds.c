/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * seeds DIR: write inputs to begin with, DIR/TARGET/NAME, made by tests/gen and the labs of
 * tests/unit.  What exactly is in the pieces of an input, each target says in its first lines.
 */
#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>

#include "btf-lab.h"
#include "builder.h"
#include "canon-lab.h"
#include "fuzz.h"
#include "image-recipes.h"
#include "recipes.h"
#include "source.h"

/* Larger ones are slow, and a fuzzer would cut them. */
#define LENGTH_MAX 32768

static const char *top;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "seeds: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void make_directory(const char *path)
{
	if (mkdir(path, 0755) && errno != EEXIST)
		die(path);
}

static void seed(const char *target, const char *name, const void *data, size_t length)
{
	char path[4096];
	FILE *file;

	if (length > LENGTH_MAX)
		return;
	snprintf(path, sizeof(path), "%s/%s", top, target);
	make_directory(path);
	snprintf(path, sizeof(path), "%s/%s/%s", top, target, name);
	file = fopen(path, "wb");
	if (!file || (length && fwrite(data, 1, length, file) != length) || fclose(file))
		die(path);
}

/* A piece behind its length. */
static void add_piece(struct gen_buf *buf, const void *data, size_t length)
{
	gen_number(buf, length, 4, false);
	gen_add(buf, data, length);
}

static void seed_pieces(const char *target, const char *name, const void *first,
			size_t first_length, const void *rest, size_t rest_length)
{
	struct gen_buf buf = { .data = NULL };

	add_piece(&buf, first, first_length);
	gen_add(&buf, rest, rest_length);
	seed(target, name, buf.data, buf.length);
	gen_free(&buf);
}

/* --- modules --- */

void recipe_pack(struct gen_buf *buf, int compression)
{
	struct mh_buf packed = MH_BUF_EMPTY;

	if (mh_pack(compression, buf->data ? buf->data : (const uint8_t *)"", buf->length, &packed,
		    NULL))
		die("packing");
	buf->length = 0;
	gen_add(buf, packed.data, packed.length);
	mh_buf_free(&packed);
}

static void seed_trailer_data(const char *name, const struct gen_buf *file)
{
	struct modhash_trailer trailer;
	struct modhash_module *module;

	if (modhash_module_from_memory(fuzz_ctx(), file->data, file->length, &module, NULL))
		return;
	MODHASH_INIT(trailer);
	if (!modhash_module_trailer(module, 0, &trailer, NULL) &&
	    trailer.kind == MODHASH_TRAILER_PKCS7)
		seed("pkcs7", name, trailer.data, trailer.data_length);
	modhash_module_free(module);
}

/* A verdict on it, by a list that does not know it and an empty name. */
static void seed_verify(const char *name, const struct gen_buf *file)
{
	struct gen_buf buf = { .data = NULL };
	uint8_t list[64];

	memset(list, 0xd1, sizeof(list));
	add_piece(&buf, list, sizeof(list));
	add_piece(&buf, "kernel/a.ko", 11);
	add_piece(&buf, "", 0);
	gen_add(&buf, file->data, file->length);
	seed("verify", name, buf.data, buf.length);
	gen_free(&buf);
}

static void seed_module(const char *name, const struct gen_buf *file)
{
	static const struct {
		const char *suffix, *target;
	} packed[] = {
		{ ".gz", "unpack-gzip" },
		{ ".xz", "unpack-xz" },
		{ ".zst", "unpack-zstd" },
	};

	for (size_t i = 0; i < sizeof(packed) / sizeof(packed[0]); i++) {
		if (strstr(name, packed[i].suffix)) {
			seed(packed[i].target, name, file->data, file->length);
			return;
		}
	}
	seed("trailer", name, file->data, file->length);
	seed("elf", name, file->data, file->length);
	seed("canon", name, file->data, file->length);
	seed("btf-path", name, file->data, file->length);
	seed_pieces("compare", name, file->data, file->length, file->data, file->length);
	seed_trailer_data(name, file);
	seed_verify(name, file);
}

static bool is_possible(const char *name)
{
	if (strstr(name, "bomb") || strstr(name, "limit"))
		return false; /* megabytes */
	if (strstr(name, ".gz"))
		return modhash_compression_supported(MODHASH_COMPRESSION_GZIP);
	if (strstr(name, ".xz"))
		return modhash_compression_supported(MODHASH_COMPRESSION_XZ);
	if (strstr(name, ".zst"))
		return modhash_compression_supported(MODHASH_COMPRESSION_ZSTD);
	return true;
}

static void seed_recipes(const struct recipe *recipe)
{
	for (; recipe->name; recipe++) {
		struct gen_buf file = { .data = NULL };

		if (!is_possible(recipe->name))
			continue;
		recipe->make(&file);
		seed_module(recipe->name, &file);
		gen_free(&file);
	}
}

static void seed_pkcs7(void)
{
	static const struct pkcs7gen messages[] = {
		{ 0 },
		{ .flags = PKCS7GEN_KEY_ID },
		{ .flags = PKCS7GEN_NO_SIGNER },
		{ .flags = PKCS7GEN_NO_CN },
		{ .flags = PKCS7GEN_BMP_NAME, .name = "\0K\0e\0y", .name_length = 6 },
		{ .flags = PKCS7GEN_LATIN1_NAME, .name = "Schl\374ssel", .name_length = 9 },
		{ .hash = 3 },
		{ .hash = 8 },
		{ .hash = 99 },
	};
	char name[32];

	for (size_t i = 0; i < sizeof(messages) / sizeof(messages[0]); i++) {
		struct gen_buf message = { .data = NULL };

		pkcs7gen(&message, &messages[i]);
		snprintf(name, sizeof(name), "made-%zu", i);
		seed("pkcs7", name, message.data, message.length);
		gen_free(&message);
	}
}

static void seed_pack(void)
{
	static const char text[] = "\0what is packed, packed, packed, packed, and packed again";
	char bytes[sizeof(text)];

	memcpy(bytes, text, sizeof(text));
	for (char i = 0; i < 3; i++) {
		char name[] = { (char)('0' + i), 0 };

		bytes[0] = i;
		seed("pack", name, bytes, sizeof(bytes) - 1);
	}
}

/* --- BTF --- */

static const struct {
	const char *name;
	struct maker maker;
} modules[] = {
	{ "lab-module", { .is_64 = true } },
	{ "lab-permuted", { .is_64 = true, .permute = 3 } },
	{ "lab-layout", { .is_64 = true, .padding = 8, .backwards = true } },
	{ "lab-first", { .is_64 = true, .headers_first = true, .names_backwards = true } },
	{ "lab-section", { .is_64 = true, .swapped = true } },
	{ "lab-member", { .is_64 = true, .member = "handle" } },
	{ "lab-rotated", { .is_64 = true, .rotated = true } },
	{ "lab-without", { .is_64 = true, .no_btf = true } },
	{ "lab-twins", { .is_64 = true, .twins = true } },
	{ "lab-unresolved", { .is_64 = true, .permute = 3, .unresolved = true } },
	{ "lab-distilled", { .is_64 = true, .distilled = true } },
	{ "lab-distilled-permuted",
	  { .is_64 = true, .distilled = true, .permute = 3, .permute_base = 5 } },
	{ "lab-extended", { .is_64 = true, .extended = true } },
	{ "lab-spare", { .is_64 = true, .spare_name = ".spare", .spare_symbol = "spare" } },
	{ "lab-be32", { .big_endian = true } },
	{ "lab-be32-permuted", { .big_endian = true, .permute = 3 } },
	{ "lab-be32-distilled", { .big_endian = true, .distilled = true } },
};

static void seed_lab_modules(void)
{
	static struct file first, file;

	make(&modules[0].maker, &first);
	for (size_t i = 0; i < sizeof(modules) / sizeof(modules[0]); i++) {
		struct gen_buf buf = { .data = NULL };

		make(&modules[i].maker, &file);
		gen_add(&buf, file.data, file.length);
		seed_module(modules[i].name, &buf);
		seed_pieces("compare", modules[i].name, first.data, first.length, file.data,
			    file.length);
		gen_free(&buf);
	}
}

static void seed_lab_bases(void)
{
	static const struct maker makers[] = {
		{ .is_64 = true },
		{ .is_64 = true, .permute_base = 5 },
		{ .big_endian = true },
	};

	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		char name[] = { 'l', 'a', 'b', (char)('0' + i), 0 };
		struct modhash_btf_base *base;
		struct modhash_buffer cache;
		size_t length;
		uint8_t *bytes = make_base_btf(&makers[i], &length);

		seed("btf-path", name, bytes, length);
		seed_pieces("btf", name, "", 0, bytes, length);
		MUST(modhash_btf_base_from_memory(fuzz_ctx(), bytes, length, &base, NULL) == 0);
		MUST(modhash_btf_base_save(base, &cache, NULL) == 0);
		seed("btf-cache", name, cache.data, cache.length);
		seed("btf-path", i ? "cache" : "cache0", cache.data, cache.length);
		modhash_buffer_clear(&cache);
		modhash_btf_base_free(base);
		free(bytes);
	}
}

static void kinds_of(const struct lab *lab, uint8_t *kinds)
{
	for (uint32_t i = 0; i < lab->count; i++)
		kinds[i] = lab->types[i].words[1] >> 24 & 0x1f;
}

/* Types of all kinds; and others that continue them. */
static void seed_random_btf(uint64_t seed_number)
{
	struct lab base_lab, lab;
	uint64_t random = seed_number;
	uint32_t count = 6 + (uint32_t)seed_number * 3;
	size_t base_length, length;
	uint8_t *base, *bytes, *kinds = calloc(1, count);
	char name[32];

	MUST(kinds);
	lab_init(&base_lab, 1, 0);
	base_lab.big_endian = seed_number % 4 == 3;
	lab_random_types(&base_lab, &random, count, 0, NULL);
	kinds_of(&base_lab, kinds);
	base = lab_write(&base_lab, &base_length);
	lab_init(&lab, count + 1, base_lab.strings_length);
	lab.big_endian = base_lab.big_endian;
	lab_random_types(&lab, &random, count, count, kinds);
	bytes = lab_write(&lab, &length);
	snprintf(name, sizeof(name), "random-%u", (unsigned int)seed_number);
	seed_pieces("btf", name, base, base_length, bytes, length);
	snprintf(name, sizeof(name), "random-base-%u", (unsigned int)seed_number);
	seed_pieces("btf", name, "", 0, base, base_length);
	lab_free(&base_lab);
	lab_free(&lab);
	free(base);
	free(bytes);
	free(kinds);
}

/* A pointer to a structure that has it, and the same again, told apart by who refers to them. */
static uint32_t add_list(struct lab *lab, const char *name)
{
	uint32_t pointer = lab->first_id + lab->count;

	lab_add(lab, NULL, LAB_INFO(2, 0), 1, pointer + 1);
	lab_add(lab, name, LAB_INFO(4, 1), 4, 8, lab_string(lab, "next"), pointer, 0);
	return pointer;
}

static void seed_lab(const char *name, struct lab *lab)
{
	size_t length;
	uint8_t *bytes = lab_write(lab, &length);

	seed_pieces("btf", name, "", 0, bytes, length);
	free(bytes);
	lab_free(lab);
}

/* Types that are the same: told apart by types that are not, by their place in one, by nothing. */
static void seed_twins(void)
{
	struct lab lab;
	uint32_t a, b;

	for (unsigned int i = 0; i < 4; i++) {
		char name[] = { 't', 'w', 'i', 'n', 's', (char)('0' + i), 0 };

		lab_init(&lab, 1, 0);
		a = add_list(&lab, "list");
		b = add_list(&lab, "list");
		if (i == 1) {
			lab_add(&lab, "first", LAB_INFO(8, 0), 1, a);
			lab_add(&lab, "second", LAB_INFO(8, 0), 1, b);
		} else if (i == 2) {
			lab_add(&lab, NULL, LAB_INFO(13, 3), 7, 0, lab_string(&lab, "x"), a,
				lab_string(&lab, "y"), b, lab_string(&lab, "z"), a);
		} else if (i == 3) {
			lab_add(&lab, NULL, LAB_INFO(10, 0), 1, a);
			lab_add(&lab, NULL, LAB_INFO(10, 0), 1, b);
			add_list(&lab, "list");
		}
		seed_lab(name, &lab);
	}
}

/* --- modules with other BTF than the lab's --- */

struct part {
	const char *name;
	const void *data;
	size_t length;
	uint32_t type, flags;
};

static void add_header(struct gen_buf *out, uint32_t name, const struct part *part, uint64_t offset)
{
	gen_number(out, name, 4, false);
	gen_number(out, part->type, 4, false);
	gen_number(out, part->flags, 8, false);
	gen_number(out, 0, 8, false);
	gen_number(out, offset, 8, false);
	gen_number(out, part->length, 8, false);
	gen_zeroes(out, 8);
	gen_number(out, 1, 8, false);
	gen_number(out, 0, 8, false);
}

/* An object file of .text and .BTF. */
static void make_object(struct gen_buf *out, const uint8_t *btf, size_t length)
{
	static const char names[] = "\0.text\0.BTF\0.shstrtab";
	const struct part parts[] = {
		{ ".text", "\x90\x90\xc3\x90", 4, 1, 6 },
		{ ".BTF", btf, length, 1, 0 },
		{ ".shstrtab", names, sizeof(names), 3, 0 },
	};
	uint32_t name = 1;
	uint64_t at = 64;

	gen_add(out, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\1\0\x3e\0\1\0\0\0", 24);
	gen_zeroes(out, 16);
	gen_number(out, 64 + 4 + length + sizeof(names), 8, false);
	gen_number(out, 0, 4, false);
	gen_add(out, "\x40\0\0\0\0\0\x40\0\4\0\3\0", 12);
	for (size_t i = 0; i < 3; i++)
		gen_add(out, parts[i].data, parts[i].length);
	gen_zeroes(out, 64);
	for (size_t i = 0; i < 3; i++) {
		add_header(out, name, &parts[i], at);
		name += (uint32_t)strlen(parts[i].name) + 1;
		at += parts[i].length;
	}
}

/* Types of all kinds over the lab's base; with @change, a word of one of them differs. */
static void make_random(struct gen_buf *out, uint64_t seed_number, uint32_t change)
{
	static const uint8_t kinds[BASE_TYPES] = { 1, 13 };
	const struct maker maker = { .is_64 = true };
	size_t base_length, length;
	uint8_t *base = make_base_btf(&maker, &base_length), *bytes;
	uint64_t random = 77 + seed_number;
	struct lab base_lab, lab;

	lab_parse(&base_lab, base, base_length, 1, 0);
	lab_init(&lab, BASE_TYPES + 1, base_lab.strings_length);
	lab_random_types(&lab, &random, 12 + (uint32_t)seed_number * 4, BASE_TYPES, kinds);
	if (change) {
		struct lab_type *type = &lab.types[change % lab.count];

		if (type->count > 3)
			type->words[type->count - 1] ^= 1;
		else
			type->words[0] = lab_string(&lab, "changed");
	}
	bytes = lab_write(&lab, &length);
	make_object(out, bytes, length);
	lab_free(&base_lab);
	lab_free(&lab);
	free(base);
	free(bytes);
}

static void seed_random_modules(void)
{
	for (uint32_t i = 0; i < 24; i++) {
		struct gen_buf first = { .data = NULL }, second = { .data = NULL };
		char name[32];

		make_random(&first, i / 2, 0);
		make_random(&second, i / 2, 1 + 3 * i);
		snprintf(name, sizeof(name), "random-%u", i);
		seed("canon", name, first.data, first.length);
		seed_pieces("compare", name, first.data, first.length, second.data, second.length);
		gen_free(&first);
		gen_free(&second);
	}
}

/* --- blobs --- */

static struct modhash_digest digest_of(const struct modhash_builder_opts *opts, unsigned int i)
{
	struct modhash_digest digest = fuzz_digest((int)opts->algorithm, MODHASH_SCOPE_FILE, &i,
						   sizeof(i));

	digest.scope = (uint16_t)opts->scope;
	return digest;
}

static struct modhash_buffer blob_of(struct modhash_builder_opts opts, unsigned int from,
				     unsigned int to)
{
	struct modhash_builder *builder;
	struct modhash_buffer buffer;

	MUST(modhash_builder_new(fuzz_ctx(), &opts, &builder, NULL) == 0);
	for (unsigned int i = from; i < to; i++) {
		struct modhash_digest digest = digest_of(&opts, i);
		struct modhash_blob_module module;
		char name[64];

		MODHASH_INIT(module);
		snprintf(name, sizeof(name), "kernel/drivers/d%u/m-%u.ko", i % 3, i % 50);
		module.name = name;
		module.build_id = digest.bytes;
		module.build_id_length = i % 2 ? 20 : 0;
		module.flags = i % 3 ? 0 : MODHASH_BLOB_MODULE_SIGNED;
		module.payload_length = 1000 + i;
		MUST(modhash_builder_add(builder, &digest, &module, NULL) == 0);
	}
	MUST(modhash_builder_finish(builder, &buffer, NULL) == 0);
	modhash_builder_free(builder);
	return buffer;
}

static struct modhash_builder_opts blob_opts(uint32_t format, uint32_t algorithm, uint32_t scope)
{
	struct modhash_builder_opts opts;

	MODHASH_INIT(opts);
	opts.format = format;
	opts.algorithm = algorithm;
	opts.scope = scope;
	if (format == MODHASH_FORMAT_MERKLE)
		opts.byte_order = MODHASH_BYTE_ORDER_LITTLE;
	return opts;
}

/* As an input of every target that takes a blob first. */
static void seed_blob(const char *name, const struct modhash_builder_opts *opts,
		      unsigned int count)
{
	struct modhash_buffer buffer = blob_of(*opts, 0, count);
	struct modhash_buffer other = blob_of(*opts, count / 3, count + 2);
	struct modhash_digest digest = digest_of(opts, 1);
	struct gen_buf verify = { .data = NULL };

	if (opts->format == MODHASH_FORMAT_LIST) {
		seed_pieces("list", name, "kernel/a.ko\n*/evil/*.ko\n\\\n?" "?/\nb.ko", 33,
			    buffer.data, buffer.length);
	} else {
		seed_pieces("list", name, "", 0, buffer.data, buffer.length);
		seed("table", name, buffer.data, buffer.length);
	}
	seed_pieces("core", name, digest.bytes, digest.length, buffer.data, buffer.length);
	seed_pieces("diff", name, buffer.data, buffer.length, other.data, other.length);
	add_piece(&verify, buffer.data, buffer.length);
	add_piece(&verify, "/lib/modules/kernel/drivers/d1/m_1.ko.xz", 40);
	add_piece(&verify, "", 0);
	gen_text(&verify, "no module");
	seed("verify", name, verify.data, verify.length);
	gen_free(&verify);
	modhash_buffer_clear(&buffer);
	modhash_buffer_clear(&other);
}

static void seed_tables(void)
{
	static const uint32_t algorithms[] = { MODHASH_ALGO_SHA256, MODHASH_ALGO_SHA384,
					       MODHASH_ALGO_SHA3_512 };
	static const uint32_t bits[] = { 0, 3, 7, MODHASH_INDEX_FAST };
	struct modhash_builder_opts opts;
	char name[32];

	for (unsigned int i = 0; i < 12; i++) {
		opts = blob_opts(MODHASH_FORMAT_TABLE, algorithms[i % 3],
				 i % 2 ? MODHASH_SCOPE_FILE : MODHASH_SCOPE_PAYLOAD);
		opts.index_bits = bits[i % 4];
		opts.capacity = i % 5 == 4 ? 30 : 0;
		opts.release = i % 3 ? "6.12.0-generated" : NULL;
		opts.flags = i % 4 == 2 ? 0 : MODHASH_BUILDER_NAMES;
		snprintf(name, sizeof(name), "table-%u", i);
		seed_blob(name, &opts, i * 2);
	}
	opts = blob_opts(MODHASH_FORMAT_TABLE, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD);
	opts.flags = MODHASH_BUILDER_RESERVE;
	opts.capacity = 20;
	{
		struct modhash_buffer buffer = blob_of(opts, 0, 0);

		seed("table", "reserved", buffer.data, buffer.length);
		seed_pieces("core", "reserved", "", 0, buffer.data, buffer.length);
		modhash_buffer_clear(&buffer);
	}
}

static void seed_lists(void)
{
	struct modhash_builder_opts opts =
		blob_opts(MODHASH_FORMAT_LIST, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE);

	seed_blob("list-0", &opts, 0);
	seed_blob("list-1", &opts, 1);
	seed_blob("list-5", &opts, 5);
	seed_pieces("list", "zeroes", "", 0, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
		    "\0\0\0\0\0\0\0", 32);
}

static void seed_proofs(void)
{
	struct modhash_builder_opts opts =
		blob_opts(MODHASH_FORMAT_MERKLE, MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF);

	for (unsigned int levels = 0; levels < 7; levels++) {
		struct gen_buf proof = { .data = NULL }, input = { .data = NULL };
		struct modhash_buffer root;
		char name[16];

		opts.byte_order = levels % 2 ? MODHASH_BYTE_ORDER_LITTLE : MODHASH_BYTE_ORDER_BIG;
		root = blob_of(opts, 0, levels ? 1u << (levels - 1) : 0);
		trailergen_proof(&proof, levels, levels);
		if (levels == 3) /* as a file of its own */
			trailergen_add_raw(&proof, &(struct trailergen){ .id_type = 3,
					   .sig_len = 4 + 3 * 32 }, "", 0);
		add_piece(&input, proof.data, proof.length);
		add_piece(&input, root.data, root.length);
		gen_text(&input, "module");
		snprintf(name, sizeof(name), "proof-%u", levels);
		seed("merkle", name, input.data, input.length);
		seed_pieces("diff", name, root.data, root.length, root.data, root.length);

		input.length = 0;
		add_piece(&input, root.data, root.length);
		add_piece(&input, "", 0);
		add_piece(&input, proof.data, proof.length);
		gen_text(&input, "module");
		seed("verify", name, input.data, input.length);

		input.length = 0;
		gen_number(&input, levels * levels, 1, false);
		gen_text(&input, "\001three modules or more, all made of this text, all of it");
		seed("merkle-tree", name, input.data, input.length);
		gen_free(&proof);
		gen_free(&input);
		modhash_buffer_clear(&root);
	}
}

static void seed_written(void)
{
	static const uint8_t first[] = { 0, 3, 0x0c, 6, '6', '.', '1', '2', '-', '1' };
	static const uint8_t module[] = { 4, 'a', '.', 'k', 'o', 0x83, 1, 9, 0, 0, 0, 20 };
	static const uint8_t twin[] = { 4, 'b', '.', 'k', 'o', 0xc0, 1, 9, 0, 0, 0, 0 };
	static const uint8_t near[] = { 4, 'a', '.', 'k', 'o', 0x12, 1, 2, 3, 4, 5, 6, 7, 8, 9 };

	for (unsigned int i = 0; i < 6; i++) {
		struct gen_buf input = { .data = NULL };
		char name[] = { 't', (char)('0' + i), 0 };

		gen_add(&input, first, sizeof(first));
		input.data[0] = (uint8_t)i;
		input.data[1] = i == 4 ? 0xf0 : i == 5 ? 0xf8 : (uint8_t)(3 * i);
		if (i == 3)
			input.data[2] |= 0xf0;
		for (unsigned int j = 0; j < 4 * i; j++) {
			gen_add(&input, module, sizeof(module));
			input.data[input.length - sizeof(module) + 5] = (uint8_t)(0x80 + j);
			input.data[input.length - sizeof(module) + 1] = (uint8_t)('a' + j);
			if (j % 3 == 1)
				gen_add(&input, twin, sizeof(twin));
			if (j % 3 == 2)
				gen_add(&input, near, sizeof(near));
		}
		seed("table-write", name, input.data, input.length);
		gen_free(&input);
	}
}

/* --- images --- */

static void seed_images(void)
{
	for (const struct image_recipe *recipe = image_recipes; recipe->name; recipe++) {
		struct gen_buf image = { .data = NULL };

		if (!image_recipe_possible(recipe))
			continue;
		recipe->make(&image);
		seed("image", recipe->name, image.data, image.length);
		seed("btf-path", recipe->name, image.data, image.length);
		gen_free(&image);
	}
}

static void seed_embed(void)
{
	static const struct {
		uint32_t format, algorithm, scope;
		unsigned int count;
		size_t more;
		bool big_endian;
		unsigned int bits;
	} cases[] = {
		{ MODHASH_FORMAT_TABLE, MODHASH_ALGO_SHA256, MODHASH_SCOPE_PAYLOAD, 4, 0, false, 64 },
		{ MODHASH_FORMAT_TABLE, MODHASH_ALGO_SHA512, MODHASH_SCOPE_FILE, 3, 96, true, 64 },
		{ MODHASH_FORMAT_TABLE, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, 0, 5, false, 32 },
		{ MODHASH_FORMAT_LIST, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, 3, 0, false, 64 },
		{ MODHASH_FORMAT_LIST, MODHASH_ALGO_SHA256, MODHASH_SCOPE_FILE, 2, 0, true, 32 },
		{ MODHASH_FORMAT_MERKLE, MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF, 5, 0, false, 64 },
		{ MODHASH_FORMAT_MERKLE, MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF, 5, 0, true, 64 },
		{ MODHASH_FORMAT_MERKLE, MODHASH_ALGO_SHA256, MODHASH_SCOPE_LEAF, 0, 0, false, 32 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct modhash_builder_opts opts =
			blob_opts(cases[i].format, cases[i].algorithm, cases[i].scope);
		struct modhash_buffer blob;
		struct imagegen image = { .bits = cases[i].bits, .big_endian = cases[i].big_endian };
		struct gen_buf vmlinux = { .data = NULL };
		char name[] = { (char)('0' + i), 0 };

		if (opts.format == MODHASH_FORMAT_TABLE)
			opts.flags = MODHASH_BUILDER_NAMES;
		blob = blob_of(opts, 0, cases[i].count);
		image.room = blob.length + cases[i].more;
		imagegen_vmlinux(&vmlinux, &image);
		seed_pieces("embed", name, blob.data, blob.length, vmlinux.data, vmlinux.length);
		gen_free(&vmlinux);
		modhash_buffer_clear(&blob);
	}
}

/* Of those that this build can't pack, too: what it says of them is tested. */
static void seed_magics(void)
{
	seed("unpack-gzip", "magic", "\x1f\x8b\x08", 3);
	seed("unpack-xz", "magic", "\xfd" "7zXZ", 6);
	seed("unpack-zstd", "magic", "\x28\xb5\x2f\xfd", 4);
	seed("unpack-lz4", "magic", "\x02\x21\x4c\x18", 4);
}

/* What there is no place in. */
static void seed_refused(void)
{
	static const unsigned int flags[] = { IMAGEGEN_OBJECT, IMAGEGEN_TWO_BLOBS, IMAGEGEN_NO_BLOB,
					      IMAGEGEN_NOBITS, IMAGEGEN_NOT_LOADED,
					      IMAGEGEN_COMPRESSED };
	struct gen_buf table = { .data = NULL };

	image_recipe_table(&table);
	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		struct imagegen image = { .flags = flags[i], .room = table.length };
		struct gen_buf vmlinux = { .data = NULL };
		char name[] = { 'n', 'o', (char)('0' + i), 0 };

		imagegen_vmlinux(&vmlinux, &image);
		seed_pieces("embed", name, table.data, table.length, vmlinux.data, vmlinux.length);
		seed("image", name, vmlinux.data, vmlinux.length);
		gen_free(&vmlinux);
	}
	gen_free(&table);
}

static void seed_lz4(void)
{
	static const size_t blocks[] = { 10, 100, 4096 };

	for (size_t i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		struct gen_buf buf = { .data = NULL };
		char name[] = { (char)('0' + i), 0 };

		recipe_module(&buf);
		buf.length = 600;
		imagegen_lz4(&buf, blocks[i]);
		seed("unpack-lz4", name, buf.data, buf.length);
		imagegen_size(&buf, 600);
		name[0] = (char)('a' + i);
		seed("unpack-lz4", name, buf.data, buf.length);
		gen_free(&buf);
	}
	/* Two frames, and a block that refers to itself. */
	seed("unpack-lz4", "two", "\2\x21\x4c\x18\2\x21\x4c\x18\x0c\0\0\0\x1f" "a\1\0\x10\x50" "bbbbb\0",
	     24);
}

static void seed_orders(void)
{
	static const struct {
		const char *files, *order;
	} cases[] = {
		{ "kernel/a\nkernel/b", "kernel/a.ko\nkernel/b.ko\n" },
		{ "kernel/fs/x\nlib/x\n", "kernel/lib/x.o\n\n./kernel/fs/x.o\nfs/x.ko\nx.ko" },
		{ "", "kernel/a.ko\n/kernel/b.ko\n" },
		{ "a\na\n", "a.ko\n" },
		{ "nonexistent/b", "nonexistent/b.ko\nb.ko\nb.ko\n" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[] = { (char)('0' + i), 0 };

		seed_pieces("order", name, cases[i].files, strlen(cases[i].files), cases[i].order,
			    strlen(cases[i].order));
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIR\n");
		return 2;
	}
	top = argv[1];
	make_directory(top);
	seed_recipes(elf_recipes);
	seed_recipes(trailer_recipes);
	seed_recipes(packed_recipes);
	seed_pkcs7();
	seed_pack();
	seed_lab_modules();
	seed_lab_bases();
	for (uint64_t i = 0; i < 12; i++)
		seed_random_btf(i);
	seed_twins();
	seed_random_modules();
	seed_tables();
	seed_lists();
	seed_proofs();
	seed_written();
	seed_images();
	seed_embed();
	seed_refused();
	seed_magics();
	seed_lz4();
	seed_orders();
	return 0;
}
