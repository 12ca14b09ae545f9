"""The local mailbox page."""

import pytest


async def test_shows_what_was_sent(auth):
    ada = await auth.register(display_name="<script>alert(1)</script>")
    await ada.client.post(
        f"/books/{ada.book_id}/invitations", json={"email": "bob@example.org", "role": "viewer"}
    )
    await auth.mails("bob@example.org")

    page = await auth.client().get("/mailbox")

    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "bob@example.org" in page.text
    assert "<script>" not in page.text
    assert "&lt;script&gt;" in page.text


class TestInProduction:
    @pytest.fixture
    async def settings(self, keys_dir, tmp_path):
        return {
            "keys_dir": str(keys_dir),
            "mailbox_dir": str(tmp_path),
            "env": "prod",
            "cursor_secret": "x" * 32,
        }

    @pytest.mark.parametrize("path", ["/mailbox", "/mailbox/messages"])
    async def test_there_is_no_such_page(self, auth, path):
        assert (await auth.client().get(path)).status_code == 404
