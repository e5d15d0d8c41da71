"""Events to metrics: the job that runs metric filters and embedded metrics over what has arrived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import msgspec
import structlog

from triptych.control.collection import Collection
from triptych.control.store import Job
from triptych.jobs.kind import Later, Retry
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, JobKind
from triptych.services.logs.backlog import METRICS_JOB, done_with, events_waiting, waiting
from triptych.services.logs.group import GROUPS, METRICS, LogGroup
from triptych.services.logs.measure import MINUTE, Datum, Measured, defaults, measured
from triptych.services.logs.metric_filter import METRIC_FILTERS, MetricFilter
from triptych.services.logs.moments import millis

log = structlog.get_logger()

PRINCIPAL = "logs.amazonaws.com"
_DATA_AT_ONCE = 1000
"""Data of one PutMetricData (CloudWatch)."""
_GRACE_SECONDS = 10.0
"""How long after a minute it is decided that nothing matched in it; batches may still be on their way (ours)."""
_DEFAULTS_JOB = "logs.defaults"


class Minute(msgspec.Struct, frozen=True, kw_only=True):
    """A minute in which events came to a group that has default values; ``matched``: filters that found something."""

    group: str
    matched: tuple[str, ...] = ()


MINUTES = Collection(name="logs.minutes", type=Minute)
"""By group id and minute since 1970."""


async def _filters(ctx: Ctx, group: LogGroup) -> list[MetricFilter]:
    found = await ctx.unit.list(METRIC_FILTERS, account=ctx.account, region=ctx.region, prefix=f"{group.id}:")
    return [document.value for document in found]


async def _measure(ctx: Ctx, job: Job) -> None:
    group = await _still_there(ctx, job.body["group"])
    if group is None:
        return
    documents, more = await waiting(ctx, group, METRICS)
    if not documents:
        return
    filters = await _filters(ctx, group)
    entries = [document.value for document in documents]
    made = measured(filters, await events_waiting(ctx, group, entries))
    await publish(ctx, made.data)
    if any(each.transformation.default is not None for each in filters):
        await _note(ctx, group, {entry.ingested // MINUTE for entry in entries}, made)
    done_with(ctx, documents)
    if more:
        raise Later(0)


async def _still_there(ctx: Ctx, name: str) -> LogGroup | None:
    """The group, listed so that a change to it while the job runs is no conflict."""
    found = await ctx.unit.list(GROUPS, account=ctx.account, region=ctx.region, prefix=name, limit=1)
    return found[0].value if found and found[0].key == name else None


async def publish(ctx: Ctx, data: Sequence[Datum]) -> None:
    """Put data points. What CloudWatch refuses for good is logged and left out; anything else is raised."""
    by_namespace: dict[str, list[Datum]] = defaultdict(list)
    for datum in data:
        by_namespace[datum[0]].append(datum)
    for namespace, all_of_it in by_namespace.items():
        for start in range(0, len(all_of_it), _DATA_AT_ONCE):
            some = all_of_it[start : start + _DATA_AT_ONCE]
            try:
                await _put(ctx, namespace, some)
            except ServiceError as error:
                if not _is_final(error):
                    raise
                await _put_singly(ctx, namespace, some)


async def _put_singly(ctx: Ctx, namespace: str, data: Sequence[Datum]) -> None:
    for datum in data:
        try:
            await _put(ctx, namespace, [datum])
        except ServiceError as error:
            if not _is_final(error):
                raise
            log.warning(
                "log_metric_refused", namespace=namespace, metric=datum[1]["MetricName"], error=str(error)
            )


async def _put(ctx: Ctx, namespace: str, data: Sequence[Datum]) -> None:
    params = {"Namespace": namespace, "MetricData": [datum for _, datum in data]}
    await ctx.call("cloudwatch", "PutMetricData", params, principal=PRINCIPAL)


def _is_final(error: ServiceError) -> bool:
    """Whether the same call would be refused again."""
    return error.status < 500 and "Throttling" not in error.code


async def _note(ctx: Ctx, group: LogGroup, minutes: set[int], made: Measured) -> None:
    """Remember which filters matched in the minutes of arrival, and decide on defaults when each is over."""
    for minute in sorted(minutes):
        key = f"{group.id}:{minute:012d}"
        before = await ctx.unit.get(MINUTES, key, account=ctx.account, region=ctx.region)
        names = {name for at, name in made.matched if at == minute}
        matched = tuple(sorted({*(before.matched if before else ()), *names}))
        noted = Minute(group=group.name, matched=matched)
        ctx.unit.put(MINUTES, key, noted, account=ctx.account, region=ctx.region)
        over = ((minute + 1) * MINUTE - millis(ctx.now)) / 1000
        ctx.job(
            _DEFAULTS_JOB,
            {"group": group.name, "minute": minute},
            key=key,
            delay_seconds=max(0.0, over) + _GRACE_SECONDS,
        )


async def _say_defaults(ctx: Ctx, job: Job) -> None:
    group = await _still_there(ctx, job.body["group"])
    minute = job.body["minute"]
    if group is None:
        return
    key = f"{group.id}:{minute:012d}"
    noted = await ctx.unit.get(MINUTES, key, account=ctx.account, region=ctx.region)
    if noted is None:
        return
    await publish(ctx, defaults(await _filters(ctx, group), noted.matched, minute))
    ctx.unit.delete(MINUTES, key, account=ctx.account, region=ctx.region)


_RETRY = Retry(max_attempts=30, max_delay_seconds=60.0)
MEASURE = JobKind(name=METRICS_JOB, handle=_measure, retry=_RETRY)
DEFAULTS = JobKind(name=_DEFAULTS_JOB, handle=_say_defaults, retry=_RETRY)
