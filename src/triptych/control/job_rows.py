"""Jobs as rows: staging with absorption, and the way back to waiting. Claiming is ``jobs.queue``'s."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from triptych.control.outbox import decoded_cause, encoded_cause
from triptych.control.schema import JOB, micros, moment
from triptych.control.store import Job
from triptych.control.upsert import Upsert

_WAITING = sa.and_(JOB.c.owner == "", JOB.c.key != "")


def _absorbing(insert: Any) -> Any:
    """The earlier ``run_at`` wins, and the later cause: the work will see what the later one did, too."""
    new, cause = insert.excluded.run_at, insert.excluded.cause
    return insert.on_conflict_do_update(
        # Literal text: it has to match the partial index, and a predicate of bound values does not.
        index_elements=[JOB.c.kind, JOB.c.key],
        index_where=sa.text("owner = '' AND key <> ''"),
        set_={
            "run_at": sa.case((new < JOB.c.run_at, new), else_=JOB.c.run_at),
            "cause": sa.case((cause != "", cause), else_=JOB.c.cause),
        },
    )


_ENQUEUE = Upsert(JOB, _absorbing)


def enqueue(connection: Connection, jobs: Sequence[Job]) -> None:
    """Jobs that wait. One whose kind and key wait already is absorbed: see ``_absorbing``."""
    _ENQUEUE.run(
        connection,
        [
            {
                "id": job.id,
                "kind": job.kind,
                "key": job.key,
                "account": job.account,
                "region": job.region,
                "body": msgspec.json.encode(job.body).decode(),
                "cause": encoded_cause(job.cause),
                "run_at": micros(job.run_at),
                "attempt": job.attempt,
                "interrupted": 0,
                "owner": "",
                "claimed_until": 0,
            }
            for job in jobs
        ],
    )


def job_of(row: Any) -> Job:
    return Job(
        id=row.id,
        kind=row.kind,
        account=row.account,
        region=row.region,
        body=msgspec.json.decode(row.body),
        run_at=moment(row.run_at),
        key=row.key,
        cause=decoded_cause(row.cause),
        attempt=row.attempt,
    )


def back_to_waiting(
    connection: Connection,
    job_id: str,
    *,
    owner: str,
    run_at: int | None = None,
    attempt: int | None = None,
    interrupted: bool = False,
) -> bool:
    """A claimed job waits again; False when ``owner`` does not hold it any more.

    A job of the same kind and key that was staged meanwhile is absorbed: the earlier ``run_at`` and its cause win.
    """
    row = connection.execute(sa.select(JOB).where(JOB.c.id == job_id, JOB.c.owner == owner)).first()
    if row is None:
        return False
    due, cause = row.run_at if run_at is None else run_at, row.cause
    if row.key:
        twin = sa.and_(_WAITING, JOB.c.kind == row.kind, JOB.c.key == row.key)
        staged = connection.execute(sa.select(JOB.c.run_at, JOB.c.cause).where(twin)).first()
        if staged is not None:
            due, cause = min(due, staged.run_at), staged.cause or cause
            connection.execute(sa.delete(JOB).where(twin))
    connection.execute(
        sa.update(JOB)
        .where(JOB.c.id == job_id)
        .values(
            owner="",
            claimed_until=0,
            run_at=due,
            cause=cause,
            attempt=row.attempt if attempt is None else attempt,
            interrupted=row.interrupted + 1 if interrupted else row.interrupted,
        )
    )
    return True


def interrupt(connection: Connection, is_gone: Callable[[str], bool], now: int) -> int:
    """Claims that ran out or whose owner is gone wait again; their number."""
    claimed = connection.execute(
        sa.select(JOB.c.id, JOB.c.owner, JOB.c.claimed_until).where(JOB.c.owner != "")
    ).all()
    gone = {owner for owner in {row.owner for row in claimed} if is_gone(owner)}
    stale = [row for row in claimed if row.claimed_until <= now or row.owner in gone]
    for row in stale:
        back_to_waiting(connection, row.id, owner=row.owner, interrupted=True)
    return len(stale)
