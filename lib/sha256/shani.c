/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256 by the x86 SHA extensions, in one to four interleaved streams.
 *
 * The instructions have no form for more than 16 registers.  A stream needs two for its
 * state and four for its message: two streams fit.  With AVX-512VL, messages wait in
 * the other 16 registers, and four streams fit; moving costs next to nothing.
 *
 * Assembly, each instruction and register said by us: how fast this is hangs on
 * what stays in registers, and compilers differ by a factor of two over the same
 * intrinsics, or by their options.  Instructions: Intel's Software Developer's Manual,
 * volume 2, SHA256RNDS2, SHA256MSG1 and SHA256MSG2; message schedule: FIPS 180-4.
 */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "shani.h"

#ifdef MH_SHANI

static const struct {
	uint32_t k[64]; /* FIPS 180-4, section 4.2.2 */
	uint8_t swap[16];
} constants __attribute__((aligned(64))) = {
	{
		0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
		0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
		0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
		0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
		0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
		0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
		0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
		0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
		0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
		0xc67178f2,
	},
	{ 3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12 },
};

/* Registers are named by their numbers, so that lists of streams can be written down. */
#define R(n) "%%xmm" #n

/* Lines of assembly. */
#define I1(name, a) name "\t" a "\n\t"
#define I2(name, a, b) name "\t" a ", " b "\n\t"
#define I3(name, a, b, c) name "\t" a ", " b ", " c "\n\t"
#define I4(name, a, b, c, d) name "\t" a ", " b ", " c ", " d "\n\t"

#define K(group) "16*" #group "(%[constants])"
#define SWAP "256(%[constants])"
#define WORDS(group, stream) "16*" #group "(%[data" #stream "])"
#define STATE0(stream) "32*" #stream "(%[state])"
#define STATE1(stream) "32*" #stream "+16(%[state])"

/* State s0: F E B A, s1: H G D C, from the lowest word on.  xmm0 is what the rounds take. */
#define BEGIN(n, s0, s1)			\
	I2("movdqa", STATE0(n), R(s0))		\
	I2("movdqa", STATE1(n), R(s1))

/* 6.2.2, step 4: add what a state was before the block. */
#define END(n, s0, s1)				\
	I2("paddd", STATE0(n), R(s0))		\
	I2("paddd", STATE1(n), R(s1))		\
	I2("movdqa", R(s0), STATE0(n))		\
	I2("movdqa", R(s1), STATE1(n))

/* Four rounds; xmm0 holds four words of the schedule with their constants added. */
#define ROUNDS(s0, s1)				\
	I2("sha256rnds2", R(s0), R(s1))		\
	I3("pshufd", "$0x0e", R(0), R(0))	\
	I2("sha256rnds2", R(s1), R(s0))

/* --- message in low registers: t is one for the moment --- */

#define LOW_LOAD(n, g, m)				\
	I2("movdqu", WORDS(g, n), R(m))			\
	I2("pshufb", SWAP, R(m))

#define LOW_ROUNDS(g, s0, s1, m)			\
	I2("movdqa", R(m), R(0))			\
	I2("paddd", K(g), R(0))				\
	ROUNDS(s0, s1)

/* In next, which has had its sha256msg1: the words after those in m. */
#define LOW_EXTEND(next, before, m, t)			\
	I2("movdqa", R(m), R(t))			\
	I3("palignr", "$4", R(before), R(t))		\
	I2("paddd", R(t), R(next))			\
	I2("sha256msg2", R(m), R(next))

#define LOW_PREPARE(before, m)				\
	I2("sha256msg1", R(m), R(before))

/* One group of four rounds: of the first, words are loaded; of the last, none is made. */
#define LOW_FIRST(n, g, s0, s1, before, m, next, t)	\
	LOW_LOAD(n, g, m)				\
	LOW_ROUNDS(g, s0, s1, m)
#define LOW_SECOND(n, g, s0, s1, before, m, next, t)	\
	LOW_FIRST(n, g, s0, s1, before, m, next, t)	\
	LOW_PREPARE(before, m)
#define LOW_FOURTH(n, g, s0, s1, before, m, next, t)	\
	LOW_LOAD(n, g, m)				\
	LOW_EXTEND(next, before, m, t)			\
	LOW_ROUNDS(g, s0, s1, m)			\
	LOW_PREPARE(before, m)
#define LOW_MIDDLE(n, g, s0, s1, before, m, next, t)	\
	LOW_EXTEND(next, before, m, t)			\
	LOW_ROUNDS(g, s0, s1, m)			\
	LOW_PREPARE(before, m)
#define LOW_LATE(n, g, s0, s1, before, m, next, t)	\
	LOW_EXTEND(next, before, m, t)			\
	LOW_ROUNDS(g, s0, s1, m)
#define LOW_LAST(n, g, s0, s1, before, m, next, t)	\
	LOW_ROUNDS(g, s0, s1, m)

/* --- message in high registers: t and u are low ones for the moment --- */

#define HIGH_LOAD(n, g, m, t)				\
	I2("vmovdqu", WORDS(g, n), R(t))		\
	I3("vpshufb", SWAP, R(t), R(m))

#define HIGH_ROUNDS(g, s0, s1, m)			\
	I3("vpaddd", K(g), R(m), R(0))			\
	ROUNDS(s0, s1)

#define HIGH_EXTEND(next, before, m, t, u)		\
	I4("vpalignr", "$4", R(before), R(m), R(t))	\
	I3("vpaddd", R(t), R(next), R(t))		\
	I2("vmovdqa64", R(m), R(u))			\
	I2("sha256msg2", R(u), R(t))			\
	I2("vmovdqa64", R(t), R(next))

/* u is still a copy of m where EXTEND was before. */
#define HIGH_PREPARE(before, t, u)			\
	I2("vmovdqa64", R(before), R(t))		\
	I2("sha256msg1", R(u), R(t))			\
	I2("vmovdqa64", R(t), R(before))

#define HIGH_FIRST(n, g, s0, s1, before, m, next, t, u)	\
	HIGH_LOAD(n, g, m, t)				\
	HIGH_ROUNDS(g, s0, s1, m)
#define HIGH_SECOND(n, g, s0, s1, before, m, next, t, u)\
	HIGH_LOAD(n, g, m, t)				\
	HIGH_ROUNDS(g, s0, s1, m)			\
	I2("vmovdqa64", R(m), R(u))			\
	HIGH_PREPARE(before, t, u)
#define HIGH_FOURTH(n, g, s0, s1, before, m, next, t, u)\
	HIGH_LOAD(n, g, m, t)				\
	HIGH_ROUNDS(g, s0, s1, m)			\
	HIGH_EXTEND(next, before, m, t, u)		\
	HIGH_PREPARE(before, t, u)
#define HIGH_MIDDLE(n, g, s0, s1, before, m, next, t, u)\
	HIGH_ROUNDS(g, s0, s1, m)			\
	HIGH_EXTEND(next, before, m, t, u)		\
	HIGH_PREPARE(before, t, u)
#define HIGH_LATE(n, g, s0, s1, before, m, next, t, u)	\
	HIGH_ROUNDS(g, s0, s1, m)			\
	HIGH_EXTEND(next, before, m, t, u)
#define HIGH_LAST(n, g, s0, s1, before, m, next, t, u)	\
	HIGH_ROUNDS(g, s0, s1, m)

/* --- streams: which registers are whose --- */

/* a to d: the four registers of the message, in the turn of this group. */
#define TURN0(STREAMS, g, KIND) STREAMS(g, KIND, 3, 0, 1)
#define TURN1(STREAMS, g, KIND) STREAMS(g, KIND, 0, 1, 2)
#define TURN2(STREAMS, g, KIND) STREAMS(g, KIND, 1, 2, 3)
#define TURN3(STREAMS, g, KIND) STREAMS(g, KIND, 2, 3, 0)

#define GROUPS(STREAMS)			\
	TURN0(STREAMS, 0, FIRST)	\
	TURN1(STREAMS, 1, SECOND)	\
	TURN2(STREAMS, 2, SECOND)	\
	TURN3(STREAMS, 3, FOURTH)	\
	TURN0(STREAMS, 4, MIDDLE)	\
	TURN1(STREAMS, 5, MIDDLE)	\
	TURN2(STREAMS, 6, MIDDLE)	\
	TURN3(STREAMS, 7, MIDDLE)	\
	TURN0(STREAMS, 8, MIDDLE)	\
	TURN1(STREAMS, 9, MIDDLE)	\
	TURN2(STREAMS, 10, MIDDLE)	\
	TURN3(STREAMS, 11, MIDDLE)	\
	TURN0(STREAMS, 12, MIDDLE)	\
	TURN1(STREAMS, 13, LATE)	\
	TURN2(STREAMS, 14, LATE)	\
	TURN3(STREAMS, 15, LAST)

/* Word w of the message of stream n. */
#define M(n, w) M_##n##_##w
#define M_0_0 5
#define M_0_1 6
#define M_0_2 7
#define M_0_3 8
#define M_1_0 9
#define M_1_1 10
#define M_1_2 11
#define M_1_3 12
#define H(n, w) H_##n##_##w
#define H_0_0 16
#define H_0_1 17
#define H_0_2 18
#define H_0_3 19
#define H_1_0 20
#define H_1_1 21
#define H_1_2 22
#define H_1_3 23
#define H_2_0 24
#define H_2_1 25
#define H_2_2 26
#define H_2_3 27
#define H_3_0 28
#define H_3_1 29
#define H_3_2 30
#define H_3_3 31

/* One more round of expansion, so that M() and H() become numbers before R() sees them. */
#define CALL(MACRO, ...) MACRO(__VA_ARGS__)
#define LOW(KIND, n, g, s0, s1, x, y, z, t)	\
	CALL(LOW_##KIND, n, g, s0, s1, M(n, x), M(n, y), M(n, z), t)
#define HIGH(KIND, n, g, s0, s1, x, y, z, t, u)	\
	CALL(HIGH_##KIND, n, g, s0, s1, H(n, x), H(n, y), H(n, z), t, u)

#define STREAMS_1(g, KIND, x, y, z)		\
	LOW(KIND, 0, g, 1, 2, x, y, z, 13)
#define STREAMS_2(g, KIND, x, y, z)		\
	LOW(KIND, 0, g, 1, 2, x, y, z, 13)	\
	LOW(KIND, 1, g, 3, 4, x, y, z, 14)
#define STREAMS_3(g, KIND, x, y, z)		\
	HIGH(KIND, 0, g, 1, 2, x, y, z, 9, 10)	\
	HIGH(KIND, 1, g, 3, 4, x, y, z, 11, 12)	\
	HIGH(KIND, 2, g, 5, 6, x, y, z, 13, 14)
#define STREAMS_4(g, KIND, x, y, z)		\
	HIGH(KIND, 0, g, 1, 2, x, y, z, 9, 10)	\
	HIGH(KIND, 1, g, 3, 4, x, y, z, 11, 12)	\
	HIGH(KIND, 2, g, 5, 6, x, y, z, 13, 14)	\
	HIGH(KIND, 3, g, 7, 8, x, y, z, 15, 9)

#define BEGIN_1 BEGIN(0, 1, 2)
#define BEGIN_2 BEGIN_1 BEGIN(1, 3, 4)
#define BEGIN_3 BEGIN_2 BEGIN(2, 5, 6)
#define BEGIN_4 BEGIN_3 BEGIN(3, 7, 8)
#define END_1 END(0, 1, 2)
#define END_2 END_1 END(1, 3, 4)
#define END_3 END_2 END(2, 5, 6)
#define END_4 END_3 END(3, 7, 8)
#define ADVANCE(n) I2("addq", "$64", "%[data" #n "]")
#define ADVANCE_1 ADVANCE(0)
#define ADVANCE_2 ADVANCE_1 ADVANCE(1)
#define ADVANCE_3 ADVANCE_2 ADVANCE(2)
#define ADVANCE_4 ADVANCE_3 ADVANCE(3)
#define DATA(n) [data##n] "+r"(data##n)
#define DATA_1 DATA(0)
#define DATA_2 DATA_1, DATA(1)
#define DATA_3 DATA_2, DATA(2)
#define DATA_4 DATA_3, DATA(3)

#define LOW_REGISTERS										\
	"xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9",	\
	"xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15"
#define ALL_REGISTERS LOW_REGISTERS,								\
	"xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21", "xmm22", "xmm23", "xmm24",	\
	"xmm25", "xmm26", "xmm27", "xmm28", "xmm29", "xmm30", "xmm31"

#define BLOCKS(streams, REGISTERS)						\
	__asm__ volatile(							\
		BEGIN_##streams							\
		".p2align 5\n"							\
		"1:\n\t"							\
		GROUPS(STREAMS_##streams)					\
		END_##streams							\
		ADVANCE_##streams						\
		I1("decq", "%[blocks]")						\
		I1("jnz", "1b")							\
		: DATA_##streams, [blocks] "+r"(blocks)				\
		: [state] "r"(state), [constants] "r"(&constants)		\
		: REGISTERS, "cc", "memory")

/*
 * Upper halves of vector registers that somebody left set make each of our instructions
 * merge with them, a quarter to a half slower.  Only where there are such halves.
 */
#define CLEAN_UPPER() __asm__ volatile("vzeroupper" : : : LOW_REGISTERS)

#define TARGET_HIGH __attribute__((target("avx512f,avx512vl,avx512bw")))

static void shani_1(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks)
{
	const uint8_t *data0 = data[0];

	BLOCKS(1, LOW_REGISTERS);
}

static void shani_2(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks)
{
	const uint8_t *data0 = data[0], *data1 = data[1];

	BLOCKS(2, LOW_REGISTERS);
}

void mh_shani_1(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks)
{
	shani_1(state, data, blocks);
}

void mh_shani_2(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks)
{
	shani_2(state, data, blocks);
}

void mh_shani_avx_1(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks)
{
	CLEAN_UPPER();
	shani_1(state, data, blocks);
}

void mh_shani_avx_2(uint32_t (*state)[8], const uint8_t *const *data, size_t blocks)
{
	CLEAN_UPPER();
	shani_2(state, data, blocks);
}

TARGET_HIGH void mh_shani_avx512_3(uint32_t (*state)[8], const uint8_t *const *data,
				   size_t blocks)
{
	const uint8_t *data0 = data[0], *data1 = data[1], *data2 = data[2];

	CLEAN_UPPER();
	BLOCKS(3, ALL_REGISTERS);
}

TARGET_HIGH void mh_shani_avx512_4(uint32_t (*state)[8], const uint8_t *const *data,
				   size_t blocks)
{
	const uint8_t *data0 = data[0], *data1 = data[1], *data2 = data[2], *data3 = data[3];

	CLEAN_UPPER();
	BLOCKS(4, ALL_REGISTERS);
}

#endif /* MH_SHANI */
