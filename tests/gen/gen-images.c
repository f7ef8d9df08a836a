/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * gen-images DIR	write the images into DIR, and DIR/MANIFEST
 * gen-images --readme	print the table of README.md
 *
 * MANIFEST has a line an image, of fields with a tab between them: name, what opening it
 * yields, layers, release, blob, BTF.  image-recipes.h says more.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "image-recipes.h"

static void die(const char *what)
{
	fprintf(stderr, "gen-images: %s: %s\n", what, strerror(errno));
	exit(2);
}

static void write_file(const struct image_recipe *recipe)
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

static void write_all(void)
{
	FILE *manifest = fopen("MANIFEST", "w");
	const struct image_recipe *r;

	if (!manifest)
		die("MANIFEST");
	for (r = image_recipes; r->name; r++) {
		if (!image_recipe_possible(r))
			continue;
		write_file(r);
		fprintf(manifest, "%s\t%s\t%s\t%s\t%s\t%s\n", r->name, r->open, r->layers,
			r->release ? r->release : "-", r->blob, r->btf);
	}
	if (fclose(manifest) != 0)
		die("MANIFEST");
}

static void print_readme(void)
{
	const struct image_recipe *r;

	printf("\n## Kernel images\n\n| file | what it is | what comes of it |\n|---|---|---|\n");
	for (r = image_recipes; r->name; r++) {
		printf("| `%s` | %s | ", r->name, r->what);
		if (strcmp(r->open, "OK"))
			printf("open: `%s` |\n", r->open);
		else
			printf("%s; blob: `%s`, BTF: `%s` |\n", r->layers, r->blob, r->btf);
	}
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: gen-images DIR | --readme\n");
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
