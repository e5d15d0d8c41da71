"""DIFF, DIFF_TIME, RATE, RUNNING_SUM: data points and the ones before them. The first has none before it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import accumulate, pairwise

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Series, Value, each

Step = Callable[[Series], Iterable[tuple[int, float]]]


def _changes(step: Step) -> Callable[[Context, tuple[Value | str, ...]], Value]:
    def evaluate(context: Context, arguments: tuple[Value | str, ...]) -> Value:
        (value,) = arguments
        assert not isinstance(value, str)
        return each(value, lambda one: context.series(step(one), period=one.period, label=one.label))

    return evaluate


def _difference(series: Series) -> Iterable[tuple[int, float]]:
    return ((t2, v2 - v1) for (_, v1), (t2, v2) in pairwise(series.points()))


def _seconds(series: Series) -> Iterable[tuple[int, float]]:
    return ((t2, float(t2 - t1)) for t1, t2 in pairwise(series.timestamps))


def _rate(series: Series) -> Iterable[tuple[int, float]]:
    return ((t2, (v2 - v1) / (t2 - t1)) for (t1, v1), (t2, v2) in pairwise(series.points()))


def _running(series: Series) -> Iterable[tuple[int, float]]:
    return zip(series.timestamps, accumulate(series.values), strict=True)


FUNCTIONS = (
    Function(
        name="DIFF",
        forms=("TS", "TS[]"),
        docs="The difference of each data point from the one before it.",
        evaluate=_changes(_difference),
        cases=(Case("DIFF(m1)", "- 2 - -1", {"m1": "1 3 - 2"}),),
    ),
    Function(
        name="DIFF_TIME",
        forms=("TS", "TS[]"),
        docs="The seconds between each data point and the one before it.",
        evaluate=_changes(_seconds),
        cases=(Case("DIFF_TIME([m1])", "[- 60 - 120]", {"m1": "1 3 - 2"}),),
    ),
    Function(
        name="RATE",
        forms=("TS", "TS[]"),
        docs="The change per second from the data point before.",
        evaluate=_changes(_rate),
        cases=(Case("RATE(m1)", "- 2 - -1", {"m1": "0 120 - 0"}),),
    ),
    Function(
        name="RUNNING_SUM",
        forms=("TS", "TS[]"),
        docs="The sum of each data point and all before it.",
        evaluate=_changes(_running),
        cases=(Case("RUNNING_SUM(m1)", "1 4 - 6", {"m1": "1 3 - 2"}),),
    ),
)
