"""Property: a walk over a list meets everything that nobody touched exactly once, whatever others do meanwhile."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

CHURN = st.lists(
    st.tuples(st.sampled_from(["record", "delete", "move", "note"]), st.integers(0, 50), st.integers(1, 28)),
    max_size=4,
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    days=st.lists(st.integers(1, 28), min_size=8, max_size=16),
    limit=st.integers(1, 5),
    churn=st.lists(CHURN, min_size=3, max_size=8),
    of_account=st.booleans(),
)
async def test_what_nobody_touches_is_met_once(anna, days, limit, churn, of_account):
    account = await anna.account()
    made = [await anna.spend(account, -n, date=f"2026-02-{day:02}") for n, day in enumerate(days, start=1)]
    touched: set[str] = set()
    versions = {item["id"]: 1 for item in made}
    wanted = {"account_id": account["id"]} if of_account else {}

    async def stir(what: str, pick: int, day: int) -> None:
        if what == "record":
            touched.add((await anna.spend(account, -99, date=f"2026-02-{day:02}"))["id"])
            return
        victim = made[pick % len(made)]["id"]
        if victim not in versions:
            return
        touched.add(victim)
        path = f"/transactions/{victim}"
        if what == "delete":
            assert (await anna.delete(path, versions.pop(victim))).status_code == 204
        else:
            change = {"date": f"2026-02-{day:02}"} if what == "move" else {"note": "stirred"}
            assert (await anna.patch(path, versions[victim], **change)).status_code == 200
            versions[victim] += 1

    met: list[str] = []
    cursor, stirring = None, iter(churn)
    while True:
        page = (
            await anna.get("/transactions", limit=limit, **wanted, **({"cursor": cursor} if cursor else {}))
        ).json()
        met += [item["id"] for item in page["items"] if item["account_id"] == account["id"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
        for what, pick, day in next(stirring, ()):
            await stir(what, pick, day)

    untouched = [item["id"] for item in made if item["id"] not in touched]
    assert sorted(id_ for id_ in met if id_ in untouched) == sorted(untouched)
