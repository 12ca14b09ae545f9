"""Words to and from who sits at the terminal, where anybody does."""

import getpass
import sys
from collections.abc import Callable
from dataclasses import dataclass

_BAR = 30
_LINE = 78


@dataclass(frozen=True)
class Terminal:
    """Lines out, answers in; `attended`: somebody can be asked. `live` lines replace each other where that shows."""

    say: Callable[[str], None]
    warn: Callable[[str], None]
    live: Callable[[str], None]
    ask: Callable[[str], str]
    ask_secret: Callable[[str], str]
    attended: bool


def terminal() -> Terminal:
    """The one this process was started in; without one, nothing is asked and no line is written over."""
    shown = sys.stdout.isatty()

    def live(text: str) -> None:
        if shown:
            sys.stdout.write(f"\r{text[:_LINE]:<{_LINE}}" if text else f"\r{'':<{_LINE}}\r")
            sys.stdout.flush()

    return Terminal(
        say=lambda text: print(text, flush=True),  # noqa: T201  # the terminal
        warn=lambda text: print(text, file=sys.stderr, flush=True),  # noqa: T201  # as above
        live=live,
        ask=input,
        ask_secret=getpass.getpass,
        attended=sys.stdin.isatty() and shown,
    )


def bar(done: int, whole: int) -> str:
    """How far it is: [#####.........] 1,000 of 3,000."""
    filled = _BAR * done // max(whole, 1)
    return f"[{'#' * filled}{'.' * (_BAR - filled)}] {done:,} of {whole:,}"
