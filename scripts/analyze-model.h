/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What clang's analyser, which looks at one file at a time, can't know: that failing
 * returns the code that it is given.  Never compiled.
 */
#include <modhash/codes.h>

#include "fail.h"

#define mh_fail(err, code, ...) (mh_fail(err, code, __VA_ARGS__), (code))
#define mh_fail_errno(err, code, ...) (mh_fail_errno(err, code, __VA_ARGS__), (code))
#define mh_fail_nomem(err) (mh_fail_nomem(err), MODHASH_E_NOMEM)
#define mh_fail_invalid(err, what) (mh_fail_invalid(err, what), MODHASH_E_INVALID)

#ifdef MODEL_TOOLS
#include "write.h"
#define write_fail(err, number, text) (write_fail(err, number, text), MODHASH_E_IO)
#endif
