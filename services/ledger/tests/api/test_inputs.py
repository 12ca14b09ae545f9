"""What nobody can mean, in any field of any body: refused by the service alone as by the gateway, nothing kept."""

from pathlib import Path

import asyncpg
import httpx2 as httpx
import orjson
import pytest
import pytest_asyncio
import requests
from fastapi import FastAPI
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation

from pfms_common.ids import new_id
from pfms_gateway.app import GatewaySettings, build_gateway
from pfms_service.app import Edge
from pfms_service.testing import test_keys as keys
from tests.e2e.calls import MISSING_ID, call_of, operations, tried
from tests.e2e.evil import CORPUS, UNREADABLE, places, put

DOCUMENT = orjson.loads((Path(__file__).parents[4] / "contracts/openapi/ledger.json").read_bytes())
FIELDS = [
    (method, path, operation, place)
    for method, path, operation in operations(DOCUMENT)
    for place in places(
        operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {}),
        DOCUMENT,
    )
]
OPERATIONS = [each for each in tried(DOCUMENT) if each.body]
LONGEST_URL = 8_000  # what is longer, the gateway refuses for any path
HEADERS = {"Idempotency-Key": "key-of-sixteen-letters", "If-Match": '"1"'}
TABLES = "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"


@pytest_asyncio.fixture
async def rows(ledger):
    """Counts the rows of every table; whatever is written, if only a change, adds an event."""
    owner = await asyncpg.connect(ledger.urls.owner)
    tables = [each["relname"] for each in await owner.fetch(TABLES)]
    counted = " UNION ALL ".join(f"SELECT '{table}', count(*) FROM \"{table}\"" for table in tables)

    async def looked():
        return dict(map(tuple, await owner.fetch(counted)))

    yield looked
    await owner.close()


@pytest_asyncio.fixture
async def ids(anna):
    """One thing of each kind that bodies and paths name most."""
    account = await anna.account()
    made = await anna.spend(account, -500, payee="Kiosk")
    plan = await anna.post(
        "/recurring",
        name="Rent",
        template={"account_id": account["id"], "amount_minor": -100},
        rrule="FREQ=MONTHLY",
        start="2026-01-31",
    )
    groceries = await anna.category("groceries")
    return {
        "account_id": account["id"],
        "transaction_id": made["id"],
        "payee_id": made["payee_id"],
        "plan_id": plan.json()["id"],
        "category_id": groceries,
    }


@pytest_asyncio.fixture
async def behind_gateway(ledger, anna):
    """Anna's client, with the gateway between."""
    auth = FastAPI()
    auth.get("/auth/jwks")(keys)
    made = GatewaySettings(limits={"*": 1_000_000})
    gateway = build_gateway(made, {"auth": auth, "ledger": Edge(ledger.app, "ledger"), "budget": auth})
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(gateway), base_url="http://test/api/v1", headers=anna.person.headers()
    ) as client:
        yield client


def verdict(response):
    """What a refusal comes to, and what it says of which fields."""
    said = response.json()
    return response.status_code, said["code"], said["detail"], said.get("errors")


@pytest.mark.property(
    13,
    "Input validation: what nobody can mean is refused, the field named and nothing changed, by the service alone as"
    " behind the gateway",
)
@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(field=st.sampled_from(FIELDS), name=st.sampled_from(sorted(CORPUS)))
async def test_an_evil_value_in_any_field_has_one_verdict_and_what_is_refused_leaves_nothing(
    rows, anna, ids, behind_gateway, field, name
):
    method, path, operation, place = field
    url, body, headers = call_of(method, path, operation, DOCUMENT, ids)
    headers |= {"Idempotency-Key": f"key-{new_id()}", "Content-Type": "application/json"}
    sent = put(body, place, CORPUS[name])
    before = await rows()

    direct = await anna.http.request(method, url, content=sent, headers=headers)
    if direct.is_success:
        assert name not in UNREADABLE
        return
    passed_on = await behind_gateway.request(method, url, content=sent, headers=headers)

    status, code, _, errors = verdict(direct)
    assert 400 <= status < 500
    assert errors or code != "validation_error" or name in UNREADABLE
    assert verdict(passed_on) == verdict(direct)
    assert await rows() == before


@st.composite
def forbidden(draw):
    """A call with a body that its schema forbids, as client libraries would send it."""
    operation = draw(st.sampled_from(OPERATIONS))
    known = {each.name: MISSING_ID for each in operation.path_parameters}
    case = draw(operation.as_strategy(GenerationMode.NEGATIVE, path_parameters=known))
    assume(case.meta.components[ParameterLocation.BODY].mode.is_negative)
    case.headers = HEADERS
    sent = requests.Request(**case.as_transport_kwargs(base_url="http://test/api/v1")).prepare()
    assume(len(sent.url) < LONGEST_URL)
    return {"method": sent.method, "url": sent.url, "content": sent.body, "headers": dict(sent.headers)}


@pytest.mark.property(
    13, "Input validation: what a schema forbids is refused alike by the service alone and behind the gateway"
)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(asked=forbidden())
async def test_what_the_schema_forbids_has_one_verdict_and_leaves_nothing(rows, anna, behind_gateway, asked):
    before = await rows()

    direct = await anna.http.request(**asked)
    passed_on = await behind_gateway.request(**asked)

    assert 400 <= direct.status_code < 500, direct.text
    assert verdict(passed_on) == verdict(direct)
    assert await rows() == before
