# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# The whole tree through each format: create, show, query each module, verify.

# What can be asked of a blob of any format, about modules that are all in it.
# Those of a root need their proofs: TREE is where these are.
# known FORMAT BLOB TREE
known()
{
	modhash show --json "$2"
	exits 0 "$kernel: $1: show"
	is "$kernel: $1: show knows the format" "$1" "$(jq -r '.blobs[0].format' "$work/out")"
	modhash_in "$3" query --json --blob="$2" - <"$here/names"
	exits 0 "$kernel: $1: query of each module"
	is "$kernel: $1: query knows each" "$count" \
		"$(jq '[.files[] | select(.answer == "known")] | length' "$work/out")"
	modhash verify --complete --blob="$2" "$3"
	exits 0 "$kernel: $1: verify"
	is "$kernel: $1: verify has a line for the summary alone" 1 "$(wc -l <"$work/out")"
	verify "$3" "$2" --complete
	is "$kernel: $1: verify counts all as known" "$count 0 0 0" \
		"$(jq -r '.summary | "\(.known) \(.unknown) \(.missing) \(.not_told)"' "$work/out")"
}

modhash create -o "$here/table" --release="$release" "$tree"
exits 0 "$kernel: table: create"
known table "$here/table" "$tree"
modhash show -v "$here/table"
grep -oE '\b[0-9a-f]{64}\b' "$work/out" | sort -u >"$here/found"
cut -c1-64 "$here/payload-digests" | sort -u >"$here/expected"
same "$kernel: table: its digests are the payloads'" "$here/expected" "$here/found"
if [ -z "$suffix" ]; then
	modhash create -o "$here/table.again" -j1 --release="$release" "$tree"
	is "$kernel: table: one thread makes the same bytes" "$(sha256sum <"$here/table")" \
		"$(sha256sum <"$here/table.again")"
fi
modhash create --no-names -o "$here/bare" "$tree"
total=$(stat -c %s "$here/bare")
is "$kernel: table: the kernel's part stands by itself" "$(sha256sum <"$here/bare")" \
	"$(head -c "$total" "$here/table" | sha256sum)"
unique=$(wc -l <"$here/expected")
is "$kernel: table: the small index costs at most 2 %" yes \
	"$([ $((total - 192)) -le $((unique * 32 * 102 / 100)) ] && echo yes || echo "$total bytes")"

modhash create --format=list -o "$here/list" "$tree"
exits 0 "$kernel: list: create"
known list "$here/list" "$tree"
awk 'NR == FNR { digest[$2] = $1; next } { print digest[$1] }' "$here/file-digests" \
	"$tree/modules.order" >"$here/in-order"
is "$kernel: list: its bytes are the file digests in the order of the build" \
	"$({ tr -d '\n' <"$here/in-order"; echo; } | sha256sum)" "$(hex "$here/list" | sha256sum)"
modhash create --format=list --c-source -o "$here/list.c" "$tree"
exits 0 "$kernel: list: C source"
is "$kernel: list: C source names each module" "$count" "$(grep -c '\.ko \*/' "$here/list.c")"

"$top/tests/real/reference.py" root "$plain" "$tree/modules.order" >"$here/expected"
modhash create --format=merkle -o "$here/root" "$tree"
exits 0 "$kernel: merkle: create"
hex "$here/root" >"$here/found"
same "$kernel: merkle: the root is that of the reference" "$here/expected" "$here/found"
modhash create --format=merkle --byte-order=big -o "$here/root.big" "$tree"
is "$kernel: merkle: a big-endian root differs in its levels alone" \
	"$(tail -c 32 "$here/root" | sha256sum)" "$(tail -c 32 "$here/root.big" | sha256sum)"
