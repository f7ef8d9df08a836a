# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the tests of the tool share: small modules made on the spot, runs of real
# processes, and counts.  A test file sources this, calls run and the checks, and ends
# with "finish".  $MODHASH is the tool, $srcdir the top of the tree.

set -u
LC_ALL=C
export LC_ALL
unset POSIXLY_CORRECT

: "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${MODHASH:=$(pwd)/tools/modhash}"
here=$srcdir/tests/tool
self=$(basename "$0" .sh)

# lib.sh's own names begin with t_, where they are not for the tests.
t_passed=0
t_failed=0
t_skipped=0
t_number=0

t_scratch=$(mktemp -d "${TMPDIR:-/tmp}/modhash-tool.XXXXXX") || exit 99
trap 'cd /; chmod -R u+rwx "$t_scratch"; rm -rf "$t_scratch"' EXIT
trap 'exit 99' INT TERM HUP
cd "$t_scratch" || exit 99
mkdir work
cd work || exit 99

# --- counts ---

ok() {
	t_number=$((t_number + 1))
	t_passed=$((t_passed + 1))
	echo "ok $t_number - $self: $1"
}

# not_ok DESCRIPTION [FILE...]: the files tell what was found
not_ok() {
	t_number=$((t_number + 1))
	t_failed=$((t_failed + 1))
	echo "not ok $t_number - $self: $1"
	shift
	for t_file in "$@"; do
		echo "# $(basename "$t_file"):"
		head -n 20 "$t_file" | sed 's/^/#   /'
	done
}

# no_counts: a program that is killed, or whose writes fail, leaves counts for gcov that can't be
# read: they go where nobody reads them.
no_counts() {
	GCOV_PREFIX=$t_scratch/gcov
	export GCOV_PREFIX
}

skip() {
	t_number=$((t_number + 1))
	t_skipped=$((t_skipped + 1))
	echo "ok $t_number - $self: # SKIP $1"
}

# until_caught PID: until that is the tool, and it catches SIGTERM (bit 14)
until_caught() {
	t_waits=0
	while [ $t_waits -lt 600 ]; do
		t_caught=$(sed -n 's/^SigCgt:[^0-9a-f]*//p' "/proc/$1/status" 2>/dev/null)
		grep -q modhash "/proc/$1/comm" 2>/dev/null &&
			[ $((0x${t_caught:-0} & 0x4000)) -ne 0 ] && return
		sleep 0.1
		t_waits=$((t_waits + 1))
	done
}

finish() {
	echo "1..$t_number"
	echo "$t_passed passed, $t_failed failed, $t_skipped skipped"
	[ "$t_failed" -eq 0 ] || exit 1
	[ "$t_passed" -gt 0 ] || exit 77
	exit 0
}

# is DESCRIPTION COMMAND...: passes if the command does
is() {
	t_description=$1
	shift
	if "$@"; then ok "$t_description"; else not_ok "$t_description"; fi
}

# isnt DESCRIPTION COMMAND...
isnt() {
	t_description=$1
	shift
	if "$@"; then not_ok "$t_description"; else ok "$t_description"; fi
}

# --- runs ---

out=$t_scratch/stdout
err=$t_scratch/stderr

# run STATUS ARGUMENT...: run the tool; its exit status is one test
run() {
	t_expected=$1
	shift
	t_what="modhash $*"
	t_status=0
	"$MODHASH" "$@" >"$out" 2>"$err" </dev/null || t_status=$?
	t_judge
}

# run_with INPUT STATUS ARGUMENT...: the same with a file as standard input
run_with() {
	t_input=$1
	t_expected=$2
	shift 2
	t_what="modhash $* < $t_input"
	t_status=0
	"$MODHASH" "$@" >"$out" 2>"$err" <"$t_input" || t_status=$?
	t_judge
}

t_judge() {
	if [ "$t_status" -eq "$t_expected" ]; then
		ok "$t_what: exit status $t_expected"
	else
		not_ok "$t_what: exit status $t_status, expected $t_expected" "$out" "$err"
	fi
}

# out_is TEXT / err_is TEXT: all of it, to the last newline
out_is() { t_is "$out" "$1"; }
err_is() { t_is "$err" "$1"; }

t_is() {
	if [ -n "$2" ]; then printf '%s\n' "$2"; fi >"$t_scratch/expected"
	if cmp -s "$1" "$t_scratch/expected"; then
		ok "$t_what: $(basename "$1") as expected"
	else
		not_ok "$t_what: $(basename "$1")" "$1" "$t_scratch/expected"
	fi
}

# out_has LINE / err_has LINE: one whole line of it
out_has() { t_has "$out" "$1"; }
err_has() { t_has "$err" "$1"; }

t_has() {
	if grep -Fxq -e "$2" "$1"; then
		ok "$t_what: has line: $2"
	else
		not_ok "$t_what: has no line: $2" "$1"
	fi
}

# out_like PATTERN / err_like PATTERN: a basic regular expression in it
out_like() { t_like "$out" "$1"; }
err_like() { t_like "$err" "$1"; }

t_like() {
	if grep -q -e "$2" "$1"; then
		ok "$t_what: matches $2"
	else
		not_ok "$t_what: does not match $2" "$1"
	fi
}

# no_litter DIR: no file that a run left half-done
no_litter() {
	t_litter=$(find "$1" -name '.modhash-*' | head -n 3)
	if [ -z "$t_litter" ]; then
		ok "nothing half-done in $1"
	else
		not_ok "half-done in $1: $t_litter"
	fi
}

sha() {
	sha256sum "$1" | cut -d ' ' -f 1
}

have() {
	command -v "$1" >/dev/null 2>&1 && ! lacks "$1"
}

# lacks PACKER: was the tool built without what reads its output?
lacks() {
	case $1 in
	gzip) [ "${WITH_ZLIB:-yes}" = no ] ;;
	xz) [ "${WITH_LZMA:-yes}" = no ] ;;
	zstd) [ "${WITH_ZSTD:-yes}" = no ] ;;
	lz4) [ "${WITH_LZ4:-yes}" = no ] ;;
	*) false ;;
	esac
}

# --- modules ---

# Bytes are gathered as octal escapes: no process a byte.
t_bytes=
t_endian=little

u8() {
	t_bytes="$t_bytes\\0$(($1 >> 6))$((($1 >> 3) & 7))$(($1 & 7))"
}

u16() {
	if [ "$t_endian" = little ]; then u8 $(($1 & 255)); u8 $(($1 >> 8))
	else u8 $(($1 >> 8)); u8 $(($1 & 255)); fi
}

u32() {
	if [ "$t_endian" = little ]; then u16 $(($1 & 65535)); u16 $(($1 >> 16))
	else u16 $(($1 >> 16)); u16 $(($1 & 65535)); fi
}

# A word of the class: addresses and sizes; they are small here.
word() {
	if [ "$t_class" = 32 ]; then u32 "$1"
	elif [ "$t_endian" = little ]; then u32 "$1"; u32 0
	else u32 0; u32 "$1"; fi
}

# text TEXT SIZE: text, padded with NUL to SIZE bytes; \0 separates strings in it
text() {
	t_length=$(printf '%b' "$1" | wc -c)
	t_bytes="$t_bytes$1"
	while [ "$t_length" -lt "$2" ]; do
		u8 0
		t_length=$((t_length + 1))
	done
}

# section NAME TYPE OFFSET SIZE LINK INFO ENTSIZE
section() {
	u32 "$1"
	u32 "$2"
	word 0
	word 0
	word "$3"
	word "$4"
	u32 "$5"
	u32 "$6"
	word 8
	word "$7"
}

# module FILE [NAME [VERMAGIC [CLASS [BYTE ORDER [CONTENTS]]]]]: a module that is small,
# but has all that the tool looks at
module() {
	t_name=${2:-$(basename "$1" .ko)}
	t_vermagic=${3:-6.1.0-test SMP mod_unload}
	t_class=${4:-64}
	t_endian=${5:-little}
	t_bytes=
	t_header=64
	t_shdr=64
	t_symbol=24
	if [ "$t_class" = 32 ]; then
		t_header=52
		t_shdr=40
		t_symbol=16
	fi
	t_modinfo=$(((t_header + 7) & ~7))
	t_note=$((t_modinfo + 192))
	t_text=$((t_note + 40))
	t_symtab=$((t_text + 32))
	t_strtab=$((t_symtab + t_symbol))
	t_table=$((t_strtab + 64))

	u8 127
	text ELF 3
	u8 $((t_class / 32))
	if [ "$t_endian" = little ]; then u8 1; else u8 2; fi
	u8 1
	text '' 9
	u16 1
	if [ "$t_class" = 32 ]; then u16 8; else u16 62; fi
	u32 1
	word 0
	word 0
	word $t_table
	u32 0
	u16 $t_header
	u16 0
	u16 0
	u16 $t_shdr
	u16 6
	u16 5
	text '' $((t_modinfo - t_header))
	text "license=GPL\\0000name=$t_name\\0000vermagic=$t_vermagic\\0000" 192
	u32 4
	u32 20
	u32 3
	text 'GNU\0000' 4
	text "$(printf '%.20s' "$t_name-0123456789abcdefghij")" 20
	text '' 4
	text "${6:-contents}" 32
	text '' $t_symbol
	text '\0000.modinfo\0000.note.gnu.build-id\0000.text\0000.symtab\0000.strtab\0000' 64
	text '' $t_shdr
	section 1 1 $t_modinfo 192 0 0 0
	section 10 7 $t_note 36 0 0 0
	section 29 1 $t_text 32 0 0 0
	section 35 2 $t_symtab $t_symbol 5 1 $t_symbol
	section 43 3 $t_strtab 64 0 0 0
	printf '%b' "$t_bytes" >"$1"
}

# trailer FILE TYPE LENGTH: what ends a trailer, behind data that are there already
trailer() {
	t_endian=big
	t_bytes=
	u8 0
	u8 0
	u8 "$2"
	text '' 5
	u32 "$3"
	printf '%b' "$t_bytes" >>"$1"
	printf '~Module signature appended~\n' >>"$1"
}

# sign FILE: append a PKCS#7 signature (of nothing in particular: nobody verifies it)
sign() {
	t_bytes=
	while read -r t_line; do
		while [ -n "$t_line" ]; do
			t_rest=${t_line#??}
			u8 $((0x${t_line%"$t_rest"}))
			t_line=$t_rest
		done
	done <"$here/signature.hex"
	printf '%b' "$t_bytes" >>"$1"
	trailer "$1" 2 204
}

# patch FILE OFFSET OCTAL: one byte
patch() {
	printf '%b' "\\0$3" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null
}

# A tree of five modules, three of them signed, with modules.order
tree() {
	mkdir -p "$1/kernel/fs" "$1/kernel/net"
	module "$1/kernel/fs/one.ko"
	module "$1/kernel/fs/two.ko"
	module "$1/kernel/net/three.ko"
	module "$1/kernel/net/four.ko"
	module "$1/kernel/net/five.ko"
	sign "$1/kernel/fs/one.ko"
	sign "$1/kernel/fs/two.ko"
	sign "$1/kernel/net/three.ko"
	printf 'kernel/%s.o\n' net/three fs/two fs/one net/five net/four >"$1/modules.order"
}
