# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# The canonical form of all modules: their BTF, and that of vmlinux, in another order.
# $plain is the unpacked tree of the kernel at hand.

# none TEXT PATTERN: there are results, and none of the failures is such a one
none()
{
	is "$kernel: $1" "yes 0" \
		"$(grep -q '^[0-9]* modules: ' "$here/btf" && echo yes) $(grep -c "^FAIL.*\($2\)" "$here/btf")"
}

image=$(echo "${tree%/lib/modules/*}"/boot/vmlinuz-*)
vmlinux=$here/vmlinux
begun=$(date +%s)

if [ ! -x "$btf_real" ]; then
	skip "$kernel: BTF: there is no $btf_real; make tests/real/btf-real builds it"
elif ! "$top/tests/real/extract-vmlinux" "$image" "$vmlinux" 2>"$work/err"; then
	skip "$kernel: BTF: no vmlinux could be taken out of $image: $(head -n 1 "$work/err")"
else
	modhash canon -o "$here/never" "$vmlinux"
	exits 2 "$kernel: a vmlinux whose .BTF_ids is filled in is not rewritten"

	# Half of the modules for each processor; each makes one permuted base of its own.
	sed "s,^,$plain/," "$here/plain-names" >"$here/paths"
	split -n "r/$jobs" "$here/paths" "$here/paths."
	for part in "$here"/paths.*; do
		"$btf_real" "$vmlinux" <"$part" >"$here/btf-${part##*.}" 2>&1 &
	done
	wait
	cat "$here"/btf-* >"$here/btf"
	grep '^FAIL' "$here/btf" | head -n 20 || :
	is "$kernel: all $count modules were read, and none failed" "$count $count 0" \
		"$(sed -n 's/^\([0-9]*\) modules: \([0-9]*\) with BTF.* \([0-9]*\) failures.*/\1 \2 \3/p' \
			"$here/btf" | awk '{ m += $1; b += $2; f += $3 } END { print m, b, f }')"
	none "the digest stays when the module is permuted" \
		': permuted: \|digest depends on the order'
	none "the digest stays when vmlinux is permuted, and the module follows" \
		"over a permuted base\\|depends on the base's order"
	none "the rewrite of the permuted module is that of the module, to the byte" \
		'rewrite: \|rewrite depends on the order'
	none "rewritten twice is rewritten once, and the digest stays" \
		'not idempotent\|rewrite changes the canonical'
	none "another order of vmlinux is refused, or the digest is another" \
		'another base gives the same'
	none "no policy's digest is another's" 'policies: \|two policies'

	# The tool: digests of the tree and of the tree rewritten, and what compare says.
	modhash digest --scope=canonical --base="$vmlinux" --base-cache="$here/cache" "$plain"
	exits 0 "$kernel: digest --scope=canonical of $count modules"
	sed "s,  $plain/,  ," "$work/out" >"$here/canonical"

	# What doc/btf.md says, by a program that was made of it alone: some of the modules, and
	# all that have .BTF_ids.
	{
		awk 'NR % 40 == 7' "$here/paths"
		xargs -d '\n' grep -l __BTF_ID__ <"$here/paths"
	} | sort -u >"$here/by-the-book"
	"$top/tests/real/canonical.py" "$vmlinux" <"$here/by-the-book" | sort >"$here/expected"
	for policy in canonical raw drop; do
		xargs -d '\n' "$MODHASH" digest --scope=canonical --btf=$policy --base="$here/cache" \
			<"$here/by-the-book" | sed "s/  /  $policy  /"
	done | sort >"$here/found"
	same "$kernel: doc/btf.md makes the same of $(wc -l <"$here/by-the-book") modules" \
		"$here/expected" "$here/found"

	rm -rf "$here/rewritten"
	mkdir "$here/rewritten"
	(cd "$plain/kernel" && find fs lib -type d) | (cd "$here/rewritten" && xargs mkdir -p)
	(cd "$plain/kernel" && find fs lib -name '*.ko') >"$here/some"
	(cd "$plain/kernel" && tar cf - -T "$here/some") | tar xf - -C "$here/rewritten"
	(cd "$here/rewritten" && find . -name '*.ko') >"$here/list"
	modhash_in "$here/rewritten" canon -i --base="$here/cache" - <"$here/list"
	exits 0 "$kernel: canon --in-place of $(wc -l <"$here/list") modules"
	modhash_in "$here/rewritten" digest --scope=canonical --base="$here/cache" .
	sed 's,  \./,  kernel/,' "$work/out" | sort >"$here/found"
	grep -E '  kernel/(fs|lib)/' "$here/canonical" | sort >"$here/expected"
	same "$kernel: canonical digests stay" "$here/expected" "$here/found"
	link_tree "$plain/kernel/fs" "$here/fs"
	modhash compare --base="$here/cache" "$here/fs" "$here/rewritten/fs"
	exits 0 "$kernel: compare: rewritten modules are equal but for something"
	is "$kernel: compare: none is different" ", 0 different, 0 in one tree only, 0 not compared" \
		"$(sed -n 's/.* for something\(, .*\)/\1/p' "$work/out")"

	# Left out: nothing else is, and objcopy has the same opinion of some.
	modhash_in "$here/rewritten" canon -i --btf=drop - <"$here/list"
	exits 0 "$kernel: canon --btf=drop of $(wc -l <"$here/list") modules"
	modhash_in "$here/rewritten" digest --scope=canonical --btf=drop .
	sed 's,  \./,  kernel/,' "$work/out" | sort >"$here/found"
	modhash digest --scope=canonical --btf=drop "$plain/kernel/fs" "$plain/kernel/lib"
	sed "s,  $plain/,  ," "$work/out" | sort >"$here/expected"
	same "$kernel: canonical digests without BTF stay" "$here/expected" "$here/found"
	is "$kernel: none has .BTF any more" 0 \
		"$(xargs -I{} readelf -SW "$here/rewritten/{}" <"$here/list" | grep -c ' \.BTF ')"
	mkdir "$here/objcopied"
	for name in ext4/ext4.ko fat/fat.ko xfs/xfs.ko; do
		objcopy --remove-section .BTF "$plain/kernel/fs/$name" "$here/objcopied/${name#*/}"
	done
	modhash digest --scope=canonical --btf=drop "$here/objcopied"
	cut -d ' ' -f 1 "$work/out" >"$here/found"
	grep -E '/(ext4/ext4|fat/fat|xfs/xfs)\.ko$' "$here/expected" | cut -d ' ' -f 1 |
		sort >"$here/expected3"
	sort -o "$here/found" "$here/found"
	same "$kernel: objcopy --remove-section makes the same" "$here/expected3" "$here/found"
	rm -rf "$here/objcopied"
	echo "NOTE: $kernel: canonical form: $(grep -h '^plain digests' "$here"/btf-* | head -n 1)"
	rm -rf "$here/rewritten" "$here/fs" "$vmlinux"
fi
echo "NOTE: $kernel: the part on BTF took $(($(date +%s) - begun)) s"
