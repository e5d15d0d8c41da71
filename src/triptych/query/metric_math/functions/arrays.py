"""FIRST, LAST, SLICE, SORT, REMOVE_EMPTY: which series of an array, in which order."""

from __future__ import annotations

import math

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.reduce import REDUCERS
from triptych.query.metric_math.types import Context, Series, Value


def _array(value: Value | str) -> list[Series]:
    assert isinstance(value, list)
    return value


def _index(value: Value | str) -> int:
    if not isinstance(value, float | int) or not math.isfinite(value) or value < 0 or value != int(value):
        raise ValueError("a position in an array is a whole number from 0")
    return int(value)


def _first(context: Context, arguments: tuple[Value | str, ...]) -> Value:
    array = _array(arguments[0])
    return array[0] if array else context.series((), period=context.window.period)


def _last(context: Context, arguments: tuple[Value | str, ...]) -> Value:
    array = _array(arguments[0])
    return array[-1] if array else context.series((), period=context.window.period)


def _slice(_context: Context, arguments: tuple[Value | str, ...]) -> Value:
    array, start, *end = arguments
    return _array(array)[_index(start) : _index(end[0]) if end else None]


def _sort(_context: Context, arguments: tuple[Value | str, ...]) -> Value:
    array, name, order, *limit = arguments
    reduce = REDUCERS[str(name)]
    ranked = [(reduce(series.values), series) for series in _array(array) if series.values]
    ranked.sort(key=lambda pair: pair[0], reverse=order == "DESC")  # stable in both orders
    empty = [series for series in _array(array) if not series.values]  # nothing to rank them by: last
    return ([series for _, series in ranked] + empty)[: _index(limit[0]) if limit else None]


def _remove_empty(_context: Context, arguments: tuple[Value | str, ...]) -> Value:
    return [series for series in _array(arguments[0]) if series.values]


_ORDERED = "TS[], AVG|MAX|MIN|SUM, ASC|DESC"
_THREE = {"m1": "5 5", "m2": "1 -", "m3": "9 0"}

FUNCTIONS = (
    Function(
        name="FIRST",
        forms=("TS[]",),
        docs="The first series of an array.",
        evaluate=_first,
        cases=(
            Case("FIRST(SORT(METRICS(), AVG, DESC))", "5 5", _THREE),
            Case("IF(FIRST(SORT(METRICS(), MAX, DESC)) > 5, 1, 0)", "1 0", _THREE),
            Case('FIRST(METRICS("none"))', "- -", _THREE),
        ),
    ),
    Function(
        name="LAST",
        forms=("TS[]",),
        docs="The last series of an array.",
        evaluate=_last,
        cases=(Case("LAST([m1, m2])", "1 -", _THREE), Case("LAST(m1)", "error: does not take (TS)", _THREE)),
    ),
    Function(
        name="REMOVE_EMPTY",
        forms=("TS[]",),
        docs="The series of an array that have data points.",
        evaluate=_remove_empty,
        cases=(Case("REMOVE_EMPTY(METRICS())", "[1 -]", {"m1": "- -", "m2": "1 -"}),),
    ),
    Function(
        name="SLICE",
        forms=("TS[], S", "TS[], S, S"),
        docs="The series of an array from one position (the first is 0) up to, not including, another.",
        evaluate=_slice,
        cases=(
            Case("SLICE(METRICS(), 1)", "[1 - | 9 0]", _THREE),
            Case("SLICE(METRICS(), 0, 2)", "[5 5 | 1 -]", _THREE),
            Case("SLICE(METRICS(), 3)", "[]", _THREE),
            Case("SLICE(METRICS(), -1)", "error: a position in an array", _THREE),
        ),
    ),
    Function(
        name="SORT",
        forms=(_ORDERED, f"{_ORDERED}, S"),
        docs="The series of an array ordered by their AVG, MAX, MIN or SUM, at most as many as a limit; those "
        "without data points come last.",
        evaluate=_sort,
        cases=(
            Case("SORT(METRICS(), AVG, DESC)", "[5 5 | 9 0 | 1 -]", _THREE),
            Case("SORT(METRICS(), SUM, ASC, 2)", "[1 - | 9 0]", _THREE),
            Case("SORT(METRICS(), MEDIAN, ASC)", "error: 'MEDIAN' is not understood here", _THREE),
        ),
    ),
)
