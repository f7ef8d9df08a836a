#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Bad input: what is no file, what is cut, what claims too much, disks that are full.
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

tree t
module a.ko
sign a.ko
"$MODHASH" create -o t.table t
"$MODHASH" create -f merkle -o t.root t
mkdir dir
mkfifo fifo
ln -s loop2 loop1
ln -s loop1 loop2
ln -s nowhere dangling

# --- what is no file, in every place where a file belongs ---

for bad in dir fifo /dev/zero loop1 dangling missing a.ko/below; do
	for verb in info 'query -b t.table' 'strip-signature -i' 'strip-signature -o never' \
		'create -q -f table -o never' 'create -q -f merkle --proofs=append -o never'; do
		[ "$bad:${verb%% *}" = dir:create ] && continue
		# shellcheck disable=SC2086
		run 2 $verb "$bad"
		err_like "^modhash: $bad: "
	done
	for verb in digest 'verify -b t.table'; do
		[ "$bad" = dir ] && continue
		# shellcheck disable=SC2086
		run 2 $verb "$bad" a.ko
		err_like "^modhash: $bad: "
		is 'the other is told about' test -s "$out"
	done
	run 2 show "$bad"
	err_like "^modhash: $bad: "
	run 2 verify -b "$bad" t
	run 2 query -b "$bad" a.ko
	run 2 diff t.table "$bad"
	[ "$bad" = fifo ] || run 2 digest --check "$bad"
	run 2 create --order="$bad" -f list -o never t
	isnt 'nothing was written' test -e never
done
for bad in dir fifo /dev/zero; do
	run 2 create -o "$bad" t
	err_like "^modhash: $bad: "
done
run 2 create -o loop1 t
run 2 create -o missing/below t
is 'a FIFO is still one' test -p fifo

# Symbolic links below a directory are not followed, so that there are no loops.
cp -r t linked
ln -s .. linked/kernel/up
ln -s fifo linked/kernel/pipe.ko
ln -s /dev/zero linked/kernel/zero.ko
mkfifo linked/kernel/real-pipe.ko
run 0 verify -b t.table linked
out_is '5 modules: 5 known, 0 not known, 0 missing, 0 not told'

# A directory that can't be read is told; a blob is not made without it.  Permissions don't
# bind root, unless it goes without the capabilities to pass them by.
bound() {
	[ "$(id -u)" -eq 0 ] || return 0
	setpriv --bounding-set=-dac_override,-dac_read_search true 2>/dev/null || return 1
	MODHASH=$PWD/bound
	cat >bound <<END
#!/bin/sh
exec setpriv --bounding-set=-dac_override,-dac_read_search "$t_tool" "\$@"
END
	chmod 755 bound
}
t_tool=$MODHASH
if bound; then
	cp -r t shut
	chmod 000 shut/kernel/fs
	run 2 digest shut
	err_like '^modhash: shut/kernel/fs: '
	is 'the others are told about' test "$(wc -l <"$out")" -eq 3
	run 2 create -q -o never shut
	isnt 'nothing was written' test -e never
	printf 'no module\n' >shut/kernel/bad.ko
	run 2 create -q -o never shut
	err_like '^modhash: shut/kernel/fs: '
	err_like '^modhash: shut/kernel/bad.ko: '
	isnt 'nothing was written' test -e never
	chmod 755 shut/kernel/fs
	cp a.ko secret.ko
	chmod 000 secret.ko
	run 2 digest secret.ko a.ko
	err_like '^modhash: secret.ko: .*Permission denied'
	chmod 555 dir
	run 2 create -o dir/x a.ko
	err_like '^modhash: dir/x: .*Permission denied'
	chmod 755 dir
else
	skip 'permissions do not bind root'
fi
MODHASH=$t_tool

# --- what is cut, or claims too much ---

# Every length of a module with a trailer: told, never a crash.
length=$(wc -c <a.ko)
n=0
bad=0
while [ "$n" -lt "$length" ]; do
	head -c "$n" a.ko >cut.ko
	for verb in info digest 'verify -b t.table' 'strip-signature -o stripped'; do
		# shellcheck disable=SC2086
		"$MODHASH" $verb cut.ko >"$out" 2>"$err" </dev/null
		[ $? -le 2 ] || bad=$((bad + 1))
	done
	n=$((n + 37))
done
is 'a module cut anywhere: an exit status of ours' test $bad -eq 0

for size in 0 1 4294967295 2147483648 804 1000; do
	module claim.ko
	printf 'data' >>claim.ko
	trailer claim.ko 2 $size
	case $size in
	0 | 1) expected=0 ;;
	*) expected=1 ;;
	esac
	[ $size = 804 ] || run $expected digest claim.ko
	[ $expected = 0 ] || err_like '^modhash: claim.ko: offset 812: '
done
module claim.ko
trailer claim.ko 2 800
run 1 digest claim.ko
err_like '^modhash: claim.ko: offset 808: '
printf '~Module signature appended~\n' >marker
run 0 digest --scope=file marker
printf 'x~Module signature appended~\n' >marker
run 1 digest marker
err_like '^modhash: marker: '

# Compressed: cut, corrupt, a bomb.
if have xz; then
	xz --check=crc32 -c a.ko >a.ko.xz
	head -c 200 a.ko.xz >cut.xz
	run 1 digest cut.xz
	err_like '^modhash: cut.xz: '
	cp a.ko.xz corrupt.xz
	patch corrupt.xz 100 252
	run 1 digest corrupt.xz
	head -c 30000000 /dev/zero | xz --check=crc32 -c >bomb.xz
	run 2 digest --max-size=20M bomb.xz
	err_like '^modhash: bomb.xz: .*20971520'
	run 2 create -q --allow-non-elf --max-size=20M -o never bomb.xz a.ko
	isnt 'nothing was written' test -e never
	run 2 verify --max-size=20M -b t.table bomb.xz t/kernel/fs/one.ko
	out_has '2 modules: 1 known, 0 not known, 0 missing, 1 not told'
else
	skip 'no xz'
fi
if have gzip; then
	gzip -c a.ko >a.ko.gz
	head -c 200 a.ko.gz >cut.gz
	run 1 digest cut.gz
	head -c 30000000 /dev/zero | gzip -c >bomb.gz
	run 2 digest --max-size=20M bomb.gz
else
	skip 'no gzip'
fi

# Every byte of a small table's header: refused, or the very same answers.
bad=0
n=0
while [ "$n" -lt 96 ]; do
	cp t.table flip.table
	patch flip.table "$n" 252
	"$MODHASH" show flip.table >"$out" 2>"$err" </dev/null
	status=$?
	cmp -s t.table flip.table || [ $status -eq 2 ] || bad=$((bad + 1))
	n=$((n + 1))
done
is 'a byte of the header changed: refused' test $bad -eq 0
length=$(wc -c <t.table)
n=0
bad=0
while [ "$n" -lt "$length" ]; do
	head -c "$n" t.table >cut.table
	"$MODHASH" verify -b cut.table t >"$out" 2>"$err" </dev/null
	status=$?
	# What is cut at the end of the kernel's part is a table without names.
	[ $status -eq 2 ] || [ $status -eq 0 ] || [ "$n" -eq 0 ] || [ $((n % 32)) -eq 0 ] ||
		[ "$n" -eq 36 ] || bad=$((bad + 1))
	n=$((n + 13))
done
is 'a table cut anywhere: refused, or whole' test $bad -eq 0

# --- names ---

newline=$(printf 'new\nline.ko')
cp a.ko "$newline"
run 0 query -b t.table -- t/kernel/fs/one.ko
run 1 verify -b t.table "$newline"
out_like '^new\\x0aline.ko: '
is 'one line, whatever the name' test "$(wc -l <"$out")" -eq 2
escape=$(printf 'x\033]0;title\007.ko')
run 2 info "$escape"
err_is "modhash: x\\x1b]0;title\\x07.ko: can't open the file (No such file or directory)"
latin=$(printf 'x\344.ko')
run 2 info "$latin"
err_is "modhash: x\\xe4.ko: can't open the file (No such file or directory)"
printf '%s\0' "$newline" a.ko >list0
run_with list0 0 digest -0 -
is 'a newline in a name that ends with NUL' test "$(wc -l <"$out")" -eq 2
mkdir deep
(
	cd deep || exit
	n=0
	while [ $n -lt 60 ]; do
		mkdir "a-directory-with-a-rather-long-name-so-that-the-path-grows-$n-0123456789" &&
			cd "a-directory-with-a-rather-long-name-so-that-the-path-grows-$n-0123456789" || exit
		n=$((n + 1))
	done
	cp "$t_scratch/work/a.ko" deep.ko
)
"$MODHASH" digest deep >"$out" 2>"$err" </dev/null
is 'a path longer than PATH_MAX: told, no crash' test $? -le 2
run_with /dev/zero 2 digest -
err_is 'modhash: standard input: found a name longer than 65536 bytes; expected a list of names'
run_with dir 2 digest -
err_is 'modhash: standard input: Is a directory'

# --- more trailers than anybody appends: counted, and a few of them shown ---

module many.ko
count=0
while [ $count -lt 100 ]; do
	printf '\0\0\1\0\0\0\0\0\0\0\0\0~Module signature appended~\n' >>many.ko
	count=$((count + 1))
done
run 0 info many.ko
out_like '^trailers: *100, of which the last 64 are shown'
is '64 of them' test "$(grep -c '^trailer:' "$out")" = 64
run 0 info --json many.ko
out_like '"trailers_count": *100'

# --- output that can't be written ---

if [ -w /dev/full ]; then
	for what in --version '--help' 'info a.ko' 'digest a.ko' 'digest --json a.ko' \
		'show t.table' 'query -b t.table t/kernel/fs/one.ko' 'verify -b t.table t' \
		'diff t.table t.table' 'create -q -o - t' 'strip-signature -o - a.ko' \
		'create -f list --c-source -o - t' 'canon --btf=drop -o - a.ko' \
		'extract -o - t.table'; do
		t_what="modhash $what > /dev/full"
		t_expected=2
		t_status=0
		: >"$out"
		# shellcheck disable=SC2086
		"$MODHASH" $what >/dev/full 2>"$err" </dev/null || t_status=$?
		t_judge
		err_like '^modhash: .*No space left on device'
		is "$t_what: told once" test "$(wc -l <"$err")" = 1
	done
else
	skip 'no /dev/full'
fi
for what in --version 'digest a.ko' 'verify -b t.table t' 'create -q -o - t'; do
	t_what="modhash $what >&-"
	t_expected=2
	t_status=0
	# shellcheck disable=SC2086
	"$MODHASH" $what >&- 2>"$err" </dev/null || t_status=$?
	t_judge
done
t_what='modhash create -o closed.table t >&- 2>&-'
t_expected=0
t_status=0
"$MODHASH" create -o closed.table t >&- 2>&- <&- || t_status=$?
t_judge
is 'no output of ours gets into a file' cmp -s closed.table t.table

# A disk that is full: the old file stays whole, the new one does not stay.
cp t.table keep
cp keep out.table
(
	ulimit -f 0
	trap '' XFSZ
	"$MODHASH" create -o out.table t >/dev/null 2>"$err" </dev/null
	echo $? >status
) 2>/dev/null
if [ -f status ]; then :; else echo none >status; fi
# The status itself can't be written under that limit: judge by what is left.
is 'a limit on file size: the old blob is whole' cmp -s keep out.table
no_litter .
if [ "$(id -u)" -eq 0 ] && mkdir full && mount -t tmpfs -o size=64k none full 2>/dev/null; then
	cp -r t full/t
	"$MODHASH" create -q -f list -o full/t.list full/t
	cp full/t.list keep.list
	head -c 100000 /dev/zero >full/filler 2>/dev/null
	before=$(find full -type f | sort | xargs sha256sum)
	run 2 create -o full/t.table full/t
	err_like '^modhash: full/t.table: .*No space left on device'
	run 2 create -q -f merkle --proofs=files -o full/t.root full/t
	run 2 create -q -f merkle --proofs=append -o full/t.root full/t
	run 2 strip-signature -o full/x full/t/kernel/fs/one.ko
	run 2 strip-signature -i full/t/kernel/fs/one.ko
	is 'a full disk: all is as it was' \
		test "$before" = "$(find full -type f | sort | xargs sha256sum)"
	umount full
else
	skip 'mounting a small tmpfs needs root'
fi

finish
