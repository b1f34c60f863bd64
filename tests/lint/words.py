#!/usr/bin/python3
"""Words that core and the plugins do without, and what to say instead."""

import fnmatch
import re

import source

# word: (what to say instead, files where it is right)
WORDS = {
    r"assert": ("CHECK stays in release builds", []),
    r"malloc|calloc|realloc": (
        "xnew for what is small, try_new for what is bounded",
        ["core/base/memory.h", "core/net/slots.c", "core/net/conn_in.c"]
        + ["plugins/*", "examples/*"],
    ),
    r"strdup|strndup": ("xdup", ["core/base/memory.h", "plugins/*", "examples/*"]),
    r"printf|puts|putchar|vprintf": ("the log, on stderr", ["core/cli/*"]),
    r"sprintf|vsprintf": ("snprintf", []),
    r"strcpy|strcat|strncpy|strncat|gets": ("memcpy with a known length", []),
    r"sleep|usleep|nanosleep": ("a timer", ["examples/later/*"]),
    r"atoi|atol|atoll|atof": ("a parser that can refuse", []),
    r"rand|srand|random": ("random_fill", []),
    r"system|popen": ("nothing: no shell is ours to start", []),
    r"exit|_exit": ("a status, up to main", ["core/cli/*"]),
}


def complaints_about(path):
    for number, line in enumerate(source.bare(source.read(path)).split("\n"), 1):
        for word, (instead, places) in WORDS.items():
            if any(fnmatch.fnmatchcase(path, place) for place in places):
                continue
            for match in re.finditer(rf"(?<![\w.>])({word})\s*\(", line):
                yield f"{path}:{number}: {match.group(1)}: {instead}"


if __name__ == "__main__":
    paths = source.files(".c", ".h", under=("core", "plugins", "examples"))
    source.report([c for p in paths for c in complaints_about(p)], len(paths), "words")
