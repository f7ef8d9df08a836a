# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154,SC2034
#
# Hashes and IMA: what IMA wants of a module comes on top.  One policy has all the rules, which
# are told apart by whose a file is: 0 is measured only, and so are all others.

ima_rules()
{
	cat <<END
measure func=MODULE_CHECK
appraise func=MODULE_CHECK fowner=1
appraise func=MODULE_CHECK appraise_type=imasig fowner=2
appraise func=MODULE_CHECK appraise_type=imasig|modsig fowner=3
END
}

owner_of()
{
	case $1 in
	measure) echo 0 ;;
	appraise) echo 1 ;;
	imasig) echo 2 ;;
	modsig) echo 3 ;;
	esac
}

# bytes NUMBER...: in octal, as binary
bytes()
{
	for byte; do
		# shellcheck disable=SC2059 # that is the point
		printf "\\$byte"
	done
}

unhex()
{
	python3 -c 'import sys; sys.stdout.buffer.write(bytes.fromhex(sys.stdin.read()))'
}

# As IMA keeps them in security.ima: type 4, SHA-256 (4), and the digest; or type 3, version 2,
# SHA-256, the end of the key's identifier, a length, and the signature.
hash_beside()
{
	{
		bytes 004 004
		openssl dgst -sha256 -binary "$1"
	} >"$2"
}

signature_beside()
{
	id=$(openssl x509 -in "$keys/stranger.cert" -noout -ext subjectKeyIdentifier |
		sed -n 's/^ *\([0-9A-F:]*\)$/\1/p' | tr -d :)
	openssl dgst -sha256 -sign "$keys/stranger.key" -out "$own/signature" "$1" || return 1
	{
		bytes 003 002 004
		printf %s "$id" | tail -c 8 | unhex
		bytes 001 000
		cat "$own/signature"
	} >"$2"
	[ "$(wc -c <"$2")" = $((3 + 4 + 2 + 256)) ]
}

# ima_cell RULE WHAT FILE MODULE LOGGED [BESIDE [FLAGS]]: a file under a rule; the digest of
# LOGGED is what the kernel would log
ima_cell()
{
	path=/ima/$1-$2.ko
	cp "$3" "$own/root/cell/$1-$2.ko"
	[ -z "${6:-}" ] || cp "$6" "$own/root/cell/$1-$2.ko.ima"
	digest=$(sha256sum <"$5" | cut -d ' ' -f 1)
	echo "place $1/$2 $(owner_of "$1") /cell/$1-$2.ko $path" >>"$own/places"
	echo "fd $1/$2 ${7:-0} $path $4" >>"$own/loads"
	echo "$1/$2 $4 $digest $digest $digest" >>"$results/$format.facts"
	# All of them are measured, by what they are as files.
	echo "sha256:$(sha256sum <"$3" | cut -d ' ' -f 1) $path" >>"$own/measured"
}

signed_by()
{
	cp "$2" "$3" && "$keys/sign-file" sha256 "$keys/$1.pem" "$keys/$1.x509" "$3"
}

# The module as this kernel knows it: as built, with a signature, or with that and its proof.
# IMA has the stranger's key, and not the kernel's own.
ima_files()
{
	victim=$(built_victim "$product")
	alien=$product/foreign/mh_foreign.ko
	for who in own stranger; do
		signed_by $who "$victim" "$own/victim-$who" || return 1
	done
	signed_by stranger "$alien" "$own/alien-stranger" || return 1
	case $format in
	table-*) cp "$victim" "$own/known" ;;
	list-*) cp "$own/victim-stranger" "$own/known" ;;
	merkle-*) cat "$own/victim-stranger" "$own/proof-signed" >"$own/known" ;;
	esac
	# What the kernel logs the digest of: a table's is of the payload.
	logged=$own/alien-stranger
	[ "$format" != table-ima ] || logged=$alien
	xz --check=crc32 --lzma2=dict=1MiB -c "$own/known" >"$own/known.xz" &&
		xz --check=crc32 --lzma2=dict=1MiB -c "$own/victim-stranger" >"$own/stranger.xz" &&
		for file in "$own/known" "$own/known.xz" "$alien"; do
			hash_beside "$file" "$own/${file##*/}.hash" &&
				signature_beside "$file" "$own/${file##*/}.signature" || return 1
		done
}

ima_cells()
{
	: >"$results/$format.facts"
	rm -f "$own/places" "$own/loads" "$own/measured"
	ima_cell measure known "$own/known" mh_victim "$victim"
	ima_cell measure alien "$alien" mh_foreign "$alien"

	ima_cell appraise bare "$own/known" mh_victim "$victim"
	ima_cell appraise known "$own/known" mh_victim "$victim" "$own/known.hash"
	ima_cell appraise wrong "$own/known" mh_victim "$victim" "$own/mh_foreign.ko.hash"
	ima_cell appraise alien "$alien" mh_foreign "$alien" "$own/mh_foreign.ko.hash"

	ima_cell imasig bare "$own/known" mh_victim "$victim"
	ima_cell imasig hashed "$own/known" mh_victim "$victim" "$own/known.hash"
	ima_cell imasig known "$own/known" mh_victim "$victim" "$own/known.signature"
	ima_cell imasig wrong "$own/known" mh_victim "$victim" "$own/mh_foreign.ko.signature"
	ima_cell imasig alien "$alien" mh_foreign "$alien" "$own/mh_foreign.ko.signature"
	ima_cell imasig xz "$own/known.xz" mh_victim "$victim" "$own/known.xz.signature" 4

	ima_cell modsig unsigned "$victim" mh_victim "$victim"
	ima_cell modsig bare "$own/known" mh_victim "$victim"
	ima_cell modsig known "$own/known" mh_victim "$victim" "$own/known.signature"
	ima_cell modsig signed "$own/victim-stranger" mh_victim "$own/victim-stranger"
	ima_cell modsig own "$own/victim-own" mh_victim "$victim"
	ima_cell modsig alien "$own/alien-stranger" mh_foreign "$logged"
	ima_cell modsig xz "$own/stranger.xz" mh_victim "$victim" "" 4

	# A system call that gives IMA no file
	for what in "known $own/known mh_victim $victim" "alien $alien mh_foreign $alien"; do
		# shellcheck disable=SC2086 # words
		set -- $what
		cp "$2" "$own/root/cell/memory-$1.ko"
		echo "mem memory/$1 0 /cell/memory-$1.ko $3" >>"$own/loads"
		digest=$(sha256sum <"$4" | cut -d ' ' -f 1)
		echo "memory/$1 $3 $digest $digest $digest" >>"$results/$format.facts"
	done
}

ima_root()
{
	own=$results/$format.d
	mkdir -p "$own"
	kernel_of "$format" && new_root "$own/root" && ima_files && ima_cells || return 1
	ima_rules >"$own/root/cell/policy"
	cp "$keys/stranger.x509" "$own/root/cell/key"
	{
		echo "key ima/key /cell/key"
		cat "$own/places"
		echo "policy ima/policy /cell/policy"
		cat "$own/loads"
		echo "file file/measured /sys/kernel/security/ima/ascii_runtime_measurements"
	} >>"$own/root/cells"
	pack "$own/root"
}

for format in $with_ima; do
	step "Booting $format"
	if ! ima_root; then
		not_ok "$format: its modules could be made"
		continue
	fi
	for way in permissive enforced lockdown; do
		boot "$arch" "$kernel" "$own/root" "$results/$format.$way" $way ||
			not_ok "$format, $way: it boots and comes to its end"
		# A template's digest stands before what a line is of.
		value "$results/$format.$way" file/measured hex | unhex |
			sed -n 's/^10 [0-9a-f]* ima-ng \(.* \/ima\/.*\)/\1/p' | sort >"$own/found"
		is "$format, $way: IMA has measured each file, as it is" \
			"$(sort "$own/measured")" "$(cat "$own/found")"
	done
	rm -rf "$own"
done
