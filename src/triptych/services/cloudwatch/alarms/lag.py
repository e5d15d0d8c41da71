"""Whether alarms are on time, as metrics of ours that can be read, drawn and alarmed on like any other."""

from __future__ import annotations

from triptych.services.cloudwatch import series
from triptych.services.cloudwatch.alarms.tick import AlarmClock, Which
from triptych.services.cloudwatch.series import Point, Series
from triptych.services.contract import Runtime

__all__ = ["NAMESPACE", "measure"]

NAMESPACE = "Triptych/Alarms"
"""``EvaluationLag`` (seconds from a tick to its transitions), ``Evaluated`` and ``Transitions`` (counts), of all
accounts, in the root account and the configured region; of a tick one of the alarms on metrics and one of the others."""


async def measure(runtime: Runtime, done: AlarmClock, which: Which) -> None:
    """Store what a tick was like; a tick repeated after a crash is stored once."""
    settings = runtime.settings
    points = [
        _point("EvaluationLag", "Seconds", done.at, done.lag_seconds),
        _point("Evaluated", "Count", done.at, float(done.alarms)),
        _point("Transitions", "Count", done.at, float(done.transitions)),
    ]
    token = f"{NAMESPACE}/{which}/{done.at}"
    await series.write(runtime, account=settings.account, region=settings.region, points=points, token=token)


def _point(name: str, unit: str, at: int, value: float) -> Point:
    return Point(Series(NAMESPACE, name, ()), unit, at * 1000, 1.0, value, value, value, (value,), (1.0,))
