"""How many events there are in a time, and their bytes: from sums by the minute, which the lake keeps (``tables``)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlglot import exp

_MINUTE = timedelta(minutes=1)


def minute_of(time: datetime) -> datetime:
    """The minute it is in."""
    return time.replace(second=0, microsecond=0)


def minute() -> exp.Expr:
    """An event's minute; conditions of it and of the group are answered from the sums."""
    return exp.Anonymous(this="toStartOfMinute", expressions=[exp.column("time")])


def summed(condition: exp.Condition) -> exp.Select:
    """``events`` and ``size`` of those that a condition is true of."""
    count = exp.Anonymous(this="count", expressions=[])
    size = exp.Anonymous(this="sum", expressions=[exp.column("bytes")])
    return (
        exp.select(exp.alias_(count, "events"), exp.alias_(size, "size"))
        .from_("logs_events")
        .where(condition)
    )


def summed_between(condition: exp.Condition) -> exp.Select:
    """The same from a time (inclusive) to another: whole minutes from the sums, what is around them from the rows.

    :param condition: of the group alone. The query binds its values and those of ``minutes``.
    """
    since, until = exp.Placeholder(this="first_minute"), exp.Placeholder(this="last_minute")
    time = exp.column("time")
    minutes = exp.and_(exp.GTE(this=minute(), expression=since), exp.LT(this=minute(), expression=until))
    before = exp.and_(time >= exp.Placeholder(this="start"), time < since)
    behind = exp.and_(time >= until, time < exp.Placeholder(this="end"))
    parts = exp.union(
        summed(exp.and_(condition, minutes)),
        summed(exp.and_(condition, exp.or_(before, behind))),
        distinct=False,
    )
    sums = [
        exp.alias_(exp.Anonymous(this="sum", expressions=[exp.column(name)]), name)
        for name in ("events", "size")
    ]
    return exp.select(*sums).from_(parts.subquery("parts"))


def minutes(start: datetime, end: datetime) -> dict[str, Any]:
    """The time that ``summed_between`` binds."""
    first = minute_of(start + _MINUTE - timedelta(microseconds=1))
    last = minute_of(end)
    if last < first:  # both are in one minute
        first = last = end
    return {"start": start, "end": end, "first_minute": first, "last_minute": last}
