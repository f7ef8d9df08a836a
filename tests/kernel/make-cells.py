#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Makes the modules of the matrix: every kind of signature, with everything done to it that
the test does to modules; and the list of cells for the kernel's init (loader.c).

Usage: make-cells.py CONFIG OUT, with lines NAME=VALUE in CONFIG:
  victim, other, foreign  modules: one that the kernel knows, the same from another build,
                          and one that it never knew
  sign                    the kernel's sign-file
  own, own_cert           key and certificate that the kernel trusts
  stranger, stranger_cert a pair that it does not
  proof                   the victim's proof, a whole trailer
  proof_signed            the proof of the victim with the stranger's signature, if there is
                          a root that has it
  only                    patterns of cells, with spaces between them: no others are made
Writes OUT/cell/..., OUT/cells, and OUT/facts: "ID NAME FILE-DIGEST PAYLOAD-DIGEST REST-DIGEST",
the last of the file without an outermost proof.  This is written from the formats'
description, and uses nothing of the library.
"""
import fnmatch
import gzip
import hashlib
import lzma
import os
import struct
import subprocess
import sys
import tempfile

MARKER = b"~Module signature appended~\n"
PKCS7, MERKLE = 2, 3


def record(id_type, length):
    return struct.pack(">BBBBB3xI", 0, 0, id_type, 0, 0, length)


def trailer(id_type, data, length=None):
    return data + record(id_type, len(data) if length is None else length) + MARKER


def taken_off(data):
    """The file without its outermost trailer; None if there is none, or no sane one."""
    if not data.endswith(MARKER):
        return None
    rest = data[:-len(MARKER)]
    if len(rest) <= 12:
        return None
    length = struct.unpack(">I", rest[-4:])[0]
    if length >= len(rest) - 12:
        return None
    return rest[:len(rest) - 12 - length]


def payload(data):
    while True:
        rest = taken_off(data)
        if rest is None:
            return data
        data = rest


def unproven(data):
    rest = taken_off(data)
    if rest is None or data[-len(MARKER) - 12 + 2] != MERKLE:
        return data
    return rest


def elf_length(data):
    """Where the ELF image ends: after its section headers, which are last."""
    shoff, = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    return shoff + size * count


def section(data, name):
    """Offset and size of a section."""
    shoff, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    strings, = struct.unpack_from("<Q", data, shoff + names * size + 0x18)
    for i in range(count):
        at = shoff + i * size
        text = strings + struct.unpack_from("<I", data, at)[0]
        if data[text:data.index(b"\0", text)] == name:
            return struct.unpack_from("<QQ", data, at + 0x18)
    raise SystemExit(f"no section {name}")


def byte_changed(data, name, pattern, place):
    """One bit of the byte at this place of a pattern that the section has once."""
    offset, size = section(data, name)
    part = data[offset:offset + size]
    if part.count(pattern) != 1:
        raise SystemExit(f"{name} has {pattern} {part.count(pattern)} times")
    at = offset + part.index(pattern) + place
    return data[:at] + bytes([data[at] ^ 3]) + data[at + 1:]


def stripped(data):
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "module.ko")
        with open(path, "wb") as file:
            file.write(data)
        subprocess.run(["strip", "-g", path], check=True)
        with open(path, "rb") as file:
            return file.read()


def read(path):
    with open(path, "rb") as file:
        return file.read()


class Cells:
    def __init__(self, config, out):
        self.config = config
        self.out = out
        self.only = config.get("only", "*").split()
        self.lines = []
        self.facts = []
        os.makedirs(os.path.join(out, "cell"))

    def signed(self, data, who):
        with tempfile.TemporaryDirectory() as scratch:
            path = os.path.join(scratch, "module.ko")
            with open(path, "wb") as file:
                file.write(data)
            subprocess.run([self.config["sign"], "sha256", self.config[who],
                            self.config[who + "_cert"], path], check=True)
            return read(path)

    def dressed(self, data, kind):
        """A module with the signature of this kind."""
        proof = read(self.config["proof_signed" if kind == "proven" else "proof"])
        return {
            "none": lambda: data,
            "stranger": lambda: self.signed(data, "stranger"),
            "own": lambda: self.signed(data, "own"),
            "proof": lambda: data + proof,
            "proof+stranger": lambda: self.signed(data, "stranger") + proof,
            "proof+own": lambda: self.signed(data, "own") + proof,
            "proven": lambda: self.signed(data, "stranger") + proof,
        }[kind]()

    def add(self, kind, change, data, method="fd", flags="0", suffix=".ko", name="mh_victim",
            packed=None):
        cell = f"{kind}/{change}"
        if not any(fnmatch.fnmatch(cell, pattern) for pattern in self.only):
            return
        path = "cell/" + cell.replace("/", "-") + suffix
        with open(os.path.join(self.out, path), "wb") as file:
            file.write(packed if packed is not None else data)
        self.lines.append(f"{method} {cell} {flags} /{path} {name}")
        digests = [hashlib.sha256(part).hexdigest()
                   for part in (data, payload(data), unproven(data))]
        self.facts.append(" ".join([cell, name] + digests))

    def altered(self, kind, data):
        """What is done to the bytes of a finished module."""
        end = elf_length(data)
        self.add(kind, "intact", data)
        number = bytes.fromhex("2d1e3c5a")
        self.add(kind, "text", byte_changed(data, b".text", number, 0))
        self.add(kind, "rodata", byte_changed(data, b".rodata", b"a byte of .rodata", 2))
        self.add(kind, "modinfo",
                 byte_changed(data, b".modinfo", b"description=modhash: a module", 21))
        self.add(kind, "btf", byte_changed(data, b".BTF", b"\0mh_victim_member_a\0", 18))
        self.add(kind, "added", data[:end] + b"\0" + data[end:])
        self.add(kind, "removed", data[:end - 1] + data[end:])
        self.add(kind, "stripped", stripped(data))

    def lying(self, kind, data):
        """What is done to its trailer, the outermost one."""
        rest = taken_off(data)
        if rest is None:
            # There is none: one that says what is not so.
            self.add(kind, "bare", data + MARKER)
            self.add(kind, "empty", data + trailer(PKCS7, b""))
            self.add(kind, "longer", data + trailer(PKCS7, b"", 1))
            self.add(kind, "absurd", data + trailer(PKCS7, b"", 0x7FFFFFFF))
            self.add(kind, "all", data + trailer(PKCS7, b"", len(data)))
            return
        body = data[len(rest):-len(MARKER) - 12]
        id_type = data[-len(MARKER) - 12 + 2]
        self.add(kind, "cut", data[:-1])
        self.add(kind, "front", rest + body[16:] + record(id_type, len(body)) + MARKER)
        self.add(kind, "longer", rest + trailer(id_type, body, len(body) + 1))
        self.add(kind, "shorter", rest + trailer(id_type, body, len(body) - 1))
        self.add(kind, "absurd", rest + trailer(id_type, body, 0x7FFFFFFF))
        self.add(kind, "all", rest + trailer(id_type, body, len(rest) + len(body)))
        if id_type == MERKLE:
            self.add(kind, "deeper", rest + trailer(MERKLE, body + bytes(32)))

    def packed(self, kind, data):
        """Compressed, unpacked by the kernel or by kmod; and forced."""
        bad = byte_changed(data, b".text", bytes.fromhex("2d1e3c5a"), 0)
        for what, module in (("", data), ("-text", bad)):
            xz = lzma.compress(module, check=lzma.CHECK_CRC32,
                               filters=[{"id": lzma.FILTER_LZMA2, "dict_size": 1 << 20}])
            self.add(kind, "xz" + what, module, flags="4", suffix=".ko.xz", packed=xz)
            self.add(kind, "memory" + what, module, method="mem")
            # kmod may be without zlib, as Debian's is: .gz is for the loader itself.
            self.add(kind, "gzip" + what, module, method="mem", suffix=".ko.gz",
                     packed=gzip.compress(module))
            zstd = subprocess.run(["zstd", "-c"], input=module, check=True,
                                  stdout=subprocess.PIPE).stdout
            self.add(kind, "zstd" + what, module, method="kmod", flags="insmod",
                     suffix=".ko.zst", packed=zstd)
        self.add(kind, "modversions", data, flags="1")
        self.add(kind, "vermagic", data, flags="2")
        self.add(kind, "force", data, method="kmod", flags="insmod,-f")

    def make(self):
        victim, other, foreign = (read(self.config[name])
                                  for name in ("victim", "other", "foreign"))
        kinds = ["none", "stranger", "own", "proof", "proof+stranger", "proof+own"]
        if "proof_signed" in self.config:
            kinds.append("proven")
        for kind in kinds:
            data = self.dressed(victim, kind)
            self.altered(kind, data)
            self.lying(kind, data)
            self.add(kind, "other", self.dressed(other, kind))
            self.add(kind, "foreign", self.dressed(foreign, kind), name="mh_foreign")
        for kind in ("none", "stranger", "own", "proof"):
            self.packed(kind, self.dressed(victim, kind))
        for name, lines in (("cells", self.lines), ("facts", self.facts)):
            with open(os.path.join(self.out, name), "w", encoding="ascii") as file:
                file.write("\n".join(lines) + "\n")


def main():
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        config = dict(line.rstrip("\n").split("=", 1) for line in file)
    Cells(config, sys.argv[2]).make()


main()
