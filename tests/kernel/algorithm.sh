# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# A table of another algorithm's digests: modules are known, altered ones are not.

algorithm_root()
{
	new_root "$own/root"
	add_known
	add_files
	# One bit of its description is another.
	sed 's/modhash: a module to be altered/modhash: a module to be Altered/' \
		"$(built_victim "$product")" >"$own/root/cell/altered.ko"
	altered=$(sha512sum <"$own/root/cell/altered.ko" | cut -d ' ' -f 1)
	echo "fd altered/mh_victim 0 /cell/altered.ko mh_victim" >>"$own/root/cells"
	pack "$own/root"
}

format=table-nosig-sha512
step "Building and booting $format"
own=$results/$format.d
mkdir -p "$own"
need_kernel 6.12 "$arch" "$format" "$config/common.config" "$config/6.12.config" \
	"$config/$arch.config" "$config/nosig.config" "$config/table.config" \
	"$config/sha512.config" || die "no kernel to test: $format"
kernel=$(image "$product")
algorithm_root
boot "$arch" "$kernel" "$own/root" "$results/$format.enforced" enforced ||
	not_ok "$format: it boots and comes to its end"
rm -rf "$own"
all_known "$format" enforced
told "$format" enforced sha512
is "$format: an altered module is not known" EKEYREJECTED \
	"$(value "$results/$format.enforced" altered/mh_victim errno)"
is "$format: and what is logged of it" \
	"module hashes: mh_victim: sha512:$altered: not in the table" \
	"$(logged "$results/$format.enforced" altered/mh_victim)"
