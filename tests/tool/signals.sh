#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Signals, pipes that close, runs that are killed, and the terminal.
# shellcheck source=tests/tool/lib.sh
. "$(dirname "$0")/lib.sh"

tree t
"$MODHASH" create -o t.table t

# A reader that goes away: quiet, and no message.
n=0
while [ $n -lt 3000 ]; do
	echo t/kernel/fs/one.ko
	n=$((n + 1))
done >many
{
	"$MODHASH" digest - <many 2>"$err"
	echo $? >status
} | head -n 1 >"$out"
is 'a pipe that closes: no message' test ! -s "$err"
is 'a pipe that closes: no success' test "$(cat status)" -ne 0
is 'what was read is whole' grep -qE '^[0-9a-f]{64}  t/kernel/fs/one.ko$' "$out"

# While others are being written, too: what was begun is taken away.
mkdir piped
n=0
while [ $n -lt 1000 ]; do
	cp t/kernel/fs/one.ko piped/m$n.ko
	n=$((n + 1))
done
find piped -name '*.ko' >piped-names
n=0
while [ $n -lt 5 ]; do
	{
		"$MODHASH" strip-signature -v -j4 -i - <piped-names 2>"$err"
		echo $? >status
	} | head -n 1 >"$out"
	is 'a pipe that closes while files are written: no message' test ! -s "$err"
	is 'a pipe that closes while files are written: killed by SIGPIPE' test "$(cat status)" -eq 141
	n=$((n + 1))
	find piped -name '*.ko' -exec cp t/kernel/fs/one.ko {} \;
done
no_litter piped
rm -r piped
(
	trap '' PIPE
	"$MODHASH" digest - <many 2>"$err"
	echo $? >status
) | head -n 1 >"$out"
is 'SIGPIPE that is ignored: told' grep -qx 'modhash: standard output: Broken pipe' "$err"
is 'SIGPIPE that is ignored: an exit status of ours' test "$(cat status)" -eq 2

# Limits that end a program: of processor time, and of a file's length.
mkdir limited
cp t/kernel/fs/one.ko limited
sha limited/one.ko >before
# shellcheck disable=SC3045 # dash has it, and so has bash
(ulimit -f 0 && exec "$MODHASH" strip-signature -i limited/one.ko) 2>&1 | cat >limited-err
is 'a limit of length: told' grep -q '^modhash: limited/one.ko: .*File too large' limited-err
no_litter limited
is 'a limit of length: as it was' test "$(sha limited/one.ko)" = "$(cat before)"
mkfifo limited-names
env --default-signal=XCPU "$MODHASH" digest - <limited-names >"$out" 2>"$err" &
pid=$!
exec 3>limited-names
until_caught $pid
kill -XCPU $pid
wait $pid
status=$?
exec 3>&-
is 'a limit of time: what was begun is taken away, as with other signals' \
	grep -qx 'modhash: stopped by signal 24' "$err"
is 'a limit of time: exit status' test $status -eq 152

# Waiting for names: a signal ends it, and whoever waits sees which.
mkfifo names
for signal in INT TERM HUP; do
	case $signal in INT) number=2 ;; TERM) number=15 ;; HUP) number=1 ;; esac
	# A shell's background jobs ignore SIGINT, and what nohup starts SIGHUP: undone here.
	env --default-signal=INT,TERM,HUP "$MODHASH" digest - <names >"$out" 2>"$err" &
	pid=$!
	exec 3>names
	echo t/kernel/fs/one.ko >&3
	until_caught $pid
	kill -$signal $pid
	wait $pid
	status=$?
	exec 3>&-
	is "SIG$signal: exit status $((128 + number))" test $status -eq $((128 + number))
	is "SIG$signal: told" grep -qx "modhash: stopped by signal $number" "$err"
done

# While it finds files.  Each directory is trouble, told in some 4 KB: the pipe holds few of these,
# so that it is still at it when the signal comes, however fast it is.
long=$(printf '%0240d' 0)
(
	n=0
	while [ $n -lt 16 ]; do
		mkdir "$long" && cd "$long" || exit
		n=$((n + 1))
	done
	while [ $n -lt 216 ]; do
		mkdir "directory-$n" && : >"directory-$n/$long.ko"
		n=$((n + 1))
	done
)
mkfifo told
env --default-signal=INT "$MODHASH" digest "$long" >"$out" 2>told &
pid=$!
exec 3<told
read -r line <&3
kill -INT $pid
cat <&3 >rest
exec 3<&-
wait $pid
is 'SIGINT while it finds files: exit status 130' test $? -eq 130
is 'a directory was trouble' expr "$line" : '.*too long a path' '>' 0
is 'it stopped where it was' test "$(grep -c 'too long a path' rest)" -lt 100
is 'and said so' grep -q 'stopped by signal 2$' rest
rm -r "$long"

# A run that is killed in the middle leaves every module whole, and running it again
# puts all right.
if have xz; then
	mkdir big
	module one.ko
	n=0
	while [ $n -lt 40 ]; do
		{
			cat one.ko
			head -c 300000 "$MODHASH"
		} | xz -1 --check=crc32 -c >big/m$n.ko.xz
		n=$((n + 1))
	done
	find big -name '*.xz' | sort | while read -r f; do xz -dc "$f" | sha256sum; done >before
	for signal in INT TERM KILL; do
		[ $signal = INT ] && ! have perl && skip 'no perl' && continue
		inode=$(stat -c %i big/m0.ko.xz)
		# A shell's background jobs ignore SIGINT: undone here.
		set -- "$MODHASH" create -q -j1 -f merkle --proofs=append -o big.root big
		# shellcheck disable=SC2016 # for perl to expand
		[ $signal = INT ] && set -- perl -e '$SIG{INT} = "DEFAULT"; exec @ARGV' "$@"
		"$@" >"$out" 2>"$err" &
		pid=$!
		# The first has been written: most of the others have not.
		while kill -0 $pid 2>/dev/null && [ "$(stat -c %i big/m0.ko.xz)" = "$inode" ]; do
			:
		done
		kill -$signal $pid 2>/dev/null
		wait $pid 2>/dev/null
		status=$?
		# A machine that is that fast has nothing to kill.
		if [ $status -eq 0 ]; then
			skip "SIG$signal came too late"
		else
			isnt "SIG$signal: no blob of a run that was not whole" test -e big.root
			[ $signal = KILL ] || is "SIG$signal: how far it came is told" grep -qx \
				'modhash: [0-9]* of 40 modules have new proofs, and no blob was written: run it again' "$err"
		fi
		[ $signal = KILL ] || no_litter big
		bad=0
		for f in big/*.xz; do
			xz -t "$f" 2>/dev/null || bad=$((bad + 1))
		done
		is "SIG$signal: every module is whole" test $bad -eq 0
		rm -f big.root
	done
	find big -type f ! -name '*.ko.xz' -exec rm {} +
	run 0 create -q -f merkle --proofs=append -o big.root big
	run 0 verify -b big.root big
	"$MODHASH" strip-signature -i big/*.xz
	find big -name '*.xz' | sort | while read -r f; do xz -dc "$f" | sha256sum; done >after
	is 'what is in them is what was in them' cmp -s before after
else
	skip 'no xz'
fi

# Progress is for terminals, and for what takes longer than a second.
run_with many 0 digest -
err_is ''
if have script && script -qec true /dev/null </dev/null >/dev/null 2>&1; then
	# A machine may be too busy to be done within a second: then another run is looked at.
	n=0
	while [ $n -lt 60 ]; do
		begun=$(date +%s%N)
		script -qec "'$MODHASH' verify -b t.table t" /dev/null </dev/null >terminal 2>&1
		[ $(($(date +%s%N) - begun)) -ge 1000000000 ] || break
		n=$((n + 1))
	done
	isnt 'no progress in the first second' grep -q 'of .* modules,' terminal
	if have xz; then
		# Twice as much work each time, until it takes two seconds here.
		echo big >bigs
		took=0
		while [ $took -lt 2000 ]; do
			cat bigs bigs >bigs2
			mv bigs2 bigs
			begun=$(date +%s%N)
			script -qec "'$MODHASH' digest -j1 - <bigs >digests" /dev/null \
				</dev/null >terminal 2>&1
			took=$((($(date +%s%N) - begun) / 1000000))
		done
		is 'progress after a second' grep -q 'of .* modules,' terminal
		is 'gone at the end' sh -c "tail -c 1 terminal | od -An -tx1 | grep -q 0d"
		script -qec "'$MODHASH' digest -q -j1 - <bigs >digests" /dev/null </dev/null >terminal 2>&1
		isnt 'none when quiet' grep -q 'of .* modules,' terminal
	fi
else
	skip 'no script(1) for a terminal'
fi

finish
