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
mkdir canon images
[ ! -x "${GEN_IMAGES:=}" ] || "$GEN_IMAGES" images >/dev/null
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

# --- the longest path that there can be ---

deep=$PWD/deep
component=$(printf '%0200d' 0)
mkdir deep
(
	cd deep || exit
	while [ ${#PWD} -lt 3750 ]; do
		mkdir "$component" && cd "$component" || exit
	done
	pwd
) >deepest
deepest=$(cat deepest)
# here SUFFIX: a path of 4095 bytes there
here() {
	printf '%s/%0*d%s' "$deepest/$(printf '%0100d' 1)" $((4095 - ${#deepest} - 102 - ${#1})) 0 "$1"
}
(cd "$deepest" && mkdir "$(printf '%0100d' 1)")
cp t/kernel/fs/one.ko "$t_scratch/one.ko"
# Nothing but the tool has to open it by its whole path.
(cd "${deepest}" && cd "$(printf '%0100d' 1)" && for suffix in .ko .image; do
	cp "$t_scratch/one.ko" "$(basename "$(here $suffix)")"
done)
longest=$(here .ko)
is 'it has 4095 bytes' test ${#longest} -eq 4095
is 'and is there' test -f "$longest"
run 0 info "$longest"
run 0 digest "$deep"
run 0 create -q -o blob "$longest"
run 0 create -q -o "$(here .tb)" "$longest"
is 'a blob by such a path' cmp -s blob "$(here .tb)"
run 0 verify -b "$(here .tb)" "$longest"
run 0 query -b "$(here .tb)" "$longest"
run 0 show "$(here .tb)"
run 0 diff blob "$(here .tb)"
run 0 extract -o "$(here .ex)" "$(here .tb)"
run 0 compare "$longest" "$longest"
run 0 create -q -f merkle --proofs=append -o blob "$longest"
run 0 verify -b blob "$longest"
run 0 canon -i --btf=drop "$longest"
run 0 strip-signature -i "$longest"
run 0 strip-signature -o "$(here .co)" "$longest"
is 'a copy by such a path' cmp -s "$longest" "$(here .co)"
if [ -s images/good-zero-table ]; then
	cp images/good-zero-table "$(here .image)"
	run 0 embed -b t.table "$(here .image)"
fi
for verb in info digest 'create -o blob' 'create -f merkle --proofs=append -o blob' \
	'verify -b t.table' 'query -b t.table' show 'diff t.table' 'compare t/kernel/fs/one.ko' \
	'canon -i' 'strip-signature -i' 'embed -b t.table' 'extract -o blob' 'digest --check'; do
	# shellcheck disable=SC2086
	"$MODHASH" $verb "${longest}x" >"$out" 2>"$err" </dev/null
	is "$verb: a byte more, and it is told" test $? -eq 2
	is "$verb: why" grep -q 'File name too long' "$err"
done
for verb in create strip-signature extract canon; do
	"$MODHASH" $verb -o "${longest}x" "$longest" >"$out" 2>"$err" </dev/null
	is "$verb -o: a byte more, and it is told" test $? -eq 2
done
no_litter "$deep"

# --- very many files ---

many=3000
[ "${MODHASH_FULL:-no}" = no ] || many=100000
mkdir many
awk -v n=$many 'BEGIN { for (i = 0; i < n; i++) { f = sprintf("many/%06d.ko", i); print f >f; close(f) } }'
find many -type f | sort >list
for verb in 'create -q --allow-non-elf -o many.table' 'create -q --allow-non-elf -f list -o many.list' \
	'create -q --allow-non-elf -f merkle -o many.root' 'verify -v -b many.table' digest \
	'verify -v --json -b many.list' 'digest --json' 'compare -v many'; do
	# shellcheck disable=SC2086
	run 0 $verb many
	case $verb in
	verify* | digest*) is "$verb: each of $many is named" test "$(grep -c '[0-9]\.ko' "$out")" -eq $many ;;
	esac
done
"$MODHASH" digest many >sums
run 0 digest -v --check sums
is "digest --check: each of $many is named" test "$(grep -c ': OK$' "$out")" -eq $many
for verb in 'query -b many.table' 'strip-signature -v -i' 'info --json'; do
	# shellcheck disable=SC2086
	"$MODHASH" $verb - >"$out" 2>"$err" <list
	is "$verb: each of $many is named" test "$(grep -v '^"errors"' "$out" | grep -c '[0-9]\.ko')" -eq $many
done
# No modules: each has to be told of.
for verb in 'canon -q -i' 'embed -b many.table' 'show' 'create -o no.table'; do
	# shellcheck disable=SC2086
	"$MODHASH" $verb - >"$out" 2>"$err" <list
	is "$verb: each of $many is told of" test "$(grep -c '[0-9]\.ko: ' "$err")" -eq $many
done
run 0 show -v many.table
is "show: each of $many is named" test "$(grep -c '[0-9]\.ko' "$out")" -eq $many
run 0 diff many.table many.table
find many -delete

finish
