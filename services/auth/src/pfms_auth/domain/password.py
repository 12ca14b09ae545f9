"""A password is long and not one of the common ones; nothing else is asked of it.

NIST SP 800-63B-4 and OWASP ASVS 5.0 V6.2: a length, a list of common passwords of that length, the names that
anybody would try first; no rules about kinds of characters, no expiry, and the text is never altered.
"""

from collections.abc import Collection

from pfms_common.problem import Refusal

MAX_LENGTH = 128
PRODUCT = "pfms"


class WeakPassword(Refusal):
    """The new password is too short, too long or easily guessed."""


def check_password(password: str, *, address: str, minimum: int, common: Collection[str]) -> None:
    """Refuses a password that should not be set.

    Args:
        address: the account's e-mail address, which must not be the password.
        minimum: characters (code points) it must have.
        common: known passwords in small letters.
    """
    reason = _reason(password, address, minimum, common)
    if reason is not None:
        raise WeakPassword(f"Choose another password: it {reason}.", errors={"password": [reason]})


def _reason(password: str, address: str, minimum: int, common: Collection[str]) -> str | None:
    if len(password) < minimum:
        return f"must have at least {minimum} characters"
    if len(password) > MAX_LENGTH:
        return f"must have at most {MAX_LENGTH} characters"
    folded = password.casefold()
    if folded in common:
        return "is one of the most common passwords"
    if _bare(folded) in _guesses(address.casefold()):
        return "must not be your address or the product's name"
    return None


def _bare(folded: str) -> str:
    """Without what people hang on the end to make a word long enough."""
    return folded.rstrip("0123456789!?.,*#$%-_+ ") or folded


def _guesses(address: str) -> set[str]:
    local, _, domain = address.partition("@")
    words = {local, domain, domain.partition(".")[0], PRODUCT}
    return {_bare(guess) for word in words for guess in (word, word * 2, word * 3)} | {address}
