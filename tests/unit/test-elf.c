/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What ELF images say of themselves, in both classes and byte orders.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <elf.h>
#include <modhash/modhash.h>

#include "../gen/elfgen.h"
#include "scratch.h"

static struct gen_buf file;
static struct modhash_ctx *ctx;
static struct modhash_module *module;
static struct modhash_identity identity;
static struct modhash_error err;

static const struct {
	unsigned int bits;
	bool big_endian;
	uint16_t machine;
} kinds[] = {
	{ 32, false, EM_ARM }, { 32, true, EM_PPC }, { 64, false, EM_X86_64 }, { 64, true, EM_S390 },
};

#define KINDS 4

static void setup(void)
{
	ck_assert_int_eq(modhash_ctx_new(NULL, &ctx, NULL), 0);
}

static void teardown(void)
{
	modhash_module_free(module);
	module = NULL;
	modhash_ctx_free(ctx);
	gen_free(&file);
}

static int identify(void)
{
	modhash_module_free(module);
	ck_assert_int_eq(modhash_module_from_memory(ctx, file.data, file.length, &module, &err), 0);
	MODHASH_INIT(identity);
	return modhash_module_identity(module, &identity, &err);
}

static void make(int kind, unsigned int flags)
{
	elfgen_module(&file, &(struct elfgen){ .bits = kinds[kind].bits,
					       .big_endian = kinds[kind].big_endian,
					       .flags = flags });
}

START_TEST(test_identity)
{
	make(_i, 0);
	ck_assert_int_eq(identify(), 0);
	ck_assert_uint_eq(identity.size, sizeof(identity));
	ck_assert_uint_eq(identity.flags, MODHASH_IDENTITY_MODULE);
	ck_assert_uint_eq(identity.elf_class, kinds[_i].bits);
	ck_assert_uint_eq(identity.byte_order, kinds[_i].big_endian ? MODHASH_BYTE_ORDER_BIG
								    : MODHASH_BYTE_ORDER_LITTLE);
	ck_assert_uint_eq(identity.machine, kinds[_i].machine);
	ck_assert_str_eq(identity.name, "generated");
	ck_assert_str_eq(identity.vermagic, "6.1.0-generated SMP mod_unload ");
	ck_assert_str_eq(identity.srcversion, "0123456789ABCDEF0123456");
	ck_assert_uint_eq(identity.build_id_length, 20);
	ck_assert_uint_eq(identity.image_length, file.length);
	/* Views of the file. */
	ck_assert_ptr_eq(identity.build_id,
			 file.data + elfgen_get(&file, ELFGEN_SECTION_BUILD_ID, ELFGEN_SH_OFFSET) +
			 16);
}
END_TEST

START_TEST(test_flags)
{
	static const struct {
		unsigned int made;
		uint32_t told;
	} cases[] = {
		{ ELFGEN_BTF, MODHASH_IDENTITY_BTF | MODHASH_IDENTITY_BTF_IDS },
		{ ELFGEN_BTF_BASE, MODHASH_IDENTITY_BTF_BASE },
		{ ELFGEN_DEBUG, MODHASH_IDENTITY_DEBUG },
		{ ELFGEN_STRIPPED, MODHASH_IDENTITY_STRIPPED },
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		make(_i, cases[i].made);
		ck_assert_int_eq(identify(), 0);
		ck_assert_uint_eq(identity.flags, cases[i].told | MODHASH_IDENTITY_MODULE);
	}
	make(_i, ELFGEN_NO_MODINFO | ELFGEN_NO_THIS_MODULE);
	ck_assert_int_eq(identify(), 0);
	ck_assert_uint_eq(identity.flags, 0);
	ck_assert_ptr_null(identity.name);
	ck_assert_ptr_null(identity.vermagic);
	/* Either will do. */
	make(_i, ELFGEN_NO_MODINFO);
	ck_assert_int_eq(identify(), 0);
	ck_assert_uint_eq(identity.flags, MODHASH_IDENTITY_MODULE);
	make(_i, 0);
	gen_put(&file, 16, ET_DYN, 2, kinds[_i].big_endian);
	ck_assert_int_eq(identify(), 0);
	ck_assert_uint_eq(identity.flags, 0);
}
END_TEST

static void name_is(int kind, const char *name, const char *told)
{
	elfgen_module(&file, &(struct elfgen){ .bits = kinds[kind].bits,
					       .big_endian = kinds[kind].big_endian,
					       .flags = ELFGEN_NO_NAME, .name = name });
	ck_assert_int_eq(identify(), 0);
	if (told)
		ck_assert_str_eq(identity.name, told);
	else
		ck_assert_ptr_null(identity.name);
}

/* struct module has the name where no "name=" is, if it looks like one. */
START_TEST(test_old_name)
{
	char longest[64];
	unsigned int section;

	name_is(_i, "snd_pcm", "snd_pcm");
	name_is(_i, "x", "x");
	name_is(_i, "", NULL);
	name_is(_i, "two words", NULL);
	name_is(_i, "na\xc3\xafve", NULL);
	memset(longest, 'n', sizeof(longest));
	longest[64 - kinds[_i].bits / 8 - 1] = '\0';
	name_is(_i, longest, longest);

	/* No NUL within the array; a section too short for the array. */
	section = elfgen_find(&file, ".gnu.linkonce.this_module");
	memset(file.data + elfgen_get(&file, section, ELFGEN_SH_OFFSET), 'n', 200);
	ck_assert_int_eq(identify(), 0);
	ck_assert_ptr_null(identity.name);
	name_is(_i, "short", "short");
	elfgen_set(&file, section, ELFGEN_SH_SIZE, kinds[_i].bits == 64 ? 24 + 55 : 12 + 59);
	ck_assert_int_eq(identify(), 0);
	ck_assert_ptr_null(identity.name);
	elfgen_set(&file, section, ELFGEN_SH_TYPE, SHT_NOBITS);
	ck_assert_int_eq(identify(), 0);
	ck_assert_ptr_null(identity.name);
}
END_TEST

START_TEST(test_modinfo)
{
	static const char *const expected[][2] = {
		{ "license", "GPL" },
		{ "srcversion", "0123456789ABCDEF0123456" },
		{ "depends", "" },
		{ "name", "generated" },
		{ "vermagic", "6.1.0-generated SMP mod_unload " },
		{ "intree", "" },
	};
	const char *key, *value;
	uint64_t cursor = 0;
	size_t length, i;

	make(_i, 0);
	ck_assert_int_eq(identify(), 0);
	for (i = 0; i < 6; i++) {
		ck_assert_int_eq(modhash_module_modinfo(module, &cursor, &key, &length, &value, &err),
				 1);
		ck_assert_uint_eq(length, strlen(expected[i][0]));
		ck_assert_int_eq(strncmp(key, expected[i][0], length), 0);
		ck_assert_str_eq(value, expected[i][1]);
	}
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(modhash_module_modinfo(module, &cursor, &key, &length, &value, &err),
				 0);
		ck_assert_ptr_null(key);
		ck_assert_ptr_null(value);
	}
}
END_TEST

static int first_entry(uint64_t cursor)
{
	const char *key, *value;
	size_t length;

	return modhash_module_modinfo(module, &cursor, &key, &length, &value, &err);
}

START_TEST(test_modinfo_else)
{
	const char *key, *value;
	uint64_t cursor = 0;
	size_t length;

	make(2, ELFGEN_NO_MODINFO);
	ck_assert_int_eq(identify(), 0);
	ck_assert_int_eq(first_entry(0), 0);
	make(2, ELFGEN_TWO_MODINFO);
	ck_assert_int_eq(identify(), MODHASH_E_ELF);
	ck_assert_int_eq(first_entry(0), MODHASH_E_ELF);
	make(2, ELFGEN_MODINFO_NO_END);
	ck_assert_int_eq(identify(), MODHASH_E_ELF);
	ck_assert_int_eq(first_entry(0), MODHASH_E_ELF);
	make(2, 0);
	elfgen_set(&file, elfgen_find(&file, ".modinfo"), ELFGEN_SH_SIZE, 0);
	ck_assert_int_eq(identify(), 0);
	ck_assert_int_eq(first_entry(0), 0);
	elfgen_set(&file, elfgen_find(&file, ".modinfo"), ELFGEN_SH_TYPE, SHT_NOBITS);
	ck_assert_int_eq(identify(), 0);
	ck_assert_int_eq(first_entry(0), 0);

	/* Cursors that no call handed out: a view of the file at most. */
	make(2, 0);
	ck_assert_int_eq(identify(), 0);
	ck_assert_int_eq(first_entry(UINT64_MAX), MODHASH_E_INVALID);
	ck_assert_int_eq(first_entry((uint64_t)file.length << 32 | 1), MODHASH_E_INVALID);
	ck_assert_int_eq(first_entry(UINT64_C(1) << 32 | 3), MODHASH_E_INVALID); /* "ELF" */

	ck_assert_int_eq(modhash_module_modinfo(NULL, &cursor, &key, &length, &value, &err),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_modinfo(module, NULL, &key, &length, &value, &err),
			 MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_modinfo(module, &cursor, NULL, &length, NULL, &err),
			 MODHASH_E_INVALID);
	file.length = 0;
	gen_text(&file, "not ELF");
	ck_assert_int_eq(identify(), MODHASH_E_NOT_ELF);
	ck_assert_int_eq(first_entry(0), MODHASH_E_NOT_ELF);
}
END_TEST

/* What is behind the image is not of it, and an image that is longer than the payload is cut. */
START_TEST(test_image_length)
{
	size_t length;

	make(_i, 0);
	length = file.length;
	gen_text(&file, "what somebody appended");
	ck_assert_int_eq(identify(), 0);
	ck_assert_uint_eq(identity.image_length, length);
	file.length = length;
	trailergen_add(&file, 3, "proof", 5);
	ck_assert_int_eq(identify(), 0);
	ck_assert_uint_eq(identity.image_length, length);
	/* A trailer within the image: what it leaves is no ELF file any more. */
	file.length = length - 1;
	trailergen_add(&file, 3, "proof", 5);
	ck_assert_int_eq(identify(), MODHASH_E_ELF);
}
END_TEST

START_TEST(test_extended)
{
	make(_i, ELFGEN_EXTENDED);
	ck_assert_int_eq(identify(), 0);
	ck_assert_str_eq(identity.name, "generated");
	ck_assert_uint_eq(identity.flags, MODHASH_IDENTITY_MODULE);
	elfgen_set(&file, 0, ELFGEN_SH_SIZE, 0); /* as many sections as none */
	ck_assert_int_eq(identify(), MODHASH_E_ELF);
}
END_TEST

/* Where the file is in memory does not matter. */
START_TEST(test_unaligned)
{
	struct modhash_module *other;
	uint8_t *moved;
	size_t shift;

	make(_i, ELFGEN_BTF);
	moved = malloc(file.length + 8);
	ck_assert_ptr_nonnull(moved);
	for (shift = 1; shift < 8; shift++) {
		memcpy(moved + shift, file.data, file.length);
		ck_assert_int_eq(modhash_module_from_memory(ctx, moved + shift, file.length, &other,
							    &err), 0);
		MODHASH_INIT(identity);
		ck_assert_int_eq(modhash_module_identity(other, &identity, &err), 0);
		ck_assert_str_eq(identity.name, "generated");
		ck_assert_int_eq(memcmp(moved + shift, file.data, file.length), 0);
		modhash_module_free(other);
	}
	free(moved);
}
END_TEST

/* More sections than the ELF header has room to count. */
START_TEST(test_many_sections)
{
	const unsigned int count = 70000;
	unsigned int names, have;
	size_t table;

	make(2, 0);
	have = (unsigned int)elfgen_get_ehdr(&file, ELFGEN_E_SHNUM);
	names = (unsigned int)elfgen_get_ehdr(&file, ELFGEN_E_SHSTRNDX);
	gen_zeroes(&file, (size_t)(count - have) * sizeof(Elf64_Shdr));
	elfgen_set_ehdr(&file, ELFGEN_E_SHNUM, 0);
	elfgen_set(&file, 0, ELFGEN_SH_SIZE, count);
	ck_assert_int_eq(identify(), 0);
	ck_assert_str_eq(identity.name, "generated");
	ck_assert_uint_eq(identity.image_length, file.length);

	table = elfgen_header(&file, 0);
	elfgen_set_ehdr(&file, ELFGEN_E_SHSTRNDX, SHN_XINDEX);
	gen_put(&file, table + offsetof(Elf64_Shdr, sh_link), names, 4, false);
	ck_assert_int_eq(identify(), 0);
	elfgen_set(&file, 0, ELFGEN_SH_SIZE, (1 << 20) + 1);
	ck_assert_int_eq(identify(), MODHASH_E_ELF);
	ck_assert_ptr_nonnull(strstr(err.message, "1048577 sections"));
}
END_TEST

static void note(unsigned int number, uint32_t value)
{
	size_t at = (size_t)elfgen_get(&file, ELFGEN_SECTION_BUILD_ID, ELFGEN_SH_OFFSET);

	gen_put(&file, at + 4 * number, value, 4, kinds[2].big_endian);
}

START_TEST(test_notes)
{
	make(2, 0);
	note(2, 4); /* of another type */
	ck_assert_int_eq(identify(), 0);
	ck_assert_ptr_null(identity.build_id);
	ck_assert_uint_eq(identity.build_id_length, 0);
	make(2, 0);
	file.data[elfgen_get(&file, ELFGEN_SECTION_BUILD_ID, ELFGEN_SH_OFFSET) + 12] = 'X';
	ck_assert_int_eq(identify(), 0);
	ck_assert_ptr_null(identity.build_id);
	make(2, 0);
	note(1, 0);
	elfgen_set(&file, ELFGEN_SECTION_BUILD_ID, ELFGEN_SH_SIZE, 16);
	ck_assert_int_eq(identify(), 0);
	ck_assert_ptr_null(identity.build_id);
	make(2, 0);
	elfgen_set(&file, ELFGEN_SECTION_BUILD_ID, ELFGEN_SH_SIZE, 0);
	ck_assert_int_eq(identify(), 0);
	make(2, 0);
	note(0, 5); /* rounded up to 8, and 20 bytes do not fit behind */
	ck_assert_int_eq(identify(), MODHASH_E_ELF);
	ck_assert_uint_eq(err.offset, elfgen_get(&file, ELFGEN_SECTION_BUILD_ID, ELFGEN_SH_OFFSET));
}
END_TEST

START_TEST(test_arguments)
{
	make(2, 0);
	ck_assert_int_eq(identify(), 0);
	ck_assert_int_eq(modhash_module_identity(NULL, &identity, &err), MODHASH_E_INVALID);
	ck_assert_int_eq(modhash_module_identity(module, NULL, &err), MODHASH_E_INVALID);
	identity.size = 0;
	ck_assert_int_eq(modhash_module_identity(module, &identity, &err), MODHASH_E_INVALID);
	/* As much as the caller has room for. */
	memset(&identity, 0xee, sizeof(identity));
	identity.size = 8;
	ck_assert_int_eq(modhash_module_identity(module, &identity, &err), 0);
	ck_assert_uint_eq(identity.flags, MODHASH_IDENTITY_MODULE);
	ck_assert_uint_eq(identity.elf_class, 0xeeee);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("elf");
	TCase *tcase = tcase_create("elf");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, test_identity, 0, KINDS);
	tcase_add_loop_test(tcase, test_flags, 0, KINDS);
	tcase_add_loop_test(tcase, test_old_name, 0, KINDS);
	tcase_add_loop_test(tcase, test_modinfo, 0, KINDS);
	tcase_add_test(tcase, test_modinfo_else);
	tcase_add_loop_test(tcase, test_image_length, 0, KINDS);
	tcase_add_loop_test(tcase, test_extended, 0, KINDS);
	tcase_add_loop_test(tcase, test_unaligned, 0, KINDS);
	tcase_add_test(tcase, test_many_sections);
	tcase_add_test(tcase, test_notes);
	tcase_add_test(tcase, test_arguments);
	suite_add_tcase(suite, tcase);
	return scratch_run(suite);
}
