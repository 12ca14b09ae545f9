"""What a client of the committed API could not live with in the new one.

An operation, an answer or a field that is gone; an input that is newly required, no longer taken, or narrower; an
output that is wider or may be missing. Everything else is an addition.

`python -m tools.openapi_breaks` compares contracts/openapi.json with the one of the last commit.
"""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

type Document = Mapping[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")
FILE = "contracts/openapi.json"
ROOT = Path(__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Field:
    """One place in a body. `values`: the closed list it is one of; None: open."""

    required: bool
    types: frozenset[str]
    values: frozenset[str] | None


def breaking(old: Document, new: Document) -> list[str]:
    """In sentences; empty when every client of `old` can use `new`."""
    problems: list[str] = []
    after = dict(_operations(new))
    for name, operation in _operations(old):
        if name in after:
            problems += [f"{name}: {found}" for found in _compare(operation, old, after[name], new)]
        else:
            problems.append(f"{name} is gone")
    return problems


def committed(path: str = FILE, root: Path = ROOT) -> Any:
    """The content of a JSON file in the last commit; None where it is not in one, or this is no git checkout."""
    try:
        found = subprocess.run(
            ["git", "-C", str(root), "show", f"HEAD:{path}"],
            capture_output=True,
            check=False,
        )
    except FileNotFoundError:
        return None
    return orjson.loads(found.stdout) if found.returncode == 0 else None


def _operations(document: Document) -> Iterator[tuple[str, Document]]:
    for path, item in document.get("paths", {}).items():
        for method in METHODS:
            if method in item:
                yield f"{method.upper()} {path}", item[method]


def _compare(old: Document, in_old: Document, new: Document, in_new: Document) -> Iterator[str]:
    yield from _compare_input(_inputs(old, in_old), _inputs(new, in_new))
    answers = new.get("responses", {})
    for status, answer in old.get("responses", {}).items():
        if status not in answers:
            yield f"the answer {status} is gone"
            continue
        before, after = _fields(_content(answer), in_old), _fields(_content(answers[status]), in_new)
        for problem in _compare_output(before, after):
            yield f"{status}: {problem}"


def _compare_input(before: Mapping[str, Field], after: Mapping[str, Field]) -> Iterator[str]:
    for path, field in after.items():
        if field.required and (path not in before or not before[path].required):
            yield f"{path} is required now"
    for path, field in before.items():
        now = after.get(path)
        if now is None:
            yield f"{path} is no longer taken"
        elif lost := field.types - now.types - ({"integer"} if "number" in now.types else set()):
            yield f"{path} no longer takes {', '.join(sorted(lost))}"
        elif now.values is not None and (field.values is None or field.values - now.values):
            yield f"{path} takes fewer values: {', '.join(sorted(now.values))}"


def _compare_output(before: Mapping[str, Field], after: Mapping[str, Field]) -> Iterator[str]:
    for path, field in before.items():
        now = after.get(path)
        if now is None:
            yield f"{path} is gone"
        elif field.required and not now.required:
            yield f"{path} may be missing now"
        elif added := now.types - field.types:
            yield f"{path} may be {', '.join(sorted(added))} now"
        elif field.values is not None and (now.values is None or now.values - field.values):
            yield f"{path} may have other values now"


def _inputs(operation: Document, document: Document) -> dict[str, Field]:
    found: dict[str, Field] = {}
    for parameter in operation.get("parameters", ()):
        given = _resolved(parameter, document)
        place = f"{given['in']} {given['name']}"
        _add(found, place, given.get("schema", {}), document, required=given.get("required", False))
    body = _resolved(operation.get("requestBody", {}), document)
    if body:
        _add(found, "body", _content(body), document, required=body.get("required", False))
    return found


def _fields(schema: Document, document: Document) -> dict[str, Field]:
    found: dict[str, Field] = {}
    _add(found, "body", schema, document, required=True)
    return found


def _content(body: Document) -> Document:
    """The schema of a body in whatever form it has; ours have one each."""
    schema: Document = next((each.get("schema", {}) for each in body.get("content", {}).values()), {})
    return schema


def _resolved(node: Document, document: Document) -> Document:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part.replace("~1", "/").replace("~0", "~")]
        node = target
    return node


def _add(  # the parameters are what a walk carries
    found: dict[str, Field], path: str, schema: Document, document: Document, *, required: bool
) -> None:
    variants = list(_variants(schema, document, ()))
    types = frozenset(kind for variant in variants for kind in _types(variant))
    closed = [frozenset(map(str, _values(variant))) for variant in variants if _values(variant)]
    open_ended = any(not _values(variant) and variant.get("type") != "null" for variant in variants)
    values = None if open_ended or not closed else frozenset[str]().union(*closed)
    found[path] = Field(required, types, values)
    if path.count(".") + path.count("[]") > 8:  # a schema that holds itself
        return
    for variant in variants:
        for name, child in variant.get("properties", {}).items():
            place, demanded = f"{path}.{name}", name in variant.get("required", ())
            demanded = demanded and all(name in each.get("required", ()) for each in _objects(variants))
            _add(found, place, child, document, required=demanded)
        if isinstance(variant.get("items"), Mapping):
            _add(found, f"{path}[]", variant["items"], document, required=False)


def _objects(variants: list[Document]) -> list[Document]:
    return [variant for variant in variants if "properties" in variant]


def _variants(schema: Document, document: Document, seen: tuple[str, ...]) -> Iterator[Document]:
    """The alternatives of a schema, references followed once."""
    if "$ref" in schema:
        if schema["$ref"] not in seen:
            yield from _variants(_resolved(schema, document), document, (*seen, schema["$ref"]))
        return
    for kind in ("anyOf", "oneOf", "allOf"):
        if kind in schema:
            for each in schema[kind]:
                yield from _variants(each, document, seen)
            return
    yield schema


def _types(schema: Document) -> list[str]:
    if "const" in schema or "enum" in schema:
        return [str(schema.get("type", "string"))]
    kind = schema.get("type", "anything")
    kinds = kind if isinstance(kind, list) else [kind]
    return [f"{each} ({schema['format']})" if "format" in schema else str(each) for each in kinds]


def _values(schema: Document) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", ()))


def main() -> None:
    before = committed()
    found = breaking(before, orjson.loads((ROOT / FILE).read_bytes())) if before else []
    if found:
        sys.stdout.write("\n  ".join(["clients of the last commit would break:", *found]) + "\n")


if __name__ == "__main__":
    main()
