"""The declarative base of this service's tables, with a metadata of its own."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

from pfms_common.sql import NAMING


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
