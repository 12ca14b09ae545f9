"""What an event is: a frozen model of one fact, in the past tense, with the full state after the change."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Annotated, ClassVar
from uuid import UUID, uuid5

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints

MAX_DATA_BYTES = 256 * 1024

Minor = Annotated[int, Strict(), Field(description="Integer minor units of the currency beside it")]
Count = Annotated[int, Strict(), Field(ge=0)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
Month = Annotated[str, StringConstraints(pattern=r"^\d{4}-\d{2}(-\d{2})?$")]


class Event(BaseModel):
    """Base of every event. A reader ignores fields it does not know: only optional fields are ever added.

    A class that has its own `EVENT` is a contract; one without is the state that several contracts share.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)

    EVENT: ClassVar[str]
    SCHEMA_VERSION: ClassVar[int] = 1
    AGGREGATE: ClassVar[str]

    def to_json(self) -> bytes:
        """The payload as it travels and as the event table keeps it."""
        return self.__pydantic_serializer__.to_json(self, by_alias=True)


class Part(BaseModel):
    """Something inside an event's payload: a split, one side of a transfer."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)


type EventType = type[Event]
type Models = Mapping[tuple[str, int], EventType]


class DuplicateContractError(Exception):
    """Two classes claim one type and version."""


def catalogue(events: Iterable[EventType]) -> Models:
    """The classes by (type, schema version); a second class of the same pair is refused."""
    models: dict[tuple[str, int], EventType] = {}
    for event in events:
        key = (event.EVENT, event.SCHEMA_VERSION)
        if key in models:
            raise DuplicateContractError(
                f"{event.__name__} and {models[key].__name__} are both {key[0]} v{key[1]}"
            )
        models[key] = event
    return MappingProxyType(models)


def derived_id(subject: UUID, event_type: str) -> UUID:
    """The aggregate id of a fact that changes no field of its subject and so has versions of its own."""
    return uuid5(subject, event_type)
