"""DATAPOINT_COUNT and METRIC_COUNT: how many there are."""

from __future__ import annotations

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Series, Value, union


def _datapoints(context: Context, arguments: tuple[Value | str, ...]) -> Value:
    (value,) = arguments
    if isinstance(value, Series):
        return float(len(value.values))
    assert isinstance(value, list)
    rows, period = union(value)
    return context.series(
        ((t, float(len(values))) for t, values in rows), period=period or context.window.period
    )


def _metrics(_context: Context, arguments: tuple[Value | str, ...]) -> Value:
    (value,) = arguments
    assert isinstance(value, list)
    return float(len(value))


FUNCTIONS = (
    Function(
        name="DATAPOINT_COUNT",
        forms=("TS", "TS[]"),
        docs="How many data points a series has, or how many series of an array have one at each timestamp.",
        evaluate=_datapoints,
        cases=(
            Case("DATAPOINT_COUNT(m1)", "scalar 2", {"m1": "1 - 3"}),
            Case("DATAPOINT_COUNT([m1, m2])", "2 1 - 1", {"m1": "1 2 - -", "m2": "3 - - 4"}),
        ),
    ),
    Function(
        name="METRIC_COUNT",
        forms=("TS[]",),
        docs="How many series an array has.",
        evaluate=_metrics,
        cases=(
            Case("m1 / METRIC_COUNT(METRICS())", "1 2", {"m1": "2 4", "m2": "- -"}),
            Case("METRIC_COUNT(m1)", "error: does not take (TS)", {"m1": "1"}),
        ),
    ),
)
