#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Every symbol of lib/libmodhash.map is called in test-nomem.c, where each allocation fails in
# turn: a new one without a case there fails here.

set -u
LC_ALL=C
export LC_ALL
: "${srcdir:=$(cd "$(dirname "$0")/../.." && pwd)}"
: "${NM:=nm}"
object=tests/unit/test-nomem.o
scratch=$(mktemp -d "${TMPDIR:-/tmp}/modhash-nomem.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT

# What the map exports, and what the test's object file wants of others.
sed -n 's/^\t\(modhash_[a-z0-9_]*\);$/\1/p' "$srcdir/lib/libmodhash.map" | sort >"$scratch/map"
if ! $NM -u "$object" >"$scratch/nm" 2>/dev/null; then
	echo "no $object, or $NM can't read it"
	echo "0 passed, 0 failed, 1 skipped"
	exit 77
fi
sed -n 's/^.*[Uu] _*\(modhash_[a-z0-9_]*\).*/\1/p' "$scratch/nm" | sort -u >"$scratch/calls"

passed=0
failed=0
expect()
{
	if [ "$2" = "$3" ]; then
		passed=$((passed + 1))
		echo "ok - $1"
	else
		failed=$((failed + 1))
		echo "not ok - $1: $3"
	fi
}

# With one more, it has to be missed.
(cat "$scratch/map" && echo modhash_zzz_without_a_case) >"$scratch/more"
expect "a symbol without a case is noticed" modhash_zzz_without_a_case \
	"$(comm -23 "$scratch/more" "$scratch/calls" | tail -n 1)"
expect "the map was read" yes "$([ "$(wc -l <"$scratch/map")" -gt 50 ] && echo yes)"
expect "every symbol has a case in test-nomem.c" "" \
	"$(comm -23 "$scratch/map" "$scratch/calls" | tr '\n' ' ')"
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" = 0 ]
