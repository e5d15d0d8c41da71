"""Which datapoints an evaluation of a metric alarm looks at: its moment -> the periods of its evaluation range. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from triptych.services.cloudwatch.alarms.definition import MetricWatch
from triptych.services.cloudwatch.alarms.evaluate import Limits, Slot
from triptych.services.cloudwatch.metric_stat import MetricStat
from triptych.services.cloudwatch.points import Points

__all__ = ["Values", "phase_of", "slots_at", "stat_of", "values_of", "window_end"]

Values = Mapping[int, tuple[float, float | None, Limits | None]]
"""Start of a period -> (value, samples, limits)."""


def window_end(metric: MetricWatch, at: int) -> int:
    """Where the newest complete window ends: at the evaluation, or at a whole multiple of the period."""
    return at - at % metric.period if metric.aligned else at


def phase_of(metric: MetricWatch, at: int) -> int:
    """Seconds past a whole multiple of the period at which the evaluation's windows begin."""
    return window_end(metric, at) % metric.period


def slots_at(metric: MetricWatch, values: Values, at: int) -> list[Slot]:
    """The evaluation range, newest first.

    :param values: of windows in this evaluation's phase. :param at: the evaluation, epoch seconds.
    """
    end, period = window_end(metric, at), metric.period
    starts = (end - age * period for age in range(1, metric.watch.range + 1))
    return [Slot(start, *values.get(start, (None, None, None))) for start in starts]


def stat_of(metric: MetricWatch) -> MetricStat:
    """The statistic an alarm without a Metrics list watches."""
    return MetricStat(
        namespace=metric.namespace,
        metric_name=metric.metric_name,
        dimensions=metric.dimensions,
        period=metric.period,
        stat=metric.statistic or metric.extended_statistic,
        unit=metric.unit,
    )


def values_of(points: Points) -> Values:
    none: Sequence[None] = [None] * len(points.timestamps)
    return {
        at: (value, count, Limits(*limits) if limits else None)
        for at, value, count, limits in zip(
            points.timestamps, points.values, points.sample_counts or none, points.limits or none, strict=True
        )
    }
