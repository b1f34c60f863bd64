#!/usr/bin/python3
"""What the engine binds, what the annotations declare and what the manual lists: the same
names, the same parameters, the same functions that wait, the same failures. And nothing of
the C header is passed over in the manual."""

import re
import shutil
import subprocess

import source

TABLE = "plugins/lua/lua_api.c"
HEADER = "sdk/jackfield.h"
ANNOTATIONS = "sdk/lua/jackfield.d.lua"
MANUAL = "docs/lua.md"
TABLE_OF_MANUAL, FAILURES_OF_MANUAL = "## C and Lua, side by side", "### Failures"

# Whose fields are bindings, and how those begin. Other classes are only types.
CLASSES = {
    "jackfield": "jf.",
    "jackfield.json": "jf.json.",
    "jackfield.Event": "ev.",
    "jackfield.MessageEvent": "ev.",
    "jackfield.ConnectEvent": "ev.",
    "jackfield.DisconnectEvent": "ev.",
}


class Binding:
    """`parameters` is None where none are written down; optional ones end with '?'."""

    def __init__(self, where, waits, parameters=None):
        self.where, self.waits, self.parameters = where, waits, parameters


def of_engine():
    text = source.read(TABLE)
    start = text.index("lua_api_bindings[] = {")
    rows = text[start : text.index("\n};", start)]
    pattern = r'\{\s*"([^"]+)",\s*\w+,\s*(LUA_\w+)\s*\}'
    found = {
        name: Binding(TABLE, kind == "LUA_WAITS")
        for name, kind in re.findall(pattern, rows)
    }
    assert len(found) == rows.count('"') // 2, f"{TABLE}: a row is not understood"
    return found


def declared_parameters(comment, names):
    optional = {p for line in comment for p in re.findall(r"^---@param (\w+)\?", line)}
    return [n + "?" * (n in optional) for n in re.findall(r"[\w.]+", names)]


def of_annotations():
    found, comment, owner = {}, [], None
    for number, line in enumerate(source.read(ANNOTATIONS).splitlines(), 1):
        where = f"{ANNOTATIONS}:{number}"
        function = re.match(r"function ([\w.:]+)\((.*)\)", line)
        if function:
            name, names = function.groups()
            parameters = declared_parameters(comment, names)
            found[name] = Binding(where, "---@async" in comment, parameters)
        if not line.startswith("---"):
            comment, owner = [], None
            continue
        comment.append(line)
        a_class = re.match(r"---@class ([\w.]+)", line)
        owner = a_class.group(1) if a_class else owner
        field = re.match(r"---@field (\w+)", line)
        if field and owner in CLASSES:
            found[CLASSES[owner] + field.group(1)] = Binding(where, False)
    return found


def table_under(heading):
    """The cells of each row of the first table there, with its line's number."""
    lines = source.read(MANUAL).splitlines()
    at = lines.index(heading)
    while not lines[at].startswith("|"):
        at += 1
    at += 2  # its head
    while lines[at].startswith("|"):
        yield at + 1, [cell.strip() for cell in lines[at].strip("|").split("|")]
        at += 1


def shown_parameters(text):
    """From "conn, body [, kind]"."""
    required, _, optional = text.partition("[")
    words = r"[\w.]+"
    return re.findall(words, required) + [n + "?" for n in re.findall(words, optional)]


def of_manual():
    found = {}
    for number, cells in table_under(TABLE_OF_MANUAL):
        name, called, inside = re.match(r"`([\w.:]+)(\((.*)\))?`", cells[0]).groups()
        parameters = shown_parameters(inside) if called else None
        found[name] = Binding(f"{MANUAL}:{number}", cells[2] == "waits", parameters)
    return found


def differences(engine, other, whose):
    for name in sorted(engine.keys() - other.keys()):
        yield f"{whose}: {name} is missing, which {TABLE} has"
    for name in sorted(other.keys() - engine.keys()):
        yield f"{other[name].where}: {name} is not in {TABLE}"
    for name in sorted(engine.keys() & other.keys()):
        if other[name].waits != engine[name].waits:
            what = "waits" if engine[name].waits else "does not wait"
            yield f"{other[name].where}: {name} {what}, says {TABLE}"


def differences_of_parameters(annotations, manual):
    for name in sorted(annotations.keys() & manual.keys()):
        declared, shown = annotations[name], manual[name]
        if declared.parameters is not None and declared.parameters != shown.parameters:
            yield (
                f"{shown.where}: {name} with {shown.parameters}, "
                f"but in {declared.where} with {declared.parameters}"
            )


def differences_of_failures():
    pattern = r'XX\(-\d+, (\w+),\s*"(\w+)",\s*"([^"]+)"\)'
    right = [
        (lower, f"JF_E_{upper}", text)
        for upper, lower, text in re.findall(pattern, source.read(HEADER))
    ]
    assert right, f"{HEADER}: no failures found"
    shown = [
        (cells[0].strip("`"), cells[1].strip("`"), cells[2])
        for _, cells in table_under(FAILURES_OF_MANUAL)
    ]
    declared = re.findall(r'^---\| "(\w+)" # (.*)$', source.read(ANNOTATIONS), re.M)
    if shown != right:
        yield f"{MANUAL}: the failures are not those of {HEADER}"
    if declared != [(name, text) for name, _, text in right]:
        yield f"{ANNOTATIONS}: the failures are not those of {HEADER}"


def passed_over():
    functions = re.findall(r"^static inline [^;{]*?\b(jf_\w+)\(", source.read(HEADER), re.M)
    manual = source.read(MANUAL)
    helpers = {"jf_str", "jf_view", "jf_same"}  # of C's strings
    for name in functions:
        if name not in helpers and not re.search(rf"`{name}`", manual):
            yield f"{MANUAL}: nothing is said of {name}()"


def slips():
    """Does the file of annotations parse? The manual's test has the engine compile it too."""
    tool = shutil.which("luacheck")
    if not tool:
        return
    command = [tool, source.ROOT / ANNOTATIONS, "-q", "--no-color", "--no-config"]
    command += ["--only", "0"]  # nothing but errors
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        yield done.stdout


def complaints():
    engine, annotations, manual = of_engine(), of_annotations(), of_manual()
    yield from differences(engine, annotations, ANNOTATIONS)
    yield from differences(engine, manual, MANUAL)
    yield from differences_of_parameters(annotations, manual)
    yield from differences_of_failures()
    yield from passed_over()
    yield from slips()


if __name__ == "__main__":
    checked = [TABLE, HEADER, ANNOTATIONS, MANUAL]
    source.report(list(complaints()), len(checked), "bindings")
