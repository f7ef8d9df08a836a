// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module to be altered.  Each byte that the test changes is one that nothing looks at
 * when the module is loaded, so that what happens is the check's doing alone.
 */
#include <linux/module.h>

/* Its name is in .BTF; the test changes the last letter of the member's. */
struct mh_victim_type {
	int mh_victim_member_a;
};

/* The test changes this number, in the code: other builds have another. */
#ifdef MH_OTHER_BUILD
#define MH_VICTIM_NUMBER 0x5a3c1e2e
/* An external build does not say so by itself. */
MODULE_INFO(intree, "Y");
#else
#define MH_VICTIM_NUMBER 0x5a3c1e2d
#endif

/* In .rodata */
static const char mh_victim_text[] __used = "mh_victim: a byte of .rodata";

/* Nobody calls it. */
int mh_victim_never(struct mh_victim_type *value);
int mh_victim_never(struct mh_victim_type *value)
{
	return value->mh_victim_member_a ^ MH_VICTIM_NUMBER;
}
EXPORT_SYMBOL_GPL(mh_victim_never);

static int __init mh_victim_init(void)
{
	return 0;
}
module_init(mh_victim_init);

static void __exit mh_victim_exit(void)
{
}
module_exit(mh_victim_exit);

MODULE_DESCRIPTION("modhash: a module to be altered");
MODULE_LICENSE("GPL");
