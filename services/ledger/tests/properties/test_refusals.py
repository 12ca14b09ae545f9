"""Whatever is refused is told so that it can be corrected, and has changed nothing."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.ledger.tests.properties.problems import corrected, problem_of
from services.ledger.tests.properties.spoiling import Request, of_body, of_headers
from services.ledger.tests.properties.things import KINDS, changes_of

from pfms_common.ids import new_id

LIMITS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def keyed() -> dict[str, str]:
    return {"Idempotency-Key": f"key-{new_id()}"}


@pytest.mark.property(1, "Creation: a request that cannot be meant changes no row of any table")
@pytest.mark.property(
    14, "Errors: a refusal names what the request has, keeps what was sent, and corrected it is accepted"
)
@LIMITS
@given(
    kind=st.sampled_from(KINDS),
    method=st.sampled_from(["POST", "POST", "PATCH", "DELETE"]),
    draw=st.data(),
)
async def test_a_refusal_changes_nothing_and_is_accepted_once_corrected(
    home, state, foreign, kind, method, draw
):
    async with home() as book:
        http = book.client.http
        made = Request("POST", kind.path, await book.named(draw.draw(kind.bodies)), keyed())
        meant = made
        if method != "POST":
            thing = (await made.send(http)).json()
            body = draw.draw(changes_of(kind)) if method == "PATCH" else None
            meant = Request(method, f"{kind.path}/{thing['id']}", body, {"If-Match": '"1"'})
        ways = [of_headers(meant, kind)] + ([of_body(meant, kind, foreign)] if meant.body else [])
        spoiled = draw.draw(st.one_of(ways))
        before = await state()

        refused = await spoiled.request.send(http)

        sent, right = spoiled.request.body or {}, meant.body or {}
        problem = problem_of(refused, *sent, *right, *kind.required, "body", "If-Match", "Idempotency-Key")
        assert refused.status_code in spoiled.statuses, refused.text
        assert await state() == before
        if spoiled.at is not None:
            assert {path.partition(".")[0] for path in problem["errors"]} & {spoiled.at, "body"}
        again = meant if meant.body is None else replace(meant, body=corrected(problem, sent, right))
        accepted = await replace(again, headers={**again.headers, **keyed()}).send(http)
        assert accepted.is_success, accepted.text
