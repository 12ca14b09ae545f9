"""What a client is told when the database gives up."""

import asyncpg
import pytest

from pfms_common.sql import refusal_of


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (asyncpg.QueryCanceledError(), "too long"),
        (asyncpg.LockNotAvailableError(), "Somebody else"),
        (asyncpg.DeadlockDetectedError(), "Somebody else"),
    ],
)
def test_a_statement_that_took_too_long_is_not_blamed_on_somebody_who_writes(error, says):
    refusal = refusal_of(error)

    assert refusal is not None
    assert says in refusal.detail


def test_a_bug_of_ours_is_no_refusal():
    assert refusal_of(asyncpg.UndefinedColumnError()) is None
