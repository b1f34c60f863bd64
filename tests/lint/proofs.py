#!/usr/bin/env python3
"""The proofs in docs/aws-compatibility.md and docs/threat-model.md are tests that are
there."""

import re

import source

PAGES = {"docs/aws-compatibility.md": 5, "docs/threat-model.md": 3}  # and their columns


def tests():
    """Names of tests by the name of their file; of some there are two."""
    found = {}
    for path in source.files(".py", ".c", under=("tests/flow", "tests/unit")):
        name = re.search(r"/test_(\w+)\.(py|c)$", path)
        if name:
            pattern = r"^(?:def test_|static void )(\w+)"
            known = found.setdefault(name[1], set())
            known.update(re.findall(pattern, source.read(path), re.M))
    return found


def rows(page):
    """(line, cells, column of the proof) of each row in a table that has proofs."""
    proof = None
    for number, line in enumerate(source.read(page).splitlines(), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("|"):
            proof = None
        elif "proof" in cells:
            proof = cells.index("proof")
        elif proof is not None and not line.startswith("|-"):
            yield number, cells, proof


def complaints_about(proof, known):
    for part in filter(None, (part.strip() for part in proof.split(";"))):
        files, _, names = part.partition(":")
        for file in files.split(","):
            if file.strip() not in known:
                yield f"no file test_{file.strip()}"
        for name in re.findall(r"`(\w+)`", names):
            if name not in known.get(files.strip(), ()):
                yield f"no test {name} in test_{files.strip()}"


def main():
    known, found, checked = tests(), [], 0
    for page, columns in PAGES.items():
        for number, cells, proof in rows(page):
            checked += 1
            if len(cells) != columns:
                found.append(f"{page}:{number}: {len(cells)} cells")
            else:
                complaints = complaints_about(cells[proof], known)
                found += [f"{page}:{number}: {c}" for c in complaints]
    source.report(found, checked, "proofs")


if __name__ == "__main__":
    main()
