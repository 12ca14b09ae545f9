"""`pfms import`: a bank's file into a running PFMS, with its preview, its questions and its report in words.

Exit codes: 0 imported, or nothing was new; 1 refused, failed or declined; 2 the command was not understood;
3 something is open and nobody is there to answer; 4 imported, but rows with an error or in conflict were left out;
130 interrupted.
"""

import contextlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx2 as httpx

from pfms_common.currency import CURRENCIES
from pfms_embedded.client import Client, Told, one_of, sign_in
from pfms_embedded.terminal import Terminal, bar

DONE, REFUSED, OPEN, LEFT_OUT, INTERRUPTED = 0, 1, 3, 4, 130
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.2, 2.5
"""The gateway lets a person look at imports thirty times a minute."""
MOST_SHOWN = 10
_STATES = {
    "new": "become transactions",
    "match": "clear a transaction that is there",
    "duplicate": "were imported before, or stand twice in the file",
    "conflict": "have the bank's id of a row with another amount; left out",
    "error": "can't be imported; left out",
    "skipped": "left out on purpose, such as zero amounts",
}


@dataclass(frozen=True)
class Wanted:
    """What was asked for; `answers`: field → option, and account_map.KEY → account, for what a file leaves open."""

    file: Path
    account: str
    book: str | None = None
    yes: bool = False
    answers: Mapping[str, str] = field(default_factory=dict)


class Open(Exception):
    """A question that nobody is there to answer."""


def bring(wanted: Wanted, url: str, at: Terminal) -> int:
    """Does it all, and answers with the exit code."""
    if not wanted.file.is_file():
        at.warn(f"pfms: there is no file {wanted.file}")
        return REFUSED
    with httpx.Client(base_url=f"{url.rstrip('/')}/api/v1", timeout=60) as http:
        try:
            return _brought(wanted, sign_in(http, at), at)
        except Told as told:
            at.live("")
            at.warn(f"pfms: {told}")
            return REFUSED
        except Open as question:
            at.warn(f"pfms: {question}\nNothing was imported.")
            return OPEN
        except (KeyboardInterrupt, EOFError):
            at.live("")
            at.warn("Nothing was imported.")
            return INTERRUPTED


def _brought(wanted: Wanted, client: Client, at: Terminal) -> int:
    if wanted.book:
        book = one_of(client.ask("GET", "/books")["items"], wanted.book, "book")
        client.http.headers["Book-Id"] = book["id"]
    accounts = client.ask("GET", "/accounts")["items"]
    account = one_of(accounts, wanted.account, "account")
    at.live(f"Reading {wanted.file.name} …")
    sent = client.ask(
        "POST",
        "/imports",
        file=wanted.file,
        data={"account_id": account["id"]},
        headers={"Idempotency-Key": str(uuid4())},
    )
    path = f"/imports/{sent['id']}"
    try:
        found = _Questions(client, at, wanted, accounts, account).settled(_past(client, path, "reading", at))
        at.live("")
        for line in preview(found, account["currency"], _rows(client, path, found, "conflict")):
            at.say(line)
        fresh = found["rows_new"] + found["rows_match"]
        if not fresh or not _agreed(wanted, at, fresh, account["name"]):
            client.ask("DELETE", path)
            at.say("There is nothing new in it." if not fresh else "Nothing was imported.")
            return _code(found) if not fresh else REFUSED
    except BaseException:
        with contextlib.suppress(Told):
            client.ask("DELETE", path)
        raise
    try:
        client.ask("POST", f"{path}/commit", json={}, headers={"Idempotency-Key": str(uuid4())})
        done = _past(client, path, "processing", at)
    except KeyboardInterrupt:
        at.live("")
        at.warn(f"PFMS goes on with it: GET {path} says how far it is, DELETE {path} takes it back.")
        return INTERRUPTED
    at.live("")
    if done["status"] != "completed":
        raise Told(f"the import failed after {done['rows_imported']} rows: {done['error']}")
    account = client.ask("GET", f"/accounts/{account['id']}")
    balance = money(account["balance_minor"], account["currency"])
    at.say(f"{done['rows_imported']:,} rows imported. {account['name']} holds {balance}.")
    return _code(done)


def _code(found: Mapping[str, Any]) -> int:
    return LEFT_OUT if found["rows_error"] + found["rows_conflict"] else DONE


def _past(client: Client, path: str, status: str, at: Terminal) -> dict[str, Any]:
    """The import once it is no longer in this status; how far it is shows meanwhile."""
    wait = FIRST_LOOK_SECONDS
    while True:
        found: dict[str, Any] = client.ask("GET", path)
        if found["status"] != status:
            return found
        if status == "processing":
            at.live(f"{bar(found['rows_imported'], found['rows_new'] + found['rows_match'])} rows written")
        time.sleep(wait)
        wait = min(wait * 1.5, LONGEST_LOOK_SECONDS)


def _rows(client: Client, path: str, found: Mapping[str, Any], state: str) -> list[dict[str, Any]]:
    if not found[f"rows_{state}"]:
        return []
    rows: list[dict[str, Any]] = client.ask("GET", f"{path}/rows?state={state}&limit={MOST_SHOWN}")["items"]
    return rows


def _agreed(wanted: Wanted, at: Terminal, fresh: int, name: str) -> bool:
    if wanted.yes:
        return True
    if not at.attended:
        raise Open("nobody is there to agree to the import: add --yes")
    return at.ask(f"Import {fresh:,} rows into {name}? [Y/n] ").strip().casefold() in ("", "y", "yes")


def preview(
    found: Mapping[str, Any], currency: str, conflicts: Sequence[Mapping[str, Any]] = ()
) -> list[str]:
    """The lines that tell what a file would bring."""
    lines = [f"{found['file_name']}: {found['format'].upper()}, {found['rows_total']:,} rows"]
    lines += [
        f"  {found[f'rows_{state}']:>9,}  {state:<10}{meaning}"
        for state, meaning in _STATES.items()
        if found[f"rows_{state}"]
    ]
    currencies = {one["currency"] or currency for one in found["accounts"] if one["rows"]} or {currency}
    if len(currencies) == 1:
        only = currencies.pop()
        coming, going = money(found["sum_in_minor"], only), money(found["sum_out_minor"], only)
        lines.append(f"  in {coming}, out {going}, duplicates included")
    lines += [f"  row {error['row']}: {error['message']}" for error in found["errors"][:MOST_SHOWN]]
    more = len(found["errors"]) - MOST_SHOWN
    lines += [f"  … and {more} more rows with errors"] if more > 0 else []
    for row in conflicts:
        amount = money(row["amount_minor"], row["currency"])
        lines.append(f"  row {row['row']}: {row['date']} {row['payee']} {amount}: {row['error']}")
    return lines + [f"  note: {warning}" for warning in found["warnings"]]


def money(minor: int, currency: str) -> str:
    """An amount as people read it: 12,345.67 EUR."""
    exponent = CURRENCIES[currency].exponent
    whole, part = divmod(abs(minor), 10**exponent)
    decimals = f".{part:0{exponent}}" if exponent else ""
    return f"{'-' if minor < 0 else ''}{whole:,}{decimals} {currency}"


@dataclass
class _Questions:
    """Asks what a file leaves open until nothing is; the answers that came with the command are tried first."""

    client: Client
    at: Terminal
    wanted: Wanted
    accounts: list[dict[str, Any]]
    account: dict[str, Any]

    def settled(self, found: dict[str, Any]) -> dict[str, Any]:
        given = dict(self.wanted.answers)
        samples_shown = False
        while found["status"] == "needs_mapping":
            mapping, account_map = self._given(found, given)
            if not mapping and not account_map:
                if self.wanted.yes or not self.at.attended:
                    raise Open(_asked(found))
                if not samples_shown:
                    self.at.live("")
                    self.at.say("\n".join("  " + " | ".join(sample) for sample in found["samples"]))
                    samples_shown = True
                mapping, account_map = self._answered(found)
            body = {"mapping": mapping, "account_map": account_map}
            try:
                self.client.ask("PUT", f"/imports/{found['id']}/mapping", json=body)
            except Told as refusal:
                if self.wanted.yes or not self.at.attended:
                    raise
                self.at.say(str(refusal))
                continue
            found = _past(self.client, f"/imports/{found['id']}", "reading", self.at)
        if found["status"] == "failed":
            raise Told(f"the file can't be read: {found['error']}")
        return found

    def _given(
        self, found: Mapping[str, Any], given: dict[str, str]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Answers of the command to what is asked now; each is used once."""
        mapping: dict[str, Any] = {}
        account_map: dict[str, Any] = {}
        for question in found["questions"]:
            if question["field"] == "account_map":
                for one in found["accounts"]:
                    answer = given.pop(f"account_map.{one['key']}", None)
                    if answer is not None:
                        account_map[one["key"]] = self._target(answer)
            elif question["field"] in given:
                mapping[question["field"]] = _value(given.pop(question["field"]))
        return mapping, account_map

    def _answered(self, found: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        mapping: dict[str, Any] = {}
        account_map: dict[str, Any] = {}
        for question in found["questions"]:
            self.at.say(f"{question['reason']} ({question['rows']:,} rows)")
            if question["field"] != "account_map":
                mapping[question["field"]] = self._choice(question["options"])
                continue
            for one in _open_accounts(found):
                text = f"{one['key'] or 'without a name'} ({one['rows']:,} rows): an account's name, new or skip? "
                account_map[one["key"]] = self._target(self.at.ask(text).strip())
        return mapping, account_map

    def _choice(self, options: list[Any]) -> Any:
        for number, option in enumerate(options, 1):
            self.at.say(f"  {number}  {_shown(option)}")
        while True:
            answer = self.at.ask(f"1 to {len(options)}: ").strip()
            if answer.isdecimal() and 1 <= int(answer) <= len(options):
                return options[int(answer) - 1]

    def _target(self, answer: str) -> Any:
        """An account for rows of the file: by its name or id, new, skip, or JSON that describes a new one."""
        if answer in ("new", "skip"):
            return answer
        if answer.startswith("{"):
            return _value(answer)
        return one_of(self.accounts, answer, "account")["id"]


def _open_accounts(found: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The accounts of the file that nobody has placed; where all are, the question is about their place."""
    with_rows = [one for one in found["accounts"] if one["rows"]]
    return [one for one in with_rows if not one["account_id"]] or with_rows


def _asked(found: Mapping[str, Any]) -> str:
    """What is open, and how the command can answer it."""
    lines = ["the file leaves something open:"]
    for question in found["questions"]:
        lines.append(f"  {question['reason']} ({question['rows']:,} rows)")
        if question["field"] == "account_map":
            lines += [
                f"    --answer 'account_map.{one['key']}=NAME|new|skip'" for one in _open_accounts(found)
            ]
        else:
            options = "|".join(map(_shown, question["options"]))
            lines.append(f"    --answer '{question['field']}={options}'")
    return "\n".join(lines)


def _shown(option: Any) -> str:
    return option if isinstance(option, str) else json.dumps(option, ensure_ascii=False)


def _value(text: str) -> Any:
    """JSON where it is (true, null, 3, {…}), else the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
