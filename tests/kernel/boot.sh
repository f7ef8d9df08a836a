# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# Booting the kernels of the test: what is put before them, and what they print.

# need_init: the loader, linked so that it needs nothing
need_init()
{
	quietly "The test's init" "$work/init.log" "${CC:-gcc}" -std=gnu11 -O1 -Wall -Wextra \
		-Werror -static -o "$work/init" "$here/loader.c" "$here/loader-ima.c" \
		"$here/kfunc.c" -lz
}

# new_root DIR: an initramfs's tree, with the loader, and kmod with all that it needs
new_root()
{
	rm -rf "$1"
	mkdir -p "$1/bin" "$1/dev" "$1/proc" "$1/sys" "$1/cell"
	cp "$work/init" "$1/init"
	cp -L "$(command -v kmod)" "$1/bin/kmod"
	ldd "$1/bin/kmod" | sed -n 's,^[^/]*\(/[^ ]*\) (.*,\1,p' | while read -r library; do
		mkdir -p "$1${library%/*}"
		cp -L "$library" "$1$library"
	done
	: >"$1/cells"
}

# pack ROOT: as ROOT.cpio
pack()
{
	(cd "$1" && find . -print | sort | cpio -o -H newc --quiet -R 0:0) >"$1.cpio"
}

# how_to WAY: the parameters by which a kernel is told to be so
how_to()
{
	case $1 in
	permissive) ;;
	enforced) echo module.sig_enforce=1 ;;
	lockdown) echo lockdown=integrity ;;
	esac
}

# boot ARCH KERNEL ROOT OUTPUT WAY: the kernel's console becomes OUTPUT
boot()
{
	arch=$1
	# Markers go to the kernel's log by the hundred, and must not be held back.
	parameters="printk.devkmsg=on panic=-1 $(how_to "$5")"
	begun=$(date +%s)
	case $arch in
	um)
		# shellcheck disable=SC2086 # parameters are words
		TMPDIR=$work timeout -k 5 300 "$2" mem=192M initrd="$3.cpio" con=null \
			con0=fd:0,fd:1 root=/dev/ram0 $parameters modhash_end=poweroff \
			</dev/null >"$4" 2>"$4.stderr" || :
		;;
	x86_64)
		rm -f "$4"
		timeout -k 5 1200 qemu-system-x86_64 -M pc -accel tcg -cpu max -m 384 -nodefaults \
			-display none -no-reboot -serial file:"$4" -kernel "$2" -initrd "$3.cpio" \
			-append "console=ttyS0 reboot=t $parameters modhash_end=reboot" \
			</dev/null >"$4.stderr" 2>&1 || :
		;;
	esac
	if ! tr -d '\r' <"$4" | grep -q '^END '; then
		printf 'The kernel did not come to its end: the last of %s and %s\n' "$4" \
			"$4.stderr" >&2
		tail -n 15 "$4" "$4.stderr" >&2
		return 1
	fi
	printf '         booted %s, %s: %d s\n' "${4##*/}" "$5" $(($(date +%s) - begun))
}

# value OUTPUT CELL KEY: what a cell has for it
value()
{
	tr -d '\r' <"$1" | sed -n "s|^CELL $2 \(.* \)\{0,1\}$3=\([^ ]*\).*|\2|p" | head -n 1
}

# logged OUTPUT CELL: what the kernel said of us then
logged()
{
	tr -d '\r' <"$1" | sed -n "s|^LOG $2 \(module hashes: .*\)|\1|p"
}

# image PRODUCT: what is booted
image()
{
	if [ -f "$1/bzImage" ]; then
		echo "$1/bzImage"
	else
		echo "$1/vmlinux"
	fi
}
