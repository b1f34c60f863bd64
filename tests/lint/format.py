#!/usr/bin/python3
"""Is every C file as .clang-format wants it? `format.py --fix` makes it so."""

import shutil
import subprocess
import sys

import source

SKIPPED = 77


def main():
    tool = shutil.which("clang-format")
    if not tool:
        print("clang-format is not installed: nothing is checked")
        return SKIPPED
    paths = source.files(".c", ".h")
    how = ["-i"] if "--fix" in sys.argv[1:] else ["--dry-run", "-Werror"]
    return subprocess.run([tool, *how, *paths], cwd=source.ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
