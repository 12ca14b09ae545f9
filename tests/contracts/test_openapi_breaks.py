"""Which changes of the API are breaking; and that there are none since the last commit."""

from copy import deepcopy

import pytest

from pfms_embedded.contracts import openapi_documents
from tools.openapi_breaks import breaking, committed


def kind():
    return {"type": "string", "enum": ["jar", "box"]}


def ref(name):
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}


LIMIT = {"in": "query", "name": "limit", "required": False, "schema": {"type": "integer"}}
NOTE = {"anyOf": [{"type": "string"}, {"type": "null"}]}
PART = {"properties": {"id": {"type": "string", "format": "uuid"}}}
OPENAPI = {
    "paths": {
        "/pots": {
            "get": {"parameters": [LIMIT], "responses": {"200": {"content": ref("Out")}}},
            "post": {
                "requestBody": {"required": True, "content": ref("In")},
                "responses": {"201": {"description": "made"}, "409": {"description": "refused"}},
            },
        }
    },
    "components": {
        "schemas": {
            "In": {
                "properties": {"name": {"type": "string"}, "kind": kind(), "note": NOTE},
                "required": ["name"],
            },
            "Out": {
                "properties": {
                    "name": {"type": "string"},
                    "kind": kind(),
                    "parts": {"type": "array", "items": PART},
                },
                "required": ["name"],
            },
        }
    },
}


def changed(change):
    document = deepcopy(OPENAPI)
    change(document, document["components"]["schemas"])
    return document


BREAKS = [
    ("POST /pots is gone", lambda d, s: d["paths"]["/pots"].pop("post")),
    ("GET /pots is gone", lambda d, s: d["paths"].pop("/pots")),
    ("POST /pots: the answer 409 is gone", lambda d, s: d["paths"]["/pots"]["post"]["responses"].pop("409")),
    ("GET /pots: query limit is no longer taken", lambda d, s: d["paths"]["/pots"]["get"].pop("parameters")),
    (
        "GET /pots: query limit is required now",
        lambda d, s: d["paths"]["/pots"]["get"]["parameters"][0].update(required=True),
    ),
    (
        "GET /pots: header Book-Id is required now",
        lambda d, s: d["paths"]["/pots"]["get"]["parameters"].append(
            {"in": "header", "name": "Book-Id", "required": True, "schema": {"type": "string"}}
        ),
    ),
    ("POST /pots: body.note is no longer taken", lambda d, s: s["In"]["properties"].pop("note")),
    ("POST /pots: body.note is required now", lambda d, s: s["In"]["required"].append("note")),
    ("POST /pots: body.note no longer takes null", lambda d, s: s["In"]["properties"]["note"]["anyOf"].pop()),
    (
        "POST /pots: body.kind takes fewer values: jar",
        lambda d, s: s["In"]["properties"]["kind"]["enum"].pop(),
    ),
    (
        "POST /pots: body.name takes fewer values: a",
        lambda d, s: s["In"]["properties"]["name"].update(enum=["a"]),
    ),
    ("GET /pots: 200: body.name is gone", lambda d, s: s["Out"]["properties"].pop("name")),
    ("GET /pots: 200: body.name may be missing now", lambda d, s: s["Out"]["required"].clear()),
    (
        "GET /pots: 200: body.name may be null now",
        lambda d, s: s["Out"]["properties"]["name"].update(type=["string", "null"]),
    ),
    (
        "GET /pots: 200: body.kind may have other values now",
        lambda d, s: s["Out"]["properties"]["kind"]["enum"].append("tin"),
    ),
    (
        "GET /pots: 200: body.parts[].id may be string now",
        lambda d, s: s["Out"]["properties"]["parts"]["items"]["properties"]["id"].pop("format"),
    ),
]

ADDITIONS = {
    "an operation": lambda d, s: d["paths"].update({"/jars": {"get": {"responses": {}}}}),
    "an answer": lambda d, s: d["paths"]["/pots"]["post"]["responses"].update({"413": {}}),
    "an optional input": lambda d, s: s["In"]["properties"].update(colour={"type": "string"}),
    "an input that may be left out": lambda d, s: s["In"]["required"].clear(),
    "a wider input": lambda d, s: s["In"]["properties"]["kind"]["enum"].append("tin"),
    "another field in an answer": lambda d, s: s["Out"]["properties"].update(colour={"type": "string"}),
    "a field that is always there now": lambda d, s: s["Out"]["required"].append("kind"),
    "a description": lambda d, s: s["Out"]["properties"]["name"].update(description="what you call it"),
}


@pytest.mark.parametrize(("told", "change"), BREAKS, ids=[told for told, _ in BREAKS])
def test_a_breaking_change_is_told(told, change):
    assert told in breaking(OPENAPI, changed(change))


@pytest.mark.parametrize("change", ADDITIONS.values(), ids=ADDITIONS.keys())
def test_an_addition_breaks_nobody(change):
    assert breaking(OPENAPI, changed(change)) == []


def test_a_schema_that_holds_itself_comes_to_an_end():
    document = changed(lambda d, s: s["Out"]["properties"].update(of={"$ref": "#/components/schemas/Out"}))

    assert breaking(document, document) == []


@pytest.mark.skipif(committed() is None, reason="contracts/openapi.json is in no commit here")
def test_clients_of_the_last_commit_can_use_this_one():
    found = breaking(committed(), openapi_documents()["openapi.json"])

    assert found == [], "an old client would break; say why in an ADR and commit the new contracts/"
