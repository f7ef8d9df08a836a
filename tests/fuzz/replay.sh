#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# All fuzz targets on their seeds and on what was found before, without a fuzzer.
#
# From the environment: srcdir, builddir.

set -eu
srcdir=${srcdir:-$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)}
builddir=${builddir:-$srcdir}
here=$srcdir/tests/fuzz
replay=$builddir/tests/fuzz/replay
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
LC_ALL=C
export LC_ALL

fail()
{
	echo "FAIL: $*"
	exit 1
}

# A file of a target that is not in the program would never be run; nor would a directory of
# the corpus that is of no target.
"$replay" --list | sed 's/ .*//' | sort >"$scratch/listed"
for file in "$here"/target-*.c; do
	name=${file##*/target-}
	echo "${name%.c}"
done | sort >"$scratch/there"
cmp -s "$scratch/listed" "$scratch/there" || fail "targets.c and target-*.c do not agree"
for dir in "$here"/corpus/*/; do
	[ -d "$dir" ] || continue
	name=${dir%/}
	grep -qx "${name##*/}" "$scratch/listed" || fail "${name##*/} in corpus/ is no target"
done

# One that fails, and one that never ends, are noticed, and what comes behind them is run.
mkdir "$scratch/self"
printf 'abort' >"$scratch/self/1"
printf 'hang' >"$scratch/self/2"
printf 'well' >"$scratch/self/3"
"$replay" self-test "$scratch/self" >"$scratch/self.out" 2>&1 && fail "a failure goes unnoticed"
grep -qx '1 passed, 2 failed, 0 skipped' "$scratch/self.out" ||
	{ cat "$scratch/self.out"; fail "failures are not counted"; }

"$builddir/tests/fuzz/seeds" "$scratch/seeds"
while read -r name; do
	[ -d "$scratch/seeds/$name" ] || fail "there are no seeds for $name"
done <"$scratch/listed"
"$replay" --all "$scratch/seeds" "$here/corpus"
