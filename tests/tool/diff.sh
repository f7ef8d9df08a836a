#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash diff
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

digest() {
	"$MODHASH" digest "$1" | cut -c 1-64
}

tree t
"$MODHASH" create -o t.table t
"$MODHASH" create --no-names -o t.bare t
"$MODHASH" create -f list -o t.list t
"$MODHASH" create -f merkle -o t.root t
cp -r t u
one=$(digest u/kernel/fs/one.ko)
two=$(digest u/kernel/fs/two.ko)
patch u/kernel/fs/one.ko 350 101
rm u/kernel/fs/two.ko
module u/kernel/fs/new.ko
one2=$(digest u/kernel/fs/one.ko)
new=$(digest u/kernel/fs/new.ko)
"$MODHASH" create -q -o u.table u
"$MODHASH" create -q --no-names -o u.bare u
"$MODHASH" create -q -f merkle -o u.root u/kernel/fs/one.ko

run 0 diff t.table t.table
out_is '0 added, 0 removed, 0 changed, 5 the same'
err_is ''
run 0 diff t.table t.bare
run 0 diff -v t.table t.table
is 'all of them with -v' test "$(grep -c '^= ' "$out")" -eq 5

run 1 diff t.table u.table
out_has "+ $new  kernel/fs/new.ko"
out_has "- $two  kernel/fs/two.ko"
out_has "~ $one $one2  kernel/fs/one.ko"
out_has '1 added, 1 removed, 1 changed, 3 the same'
is 'and nothing else' test "$(wc -l <"$out")" -eq 4
run 1 diff u.table t.table
out_has "~ $one2 $one  kernel/fs/one.ko"

# Without names, another digest is one more and one less.
run 1 diff t.bare u.bare
out_has "+ $new"
out_has "+ $one2"
out_has "- $two"
out_has '2 added, 2 removed, 0 changed, 3 the same'

run 0 diff t.root t.root
run 1 diff t.root u.root
out_has '0 added, 0 removed, 1 changed, 0 the same'

# Two of different kinds can't be compared.
run 2 diff t.table t.list
err_is 'modhash: t.table: held against t.list: found sha256 digests of scope payload and sha256 digests of scope file, expected two blobs of the same kind'
out_is ''
run 2 diff t.list t.root
run 2 diff t.table
err_like '^modhash: 1 operands given; expected two blobs$'
run 2 diff t.table t.table t.table
run 2 diff t.table missing
err_is "modhash: missing: can't open the file (No such file or directory)"
run 2 diff missing missing2
is 'both are told' test "$(wc -l <"$err")" -eq 2

finish
