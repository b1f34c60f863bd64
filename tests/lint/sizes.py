#!/usr/bin/python3
"""Files above 600 lines and functions above 70. Exceptions stand in sizes.allow, with the
size they may have and the reason: `path LINES reason`, `path:function LINES reason`."""

import re

import source

FILE_MAX, FUNCTION_MAX = 600, 70

NAME = re.compile(r"(\w+)\s*\((?:[^()]|\([^()]*\))*\)\s*$")


def allowances():
    table = {}
    for line in source.read("tests/lint/sizes.allow").splitlines():
        if line.strip() and not line.startswith("#"):
            what, size, _ = line.split(None, 2)
            table[what] = int(size)
    return table


def functions(text):
    """Name and number of lines of each, from the brace in column one to its twin."""
    lines = source.bare(text).split("\n")
    start = None
    for at, line in enumerate(lines):
        if line == "{":
            start = at
        elif line == "}" and start is not None:
            match = NAME.search(" ".join(lines[max(0, start - 8) : start]))
            yield match.group(1) if match else f"line_{start}", at - start - 1
            start = None


def complaints_about(path, allowed):
    text = source.read(path)
    size = text.count("\n")
    if size > allowed.get(path, FILE_MAX):
        yield f"{path}: {size} lines"
    if path.endswith(".py"):
        return
    for name, lines in functions(text):
        if lines > allowed.get(f"{path}:{name}", FUNCTION_MAX):
            yield f"{path}: {name} has {lines} lines"


if __name__ == "__main__":
    paths = source.files(".c", ".h", ".py")
    allowed = allowances()
    source.report(
        [c for p in paths for c in complaints_about(p, allowed)], len(paths), "sizes"
    )
