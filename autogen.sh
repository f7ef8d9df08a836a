#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Make configure and what it needs, in a tree that comes from version control.

set -eu
cd "$(dirname "$0")"

for tool in autoreconf automake libtoolize pkg-config; do
	if ! command -v "$tool" >/dev/null 2>&1; then
		echo "autogen.sh: $tool not found." \
			"On Debian: apt-get install autoconf automake libtool pkg-config" >&2
		exit 1
	fi
done
mkdir -p build-aux m4
exec autoreconf --install --force
