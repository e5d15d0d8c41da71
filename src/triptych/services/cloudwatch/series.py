"""Series: what a metric is told apart by, and the way its points take into the lake."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

import pyarrow as pa

from triptych.kernel import limits
from triptych.lake.lake import Lake
from triptych.lake.rows import from_columns
from triptych.services.cloudwatch.tables import METRICS, POINTS
from triptych.services.contract import Runtime

Dimensions = tuple[tuple[str, str], ...]
"""(name, value) pairs in name order; their order in a request means nothing."""


class Series(NamedTuple):
    """One metric: every distinct set of dimensions is a metric of its own."""

    namespace: str
    metric_name: str
    dimensions: Dimensions


def dimensions_of(listed: Iterable[Mapping[str, str]] | None) -> Dimensions:
    """``[{"Name": ..., "Value": ...}]`` in our order."""
    return tuple(sorted((each["Name"], each["Value"]) for each in listed or ()))


def listed(dimensions: Dimensions) -> list[dict[str, str]]:
    return [{"Name": name, "Value": value} for name, value in dimensions]


@lru_cache(maxsize=limits.METRIC_SERIES_NUMBERS)
def number(series: Series) -> int:
    """The 63-bit number a series has in the lake, the same for ever and in every process.

    Two of a million series of one metric share a number with a probability of 1 in 20 million.
    """
    parts = (series.namespace, series.metric_name, *(text for pair in series.dimensions for text in pair))
    digest = blake2b(digest_size=8)
    for part in parts:
        raw = part.encode()
        digest.update(len(raw).to_bytes(4, "big") + raw)
    return int.from_bytes(digest.digest(), "big") >> 1


class Point(NamedTuple):
    """A datum ready to be stored; see ``tables.POINTS``.

    :param time: milliseconds since 1970.
    """

    series: Series
    unit: str
    time: int
    samples: float
    total: float
    minimum: float
    maximum: float
    values: Sequence[float]
    weights: Sequence[float]


class Scope(NamedTuple):
    account: str
    region: str


class Rows(NamedTuple):
    """Points as rows of ``POINTS``, and the metrics they are of by their numbers."""

    table: pa.Table
    metrics: Mapping[int, Series]


async def write(
    runtime: Runtime, *, account: str, region: str, points: Sequence[Point], token: str = ""
) -> None:
    """Store points; they are durable, and their metrics listed, when it returns.

    With a ``token`` a repeat of the same call is absorbed (``Lake.write``).
    """
    scope = Scope(account, region)
    if len(points) > limits.METRIC_DATA:  # more than one request brings: it would hold up the loop
        rows = await asyncio.to_thread(rows_of, points, scope)
    else:
        rows = rows_of(points, scope)
    await store(runtime, rows, scope, token=token)


async def store(runtime: Runtime, rows: Rows, scope: Scope, *, token: str = "") -> None:
    """The same of rows."""
    if not rows.metrics:
        return
    now = runtime.clock.now()
    seen = _seen(runtime.lake).setdefault(scope, {})
    day = now.toordinal()
    fresh = {key: series for key, series in rows.metrics.items() if seen.get(key) != day}
    writes = [runtime.lake.write(POINTS, rows.table, token=token)]
    if fresh:
        listed_rows = [metric_row(*scope, series, key, now) for key, series in fresh.items()]
        writes.append(runtime.lake.write(METRICS, listed_rows))
    await asyncio.gather(*writes)
    if len(seen) + len(fresh) > limits.METRIC_SERIES_SEEN:
        seen.clear()  # they will be listed once more today, which does no harm
    seen.update(dict.fromkeys(fresh, day))


def rows_of(points: Sequence[Point], scope: Scope) -> Rows:
    series, unit, time, samples, total, minimum, maximum, values, weights = (
        map(list, zip(*points, strict=True)) if points else [[] for _ in Point._fields]
    )
    numbers = list(map(number, series))
    columns = {
        "account": scope.account,
        "region": scope.region,
        "namespace": [each.namespace for each in series],
        "metric_name": [each.metric_name for each in series],
        "series": numbers,
        "unit": unit,
        "time": time,
        "samples": samples,
        "total": total,
        "minimum": minimum,
        "maximum": maximum,
        "values": values,
        "weights": weights,
    }
    return Rows(from_columns(POINTS, columns), dict(zip(numbers, series, strict=True)))


def metric_row(account: str, region: str, series: Series, key: int, now: datetime) -> dict[str, Any]:
    """A series as a row of ``METRICS``; ``key`` is its number."""
    return {
        "account": account,
        "region": region,
        "namespace": series.namespace,
        "metric_name": series.metric_name,
        "series": key,
        "dimension_names": [name for name, _ in series.dimensions],
        "dimension_values": [value for _, value in series.dimensions],
        "seen": now,
    }


_SEEN: WeakKeyDictionary[Lake, dict[Scope, dict[int, int]]] = WeakKeyDictionary()
"""Per lake: (account, region) -> number of a series -> the day it was last listed by this process.

It lives and dies with the lake it speaks of; it only saves inserts, so nothing is wrong when it is empty.
"""


def _seen(lake: Lake) -> dict[Scope, dict[int, int]]:
    return _SEEN.setdefault(lake, {})
