"""An invitation is answered once, before it expires."""

from datetime import datetime, timedelta
from typing import Literal

from pfms_common.problem import Refusal

LIFE = timedelta(days=7)

Status = Literal["pending", "accepted", "declined", "withdrawn"]


class InvitationClosed(Refusal):
    """It was answered or withdrawn, or its time is over."""


def check_open(status: Status, expires_at: datetime, now: datetime) -> None:
    if status != "pending":
        raise InvitationClosed(f"This invitation was {status} already; ask for a new one.")
    if now >= expires_at:
        raise InvitationClosed("This invitation has expired; ask for a new one.")
