#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The command line itself: help, versions, mistakes.
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

verbs='info digest create show query verify strip-signature diff canon compare embed extract'
module a.ko
"$MODHASH" create -q -o a.table a.ko

run 0 --version
out_like '^modhash [0-9]*\.[0-9]*\.[0-9]*$'
err_is ''
run 0 -V
run 0 version
run 0 --help
err_is ''
for verb in $verbs; do
	out_like " $verb "
done
run 0 -h
run 0 help

for verb in $verbs; do
	run 0 "$verb" --help
	out_like "^Usage: modhash $verb "
	out_like '^ *-v, --verbose '
	cp "$out" help
	run 0 help "$verb"
	is "help $verb is $verb --help" cmp -s help "$out"
	run 0 "$verb" -h
	run 2 "$verb"
	out_is ''
	err_like '^modhash: no .* given$'
	err_has "Try 'modhash $verb --help'."
	run 2 "$verb" --no-such-option a.ko
	err_like '^modhash: no option --no-such-option'
	run 2 "$verb" --jobs=two a.ko
	err_like '^modhash: --jobs=two: expected a number'
done

run 2
out_is ''
err_like '^Usage: modhash'
run 2 verfy
err_like 'verfy: no such verb; did you mean verify?$'
run 2 strip
err_like 'did you mean strip-signature?$'
run 2 xyzzy
err_like 'xyzzy: no such verb$'
run 2 --json info a.ko
err_like '^modhash: --json: a verb comes first$'
run 2 ''

run 2 info -Z a.ko
err_like '^modhash: no option -Z$'
run 2 info -j
err_like '^modhash: -j needs an argument$'
run 2 info --jobs
err_like '^modhash: --jobs needs an argument$'
run 2 info --json=yes a.ko
err_like '^modhash: --json=yes takes no argument$'
run 2 info --max-s a.ko
err_like '^modhash: --max-size=a.ko: expected a number of bytes'
for bad in -1 '' 1x 1025 99999999999999999999 ' 1'; do
	run 2 info "--jobs=$bad" a.ko
done
for bad in 0 '' x 1X 1KK 18446744073709551616 17179869184G; do
	run 2 info "--max-size=$bad" a.ko
	err_like '^modhash: --max-size='
done
run 0 info --max-size=1k a.ko
run 2 info --max-size=799 a.ko
err_like '^modhash: a.ko: '
run 0 info --max-size=800 a.ko
for bad in 0 x -1 1Q ''; do
	run 2 info "--max-memory=$bad" a.ko
	err_like '^modhash: --max-memory='
	run 2 digest "--max-types=$bad" a.ko
	err_like '^modhash: --max-types='
done
run 2 digest --max-types=1048576 a.ko
run 0 digest --max-types=1048575 a.ko
run 0 digest --max-memory=1M a.ko
run 2 digest --max-memory=100 a.ko
err_like '^modhash: a.ko: [0-9]* bytes of memory are needed beside the [0-9]* in use, and the limit is 100'
run 2 verify --max-memory=100 -b a.ko a.ko
run 2 digest --scope=whole a.ko
err_like '^modhash: --scope=whole: expected one of file, payload, canonical$'
run 2 digest --algorithm=md5 a.ko
err_like '^modhash: --algorithm=md5: expected one of sha256, '
run 2 create --format=tree -o x a.ko
err_like 'expected one of table, list, merkle$'
run 2 create --index=25 -o x a.ko
err_like '^modhash: --index=25: expected small, fast or a number from 0 to 24$'
run 2 create --capacity=268435457 -o x a.ko
run 2 create --capacity=many -o x a.ko

# Options may stand anywhere, be cut short, and end with --.
run 0 digest a.ko --sc file
run 0 digest -- a.ko
cp a.ko ./-v
run 0 digest -- -v
out_like '  -v$'
run 0 query -qb a.table a.ko
run 0 digest --scope=payload --scope=file a.ko
cp "$out" last
run 0 digest --scope=file a.ko
is 'the last of two wins' cmp -s last "$out"

run 2 help frob
err_like '^modhash: frob: no such verb'
finish
