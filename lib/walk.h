/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: the modules below a directory.
 */
#ifndef MH_WALK_H
#define MH_WALK_H

#include <stddef.h>

#include <modhash/error.h>

struct mh_walk {
	/* A module's path, of @length bytes, which is gone when this returns; 0 to go on. */
	int (*found)(void *user, const char *path, size_t length, struct modhash_error *err);
	void *found_user;
	/* As for modhash_files_add(). */
	int (*trouble)(void *user, const char *path, const struct modhash_error *err);
	void *user;
	const int *stop; /* a context's; may be NULL */
};

/*
 * All regular files below @root that are named as modules are, in the byte order of their paths.
 * 0, MODHASH_E_STOPPED, or what the first call said that was not 0, or that there is no memory.
 */
int mh_walk(const char *root, const struct mh_walk *walk, struct modhash_error *err);

/* Bytes of the suffix of a compression, 0 without one; -1 if this is no module's name. */
int mh_module_suffix(const char *name, size_t length);

#endif /* MH_WALK_H */
