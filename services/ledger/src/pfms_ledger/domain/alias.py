"""An alias is another name of a payee, such as a bank's text, and leads to no other payee."""

from collections.abc import Collection, Iterable

from pfms_common.problem import Conflict
from pfms_ledger.domain.merchant import merchant_of
from pfms_ledger.domain.names import fold

MOST = 200
"""Aliases of one payee."""


def whole_aliases(name: str, aliases: Iterable[str], taken: Collection[str] = ()) -> tuple[str, ...]:
    """The aliases without repeats and without the name; of a bank's text its merchant too, unless that is another's.

    Args:
        taken: folded names and aliases of the other payees.
    """
    seen = {fold(name)}
    whole: list[str] = []
    for alias in aliases:
        merchant = merchant_of(alias).name
        for text in (alias, merchant):
            folded = fold(text)
            if folded not in seen and not (text is merchant and folded in taken):
                seen.add(folded)
                whole.append(text)
    return tuple(whole[:MOST])


def check_names(name: str, aliases: Iterable[str], taken: Collection[str]) -> None:
    """Refuses names that lead to another payee already."""
    if fold(name) in taken:
        raise Conflict("The name is taken here.", errors={"name": ["is taken, regardless of case"]})
    if wrong := [alias for alias in aliases if fold(alias) in taken]:
        raise Conflict(
            f"{wrong[0]!r} leads to another payee: merge the two, or take it away there.",
            errors={"aliases": [f"{alias!r} leads to another payee" for alias in wrong[:10]]},
        )
