"""PutMetricData: what a datum may say, in AWS's words, and how it becomes a point."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from operator import itemgetter
from typing import Any

import pyarrow as pa

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.lake.rows import from_columns
from triptych.services.cloudwatch import series as series_room
from triptych.services.cloudwatch.series import Point, Rows, Scope, Series, number
from triptych.services.cloudwatch.tables import POINTS
from triptych.services.contract import Ctx, operation

PAST = timedelta(days=14)
FUTURE = timedelta(hours=2)
"""How far from now a timestamp may be (CloudWatch)."""

_LARGEST = 2.0**360
"""CloudWatch takes values from -2^360 to 2^360."""
_WHOLE = "MetricData"


@operation
async def put_metric_data(ctx: Ctx, params: dict[str, Any]) -> None:
    """Store data points; they are durable when the call is answered.

    Partly: EntityMetricData is refused, entities are not kept.
    """
    namespace: str = params["Namespace"]
    if params.get("EntityMetricData"):
        raise ServiceError(
            "InvalidParameterValue",
            "The parameter EntityMetricData is not supported: Triptych does not keep entities. "
            "Put the data into MetricData.",
        )
    if namespace.startswith("AWS/"):
        raise ServiceError("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
    data, scope = params.get("MetricData"), Scope(ctx.account, ctx.region)
    rows = rows_of_values(namespace, data, ctx.now, scope) if data else None
    if rows is None:
        rows = series_room.rows_of(points_of(namespace, data, ctx.now), scope)
    # The data go before the lake is waited for. With those of a dozen requests in memory, each new one is read into
    # memory that no cache holds, which takes the front door a fifth more time.
    params.pop("MetricData", None)
    del data
    await series_room.store(ctx.runtime, rows, scope)


def points_of(namespace: str, data: Sequence[Mapping[str, Any]] | None, now: datetime) -> list[Point]:
    """The data as points. Raises InvalidParameterCombination, MissingParameter, InvalidParameterValue.

    Like AWS one error names every datum that has it, a line each.
    """
    if not data:
        raise ServiceError("MissingParameter", f"The parameter {_WHOLE} is required.")
    if len(data) > limits.METRIC_DATA:
        raise ServiceError("InvalidParameterValue", _too_many(_WHOLE, limits.METRIC_DATA))
    span = (now - PAST, now + FUTURE)
    troubles: dict[str, list[str]] = {}
    points = []
    for position, datum in enumerate(data, 1):
        point = _point(namespace, datum, now, span)
        if point is None:
            for code, message in _troubles(f"{_WHOLE}.member.{position}", datum, now):
                troubles.setdefault(code, []).append(message)
        elif point.samples:
            points.append(point)
    for code in ("InvalidParameterCombination", "MissingParameter", "InvalidParameterValue"):
        if code in troubles:
            raise ServiceError(code, "\n".join(troubles[code][: limits.VALIDATION_ERRORS]))
    return points


_Span = tuple[datetime, datetime]
"""The earliest and the latest timestamp that is taken."""


def _point(namespace: str, datum: Mapping[str, Any], now: datetime, span: _Span) -> Point | None:
    """The datum as a point, None when something is wrong with it (``_troubles`` says what)."""
    numbered = _numbered(namespace, datum["MetricName"], _pairs(datum.get("Dimensions")))
    if numbered is None or (not _plain(datum, span) and next(_troubles("", datum, now), None) is not None):
        return None
    series, unit = numbered[1], datum.get("Unit") or "None"
    time = _cut(datum.get("Timestamp") or now, datum.get("StorageResolution") or 60)
    if (value := datum.get("Value")) is not None:
        return Point(series, unit, time, 1.0, value, value, value, (value,), _ONCE)
    if (known := datum.get("StatisticValues")) is not None:
        return _of_statistics(series, unit, time, known)
    return _of_values(series, unit, time, datum["Values"], datum.get("Counts"))


def _cut(moment: datetime, resolution: int) -> int:
    """Milliseconds. Standard metrics have one point a minute, high-resolution ones one a second."""
    second = int(moment.timestamp())
    return (second - second % resolution) * 1000


_ONCE = (1.0,)
_Pairs = tuple[tuple[str, str], ...]


def _pairs(dimensions: Sequence[Mapping[str, str]] | None) -> _Pairs:
    return tuple(map(_PAIR, dimensions)) if dimensions else ()


_PAIR = itemgetter("Name", "Value")


@lru_cache(maxsize=limits.METRIC_SERIES_NUMBERS)
def _numbered(namespace: str, name: str, pairs: _Pairs) -> tuple[int, Series] | None:
    """A series behind its number; None when something is wrong with its dimensions.

    Remembered, because the same few come again and again.
    """
    if next(_of_dimensions("", pairs), None) is not None:
        return None
    series = Series(namespace, name, tuple(sorted(pairs)))
    return number(series), series


_OF_ONE_VALUE = frozenset({"MetricName", "Dimensions", "Timestamp", "Value", "Unit"})
_OF_VALUES = _OF_ONE_VALUE - {"Value"} | {"Values"}


def _plain(datum: Mapping[str, Any], span: _Span) -> bool:
    """Whether the datum is plainly good; a doubtful No costs time only, ``_troubles`` has the last word."""
    time, values = datum.get("Timestamp"), datum.get("Values")
    if time is not None and not span[0] <= time <= span[1]:
        return False
    if values is None:
        value = datum.get("Value")
        return value is not None and -_LARGEST <= value <= _LARGEST and datum.keys() <= _OF_ONE_VALUE
    if not 0 < len(values) <= limits.METRIC_DATUM_VALUES or not datum.keys() <= _OF_VALUES:
        return False
    return _fit(values)


def _fit(values: Sequence[float]) -> bool:
    # The sum of anything and NaN is NaN, which no comparison holds for.
    return min(values) >= -_LARGEST and max(values) <= _LARGEST and -math.inf < sum(values) < math.inf


def _of_statistics(series: Series, unit: str, time: int, known: Mapping[str, float]) -> Point:
    samples, total, low, high = (float(known[name]) for name in ("SampleCount", "Sum", "Minimum", "Maximum"))
    # Percentiles of a statistic set are possible where its values are no secret: all of them are the same.
    alike = low == high and total == low * samples
    return Point(
        series, unit, time, samples, total, low, high, (low,) if alike else (), (samples,) if alike else ()
    )


def _of_values(
    series: Series, unit: str, time: int, values: Sequence[float], counts: Sequence[float] | None
) -> Point:
    if counts is None:
        ones = (1.0,) * len(values)
        count, total = float(len(values)), math.fsum(values)
        return Point(series, unit, time, count, total, min(values), max(values), values, ones)
    weighted = [(float(value), float(count)) for value, count in zip(values, counts, strict=True) if count]
    kept, weights = [value for value, _ in weighted], [weight for _, weight in weighted]
    total = math.fsum(value * weight for value, weight in weighted)
    return Point(
        series,
        unit,
        time,
        math.fsum(weights),
        total,
        min(kept, default=0.0),
        max(kept, default=0.0),
        kept,
        weights,
    )


# Plain data, column by column --------------------------------------------------------------------------------


def rows_of_values(
    namespace: str, data: Sequence[Mapping[str, Any]], now: datetime, scope: Scope
) -> Rows | None:
    """Data of one value each, all of one resolution, as the rows that ``points_of`` would lead to.

    None if one of them is something else or in doubt: then ``points_of`` has the last word. Requests of a thousand
    such data are what agents send all day, and making a point of each costs several times as much.
    """
    members = set(map(tuple, data))  # whatever the number of data, a handful
    if len(data) > limits.METRIC_DATA or not all(
        "Value" in names and _IN_BULK.issuperset(names) for names in members
    ):
        return None
    resolution, *others = {datum.get("StorageResolution", 60) for datum in data}
    if others or resolution not in (1, 60):
        return None
    values = [datum["Value"] for datum in data]
    found = [_numbered(namespace, datum["MetricName"], _pairs(datum.get("Dimensions"))) for datum in data]
    numbered = [each for each in found if each is not None]
    moments = [datum.get("Timestamp") or now for datum in data]
    times = {moment: _cut(moment, resolution) for moment in set(moments)}
    if len(numbered) < len(data) or None in values or not _fit(values):
        return None
    if min(times) < now - PAST or max(times) > now + FUTURE:
        return None
    value, once, ends = pa.array(values, pa.float64()), pa.repeat(1.0, len(data)), _ENDS[: len(data) + 1]
    columns = {
        "account": scope.account,
        "region": scope.region,
        "namespace": namespace,
        "metric_name": pa.array([datum["MetricName"] for datum in data], pa.string()),
        "series": pa.array([key for key, _ in numbered], pa.int64()),
        "unit": pa.array([datum.get("Unit") or "None" for datum in data], pa.string()),
        "time": pa.array([times[moment] for moment in moments], pa.timestamp("ms", tz="UTC")),
        "samples": once,
        "total": value,
        "minimum": value,
        "maximum": value,
        "values": pa.ListArray.from_arrays(ends, value),
        "weights": pa.ListArray.from_arrays(ends, once),
    }
    return Rows(from_columns(POINTS, columns), dict(numbered))


_IN_BULK = _OF_ONE_VALUE | {"StorageResolution"}
_ENDS = pa.array(range(limits.METRIC_DATA + 1), pa.int32())
"""Where lists of one element begin and end."""


# What may be wrong ------------------------------------------------------------------------------------------


def _troubles(where: str, datum: Mapping[str, Any], now: datetime) -> Iterator[tuple[str, str]]:
    """(code, message) of everything wrong with a datum the model itself allows."""
    given = [name for name in ("Value", "Values", "StatisticValues") if datum.get(name) is not None]
    if len(given) > 1:
        yield (
            "InvalidParameterCombination",
            f"The parameters {where}.{given[0]} and {where}.{given[1]} are mutually exclusive and you have "
            "specified both.",
        )
    elif not given:
        yield (
            "MissingParameter",
            f"At least one of the parameters {where}.Value, {where}.Values and {where}.StatisticValues must be "
            "specified.",
        )
    for name in given:
        yield from _CHECKS[name](where, datum)
    if datum.get("Counts") is not None and datum.get("Values") is None:
        yield (
            "MissingParameter",
            f"The parameter {where}.Values is required when {where}.Counts is specified.",
        )
    if datum.get("StorageResolution") not in (None, 1, 60):
        yield (
            "InvalidParameterValue",
            f"The parameter {where}.StorageResolution must be 1 or 60.",
        )
    yield from _of_time(where, datum.get("Timestamp"), now)
    yield from _of_dimensions(where, _pairs(datum.get("Dimensions")))


def _of_value(where: str, datum: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    yield from _number(f"{where}.Value", datum["Value"])


def _of_array(where: str, datum: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    values, counts = datum["Values"], datum.get("Counts")
    if not values:
        yield "MissingParameter", f"The parameter {where}.Values is required."
    if len(values) > limits.METRIC_DATUM_VALUES:
        yield "InvalidParameterValue", _too_many(f"{where}.Values", limits.METRIC_DATUM_VALUES)
        return
    if counts is not None and len(counts) != len(values):
        yield (
            "InvalidParameterValue",
            f"The parameters {where}.Values and {where}.Counts must be of the same size.",
        )
    for value in values:
        yield from _number(f"{where}.Values", value)
    for count in counts or ():
        yield from _count(f"{where}.Counts", count)


def _of_set(where: str, datum: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    known, where = datum["StatisticValues"], f"{where}.StatisticValues"
    for name in ("SampleCount", "Sum", "Minimum", "Maximum"):
        yield from _number(f"{where}.{name}", known[name])
    yield from _count(f"{where}.SampleCount", known["SampleCount"])
    if known["Minimum"] > known["Maximum"]:
        yield (
            "InvalidParameterValue",
            f"The parameter {where}.Minimum must be less than or equal to the parameter {where}.Maximum.",
        )


_CHECKS = {"Value": _of_value, "Values": _of_array, "StatisticValues": _of_set}


def _number(where: str, value: float) -> Iterator[tuple[str, str]]:
    if not -_LARGEST <= value <= _LARGEST:  # so written, NaN is refused too
        yield "InvalidParameterValue", f"The value {_shown(value)} for parameter {where} is invalid."


def _count(where: str, value: float) -> Iterator[tuple[str, str]]:
    if not 0 <= value <= _LARGEST:
        yield "InvalidParameterValue", f"The value {_shown(value)} for parameter {where} is invalid."


def _shown(value: float) -> str:
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    return "NaN" if math.isnan(value) else repr(value)


def _of_time(where: str, time: datetime | None, now: datetime) -> Iterator[tuple[str, str]]:
    if time is None:
        return
    time = time.astimezone(UTC)
    if time < now - PAST:
        yield (
            "InvalidParameterValue",
            f"The parameter {where}.Timestamp must specify a time within the past two weeks.",
        )
    elif time > now + FUTURE:
        yield (
            "InvalidParameterValue",
            f"The parameter {where}.Timestamp must specify a time no more than two hours in the future.",
        )


def _of_dimensions(where: str, dimensions: _Pairs) -> Iterator[tuple[str, str]]:
    names = set()
    for position, (name, value) in enumerate(dimensions, 1):
        place = f"{where}.Dimensions.member.{position}"
        for part, text in (("Name", name), ("Value", value)):
            if not text.strip() or not text.isascii() or (part == "Name" and text.startswith(":")):
                yield "InvalidParameterValue", f"The value {text} for parameter {place}.{part} is invalid."
        if name in names:
            yield "InvalidParameterValue", f"The parameter {place}.Name repeats the dimension {name}."
        names.add(name)


def _too_many(where: str, bound: int) -> str:
    return f"The collection {where} must not have a size greater than {bound}."
