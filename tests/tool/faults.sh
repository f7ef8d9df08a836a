#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Every read, write, sync and rename that fails or does less, in every verb, and a kill at each
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
	cp "$1/vmlinux" "$1/filled"
	cp "$1/vmlinux" "$1/other-vmlinux"
	"$MODHASH" embed -q --blob="$1/table" "$1/filled"
	"$MODHASH" digest --scope=canonical --base="$1/base" --base-cache="$1/kept" \
		"$1/module.ko" >"$out"
	printf old >"$1/t/kernel/fs/one.merkle"
	cp "$1/t/modules.order" "$1/order"
	for packer in gzip xz zstd; do
		have $packer || continue
		mkdir -p "$1/packed"
		module "$1/packed/$packer.ko"
		sign "$1/packed/$packer.ko"
		case $packer in
		xz) xz -q --check=crc32 "$1/packed/xz.ko" ;;
		zstd) zstd -q --rm "$1/packed/zstd.ko" ;;
		gzip) gzip "$1/packed/gzip.ko" ;;
		esac
	done
}

# Of what can change a file, tests/fault knows these, and the rest nobody may call.
# "?": not each kernel has all of them.
unknown_calls=openat
for call in link linkat symlink symlinkat unlink rename renameat2 mkdir mkdirat rmdir truncate ftruncate \
	creat mknod mknodat chmod chown lchown fchownat fchmodat copy_file_range sendfile fallocate \
	pwrite64 pwritev pwritev2 writev splice open openat2 io_uring_setup; do
	unknown_calls="$unknown_calls,?$call"
done
traced=no
have strace && strace -o trace true 2>/dev/null && traced=yes

# known_calls COMMAND...: it changes files by calls that tests/fault knows, and no others
# shellcheck disable=SC2317 # called by is
known_calls()
{
	rm -rf work
	cp -a base work
	(
		cd work || exit
		ASAN_OPTIONS=$ASAN_OPTIONS:detect_leaks=0
		strace -f -o ../trace -e trace="$unknown_calls" "$@" >"$out" 2>"$err" </dev/null
	)
	grep -v -e 'openat(.*O_RDONLY' -e 'openat(.*O_PATH' -e 'O_CREAT|O_EXCL|O_NOFOLLOW|O_CLOEXEC, 0' \
		-e ' open(.*O_RDONLY' -e '+++' -e '\.gcda"' trace >unknown
	[ -s trace ] && [ ! -s unknown ]
}

# faulty OUTPUTS ARGUMENT...: all faults that a run can have, on a copy of base
faulty()
{
	outputs=$1
	shift
	rm -rf work
	if "$FAULTS" $all base work "$outputs" "$tool" "$@" >log; then
		ok "modhash $*: $(sed -n 's/^# \([0-9]* runs\), \([0-9]* killed\)$/\1 with faults, \2/p' log)"
	else
		not_ok "modhash $*" log
	fi
	[ $traced = no ] || [ -z "$outputs" ] ||
		is "modhash $*: no other calls that change files" known_calls "$tool" "$@"
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

faulty written create -q -j 1 --order=order -o written t
faulty written create -q -j 1 -f table --reserve=9 -o written
stripped=t/kernel/fs/one.ko,t/kernel/fs/two.ko,t/kernel/net/three.ko
faulty written,$stripped create -q -j 1 -f merkle --strip-signatures --proofs=append -o written t
faulty "written,$stripped,$(echo $stripped | sed 's/\.ko/.merkle/g')" \
	create -q -j 1 -f merkle --strip-signatures --proofs=files -o written t
faulty t/kernel/fs/one.ko,one.ko strip-signature -j 1 --in-place t/kernel/fs/one.ko one.ko
faulty permuted.ko,module.ko canon -j 1 --base=base --in-place permuted.ko module.ko
faulty permuted.ko canon --btf=drop --in-place permuted.ko
faulty permuted.ko,cache canon --base=base --base-cache=cache --in-place permuted.ko
faulty kept, digest --scope=canonical --base=base-permuted --base-cache=kept permuted-both.ko
faulty vmlinux embed --keep-time --blob=table vmlinux
faulty vmlinux,other-vmlinux embed --allow-empty --blob=table vmlinux other-vmlinux
faulty written extract -o written filled
faulty written extract --btf -o written base
for name in gzip.ko.gz xz.ko.xz zstd.ko.zst; do
	if [ ! -e base/packed/$name ]; then
		skip "nothing that packs $name"
		continue
	fi
	faulty packed/$name strip-signature --in-place packed/$name
	faulty written,packed/$name create -q -j 1 -f merkle --proofs=append -o written packed/$name
	faulty '' digest -j 1 packed/$name one.ko
	faulty '' info packed/$name
	faulty '' verify -j 1 --blob=list packed/$name
done

# What reads, and says something.
faulty '' digest -j 1 t
faulty '' digest -j 1 one.ko two.ko
faulty '' digest -j 1 --check sums
faulty '' verify -j 1 --blob=table --blob=list t
faulty '' verify -j 1 --json --blob=table t
faulty '' verify -j 1 --complete --order=order --blob=table t
faulty '' verify -j 1 --blob=filled t
faulty '' query --blob=table t/kernel/fs/one.ko
faulty '' query --blob=filled t/kernel/fs/one.ko
faulty '' show table
faulty '' show --json list filled
faulty '' show bzImage
faulty '' info one.ko
faulty '' diff list other
faulty '' diff --json table filled
faulty '' compare --base=base module.ko permuted.ko
faulty '' compare -j 1 t/kernel/fs t/kernel/net
faulty '' digest --scope=canonical --base=base --base-cache=kept module.ko
faulty '' digest -j 1 --json --scope=file t
faulty '' canon --base=base -o - permuted.ko
faulty '' strip-signature -o - one.ko
faulty '' extract --vmlinux -o - bzImage
faulty '' create -q -j 1 -f list -o - t

# cat exits with 1, and does not try again.
mkdir control
cp "$(command -v cat)" control/modhash
rm -rf work
"$FAULTS" base work '' "$t_scratch/work/control/modhash" sums >log
is 'a tool that does not do as ours is seen' test $? -ne 0
[ $traced = no ] || isnt 'a tool that writes otherwise is seen' known_calls cp one.ko written
# A shell writes in place, and leaves what it likes.
cp "$(command -v sh)" control/modhash
for left in written left .modhash-0123456789abcdef .modhash-0123456789abcdefg t/.modhash-0123456789abcdef; do
	rm -rf work
	"$FAULTS" --all base work written "$t_scratch/work/control/modhash" -c \
		"printf half >$left && printf whole >written && rm $left && printf whole >written" >log
	if [ $left = .modhash-0123456789abcdef ]; then
		isnt "killed: $left is what may be left" grep -q 'kill.*left behind' log
	else
		is "killed: $left is seen" grep -q 'kill.*\(left behind\|neither old nor new\)' log
	fi
done
finish
