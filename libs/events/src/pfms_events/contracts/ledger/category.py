"""A category of the book."""

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from pfms_events.event import Event, EventType


class Category(Event):
    AGGREGATE: ClassVar[str] = "category"

    id: UUID
    name: str
    type: Literal["expense", "income"]
    parent_id: UUID | None = None
    key: str | None = Field(default=None, description="Stable name of a category of the starting tree")
    spending_class: Literal["need", "want", "saving", "debt"] | None = None
    is_essential: bool = False
    is_archived: bool = False
    colour: str | None = None
    icon: str | None = None
    note: str | None = None
    position: int = 0
    kind: Literal["receivable"] | None = Field(
        default=None,
        description="Of the book's own categories; receivable takes what others owe: no spending",
    )
    merged_into: UUID | None = Field(
        default=None,
        description="The category that this one was merged into by this change, archived since something names it",
    )


class CategoryCreated(Category):
    EVENT: ClassVar[str] = "category.created"


class CategoryUpdated(Category):
    EVENT: ClassVar[str] = "category.updated"


class CategoryDeleted(Event):
    EVENT: ClassVar[str] = "category.deleted"
    AGGREGATE: ClassVar[str] = "category"

    id: UUID
    merged_into: UUID | None = Field(default=None, description="The category that it was merged into")


EVENTS: tuple[EventType, ...] = (CategoryCreated, CategoryUpdated, CategoryDeleted)
