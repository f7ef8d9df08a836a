/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All targets.  A new one is a file target-NAME.c, a line in fuzz.am, and one here.
 */
#include "fuzz.h"

#define TARGETS(x)                                                                             \
	x(btf) x(btf_cache) x(btf_path) x(canon) x(compare) x(core) x(diff) x(elf) x(embed)    \
	x(image) x(list) x(merkle) x(merkle_tree) x(order) x(pack) x(pkcs7) x(table)           \
	x(table_write) x(trailer) x(unpack_gzip) x(unpack_lz4) x(unpack_xz) x(unpack_zstd)     \
	x(verify)

#define DECLARE(name) extern const struct fuzz_target fuzz_##name;
#define LIST(name) &fuzz_##name,

TARGETS(DECLARE)

const struct fuzz_target *const fuzz_targets[] = { TARGETS(LIST) NULL };
