"""The route table."""

from itertools import combinations

import pytest

from pfms_gateway.routes import ROUTES, Route, RouteTable

ID = "0193a5c2-7b1e-7000-8000-000000000000"


def _service(path: str) -> str | None:
    found = RouteTable().find(path)
    return found and found.route.service


@pytest.mark.parametrize(
    ("path", "service"),
    [
        ("/auth/login", "auth"),
        ("/user/profile", "auth"),
        (f"/books/{ID}/members", "auth"),
        ("/invitations", "auth"),
        ("/accounts", "ledger"),
        (f"/transactions/{ID}/history", "ledger"),
        ("/balances", "ledger"),
        (f"/ledger/events/{ID}/undo", "ledger"),
        ("/budgets/2026-01/allocations", "budget"),
        ("/budgets/2026-01/explain", "budget"),
        ("/budget-settings", "budget"),
        (f"/allocations/{ID}", "budget"),
    ],
)
@pytest.mark.parametrize("prefix", ["/api/v1", "/v1"])
def test_a_path_belongs_to_a_service(prefix, path, service):
    assert _service(prefix + path) == service


def test_the_longest_pattern_wins():
    table = RouteTable([Route("/a", "one"), Route("/a/b", "two"), Route("/a/{id}/c", "three")], {})

    assert [table.find(f"/v1{path}").route.service for path in ("/a", "/a/b/x", f"/a/{ID}", f"/a/{ID}/c")] == [
        "one", "two", "one", "three",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["1", "abc", ID[:-1], ID + "0", ID.replace("-", ""), "{id}"])
def test_only_a_uuid_is_an_id(text):
    table = RouteTable([Route("/a/{id}", "one")], {})

    assert table.find(f"/v1/a/{text}") is None


def test_a_name_matches_whole_segments_only():
    table = RouteTable([Route("/budgets", "budget")], {})

    assert table.find("/v1/budgetsx") is None
    assert table.find("/v1/budget") is None


def test_an_upload_has_room_where_files_are_sent_and_nowhere_else():
    table = RouteTable()

    assert table.find("/v1/imports").route.body > 50 * 1024 * 1024
    assert table.find(f"/v1/imports/{ID}/mapping").route.body == 1024 * 1024


def test_no_two_rows_stand_for_the_same_path():
    patterns = [route.pattern for route in ROUTES]
    clashes = [(a, b) for a, b in combinations(patterns, 2) if a == b]

    assert clashes == []


def test_rows_below_each_other_belong_to_one_service():
    rows = [
        (shorter, longer)
        for shorter in ROUTES
        for longer in ROUTES
        if longer.pattern.startswith(shorter.pattern + "/") and longer.service != shorter.service
    ]

    assert rows == []


@pytest.mark.parametrize("closed", ["/internal", "/metrics", "/healthz", "/readyz", "/docs", "/openapi.json"])
def test_what_is_inside_has_no_row(closed):
    assert [route for route in ROUTES if route.pattern.startswith(closed)] == []
    assert _service(f"/api/v1{closed}") is None
