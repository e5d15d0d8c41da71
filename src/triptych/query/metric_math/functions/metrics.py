"""METRICS and PERIOD: what was asked for."""

from __future__ import annotations

from triptych.query.metric_math.function import Case, Function
from triptych.query.metric_math.types import Context, Series, Value


def _metrics(context: Context, arguments: tuple[Value | str, ...]) -> Value:
    part = str(arguments[0]) if arguments else ""
    return [series for query_id, series in context.metrics.items() if part in query_id]


def _period(_context: Context, arguments: tuple[Value | str, ...]) -> Value:
    (metric,) = arguments
    assert isinstance(metric, Series)
    return float(metric.period)


FUNCTIONS = (
    Function(
        name="METRICS",
        forms=("", "string"),
        docs="All metrics of the request, not its expressions, or those with a text in their id.",
        evaluate=_metrics,
        cases=(
            Case("METRICS() * 100", "[100 - | 200 300]", {"m1": "1 -", "m2": "2 3"}),
            Case('SUM(METRICS("errors"))', "3", {"errors4xx": "1", "errors5xx": "2", "requests": "4"}),
            Case(
                'SUM([METRICS("4xx"), METRICS("5xx")])',
                "3",
                {"errors4xx": "1", "errors5xx": "2", "requests": "4"},
            ),
        ),
    ),
    Function(
        name="PERIOD",
        forms=("metric",),
        docs="The period of a metric in seconds; not of an expression.",
        evaluate=_period,
        cases=(
            Case("m1 / PERIOD(m1)", "1 2", {"m1": "60 120"}),
            Case("PERIOD(m1 + m1)", "error: PERIOD(metric) does not take (TS)", {"m1": "60"}),
        ),
    ),
)
