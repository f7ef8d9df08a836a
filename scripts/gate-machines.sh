# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154,SC2015
#
# Gates for machines that are not the one at hand: another compiler, another width, the other
# byte order, another char; and sanitizers that only clang has.  Sourced by scripts/gate.

# Tests that run what was built, and not the tree's scripts: those look at what is the same
# everywhere.
unit_tests()
{
	(cd "$top" && printf '%s\n' tests/unit/test-*.c) | sed 's/\.c$//'
}

tool_tests()
{
	(cd "$top" && printf '%s\n' tests/tool/*.sh) | grep -v '/lib\.sh$'
}

# build_all DIR [MAKE-ARGUMENT...]: with the programs that make check makes
build_all()
{
	make_in "$@" && make_in "$@" check TESTS=
}

# answers NAME DIR: what the tool in DIR says of the generated files, and what it writes, is what
# that of the plain build does, byte for byte
answers()
{
	if [ ! -d "$reports/answers-plain" ] || [ -z "${answers_made:-}" ]; then
		need_plain && build_all "$plain" && ask_answers plain "$plain" ||
			{ fail "the answers of the plain build"; return; }
		answers_made=yes
	fi
	ask_answers "$1" "$2" || { fail "$1: no answers; see $reports/answers-$1.log"; return; }
	if diff -rq "$reports/answers-plain/answers" "$reports/answers-$1/answers" \
			>"$reports/answers-$1.diff"; then
		pass
	else
		head -n 20 "$reports/answers-$1.diff"
		fail "$1: other answers than on this machine; see $reports/answers-$1.diff"
	fi
}

ask_answers()
{
	rm -rf "$reports/answers-$1"
	quietly "answers: $1" "$reports/answers-$1.log" env MODHASH="$2/tools/modhash" \
		GEN_MODULES="$2/tests/gen/gen-modules" GEN_IMAGES="$2/tests/gen/gen-images" \
		GEN_CANON="$2/tests/gen/gen-canon" \
		"$top/tests/machines/answers" "$reports/answers-$1"
}

gate_clang_check()
{
	dir=$top/_build-clang
	configure_in "$dir" CC=clang CXX=clang++ --enable-werror || { fail "configure"; return; }
	check_in "$dir"
	answers clang "$dir"
}

# What char is differs between processors; on one, the compiler can be told.
gate_char()
{
	for char in signed unsigned; do
		dir=$top/_build-char
		configure_in "$dir" --disable-shared --enable-werror CFLAGS="-g -O2 -f$char-char" ||
			{ fail "configure"; continue; }
		check_in "$dir" TESTS="$(unit_tests) $(tool_tests)"
		answers "$char-char" "$dir"
	done
}

gate_bare()
{
	dir=$top/_build-bare
	configure_in "$dir" --disable-shared --enable-werror --without-zlib --without-lzma \
		--without-zstd --without-lz4 || { fail "configure"; return; }
	check_in "$dir"
	make_packed
	for file in "$reports"/packed/a.ko.* "$reports/packed/Image.lz4"; do
		case $file in
		*.lz4) needs_decompressor "$file" show ;;
		*) needs_decompressor "$file" info ;;
		esac
	done
	expect "bare: a decompressor is linked all the same" no_decompressor "$dir/tools/modhash"
}

no_decompressor()
{
	readelf -d "$1" >"$reports/bare.needed" &&
		! grep -E 'NEEDED.*\[lib(z|deflate|lzma|zstd|lz4)\.so' "$reports/bare.needed"
}

# needs_decompressor FILE VERB
needs_decompressor()
{
	status=0
	"$dir/tools/modhash" "$2" "$1" >"$reports/bare.out" 2>&1 || status=$?
	expect "bare: exit $status for ${1##*/}, not 2" test $status = 2
	expect "bare: no word of it in the error on ${1##*/}" grep -q "built without" "$reports/bare.out"
}

# --- clang's sanitizers ---

gate_integers()
{
	dir=$top/_build-integers
	configure_in "$dir" CC=clang CXX=clang++ --disable-shared --enable-werror \
		--enable-sanitizers=integers CFLAGS="-g -O1" || { fail "configure"; return; }
	UBSAN_OPTIONS=print_stacktrace=1
	MODHASH_TEST_SLOWER=10
	export UBSAN_OPTIONS MODHASH_TEST_SLOWER
	check_in "$dir" TESTS="$(unit_tests) $(tool_tests) tests/fuzz/replay.sh"
	answers integers "$dir"
	unset UBSAN_OPTIONS MODHASH_TEST_SLOWER
}

# Memory that was never written.  Libraries are Debian's, and know nothing of it: in front of
# each function of theirs that we call stands one of tests/msan/doors.c.
gate_msan()
{
	dir=$top/_build-msan
	configure_in "$dir" CC=clang CXX=clang++ --disable-shared --enable-werror \
		--enable-sanitizers=memory CFLAGS="-g -O1" || { fail "configure"; return; }
	clang -g -O1 -D_GNU_SOURCE -std=gnu11 -Wall -Wextra -Werror -fsanitize=memory \
		-fno-omit-frame-pointer -c "$top/tests/msan/doors.c" -o "$dir/doors.o" ||
		{ fail "tests/msan/doors.c"; return; }
	doors="-Wl,$dir/doors.o"
	for name in $(nm "$dir/doors.o" | sed -n 's/.* [TW] __wrap_//p'); do
		doors="$doors -Wl,--wrap=$name"
	done
	# These have a malloc() of their own, or count calls of it.
	tests=$(unit_tests | grep -v -e '/test-alloc$' -e '/test-nomem')
	# shellcheck disable=SC2086 # words
	make_in "$dir" $tests tools/modhash tests/gen/gen-modules tests/gen/gen-images \
		tests/fuzz/replay tests/fuzz/seeds LDFLAGS="$doors" || { fail "the build"; return; }
	MSAN_OPTIONS=poison_in_malloc=0:poison_in_free=0:exitcode=99
	export MSAN_OPTIONS
	for test in $tests; do
		echo "$dir/$test"
	done >"$reports/files"
	each msan env CK_TIMEOUT_MULTIPLIER=60 MODHASH_TEST_SLOWER=20
	srcdir=$top builddir=$dir quietly "msan replay" "$reports/msan-replay.log" \
		sh "$top/tests/fuzz/replay.sh" && pass || fail "MemorySanitizer: the fuzz targets' seeds"
	need_plain && build_all "$plain" && mkdir -p "$dir/run/tests/gen" &&
		ln -s "$dir/tools" "$dir/run/tools" &&
		cp "$plain/tests/gen/gen-canon" "$dir/run/tests/gen/" &&
		ln -s "$dir/tests/gen/gen-modules" "$dir/tests/gen/gen-images" "$dir/run/tests/gen/" &&
		answers msan "$dir/run" || fail "MemorySanitizer: answers"
	unset MSAN_OPTIONS
}

# --- other architectures ---

# cross_build DIR ARCHITECTURE LIBRARIES TRIPLET [CONFIGURE-ARGUMENT...]: LIBRARIES is what the
# directories of libraries are called; sets $root
cross_build()
{
	dir=$1
	"$top/scripts/fetch-sysroot" "$2" || return 2
	root=$("$top/scripts/fetch-sysroot" --path "$2")
	libraries=$3
	triplet=$4
	shift 4
	PKG_CONFIG_SYSROOT_DIR=$root
	PKG_CONFIG_LIBDIR=$root/usr/lib/$libraries/pkgconfig:$root/usr/share/pkgconfig
	export PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR
	made=0
	configure_in "$dir" --host="$triplet" CC="$triplet-gcc --sysroot=$root" --disable-shared \
		--enable-werror "$@" && build_all "$dir" || made=1
	unset PKG_CONFIG_SYSROOT_DIR PKG_CONFIG_LIBDIR
	return $made
}

# cross_failed STATUS WHAT: of cross_build
cross_failed()
{
	case $1 in
	2) skip "$2: its libraries could not be fetched" ;;
	*) fail "the build for $2" ;;
	esac
}

# 32 bits; an x86-64 processor, and a kernel that was not told otherwise, runs it.  Tests that
# compile something want this machine's compiler, since they go on with its ld and objcopy.
gate_i686()
{
	dir=$top/_build-i686
	root=$("$top/scripts/fetch-sysroot" --path i386)
	at=i386-linux-gnu
	cross_build "$dir" i386 $at i686-linux-gnu LDFLAGS="-Wl,--dynamic-linker=$root/lib/ld-linux.so.2 \
		-Wl,--disable-new-dtags -Wl,-rpath,$root/lib/$at:$root/usr/lib/$at" ||
		{ cross_failed $? i686; return; }
	expect "an i686 program does not run here" "$dir/tools/modhash" --version >/dev/null
	check_in "$dir" CC=gcc TESTS="$(unit_tests) $(tool_tests) tests/gen/readme.sh \
		tests/fuzz/replay.sh"
	answers i686 "$dir"
}

# 64 bits, big-endian, under QEMU: a program that starts others, or is started by a script, is
# behind a script that starts the emulator.
gate_s390x()
{
	dir=$top/_build-s390x
	cross_build "$dir" s390x s390x-linux-gnu s390x-linux-gnu || { cross_failed $? s390x; return; }
	emulator="qemu-s390x -L $root"
	rm -rf "$dir/run"
	for program in tools/modhash tests/gen/gen-modules tests/gen/gen-images \
		       tests/gen/gen-canon tests/fuzz/replay tests/fuzz/seeds; do
		mkdir -p "$dir/run/${program%/*}"
		printf '#!/bin/sh\nexec %s "%s" "$@"\n' "$emulator" "$dir/$program" \
			>"$dir/run/$program"
		chmod +x "$dir/run/$program"
	done
	MODHASH_TEST_SLOWER=20
	export MODHASH_TEST_SLOWER
	check_in "$dir" TESTS="$(unit_tests)" LOG_COMPILER="$emulator" run_from="$dir/run"
	unset MODHASH_TEST_SLOWER
	srcdir=$top builddir=$dir/run quietly "s390x: replay" "$reports/s390x-replay.log" \
		sh "$top/tests/fuzz/replay.sh" && pass || fail "s390x: the fuzz targets' seeds"
	answers s390x "$dir/run"
}
