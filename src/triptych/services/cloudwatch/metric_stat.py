"""One statistic of one metric, as queries, alarms and searches name it."""

from __future__ import annotations

from dataclasses import dataclass

from triptych.services.cloudwatch.series import Dimensions, Series


@dataclass(frozen=True, slots=True)
class MetricStat:
    """One statistic of one metric.

    :param dimensions: (name, value) pairs in any order.
    :param period: seconds.
    :param stat: what ``query.statistic.parse`` reads.
    :param unit: only data of this unit; empty: of any.
    """

    namespace: str
    metric_name: str
    dimensions: Dimensions
    period: int
    stat: str
    unit: str = ""

    @property
    def series(self) -> Series:
        return Series(self.namespace, self.metric_name, tuple(sorted(self.dimensions)))

    @property
    def properties(self) -> tuple[tuple[str, str], ...]:
        """What ``${PROP('...')}`` in a dynamic label calls them."""
        return (
            *((f"Dim.{name}", value) for name, value in self.dimensions),
            ("MetricName", self.metric_name),
            ("Namespace", self.namespace),
            ("Period", str(self.period)),
            ("Stat", self.stat),
        )
