#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash show
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

tree t
"$MODHASH" create -o t.table t
"$MODHASH" create -f list -o t.list t
"$MODHASH" create -f merkle -o t.root t
"$MODHASH" create -f merkle --byte-order=big -o big.root t
one=$("$MODHASH" digest t/kernel/fs/one.ko | cut -c 1-64)

run 0 show t.table
out_has 'filename:       t.table'
out_has 'format:         table'
out_has 'filled:         yes'
out_has 'algorithm:      sha256'
out_has 'scope:          payload'
out_has 'count:          5'
out_has 'capacity:       5'
out_has 'version:        1'
out_like '^index:          [0-9]* bits$'
out_like '^overhead:       [0-9]* bytes, [0-9.]* % of the digests$'
out_has 'features:       compatible 0x0, incompatible 0x0'
out_has 'names:          5'
out_has 'release:        6.1.0-test'
out_has "total_size:     $(wc -c <t.table)"
err_is ''
isnt 'no digests without -v' grep -q "$one" "$out"
run 0 show -v t.table
out_has "$one  kernel/fs/one.ko"
is 'all digests with -v' test "$(grep -cE '^[0-9a-f]{64}  kernel/' "$out")" -eq 5

run 0 show -v t.list
out_has 'format:         list'
out_has 'scope:          file'
out_has 'count:          5'
out_has 'size:           160'
out_has "$(sha t/kernel/fs/one.ko)"
run 0 show t.root
out_has 'format:         merkle'
out_has 'byte_order:     little'
out_has 'levels:         3'
out_has "root:           $(tail -c 32 t.root | od -An -v -tx1 | tr -d ' \n')"
out_has 'size:           36'
run 0 show big.root
out_has 'byte_order:     big'
run 0 show t.table t.list t.root
is 'three blobs' test "$(grep -c '^filename' "$out")" -eq 3

# Equal contents under two names.
module same.ko same
cp same.ko other.ko
"$MODHASH" create -q -o dup.table same.ko other.ko
run 0 show -v dup.table
out_has 'count:          1'
out_like '  same.ko$'
out_like '  other.ko$'

# Not patched.
head -c 36 /dev/zero >zero.root
run 0 show zero.root
out_has "filled:         no: not patched, or there were no modules; this format can't tell"
head -c 64 /dev/zero >zero.list
run 0 show zero.list
out_like '^filled:         no: not patched'
: >empty.list
run 0 show empty.list
out_has 'format:         list'
out_has 'count:          0'

# Malformed, unreadable.
head -c 37 /dev/zero >odd
run 2 show odd
err_like '^modhash: odd: '
out_is ''
head -c 100 t.table >short
run 2 show short
err_like '^modhash: short: '
cp t.table bad
patch bad 40 377
run 2 show bad
err_like '^modhash: bad: '
run 2 show missing t.list
err_is "modhash: missing: can't open the file (No such file or directory)"
out_has 'format:         list'
run 2 show t
err_like '^modhash: t: '

finish
