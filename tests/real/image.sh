# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# The kernel's own image: what is in it beside what extract-vmlinux and objcopy make of it, and
# a place for a blob put into its vmlinux, filled in and read back.

image=$(echo "${tree%/lib/modules/*}"/boot/vmlinuz-*)

modhash extract --vmlinux -o "$here/vmlinux.ours" "$image"
exits 0 "$kernel: extract --vmlinux"
if "$top/tests/real/extract-vmlinux" "$image" "$here/vmlinux.theirs" 2>"$work/err"; then
	# What theirs goes on with behind the stream is nothing.
	succeeds "$kernel: it is the one that extract-vmlinux finds" \
		cmp "$here/vmlinux.ours" "$here/vmlinux.theirs"
	objcopy --dump-section ".BTF=$here/btf.theirs" "$here/vmlinux.theirs" "$here/copy"
	modhash extract --btf -o "$here/btf.ours" "$image"
	exits 0 "$kernel: extract --btf"
	succeeds "$kernel: it is the section that objcopy dumps" \
		cmp "$here/btf.ours" "$here/btf.theirs"
else
	skip "$kernel: no vmlinux could be taken out of $image: $(head -n 1 "$work/err")"
fi
is "$kernel: vmlinux is ELF" 7f454c46 "$(head -c 4 "$here/vmlinux.ours" | od -An -v -tx1 | tr -d ' \n')"

modhash show --json "$image"
exits 1 "$kernel: show: there is no blob in it"
is "$kernel: show: the release of its modules" "$release" "$(jq -r '.images[0].release' "$work/out")"
is "$kernel: show: an x86-64 bzImage" 'bzimage vmlinux 64 little x86_64' \
	"$(jq -r '.images[0] | [(.layers | map(.kind))[], .class, .byte_order, .machine_name] | join(" ")' \
		"$work/out")"
is "$kernel: show: BTF of that many bytes" "$(wc -c <"$here/btf.ours")" \
	"$(jq -r '.images[0].btf_size' "$work/out")"
modhash verify --blob="$image" "$tree"
exits 2 "$kernel: verify --blob=vmlinuz can't tell"
is "$kernel: verify says why" 1 "$(grep -c 'without a section .module_hashes: this kernel has no blob' \
	"$work/err")"

# The image as a base of BTF is the base that its vmlinux is.
head -n 20 "$here/names" | sed "s,^,$tree/," >"$here/some"
(cd "$tree" && exec "$MODHASH" digest --scope=canonical --base="$here/vmlinux.ours" - \
	<"$here/some") >"$here/expected" 2>"$work/err" || :
(cd "$tree" && exec "$MODHASH" digest --scope=canonical --base="$image" - \
	<"$here/some") >"$here/found" 2>"$work/err" || :
same "$kernel: canonical digests with vmlinuz as the base" "$here/expected" "$here/found"

# A vmlinux with a place for the blob, as a link would leave it.
modhash create --reserve="$count" -o "$here/reserved"
exits 0 "$kernel: create --reserve=$count"
head -c "$(wc -c <"$here/reserved")" /dev/zero >"$here/zeroes"
objcopy --add-section .module_hashes="$here/zeroes" \
	--set-section-flags .module_hashes=alloc,load,readonly,data "$here/vmlinux.ours" \
	"$here/vmlinux" 2>"$work/err"
cp "$here/vmlinux" "$here/vmlinux.before"
modhash verify --blob="$here/vmlinux" "$tree"
exits 1 "$kernel: no module is known to a blob that is not filled in"
modhash create -q -o "$here/table" "$tree"
exits 0 "$kernel: create"
modhash embed --blob="$here/table" "$here/vmlinux"
exits 0 "$kernel: embed"
objcopy --dump-section ".module_hashes=$here/section" "$here/vmlinux" "$here/copy" 2>"$work/err"
modhash extract -o "$here/back" "$here/vmlinux"
exits 0 "$kernel: extract"
head -c "$(wc -c <"$here/back")" "$here/table" >"$here/kernel-part"
succeeds "$kernel: the table is read back" cmp "$here/back" "$here/kernel-part"
head -c "$(wc -c <"$here/back")" "$here/section" >"$here/kernel-part"
succeeds "$kernel: objcopy finds it in the section" cmp "$here/back" "$here/kernel-part"
is "$kernel: nothing else changed" yes "$(cmp -l "$here/vmlinux.before" "$here/vmlinux" |
	awk -v room="$(wc -c <"$here/zeroes")" 'NR == 1 { first = $1 } { last = $1 }
		END { print last - first < room ? "yes" : "no" }')"
modhash verify --blob="$here/vmlinux" "$tree"
exits 0 "$kernel: all $count modules are known to that vmlinux"

# And packed as a file.
xz -qk --check=crc32 -T0 "$here/vmlinux"
modhash verify --blob="$here/vmlinux.xz" "$tree"
exits 0 "$kernel: and to the same, packed"
rm -f "$here"/vmlinux* "$here/copy"
