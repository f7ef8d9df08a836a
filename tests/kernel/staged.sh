# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# Kernels that know modules as they are installed, which is stripped and compressed, and not
# as they were built.  Without MODULE_SIG, so that it is the hash that lets them in.

# staged_root: what was installed, for the kernel to unpack; and what was built
staged_root()
{
	new_root "$own/root"
	mkdir -p "$own/root/known" "$own/root/built"
	find "$product/installed" -name '*.ko.xz' | sort | while read -r module; do
		name=$(basename "$module" .ko.xz)
		cp "$module" "$own/root/known/"
		echo "fd known/$name 4 /known/$name.ko.xz $(echo "$name" | tr - _)"
	done >>"$own/root/cells"
	cp "$(built_victim "$product")" "$own/root/built/"
	echo "fd built/mh_victim 0 /built/mh_victim.ko mh_victim" >>"$own/root/cells"
	pack "$own/root"
}

for format in list-nosig-staged merkle-nosig-staged; do
	step "Building and booting $format"
	own=$results/$format.d
	mkdir -p "$own"
	need_kernel 6.12 "$arch" "$format" "$config/common.config" "$config/6.12.config" \
		"$config/$arch.config" "$config/nosig.config" "$config/${format%%-*}.config" \
		"$config/staged.config" || die "no kernel to test: $format"
	staged_root
	boot "$arch" "$(image "$product")" "$own/root" "$results/$format.enforced" enforced ||
		not_ok "$format: it boots and comes to its end"
	rm -rf "$own"
	all_known "$format" enforced
	is "$format: the module as it was built is not known" EKEYREJECTED \
		"$(value "$results/$format.enforced" built/mh_victim errno)"
done
