"""Guessing gets slower, and never stands in the owner's way."""

import asyncio

PASSWORD, WRONG = "orchid kettle seventeen", "not the password"


async def guess(auth, email, place, password=WRONG):
    client = auth.client(**{"X-Forwarded-For": place})
    return await client.post("/auth/login", json={"email": email, "password": password})


async def test_the_sixth_failure_in_a_row_makes_wait(auth):
    ada = await auth.register()

    statuses = [(await guess(auth, ada.email, "203.0.113.7")).status_code for _ in range(7)]
    assert statuses == [401] * 6 + [429]

    answer = await guess(auth, ada.email, "203.0.113.7")
    assert answer.json()["code"] == "too_many_requests"
    assert answer.headers["retry-after"] == "2"


async def test_each_further_failure_doubles_the_wait_up_to_a_quarter_of_an_hour(auth):
    ada = await auth.register()
    waits = []
    for _ in range(20):
        answer = await guess(auth, ada.email, "203.0.113.7")
        if answer.status_code == 429:
            waits.append(int(answer.headers["retry-after"]))
            auth.clock.forward(seconds=waits[-1])

    assert waits == [2, 4, 8, 16, 32, 64, 128, 256][: len(waits)]
    for _ in range(12):
        answer = await guess(auth, ada.email, "203.0.113.7")
        auth.clock.forward(seconds=int(answer.headers.get("retry-after", 0)))
        assert int(answer.headers.get("retry-after", 0)) <= 900


async def test_guesses_from_everywhere_count_together_for_one_account(auth):
    ada = await auth.register()

    statuses = [(await guess(auth, ada.email, f"203.0.113.{n}")).status_code for n in range(7)]

    assert statuses[-1] == 429


async def test_guesses_at_many_accounts_count_together_for_one_place(auth):
    statuses = [(await guess(auth, f"{n}@example.org", "203.0.113.7")).status_code for n in range(7)]

    assert statuses[-1] == 429
    assert (await guess(auth, "another@example.org", "203.0.113.8")).status_code == 401


async def test_after_two_hundred_guesses_the_owner_signs_in_from_home(auth):
    ada = await auth.register()
    for n in range(200):
        await guess(auth, ada.email, f"203.0.{n}.7")

    assert (await guess(auth, ada.email, "203.0.113.200", PASSWORD)).status_code == 429
    await auth.sign_in(ada.email, ada.user_id, ada.book_id)


async def test_after_two_hundred_guesses_a_new_password_opens_the_account_from_anywhere(auth):
    ada = await auth.register()
    for n in range(200):
        await guess(auth, ada.email, f"203.0.{n}.7")
    await auth.client().post("/auth/password-reset", json={"email": ada.email})
    reset = {"token": await auth.secret_mailed(ada.email), "password": "another kettle nineteen"}
    assert (await auth.client().post("/auth/password-reset/confirm", json=reset)).status_code == 204

    assert (await guess(auth, ada.email, "198.51.100.1", "another kettle nineteen")).status_code == 200


async def test_a_place_from_which_the_owner_signed_in_is_known_from_then_on(auth):
    ada = await auth.register()
    assert (await guess(auth, ada.email, "198.51.100.1", PASSWORD)).status_code == 200
    for n in range(20):
        await guess(auth, ada.email, f"203.0.113.{n}")

    assert (await guess(auth, ada.email, "198.51.100.1", PASSWORD)).status_code == 200


async def test_a_right_password_ends_the_row_of_failures(auth):
    ada = await auth.register()
    for _ in range(3):
        for _ in range(4):
            assert (await guess(auth, ada.email, "127.0.0.1")).status_code == 401
        assert (await guess(auth, ada.email, "127.0.0.1", PASSWORD)).status_code == 200


async def test_a_right_password_does_not_count_against_its_place(auth):
    for _ in range(8):
        ada = await auth.register()
        assert (await guess(auth, ada.email, "203.0.113.7", PASSWORD)).status_code == 200


async def test_guesses_at_once_are_counted_before_they_are_tried(auth):
    ada = await auth.register()

    answers = await asyncio.gather(*(guess(auth, ada.email, "203.0.113.7") for _ in range(30)))

    assert sorted(answer.status_code for answer in answers) == [401] * 6 + [429] * 24


async def test_after_a_day_of_rest_failures_are_forgotten(auth):
    ada = await auth.register()
    for _ in range(10):
        await guess(auth, ada.email, "203.0.113.7")
    auth.clock.forward(days=1, seconds=1)

    statuses = [(await guess(auth, ada.email, "203.0.113.7")).status_code for _ in range(6)]

    assert statuses == [401] * 6


async def test_the_counters_name_nobody(auth):
    ada = await auth.register()
    await guess(auth, ada.email, "203.0.113.7")

    rows = await auth.harness.sql("SELECT key FROM throttle")
    assert {len(row["key"]) for row in rows} == {32}


async def test_registering_with_an_address_again_and_again_does_not_fill_its_mailbox(auth):
    ada = await auth.register()
    body = {"email": ada.email, "password": PASSWORD, "display_name": "Eve", "home_currency": "EUR"}

    answers = [await auth.client().post("/auth/register", json=body | {"timezone": "UTC"}) for _ in range(8)]

    assert {answer.status_code for answer in answers} == {201}
    subjects = [mail["subject"] for mail in await auth.mails(ada.email)]
    assert 1 <= subjects.count("You have an account already") <= 2


async def test_mails_that_strangers_ask_for_stop_without_a_word(auth):
    ada = await auth.register()

    answers = [await auth.client().post("/auth/password-reset", json={"email": ada.email}) for _ in range(10)]

    assert {answer.status_code for answer in answers} == {202}
    subjects = [mail["subject"] for mail in await auth.mails(ada.email)]
    assert 2 <= subjects.count("Choose a new password") <= 3
