#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash canon, and digest --scope=canonical
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

if [ ! -x "${GEN_CANON:=$(pwd)/tests/gen/gen-canon}" ]; then
	skip 'no gen-canon: built without unit tests'
	finish
fi
"$GEN_CANON" .

# --- digests ---

golden=733af391d6896b6ae096cf915169329501499c257700974e322c3903823f49c7
for file in module permuted layout; do
	run 0 digest --scope=canonical --base=base $file.ko
	out_is "$golden  $file.ko"
done
run 0 digest --scope=canonical --base=base-permuted permuted-both.ko
out_is "$golden  permuted-both.ko"
cp permuted.ko signed.ko
sign signed.ko
run 0 digest --scope=canonical --base=base signed.ko
out_is "$golden  signed.ko"
for file in section member rotated unresolved; do
	run 0 digest --scope=canonical --base=base $file.ko
	isnt "$file.ko is another" grep -q $golden "$out"
done
run 0 digest --scope=canonical distilled.ko distilled-permuted.ko
is 'with its own base, no other is needed' test "$(cut -d ' ' -f 1 "$out" | uniq | wc -l)" = 1
run 0 digest --scope=canonical --base=base-be be32.ko be32-permuted.ko
is 'big-endian, 32 bits' test "$(cut -d ' ' -f 1 "$out" | uniq | wc -l)" = 1

# Policies: none is another's.
for policy in canonical raw drop; do
	run 0 digest --scope=canonical --btf=$policy --base=base module.ko permuted.ko
	cat "$out"
done >policies
is 'three policies, three digests and one for the other order' \
	test "$(grep -o '^[0-9a-f]\{64\}' policies | sort -u | wc -l)" = 4
run 0 digest --scope=canonical --btf=raw module.ko
run 0 digest --scope=canonical --btf=drop module.ko permuted.ko
is 'left out, its order does not matter' test "$(cut -d ' ' -f 1 "$out" | uniq | wc -l)" = 1
run 0 digest --scope=canonical --strict --base=base module.ko
run 0 digest --scope=canonical --base=base twins.ko
err_like '^modhash: .*twins.ko: 2 of its types have a double'
run 2 digest --scope=canonical --strict --base=base twins.ko
err_like '^modhash: twins.ko: .*2 BTF types have a double'
run 0 digest --scope=canonical -a sha512 --base=base module.ko permuted.ko
is 'sha512' test "$(cut -d ' ' -f 1 "$out" | uniq | wc -c)" = 129

# Lines are checked with the same options.
"$MODHASH" digest --scope=canonical --base=base module.ko permuted.ko >sums
run 0 digest --check --scope=canonical --base=base sums
run 2 digest --check --scope=canonical sums
cp rotated.ko permuted.ko
run 1 digest --check --scope=canonical --base=base sums
"$GEN_CANON" .

# No base, a wrong one, one that is none: never a guess.
run 2 digest --scope=canonical module.ko
out_is ''
err_like '^modhash: module.ko: offset 184: .*was not given'
run 2 digest --scope=canonical --base=base-permuted module.ko
out_is ''
err_like '^modhash: module.ko: offset [0-9]*: BTF type '
run 2 digest --scope=canonical --base=missing module.ko
err_like '^modhash: missing: '
printf 'no BTF at all' >text
run 2 digest --scope=canonical --base=text module.ko
err_like '^modhash: text: '
run 2 digest --scope=canonical --base=module.ko module.ko
err_like '^modhash: module.ko: '
run 2 digest --scope=canonical --base=without.ko module.ko
err_like '^modhash: without.ko: '
head -c 40 base >cut.base
run 2 digest --scope=canonical --base=cut.base module.ko
err_like '^modhash: cut.base: '
run 2 digest --scope=canonical --base=base-be module.ko
err_like 'different byte orders'

# Malformed BTF is malformed, whoever looks.
cp module.ko magic.ko
patch magic.ko 184 0
run 1 digest --scope=canonical --base=base magic.ko
err_like '^modhash: magic.ko: offset 184: '
run 0 digest --scope=canonical --btf=raw magic.ko

# A cache of the base's hashes.
run 0 digest --scope=canonical --base=base --base-cache=cache module.ko
out_is "$golden  module.ko"
is 'the cache is written' test -s cache
cp cache cache.kept
run 0 digest --scope=canonical --base=base --base-cache=cache module.ko
is 'the cache stays' cmp -s cache cache.kept
run 0 digest --scope=canonical --base=cache module.ko
out_is "$golden  module.ko"
patch cache 100 0
run 2 digest --scope=canonical --base=cache module.ko
err_like '^modhash: cache: '
run 0 digest --scope=canonical --base=base --base-cache=cache module.ko
out_is "$golden  module.ko"
is 'a damaged cache is made anew' cmp -s cache cache.kept
run 0 digest --scope=canonical --base=base-be --base-cache=cache be32.ko
isnt 'a stale cache is made anew' cmp -s cache cache.kept
cp base base.kept
for file in base text; do
	run 2 digest --scope=canonical --base=base --base-cache=$file module.ko
	err_like "^modhash: base: .*, $file, holds something else"
done
is 'what is no cache stays' cmp -s base base.kept
is 'what is no cache stays, whatever it is' grep -q 'no BTF at all' text
# Nor what can't be read to its end: packed and cut short, larger than the limit, or no file at all.
printf '\037\213\010\0\0\0\0\0\0\0cut' >cut.gz
head -c 20000 /dev/zero >large
mkdir -p directory
for file in cut.gz large directory; do
	cp -r $file kept-$file
	run 2 digest --max-size=10K --scope=canonical --base=base --base-cache=$file module.ko
	err_like "^modhash: base: the cache of its hashes, $file: "
	is "$file stays as it is" diff -r $file kept-$file
done
run 2 digest --scope=canonical --base=base --base-cache=no/such/dir module.ko
run 2 digest --scope=canonical --base-cache=cache module.ko
err_like '^modhash: --base-cache is for --base=FILE'
run 2 digest --base=base module.ko
err_like '^modhash: --base is for --scope=canonical'

# It is in no blob.
module a.ko
for format in table list merkle; do
	run 2 create -f $format --scope=canonical -o never a.ko
	err_like '^modhash: --scope=canonical'
done
isnt 'no blob was written' test -e never

# --- the rewrite ---

run 0 canon --base=base -o one.ko module.ko
out_is ''
run 0 canon --base=base -o two.ko permuted.ko
is 'one order' cmp -s one.ko two.ko
run 0 canon --base=base -o again.ko one.ko
is 'twice is once' cmp -s one.ko again.ko
run 0 digest --scope=canonical --base=base one.ko
out_is "$golden  one.ko"
run 0 canon --explain --base=base -o two.ko permuted.ko
out_like '^permuted.ko: offset 184: .BTF, 127 bytes: 4 of 5 types have another number$'
out_has 'permuted.ko: .BTF_ids: renumbered, its sets sorted again'
run 0 canon --explain --base=base -o again.ko one.ko
out_is 'one.ko: in canonical order already'
run 0 canon --explain --base=base -o two.ko signed.ko
out_like '^signed.ko: trailers: taken off'
is 'without its signature' cmp -s one.ko two.ko
run 0 canon -o three.ko distilled.ko
run 0 canon -o four.ko distilled-permuted.ko
is 'the base that is in it, too' cmp -s three.ko four.ko
run 0 canon --explain -o four.ko distilled.ko
out_has 'distilled.ko: .BTF.base: put in order'

# In place.
chmod 640 permuted.ko
run 0 canon --in-place --base=base permuted.ko module.ko
is 'in place' cmp -s one.ko permuted.ko
is 'in place, the other' cmp -s one.ko module.ko
is 'the mode stays' test "$(stat -c %a permuted.ko)" = 640
inode=$(stat -c %i module.ko)
run 0 canon -i --base=base module.ko
is 'what is in order is left alone' test "$(stat -c %i module.ko)" = "$inode"
no_litter .
if have xz; then
	"$GEN_CANON" .
	xz --check=crc32 permuted.ko
	run 0 canon -i --base=base permuted.ko.xz
	is 'packed again' sh -c 'xz -dc permuted.ko.xz | cmp -s - one.ko'
else
	skip 'no xz'
fi

# BTF as such, as a vmlinux has it.
run 0 canon -o base.1 base
run 0 canon -o base.2 base-permuted
is 'a base has one order, too' cmp -s base.1 base.2

# BTF as it is: a signature goes, and nothing else; no base is needed.
"$GEN_CANON" .
cp permuted.ko signed.ko
sign signed.ko
run 0 canon --btf=raw --explain -o raw.ko signed.ko
out_is 'signed.ko: trailers: taken off; sign it, and hash it, anew'
is 'raw: as it is' cmp -s raw.ko permuted.ko
inode=$(stat -c %i raw.ko)
run 0 canon --btf=raw --explain -i raw.ko
out_is 'raw.ko: nothing to take off'
is 'raw: left alone' test "$(stat -c %i raw.ko)" = "$inode"

# BTF left out: what its order and its base were does not matter.
for file in module permuted permuted-both distilled distilled-permuted be32 unresolved; do
	run 0 canon --btf=drop -o $file.dropped.ko $file.ko
	isnt "$file.ko: shorter" test "$(wc -c <$file.dropped.ko)" -ge "$(wc -c <$file.ko)"
	"$MODHASH" digest --scope=canonical --btf=drop $file.ko $file.dropped.ko | cut -d ' ' -f 1 \
		>drops
	is "$file.ko: the same but for its BTF" test "$(sort -u drops | wc -l)" = 1
	run 0 digest --scope=canonical $file.dropped.ko
	run 0 canon --btf=drop --explain -i $file.dropped.ko
	out_is "$file.dropped.ko: has no BTF"
done
is 'left out, one order is like the other' cmp -s module.dropped.ko permuted.dropped.ko
is 'left out, one base is like the other' cmp -s module.dropped.ko permuted-both.dropped.ko
run 0 canon --btf=drop --explain -o dropped.ko distilled.ko
out_like '^distilled.ko: offset [0-9]*: .BTF, 127 bytes: left out$'
out_has 'distilled.ko: .BTF.base: left out'
out_has 'distilled.ko: .BTF_ids: its ids left out'
if have readelf; then
	for file in module distilled be32; do
		readelf -SW $file.dropped.ko 2>&1 | sed -n 's/^ *\[ *[0-9]*\] \(\.[^ ]*\).*/\1/p' >after
		readelf -SW $file.ko 2>&1 | sed -n 's/^ *\[ *[0-9]*\] \(\.[^ ]*\).*/\1/p' |
			grep -v '^\.BTF$\|^\.BTF\.base$' >before
		is "$file.ko: readelf sees the other sections" cmp -s before after
	done
else
	skip 'no readelf'
fi
run 1 canon --btf=drop -o never base
err_like '^modhash: base: offset 0: no ELF magic'
isnt 'BTF alone has nothing it could do without' test -e never
if have xz; then
	cp module.ko packed.ko
	xz --check=crc32 packed.ko
	run 0 canon -i --btf=drop packed.ko.xz
	is 'left out, and packed again' sh -c 'xz -dc packed.ko.xz | cmp -s - module.dropped.ko'
else
	skip 'no xz'
fi

# Many at once: told in the order that they were named in.
"$GEN_CANON" .
names='permuted.ko missing.ko rotated.ko magic.ko member.ko layout.ko'
# shellcheck disable=SC2086 # a list
run 2 canon -j 4 --explain -i --base=base $names
cut -d : -f 1 "$out" | uniq | tr '\n' ' ' >told
is 'in their order' test "$(cat told)" = 'permuted.ko rotated.ko member.ko layout.ko '
sed 's/^modhash: \([^:]*\):.*/\1/' "$err" | uniq | tr '\n' ' ' >told
is 'errors, too' test "$(cat told)" = 'missing.ko magic.ko '
# shellcheck disable=SC2086
printf '%s\n' $names >names
"$GEN_CANON" .
run_with names 2 canon -j 1 --explain -i --base=base -
is 'one job does the same' cmp -s one.ko permuted.ko

# Refused, or malformed: the file stays, and the others are done.
"$GEN_CANON" .
cp rotated.ko kept
run 2 canon -i rotated.ko
err_like 'was not given'
is 'refused: as it was' cmp -s rotated.ko kept
cp magic.ko kept
run 1 canon -i --base=base magic.ko permuted.ko
err_like '^modhash: magic.ko: offset 184: '
is 'malformed: as it was' cmp -s magic.ko kept
is 'the one behind it is done' cmp -s one.ko permuted.ko
run 2 canon -o never --base=base-permuted module.ko
isnt 'nothing was written' test -e never
run 2 canon -i --base=base missing.ko
err_like '^modhash: missing.ko: '

run 2 canon --base=base module.ko
err_like '^modhash: expected either --output=FILE or --in-place$'
run 2 canon --base=base -i -o x module.ko
run 2 canon --base=base -o x module.ko rotated.ko
err_like '^modhash: --output takes one file'
run 2 canon --base=base --explain -o - module.ko
run 0 canon --base=base -o - rotated.ko
is 'on standard output' test "$(wc -c <"$out")" = "$(wc -c <rotated.ko)"

finish
