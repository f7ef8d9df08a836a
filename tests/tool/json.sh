#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# --json, of every verb and every kind of answer, held against the schema.
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

if ! have jq; then
	skip 'no jq'
	finish
fi
schema=$srcdir/doc/modhash.schema.json

# json STATUS ARGUMENT...: a run whose output is one document that fits the schema
json() {
	t_expected=$1
	run "$@" --json
	json_fits
}

json_fits() {
	if ! jq -e . "$out" >/dev/null 2>"$t_scratch/wrong"; then
		not_ok "$t_what: not JSON" "$t_scratch/wrong" "$out"
		return
	fi
	jq -r --slurpfile schema "$schema" -f "$here/schema.jq" "$out" >"$t_scratch/wrong" 2>&1
	if [ -s "$t_scratch/wrong" ]; then
		not_ok "$t_what: does not fit the schema" "$t_scratch/wrong"
	else
		ok "$t_what: fits the schema"
	fi
	json_is .exit "$t_expected"
	json_is '.errors | length' "$(grep -vc '^modhash: note: \|^Try ' "$err")"
}

# json_is FILTER TEXT
json_is() {
	found=$(jq -r "$1" "$out" 2>&1)
	if [ "$found" = "$2" ]; then
		ok "$t_what: $1 is $2"
	else
		not_ok "$t_what: $1 is $found, expected $2"
	fi
}

# The validator itself has to find what is wrong.
for bad in '{}' '{"schema":2}' '[]' \
	'{"schema":1,"version":"","verb":"info","errors":[],"notes":[],"exit":0,"other":1}' \
	'{"schema":1,"version":"","verb":"info","errors":[{}],"notes":[],"exit":0}' \
	'{"schema":1,"version":"","verb":"info","errors":[],"notes":[],"exit":0.5}' \
	'{"schema":1,"version":"","verb":"info","errors":[],"notes":[],"exit":0,"files":[{}]}'; do
	echo "$bad" >bad.json
	jq -r --slurpfile schema "$schema" -f "$here/schema.jq" bad.json >wrong 2>&1
	is "the check finds what is wrong with $bad" test -s wrong
done

tree t
"$MODHASH" create -o t.table t
"$MODHASH" create -f list -o t.list t
cp -r t m
"$MODHASH" create -f merkle --proofs=append -o m.root m
module foreign.ko
cp foreign.ko bad.ko
trailer bad.ko 2 9999
echo text >text.ko
one=$("$MODHASH" digest t/kernel/fs/one.ko | cut -c 1-64)

json 0 info m/kernel/fs/one.ko
json_is .schema 1
json_is .verb info
json_is '.files[0].path' m/kernel/fs/one.ko
json_is '.files[0].elf.name' one
json_is '.files[0].elf.class' 64
json_is '.files[0].payload_size' 800
json_is '.files[0].trailers | map(.kind) | join(",")' merkle,pkcs7
json_is '.files[0].trailers[1].signer' 'Throw-away test key'
json_is '.files[0].trailers[1].key_id' C0:FF:EE:01:23:45:67:89
json_is '.files[0].trailers[1].hash' sha256
json_is '.summary.files' 1
json 1 info bad.ko text.ko
json_is '.errors[0].path' bad.ko
json_is '.errors[0].offset' 808
json_is '.files[0].errors | length' 1
json 2 info missing.ko foreign.ko
json_is '.errors[0].errno' 2
json_is '.files | length' 2

json 0 digest t
json_is '.files | length' 5
json_is '.files[0].digest' "$one"
json_is '.files[0].scope' payload
json 2 digest missing.ko bad.ko t
json_is '.summary | [.files, .digests, .failed] | join(" ")' '7 5 2'
"$MODHASH" digest t >sums
printf '%064d  foreign.ko\n%064d  missing.ko\n%064d  t\n' 0 0 0 >>sums
json 2 digest --check sums
json_is '.files | map(.result) | unique | join(" ")' 'failed ok unreadable'
json_is '.summary | [.ok, .failed, .unreadable] | join(" ")' '5 1 2'
for list in /dev/null missing; do
	json 2 digest --check $list
done

for format in table list merkle; do
	json 0 create -f $format -o new.blob t
	json_is '.blobs[0].format' $format
	json_is '.summary.modules' 5
done
json 2 create -o new.blob t missing.ko text.ko
json_is '.blobs' null
json 2 create -o new.blob -f list --order=t/modules.order foreign.ko
mkdir none
json 0 create -o none.table none
json_is '.notes | length' 0
json 0 create -o two.table t/kernel/fs/one.ko t/kernel/fs/two.ko
json_is '.notes | length' 1

json 0 show t.table
json_is '.blobs[0].count' 5
json_is '.entries | length' 5
json_is "[.entries[] | select(.digest == \"$one\") | .modules[].name] | join(\" \")" kernel/fs/one.ko
json 0 show t.list m.root none.table
json_is '.blobs[1].root | length' 64
json_is '.blobs[2].filled' true
json 2 show t.list missing text.ko
json_is '.blobs | length' 1

json 0 query -b t.table t/kernel/fs/one.ko "$one"
json_is '.files | map(.answer) | join(" ")' 'known known'
json_is '.files[0].blob' t.table
json 1 query -b t.table foreign.ko "$(printf '%064d' 0)" bad.ko
json_is '.summary.unknown' 3
json 2 query -b t.table -b missing -b m.root t/kernel/fs/one.ko missing.ko t
json 2 query -b m.root "$one"
json_is '.files[0].answer' not-told
json 2 query foreign.ko

json 0 verify -b t.table t
json_is '.files | length' 0
json_is '.summary.known' 5
json 0 verify -v -b m.root m
json_is '.files | length' 5
json_is '.summary.root' same
json 1 verify -b t.table t foreign.ko bad.ko text.ko
json_is '.files | length' 3
json_is '.files | map(.answer) | unique | join(" ")' unknown
cp -r m gone
rm gone/kernel/fs/one.ko
json 1 verify -b m.root gone
json_is '[.files[] | select(.reason == "missing") | .name] | join(" ")' kernel/fs/one.ko
json 2 verify -b t.table missing.ko
json_is '.files[0].reason' unreadable
json_is '.files[0].answer' not-told

cp t/kernel/fs/one.ko s.ko
json 0 strip-signature -o out.ko s.ko
json_is '.files[0].trailers' 1
json 2 strip-signature -i s.ko foreign.ko bad.ko missing.ko
json_is '.files | map(.result) | join(" ")' 'stripped unsigned failed failed'
json 1 strip-signature -i bad.ko

cp -r t u
patch u/kernel/fs/one.ko 350 101
rm u/kernel/fs/two.ko
module u/kernel/fs/new.ko
"$MODHASH" create -q -o u.table u
json 0 diff t.table t.table
json 1 diff t.table u.table
json_is '.entries | map(.change) | sort | join(" ")' 'added changed removed'
json_is '[.entries[] | select(.change == "changed")][0].first' "$one"
json 1 diff -v t.table u.table
json_is '.entries | length' 6
json 2 diff t.table t.list
json 2 diff t.table missing
json 2 diff t.table

# What is wrong with the command line is told in JSON, too.
json 2 info
json 2 info --no-such-option x
json 2 create t
run 2 no-such-verb --json
t_expected=2
json_fits
json_is .verb null

# Errors without end: the first of them, and how many more there were.
json_is .errors_left_out 0
json_is .notes_left_out 0
n=0
while [ $n -lt 1003 ]; do
	echo "missing-$n.ko"
	n=$((n + 1))
done >missing
run_with missing 2 info --json -
is 'all are told on standard error' test "$(wc -l <"$err")" -eq 1003
json_is '.errors | length' 1000
json_is '.errors[999].path' missing-999.ko
json_is .errors_left_out 3
json_is '.files | length' 1003
jq -r --slurpfile schema "$schema" -f "$here/schema.jq" "$out" >wrong 2>&1
isnt 'it fits the schema' test -s wrong

# Names that are no UTF-8.
latin=$(printf 'l\344tin.ko')
cp foreign.ko "$latin"
json 0 info "$latin"
json_is '.files[0].path' "$(printf 'l\357\277\275tin.ko')"
json_is '.files[0].path_hex' 6ce474696e2e6b6f
module esc.ko "$(printf 'a\033\200b')"
json 0 info esc.ko
json_is '.files[0].elf.name_hex' 611b8062
newline=$(printf 'a "new"\nline\\.ko')
cp foreign.ko "$newline"
json 0 digest "$newline"
json_is '.files[0].path' "$newline"

# A stop is told as well: the document is whole.
mkfifo names
"$MODHASH" digest --json - <names >"$out" 2>"$err" &
pid=$!
exec 3>names
until_caught $pid
kill -TERM $pid
wait $pid
t_what='modhash digest --json, stopped'
t_expected=143
exec 3>&-
json_fits


if [ -x "${GEN_CANON:=$(pwd)/tests/gen/gen-canon}" ]; then
	"$GEN_CANON" .
	json 0 digest --scope=canonical --base=base module.ko
	json_is '.files[0].scope' canonical
	json_is '.files[0] | [.form, .types, .duplicates] | join(" ")' '1 5 0'
	json_is '.files[0].base_sha256' "$(sha256sum <base | cut -d ' ' -f 1)"
	"$MODHASH" canon --btf=drop -o dropped.ko module.ko
	json 0 digest --scope=canonical --base=base twins.ko dropped.ko
	json_is '.files | map(.duplicates) | join(" ")' '2 0'
	json_is '.files[1].base_sha256' null
	json 0 digest module.ko
	json_is '.files[0] | has("form")' false
	json 2 digest --scope=canonical module.ko
	json 0 canon --base=base -o out.ko permuted.ko
	json_is '.files[0].result' changed
	json_is '.files[0].changed | join(" ")' '.BTF .BTF_ids'
	json_is '.files[0] | [.types, .moved] | join(" ")' '5 4'
	json 0 canon --base=base -i out.ko
	json_is '.files[0].result' canonical
	json 2 canon --base=base -i out.ko be32.ko missing.ko
	json_is '.files | map(.result) | join(" ")' 'canonical failed failed'
	json_is '.summary | [.files, .changed, .failed] | join(" ")' '3 0 2'
	json 0 compare --base=base module.ko permuted.ko
	json_is '.modules[0] | [.first, .second, .result] | join(" ")' \
		'module.ko permuted.ko equal-but'
	json_is '.modules[0].kinds | join(" ")' 'BTF order'
	json 1 compare --base=base module.ko member.ko
	json_is '.modules[0].differences | map(select(.kind == "type"))[0].name' state
	json 2 compare module.ko permuted.ko
	json_is '.modules[0].result' failed
else
	skip 'no gen-canon: built without unit tests'
fi
if [ -x "${GEN_IMAGES:=$(pwd)/tests/gen/gen-images}" ]; then
	"$GEN_IMAGES" images
	json 0 show images/good-elf64-le images/good-arm64 t.table
	json_is '.images | map(.kind) | join(" ")' 'vmlinux arm64'
	json_is '.images[0] | [.class, .byte_order, .machine_name] | join(" ")' '64 little x86_64'
	json_is '.images[0].btf_size' 45
	json_is '.blobs | map(.count) | join(" ")' '4 4 5'
	json_is '.summary | [.blobs, .images] | join(" ")' '3 2'
	json 1 show images/good-no-blob
	json_is '.images[0] | [.blob, .room, .release] | join(" ")' 'false 0 6.12.0-generated'
	json_is '.blobs | length' 0
	json 2 show images/good-damaged-table images/bad-cut-vmlinux
	json_is '.images | length' 1
	cp images/good-elf64-le images/good-zero-root .
	json 2 embed --blob=t.table good-elf64-le good-zero-root missing
	json_is '.files | map(.result) | join(" ")' 'embedded failed failed'
	json_is '.blobs[0].count' 5
	json_is '.summary | [.files, .embedded, .unchanged, .failed] | join(" ")' '3 1 0 2'
	json 0 embed --blob=t.table good-elf64-le
	json_is '.files[0].result' unchanged
	json 0 extract -o blob good-elf64-le
	json_is '.files[0] | [.path, .part] | join(" ")' 'blob blob'
	json_is '.files[0].size' "$(wc -c <blob)"
	json_is '.blobs[0].count' 5
	json_is '.images[0].kind' vmlinux
	json 0 extract --btf -o btf good-elf64-le
	json_is '.files[0].size' 45
	json 1 extract --vmlinux -o never images/good-arm64
	json_is '.files' null
	json 0 extract -o blob t.list
	json_is '.images' null
	json 2 extract -o blob missing
else
	skip 'no gen-images: built without unit tests'
fi
json 1 compare t m/kernel
json_is '.summary | [.equal, .equal_but, .different, .alone, .failed] | join(" ")' '0 0 0 10 0'
json 0 compare t m
json_is '.summary.equal_but' 5
finish
