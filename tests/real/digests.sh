# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# File digests are those of sha256sum; payload digests those of the reference.

# The unpacked tree: for a kernel that is not packed, the tree itself.
plain=$tree
if [ -n "$suffix" ]; then
	plain=$work/plain
	link_tree "$tree" "$plain"
	(cd "$plain" && find . -name '*.ko.xz' -print0 | xargs -0 -P"$jobs" -n64 xz -d -f)
fi
names "$plain" >"$here/plain-names"
(cd "$plain" && tr '\n' '\0' <"$here/plain-names" | xargs -0 sha256sum) >"$here/sha256sum"

modhash digest --scope=file "$tree"
exits 0 "$kernel: digest --scope=file of $count modules"
sed "s,  $tree/,  ,; s/$suffix\$//" "$work/out" | sort -k2 >"$here/file-digests"
sort -k2 "$here/sha256sum" >"$here/expected"
same "$kernel: file digests are those of sha256sum${suffix:+ over what xz unpacks}" \
	"$here/expected" "$here/file-digests"

modhash digest "$tree"
exits 0 "$kernel: digest of $count modules"
cp "$work/out" "$here/digest-lines"
sed "s,  $tree/,  ,; s/$suffix\$//" "$work/out" | sort -k2 >"$here/payload-digests"
"$top/tests/real/reference.py" payload "$plain" <"$here/plain-names" | sort -k2 >"$here/expected"
same "$kernel: payload digests are those of the reference" "$here/expected" \
	"$here/payload-digests"
is "$kernel: no payload digest is a file digest" 0 \
	"$(cut -d' ' -f1 "$here/file-digests" "$here/payload-digests" | sort | uniq -d | wc -l)"

modhash digest --check "$here/digest-lines"
exits 0 "$kernel: digest --check reads its own lines back"
sed '7s/^\(.\)\(.\)/\2\1/; 7s/^\(.\)\1/f0/' "$here/digest-lines" >"$here/wrong-lines"
modhash digest --check "$here/wrong-lines"
exits 1 "$kernel: digest --check finds a wrong line"

# A sample through the other algorithms.
awk 'NR % 400 == 1' "$here/plain-names" >"$here/sample"
for algorithm in sha384 sha512 sha3-256 sha3-384 sha3-512; do
	while read -r name <&3; do
		openssl dgst "-$algorithm" -r "$plain/$name" | sed 's/ .*//'
	done 3<"$here/sample" >"$here/expected"
	modhash_in "$plain" digest --scope=file --algorithm=$algorithm - <"$here/sample"
	cut -d' ' -f1 "$work/out" >"$here/found"
	same "$kernel: $algorithm is that of openssl" "$here/expected" "$here/found"
done
