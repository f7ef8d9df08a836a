# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# The kernel's sign-file with a throw-away key: the payload's digest stays.

keys=$work/keys
if [ ! -d "$keys" ]; then
	mkdir "$keys"
	openssl req -new -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Throw-away key" \
		-keyout "$keys/rsa.pem" -out "$keys/rsa.crt" 2>/dev/null
	openssl req -new -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-384 -nodes -days 2 \
		-subj "/CN=Throw-away EC key" -keyout "$keys/ec.pem" -out "$keys/ec.crt" 2>/dev/null
fi

signed=$here/signed
mkdir "$signed"
i=0
while read -r name <&3; do
	i=$((i + 1))
	case $((i % 2)) in
	0) "$sign_file" sha256 "$keys/rsa.pem" "$keys/rsa.crt" "$plain/$name" "$signed/$i.ko" ;;
	1) "$sign_file" sha512 "$keys/ec.pem" "$keys/ec.crt" "$plain/$name" "$signed/$i.ko" ;;
	esac
	grep "  $name\$" "$here/payload-digests" | cut -c1-64 >>"$here/resign-payload"
	grep "  $name\$" "$here/file-digests" | cut -c1-64 >>"$here/resign-file"
	echo "$signed/$i.ko" >>"$here/resign-names"
done 3<"$here/sample"

modhash digest - <"$here/resign-names"
cut -c1-64 "$work/out" >"$here/found"
same "$kernel: modules signed again keep their payload digest" "$here/resign-payload" "$here/found"
modhash digest --scope=file - <"$here/resign-names"
cut -c1-64 "$work/out" >"$here/found"
is "$kernel: and none its file digest" "$(wc -l <"$here/resign-names")" \
	"$(paste "$here/resign-file" "$here/found" | awk '$1 != $2' | wc -l)"

xargs modinfo <"$here/resign-names" | modinfo_fields >"$here/expected"
modhash info --json - <"$here/resign-names"
is "$kernel: both signatures are there" "$(wc -l <"$here/resign-names")" \
	"$(jq '[.files[] | select(.trailers | length == 2)] | length' "$work/out")"
modhash_fields "$work/out" >"$here/found"
same "$kernel: the new signature's fields are those of modinfo" "$here/expected" "$here/found"
grep -q 'Throw-away EC key.*sha512' "$here/found" || not_ok "$kernel: no EC key among them"
