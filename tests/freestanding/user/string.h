/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * All that lib/core may use of a C library.
 */
#ifndef FREESTANDING_STRING_H
#define FREESTANDING_STRING_H

#include <stddef.h>

int memcmp(const void *a, const void *b, size_t length);
void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);

#endif /* FREESTANDING_STRING_H */
