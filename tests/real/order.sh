# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# modules.order against the tree: missing, extra, and out of order.

# The unpacked modules with their proofs: unpacking them time and again proves no more.
if [ -n "$suffix" ]; then
	link_tree "$plain" "$here/plain"
	(cd "$beside" && find . -name '*.merkle' | tar -cf - -T -) | tar -C "$here/plain" -xf -
	beside=$here/plain
fi

less=$here/less
link_tree "$beside" "$less"
rm "$less/kernel/fs/fat/vfat.ko"
verify "$less" "$here/table" --complete
is "$kernel: table: a missing module" "1 kernel/fs/fat/vfat.ko missing" "$status $(verdicts "$work/out")"
verify "$less" "$here/list"
is "$kernel: list: a missing module" "1 kernel/fs/fat/vfat.ko missing" "$status $(verdicts "$work/out")"
verify "$less" "$here/root"
is "$kernel: merkle: a missing module" "1 kernel/fs/fat/vfat.ko missing" "$status $(verdicts "$work/out")"

# A part of the tree is fine, if nobody said that it is all.
modhash verify -q --blob="$here/table" "$plain/kernel/fs"
exits 0 "$kernel: table: a part of the tree"

# A line taken out of the order: its module is one too many.
grep -v '^kernel/fs/fat/vfat\.ko$' "$tree/modules.order" >"$here/order"
verify "$plain" "$here/table" --order="$here/order"
is "$kernel: table: a module that is known is known, in the order or not" "0" "$status"
modhash create --format=merkle --order="$here/order" -o "$here/root.less" "$plain"
succeeds "$kernel: merkle: create tells of a module that is not in the order" \
	grep -i order "$work/err"

# Two lines swapped: the proofs are for the old positions, the root is another.
awk 'NR == 10 { held = $0; next } { print } NR == 11 { print held }' "$tree/modules.order" >"$here/order"
verify "$beside" "$here/root" --order="$here/order"
is "$kernel: merkle: two lines swapped: another root" "1 other" \
	"$status $(jq -r .summary.root "$work/out")"
modhash create --format=merkle --order="$here/order" -o "$here/root.swapped" "$plain"
verify "$beside" "$here/root.swapped" --order="$here/order"
is "$kernel: merkle: proofs of the old order against the new root" 1 "$status"
is "$kernel: merkle: none of them is known" "$count" "$(jq .summary.unknown "$work/out")"

# The order of a build tree says .o.
sed 's/\.ko$/.o/' "$tree/modules.order" >"$here/order"
modhash create --format=merkle --order="$here/order" -o "$here/root.o" "$plain"
is "$kernel: merkle: modules.order with .o yields the same root" "$(sha256sum <"$here/root")" \
	"$(sha256sum <"$here/root.o")"
