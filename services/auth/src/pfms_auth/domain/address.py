"""An e-mail address is one account's: addresses that differ only in case are the same."""

import re
import unicodedata

MAX_LENGTH = 254
MAX_LOCAL_LENGTH = 64
_LOCAL = re.compile(r"[^\s@\"(),:;<>\[\\\]]+")
_LABEL = re.compile(r"[^\W_](?:[^\W_]|-(?!$)){0,62}")


class BadAddress(ValueError):
    """The text is no address that mail could reach."""


def checked(text: str) -> str:
    """The address in NFC without surrounding space, its domain in small letters; BadAddress when it is none.

    RFC 5321: at most 254 characters, 64 before the @; quoted local parts and address literals are not taken.
    """
    address = unicodedata.normalize("NFC", text).strip()
    local, at, domain = address.rpartition("@")
    labels = domain.split(".")
    plausible = (
        at
        and len(address) <= MAX_LENGTH
        and len(local) <= MAX_LOCAL_LENGTH
        and _LOCAL.fullmatch(local)
        and not (local.startswith(".") or local.endswith(".") or ".." in local)
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
    )
    if not plausible:
        raise BadAddress("must be an e-mail address such as ada@example.org")
    return f"{local}@{domain.lower()}"


def key_of(address: str) -> str:
    """What two spellings of a checked address share.

    Small letters of NFC and no more: compatibility forms and case folding would let a look-alike address, which
    is another mailbox, pass for this one.
    """
    return address.lower()
