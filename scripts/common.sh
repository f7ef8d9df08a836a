# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2086,SC2034
#
# What the scripts have in common: sourced by them, with $top set to the top of the tree.
# POSIX sh, and nothing that a Debian base system does not have.

program=${0##*/}
cache=${MODHASH_CACHE:-$top/_cache}
jobs=$(nproc 2>/dev/null || echo 1)
# One clock for all scripts that call each other.
: "${MODHASH_STARTED:=$(date +%s)}"
export MODHASH_STARTED

# Tools' messages are compared and parsed, so they must be in one language.
LC_ALL=C
export LC_ALL

die()
{
	printf '%s: %s\n' "$program" "$*" >&2
	exit 2
}

elapsed()
{
	echo $(($(date +%s) - MODHASH_STARTED))
}

# step TEXT...: what is being done now, and how long it took to get here
step()
{
	printf '[%4d s] %s\n' "$(elapsed)" "$*"
}

# ticker TEXT PID: shows that something goes on: a running clock on a terminal, a line a
# minute elsewhere.  Ends with process PID.
ticker()
{
	ticker_count=0
	while sleep 1 && kill -0 "$2" 2>/dev/null; do
		ticker_count=$((ticker_count + 1))
		if [ -t 1 ]; then
			printf '\r         %s: %d s ' "$1" "$ticker_count"
		elif [ $((ticker_count % 60)) = 0 ]; then
			printf '         %s: %d s\n' "$1" "$ticker_count"
		fi
	done
}

# quietly TEXT LOG COMMAND...: run a command with its output in a log, of which only the
# end is shown, and only if it fails
quietly()
{
	quietly_text=$1
	quietly_log=$2
	shift 2
	ticker "$quietly_text" $$ &
	quietly_ticker=$!
	quietly_status=0
	"$@" >"$quietly_log" 2>&1 </dev/null || quietly_status=$?
	kill "$quietly_ticker" 2>/dev/null || : # it may be gone
	wait "$quietly_ticker" 2>/dev/null || :
	if [ -t 1 ]; then
		printf '\r\033[K'
	fi
	if [ "$quietly_status" != 0 ]; then
		printf '%s failed (exit %d).  The end of %s:\n' "$quietly_text" \
			"$quietly_status" "$quietly_log" >&2
		tail -n 40 "$quietly_log" | sed 's/^/    | /' >&2
	fi
	return "$quietly_status"
}

# as_root COMMAND...: through sudo, unless we are root already
as_root()
{
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "this needs root: run it as root, or install sudo: $*"
	fi
}

have()
{
	command -v "$1" >/dev/null 2>&1
}

# apt_update: fresh package lists, once a run
apt_update()
{
	[ -z "${apt_updated:-}" ] || return 0
	mkdir -p "$cache"
	if [ "$(id -u)" != 0 ] && have sudo; then
		sudo -v
	fi
	step "Fetching the lists of packages"
	quietly "apt-get update" "$cache/apt-update.log" as_root apt-get update || return 1
	apt_updated=yes
}

# Which package lists are asked: empty for the system's, apt_private for our own.
apt=

# apt_sources: the archives that this system takes packages from, as lines of a sources.list
apt_sources()
{
	# shellcheck disable=SC2016 # apt's own variables
	apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' \
		'Created-By: Packages' | grep -E ' (main|contrib)$' | sort -u
}

# apt_security: with the security archive, which a bare system leaves out: mirrors have it
# beside the main one
apt_security()
{
	awk '{ print }
		/-security / { have = 1 }
		$2 ~ /\/debian\/$/ && $3 !~ /-/ { uri = $2; suite = $3 }
		END {
			sub("debian/$", "debian-security/", uri)
			if (!have && uri)
				print "deb", uri, suite "-security", "main"
		}'
}

# Which architecture's packages apt_private asks for: empty for this system's.  Another's are
# taken from the release alone: the security archive need not have it, and tests do without.
apt_architecture=

# apt_private TOOL ARGUMENT...: apt-get or apt-cache with lists of our own, of the archives
# that the system uses: for where its lists know too little, and without root
apt_private()
{
	apt_dir=$cache/apt${apt_architecture:+-$apt_architecture}
	apt_tool=$1
	shift
	if [ ! -f "$apt_dir/sources.list" ]; then
		mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
		: >"$apt_dir/status"
		apt_sources |
			if [ -n "$apt_architecture" ]; then grep -v -e '-security '
			else apt_security; fi >"$apt_dir/sources.list.new"
		mv "$apt_dir/sources.list.new" "$apt_dir/sources.list"
	fi
	"$apt_tool" -o Dir::Etc::SourceList="$apt_dir/sources.list" -o Dir::Etc::SourceParts=- \
		-o Dir::State::Lists="$apt_dir/lists" -o Dir::Cache="$apt_dir/cache" \
		-o Dir::State::Status="$apt_dir/status" -o Acquire::Languages=none \
		${apt_architecture:+-o APT::Architecture=$apt_architecture} \
		${apt_architecture:+-o APT::Architectures=$apt_architecture} "$@"
}

# packages REGEX: "PACKAGE BYTES" of each package of that name in the lists, by version
packages()
{
	names=$($apt apt-cache pkgnames 2>/dev/null | grep -E "^($1)\$" | sort -V)
	[ -n "$names" ] || return 0
	# shellcheck disable=SC2086 # a list of words
	$apt apt-cache show --no-all-versions $names 2>/dev/null |
		awk '/^Package:/ { name = $2 } /^Size:/ { print name, $2 }'
}

# fetch_package DIR PACKAGE: download a package and unpack it in DIR/root; nothing is
# installed, and DIR is there only once it is whole
fetch_package()
{
	rm -rf "$1" "$1.new"
	mkdir -p "$1.new/deb" "$1.new/root"
	# As root, apt would download as another user, who may not write here.
	(
		cd "$1.new/deb" &&
		quietly "Downloading $2" "$cache/download.log" \
			$apt apt-get -q -o APT::Sandbox::User=root -o Acquire::Retries=3 \
			download "$2"
	) || return 1
	quietly "Unpacking $2" "$cache/unpack.log" \
		dpkg-deb -x "$(echo "$1.new/deb"/*.deb)" "$1.new/root" || return 1
	rm -rf "$1.new/deb"
	echo "$2" >"$1.new/package"
	mv "$1.new" "$1"
}

# megabytes BYTES
megabytes()
{
	echo $((($1 + 500000) / 1000000))
}

# newer FILE OTHER...: is FILE there, and none of the others younger?
newer()
{
	newer_file=$1
	shift
	[ -f "$newer_file" ] && [ -z "$(find "$@" -newer "$newer_file")" ]
}

# autogen: make the build system's files, unless they are newer than what they are made of
autogen()
{
	if [ -f "$top/Makefile.in" ] &&
	   newer "$top/configure" "$top/configure.ac" "$top/Makefile.am"; then
		return 0
	fi
	mkdir -p "$cache"
	(cd "$top" && quietly "autogen.sh" "$cache/autogen.log" ./autogen.sh)
}

# configure_in DIR ARGUMENT...: configure out of the tree, in an empty directory
configure_in()
{
	build=$1
	shift
	rm -rf "$build"
	mkdir -p "$build"
	(cd "$build" && quietly "configure" "$build/configure.out" "$top/configure" -q "$@")
}

# make_in DIR ARGUMENT...: make there, on all processors
make_in()
{
	build=$1
	shift
	quietly "make${*:+ $*}" "$build/make-$(echo "${1:-all}" | tr -c 'a-z0-9\n' -).log" \
		make -C "$build" -j"$jobs" "$@"
}
