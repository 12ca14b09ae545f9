"""Named places at which a test ends the process as kill -9 would; nothing is set in production."""

import os

_NAME = os.environ.get("PFMS_FAILPOINT", "")


def failpoint(name: str) -> None:
    """Dies here, without a word to anyone, when PFMS_FAILPOINT names this place."""
    if name == _NAME:
        os._exit(137)
