/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: bytes from a file, and what they are when unpacked.
 */
#ifndef MH_SOURCE_H
#define MH_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include <modhash/context.h>
#include <modhash/error.h>
#include <modhash/module.h>

#include "buf.h"

/*
 * Read a regular file whole into @buf (its contents replaced, its memory used again).
 * More than @limit bytes is MODHASH_E_LIMIT; a file that changes meanwhile
 * MODHASH_E_CHANGED.  @stop may be NULL; when it is set to non-zero, MODHASH_E_STOPPED.
 */
int mh_source_read_fd(int fd, uint64_t limit, const int *stop, struct mh_buf *buf,
		      struct modhash_error *err);
int mh_source_read_path(const char *path, uint64_t limit, const int *stop, struct mh_buf *buf,
			struct modhash_error *err);

/*
 * The same, but a file of more than @most bytes is not read: MH_POSTPONED, and *size is what it
 * has, for who takes it up later.
 */
#define MH_POSTPONED 1
int mh_source_read_small(const char *path, uint64_t limit, uint64_t most, const int *stop,
			 struct mh_buf *buf, uint64_t *size, struct modhash_error *err);

/* MODHASH_COMPRESSION_*, by the first bytes. */
int mh_compression_detect(const uint8_t *data, size_t length);

/*
 * Unpack into @out, at most @limit bytes.  NONE is MODHASH_E_INVALID.  @decoders are kept for
 * the next file; NULL: for this one alone.
 */
struct mh_decoders;
int mh_unpack(int compression, const uint8_t *data, size_t length, uint64_t limit,
	      struct mh_decoders *decoders, struct mh_buf *out, struct modhash_error *err);

/* Pack so that a kernel can read it. */
int mh_pack(int compression, const uint8_t *data, size_t length, struct mh_buf *out,
	    struct modhash_error *err);

#endif /* MH_SOURCE_H */
