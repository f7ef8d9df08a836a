/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: a relocatable ELF file without some of its sections.
 */
#ifndef MH_ELF_DROP_H
#define MH_ELF_DROP_H

#include "buf.h"
#include "elf-view.h"

/*
 * Append the file of @view to @out, without the sections whose numbers @drop holds, @count of
 * them; 0 is none.  Every number of a section follows, in headers, symbols and groups;
 * names that nothing else uses go from the table of section names; what lay behind moves up,
 * in its order, and is aligned as it was.
 *
 * @view: one in which no parts of the file overlap, and only zeroes lie between them
 * (mh_canon_gaps()).
 *
 * MODHASH_E_REWRITE if something refers to a section that goes; MODHASH_E_ELF; MODHASH_E_NOMEM.
 */
int mh_elf_drop(const struct mh_elf_view *view, const uint32_t *drop, uint32_t count,
		struct mh_buf *out, struct modhash_error *err);

#endif /* MH_ELF_DROP_H */
