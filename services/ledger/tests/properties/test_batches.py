"""Of many things at once each is done or told of, and what failed can be sent again by itself."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from services.ledger.tests.properties.problems import CODES, problem_of
from services.ledger.tests.properties.things import NOBODYS

LIMITS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
CODE = {"stale": "stale_version", "missing": "not_found", "reconciled": "reconciled"}


@pytest.mark.property(
    14, "Errors: of a batch each item is done or failed, told with what was sent, and done once corrected"
)
@LIMITS
@given(fates=st.lists(st.sampled_from(["fine", "fine", *CODE]), min_size=1, max_size=4), whole=st.booleans())
async def test_what_failed_of_many_is_done_when_it_is_sent_again_corrected(new_client, state, fates, whole):
    fates = [fate for n, fate in enumerate(fates) if fate != "missing" or "missing" not in fates[:n]]
    async with new_client() as client:
        account = await client.account()
        items = []
        for fate in fates:
            made = await client.spend(account, -1)
            if fate == "reconciled":
                made = (await client.patch(f"/transactions/{made['id']}", 1, status="reconciled")).json()
            items.append({"id": made["id"], "version": made["version"]})
        right = {"missing": None, "stale": 1, "reconciled": 3}
        wrong = {"missing": {"id": NOBODYS}, "stale": {"version": 7}}
        sent = [{**item, **wrong.get(fate, {})} for item, fate in zip(items, fates, strict=True)]
        failing = [fate for fate in fates if fate != "fine"]
        before = await state()

        answer = await client.post("/transactions/bulk", items=sent, delete=True, all_or_nothing=whole)

        told = answer.json()
        if whole and failing:
            assert problem_of(answer)["code"] == "not_all"
            assert await state() == before
            failed = told["items"]
        else:
            assert answer.status_code == 200, answer.text
            assert told["changed"] + told["unchanged"] + told["failed"] == len(sent)
            assert [item["id"] for item in told["items"]] == [item["id"] for item in sent]
            failed = [item for item in told["items"] if item["status"] == "failed"]
            assert told["failed"] == len(failed)
        assert [item["problem"]["code"] for item in failed] == [CODE[fate] for fate in failing]
        assert {item["problem"]["code"] for item in failed} <= CODES
        kept = [item["problem"]["preserved_input"] for item in failed]
        assert kept == [item for item, fate in zip(sent, fates, strict=True) if fate != "fine"]

        for item, fate in zip(items, fates, strict=True):
            if fate == "reconciled":
                await client.patch(f"/transactions/{item['id']}", item["version"], status="cleared")
        again = [
            {**item, "version": right.get(fate) or item["version"]}
            for item, fate in zip(items, fates, strict=True)
            if fate != "fine" or (whole and failing)
        ]
        if again:
            done = (await client.post("/transactions/bulk", items=again, delete=True)).json()
            assert (done["changed"], done["failed"]) == (len(again), 0)
        assert await client.transactions() == []


ROWS = st.lists(st.tuples(st.integers(1, 28), st.sampled_from(["abc", "12.3.4", None])), max_size=3)
HEADER = "Date,Payee,Amount\n"


@pytest.mark.property(
    14, "Errors: of a file each row is imported or told of, and the corrected rows complete it, once"
)
@LIMITS
@given(rows=ROWS)
async def test_the_rows_of_a_file_that_failed_complete_it_when_they_are_corrected(new_client, rows):
    rows = [*((day, None) for day in range(1, 7)), *rows]  # so many can be read that nothing must be asked
    bad = [n for n, (_, spoiled) in enumerate(rows) if spoiled]
    right = [f"2026-03-{day:02},Shop {n},-{n + 1}.50\n" for n, (day, _) in enumerate(rows)]
    sent = [
        f"2026-03-{day:02},Shop {n},{spoiled}\n" if spoiled else right[n]
        for n, (day, spoiled) in enumerate(rows)
    ]
    async with new_client() as client:
        account = await client.account()
        preview = await client.preview(account, HEADER + "".join(sent))
        states = ("new", "duplicate", "match", "conflict", "error", "skipped")
        assert sum(preview[f"rows_{state}"] for state in states) == preview["rows_total"] == len(rows)

        done = await client.commit(preview)

        assert (done["rows_imported"], done["rows_error"]) == (len(rows) - len(bad), len(bad))
        assert [error["row"] for error in done["errors"]] == [n + 2 for n in bad]
        assert all(error["message"] for error in done["errors"])
        if bad:
            text = HEADER + "".join(right[n] for n in bad)
            rest = await client.bring(account, text, mapping=preview["mapping"])
            assert (rest["rows_imported"], rest["rows_error"]) == (len(bad), 0)
        whole = await client.preview(account, HEADER + "".join(right), mapping=preview["mapping"])
        assert (whole["rows_duplicate"], whole["rows_new"]) == (len(rows), 0)
        assert sorted(each["amount_minor"] for each in await client.transactions()) == sorted(
            -100 * (n + 1) - 50 for n in range(len(rows))
        )
