/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The canonical form of modules: what it depends on, and what not. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>
#include <openssl/evp.h>

#include <modhash/modhash.h>

#include "btf-lab.h"
#include "canon-lab.h"
#include "canon-rewrite.h"
#include "canon.h"
#include "scratch.h"
#include "sha256/sha256.h"

static struct mh_hasher *sha256;
static struct modhash_error error;
static struct mh_btf_base *base;

/* --- digests --- */

static int digest_of(const uint8_t *data, size_t length, enum mh_canon_policy policy,
		     uint8_t digest[32])
{
	struct mh_canon_opts opts = { policy, base, false };
	struct mh_canon canon;
	int ret = mh_canon_open(&canon, data, length, &opts, sha256, &error);

	if (ret < 0)
		return ret;
	ret = mh_canon_digest(&canon, sha256, digest, &error);
	mh_canon_close(&canon);
	return ret;
}

static void must_digest(const struct maker *maker, enum mh_canon_policy policy,
			uint8_t digest[32])
{
	struct file *file = malloc(sizeof(*file));
	int ret;

	make(maker, file);
	ret = digest_of(file->data, file->length, policy, digest);
	ck_assert_msg(ret == 0, "%d at %ld: %s", ret, (long)error.offset, error.message);
	free(file);
}

static bool same(const struct maker *a, const struct maker *b, enum mh_canon_policy policy)
{
	uint8_t x[32], y[32];

	must_digest(a, policy, x);
	must_digest(b, policy, y);
	return !memcmp(x, y, 32);
}

/*
 * The four kinds of ELF file; from 4 the same with .BTF.base, from 8 with extended numbers of
 * sections.
 */
#define SHAPES 12
static struct maker shape_of(int i)
{
	return (struct maker){ .is_64 = i & 1, .big_endian = i >> 1 & 1,
			       .distilled = i >> 2 & 1, .extended = i >> 3 & 1 };
}

static void make_base(bool big_endian)
{
	size_t length;
	uint8_t *bytes = make_base_btf(&(struct maker){ .big_endian = big_endian }, &length);

	mh_btf_base_free(base);
	ck_assert_int_eq(mh_btf_base_new(bytes, length, 0, sha256, &base, &error), 0);
	free(bytes);
}

/* As long as the file. */
static void rewrite_into(const struct mh_canon *canon, struct file *out,
			 struct mh_canon_changes *changes)
{
	struct mh_buf bytes = MH_BUF_EMPTY;

	ck_assert_int_eq(mh_canon_rewrite(canon, &bytes, changes, &error), 0);
	ck_assert_uint_eq(bytes.length, canon->view.length);
	memcpy(out->data, bytes.data, bytes.length);
	mh_buf_free(&bytes);
}

/* --- tests --- */

START_TEST(test_layout)
{
	for (int policy = MH_CANON_CANONICAL; policy <= MH_CANON_DROP; policy++) {
		struct maker one = shape_of(_i), other = shape_of(_i);

		make_base(one.big_endian);
		other.padding = 5;
		ck_assert(same(&one, &other, policy));
		other.headers_first = true;
		ck_assert(same(&one, &other, policy));
		other.backwards = true;
		ck_assert(same(&one, &other, policy));
		other.names_backwards = true;
		ck_assert_int_eq(same(&one, &other, policy), true);
	}
}
END_TEST

START_TEST(test_order_of_btf)
{
	struct maker one = shape_of(_i), other = shape_of(_i);

	make_base(one.big_endian);
	for (uint64_t seed = 1; seed < 30; seed++) {
		other.permute = seed;
		ck_assert(same(&one, &other, MH_CANON_CANONICAL));
		ck_assert(same(&one, &other, MH_CANON_DROP));
	}
	ck_assert(!same(&one, &other, MH_CANON_RAW));
}
END_TEST

START_TEST(test_what_matters)
{
	struct maker one = shape_of(_i), other = shape_of(_i);

	make_base(one.big_endian);
	other.rotated = true;
	ck_assert(!same(&one, &other, MH_CANON_CANONICAL));
	other = one;
	other.unresolved = true;
	ck_assert(!same(&one, &other, MH_CANON_CANONICAL));
	other = one;
	other.no_btf = true;
	ck_assert(same(&one, &other, MH_CANON_DROP));
	ck_assert(!same(&one, &other, MH_CANON_RAW));
	other.unresolved = true;
	ck_assert(!same(&one, &other, MH_CANON_CANONICAL));
	for (int policy = MH_CANON_CANONICAL; policy <= MH_CANON_DROP; policy++) {
		other = one;
		other.swapped = true;
		ck_assert(!same(&one, &other, policy));
		other = one;
		other.spare_name = "spare";
		ck_assert(!same(&one, &other, policy));
		other = one;
		other.spare_symbol = "spare";
		ck_assert(!same(&one, &other, policy));
	}
}
END_TEST

/* .BTF.base is the base, and a part of the module. */
START_TEST(test_distilled)
{
	struct mh_canon_opts opts = { MH_CANON_CANONICAL, NULL, true };
	struct file *file = malloc(sizeof(*file)), *first = malloc(sizeof(*file)),
		    *out = malloc(sizeof(*file));
	struct maker one = shape_of(_i), other;
	struct mh_canon_changes changes;
	struct mh_canon canon;

	make_base(one.big_endian);
	ck_assert(!same(&one, &(struct maker){ .is_64 = one.is_64, .big_endian = one.big_endian,
					       .distilled = true },
			MH_CANON_CANONICAL));
	mh_btf_base_free(base);
	base = NULL;
	one.distilled = true;
	other = one;
	other.resized = true;
	ck_assert(!same(&one, &other, MH_CANON_CANONICAL));
	ck_assert(same(&one, &other, MH_CANON_DROP));
	other = one;
	for (uint64_t seed = 0; seed < 30; seed++) {
		other.permute = seed;
		other.permute_base = seed / 2;
		ck_assert(same(&one, &other, MH_CANON_CANONICAL));
		make(&other, file);
		ck_assert_int_eq(mh_canon_open(&canon, file->data, file->length, &opts, sha256,
					       &error),
				 0);
		rewrite_into(&canon, out, &changes);
		mh_canon_close(&canon);
		if (seed == 0)
			memcpy(first->data, out->data, file->length);
		ck_assert_mem_eq(first->data, out->data, file->length);
	}
	free(file);
	free(first);
	free(out);
}
END_TEST

START_TEST(test_policies_differ)
{
	struct maker maker = shape_of(_i);
	uint8_t digests[4][32];

	make_base(maker.big_endian);
	for (int policy = 1; policy <= 3; policy++)
		must_digest(&maker, policy, digests[policy]);
	ck_assert_mem_ne(digests[1], digests[2], 32);
	ck_assert_mem_ne(digests[1], digests[3], 32);
	ck_assert_mem_ne(digests[2], digests[3], 32);

	/* Not even without any BTF. */
	maker.no_btf = maker.unresolved = true;
	for (int policy = 1; policy <= 3; policy++)
		must_digest(&maker, policy, digests[policy]);
	ck_assert_mem_ne(digests[1], digests[2], 32);
	ck_assert_mem_ne(digests[1], digests[3], 32);
	ck_assert_mem_ne(digests[2], digests[3], 32);
}
END_TEST

static bool is_in(const struct file *file, size_t at, int section, size_t length)
{
	return at >= file->offsets[section] && at < file->offsets[section] + length;
}

/*
 * Each byte, in several ways: the digest changes, or it is an error.  What is left out:
 * where a section without bytes in the file lies; and, if BTF is dropped, BTF.
 */
static unsigned int change_bytes(const struct maker *maker, enum mh_canon_policy policy,
				 uint8_t change)
{
	struct file *file = malloc(sizeof(*file));
	size_t size = maker->is_64 ? 64 : 40, offset_at = maker->is_64 ? 24 : 16;
	uint8_t before[32], after[32];
	unsigned int changed = 0;

	make(maker, file);
	ck_assert_int_eq(digest_of(file->data, file->length, policy, before), 0);
	for (size_t i = 0; i < file->length; i++) {
		size_t bss = file->headers + BSS * size + offset_at;
		size_t empty = file->headers + EMPTY * size + offset_at;
		size_t word = maker->is_64 ? 8 : 4;
		int ret;

		if ((i >= bss && i < bss + word) || (i >= empty && i < empty + word))
			continue;
		if (policy == MH_CANON_DROP &&
		    (is_in(file, i, BTF, file->offsets[SYMTAB] - file->offsets[BTF]) ||
		     is_in(file, i, IDS, 40) ||
		     (i >= file->headers + BTF * size && i < file->headers + (BTF + 1) * size) ||
		     (maker->distilled &&
		      (is_in(file, i, BASE, file->headers - file->offsets[BASE]) ||
		       i >= file->headers + BASE * size))))
			continue;
		file->data[i] ^= change;
		ret = digest_of(file->data, file->length, policy, after);
		ck_assert_msg(ret < 0 || memcmp(before, after, 32),
			      "policy %d, change 0x%02x: byte %zu of %zu does not count", policy,
			      change, i, file->length);
		changed += ret == 0;
		file->data[i] ^= change;
	}
	free(file);
	return changed;
}

START_TEST(test_every_byte)
{
	static const uint8_t changes[] = { 1, 2, 4, 8, 16, 32, 64, 128, 255 };
	struct maker maker = shape_of(_i);

	make_base(maker.big_endian);
	maker.padding = 3;
	for (int policy = MH_CANON_CANONICAL; policy <= MH_CANON_DROP; policy++) {
		for (size_t i = 0; i < sizeof(changes); i++)
			ck_assert_uint_gt(change_bytes(&maker, policy, changes[i]), 300);
	}
}
END_TEST

START_TEST(test_every_cut)
{
	struct maker maker = shape_of(_i);
	struct file *file = malloc(sizeof(*file));
	uint8_t digest[32];

	make_base(maker.big_endian);
	make(&maker, file);
	for (size_t i = 0; i < file->length; i++) {
		uint8_t *copy = malloc(i + 1);

		memcpy(copy, file->data, i);
		ck_assert_int_lt(digest_of(copy, i, MH_CANON_CANONICAL, digest), 0);
		free(copy);
	}
	free(file);
}
END_TEST

START_TEST(test_noise)
{
	struct maker maker = shape_of(_i);
	struct file *file = malloc(sizeof(*file));
	uint8_t digest[32], *copy;
	uint64_t seed = 4;

	make_base(maker.big_endian);
	make(&maker, file);
	copy = malloc(file->length);
	for (int i = 0; i < 20000; i++) {
		int changes = 1 + (int)lab_below(&seed, 3);

		memcpy(copy, file->data, file->length);
		while (changes--)
			copy[lab_below(&seed, (uint32_t)file->length)] = (uint8_t)lab_random(&seed);
		(void)digest_of(copy, file->length, 1 + i % 3, digest);
	}
	free(copy);
	free(file);
}
END_TEST

static int code_of(const struct file *file)
{
	uint8_t digest[32];

	return digest_of(file->data, file->length, MH_CANON_CANONICAL, digest);
}

START_TEST(test_refused)
{
	struct maker maker = shape_of(1);
	struct file *file = malloc(sizeof(*file));
	struct mh_btf_base *kept;
	uint8_t digest[32];

	make_base(false);
	maker.padding = 4;
	make(&maker, file);
	/* Something between the sections. */
	file->data[file->offsets[RELA] - 1] = 1;
	ck_assert_int_eq(code_of(file), MODHASH_E_ELF);
	ck_assert_uint_eq(error.offset, file->offsets[RELA] - 1);
	/* A set that is not sorted. */
	make(&maker, file);
	file->data[file->offsets[IDS] + 16] = 9;
	ck_assert_int_eq(code_of(file), MODHASH_E_BTF_IDS);
	/* An id that no symbol knows of. */
	make(&maker, file);
	file->data[file->offsets[IDS] + 4] = 3;
	ck_assert_int_eq(code_of(file), MODHASH_E_BTF_IDS);
	/* An id that there is not. */
	make(&maker, file);
	file->data[file->offsets[IDS]] = 99;
	ck_assert_int_eq(code_of(file), MODHASH_E_WRONG_BASE);
	/* No base. */
	make(&maker, file);
	kept = base;
	base = NULL;
	ck_assert_int_eq(code_of(file), MODHASH_E_NO_BASE);
	ck_assert_int_eq(digest_of(file->data, file->length, MH_CANON_RAW, digest), 0);
	ck_assert_int_eq(digest_of(file->data, file->length, MH_CANON_DROP, digest), 0);
	base = kept;
	/* Names that are in no section: their offsets would not count. */
	make(&maker, file);
	memset(file->data + 62, 0, 2);
	ck_assert_int_eq(digest_of(file->data, file->length, MH_CANON_RAW, digest),
			 MODHASH_E_ELF);
	ck_assert_uint_eq(error.offset, file->headers + 64);
	/* Not a relocatable file. */
	make(&maker, file);
	file->data[16] = 2;
	ck_assert_int_eq(code_of(file), MODHASH_E_NOT_MODULE);
	free(file);
}
END_TEST

START_TEST(test_rewrite)
{
	struct mh_canon_opts opts = { MH_CANON_CANONICAL, NULL, true };
	struct maker maker = shape_of(_i);
	struct file *file = malloc(sizeof(*file)), *first = malloc(sizeof(*file)),
		    *out = malloc(sizeof(*file));
	uint8_t before[32], after[32];

	make_base(maker.big_endian);
	opts.base = base;
	must_digest(&maker, MH_CANON_CANONICAL, before);
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct mh_canon_changes changes;
		struct mh_canon canon;

		maker.permute = seed;
		make(&maker, file);
		ck_assert_int_eq(mh_canon_open(&canon, file->data, file->length, &opts, sha256,
					       &error),
				 0);
		rewrite_into(&canon, out, &changes);
		mh_canon_close(&canon);
		if (seed == 0)
			memcpy(first->data, out->data, file->length);
		ck_assert_mem_eq(first->data, out->data, file->length);
		ck_assert_int_eq(digest_of(out->data, file->length, MH_CANON_CANONICAL, after),
				 0);
		ck_assert_mem_eq(before, after, 32);
	}
	free(file);
	free(first);
	free(out);
}
END_TEST

/* --- without BTF --- */

static int drop_btf(const uint8_t *data, size_t length, struct mh_buf *out,
		    struct mh_canon_changes *changes)
{
	struct mh_canon_opts opts = { MH_CANON_DROP, NULL, false };
	struct mh_canon canon;
	int ret = mh_canon_open(&canon, data, length, &opts, sha256, &error);

	out->length = 0;
	if (ret < 0)
		return ret;
	ret = mh_canon_rewrite(&canon, out, changes, &error);
	mh_canon_close(&canon);
	return ret;
}

/* Sections of that number, name and bytes, wherever they are. */
static void check_dropped(const struct file *file, const struct mh_buf *out)
{
	struct mh_elf_view before, after;
	uint32_t next = 1;

	ck_assert_int_eq(mh_elf_view_open(&before, file->data, file->length, &error), 0);
	ck_assert_int_eq(mh_elf_view_open(&after, out->data, out->length, &error), 0);
	for (uint32_t i = 1; i < before.count; i++) {
		const struct mh_elf_section *x = &before.sections[i], *y;

		if (!strcmp(x->name, ".BTF") || !strcmp(x->name, ".BTF.base"))
			continue;
		ck_assert_uint_lt(next, after.count);
		y = &after.sections[next++];
		ck_assert_str_eq(x->name, y->name);
		ck_assert_uint_eq(x->type, y->type);
		ck_assert_uint_eq(x->flags, y->flags);
		ck_assert_str_eq(before.sections[x->link].name, after.sections[y->link].name);
		if (y->alignment && y->data && x->offset % x->alignment == 0)
			ck_assert_uint_eq(y->offset % y->alignment, 0);
		if (i == before.names || i == before.symtab || i == before.indices ||
		    x->type == MH_SHT_GROUP ||
		    !strcmp(x->name, ".BTF_ids"))
			continue;
		ck_assert_uint_eq(x->size, y->size);
		if (x->data)
			ck_assert_mem_eq(x->data, y->data, x->size);
	}
	ck_assert_uint_eq(next, after.count);
	mh_elf_view_close(&before);
	mh_elf_view_close(&after);
}

START_TEST(test_drop)
{
	struct maker maker = shape_of(_i / 4 % 4);
	struct file *file = malloc(sizeof(*file));
	struct mh_buf one = MH_BUF_EMPTY, two = MH_BUF_EMPTY;
	struct mh_canon_changes changes;
	uint8_t before[32], after[32];

	maker.extended = _i >= 16;
	maker.distilled = _i & 1;
	maker.unresolved = _i >> 1 & 1;
	for (unsigned int layout = 0; layout < 16; layout++) {
		maker.headers_first = layout & 1;
		maker.backwards = layout >> 1 & 1;
		maker.names_backwards = layout >> 2 & 1;
		maker.padding = layout >> 3 & 1 ? 24 : 0;
		make(&maker, file);
		must_digest(&maker, MH_CANON_DROP, before);
		ck_assert_int_eq(drop_btf(file->data, file->length, &one, &changes), 0);
		ck_assert(changes.btf && changes.base == maker.distilled);
		ck_assert(changes.ids == !maker.unresolved);
		ck_assert_uint_lt(one.length, file->length);
		check_dropped(file, &one);
		ck_assert_int_eq(digest_of(one.data, one.length, MH_CANON_DROP, after), 0);
		ck_assert_mem_eq(before, after, 32);
		/* There is no BTF in it that could need a base. */
		ck_assert_int_eq(digest_of(one.data, one.length, MH_CANON_CANONICAL, after), 0);
		/* Twice is once. */
		ck_assert_int_eq(drop_btf(one.data, one.length, &two, &changes), 0);
		ck_assert(!changes.btf && !changes.base && !changes.ids);
		ck_assert_uint_eq(one.length, two.length);
		ck_assert_mem_eq(one.data, two.data, one.length);
	}
	mh_buf_free(&one);
	mh_buf_free(&two);
	free(file);
}
END_TEST

/* Each reference to .BTF is in the way: as a symbol's section, a link, an info, of a group. */
START_TEST(test_drop_referred)
{
	struct maker maker = shape_of(_i);
	struct file *file = malloc(sizeof(*file));
	struct mh_buf out = MH_BUF_EMPTY;
	struct mh_canon_changes changes;
	size_t size = maker.is_64 ? 64 : 40, symbol = maker.is_64 ? 24 : 16;
	const size_t words[] = {
		0, /* the low half of a symbol's section */
		TEXT * size + (maker.is_64 ? 40 : 24),
		RELA * size + (maker.is_64 ? 44 : 28),
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		uint8_t *p;

		make(&maker, file);
		p = file->data + file->headers + words[i];
		if (!words[i]) {
			p = file->data + file->offsets[SYMTAB] + symbol + (maker.is_64 ? 6 : 14);
			p[maker.big_endian] = BTF;
			p[!maker.big_endian] = 0;
		} else {
			memset(p, 0, 4);
			p[maker.big_endian ? 3 : 0] = BTF;
		}
		ck_assert_int_eq(drop_btf(file->data, file->length, &out, &changes),
				 MODHASH_E_REWRITE);
		ck_assert_ptr_nonnull(strstr(error.message, ".BTF"));
	}
	mh_buf_free(&out);
	free(file);
}
END_TEST

/* --- the public doors --- */

static struct modhash_ctx *ctx;

static struct modhash_btf_base *public_base(void)
{
	struct modhash_btf_base *made;
	size_t length;
	uint8_t *bytes = make_base_btf(&(struct maker){ .is_64 = true }, &length);

	ck_assert_int_eq(modhash_btf_base_from_memory(ctx, bytes, length, &made, &error), 0);
	free(bytes);
	return made;
}

static struct modhash_canon_opts options(const struct modhash_btf_base *of)
{
	struct modhash_canon_opts opts;

	MODHASH_INIT(opts);
	opts.form = 1;
	opts.policy = MODHASH_BTF_CANONICAL;
	opts.base = of;
	return opts;
}

static struct modhash_module *module_of(struct maker maker, struct file *file)
{
	struct modhash_module *module;

	make(&maker, file);
	ck_assert_int_eq(modhash_module_from_memory(ctx, file->data, file->length, &module,
						    &error),
			 0);
	return module;
}

START_TEST(test_public_digest)
{
	struct modhash_btf_base *of = public_base();
	struct modhash_canon_opts opts = options(of);
	struct file *file = malloc(sizeof(*file));
	struct modhash_module *module = module_of(shape_of(1), file);
	struct modhash_digest digest, other;
	struct modhash_digest_spec spec;
	struct modhash_canon_info info;
	struct modhash_btf_base_info base_info;
	uint8_t inside[32];

	make_base(false);
	must_digest(&(struct maker){ .is_64 = true }, MH_CANON_CANONICAL, inside);
	MODHASH_INIT(info);
	ck_assert_int_eq(modhash_module_canonical(module, MODHASH_ALGO_SHA256, &opts, &digest, &info,
						  &error),
			 0);
	ck_assert_mem_eq(digest.bytes, inside, 32);
	ck_assert_int_eq(digest.scope, MODHASH_SCOPE_CANONICAL);
	ck_assert_int_eq(digest.version, 1);
	ck_assert_int_eq(info.flags, MODHASH_CANON_HAS_BTF);
	ck_assert_int_eq(info.types, 5);
	MODHASH_INIT(base_info);
	ck_assert_int_eq(modhash_btf_base_info(of, &base_info), 0);
	ck_assert_int_eq(base_info.types, BASE_TYPES);
	ck_assert_mem_eq(base_info.sha256, info.base_sha256, 32);

	MODHASH_INIT(spec);
	spec.algorithm = MODHASH_ALGO_SHA256;
	spec.scope = MODHASH_SCOPE_CANONICAL;
	ck_assert_int_eq(modhash_module_digest(module, &spec, &other, &error),
			 MODHASH_E_UNSUPPORTED);
	spec.version = 1;
	spec.canon = &opts;
	ck_assert_int_eq(modhash_module_digest(module, &spec, &other, &error), 0);
	ck_assert(modhash_digest_equal(&digest, &other));

	ck_assert_int_eq(modhash_module_canonical(module, MODHASH_ALGO_SHA512, &opts, &other, NULL,
						  &error),
			 0);
	ck_assert_int_eq(other.length, 64);
	opts.form = 2;
	ck_assert_int_eq(modhash_module_canonical(module, MODHASH_ALGO_SHA256, &opts, &other, NULL,
						  &error),
			 MODHASH_E_UNSUPPORTED);
	ck_assert_int_eq(other.length, 0);
	opts = options(NULL);
	ck_assert_int_eq(modhash_module_canonical(module, MODHASH_ALGO_SHA256, &opts, &other, NULL,
						  &error),
			 MODHASH_E_NO_BASE);
	modhash_module_free(module);
	modhash_btf_base_free(of);
	free(file);
}
END_TEST

/*
 * A libcrypto that gives nothing shows who asks it: whose context has an engine of ours does not,
 * whose context says EVP does.
 */
static void check_engine(uint32_t engine, int expected)
{
	struct modhash_ctx *usual = ctx;
	struct modhash_ctx_opts forced;
	size_t length;
	uint8_t *bytes = make_base_btf(&(struct maker){ .is_64 = true }, &length);
	struct modhash_btf_base *of, *other;
	struct file *file = malloc(sizeof(*file)), *file_b = malloc(sizeof(*file_b));
	struct modhash_module *module, *module_b;
	struct modhash_comparison result;
	struct modhash_canon_opts opts;
	struct modhash_digest digest;
	struct modhash_buffer buffer;

	MODHASH_INIT(forced);
	forced.hash_engine = engine;
	ck_assert_int_eq(modhash_ctx_new(&forced, &ctx, &error), 0);
	of = public_base();
	opts = options(of);
	module = module_of((struct maker){ .is_64 = true, .permute = 3 }, file);
	module_b = module_of((struct maker){ .is_64 = true }, file_b);

	ck_assert_int_eq(EVP_set_default_properties(NULL, "fips=yes"), 1);
	ck_assert_int_eq(modhash_btf_base_from_memory(ctx, bytes, length, &other, &error), expected);
	modhash_btf_base_free(other);
	scratch_make();
	scratch_file("btf", bytes, length);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "btf", "cache", &other, &error), expected);
	modhash_btf_base_free(other);
	scratch_remove();
	ck_assert_int_eq(modhash_btf_base_save(of, &buffer, &error), expected);
	modhash_buffer_clear(&buffer);
	ck_assert_int_eq(modhash_module_canonical(module, MODHASH_ALGO_SHA256, &opts, &digest, NULL,
						  &error),
			 expected);
	ck_assert_int_eq(modhash_module_canon_rewrite(module, &opts, &buffer, NULL, &error),
			 expected);
	modhash_buffer_clear(&buffer);
	MODHASH_INIT(result);
	ck_assert_int_eq(modhash_compare(module, module_b, &opts, &opts, NULL, NULL, &result,
					 &error),
			 expected);
	ck_assert_int_eq(EVP_set_default_properties(NULL, ""), 1);

	modhash_module_free(module_b);
	modhash_module_free(module);
	modhash_btf_base_free(of);
	modhash_ctx_free(ctx);
	ctx = usual;
	free(file_b);
	free(file);
	free(bytes);
}

START_TEST(test_public_engine)
{
	check_engine(MODHASH_ENGINE_EVP, MODHASH_E_ALGORITHM);
	if (mh_sha256_fastest() == MODHASH_ENGINE_EVP)
		printf("canon: no engine of ours is here, NOT TESTED\n");
	else
		check_engine(MODHASH_ENGINE_AUTO, 0);
}
END_TEST

/* By the context's flag. */
START_TEST(test_public_base_stopped)
{
	struct modhash_ctx *usual = ctx;
	struct modhash_ctx_opts opts;
	struct modhash_btf_base *of;
	int stop = 1;
	size_t length;
	uint8_t *bytes = make_base_btf(&(struct maker){ .is_64 = true }, &length);

	MODHASH_INIT(opts);
	opts.stop = &stop;
	ck_assert_int_eq(modhash_ctx_new(&opts, &ctx, &error), 0);
	/* What is in memory is not read: this is the hashing. */
	ck_assert_int_eq(modhash_btf_base_from_memory(ctx, bytes, length, &of, &error),
			 MODHASH_E_STOPPED);
	ck_assert_ptr_null(of);
	scratch_make();
	scratch_file("btf", bytes, length);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "btf", "cache", &of, &error),
			 MODHASH_E_STOPPED);
	ck_assert_ptr_null(of);
	ck_assert_int_ne(access("cache", F_OK), 0);
	scratch_remove();
	stop = 0;
	modhash_btf_base_free(public_base());
	modhash_ctx_free(ctx);
	ctx = usual;
	free(bytes);
}
END_TEST

START_TEST(test_public_base)
{
	struct modhash_btf_base *of = public_base(), *other;
	struct file *file = malloc(sizeof(*file));
	struct modhash_buffer cache, again;
	size_t length;
	uint8_t *bytes = make_base_btf(&(struct maker){ .is_64 = true }, &length);

	/* An ELF header, and nothing that it tells of. */
	make(&(struct maker){ .is_64 = true }, file);
	memset(file->data + 40, 0, 8);
	memset(file->data + 60, 0, 4);
	ck_assert_int_eq(modhash_btf_base_from_memory(ctx, file->data, 64, &other, &error),
			 MODHASH_E_NOT_FOUND);
	ck_assert_ptr_null(other);
	free(file);

	scratch_make();
	ck_assert_int_eq(modhash_btf_base_save(of, &cache, &error), 0);
	scratch_file("btf", bytes, length);
	/* What holds something else stays: the base itself, say. */
	scratch_file("text", "not a cache", 11);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "btf", "text", &other, &error),
			 MODHASH_E_BLOB);
	ck_assert_ptr_null(other);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "btf", "btf", &other, &error),
			 MODHASH_E_BLOB);
	scratch_file("empty", "", 0);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "btf", "empty", &other, &error), 0);
	modhash_btf_base_free(other);
	/* Whatever is wrong with a cache, it is made anew. */
	scratch_file("stale", cache.data, cache.length / 2);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "btf", "stale", &other, &error), 0);
	modhash_btf_base_free(other);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "btf", "stale", &other, &error), 0);
	modhash_btf_base_free(other);
	ck_assert_int_eq(modhash_btf_base_from_path(ctx, "stale", NULL, &other, &error), 0);
	ck_assert_int_eq(modhash_btf_base_save(other, &again, &error), 0);
	ck_assert_uint_eq(cache.length, again.length);
	ck_assert_mem_eq(cache.data, again.data, cache.length);
	modhash_buffer_clear(&again);
	modhash_buffer_clear(&cache);
	modhash_btf_base_free(other);
	ck_assert_int_lt(modhash_btf_base_from_path(ctx, "nothing", NULL, &other, &error), 0);
	ck_assert_ptr_null(other);
	modhash_btf_base_free(of);
	free(bytes);
	scratch_remove();
}
END_TEST

START_TEST(test_public_rewrite)
{
	struct modhash_btf_base *of = public_base();
	struct modhash_canon_opts opts = options(of);
	struct file *file = malloc(sizeof(*file));
	struct modhash_module *module =
		module_of((struct maker){ .is_64 = true, .permute = 3 }, file);
	struct modhash_canon_changes changes;
	struct modhash_buffer buffer;

	MODHASH_INIT(changes);
	ck_assert_int_eq(modhash_module_canon_rewrite(module, &opts, &buffer, &changes, &error), 0);
	ck_assert_uint_eq(buffer.length, file->length);
	ck_assert_uint_eq(changes.btf_offset, file->offsets[BTF]);
	ck_assert(changes.flags & MODHASH_CHANGED_BTF);
	modhash_buffer_clear(&buffer);
	opts = options(NULL);
	opts.policy = MODHASH_BTF_RAW;
	ck_assert_int_eq(modhash_module_canon_rewrite(module, &opts, &buffer, &changes, &error), 0);
	ck_assert_uint_eq(buffer.length, file->length);
	ck_assert_mem_eq(buffer.data, file->data, file->length);
	ck_assert_uint_eq(changes.flags, 0);
	modhash_buffer_clear(&buffer);
	opts.policy = MODHASH_BTF_DROP;
	ck_assert_int_eq(modhash_module_canon_rewrite(module, &opts, &buffer, &changes, &error), 0);
	ck_assert_uint_lt(buffer.length, file->length);
	ck_assert_uint_eq(changes.flags, MODHASH_CHANGED_BTF | MODHASH_CHANGED_BTF_IDS);
	ck_assert_uint_eq(changes.btf_offset, file->offsets[BTF]);
	modhash_buffer_clear(&buffer);
	opts.policy = 4;
	ck_assert_int_eq(modhash_module_canon_rewrite(module, &opts, &buffer, &changes, &error),
			 MODHASH_E_INVALID);
	ck_assert_ptr_null(buffer.data);
	modhash_module_free(module);
	modhash_btf_base_free(of);
	free(file);
}
END_TEST

static uint32_t kinds_under(uint32_t policy, const struct modhash_btf_base *of, struct maker a,
			    struct maker b)
{
	struct modhash_canon_opts opts = options(of);
	struct file *one = malloc(sizeof(*one)), *two = malloc(sizeof(*two));
	struct modhash_module *first = module_of(a, one), *second = module_of(b, two);
	struct modhash_comparison result;

	MODHASH_INIT(result);
	opts.policy = policy;
	ck_assert_int_eq(modhash_compare(first, second, &opts, &opts, NULL, NULL, &result, &error),
			 0);
	ck_assert_uint_eq(result.failed, 0);
	modhash_module_free(first);
	modhash_module_free(second);
	free(one);
	free(two);
	return result.kinds;
}

static uint32_t kinds_of(const struct modhash_btf_base *of, struct maker a, struct maker b)
{
	return kinds_under(MODHASH_BTF_CANONICAL, of, a, b);
}

/* Which of the two is malformed. */
static uint32_t failed_of(const struct modhash_btf_base *of, bool second_is)
{
	struct modhash_canon_opts opts = options(of), other = options(NULL);
	struct file *one = malloc(sizeof(*one)), *two = malloc(sizeof(*two));
	struct modhash_module *first = module_of(shape_of(1), one);
	struct modhash_module *second =
		module_of((struct maker){ .is_64 = true, .permute = 2 }, two);
	struct modhash_comparison result;

	MODHASH_INIT(result);
	ck_assert_int_eq(modhash_compare(first, second, second_is ? &opts : &other,
					 second_is ? &other : &opts, NULL, NULL, &result, &error),
			 MODHASH_E_NO_BASE);
	ck_assert_uint_eq(result.kinds, 0);
	modhash_module_free(first);
	modhash_module_free(second);
	free(one);
	free(two);
	return result.failed;
}

START_TEST(test_public_compare)
{
	struct modhash_btf_base *of = public_base();
	struct maker one = { .is_64 = true }, other = { .is_64 = true };

	ck_assert_uint_eq(kinds_of(of, one, other), 0);
	other.permute = 5;
	ck_assert_uint_eq(kinds_of(of, one, other), MODHASH_DIFFERS_BTF_ORDER);
	other = one;
	other.padding = 8;
	ck_assert_uint_eq(kinds_of(of, one, other), MODHASH_DIFFERS_LAYOUT);
	other = one;
	other.swapped = true;
	ck_assert_uint_eq(kinds_of(of, one, other), MODHASH_DIFFERS_SECTION);
	other = one;
	other.rotated = true;
	ck_assert(kinds_of(of, one, other) & MODHASH_DIFFERS_SECTION);
	ck_assert_uint_eq(failed_of(of, false), 1);
	ck_assert_uint_eq(failed_of(of, true), 2);
	modhash_btf_base_free(of);
}
END_TEST

/* What is left out does not count, and is not said to be in another order. */
START_TEST(test_compare_policies)
{
	struct modhash_btf_base *of = public_base();
	struct maker one = { .is_64 = true }, other = { .is_64 = true };

	other.permute = 5;
	ck_assert_uint_eq(kinds_under(MODHASH_BTF_DROP, NULL, one, other), MODHASH_DIFFERS_BTF);
	ck_assert_uint_eq(kinds_under(MODHASH_BTF_RAW, NULL, one, other), MODHASH_DIFFERS_SECTION);
	other.permute = 0;
	other.member = "handle";
	ck_assert_uint_eq(kinds_under(MODHASH_BTF_DROP, NULL, one, other),
			  MODHASH_DIFFERS_BTF | MODHASH_DIFFERS_LAYOUT);
	other = one;
	other.no_btf = true;
	ck_assert_uint_eq(kinds_under(MODHASH_BTF_DROP, NULL, one, other),
			  MODHASH_DIFFERS_BTF | MODHASH_DIFFERS_LAYOUT);
	ck_assert_uint_eq(kinds_under(MODHASH_BTF_DROP, NULL, other, one),
			  MODHASH_DIFFERS_BTF | MODHASH_DIFFERS_LAYOUT);
	ck_assert_uint_eq(kinds_under(MODHASH_BTF_RAW, NULL, one, other),
			  MODHASH_DIFFERS_SECTION | MODHASH_DIFFERS_LAYOUT);
	one.unresolved = other.unresolved = true;
	ck_assert_uint_eq(kinds_of(of, one, other),
			  MODHASH_DIFFERS_SECTION | MODHASH_DIFFERS_LAYOUT);
	ck_assert_uint_eq(kinds_of(of, other, one),
			  MODHASH_DIFFERS_SECTION | MODHASH_DIFFERS_LAYOUT);
	modhash_btf_base_free(of);
}
END_TEST

#define GOLDEN_CANONICAL "733af391d6896b6ae096cf915169329501499c257700974e322c3903823f49c7"
#define GOLDEN_RAW "b1be1548b6a583fc8e6d615446c53c63d64e8c3a2406f507332903cc39718bf3"
#define GOLDEN_DROP "d0065689a2d6fe8b163f74ded27a613db0e05338d2d1fbe278f6571db1562fda"

/* Canonical form 1 never changes, so these never do. */
START_TEST(test_golden)
{
	static const char *const golden[] = { GOLDEN_CANONICAL, GOLDEN_RAW, GOLDEN_DROP };
	struct maker maker = shape_of(1);

	make_base(false);
	for (int policy = 1; policy <= 3; policy++) {
		uint8_t digest[32];
		char hex[65];

		must_digest(&maker, policy, digest);
		for (int i = 0; i < 32; i++)
			snprintf(hex + 2 * i, 3, "%02x", digest[i]);
		ck_assert_str_eq(hex, golden[policy - 1]);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("canon");
	TCase *tcase = tcase_create("canon");
	SRunner *runner;
	int failed;

	if (mh_hasher_new(MODHASH_ENGINE_AUTO, MODHASH_ALGO_SHA256, &sha256, &error) < 0 ||
	    modhash_ctx_new(NULL, &ctx, &error) < 0)
		return 1;
	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, test_layout, 0, SHAPES);
	tcase_add_loop_test(tcase, test_order_of_btf, 0, SHAPES);
	tcase_add_loop_test(tcase, test_what_matters, 0, 4);
	tcase_add_loop_test(tcase, test_distilled, 0, 4);
	tcase_add_loop_test(tcase, test_policies_differ, 0, 4);
	tcase_add_loop_test(tcase, test_every_byte, 0, SHAPES);
	tcase_add_loop_test(tcase, test_every_cut, 0, SHAPES);
	tcase_add_loop_test(tcase, test_noise, 0, SHAPES);
	tcase_add_test(tcase, test_refused);
	tcase_add_loop_test(tcase, test_rewrite, 0, SHAPES);
	tcase_add_loop_test(tcase, test_drop, 0, 32);
	tcase_add_loop_test(tcase, test_drop_referred, 0, 4);
	tcase_add_test(tcase, test_public_digest);
	tcase_add_test(tcase, test_public_engine);
	tcase_add_test(tcase, test_public_base_stopped);
	tcase_add_test(tcase, test_public_base);
	tcase_add_test(tcase, test_public_rewrite);
	tcase_add_test(tcase, test_public_compare);
	tcase_add_test(tcase, test_compare_policies);
	tcase_add_test(tcase, test_golden);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	mh_btf_base_free(base);
	mh_hasher_free(sha256);
	modhash_ctx_free(ctx);
	return failed ? 1 : 0;
}
