#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Names that are made to do harm, the longest that there are, and very many, in every verb: what is
# printed is text, JSON is JSON, and every file gets its answer.
# MODHASH_FULL=yes: 100,000 files.
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

tree t
"$MODHASH" create -q -o t.table t
"$MODHASH" create -q -f list -o t.list t
mkdir canon
: >canon/base
[ ! -x "${GEN_CANON:=}" ] || "$GEN_CANON" canon

# harmless FILE: UTF-8 without control characters: C0 but newline, DEL, and U+0080 to U+009F
# shellcheck disable=SC2317 # called by is
harmless() {
	iconv -f UTF-8 -t UTF-8 "$1" >/dev/null 2>&1 &&
		! tr '\n' ' ' <"$1" | LC_ALL=C grep -q "$(printf '[[:cntrl:]]\\|\302[\200-\237]')"
}

if ! have iconv; then
	skip 'no iconv'
	finish
fi
printf 'plain \303\251\302\240\n' >plain
is 'what is no harm' harmless plain
for bad in 'a\033b' 'a\rb' 'a\tb' '\177' '\302\205' '\302\233' '\303' 'a\377'; do
	printf '%b\n' "$(echo "$bad" | sed 's/\\\([0-7]\)/\\0\1/g')" >bad
	isnt "what is: $bad" harmless bad
done

# --- names that do harm ---

# Not as long as names can be: something is put behind.
long=$(printf '%0110d' 0 | sed "s/0/$(printf '\303\251')/g")
mkdir names
number=0
for name in "$(printf 'new\nline')" "$(printf 'tab\tand\rreturn')" "$(printf 'bell\a\033[2J')" \
	"$(printf 'bad\377\300utf8')" "$(printf 'cut\342\202')" "$(printf 'surrogate\355\240\200')" \
	"$(printf 'c1\302\2331mdel\177')" "$long" "x$long" ' spaces ' '-dash' '--json' '*?[a]' '%s%n' \
	'quote"and\backslash'; do
	cp t/kernel/fs/one.ko "names/$name.ko"
	number=$((number + 1))
done
cp -a names others
odd=$(printf 'odd\n\033[2J\302\2331m\377\177')
cp t.table "$odd"
printf 'kernel/%s.o\n' "$odd" >order

# told VERB...: over all of the names, text and JSON
told() {
	told_what=$(printf '%s' "$*" | tr -dc '[:alnum:] =.,-')
	for json in '' --json; do
		verb=$1
		shift
		# shellcheck disable=SC2086 # or nothing
		set -- "$verb" $json "$@"
		case $verb in
		info | query | show | embed | canon | strip-signature)
			find names missing -name '*.ko' -exec "$MODHASH" "$@" -- missing/one.ko {} + ;;
		diff | extract) find names -name '*.ko' -exec "$MODHASH" "$@" -- {} \; ;;
		*) "$MODHASH" "$@" -- names missing ;;
		esac >"$out" 2>"$err" </dev/null
		if [ -z "$json" ] || [ "$verb" = diff ] || [ "$verb" = extract ] || ! have jq; then
			isnt "$told_what $json: all is said by the tool" grep -qv '^modhash: \|^Try ' "$err"
		else
			is "$told_what $json: it is JSON" jq -e . "$out" >"$t_scratch/jq"
		fi
		is "$told_what $json: no harm in the output" harmless "$out"
		is "$told_what $json: nor in what else is told" harmless "$err"
	done
}

mkdir missing
printf 'x' >"missing/$odd.ko"
chmod 0 "missing/$odd.ko"
told info
told info -v
"$MODHASH" digest --scope=file names/*.ko >sums
sed 's/^\(\\*\)[0-9a-f]/\10/' sums >wrong-sums
for json in '' --json; do
	"$MODHASH" digest $json -v --scope=file --check sums wrong-sums order >"$out" 2>"$err" </dev/null
	is "digest --check $json: each is told" test \
		"$(grep -c 'one.ko\|names/' "$out")" -ge $((2 * number))
	is "digest --check $json: no harm in the output" harmless "$out"
	is "digest --check $json: nor in what else is told" harmless "$err"
done
told create -v -o blob
told create -v -f list --allow-non-elf -o blob
told create -f merkle --proofs=files -o blob
told create -f merkle --proofs=append -o blob
told create -o blob --order=order
told create -o blob --order="$odd/none"
told create -o "$odd/x"
told create -o blob names/.
told create -o blob --release="$odd"
told verify -v -b t.table
told verify -v -b t.table -b t.list --complete --order=order
told verify -v -b "$odd" -b "$odd/none" -b order
told query -b t.table
told query -b "$odd" -b "$odd/none"
told compare
told compare -v others
told diff "$odd"
told show
told show -v "$odd"
told embed -v -b "$odd"
told extract -v -o "$odd.out"
told canon -v -i --explain --btf=drop
told canon -o "$odd/x"
told canon -i --base="$odd"
told strip-signature -v -i
told strip-signature -o "$odd/x"
told digest --scope=canonical --base=canon/base --base-cache="$odd"
told digest --scope=canonical --base="$odd/none"
for verb in info digest create verify query compare diff show embed extract canon strip-signature; do
	told "$verb" "--$odd"
	told "$verb" "-$odd"
	told "$verb" --max-size="$odd"
done
told "$odd"
told "x$long$long$long$long"
told info "--$long$long$long"
told digest --scope="$odd"
told create --format="$odd"

# As sha256sum prints them, so that it can read them; but not to a terminal.
run 0 digest names
is 'a line for each' test "$(wc -l <"$out")" -eq $number
is 'sha256sum can read them' sh -c "'$MODHASH' digest --scope=file names | sha256sum --strict -c --quiet"
if have script && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	script -qec "'$MODHASH' digest -q names" /dev/null </dev/null >terminal 2>&1
	tr -d '\r' <terminal >sums
	is 'to a terminal: a line for each' test "$(wc -l <sums)" -eq $number
	is 'to a terminal: no harm' harmless sums
	run 0 digest --check sums
	run 0 digest names
	mv "$out" expected
	script -qec "'$MODHASH' digest -q t" /dev/null </dev/null | tr -d '\r' >sums
	"$MODHASH" digest t >expected
	is 'to a terminal: other names are as they are' cmp -s expected sums
else
	skip 'no script(1) for a terminal'
fi

finish
