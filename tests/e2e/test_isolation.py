"""Every route of the gateway's document, as nobody, as the owner, as a stranger: no row of another's book is reached.

Bodies are made from the document's own schemas, so a new route is covered at once, or named here as missing.
"""

import json

import httpx2 as httpx
import pytest

from tests.e2e.calls import CANARY, ENDING, MISSING_ID, call_of, is_public, operations


def _fields(schema):
    return schema.get("properties", {}).keys()


async def ask(user, method, path, operation, document, ids, **more):
    url, body, headers = call_of(method, path, operation, document, ids)
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return await user.http.request(
            method,
            url,
            files={"file": ("a.csv", b"Date,Payee,Amount\n2026-02-01,Shop,-1.00\n")},
            data={name: ids[name] for name in ids.keys() & _fields(content["multipart/form-data"]["schema"])},
            headers={**headers, **more},
        )
    return await user.http.request(method, url, json=body, headers={**headers, **more})


async def test_every_id_in_a_path_is_known_to_this_sweep(document, household):
    _, ids = household
    named = {
        parameter["name"]
        for _, _, operation in operations(document)
        for parameter in operation.get("parameters", [])
        if parameter["in"] == "path"
    }

    assert named <= set(ids), "give the household a thing of the new kind, and its id above"


async def test_nobody_gets_in_anywhere_but_at_the_public_doors(document, household, base_url):
    _, ids = household
    wrong = []
    async with httpx.AsyncClient(base_url=f"{base_url}/api/v1") as http:
        nobody = type("Nobody", (), {"http": http})()
        for method, path, operation in operations(document):
            if not is_public(operation):
                response = await ask(nobody, method, path, operation, document, ids)
                if response.status_code != 401:
                    wrong.append((method, path, response.status_code))

    assert wrong == []


@pytest.mark.property(
    2, "Isolation: by an id of another's no operation of any service reads or changes anything"
)
async def test_a_stranger_finds_nothing_of_the_owner_by_any_id(document, household, new_user):
    owner, ids = household
    stranger = await new_user()
    before = await owner.get("/ledger/events", limit=200)
    wrong = []
    for method, path, operation in operations(document):
        if is_public(operation) or (method, path) in ENDING:
            continue
        response = await ask(stranger, method, path, operation, document, ids)
        has_foreign_id = any(
            parameter["in"] == "path" and parameter["name"] != "month"
            for parameter in operation.get("parameters", [])
        )
        if response.status_code >= 500 or (has_foreign_id and response.status_code not in {403, 404}):
            wrong.append((method, path, response.status_code, response.text[:200]))
        if CANARY in json.dumps(response.text, ensure_ascii=False) and CANARY not in json.dumps(ids):
            wrong.append((method, path, "canary", response.text[:200]))

    assert wrong == []
    assert await owner.get("/ledger/events", limit=200) == before, "a stranger changed something"


@pytest.mark.property(
    2, "Isolation: another's book is refused in the words that refuse one that is not there"
)
async def test_a_stranger_is_refused_the_owners_book_whether_or_not_it_exists(document, household, new_user):
    owner, ids = household
    stranger = await new_user()
    wrong = []
    for method, path, operation in operations(document):
        if is_public(operation) or (method, path) in ENDING:
            continue
        if not any(parameter["name"] == "Book-Id" for parameter in operation.get("parameters", [])):
            continue
        told = []
        for book_id in (owner.book_id, MISSING_ID):
            response = await ask(stranger, method, path, operation, document, ids, **{"Book-Id": book_id})
            told.append((response.status_code, response.json().get("detail")))
        if told[0] != told[1] or told[0][0] != 403:
            wrong.append((method, path, told))

    assert wrong == []


async def test_the_owner_reads_every_list_and_thing(document, household):
    owner, ids = household
    wrong = []
    for method, path, operation in operations(document):
        if method == "get" and not is_public(operation):
            response = await ask(owner, method, path, operation, document, ids)
            if response.status_code != 200:
                wrong.append((path, response.status_code, response.text[:200]))

    assert wrong == []
