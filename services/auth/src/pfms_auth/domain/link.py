"""A link in a mail proves who reads the mailbox: it works once, for a quarter of an hour."""

from datetime import timedelta
from typing import Literal

from pfms_common.problem import Refusal

LIFE = timedelta(minutes=15)
SECRET_BYTES = 32

Purpose = Literal["verify", "reset"]


class LinkNotValid(Refusal):
    """The link was used, has expired, or is not one of ours."""

    def __init__(self) -> None:
        super().__init__("This link was used, has expired or is not ours; ask for a new one.")
