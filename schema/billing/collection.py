"""The one collection which all tables of the billing system belong to."""

from typing import Final

from sqlalchemy import MetaData

from schema.naming import new_metadata

metadata: Final[MetaData] = new_metadata()
