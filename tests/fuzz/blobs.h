/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Blobs in targets.
 */
#ifndef FUZZ_BLOBS_H
#define FUZZ_BLOBS_H

#include "fuzz.h"

/* All that can be asked of a blob, whatever it is. */
void fuzz_check_blob(const struct modhash_blob *blob);

/* Read these bytes; what fails must fail well.  NULL after a failure. */
struct modhash_blob *fuzz_read_blob(const uint8_t *data, size_t length);

/*
 * Put together again from what was read, which must be a list or a table; false if the positions
 * of its modules are such that nobody could have.
 */
bool fuzz_rebuild(const struct modhash_blob *blob, struct modhash_buffer *out);

/*
 * Checksums of what begins as a table, made right as far as they go: of its header, its body and
 * the sections behind it.
 */
void fuzz_make_good(uint8_t *table, size_t length);
void fuzz_make_header_good(uint8_t *table, size_t length);

/* Is it there, without any search but the longest one? */
bool fuzz_is_there(const struct modhash_blob *blob, const struct modhash_digest *digest);

struct modhash_blob_info fuzz_blob_info(const struct modhash_blob *blob);

#endif /* FUZZ_BLOBS_H */
