"""FILL: missing values of a series, at every period of the window, replaced."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Series, Value, each


def _fill(context: Context, arguments: tuple[Value | str, ...]) -> Value:
    value, filler = arguments
    assert not isinstance(value, str)
    assert not isinstance(filler, list)

    def filled(series: Series) -> Series:
        points = dict(_points(series, context.grid(series.period), filler))
        points.update(series.points())
        return context.series(sorted(points.items()), period=series.period, label=series.label)

    return each(value, filled)


def _points(series: Series, grid: range, filler: float | Series | str) -> Iterator[tuple[int, float]]:
    if filler == "REPEAT":
        yield from _repeated(series, grid)
    elif filler == "LINEAR":
        yield from _interpolated(series, grid)
    elif isinstance(filler, Series):
        known = dict(filler.points())
        yield from ((t, known[t]) for t in grid if t in known)
    else:
        assert not isinstance(filler, str)
        yield from ((t, filler) for t in grid)


def _repeated(series: Series, grid: range) -> Iterator[tuple[int, float]]:
    """The latest value before; none before the first."""
    for timestamp in grid:
        place = bisect(series.timestamps, timestamp)
        if place:
            yield timestamp, series.values[place - 1]


def _interpolated(series: Series, grid: range) -> Iterator[tuple[int, float]]:
    """On the line between the values at both ends of a gap; there is no line before the first or after the last."""
    for timestamp in grid:
        place = bisect(series.timestamps, timestamp)
        if 0 < place < len(series.timestamps):
            t1, t2 = series.timestamps[place - 1 : place + 1]
            v1, v2 = series.values[place - 1 : place + 1]
            yield timestamp, v1 + (v2 - v1) * (timestamp - t1) / (t2 - t1)


FUNCTIONS = (
    Function(
        name="FILL",
        forms=("TS, S|TS|REPEAT|LINEAR", "TS[], S|TS|REPEAT|LINEAR"),
        docs="Missing values replaced: by a number, by another metric, by the latest value before (REPEAT) or by "
        "the line between both ends of the gap (LINEAR).",
        evaluate=_fill,
        cases=(
            Case("FILL(m1, 10)", "10 1 10 3 10", {"m1": "- 1 - 3 -"}),
            Case("FILL(m1, MIN(m1))", "1 1 3", {"m1": "1 - 3"}),
            Case("FILL(m1, REPEAT)", "- 1 1 1 3 3", {"m1": "- 1 - - 3 -"}),
            Case("FILL(m1, LINEAR)", "- 1 2 3 4 -", {"m1": "- 1 - - 4 -"}),
            Case("FILL([m1, m2], m2)", "[1 5 - | 4 5 -]", {"m1": "1 - -", "m2": "4 5 -"}),
            Case("FILL(METRICS(), 0)", "[0 0 | 1 0]", {"m1": "- -", "m2": "1 -"}),
            Case(
                "FILL(m1, LINEER)",
                "error: 'LINEER' is not understood here, did you mean 'LINEAR'?",
                {"m1": "1"},
            ),
        ),
    ),
)
