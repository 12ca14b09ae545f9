"""The local mailbox: every mail is an .eml file in one folder, named by its id, so that a repeat changes nothing."""

import asyncio
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import format_datetime
from pathlib import Path
from uuid import UUID

from pfms_auth.domain.letter import Letter

SENDER = "PFMS <no-reply@pfms.invalid>"


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that lies in the mailbox."""

    id: str
    to: str
    subject: str
    text: str
    sent_at: str


class Mailbox:
    """Delivers into a folder and reads it back."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    async def deliver(self, mail_id: UUID, letter: Letter, at: datetime) -> None:
        await asyncio.to_thread(self._write, mail_id, letter, at)

    async def newest(self, limit: int, to: str | None = None) -> list[Mail]:
        """The newest mails first, all or those to one address."""
        return await asyncio.to_thread(self._read, limit, to)

    def _write(self, mail_id: UUID, letter: Letter, at: datetime) -> None:
        message = EmailMessage(policy=policy.SMTPUTF8)
        message["From"] = SENDER
        message["To"] = letter.to
        message["Subject"] = " ".join(letter.subject.split())
        message["Date"] = format_datetime(at)
        message["Message-ID"] = f"<{mail_id}@pfms.invalid>"
        message.set_content(letter.text)
        temporary = self._folder / f".{mail_id}"
        temporary.write_bytes(message.as_bytes())
        temporary.replace(self._folder / f"{mail_id}.eml")

    def _read(self, limit: int, to: str | None) -> list[Mail]:
        found: list[Mail] = []
        for path in sorted(self._folder.glob("*.eml"), reverse=True):  # the ids rise with time
            mail = _parse(path)
            if to is None or mail.to.casefold() == to.casefold():
                found.append(mail)
            if len(found) == limit:
                break
        return found


def _parse(path: Path) -> Mail:
    message = message_from_bytes(path.read_bytes(), policy=policy.default)
    body = message.get_body()
    text = body.get_content() if body is not None else ""
    lines = str(text).replace("\r\n", "\n")
    return Mail(path.stem, str(message["To"]), str(message["Subject"]), lines, str(message["Date"]))
