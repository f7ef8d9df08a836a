/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ELF's machine numbers in words.
 */
#ifndef TOOL_MACHINE_H
#define TOOL_MACHINE_H

#include <stdint.h>

/* NULL if it has none here. */
const char *machine_name(uint32_t machine);

#endif /* TOOL_MACHINE_H */
