#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# As a package's hook runs it: as root, over directories that others may write to.  No file is
# written that was not named, and whenever it is killed, each file is as before or as after.
# MODHASH_FULL=yes: 100,000 files, and kills at more points.
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

tree t
run 0 create -q -o t.table t
full=no
[ "${MODHASH_FULL:-no}" = no ] || full=yes

# As somebody else: what nobody does here, root does in the end.
nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@" 2>/dev/null
}
root=no
[ "$(id -u)" -eq 0 ] && chmod 755 "$t_scratch" && nobody true && root=yes

# --- symbolic links as output ---

# Named, a link is followed: what it leads to is written, and it stays.
mkdir real elsewhere
ln -s real/blob link
run 0 create -q -o link t
is 'a dangling link: what it leads to is made' cmp -s t.table real/blob
is 'and the link stays' test "$(readlink link)" = real/blob
echo old >real/blob
chmod 640 real/blob
run 0 create -q -o link t
is 'a link: what it leads to is replaced' cmp -s t.table real/blob
is 'its mode is kept' test "$(stat -c %a real/blob)" = 640
is 'and the link stays' test "$(readlink link)" = real/blob
ln -s ../elsewhere real/there
run 0 create -q -o real/there/blob t
is 'a directory that is a link' cmp -s t.table elsewhere/blob
ln -s /dev/null null
run 2 create -q -o null t
err_like '^modhash: null: .*no regular file'
is 'a link to a device stays' test "$(readlink null)" = /dev/null
ln -s "$PWD/missing/blob" nowhere
run 2 create -q -o nowhere t
isnt 'no directory is made' test -e missing
ln real/blob hard
run 0 create -q -f list -o hard t
is 'a hard link: its other names keep the old contents' cmp -s t.table real/blob

# A mode, from the umask for new ones; of a file that is replaced, its own.
for mask in 077 022 000; do
	rm -f masked
	(umask $mask && exec "$MODHASH" create -q -o masked t)
	is "umask $mask" test "$(stat -c %a masked)" = "$(printf '%o' $((0666 & ~0$mask)))"
done
chmod 4750 masked
run 0 create -q -o masked t
is 'the old mode, setuid too where the owner is the same' test "$(stat -c %a masked)" = 4750

# What was not named, but follows from it, is written below what was named, and nowhere else.
cp -a t linked
echo precious >precious
ln -s "$PWD/precious" linked/kernel/fs/one.merkle
run 2 create -q -f merkle --proofs=files -o linked.root linked
err_like '^modhash: linked/kernel/fs/one.merkle: .*symbolic link'
is 'a proof is not written through a link' test "$(cat precious)" = precious
isnt 'and there is no blob' test -e linked.root
rm linked/kernel/fs/one.merkle
ln -sf "$PWD/precious" linked/kernel/fs/two.merkle
cp t/kernel/fs/two.ko two.ko
ln -s "$PWD/precious" two.merkle
for name in linked/kernel/fs/two.ko two.ko ./two.ko "$PWD/two.ko"; do
	run 2 create -q -f merkle --proofs=files -o linked.root "$name"
	is 'nor beside a file that was named' test "$(cat precious)" = precious
done
rm two.ko two.merkle
run 2 create -q -f merkle --proofs=files -o linked.root ./linked/
is 'nor if the directory is named in another way' test "$(cat precious)" = precious

# --- directories that all may write to ---

# Like the kernel's fs.protected_symlinks and protected_regular, whatever these are set to.
mkdir sticky
chmod 1777 sticky
run 0 create -q -o sticky/own t
ln -s ../precious-own sticky/own-link
run 0 create -q -o sticky/own-link t
is 'a link of our own is followed' cmp -s t.table precious-own
if [ $root = yes ]; then
	chmod 755 . "$t_scratch/work"
	nobody ln -s ../precious sticky/trap
	run 2 create -q -o sticky/trap t
	err_like '^modhash: sticky/trap: .*somebody else'
	is 'a link of somebody else: what it leads to is untouched' test "$(cat precious)" = precious
	nobody ln -s ../made-by-trap sticky/dangling
	run 2 create -q -o sticky/dangling t
	isnt 'nor is anything made' test -e made-by-trap
	nobody touch sticky/file
	run 2 create -q -o sticky/file t
	err_like '^modhash: sticky/file: .*somebody else'
	is 'a file of somebody else is no place for a blob' test ! -s sticky/file
	ln -s sticky/trap to-trap
	run 2 create -q -o to-trap t
	is 'nor through a link of ours' test "$(cat precious)" = precious
	# Owner and group are handed down, where nobody could have planted the file.
	cp t/kernel/fs/one.ko theirs.ko
	chown 65534:65534 theirs.ko
	chmod 664 theirs.ko
	run 0 strip-signature -i theirs.ko
	is 'owner, group and mode stay' test "$(stat -c %u:%g:%a theirs.ko)" = 65534:65534:664
	# And the other way round: nobody may not, and nothing is changed.
	cp t/kernel/fs/one.ko ours.ko
	chmod 644 ours.ko
	before=$(sha ours.ko)
	nobody "$MODHASH" strip-signature -i ours.ko >"$out" 2>"$err" </dev/null
	is 'not root: told' test $? -eq 2
	is 'not root: as it was' test "$(sha ours.ko)" = "$before"
else
	skip 'not root: what others planted'
fi
no_litter .

# The new file's name can't be foreseen, it is made anew, and nobody else may read what was
# not theirs to read.
# There is no looking for leaks under a tracer.
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0
export ASAN_OPTIONS
if have strace && strace -o trace true 2>/dev/null; then
	rm -f sticky/own
	strace -f -o trace -e trace=openat,rename,renameat,renameat2 \
		"$MODHASH" create -q -o sticky/own t >"$out" 2>"$err" </dev/null
	strace -f -o trace2 -e trace=openat "$MODHASH" create -q -o sticky/own t >"$out" 2>"$err" </dev/null
	# With 32 bits, one flag more.
	sed -i 's/|O_LARGEFILE//' trace trace2
	grep 'O_CREAT' trace | grep -o '"\.modhash-[0-9a-f]*", O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW' >made
	grep 'O_CREAT' trace2 | grep -o '"\.modhash-[0-9a-f]*", O_WRONLY|O_CREAT|O_EXCL|O_NOFOLLOW' >made2
	is 'one file is made, exclusively' test \
		"$(wc -l <made):$(grep O_CREAT trace | grep -v '\.gcda"' | grep -vc '"/dev/')" = 1:1
	isnt 'by another name each time' cmp -s made made2
	is 'one that replaces another is closed to others till it has its mode' \
		grep -q 'O_CREAT.*, 0600)' trace2
	traced=yes
else
	skip 'no strace'
	traced=no
fi

# --- what is found in a directory ---

# Whatever calls itself a module.
mkdir zoo
mkfifo zoo/fifo.ko
mkdir zoo/directory.ko
ln -s ../t/kernel/fs/one.ko zoo/link.ko
ln -s ../t zoo/tree
ln -s nowhere zoo/dangling.ko
: >zoo/empty.ko
cp t/kernel/fs/two.ko zoo/directory.ko/inside.ko
[ $root = no ] || mknod zoo/null.ko c 1 3
if have perl; then
	perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Type => SOCK_STREAM(), Local => "zoo/socket.ko", Listen => 1)' \
		2>/dev/null
fi
run 0 digest zoo
is 'regular files, and no others' test "$(cut -c 67- "$out" | sort | tr '\n' ' ')" = \
	'zoo/directory.ko/inside.ko zoo/empty.ko '
for name in zoo/fifo.ko zoo/directory.ko/. zoo/socket.ko; do
	[ -e "$name" ] || continue
	run 2 strip-signature -i "$name"
done
is 'a FIFO stays one' test -p zoo/fifo.ko

# Names: as they are to the file system, escaped to people and in JSON.
mkdir names
number=0
for name in "$(printf 'new\nline')" "$(printf 'tab\tand\rreturn')" "$(printf 'bell\a\033[2J')" \
	"$(printf 'bad\377\300utf8')" "$(printf 'cut\342\202')" "$(printf 'surrogate\355\240\200')" \
	' spaces ' '-dash' '--json' 'quote"and\backslash' "$(printf '\177delete\302\205nel')" '*?[a]'; do
	cp t/kernel/fs/one.ko "names/$name.ko"
	number=$((number + 1))
done
run 0 verify -v -b t.table names
is 'a line for each name' test "$(wc -l <"$out")" -eq $((number + 1))
is 'no control characters, and UTF-8' sh -c \
	"iconv -f UTF-8 -t UTF-8 '$out' >/dev/null && ! LC_ALL=C grep -q '[[:cntrl:]]' '$out'"
"$MODHASH" verify -b t.table "names/$(printf 'none\nat\033all')" >"$out" 2>"$err" </dev/null
is 'a name with a newline of what is not there' test $? -eq 2
is 'nor in what is wrong' sh -c "! LC_ALL=C grep -q '[[:cntrl:]]' '$err'"
for verb in 'digest --json' 'verify --json -b t.table' 'create --json -q -o names.table'; do
	# shellcheck disable=SC2086
	run 0 $verb names
	have jq && is "$verb: JSON is one document" test "$(jq -s length "$out")" = 1
done
if have jq; then
	run 0 digest --json names
	is 'all names are in it, and differ' test \
		"$(jq -r '[.files[].path] | unique | length' "$out")" -eq $number
	# shellcheck disable=SC2086
	find names -name '*.ko' -print0 >list0
	run_with list0 0 digest -0 --json -
	is 'and from a list that ends names with NUL' test \
		"$(jq -r '.files | length' "$out")" -eq $number
else
	skip 'no jq'
fi
run 0 digest names
cp "$out" sums
run 0 digest --check sums
cp -a names stripped
find stripped -name '*.ko' -exec "$MODHASH" strip-signature -i -- {} +
run 1 digest --scope=file --check sums
run 0 verify -b t.table stripped

# The longest path that there can be, and longer ones.
long=$(printf '%0200d' 0)
deep=$PWD/deep
mkdir deep
(
	cd deep || exit
	while [ ${#PWD} -lt 3750 ]; do
		mkdir "$long" && cd "$long" || exit
	done
	cut=$(printf "%0$((3990 - ${#PWD} - 1))d" 0)
	mkdir "$cut" && cd "$cut" || exit
	pwd
	rest=$((4095 - ${#PWD} - 1))
	cp "$t_scratch/work/t/kernel/fs/one.ko" "$(printf "%0$((rest - 3))d" 0).ko"
	mkdir "$long" && cp "$t_scratch/work/t/kernel/fs/two.ko" "$long/two.ko"
) >deepest
run 2 verify -v -b t.table "$deep"
out_like '0.ko: known'
is 'a path of 4095 bytes is known' grep -q '^1 module: 1 known' "$out"
is 'and a longer one is told' test "$(grep -c 'too long' "$err")" -eq 1
run 2 create -q -o never "$deep"
isnt 'no blob without it' test -e never
longest=$(find "$(cat deepest)" -maxdepth 1 -name '*.ko')
is 'it has 4095 bytes' test ${#longest} -eq 4095
run 0 strip-signature -i "$longest"
run 2 strip-signature -i "${longest}x"
(cd "$(cat deepest)" && rm -r "$long")
run 0 verify -b t.table "$deep"

# Many files: time and memory are theirs, and no more.
many=5000
[ "$full" = no ] || many=100000
mkdir many
awk -v n=$many 'BEGIN { for (i = 0; i < n; i++) printf "many/%06d.ko%c", i, 0 }' | xargs -0 touch
# A sanitizer has terabytes of address space.
many_space=$(((64 + 2 * 80 + 64) * 1024 + many))
# shellcheck disable=SC3045 # dash has it, and so has bash
if ! (ulimit -v $many_space && exec "$MODHASH" --version) >"$out" 2>"$err"; then
	skip 'not even --version within the bound of address space'
	many_space=unlimited
fi
begun=$(date +%s)
(
	# shellcheck disable=SC3045
	ulimit -v $many_space
	exec "$MODHASH" digest -q -j2 --max-memory=64M many
) >"$out" 2>"$err" </dev/null
is "$many files within their bound of memory" test $?:"$(wc -l <"$out")" = 0:$many
is "$many files: within a minute" test $(($(date +%s) - begun)) -lt 60
find many -delete

# A tree that changes under the walk: told or not, never a crash, nor a hang.
cp -a t moving
(
	n=0
	while [ ! -e moved ] && [ $n -lt 100000 ]; do
		mv moving/kernel/fs moving/kernel/gone
		rm -f moving/kernel/net/five.ko
		cp t/kernel/net/five.ko moving/kernel/net/five.ko
		mv moving/kernel/gone moving/kernel/fs
		n=$((n + 1))
	done
) 2>/dev/null &
mover=$!
n=0
bad=0
while [ $n -lt 15 ]; do
	timeout 60 "$MODHASH" verify -q -b t.table moving >"$out" 2>"$err" </dev/null
	[ $? -le 2 ] || bad=$((bad + 1))
	timeout 60 "$MODHASH" create -q -o moving.table moving >"$out" 2>"$err" </dev/null
	[ $? -le 2 ] || bad=$((bad + 1))
	n=$((n + 1))
done
touch moved
wait $mover
is 'a tree that changes: an exit status of ours' test $bad -eq 0
no_litter .

# --- standard streams that are closed ---

run 0 digest t
cp "$out" expected
"$MODHASH" digest t >"$out" 2>"$err" <&-
is 'no standard input' cmp -s expected "$out"
"$MODHASH" digest t >"$out" 2>&- </dev/null
is 'no standard error' cmp -s expected "$out"
"$MODHASH" digest t >&- 2>"$err" </dev/null
is 'no standard output: told' test $? -eq 2
"$MODHASH" create -q -o closed.table t <&- >&- 2>&-
is 'none of them: the file is whole' cmp -s t.table closed.table
"$MODHASH" strip-signature -i t/kernel/fs/none.ko missing.ko <&- >&- 2>&-
is 'none of them: what is wrong has its exit status' test $? -eq 2
"$MODHASH" digest - >"$out" 2>"$err" <&-
is 'names from no standard input: told' test $? -eq 2

# --- killed ---

no_counts
tree before
cp -a before after
run 0 create -q -j1 -f merkle --proofs=append -o after.root after
cp -a before stripped-after
find stripped-after -name '*.ko' -exec "$MODHASH" strip-signature -i -- {} +
# whole DIR BEFORE AFTER: is each file of DIR, but for what a killed run leaves, that of one of
# these?
whole() {
	whole_bad=$(cd "$1" && find . -type f ! -name '.modhash-*' | while read -r whole_file; do
		cmp -s "$whole_file" "../$2/$whole_file" || cmp -s "$whole_file" "../$3/$whole_file" ||
			echo "$whole_file"
	done)
	whole_count=$(cd "$1" && find . -type f ! -name '.modhash-*' | wc -l)
	[ -z "$whole_bad" ] && [ "$whole_count" -eq "$(find "$2" -type f | wc -l)" ]
}

# shellcheck disable=SC2317 # called by at_each
append_proofs() {
	"$@" "$MODHASH" create -q -j1 -f merkle --proofs=append -o now.root now
}

# shellcheck disable=SC2317
strip_all() {
	# shellcheck disable=SC2046 # five names without spaces
	"$@" "$MODHASH" strip-signature -j1 -i $(find now -name '*.ko' | sort)
}

# at_call AFTER FUNCTION CALL N: killed there; false if it does not come so far
at_call() {
	rm -rf now now.root
	cp -a before now
	"$2" strace -f -o trace -e trace="$3" -e inject="$3:signal=KILL:when=$4" \
		>"$out" 2>"$err" </dev/null
	t_status=$?
	whole now before "$1" || bad="$bad $3:$4"
	if [ -e now.root ]; then cmp -s now.root after.root || bad="$bad $3:$4:root"; fi
	left=$((left + $(find now -name '.modhash-*' | wc -l)))
	[ $t_status -ne 0 ] || return 1
	# Whatever it left is in nobody's way.
	"$2" >"$out" 2>"$err" </dev/null || bad="$bad $3:$4:again"
	find now -name '.modhash-*' -delete
	whole now "$1" "$1" || bad="$bad $3:$4:after"
}

# at_each DESCRIPTION AFTER FUNCTION: killed at each system call that changes something
at_each() {
	bad=
	left=0
	killed=0
	for call in $calls; do
		n=1
		while [ $n -lt 500 ] && at_call "$2" "$3" "$call" $n; do
			n=$((n + 1))
			killed=$((killed + 1))
		done
	done
	is "$1: killed at each of $killed calls: before or after, and done when run again" \
		test -z "$bad"
	is "$1: it was killed in the middle" test $killed -ge 12
	is "$1: and left files behind, which are known by their names" test $left -gt 0
}

calls="openat write fsync fchmod fchown rename renameat renameat2 unlinkat close"
if [ $traced = yes ]; then
	[ "$full" = yes ] || calls="write fsync rename renameat"
	at_each 'create --proofs=append' after append_proofs
	at_each 'strip-signature --in-place' stripped-after strip_all
else
	skip 'no strace: killed at each call'
fi

# At any time: by each of the signals that ends it.
times=8
[ "$full" = no ] || times=150
for signal in KILL TERM INT HUP; do
	bad=
	n=0
	while [ $n -lt $times ]; do
		rm -rf now now.root
		cp -a before now
		pause=$(awk -v seed="$n" 'BEGIN { srand(seed); printf "%.4f", rand() * 0.03 }')
		env --default-signal=INT,TERM,HUP "$MODHASH" create -q -f merkle --proofs=append \
			-o now.root now >"$out" 2>"$err" </dev/null &
		pid=$!
		sleep "$pause"
		kill -$signal $pid 2>/dev/null
		wait $pid 2>/dev/null
		whole now before after || bad="$bad $n"
		if [ -e now.root ]; then cmp -s now.root after.root || bad="$bad $n:root"; fi
		[ $signal = KILL ] || [ -z "$(find now . -name '.modhash-*')" ] || bad="$bad $n:litter"
		n=$((n + 1))
	done
	is "SIG$signal at $times points: before or after" test -z "$bad"
	[ $signal != KILL ] || find . -name '.modhash-*' -delete
done
no_litter .

finish
