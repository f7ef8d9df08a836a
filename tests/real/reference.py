#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The formats said a second time, in the plainest way, to hold modhash against.

reference.py payload DIR < NAMES      the digest of each module without its trailers
reference.py root DIR ORDER [SUFFIX]  the Merkle root, as modhash show has it: levels and
                                      hash; SUFFIX (.xz) is that of the files on disk
"""
import hashlib
import lzma
import os
import struct
import sys

MARKER = b"~Module signature appended~\n"
MERKLE = 3


def read(path):
    with open(path, "rb") as file:
        data = file.read()
    return lzma.decompress(data) if path.endswith(".xz") else data


def trailer(data):
    """(id_type, bytes of the whole trailer) of the last one, or None."""
    if not data.endswith(MARKER):
        return None
    info = data[-len(MARKER) - 12:-len(MARKER)]
    return info[2], struct.unpack(">I", info[8:])[0] + 12 + len(MARKER)


def payload(data):
    while found := trailer(data):
        data = data[:-found[1]]
    return data


def leaf(position, data):
    found = trailer(data)
    if found and found[0] == MERKLE:
        data = data[:-found[1]]
    return hashlib.sha256(b"\x01" + struct.pack(">I", position) + data).digest()


def root(leaves):
    nodes, levels = leaves, 0
    while len(nodes) > 1 or (nodes and levels == 0):
        if len(nodes) % 2:
            nodes = nodes + nodes[-1:]
        nodes = [hashlib.sha256(b"\x02" + nodes[i] + nodes[i + 1]).digest()
                 for i in range(0, len(nodes), 2)]
        levels += 1
    return levels, (nodes[0] if nodes else bytes(32))


def main():
    what, tree = sys.argv[1:3]
    if what == "payload":
        for name in sys.stdin.read().splitlines():
            data = payload(read(os.path.join(tree, name)))
            print(hashlib.sha256(data).hexdigest() + "  " + name)
    elif what == "root":
        suffix = sys.argv[4] if len(sys.argv) > 4 else ""
        with open(sys.argv[3], encoding="utf-8") as file:
            names = file.read().split()
        levels, top = root([leaf(position, read(os.path.join(tree, name + suffix)))
                            for position, name in enumerate(names)])
        print((struct.pack("<I", levels) + top).hex())
    else:
        sys.exit(__doc__)


main()
