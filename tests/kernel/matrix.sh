# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# The matrix: each format, each way to boot, each thing that can be done to a module.

# product_of FORMAT: where the build is that it is made of
product_of()
{
	case $1 in
	*-6.1) product_for 6.1 "$arch" "$1" ;;
	*-nosig*) product_for 6.12 "$arch" "${1%%-*}-nosig" ;;
	*) product_for 6.12 "$arch" "${1%%-*}" ;;
	esac
}

# built_victim PRODUCT [NAME]: a module of ours in a build
built_victim()
{
	echo "$1/modules/lib/modhash-test/${2:-mh_victim}.ko"
}

# proofs DIR ORDER OUT: the victim's proof among the modules in DIR, by the tool
proofs()
{
	"$MODHASH" create --format=merkle --order="$2" --proofs=files -o "$3.root" "$1" &&
		mv "$1/lib/modhash-test/mh_victim.merkle" "$3" &&
		find "$1" -name '*.merkle' -exec rm -f {} +
}

# installed_proof PRODUCT OUT: the victim's proof as modules_install appended it
installed_proof()
{
	installed=$(find "$1/installed" -name mh_victim.ko)
	length=$(wc -c <"$(built_victim "$1")")
	cmp -s -n "$length" "$installed" "$(built_victim "$1")" ||
		{ echo "$installed does not begin with the module"; return 1; }
	tail -c +$((length + 1)) "$installed" >"$2"
}

# sign_all DIR: every module in it, by the stranger
sign_all()
{
	find "$1" -name '*.ko' | while read -r module; do
		"$keys/sign-file" sha256 "$keys/stranger.pem" "$keys/stranger.x509" "$module" ||
			return 1
	done
}

# kernel_of FORMAT: the image to boot; for some it is first made, in $results/FORMAT.d
kernel_of()
{
	product=$(product_of "$1")
	own=$results/$1.d
	case $1 in
	*-empty) kernel=$product/vmlinux.unhashed ;;
	*-signed | list-ima | merkle-ima)
		# No build of its own: another blob into the same image.
		rm -rf "$own/signed"
		cp -R "$product/modules" "$own/signed"
		sign_all "$own/signed" || return 1
		cp "$product/vmlinux" "$own/vmlinux"
		kernel=$own/vmlinux
		case $1 in
		list-*) "$MODHASH" create --format=list --order="$product/modules.order" \
				-o "$own/blob" "$own/signed" || return 1 ;;
		*) proofs "$own/signed" "$product/modules.order" "$own/proof-signed" || return 1
		   mv "$own/proof-signed.root" "$own/blob" ;;
		esac
		"$MODHASH" embed --blob="$own/blob" "$kernel" || return 1
		;;
	*) kernel=$(image "$product") ;;
	esac
}

# only FORMAT: which cells it has; a control needs not all
only()
{
	case $1 in
	*-empty) echo "*/intact" ;;
	list-signed) echo "none/intact own/intact stranger/intact stranger/text" \
		"stranger/rodata stranger/modinfo stranger/btf stranger/added" ;;
	merkle-signed) echo "none/intact own/intact stranger/intact proven/intact proven/text" \
		"proven/rodata proven/modinfo proven/btf proven/added proven/removed" \
		"proven/stripped proven/cut proven/other" ;;
	*) echo "*" ;;
	esac
}

# make_cells FORMAT: the modules of the matrix, and the list of what to do with them
make_cells()
{
	case $1 in
	merkle | merkle-nosig) installed_proof "$product" "$own/proof" || return 1 ;;
	*)
		rm -rf "$own/unsigned"
		cp -R "$product/modules" "$own/unsigned"
		proofs "$own/unsigned" "$product/modules.order" "$own/proof" || return 1
		;;
	esac
	cat >"$own/config" <<END
victim=$(built_victim "$product")
other=$product/foreign/mh_victim.ko
foreign=$product/foreign/mh_foreign.ko
sign=$keys/sign-file
own=$keys/own.pem
own_cert=$keys/own.x509
stranger=$keys/stranger.pem
stranger_cert=$keys/stranger.x509
proof=$own/proof
only=$(only "$1")
END
	[ ! -f "$own/proof-signed" ] || echo "proof_signed=$own/proof-signed" >>"$own/config"
	rm -rf "$own/cells"
	python3 "$here/make-cells.py" "$own/config" "$own/cells" || return 1
	cp "$own/cells/facts" "$results/$1.facts"
	cp -R "$own/cells/cell" "$own/root/"
	cat "$own/cells/cells" >>"$own/root/cells"
}

# add_known: all modules of the build, as they are installed
add_known()
{
	mkdir -p "$own/root/known"
	find "$product/installed" -name '*.ko' | sort | while read -r module; do
		name=$(basename "$module" .ko)
		cp "$module" "$own/root/known/"
		echo "fd known/$name 0 /known/$name.ko $(echo "$name" | tr - _)"
	done >>"$own/root/cells"
}

# add_files: what the kernel tells of its blob
add_files()
{
	for file in format algorithm count blob; do
		echo "file file/$file /sys/kernel/security/module_hashes/$file"
	done >>"$own/root/cells"
}

# add_functions DIR: calls of the functions of the test's module
add_functions()
{
	cp "$1" "$own/root/known/mh_kfunc.ko"
	for function in pear apple quince medlar; do
		echo "bpf bpf/$function mh_kfunc_$function /known/mh_kfunc.ko mh_kfunc"
	done >>"$own/root/cells"
}

# prepare FORMAT: its kernel, and what is put before it
prepare()
{
	mkdir -p "$results/$1.d"
	kernel_of "$1" && new_root "$own/root" && make_cells "$1" || return 1
	case $1 in
	*-empty | *-signed) ;;
	*)
		add_known
		add_files
		# Linux 6.1 has none.
		[ "$1" = table-6.1 ] ||
			add_functions "$(find "$product/installed" -name mh_kfunc.ko)"
		;;
	esac
	pack "$own/root"
}

# boot_all FORMAT: in all ways
boot_all()
{
	for way in permissive enforced lockdown; do
		boot "$arch" "$kernel" "$own/root" "$results/$1.$way" $way ||
			not_ok "$1, $way: it boots and comes to its end"
	done
	# What is big and can be made again.
	rm -rf "$own/root" "$own/root.cpio" "$own/cells" "$own/unsigned" "$own/signed"
}

# all_known FORMAT WAY: each module of the build loads, unmarked, and the kernel is silent
all_known()
{
	out=$results/$1.$2
	bad=$(tr -d '\r' <"$out" | grep '^CELL known/' |
		grep -cv ' errno=0 taint=- btf=yes left=0$' || :)
	count=$(grep -c '^CELL known/' "$out" || :)
	is "$1, $2: all $count modules of the build load" "$(wc -l <"$product/modules.order") 0" \
		"$count $bad"
	is "$1, $2: nothing is logged of them" "" \
		"$(tr -d '\r' <"$out" | grep '^LOG known/.*module hashes:' || :)"
}

# told FORMAT WAY [ALGORITHM]: securityfs, against what the image has, and what the build says
told()
{
	out=$results/$1.$2
	kind=${1%%-*}
	lines=$(wc -l <"$product/modules.order")
	blob=$work/blob.extracted
	"$MODHASH" extract --blob -o "$blob" "$kernel" || :
	case $kind in
	merkle) count=unknown ;;
	*) count=$lines ;;
	esac
	is "$1, $2: securityfs tells the format" "$(printf '%s\n' "$kind" | hex)" \
		"$(value "$out" file/format hex)"
	is "$1, $2: securityfs tells the algorithm" "$(printf '%s\n' "${3:-sha256}" | hex)" \
		"$(value "$out" file/algorithm hex)"
	is "$1, $2: securityfs tells how many modules" "$(printf '%s\n' "$count" | hex)" \
		"$(value "$out" file/count hex)"
	# In Linux 6.1 there may be room left behind it.
	found=$(value "$out" file/blob hex)
	rest=${found#"$(hex <"$blob")"}
	[ "$1" != table-6.1 ] || rest=$(printf %s "$rest" | tr -d 0)
	is "$1, $2: securityfs has the blob that is in the image" "" "$rest"
	is "$1, $2: the blob's file tells its size" $((${#found} / 2)) \
		"$(value "$out" file/blob size)"
	for file in format algorithm count blob; do
		is "$1, $2: all may read $file, and nobody may write" 444 \
			"$(value "$out" file/$file mode)"
	done
	# At boot: what there is, and no warning.
	is "$1, $2: one line at boot" 1 "$(logged "$out" boot | grep -c "^module hashes: $kind, ")"
	is "$1, $2: nothing else at boot" 1 "$(logged "$out" boot | wc -l)"
}

hex()
{
	od -An -v -tx1 | tr -d ' \n'
}

# warned FORMAT: a kernel with an empty blob says so at boot
warned()
{
	blob=${1%%-*}
	[ "$blob" != merkle ] || blob=root
	is "$1: a warning at boot" "module hashes: $blob is not filled in: no module is known" \
		"$(logged "$results/$1.enforced" boot)"
}

# functions_called FORMAT WAY: BPF programs reach the functions that they name
functions_called()
{
	out=$results/$1.$2
	for function in "pear 34" "apple 57" "quince 80"; do
		is "$1, $2: BPF's call of mh_kfunc_${function% *}" "$(called "${function#* }")" \
			"$(value "$out" "bpf/${function% *}" errno) $(value "$out" "bpf/${function% *}" step) $(value "$out" "bpf/${function% *}" answer)"
	done
	# It has BTF, and was not registered.
	is "$1, $2: a function that is not registered is not callable" "$(not_called)" \
		"$(value "$out" bpf/medlar errno) $(value "$out" bpf/medlar step)"
}

# User Mode Linux has no JIT, without which no module's functions can be called: how far it
# gets there is only that the module registers them.
called()
{
	case $arch in
	um) echo "ENOTSUPP verifier 0" ;;
	*) echo "0 run $1" ;;
	esac
}

not_called()
{
	case $arch in
	um) echo "ENOTSUPP verifier" ;;
	*) echo "EACCES verifier" ;;
	esac
}

# judge FORMAT...: the matrix against what is expected, and that the judge would notice
judge()
{
	status=0
	python3 "$here/judge.py" "$here/expected" "$results" "$@" >"$results/judgement" || status=$?
	grep -v '^[0-9]* passed' "$results/judgement"
	counts=$(tail -n 1 "$results/judgement" |
		sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed, 0 skipped$/\1 \2/p')
	[ -n "$counts" ] || { not_ok "the judgement did not come to its end"; return; }
	passed=$((passed + ${counts% *}))
	failed=$((failed + ${counts#* }))
	[ $status = 0 ] || [ "${counts#* }" != 0 ] || not_ok "judge.py: exit $status"
}

# misjudged TEXT FORMAT COUNT SED-SCRIPT [OUTPUT]: a change to what is expected, or to an
# output, makes COUNT failures more
misjudged()
{
	cp "$here/expected" "$work/expected.wrong"
	rm -rf "$work/results.wrong"
	mkdir -p "$work/results.wrong"
	cp "$results/$2".[a-z]* "$work/results.wrong/" 2>/dev/null || :
	changed=${5:+$work/results.wrong/$5}
	changed=${changed:-$work/expected.wrong}
	sed "$4" "$changed" >"$work/wrong"
	if cmp -s "$work/wrong" "$changed"; then
		not_ok "the judge and $1: nothing was changed"
		return
	fi
	had=$(judgement "$here/expected" "$results" "$2")
	mv "$work/wrong" "$changed"
	is "the judge notices $1" $((had + $3)) \
		"$(judgement "$work/expected.wrong" "$work/results.wrong" "$2")"
}

judgement()
{
	python3 "$here/judge.py" "$@" | sed -n 's/.* passed, \([0-9]*\) failed, 0 skipped$/\1/p'
}
