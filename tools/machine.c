/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifdef HAVE_CONFIG_H
#include <config.h>
#endif

#include "machine.h"

#include <elf.h>
#include <stddef.h>

/* As uname -m or the kernel's ARCH has them: machines that Linux runs on. */
const char *machine_name(uint32_t machine)
{
	static const struct {
		uint16_t number;
		const char *name;
	} machines[] = {
		{ EM_386, "i386" },	   { EM_X86_64, "x86_64" },  { EM_ARM, "arm" },
		{ EM_AARCH64, "aarch64" }, { EM_RISCV, "riscv" },    { EM_S390, "s390" },
		{ EM_PPC, "powerpc" },	   { EM_PPC64, "powerpc64" }, { EM_MIPS, "mips" },
		{ EM_PARISC, "parisc" },   { EM_68K, "m68k" },	     { EM_SPARC, "sparc" },
		{ EM_SPARCV9, "sparc64" }, { EM_SH, "sh" },	     { EM_ALPHA, "alpha" },
		{ 258, "loongarch" },	   { EM_XTENSA, "xtensa" },
	};
	size_t i;

	for (i = 0; i < sizeof(machines) / sizeof(machines[0]); i++)
		if (machines[i].number == machine)
			return machines[i].name;
	return NULL;
}
