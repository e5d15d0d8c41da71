"""Evaluation on the clock: every ten seconds, all metric alarms that are due, their data fetched together.

A tick is a whole multiple of ten seconds. The last one done is committed with the transitions it caused, so a
tick is neither lost nor done twice, whenever the process dies; ticks missed while nothing ran are made up for in
order, each on the data as of its own moment. The evaluation before is repeated first: data that came too late for it
would else be passed over, though the gateway's own metrics, say, are always a moment behind.

Alarms on metric math, SELECT and models have a clock of their own: each of them needs queries of its own, and no alarm
on a metric is late because of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, NamedTuple, Protocol

import msgspec
import structlog

from triptych.control.collection import Collection
from triptych.control.store import Conflict
from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.query.metric_math import MathError
from triptych.services.cloudwatch.alarms.definition import ALARMS, STATES, Alarm, AlarmState, MetricWatch
from triptych.services.cloudwatch.alarms.evaluate import Slot, Verdict, Watch, decide
from triptych.services.cloudwatch.alarms.reason import CREATED, reason, reason_data
from triptych.services.cloudwatch.alarms.transition import stage, whole_milliseconds
from triptych.services.cloudwatch.alarms.window import (
    Values,
    phase_of,
    slots_at,
    stat_of,
    values_of,
    window_end,
)
from triptych.services.cloudwatch.points import MetricStat, Points
from triptych.services.contract import Ctx, Runtime

__all__ = ["CLOCK", "TICK_SECONDS", "AlarmClock", "Source", "Which", "tick"]

log = structlog.get_logger()

TICK_SECONDS = 10
"""CloudWatch's shortest alarm period."""
_LATE_SECONDS = 5.0
"""Lag worth a line in the log."""
_SIDE_BY_SIDE = 2
"""Alarms on metric math and SELECT whose data, each a query of its own, are fetched at once; the lake has more readers,
for everybody else."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Source(Protocol):
    """Where datapoints come from: ``services.cloudwatch.points`` and what is built on it."""

    async def fetch(
        self,
        runtime: Runtime,
        *,
        account: str,
        region: str,
        stats: Sequence[MetricStat],
        start: datetime,
        end: datetime,
        origin: datetime = _EPOCH,
    ) -> list[Points]: ...

    async def compute(
        self,
        runtime: Runtime,
        *,
        account: str,
        region: str,
        watch: MetricWatch,
        start: datetime,
        end: datetime,
        origin: datetime,
    ) -> Points:
        """The one series a Metrics list returns; raises ServiceError or MathError for one that cannot be computed."""
        ...


class AlarmClock(msgspec.Struct, frozen=True, kw_only=True):
    """What the last tick did, for whoever wants to know whether alarms are on time.

    :param at: the tick, epoch seconds. :param lag_seconds: from the tick to its transitions being ready to commit.
    :param alarms: evaluated; :param ticks: made up for, itself included; :param transitions: state changes.
    """

    at: int
    lag_seconds: float = 0.0
    alarms: int = 0
    ticks: int = 0
    transitions: int = 0


Which = Literal["metrics", "computed"]
"""Alarms on one metric, of which many share a query, and those on a Metrics list."""

CLOCK: Collection[AlarmClock] = Collection(name="cloudwatch.alarm_clock", type=AlarmClock, scope="global")
"""By ``Which``. ``clock`` is what both once had."""


class _Due(NamedTuple):
    """One alarm and the ticks it is to be evaluated at.

    :ivar again: the tick before those, to be repeated; None where the next one looks at the same periods anyway.
    """

    account: str
    region: str
    alarm: Alarm
    metric: MetricWatch
    watch: Watch
    ticks: tuple[int, ...]
    again: int | None

    @property
    def evaluations(self) -> tuple[int, ...]:
        return self.ticks if self.again is None else (self.again, *self.ticks)


class _Window(NamedTuple):
    """What alarms share that are fetched together; ``spread`` keeps long ranges from widening short ones."""

    account: str
    region: str
    period: int
    phase: int
    spread: int


async def tick(ctx: Ctx, source: Source, which: Which) -> AlarmClock | None:
    """Evaluate whatever of these is due; what was done, None when the last tick was done already.

    Stages; the caller commits. Raises Conflict when a definition changed meanwhile.
    """
    now = ctx.runtime.clock.now()
    current = int(now.timestamp()) // TICK_SECONDS * TICK_SECONDS
    clock = await ctx.unit.get(CLOCK, which) or await ctx.unit.get(CLOCK, "clock")
    last = clock.at if clock is not None else current - TICK_SECONDS
    ticks = range(
        max(last + TICK_SECONDS, current - limits.ALARM_CATCH_UP_SECONDS), current + 1, TICK_SECONDS
    )
    if not ticks:
        return None
    due = await _due(ctx, ticks, which)
    data = await _data(ctx.runtime, source, due)
    transitions = await _evaluate(ctx, due, data, now=now, current=current)
    lag = (ctx.runtime.clock.now() - _EPOCH).total_seconds() - current
    if lag > _LATE_SECONDS:
        log.warning("alarms_late", seconds=round(lag, 3), alarms=len(due))
    done = AlarmClock(at=current, lag_seconds=lag, alarms=len(due), ticks=len(ticks), transitions=transitions)
    ctx.unit.put(CLOCK, which, done)
    return done


async def _due(ctx: Ctx, ticks: range, which: Which) -> list[_Due]:
    found = []
    for document in await ctx.unit.list(ALARMS, index=("type", "MetricAlarm")):
        alarm, metric = document.value, document.value.metric
        assert metric is not None
        if bool(metric.metrics) != (which == "computed"):
            continue
        begin = alarm.configured.timestamp()
        at = tuple(t for t in ticks if t % metric.interval == 0 and t >= begin)
        if at:
            again = _again(metric, at[0], begin)
            found.append(_Due(document.account, document.region, alarm, metric, metric.watch, at, again))
    return found


def _again(metric: MetricWatch, at: int, begin: float) -> int | None:
    """The evaluation before ``at``, if the windows of the two do not overlap and it took place."""
    before = at - metric.interval
    return before if before > begin and phase_of(metric, before) == phase_of(metric, at) else None


def _window(due: _Due, at: int) -> _Window:
    phase = phase_of(due.metric, at)
    return _Window(due.account, due.region, due.metric.period, phase, due.watch.range.bit_length())


_Data = dict[tuple[_Window, MetricStat | str], Values | None]
"""None: it could not be told. The alarms on it keep their states, and are evaluated when they are next due; nobody else
waits for them."""


async def _data(runtime: Runtime, source: Source, due: Sequence[_Due]) -> _Data:
    """Everything the alarms need, in one fetch for each window they share."""
    shared: dict[_Window, tuple[dict[MetricStat, None], list[int]]] = {}
    computed: dict[tuple[_Window, str], tuple[_Due, list[int]]] = {}
    for each in due:
        for at in each.evaluations:
            window, end = _window(each, at), window_end(each.metric, at)
            reach = [end - each.watch.range * each.metric.period, end]
            if each.metric.metrics:
                computed.setdefault((window, each.alarm.name), (each, []))[1].extend(reach)
            else:
                stats, moments = shared.setdefault(window, ({}, []))
                stats[stat_of(each.metric)] = None
                moments.extend(reach)
    some = asyncio.Semaphore(_SIDE_BY_SIDE)

    async def compute(window: _Window, each: _Due, moments: Sequence[int]) -> Values | None:
        async with some:
            try:
                points = await source.compute(runtime, watch=each.metric, **_place(window, moments))
            except (ServiceError, MathError) as error:
                log.warning("alarm_not_evaluated", alarm=each.alarm.arn, reason=str(error))
                return None
        return values_of(points)

    data: _Data = {}
    for window, (stats, moments) in shared.items():
        found = await _fetched(runtime, source, tuple(stats), _place(window, moments))
        data.update(((window, stat), values) for stat, values in found.items())
    values = await asyncio.gather(
        *(compute(window, each, moments) for (window, _), (each, moments) in computed.items())
    )
    data.update(zip(computed, values, strict=True))
    return data


async def _fetched(
    runtime: Runtime, source: Source, stats: Sequence[MetricStat], place: Mapping[str, Any]
) -> dict[MetricStat, Values | None]:
    """In one query; where that is too much for the lake, in two of half as many."""
    try:
        found = await source.fetch(runtime, stats=stats, **place)
    except ServiceError as error:
        if len(stats) == 1:
            log.warning("metric_not_read", metric=stats[0].metric_name, reason=str(error))
            return {stats[0]: None}
        half = len(stats) // 2
        halves = [await _fetched(runtime, source, part, place) for part in (stats[:half], stats[half:])]
        return halves[0] | halves[1]
    return dict(zip(stats, map(values_of, found), strict=True))


def _place(window: _Window, moments: Sequence[int]) -> dict[str, Any]:
    return {
        "account": window.account,
        "region": window.region,
        "start": _moment(min(moments)),
        "end": _moment(max(moments)),
        "origin": _moment(window.phase),
    }


async def _evaluate(
    ctx: Ctx,
    due: Sequence[_Due],
    data: _Data,
    *,
    now: datetime,
    current: int,
) -> int:
    """Decide tick by tick, alarm by alarm, and stage what changes; the number of transitions."""
    listed = {
        (document.account, document.region, document.key): document.value
        for document in await ctx.unit.list(STATES)
    }
    by_tick: dict[int, list[tuple[int, _Due]]] = {}
    for each in due:
        if each.again is not None:
            by_tick.setdefault(each.ticks[0], []).append((each.again, each))
        for at in each.ticks:
            by_tick.setdefault(at, []).append((at, each))
    touched: dict[tuple[str, str, str], _Due] = {}
    states: dict[tuple[str, str, str], AlarmState] = {}
    changes: list[tuple[_Due, AlarmState, AlarmState]] = []
    for tick_at in sorted(by_tick):
        moment = now if tick_at == current else _moment(tick_at)
        for at, each in by_tick[tick_at]:
            key = (each.account, each.region, each.alarm.name)
            state = states.get(key) or listed.get(key)
            if state is None:
                raise Conflict(f"{each.alarm.arn} has no state yet, or no more")
            unchecked = state.value == "INSUFFICIENT_DATA" and state.reason == CREATED
            if at == each.again and (unchecked or state.by_hand):
                continue  # there is nothing to repeat; what was set by hand holds until the next evaluation
            values = data[_window(each, at), _what(each)]
            if values is None:
                continue
            slots = slots_at(each.metric, values, at)
            verdict = decide(each.watch, slots)
            if verdict.state is None or (verdict.state == state.value and not unchecked):
                continue
            touched[key] = each
            states[key] = _after(each, state, verdict, slots, at=moment)
            changes.append((each, state, states[key]))
    await asyncio.gather(*(_guard(ctx, due, listed[key]) for key, due in touched.items()))
    transitions = 0
    for each, before, after in changes:
        here = ctx.at(account=each.account, region=each.region)
        if before.value == after.value:  # no transition, but by now there is a reason
            here.unit.put(STATES, each.alarm.name, after, account=each.account, region=each.region)
        else:
            stage(here, each.alarm, before, after, act=True)
            transitions += 1
    return transitions


async def _guard(ctx: Ctx, due: _Due, state: AlarmState) -> None:
    """The decision rests on a listing: make the commit fail if either document is changed by now or till then."""
    alarm = await ctx.unit.get(ALARMS, due.alarm.name, account=due.account, region=due.region)
    stored = await ctx.unit.get(STATES, due.alarm.name, account=due.account, region=due.region)
    if alarm != due.alarm or stored != state:
        raise Conflict(f"{due.alarm.arn} was changed during its evaluation")


def _what(due: _Due) -> MetricStat | str:
    return due.alarm.name if due.metric.metrics else stat_of(due.metric)


def _after(
    due: _Due, state: AlarmState, verdict: Verdict, slots: Sequence[Slot], *, at: datetime
) -> AlarmState:
    """The state a verdict leads to."""
    assert verdict.state is not None
    metric, changed = due.metric, verdict.state != state.value
    # Two transitions of one tick happen one after the other.
    moment = max(whole_milliseconds(at), state.transitioned + timedelta(milliseconds=1))
    return msgspec.structs.replace(
        state,
        value=verdict.state,
        reason=reason(due.watch, verdict, m_of_n=metric.datapoints_to_alarm is not None),
        reason_data=reason_data(
            due.watch,
            verdict,
            slots,
            at=moment,
            period=metric.period,
            statistic=metric.statistic or metric.extended_statistic,
            unit=metric.unit,
        ),
        updated=moment,
        transitioned=moment if changed else state.transitioned,
        number=state.number + changed,
        told=verdict.state,
        by_hand=False,
    )


def _moment(seconds: int) -> datetime:
    return _EPOCH + timedelta(seconds=seconds)
