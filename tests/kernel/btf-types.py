#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The types of two kernels, whatever their order: which are in one alone?

Usage: btf-types.py BTF OTHER

Each is the contents of a vmlinux's .BTF.  Prints one line: how many types they have, how many are
in one alone, and the names of the first of these.  Exit status 1 if there are any.
"""
import os
import sys
from collections import Counter

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "real"))
sys.dont_write_bytecode = True
from canonical import Btf, read  # noqa: E402

FEW = 4


def types(path):
    """How often each type is there, and what it is called."""
    btf = Btf(read(path))
    names = {digest: btf.name(words[0]).decode()
             for digest, (_, words) in zip(btf.hash, btf.types)}
    return Counter(btf.hash), names


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    (first, names), (second, other_names) = types(sys.argv[1]), types(sys.argv[2])
    gone, new = first - second, second - first
    told = sorted({names[t] for t in gone if names[t]} |
                  {other_names[t] for t in new if other_names[t]})[:FEW]
    print(f"{first.total()} and {second.total()} types, {gone.total()} in the first alone, "
          f"{new.total()} in the second alone" + (f": {', '.join(told)}, ..." if told else ""))
    return 1 if gone or new else 0


if __name__ == "__main__":
    sys.exit(main())
