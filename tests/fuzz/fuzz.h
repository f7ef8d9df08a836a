/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What fuzz targets have in common.  README.md says how they are built and run.
 *
 * A target is one file, target-NAME.c, with one struct fuzz_target.  What it is given is hostile
 * input; whatever that is, what it checks must hold, or it aborts.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <modhash/modhash.h>

struct fuzz_target {
	const char *name;
	void (*run)(const uint8_t *data, size_t length);
	uint32_t max_length; /* of inputs that a fuzzer should make up */
	const char *covers;  /* files of lib/ that it is for, with blanks between them */
};

/* All targets, and NULL (targets.c). */
extern const struct fuzz_target *const fuzz_targets[];

/* What libFuzzer and AFL++ call (one.c). */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length);

/* --- checking --- */

#define MUST(condition)                                           \
	do {                                                      \
		if (!(condition))                                 \
			fuzz_die(__FILE__, __LINE__, #condition); \
	} while (0)

_Noreturn void fuzz_die(const char *file, int line, const char *condition);

/*
 * What a function that fails promises: the code in @err is the one that it returned, the message
 * is one line of UTF-8 without control characters, and the offset, if there is one, is
 * not behind @most.
 */
void fuzz_must_fail_well(int rc, const struct modhash_error *err, uint64_t most);

/* Well-formed UTF-8, and no control character in it. */
bool fuzz_is_plain(const char *text);

/* --- input --- */

/* The largest module, unpacked, in targets: 1 MiB. */
#define FUZZ_LIMIT (1u << 20)

/* A context with that limit; the same at each call, never freed. */
const struct modhash_ctx *fuzz_ctx(void);

/* What is left of an input that is taken apart. */
struct fuzz_input {
	const uint8_t *data;
	size_t length;
};

/* From its beginning; zeroes when there is nothing left. */
uint8_t fuzz_take8(struct fuzz_input *input);
uint32_t fuzz_take32(struct fuzz_input *input);

/* A piece whose length stands before it, in four bytes, little-endian: as far as it is there. */
struct fuzz_input fuzz_take_piece(struct fuzz_input *input);

/* A copy that ends where its memory does, so that a sanitizer sees who reads on; to be freed. */
uint8_t *fuzz_copy(const void *data, size_t length);

/* A file in memory with these bytes, to be closed; and what it can be opened by. */
int fuzz_file(const void *data, size_t length);
void fuzz_file_path(int fd, char path[64]);

/* --- what several targets do --- */

/* One compression: limits, decoders used again, one stream of several (unpack.c). */
void fuzz_unpack(int compression, const uint8_t *data, size_t length);

/* BTF that the modules of tests/unit/canon-lab.h continue: of either byte order, or NULL. */
const struct modhash_btf_base *fuzz_lab_base(bool big_endian);

/* The canonical form under a policy, with the base that fits the module's byte order. */
struct modhash_canon_opts fuzz_canon_opts(const struct modhash_module *module, uint32_t policy);

/* The digest of @length bytes, which must be had. */
struct modhash_digest fuzz_digest(int algorithm, int scope, const void *data, size_t length);

#endif /* FUZZ_H */
