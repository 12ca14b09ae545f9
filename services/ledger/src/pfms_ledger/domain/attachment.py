"""Attachments: files kept with a transaction, up to twenty, none larger than 10 MiB."""

from datetime import timedelta

from pfms_common.problem import Refusal

MOST = 20
MAX_BYTES = 10 * 1024 * 1024
GRACE = timedelta(days=30)
"""How long a file is kept after its transaction, or the attachment itself, was deleted: so long it can be undone."""
UNUSED = timedelta(days=1)
"""How long a file is kept that was sent, and that no attachment came to refer to."""


class TooManyAttachments(Refusal):
    """The transaction has as many attachments as it may."""


def check_room(present: int) -> None:
    if present >= MOST:
        raise TooManyAttachments(f"It has {present} attachments, and {MOST} are the most; delete one first.")
