/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Compiler attributes and linkage that every public header uses.
 */
#ifndef MODHASH_ATTRIBUTES_H
#define MODHASH_ATTRIBUTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
#define MODHASH_BEGIN_DECLS extern "C" {
#define MODHASH_END_DECLS }
#else
#define MODHASH_BEGIN_DECLS
#define MODHASH_END_DECLS
#endif

#if defined(__GNUC__)
#define MODHASH_API __attribute__((visibility("default")))
#define MODHASH_MUST_CHECK __attribute__((warn_unused_result))
#else
#define MODHASH_API
#define MODHASH_MUST_CHECK
#endif

#endif /* MODHASH_ATTRIBUTES_H */
