"""Merging one category or payee into another: they are two, of one type, and the other one is in use."""

from uuid import UUID

from pfms_common.problem import Invalid


def check_merge(source_id: UUID, into_id: UUID, source_type: str, into_type: str, *, is_usable: bool) -> None:
    """Refuses what would lose money's meaning: into itself, into another type, into what is put away."""
    if source_id == into_id:
        raise Invalid("It cannot be merged into itself.", errors={"into": ["must be another one"]})
    if source_type != into_type:
        raise Invalid(
            f"It is of type {source_type}, the other of type {into_type}.",
            errors={"into": [f"must be of type {source_type}"]},
        )
    if not is_usable:
        raise Invalid(
            "What it is merged into is put away.",
            errors={"into": ["is archived or inactive; reactivate it first"]},
        )
