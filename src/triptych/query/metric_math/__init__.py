"""Metric math: expressions over time series, as in GetMetricData and metric-math alarms.

``lexer`` -> ``parser`` -> ``evaluator``, over the values of ``types``; the functions are the files of
``functions/``. Pure: series in, series out. What SEARCH finds and what metrics hold is the caller's to bring::

    expression = parse("SUM([m1, m2]) / PERIOD(m1)")
    value = evaluate(expression, {"m1": Series(...), "m2": Series(...)}, Window(start, end, 60))

Source: "Using math expressions with CloudWatch metrics" in the CloudWatch User Guide.
"""

from triptych.query.metric_math.catalogue import FUNCTIONS
from triptych.query.metric_math.evaluator import DROPPED, Evaluation, Message, evaluate, evaluation
from triptych.query.metric_math.parser import Expression, parse, references
from triptych.query.metric_math.types import MathError, Series, Value, Window

__all__ = [
    "DROPPED",
    "FUNCTIONS",
    "Evaluation",
    "Expression",
    "MathError",
    "Message",
    "Series",
    "Value",
    "Window",
    "evaluate",
    "evaluation",
    "parse",
    "references",
]
