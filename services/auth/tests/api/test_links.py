"""Mailed links: confirming an address, choosing a new password."""

import asyncio

import pytest

PASSWORD, NEW_PASSWORD = "orchid kettle seventeen", "another kettle nineteen"


async def verify(auth, token):
    return await auth.client().post("/auth/verify-email", json={"token": token})


async def confirm(auth, token, password=NEW_PASSWORD):
    return await auth.client().post(
        "/auth/password-reset/confirm", json={"token": token, "password": password}
    )


async def reset_secret(auth, email):
    await auth.client().post("/auth/password-reset", json={"email": email})
    return await auth.secret_mailed(email)


async def log_in(auth, email, password):
    body = {"email": email, "password": password}
    return (await auth.client().post("/auth/login", json=body)).status_code


class TestConfirmingAnAddress:
    async def test_marks_the_account_and_tells_of_it(self, auth):
        ada = await auth.register()

        assert (await verify(auth, await auth.secret_mailed(ada.email))).status_code == 204

        profile = (await ada.client.get("/user/profile")).json()
        assert profile["is_verified"] is True
        assert profile["version"] == 2
        assert "user.verified" in await auth.events(ada.user_id)

    async def test_works_once(self, auth):
        secret = await auth.secret_mailed((await auth.register()).email)
        await verify(auth, secret)

        answer = await verify(auth, secret)

        assert (answer.status_code, answer.json()["code"]) == (400, "link_not_valid")

    async def test_works_for_a_quarter_of_an_hour(self, auth):
        secret = await auth.secret_mailed((await auth.register()).email)
        auth.clock.forward(minutes=15)

        assert (await verify(auth, secret)).status_code == 400

    async def test_can_be_asked_for_again(self, auth):
        ada = await auth.register()
        auth.clock.forward(hours=1)
        answer = await auth.client().post("/auth/verify-email/resend", json={"email": ada.email.upper()})

        assert answer.status_code == 202
        assert (await verify(auth, await auth.secret_mailed(ada.email))).status_code == 204

    async def test_is_not_mailed_again_once_done(self, auth):
        ada = await auth.register()
        await verify(auth, await auth.secret_mailed(ada.email))
        before = len(await auth.mails(ada.email))

        answer = await auth.client().post("/auth/verify-email/resend", json={"email": ada.email})

        assert answer.status_code == 202
        assert len(await auth.mails(ada.email)) == before

    async def test_cannot_be_done_with_a_link_for_a_password(self, auth):
        ada = await auth.register()

        assert (await verify(auth, await reset_secret(auth, ada.email))).status_code == 400


class TestChoosingANewPassword:
    async def test_takes_the_place_of_the_old_one(self, auth):
        ada = await auth.register()

        assert (await confirm(auth, await reset_secret(auth, ada.email))).status_code == 204

        assert await log_in(auth, ada.email, PASSWORD) == 401
        assert await log_in(auth, ada.email, NEW_PASSWORD) == 200

    async def test_ends_every_session_and_tells_the_owner(self, auth):
        ada = await auth.register()
        phone = await auth.sign_in(ada.email, ada.user_id, ada.book_id)
        await confirm(auth, await reset_secret(auth, ada.email))

        for token in (ada.refresh_token, phone.refresh_token):
            answer = await auth.client().post("/auth/refresh", json={"refresh_token": token})
            assert answer.status_code == 401
        assert (await auth.mails(ada.email))[0]["subject"] == "Your password was changed"
        assert (await auth.events(ada.user_id)).count("session.revoked") == 2

    async def test_proves_the_address(self, auth):
        ada = await auth.register()
        await confirm(auth, await reset_secret(auth, ada.email))

        [row] = await auth.harness.sql("SELECT is_verified FROM person")
        assert row["is_verified"]

    async def test_of_two_at_once_one_succeeds(self, auth):
        secret = await reset_secret(auth, (await auth.register()).email)

        answers = await asyncio.gather(confirm(auth, secret), confirm(auth, secret))

        assert sorted(answer.status_code for answer in answers) == [204, 400]

    @pytest.mark.parametrize("password", ["too short", "password1234", "x" * 129])
    async def test_is_held_to_the_same_rule_and_a_refusal_leaves_the_link_usable(self, auth, password):
        secret = await reset_secret(auth, (await auth.register()).email)

        refused = await confirm(auth, secret, password)

        assert refused.status_code == 400
        assert "password" in refused.json()["errors"]
        assert (await confirm(auth, secret)).status_code == 204

    @pytest.mark.parametrize("token", ["x", "A" * 43, "Ω"])
    async def test_needs_a_link_of_ours(self, auth, token):
        answer = await confirm(auth, token)

        assert (answer.status_code, answer.json()["code"]) == (400, "link_not_valid")

    async def test_goes_to_the_address_as_it_is_stored(self, auth):
        await auth.register("Ada@example.org")

        await auth.client().post("/auth/password-reset", json={"email": "ADA@EXAMPLE.ORG"})

        newest = (await auth.mails("ada@example.org"))[0]
        assert newest["to"] == "Ada@example.org"


async def test_secrets_are_kept_hashed_and_waiting_mails_sealed(auth):
    ada = await auth.register()
    secret = await reset_secret(auth, ada.email)
    await auth.client().post("/auth/password-reset", json={"email": ada.email})

    links = await auth.harness.sql("SELECT l::text AS row FROM link l")
    mails = await auth.harness.sql("SELECT sealed FROM mail")
    assert len(mails) == 1
    assert not any(secret in row["row"] for row in links)
    assert not any(b"password" in row["sealed"] or b"example" in row["sealed"] for row in mails)
