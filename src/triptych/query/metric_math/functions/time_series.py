"""TIME_SERIES: a scalar as a series."""

from __future__ import annotations

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Value


def _time_series(context: Context, arguments: tuple[Value | str, ...]) -> Value:
    (scalar,) = arguments
    assert isinstance(scalar, float | int)
    period = context.window.period
    return context.series(((t, scalar) for t in context.grid(period)), period=period)


FUNCTIONS = (
    Function(
        name="TIME_SERIES",
        forms=("S",),
        docs="A series that has a scalar as its value at every period of the window.",
        evaluate=_time_series,
        cases=(
            Case("TIME_SERIES(MAX(m1))", "3 3 3", {"m1": "1 - 3"}),
            Case("TIME_SERIES(1 / 0)", "- -", {"m1": "- -"}),
            Case("TIME_SERIES(m1)", "error: TIME_SERIES(S) does not take (TS)", {"m1": "1"}),
        ),
    ),
)
