"""Laws of the ledger after any history of a book, against a model of plain integers (plain_book.py).

One machine makes the histories, since making them is what costs; each law has a check of its own below.
"""

import asyncio
from collections import defaultdict
from itertools import pairwise

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)
from services.ledger.tests.integration.plain_book import Account, Book, Entry, Line, State

from pfms_common.money import MAX_MINOR
from pfms_ledger.operations.rebuild import rebuild
from pfms_ledger.queries.invariants import faults

# Ends of months and years, a leap day, nights when clocks are put back and forward.
DAYS = (
    "2023-12-31",
    "2024-01-01",
    "2024-01-31",
    "2024-02-28",
    "2024-02-29",
    "2024-03-01",
    "2024-03-31",
    "2024-10-27",
    "2024-12-31",
    "2025-01-01",
)
EVER = {"from": "2023-12-01", "to": "2025-01-31"}
# Three accounts, the last one in another currency; two pots in the first, one in the second.
SPOTS = ((0, None), (0, 0), (0, 1), (1, None), (1, 2), (2, None))

days = st.sampled_from(DAYS)
minor = st.sampled_from([1, 2, 99, 100, 101, 9_999, MAX_MINOR]) | st.integers(1, 500)
signed = st.builds(lambda amount, sign: amount * sign, minor, st.sampled_from([-1, 1]))
spots = st.sampled_from(SPOTS)


class AnyHistory(RuleBasedStateMachine):
    """Does to a new book what people do, and keeps the model beside it."""

    entries = Bundle("entries")

    def __init__(self, ledger, new_client, loop):
        super().__init__()
        self.ledger = ledger
        self.do = loop.run_until_complete
        self.door = new_client()
        self.anna = self.do(self.door.__aenter__())

    @initialize(openings=st.tuples(signed, signed, signed), opened=st.tuples(days, days, days))
    def open_accounts(self, openings, opened):
        accounts = [
            self.do(
                self.anna.account(f"No. {n}", currency=currency, opening_balance_minor=opening, opened_on=day)
            )
            for n, (currency, opening, day) in enumerate(
                zip(("EUR", "EUR", "JPY"), openings, opened, strict=True)
            )
        ]
        self.pots = [
            self.done(201, "post", "/pots", account_id=accounts[of]["id"], name=f"Pot {n}")["id"]
            for n, of in enumerate((0, 0, 1))
        ]
        self.book = Book(
            [
                Account(a["id"], a["currency"], a["opening_balance_minor"], a["opened_on"], [a])
                for a in accounts
            ],
            {pot: accounts[of]["id"] for pot, of in zip(self.pots, (0, 0, 1), strict=True)},
        )

    # What people do.

    @rule(target=entries, spot=spots, amount=signed, day=days, split=st.booleans(), pending=st.booleans())
    def record(self, spot, amount, day, split, pending):
        body = {**self.place(spot), "amount_minor": amount, "date": day, **self.parts(amount, split=split)}
        status = "pending" if pending else "cleared"
        return self.keep(self.done(201, "post", "/transactions", **body, status=status))

    @rule(target=entries, ends=st.lists(spots, min_size=2, max_size=2, unique=True), amount=minor, day=days)
    def transfer(self, ends, amount, day):
        source, target = map(self.place, ends)
        if self.currency(ends[0]) != self.currency(ends[1]):
            target["amount_minor"] = 7 * (amount % 1_000) + 1
        body = {"type": "transfer", "amount_minor": amount, "date": day, "from": source, "to": target}
        return self.keep(self.done(201, "post", "/transactions", **body))

    @rule(target=entries, pot=st.sampled_from([1, 2, 4]), amounts=st.tuples(minor, minor), day=days)
    def pay_twice_at_once(self, pot, amounts, day):
        """Two debits of one pot at the same time come out as one after the other."""
        asked = [
            self.anna.post("/transactions", **self.place(SPOTS[pot]), amount_minor=-amount, date=day)
            for amount in amounts
        ]
        answers = self.at_once(*asked)
        assert [answer.status_code for answer in answers] == [201, 201]
        made = [answer.json() for answer in answers]
        order = [event["aggregate_id"] for event in self.events() if event["type"] == "transaction.created"]
        return multiple(*(self.keep(each) for each in sorted(made, key=lambda each: order.index(each["id"]))))

    @rule(
        target=entries,
        amounts=st.lists(st.sampled_from([30, -80, 20, 40]), min_size=2, max_size=3),
        day=st.sampled_from(["2024-02-01", "2024-02-28", "2024-02-29"]),
    )
    def fill_and_empty_a_pot(self, amounts, day):
        """Within one month, where it matters what comes first."""
        spot = self.place(SPOTS[1])
        made = [
            self.done(201, "post", "/transactions", **spot, amount_minor=amount, date=day)
            for amount in amounts
        ]
        return multiple(*map(self.keep, made))

    @rule(
        entry=entries,
        field=st.sampled_from(["amount", "date", "place", "note", "status"]),
        amount=signed,
        day=days,
        spot=spots,
    )
    def edit(self, entry, field, amount, day, spot):
        if entry.now is None:
            return
        before = entry.now.document
        is_transfer = before["type"] == "transfer"
        change = {"note": f"{amount}"}
        match field:
            case "amount":
                amount = abs(amount) if is_transfer else amount
                change = {"amount_minor": amount}
                if len(before["splits"]) > 1:
                    change |= self.parts(amount, split=True) or {"splits": []}
            case "date":
                change = {"date": day}
            case "status":
                change = {"status": "pending" if before["status"] == "cleared" else "cleared"}
            case "place" if not is_transfer and self.currency(spot) == before["currency"]:
                change = {"pot_id": None, **self.place(spot)}
        self.change(entry, self.done(200, "patch", self.path(entry), entry.version, **change))

    @rule(entry=entries, wanted=st.lists(days, min_size=2, max_size=6, unique=True))
    def change_at_once(self, entry, wanted):
        """Of several changes from one version exactly one is made."""
        if entry.now is None:
            return
        asked = [self.anna.patch(self.path(entry), entry.version, date=day) for day in wanted]
        answers = self.at_once(*asked)
        assert sorted(answer.status_code for answer in answers) == [200] + [412] * (len(wanted) - 1)
        self.change(entry, next(answer for answer in answers if answer.status_code == 200).json())

    @rule(entry=entries, in_body=st.booleans())
    def change_an_old_version(self, entry, in_body):
        """A stale version is refused and changes nothing."""
        number = self.events()[-1]["number"]
        if entry.now is None:
            self.done(404, "patch", self.path(entry), entry.version, note="late")
        elif in_body:
            stale = self.do(
                self.anna.http.patch(self.path(entry), json={"note": "late", "version": entry.version + 1})
            )
            assert stale.status_code == 409
        else:
            self.done(412, "patch", self.path(entry), entry.version + 1, note="late")
        assert self.events()[-1]["number"] == number

    @rule(entry=entries)
    def delete(self, entry):
        if entry.now is not None:
            self.done(204, "delete", self.path(entry), entry.version)
            entry.states.append(None)

    @rule(entry=entries)
    def take_back(self, entry):
        """Undoes the newest change of a transaction."""
        newest = self.done(200, "get", f"{self.path(entry)}/history", limit=200)["items"][-1]
        answer = self.done(200, "post", f"/ledger/events/{newest['event_id']}/undo")
        earlier = entry.states[-2] if entry.version > 1 else None
        if answer["version"] == entry.version:  # nothing was changed by it
            assert earlier is not None
            assert (earlier.date, earlier.lines) == (entry.now.date, entry.now.lines)
        elif earlier is None:
            assert answer["deleted"]
            entry.states.append(None)
        else:
            self.change(entry, answer)
            assert entry.now._replace(document=earlier.document) == earlier

    @rule(which=st.integers(0, 2), opening=signed, day=days)
    def correct_an_opening(self, which, opening, day):
        account = self.book.accounts[which]
        path, version = f"/accounts/{account.id}", len(account.documents)
        answer = self.done(200, "patch", path, version, opening_balance_minor=opening, opened_on=day)
        account.opening, account.opened_on = opening, day
        account.documents.append(answer)
        assert answer["balance_minor"] == self.book.balance(account)

    @rule(seconds=st.sampled_from([1, 3_600, 86_400 * 400]))
    def clock_was_ahead(self, seconds):
        """As if the clock had been put back just now: what happened so far seems to be yet to come."""
        for table, column in ("event", "occurred_at"), ("stream_head", "last_at"):
            statement = (
                f"UPDATE {table} SET {column} = {column} + make_interval(secs => $2) WHERE stream_id = $1"
            )
            self.do(self.ledger.sql(statement, self.anna.person.book_id, seconds))

    @rule()
    def make_the_rows_again(self):
        """Twice the same; and a prefix of the events, then the others, come to the same as all of them."""
        assert (self.rebuilt(), self.rebuilt()) == (0, 0)

    @rule(day=days)
    def look(self, day):
        self.check_balances([day])

    def teardown(self):
        try:
            if hasattr(self, "book"):
                self.check_events()
                self.check_versions()
                self.check_balances(["2000-01-01", *self.book.days()])
                self.check_pots()
                self.check_months()
                self.check_rows()
        finally:
            self.do(self.door.__aexit__(None, None, None))

    # What must hold.

    def check_events(self):
        """Property 4: what is read is the fold of the events, numbered and versioned without a gap."""
        events = self.events()
        assert [event["number"] for event in events] == list(range(1, len(events) + 1))
        versions, states = defaultdict(list), {}
        for event in events:
            versions[event["aggregate_id"]].append(event["version"])
            states[event["aggregate_id"]] = event["data"]
        assert all(each == list(range(1, len(each) + 1)) for each in versions.values())
        read = {each["id"]: each for each in self.do(self.anna.transactions())}
        assert read.keys() == {entry.id for entry in self.book.entries.values() if entry.now is not None}
        for id_, document in read.items():
            assert {name: document[name] for name in states[id_]} == states[id_]

    def check_versions(self):
        """Property 8: every version is there as it was acknowledged, in the order it was made."""
        for entry in self.book.entries.values():
            documents = [state and state.document for state in entry.states]
            self.compare(f"{self.path(entry)}/history", entry.id, documents)
            if entry.now is not None:
                assert self.done(200, "get", self.path(entry)) == entry.now.document
        for account in self.book.accounts:
            self.compare(f"/accounts/{account.id}/versions", account.id, account.documents)

    def compare(self, path, id_, documents):
        items = self.done(200, "get", path, limit=200)["items"]
        assert [item["version"] for item in items] == list(range(1, len(documents) + 1))
        for item, document in zip(items, documents, strict=True):
            expected = {"id": id_} if document is None else {name: document[name] for name in item["data"]}
            assert item["data"] == expected
        assert all(earlier["at"] <= later["at"] for earlier, later in pairwise(items))

    def check_balances(self, asked):
        """Properties 5, 6 and 12: at the end of a day each account and pot holds what was posted until then."""
        for day in asked:
            items = self.done(200, "get", "/balances", as_of=day)["items"]
            found = {item["pot_id"] or item["account_id"]: item for item in items}
            for account in self.book.accounts:
                expected = (self.book.balance(account, day), self.book.free(account, day))
                assert (found[account.id]["balance_minor"], found[account.id]["free_minor"]) == expected
            for pot in self.pots:
                assert found[pot]["balance_minor"] == self.book.pot(pot, day)[0] >= 0

    def check_pots(self):
        """Property 6: what is in a pot, and what its account paid."""
        for pot in self.done(200, "get", "/pots")["items"]:
            assert (pot["balance_minor"], pot["account_paid_minor"]) == self.book.pot(pot["id"])

    def check_months(self):
        """Property 12: month by month the sums are those of the postings; present balances are theirs too."""
        for item in self.done(200, "get", "/net-worth", **EVER)["items"]:
            assert item["net_worth_minor"] == self.book.worth(item["date"])[item["currency"]]
            for each in item["accounts"]:
                account = next(one for one in self.book.accounts if one.id == each["account_id"])
                assert each["balance_minor"] == self.book.balance(account, item["date"])
        for account in self.done(200, "get", "/accounts")["items"]:
            of = next(one for one in self.book.accounts if one.id == account["id"])
            balances = (self.book.balance(of), self.book.balance(of, cleared=True))
            assert (account["balance_minor"], account["cleared_balance_minor"]) == balances

    def check_rows(self):
        """Properties 4 and 5: all legs sum to zero in each currency; a replay makes the same rows."""
        sums = self.do(
            self.ledger.sql(
                "SELECT sum(amount_minor) FROM posting WHERE book_id = $1 GROUP BY currency",
                self.anna.person.book_id,
            )
        )
        assert all(row["sum"] == 0 for row in sums)
        assert self.rebuilt() == 0
        assert self.do(faults(self.ledger.resources.pool, self.anna.person.book_id)) == []

    # In the words of the API.

    def done(self, status, method, path, /, *args, **fields):
        response = self.do(getattr(self.anna, method)(path, *args, **fields))
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    def at_once(self, *requests):
        async def gathered():
            return await asyncio.gather(*requests)

        return self.do(gathered())

    def events(self):
        return self.done(200, "get", "/ledger/events", limit=200)["items"]

    def rebuilt(self):
        return self.do(rebuild(self.ledger.own.journal, self.anna.person.book_id))

    def place(self, spot):
        account, pot = spot
        named = {} if pot is None else {"pot_id": self.pots[pot]}
        return {"account_id": self.book.accounts[account].id, **named}

    def currency(self, spot):
        return self.book.accounts[spot[0]].currency

    def path(self, entry):
        return f"/transactions/{entry.id}"

    def parts(self, amount, *, split):
        """The amount in two splits, where it can be."""
        one = 1 if amount > 0 else -1
        if not split or amount == one:
            return {}
        return {"splits": [{"amount_minor": amount - one, "memo": "most"}, {"amount_minor": one}]}

    def keep(self, document):
        entry = Entry(document["id"], len(self.book.entries), [])
        self.book.entries[entry.id] = entry
        self.change(entry, document)
        return entry

    def change(self, entry, document):
        """Notes an acknowledged version."""
        assert document["version"] == entry.version + 1
        if document["type"] == "transfer":
            source, target = document["from"], document["to"]
            same = source["currency"] == target["currency"]
            assert source["amount_minor"] == document["amount_minor"]
            assert target["amount_minor"] == (document["amount_minor"] if same else target["amount_minor"])
            lines = (
                Line(source["account_id"], -source["amount_minor"], source["pot_id"]),
                Line(target["account_id"], target["amount_minor"], target["pot_id"]),
            )
        else:
            lines = (Line(document["account_id"], document["amount_minor"], document["pot_id"]),)
            assert sum(split["amount_minor"] for split in document["splits"]) == document["amount_minor"]
        pending = document["status"] == "pending"
        entry.states.append(State(document["date"], lines, document, pending))


@pytest_asyncio.fixture
async def loop():
    """The loop that the fixtures live on; no test runs on it here, so that the machine may."""
    return asyncio.get_running_loop()


@pytest.mark.property(
    4,
    "Event sourcing: what is read is the fold of the events, whose numbers and versions order them, not the clock",
)
@pytest.mark.property(
    5,
    "Balance: at the end of any day an account holds its opening and what was posted until then; legs sum to zero",
)
@pytest.mark.property(
    6,
    "Pot: what is in a pot follows from its postings in order of date, and its account paid exactly the rest",
)
@pytest.mark.property(
    8,
    "Versioning: each acknowledged change is one version of the history, and of several at once one is made",
)
@pytest.mark.property(
    12, "As of a date: any day's balances and any month's sums are those of the postings dated until then"
)
@pytest.mark.timeout(600)  # finding the shortest history that breaks a law takes long
def test_any_history_leaves_what_plain_sums_say(ledger, new_client, loop):
    run_state_machine_as_test(
        lambda: AnyHistory(ledger, new_client, loop),
        settings=settings(
            max_examples=100, stateful_step_count=10, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
