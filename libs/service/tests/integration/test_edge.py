"""What every service does around its routes: problems, preserved input, the order of commit and answer."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from typing import Annotated

import httpx2 as httpx
import pytest
import pytest_asyncio
from fastapi import APIRouter, Depends, FastAPI
from pydantic import Field
from sqlalchemy import MetaData

from pfms_common.input import Input, Minor, Name, QueryInput
from pfms_common.problem import Problem, Refusal
from pfms_common.settings import ServiceSettings
from pfms_common.web import StrictRoute, from_query
from pfms_service.app import Edge, build_app
from pfms_service.service import Service

router = APIRouter(route_class=StrictRoute)


class TooBig(Refusal):
    """The thing is too big."""


class ThingIn(Input):
    name: Name
    password: Annotated[str, Field(min_length=3)]
    amount_minor: Minor


happened: list[str] = []


async def transaction() -> AsyncIterator[None]:
    happened.append("begin")
    try:
        yield
    except BaseException:
        happened.append("rollback")
        raise
    happened.append("commit")


@router.post("/things", status_code=201)
async def make(body: ThingIn, _tx: Annotated[None, Depends(transaction, scope="function")]) -> dict[str, str]:
    happened.append("handler")
    if body.amount_minor > 100:
        raise TooBig("At most 100.", errors={"amount_minor": ["at most 100"]})
    if body.name == "database":
        raise ConnectionRefusedError
    if body.amount_minor < 0:
        raise ZeroDivisionError
    return {"name": body.name}


class ThingsQuery(QueryInput):
    colour: str | None = None
    from_: int = Field(0, alias="from")


@router.get("/found")
async def find(
    query: Annotated[ThingsQuery, Depends(from_query(ThingsQuery))], limit: int = 10
) -> dict[str, int]:
    return {"limit": limit, "from": query.from_}


SERVICE = Service(
    name="things",
    summary="things",
    package="things",
    settings=ServiceSettings,
    metadata=MetaData(),
    routers=(router,),
    errors={TooBig: Problem(409, "too_big", "Too big")},
)


@pytest_asyncio.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    app: FastAPI = build_app(SERVICE)
    edge = Edge(app, "things")

    async def watched(scope, receive, send):
        async def noted(message):
            if message["type"] == "http.response.start":
                happened.append("answer")
            await send(message)

        await edge(scope, receive, noted)

    happened.clear()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(watched), base_url="http://test/api/v1"
    ) as client:
        yield client


def thing(**fields):
    return {"name": "ball", "password": "secret!", "amount_minor": 5, **fields}


async def test_the_commit_comes_before_the_answer(client):
    response = await client.post("/things", json=thing())

    assert response.status_code == 201
    assert happened == ["begin", "handler", "commit", "answer"]


async def test_a_refusal_rolls_back_and_is_told_from_the_services_table(client):
    response = await client.post("/things", json=thing(amount_minor=101))

    assert happened == ["begin", "handler", "rollback", "answer"]
    assert response.status_code == 409
    assert response.headers["content-type"] == "application/problem+json"
    body = response.json()
    assert (body["code"], body["detail"], body["errors"]) == (
        "too_big",
        "At most 100.",
        {"amount_minor": ["at most 100"]},
    )
    assert body["instance"] == "/api/v1/things"
    assert body["request_id"] == response.headers["x-request-id"]


async def test_input_comes_back_without_secrets_and_unknown_fields(client):
    response = await client.post("/things", json=thing(amount_minor="5", colour="red"))

    body = response.json()
    assert response.status_code == 400
    assert set(body["errors"]) == {"amount_minor", "colour"}
    assert body["preserved_input"] == {"name": "ball", "amount_minor": "5"}
    corrected = {**body["preserved_input"], "amount_minor": 5, "password": "secret!"}
    assert (await client.post("/things", json=corrected)).status_code == 201


async def test_a_number_beyond_64_bits_is_refused_and_not_repeated(client):
    response = await client.post("/things", json=thing(amount_minor=2**64))

    assert response.status_code == 400
    assert (list(response.json()["errors"]), response.json()["preserved_input"]) == (["amount_minor"], None)


async def test_what_nobody_foresaw_says_nothing_but_its_id(client):
    response = await client.post("/things", json=thing(amount_minor=-1))

    assert response.status_code == 500
    assert "ZeroDivision" not in response.text
    assert response.json()["detail"] == "Something went wrong on our side"


async def test_a_database_that_is_away_is_told_and_no_crash(client):
    response = await client.post("/things", json=thing(name="database"))

    assert (response.status_code, response.json()["code"]) == (503, "unavailable")
    assert response.headers["Retry-After"]


async def test_a_body_of_another_type_is_415_and_broken_json_is_400(client):
    form = await client.post(
        "/things", content=b"name=x", headers={"content-type": "application/x-www-form-urlencoded"}
    )
    broken = await client.post("/things", content=b'{"name":', headers={"content-type": "application/json"})
    twice = await client.post(
        "/things", content=b'{"name":"a","name":"b"}', headers={"content-type": "application/json"}
    )

    assert [form.status_code, broken.status_code, twice.status_code] == [415, 400, 400]
    assert "twice" in twice.json()["detail"]


@pytest.mark.parametrize("kind", ["application/json; charset=latin-1", 'application/json;charset="UTF-16"'])
async def test_json_in_another_charset_is_415(client, kind):
    response = await client.post("/things", content=b"{}", headers={"content-type": kind})

    assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


async def test_json_that_says_it_is_utf_8_is_taken(client):
    for kind in ("application/json; charset=utf-8", 'Application/JSON; Charset="UTF-8"'):
        made = await client.post("/things", content=json.dumps(thing()), headers={"content-type": kind})
        assert made.status_code == 201


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_a_packed_body_is_415(client, encoding):
    response = await client.post("/things", json=thing(), headers={"content-encoding": encoding})

    assert response.status_code == 415


async def test_known_parameters_of_the_query_are_read(client):
    response = await client.get("/found", params={"from": 3, "limit": 2, "colour": "red"})

    assert response.json() == {"from": 3, "limit": 2}


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ("color=red", "color"),
        ("limit=1&from_=2", "from_"),
        ("colour=", None),
        ("limit=1&limit=2", "limit"),
        ("from=1&from=1", "from"),
        ("%00=1", "\x00"),
        ("=1", ""),
    ],
)
async def test_a_parameter_that_is_unknown_or_repeated_is_named(client, query, wrong):
    response = await client.get(f"/found?{query}")

    assert response.status_code == (200 if wrong is None else 400)
    assert list(response.json().get("errors", {})) == ([] if wrong is None else [wrong])


async def test_a_route_without_parameters_refuses_each(client):
    response = await client.post("/things?dry_run=true", json=thing())

    assert (response.status_code, list(response.json()["errors"])) == (400, ["dry_run"])


async def test_a_wrong_path_and_a_wrong_method_are_problems_too(client):
    nowhere, wrong = await client.get("/nowhere"), await client.get("/things")

    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["code"]) == (405, "method_not_allowed")
    assert wrong.headers["allow"] == "POST"


async def test_a_role_without_its_address_names_the_variable():
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pfms_ledger",
        "serve",
        "--port",
        "1",
        stderr=asyncio.subprocess.PIPE,
        env={"PATH": os.environ["PATH"]},
    )
    _, said = await program.communicate()

    assert program.returncode != 0
    assert b"LEDGER_" in said
