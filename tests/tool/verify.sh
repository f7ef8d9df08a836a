#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash verify
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

tree t
"$MODHASH" create -o t.table t
"$MODHASH" create -f list -o t.list t
cp -r t m
"$MODHASH" create -f merkle --proofs=append -o m.root m

# All is well: the summary, and nothing else.
run 0 verify --blob=t.table t
out_is '5 modules: 5 known, 0 not known, 0 missing, 0 not told'
err_is ''
run 0 verify --blob=t.list t
out_is '5 modules: 5 known, 0 not known, 0 missing, 0 not told'
run 0 verify --blob=m.root m
out_is '5 modules: 5 known, 0 not known, 0 missing, 0 not told'
run 0 verify -v --blob=m.root m
out_has 'm/kernel/fs/one.ko: known: m.root'
out_has 'the modules in this order yield this very root'
run 0 verify --blob=t.table t/kernel/fs/one.ko
out_is '1 module: 1 known, 0 not known, 0 missing, 0 not told'

# changed DIR: another byte in one.ko, two.ko signed again, three.ko without a trailer,
# a foreign one; four.ko and five.ko stay
changed() {
	patch "$1/kernel/fs/one.ko" 350 101
	sign "$1/kernel/fs/two.ko"
	head -c 800 "$1/kernel/net/three.ko" >three
	cp three "$1/kernel/net/three.ko"
	module "$1/kernel/fs/foreign.ko" foreign
}

cp -r t x
changed x
run 1 verify --blob=t.table x
out_like '^x/kernel/fs/one.ko: altered since the blob was made'
out_like '^x/kernel/fs/foreign.ko: '
out_has '6 modules: 4 known, 2 not known, 0 missing, 0 not told'
is 'one line a module that is not right' test "$(wc -l <"$out")" -eq 3
run 1 verify --blob=t.list x
out_like '^x/kernel/fs/one.ko: '
out_like '^x/kernel/fs/two.ko: signed, or signed again, after its hash was taken'
out_like '^x/kernel/net/three.ko: '
out_has '6 modules: 2 known, 4 not known, 0 missing, 0 not told'

# Where all others are signed, one that is not was stripped.
tree s
sign s/kernel/net/four.ko
sign s/kernel/net/five.ko
"$MODHASH" create -f list -o s.list s
cp three s/kernel/net/three.ko
run 1 verify --blob=s.list s
out_like '^s/kernel/net/three.ko: stripped since the blob was made'

cp -r m y
patch y/kernel/fs/one.ko 350 101
cp y/kernel/fs/two.ko two
head -c 1044 two >y/kernel/fs/two.ko
head -c 1050 y/kernel/net/three.ko >three
cp three y/kernel/net/three.ko
run 1 verify --blob=m.root y
out_like '^y/kernel/fs/one.ko: '
out_like '^y/kernel/fs/two.ko: has no Merkle proof'
out_like '^y/kernel/net/three.ko: '
out_has '5 modules: 2 known, 3 not known, 0 missing, 0 not told'

# A set of blobs.
"$MODHASH" create -q -o foreign.table x/kernel/fs/foreign.ko
run 1 verify -b t.table -b foreign.table x
out_has '6 modules: 5 known, 1 not known, 0 missing, 0 not told'

# The order of the build, and what is missing from it.
cp -r t gone
rm gone/kernel/fs/two.ko
run 1 verify --blob=t.list gone
out_like '^kernel/fs/two.ko: missing'
out_has '4 modules: 4 known, 0 not known, 1 missing, 0 not told'
run 0 verify --blob=t.table gone
run 1 verify --complete --blob=t.table gone
out_like '^kernel/fs/two.ko: missing'
run 1 verify --order=t/modules.order --blob=t.table gone
out_like '^kernel/fs/two.ko: missing'
run 0 verify --order=t/modules.order --blob=t.list gone/kernel/fs/one.ko
rm gone/modules.order
run 0 verify --blob=t.list gone
err_is 'modhash: note: no modules.order in gone: modules taken by path in byte order'
run 0 verify -q --blob=t.list gone
err_is ''
run 2 verify --order=missing --blob=t.list t
err_is "modhash: missing: can't open the file (No such file or directory)"

# In another order, the proofs are for other positions.
cp -r m swapped
sort m/modules.order >swapped/modules.order
run 1 verify --blob=m.root swapped
out_like 'proof is for another position'

# Compressed files match the lines of the order, too.
if have xz; then
	cp -r t packed
	find packed -name '*.ko' -exec xz --check=crc32 {} +
	run 0 verify --blob=t.list packed
	run 0 verify --complete --blob=t.table packed
	head -c 200 packed/kernel/fs/one.ko.xz >short
	cp short packed/kernel/fs/one.ko.xz
	run 1 verify --blob=t.table packed
	out_like '^packed/kernel/fs/one.ko.xz: compressed data are corrupt'
else
	skip 'no xz'
fi

# Not told: on standard error, and 2 wins; the others are told about.
run 2 verify -b t.table missing.ko x
err_like '^modhash: missing.ko: could not be read'
out_like '^x/kernel/fs/one.ko: altered'
out_has '7 modules: 4 known, 2 not known, 0 missing, 1 not told'
cp three cut.ko
trailer cut.ko 2 99999
run 1 verify -b t.table cut.ko
out_like '^cut.ko: '
echo text >text.ko
run 1 verify -b t.table text.ko
out_like '^text.ko: not a kernel module'
run 2 verify -b t.list --max-size=900 t
err_like '^modhash: t/kernel/fs/one.ko: '
out_has '5 modules: 2 known, 0 not known, 0 missing, 3 not told'

# Blobs that say nothing.
head -c 36 /dev/zero >zero.root
run 1 verify -b zero.root t/kernel/fs/one.ko
out_has 't/kernel/fs/one.ko: the blob was not filled in: the root is empty or all zeroes: it knows no module'
: >empty.list
run 1 verify -b empty.list t/kernel/fs/one.ko
out_has 't/kernel/fs/one.ko: the blob was not filled in: the list is empty or all zeroes: it knows no module'
run 2 verify t
err_like '^modhash: no --blob=BLOB given to ask$'
run 2 verify -b missing t
out_is ''
head -c 35 m.root >cut.root
run 2 verify -b cut.root -b t.table t
err_like '^modhash: cut.root: '
out_has '5 modules: 5 known, 0 not known, 0 missing, 0 not told'
mkdir none
run 0 verify -b t.table none
out_is '0 modules: 0 known, 0 not known, 0 missing, 0 not told'

# A directory without modules is told of: it may be the wrong one.
mkdir -p nothing
tree some
"$MODHASH" create -q -o some.table some
run 0 verify -b some.table nothing
err_like '^modhash: note: no modules in nothing$'
run 0 verify -b some.table some nothing
err_is 'modhash: note: no modules in nothing'
out_is '5 modules: 5 known, 0 not known, 0 missing, 0 not told'
run 0 verify -q -b some.table nothing
err_is ''

finish
