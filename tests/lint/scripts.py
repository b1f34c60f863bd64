#!/usr/bin/python3
"""Is every script free of slips, and does it use only what the sandbox has? .luacheckrc says
what that is."""

import shutil
import subprocess
import sys

import source

SKIPPED = 77


def main():
    tool = shutil.which("luacheck")
    if not tool:
        print("luacheck is not installed: nothing is checked")
        return SKIPPED
    paths = source.files(".lua", under=("plugins", "examples", "tests/flow"))
    assert paths, "there are no scripts"
    command = [tool, "--no-color", "--codes", "-q", *paths]
    return subprocess.run(command, cwd=source.ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
