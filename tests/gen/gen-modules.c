/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gen-modules DIR	write the files into DIR, and DIR/MANIFEST
 * gen-modules --readme	print the tables of README.md
 *
 * MANIFEST has a line a file, of fields with a tab between them: name, what opening it
 * yields, number of trailers, what follows them, identity, signature.  recipes.h says
 * more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <modhash/module.h>

#include "recipes.h"
#include "source.h"

#define SPECIAL(name, kind, target, code, what) \
	{ name, NULL, code, 0, "-", "-", "-", what, kind, target }

const struct recipe special_recipes[] = {
	SPECIAL("bad-directory.ko", RECIPE_DIRECTORY, NULL, "FILE_TYPE", "a directory"),
	SPECIAL("bad-fifo.ko", RECIPE_FIFO, NULL, "FILE_TYPE", "a FIFO that nobody writes to"),
	SPECIAL("bad-device.ko", RECIPE_LINK, "/dev/null", "FILE_TYPE", "a link to a device"),
	SPECIAL("bad-loop.ko", RECIPE_LINK, "bad-loop.ko", "IO", "a link to itself"),
	SPECIAL("bad-dangling.ko", RECIPE_LINK, "no-such-file", "IO", "a link to nothing"),
	{ .name = NULL },
};

static const struct {
	const struct recipe *recipes;
	const char *title;
} chapters[] = {
	{ elf_recipes, "ELF files" },
	{ trailer_recipes, "Trailers" },
	{ packed_recipes, "Packed files" },
	{ special_recipes, "What is no regular file" },
};

#define CHAPTERS (sizeof(chapters) / sizeof(chapters[0]))

static void die(const char *what)
{
	fprintf(stderr, "gen-modules: %s: %s\n", what, strerror(errno));
	exit(2);
}

void recipe_pack(struct gen_buf *buf, int compression)
{
	struct mh_buf packed = MH_BUF_EMPTY;
	struct modhash_error err;

	if (mh_pack(compression, buf->data ? buf->data : (const uint8_t *)"", buf->length, &packed,
		    &err)) {
		fprintf(stderr, "gen-modules: %s\n", err.message);
		exit(2);
	}
	buf->length = 0;
	gen_add(buf, packed.data, packed.length);
	mh_buf_free(&packed);
}

/* A build without a decompressor can't make its files, and has tests of its own. */
static bool can_make(const struct recipe *recipe)
{
	const char *dot = strrchr(recipe->name, '.');

	if (strcmp(dot, ".gz") == 0)
		return modhash_compression_supported(MODHASH_COMPRESSION_GZIP);
	if (strcmp(dot, ".xz") == 0)
		return modhash_compression_supported(MODHASH_COMPRESSION_XZ);
	if (strcmp(dot, ".zst") == 0)
		return modhash_compression_supported(MODHASH_COMPRESSION_ZSTD);
	return true;
}

static void write_file(const struct recipe *recipe)
{
	struct gen_buf bytes = { .data = NULL };
	FILE *file = fopen(recipe->name, "wb");

	if (!file)
		die(recipe->name);
	recipe->make(&bytes);
	if (bytes.length && fwrite(bytes.data, 1, bytes.length, file) != bytes.length)
		die(recipe->name);
	if (fclose(file) != 0)
		die(recipe->name);
	gen_free(&bytes);
}

static void write_recipe(const struct recipe *recipe)
{
	int ret = 0;

	switch (recipe->kind) {
	case RECIPE_FILE:
		write_file(recipe);
		break;
	case RECIPE_DIRECTORY:
		ret = mkdir(recipe->name, 0755);
		break;
	case RECIPE_FIFO:
		ret = mkfifo(recipe->name, 0644);
		break;
	case RECIPE_LINK:
		ret = symlink(recipe->target, recipe->name);
		break;
	}
	if (ret != 0 && errno != EEXIST)
		die(recipe->name);
}

static void write_all(void)
{
	FILE *manifest = fopen("MANIFEST", "w");
	const struct recipe *r;
	size_t i;

	if (!manifest)
		die("MANIFEST");
	for (i = 0; i < CHAPTERS; i++) {
		for (r = chapters[i].recipes; r->name; r++) {
			if (!can_make(r))
				continue;
			write_recipe(r);
			fprintf(manifest, "%s\t%s\t%u\t%s\t%s\t%s\n", r->name, r->open,
				r->trailers, r->trailer, r->identity, r->signature);
		}
	}
	if (fclose(manifest) != 0)
		die("MANIFEST");
}

/* The one thing about a file that is not as it would be with a good one. */
static void print_outcome(const struct recipe *r)
{
	if (strcmp(r->open, "OK"))
		printf("open: `%s`", r->open);
	else if (strcmp(r->trailer, "OK"))
		printf("trailers: `%s`%s%s", r->trailer, strcmp(r->identity, "OK") ? ", identity: `" : "",
		       strcmp(r->identity, "OK") ? "NOT_ELF`" : "");
	else if (strcmp(r->identity, "OK"))
		printf("identity: `%s`", r->identity);
	else if (strcmp(r->signature, "OK") && strcmp(r->signature, "-"))
		printf("signature: `%s`", r->signature);
	else
		printf("read");
	if (r->trailers)
		printf(", %u trailer%s", r->trailers, r->trailers == 1 ? "" : "s");
}

static void print_readme(void)
{
	const struct recipe *r;
	size_t i;

	for (i = 0; i < CHAPTERS; i++) {
		printf("\n## %s\n\n| file | what it is | what comes of it |\n|---|---|---|\n",
		       chapters[i].title);
		for (r = chapters[i].recipes; r->name; r++) {
			printf("| `%s` | %s | ", r->name, r->what);
			print_outcome(r);
			printf(" |\n");
		}
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: gen-modules DIR | --readme\n");
		return 2;
	}
	if (strcmp(argv[1], "--readme") == 0) {
		print_readme();
		return 0;
	}
	if (mkdir(argv[1], 0755) != 0 && errno != EEXIST)
		die(argv[1]);
	if (chdir(argv[1]) != 0)
		die(argv[1]);
	write_all();
	return 0;
}
