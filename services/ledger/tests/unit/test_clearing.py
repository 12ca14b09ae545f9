"""What a row of a bank file does to the transaction it stands for."""

from dataclasses import replace
from datetime import date

import pytest

from pfms_common.ids import new_id
from pfms_ledger.domain.clearing import Booked, clear
from pfms_ledger.domain.posting import Place
from pfms_ledger.domain.transaction import Split, Transaction

DAY = date(2026, 3, 1)
PENDING = Transaction(
    id=new_id(),
    type="standard",
    status="pending",
    date=DAY,
    amount_minor=-10_000,
    currency="EUR",
    splits=(Split(-10_000),),
    account_id=new_id(),
)
ROW = Booked(date(2026, 3, 3), -11_200, "R1")
ANNOUNCED = Booked(DAY, -10_000, "R1", pending=True)


def test_a_pending_transaction_is_cleared_and_gets_the_bank_s_id_and_keeps_what_a_person_wrote():
    after = clear(PENDING, ROW)

    assert after == replace(PENDING, status="cleared", bank_id="R1")


def test_one_that_the_bank_announced_takes_the_amount_and_day_it_booked():
    after = clear(PENDING, ROW, ANNOUNCED)

    assert (after.status, after.amount_minor, after.date) == ("cleared", -11_200, ROW.date)
    assert [split.amount_minor for split in after.splits] == [-11_200]
    assert after.splits[0].id == PENDING.splits[0].id


@pytest.mark.parametrize(
    "change",
    [
        {"amount_minor": -9_000, "splits": (Split(-9_000),)},
        {"date": date(2026, 2, 28)},
        {"splits": (Split(-4_000), Split(-6_000))},
    ],
    ids=["amount", "day", "splits"],
)
def test_what_a_person_changed_since_it_was_announced_stays(change):
    before = replace(PENDING, **change)

    after = clear(before, ROW, ANNOUNCED)

    assert after == replace(before, status="cleared", bank_id="R1")


def test_a_reconciled_transaction_stays_as_it_is():
    reconciled = replace(PENDING, status="reconciled")

    assert clear(reconciled, ROW, ANNOUNCED) == reconciled


def test_an_id_that_is_there_is_not_replaced():
    known = replace(PENDING, status="cleared", bank_id="R0")

    assert clear(known, ROW) == known


def test_a_row_that_is_pending_itself_clears_nothing():
    assert clear(PENDING, replace(ROW, pending=True)).status == "pending"


def test_a_transfer_gets_no_bank_s_id_since_it_stands_in_two_files():
    transfer = replace(
        PENDING,
        type="transfer",
        account_id=None,
        splits=(),
        amount_minor=10_000,
        source=Place(new_id(), 10_000, "EUR"),
        target=Place(new_id(), 10_000, "EUR"),
    )

    assert clear(transfer, ROW) == replace(transfer, status="cleared")
