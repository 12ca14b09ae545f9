"""The declarative base of this service's tables, with a metadata of its own."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from sqlalchemy import BigInteger, MetaData, Text
from sqlalchemy.dialects.postgresql import TIMESTAMP
from sqlalchemy.orm import DeclarativeBase, mapped_column

from pfms_common.sql import NAMING

Instant = Annotated[datetime, mapped_column(TIMESTAMP(timezone=True))]
Key = Annotated[UUID, mapped_column(primary_key=True)]
Version = Annotated[int, mapped_column(BigInteger)]


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {str: Text()}  # noqa: RUF012  # SQLAlchemy reads it from the class
