"""Migrations: from empty to what ``schema`` declares, on both databases, and again without doing anything."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from control_kit import THINGS, Backend, Thing, put
from triptych.control.database import StoreUnavailable, alembic_config, open_database
from triptych.control.schema import METADATA


async def test_the_migrated_database_is_the_declared_one(backend: Backend) -> None:
    store = await backend.open()

    def differences(connection: sa.Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))

    def described(connection: sa.Connection) -> dict[str, object]:
        inspector = sa.inspect(connection)
        return {
            "tables": sorted(inspector.get_table_names()),
            "unique": sorted(
                (index["name"], tuple(index["column_names"]))
                for table in METADATA.tables
                for index in inspector.get_indexes(table)
                if index["unique"]
            ),
        }

    assert await store.read(differences) == []
    assert await store.read(described) == {
        "tables": sorted([*METADATA.tables, "alembic_version"]),
        "unique": [
            ("job_running", ("kind", "key")),
            ("job_waiting", ("kind", "key")),
            ("outbox_id", ("id",)),
        ],
    }


async def test_a_difference_would_be_found(backend: Backend) -> None:
    store = await backend.open()
    await store.write(lambda c: c.exec_driver_sql("ALTER TABLE document ADD COLUMN extra TEXT") and None)

    def differences(connection: sa.Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), METADATA))

    assert len(await store.read(differences)) == 1


async def test_opening_again_migrates_nothing_and_keeps_everything(backend: Backend) -> None:
    store = await backend.open()
    await put(store, "a", Thing(1))
    again = await backend.reopen(store)
    assert len(await again.unit().list(THINGS)) == 1

    def revisions(connection: sa.Connection) -> tuple[object, object]:
        head = ScriptDirectory.from_config(alembic_config(connection)).get_current_head()
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalars().all(), [head]

    found, wanted = await again.read(revisions)
    assert found == wanted


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("sqlite://", "in-memory"),
        ("mysql://localhost/x", "mysql"),
        ("nonsense", "not a database URL"),
        ("postgresql://nobody@127.0.0.1:1/x", "127.0.0.1"),
    ],
)
def test_what_cannot_be_opened_says_why(url: str, words: str) -> None:
    with pytest.raises(StoreUnavailable, match=words):
        open_database(url, sync="full")


def test_a_file_that_is_no_database_says_so_and_is_not_left_locked(tmp_path: Path) -> None:
    path = tmp_path / "control.db"
    path.write_text("this is not a database, but long enough to be taken for one" * 100)
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="not a database"):
            open_database(f"sqlite:///{path}", sync="full")


def test_pragmas_are_what_durability_needs(tmp_path: Path) -> None:
    for sync, level in (("full", 2), ("normal", 1)):
        database = open_database(f"sqlite:///{tmp_path / 'control.db'}", sync=sync)  # type: ignore[arg-type]
        for engine in (database.writer, database.reader):
            with engine.connect() as connection:
                read = [
                    connection.exec_driver_sql(f"PRAGMA {name}").scalar()
                    for name in ("synchronous", "journal_mode", "foreign_keys", "busy_timeout")
                ]
                assert read == [level, "wal", 1, 10_000]
        database.close()


def test_a_password_is_not_in_the_message() -> None:
    with pytest.raises(StoreUnavailable) as caught:
        open_database("postgresql://someone:s3cret@127.0.0.1:1/x", sync="full")
    assert "s3cret" not in str(caught.value)


def test_the_migrations_travel_with_the_package() -> None:
    import triptych.control.migrations as room

    files = {name for _, _, names in os.walk(Path(room.__file__).parent) for name in names}
    assert {"env.py", "v0001_first.py"} <= files
