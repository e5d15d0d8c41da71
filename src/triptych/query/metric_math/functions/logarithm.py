"""LOG and LOG10; a data point that has no logarithm is dropped."""

from __future__ import annotations

import math
from collections.abc import Callable

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Value, points_changed


def _logarithm(log: Callable[[float], float]) -> Callable[[Context, tuple[Value | str, ...]], Value]:
    def evaluate(context: Context, arguments: tuple[Value | str, ...]) -> Value:
        (value,) = arguments
        assert not isinstance(value, str)
        return points_changed(context, value, lambda number: log(number) if number > 0 else math.nan)

    return evaluate


FUNCTIONS = (
    Function(
        name="LOG",
        forms=("TS", "TS[]"),
        docs="The natural logarithm of each data point.",
        evaluate=_logarithm(math.log),
        cases=(Case("LOG(m1)", "0 - - -", {"m1": "1 - 0 -5"}),),
    ),
    Function(
        name="LOG10",
        forms=("TS", "TS[]"),
        docs="The base-10 logarithm of each data point.",
        evaluate=_logarithm(math.log10),
        cases=(Case("LOG10([m1, m2])", "[2 -1 - | 0 - -]", {"m1": "100 0.1 -", "m2": "1 0 -"}),),
    ),
)
