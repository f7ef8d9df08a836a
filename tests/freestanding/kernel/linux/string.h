/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * In the place of the kernel's header: all of it that lib/core may use.
 */
#ifndef FREESTANDING_LINUX_STRING_H
#define FREESTANDING_LINUX_STRING_H

#include <linux/types.h>

int memcmp(const void *a, const void *b, size_t length);
void *memcpy(void *to, const void *from, size_t length);
void *memset(void *to, int byte, size_t length);

#endif /* FREESTANDING_LINUX_STRING_H */
