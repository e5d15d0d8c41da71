"""The query that reads points: periods of series, aggregated by the lake.

Of many series a row of the answer is a whole series, its periods in arrays: an answer's rows are bounded, its points
are not. Of one series and not very many periods, which is what is asked most, a row is a period: for the engine to
plan the other form takes a fifth longer than to answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from sqlglot import exp

from triptych.lake.lake import Lake
from triptych.lake.sql import Fixed
from triptych.services.cloudwatch.asking import ask
from triptych.services.cloudwatch.finish import Bucket, Part
from triptych.services.cloudwatch.series import Series, number


class Wanted(NamedTuple):
    """What to aggregate.

    :param start: inclusive; ``end`` is exclusive.
    :param origin: a point in time where a period begins, at or before ``start``.
    :param period: seconds.
    :param unit: only data of this unit; empty: of any.
    :param parts: what of a period is needed beside its number of samples. Each that is not saves half a millisecond
        of a query of ten.
    """

    start: datetime
    end: datetime
    origin: datetime
    period: int
    unit: str = ""
    parts: frozenset[Part] = frozenset()


_UNIT = "unit"


async def aggregates(
    lake: Lake, series: Sequence[Series], wanted: Wanted, *, account: str, region: str
) -> dict[tuple[int, str], list[Bucket]]:
    """(number of the series, unit) -> its periods that have data, in time order.

    Different units are never mixed here; whoever wants one answer joins them (``merged``).
    """
    if wanted.start >= wanted.end or not series:
        return {}
    seconds = (wanted.end - wanted.start).total_seconds()
    by_period = len(series) == 1 and seconds <= _FEW_PERIODS * wanted.period
    query = _tree(of_unit=bool(wanted.unit), parts=wanted.parts, by_period=by_period)
    rows = await ask(
        lake, query, _values(series, wanted, by_period=by_period), account=account, region=region
    )
    found: dict[tuple[int, str], list[Bucket]] = {}
    if by_period:
        for row in rows:
            found.setdefault((number(series[0]), row[_UNIT]), []).append(_bucket(row, wanted))
    else:
        found = {(row["series"], row[_UNIT]): _buckets(row, wanted) for row in rows}
    for buckets in found.values():
        buckets.sort(key=_start)  # here, a pass over little; in the engine, a step more for every query
    return found


_FEW_PERIODS = 5000
"""Of one series in rows; it may have them in each of the 27 units, and an answer 200,000 rows."""


def _bucket(row: Mapping[str, Any], wanted: Wanted) -> Bucket:
    start = int(wanted.origin.timestamp()) + row["bucket"] * wanted.period
    return Bucket(start, row["n"], *(row.get(name, 0.0) for name in _SUMMED), *row.get(_VALUES, ()))


def _buckets(row: Mapping[str, Any], wanted: Wanted) -> list[Bucket]:
    origin = int(wanted.origin.timestamp())
    starts = [origin + bucket * wanted.period for bucket in row["buckets"]]
    nothing = [0.0] * len(starts)
    columns = [starts, row["n"], *(row.get(name, nothing) for name in _SUMMED)]
    if "values" in wanted.parts:
        columns += [row["v"], row["w"]]
    return [Bucket(*each) for each in zip(*columns, strict=True)]


def _start(bucket: Bucket) -> int:
    return bucket.start


def _values(series: Sequence[Series], wanted: Wanted, *, by_period: bool) -> dict[str, Any]:
    values: dict[str, Any] = {
        "start": wanted.start,
        "end": wanted.end,
        "origin": int(wanted.origin.timestamp() * 1000),
        "step": wanted.period * 1000,
    }
    if by_period:
        (one,) = series
        values |= {"namespace": one.namespace, "name": one.metric_name, "number": number(one)}
    else:
        values |= {
            "namespaces": sorted({each.namespace for each in series}),
            "names": sorted({each.metric_name for each in series}),
            "numbers": sorted({number(each) for each in series}),
        }
    if wanted.unit:
        values["unit"] = wanted.unit
    return values


@cache
def _tree(*, of_unit: bool, parts: frozenset[Part], by_period: bool) -> Fixed:
    """The query; making its tree takes longer than the engine takes to answer."""
    since_origin = exp.Sub(
        this=exp.func("toUnixTimestamp64Milli", exp.column("time")), expression=_value("origin")
    )
    bucket = exp.func("intDiv", exp.Paren(this=since_origin), _value("step"))
    summed = {"n": exp.func("sum", exp.column("samples"))}
    summed |= {
        name: exp.func(how, exp.column(part)) for name, (part, how) in _SUMMED.items() if part in parts
    }
    if "values" in parts:
        summed[_VALUES] = exp.func("sumMap", exp.column("values"), exp.column("weights"))
    keys = (_UNIT,) if by_period else ("series", _UNIT)
    periods = (
        exp.select(*keys, bucket.as_("bucket"), *(each.as_(name) for name, each in summed.items()))
        .from_("cloudwatch_points")
        .where(*(_ONE if by_period else _MANY))
        .where(exp.GTE(this=exp.column("time"), expression=_value("start")))
        .where(exp.LT(this=exp.column("time"), expression=_value("end")))
        .group_by(*keys, "bucket")
    )
    if of_unit:
        periods = periods.where(exp.column(_UNIT).eq(_value("unit")))
    if by_period:
        return Fixed(periods, narrow=True)
    gathered: dict[str, exp.Expr] = {"buckets": exp.column("bucket")}
    gathered |= {name: exp.column(name) for name in summed}
    if gathered.pop(_VALUES, None) is not None:
        for name, part in (("v", 1), ("w", 2)):
            gathered[name] = exp.func("tupleElement", exp.column(_VALUES), exp.Literal.number(part))
    arrays = [exp.func("groupArray", each).as_(name) for name, each in gathered.items()]
    return Fixed(exp.select(*keys, *arrays).from_(periods.subquery("periods")).group_by(*keys))


_SUMMED: Mapping[str, tuple[Part, str]] = {
    "s": ("total", "sum"), "lo": ("minimum", "min"), "hi": ("maximum", "max"),
}  # fmt: skip
"""Name in the query -> part, and how the data of a period become one; in the order of ``Bucket``."""
_VALUES = "m"


def _value(name: str) -> exp.Placeholder:
    return exp.Placeholder(this=name)


def _is(column: str, name: str) -> exp.EQ:
    return exp.EQ(this=exp.column(column), expression=_value(name))


def _within(column: str, name: str) -> exp.In:
    return exp.In(this=exp.column(column), expressions=[_value(name)])


_ONE = (_is("namespace", "namespace"), _is("metric_name", "name"), _is("series", "number"))
_MANY = (_within("namespace", "namespaces"), _within("metric_name", "names"), _within("series", "numbers"))


def merged(parts: Sequence[list[Bucket]]) -> list[Bucket]:
    """Periods of one metric in several units as if they had been one."""
    if len(parts) == 1:
        return parts[0]
    together: dict[int, Bucket] = {}
    for part in parts:
        for bucket in part:
            other = together.get(bucket.start)
            together[bucket.start] = bucket if other is None else _joined(other, bucket)
    return [together[start] for start in sorted(together)]


def _joined(a: Bucket, b: Bucket) -> Bucket:
    weights = dict(zip(a.values, a.weights, strict=True))
    for value, weight in zip(b.values, b.weights, strict=True):
        weights[value] = weights.get(value, 0.0) + weight
    values = sorted(weights)
    return Bucket(
        a.start,
        a.samples + b.samples,
        a.total + b.total,
        min(a.minimum, b.minimum),
        max(a.maximum, b.maximum),
        values,
        [weights[value] for value in values],
    )
