# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# Counting what holds and what does not.

passed=0
failed=0

ok()
{
	passed=$((passed + 1))
	printf 'ok: %s\n' "$*"
}

not_ok()
{
	failed=$((failed + 1))
	printf 'FAIL: %s\n' "$*"
}

# is TEXT EXPECTED FOUND
is()
{
	if [ "$2" = "$3" ]; then
		ok "$1"
	else
		not_ok "$1: expected '$2', found '$3'"
	fi
}

# succeeds TEXT COMMAND...
succeeds()
{
	text=$1
	shift
	if "$@"; then
		ok "$text"
	else
		not_ok "$text"
	fi
}
