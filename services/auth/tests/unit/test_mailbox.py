"""The local mailbox."""

from datetime import UTC, datetime

import pytest

from pfms_auth.adapters.mailbox import Mailbox
from pfms_auth.domain.letter import Letter, invitation_to_book
from pfms_common.ids import new_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


async def test_a_delivered_mail_can_be_read_back(tmp_path):
    mailbox = Mailbox(tmp_path)
    letter = Letter(
        "müller@bücher.example", "Grüße — 你好", "Ein Text\n\nmit «Zeilen» und " + "langem " * 40 + "\n"
    )

    await mailbox.deliver(new_id(), letter, NOW)

    [mail] = await mailbox.newest(10)
    assert (mail.to, mail.subject, mail.text) == (letter.to, letter.subject, letter.text)


async def test_the_newest_come_first_and_can_be_asked_by_address(tmp_path):
    mailbox = Mailbox(tmp_path)
    for number, to in enumerate(["a@x.example", "b@x.example", "a@x.example"]):
        await mailbox.deliver(new_id(), Letter(to, f"mail {number}", "text\n"), NOW)

    assert [mail.subject for mail in await mailbox.newest(2)] == ["mail 2", "mail 1"]
    assert [mail.subject for mail in await mailbox.newest(10, "A@x.example")] == ["mail 2", "mail 0"]


async def test_delivering_again_changes_nothing(tmp_path):
    mailbox, mail_id, letter = Mailbox(tmp_path), new_id(), Letter("a@x.example", "once", "text\n")

    await mailbox.deliver(mail_id, letter, NOW)
    await mailbox.deliver(mail_id, letter, NOW)

    assert len(await mailbox.newest(10)) == 1


@pytest.mark.parametrize("name", ["Ada\r\nBcc: all@example.org", "Ada\nX: y"])
async def test_a_name_cannot_add_headers(tmp_path, name):
    letter = invitation_to_book(
        "bob@example.org", "http://x", invitation_id="1", secret="s", book="Home", inviter=name
    )

    await Mailbox(tmp_path).deliver(new_id(), letter, NOW)

    [file] = tmp_path.glob("*.eml")
    headers = file.read_bytes().partition(b"\r\n\r\n")[0].lower()
    assert b"\nbcc" not in headers
    assert b"\nx:" not in headers
