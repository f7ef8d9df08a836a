#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash extract, and show of kernel images
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

if [ ! -x "${GEN_IMAGES:=$(pwd)/tests/gen/gen-images}" ]; then
	skip 'no gen-images: built without unit tests'
	finish
fi
"$GEN_IMAGES" images
tab=$(printf '\t')

# --- every image, by the manifest ---

while IFS=$tab read -r name open layers release blob btf; do
	if [ "$open" != OK ]; then
		# No bytes are a list of no modules.
		[ "$name" = bad-empty ] || run 2 show "images/$name"
		run 2 extract --vmlinux -o never "images/$name"
		continue
	fi
	case $blob in
	filled | zeroes) status=0 ;;
	NOT_FOUND) status=1 ;;
	*) status=2 ;;
	esac
	run $status show "images/$name"
	case $layers in
	table) ;;
	*)
		out_has "image:          $layers"
		out_has "release:        $(echo "$release" | sed 's/^-$/not found/')"
		;;
	esac
	case $blob in
	filled) out_has 'filled:         yes' ;;
	zeroes) out_like '^filled:         no: not patched' ;;
	NOT_FOUND)
		case $layers in
		*arm64) out_has 'blob:           none found: a raw Image has no sections' ;;
		*) out_has 'blob:           none' ;;
		esac
		;;
	esac
	if [ "$btf" = OK ]; then
		run 0 extract --btf -o btf "images/$name"
		is "$name: BTF of 45 bytes" test "$(wc -c <btf)" -eq 45
	else
		run 1 extract --btf -o never "images/$name"
	fi
	case $layers in
	*vmlinux)
		run 0 extract --vmlinux -o vmlinux "images/$name"
		is "$name: vmlinux is ELF" test "$(head -c 4 vmlinux | tail -c 3)" = ELF
		;;
	*) run 1 extract --vmlinux -o never "images/$name" ;;
	esac
	case $blob in
	filled | zeroes) run 0 extract -o blob "images/$name" ;;
	NOT_FOUND) run 1 extract -o never "images/$name" ;;
	BLOB | CHECKSUM)
		# Two tables in a raw Image: there is nothing that could be written.
		case $layers in
		arm64) run 2 extract -o never "images/$name" ;;
		*) run 1 extract -o blob "images/$name" ;;
		esac
		;;
	*) run 2 extract -o never "images/$name" ;;
	esac
done <images/MANIFEST
isnt 'nothing was written by those that failed' test -e never

# --- what is written ---

run 0 extract --blob -o blob images/good-elf64-le
out_is ''
err_is ''
run 0 show blob
out_has 'count:          4'
run 0 extract -v --blob -o again images/good-elf32-be
out_is "again: $(wc -c <blob) bytes"
is 'the same table, whatever the kernel' cmp blob again
run 0 extract -o - images/good-table
is 'a table alone is its own blob' cmp "$out" images/good-table
run 0 extract -o - images/good-elf64-le
is 'to standard output' cmp "$out" blob
# The generator leaves out what this build can't unpack.
for packed in gzip xz zstd lz4; do
	[ -e images/good-bzimage-$packed ] || continue
	run 0 extract --vmlinux -o vmlinux images/good-bzimage-$packed
	is "the vmlinux in a bzImage is the one that was packed ($packed)" \
		cmp vmlinux images/good-elf64-le
done
run 0 extract -o zeroes images/good-zero-table
err_like 'not filled in'
is 'zeroes are written as they are' test "$(wc -c <zeroes)" -eq 3400
run 1 extract -o damaged images/good-damaged-table
err_like 'checksum'
is 'what is damaged is written nevertheless' test -s damaged
tree t
"$MODHASH" create -f list -o t.list t
"$MODHASH" create -f merkle -o t.root t
for bare in t.list t.root; do
	run 0 extract -o back $bare
	is "$bare alone is its own blob" cmp back $bare
done

# LZ4 as lz4(1) packs it, which finds matches
if have lz4 && [ -e images/good-bzimage-lz4 ]; then
	head -c 300000 /dev/zero >raw
	cat images/good-arm64 raw >Image
	lz4 -lqf Image Image.lz4
	run 0 show Image.lz4
	out_has 'image:          packed (lz4), arm64'
	run 0 extract -o blob Image.lz4
	is 'out of an Image.lz4' cmp blob again
else
	skip 'no lz4, or not built with it'
fi

# As a running kernel shows it: a file that does not say how long it is, as this one.
if [ -r /proc/self/environ ]; then
	env -i X="$(printf '%061d' 0 | tr 0 '\201')" sleep 60 &
	sleeper=$!
	while [ "$(tr -d '\0' </proc/$sleeper/environ | wc -c)" -ne 63 ]; do sleep 0.1; done
	cat /proc/$sleeper/environ >environ
	is 'no length is said, and there are bytes' test \
		"$(stat -c %s /proc/$sleeper/environ):$(wc -c <environ)" = 0:64
	run 0 extract -v -o unsized /proc/$sleeper/environ
	out_is 'unsized: 64 bytes'
	is 'all of it is taken' cmp -s unsized environ
	run 2 extract --max-size=63 -o never /proc/$sleeper/environ
	kill $sleeper
	isnt 'no more than the limit' test -e never
else
	skip 'no /proc: a file that does not say how long it is'
fi

# --- wrong ---

run 2 extract images/good-elf64-le
err_like 'no --output'
run 2 extract -o '' images/good-elf64-le
run 2 extract -o x images/good-elf64-le images/good-elf64-be
run 2 extract -o x
run 2 extract --blob --btf -o x images/good-elf64-le
err_like 'expected one of'
run 2 extract --json -o - images/good-elf64-le
run 2 extract -o x missing
run 2 extract -o x images
run 2 extract -o x images/bad-nothing
run 2 extract -o images images/good-elf64-le
run 2 extract -o no/such/x images/good-elf64-le
isnt 'none of them wrote' test -e x

# --- images where blobs and bases go ---

run 2 verify --blob=images/good-no-blob t
err_like 'without a section .module_hashes: this kernel has no blob'
run 1 verify --blob=images/good-zero-list t
run 1 verify --blob=images/good-zero-table t
out_like 'the blob was not filled in'
run 0 diff images/good-arm64 images/good-elf64-le
run 2 show t/kernel/fs/one.ko
err_like 'object file'
run 0 show -v images/good-elf64-le
is 'the digests of a blob in an image' test "$(grep -cE '^[0-9a-f]{64}$' "$out")" -eq 4
finish
