"""Who may do what: nobody without a sign-in, viewers only look, strangers find nothing."""

import pytest

from pfms_common.ids import new_id

SOME = "01890a5d-ac96-774b-bcce-b302099a8057"
PAYDAYS = {"from": "2024-02-10", "cycle": "monthly", "day": 25}
ALLOCATION = {"category_id": SOME, "allocation_type": "fixed", "allocation_value": 1}
RULE = {"kind": "fixed", "amount_minor": 1}
READS = [
    "/budgets",
    "/budgets/alerts",
    "/budgets/2024-01",
    "/budgets/2024-01/explain",
    "/budgets/2024-01/allocations",
    f"/allocations/{SOME}",
    f"/allocations/{SOME}/history",
    "/budget-settings",
    "/forecast/projection",
    "/forecast/income",
    "/forecast/cashflow",
    "/safe-to-spend",
    "/forecast/scenarios",
    f"/forecast/scenarios/{SOME}",
    f"/forecast/scenarios/{SOME}/projection",
    f"/forecast/scenarios/{SOME}/comparison",
    "/budget-templates",
    f"/savings/goals/{SOME}",
    f"/savings/goals/{SOME}/progress",
    f"/savings/goals/{SOME}/contributions",
    f"/savings/goals/{SOME}/contributions/{SOME}",
    "/savings/goals",
    "/periods",
    "/sync/budget",
]
WRITES = [
    ("POST", "/budgets", {"month": "2024-01"}),
    ("PUT", "/budgets/2024-01", {"version": 1}),
    ("PATCH", "/budgets/2024-01", {"version": 1}),
    ("DELETE", "/budgets/2024-01", None),
    ("POST", "/budgets/2024-01/archive", {"version": 1}),
    ("POST", "/budgets/2024-01/hold", {"hold_minor": 1}),
    ("POST", "/budgets/2024-01/auto-assign", {}),
    ("POST", "/budget-templates", {"category_id": SOME, "rules": [RULE]}),
    ("PUT", f"/budget-templates/{SOME}", {"rules": [RULE], "version": 1}),
    ("DELETE", f"/budget-templates/{SOME}", None),
    ("POST", "/budgets/2024-01/allocations", ALLOCATION),
    ("PUT", "/budgets/2024-01/allocations", {"items": [ALLOCATION]}),
    ("POST", "/budgets/2024-01/apply-percentages", None),
    ("POST", "/budgets/2024-01/move", {"from_category_id": SOME, "to_category_id": SOME, "amount_minor": 1}),
    ("PUT", f"/allocations/{SOME}", {"allocation_type": "fixed", "allocation_value": 1, "version": 1}),
    ("PATCH", f"/allocations/{SOME}", {"position": 1, "version": 1}),
    ("DELETE", f"/allocations/{SOME}", None),
    ("POST", "/savings/goals", {"name": "Sea", "target_minor": 5}),
    ("PATCH", f"/savings/goals/{SOME}", {"name": "Lake", "version": 1}),
    ("DELETE", f"/savings/goals/{SOME}", None),
    ("POST", f"/savings/goals/{SOME}/contribute", {"amount_minor": 5}),
    ("POST", f"/savings/goals/{SOME}/achieve", None),
    ("DELETE", f"/savings/goals/{SOME}/achieve", None),
    ("PATCH", "/budget-settings", {"strict": True, "version": 0}),
    ("POST", "/forecast/scenarios", {"name": "We move"}),
    ("PATCH", f"/forecast/scenarios/{SOME}", {"name": "We stay", "version": 1}),
    ("DELETE", f"/forecast/scenarios/{SOME}", None),
    ("PUT", "/periods", {**PAYDAYS, "version": 0}),
]
LOOKS = [("POST", "/periods/preview", PAYDAYS)]
"""Bodies that change nothing."""


def test_every_route_is_tried_here(budget):
    paths = budget.app.openapi()["paths"]
    routes = {(method.upper(), path) for path, methods in paths.items() for method in methods}

    assert len(routes) == len(READS) + len(LOOKS) + len(WRITES)


@pytest.mark.parametrize("path", READS)
async def test_without_a_sign_in_nothing_is_read(budget, path):
    async with budget.client() as nobody:
        assert (await nobody.get(path)).status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), LOOKS + WRITES)
async def test_without_a_sign_in_nothing_is_written(budget, method, path, body):
    async with budget.client() as nobody:
        assert (await nobody.request(method, path, json=body)).status_code == 401


@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_a_viewer_writes_nothing(viewer, method, path, body):
    response = await viewer.request(method, path, json=body, headers={"If-Match": '"1"'})

    assert (response.status_code, response.json()["code"]) == (403, "forbidden")


async def test_a_viewer_sees_the_book(home, viewer):
    await home.plan()

    assert (await viewer.get("/budgets/2024-01")).status_code == 200


async def test_a_stranger_finds_nothing_of_it(home, stranger):
    await home.plan()
    made = await home.allocate(home.groceries, 1)

    answers = [
        await stranger.get("/budgets/2024-01"),
        await stranger.get(f"/allocations/{made['id']}"),
        await stranger.delete(f"/allocations/{made['id']}", headers={"If-Match": '"1"'}),
        await stranger.patch(f"/allocations/{made['id']}", json={"position": 1, "version": 1}),
        await stranger.post(
            "/budgets/2024-01/allocations", json=ALLOCATION | {"category_id": str(home.groceries)}
        ),
    ]

    assert [answer.status_code for answer in answers] == [404] * 5
    assert (await stranger.get("/budgets")).json()["items"] == []


async def test_a_book_that_the_sign_in_does_not_name_is_refused(stranger, book):
    assert (await stranger.get("/budgets", headers={"Book-Id": str(book.id)})).status_code == 403
    assert (await stranger.get("/budgets", headers={"Book-Id": str(new_id())})).status_code == 403
