"""A transfer with a fee: the fee is spending, the rest only moves."""

from datetime import date

from pfms_budget.domain.cells import Cell, Kind, added_up, cells_of
from pfms_budget.operations.news import moved
from pfms_common.ids import new_id
from pfms_events.contracts.ledger.transaction import Fee, Side, TransactionCreated

DAY = date(2026, 2, 3)


def test_a_fee_is_spent_from_where_the_money_leaves_and_every_account_adds_up():
    source, target, fees = new_id(), new_id(), new_id()
    event = TransactionCreated(
        id=new_id(),
        type="transfer",
        kind="transfer",
        status="cleared",
        date=DAY,
        amount_minor=10_250,
        currency="EUR",
        from_=Side(account_id=source, amount_minor=10_250, currency="EUR"),
        to=Side(account_id=target, amount_minor=16_250, currency="JPY"),
        fee=Fee(amount_minor=250, category_id=fees),
    )

    cells = added_up(map(cells_of, moved(event)))

    assert {cell: tally[:2] for cell, tally in cells.items()} == {
        Cell(DAY, source, Kind.SPLIT, None, target): (-10_000, 1),
        Cell(DAY, target, Kind.SPLIT, None, source): (16_250, 1),
        Cell(DAY, source, Kind.SPLIT, fees, None): (-250, 1),
    }
