"""What a file says, with what was answered, what is remembered, and which account each of its keys stands for."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, BinaryIO
from uuid import UUID

from pfms_common.ids import new_id
from pfms_common.problem import Invalid, NotFound
from pfms_ledger.bankfiles.reading import read
from pfms_ledger.bankfiles.statement import AccountFacts, MappingDoesNotFit, Question, Reading
from pfms_ledger.db.leases import Held, transaction_in
from pfms_ledger.domain.bank_account import Target, name_for
from pfms_ledger.operations.recording import Ledger
from pfms_ledger.queries import imports as queries

TABLES = frozenset({"csv", "xlsx", "xls"})
"""Formats whose mapping is worth remembering: the others say themselves how they are to be read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How a file is to be read.

    Args:
        account_id: where rows go whose key is not in `account_map`.
        answers: the mapping as it was sent.
        account_map: key of the file → account id, "new", "skip", or {name, type, currency} of a new one.
    """

    account_id: UUID | None
    answers: Mapping[str, Any]
    account_map: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Understood:
    """A reading, and the account behind each key that has rows; None: its rows are left out."""

    reading: Reading
    targets: Mapping[str, Target | None]


async def understand(ledger: Ledger, held: Held, asked: Asked, file: BinaryIO, today: Any) -> Understood:
    """One pass over the file; a second one where something remembered, or found in it, tells how to read it.

    Raises:
        NotFound, Invalid: an account that can't be used; UnreadableFile, MappingDoesNotFit.
    """
    default, given = await _given(ledger, held, asked)

    async def reading_with(answers: Mapping[str, Any], targets: Mapping[str, Target | None]) -> Reading:
        return await asyncio.to_thread(
            read,
            file,
            today=today,
            account=_facts(default),
            mapping=dict(answers),
            account_map={key: _facts(target) for key, target in targets.items()},
        )

    answers = asked.answers
    reading = await reading_with(answers, given)
    if not answers and reading.format in TABLES:
        answers, reading = await _as_last_time(ledger, held, default, reading, given, reading_with)
    added = await _added(ledger, held, asked, reading, default)
    if added:
        given = {**given, **added}
        reading = await reading_with(answers, given)
    targets = {
        found.key: given.get(found.key, default)
        for found in reading.accounts
        if found.rows and (found.key in given or default is not None)
    }
    return Understood(await _asking(ledger, held, asked, reading, targets), targets)


def shape_of(reading_shape: str, account_type: str) -> str:
    """What a mapping is remembered by. A bank's card and its checking account may share a header, not a sign."""
    return f"{reading_shape}:{account_type}"


def _facts(target: Target | None) -> AccountFacts | None:
    return None if target is None else AccountFacts(target.currency, target.type)


async def _given(ledger: Ledger, held: Held, asked: Asked) -> tuple[Target | None, dict[str, Target | None]]:
    """The account for all rows that no key sends elsewhere, and the targets that were named."""
    named = {
        key: UUID(value)
        for key, value in asked.account_map.items()
        if isinstance(value, str) and value not in ("new", "skip")
    }
    paths = {f"account_map.{key}": account_id for key, account_id in named.items()}
    if asked.account_id is not None:
        paths["account_id"] = asked.account_id
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        found = await queries.accounts(connection, held.book_id, list(paths.values()))
    for path, account_id in paths.items():
        if account_id not in found:
            raise NotFound(
                "There is no such account in this book.",
                errors={path: ["there is no such account in this book"]},
            )
        if not found[account_id].is_active:
            raise Invalid("The account is closed; reopen it or choose another.", errors={path: ["is closed"]})
    given: dict[str, Target | None] = {
        key: Target(account_id, found[account_id].currency, found[account_id].type)
        for key, account_id in named.items()
    }
    for key, value in asked.account_map.items():
        if value == "skip":
            given[key] = None
        elif isinstance(value, Mapping) and value.get("currency"):
            given[key] = _new(key, value, value["currency"], None)
    default = None
    if asked.account_id is not None:
        one = found[asked.account_id]
        default = Target(one.id, one.currency, one.type)
    return default, given


def _new(key: str, wanted: Mapping[str, Any], currency: str, in_file: str | None) -> Target:
    """An account to be opened: as it was answered, else as the file says."""
    name, last_four = name_for(key)
    return Target(
        new_id(), currency, wanted.get("type") or in_file or "checking", wanted.get("name") or name, last_four
    )


async def _as_last_time(
    ledger: Ledger,
    held: Held,
    default: Target | None,
    reading: Reading,
    given: Mapping[str, Target | None],
    reading_with: Any,
) -> tuple[Mapping[str, Any], Reading]:
    """The reading by the answers that this person gave for a file of this make before, where they still fit."""
    shape = shape_of(reading.shape, default.type if default else "")
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        remembered = await queries.remembered_mapping(connection, held.book_id, held.user_id, shape)
    if remembered is None:
        return {}, reading
    try:
        again: Reading = await reading_with(remembered, given)
    except MappingDoesNotFit:
        return {}, reading
    note = "Read as you answered for an earlier file of this make; send a mapping to change it."
    return remembered, replace(again, warnings=[*again.warnings, note])


async def _added(
    ledger: Ledger, held: Held, asked: Asked, reading: Reading, default: Target | None
) -> dict[str, Target | None]:
    """Targets that the file or an earlier one tells: currencies of new accounts, keys that were named before."""
    in_file = {found.key: found for found in reading.accounts}
    for key in asked.account_map:
        if key not in in_file:
            raise Invalid(
                f"The file speaks of no account {key[:60]!r}.",
                errors={f"account_map.{key[:60]}": ["the file has no such account"]},
            )
    added: dict[str, Target | None] = {}
    for key, value in asked.account_map.items():
        wanted = {} if value == "new" else value
        if isinstance(wanted, Mapping) and not (wanted.get("currency") and wanted.get("type")):
            currency = wanted.get("currency") or in_file[key].currency
            if currency is None:
                raise Invalid(
                    "The file does not say the currency of the new account.",
                    errors={f"account_map.{key[:60]}": ['say {"currency": …}']},
                )
            added[key] = _new(key, wanted, currency, in_file[key].type)
    with_rows = [found.key for found in reading.accounts if found.rows]
    unnamed = [key for key in with_rows if key and key not in asked.account_map]
    if unnamed and (len(with_rows) > 1 or default is None):
        added |= await _remembered(ledger, held, unnamed)
    return added


async def _remembered(ledger: Ledger, held: Held, keys: list[str]) -> dict[str, Target | None]:
    async with transaction_in(ledger.facts.pool, held.book_id) as connection:
        ids = await queries.remembered_accounts(connection, held.book_id, keys)
        found = await queries.accounts(connection, held.book_id, list(ids.values()))
    return {
        key: Target(account_id, found[account_id].currency, found[account_id].type)
        for key, account_id in ids.items()
    }


async def _asking(
    ledger: Ledger, held: Held, asked: Asked, reading: Reading, targets: Mapping[str, Target | None]
) -> Reading:
    """The reading with the questions about accounts that only the book can raise."""
    if any(question.field == "account_map" for question in reading.questions):
        return reading
    with_rows = [found for found in reading.accounts if found.rows]
    questions = [
        Question("account_map", ["new", "skip"], "Say which account these rows belong to.", found.rows)
        for found in with_rows
        if found.key not in targets
    ]
    lone = with_rows[0] if len(with_rows) == 1 else None
    if lone is not None and lone.key and asked.account_id and lone.key not in asked.account_map:
        before = await _remembered(ledger, held, [lone.key])
        other = before.get(lone.key)
        if other is not None and other.account_id != asked.account_id:
            reason = "This bank account was imported into another account before. Say which one is meant."
            options = [str(asked.account_id), str(other.account_id), "new", "skip"]
            questions.append(Question("account_map", options, reason, lone.rows))
    return replace(reading, questions=[*reading.questions, *questions])
