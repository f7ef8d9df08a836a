#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Make all that is generated from definitions/ anew, or, with --check, say what differs
# from what the definitions yield.
#
#	scripts/generate.sh [--check] [-C DIRECTORY]
#
# DIRECTORY is the source tree; else it is found from where this script is.
# AWK names the awk to use.

set -eu

check=
top=$(dirname "$0")/..
while [ $# -gt 0 ]; do
	case $1 in
	--check) check=yes ;;
	-C) top=$2; shift ;;
	*) echo "usage: $0 [--check] [-C DIRECTORY]" >&2; exit 2 ;;
	esac
	shift
done
cd "$top"

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM

definitions="definitions/release.def definitions/formats.def definitions/codes.def
	definitions/tool.def"
status=0

# generate KIND OUTPUT [TEMPLATE]
generate()
{
	# The list is to be split into words.
	# shellcheck disable=SC2086
	LC_ALL=C "${AWK:-awk}" -f definitions/generate.awk -v kind="$1" $definitions ${3+"$3"} \
		> "$scratch/out" || { status=1; return; }
	if cmp -s "$scratch/out" "$2"; then
		return
	fi
	if [ -n "$check" ]; then
		echo "$2 is not what the definitions yield:" >&2
		diff -u "$2" "$scratch/out" >&2 || true
		status=1
	else
		cat "$scratch/out" > "$2"
		echo "generated $2"
	fi
}

generate format.h include/modhash/format.h
generate codes.h include/modhash/codes.h
generate codes-tables.h lib/codes-tables.h
generate kernel.h kernel/module_hashes_format.h
generate options.h tools/options-gen.h
generate options.c tools/options-gen.c
generate bash completions/modhash
for template in doc/*.[0-9].in; do
	[ -e "$template" ] || continue
	generate man "${template%.in}" "$template"
done

exit $status
