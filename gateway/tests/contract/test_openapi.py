"""One document out of several."""

import copy
import json
import subprocess
import sys

import orjson
import pytest

from pfms_gateway import openapi
from pfms_gateway.openapi import OWN_PATHS
from pfms_gateway.routes import RouteTable

PROBLEM = {"title": "Problem", "type": "object"}


def merge(documents):
    """The merged document without the gateway's own paths, of which one test speaks."""
    merged = openapi.merge(documents)
    return {**merged, "paths": {path: at for path, at in merged["paths"].items() if path not in OWN_PATHS}}


def _document(path="/things", schema=None, name="Thing", **operation):
    ref = {"$ref": f"#/components/schemas/{name}"}
    answers = {"200": {"description": "ok", "content": {"application/json": {"schema": ref}}}}
    return {
        "openapi": "3.1.0",
        "info": {"title": "a service", "version": "1"},
        "paths": {path: {"get": {"operationId": "read", "responses": answers, **operation}}},
        "components": {"schemas": {name: schema or {"type": "object"}, "Problem": PROBLEM}},
    }


def _refs(value):
    if isinstance(value, dict):
        yield from [value["$ref"]] if "$ref" in value else []
        for member in value.values():
            yield from _refs(member)
    if isinstance(value, list):
        for member in value:
            yield from _refs(member)


def _exists(document, ref):
    at = document
    for part in ref[2:].split("/"):
        at = at[part]
    return at is not None


def test_paths_of_all_services_stand_below_one_prefix():
    merged = merge({"ledger": _document("/accounts"), "budget": _document("/budgets")})

    assert set(merged["paths"]) == {"/accounts", "/budgets"}
    assert merged["servers"] == [{"url": "/api/v1"}]


def test_what_the_gateway_answers_itself_is_told_like_everything_else():
    live = openapi.merge({"ledger": _document("/accounts")})["paths"]["/events"]["get"]

    assert {"200", "401", "429", "503"} <= live["responses"].keys()
    assert RouteTable().find("/v1/events").route.service == "gateway"


def test_an_operation_asks_for_a_token_only_where_its_service_says_so():
    merged = merge({"auth": _document("/jwks"), "ledger": _document("/accounts", security=[{"bearer": []}])})

    asked = {
        path: item["get"].get("security", merged.get("security")) for path, item in merged["paths"].items()
    }
    assert asked == {"/jwks": None, "/accounts": [{"bearer": []}]}


def test_the_same_component_is_kept_once():
    merged = merge({"ledger": _document("/accounts"), "budget": _document("/budgets")})

    assert set(merged["components"]["schemas"]) == {"Thing", "Problem"}


def test_a_name_used_for_two_things_is_told_apart_everywhere():
    inner = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Thing"}}}
    merged = merge({"ledger": _document("/accounts"), "budget": _document("/budgets", inner)})
    schemas = merged["components"]["schemas"]
    answer = merged["paths"]["/budgets"]["get"]["responses"]["200"]

    assert schemas["Thing"] == {"type": "object"}
    assert answer["content"]["application/json"]["schema"]["$ref"] == "#/components/schemas/BudgetThing"
    assert schemas["BudgetThing"]["properties"]["next"]["$ref"] == "#/components/schemas/BudgetThing"
    assert all(_exists(merged, ref) for ref in _refs(merged))


def test_a_path_offered_twice_is_an_error():
    with pytest.raises(ValueError, match="/accounts"):
        merge({"ledger": _document("/accounts"), "budget": _document("/accounts")})


def test_what_is_never_routed_is_left_out():
    document = _document("/accounts")
    for inside in ("/internal/feed", "/healthz", "/readyz", "/metrics"):
        document["paths"][inside] = document["paths"]["/accounts"]

    assert set(merge({"ledger": document})["paths"]) == {"/accounts"}


def test_operation_ids_are_unique_over_services():
    merged = merge({"ledger": _document("/accounts"), "budget": _document("/budgets")})
    ids = [item["get"]["operationId"] for item in merged["paths"].values()]

    assert sorted(ids) == ["budget_read", "ledger_read"]


def test_every_operation_says_what_the_gateway_may_answer():
    operation = merge({"ledger": _document("/accounts")})["paths"]["/accounts"]["get"]

    assert {"200", "401", "403", "413", "429", "503"} == set(operation["responses"])
    assert "application/problem+json" in operation["responses"]["429"]["content"]


def test_the_given_documents_stay_as_they_were():
    documents = {"ledger": _document("/accounts"), "budget": _document("/budgets", {"type": "string"})}
    before = copy.deepcopy(documents)
    merge(documents)

    assert documents == before


def test_merging_does_not_depend_on_the_order():
    one, two = _document("/accounts"), _document("/budgets", {"type": "string"})

    assert json.dumps(merge({"a": one, "b": two})) == json.dumps(merge({"b": two, "a": one}))


def test_the_command_writes_the_document(tmp_path):
    folder = tmp_path / "openapi"
    folder.mkdir()
    (folder / "ledger.json").write_bytes(orjson.dumps(_document("/accounts")))
    outputs = [tmp_path / "one.json", tmp_path / "two.json"]
    subprocess.run([sys.executable, "-m", "pfms_gateway", "openapi", folder, *outputs], check=True)

    assert outputs[0].read_bytes() == outputs[1].read_bytes()
    assert set(orjson.loads(outputs[0].read_bytes())["paths"]) == {"/accounts", *OWN_PATHS}


def test_every_path_of_the_packaged_document_has_a_row():
    table = RouteTable()
    paths = [path.replace("{", "").replace("}", "") for path in orjson.loads(openapi.packaged())["paths"]]

    assert [path for path in paths if table.find(f"/api/v1{path}") is None] == []


def test_allow_is_read_from_the_document(monkeypatch):
    document = merge({"ledger": _document("/accounts/{account_id}/things")})
    monkeypatch.setattr(openapi, "packaged", lambda: orjson.dumps(document))
    openapi._templates.cache_clear()
    try:
        assert openapi.allowed("/accounts/17/things") == "GET, HEAD, OPTIONS"
        assert openapi.allowed("/accounts/17") is None
    finally:
        openapi._templates.cache_clear()
