"""Members and invitations: a household comes together and apart."""

import asyncio

import pytest

from pfms_common.ids import new_id


async def invite(auth, owner, email, role="editor"):
    answer = await owner.client.post(
        f"/books/{owner.book_id}/invitations", json={"email": email, "role": role}
    )
    assert answer.status_code == 201, answer.text
    return answer.json()


async def join(auth, owner, person, role="editor"):
    """Invites somebody, who accepts by the mailed link and gets a client that shows the fresh token."""
    sent = await invite(auth, owner, person.email, role)
    secret = await auth.secret_mailed(person.email)
    answer = await person.client.post(f"/invitations/{sent['id']}/accept", json={"token": secret})
    assert answer.status_code == 200, answer.text
    return auth.client(answer.json()["access_token"])


@pytest.fixture
async def ada(auth):
    return await auth.register(display_name="Ada")


@pytest.fixture
async def bob(auth):
    return await auth.register(display_name="Bob")


class TestInviting:
    async def test_mails_a_link_that_makes_a_member(self, auth, ada, bob):
        sent = await invite(auth, ada, bob.email)
        secret = await auth.secret_mailed(bob.email)

        answer = await bob.client.post(f"/invitations/{sent['id']}/accept", json={"token": secret})

        assert answer.status_code == 200
        assert answer.json() | {"id": str(ada.book_id), "role": "editor"} == answer.json()
        fresh = auth.client(answer.json()["access_token"])
        items = (await fresh.get("/books")).json()["items"]
        assert {item["id"]: item["role"] for item in items} == {
            str(bob.book_id): "owner",
            str(ada.book_id): "editor",
        }
        assert (await auth.events(ada.book_id))[-1] == "book.member_added"

    async def test_reaches_somebody_who_has_no_account_yet(self, auth, ada):
        sent = await invite(auth, ada, "carol@example.org")
        secret = await auth.secret_mailed("carol@example.org")
        carol = await auth.register("carol@example.org")

        answer = await carol.client.post(f"/invitations/{sent['id']}/accept", json={"token": secret})

        assert answer.status_code == 200

    async def test_is_listed_for_its_address_once_that_is_confirmed(self, auth, ada, bob):
        await invite(auth, ada, bob.email.upper())
        before = (await bob.client.get("/invitations")).json()["items"]
        mails = await auth.mails(bob.email)
        link = next(mail["text"] for mail in mails if "verify-email#token=" in mail["text"])
        secret = link.partition("#token=")[2].split()[0]
        await auth.client().post("/auth/verify-email", json={"token": secret})

        [shown] = (await bob.client.get("/invitations")).json()["items"]

        assert before == []
        assert (shown["book_name"], shown["inviter_name"], shown["role"]) == ("Personal", "Ada", "editor")
        assert (await bob.client.post(f"/invitations/{shown['id']}/accept", json={})).status_code == 200
        assert (await bob.client.get("/invitations")).json()["items"] == []

    async def test_answers_alike_whether_or_not_the_address_has_an_account(self, auth, ada, bob):
        known, unknown = await invite(auth, ada, bob.email), await invite(auth, ada, "nobody@example.org")

        assert set(known) == set(unknown)
        assert {known[field] == unknown[field] for field in ("role", "status", "book_id", "version")} == {
            True
        }

    async def test_oneself_is_refused_and_mails_nothing(self, auth, ada):
        body = {"email": ada.email.upper(), "role": "editor"}

        answer = await ada.client.post(f"/books/{ada.book_id}/invitations", json=body)

        assert (answer.status_code, answer.json()["code"]) == (409, "already_member")
        assert answer.json()["errors"] == {"email": ["is your own address"]}
        assert not [mail for mail in await auth.mails(ada.email) if "invites" in mail["subject"]]

    async def test_is_for_owners(self, auth, ada, bob):
        for role in ("editor", "viewer"):
            person = await auth.register()
            client = await join(auth, ada, person, role)
            body = {"email": "x@example.org", "role": "viewer"}
            answer = await client.post(f"/books/{ada.book_id}/invitations", json=body)
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
            assert (await client.get(f"/books/{ada.book_id}/invitations")).status_code == 403

    async def test_the_newer_one_takes_the_place_of_the_older(self, auth, ada, bob):
        older = await invite(auth, ada, bob.email)
        older_secret = await auth.secret_mailed(bob.email)
        newer = await invite(auth, ada, bob.email, "viewer")

        listed = (await ada.client.get(f"/books/{ada.book_id}/invitations")).json()["items"]
        answer = await bob.client.post(f"/invitations/{older['id']}/accept", json={"token": older_secret})

        assert [item["id"] for item in listed] == [newer["id"]]
        assert (answer.status_code, answer.json()["code"]) == (409, "invitation_closed")

    async def test_with_a_key_mails_once(self, auth, ada, bob):
        headers = {"Idempotency-Key": "a-key-of-sixteen-or-more"}
        path, body = f"/books/{ada.book_id}/invitations", {"email": bob.email, "role": "viewer"}

        first = await ada.client.post(path, json=body, headers=headers)
        again = await ada.client.post(path, json=body, headers=headers)

        assert again.content == first.content
        assert again.headers["etag"] == first.headers["etag"]
        assert len([mail for mail in await auth.mails(bob.email) if "invites" in mail["subject"]]) == 1

    async def test_somebody_again_and_again_has_to_wait(self, auth, ada):
        path, body = f"/books/{ada.book_id}/invitations", {"email": "x@example.org", "role": "viewer"}

        statuses = [(await ada.client.post(path, json=body)).status_code for _ in range(6)]

        assert statuses[0] == 201
        assert statuses[-1] == 429


class TestAnswering:
    async def test_works_once(self, auth, ada, bob):
        sent = await invite(auth, ada, bob.email)
        body = {"token": await auth.secret_mailed(bob.email)}
        path = f"/invitations/{sent['id']}/accept"

        answers = await asyncio.gather(*(bob.client.post(path, json=body) for _ in range(3)))

        assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
        assert len((await ada.client.get(f"/books/{ada.book_id}/members")).json()["items"]) == 2

    async def test_ends_with_its_time(self, auth, ada, bob):
        sent = await invite(auth, ada, bob.email)
        body = {"token": await auth.secret_mailed(bob.email)}
        auth.clock.forward(days=7)
        bob = await auth.sign_in(bob.email, bob.user_id, bob.book_id)

        answer = await bob.client.post(f"/invitations/{sent['id']}/accept", json=body)

        assert (answer.status_code, answer.json()["code"]) == (409, "invitation_closed")

    async def test_needs_the_link_or_the_address(self, auth, ada, bob):
        sent = await invite(auth, ada, bob.email)
        eve = await auth.register()
        for body in ({}, {"token": "wrong"}):
            for action in ("accept", "decline"):
                answer = await eve.client.post(f"/invitations/{sent['id']}/{action}", json=body)
                assert answer.status_code == 404

    async def test_no_leaves_everything_as_it_was(self, auth, ada, bob):
        sent = await invite(auth, ada, bob.email)
        body = {"token": await auth.secret_mailed(bob.email)}

        assert (await bob.client.post(f"/invitations/{sent['id']}/decline", json=body)).status_code == 204

        assert (await bob.client.post(f"/invitations/{sent['id']}/accept", json=body)).status_code == 409
        assert len((await ada.client.get(f"/books/{ada.book_id}/members")).json()["items"]) == 1

    async def test_a_withdrawn_one_is_no_longer_possible(self, auth, ada, bob):
        sent = await invite(auth, ada, bob.email)
        body = {"token": await auth.secret_mailed(bob.email)}
        path = f"/books/{ada.book_id}/invitations/{sent['id']}"

        assert (await ada.client.delete(path)).status_code == 428
        assert (await ada.client.delete(path, headers={"If-Match": '"1"'})).status_code == 204
        assert (await bob.client.post(f"/invitations/{sent['id']}/accept", json=body)).status_code == 409

    async def test_a_member_cannot_join_again(self, auth, ada, bob):
        client = await join(auth, ada, bob)
        sent = await invite(auth, ada, bob.email, "owner")
        secret = await auth.secret_mailed(bob.email)

        answer = await client.post(f"/invitations/{sent['id']}/accept", json={"token": secret})

        assert (answer.status_code, answer.json()["code"]) == (409, "already_member")


class TestMembers:
    async def test_see_each_other_by_name(self, auth, ada, bob):
        client = await join(auth, ada, bob, "viewer")

        items = (await client.get(f"/books/{ada.book_id}/members")).json()["items"]

        assert [(item["display_name"], item["role"]) for item in items] == [
            ("Ada", "owner"),
            ("Bob", "viewer"),
        ]
        assert not any("email" in item for item in items)

    async def test_an_owner_changes_a_role(self, auth, ada, bob):
        await join(auth, ada, bob)

        answer = await ada.client.patch(
            f"/books/{ada.book_id}/members/{bob.user_id}",
            json={"role": "viewer"},
            headers={"If-Match": '"1"'},
        )

        assert (answer.status_code, answer.json()["role"], answer.headers["etag"]) == (200, "viewer", '"2"')
        assert (await auth.events(ada.book_id))[-1] == "book.member_role_changed"

    async def test_a_new_role_counts_at_once_whatever_the_token_says(self, auth, ada, bob):
        client = await join(auth, ada, bob, "owner")
        path = f"/books/{ada.book_id}/members/{bob.user_id}"
        await ada.client.patch(path, json={"role": "viewer", "version": 1})

        answer = await client.patch(
            f"/books/{ada.book_id}", json={"name": "Mine"}, headers={"If-Match": '"1"'}
        )

        assert answer.status_code == 403

    async def test_a_removed_one_has_no_access_at_once(self, auth, ada, bob):
        client = await join(auth, ada, bob, "owner")
        path = f"/books/{ada.book_id}/members/{bob.user_id}"

        assert (await ada.client.delete(path, headers={"If-Match": '"1"'})).status_code == 204

        for method, below in (("GET", ""), ("GET", "/members"), ("POST", "/leave")):
            assert (await client.request(method, f"/books/{ada.book_id}{below}")).status_code == 404
        assert [item["id"] for item in (await client.get("/books")).json()["items"]] == [str(bob.book_id)]
        assert (await auth.events(ada.book_id))[-1] == "book.member_removed"

    async def test_a_removed_one_may_be_invited_again(self, auth, ada, bob):
        await join(auth, ada, bob)
        path = f"/books/{ada.book_id}/members/{bob.user_id}"
        await ada.client.delete(path, headers={"If-Match": '"1"'})

        await join(auth, ada, bob, "viewer")

        rows = await auth.harness.sql(
            "SELECT aggregate_id, array_agg(aggregate_version ORDER BY sequence) AS versions FROM event"
            " WHERE aggregate_type = 'book_member' AND stream_id = $1 GROUP BY 1 ORDER BY 1",
            ada.book_id,
        )
        assert [row["versions"] for row in rows] == [[1], [1, 2], [1]]

    async def test_may_leave(self, auth, ada, bob):
        client = await join(auth, ada, bob)

        assert (await client.post(f"/books/{ada.book_id}/leave")).status_code == 204

        assert len((await ada.client.get(f"/books/{ada.book_id}/members")).json()["items"]) == 1

    async def test_who_is_no_owner_changes_nobody(self, auth, ada, bob):
        client = await join(auth, ada, bob, "editor")
        path = f"/books/{ada.book_id}/members/{ada.user_id}"

        patched = await client.patch(path, json={"role": "viewer"}, headers={"If-Match": '"1"'})
        deleted = await client.delete(path, headers={"If-Match": '"1"'})

        assert (patched.status_code, deleted.status_code) == (403, 403)

    async def test_the_last_owner_stays_one(self, auth, ada, bob):
        await join(auth, ada, bob, "editor")
        path = f"/books/{ada.book_id}/members/{ada.user_id}"

        answers = [
            await ada.client.patch(path, json={"role": "viewer"}, headers={"If-Match": '"1"'}),
            await ada.client.delete(path, headers={"If-Match": '"1"'}),
            await ada.client.post(f"/books/{ada.book_id}/leave"),
        ]

        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(409, "last_owner")}

    async def test_of_two_owners_who_leave_at_once_one_stays(self, auth, ada, bob):
        client = await join(auth, ada, bob, "owner")

        answers = await asyncio.gather(
            ada.client.post(f"/books/{ada.book_id}/leave"), client.post(f"/books/{ada.book_id}/leave")
        )

        assert sorted(answer.status_code for answer in answers) == [204, 409]

    async def test_an_unknown_one_is_missing(self, auth, ada, bob):
        for user_id in (bob.user_id, new_id(), "nonsense"):
            answer = await ada.client.delete(
                f"/books/{ada.book_id}/members/{user_id}", headers={"If-Match": '"1"'}
            )
            assert answer.status_code == 404
