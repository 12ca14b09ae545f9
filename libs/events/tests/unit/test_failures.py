import asyncpg
import pytest

from pfms_common.problem import Busy, StorageFull, Unavailable
from pfms_events.failures import describe, due_in, is_away, is_transient


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.DeadlockDetectedError(),
        asyncpg.SerializationError(),
        asyncpg.LockNotAvailableError(),
        asyncpg.QueryCanceledError(),
        asyncpg.DiskFullError(),
        asyncpg.IdleInTransactionSessionTimeoutError(),
        StorageFull(),
        TimeoutError(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_passes_by_itself_is_tried_again(error: Exception) -> None:
    assert is_transient(error)
    assert not is_away(error)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.ConnectionDoesNotExistError(),
        asyncpg.AdminShutdownError(),
        asyncpg.CannotConnectNowError(),
        asyncpg.InterfaceError("closed"),
        ConnectionRefusedError(),
        Unavailable(),
        Busy(),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_database_that_is_away_is_waited_for(error: Exception) -> None:
    assert is_away(error)
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [asyncpg.UniqueViolationError(), asyncpg.DivisionByZeroError(), ValueError("no"), KeyError("x")],
    ids=lambda error: type(error).__name__,
)
def test_all_else_is_permanent(error: Exception) -> None:
    assert not is_transient(error)


def test_five_tries_further_and_further_apart_and_then_it_is_parked() -> None:
    waits = [due_in(attempts) for attempts in range(1, 6)]

    tries = zip(waits, (1, 5, 15, 60, 300), strict=True)
    assert all(wait is not None and 0.8 * base <= wait <= 1.2 * base for wait, base in tries)
    assert due_in(6) is None


def test_an_error_is_told_in_one_line_without_the_rows_values() -> None:
    error = asyncpg.UniqueViolationError("duplicate key\nDETAIL:  Key (note)=(secret) already exists.")

    assert describe(error) == "UniqueViolationError: duplicate key"
