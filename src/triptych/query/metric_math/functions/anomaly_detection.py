"""ANOMALY_DETECTION_BAND: what is expected of a metric. Whoever evaluates brings its models."""

from __future__ import annotations

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Series, Value

_DEVIATIONS = 2.0
"""Standard deviations between what is expected and a limit, unless said otherwise (AWS)."""


def _band(context: Context, arguments: tuple[Value | str, ...]) -> Value:
    metric, *rest = arguments
    width = rest[0] if rest else _DEVIATIONS
    assert isinstance(metric, Series)
    assert isinstance(width, float | int)
    if not width > 0:
        raise ValueError("the number of standard deviations must be above 0")
    if metric.period < 60:
        raise ValueError("models are of periods of a minute and more")
    band = context.bands.get(metric.id)
    if band is None:
        raise ValueError("an anomaly detection model cannot be used here")
    known = [(at, found) for at in context.grid(metric.period) if (found := band.at(at)) is not None]
    label = f"{metric.label or metric.id} (expected)"
    return [
        context.series(
            ((at, expected + side * width * deviation) for at, (expected, deviation) in known),
            period=metric.period,
            label=label,
        )
        for side in (-1, 1)
    ]


FUNCTIONS = (
    Function(
        name="ANOMALY_DETECTION_BAND",
        forms=("TS", "TS, S"),
        docs="The lower and the upper limit of what is expected of a metric or an expression, so many standard "
        "deviations (2) from it.",
        evaluate=_band,
        cases=(
            Case("ANOMALY_DETECTION_BAND(m1, 2)", "error: cannot be used here", {"m1": "1"}),
            Case("ANOMALY_DETECTION_BAND(m1, 0)", "error: must be above 0", {"m1": "1"}),
            Case("ANOMALY_DETECTION_BAND(m1 + 1)", "error: takes the Id of a metric", {"m1": "1"}),
        ),
    ),
)
