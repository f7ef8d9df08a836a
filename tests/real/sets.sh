# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# Several blobs as one set, comparing blobs, and signatures taken off a whole tree.

one=$work/6.1
two=$work/6.12
tree61=$(path_of 6.1)
tree612=$(path_of 6.12)

for blob in table list; do
	modhash verify -q --blob="$one/$blob" "$tree612/kernel/fs"
	exits 1 "$blob: one kernel's blob does not know the other's modules"
	modhash verify -q --blob="$one/$blob" --blob="$two/$blob" "$tree61/kernel/fs" "$tree612/kernel/fs"
	exits 0 "$blob: two blobs are one set"
done
modhash verify -q --blob="$one/list" --blob="$two/table" "$tree61/kernel/fs" "$tree612/kernel/fs"
exits 0 "a list and a table are one set"
modhash verify -q --blob="$one/root" --blob="$two/table" "$one/beside/kernel/fs" "$tree612/kernel/fs"
exits 0 "a root and a table are one set"

modhash diff "$one/table" "$one/bare"
exits 0 "diff: with names and without, the same"
modhash diff "$one/table" "$two/table"
exits 1 "diff: two kernels"
grep -v '^kernel/fs/fat/' "$one/names" >"$work/names"
modhash_in "$tree61" create -o "$work/less" - <"$work/names"
modhash diff --json "$work/less" "$one/table"
is "diff: what was added" "1 $(grep -c '^kernel/fs/fat/' "$one/names")" \
	"$status $(jq '[.entries[] | select(.change == "added")] | length' "$work/out")"
grep '^kernel/fs/fat/' "$one/names" >"$work/names"
modhash_in "$tree61" create -o "$work/fat" - <"$work/names"
modhash verify -q --blob="$work/less" --blob="$work/fat" "$tree61"
exits 0 "two tables of parts are one of the whole"
modhash diff "$one/table" "$one/list"
exits 2 "diff: digests of different kinds can't be compared"

# The same modules, packed and not.
modhash digest "$work/plain"
sed "s,  $work/plain/,  ," "$work/out" | sort -k2 >"$work/found"
same "6.12: payload digests are the same, packed or not" "$two/payload-digests" "$work/found"
modhash verify -q --blob="$two/table" "$work/plain"
exits 0 "6.12: a table of packed modules knows them unpacked"

# Signatures off the whole of a tree.
copy_tree "$tree61" "$work/unsigned"
modhash_in "$work/unsigned" strip-signature --in-place - <"$one/names"
exits 0 "6.1: strip-signature --in-place on all modules"
is "6.1: modinfo finds no signature any more" 0 \
	"$(cd "$work/unsigned" && xargs modinfo -F sig_id <"$one/names" | sed '/^$/d' | wc -l)"
(cd "$work/unsigned" && xargs sha256sum <"$one/names") | sort -k2 >"$work/found"
same "6.1: what is left are the payloads" "$one/payload-digests" "$work/found"
modhash verify -q --complete --blob="$one/table" "$work/unsigned"
exits 0 "6.1: the table knows them all the same"
verify "$work/unsigned" "$one/list"
is "6.1: the list knows none" "1 $(wc -l <"$one/names")" "$status $(jq .summary.unknown "$work/out")"
is "6.1: no file of the original tree was touched" "" \
	"$(find "$tree61" "$tree612" -newer "$work/6.1/names" -type f | head -n 3)"
