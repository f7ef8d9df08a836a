/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * In the place of the kernel's header: all of it that lib/core may use.
 */
#ifndef FREESTANDING_LINUX_STDDEF_H
#define FREESTANDING_LINUX_STDDEF_H

#define NULL ((void *)0)
#define offsetof(type, member) __builtin_offsetof(type, member)

#endif /* FREESTANDING_LINUX_STDDEF_H */
