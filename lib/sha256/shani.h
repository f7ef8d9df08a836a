/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the library: SHA-256 by the x86 SHA extensions, so many messages at once.
 */
#ifndef MH_SHANI_H
#define MH_SHANI_H

#include "sha256.h"

/* x32 has 32-bit pointers, which the assembly does not know. */
#if defined(__x86_64__) && defined(__LP64__) && defined(__GNUC__) && defined(HAVE_SHANI)
#define MH_SHANI 1

/* SHA, SSSE3, SSE4.1. */
void mh_shani_1(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks);
void mh_shani_2(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks);

/* The same on a processor with AVX. */
void mh_shani_avx_1(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks);
void mh_shani_avx_2(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks);

/* AVX-512 F, BW and VL besides. */
void mh_shani_avx512_3(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks);
void mh_shani_avx512_4(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks);
#endif

#endif /* MH_SHANI_H */
