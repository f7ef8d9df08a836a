# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# Building the kernels of the test.  One source tree, patched, and one build tree for each
# architecture, in which only the format of the blob is switched; what a build yields is
# kept in the cache, under a name made of all that goes into it.

# What is in every kernel, so that two builds of the same are the same.
KBUILD_BUILD_TIMESTAMP=2026-01-01
KBUILD_BUILD_USER=modhash
KBUILD_BUILD_HOST=modhash
export KBUILD_BUILD_TIMESTAMP KBUILD_BUILD_USER KBUILD_BUILD_HOST

here=$top/tests/kernel
kept=$cache/kernel-test
keys=$kept/keys

# take_fingerprint VERSION: of all that a build depends on
take_fingerprint()
{
	{
		sha256sum <"$(source_of "$1")"
		(cd "$top" && find "kernel/$1" kernel/apply kernel/*.h lib/core \
			tests/kernel/build.sh tests/kernel/config tests/kernel/modules \
			tests/kernel/foreign -type f | sort | xargs sha256sum)
		"${CC:-gcc}" --version
		ld --version
		pahole --version
		cat "$keys/own.x509"
	} | sha256sum | cut -c 1-16 >"$work/fingerprint-$1"
}

fingerprint()
{
	cat "$work/fingerprint-$1"
}

source_of()
{
	"$top/scripts/fetch-kernels" --paths "source-$1" | sed -n "s/^source-$1 //p"
}

# need_source VERSION: the patched source in $work/linux-VERSION, with the test's modules
need_source()
{
	tree=$work/linux-$1
	stamp=$(fingerprint "$1")
	[ "$(cat "$tree/.modhash-test" 2>/dev/null)" != "$stamp" ] || return 0
	rm -rf "$tree" "$tree.new" "$work"/build-"$1"-*
	mkdir -p "$tree.new"
	step "Unpacking the source of Linux $1"
	# Not what is big and never built: headers of graphics processors.
	quietly "Unpacking" "$work/unpack.log" tar -xf "$(source_of "$1")" -C "$tree.new" \
		--strip-components=1 --exclude='*/drivers/gpu/drm/amd/include/*' || return 1
	quietly "kernel/apply" "$work/apply-$1.log" "$top/kernel/apply" "$tree.new" || return 1
	cp -R "$here/modules" "$tree.new/lib/modhash-test"
	echo 'obj-m += modhash-test/' >>"$tree.new/lib/Makefile"
	echo "$stamp" >"$tree.new/.modhash-test"
	mv "$tree.new" "$tree"
}

# need_keys: a key that the kernels are built to trust, and a stranger's
need_keys()
{
	for who in own stranger; do
		[ -f "$keys/$who.x509" ] && continue
		mkdir -p "$keys"
		quietly "openssl" "$work/openssl.log" openssl req -new -x509 -batch -nodes -utf8 \
			-sha256 -newkey rsa:2048 -days 36500 -subj "/CN=modhash test, $who" \
			-addext basicConstraints=critical,CA:FALSE \
			-addext keyUsage=digitalSignature \
			-keyout "$keys/$who.key" -out "$keys/$who.cert" || return 1
		cat "$keys/$who.key" "$keys/$who.cert" >"$keys/$who.pem"
		openssl x509 -in "$keys/$who.cert" -outform DER -out "$keys/$who.new" || return 1
		mv "$keys/$who.new" "$keys/$who.x509"
	done
}

# kmake VERSION ARCH TARGET...: in the build tree of an architecture
kmake()
{
	kmake_arch=$2
	kmake_dir=$work/build-$1-$2
	kmake_tree=$work/linux-$1
	shift 2
	make -s -C "$kmake_tree" O="$kmake_dir" ARCH="$kmake_arch" CC="${CC:-gcc}" -j"$jobs" \
		MODHASH="$MODHASH" "$@"
}

# configure_kernel VERSION ARCH FRAGMENT...: all that the fragments ask for must be in it
configure_kernel()
{
	dir=$work/build-$1-$2
	version=$1
	arch=$2
	shift 2
	mkdir -p "$dir"
	# What is said later holds.
	cat "$@" | awk '{ name = $1 == "#" ? $2 : $0; sub("=.*", "", name) }
		name !~ /^CONFIG_/ { next }
		!(name in line) { order[++n] = name }
		{ line[name] = $0 }
		END { for (i = 1; i <= n; i++) print line[order[i]] }' >"$dir/wanted.new"
	if grep -q '^CONFIG_MODULE_SIG=y' "$dir/wanted.new"; then
		echo "CONFIG_MODULE_SIG_KEY=\"$keys/own.pem\"" >>"$dir/wanted.new"
	fi
	if [ -f "$dir/.config" ] && cmp -s "$dir/wanted" "$dir/wanted.new"; then
		return 0
	fi
	# Over nothing but what is off: what was asked for before must not stay.
	KCONFIG_ALLCONFIG="$dir/wanted.new" kmake "$version" "$arch" allnoconfig || return 1
	grep -v '^#' "$dir/wanted.new" | grep . >"$dir/wanted.lines"
	if grep -vxF -f "$dir/.config" "$dir/wanted.lines"; then
		echo "the configuration does not have these lines"
		return 1
	fi
	mv "$dir/wanted.new" "$dir/wanted"
}

# slim FILE COPY: without what only debuggers want; sections that are loaded stay
slim()
{
	strip -g -o "$2" "$1"
}

# collect VERSION ARCH OUT: what tests need of a finished build
collect()
{
	from=$work/build-$1-$2
	mkdir -p "$3/modules" "$3/foreign"
	# It says .o in a build tree, since 6.3.
	sed 's/\.o$/.ko/' "$from/modules.order" >"$3/modules.order"
	(cd "$from" && cpio -pdm --quiet "$3/modules" <"$3/modules.order") || return 1
	cp "$work/foreign"/*.ko "$3/foreign/" || return 1
	cp "$from/.config" "$3/config" || return 1
	slim "$from/vmlinux" "$3/vmlinux" || return 1
	if [ -f "$from/scripts/sign-file" ]; then
		cp "$from/scripts/sign-file" "$keys/sign-file" || return 1
	fi
	case $1 in
	6.1) finish_by_hand "$3" ;;
	*) finish_by_kbuild "$from" "$2" "$3" ;;
	esac
}

# finish_by_kbuild BUILD ARCH OUT: the image has its blob, and modules are installed
finish_by_kbuild()
{
	slim "$1/vmlinux.unhashed" "$3/vmlinux.unhashed" || return 1
	[ "$2" != x86_64 ] || cp "$1/arch/x86/boot/bzImage" "$3/bzImage"
}

# finish_by_hand OUT: for a kernel whose build knows nothing of blobs
finish_by_hand()
{
	cp "$1/vmlinux" "$1/vmlinux.unhashed" &&
		cp -R "$1/modules" "$1/installed" &&
		"$MODHASH" create --no-names --order="$1/modules.order" -o "$1/blob" "$1/modules" &&
		"$MODHASH" embed --blob="$1/blob" "$1/vmlinux"
}

# make_kernel VERSION ARCH OUT FRAGMENT...
make_kernel()
{
	version=$1
	arch=$2
	out=$3
	shift 3
	case $version-$arch in
	6.12-x86_64) target=bzImage ;;
	*) target=vmlinux ;;
	esac
	# In the environment, so that it is the same for all that make is called for.
	unset INSTALL_MOD_STRIP
	case $out in
	*-staged) export INSTALL_MOD_STRIP=1 ;;
	esac
	configure_kernel "$version" "$arch" "$@" || return 1
	kmake "$version" "$arch" $target modules || return 1
	rm -rf "$out.new" "$work/foreign"
	mkdir -p "$out.new"
	if [ "$version" != 6.1 ]; then
		kmake "$version" "$arch" modules_install DEPMOD=true \
			INSTALL_MOD_PATH="$out.new/installed" || return 1
	fi
	cp -R "$here/foreign" "$work/foreign"
	cp "$here/modules/mh_victim.c" "$work/foreign/"
	kmake "$version" "$arch" M="$work/foreign" modules || return 1
	collect "$version" "$arch" "$out.new" || return 1
	rm -rf "$out"
	mv "$out.new" "$out"
}

# same_blob PRODUCT FORMAT: is the blob in its image what the tool makes today?
same_blob()
{
	# What is in it is not what was built.
	case $1 in
	*-staged) return 0 ;;
	esac
	options=
	[ "$2" != table ] || options=--no-names
	case $1 in
	*-sha512) options="$options --algorithm=sha512" ;;
	esac
	# shellcheck disable=SC2086 # words
	"$MODHASH" extract --blob -o "$work/blob.had" "$1/vmlinux" &&
		"$MODHASH" create --format="$2" $options --order="$1/modules.order" \
			-o "$work/blob.made" "$1/modules" &&
		cmp -s "$work/blob.had" "$work/blob.made"
}

# product_for VERSION ARCH NAME: where a build is kept, by all that goes into it
product_for()
{
	echo "$kept/$1-$(fingerprint "$1")/$2-$3"
}

# drop_old VERSION: builds that were made of something else
drop_old()
{
	for old in "$kept/$1"-*; do
		[ "$old" = "${product%/*}" ] || rm -rf "$old"
	done
}

# need_kernel VERSION ARCH NAME FRAGMENT...: $product, built if it is not kept
need_kernel()
{
	product=$(product_for "$1" "$2" "$3")
	if [ -d "$product" ] && same_blob "$product" "${3%%-*}"; then
		step "Linux $1 for $2, $3: as built before"
		return 0
	fi
	step "Building Linux $1 for $2: $3"
	version=$1
	arch=$2
	name=$3
	shift 3
	drop_old "$version"
	mkdir -p "${product%/*}"
	need_source "$version" || return 1
	quietly "The build" "$work/build-$version-$arch-$name.log" \
		make_kernel "$version" "$arch" "$product" "$@"
}
