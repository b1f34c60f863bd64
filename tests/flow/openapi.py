"""docs/openapi.json, and whether an answer is as it says."""

import json
import pathlib
import re

FILE = pathlib.Path(__file__).resolve().parents[2] / "docs/openapi.json"
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")
KINDS = {
    "string": str,
    "integer": int,
    "object": dict,
    "array": list,
    "boolean": bool,
    "null": type(None),
}


class Unlike(AssertionError):
    pass


def insist(is_so, where, what):
    if not is_so:
        raise Unlike(f"{where}: {what}")


class Document:
    def __init__(self):
        self.whole = json.loads(FILE.read_text())
        self.operations = {
            operation["operationId"]: (path, method, operation)
            for path, item in self.whole["paths"].items()
            for method, operation in item.items()
            if method in METHODS
        }

    def at(self, node):
        """What it stands for, if it is a reference."""
        while isinstance(node, dict) and "$ref" in node:
            first, *parts = node["$ref"].split("/")
            assert first == "#", node
            node = self.whole
            for part in parts:
                node = node[part]
        return node

    def promises(self):
        """Each (operation, status) that it tells of."""
        return {
            (name, int(status))
            for name, (_, _, operation) in self.operations.items()
            for status in operation["responses"]
        }

    def references(self, node=None):
        node = self.whole if node is None else node
        if isinstance(node, dict):
            if "$ref" in node:
                yield node["$ref"]
            for value in node.values():
                yield from self.references(value)
        elif isinstance(node, list):
            for value in node:
                yield from self.references(value)

    # -- answers

    def check(self, name, response):
        """An answer of that operation: headers, type, and body."""
        promised = self.operations[name][2]["responses"]
        insist(str(response.status) in promised, name, f"{response.status} is not told of")
        said = self.at(promised[str(response.status)])
        where = f"{name} {response.status}"
        for header, about in said["headers"].items():
            value = response.header(header)
            insist(value is not None, where, f"there is no {header}")
            self.match(value, self.at(about)["schema"], f"{where} {header}")
        if "x-amzn-ErrorType" not in said["headers"]:
            insist(response.header("x-amzn-errortype") is None, where, "it has an error")
        if "content" not in said:
            insist(response.body == b"", where, f"it has a body: {response.body!r}")
            return
        (kind, about), *more = said["content"].items()
        insist(not more and response.header("content-type") == kind, where, "its type")
        if kind == "application/json":
            self.match(json.loads(response.body), about["schema"], where)

    # -- values: what of JSON Schema is used, and nothing else

    def match(self, value, schema, where):
        schema = self.at(schema)
        known = {"description", "default", "type", "enum", "oneOf", "pattern", "minLength",
                 "maxLength", "minimum", "maximum", "items", "maxItems", "properties",
                 "required", "additionalProperties"}  # fmt: skip
        insist(set(schema) <= known, where, f"not understood: {set(schema) - known}")
        if "oneOf" in schema:
            fitting = [one for one in schema["oneOf"] if self.fits(value, one)]
            insist(len(fitting) == 1, where, f"{len(fitting)} of oneOf fit {value!r}")
        if "enum" in schema:
            insist(value in schema["enum"], where, f"{value!r} is none of the enum")
        kinds = schema.get("type", list(KINDS))
        kinds = [kinds] if isinstance(kinds, str) else kinds
        insist(any(type(value) is KINDS[kind] for kind in kinds), where, f"{value!r}: type")
        if isinstance(value, str):
            self.match_text(value, schema, where)
        elif isinstance(value, int):
            insist(value >= schema.get("minimum", value), where, f"{value} is too small")
            insist(value <= schema.get("maximum", value), where, f"{value} is too large")
        elif isinstance(value, list):
            insist(len(value) <= schema.get("maxItems", len(value)), where, "too many")
            for i, item in enumerate(value):
                self.match(item, schema.get("items", {}), f"{where}[{i}]")
        elif isinstance(value, dict):
            self.match_object(value, schema, where)

    def fits(self, value, schema):
        try:
            self.match(value, schema, "")
        except Unlike:
            return False
        return True

    @staticmethod
    def match_text(value, schema, where):
        insist(len(value) >= schema.get("minLength", 0), where, f"{value!r} is short")
        insist(len(value) <= schema.get("maxLength", len(value)), where, "it is long")
        pattern = schema.get("pattern", "")
        insist(re.search(pattern, value, re.ASCII), where, f"{value!r}: {pattern}")

    def match_object(self, value, schema, where):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            insist(name in value, where, f"{name} is missing")
        for name, item in value.items():
            if name in properties:
                self.match(item, properties[name], f"{where}.{name}")
            else:
                insist(schema.get("additionalProperties", True), where, f"{name} is new")
