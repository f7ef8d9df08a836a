#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash-pahole, as a kernel's build calls pahole; and BTF that pahole made with several jobs,
# of a vmlinux and of a module, twice
# shellcheck source=tests/tool/lib.sh disable=SC2086,SC2317
. "$(dirname "$0")/lib.sh"

: "${CC:=cc}"
wrapper=$srcdir/tools/modhash-pahole
real=$(command -v pahole)
for program in pahole objcopy ld "${CC%% *}"; do
	if ! command -v "$program" >/dev/null; then
		skip "no $program"
		finish
	fi
done

# --- something with DWARF: many units, types that all of them have, and some of their own ---

units=120

# unit NUMBER PREFIX: types that refer to each other across units, in another order in each
unit() {
	echo "struct shared; struct list { struct list *next, *prev; };"
	for t_i in 0 1 2 3 4 5; do
		t_n=$((($1 * 7 + t_i) % 40))
		echo "struct $2$t_n { struct list list; struct $2$(((t_n + 1) % 40)) *next; int v$t_n;" \
			"union { long a$t_n; char b${t_n}[$((t_n + 1))]; }; };"
		echo "enum $2_e$t_n { $2_${t_n}_A = $t_n, $2_${t_n}_B };"
		echo "int (*hook_$1_$t_i)(struct $2$t_n *, enum $2_e$t_n);"
	done
	echo "typedef struct own$1 { struct $2$(($1 * 7 % 40)) one; struct own$1 *self; float f; }" \
		"own$1;"
	echo "int function_$1(own$1 *own, char *name) { return own->one.v$(($1 * 7 % 40)) + *name; }"
	echo "long helper_$1(volatile struct shared *shared, ...) { return (long)shared; }"
}

mkdir units
number=0
while [ $number -lt $units ]; do
	unit $number image >units/image$number.c
	unit $((number + 1000)) object >units/object$number.c
	number=$((number + 1))
done
# An id that resolve_btfids has not filled in, as it is when pahole runs.
cat >units/ids.s <<'END'
	.section .BTF_ids, "a"
	.local __BTF_ID__func__function_1001__1
	.type __BTF_ID__func__function_1001__1, %object
	.size __BTF_ID__func__function_1001__1, 4
__BTF_ID__func__function_1001__1:
	.zero 4
	.section .note.GNU-stack, ""
END
# A set of a kernel's functions for BPF, which has flags from the beginning.
cat >units/kfuncs.s <<'END'
	.section .BTF_ids, "a"
	.local __BTF_ID__set8__kfuncs
	.type __BTF_ID__set8__kfuncs, %object
	.size __BTF_ID__set8__kfuncs, 16
__BTF_ID__set8__kfuncs:
	.long 0, 1
	.local __BTF_ID__func__function_1__2
	.type __BTF_ID__func__function_1__2, %object
	.size __BTF_ID__func__function_1__2, 4
__BTF_ID__func__function_1__2:
	.long 0, 4
	.local __BTF_ID__struct__list__3
	.type __BTF_ID__struct__list__3, %object
	.size __BTF_ID__struct__list__3, 4
__BTF_ID__struct__list__3:
	.long 0
	.section .note.GNU-stack, ""
END
# CC can have arguments.
if ! (cd units && $CC -g -O0 -fno-pie -ffreestanding -fno-stack-protector -c ./*.c ids.s kfuncs.s) 2>"$err" ||
	! ld -static -e 0 -o image units/image*.o units/kfuncs.o 2>"$err" ||
	! ld -r -o object units/object*.o units/image1.o units/ids.o 2>"$err"; then
	not_ok 'something with DWARF' "$err"
	finish
fi

# --- what Linux 6.12's scripts/Makefile.btf makes of the version ---

MODHASH_PAHOLE=$real
export MODHASH_PAHOLE MODHASH
LLVM_OBJCOPY=objcopy
export LLVM_OBJCOPY
is 'asked for its version, it is pahole' test "$("$wrapper" --version)" = "$("$real" --version)"
version=$("$real" --version | sed 's/v\([0-9]*\)\.\([0-9]*\).*/\1\2/')
if [ "$version" -ge 126 ]; then
	flags="-j --btf_features=encode_force,var,float,enum64,decl_tag,type_tag"
	flags="$flags,optimized_func,consistent_func,decl_tag_kfuncs --lang_exclude=rust"
else
	flags="--btf_gen_floats -j"
fi

# Two runs whose bytes differ, if there are such: "pahole -j" decides by which thread is first.
# encode NAME FROM ARGUMENT...: NAME.1 and NAME.2
encode() {
	t_name=$1
	t_from=$2
	shift 2
	cp "$t_from" "$t_name.1"
	"$real" -J $flags "$@" "$t_name.1" || return
	t_try=0
	while [ $t_try -lt 12 ]; do
		cp "$t_from" "$t_name.2"
		"$real" -J $flags "$@" "$t_name.2" || return
		cmp -s "$t_name.1" "$t_name.2" || break
		t_try=$((t_try + 1))
	done
	if cmp -s "$t_name.1" "$t_name.2"; then
		echo "# NOTE: $t_name: this pahole ($version) makes the same bytes each time"
	else
		ok "$t_name: pahole $version with several jobs: two runs, two files"
	fi
}

# Flags are words; functions are called by is().

# The same, and something
same() {
	test -s "$1" && cmp -s "$1" "$2"
}

# section_of FILE NAME: its bytes
section_of() {
	rm -f dumped
	objcopy --dump-section "$2=dumped" "$1" /dev/null 2>/dev/null || :
	cat dumped
}

# --- a vmlinux ---

encode vmlinux image || not_ok 'pahole on a vmlinux'
for n in 1 2; do
	run 0 canon -o vmlinux.canon.$n vmlinux.$n
	run 0 canon --explain -i vmlinux.canon.$n
	out_is "vmlinux.canon.$n: in canonical order already"
	objcopy --remove-section .BTF vmlinux.$n rest.1 2>/dev/null
	objcopy --remove-section .BTF vmlinux.canon.$n rest.2 2>/dev/null
	is "vmlinux.$n: nothing changes but .BTF" same rest.1 rest.2
done
section_of vmlinux.1 .BTF >btf.1
section_of vmlinux.canon.1 .BTF >btf.2
isnt 'vmlinux: its BTF was in another order' cmp -s btf.1 btf.2
is 'vmlinux: two runs, one order' same vmlinux.canon.1 vmlinux.canon.2

# As link-vmlinux.sh does it.
cp image vmlinux
is 'as link-vmlinux.sh calls it' "$wrapper" -J $flags vmlinux
is 'the same by modhash-pahole' same vmlinux vmlinux.canon.1

# --- a module over it ---

encode module.ko object --btf_base vmlinux || not_ok 'pahole on a module'
"$MODHASH" digest --scope=canonical --base=vmlinux module.ko.1 module.ko.2 >digests
is 'module: two runs, one canonical digest' test \
	"$(cut -d ' ' -f 1 digests | sort -u | grep -c '^[0-9a-f]\{64\}$')" = 1
for n in 1 2; do
	run 0 canon --base=vmlinux -o module.canon.$n.ko module.ko.$n
done
is 'module: two runs, one order' same module.canon.1.ko module.canon.2.ko

# Over the other vmlinux: other bytes, the same types.
cp object other.ko
"$real" -J $flags --btf_base vmlinux.2 other.ko
head -n 1 digests >first
"$MODHASH" digest --scope=canonical --base=vmlinux.2 other.ko |
	sed 's/other.ko/module.ko.1/' >other
is 'module: over another vmlinux of the same types, the same digest' \
	same other first

# As Makefile.modfinal does it, and with the module's base in it as for one that is external.
cp object module.ko
is 'as Makefile.modfinal calls it' "$wrapper" -J $flags --btf_base vmlinux module.ko
is 'the same by modhash-pahole' same module.ko module.canon.1.ko
if [ "$version" -ge 128 ]; then
	for n in 1 2; do
		cp object external.$n.ko
				is 'external' "$wrapper" -J $flags --btf_features=distilled_base --btf_base vmlinux \
			external.$n.ko
	done
	is 'external: two runs, one order' same external.1.ko external.2.ko
fi

# As gen-btf.sh does it, from Linux 6.19 on: BTF in a file of its own, and FILE left alone.
cp object detached.ko
for base in '--btf_base vmlinux' --btf_base=vmlinux; do
	rm -f detached.BTF
		is "as gen-btf.sh calls it, $base" "$wrapper" -J $flags $base \
		--btf_encode_detached=detached.BTF detached.ko
	is 'the file itself stays' same detached.ko object
	section_of module.ko .BTF >expected
	is 'the same BTF' same detached.BTF expected
done
is 'of a vmlinux, too' "$wrapper" -J $flags --btf_encode_detached vmlinux.BTF image
section_of vmlinux .BTF >expected
is 'the same BTF' same vmlinux.BTF expected

# Ids that are filled in can't follow; and without symbols, whether they are can't be told.
section=$(readelf -SW vmlinux.1 | sed -n 's/.* \.BTF_ids *PROGBITS *[0-9a-f]* \([0-9a-f]*\) .*/\1/p')
cp vmlinux.1 filled
patch filled $((0x$section + 16)) 001
run 2 canon -i filled
err_like '^modhash: filled: offset [0-9]*: .BTF_ids is filled in, with type 1 here$'
cp vmlinux.1 filled
patch filled $((0x$section)) 001
run 2 canon -i filled
err_like 'is filled in, with a set of 1 here$'
objcopy --strip-all vmlinux.1 bare 2>/dev/null
run 2 canon -i bare
err_like 'without symbols is not empty'

# It fails when pahole does, and when the BTF can't be put in order.
isnt 'pahole fails' "$wrapper" -J missing 2>/dev/null
cp object module.ko
isnt 'modhash fails' env MODHASH=false "$wrapper" -J $flags --btf_base vmlinux module.ko
isnt 'and leaves nothing that a build could go on with' test -e module.ko

finish
