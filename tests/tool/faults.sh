#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every read, write, sync and rename that fails or does less, in every verb
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

: "${FAULTS:=$here/../../tests/fault/faults}"
if [ ! -x "$FAULTS" ] || [ ! -e "${LIBFAULT:=}" ]; then
	skip 'no program that makes calls fail: built without unit tests, or without shared libraries'
	finish
fi
export LIBFAULT
# Not the wrapper script that libtool makes.
tool=$MODHASH
if [ -x "${MODHASH%/*}/.libs/${MODHASH##*/}" ]; then
	tool=${MODHASH%/*}/.libs/${MODHASH##*/}
	LD_LIBRARY_PATH=${MODHASH%/tools/*}/.libs${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
	export LD_LIBRARY_PATH
fi
# Its runtime is to be loaded first, and is loaded after ours.
ASAN_OPTIONS=verify_asan_link_order=0${ASAN_OPTIONS:+:$ASAN_OPTIONS}
export ASAN_OPTIONS
no_counts
all=
[ "${FAULTS_ALL:-no}" = no ] || all=--all

# base DIR: modules, blobs and an image
base()
{
	tree "$1/t"
	rm "$1/t/kernel/net/four.ko" "$1/t/kernel/net/five.ko"
	printf 'kernel/%s.o\n' net/three fs/two fs/one >"$1/t/modules.order"
	cp "$1/t/kernel/fs/one.ko" "$1/one.ko"
	module "$1/two.ko"
	"$MODHASH" create -q -o "$1/table" "$1/t"
	"$MODHASH" create -q -f list -o "$1/list" "$1/t"
	"$MODHASH" create -q -f list -o "$1/other" "$1/two.ko" "$1/one.ko"
	(cd "$1" && "$MODHASH" digest one.ko two.ko) >"$1/sums"
	"$GEN_CANON" "$1"
	"$GEN_IMAGES" "$t_scratch/images"
	cp "$t_scratch/images/good-zero-table" "$1/vmlinux"
	cp "$t_scratch/images/good-bzimage-unpacked" "$1/bzImage"
	printf 'old contents\n' >"$1/written"
	chmod 640 "$1/written"
}

# faulty OUTPUTS ARGUMENT...: all faults that a run can have, on a copy of base
faulty()
{
	outputs=$1
	shift
	rm -rf work
	if "$FAULTS" $all base work "$outputs" "$tool" "$@" >log; then
		ok "modhash $*: $(sed -n 's/^# \([0-9]* runs\)$/\1/p' log) with faults"
	else
		not_ok "modhash $*" log
	fi
}

base base

# What writes.  With one thread, so that calls come in the same order each time.
faulty written create -q -j 1 -o written t
faulty written create -q -j 1 -f list -o written t
faulty written create -q -j 1 -f list --c-source -o written t
faulty written create -q -j 1 -f merkle -o written t
faulty made create -q -j 1 -o made t
faulty written,t/kernel/fs/one.ko,t/kernel/fs/two.ko,t/kernel/net/three.ko \
	create -q -j 1 -f merkle --proofs=append -o written t
faulty written,t/kernel/fs/one.merkle,t/kernel/fs/two.merkle,t/kernel/net/three.merkle \
	create -q -j 1 -f merkle --proofs=files -o written t
faulty written strip-signature -o written one.ko
faulty one.ko strip-signature --in-place one.ko
faulty written canon --base=base -o written permuted.ko
faulty permuted.ko canon --base=base --in-place permuted.ko
faulty vmlinux embed --allow-empty --blob=table vmlinux
faulty written extract --vmlinux -o written bzImage
faulty cache, digest --scope=canonical --base=base --base-cache=cache module.ko

# What reads, and says something.
faulty '' digest -j 1 t
faulty '' digest -j 1 one.ko two.ko
faulty '' digest -j 1 --check sums
faulty '' verify -j 1 --blob=table --blob=list t
faulty '' verify -j 1 --json --blob=table t
faulty '' query --blob=table t/kernel/fs/one.ko
faulty '' show table
faulty '' show bzImage
faulty '' info one.ko
faulty '' diff list other
faulty '' compare --base=base module.ko permuted.ko
faulty '' extract --vmlinux -o - bzImage
faulty '' create -q -j 1 -f list -o - t

# cat exits with 1, and does not try again.
mkdir control
cp "$(command -v cat)" control/modhash
rm -rf work
isnt 'a tool that does not do as ours is seen' \
	"$FAULTS" base work '' "$t_scratch/work/control/modhash" sums >/dev/null
finish
