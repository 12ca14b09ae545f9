"""Every operation of the document against what its schema allows, what it forbids and what nobody can mean.

Nothing may end in 5xx, answers are as documented, what is invalid is refused, and the book still adds up afterwards.
PFMS_FUZZ_EXAMPLES (3) says how much is tried of each operation and field, PFMS_FUZZ_SEED repeats another run.
"""

import asyncio
import os
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from typing import Any
from uuid import uuid4

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi import checks as conformance

from tests.e2e import evil
from tests.e2e.calls import call_of, operations, tried

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(1800)]

EXAMPLES = int(os.environ.get("PFMS_FUZZ_EXAMPLES", "3"))
SEED = int(os.environ.get("PFMS_FUZZ_SEED", "20261121"))
CHECKS = [
    not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_headers_conformance,
    conformance.response_schema_conformance,
    conformance.negative_data_rejection,
]
# Without these a random text nearly never gets as far as a rule; one of them is taken where a field has the name.
LIKELY = {"currency": "EUR", "base_currency": "EUR", "home_currency": "EUR", "timezone": "Europe/Berlin",
          "email": "somebody@example.org", "date": "2026-02-11", "opened_on": "2026-01-01"}  # fmt: skip


class Caller:
    """The owner's calls from outside the event loop; signs in again when a call ended the session."""

    def __init__(self, base_url: str, owner: Any, ids: dict[str, str]) -> None:
        self.url = f"{base_url}/api/v1"
        self.http = requests.Session()
        self.book = {"Book-Id": ids["book_id"]}
        self._sign_in = {"email": owner.email, "password": owner.password}

    def sign_in(self) -> None:
        """For the next operation, where the one before ended the session or changed the owner's part."""
        if self.http.get(f"{self.url}/books").status_code == 401:
            self.http.headers.pop("Authorization", None)
            tokens = self.http.post(f"{self.url}/auth/login", json=self._sign_in).json()
            self.http.headers["Authorization"] = f"Bearer {tokens['access_token']}"

    def version(self, path: str) -> dict[str, str]:
        """If-Match for a change of what stands at this path."""
        tag = self.http.get(self.url + path, headers=self.book).headers.get("ETag")
        return {"If-Match": tag or '"1"'}


@pytest.fixture
def caller(base_url: str, household: Any) -> Iterator[Caller]:
    made = Caller(base_url, *household)
    made.sign_in()
    print(f"PFMS_FUZZ_SEED={SEED} PFMS_FUZZ_EXAMPLES={EXAMPLES}")  # noqa: T201  # shown with a failure
    yield made
    made.http.close()


@pytest.mark.property(
    13, "Input validation: any operation answers as documented, and refuses what its schema forbids"
)
def test_every_operation_answers_as_documented_and_refuses_what_its_schema_forbids(
    document, household, caller
):
    _, ids = household
    wrong: dict[tuple[str, ...], str] = {}

    def send(case: schemathesis.Case) -> None:
        response = case.call(base_url=caller.url, session=caller.http)
        if response.status_code != 414:  # an address over 8 KiB, which the gateway refuses for any path
            _judge(case, response, wrong)

    def send_likely(case: schemathesis.Case) -> None:
        _make_likely(case, ids, caller)
        send(case)

    swept = tried(document)
    for operation in swept:
        caller.sign_in()
        known = {name: value for name, value in ids.items() if "{" + name + "}" in operation.path}
        _run(send_likely, operation.as_strategy(GenerationMode.POSITIVE, path_parameters=known))
        if operation.body or operation.query:
            _run(send, operation.as_strategy(GenerationMode.NEGATIVE))

    assert len(swept) == len(list(operations(document)))
    assert not wrong, "\n\n".join(f"{key}: {what}" for key, what in wrong.items())


def _judge(
    case: schemathesis.Case, response: schemathesis.Response, wrong: dict[tuple[str, ...], str]
) -> None:
    try:
        case.validate_response(response, checks=CHECKS)
    except FailureGroup as failures:
        for each in failures.exceptions:
            # Any bytes are a file that can be attached, those too that a schema's breaker sends.
            if case.operation.path.endswith("/attachments") and type(each).__name__ == "AcceptedNegativeData":
                continue
            key = (case.operation.label, type(each).__name__, str(response.status_code))
            wrong.setdefault(key, f"{each}\n{case.as_curl_command()}\n{response.text[:500]}")


def _make_likely(case: schemathesis.Case, ids: dict[str, str], caller: Caller) -> None:
    """The owner's ids, values that exist, and the version that is there: else nearly all is refused at the door."""
    if isinstance(case.body, dict):
        case.body = {name: {**LIKELY, **ids}.get(name, value) for name, value in case.body.items()}
    changes = case.method.lower() in {"put", "patch", "delete"}
    version = caller.version(case.formatted_path) if changes else {}
    case.headers = {**caller.book, **version, "Idempotency-Key": str(uuid4())}


def _run(try_it: Callable[[schemathesis.Case], None], cases: Any) -> None:
    limits = settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    try:
        seed(SEED)(limits(given(case=cases)(try_it)))()
    except Unsatisfiable:  # whatever is sent there is valid
        return


@pytest.mark.property(13, "Input validation: no value in any field of any operation is an error of ours")
async def test_no_evil_value_in_any_field_is_more_than_refused(document, household, caller):
    owner, ids = household
    wrong: list[tuple[str, ...]] = []
    corpus = cycle(evil.CORPUS)
    for method, path, operation in operations(document):
        content = operation.get("requestBody", {}).get("content", {}).get("application/json")
        if content is None:
            continue
        url, body, headers = call_of(method, path, operation, document, ids)
        await asyncio.to_thread(caller.sign_in)
        headers |= await asyncio.to_thread(caller.version, url)
        owner.http.headers["Authorization"] = caller.http.headers["Authorization"]
        for place in evil.places(content["schema"], document):
            for name in islice(corpus, min(EXAMPLES, len(evil.CORPUS))):
                headers |= {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
                sent = evil.put(body, place, evil.CORPUS[name])
                response = await owner.http.request(method, url, content=sent, headers=headers)
                headers["If-Match"] = response.headers.get("ETag", headers["If-Match"])
                accepted = name in evil.UNREADABLE and response.status_code < 400
                if response.status_code >= 500 or accepted:
                    field = ".".join(map(str, place))
                    wrong.append((method, path, field, name, str(response.status_code), response.text[:300]))

    assert not wrong, wrong


@pytest.fixture(autouse=True)
async def book_that_adds_up(household: Any) -> Any:
    """After whatever was sent, balances are the sums of what the book lists, and its events have no gap."""
    yield
    owner, _ = household
    await owner.sign_in()
    balances = (await owner.get("/balances", as_of="2036-01-01"))["items"]
    far = {item["account_id"]: item for item in balances if item["pot_id"] is None}
    for account in (await owner.get("/accounts", include_inactive="true"))["items"]:
        register = await _all(owner, "/transactions", account_id=account["id"])
        total = account["opening_balance_minor"] + sum(item["account_amount_minor"] for item in register)
        assert total == account["balance_minor"] == far[account["id"]]["balance_minor"], account
    numbers, after = [], 0
    while page := (await owner.get("/ledger/events", after=after, limit=200))["items"]:
        numbers += [event["number"] for event in page]
        after = numbers[-1]
    assert numbers == list(range(1, len(numbers) + 1))


async def _all(owner: Any, path: str, **asked: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = await owner.get(path, limit=200, **asked, **cursor)
        items += page["items"]
        if page["next_cursor"] is None:
            return items
        cursor = {"cursor": page["next_cursor"]}
