/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Arithmetic on sizes and offsets that come from files: it never wraps.
 */
#ifndef MH_CHECKED_H
#define MH_CHECKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of a function whose arithmetic is meant to wrap: the sanitizer for integers leaves it alone. */
#ifdef __clang__
#define MH_WRAPS __attribute__((no_sanitize("integer")))
#else
#define MH_WRAPS
#endif

/* *sum = a + b; false if that does not fit. */
static inline bool mh_add_u64(uint64_t a, uint64_t b, uint64_t *sum)
{
	return !__builtin_add_overflow(a, b, sum);
}

static inline bool mh_mul_u64(uint64_t a, uint64_t b, uint64_t *product)
{
	return !__builtin_mul_overflow(a, b, product);
}

static inline bool mh_add_size(size_t a, size_t b, size_t *sum)
{
	return !__builtin_add_overflow(a, b, sum);
}

static inline bool mh_mul_size(size_t a, size_t b, size_t *product)
{
	return !__builtin_mul_overflow(a, b, product);
}

/* Does [offset, offset + length) lie within total bytes? */
static inline bool mh_in_range(uint64_t offset, uint64_t length, uint64_t total)
{
	return offset <= total && length <= total - offset;
}

/* Round up to a power of two; false if that does not fit. */
static inline bool mh_align_u64(uint64_t value, uint64_t alignment, uint64_t *aligned)
{
	if (!mh_add_u64(value, alignment - 1, aligned))
		return false;
	*aligned &= ~(alignment - 1);
	return true;
}

#endif /* MH_CHECKED_H */
