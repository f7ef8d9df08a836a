/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: an ELF file of which only one section is wanted.  A vmlinux with its
 * debugging information has hundreds of megabytes, and its BTF five.
 */
#ifndef MH_ELF_SPARSE_H
#define MH_ELF_SPARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "budget.h"

#define MH_SPARSE_EMPTY { NULL, 0, NULL, 0 }

struct mh_sparse {
	uint8_t *data; /* as the file, but for bytes that were not read: they are 0 */
	size_t length;
	struct mh_budget *budget;
	uint64_t taken; /* from it: what is mapped may be touched, all of it */
};

/*
 * @sparse has the headers, the names of sections, and the section called @name.  False:
 * nothing can be said of this file so; whoever reads it whole gets the right error, if there
 * is one.
 */
bool mh_elf_sparse_read_in(struct mh_budget *budget, const char *path, uint64_t limit,
			   const char *name, struct mh_sparse *sparse);

/* The same without a limit of memory. */
static inline bool mh_elf_sparse_read(const char *path, uint64_t limit, const char *name,
				      struct mh_sparse *sparse)
{
	return mh_elf_sparse_read_in(NULL, path, limit, name, sparse);
}
void mh_elf_sparse_free(struct mh_sparse *sparse);

#endif /* MH_ELF_SPARSE_H */
