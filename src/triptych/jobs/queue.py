"""The queue: which jobs are due, who claims them, and what becomes of them afterwards.

``outcome`` decides, purely; the rest are steps for the store's writer and queries for its readers. Every step
that ends a job checks that its owner still holds it, so a job that somebody else took over ends only once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from triptych.control import outbox
from triptych.control.job_rows import back_to_waiting, job_of
from triptych.control.schema import JOB, micros, moment
from triptych.control.store import Job
from triptych.jobs.kind import Retry
from triptych.kernel import limits
from triptych.kernel.ids import Ids


class ClaimLost(Exception):  # noqa: N818
    """Somebody else holds the job by now; what was done for it does not count."""


@dataclass(frozen=True, slots=True)
class Due:
    """What one look at the queue found.

    :param ids: jobs that may be claimed now, the longest due first.
    :param next_at: when the next job gets due, if it does within the horizon.
    :param stale: whether claims have run out.
    """

    ids: tuple[str, ...]
    next_at: datetime | None
    stale: bool


def outcome(retry: Retry, attempt: int, ids: Ids) -> float | None:
    """Seconds until a job runs again whose ``attempt``-th run (from 1) failed; None: give it up.

    The delay doubles with every attempt; half of it is random, so that what failed together does not come
    back together.
    """
    if attempt >= retry.max_attempts:
        return None
    longest = min(retry.max_delay_seconds, retry.first_delay_seconds * 2.0 ** min(attempt - 1, 60))
    return ids.uniform(longest / 2, longest)


_other = JOB.alias("other")
_ALONE = sa.or_(
    JOB.c.key == "",
    ~sa.exists().where(_other.c.kind == JOB.c.kind, _other.c.key == JOB.c.key, _other.c.owner != ""),
)
"""No job of the same kind and key runs."""
_LOOK = (
    sa.select(JOB.c.id, JOB.c.kind, JOB.c.run_at)
    .where(
        JOB.c.owner == "",
        JOB.c.run_at <= sa.bindparam("horizon"),
        JOB.c.kind.in_(sa.bindparam("kinds", expanding=True)),
        _ALONE,
    )
    .order_by(JOB.c.run_at, JOB.c.id)
    .limit(limits.JOB_CLAIM)
)
_STALE = sa.select(JOB.c.id).where(JOB.c.owner > "", JOB.c.claimed_until <= sa.bindparam("time")).limit(1)
_IDS = JOB.c.id.in_(sa.bindparam("ids", expanding=True))
_FREE = sa.select(JOB).where(_IDS, JOB.c.owner == "", _ALONE).order_by(JOB.c.run_at, JOB.c.id)
_CLAIM = (
    sa.update(JOB).where(_IDS).values(owner=sa.bindparam("new_owner"), claimed_until=sa.bindparam("until"))
)
_COMPLETE = sa.delete(JOB).where(JOB.c.id == sa.bindparam("done"), JOB.c.owner == sa.bindparam("held_by"))


def look(connection: Connection, free: Mapping[str, int], now: datetime, horizon: datetime) -> Due:
    """Due jobs, at most ``free[kind]`` of a kind, and when the next comes before the horizon.

    Of ``limits.JOB_CLAIM`` at a time: no more are read than can be claimed, for what waits may be long.
    """
    time = micros(now)
    rows = connection.execute(_LOOK, {"horizon": micros(horizon), "kinds": sorted(free)}).all()
    later = [row.run_at for row in rows if row.run_at > time]
    stale = connection.execute(_STALE, {"time": time}).first() is not None
    due = _at_most(free, (row for row in rows if row.run_at <= time))
    return Due(tuple(row.id for row in due), moment(later[0]) if later else None, stale)


def _at_most(free: Mapping[str, int], rows: Iterable[Any]) -> list[Any]:
    """The first rows of every kind, as many as have room."""
    left = dict(free)
    taken = []
    for row in rows:
        if left.get(row.kind, 0) > 0:
            left[row.kind] -= 1
            taken.append(row)
    return taken


def claim(
    connection: Connection, ids: Sequence[str], free: dict[str, int], owner: str, until: datetime
) -> list[tuple[Job, int]]:
    """Claim those that are still free, at most ``free[kind]`` of a kind; (job, interruptions), longest due first."""
    taken = _at_most(free, connection.execute(_FREE, {"ids": list(ids)}).all())
    if taken:
        mine = {"ids": [row.id for row in taken], "new_owner": owner, "until": micros(until)}
        connection.execute(_CLAIM, mine)
    return [(job_of(row), row.interrupted) for row in taken]


def heartbeat(connection: Connection, ids: Sequence[str], owner: str, until: datetime) -> None:
    """These jobs are still being run by their owner."""
    connection.execute(
        sa.update(JOB).where(JOB.c.id.in_(ids), JOB.c.owner == owner).values(claimed_until=micros(until))
    )


def complete(connection: Connection, job: Job, owner: str) -> None:
    """The job is done. Raises ClaimLost."""
    if connection.execute(_COMPLETE, {"done": job.id, "held_by": owner}).rowcount != 1:
        raise ClaimLost(job.id)


def again(connection: Connection, job: Job, owner: str, run_at: datetime, attempt: int) -> None:
    """The job waits and runs again. Raises ClaimLost."""
    if not back_to_waiting(connection, job.id, owner=owner, run_at=micros(run_at), attempt=attempt):
        raise ClaimLost(job.id)


def give_up(connection: Connection, job: Job, owner: str, error: str, at: datetime) -> None:
    """The job becomes a dead letter. Raises ClaimLost."""
    complete(connection, job, owner)
    outbox.bury(connection, source="job", name=job.kind, item=job, error=error, at=at)


def kinds_waiting(connection: Connection) -> dict[str, int]:
    """Kind -> number of jobs that wait (due or not)."""
    rows = connection.execute(
        sa.select(JOB.c.kind, sa.func.count()).where(JOB.c.owner == "").group_by(JOB.c.kind)
    )
    return {row[0]: row[1] for row in rows}
