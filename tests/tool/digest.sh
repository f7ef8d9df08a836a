#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# modhash digest
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

module a.ko
cp a.ko payload
sign a.ko
file=$(sha a.ko)
payload=$(sha payload)

run 0 digest a.ko
out_is "$payload  a.ko"
err_is ''
run 0 digest --scope=payload a.ko
out_is "$payload  a.ko"
run 0 digest --scope=file a.ko
out_is "$file  a.ko"
sha256sum a.ko >expected
is 'file scope is what sha256sum prints' cmp -s expected "$out"

# Every algorithm; those of coreutils against coreutils.
for n in 384 512; do
	run 0 digest --scope=file -a sha$n a.ko
	"sha${n}sum" a.ko >expected
	is "as sha${n}sum" cmp -s expected "$out"
done
for n in 256 384 512; do
	run 0 digest --algorithm=sha3-$n a.ko
	is "sha3-$n has $((n / 4)) digits" grep -qE "^[0-9a-f]{$((n / 4))}  a.ko$" "$out"
done

# Trees: all modules, in byte order, whatever else lies there.
tree t
ln -s one.ko t/kernel/fs/link.ko
echo x >t/kernel/fs/readme
run 0 digest --scope=file t
find t -name '*.ko' -type f | sort | xargs sha256sum >expected
is 'as sha256sum over the tree' cmp -s expected "$out"
cp "$out" all
for jobs in 1 2 7 0; do
	run 0 digest -j $jobs --scope=file t
	is "the same with $jobs threads" cmp -s all "$out"
done
run 0 digest t/kernel/net/five.ko t/kernel/fs/one.ko
is 'operands in the order given' sh -c "head -n 1 '$out' | grep -q five"
mkdir none
run 0 digest none
out_is ''
err_is ''

# Compressed: the digest of what is inside.
if have xz; then
	xz --check=crc32 -c a.ko >a.ko.xz
	run 0 digest --scope=file a.ko.xz
	out_is "$file  a.ko.xz"
	run 0 digest a.ko.xz
	out_is "$payload  a.ko.xz"
else
	skip 'no xz'
fi

# One that can't be read never hides the others.
run 2 digest missing.ko a.ko
out_is "$payload  a.ko"
err_is "modhash: missing.ko: can't open the file (No such file or directory)"
cp a.ko bad.ko
trailer bad.ko 2 9999
run 1 digest bad.ko a.ko
out_is "$payload  a.ko"
err_like '^modhash: bad.ko: offset 1052: '
run 0 digest --scope=file bad.ko
run 2 digest bad.ko missing.ko

# Names as sha256sum has them.
newline=$(printf 'new\nline.ko')
cp a.ko "$newline"
cp a.ko 'back\slash.ko'
cp a.ko ' space .ko'
run 0 digest --scope=file "$newline" 'back\slash.ko' ' space .ko'
cp "$out" ours
sha256sum "$newline" 'back\slash.ko' ' space .ko' >expected
is 'escaped as sha256sum does' cmp -s expected ours
run 0 digest --check --scope=file expected
run 0 digest --check --scope=file ours

# --check
run 0 digest t
cp "$out" sums
run 0 digest --check sums
out_is '5 files: 5 OK, 0 failed, 0 not read'
run 0 digest -c -v sums
out_has 't/kernel/fs/one.ko: OK'
run_with sums 0 digest --check -
sign t/kernel/net/four.ko
run 0 digest --check sums
patch t/kernel/net/four.ko 350 101
run 1 digest --check sums
out_is 't/kernel/net/four.ko: FAILED
5 files: 4 OK, 1 failed, 0 not read'
rm t/kernel/fs/two.ko
run 2 digest --check sums
err_is "modhash: t/kernel/fs/two.ko: can't open the file (No such file or directory)"
out_has '5 files: 3 OK, 1 failed, 1 not read'
tree t
run 1 digest --check --scope=file sums
run 2 digest --check --algorithm=sha512 sums
err_like '^modhash: sums: line 1: expected hex digits of sha512, two spaces and a name$'

# What was written with another algorithm: by its length, or by its name.
for a in sha384 sha512; do
	run 0 digest -a $a t
	cp "$out" sums2
	run 0 digest --check sums2
	run 0 digest --check -a $a sums2
done
run 0 digest -a sha3-256 t
cp "$out" sums3
run 1 digest --check sums3
run 0 digest --check -a sha3-256 sums3
cat sums sums2 sums >mixed
run 0 digest --check mixed
out_is '15 files: 15 OK, 0 failed, 0 not read'
sed 's/  / */' sums >binary
run 0 digest --check binary
awk '{ print toupper($1) "  " $2 }' sums >upper
run 0 digest --check upper

# One file is not "1 files".
head -n 1 sums >sum
run 0 digest --check sum
out_is '1 file: 1 OK, 0 failed, 0 not read'

# Lines that are none.
printf 'hello\n' >bad
run 2 digest --check bad
err_is 'modhash: bad: line 1: expected hex digits of a digest, two spaces and a name'
cat sums bad >sums4
run 2 digest --check sums4
out_is '5 files: 5 OK, 0 failed, 0 not read'
err_like '^modhash: sums4: line 6: '
: >empty
run 2 digest --check empty
err_like '^modhash: empty: empty; expected lines of digests$'
run 2 digest --check missing
err_is 'modhash: missing: No such file or directory'
run 2 digest --check t
err_is 'modhash: t: Is a directory'
printf '%064d  t\n' 0 >dir
run 2 digest --check dir
err_is 'modhash: t: is a directory; expected a file'
printf '\\%064d  a\\q\n' 0 >escape
run 2 digest --check escape
printf '%064d  \n' 0 >noname
run 2 digest --check noname
printf '%063d  a.ko\n' 0 >short
run 2 digest --check short

finish
