# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# Modules whose BTF was put into its one order: a kernel loads them, has their BTF, and finds
# their functions.

canonical_kernel()
{
	product=$(product_for 6.12 "$arch" table)
	own=$results/canonical.d
	mkdir -p "$own"
	cp -R "$product/modules" "$own/modules" || return 1
	find "$own/modules" -name '*.ko' -exec "$MODHASH" canon --base="$product/vmlinux" -q -i {} + ||
		return 1
	"$MODHASH" create --order="$product/modules.order" --no-names -o "$own/blob" \
		"$own/modules" || return 1
	cp "$product/vmlinux" "$own/vmlinux" || return 1
	"$MODHASH" embed --blob="$own/blob" "$own/vmlinux"
}

canonical_root()
{
	new_root "$own/root"
	mkdir -p "$own/root/known"
	find "$own/modules" -name '*.ko' | sort | while read -r module; do
		name=$(basename "$module" .ko)
		cp "$module" "$own/root/known/"
		echo "fd known/$name 0 /known/$name.ko $(echo "$name" | tr - _)"
	done >>"$own/root/cells"
	add_functions "$own/modules/lib/modhash-test/mh_kfunc.ko"
	cp "$(built_victim "$product" mh_kfunc)" "$own/root/cell/as-built.ko"
	echo "fd as-built/mh_kfunc 0 /cell/as-built.ko mh_kfunc" >>"$own/root/cells"
	pack "$own/root"
}

step "Booting with canonical BTF"
if canonical_kernel && canonical_root; then
	# Else this would test nothing.
	changed=no
	cmp -s "$(built_victim "$product" mh_kfunc)" "$own/modules/lib/modhash-test/mh_kfunc.ko" ||
		changed=yes
	is "canonical: the rewrite changed the module with functions" yes $changed
	boot "$arch" "$own/vmlinux" "$own/root" "$results/canonical.enforced" enforced ||
		not_ok "canonical: it boots and comes to its end"
	all_known canonical enforced
	functions_called canonical enforced
	is "canonical: the module as it was built is not known" EKEYREJECTED \
		"$(value "$results/canonical.enforced" as-built/mh_kfunc errno)"
else
	not_ok "canonical: modules and kernel could be made"
fi
