#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash compare
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

# --- modules without BTF ---

module a.ko
cp a.ko b.ko
run 0 compare a.ko b.ko
out_is equal
sign b.ko
run 0 compare a.ko b.ko
out_has 'equal but for signature'
if have xz; then
	xz --check=crc32 -k a.ko
	run 0 compare a.ko.xz b.ko
	out_has 'equal but for compression, signature'
else
	skip 'no xz'
fi
module c.ko a '' 64 little altered
run 1 compare a.ko c.ko
out_like '^section .text: byte 0 of 32: '
out_has 'different: section'
module d.ko a '6.1.0-other SMP'
run 1 compare a.ko d.ko
out_like '^modinfo vermagic: vermagic=6.1.0-other SMP only in the second$'
out_like '^modinfo vermagic: vermagic=.* only in the first$'
out_has 'different: modinfo'
cp a.ko e.ko
patch e.ko 280 377
run 0 compare a.ko e.ko
out_has 'equal but for build id'
cp a.ko f.ko
patch f.ko 18 0
run 1 compare a.ko f.ko
out_has 'different: ELF header'

# What can't be compared is named: the right one.
echo text >text.ko
head -c 100 a.ko >cut.ko
run 2 compare text.ko b.ko
err_like '^modhash: text.ko: '
run 2 compare b.ko text.ko
err_like '^modhash: text.ko: '
run 2 compare b.ko missing.ko
err_like '^modhash: missing.ko: '
run 2 compare b.ko cut.ko
err_like '^modhash: cut.ko: '
run 2 compare a.ko
run 2 compare a.ko b.ko c.ko
err_like '^modhash: expected two modules, or two directories$'
mkdir empty
run 2 compare a.ko empty
err_like 'not one of each$'

# --- stripped ---

# Other symbols have other numbers then, and relocations go by these.
: "${CC:=cc}"
if have "${CC%% *}" && have strip && have ld; then
	echo 'int data[4]; static int own(int i) { return data[i] + 1; }
		extern void f(void), g(void); int (*pointer)(int) = own;
		void init(void) { f(); g(); }' >one.c
	sed 's/f(); g();/g(); f();/' one.c >two.c
	for file in one two; do
		# shellcheck disable=SC2086 # CC can have arguments
		$CC -g -O1 -fno-pie -c -o unit.o $file.c && ld -r -o $file.o unit.o
	done
	strip --strip-debug -o one.stripped one.o
	strip --strip-debug -o two.stripped two.o
	run 0 compare one.o one.stripped
	out_has 'equal but for section layout, debug sections'
	run 0 compare one.stripped one.o
	isnt 'no word of relocations' grep -qE '^section .rela?.(text|data)' "$out"
	run 1 compare one.o two.stripped
	out_like '^section .rel.*text: byte '
	run 1 compare one.stripped two.stripped
	objcopy --strip-debug --globalize-symbol=own one.o one.global 2>/dev/null
	run 1 compare one.o one.global
	out_like '^symbol own: type or binding '
	objcopy --strip-debug --redefine-sym f=h one.o one.renamed
	run 1 compare one.o one.renamed
	out_has 'symbol f: only in the first'
else
	skip 'no compiler'
fi

# --- trees ---

tree one
cp -r one two
run 0 compare one two
out_has '5 equal, 0 equal but for something, 0 different, 0 in one tree only, 0 not compared'
"$MODHASH" strip-signature -i two/kernel/fs/one.ko two/kernel/net/three.ko
patch two/kernel/fs/two.ko 300 377
rm two/kernel/net/four.ko
module two/kernel/net/six.ko
if have xz; then
	xz --check=crc32 two/kernel/net/five.ko
fi
run 1 compare one two
cp "$out" once
out_has 'kernel/fs/one.ko: equal but for signature'
out_like '^kernel/fs/two.ko: different: '
out_has 'kernel/net/four.ko: only in the first'
out_has 'kernel/net/six.ko: only in the second'
out_like '^[0-9]* equal, [0-9]* equal but for something, 1 different, 2 in one tree only, 0 not'
out_like '^ *2  signature$'
for jobs in 1 3 0; do
	run 1 compare -j $jobs one two
	is "the same with $jobs threads" cmp -s "$out" once
done
run 1 compare -v one two
out_like '^kernel/fs/two.ko: section .text: byte 4 of 32: '
cp text.ko one/kernel/fs/one.ko
run 2 compare one two
err_like '^modhash: one/kernel/fs/one.ko: '
out_like ', 1 not compared$'
cp -r one three
run 2 compare one missing
run 0 compare empty empty

# --- BTF ---

if [ ! -x "${GEN_CANON:=$(pwd)/tests/gen/gen-canon}" ]; then
	skip 'no gen-canon: built without unit tests'
	finish
fi
"$GEN_CANON" .
run 0 compare --base=base module.ko permuted.ko
out_is 'BTF order: types are numbered in another order
equal but for BTF order'
run 0 compare --base=base --other-base=base-permuted module.ko permuted-both.ko
out_has 'equal but for BTF order'
run 0 compare --base=base module.ko layout.ko
out_has 'equal but for section layout'
run 1 compare --base=base module.ko member.ko
out_has 'type state: struct: member "fd": name is "fd" and "handle"'
out_like '^different: .*type$'
run 1 compare --base=base module.ko rotated.ko
out_is 'section .BTF_ids: refers to types that differ
different: section'
run 1 compare --base=base module.ko section.ko
out_like '^section .dup: byte 0 of 4: 0x01 and 0x02$'
run 1 compare --base=base module.ko distilled.ko
out_has 'section .BTF.base: only in the second'
run 0 compare distilled.ko distilled-permuted.ko
out_has 'equal but for BTF order'
# The same bytes need no base; others do.
run 0 compare module.ko module.ko
out_is equal
run 2 compare module.ko permuted.ko
err_like '^modhash: module.ko: .*was not given'
run 2 compare distilled.ko permuted.ko
err_like '^modhash: permuted.ko: .*was not given'
run 2 compare --base=base module.ko permuted-both.ko
err_like '^modhash: permuted-both.ko: '
run 2 compare --base=missing module.ko permuted.ko
err_like '^modhash: missing: '
run 2 compare --base=base --other-base=missing module.ko permuted.ko
err_like '^modhash: missing: '
run 1 compare --btf=raw module.ko permuted.ko
out_like '^section .BTF: byte '
# Left out: neither its order counts, nor what it is, nor that it is there.
for file in permuted member; do
	run 0 compare --btf=drop module.ko $file.ko
	out_like '^equal but for .*BTF$'
	isnt 'no word of its order' grep -q 'BTF order' "$out"
done
run 0 canon --btf=drop -o dropped.ko module.ko
run 0 compare --btf=drop module.ko dropped.ko
out_has 'equal but for section layout, BTF'
run 1 compare --btf=raw module.ko dropped.ko
isnt 'nor of the order of what only one has' grep -q 'BTF order' "$out"

finish
