/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * In the place of the kernel's header: all of it that lib/core may use.
 */
#ifndef FREESTANDING_LINUX_TYPES_H
#define FREESTANDING_LINUX_TYPES_H

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef u16 __le16;
typedef u32 __le32;
typedef u64 __le64;
typedef u32 __be32;
typedef __SIZE_TYPE__ size_t;
typedef _Bool bool;

#define true 1
#define false 0

#endif /* FREESTANDING_LINUX_TYPES_H */
