#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Is every file that gen-modules and gen-images make in README.md, with what is to come of it?
set -eu

readme=$(dirname "$0")/README.md
tables=$(sed -n '/^## ELF files$/,$p' "$readme")
made=$({
	"${GEN_MODULES:-tests/gen/gen-modules}" --readme
	"${GEN_IMAGES:-tests/gen/gen-images}" --readme
} | sed 1d)

if [ "$tables" != "$made" ]; then
	echo "$readme is not what gen-modules and gen-images --readme print" >&2
	exit 1
fi
