"""What no client means and some client sends: values as JSON text, and the places in a body to put them."""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

# Each is refused wherever it stands: it is no JSON, or has no meaning that two readers would share.
UNREADABLE = {
    "a NUL": r'"a\u0000b"',
    "a control character": r'"a\u001bb"',
    "half of a surrogate pair": r'"\ud800"',
    "NaN": "NaN",
    "minus infinity": "-Infinity",
    "5,000 digits": "9" * 5_000,
    "a member twice": '{"a":1,"a":2}',
    "100,000 lists in one another": "[" * 100_000 + "]" * 100_000,
}
# Each is a value to some field and nonsense to most.
STRANGE = {
    "an infinite float": "1e999",
    "2^63": str(2**63),
    "-2^63": str(-(2**63)),
    "2^64": str(2**64),
    "400 digits": "9" * 400,
    "a tiny fraction": "0.0000000000000001",
    "minus zero": "-0",
    "text from right to left": '"\u202eabc\u2066\u200f"',
    "invisible text": '"\u200b\u200d\ufeff\u00ad\u2060"',
    "combining marks": json.dumps("Z" + "\u0301" * 500, ensure_ascii=False),
    "characters beyond the first plane": '"\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0010ffff\ufffe"',
    "the year 1": '"0001-01-01"',
    "the year 9999": '"9999-12-31"',
    "29 February of no leap year": '"2025-02-29"',
    "29 February": '"2024-02-29"',
    "the last month there is": '"9999-12"',
    "long text": json.dumps("x" * 100_000),
    "no text": '""',
    "spaces": '"   "',
    "SQL": json.dumps("'); DROP TABLE transaction; -- %s $1 {0} \\"),
    "nothing": "null",
    "an object": "{}",
    "a list": "[]",
    "a list in a list": "[[]]",
    "true": "true",
}
CORPUS = {**UNREADABLE, **STRANGE}

type Path = tuple[str | int, ...]
_HERE = "the evil goes here"


def places(schema: dict[str, Any], document: dict[str, Any], path: Path = ()) -> Iterator[Path]:
    """The path of every field that a schema knows, those of lists' items and of alternatives too."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    for alternative in schema.get("anyOf", []):
        yield from places(alternative, document, path)
    for name, field in schema.get("properties", {}).items():
        yield (*path, name)
        yield from places(field, document, (*path, name))
    if "items" in schema:
        yield (*path, 0)
        yield from places(schema["items"], document, (*path, 0))


def put(body: dict[str, Any], path: Path, evil: str) -> bytes:
    """The body as JSON with the evil text at the path; objects and lists on the way there are made."""
    changed: Any = json.loads(json.dumps(body))
    at = changed
    for step, following in pairwise(path):
        made: Any = [] if isinstance(following, int) else {}
        if isinstance(step, int):
            at.append(made)
            at = at[-1]
        else:
            at[step] = at = at[step] if isinstance(at.get(step), type(made)) and at[step] else made
    if isinstance(path[-1], int):
        at.append(_HERE)
    else:
        at[path[-1]] = _HERE
    return json.dumps(changed).replace(f'"{_HERE}"', evil).encode()
