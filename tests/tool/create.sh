#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash create
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

# hex FILE: its bytes as digits
hex() {
	od -An -v -tx1 "$1" | tr -d ' \n'
}

# --- a table ---

tree t
run 0 create -o t.table t
out_is ''
err_is ''
run 0 show t.table
out_has 'format:         table'
out_has 'count:          5'
out_has 'names:          5'
out_has 'release:        6.1.0-test'
out_has 'scope:          payload'
run 0 verify --blob=t.table t
cp t.table again
run 0 create -o again -j1 t
is 'the same bytes again' cmp -s t.table again
no_litter .
run 0 create -v -o again t
out_is 'again: table of 5 modules'
run 0 create -o - t
is 'the same on standard output' cmp -s t.table "$out"
sign t/kernel/net/four.ko
run 0 create -o signed --no-names t
run 0 create -o unsigned --no-names --strip-signatures t
err_like '^modhash: note: --strip-signatures: a table over the payload is the same without'
is 'a table over the payload does not see signatures' cmp -s signed unsigned
tree t

run 0 create --no-names -o bare t
size=$(wc -c <bare)
is "the kernel's part is the beginning of the whole" \
	sh -c "head -c $size t.table | cmp -s - bare"
run 0 show bare
out_has 'names:          none'
run 0 create --release=9.9.9 -o r.table t
run 0 show r.table
out_has 'release:        9.9.9'
module t/kernel/net/other.ko other '5.0.0 x'
run 0 create -o r.table t
err_like '^modhash: note: modules are of more than one kernel release: none is kept$'
run 0 show r.table
isnt 'no release is kept' grep -q '^release' "$out"
rm t/kernel/net/other.ko
run 0 create --capacity=64 --index=4 --algorithm=sha512 --scope=file -o c.table t
run 0 show c.table
out_has 'capacity:       64'
out_has 'index:          4 bits'
out_has 'algorithm:      sha512'
out_has 'scope:          file'
for index in small fast 0 24; do
	run 0 create --index=$index -o i.table t
	run 0 verify -b i.table t
done

# --- a list ---

run 0 create --format=list -o t.list t
for m in net/three fs/two fs/one net/five net/four; do
	sha "t/kernel/$m.ko"
done | tr -d '\n' >expected
is 'the digests of the files in the order of the build' test "$(hex t.list)" = "$(cat expected)"
run 0 create --format=list -o - --order=t/modules.order t
is 'the same with --order' cmp -s t.list "$out"
run 0 create --format=list --c-source -o t.c t
is 'C source names the modules' grep -qF '/* kernel/net/three.ko */' t.c
run 0 create --format=list --strip-signatures -o s.list t
err_like '^modhash: note: --strip-signatures: the blob is over modules without signatures'
cp -r t u
"$MODHASH" strip-signature --in-place u/kernel/*/*.ko
run 0 verify -b s.list u
run 1 verify -b s.list t

# --- a root and its proofs ---

run 0 create --format=merkle -o t.root t
is 'a root has 36 bytes' test "$(wc -c <t.root)" -eq 36
is 'levels in the byte order of the modules' \
	test "$(head -c 4 t.root | od -An -tx1 | tr -d ' ')" = 03000000
run 1 verify -b t.root t
out_like '^t/kernel/fs/one.ko: has no Merkle proof'
run 0 create --format=merkle --byte-order=big -o big.root t
is 'big-endian when asked' test "$(head -c 4 big.root | od -An -tx1 | tr -d ' ')" = 00000003
run 0 create --format=merkle --c-source -o root.c t
is 'C source of a root' grep -q '{' root.c

cp -r t files
run 0 create --format=merkle --proofs=files -o files.root files
is 'the same root' cmp -s t.root files.root
is 'modules are as they were' cmp -s t/kernel/fs/one.ko files/kernel/fs/one.ko
is 'a proof beside each' test "$(find files -name '*.merkle' | wc -l)" -eq 5
run 0 verify -b files.root files
no_litter files

cp -r t append
chmod 640 append/kernel/fs/one.ko
run 0 create --format=merkle --proofs=append -o append.root append
is 'the same root' cmp -s t.root append.root
cat files/kernel/fs/one.ko files/kernel/fs/one.merkle >expected
is 'what is appended is the .merkle file' cmp -s expected append/kernel/fs/one.ko
is 'the mode stays' test "$(stat -c %a append/kernel/fs/one.ko)" = 640
run 0 verify -b append.root append
cp -r append twice
run 0 create --format=merkle --proofs=append -j3 -o append.root twice
is 'again: an old proof is replaced' diff -r append twice
no_litter twice
run 0 create --format=merkle --proofs=files -o x.root append
err_like '^modhash: note: modules with more than a signature appended: 5; '

# Without signatures: the modules must fit what was hashed.
cp -r t strip
run 0 create --format=merkle --strip-signatures --proofs=append -o strip.root strip
run 0 verify -b strip.root strip
run 0 info strip/kernel/fs/one.ko
isnt 'the signature is gone' grep -q 'PKCS#7' "$out"
cp -r t strip2
run 0 create --format=merkle --strip-signatures --proofs=files -o strip2.root strip2
err_like '^modhash: note: --strip-signatures: modules were stripped in place'
is 'the same root' cmp -s strip.root strip2.root
run 0 verify -b strip2.root strip2
cp -r t strip3
run 0 create --format=merkle --strip-signatures -o strip3.root strip3
err_like 'these were left as they are$'
is 'the same root' cmp -s strip.root strip3.root
is 'the modules are as they were' diff -r t strip3

if have xz; then
	cp -r t packed
	find packed -name '*.ko' -exec xz --check=crc32 {} +
	run 0 create --format=merkle --proofs=append -o packed.root packed
	is 'packed modules yield the same root' cmp -s t.root packed.root
	run 0 verify -b packed.root packed
	is 'they are still packed, with CRC32' \
		sh -c 'xz --robot --list packed/kernel/fs/one.ko.xz | grep -q CRC32'
	cp -r t packed2
	find packed2 -name '*.ko' -exec xz {} +
	run 0 create --format=merkle --proofs=files -o packed.root packed2
	is 'the proof of one.ko.xz is one.merkle' \
		cmp -s packed2/kernel/fs/one.merkle files/kernel/fs/one.merkle
else
	skip 'no xz'
fi

# Two that want one file.
cp t/kernel/fs/one.ko dup.ko
cp dup.ko dup.ko.gz
run 2 create --format=merkle --proofs=files -o x.root dup.ko dup.ko.gz
err_like '^modhash: dup.merkle: two modules want their proof here'
run 2 create --format=merkle --proofs=append -o x.root dup.ko dup.ko
is 'nothing was written' cmp -s dup.ko t/kernel/fs/one.ko

# --- byte orders ---

module be.ko be '6.1.0-test x' 32 big
module le.ko
run 0 create --format=merkle -o be.root be.ko
is 'that of the modules' test "$(head -c 4 be.root | od -An -tx1 | tr -d ' ')" = 00000001
run 2 create --format=merkle -o mixed.root be.ko le.ko
err_like 'modules of both byte orders'
isnt 'nothing was written' test -e mixed.root
run 0 create --format=merkle --byte-order=little -o mixed.root be.ko le.ko
run 0 create -o mixed.table be.ko le.ko

# --- the order of the build ---

cp -r t o
rm o/modules.order
run 0 create --format=list -o o.list o
err_is 'modhash: note: no modules.order in o: modules taken by path in byte order'
run 0 create -q --format=list -o o.list o
err_is ''
run 0 create --format=list --order=t/modules.order -o o.list o
err_is ''
is 'as the tree with its own order' cmp -s o.list t.list
rm o/kernel/fs/two.ko
for format in list merkle; do
	rm -f o.blob
	run 2 create --format=$format --order=t/modules.order -o o.blob o
	err_has 'modhash: kernel/fs/two.ko: no such module, but it is in t/modules.order'
	isnt 'nothing was written' test -e o.blob
	# What is missing does not keep it from telling what else is wrong.
	echo 'no module' >o/kernel/text.ko
	run 2 create --format=$format --order=t/modules.order -o o.blob o
	err_has 'modhash: kernel/fs/two.ko: no such module, but it is in t/modules.order'
	err_like '^modhash: o/kernel/text.ko: '
	isnt 'nothing was written' test -e o.blob
	rm o/kernel/text.ko
done
run 0 create --order=t/modules.order -o o.table o
err_is 'modhash: note: modules of the order that are missing: 1'
module t/kernel/net/six.ko
run 0 create --format=list -o x.list t
err_is 'modhash: note: modules that are not in the order, taken behind the others: 1'
is 'behind the others' test "$(tail -c 32 x.list | od -An -v -tx1 | tr -d ' \n')" = "$(sha t/kernel/net/six.ko)"
rm t/kernel/net/six.ko
run 2 create --format=list --order=missing -o x.list t
err_is "modhash: missing: can't open the file (No such file or directory)"
printf 'kernel/fs/one.txt\n' >bad.order
run 2 create --format=list --order=bad.order -o x.list t
err_like '^modhash: bad.order: '

# --- none, and one ---

mkdir none only
cp le.ko only
for format in table list merkle; do
	run 0 create --format=$format -o none.blob none
	err_is ''
	run 0 show none.blob
	run 0 create --format=$format -o one.blob le.ko
	err_is ''
	run 0 show one.blob
	run 0 create --format=$format -o one.blob only
	err_is ''
done
is 'the root of one module has one level' test "$(head -c 1 one.blob | od -An -tu1 | tr -d ' ')" = 1

# --- what is refused ---

echo 'no module' >text.ko
run 2 create -o x.blob text.ko le.ko
err_like '^modhash: text.ko: .*expected a kernel module (--allow-non-elf'
err_like '^modhash: modules that can.t be taken: 1 of 2; nothing was written$'
isnt 'nothing was written' test -e x.blob
run 0 create --allow-non-elf -o x.blob text.ko le.ko
run 0 verify -b x.blob text.ko le.ko
cp x.blob keep
cp le.ko cut.ko
trailer cut.ko 2 99999
run 2 create -o x.blob cut.ko missing.ko text.ko le.ko
err_like '^modhash: cut.ko: offset 808: '
err_like '^modhash: missing.ko: '
err_like '^modhash: text.ko: '
is 'the old blob is whole' cmp -s keep x.blob
run 2 create --format=merkle --proofs=files -o x.root le.ko missing.ko
isnt 'no proof was written' test -e le.merkle

run 2 create t
err_like '^modhash: no --output=FILE given$'
run 2 create --json -o - t
run 2 create --c-source -o x t
err_like '^modhash: --c-source is for --format=list or merkle$'
run 2 create --proofs=files -o x t
err_like '^modhash: --proofs is for --format=merkle$'
run 2 create --byte-order=big -o x t
run 2 create -f list --index=fast -o x t
err_like '^modhash: --index is for --format=table$'
run 2 create -f list --capacity=9 -o x t
run 2 create -f merkle --release=x -o x t
run 2 create -f merkle --no-names -o x t
run 2 create --no-names --release=x -o x t
run 2 create -f list --algorithm=sha512 -o x t
err_like '^modhash: --algorithm=sha512: this format has sha256 alone$'
run 2 create -f list --scope=payload -o x t
err_like '^modhash: --scope=payload: this format has a scope of its own, file$'
run 2 create -f merkle --scope=file -o x t
run 0 create -f list --scope=file -o x t
no_litter .

# --- what is written is none of what is read ---

rm -rf t && tree t
find t -type f | sort | xargs sha256sum >before
one=$(find t -name '*.ko' | sort | head -n 1)
ln "$one" hard
ln -s "$one" soft
for output in "$one" "./t/../$one" hard soft; do
	run 2 create -q -o "$output" t
	err_like 'the blob would replace one of the modules'
	run 2 create -q -f merkle --proofs=append -o "$output" t
done
run 2 create -q -f merkle --proofs=files -o "${one%.ko}.merkle" t
err_like 'the blob would replace the proof of a module'
run 2 create -q -o t/modules.order t
err_like 'the blob would replace the modules.order of the build'
run 2 create -q -f merkle --proofs=append -o new "$one" hard
err_like "two modules want their proof here.*: .*$one"
err_like 'two modules want their proof here.*: .*hard'

# --- a module that is named twice ---

# In whatever way, and in each format: which of its places would it have?
rm -f twice.blob
for format in table list merkle; do
	for names in 't t' 't t/.' 't t//kernel' 't/kernel/fs/one.ko ./t/kernel/fs/../fs/one.ko' \
		"t $PWD/t" "t/kernel/fs/one.ko t"; do
		# shellcheck disable=SC2086
		run 2 create -q -f $format -o twice.blob $names
		err_like 'fs/one.ko: named twice, .*expected each module once'
	done
done
isnt 'nothing was written' test -e twice.blob
run 2 create -q -o twice.blob t t
err_has 'modhash: modules that are named twice: 5; nothing was written'
is 'each of them is told, and how many' test "$(wc -l <"$err")" -eq 6
ln -s t twice-link
run 2 create -q -o twice.blob t twice-link
printf 't/kernel/fs/one.ko\nt/kernel/fs/two.ko\nt/kernel/fs/one.ko\n' >twice-names
run_with twice-names 2 create -q -o twice.blob -
isnt 'nor by a list of names' test -e twice.blob
# Two of the same contents are two; and so are two names of one file, as in trees that share files.
mkdir twice-tree
cp -al t/kernel twice-tree/kernel
run 0 create -q -f list -o twice.blob t twice-tree
is 'hard links are modules of their own' test "$(wc -c <twice.blob)" -eq 320
rm -r twice-tree twice-link twice.blob
run 2 create -q -o twice.blob missing.ko missing.ko missing/x.ko missing/x.ko
rm -f hard soft
find t -type f | sort | xargs sha256sum >after
is 'all is as it was' cmp -s before after

# Told before anything is read.
run 2 create -o missing/x t
err_like '^modhash: missing/x: there is no such directory'
run 2 create -o t t
err_like '^modhash: t: found something that is no regular file'
run 2 create -o '' t
err_like '^modhash: no --output=FILE given'
for release in '' 'two words' "$(printf 'a\nb')" "$(printf 'a\377')"; do
	run 2 create --release="$release" -o new t
	err_like '^modhash: --release: expected one word'
done
isnt 'nothing was written' test -e new

# --- whose order counts ---

cp -r t u
run 0 create -f list -o both t u
err_like "^modhash: note: a tree's modules.order counts for one DIR alone"
run 0 create -f list -o new t "u/${one#t/}"
err_like "^modhash: note: a tree's modules.order counts for one DIR alone"
run 0 verify -b both t u
err_like "^modhash: note: a tree's modules.order counts for one DIR alone"
rm u/modules.order && mkfifo u/modules.order
run 2 create -o new u
err_like '^modhash: u/modules.order: '
rm -rf new u

# --- an unwritable proof: it is the one that is named, and how far it came ---

mkfifo "${one%.ko}.merkle"
run 2 create -q -j1 -f merkle --proofs=files -o new t
err_like "^modhash: ${one%.ko}.merkle: "
err_like '^modhash: [0-9]* of 5 modules have new proofs, and no blob was written: run it again$'
isnt 'no blob' test -e new
run 2 create -q -j1 -f merkle --strip-signatures --proofs=files -o new t
err_like "^modhash: ${one%.ko}.merkle: "
rm -f "${one%.ko}.merkle"

# The blob itself, when all proofs are there: a name that is too long for any file.
cp -r t all
run 2 create -q -f merkle --proofs=files -o "$(printf '%0300d' 0)" all
err_has 'modhash: 5 of 5 modules have new proofs, and no blob was written: run it again'
rm -rf all

# What is missing from a tree's own order is said of that file.
cp -r t gone
rm gone/kernel/fs/two.ko
run 2 create -f list -o new gone/
err_has 'modhash: kernel/fs/two.ko: no such module, but it is in gone/modules.order'
run 0 create -v -o new gone/kernel/fs/one.ko
out_is 'new: table of 1 module'
rm -rf gone new

finish
