#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""
Holds what kernels answered against what they should have.

Usage: judge.py EXPECTED DIR FORMAT...

For each format there are DIR/FORMAT.facts, of make-cells.py, and the output of loader.c for
each way to boot, DIR/FORMAT.permissive, .enforced and .lockdown.  Prints the matrix, a
"FAIL:" line for each cell that is not as expected, and "N passed, N failed, 0 skipped".  A
cell that nothing is expected of fails, and so does an expectation that no cell met.
"""
import os
import sys

WAYS = ("permissive", "enforced", "lockdown")
# What a kernel says that is ours to judge, and how its lines begin.
OURS = "module hashes: "
REFUSAL = "Loading of "
# The digest in the log: of the file, of its payload, or of it without its proof.
DIGEST = {"list": 0, "table": 1, "merkle": 2}


class Expected:
    def __init__(self, line, words, reason, answers):
        self.line = line
        self.words = words
        self.reason = reason
        self.answers = answers
        self.met = False

    def as_is(self):
        return self.line, self.words, self.reason, self.answers

    def text(self, way):
        """errno, taint, and the lines of the log, with %N and %D for name and digest."""
        answer = self.answers[way]
        log = []
        # What IMA refuses, the loader never sees.
        if self.reason != "-" and answer != "EACCES":
            log.append(f"{OURS}%N: sha256:%D: {self.reason}")
            if self.words and way == "enforced":
                log.append(f"{REFUSAL}{self.words} is rejected")
        if answer == "ok":
            return "0", "-", log
        if answer in ("E", "O", "OE", "FE"):
            return "0", answer, log
        return answer, "-", log


def read_expected(path):
    cells = {}
    with open(path, encoding="ascii") as file:
        for number, line in enumerate(file, 1):
            if line.startswith("#") or not line.strip():
                continue
            if line.startswith("same "):
                _, name, known = line.split()
                cells.update({(name, cell): Expected(*expected.as_is())
                              for (format, cell), expected in list(cells.items())
                              if format == known})
                continue
            left, colon, reason = line.strip().partition(" : ")
            fields = left.split()
            if not colon and line.rstrip().endswith(" ok") or fields[3:] == ["O", "O", "O"]:
                reason = "-"
            elif not colon:
                raise SystemExit(f"{path}:{number}: no reason")
            if fields[-1] == ":":
                fields.pop()
            formats, kinds, changes, *answers = fields[:6]
            expected = (number, " ".join(fields[6:]), reason, dict(zip(WAYS, answers)))
            for name in formats.split(","):
                for kind in kinds.split(","):
                    for change in changes.split(","):
                        key = (name, f"{kind}/{change}")
                        if key in cells:
                            raise SystemExit(f"{path}:{number}: {key} is also in line "
                                             f"{cells[key].line}")
                        cells[key] = Expected(*expected)
    return cells


def read_output(path):
    """What the loader printed: by cell, its values and the kernel's lines; and complaints."""
    cells, complaints, ended = {}, [], False
    with open(path, encoding="ascii", errors="replace") as file:
        for line in file:
            word, _, rest = line.rstrip("\r\n").partition(" ")
            if word == "CELL":
                cell, *values = rest.split()
                found = cells.setdefault(cell, {"log": []})
                found.update(value.split("=", 1) for value in values)
            elif word == "LOG":
                cell, _, text = rest.partition(" ")
                if text.startswith((OURS, REFUSAL)):
                    cells.setdefault(cell, {"log": []})["log"].append(text)
            elif word in ("LOST", "MISSING", "UNEXPECTED"):
                complaints.append(line.strip())
            elif word == "END":
                ended = True
    if not ended:
        complaints.append("the kernel did not come to its end")
    cells.pop("boot", None)
    cells.pop("-", None)
    return cells, complaints


def read_facts(path):
    with open(path, encoding="ascii") as file:
        lines = [line.split() for line in file]
    return {cell: (name, digests) for cell, name, *digests in lines}


def brief(text, name, digest):
    """A log line for the matrix: without what is the same in every line."""
    text = text.replace(f"{OURS}{name}: sha256:{digest}: ", "")
    return text.replace(REFUSAL, "").replace(" is rejected", " rejected")


class Judge:
    def __init__(self, expected):
        self.expected = expected
        self.passed = 0
        self.failures = []

    def fail(self, text):
        self.failures.append(text)

    def cell(self, where, expected, way, found, fact):
        name, digest = fact
        errno, taint, log = expected.text(way)
        log = [line.replace("%N", name).replace("%D", digest) for line in log]
        # Whoever is refused must not be there; whoever was loaded has its BTF, and goes.
        wanted = {"errno": errno, "taint": taint, "left": "0",
                  "btf": "yes" if errno == "0" else "no"}
        wrong = [f"{key}={found.get(key)}, not {value}"
                 for key, value in wanted.items() if found.get(key) != value]
        if found["log"] != log:
            wrong.append(f"log is {found['log']}, not {log}")
        expected.met = True
        if wrong:
            self.fail(f"{where} {way} (line {expected.line}): " + "; ".join(wrong))
        else:
            self.passed += 1

    def row(self, cell, outputs, fact):
        """One line of the matrix."""
        columns, logs = [], []
        for way in WAYS:
            found = outputs[way].get(cell)
            if not found:
                columns.append("?")
                continue
            taint = found.get("taint", "?")
            column = found.get("errno", "?")
            if column == "0":
                column = "loads" if taint == "-" else f"loads, {taint}"
            columns.append(column)
            for text in found["log"]:
                text = brief(text, *fact)
                if text not in logs:
                    logs.append(text)
        print("  %-26s %-13s %-13s %-13s %s" % (cell, *columns, "; ".join(logs)))

    def format(self, name, directory):
        outputs = {}
        for way in WAYS:
            path = os.path.join(directory, f"{name}.{way}")
            outputs[way], complaints = read_output(path)
            for complaint in complaints:
                self.fail(f"{name} {way}: {complaint}")
        facts = read_facts(os.path.join(directory, f"{name}.facts"))
        which = DIGEST[name.partition("-")[0]]
        print("\n%-28s %-13s %-13s %-13s %s" % (name, *WAYS, "log"))
        for cell, (module, digests) in facts.items():
            fact = module, digests[which]
            self.row(cell, outputs, fact)
            expected = self.expected.get((name, cell))
            if not expected:
                self.fail(f"{name} {cell}: nothing is expected of it")
                continue
            for way in WAYS:
                found = outputs[way].pop(cell, None)
                if found:
                    self.cell(f"{name} {cell}", expected, way, found, fact)
                else:
                    self.fail(f"{name} {cell} {way}: it was not tried")

    def unmet(self, formats):
        for (name, cell), expected in self.expected.items():
            if name in formats and not expected.met:
                self.fail(f"{name} {cell} (line {expected.line}): no such cell")


def main():
    if len(sys.argv) < 4:
        raise SystemExit(__doc__)
    judge = Judge(read_expected(sys.argv[1]))
    for name in sys.argv[3:]:
        judge.format(name, sys.argv[2])
    judge.unmet(sys.argv[3:])
    print()
    for failure in judge.failures:
        print(f"FAIL: {failure}")
    print(f"{judge.passed} passed, {len(judge.failures)} failed, 0 skipped")
    return 1 if judge.failures else 0


sys.exit(main())
