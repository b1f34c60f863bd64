#!/usr/bin/python3
"""Who may include whom. The table is the floor plan; the code under it only reads it."""

import fnmatch
import re

import source

# folder: what it may include of ours, besides its own folder
FLOORS = {
    "sdk": [],
    "core/base": ["sdk/jackfield.h"],
    "core/parse": ["sdk/jackfield.h", "core/base/*"],
    "core/credentials": ["sdk/jackfield.h", "core/base/*"],
    "core/loop": ["sdk/jackfield.h", "core/base/*"],
    "core/net": [
        "sdk/jackfield.h",
        "core/base/*",
        "core/loop/*",
        "core/parse/conn_id.h",
        "core/parse/envelope.h",
        "core/parse/head.h",
        "core/parse/ws_frame.h",
        "core/parse/utf8.h",
    ],
    "core/redis": ["sdk/jackfield.h", "core/base/*", "core/loop/*", "core/parse/conn_id.h"],
    "core/store": [
        "sdk/jackfield.h",
        "core/base/*",
        "core/loop/*",
        "core/parse/conn_id.h",
        "core/redis/*",
    ],
    "core/relay": [
        "sdk/jackfield.h",
        "core/base/*",
        "core/loop/*",
        "core/parse/conn_id.h",
        "core/redis/*",
    ],
    "core/host": ["sdk/jackfield.h", "core/*"],
    "core/cli": [
        "sdk/jackfield.h",
        "core/base/*",
        "core/host/*",
        "core/parse/config.h",
    ],
    "plugins": ["sdk/*"],
    "examples": ["sdk/*"],
    "tests": ["*"],
}

# library: the files that are its door
DOORS = {
    r"cjson/.*|cJSON\.h": [
        "core/parse/config*.[ch]",
        "core/parse/envelope.c", "core/parse/manage_batch.c",
        "plugins/*",
        "examples/*",
        "tests/*",
    ],
    r"openssl/.*": [
        "core/parse/*.c",
        "core/credentials/*.c",
        "core/net/wire_tls.c",
        "core/net/tls_check.c",
        "core/net/tls_client.c",
        "core/redis/redis_tls.c",
        "plugins/jwt/*",
        "tests/*",
    ],
    r"uv\.h": ["core/loop/*", "core/net/*", "core/redis/*", "tests/*"],
    r"libwebsockets.*": [
        "core/net/http*.[ch]",
        "core/net/lws*.[ch]",
        "core/net/server.c",
        "core/net/wire_tls.[ch]",
        "core/cli/connect.c",
        "tests/bench/*",
    ],
    r"hiredis/.*": ["core/redis/*", "plugins/http/http_stream.c"],
    r"curl/.*": ["plugins/http/*", "tests/*"],
    r"dlfcn\.h": ["core/host/engine_so.c", "tests/*"],
    r"(lua.*/)?(lua|lualib|lauxlib)\.h": ["plugins/lua/*", "tests/*"],
    r"cmocka\.h": ["tests/*", "sdk/template/*"],
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"]+)[>"]', re.M)


def allowed(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def floor_of(path):
    return max((f for f in FLOORS if path.startswith(f + "/")), key=len, default=None)


def complaints_about(path):
    floor = floor_of(path)
    if floor is None:
        yield f"{path}: stands on no floor"
        return
    for kind, name in INCLUDE.findall(source.read(path)):
        exists = (source.ROOT / name).is_file()
        own = name.startswith(floor + "/") or not exists and "/" not in name
        if kind == '"' and exists and not own and not allowed(name, FLOORS[floor]):
            yield f"{path}: {floor} may not include {name}"
        if kind == '"' and not exists and floor.startswith("core"):
            yield f"{path}: {name} is not a path from the root"
        for library, doors in DOORS.items():
            if re.fullmatch(library, name) and not allowed(path, doors):
                yield f"{path}: {name} may be included only in {', '.join(doors)}"


if __name__ == "__main__":
    paths = source.files(".c", ".h", ".cpp")
    source.report([c for p in paths for c in complaints_about(p)], len(paths), "floors")
