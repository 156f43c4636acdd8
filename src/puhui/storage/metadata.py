"""What every table of the store shares: one MetaData, the names of constraints, the types of columns.

A day is its number since 1970-01-01 (as in `kernel.dates`), an instant its microseconds since 1970 in UTC, an amount
its minor units: whole numbers on both engines, so that both hold and order them alike.

Each module of this package whose name ends in `tables` declares its tables on METADATA, and in APPEND_ONLY those whose
rows never change.
"""

from sqlalchemy import BigInteger, Identity, Integer, LargeBinary, MetaData, Text
from sqlalchemy.schema import Column

METADATA = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# Compared byte by byte, whatever language the database speaks: ids keep one order on both engines.
Name = Text().with_variant(Text(collation="C"), "postgresql")
Body = Text()
Day = Integer()
Instant = BigInteger()
Minor = BigInteger()
Count = Integer()
Bytes = LargeBinary()
# SQLite numbers rows by itself only where the type is spelt INTEGER.
Number = BigInteger().with_variant(Integer(), "sqlite")


def numbered(name: str) -> Column[int]:
    """Return the column that the database counts rows by; numbers grow, and may leave gaps."""
    return Column(name, Number, Identity(), primary_key=True)
