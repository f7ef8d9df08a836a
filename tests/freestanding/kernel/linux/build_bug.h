/* SPDX-License-Identifier: GPL-2.0-only OR LGPL-2.1-or-later */
/*
 * In the place of the kernel's header: all of it that lib/core may use.
 */
#ifndef FREESTANDING_LINUX_BUILD_BUG_H
#define FREESTANDING_LINUX_BUILD_BUG_H

#define static_assert(condition) _Static_assert(condition, #condition)

#endif /* FREESTANDING_LINUX_BUILD_BUG_H */
