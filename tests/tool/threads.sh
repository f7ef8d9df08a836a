#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# No result depends on the number of threads, nor on the order in which files are named or
# happen to be through.
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

# Files of all lengths, small and large, some of them packed, some signed.
mkdir t
i=10
while [ $i -lt 70 ]; do
	length=$((i * i * i * (i % 7 + 1) / 3))
	{ echo "module $i"; head -c $length /dev/zero; } >t/$i.ko
	case $((i % 5)) in
	1) [ "${WITH_LZMA:-yes}" = no ] || xz --check=crc32 t/$i.ko ;;
	2) [ "${WITH_ZLIB:-yes}" = no ] || gzip t/$i.ko ;;
	3) sign t/$i.ko ;;
	esac
	i=$((i + 1))
done
: >t/empty.ko
head -c 3000000 /dev/zero >t/large.ko

find t -type f | sort >sorted
# The same order in each run of this test, and another for each number.
shuffled() {
	awk -v seed="$1" 'BEGIN { srand(seed) } { print rand() " " $0 }' sorted | sort -g |
		cut -d ' ' -f 2- >shuffled
}

run_with sorted 0 digest -j1 --scope=file -
cp "$out" file
run_with sorted 0 digest -j1 -a sha512 -
cp "$out" sha512
for format in table list merkle; do
	run_with sorted 0 create -q -j1 --allow-non-elf -f $format -o $format -
done
run_with sorted 0 verify -j1 -v -b table -b list -b merkle -
cp "$out" verdicts

for jobs in 1 2 3 8; do
	for seed in 1 2 3; do
		shuffled $seed
		how="$jobs threads, order $seed"
		run_with shuffled 0 digest -j$jobs --scope=file -
		is "digests in the order asked for: $how" sh -c \
			"cut -c 67- '$out' | cmp -s - shuffled"
		is "the same digests: $how" sh -c "sort -k 2 '$out' | cmp -s - file"
		run_with shuffled 0 digest -j$jobs -a sha512 -
		is "of another algorithm: $how" sh -c "sort -k 2 '$out' | cmp -s - sha512"
		for format in table list merkle; do
			run_with shuffled 0 create -q -j$jobs --allow-non-elf -f $format -o again -
			is "the same $format: $how" cmp -s again $format
		done
	done
	run_with sorted 0 verify -j$jobs -v -b table -b list -b merkle -
	is "the same verdicts: $jobs threads" cmp -s "$out" verdicts
done

# Canonical digests, on the same threads; of what has none, the same errors.
if [ -x "${GEN_CANON:=$(pwd)/tests/gen/gen-canon}" ]; then
	mkdir canon
	"$GEN_CANON" canon
	find canon -name '*.ko' | sort >sorted
	"$MODHASH" digest -j1 --scope=canonical --base=canon/base - <sorted >one 2>one.err
	for jobs in 2 3 8; do
		for seed in 1 2 3; do
			shuffled $seed
			"$MODHASH" digest -j$jobs --scope=canonical --base=canon/base - \
				<shuffled >again 2>again.err
			is "the same canonical digests: $jobs threads, order $seed" sh -c \
				"[ -s one ] && sort -k 2 again | cmp -s - one"
			is "and errors: $jobs threads, order $seed" sh -c \
				"sort again.err >a; sort one.err | cmp -s - a"
		done
	done
else
	skip 'no gen-canon: built without unit tests'
fi
finish
