"""Money in another currency, as a table of cents: what moved at its day's rate, what is held at the month's last."""

from datetime import date
from uuid import UUID

from pfms_budget.domain.cells import Split, Transaction, Transfer, added_up, cells_of, opening_cells
from pfms_budget.domain.counting import Account, month_lines, scope_of
from pfms_budget.domain.engine import derive
from pfms_budget.domain.held import missing, revalued, stated, worth
from pfms_budget.domain.month import Given, Settings, accounted, carried_into_first
from pfms_common.period import month, months
from pfms_common.rate import Rate, Rates

EUROS, DOLLARS, TRAVEL = (UUID(int=n) for n in range(1, 4))
ACCOUNTS = {EUROS: Account(on_budget=True, currency="EUR"), DOLLARS: Account(on_budget=True, currency="USD")}
FOREIGN = {DOLLARS: "USD"}
RATES = Rates(
    [
        Rate("USD", "EUR", date(2026, 1, 1), "0.90"),
        Rate("USD", "EUR", date(2026, 1, 31), "0.95"),
        Rate("USD", "EUR", date(2026, 2, 10), "0.80"),
    ]
)


def test_what_rates_did_to_money_is_a_figure_of_its_own() -> None:
    """
    | January                              |    USD |  rate |    EUR |
    | opened                               | 100.00 |  0.90 |  90.00 |
    | spent (the ledger says what it was)  | −10.00 |  0.90 |  −9.00 |
    | held at the end                      |  90.00 |  0.95 |  85.50 |
    | so rates did  85.50 − (90 − 9)       |        |       |   4.50 |

    | February                             |    USD |  rate |    EUR |
    | moved from 24.00 EUR                 |  30.00 |       |        |
    | held at the end                      | 120.00 |  0.80 |  96.00 |
    | so rates did  96 − 85.50 − 24.00     |        |       | −13.50 |
    """
    periods = months(month("2026-01"), month("2026-02"))
    cells = added_up(
        [
            opening_cells(DOLLARS, date(2026, 1, 2), 100_00),
            opening_cells(EUROS, date(2026, 1, 1), 50_00),
            cells_of(Transaction(date(2026, 1, 5), DOLLARS, [Split(TRAVEL, -10_00, -9_00)])),
            cells_of(Transfer(date(2026, 2, 12), EUROS, DOLLARS, 24_00, 30_00)),
        ]
    )
    scope = scope_of(ACCOUNTS, [], "EUR", stated=FOREIGN)
    held = {"2026-01": {DOLLARS: 90_00}, "2026-02": {DOLLARS: 30_00}}

    sums = month_lines(
        stated(cells.items(), FOREIGN, RATES, "EUR"),
        scope,
        periods,
        revalued({}, held, periods, FOREIGN, RATES, "EUR"),
    )
    given = {key: Given(one) for key, one in sums.items()}
    january, february = derive(periods, given, Settings(), carried_into_first(0))

    assert (january.header.openings, january.header.outflow, january.header.fx) == (140_00, 9_00, 4_50)
    assert accounted(january) == 50_00 + 85_50
    assert february.header.fx == -13_50
    assert accounted(february) == 26_00 + 96_00


def test_an_account_counts_only_where_every_movement_has_a_worth() -> None:
    early = (DOLLARS, date(2025, 12, 31))

    assert missing([early], FOREIGN, RATES, "EUR") == {DOLLARS}
    assert missing([(DOLLARS, date(2026, 1, 1))], FOREIGN, RATES, "EUR") == set()
    assert scope_of(ACCOUNTS, [], "EUR").unconverted == (DOLLARS,)


def test_each_balance_is_rounded_on_its_own() -> None:
    other = UUID(int=9)

    assert (
        worth({DOLLARS: 5, other: 5}, {DOLLARS: "USD", other: "USD"}, RATES, "EUR", date(2026, 1, 5)) == 4 + 4
    )
