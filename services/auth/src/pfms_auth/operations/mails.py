"""Mails leave by a table of our own, sealed, and a job; what they say never travels over the bus."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from pfms_auth.adapters.tools import Tools
from pfms_auth.db.tables.mails import MailRow
from pfms_auth.domain.letter import Letter
from pfms_auth.operations.context import Context
from pfms_common import logs
from pfms_common.ids import new_id

BACKOFF_SECONDS = (1, 5, 15, 60, 300)
GIVEN_UP_AFTER = timedelta(days=1)
log = logs.get("mail")


def waiting(tools: Tools, user_id: UUID, letter: Letter, now: datetime) -> dict[str, Any]:
    """The values of a row that waits to be sent."""
    mail_id = new_id()
    sealed = tools.sealer.seal(orjson.dumps(asdict(letter)), user_id=user_id, row_id=mail_id)
    return {
        "user_id": user_id,
        "id": mail_id,
        "sealed": sealed,
        "created_at": now,
        "due_at": now,
        "attempts": 0,
    }


async def enqueue(tx: AsyncSession, tools: Tools, user_id: UUID, letter: Letter, now: datetime) -> None:
    """Sends the letter once this transaction has committed. `user_id` is who caused or gets it."""
    await tx.execute(insert(MailRow).values(**waiting(tools, user_id, letter, now)))


async def send(context: Context, user_id: UUID, mail_id: UUID) -> None:
    """Delivers one mail and forgets it. A repeat after a crash writes the same file once more."""
    tools, now = context.tools, context.clock()
    this = (MailRow.user_id == user_id, MailRow.id == mail_id)
    async with context.reading(users=[user_id]) as tx:
        found = (
            await tx.execute(select(MailRow.sealed, MailRow.created_at, MailRow.attempts).where(*this))
        ).one_or_none()
    if found is None:
        return
    letter = Letter(**orjson.loads(tools.sealer.open(found.sealed, user_id=user_id, row_id=mail_id)))
    try:
        await tools.mailbox.deliver(mail_id, letter, found.created_at)
    except OSError as error:
        log.warning("mail_not_delivered", mail_id=str(mail_id), error=type(error).__name__)
        if now - found.created_at < GIVEN_UP_AFTER:
            wait = BACKOFF_SECONDS[min(found.attempts, len(BACKOFF_SECONDS) - 1)]
            later = {"attempts": found.attempts + 1, "due_at": now + timedelta(seconds=wait)}
            async with context.reading(users=[user_id]) as tx:
                await tx.execute(update(MailRow).where(*this).values(**later))
            return
    async with context.reading(users=[user_id]) as tx:
        await tx.execute(delete(MailRow).where(*this))
