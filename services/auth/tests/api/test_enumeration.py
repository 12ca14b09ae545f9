"""Nobody learns whether an address has an account."""

import asyncio
import re

from sqlalchemy import event

BODY = {
    "email": "ada@example.org",
    "password": "orchid kettle seventeen",
    "display_name": "Ada",
    "home_currency": "EUR",
    "timezone": "Europe/Berlin",
}
ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
HIDDEN = {"x-request-id", "x-consistency-token"}


def shape(answer):
    """Status, headers and body with ids and request ids taken out."""
    headers = {name: value for name, value in answer.headers.items() if name not in HIDDEN}
    tokens = len(answer.headers.get("x-consistency-token", "").split(","))
    text = re.sub(r'"(timestamp|request_id|access_token|refresh_token)":\s*"[^"]*"', "", answer.text)
    return answer.status_code, headers, tokens, ID.sub("ID", text)


def statements(auth):
    """The statements of SQLAlchemy's sessions from now on, as they are sent."""
    sent: list[str] = []
    engine = auth.context.sessions.kw["bind"].sync_engine
    event.listen(engine, "before_cursor_execute", lambda *call: sent.append(call[2]))
    event.listen(engine, "commit", lambda _connection: sent.append("COMMIT"))
    return sent


async def test_registering_a_taken_address_answers_as_if_it_were_free(auth):
    free = await auth.client().post("/auth/register", json=BODY)
    taken = await auth.client().post("/auth/register", json=BODY)

    assert free.status_code == 201
    assert shape(free) == shape(taken)
    assert free.json()["user"]["id"] != taken.json()["user"]["id"]


async def test_registering_a_taken_address_makes_nothing_but_a_mail_to_its_owner(auth):
    await auth.register("ada@example.org")
    before = await auth.harness.sql("SELECT count(*) FROM event")

    answer = (await auth.client().post("/auth/register", json=BODY | {"email": "ADA@example.org"})).json()

    assert await auth.harness.sql("SELECT count(*) FROM event") == before
    assert len(await auth.harness.sql("SELECT 1 FROM person")) == 1
    assert await auth.harness.sql("SELECT 1 FROM book WHERE book_id = $1", answer["book"]["id"]) == []
    newest = (await auth.mails("ADA@example.org"))[0]
    assert newest["subject"] == "You have an account already"
    assert "#token=" not in newest["text"]


async def test_registering_runs_as_many_statements_and_commits_on_either_path(auth):
    sent = statements(auth)
    await auth.client().post("/auth/register", json=BODY)
    free = list(sent)
    sent.clear()
    await auth.client().post("/auth/register", json=BODY)

    assert len(free) == len(sent) > 5
    assert free.count("COMMIT") == sent.count("COMMIT") == 1


async def test_of_many_registrations_at_once_with_one_address_one_makes_an_account(auth):
    answers = await asyncio.gather(*(auth.client().post("/auth/register", json=BODY) for _ in range(6)))

    assert {answer.status_code for answer in answers} == {201}
    assert len(await auth.harness.sql("SELECT 1 FROM person")) == 1
    assert len(await auth.harness.sql("SELECT 1 FROM book")) == 1


async def test_a_wrong_password_and_an_unknown_address_are_refused_alike(auth):
    await auth.register("ada@example.org")

    wrong = await auth.client().post(
        "/auth/login", json={"email": "ada@example.org", "password": "not the password"}
    )
    unknown = await auth.client().post(
        "/auth/login", json={"email": "eve@example.org", "password": "not the password"}
    )

    assert wrong.status_code == 401
    assert wrong.json()["code"] == "wrong_credentials"
    assert shape(wrong)[0::3] == (401, shape(unknown)[3].replace("eve@", "ada@"))
    assert shape(wrong)[1] == shape(unknown)[1]


async def test_signing_in_runs_the_same_statements_for_an_unknown_address(auth):
    await auth.register("ada@example.org")
    sent = statements(auth)
    await auth.client().post("/auth/login", json={"email": "ada@example.org", "password": "not it, sorry"})
    wrong = list(sent)
    sent.clear()
    await auth.client().post("/auth/login", json={"email": "eve@example.org", "password": "not it, sorry"})

    assert wrong == sent
    assert wrong


async def test_asking_for_a_new_password_answers_and_does_the_same_for_an_unknown_address(auth):
    await auth.register("ada@example.org")
    sent = statements(auth)
    known = await auth.client().post("/auth/password-reset", json={"email": "ada@example.org"})
    for_known = list(sent)
    sent.clear()
    unknown = await auth.client().post("/auth/password-reset", json={"email": "eve@example.org"})

    assert shape(known) == shape(unknown)
    assert known.status_code == 202
    assert for_known == sent
    assert await auth.mails("eve@example.org") == []
    assert (await auth.mails("ada@example.org"))[0]["subject"] == "Choose a new password"


async def test_being_throttled_says_nothing_about_the_account_either(auth):
    await auth.register("ada@example.org")

    async def guesses(email: str) -> list[int]:
        stranger = auth.client(**{"X-Forwarded-For": f"203.0.113.{len(email)}"})
        body = {"email": email, "password": "not the password"}
        return [(await stranger.post("/auth/login", json=body)).status_code for _ in range(8)]

    assert await guesses("ada@example.org") == await guesses("unknown@example.org")
