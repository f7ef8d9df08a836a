/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the two halves of the test's init know of each other. */
#ifndef MODHASH_TEST_LOADER_H
#define MODHASH_TEST_LOADER_H

#include <stdint.h>

/*
 * Calls function @name of the loaded module @module from a BPF program, with @number as
 * its argument.  0 and *@answer, or the errno; *@where says which step it is from.
 */
int call_kfunc(const char *module, const char *name, uint32_t number, uint32_t *answer,
	       const char **where);

/* All of a file, with its length: malloc()ed, or NULL and errno. */
unsigned char *read_file(const char *path, long *length);

/* IMA's policy becomes, besides what it was, what is in file @policy.  0 or the errno, as all. */
int ima_policy(const char *policy);

/* A certificate, by whose key IMA takes signatures from now on. */
int ima_key(const char *certificate);

/*
 * @file as @path below /ima, which belongs to the user with this number; with what is in @file.ima
 * as IMA's attribute of it, if there is such a file.
 */
int ima_place(const char *file, const char *owner, const char *path);

#endif
