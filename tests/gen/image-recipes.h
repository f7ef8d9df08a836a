/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Kernel images that gen-images writes and tests/unit/test-image.c reads, and what is to come
 * of each.
 */
#ifndef IMAGE_RECIPES_H
#define IMAGE_RECIPES_H

#include "imagegen.h"

/* Codes are names without their MODHASH_E_, or "OK"; "-" is what can't be asked. */
struct image_recipe {
	const char *name;
	void (*make)(struct gen_buf *out);
	int needs;	     /* MODHASH_COMPRESSION_*, or 0 */
	const char *open;    /* modhash_image_from_memory(), with IMAGE_RECIPES_LIMIT */
	const char *layers;  /* "uki, bzimage (xz), vmlinux" */
	const char *release; /* or NULL */
	const char *blob;    /* modhash_image_blob(): a code, or "filled", "zeroes" */
	const char *btf;     /* modhash_image_part() */
	const char *what;
};

#define IMAGE_RECIPES_LIMIT (16u << 20)

/* Ends with one without a name. */
extern const struct image_recipe image_recipes[];

/* Can this build make and read it? */
bool image_recipe_possible(const struct image_recipe *recipe);

/* The table that is in them: of four made-up digests, the same at every call. */
void image_recipe_table(struct gen_buf *out);
#define IMAGE_RECIPE_DIGESTS 4

#endif /* IMAGE_RECIPES_H */
