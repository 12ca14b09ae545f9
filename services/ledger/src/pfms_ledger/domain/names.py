"""Names compare without regard to case, accents kept, white space folded."""

import unicodedata


def fold(name: str) -> str:
    """What two names share that a person takes for the same."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
