#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash query
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

tree t
module foreign.ko foreign '6.1.0-test x'
"$MODHASH" create -o t.table t
"$MODHASH" create -f list -o t.list t
"$MODHASH" create -q -a sha512 -o f.table foreign.ko
one=$("$MODHASH" digest t/kernel/fs/one.ko | cut -c 1-64)
file=$(sha t/kernel/fs/one.ko)
none=$(printf '%064d' 0)

run 0 query --blob=t.table t/kernel/fs/one.ko
out_is 't/kernel/fs/one.ko: known: t.table'
err_is ''
run 1 query --blob=t.table foreign.ko
out_like '^foreign.ko: unknown'
run 1 query --blob=t.table foreign.ko t/kernel/fs/one.ko
out_has 't/kernel/fs/one.ko: known: t.table'

# Digests: in the scope that the blob has, or the one that is named.
run 0 query --blob=t.table "$one"
out_is "$one: known: t.table"
run 0 query --blob=t.table "$(echo "$one" | tr a-f A-F)"
run 0 query --blob=t.list "$file"
run 1 query --blob=t.list "$one"
out_is "$one: unknown"
run 1 query --blob=t.table "$none"
out_is "$none: unknown"
run 0 query --blob=t.table --scope=payload "$one"
run 2 query --blob=t.table --scope=file "$one"
err_like 'no blob has digests of this kind'
run 2 query --blob=t.table --algorithm=sha3-256 "$one"
run 2 query --blob=f.table "$one"
run 0 query --blob=f.table --blob=t.table "$one"
out_is "$one: known: t.table"
run 0 query --blob=f.table "$("$MODHASH" digest -a sha512 foreign.ko | cut -c 1-128)"

# Several blobs are one set; answers come in the order of the operands.
run 0 query -b t.table -b f.table "$one" foreign.ko t/kernel/net/five.ko
out_is "$one: known: t.table
foreign.ko: known: f.table
t/kernel/net/five.ko: known: t.table"
run 1 query -b t.list -b t.table "$none" t/kernel/fs/one.ko "$none" "$file"
out_is "$none: unknown
t/kernel/fs/one.ko: known: t.list
$none: unknown
$file: known: t.list"

# A name of hex digits that is a file is a file.
cp t/kernel/fs/one.ko "$none"
run 0 query -b t.table "$none"
out_is "$none: known: t.table"
rm "$none"

# With a proof: appended, or beside.
cp -r t m
"$MODHASH" create -f merkle --proofs=append -o m.root m
run 0 query -b m.root m/kernel/fs/one.ko
run 1 query -b m.root t/kernel/fs/one.ko
out_is 't/kernel/fs/one.ko: unknown: has no Merkle proof'
"$MODHASH" create -f merkle --proofs=files -o t.root t
run 0 query -b t.root t/kernel/fs/one.ko
run 2 query -b t.root "$one"

# Names from standard input, digests among them.
printf '%s\n' t/kernel/fs/one.ko "$one" >list
run_with list 0 query -b t.table -
is 'two answers' test "$(grep -c ': known: ' "$out")" -eq 2

# Bad modules are a no; what can't be read is not told; both never hide the others.
cp foreign.ko bad.ko
trailer bad.ko 2 9999
run 1 query -b t.table bad.ko t/kernel/fs/one.ko
out_like '^bad.ko: unknown: appended trailer is malformed'
out_has 't/kernel/fs/one.ko: known: t.table'
run 2 query -b t.table missing.ko foreign.ko t/kernel/fs/one.ko
err_like '^modhash: missing.ko: '
out_has 't/kernel/fs/one.ko: known: t.table'
out_like '^foreign.ko: unknown'
run 2 query -b t.table t
err_like '^modhash: t: is a directory'

run 2 query t/kernel/fs/one.ko
err_like '^modhash: no --blob=BLOB given to ask$'
run 2 query -b missing t/kernel/fs/one.ko
out_is ''
run 2 query -b missing -b t.table t/kernel/fs/one.ko
out_is 't/kernel/fs/one.ko: known: t.table'
head -c 36 /dev/zero >zero.root
run 1 query -b zero.root t/kernel/fs/one.ko
out_is 't/kernel/fs/one.ko: unknown: the blob was not filled in'

finish
