"""The declarative base of this service's tables, with a metadata of its own."""

from uuid import UUID

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from pfms_common.sql import NAMING

NOBODY = UUID(int=0)
"""Stands in a primary key where there is no category, or no other account: a key holds no nulls."""


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
