"""ABS, CEIL, FLOOR: every data point on its own."""

from __future__ import annotations

import math
from collections.abc import Callable

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Value, points_changed


def _pointwise(change: Callable[[float], float]) -> Callable[[Context, tuple[Value | str, ...]], Value]:
    def evaluate(context: Context, arguments: tuple[Value | str, ...]) -> Value:
        (value,) = arguments
        assert not isinstance(value, str)
        return points_changed(context, value, change)

    return evaluate


FUNCTIONS = (
    Function(
        name="ABS",
        forms=("TS", "TS[]"),
        docs="The absolute value of each data point.",
        evaluate=_pointwise(abs),
        cases=(
            Case("ABS(m1 - m2)", "2 3 -", {"m1": "1 3 -", "m2": "3 - -"}),
            Case("ABS([m1, m2])", "[1 - | 2 0]", {"m1": "-1 -", "m2": "-2 0"}),
        ),
    ),
    Function(
        name="CEIL",
        forms=("TS", "TS[]"),
        docs="The smallest integer that is not below each data point.",
        evaluate=_pointwise(math.ceil),
        cases=(Case("CEIL(m1)", "2 -1 - 3", {"m1": "1.2 -1.8 - 3"}),),
    ),
    Function(
        name="FLOOR",
        forms=("TS", "TS[]"),
        docs="The largest integer that is not above each data point.",
        evaluate=_pointwise(math.floor),
        cases=(Case("FLOOR(m1)", "1 -2 - 3", {"m1": "1.2 -1.8 - 3"}),),
    ),
)
