#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash strip-signature
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

module a.ko
cp a.ko bare
sign a.ko
cp a.ko signed
sign a.ko
cp a.ko twice

run 0 strip-signature -o out a.ko
out_is ''
err_is ''
is 'all trailers are off' cmp -s bare out
is 'the module is as it was' cmp -s twice a.ko
run 0 strip-signature -o - a.ko
is 'on standard output' cmp -s bare "$out"
chmod 600 a.ko
run 0 strip-signature --in-place a.ko
is 'in place' cmp -s bare a.ko
is 'the mode stays' test "$(stat -c %a a.ko)" = 600
no_litter .

# Nothing to take off: a copy, or nothing at all.
run 0 strip-signature -o out2 bare
is 'a copy' cmp -s bare out2
inode=$(stat -c %i bare)
run 0 strip-signature -i bare
is 'left alone' test "$(stat -c %i bare)" = "$inode"
if have xz; then
	xz -9 --check=crc64 -c bare >bare.xz
	run 0 strip-signature -o out3 bare.xz
	is 'a packed copy, to the byte' cmp -s bare.xz out3
	xz --check=crc32 -c signed >signed.xz
	run 0 strip-signature -i signed.xz
	is 'packed again' sh -c 'xz -dc signed.xz | cmp -s - bare'
	is 'so that a kernel reads it' sh -c 'xz --robot --list signed.xz | grep -q CRC32'
else
	skip 'no xz'
fi

# Many, one malformed: the others are done.
module m1.ko
cp m1.ko m1
sign m1.ko
module m2.ko
trailer m2.ko 2 9999
cp m2.ko m2
module m3.ko
cp m3.ko m3
sign m3.ko
run 1 strip-signature -v --in-place m1.ko m2.ko m3.ko
err_like '^modhash: m2.ko: offset 808: '
out_is 'm1.ko: stripped
m3.ko: stripped'
is 'the first is stripped' cmp -s m1 m1.ko
is 'the malformed one is as it was' cmp -s m2 m2.ko
is 'the third is stripped' cmp -s m3 m3.ko
run 1 strip-signature -o never m2.ko
isnt 'nothing was written' test -e never
run 2 strip-signature -i missing.ko m2.ko
run 0 strip-signature -v -i m1.ko
out_is 'm1.ko: unsigned'

# Through a symbolic link: what it leads to.
cp signed target.ko
ln -s target.ko link.ko
run 0 strip-signature -i link.ko
is 'still a link' test -L link.ko
is 'the target is stripped' cmp -s bare target.ko

# What is not a module is none of our business here: a trailer is a trailer.
printf 'some text' >text
printf 'some text' >text.signed
printf 'sig' >>text.signed
trailer text.signed 2 3
run 0 strip-signature -i text.signed
is 'text loses its trailer' cmp -s text text.signed

run 2 strip-signature a.ko
err_like '^modhash: expected either --output=FILE or --in-place$'
run 2 strip-signature -i -o x a.ko
run 2 strip-signature -o x a.ko m1.ko
err_like '^modhash: --output takes one file'
run 2 strip-signature --json -o - a.ko
printf 'signed\nm1.ko\n' >list
run_with list 2 strip-signature -o x -
run_with list 0 strip-signature -i -
is 'names from standard input' cmp -s bare signed
mkdir dir
run 2 strip-signature -i dir
err_like '^modhash: dir: '
# An output that can't be is told before anything is read: of the module, there is no word.
run 2 strip-signature -o dir missing.ko
err_like '^modhash: dir: a directory, where a regular file was expected'
isnt 'nothing was read' grep -q missing "$err"
mkfifo fifo
run 2 strip-signature -o fifo missing.ko
err_like '^modhash: fifo: a device, FIFO or socket'
run 2 strip-signature -o no/such/dir missing.ko
err_is "modhash: no/such/dir: can't write to the file's directory (No such file or directory)"
run 2 strip-signature -o twice/below missing.ko
err_is "modhash: twice/below: can't write to the file's directory (Not a directory)"
run 2 strip-signature -o '' twice
err_like '^modhash: --output=: expected the name of a file'
ln -s /nowhere/at/all dangling
run 2 strip-signature -o dangling twice
err_like '^modhash: '

finish
