# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# Merkle proofs as files, and appended; and taken off again.

beside=$here/beside
link_tree "$tree" "$beside"
modhash create --format=merkle --proofs=files -o "$here/root.files" "$beside"
exits 0 "$kernel: merkle: proofs beside the modules"
is "$kernel: merkle: one each" "$count" "$(find "$beside" -name '*.merkle' | wc -l)"
is "$kernel: merkle: the root is the same" "$(sha256sum <"$here/root")" \
	"$(sha256sum <"$here/root.files")"
known merkle "$here/root" "$beside"
is "$kernel: merkle: the root, recomputed, is the same" same \
	"$(jq -r .summary.root "$work/out")"
verify "$tree" "$here/root"
is "$kernel: merkle: without proofs none is known" "1 $count proof-missing" \
	"$status $(verdicts "$work/out" | sed 's/.* //' | sort | uniq -c | sed 's/^ *//')"

# Appended: packing thousands of modules again takes minutes, so that of a packed tree a
# part has to do, unless --full was asked for.
appended=$here/appended
part_tree=$tree
if [ -n "$suffix" ] && [ "$full" = no ]; then
	echo "NOTE: $kernel: proofs are appended to kernel/fs alone; --full does all"
	part_tree=$here/fs
	mkdir -p "$part_tree/kernel"
	cp -a "$tree/kernel/fs" "$part_tree/kernel/"
	grep '^kernel/fs/' "$tree/modules.order" >"$part_tree/modules.order"
fi
copy_tree "$part_tree" "$appended"
names "$appended" >"$here/appended-names"
appended_count=$(wc -l <"$here/appended-names")
modhash create --format=merkle --proofs=append -o "$here/root.appended" "$appended"
exits 0 "$kernel: merkle: proofs appended to $appended_count modules"
"$top/tests/real/reference.py" root "$appended" "$appended/modules.order" "$suffix" >"$here/expected"
hex "$here/root.appended" >"$here/found"
same "$kernel: merkle: the root of what is under the proofs" "$here/expected" "$here/found"
verify "$appended" "$here/root.appended" --complete
is "$kernel: merkle: all are known by their appended proof" "0 $appended_count same" \
	"$status $(jq -r '.summary | "\(.known) \(.root)"' "$work/out")"
modhash_in "$appended" info --json - <"$here/appended-names"
is "$kernel: merkle: each carries a proof over its signature" "$appended_count" \
	"$(jq '[.files[] | select([.trailers[].kind] == ["merkle", "pkcs7"])] | length' "$work/out")"

# The payload is as it was, and a second run replaces the proof with the same one.
modhash digest "$appended"
sed "s,  $appended/,  ,; s/$suffix\$//" "$work/out" | sort -k2 >"$here/found"
awk 'NR == FNR { wanted[$1]; next } $2 in wanted' "$appended/modules.order" \
	"$here/payload-digests" >"$here/expected"
same "$kernel: merkle: payload digests are as before" "$here/expected" "$here/found"
once=$(cd "$appended" && xargs sha256sum <"$here/appended-names" | sha256sum)
modhash create --format=merkle --proofs=append -o "$here/root.again" "$appended"
is "$kernel: merkle: appending again changes nothing" "$once" \
	"$(cd "$appended" && xargs sha256sum <"$here/appended-names" | sha256sum)"

if [ -n "$suffix" ]; then
	# What a kernel's own unpacker can read: CRC32, and a dictionary that it can afford.
	is "$kernel: xz -t takes all files with proofs" 0 \
		"$(cd "$appended" && xargs -n64 xz -t <"$here/appended-names" >/dev/null 2>&1; echo $?)"
	is "$kernel: their check is CRC32" CRC32 "$(cd "$appended" &&
		xargs xz --robot -lvv <"$here/appended-names" |
		awk -F '\t' '$1 == "block" { print $10 }' | sort -u)"
	is "$kernel: their dictionary is 1 MiB" "--lzma2=dict=1MiB" "$(cd "$appended" &&
		xargs xz --robot -lvv <"$here/appended-names" |
		awk -F '\t' '$1 == "block" { print $NF }' | sort -u)"
	is "$kernel: modinfo reads them" "$appended_count" "$(cd "$appended" &&
		xargs modinfo -F vermagic <"$here/appended-names" 2>/dev/null | grep -c .)"
fi

# One that was packed or not: off with the proof and the signature.
name=$(sed -n 3p "$here/appended-names")
modhash strip-signature -o "$here/stripped.ko$suffix" "$appended/$name"
exits 0 "$kernel: strip-signature of a module with proof and signature"
modhash digest --scope=file "$here/stripped.ko$suffix"
is "$kernel: what is left is the payload" \
	"$(grep "  ${name%"$suffix"}\$" "$here/payload-digests" | cut -c1-64)" "$(cut -c1-64 "$work/out")"
