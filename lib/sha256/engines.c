/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which engines there are, and what this processor can.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include <modhash/context.h>

#include "sha256.h"
#include "shani.h"

#ifdef MH_SHANI

#include <cpuid.h>

/*
 * SHA256RNDS2 wants words in this order, lowest first: F E B A, H G D C.  Initial values: FIPS
 * 180-4, section 5.3.3.
 */
#define SHANI_WORDS                                                                              \
	{ 0x9b05688c, 0x510e527f, 0xbb67ae85, 0x6a09e667, 0x5be0cd19, 0x1f83d9ab, 0xa54ff53a,     \
	  0x3c6ef372 }, { 3, 2, 7, 6, 1, 0, 5, 4 }

static const struct mh_sha256_engine shani_1 = {
	1, SHANI_WORDS, { mh_shani_1 },
};

static const struct mh_sha256_engine shani_2 = {
	2, SHANI_WORDS, { mh_shani_1, mh_shani_2 },
};

static const struct mh_sha256_engine shani_avx_1 = {
	1, SHANI_WORDS, { mh_shani_avx_1 },
};

static const struct mh_sha256_engine shani_avx_2 = {
	2, SHANI_WORDS, { mh_shani_avx_1, mh_shani_avx_2 },
};

static const struct mh_sha256_engine shani_avx512_4 = {
	4, SHANI_WORDS,
	{ mh_shani_avx_1, mh_shani_avx_2, mh_shani_avx512_3, mh_shani_avx512_4 },
};

/* Intel's Software Developer's Manual: CPUID, leaves 1 and 7; XCR0. */
#define LEAF1_ECX_SSSE3 (1u << 9)
#define LEAF1_ECX_SSE41 (1u << 19)
#define LEAF1_ECX_OSXSAVE (1u << 27)
#define LEAF1_ECX_AVX (1u << 28)
#define LEAF7_EBX_AVX512F (1u << 16)
#define LEAF7_EBX_SHA (1u << 29)
#define LEAF7_EBX_AVX512BW (1u << 30)
#define LEAF7_EBX_AVX512VL (1u << 31)
#define XCR0_AVX 0x06u
#define XCR0_AVX512 0xe6u

#define LEAF1_ECX_NEEDED (LEAF1_ECX_SSSE3 | LEAF1_ECX_SSE41)
#define LEAF7_EBX_HIGH (LEAF7_EBX_AVX512F | LEAF7_EBX_AVX512BW | LEAF7_EBX_AVX512VL)

/* Which registers the system saves. */
static unsigned int xcr0(void)
{
	unsigned int eax, edx;

	__asm__ volatile("xgetbv" : "=a"(eax), "=d"(edx) : "c"(0));
	return eax;
}

const struct mh_sha256_engine *mh_sha256_engine(uint32_t number)
{
	unsigned int eax, ebx, ecx, edx, leaf1_ecx, saved = 0;
	bool avx, avx512;

	if (!__get_cpuid(1, &eax, &ebx, &leaf1_ecx, &edx) ||
	    (leaf1_ecx & LEAF1_ECX_NEEDED) != LEAF1_ECX_NEEDED ||
	    !__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) || !(ebx & LEAF7_EBX_SHA))
		return NULL;
	if ((leaf1_ecx & LEAF1_ECX_OSXSAVE) && !(number & MH_ENGINE_NO_AVX))
		saved = xcr0();
	avx = (leaf1_ecx & LEAF1_ECX_AVX) && (saved & XCR0_AVX) == XCR0_AVX;
	avx512 = (ebx & LEAF7_EBX_HIGH) == LEAF7_EBX_HIGH && (saved & XCR0_AVX512) == XCR0_AVX512;

	switch (number & ~MH_ENGINE_NO_AVX) {
	case MODHASH_ENGINE_SHANI_1:
		return avx ? &shani_avx_1 : &shani_1;
	case MODHASH_ENGINE_SHANI_2:
		return avx ? &shani_avx_2 : &shani_2;
	case MODHASH_ENGINE_SHANI_4:
		return avx && avx512 ? &shani_avx512_4 : NULL;
	default:
		return NULL;
	}
}

#else /* MH_SHANI */

const struct mh_sha256_engine *mh_sha256_engine(uint32_t number)
{
	(void)number;
	return NULL;
}

#endif /* MH_SHANI */

uint32_t mh_sha256_fastest(void)
{
	static const uint32_t fastest_first[] = { MODHASH_ENGINE_SHANI_4, MODHASH_ENGINE_SHANI_2 };

	for (size_t i = 0; i < sizeof(fastest_first) / sizeof(fastest_first[0]); i++) {
		if (mh_sha256_engine(fastest_first[i]))
			return fastest_first[i];
	}
	return MODHASH_ENGINE_EVP;
}
