/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The modules that are changed: made up here, or read from files.
 */
#include <stdlib.h>
#include <string.h>

#include "../unit/canon-lab.h"
#include "mutate.h"

struct module *corpus_add(struct corpus *corpus, const char *name, const struct gen_buf *plain)
{
	struct module *module;
	long long payload = oracle_payload(plain->data, plain->length);

	if (payload < 0)
		die("%s: a malformed trailer", name);
	corpus->modules = realloc(corpus->modules, (corpus->count + 1) * sizeof(*module));
	if (!corpus->modules)
		die("no memory");
	module = &corpus->modules[corpus->count++];
	memset(module, 0, sizeof(*module));
	module->name = name;
	module->payload = (size_t)payload;
	gen_add(&module->plain, plain->data, plain->length);
	return module;
}

void corpus_free(struct corpus *corpus)
{
	size_t i, k;

	for (i = 0; i < corpus->count; i++) {
		struct module *module = &corpus->modules[i];

		gen_free(&module->plain);
		gen_free(&module->proof);
		gen_free(&module->proved);
		gen_free(&module->sibling);
		for (k = 0; k < sizeof(module->packed) / sizeof(module->packed[0]); k++)
			gen_free(&module->packed[k]);
	}
	free(corpus->modules);
	for (i = 0; i < corpus->bases_count; i++)
		modhash_btf_base_free(corpus->bases[i]);
	memset(corpus, 0, sizeof(*corpus));
}

/* --- modules with nothing but what all have --- */

static void add_signature(struct gen_buf *out, unsigned int flags)
{
	struct gen_buf der = { .data = NULL };

	pkcs7gen(&der, &(struct pkcs7gen){ .flags = flags });
	trailergen_add(out, 2, der.data, der.length);
	gen_free(&der);
}

static void generate_plain(struct corpus *corpus)
{
	static const struct {
		struct elfgen elf;
		int signatures;
	} makes[] = {
		{ { .bits = 64, .name = "first" }, 0 },
		{ { .bits = 64, .name = "second", .flags = ELFGEN_BTF }, 1 },
		{ { .bits = 64, .big_endian = true, .name = "third" }, 1 },
		{ { .bits = 32, .name = "fourth", .flags = ELFGEN_DEBUG }, 0 },
		{ { .bits = 32, .big_endian = true, .name = "fifth" }, 2 },
		{ { .bits = 64, .name = "sixth", .text_length = 5000 }, 1 },
		{ { .bits = 64, .name = "seventh", .flags = ELFGEN_NO_NAME }, 0 },
		{ { .bits = 64, .name = "eighth", .flags = ELFGEN_EXTENDED }, 1 },
	};
	size_t i;
	int n;

	for (i = 0; i < sizeof(makes) / sizeof(makes[0]); i++) {
		struct gen_buf bytes = { .data = NULL };

		elfgen_module(&bytes, &makes[i].elf);
		for (n = 0; n < makes[i].signatures; n++)
			add_signature(&bytes, n ? PKCS7GEN_KEY_ID : 0);
		corpus_add(corpus, makes[i].elf.name, &bytes);
		gen_free(&bytes);
	}
}

/* --- modules with BTF --- */

static void make_into(struct gen_buf *out, const struct maker *maker)
{
	static struct file file;

	make(maker, &file);
	gen_add(out, file.data, file.length);
}

/* One, and the same with its types in another order and laid out in another way. */
static void generate_btf(struct corpus *corpus, const struct modhash_ctx *ctx, const char *name,
			 struct maker maker, bool is_signed)
{
	struct gen_buf bytes = { .data = NULL };
	struct modhash_btf_base *base = NULL;
	struct module *module;
	uint8_t *btf;
	size_t length;

	if (!maker.distilled) {
		btf = make_base_btf(&maker, &length);
		if (modhash_btf_base_from_memory(ctx, btf, length, &base, NULL))
			die("%s: no base", name);
		free(btf);
		corpus->bases[corpus->bases_count++] = base;
	}
	make_into(&bytes, &maker);
	if (is_signed)
		add_signature(&bytes, 0);
	module = corpus_add(corpus, name, &bytes);
	module->base = base;
	module->twins = maker.twins;
	maker.permute = 7;
	maker.padding = 3;
	maker.backwards = true;
	maker.names_backwards = true;
	make_into(&module->sibling, &maker);
	gen_free(&bytes);
}

void corpus_generate(struct corpus *corpus, const struct modhash_ctx *ctx)
{
	generate_plain(corpus);
	generate_btf(corpus, ctx, "btf", (struct maker){ .is_64 = true }, true);
	generate_btf(corpus, ctx, "btf-32", (struct maker){ .big_endian = true }, false);
	generate_btf(corpus, ctx, "btf-be", (struct maker){ .is_64 = true, .big_endian = true },
		     false);
	generate_btf(corpus, ctx, "btf-base", (struct maker){ .is_64 = true, .distilled = true },
		     true);
	generate_btf(corpus, ctx, "btf-twins", (struct maker){ .is_64 = true, .twins = true },
		     false);
	generate_btf(corpus, ctx, "btf-extended", (struct maker){ .is_64 = true, .extended = true },
		     false);
}
