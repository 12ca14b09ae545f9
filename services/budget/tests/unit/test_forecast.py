"""The forecast as tables of cents that can be checked by hand, and its laws.

Today is Friday, 14 August 2026. Checking holds 1,000.00.
"""

from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pfms_budget.domain.everyday import Everyday, Spent, everyday, history
from pfms_budget.domain.expected import (
    Arrival,
    Card,
    Plan,
    Source,
    looks_planned,
    of_cards,
    of_plans,
    of_sources,
)
from pfms_budget.domain.forecast import Flow, Origin, confidences, daily, path, warnings
from pfms_budget.domain.safe_to_spend import payday, safe_to_spend
from pfms_common.recurrence import Schedule

TODAY = date(2026, 8, 14)
CHECKING, SAVINGS, CARD, GROCERIES, RENT, CAR, PLAN, OTHER = (UUID(int=n) for n in range(1, 9))
STEADY = Everyday(30_00, {CHECKING: 30_00}, months=6)


def day(n: int, month: int = 8) -> date:
    return date(2026, month, n)


def rent(**changes: object) -> Plan:
    fields: dict[str, object] = {
        "id": PLAN,
        "name": "Rent",
        "kind": "expense",
        "schedule": Schedule("FREQ=MONTHLY", day(31, 1)),
        "amount": -800_00,
        "amount_since": day(1, 1),
        "catch_up_from": day(1),
        "account_id": CHECKING,
        "category_id": RENT,
    }
    return Plan(**{**fields, **changes})  # type: ignore[arg-type]  # a test names some of the fields


def groceries(*by_month: int) -> list[Spent]:
    """What was spent in the months before August, the last one July."""
    first = 8 - len(by_month)
    return [Spent(day(10, first + n), CHECKING, GROCERIES, minor) for n, minor in enumerate(by_month)]


def days_of(
    flows: list[Flow], scope: set[UUID] | None = None, days: int = 20, start: int = 1_000_00
) -> dict[str, int]:
    made = path(start, flows, scope or {CHECKING}, TODAY, days, confidences(STEADY, days))
    return {f"{one.date:%m-%d}": one.balance for one in made}


class TestEverydaySpending:
    @pytest.mark.parametrize(
        ("by_month", "minor", "months"),
        [
            ((100, 300, 200), 200, 3),
            ((100, 200, 300, 400), 250, 4),
            ((9_999, 1, 2, 3, 4, 5, 6), 4, 6),  # six months at most: 1 to 6, and half-even
            ((-500, -400, -300), 0, 3),  # more came back than was spent
        ],
    )
    def test_is_the_median_of_the_last_whole_months(self, by_month, minor, months):
        found = everyday(groceries(*by_month), day(1, 8 - len(by_month)), TODAY)

        assert (found.minor, found.months) == (minor, months)

    def test_a_month_without_spending_is_one_of_them(self):
        assert everyday([Spent(day(3, 7), CHECKING, None, 900)], day(1, 3), TODAY).minor == 0

    def test_a_month_that_had_begun_with_the_first_movement_is_not_whole(self):
        assert [period.key for period in history(day(2, 4), TODAY)] == ["2026-05", "2026-06", "2026-07"]

    def test_with_fewer_than_three_months_it_is_the_last_30_days(self):
        spent = [Spent(each, CHECKING, GROCERIES, 100) for each in (day(15, 7), day(16, 7), day(1), TODAY)]

        found = everyday(spent, day(1, 6), TODAY)

        assert (found.minor, found.months) == (300, 0), "16 July is the first of the 30 days"

    def test_a_new_car_is_no_everyday_spending(self):
        weeks = [
            Spent(day(n, month), CHECKING, GROCERIES, 90 + n) for month in (5, 6, 7) for n in (1, 8, 15, 22)
        ]

        found = everyday([*weeks, Spent(day(20, 7), CHECKING, CAR, 20_000_00)], day(1, 5), TODAY)

        assert (found.minor, found.outliers) == (406, 1)

    def test_rent_that_nobody_planned_is_everyday_spending_since_it_comes_again(self):
        weeks = [
            Spent(day(n, month), CHECKING, GROCERIES, 100) for month in (5, 6, 7) for n in (1, 8, 15, 22)
        ]
        rents = [Spent(day(3, month), CHECKING, RENT, 800_00) for month in (5, 6, 7)]

        assert everyday([*weeks, *rents], day(1, 5), TODAY) == Everyday(804_00, {CHECKING: 804_00}, 3)

    def test_accounts_share_it_as_they_paid_and_add_up(self):
        spent = [*groceries(100, 100, 100), *(each._replace(account_id=CARD) for each in groceries(1, 0, 0))]

        assert everyday(spent, day(1, 5), TODAY).by_account == {CHECKING: 100, CARD: 0}
        assert everyday([*spent, *spent], day(1, 5), TODAY).by_account == {CHECKING: 199, CARD: 1}

    def test_thirty_days_of_it_are_the_whole_and_a_year_is_no_more(self):
        flows = daily({CHECKING: 100}, TODAY, 365)

        assert -sum(flow.minor for flow in flows if flow.day <= TODAY + timedelta(days=30)) == 100
        assert -sum(flow.minor for flow in flows) == 100 * 365 // 30


class TestWhatIsExpected:
    def test_an_occurrence_that_was_posted_is_not_expected_again(self):
        settled = {PLAN: frozenset([day(31)])}

        flows = list(of_plans([rent()], settled, TODAY, day(31, 10)))

        assert [(flow.day, flow.minor) for flow in flows] == [(day(30, 9), -800_00), (day(31, 10), -800_00)]

    def test_one_that_is_late_is_expected_today_and_after_two_weeks_not_at_all(self):
        weekly = rent(schedule=Schedule("FREQ=WEEKLY", day(30, 7)), catch_up_from=day(1, 1))

        flows = list(of_plans([weekly], {}, TODAY, day(20)))

        assert [flow.day for flow in flows] == [TODAY, TODAY, day(20)], (
            "6 and 13 August are late, 30 July is given up"
        )

    def test_what_lies_before_the_plan_looks_ahead_is_none_of_its_business(self):
        assert list(of_plans([rent(catch_up_from=day(1, 9))], {}, TODAY, day(5, 9))) == []

    def test_an_amount_rises_with_its_yearly_increase(self):
        raised = rent(yearly_increase=Decimal(10), amount_since=day(31, 8).replace(year=2025))

        assert [flow.minor for flow in of_plans([raised], {}, TODAY, day(31))] == [-880_00]

    def test_a_planned_transfer_leaves_one_account_and_reaches_the_other(self):
        saving = rent(kind="transfer", amount=50_00, account_id=None, from_id=CHECKING, to_id=SAVINGS)

        flows = list(of_plans([saving], {}, TODAY, day(31)))

        assert [(flow.account_id, flow.minor) for flow in flows] == [(CHECKING, -50_00), (SAVINGS, 50_00)]
        assert days_of(flows, {CHECKING, SAVINGS})["08-31"] == 1_000_00
        assert days_of(flows, {SAVINGS}, start=0)["08-31"] == 50_00

    @pytest.mark.parametrize(
        ("frequency", "came", "expected"),
        [
            (
                "monthly",
                [day(24, 7), day(25, 6), day(25, 5)],
                [day(25), day(25, 9)],
            ),  # once it came a day early
            ("weekly", [day(12), day(5)], [day(19), day(26), day(2, 9), day(9, 9), day(16, 9), day(23, 9)]),
            ("semimonthly", [day(1), day(15, 7)], [day(15), day(1, 9), day(15, 9)]),
            ("quarterly", [day(1, 7)], []),
            ("monthly", [day(2, 7)], [TODAY, day(2, 9)]),  # late by 12 days
            ("monthly", [day(27, 6)], [day(27), day(27, 9)]),  # that of July is given up
            ("irregular", [day(1)], []),
            ("monthly", [], []),
        ],
    )
    def test_a_source_comes_again_on_its_usual_day(self, frequency, came, expected):
        source = Source(
            OTHER, "Acme", frequency, 2_000_00, [Arrival(each, CHECKING, 1_990_00) for each in came]
        )

        flows = list(of_sources([source], TODAY, day(29, 9)))

        assert [flow.day for flow in flows] == expected
        assert {flow.minor for flow in flows} <= {2_000_00}

    def test_a_source_of_no_fixed_amount_brings_what_is_usual(self):
        came = [
            Arrival(day(25, 7), CHECKING, 300),
            Arrival(day(25, 6), CHECKING, 100),
            Arrival(day(25, 5), CHECKING, 200),
        ]

        assert [
            flow.minor for flow in of_sources([Source(OTHER, "Acme", "monthly", None, came)], TODAY, day(31))
        ] == [200]

    def test_a_source_that_a_plan_brings_is_not_expected_twice(self):
        planned = Source(
            OTHER, "Acme", "monthly", 2_000_00, [Arrival(day(25, 7), CHECKING, 2_000_00, is_planned=True)]
        )

        assert list(of_sources([planned], TODAY, day(31, 12))) == []

    def test_a_cards_minimum_is_paid_until_nothing_is_owed(self):
        flows = list(of_cards([Card(CARD, 120, 50, 31, CHECKING)], [], TODAY, day(31, 12)))

        assert [(flow.day, flow.minor) for flow in flows if flow.account_id == CARD] == [
            (day(31, 8), 50), (day(30, 9), 50), (day(31, 10), 20),
        ]  # fmt: skip
        assert sum(flow.minor for flow in flows) == 0

    def test_a_card_that_a_plan_pays_has_no_minimum_beside_it(self):
        pays = rent(kind="transfer", amount=300, account_id=None, from_id=CHECKING, to_id=CARD)

        assert list(of_cards([Card(CARD, 120, 50, 31, CHECKING)], [pays], TODAY, day(31, 12))) == []

    @pytest.mark.parametrize(
        ("minor", "is_planned"), [(800_00, True), (880_00, True), (880_01, False), (-800_00, False)]
    )
    def test_rent_paid_by_hand_before_there_was_a_plan_is_the_plans(self, minor, is_planned):
        assert looks_planned([rent()], CHECKING, RENT, minor) is is_planned
        assert not looks_planned([rent()], CHECKING, GROCERIES, minor)


class TestBalances:
    def test_a_fortnight_by_hand(self):
        """1,000.00 on Friday; a euro a day; the salary on the 25th, the rent on the 31st.

        08-14 1000.00 · 08-24 990.00 · 08-25 989 + 2000 = 2989.00 · 08-30 2984.00 · 08-31 2983 − 800 = 2183.00
        """
        salary = Flow(day(25), CHECKING, 2_000_00, Origin.INCOME_SOURCE)
        flows = [*of_plans([rent()], {}, TODAY, day(31)), salary, *daily(STEADY.by_account, TODAY, 17)]

        found = days_of(flows)

        assert [found[each] for each in ("08-14", "08-24", "08-25", "08-30", "08-31")] == [
            1_000_00, 990_00, 2_989_00, 2_984_00, 2_183_00,
        ]  # fmt: skip

    def test_each_fall_below_the_threshold_is_told_once(self):
        flows = [
            Flow(day(16), CHECKING, -950_00, Origin.POSTED),
            Flow(day(18), CHECKING, 500_00, Origin.POSTED),
            Flow(day(20), CHECKING, -500_00, Origin.POSTED),
        ]
        made = {CHECKING: path(1_000_00, flows, {CHECKING}, TODAY, 20, confidences(STEADY, 20))}

        assert [(each.date, each.balance) for each in warnings(made, 100_00)] == [
            (day(16), 50_00),
            (day(20), 50_00),
        ]
        assert warnings(made, 50_00) == []

    def test_confidence_is_one_today_and_falls_with_days_and_with_what_months_differ(self):
        steady, varied = confidences(STEADY, 365), confidences(Everyday(100, {}, 6, spread=50), 365)

        assert (steady[0], varied[0]) == (1, 1)
        assert (steady[365], varied[30], varied[365]) == (Decimal("0.50"), Decimal("0.63"), Decimal("0.26"))
        assert steady == sorted(steady, reverse=True)
        assert confidences(Everyday(100, {}, 0), 30)[30] == Decimal("0.48")


flows = st.lists(
    st.builds(
        Flow,
        st.integers(-3, 40).map(lambda n: TODAY + timedelta(days=n)),
        st.sampled_from([CHECKING, SAVINGS]),
        st.integers(-10_000, 10_000),
        st.sampled_from(Origin),
        counter_id=st.sampled_from([None, CHECKING, SAVINGS, CARD]),
    ),
    max_size=12,
)


class TestLaws:
    @given(flows, st.integers(-10_000, 10_000), st.integers(1, 45))
    def test_all_days_together_are_the_end_less_the_start(self, flows, start, days):
        made = path(start, flows, {CHECKING, SAVINGS}, TODAY, days, confidences(STEADY, days))

        assert sum(each.income - each.expenses for each in made) == made[-1].balance - start

    @given(flows, st.randoms())
    def test_the_order_of_flows_does_not_matter(self, flows, chance):
        shuffled = sorted(flows, key=lambda _: chance.random())

        assert days_of(flows) == days_of(shuffled)

    @given(flows)
    def test_the_total_is_the_sum_of_the_accounts(self, flows):
        both = days_of(flows, {CHECKING, SAVINGS}, start=3)
        checking, savings = days_of(flows, {CHECKING}, start=1), days_of(flows, {SAVINGS}, start=2)

        assert both == {each: checking[each] + savings[each] for each in both}

    @given(st.integers(1, 28), st.sets(st.integers(0, 11)))
    def test_no_occurrence_is_there_twice_and_none_that_is_settled(self, start, settled):
        plan = rent(schedule=Schedule("FREQ=MONTHLY", day(start)))
        marks = frozenset(date(2026 + (7 + n) // 12, (7 + n) % 12 + 1, start) for n in settled)

        found = [flow.nominal for flow in of_plans([plan], {PLAN: marks}, TODAY, day(1).replace(year=2027))]

        assert len(found) == len(set(found))
        assert not marks & set(found)


class TestSafeToSpend:
    """Cash 1,000.00, payday on the 25th."""

    def due(self, minor: int, category: UUID | None = None, on: int = 20, **more: object) -> Flow:
        return Flow(day(on), CHECKING, -minor, Origin.PLAN, category_id=category)._replace(**more)

    @pytest.mark.parametrize(
        ("due", "envelopes", "safe"),
        [
            ([], {}, 1_000_00),
            ([(800_00, RENT)], {}, 200_00),
            ([(800_00, RENT)], {RENT: 800_00}, 200_00),  # the envelope holds what is due: one money
            ([(800_00, RENT)], {RENT: 300_00}, 200_00),
            ([(800_00, RENT)], {RENT: 900_00}, 100_00),
            ([(800_00, None)], {RENT: 100_00}, 100_00),
            ([], {GROCERIES: 250_00, CARD: 50_00}, 700_00),
            ([], {GROCERIES: -250_00}, 1_000_00),  # overspent: the money is gone already
            ([(1_100_00, RENT)], {}, -100_00),
        ],
    )
    def test_by_hand(self, due, envelopes, safe):
        flows = [self.due(minor, category) for minor, category in due]

        found = safe_to_spend(1_000_00, flows, envelopes, {CHECKING}, TODAY, day(25))

        assert found.minor == safe == found.cash - found.committed - found.set_aside

    def test_what_comes_on_payday_or_stays_in_the_house_is_not_due_before(self):
        flows = [
            self.due(500_00, on=25),
            self.due(500_00, counter_id=SAVINGS),
            self.due(500_00, origin=Origin.EVERYDAY),
        ]

        assert safe_to_spend(1_000_00, flows, {}, {CHECKING, SAVINGS}, TODAY, day(25)).minor == 1_000_00

    def test_what_is_in_the_books_with_a_later_date_has_been_paid_by_its_envelope(self):
        flows = [self.due(100_00, GROCERIES, origin=Origin.POSTED)]

        found = safe_to_spend(1_000_00, flows, {GROCERIES: 150_00}, {CHECKING}, TODAY, day(25))

        assert (found.committed, found.set_aside, found.minor) == (100_00, 150_00, 750_00)

    def test_payday_is_the_first_income_after_today(self):
        income = [Flow(each, CHECKING, 1, Origin.PLAN) for each in (TODAY, day(30), day(25))]

        assert payday(income, TODAY) == day(25)
        assert payday([], TODAY) is None
