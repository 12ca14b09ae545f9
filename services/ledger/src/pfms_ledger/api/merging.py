"""Merging, as categories and payees offer it."""

from uuid import UUID

from pydantic import Field

from pfms_common.input import Id, Input, Output


class MergeIn(Input):
    into: Id = Field(description="what it becomes a part of, of the same kind and type")


class MergeOut(Output):
    status: str = Field(
        description="merged, or merging: it goes on by itself, and asking again says how far it is",
        examples=["merged"],
    )
    into: UUID = Field(description="where everything is, or is going")
    moved: int = Field(description="transactions moved so far", examples=[42])
    correlation_id: str = Field(description="of all its events; `POST /ledger/undo` takes them back")
