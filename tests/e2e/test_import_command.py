"""`pfms import`: a bank's file through the API, as who sits at a terminal brings it, or a script."""

import asyncio
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from pfms_embedded import bring as command
from pfms_embedded.bring import Wanted, bring
from pfms_embedded.terminal import Terminal

GOOD = """Date,Payee,Amount
2026-03-01,Landlord,-800.00
2026-03-02,Shop,-12.50
2026-03-05,Employer,2500.00
2026-03-05,Bus,-3
"""
UNSIGNED = "Date,Payee,Amount\n2026-03-01,Shop,12.50\n2026-03-02,Bar,7.00\n"


@dataclass
class Scripted:
    """A terminal whose person answers what the test says; an answer that is an exception is raised."""

    answers: list[str | BaseException] = field(default_factory=list)
    attended: bool = True
    said: list[str] = field(default_factory=list)
    lives: list[str] = field(default_factory=list)

    def terminal(self) -> Terminal:
        return Terminal(
            self.said.append, self.said.append, self.lives.append, self.answer, self.answer, self.attended
        )

    def answer(self, question: str) -> str:
        self.said.append(question)
        answer = self.answers.pop(0)
        if isinstance(answer, BaseException):
            raise answer
        return answer

    @property
    def text(self) -> str:
        return "\n".join(self.said)


@pytest.fixture
def run(anna, base_url, monkeypatch, tmp_path):
    """Runs the command for Anna at a scripted terminal."""
    monkeypatch.setenv("PFMS_EMAIL", anna.email)
    monkeypatch.setenv("PFMS_PASSWORD", anna.password)
    monkeypatch.delenv("PFMS_TOKEN", raising=False)

    async def ran(at: Scripted, content: str, account: str = "checking", **wanted) -> int:
        file = tmp_path / "march.csv"
        file.write_text(content)
        return await asyncio.to_thread(bring, Wanted(file, account, **wanted), base_url, at.terminal())

    return ran


async def imports_of(user) -> list[dict]:
    return (await user.get("/imports"))["items"]


async def test_a_script_imports_a_file_and_a_second_time_nothing_is_new(anna, base_url, tmp_path):
    account = await anna.account(opening_balance_minor=10_000)
    (tmp_path / "march.csv").write_text(GOOD + "2026-03-06,Nobody,12.3.4\n")
    arguments = [
        "import",
        str(tmp_path / "march.csv"),
        "--account",
        account["id"],
        "--url",
        base_url,
        "--yes",
    ]
    told = {**os.environ, "PFMS_TOKEN": anna.tokens["access_token"]}

    def ran() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pfms_embedded", *arguments],
            env=told,
            capture_output=True,
            text=True,
            check=False,
        )

    first = await asyncio.to_thread(ran)
    second = await asyncio.to_thread(ran)

    assert first.returncode == second.returncode == command.LEFT_OUT, first.stderr
    assert "4 rows imported. Checking holds 1,784.50 EUR." in first.stdout
    assert "row 6: '12.3.4' is no amount" in first.stdout
    assert "in 2,500.00 EUR, out -815.50 EUR" in first.stdout
    assert "There is nothing new in it." in second.stdout
    assert [row["status"] for row in await imports_of(anna)] == ["completed"]


async def test_what_is_open_is_asked_and_the_import_agreed_to(anna, run):
    await anna.account()
    at = Scripted(["9", "1", "y"])

    code = await run(at, UNSIGNED)

    assert code == command.DONE, at.text
    assert "2026-03-01 | Shop | 12.50" in at.text
    assert "amounts carry no sign" in at.text
    assert "Import 2 rows into Checking?" in at.text
    assert "2 rows imported. Checking holds -19.50 EUR." in at.text
    assert any(live.startswith("Reading") for live in at.lives)


async def test_nobody_to_ask_is_told_how_to_answer_and_does_so(anna, run):
    await anna.account()
    alone, answered = Scripted(attended=False), Scripted(attended=False)

    refused = await run(alone, UNSIGNED, yes=True)
    left = await imports_of(anna)
    done = await run(answered, UNSIGNED, yes=True, answers={"unsigned": "in"})

    assert (refused, left) == (command.OPEN, [])
    assert "--answer 'unsigned=out|in'" in alone.text
    assert done == command.DONE
    assert "Checking holds 19.50 EUR." in answered.text


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        (["n"], command.REFUSED),
        ([KeyboardInterrupt()], command.INTERRUPTED),
        ([EOFError()], command.INTERRUPTED),
    ],
    ids=["declined", "interrupted", "no more input"],
)
async def test_who_stops_before_the_import_leaves_nothing_behind(anna, run, answers, code):
    await anna.account()

    assert await run(Scripted(answers), GOOD) == code
    assert await imports_of(anna) == []
    assert (await anna.get("/transactions"))["items"] == []


async def test_who_stops_during_the_import_is_told_that_it_goes_on(anna, run, monkeypatch):
    await anna.account()
    at = Scripted(["y"])

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(command.time, "sleep", interrupted)
    code = await run(
        at, "Date,Payee,Amount\n" + "".join(f"2026-03-01,Shop {n},-1.00\n" for n in range(1_500))
    )

    assert code == command.INTERRUPTED
    assert "PFMS goes on with it" in at.text
    await anna.until(lambda: imports_of(anna), lambda found: found[0]["status"] == "completed")


async def test_what_is_refused_is_said_in_words(anna, run, base_url, monkeypatch):
    await anna.account()
    unknown, unread, wrong = Scripted(), Scripted(), Scripted()

    assert await run(unknown, GOOD, account="Savings") == command.REFUSED
    assert await run(unread, "hello\n") == command.REFUSED
    monkeypatch.setenv("PFMS_PASSWORD", "not the password of anybody")
    assert await run(wrong, GOOD) == command.REFUSED
    nowhere = Scripted()
    assert (
        bring(Wanted(Path(__file__), "Checking"), "http://127.0.0.1:1", nowhere.terminal()) == command.REFUSED
    )

    assert "there is no account 'Savings'; there are: Checking" in unknown.text
    assert "no table" in unread.text
    assert wrong.text
    assert "PFMS does not answer" in nowhere.text
