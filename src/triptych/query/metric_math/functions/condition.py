"""IF: one value where a condition holds, another where it does not.

The condition is false where it is 0. A series as condition is asked at each of its timestamps and only there: where
it is missing, nothing comes out. Where it holds and the chosen series has no value, 0 comes out; where it does not
hold and the other series has no value, or is not given, nothing does. (All from "Using IF expressions".)
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Series, Value


def _if(context: Context, arguments: tuple[Value | str, ...]) -> Value:
    condition, then, *rest = arguments
    otherwise = rest[0] if rest else None
    assert isinstance(condition, float | int | Series)
    assert isinstance(then, float | int | Series)
    assert otherwise is None or isinstance(otherwise, float | int | Series)
    if isinstance(condition, Series):
        return context.series(_chosen(condition, then, otherwise), period=condition.period)
    undecided = math.isnan(condition)  # it is computed from data points that are not there
    chosen = None if undecided else then if condition else otherwise
    series = next((side for side in (then, otherwise) if isinstance(side, Series)), None)
    if series is None:
        return math.nan if chosen is None else chosen
    if isinstance(chosen, Series):
        return chosen
    points = () if chosen is None else ((t, chosen) for t in context.grid(series.period))
    return context.series(points, period=series.period)


def _chosen(
    condition: Series, then: float | Series, otherwise: float | Series | None
) -> Iterator[tuple[int, float]]:
    thens, others = _lookup(then), _lookup(otherwise)
    for timestamp, truth in condition.points():
        value = thens(timestamp) if truth else others(timestamp)
        if value is not None:
            yield timestamp, value
        elif truth:
            yield timestamp, 0.0


def _lookup(side: float | Series | None) -> Callable[[int], float | None]:
    return dict(side.points()).get if isinstance(side, Series) else lambda _timestamp: side


_TABLE = {"metric1": "1 1 0 0 -", "metric2": "30 - 0 0 30", "metric3": "0 0 20 - 20"}

FUNCTIONS = (
    Function(
        name="IF",
        forms=("S|TS, S|TS", "S|TS, S|TS, S|TS"),
        docs="The second argument where the first is not 0, the third (or nothing) where it is.",
        evaluate=_if,
        cases=(
            Case("IF(metric1, metric2, metric3)", "30 0 20 - -", _TABLE),
            Case("IF(metric1, 5, metric3)", "5 5 20 - -", _TABLE),
            Case("IF(metric1, metric2, 5)", "30 0 5 5 -", _TABLE),
            Case("IF(metric1, metric2)", "30 0 - - -", _TABLE),
            Case("IF(m1 < 400, m1)", "100 - -", {"m1": "100 400 -"}),
            Case("IF(m1 < 400, 10, 2)", "10 2 -", {"m1": "100 400 -"}),
            Case("IF(AVG(m1) > 1, m1, m2)", "5 6", {"m1": "1 1", "m2": "5 6"}),
            Case("IF(AVG(m1) > 1, m1)", "- -", {"m1": "1 1"}),
            Case("IF(2, m1, 7)", "1 -", {"m1": "1 -"}),
            Case("IF(0, m1, 7)", "7 7", {"m1": "1 -"}),
            Case("IF(1 > 2, 3, 4)", "scalar 4"),
            Case("IF([m1], 1, 0)", "error: does not take (TS[], S, S)", {"m1": "1"}),
        ),
    ),
)
