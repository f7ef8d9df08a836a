#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""doc/btf.md said a second time, in the plainest way, to hold modhash against.

canonical.py VMLINUX < PATHS     the canonical digest of each module, of canonical form 1, under
                                 each policy: "DIGEST  POLICY  PATH"
It believes what it reads: what is malformed is not its matter.
"""
import hashlib
import struct
import sys

MARKER = b"~Module signature appended~\n"
VOID = bytes(32)
INSIDE = b"\xff" * 32
POLICIES = {"canonical": 1, "raw": 2, "drop": 3}

# What the words of a type are: n a name, i the info, t a type, v a value; and of each entry.
WORDS = {
    1: ("nivv", ""), 2: ("nit", ""), 3: ("nivttv", ""), 4: ("niv", "ntv"), 5: ("niv", "ntv"),
    6: ("niv", "nv"), 7: ("niv", ""), 8: ("nit", ""), 9: ("nit", ""), 10: ("nit", ""),
    11: ("nit", ""), 12: ("nit", ""), 13: ("nit", "nt"), 14: ("nitv", ""), 15: ("niv", "tvv"),
    16: ("niv", ""), 17: ("nitv", ""), 18: ("nit", ""), 19: ("niv", "nvv"),
}


def sha(data):
    return hashlib.sha256(data).digest()


def u32(*values):
    return struct.pack("<%dI" % len(values), *values)


def u64(value):
    return struct.pack("<Q", value)


def text(name):
    return u32(len(name)) + name


def string_at(strings, offset):
    return strings[offset:strings.index(b"\0", offset)]


def spare(strings, used):
    """The runs of a table of strings that nothing begins to read in."""
    runs, at = [], 0
    while at < len(strings):
        end = strings.index(b"\0", at)
        begins = next((i for i in range(at, end + 1) if i in used), None)
        if begins is None:
            runs.append(strings[at:end])
        elif begins > at:
            runs.append(strings[at:begins])
        at = end + 1
    return u32(len(runs)) + b"".join(text(run) for run in sorted(runs))


class Btf:
    """BTF with the hash of each type; over another one, if there is a base."""

    def __init__(self, data, base=None):
        order = "<" if data[:2] == b"\x9f\xeb" else ">"
        header, types, length, at, self.size = struct.unpack(order + "5I", data[4:24])
        self.strings = data[header + at:header + at + self.size]
        self.base = base
        self.first = base.end if base else 1
        self.first_string = base.first_string + base.size if base else 0
        words = struct.unpack(order + "%dI" % (length // 4),
                              data[header + types:header + types + length])
        self.types, at = [], 0
        while at < len(words):
            info = words[at + 1]
            head, each = WORDS[info >> 24 & 0x7f]
            shape = head + each * (info & 0xffffff if each else 0)
            self.types.append((shape, words[at:at + len(shape)]))
            at += len(shape)
        self.end = self.first + len(self.types)
        self.used = {o - self.first_string for shape, type_words in self.types
                     for s, o in zip(shape, type_words) if s == "n" and o >= self.first_string}
        self.hash = [None] * len(self.types)
        for component in self.components():
            self.hash_component(component)

    def name(self, offset):
        if offset < self.first_string:
            return self.base.name(offset)
        return string_at(self.strings, offset - self.first_string)

    def of(self, number):
        if number == 0:
            return VOID
        return self.base.of(number) if number < self.first else self.hash[number - self.first]

    def edges(self, v):
        shape, words = self.types[v]
        return [word for s, word in zip(shape, words) if s == "t"]

    def own(self, v):
        return [e - self.first for e in self.edges(v) if e >= self.first]

    def label(self, v):
        shape, words = self.types[v]
        return b"".join(text(self.name(word)) if s == "n" else u32(0 if s == "t" else word)
                        for s, word in zip(shape, words))

    def components(self):
        """Strongly connected ones, callees first: Tarjan's algorithm without recursion."""
        index, low, on, stack, count = {}, {}, set(), [], 0
        for root in range(len(self.types)):
            if root in index:
                continue
            work = [(root, iter(self.own(root)))]
            index[root] = low[root] = count
            count += 1
            stack.append(root)
            on.add(root)
            while work:
                v, rest = work[-1]
                for w in rest:
                    if w not in index:
                        index[w] = low[w] = count
                        count += 1
                        stack.append(w)
                        on.add(w)
                        work.append((w, iter(self.own(w))))
                        break
                    if w in on:
                        low[v] = min(low[v], index[w])
                else:
                    work.pop()
                    if work:
                        low[work[-1][0]] = min(low[work[-1][0]], low[v])
                    if low[v] == index[v]:
                        component = []
                        while not component or component[-1] != v:
                            component.append(stack.pop())
                            on.discard(component[-1])
                        yield component

    def hash_component(self, members):
        inside = set(members)
        if len(members) == 1 and members[0] not in self.own(members[0]):
            v = members[0]
            self.hash[v] = sha(b"T1\0\0" + self.label(v) +
                               b"".join(self.of(e) for e in self.edges(v)))
            return
        c, to = {}, {}
        for v in members:
            is_in = [e >= self.first and e - self.first in inside for e in self.edges(v)]
            c[v] = sha(b"L1\0\0" + self.label(v) + b"".join(
                INSIDE if i else self.of(e) for i, e in zip(is_in, self.edges(v))))
            to[v] = [e - self.first for i, e in zip(is_in, self.edges(v)) if i]
        colour = rank({v: c[v] for v in members})
        while True:
            finer = rank({v: (colour[v], [colour[w] for w in to[v]]) for v in members})
            if len(set(finer.values())) == len(set(colour.values())):
                break
            colour = finer
        message = u32(len(members))
        for one in sorted(set(colour.values())):
            same = [v for v in members if colour[v] == one]
            message += u32(len(same)) + c[same[0]] + u32(*(colour[w] for w in to[same[0]]))
        component = sha(b"S1\0\0" + message)
        for v in members:
            self.hash[v] = sha(b"M1\0\0" + component + u32(colour[v]))

    def message(self, also=None):
        used = set(self.used)
        if not self.base:
            used.add(0)
        if also:
            used |= {o for shape, words in also.types for s, o in zip(shape, words)
                     if s == "n" and o < self.size}
        return u32(len(self.types)) + b"".join(sorted(self.hash)) + spare(self.strings, used)


def rank(keys):
    """How many have a smaller key."""
    order, ranks, last = sorted(keys, key=keys.get), {}, None
    for i, v in enumerate(order):
        if last is None or keys[v] != keys[last]:
            first = i
        ranks[v], last = first, v
    return ranks


class Elf:
    def __init__(self, data):
        self.data = data
        self.order = "<" if data[5] == 1 else ">"
        self.wide = data[4] == 2
        header = struct.unpack(self.order + ("HHIQQQIHHHHHH" if self.wide else "HHIIIIIHHHHHH"),
                               data[16:64 if self.wide else 52])
        (self.type, self.machine, self.version, self.entry, _, at, self.flags, _,
         self.phentsize, _, size, count, self.names) = header
        self.sections = []
        for i in range(count):
            fields = struct.unpack(self.order + ("IIQQQQIIQQ" if self.wide else "10I"),
                                   data[at + i * size:at + (i + 1) * size])
            self.sections.append(dict(zip(("name_at", "type", "flags", "addr", "offset", "size",
                                           "link", "info", "align", "entsize"), fields)))
        seen = {}
        for section in self.sections:
            section["bytes"] = (b"" if section["type"] in (0, 8) else
                                data[section["offset"]:section["offset"] + section["size"]])
        for section in self.sections:
            name = section["name"] = string_at(self.sections[self.names]["bytes"],
                                               section["name_at"])
            section["ordinal"] = seen.get(name, 0)
            seen[name] = section["ordinal"] + 1
        # Section 0 has no name; others without one begin to count at it.
        self.symtab = self.find_type(2)
        self.strtab = self.sections[self.symtab]["link"]

    def find_type(self, wanted):
        return next((i for i, s in enumerate(self.sections) if s["type"] == wanted), 0)

    def find(self, name):
        return next((i for i, s in enumerate(self.sections) if i and s["name"] == name), 0)

    def word(self, data, at):
        return struct.unpack_from(self.order + "I", data, at)[0]

    def ref(self, number):
        if number == 0 or number >= len(self.sections):
            return u32(0, number)
        section = self.sections[number]
        return u32(1) + text(section["name"]) + u32(section["ordinal"])

    def symbols(self):
        section = self.sections[self.symtab]
        strings = self.sections[self.strtab]["bytes"]
        shape = self.order + ("IBBHQQ" if self.wide else "IIIBBH")
        for fields in struct.iter_unpack(shape, section["bytes"]):
            name_at, info, other, index, value, size = (
                fields if self.wide else (fields[0], *fields[3:], *fields[1:3]))
            yield name_at, string_at(strings, name_at), info, other, index, value, size


def ids_message(elf, index, of):
    """.BTF_ids; without @of, ids are left out."""
    data = elf.sections[index]["bytes"]
    words = [elf.word(data, i) for i in range(0, len(data), 4)]
    sets, slots = {}, set()
    for _, name, _, _, where, value, size in elf.symbols():
        if where != index or not name.startswith(b"__BTF_ID__"):
            continue
        if name.startswith((b"__BTF_ID__set8__", b"__BTF_ID__set__")):
            sets[value // 4] = (2 if name.startswith(b"__BTF_ID__set8__") else 1, size // 4)
        else:
            slots.add(value // 4)
    message, i = u32(len(words)), 0
    while i < len(words):
        if i not in sets:
            message += u32(1) + (of(words[i]) if of else b"") if i in slots else u32(0)
            i += 1
            continue
        each, length = sets[i]
        count, filled = length // each - 1, words[i] != 0
        entries = [((of(words[at]) if of else b""), words[at + 1] if each == 2 else 0)
                   for at in range(i + each, i + length, each)]
        if filled or not of:
            entries.sort()
        message += u32(each + 1, count) + (u32(filled) if of else b"")
        if each == 2:
            message += u32(words[i + 1])
        for digest, flags in entries:
            message += digest + (u32(flags) if each == 2 else b"")
        i += length
    return message


def contents(elf, index, policy, btf, base):
    section = elf.sections[index]
    name = section["name"]
    if section["type"] in (0, 8):
        return u32(0) + u64(section["size"])
    if index in (elf.names, elf.strtab):
        used = {0}
        if index == elf.names:
            used |= {s["name_at"] for s in elf.sections}
        if index == elf.strtab:
            used |= {symbol[0] for symbol in elf.symbols()}
        return u32(2) + spare(section["bytes"], used)
    if index == elf.symtab:
        symbols = list(elf.symbols())
        return u32(3) + u64(len(symbols)) + b"".join(
            text(symbol) + bytes((info, other)) +
            (elf.ref(where) if where < 0xff00 else u32(0, where)) + u64(value) + u64(size)
            for _, symbol, info, other, where, value, size in symbols)
    if section["type"] == 17:
        data = section["bytes"]
        return (u32(5) + u64(section["size"]) + u32(elf.word(data, 0)) +
                b"".join(elf.ref(elf.word(data, i)) for i in range(4, len(data), 4)))
    if policy != "raw" and name == b".BTF":
        return u32(6) + u32(1 if base else 0) + btf.message()
    if policy != "raw" and name == b".BTF.base":
        return u32(6) + base.message(btf)
    if policy != "raw" and name == b".BTF_ids":
        return (u32(7) + ids_message(elf, index, btf.of) if policy == "canonical" else
                u32(8) + ids_message(elf, index, None))
    return u32(1) + u64(section["size"]) + section["bytes"]


def section_hash(elf, index, policy, btf, base):
    section = elf.sections[index]
    is_section = section["type"] in (4, 9) or section["flags"] & 0x40
    return sha(b"E1\0\0" + text(section["name"]) + u32(section["ordinal"], section["type"]) +
               u64(section["flags"]) + u64(section["addr"]) + u64(section["align"]) +
               u64(section["entsize"]) + elf.ref(section["link"]) +
               (elf.ref(section["info"]) if is_section else u32(0, section["info"])) +
               contents(elf, index, policy, btf, base))


def canonical(data, policy, vmlinux):
    elf = Elf(data)
    btf = base = None
    btf_at, base_at = elf.find(b".BTF"), elf.find(b".BTF.base")
    if policy == "canonical" and btf_at:
        if base_at:
            base = Btf(elf.sections[base_at]["bytes"])
        btf = Btf(elf.sections[btf_at]["bytes"], base or vmlinux)
    header = sha(b"H1\0\0" + data[:16] + u32(elf.type, elf.machine, elf.version) +
                 u64(elf.entry) + u32(elf.flags, elf.phentsize) + elf.ref(elf.names))
    apart = () if policy == "raw" else (btf_at, base_at)
    sections = [section_hash(elf, i, policy, btf, base)
                for i in range(1, len(elf.sections)) if i not in apart]
    message = (b"modhash canonical module\0" + u32(1, POLICIES[policy]) + header +
               u32(len(sections)) + b"".join(sections))
    if policy == "canonical":
        for i in (btf_at, base_at):
            message += section_hash(elf, i, policy, btf, base) if i else VOID
    return sha(message)


def payload(data):
    while data.endswith(MARKER):
        length = struct.unpack(">I", data[-len(MARKER) - 4:-len(MARKER)])[0]
        data = data[:-(length + 12 + len(MARKER))]
    return data


def read(path):
    with open(path, "rb") as file:
        return file.read()


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    data = read(sys.argv[1])
    if data.startswith(b"\x7fELF"):
        elf = Elf(data)
        data = elf.sections[elf.find(b".BTF")]["bytes"]
    vmlinux = Btf(data)
    for path in sys.stdin.read().splitlines():
        data = payload(read(path))
        for policy in POLICIES:
            print("%s  %s  %s" % (canonical(data, policy, vmlinux).hex(), policy, path))


if __name__ == "__main__":
    main()
