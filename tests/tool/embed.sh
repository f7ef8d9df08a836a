#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash embed, and create --reserve
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

if [ ! -x "${GEN_IMAGES:=$(pwd)/tests/gen/gen-images}" ]; then
	skip 'no gen-images: built without unit tests'
	finish
fi
"$GEN_IMAGES" images
tree t
"$MODHASH" create -o t.table t
"$MODHASH" create --no-names -o bare.table t
"$MODHASH" create -f list -o t.list t
"$MODHASH" create -f merkle -o t.root t
"$MODHASH" create -f merkle --byte-order=big -o big.root t

# --- the place for a blob ---

for format in table list merkle; do
	for n in 0 1 5 1000; do
		run 0 create --reserve=$n --format=$format -o $format.$n
		run 0 show $format.$n
		out_like '^filled:         no: '
	done
done
is 'a list of N has 32 bytes a module' test "$(wc -c <list.1000)" -eq 32000
is 'a root has 36 bytes' test "$(wc -c <merkle.1000)" -eq 36
is 'a table for five is as long as that of five' \
	test "$(wc -c <table.5)" -eq "$(wc -c <bare.table)"
is 'a list is all zeroes' test -z "$(tr -d '\0' <list.1000)"
is 'a root is all zeroes' test -z "$(tr -d '\0' <merkle.5)"
run 0 show table.1000
out_has 'capacity:       1000'
out_has 'count:          0'
run 0 create --reserve=10 -a sha512 --index=fast -o sha512.10
run 0 show sha512.10
out_has 'algorithm:      sha512'
for wrong in '--order=x' '--capacity=3' '--release=6.1' '--no-names' '--strip-signatures' \
	'--allow-non-elf'; do
	run 2 create --reserve=1 "$wrong" -o never
done
run 2 create --reserve=1 -o never t
err_like 'expected no modules'
run 2 create --reserve=-1 -o never
run 2 create --reserve=999999999999 -o never
run 2 create --reserve=1
run 2 create --reserve=1 -f list -a sha512 -o never
isnt 'nothing was written' test -e never

# --- into a vmlinux ---

# outside FILE FILE: do two vmlinux differ in nothing but the section?
# shellcheck disable=SC2317 # called by is
outside() {
	where=$("$MODHASH" embed --json --allow-empty --blob="$2" "$2" | tr -d '\n' |
		sed 's/.*"offset":\([0-9]*\),"room":\([0-9]*\).*/\1 \2/')
	cmp -l "$1" "$2" | awk -v at="${where% *}" -v room="${where#* }" \
		'$1 <= at || $1 > at + room { bad = 1 } END { exit bad }'
}

for class in 64-le 64-be 32-le 32-be; do
	cp images/good-elf$class vmlinux
	run 0 embed --blob=t.table vmlinux
	out_is ''
	err_is ''
	is "elf$class: nothing else changed" outside images/good-elf$class vmlinux
	run 0 extract -o back vmlinux
	is "elf$class: what was embedded is read back" cmp back bare.table
done
cp images/good-elf64-le vmlinux
chmod 751 vmlinux
touch -d '2001-02-03 04:05:06' vmlinux
run 0 embed -v --keep-time --blob=t.table vmlinux
out_like '^vmlinux: embedded, [0-9]* of [0-9]* bytes at offset [0-9]*$'
is 'the mode stays' test "$(stat -c %a vmlinux)" = 751
is 'the time stays with --keep-time' test "$(date -r vmlinux +%F)" = 2001-02-03
run 0 embed -v --blob=t.table vmlinux
out_like '^vmlinux: unchanged, '
is 'a file that needs no change stays as it is' test "$(date -r vmlinux +%F)" = 2001-02-03
run 0 embed --blob=bare.table vmlinux
is 'with names or without is the same' test "$(date -r vmlinux +%F)" = 2001-02-03
"$MODHASH" create --no-names -o other.table t/kernel/fs/one.ko 2>/dev/null
run 0 embed --blob=other.table vmlinux
isnt 'the time is now without --keep-time' test "$(date -r vmlinux +%F)" = 2001-02-03
run 0 extract -o back vmlinux
is 'what was there before is gone' cmp back other.table
ln -s vmlinux link
run 0 embed --blob=t.table link
is 'a link stays one' test -L link
run 0 verify --blob=vmlinux t
out_has '5 modules: 5 known, 0 not known, 0 missing, 0 not told'
run 0 query --blob=link t/kernel/fs/one.ko
run 0 diff vmlinux bare.table
run 0 embed --blob=vmlinux images/good-elf64-be
run 0 diff images/good-elf64-be bare.table
no_litter .

# --- what does not fit, or is none ---

cp images/good-zero-list list
run 2 embed --blob=t.list list
err_like 'a list of 160 bytes, and section .module_hashes has 320'
cp images/good-zero-root root
run 0 embed --blob=t.root root
run 0 show root
out_has 'format:         merkle'
out_has 'filled:         yes'
cp images/good-zero-root root
run 2 embed --blob=big.root root
err_like 'a root for a big-endian kernel, and this one is little-endian'
run 2 embed --blob=t.list root
run 2 embed --blob=t.table root
err_like 'no more than the section has'
is 'a refusal changes nothing' cmp root images/good-zero-root
cp images/good-elf64-le vmlinux
for empty in table.5 merkle.5 list.5; do
	run 2 embed --blob=$empty vmlinux
	err_like 'was not filled in'
done
run 0 embed --allow-empty --blob=merkle.5 root
run 2 embed --blob=t.table images/good-no-blob
err_like 'no section .module_hashes'
run 2 embed --blob=t.table images/good-two-blobs
err_like 'more than one section'
run 2 embed --blob=t.table images/bad-object
run 2 embed --blob=t.table t/kernel/fs/one.ko
run 2 embed --blob=t.table t.table
run 2 embed --blob=t.table missing
run 2 embed --blob=t.table images
mkfifo fifo
run 2 embed --blob=t.table fifo
run 2 embed --blob=missing vmlinux
run 2 embed vmlinux
err_like 'expected one --blob=BLOB'
run 2 embed --blob=t.table --blob=t.list vmlinux
run 2 embed --blob=t.table
run 2 embed --blob=t.table --max-size=100 vmlinux
is 'refusals change nothing' cmp vmlinux images/good-elf64-le

# --- several, one of them bad ---

cp vmlinux vmlinux.2
run 2 embed -v --blob=t.table vmlinux missing vmlinux.2
is 'a bad one stops no other' test "$(grep -c ': embedded' "$out")" -eq 2
no_litter .
finish
