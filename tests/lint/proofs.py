#!/usr/bin/env python3
"""The proofs in docs/aws-compatibility.md are tests that are there."""

import re

import source

PAGE = "docs/aws-compatibility.md"
COLUMNS = 5
PROOF = 3


def tests():
    """Names of tests by the name of their file."""
    return {
        path.rsplit("test_", 1)[1][:-3]: set(
            re.findall(r"^def test_(\w+)", source.read(path), re.M)
        )
        for path in source.files(".py", under=("tests/flow",))
        if "/test_" in path
    }


def rows():
    """(line, cells) of each row."""
    for number, line in enumerate(source.read(PAGE).splitlines(), 1):
        if line.startswith("|") and not re.match(r"\|( AWS |-)", line):
            yield number, [cell.strip() for cell in line.strip().strip("|").split("|")]


def complaints_about(proof, known):
    for part in filter(None, (part.strip() for part in proof.split(";"))):
        files, _, names = part.partition(":")
        for file in files.split(","):
            if file.strip() not in known:
                yield f"no file test_{file.strip()}.py"
        for name in re.findall(r"`(\w+)`", names):
            if name not in known.get(files.strip(), ()):
                yield f"no test {name} in test_{files.strip()}.py"


def main():
    known, found, checked = tests(), [], 0
    for number, cells in rows():
        checked += 1
        if len(cells) != COLUMNS:
            found.append(f"{PAGE}:{number}: {len(cells)} cells")
        else:
            found += [f"{PAGE}:{number}: {c}" for c in complaints_about(cells[PROOF], known)]
    source.report(found, checked, "proofs")


if __name__ == "__main__":
    main()
