"""CloudWatch alarms: definitions, evaluation, transitions, actions, history.

``definition`` (what is stored) and ``document`` (how others see it); ``metric_input`` and ``composite_input`` (what may
be stored); ``window``, ``evaluate`` and ``reason`` (the pure decision and its words), ``explain`` and ``rehearsal``
(the same decision, told period by period and over the past); ``tick`` (evaluation on the clock) over
``source`` (datapoints, metric math); ``composite`` (alarms on alarms) with ``suppression``; ``transition`` (a state
change as one commit); ``actions`` (what a change sets off); ``history``;
``lag`` (are alarms on time).
"""

from __future__ import annotations

from functools import partial
from typing import Any

from triptych.control.collection import Collection
from triptych.services.cloudwatch.alarms import actions, composite, definition, history, lag, tick
from triptych.services.cloudwatch.alarms.source import LakeSource
from triptych.services.contract import Ctx, Periodic

__all__ = ["COLLECTIONS", "JOBS", "PERIODIC", "REACTIONS", "TABLES"]


async def _tick(ctx: Ctx, which: tick.Which) -> None:
    done = await tick.tick(ctx, LakeSource(), which)
    if done is not None and done.alarms:
        await lag.measure(ctx.runtime, done, which)


def _ticking(name: str, which: tick.Which) -> Periodic:
    return Periodic(
        name=name, seconds=lambda _: tick.TICK_SECONDS, handle=partial(_tick, which=which), aligned=True
    )


COLLECTIONS: tuple[Collection[Any], ...] = (definition.ALARMS, definition.STATES, tick.CLOCK)
TABLES = (history.HISTORY,)
REACTIONS = (composite.FOLLOW, history.KEEP)
JOBS = (actions.PERFORM, composite.RELEASE)
PERIODIC = (_ticking("cloudwatch.tick", "metrics"), _ticking("cloudwatch.tick_computed", "computed"))
