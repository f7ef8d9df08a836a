#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash info
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

module a.ko
module plain.ko plain '6.1.0-test SMP mod_unload'
sign a.ko

run 0 info a.ko
out_is 'filename:       a.ko
compression:    none
size:           1044
payload:        800
elf:            64-bit, little-endian, x86_64
name:           a
vermagic:       6.1.0-test SMP mod_unload
build_id:       612d303132333435363738396162636465666768
btf:            none
module:         yes
stripped:       no
trailer:        PKCS#7, 244 bytes at 800
signer:         Throw-away test key
sig_key:        C0:FF:EE:01:23:45:67:89
sig_hashalgo:   sha256'
err_is ''
run 0 info -v a.ko
out_like '^signature:      30:46:02:21:00:F2:'

run 0 info plain.ko
isnt 'no trailer in an unsigned module' grep -q '^trailer' "$out"

# Two trailers: the outermost first.
"$MODHASH" create -q -f merkle --proofs=append -o root a.ko
run 0 info a.ko
out_like '^trailer:        Merkle proof, 76 bytes at 1044$'
out_has 'position:       0'
out_has 'levels:         1'
out_has 'trailer:        PKCS#7, 244 bytes at 800'
is 'the proof comes before the signature' \
	sh -c "grep '^trailer' '$out' | head -n 1 | grep -q Merkle"

# Both classes, both byte orders.
for class in 32 64; do
	for order in little big; do
		module m.ko m '5.0 x' $class $order
		run 0 info m.ko
		out_like "^elf:            $class-bit, $order-endian, "
		out_has 'vermagic:       5.0 x'
		out_has 'name:           m'
	done
done

# Compressed, told by contents and not by name.
module c.ko
sign c.ko
if have gzip; then
	gzip -c c.ko >c.bin
	run 0 info c.bin
	out_has 'compression:    gzip'
	out_has 'unpacked:       1044'
	out_has 'payload:        800'
	out_has 'signer:         Throw-away test key'
else
	skip 'no gzip'
fi
if have xz; then
	xz --check=crc32 -c c.ko >c.bin
	run 0 info c.bin
	out_has 'compression:    xz'
	out_has 'signer:         Throw-away test key'
else
	skip 'no xz'
fi
if have zstd; then
	zstd -q -c c.ko >c.bin
	run 0 info c.bin
	out_has 'compression:    zstd'
	out_has 'signer:         Throw-away test key'
else
	skip 'no zstd'
fi

# In a reduced build: a clear word, and "could not tell".
for packer in gzip xz zstd; do
	if lacks $packer && command -v $packer >/dev/null; then
		$packer -c c.ko >c.bin
		run 2 info c.bin
		err_like '^modhash: c.bin: .*built without'
	fi
done

# Many, one of them bad: the others are told about.
run 2 info plain.ko missing.ko a.ko
err_is "modhash: missing.ko: can't open the file (No such file or directory)"
is 'both others are told' test "$(grep -c '^filename' "$out")" -eq 2
is 'with an empty line between them' test "$(grep -c '^$' "$out")" -eq 1

# What is malformed is a no.
echo 'no module' >text
run 1 info text
err_like '^modhash: text: '
out_has 'size:           10'
module cut.ko
head -c 100 cut.ko >short
run 1 info short
err_like '^modhash: short: '
module bad.ko
trailer bad.ko 2 4000
run 1 info bad.ko
err_like '^modhash: bad.ko: offset 808: '
module bad2.ko
printf 'no CMS' >>bad2.ko
trailer bad2.ko 2 6
run 1 info bad2.ko
err_like '^modhash: bad2.ko: offset 80[0-9]: '
out_has 'trailer:        PKCS#7, 46 bytes at 800'
: >empty
run 1 info empty
err_like '^modhash: empty: '
run 2 info missing.ko text

# An executable is ELF, but no module.
if [ -x /bin/true ]; then
	run 1 info /bin/true
	out_has 'module:         no: not a relocatable file with .modinfo'
fi

# What a file says is escaped before it reaches a terminal.
module esc.ko "$(printf 'a\033[31mb')"
run 0 info esc.ko
out_has 'name:           a\x1b[31mb'

# Names from standard input.
printf '%s\n' a.ko plain.ko >list
run_with list 0 info -
is 'two from standard input' test "$(grep -c '^filename' "$out")" -eq 2
tr '\n' '\0' <list >list0
run_with list0 0 info -0 -
is 'two that end with NUL' test "$(grep -c '^filename' "$out")" -eq 2
run_with list0 2 info -
err_like '^modhash: standard input: a name with a NUL in it'
printf 'a.ko' >list
run_with list 0 info -
is 'one without a newline' test "$(grep -c '^filename' "$out")" -eq 1
run_with list 2 info - -
err_like 'standard input is named twice'

finish
