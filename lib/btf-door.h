/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef MH_BTF_DOOR_H
#define MH_BTF_DOOR_H

#include <modhash/btf.h>

#include "btf.h"

/* What the public name stands for. */
const struct mh_btf_base *mh_btf_base_of(const struct modhash_btf_base *base);

#endif /* MH_BTF_DOOR_H */
