/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ELF, by both of the library's readers: the identity of a module, by libelf, and the view
 * that the canonical form is made of, which is internal.  Nothing that they hand out leads out
 * of the file.
 */
#include "elf-view.h"
#include "fuzz.h"

static bool within(const uint8_t *data, uint64_t length, const void *piece, uint64_t piece_length)
{
	const uint8_t *begin = piece;

	return begin >= data && begin <= data + length &&
	       piece_length <= (uint64_t)(data + length - begin);
}

/* A string that ends within the file; an empty one may be anybody's. */
static void check_string(const uint8_t *data, uint64_t length, const char *text)
{
	MUST(!text || !*text || within(data, length, text, strlen(text) + 1));
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? !strcmp(a, b) : a == b;
}

static bool same_identity(const struct modhash_identity *a, const struct modhash_identity *b)
{
	return a->flags == b->flags && a->elf_class == b->elf_class &&
	       a->byte_order == b->byte_order && a->machine == b->machine &&
	       same_text(a->name, b->name) && same_text(a->vermagic, b->vermagic) &&
	       same_text(a->srcversion, b->srcversion) &&
	       a->build_id_length == b->build_id_length && a->image_length == b->image_length &&
	       (!a->build_id_length || !memcmp(a->build_id, b->build_id, a->build_id_length));
}

/* Alone, what the headers describe says the same. */
static void check_alone(const uint8_t *data, const struct modhash_identity *identity)
{
	uint8_t *image = fuzz_copy(data, identity->image_length);
	struct modhash_identity again;
	struct modhash_module_info info;
	struct modhash_module *module;
	int rc;

	MUST(modhash_module_from_memory(fuzz_ctx(), image, identity->image_length, &module,
					NULL) == 0);
	MODHASH_INIT(info);
	MUST(modhash_module_info(module, &info) == 0);
	MODHASH_INIT(again);
	rc = modhash_module_identity(module, &again, NULL);
	/* Unless it ends like a trailer, which is taken off. */
	if (!info.trailers && !info.trailer_status)
		MUST(rc == 0 && same_identity(identity, &again));
	modhash_module_free(module);
	free(image);
}

static void check_modinfo(const struct modhash_module *module, const uint8_t *data,
			  uint64_t length, bool must)
{
	const char *key, *value;
	struct modhash_error err;
	uint64_t cursor = 0;
	size_t key_length, count = 0;
	int rc;

	while ((rc = modhash_module_modinfo(module, &cursor, &key, &key_length, &value, &err)) == 1) {
		MUST(++count <= length);
		MUST(within(data, length, key, key_length));
		MUST(!memchr(key, '=', key_length) && !memchr(key, 0, key_length));
		MUST(value);
		check_string(data, length, value);
	}
	MUST(rc == 0 || !must);
	if (rc)
		fuzz_must_fail_well(rc, &err, length);
}

static int check_identity(const uint8_t *data, size_t length, struct modhash_identity *identity)
{
	struct modhash_module_info info;
	struct modhash_module *module;
	struct modhash_error err;
	int rc;

	if (modhash_module_from_memory(fuzz_ctx(), data, length, &module, NULL))
		return -1;
	MODHASH_INIT(info);
	MUST(modhash_module_info(module, &info) == 0);
	MODHASH_INIT(*identity);
	rc = modhash_module_identity(module, identity, &err);
	if (rc) {
		MUST(rc == MODHASH_E_ELF || rc == MODHASH_E_NOT_ELF);
		fuzz_must_fail_well(rc, &err, info.payload_length);
	} else {
		check_string(info.data, info.payload_length, identity->name);
		check_string(info.data, info.payload_length, identity->vermagic);
		check_string(info.data, info.payload_length, identity->srcversion);
		MUST(!identity->build_id == !identity->build_id_length);
		MUST(!identity->build_id || within(info.data, info.payload_length,
						   identity->build_id, identity->build_id_length));
		MUST(identity->image_length <= info.payload_length);
		MUST(identity->elf_class == 32 || identity->elf_class == 64);
		check_alone(info.data, identity);
	}
	check_modinfo(module, info.data, info.payload_length, rc == 0);
	/* Views of what is freed are none; what is compared below are numbers. */
	modhash_module_free(module);
	return rc;
}

static void check_section(const struct mh_elf_view *view, uint32_t index)
{
	const struct mh_elf_section *section = &view->sections[index];
	uint32_t found = mh_elf_view_find(view, section->name);

	check_string(view->data, view->length, section->name);
	MUST(!section->data || within(view->data, view->length, section->data, section->size));
	MUST(!section->data || section->data == view->data + section->offset);
	if (!index || !*section->name) /* section 0 has the empty name, too */
		return;
	MUST(found && found <= index && !strcmp(view->sections[found].name, section->name));
	MUST((found == index) == (section->ordinal == 0));
}

static void check_view(const struct mh_elf_view *view)
{
	struct mh_elf_symbol symbol;
	struct modhash_error err;
	int rc;

	MUST((uint64_t)view->count * view->section_header_size <= view->length);
	for (uint32_t i = 0; i < view->count; i++)
		check_section(view, i);
	for (uint64_t i = 0; view->symtab && i < view->symbols; i++) {
		rc = mh_elf_view_symbol(view, i, &symbol, &err);
		if (rc) {
			fuzz_must_fail_well(rc, &err, view->length);
			continue;
		}
		check_string(view->data, view->length, symbol.name);
		MUST(symbol.reserved || symbol.section < view->count);
	}
}

static void run(const uint8_t *data, size_t length)
{
	struct modhash_identity identity;
	struct mh_elf_view view;
	struct modhash_error err;
	int told = check_identity(data, length, &identity);
	int rc = mh_elf_view_open(&view, data, length, &err);

	if (rc) {
		fuzz_must_fail_well(rc, &err, length);
		return;
	}
	check_view(&view);
	if (!told) {
		MUST(view.is_64 == (identity.elf_class == 64));
		MUST(view.big_endian == (identity.byte_order == MODHASH_BYTE_ORDER_BIG));
		MUST(view.machine == identity.machine);
	}
	mh_elf_view_close(&view);
}

extern const struct fuzz_target fuzz_elf;
const struct fuzz_target fuzz_elf = {
	.name = "elf",
	.run = run,
	.max_length = 16384,
	.covers = "lib/elf.c lib/elf-view.c",
};
