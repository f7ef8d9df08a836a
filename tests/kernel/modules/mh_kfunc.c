// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module with functions that BPF programs may call.  The kernel finds them by type ids in
 * .BTF_ids: ids that don't fit .BTF any more lead to another function, or to none.
 */
#include <linux/bpf.h>
#include <linux/btf.h>
#include <linux/btf_ids.h>
#include <linux/module.h>

__bpf_kfunc_start_defs();

/* In no order of names, and each with an answer of its own. */
__bpf_kfunc u64 mh_kfunc_pear(u64 number)
{
	return number * 3 + 1;
}

__bpf_kfunc u64 mh_kfunc_apple(u64 number)
{
	return number * 5 + 2;
}

__bpf_kfunc u64 mh_kfunc_quince(u64 number)
{
	return number * 7 + 3;
}

/* Not registered: it must not become callable. */
__bpf_kfunc u64 mh_kfunc_medlar(u64 number)
{
	return number * 11 + 4;
}

__bpf_kfunc_end_defs();

BTF_KFUNCS_START(mh_kfunc_ids)
BTF_ID_FLAGS(func, mh_kfunc_pear)
BTF_ID_FLAGS(func, mh_kfunc_apple)
BTF_ID_FLAGS(func, mh_kfunc_quince)
BTF_KFUNCS_END(mh_kfunc_ids)

static const struct btf_kfunc_id_set mh_kfunc_set = {
	.owner = THIS_MODULE,
	.set = &mh_kfunc_ids,
};

static int __init mh_kfunc_init(void)
{
	return register_btf_kfunc_id_set(BPF_PROG_TYPE_SYSCALL, &mh_kfunc_set);
}
module_init(mh_kfunc_init);

static void __exit mh_kfunc_exit(void)
{
}
module_exit(mh_kfunc_exit);

MODULE_DESCRIPTION("modhash: functions for BPF programs");
MODULE_LICENSE("GPL");
