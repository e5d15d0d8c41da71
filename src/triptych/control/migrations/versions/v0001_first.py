"""The first schema: documents, outbox, cursors, jobs, dead letters, leases."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Word = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
Whole = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    _documents()
    _facts()
    _jobs()
    op.create_table(
        "dead_letter",
        sa.Column("seq", Whole, primary_key=True, autoincrement=True),
        sa.Column("source", Word, nullable=False),
        sa.Column("name", Word, nullable=False),
        sa.Column("id", Word, nullable=False),
        sa.Column("account", Word, nullable=False),
        sa.Column("region", Word, nullable=False),
        sa.Column("time", Whole, nullable=False),
        sa.Column("error", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("dead_letter_name", "dead_letter", ["source", "name"])
    op.create_table(
        "lease",
        sa.Column("name", Word, primary_key=True),
        sa.Column("holder", Word, nullable=False),
        sa.Column("until", Whole, nullable=False),
    )


def _documents() -> None:
    address = ["collection", "account", "region", "key"]
    op.create_table(
        "document",
        *(sa.Column(name, Word, primary_key=True) for name in address),
        sa.Column("revision", Whole, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
    )
    op.create_table(
        "document_index",
        *(sa.Column(name, Word, primary_key=True) for name in (*address, "name")),
        sa.Column("value", Word, nullable=False),
        sa.ForeignKeyConstraint(
            address,
            [f"document.{name}" for name in address],
            name="document_index_document",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "document_index_value",
        "document_index",
        ["collection", "name", "value", "account", "region", "key"],
    )


def _facts() -> None:
    op.create_table(
        "outbox",
        sa.Column("seq", Whole, primary_key=True, autoincrement=True),
        sa.Column("id", Word, nullable=False),
        sa.Column("kind", Word, nullable=False),
        sa.Column("account", Word, nullable=False),
        sa.Column("region", Word, nullable=False),
        sa.Column("time", Whole, nullable=False),
        sa.Column("subject", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("outbox_id", "outbox", ["id"], unique=True)
    op.create_table(
        "cursor",
        sa.Column("reaction", Word, primary_key=True),
        sa.Column("seq", Whole, nullable=False),
        sa.Column("pending_upto", Whole, nullable=False),
    )


def _jobs() -> None:
    op.create_table(
        "job",
        sa.Column("id", Word, primary_key=True),
        sa.Column("kind", Word, nullable=False),
        sa.Column("key", Word, nullable=False),
        sa.Column("account", Word, nullable=False),
        sa.Column("region", Word, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("cause", sa.Text, nullable=False),
        sa.Column("run_at", Whole, nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("interrupted", sa.Integer, nullable=False),
        sa.Column("owner", Word, nullable=False),
        sa.Column("claimed_until", Whole, nullable=False),
    )
    for name, where in (
        ("job_waiting", "owner = '' AND key <> ''"),
        ("job_running", "owner <> '' AND key <> ''"),
    ):
        op.create_index(
            name,
            "job",
            ["kind", "key"],
            unique=True,
            sqlite_where=sa.text(where),
            postgresql_where=sa.text(where),
        )
    op.create_index("job_due", "job", ["owner", "run_at"])
