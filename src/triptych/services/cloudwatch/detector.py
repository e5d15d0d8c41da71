"""Anomaly detectors as they are stored: how the models of one statistic of one metric are trained.

Models need no detector (``points`` tells them when they are asked for); one only says what they leave out, whose clock
their days go by, and how soon they believe a change.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from triptych.control.collection import Collection
from triptych.query.anomaly_band import Training
from triptych.services.cloudwatch.series import Dimensions, Series, listed, number
from triptych.services.contract import Runtime

__all__ = ["DETECTORS", "Adaptation", "Detector", "detector_key", "training_of"]

Adaptation = Literal["FAST", "NORMAL", "SLOW"]
_DAY = 86_400
_SHIFT_DAYS: Mapping[Adaptation, int] = {"FAST": 1, "NORMAL": 3, "SLOW": 7}


class Detector(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """:param id: AnomalyDetectorId. :param excluded: ``[start, end)``; they do not train.
    :param zone: of the tz database; empty: UTC. :param adaptation, periodic_spikes: None: not given.
    """

    id: str
    namespace: str
    metric_name: str
    dimensions: Dimensions
    stat: str
    excluded: tuple[tuple[datetime, datetime], ...] = ()
    zone: str = ""
    adaptation: Adaptation | None = None
    outliers: str = ""
    periodic_spikes: bool | None = None

    @property
    def series(self) -> Series:
        return Series(self.namespace, self.metric_name, self.dimensions)

    @property
    def training(self) -> Training:
        return Training(
            tuple((int(start.timestamp()), int(end.timestamp())) for start, end in self.excluded),
            self.zone or "UTC",
            _SHIFT_DAYS[self.adaptation or "NORMAL"] * _DAY,
        )

    @property
    def metric(self) -> dict[str, Any]:
        """Its members of SingleMetricAnomalyDetector."""
        return {
            "Namespace": self.namespace,
            "MetricName": self.metric_name,
            "Dimensions": listed(self.dimensions),
            "Stat": self.stat,
        }


DETECTORS: Collection[Detector] = Collection(name="cloudwatch.anomaly_detectors", type=Detector)


def detector_key(series: Series, stat: str) -> str:
    return f"{number(series):016x} {stat}"


async def training_of(runtime: Runtime, *, account: str, region: str, series: Series, stat: str) -> Training:
    """How the models of a statistic are trained: as its detector says, if it has one."""
    unit = runtime.control.unit()
    found = await unit.get(DETECTORS, detector_key(series, stat), account=account, region=region)
    return Training() if found is None else found.training
