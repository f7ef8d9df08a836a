# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154,SC3045
#
# A run within the address space that modhash(1) says it needs at a given --max-memory, and the
# same results as without: with --full all modules as they are packed; else the unpacked tree,
# and the largest of the packed ones.

# The bound of modhash(1), in KiB: LIMITS, "Memory".
limit_memory=128
limit_jobs=2
limit_space_of()
{
	echo $(((64 + 80 * limit_jobs + $1) * 1024 + count))
}
limit_space=$(limit_space_of $limit_memory)

# bounded DIR ARGUMENT...: modhash VERB..., there, within that
bounded()
{
	bounded_dir=$1
	bounded_verb=$2
	shift 2
	status=0
	(
		ulimit -v "$limit_space"
		cd "$bounded_dir" &&
			exec "$MODHASH" "$bounded_verb" -j$limit_jobs --max-memory=${limit_memory}M "$@"
	) >"$work/out" 2>"$work/err" || status=$?
}

# Is that really a bound?  What needs more than there is must fail, or nothing is tested.
bounded . digest --max-memory=4M "$image"
exits 2 "$kernel: limits: 4 MiB are not enough for a kernel's image"
is "$kernel: limits: and the message says what would be" 1 \
	"$(grep -c 'bytes of memory are needed beside the [0-9]* in use, and the limit is 4194304' \
		"$work/err")"
if (ulimit -v $((limit_space / 16)) && exec "$MODHASH" digest "$plain") >"$work/out" 2>&1; then
	not_ok "$kernel: limits: a sixteenth of the address space is not enough"
else
	ok "$kernel: limits: a sixteenth of the address space is not enough"
fi

# What it says of kernel images, and of less memory.
for limit_verb in show "extract --btf -o $here/limit-part" "extract --vmlinux -o $here/limit-part"; do
	limit_memory=200
	limit_space=$(limit_space_of $limit_memory)
	# shellcheck disable=SC2086 # words
	bounded . $limit_verb --max-size=64M "$image"
	is "$kernel: limits: ${limit_verb%% -o*} of its image: no memory was short" 0 \
		"$(grep -c 'limit is' "$work/err")"
	is "$kernel: limits: ${limit_verb%% -o*} of its image: exit status" yes \
		"$([ "$status" -le 1 ] && echo yes)"
done
limit_memory=48
limit_space=$(limit_space_of $limit_memory)
(cd "$tree" && tr '\n' '\0' <"$here/names" | xargs -0 stat -c '%s %n') | sort -rn |
	sed 8q | cut -d ' ' -f 2- >"$here/limit-large"
for limit_verb in "digest --scope=file" digest "create -q -o $here/limit-blob" \
	"create -q -f list -o $here/limit-blob" "create -q -f merkle -o $here/limit-blob"; do
	# shellcheck disable=SC2086
	bounded "$tree" $limit_verb - <"$here/limit-large"
	exits 0 "$kernel: limits: 48M for ${limit_verb%% -o*} of the largest modules"
done
limit_memory=128
limit_space=$(limit_space_of $limit_memory)
# All verbs, on the largest.
for limit_verb in info "query -b $here/limit-blob" "verify -b $here/limit-blob" \
	"strip-signature -i" "canon -i --btf=drop"; do
	rm -rf "$here/limit-copies"
	mkdir "$here/limit-copies"
	(cd "$tree" && tar cf - -T "$here/limit-large") | tar xf - -C "$here/limit-copies"
	# shellcheck disable=SC2086
	bounded "$here/limit-copies" $limit_verb - <"$here/limit-large"
	is "$kernel: limits: ${limit_verb%% -b*} of the largest modules: no memory was short" 0 \
		"$(grep -c 'limit is' "$work/err")"
	is "$kernel: limits: ${limit_verb%% -b*} of the largest modules: exit status" yes \
		"$([ "$status" -le 1 ] && echo yes)"
done
rm -rf "$here/limit-copies" "$here/limit-part" "$here/limit-blob"

limit_tree=$plain
[ "$full" = no ] || limit_tree=$tree
names "$limit_tree" >"$here/limit-names"
if [ -n "$suffix" ] && [ "$full" = no ]; then
	(cd "$tree" && tr '\n' '\0' <"$here/names" | xargs -0 stat -c '%s %n') | sort -rn |
		sed 8q | cut -d ' ' -f 2- >"$here/limit-large"
	bounded "$tree" digest - <"$here/limit-large"
	exits 0 "$kernel: limits: digest of the largest of the packed modules"
	sort -k2 "$work/out" >"$here/found"
	modhash_in "$tree" digest - <"$here/limit-large"
	sort -k2 "$work/out" >"$here/expected"
	same "$kernel: limits: they are the same" "$here/expected" "$here/found"
fi

bounded "$limit_tree" digest --scope=file - <"$here/limit-names"
exits 0 "$kernel: limits: digest --scope=file of $count modules"
sed "s/$suffix\$//" "$work/out" | sort -k2 >"$here/found"
same "$kernel: limits: file digests are the same" "$here/file-digests" "$here/found"

for limit_format in table list merkle; do
	bounded . create --format=$limit_format -o "$here/limit.$limit_format" "$limit_tree"
	exits 0 "$kernel: limits: create --format=$limit_format"
	modhash create --format=$limit_format -o "$here/unlimited" "$limit_tree"
	is "$kernel: limits: the $limit_format is the same" "$(sha256sum <"$here/unlimited")" \
		"$(sha256sum <"$here/limit.$limit_format")"
	limit_expected=0
	[ $limit_format != merkle ] || limit_expected=1
	bounded . verify --blob="$here/limit.$limit_format" "$limit_tree"
	exits $limit_expected "$kernel: limits: verify by the $limit_format"
done

# Proofs are written, in all formats of packing that are in the tree.
awk 'NR % 40 == 1' "$here/names" >"$here/limit-some"
[ "$full" = no ] || cp "$here/names" "$here/limit-some"
rm -rf "$here/limit-proofs"
mkdir "$here/limit-proofs"
(cd "$tree" && tar cf - -T "$here/limit-some") | tar xf - -C "$here/limit-proofs"
bounded . create -q --format=merkle --proofs=append -o "$here/limit.root" "$here/limit-proofs"
exits 0 "$kernel: limits: create --proofs=append"
bounded . verify --blob="$here/limit.root" "$here/limit-proofs"
exits 0 "$kernel: limits: verify with proofs"
is "$kernel: limits: no memory was short on the way" 0 "$(grep -c 'limit is' "$work/err")"

modhash extract --btf -o "$here/base" "$image"
if [ "$status" = 0 ] && [ -s "$here/canonical" ]; then
	bounded . digest --scope=canonical --base="$here/base" "$plain"
	exits 0 "$kernel: limits: canonical digests"
	sed "s,  $plain/,  ," "$work/out" >"$here/found"
	same "$kernel: limits: canonical digests are the same" "$here/canonical" "$here/found"
	rm -rf "$here/limit-canon"
	mkdir "$here/limit-canon"
	awk 'NR % 40 == 1' "$here/plain-names" >"$here/limit-some"
	[ "$full" = no ] || cp "$here/plain-names" "$here/limit-some"
	(cd "$plain" && tar cf - -T "$here/limit-some") | tar xf - -C "$here/limit-canon"
	bounded "$here/limit-canon" canon -q -i --base="$here/base" - <"$here/limit-some"
	exits 0 "$kernel: limits: canon --in-place"
	# Trailers go, and nothing else that counts.
	bounded . compare --base="$here/base" "$plain/$(head -n 1 "$here/limit-some")" \
		"$here/limit-canon/$(head -n 1 "$here/limit-some")"
	is "$kernel: limits: compare finds nothing that counts" yes \
		"$([ "$status" -le 1 ] && echo yes)"
	bounded . digest --scope=canonical --base="$here/base" --max-types=1000 "$plain"
	exits 2 "$kernel: limits: --max-types=1000 is not enough for a vmlinux"
	is "$kernel: limits: and the message says so" 1 \
		"$(grep -c 'more than 1000 BTF types, which is the limit' "$work/err")"
else
	skip "$kernel: limits: canonical digests: no BTF could be taken out of $image"
fi
rm -rf "$here/limit-proofs" "$here/limit-canon"
