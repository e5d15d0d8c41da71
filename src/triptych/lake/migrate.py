"""Forward-only migrations: what the declared tables need that the engine does not have yet.

``plan`` decides from values, ``migrate`` looks and acts. Every statement may be run twice, and a step is
written down after it was done, so a process killed anywhere in between repeats at most one harmless step.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from triptych.kernel.clock import Clock
from triptych.lake import ddl
from triptych.lake.engine import Engine
from triptych.lake.rows import to_arrow
from triptych.lake.table import Column, Index, Table

SCHEMA = Table(
    name="triptych_schema",
    columns=(
        Column("step", "String"),
        Column("statement", "String"),
        Column("applied", "DateTime64(3, 'UTC')"),
    ),
    order_by=("step",),
)
"""The steps that were applied; the lake's own, so without account and region."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """A change that a new ``Table`` value alone does not say: a column's new type, a rename, a removal.

    :param name: unique for ever, ``<number>_<what>``.
    :param table: the table it changes; while there is none the migration is written down, not run.
    :param statement: one ClickHouse statement that may be run twice (``... IF EXISTS ...``).
    """

    name: str
    table: str
    statement: str


class SchemaMismatch(RuntimeError):  # noqa: N818
    """The stored tables and the declared ones differ in a way no migration explains."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A table as the engine has it; expressions in the engine's own spelling."""

    columns: Mapping[str, str]
    order_by: str
    partition_by: str
    ttl: str
    settings: Mapping[str, str]
    indexes: Mapping[str, str] = field(default_factory=dict)
    """As ``ddl.index_text`` writes them."""
    projections: Mapping[str, str] = field(default_factory=dict)
    """As ``ddl.projection_text`` writes them."""


@dataclass(frozen=True, slots=True)
class Step:
    """``statement`` empty: only written down."""

    name: str
    statement: str


def pending(migrations: Sequence[Migration], applied: frozenset[str], stored: frozenset[str]) -> list[Step]:
    """The explicit migrations that are due, in their declared order."""
    names = [migration.name for migration in migrations]
    if len(set(names)) != len(names):
        raise ValueError("two lake migrations have the same name")
    return [
        Step(migration.name, migration.statement if migration.table in stored else "")
        for migration in migrations
        if migration.name not in applied
    ]


def plan(
    tables: Sequence[Table],
    stored: Mapping[str, Stored],
    spelled: Mapping[str, str],
    settings: ddl.Settings,
) -> list[Step]:
    """What brings the stored tables to the declared ones.

    :param spelled: declared expression -> the engine's spelling of it.
    Raises SchemaMismatch, naming every difference that needs a Migration.
    """
    steps: list[Step] = []
    troubles: list[str] = []
    for table in tables:
        if table.name not in stored:
            steps.append(Step(f"create {table.name}", ddl.create_table(table, settings)))
            continue
        there = stored[table.name]
        troubles += _troubles(table, there, spelled)
        steps += [
            Step(f"add {table.name}.{column.name}", ddl.add_column(table, column))
            for column in table.columns
            if column.name not in there.columns
        ]
        steps += _indexes(table, there)
        if spelled.get(table.ttl, table.ttl) != there.ttl:
            steps.append(Step(f"ttl of {table.name}: {table.ttl or 'none'}", ddl.set_ttl(table)))
        steps += _settings(table, there, ddl.settings_for(table, settings))
        steps += _projections(table, there)
    if troubles:
        raise SchemaMismatch(
            "The lake's tables are not the ones this version declares: "
            + "; ".join(troubles)
            + ". A lake Migration must say how they change; data was not touched."
        )
    return steps


def _indexes(table: Table, there: Stored) -> list[Step]:
    """Indexes hold nothing of their own, so what differs is dropped and made anew."""
    declared = {index.name: index for index in table.indexes}
    wrong = [
        name
        for name, text in there.indexes.items()
        if name not in declared or ddl.index_text(declared[name]) != text
    ]
    missing = [index for index in table.indexes if index.name in wrong or index.name not in there.indexes]
    return [Step(f"drop index {table.name}.{name}", ddl.drop_index(table, name)) for name in wrong] + [
        Step(f"index {table.name}.{index.name}: {index.kind}", ddl.add_index(table, index))
        for index in missing
    ]


def _settings(table: Table, there: Stored, settings: ddl.Settings) -> list[Step]:
    if all(there.settings.get(name, "0") == ddl.setting_text(value) for name, value in settings.items()):
        return []
    text = ddl.settings_text(settings)
    return [Step(f"settings of {table.name}: {text}", ddl.set_settings(table.name, settings))]


def _projections(table: Table, there: Stored) -> list[Step]:
    """As ``_indexes``. One that is added is made of what is there, too: a mutation, done when it gets round to it."""
    declared = {each.name: ddl.projection_text(each) for each in table.projections}
    wrong = [name for name, text in there.projections.items() if declared.get(name) != text]
    steps = [Step(f"drop projection {table.name}.{name}", ddl.drop_projection(table, name)) for name in wrong]
    for each in table.projections:
        if each.name in wrong or each.name not in there.projections:
            name = f"projection {table.name}.{each.name}"
            steps.append(Step(f"{name}: {declared[each.name]}", ddl.add_projection(table, each)))
            steps.append(Step(f"make {name}", ddl.make_projection(table, each.name)))
    return steps


def _troubles(table: Table, there: Stored, spelled: Mapping[str, str]) -> list[str]:
    declared = {column.name: column.kind for column in table.columns}
    found = [
        f"{table.name}.{name} is {kind}, declared {declared[name]}"
        for name, kind in there.columns.items()
        if name in declared and declared[name] != kind
    ]
    found += [f"{table.name}.{name} is no longer declared" for name in there.columns if name not in declared]
    order_by = ", ".join(table.order_by)
    if spelled.get(order_by, order_by) != there.order_by:
        found.append(f"{table.name} is ordered by {there.order_by}, declared {order_by}")
    if spelled.get(table.partition_by, table.partition_by) != there.partition_by:
        found.append(
            f"{table.name} is partitioned by {there.partition_by or 'nothing'}, declared {table.partition_by or 'nothing'}"
        )
    return found


async def migrate(
    engine: Engine, tables: Sequence[Table], migrations: Sequence[Migration], *, clock: Clock, fsync: bool
) -> list[Step]:
    """Bring the engine to the declared tables; answers the steps it took. Raises SchemaMismatch."""
    settings = ddl.settings_of(fsync=fsync)
    if not await _makes_projections(engine):
        tables = [replace(table, projections=()) for table in tables]
    await engine.command(ddl.create_table(SCHEMA, settings))
    answer = await engine.command("SELECT step FROM triptych_schema")
    applied = frozenset(row[0] for row in answer.rows)
    stored = await _stored(engine)
    due = pending(migrations, applied, frozenset(stored))
    await _take(engine, due, clock)
    spelled = await _spelled(engine, tables)
    steps = plan(tables, await _stored(engine) if due else stored, spelled, settings)
    await _take(engine, steps, clock)
    return due + steps


async def _makes_projections(engine: Engine) -> bool:
    """Whether its merges do; an older server reads the rows instead, which is right, too."""
    answer = await engine.command("SELECT name FROM system.merge_tree_settings")
    return ddl.PROJECTED.keys() <= {row[0] for row in answer.rows}


async def _take(engine: Engine, steps: Sequence[Step], clock: Clock) -> None:
    for step in steps:
        if step.statement:
            await engine.command(step.statement)
        row = {"step": step.name, "statement": step.statement, "applied": clock.now()}
        # No token of the step's own: a setting may go to and fro, and every change is worth a line.
        await engine.insert(SCHEMA.name, to_arrow(SCHEMA, [row]), f"{step.name} {clock.now().isoformat()}")


async def _stored(engine: Engine) -> dict[str, Stored]:
    columns: dict[str, dict[str, str]] = {}
    answer = await engine.command(
        "SELECT table, name, type FROM system.columns WHERE database = currentDatabase() ORDER BY table, position"
    )
    for table, name, kind in answer.rows:
        columns.setdefault(table, {})[name] = kind
    indexes: dict[str, dict[str, str]] = {}
    answer = await engine.command(
        "SELECT table, name, expr, type_full FROM system.data_skipping_indices WHERE database = currentDatabase()"
    )
    for table, name, expression, kind in answer.rows:
        there = Index(name=name, expression=expression, kind=kind)
        indexes.setdefault(table, {})[name] = ddl.index_text(there)
    projections: dict[str, dict[str, str]] = {}
    answer = await engine.command(
        "SELECT table, name, query FROM system.projections WHERE database = currentDatabase()"
    )
    for table, name, query in answer.rows:
        projections.setdefault(table, {})[name] = query
    answer = await engine.command(
        "SELECT name, sorting_key, partition_key, engine_full FROM system.tables WHERE database = currentDatabase()"
    )
    return {
        name: Stored(
            columns[name],
            order_by,
            partition_by,
            *_ttl_and_settings(engine_full),
            indexes.get(name, {}),
            projections.get(name, {}),
        )
        for name, order_by, partition_by, engine_full in answer.rows
    }


def _ttl_and_settings(engine_full: str) -> tuple[str, dict[str, str]]:
    """``MergeTree ... TTL <expression> SETTINGS a = 1, b = 2`` taken apart."""
    head, _, settings = engine_full.partition(" SETTINGS ")
    ttl = re.search(r"\bTTL (.*)$", head)
    pairs = (pair.partition(" = ")[::2] for pair in settings.split(", "))
    return (ttl.group(1) if ttl else ""), dict(pairs)


async def _spelled(engine: Engine, tables: Sequence[Table]) -> dict[str, str]:
    """Declared expressions in the engine's spelling: ``INTERVAL 90 DAY`` is stored as ``toIntervalDay(90)``."""
    keys = sorted({text for t in tables for text in (t.partition_by, ", ".join(t.order_by)) if text})
    ttls = sorted({table.ttl for table in tables if table.ttl})
    # A TTL may roll rows up (GROUP BY ... SET ...), which is no expression; so it is spelled as what it is.
    return await _formatted(engine, keys, "SELECT ", "") | await _formatted(
        engine, ttls, "ALTER TABLE t (MODIFY TTL ", ")"
    )


async def _formatted(engine: Engine, texts: Sequence[str], before: str, after: str) -> dict[str, str]:
    if not texts:
        return {}
    answer = await engine.command(
        "SELECT text, formatQuerySingleLine(concat({before:String}, text, {after:String})) "
        "FROM (SELECT arrayJoin({texts:Array(String)}) AS text)",
        {"texts": texts, "before": before, "after": after},
    )
    return {text: spelling.removeprefix(before).removesuffix(after) for text, spelling in answer.rows}
