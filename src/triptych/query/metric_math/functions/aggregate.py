"""AVG, MAX, MIN, STDDEV, SUM: a series to a scalar, an array to a series."""

from __future__ import annotations

from collections.abc import Callable

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.reduce import REDUCERS, total
from triptych.query.metric_math.types import Context, Series, Value, union


def _aggregate(name: str) -> Callable[[Context, tuple[Value | str, ...]], Value]:
    reduce = REDUCERS[name]

    def evaluate(context: Context, arguments: tuple[Value | str, ...]) -> Value:
        (value,) = arguments
        if isinstance(value, Series):
            return reduce(value.values)
        assert isinstance(value, list)
        rows, period = union(value)
        if name == "AVG":  # the one of them whose missing values are 0, says the page
            points = [(t, total(values) / len(value)) for t, values in rows]
        else:
            points = [(t, reduce(values)) for t, values in rows]
        return context.series(points, period=period or context.window.period)

    return evaluate


FUNCTIONS = (
    Function(
        name="AVG",
        forms=("TS", "TS[]"),
        docs="The average of all data points of a series, or of the series of an array at each timestamp, where a "
        "missing value counts as 0.",
        evaluate=_aggregate("AVG"),
        cases=(
            Case("AVG(m1)", "scalar 2", {"m1": "1 - 3"}),
            Case("m1 - AVG(m1)", "-1 - 1", {"m1": "1 - 3"}),
            Case("AVG([m1, m2])", "2 1 2", {"m1": "1 2 -", "m2": "3 - 4"}),
            Case("m1 * AVG(m2)", "-", {"m1": "1", "m2": "-"}),
        ),
    ),
    Function(
        name="MAX",
        forms=("TS", "TS[]"),
        docs="The largest data point of a series, or of an array at each timestamp.",
        evaluate=_aggregate("MAX"),
        cases=(
            Case("MAX(m1)", "scalar 3", {"m1": "1 - 3"}),
            Case("MAX([m1, m2])", "3 -2 4", {"m1": "1 -2 -", "m2": "3 - 4"}),
        ),
    ),
    Function(
        name="MIN",
        forms=("TS", "TS[]"),
        docs="The smallest data point of a series, or of an array at each timestamp.",
        evaluate=_aggregate("MIN"),
        cases=(
            Case("MIN(m1)", "scalar 1", {"m1": "1 - 3"}),
            Case("MIN([m1, m2])", "1 2 4", {"m1": "1 2 -", "m2": "3 - 4"}),
        ),
    ),
    Function(
        name="STDDEV",
        forms=("TS", "TS[]"),
        docs="The standard deviation (of the whole population) of a series, or of an array at each timestamp.",
        evaluate=_aggregate("STDDEV"),
        cases=(
            Case("STDDEV(m1)", "scalar 2", {"m1": "2 4 4 4 5 5 7 9"}),
            Case("STDDEV([m1, m2])", "1 0 0", {"m1": "1 2 -", "m2": "3 - 4"}),
        ),
    ),
    Function(
        name="SUM",
        forms=("TS", "TS[]"),
        docs="The sum of a series, or of an array at each timestamp.",
        evaluate=_aggregate("SUM"),
        cases=(
            Case("SUM(m1)", "scalar 4", {"m1": "1 - 3"}),
            Case("SUM([m1, m2])", "4 2 4", {"m1": "1 2 -", "m2": "3 - 4"}),
            Case("SUM(100/[m1, m2])", "75 50 -", {"m1": "2 4 -", "m2": "4 4 0"}),
            Case("SUM(5)", "error: SUM(TS) or SUM(TS[]) does not take (S)"),
        ),
    ),
)
