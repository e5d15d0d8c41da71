"""The anomaly detection models alarms judge by, remembered: an alarm is evaluated every minute, a model lasts an hour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary
from zlib import crc32

import msgspec

from triptych.kernel import limits
from triptych.lake.lake import Lake
from triptych.query.anomaly_band import Band, Training, training_ends
from triptych.services.cloudwatch import points
from triptych.services.cloudwatch.alarms.definition import MetricWatch
from triptych.services.cloudwatch.detector import training_of
from triptych.services.cloudwatch.series import Series, dimensions_of
from triptych.services.contract import Runtime

__all__ = ["trained"]


_HOUR, _MOMENT = timedelta(hours=1), timedelta(seconds=1)


class _Key(NamedTuple):
    account: str
    region: str
    told: bytes
    training: Training


async def trained(
    runtime: Runtime,
    *,
    account: str,
    region: str,
    watch: MetricWatch,
    name: str,
    start: datetime,
    end: datetime,
    origin: datetime,
) -> Band:
    """What ``points.expected`` says of one of an alarm's queries, or said some minutes ago.

    One evaluation has one model, of what was before all it looks at; a rehearsal has several. An alarm goes over to
    the model of a new hour in a minute of its own, so that not all are trained at once. Windows in other phases of
    the period train the same model. That there is none yet is not remembered, so that the data of the past may still
    come; data that come late for a model there is count from the next hour on.
    """
    evaluation = timedelta(seconds=watch.watch.range * watch.period)
    length = _MOMENT if end - start <= evaluation + _HOUR else end - start
    training = await _training(runtime, account=account, region=region, watch=watch, name=name)
    told = _told(watch.metrics, name)
    key = _Key(account, region, told, training)
    known = _TRAINED.setdefault(runtime.lake, {})
    found = Band()
    for behind in (crc32(told) % 60, 0):
        since = start - timedelta(minutes=behind)
        ends = training_ends(int(since.timestamp()), int((since + length).timestamp()))
        if key in known and known[key].starts == tuple(ends):
            return known[key]
        found = await points.expected(
            runtime,
            account=account,
            region=region,
            queries=watch.metrics,
            name=name,
            start=since,
            end=since + length,
            origin=origin,
            training=training,
        )
        if all(found.models):
            if length == _MOMENT:
                known.pop(key, None)
                known[key] = found
            if len(known) > limits.ANOMALY_BANDS:
                del known[next(iter(known))]
            return found
    return found


async def _training(
    runtime: Runtime, *, account: str, region: str, watch: MetricWatch, name: str
) -> Training:
    stat = next(query for query in watch.metrics if query["Id"] == name).get("MetricStat")
    if stat is None:
        return Training()
    metric = stat["Metric"]
    series = Series(metric["Namespace"], metric["MetricName"], dimensions_of(metric.get("Dimensions")))
    return await training_of(runtime, account=account, region=region, series=series, stat=stat["Stat"])


def _told(queries: Sequence[Mapping[str, Any]], name: str) -> bytes:
    """What the values of a query depend on: a metric on itself, an expression on whatever there is."""
    query = next(query for query in queries if query["Id"] == name)
    return msgspec.json.encode(query.get("MetricStat") or (name, queries))


_TRAINED: WeakKeyDictionary[Lake, dict[_Key, Band]] = WeakKeyDictionary()
"""Per lake: what its alarms judge by. It lives and dies with the lake it was told from."""
