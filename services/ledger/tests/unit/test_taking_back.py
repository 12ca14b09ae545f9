"""What taking an import back leaves, and what it restores."""

from dataclasses import replace
from datetime import date

import pytest

from pfms_common.ids import new_id
from pfms_ledger.domain.bank_account import name_for
from pfms_ledger.domain.clearing import Booked, clear
from pfms_ledger.domain.taking_back import reason_to_keep, restored
from pfms_ledger.domain.transaction import Split, Transaction

BROUGHT = Transaction(
    id=new_id(),
    type="standard",
    status="cleared",
    date=date(2026, 3, 1),
    amount_minor=-500,
    currency="EUR",
    splits=(Split(-500),),
    account_id=new_id(),
)


@pytest.mark.parametrize(
    ("status", "edited", "matched", "reason"),
    [
        ("cleared", False, False, None),
        ("pending", False, False, None),
        ("cleared", True, False, "edited"),
        ("cleared", False, True, "matched"),
        ("reconciled", False, False, "reconciled"),
        ("reconciled", True, True, "reconciled"),
    ],
)
def test_what_was_worked_on_since_is_kept_and_says_why(status, edited, matched, reason):
    assert reason_to_keep(replace(BROUGHT, status=status), edited=edited, matched=matched) == reason


def test_restoring_undoes_what_clearing_did_and_leaves_the_rest():
    before = replace(BROUGHT, status="pending", note="mine")
    announced = Booked(before.date, before.amount_minor, pending=True)

    cleared = clear(before, Booked(date(2026, 3, 4), -700, "R1"), announced)

    assert cleared != before
    assert restored(cleared, before) == before


@pytest.mark.parametrize(
    ("key", "name", "last_four"),
    [
        ("DE89 3704 0044 0532 0130 00", "Account …3000", "3000"),
        ("12345678", "Account …5678", "5678"),
        ("Girokonto", "Girokonto", None),
        ("Sparbuch 7", "Sparbuch 7", None),
        ("", "Imported account", None),
    ],
)
def test_a_new_account_is_named_by_its_key_but_its_number_is_not_written_out(key, name, last_four):
    assert name_for(key) == (name, last_four)
