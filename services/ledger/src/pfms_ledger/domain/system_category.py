"""System categories are the book's own: they may be named and dressed, but not moved, archived or deleted.

The one there is, of kind receivable, takes what others owe: shares of splits and repayments.
"""

from pfms_common.problem import Refusal


class SystemCategory(Refusal):
    """The category is one that the book itself works with."""


def check_system(kind: str | None, what: str) -> None:
    """Refuses `what` for a category that has a kind.

    Args:
        what: the input field, or the act.
    """
    if kind is not None:
        raise SystemCategory(
            f"This category, of kind {kind}, is one that the book itself works with: it can be named, but not moved,"
            " archived or deleted, and has none below it.",
            errors={what: ["is not for a system category"]},
        )
