#!/usr/bin/python3
"""Counts what a test run really ran, and says so in one closing line.

For every build folder named: the meson tests of its testlog.json. A test that speaks TAP
counts by its lines, one that ran pytest by its JUnit file (build/junit/NAME.xml), any
other as one. A program that died after its last good line counts as one more failure.
"""

import argparse
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

GOOD = {"OK", "EXPECTEDFAIL"}
TAP_LINE = re.compile(r"^(not )?ok\b([^#\n]*)(#\s*(skip|todo)\b)?", re.I | re.M)


class Count:
    def __init__(self):
        self.passed = self.skipped = 0
        self.failed = []

    def add(self, other):
        self.passed += other.passed
        self.skipped += other.skipped
        self.failed += other.failed

    def __str__(self):
        text = f"{self.passed} passed, {len(self.failed)} failed"
        return text + (f", {self.skipped} skipped" if self.skipped else "")


def of_tap(name, text):
    count = Count()
    for bad, what, directive, _ in TAP_LINE.findall(text):
        if directive:
            count.skipped += 1
        elif bad:
            count.failed.append(f"{name}:{what.strip(' -')}")
        else:
            count.passed += 1
    return count


def of_junit(name, path):
    count = Count()
    try:
        cases = list(ElementTree.parse(path).iter("testcase"))
    except (OSError, ElementTree.ParseError):
        return count
    worst = {}  # a test that failed and then failed to end well stands there twice
    for case in cases:
        test = case.get("classname"), case.get("name")
        bad = case.find("failure") is not None or case.find("error") is not None
        verdict = 2 if bad else 1 if case.find("skipped") is not None else 0
        worst[test] = max(worst.get(test, 0), verdict)
    count.failed = [f"{name}: {test[1]}" for test, verdict in worst.items() if verdict == 2]
    count.skipped = list(worst.values()).count(1)
    count.passed = list(worst.values()).count(0)
    return count


def of_test(folder, test):
    name = test["name"].split(" / ")[-1]  # meson puts the project and the suite before it
    good, skipped = test["result"] in GOOD, test["result"] == "SKIP"
    junit = folder / "junit" / f"{name}.xml"
    if junit.exists():
        count = of_junit(name, junit)
    elif re.search(r"^1\.\.\d", test.get("stdout", ""), re.M):
        count = of_tap(name, test["stdout"])
    else:
        count = Count()
    if not good and not skipped and not count.failed:
        count.failed.append(f"{name}: {test['result'].lower()}")
    if not (count.passed or count.failed or count.skipped):
        if skipped:
            count.skipped += 1
        elif good and not junit.exists():
            count.passed += 1
    return count


def of_folder(folder):
    count = Count()
    try:
        lines = (
            (folder / "meson-logs/testlog.json").read_text(errors="replace").splitlines()
        )
    except OSError:
        count.failed.append(f"{folder}: left no test log")
        return count
    for line in lines:
        count.add(of_test(folder, json.loads(line)))
    count.failed = [f"{folder}: {what}" for what in count.failed]
    return count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--passed", action="append", default=[], help="a step that worked")
    parser.add_argument("--failed", action="append", default=[], help="a step that did not")
    parser.add_argument("folders", nargs="*", type=pathlib.Path)
    options = parser.parse_args()

    total = Count()
    print()
    for folder in options.folders:
        count = of_folder(folder)
        print(f"{folder}: {count}")
        total.add(count)
    total.passed += len(options.passed)
    total.failed += [f"{step}: failed" for step in options.failed]
    for what in total.failed:
        print(f"FAILED {what}")
    print(total)
    return 1 if total.failed or not total.passed else 0


if __name__ == "__main__":
    sys.exit(main())
