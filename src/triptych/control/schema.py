"""The tables of the control store, as the newest migration leaves them.

Bodies are JSON text; points in time are microseconds since 1970 UTC (``micros``), exact and comparable in every
database; text is compared by code point everywhere, as Python compares it.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

METADATA = MetaData()

Word = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in code point order; PostgreSQL's default order depends on the locale."""

Whole = BigInteger().with_variant(Integer, "sqlite")
"""64 bits; SQLite's INTEGER always has them, and only INTEGER may count upwards by itself."""

DOCUMENT = Table(
    "document",
    METADATA,
    Column("collection", Word, primary_key=True),
    Column("account", Word, primary_key=True),
    Column("region", Word, primary_key=True),
    Column("key", Word, primary_key=True),
    Column("revision", Whole, nullable=False),
    Column("body", Text, nullable=False),
)

DOCUMENT_INDEX = Table(
    "document_index",
    METADATA,
    Column("collection", Word, primary_key=True),
    Column("account", Word, primary_key=True),
    Column("region", Word, primary_key=True),
    Column("key", Word, primary_key=True),
    Column("name", Word, primary_key=True),
    Column("value", Word, nullable=False),
    ForeignKeyConstraint(
        ["collection", "account", "region", "key"],
        ["document.collection", "document.account", "document.region", "document.key"],
        name="document_index_document",
        ondelete="CASCADE",
    ),
    Index("document_index_value", "collection", "name", "value", "account", "region", "key"),
)

OUTBOX = Table(
    "outbox",
    METADATA,
    Column("seq", Whole, primary_key=True, autoincrement=True),
    Column("id", Word, nullable=False),
    Column("kind", Word, nullable=False),
    Column("account", Word, nullable=False),
    Column("region", Word, nullable=False),
    Column("time", Whole, nullable=False),
    Column("subject", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("outbox_id", "id", unique=True),
    sqlite_autoincrement=True,  # a pruned outbox must not count from the beginning again
)
"""Facts in commit order. ``cause`` is JSON, empty for none."""

CURSOR = Table(
    "cursor",
    METADATA,
    Column("reaction", Word, primary_key=True),
    Column("seq", Whole, nullable=False),
    Column("pending_upto", Whole, nullable=False),
)
"""How far each reaction is; ``pending_upto`` is where the batch it was last handed ends."""

JOB = Table(
    "job",
    METADATA,
    Column("id", Word, primary_key=True),
    Column("kind", Word, nullable=False),
    Column("key", Word, nullable=False),
    Column("account", Word, nullable=False),
    Column("region", Word, nullable=False),
    Column("body", Text, nullable=False),
    Column("cause", Text, nullable=False),
    Column("run_at", Whole, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("interrupted", Integer, nullable=False),
    Column("owner", Word, nullable=False),
    Column("claimed_until", Whole, nullable=False),
    Index(
        "job_waiting",
        "kind",
        "key",
        unique=True,
        sqlite_where=text("owner = '' AND key <> ''"),
        postgresql_where=text("owner = '' AND key <> ''"),
    ),
    Index(
        "job_running",
        "kind",
        "key",
        unique=True,
        sqlite_where=text("owner <> '' AND key <> ''"),
        postgresql_where=text("owner <> '' AND key <> ''"),
    ),
    Index("job_due", "owner", "run_at"),
)
"""A job without owner waits. ``interrupted`` counts owners that died while running it."""

DEAD_LETTER = Table(
    "dead_letter",
    METADATA,
    Column("seq", Whole, primary_key=True, autoincrement=True),
    Column("source", Word, nullable=False),
    Column("name", Word, nullable=False),
    Column("id", Word, nullable=False),
    Column("account", Word, nullable=False),
    Column("region", Word, nullable=False),
    Column("time", Whole, nullable=False),
    Column("error", Text, nullable=False),
    Column("body", Text, nullable=False),
    Index("dead_letter_name", "source", "name"),
    sqlite_autoincrement=True,
)
"""What was given up: a ``job`` of a kind or a ``fact`` a reaction could not take, whole, with the error."""

LEASE = Table(
    "lease",
    METADATA,
    Column("name", Word, primary_key=True),
    Column("holder", Word, nullable=False),
    Column("until", Whole, nullable=False),
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(time: datetime) -> int:
    """A point in time as it is stored."""
    return (time - _EPOCH) // _MICROSECOND


def moment(stored: int) -> datetime:
    """The point in time that ``micros`` stored."""
    return _EPOCH + stored * _MICROSECOND
