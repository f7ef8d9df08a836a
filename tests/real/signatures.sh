# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154
#
# What modinfo prints of every module, modhash info has as well.

# One line a module: path, name, vermagic, srcversion, signer, key, algorithm, signature.
modinfo_fields()
{
	awk '
		function flush() {
			gsub(":", "", signature)
			if (path != "")
				print path "|" f["name"] "|" f["vermagic"] "|" f["srcversion"] "|" \
					f["sig_id"] "|" f["signer"] "|" f["sig_key"] "|" \
					f["sig_hashalgo"] "|" signature
			split("", f)
			signature = ""
		}
		/^filename: / { flush(); path = substr($0, 17) }
		{ in_signature = in_signature && /^\t\t/ }
		in_signature { signature = signature $1 }
		/^signature: / { signature = $2; in_signature = 1 }
		/^(name|vermagic|srcversion|sig_id|signer|sig_key|sig_hashalgo): / {
			key = $0
			sub(/:.*/, "", key)
			f[key] = substr($0, 17)
		}
		END { flush() }' | sort
}

modhash_fields()
{
	jq -r '
		.files[] | . as $file
		| (.trailers[0] // {}) as $trailer
		| [.path, .elf.name, .elf.vermagic, .elf.srcversion // "",
		   (if $trailer.kind == "pkcs7" then "PKCS#7" else "" end),
		   $trailer.signer // "", $trailer.key_id // "", $trailer.hash // "",
		   ($trailer.signature // "" | ascii_upcase)]
		| join("|")' "$1" | sort
}

(cd "$tree" && tr '\n' '\0' <"$here/names" | xargs -0 modinfo | sed "s,^\(filename: *\)$tree/,\1,") |
	modinfo_fields >"$here/modinfo"
modhash_in "$tree" info --json - <"$here/names"
exits 0 "$kernel: info of $count modules"
if jq -e . "$work/out" >/dev/null; then
	ok "$kernel: info prints JSON"
else
	not_ok "$kernel: info prints JSON"
fi
modhash_fields "$work/out" >"$here/info"
is "$kernel: every module is signed" "$count" "$(grep -c '|PKCS#7|[^|]' "$here/info")"
same "$kernel: name, vermagic, srcversion and signature fields are those of modinfo" \
	"$here/modinfo" "$here/info"
