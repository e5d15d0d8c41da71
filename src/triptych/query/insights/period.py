"""Periods of time, ``5m``: when the one a moment lies in begins.

Days begin at midnight UTC, weeks on Monday; months, quarters and years are the calendar's. Several of a unit are
counted from 1970.
"""

from __future__ import annotations

from sqlglot import exp

from triptych.query.insights import tree
from triptych.query.insights.malformed import MalformedQuery
from triptych.query.insights.value import call, literal

_MILLISECONDS = {
    ("ms", "msec"): 1,
    ("s", "sec"): 1000,
    ("m", "min"): 60_000,
    ("h", "hr"): 3_600_000,
    ("d",): 86_400_000,
    ("w",): 604_800_000,
}
_MONTHS = {("mo", "mon"): 1, ("q", "qtr"): 3, ("y", "yr"): 12}
FIXED = {name: size for names, size in _MILLISECONDS.items() for name in names}
CALENDAR = {name: size for names, size in _MONTHS.items() for name in names}

FIRST_MONDAY = 345_600_000
"""1970-01-05, milliseconds."""
_LONGEST = 100 * 366 * 86_400_000
_MOST_MONTHS = 1200


def period_of(node: tree.Expression) -> tree.Period:
    """The argument as a period. Raises MalformedQuery for another thing or one without sense."""
    if not isinstance(node, tree.Period):
        message = "A period such as 30s, 5m, 1h or 1d is expected here"
        raise MalformedQuery(message, node.start, node.end)
    fixed = node.unit in FIXED
    size = node.count * (FIXED[node.unit] if fixed else CALENDAR[node.unit])
    if not 0 < size <= (_LONGEST if fixed else _MOST_MONTHS):
        raise MalformedQuery("The period must be longer than 0 and at most 100 years", node.start, node.end)
    return node


def floor(time: exp.Expr, period: tree.Period) -> exp.Expr:
    """The beginning of the period ``time`` (milliseconds) lies in."""
    if period.unit not in FIXED:
        return _first_day(_months(time, period.count * CALENDAR[period.unit]))
    size = literal(period.count * FIXED[period.unit])
    shift = literal(FIRST_MONDAY if period.unit == "w" else 0)
    since = call("minus", time, shift)
    whole = call("multiply", call("toInt64", call("floor", call("divide", since, size))), size.copy())
    return call("plus", whole, shift.copy())


def ceiling(time: exp.Expr, period: tree.Period) -> exp.Expr:
    """The beginning of the next period; a time that is one itself stays."""
    before = call("minus", time, literal(1))
    if period.unit not in FIXED:
        count = period.count * CALENDAR[period.unit]
        return _first_day(call("plus", _months(before, count), literal(count)))
    return call("plus", floor(before, period), literal(period.count * FIXED[period.unit]))


def _months(time: exp.Expr, count: int) -> exp.Expr:
    """Months since 1970-01, a multiple of ``count``."""
    month = call(
        "toRelativeMonthNum", call("fromUnixTimestamp64Milli", time, literal("UTC"))
    )  # of year * 12 + month
    since = call("minus", month, literal(1970 * 12 + 1))
    return call("multiply", call("intDiv", since, literal(count)), literal(count))


def _first_day(months: exp.Expr) -> exp.Expr:
    day = call("addMonths", call("toDate", literal("1970-01-01")), months)
    return call("multiply", call("toInt64", day), literal(86_400_000))
