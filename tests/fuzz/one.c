/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One target as a program of its own: what libFuzzer and AFL++ call.  FUZZ_TARGET is its
 * struct.
 */
#include "fuzz.h"

extern const struct fuzz_target FUZZ_TARGET;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t length)
{
	FUZZ_TARGET.run(data, length);
	return 0;
}
