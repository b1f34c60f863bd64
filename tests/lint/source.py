"""What the lints share: which files are ours, and C without its comments and strings."""

import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDERS = ("sdk", "core", "plugins", "examples", "tests")

_SKIP = re.compile(
    r"""/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' """, re.S | re.X
)


def files(*suffixes, under=FOLDERS):
    """Paths relative to the root, sorted."""
    found = []
    for folder in under:
        for path in (ROOT / folder).rglob("*"):
            if path.suffix in suffixes and path.is_file():
                found.append(path.relative_to(ROOT).as_posix())
    return sorted(found)


def read(path):
    return (ROOT / path).read_text(encoding="utf-8")


def bare(text):
    """The code with comments, strings and characters blanked; lines stay where they are."""

    def blank(match):
        token = match.group()
        inside = "\n" * token.count("\n")
        return '""' if token[0] == '"' else "''" if token[0] == "'" else " " + inside

    return _SKIP.sub(blank, text)


def report(complaints, checked, what):
    """Print and exit like a test: complaints fail it, and so does having checked nothing."""
    for complaint in complaints:
        print(complaint)
    print(f"{what}: {checked} files, {len(complaints)} complaints")
    raise SystemExit(1 if complaints or not checked else 0)
