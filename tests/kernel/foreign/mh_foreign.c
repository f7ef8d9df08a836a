// SPDX-License-Identifier: GPL-2.0-only
/* A module from outside of the kernel's build. */
#include <linux/module.h>

static int __init mh_foreign_init(void)
{
	return 0;
}
module_init(mh_foreign_init);

static void __exit mh_foreign_exit(void)
{
}
module_exit(mh_foreign_exit);

MODULE_DESCRIPTION("modhash: a module that is not of this kernel's build");
MODULE_LICENSE("GPL");
