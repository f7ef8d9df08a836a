/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The files that gen-modules writes, and what is to come of each.
 */
#ifndef RECIPES_H
#define RECIPES_H

#include "elfgen.h"

enum recipe_kind { RECIPE_FILE, RECIPE_DIRECTORY, RECIPE_FIFO, RECIPE_LINK };

/*
 * One file.  Expectations are names of codes without their MODHASH_E_, "OK", or "-" for
 * what can't be asked.  @needs: a library that the files can't be made without, or NULL.
 */
struct recipe {
	const char *name;
	void (*make)(struct gen_buf *out);
	const char *open;      /* modhash_module_from_path(), with RECIPES_LIMIT */
	unsigned int trailers; /* well-formed ones */
	const char *trailer;   /* OK, or TRAILER if a malformed one follows them */
	const char *identity;  /* modhash_module_identity() */
	const char *signature; /* modhash_trailer_signature() of the outermost trailer */
	const char *what;
	enum recipe_kind kind;
	const char *target;    /* of a link */
};

/* The largest unpacked file that the expectations hold for: 16 MiB. */
#define RECIPES_LIMIT (16u << 20)

/* Each ends with a recipe without a name. */
extern const struct recipe elf_recipes[];
extern const struct recipe trailer_recipes[];
extern const struct recipe packed_recipes[];
extern const struct recipe special_recipes[];

/* The module that others are made from: 64-bit, little-endian. */
void recipe_module(struct gen_buf *out);

/* Pack the bytes in place. */
void recipe_pack(struct gen_buf *buf, int compression);

#endif /* RECIPES_H */
