"""The outbox: facts in commit order, each id once, and the cursors of the reactions that read them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from triptych.control.schema import CURSOR, DEAD_LETTER, OUTBOX, micros, moment
from triptych.control.store import Conflict
from triptych.control.upsert import Upsert
from triptych.kernel import limits
from triptych.kernel.context import Cause
from triptych.kernel.fact import Fact

_encode = msgspec.json.encode
_cause = msgspec.json.Decoder(Cause)


_APPEND = Upsert(OUTBOX, lambda insert: insert.inline().on_conflict_do_nothing(index_elements=[OUTBOX.c.id]))
_CREATE_CURSOR = Upsert(CURSOR, lambda insert: insert.on_conflict_do_nothing())
_CURSOR = sa.select(CURSOR.c.seq, CURSOR.c.pending_upto).where(CURSOR.c.reaction == sa.bindparam("named"))
_MOVE_CURSOR = (
    sa.update(CURSOR)
    .where(
        CURSOR.c.reaction == sa.bindparam("named"),
        CURSOR.c.seq == sa.bindparam("was_seq"),
        CURSOR.c.pending_upto == sa.bindparam("was_pending"),
    )
    .values(seq=sa.bindparam("to_seq"), pending_upto=sa.bindparam("to_pending"))
)
_END = 2**63 - 1
_FACTS = (
    sa.select(OUTBOX)
    .where(OUTBOX.c.seq > sa.bindparam("after"), OUTBOX.c.seq <= sa.bindparam("until"))
    .order_by(OUTBOX.c.seq)
    .limit(sa.bindparam("most"))
)
_FACTS_OF_KINDS = _FACTS.where(OUTBOX.c.kind.in_(sa.bindparam("kinds", expanding=True)))
_HEAD = sa.select(sa.func.max(OUTBOX.c.seq))


class Cursor(NamedTuple):
    """Where a reaction stands.

    :param seq: the last fact it is done with.
    :param pending_upto: the last fact of the batch it was handed and did not finish; otherwise ``seq`` or less.
    """

    seq: int
    pending_upto: int


def append(connection: Connection, facts: Sequence[Fact]) -> None:
    """Facts at the end of the outbox; one whose id is there already is absorbed."""
    _APPEND.run(
        connection,
        [
            {
                "id": fact.id,
                "kind": fact.kind,
                "account": fact.account,
                "region": fact.region,
                "time": micros(fact.time),
                "subject": fact.subject,
                "cause": encoded_cause(fact.cause),
                "body": _encode(fact.body).decode(),
            }
            for fact in facts
        ],
    )


def encoded_cause(cause: Cause | None) -> str:
    return "" if cause is None else _encode(cause).decode()


def decoded_cause(text: str) -> Cause | None:
    return _cause.decode(text) if text else None


def head(connection: Connection) -> int:
    """The position of the newest fact; 0 when there never was one."""
    return connection.execute(_HEAD).scalar() or 0


def facts_after(
    connection: Connection,
    seq: int,
    *,
    limit: int,
    until: int | None = None,
    kinds: Collection[str] | None = None,
) -> list[Fact]:
    """Facts in commit order with ``seq`` > the given one and <= ``until``, of these kinds (None: all)."""
    parameters = {"after": seq, "until": _END if until is None else until, "most": limit}
    if kinds is None:
        rows = connection.execute(_FACTS, parameters)
    else:
        rows = connection.execute(_FACTS_OF_KINDS, {**parameters, "kinds": sorted(kinds)})
    return [
        Fact(
            id=row.id,
            kind=row.kind,
            account=row.account,
            region=row.region,
            time=moment(row.time),
            subject=row.subject,
            body=msgspec.json.decode(row.body),
            cause=decoded_cause(row.cause),
            seq=row.seq,
        )
        for row in rows
    ]


def time_of_next(connection: Connection, seq: int) -> datetime | None:
    """When the first fact after ``seq`` happened."""
    found = connection.execute(
        sa.select(OUTBOX.c.time).where(OUTBOX.c.seq > seq).order_by(OUTBOX.c.seq).limit(1)
    ).scalar()
    return None if found is None else moment(found)


def cursor(connection: Connection, reaction: str) -> Cursor | None:
    row = connection.execute(_CURSOR, {"named": reaction}).first()
    return None if row is None else Cursor(*row)


def create_cursor(connection: Connection, reaction: str, *, at: int) -> Cursor:
    """The reaction's cursor; a new one at this position if it has none."""
    _CREATE_CURSOR.run(connection, {"reaction": reaction, "seq": at, "pending_upto": at})
    found = cursor(connection, reaction)
    assert found is not None
    return found


def move_cursor(connection: Connection, reaction: str, was: Cursor, to: Cursor) -> None:
    """Compare and set. Raises Conflict when another process moved it: what was done for the batch must not count."""
    parameters = {
        "named": reaction,
        "was_seq": was.seq,
        "was_pending": was.pending_upto,
        "to_seq": to.seq,
        "to_pending": to.pending_upto,
    }
    moved = connection.execute(_MOVE_CURSOR, parameters).rowcount
    if moved != 1:
        raise Conflict(f"the cursor of {reaction} was moved by somebody else")


def bury(
    connection: Connection, *, source: str, name: str, item: msgspec.Struct, error: str, at: datetime
) -> None:
    """A dead letter: ``item`` (a Fact or a Job) whole, as JSON."""
    connection.execute(
        sa.insert(DEAD_LETTER),
        {
            "source": source,
            "name": name,
            "id": getattr(item, "id", ""),
            "account": getattr(item, "account", ""),
            "region": getattr(item, "region", ""),
            "time": micros(at),
            "error": error,
            "body": _encode(item).decode(),
        },
    )


def prune(connection: Connection, keep: int, reactions: Collection[str]) -> int:
    """Delete facts that all these reactions have passed, but keep the newest ``keep``; the number deleted.

    At most ``limits.PRUNE_FACTS`` at once, because everybody's commits wait for it. While one of the reactions
    has no cursor nothing is deleted.
    """
    cursors = connection.execute(sa.select(CURSOR.c.seq).where(CURSOR.c.reaction.in_(sorted(reactions))))
    passed = list(cursors.scalars())
    first = connection.execute(sa.select(sa.func.min(OUTBOX.c.seq))).scalar()
    if first is None or not passed or len(passed) < len(set(reactions)):
        return 0
    last = min(*passed, head(connection) - keep, first + limits.PRUNE_FACTS - 1)
    return connection.execute(sa.delete(OUTBOX).where(OUTBOX.c.seq <= last)).rowcount
