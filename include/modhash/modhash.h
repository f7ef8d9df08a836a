/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libmodhash: hash-based kernel module integrity, the userland half.
 *
 * This header includes all others.  The conventions that hold everywhere:
 *
 * - A function that can fail returns an int: 0 (or, where its comment says so, a
 *   count or a truth value) on success, and a negative MODHASH_E_* on failure.
 *   New codes may be added: treat a negative value that you don't know as failure.
 * - @err may be NULL.  If it is not, it is filled in on failure and left alone on
 *   success (struct modhash_error).
 * - An out-pointer is NULL after every failure.  What a function hands out through
 *   one is the caller's to free with the matching modhash_*_free(), which takes
 *   NULL as well.
 * - A structure that leads with @size grows: set @size to sizeof, zero the rest
 *   (MODHASH_INIT does both), and a library that is newer or older than the header
 *   still works.  In an options structure, a non-zero byte behind what the library
 *   knows is MODHASH_E_INVALID; in a result, it fills in what it knows and zeroes
 *   the rest.
 * - Objects passed as const may be used by many threads at once.  Anything else
 *   belongs to one thread at a time.  There is no global state.
 * - The library prints nothing, changes no signal handlers, and never aborts.
 */
#ifndef MODHASH_MODHASH_H
#define MODHASH_MODHASH_H

#include <modhash/attributes.h>
#include <modhash/version.h>
#include <modhash/codes.h>
#include <modhash/format.h>
#include <modhash/error.h>
#include <modhash/context.h>
#include <modhash/digest.h>
#include <modhash/module.h>
#include <modhash/files.h>
#include <modhash/image.h>
#include <modhash/blob.h>
#include <modhash/btf.h>
#include <modhash/builder.h>
#include <modhash/canon.h>
#include <modhash/compare.h>
#include <modhash/merkle.h>
#include <modhash/batch.h>
#include <modhash/verify.h>
#include <modhash/output.h>

#endif /* MODHASH_MODHASH_H */
