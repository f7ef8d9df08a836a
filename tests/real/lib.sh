# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2034,SC2154
#
# What the parts of the real-kernel suite have in common.  There is one set of variables:
# $kernel, $tree, $release, $suffix, $count and $here of the kernel at hand.

passed=0
failed=0
skipped=0

part()
{
	step "$*"
}

ok()
{
	passed=$((passed + 1))
	printf 'ok: %s\n' "$*"
}

not_ok()
{
	failed=$((failed + 1))
	printf 'FAIL: %s\n' "$*"
}

skip()
{
	skipped=$((skipped + 1))
	printf 'SKIP: %s\n' "$*"
}

# is TEXT EXPECTED FOUND
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1: expected '$2', found '$3'"
	fi
}

# same TEXT EXPECTED-FILE FOUND-FILE: both have the same lines, and some
same()
{
	if [ ! -s "$2" ]; then
		not_ok "$1: nothing to compare with"
	elif cmp -s "$2" "$3"; then
		ok "$1 ($(wc -l <"$2") lines)"
	else
		not_ok "$1: $(diff "$2" "$3" | grep -c '^[<>]') lines differ, the first:"
		diff "$2" "$3" | sed 4q
	fi
}

# succeeds TEXT COMMAND...
succeeds()
{
	text=$1
	shift
	if "$@" >/dev/null; then
		ok "$text"
	else
		not_ok "$text"
	fi
}

# modhash_in DIR ARGUMENT...: run there; $status, and what it says in out and err
modhash_in()
{
	modhash_dir=$1
	shift
	status=0
	(cd "$modhash_dir" && exec "$MODHASH" "$@") >"$work/out" 2>"$work/err" || status=$?
}

modhash()
{
	modhash_in . "$@"
}

# exits STATUS TEXT: what the last modhash did
exits()
{
	if [ "$status" = "$1" ]; then
		ok "$2"
	else
		not_ok "$2: expected exit $1, found $status"
		sed 5q "$work/err"
		sed 5q "$work/out"
	fi
}

# hex FILE: its bytes as hex digits, on one line
hex()
{
	od -An -v -tx1 "$1" | tr -d ' \n'
	echo
}

# A copy that may be written to: every file its own.
copy_tree()
{
	rm -rf "$2"
	mkdir -p "$2"
	cp -a --reflink=auto "$1/." "$2/"
}

# A copy whose files are the same ones, for when files are added, replaced or unlinked,
# but never written to.
link_tree()
{
	rm -rf "$2"
	mkdir -p "$2"
	cp -al "$1/." "$2/" 2>/dev/null || copy_tree "$1" "$2"
}

# The names of the modules below a directory, without ./, by bytes.
names()
{
	(cd "$1" && find . -type f \( -name '*.ko' -o -name '*.ko.xz' \)) | sed 's,^\./,,' | sort
}

# verdicts FILE: "NAME WORD" for each module in JSON of verify that is not known
verdicts()
{
	jq -r '.files[] | select(.answer != "known") | .name + " " + .reason' "$1"
}

# verify TREE BLOB ARGUMENT...: verdicts on a tree, as JSON in out
verify()
{
	verify_tree=$1
	verify_blob=$2
	shift 2
	modhash verify --json -q --blob="$verify_blob" "$@" "$verify_tree"
}
