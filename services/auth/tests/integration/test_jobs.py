"""What runs by the clock."""

from pfms_auth.jobs import JOBS, forget, send_mails
from pfms_service.jobs import run_once
from pfms_service.service import Job


async def waiting(auth) -> int:
    [row] = await auth.harness.sql("SELECT count(*) FROM mail")
    return row["count"]


async def test_mails_leave_and_are_forgotten(auth, tmp_path):
    ada = await auth.register()
    assert await waiting(auth) == 1

    await send_mails(auth.harness.running)

    assert await waiting(auth) == 0
    assert [mail["to"] for mail in await auth.mails(ada.email)] == [ada.email]


async def test_a_mail_that_cannot_be_delivered_waits_and_is_tried_again(auth, tmp_path):
    ada = await auth.register()
    mailbox = auth.context.tools.mailbox._folder
    mailbox.rmdir()
    mailbox.write_text("a file where a folder should be")

    await send_mails(auth.harness.running)
    [row] = await auth.harness.sql("SELECT attempts, due_at FROM mail")
    assert row["attempts"] == 1
    assert row["due_at"] > auth.clock.now

    mailbox.unlink()
    mailbox.mkdir()
    await send_mails(auth.harness.running)
    assert await waiting(auth) == 1
    auth.clock.forward(seconds=2)
    await send_mails(auth.harness.running)
    assert len(await auth.mails(ada.email)) == 1


async def test_a_mail_that_nobody_takes_is_given_up_after_a_day(auth):
    await auth.register()
    mailbox = auth.context.tools.mailbox._folder
    mailbox.rmdir()
    mailbox.write_text("a file where a folder should be")
    auth.clock.forward(days=1)

    await send_mails(auth.harness.running)

    assert await waiting(auth) == 0


async def test_expired_sessions_links_and_invitations_are_forgotten_a_month_later(auth):
    ada = await auth.register()
    await ada.client.post(
        f"/books/{ada.book_id}/invitations", json={"email": "bob@example.org", "role": "viewer"}
    )
    counted = (
        "SELECT (SELECT count(*) FROM session) + (SELECT count(*) FROM refresh_token)"
        " + (SELECT count(*) FROM link) + (SELECT count(*) FROM invitation) AS rows"
    )

    auth.clock.forward(days=36)
    await forget(auth.harness.running)
    [before] = await auth.harness.sql(counted)
    auth.clock.forward(days=25)
    await forget(auth.harness.running)
    [after] = await auth.harness.sql(counted)

    assert before["rows"] == 3
    assert after["rows"] == 0
    assert len(await auth.harness.sql("SELECT 1 FROM person")) == 1


async def test_resting_counters_are_forgotten(auth):
    await auth.client().post("/auth/login", json={"email": "x@example.org", "password": "not it, sorry"})
    auth.clock.forward(days=1, seconds=1)

    await forget(auth.harness.running)

    assert await auth.harness.sql("SELECT 1 FROM throttle") == []


async def test_every_job_runs_under_its_lock(auth):
    for job in JOBS:
        assert isinstance(job, Job)
        assert await run_once(job, auth.harness.running)
