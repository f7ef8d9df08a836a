# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# What can happen to a module after the blob was made, and whether it is refused for the
# reason that it was.  The expectations are in the file "reasons".

# code_of FILE: an offset in its code
code_of()
{
	readelf -SW "$1" | sed 's/^ *\[ *[0-9]*\] *//' | awk '$1 == ".text" { print $4 }' |
		{ read -r offset && echo $((0x$offset + 16)); }
}

# flip FILE OFFSET: turn one bit over
flip()
{
	byte=$(od -An -tu1 -j "$2" -N 1 "$1" | tr -d ' ')
	# shellcheck disable=SC2059 # the format is the byte
	printf "$(printf '\\%03o' $((byte ^ 1)))" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# The module, among those that both kernels have, that each case is tried on.
victim_of()
{
	case $1 in
	altered) echo kernel/fs/fat/fat.ko ;;
	strip-debug) echo kernel/fs/isofs/isofs.ko ;;
	strip-all) echo kernel/fs/udf/udf.ko ;;
	cut-10) echo kernel/fs/minix/minix.ko ;;
	cut-60) echo kernel/fs/hfs/hfs.ko ;;
	signed-on-top) echo kernel/fs/hfsplus/hfsplus.ko ;;
	signed-anew) echo kernel/fs/jfs/jfs.ko ;;
	foreign) echo kernel/fs/fat/vfat.ko ;;
	foreign-new) echo kernel/fs/fat/foreign.ko ;;
	extra) echo kernel/fs/fat/extra.ko ;;
	esac
}

# spoil CASE FILE: do it to FILE, unpacked, which is a copy
spoil()
{
	case $1 in
	altered | extra) flip "$2" "$(code_of "$2")" ;;
	strip-debug) strip --strip-debug "$2" ;;
	strip-all) strip "$2" ;;
	cut-10) truncate -s -10 "$2" ;;
	cut-60) truncate -s -60 "$2" ;;
	signed-on-top) "$sign_file" sha256 "$keys/rsa.pem" "$keys/rsa.crt" "$2" ;;
	signed-anew)
		"$MODHASH" strip-signature --in-place "$2"
		"$sign_file" sha256 "$keys/rsa.pem" "$keys/rsa.crt" "$2"
		;;
	esac
}

# bad_tree GOOD BAD: BAD becomes GOOD with one spoiled module for each case
bad_tree()
{
	link_tree "$1" "$2"
	while read -r case _ <&3; do
		victim=$(victim_of "$case")
		source=$1/$victim$suffix
		case $case in
		foreign | foreign-new)
			# The other kernel's, unpacked: this is about its bytes.
			source=$other/kernel/fs/fat/vfat.ko
			[ -f "$source" ] || source=$source.xz
			;;
		extra) source=$1/kernel/fs/fat/fat.ko$suffix ;;
		esac
		file=$work/spoiled.ko
		case $source in
		*.xz) xz -dc "$source" >"$file" ;;
		*) cp "$source" "$file" ;;
		esac
		spoil "$case" "$file"
		rm -f "$2/$victim$suffix"
		if [ -n "$suffix" ]; then
			xz --check=crc32 --lzma2=dict=1MiB -c "$file" >"$2/$victim$suffix"
		else
			cp "$file" "$2/$victim"
		fi
	done 3<"$here/cases"
}

# refused WAY COLUMN TREE BLOB: each case of a bad tree, for the reason in a column
refused()
{
	verify "$3" "$4"
	cp "$work/out" "$here/verdicts-$1.json"
	exits 1 "$kernel: $1: a tree with bad modules is refused"
	verdicts "$work/out" | sort >"$here/found"
	while read -r case reasons <&3; do
		victim=$(victim_of "$case")
		expected=$(echo "$reasons" | awk -v column="$2" '{ print $column }')
		found=$(awk -v name="$victim" '$1 == name { print $2 }' "$here/found")
		is "$kernel: $1: $case" "$expected" "${found:-known}"
	done 3<"$here/cases"
	is "$kernel: $1: and no other" "$(awk -v column="$2" '$(column + 1) != "known"' \
		"$here/cases" | wc -l)" "$(wc -l <"$here/found")"
}

# alone FILE BLOB EXPECTED TEXT: one module by itself
alone()
{
	verify "$1" "$2"
	is "$4" "1 $3" "$status $(jq -r '.files[].reason' "$work/out")"
}

sed '/^#/d' "$top/tests/real/reasons" >"$here/cases"
case $kernel in
6.1) other=$(path_of 6.12) ;;
*) other=$(path_of 6.1) ;;
esac

bad_tree "$tree" "$here/bad"
refused table 1 "$here/bad" "$here/table"
refused list 2 "$here/bad" "$here/list"

# One line each for people, with the path and the reason in words.
modhash verify --blob="$here/table" "$here/bad"
exits 1 "$kernel: table: verify, for people"
is "$kernel: table: a line for each bad module, and the summary" "$(($(awk '$2 != "known"' "$here/cases" | wc -l) + 1))" \
	"$(wc -l <"$work/out")"
succeeds "$kernel: table: the line says why" \
	grep "fat\.ko$suffix: altered since the blob was made" "$work/out"

# A table remembers names, so one module by itself is told as much.
for case in altered strip-all cut-60 foreign; do
	expected=$(awk -v case="$case" '$1 == case { print $2 }' "$here/cases")
	alone "$here/bad/$(victim_of $case)$suffix" "$here/table" "$expected" \
		"$kernel: table: $case, by itself"
done
modhash query --blob="$here/table" "$here/bad/$(victim_of altered)$suffix"
exits 1 "$kernel: table: query refuses an altered module"

bad_tree "$beside" "$here/bad-beside"
refused beside 3 "$here/bad-beside" "$here/root"
bad_tree "$appended" "$here/bad-appended"
refused appended 4 "$here/bad-appended" "$here/root.appended"
