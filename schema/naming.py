"""How constraints and indexes are named, the same on every engine.

Every name begins with its table's: MySQL and MariaDB keep foreign keys and checks in one name
space per database, PostgreSQL its indexes in one per schema. A name that an engine invented
would differ between engines and could not be recognised in an error message.
"""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import MetaData

# A foreign key is named after the table it points to. Two foreign keys between the same pair
# of tables would clash; the second one then needs a name of its own.
NAMING_CONVENTION: Final[Mapping[str, str]] = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(referred_table_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

# PostgreSQL cuts identifiers after 63 bytes (NAMEDATALEN - 1), MySQL and MariaDB refuse more
# than 64 characters. The smaller one holds for all, or two names could become one.
IDENTIFIER_BYTES_MAX: Final = 63


def new_metadata() -> MetaData:
    """Return an empty collection of tables that names its constraints as this module says."""
    return MetaData(naming_convention=dict(NAMING_CONVENTION))
