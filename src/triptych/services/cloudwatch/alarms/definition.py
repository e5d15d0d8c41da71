"""Alarms as they are stored: the definition, which people write, and the state, which evaluation writes.

Two collections, so that an evaluation never fights with a PutMetricAlarm. Members have CloudWatch's meaning.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, cast

import msgspec

from triptych.control.collection import Collection
from triptych.query import statistic
from triptych.query.metrics_insights import is_select
from triptych.services.cloudwatch.alarms.evaluate import State, Treatment, Watch, significant

__all__ = [
    "ALARMS",
    "STATES",
    "Alarm",
    "AlarmState",
    "AlarmType",
    "CompositeWatch",
    "MetricWatch",
    "alarm_name",
    "metric_key",
    "watched_query",
]

AlarmType = Literal["MetricAlarm", "CompositeAlarm"]

_HIGHEST_INTERVAL = 60
_MULTI_DAY_INTERVAL = 3600


class MetricWatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a metric alarm watches: one statistic of one metric, or ``metrics`` (MetricDataQuery members).

    :param threshold: None with a ``threshold_metric``, the Id of an ANOMALY_DETECTION_BAND among the ``metrics``.
    :param period: seconds; for ``metrics`` that of the query which returns data.
    :param aligned: windows begin at whole multiples of the period (EvaluationWindow's WallClockWindow) instead of
        ending at the evaluation.
    """

    comparison: str
    threshold: float | None
    evaluation_periods: int
    period: int
    datapoints_to_alarm: int | None = None
    treat_missing_data: str = ""
    low_sample_count: str = ""
    namespace: str = ""
    metric_name: str = ""
    dimensions: tuple[tuple[str, str], ...] = ()
    statistic: str = ""
    extended_statistic: str = ""
    unit: str = ""
    metrics: tuple[dict[str, Any], ...] = ()
    threshold_metric: str = ""
    aligned: bool = False

    @property
    def watch(self) -> Watch:
        return Watch(
            periods=self.evaluation_periods,
            needed=self.datapoints_to_alarm or self.evaluation_periods,
            comparison=self.comparison,
            threshold=self.threshold,
            treatment=self._treatment,
            samples_needed=self._samples_needed,
        )

    @property
    def interval(self) -> int:
        """Seconds between evaluations (AWS: every minute, faster for high resolution, hourly beyond a day)."""
        if self.period * self.evaluation_periods > 86_400:
            return _MULTI_DAY_INTERVAL
        return min(self.period, _HIGHEST_INTERVAL)

    @property
    def watched(self) -> str:
        """The Id of the one of ``metrics`` whose datapoints are looked at."""
        return str(watched_query(self.metrics, self.threshold_metric)["Id"])

    @property
    def selects(self) -> bool:
        """Whether one of its queries is of Metrics Insights."""
        return any(is_select(query.get("Expression") or "") for query in self.metrics)

    @property
    def _treatment(self) -> Treatment:
        # AWS: alarms on AWS/DynamoDB ignore missing data unless told otherwise.
        default = "ignore" if self.namespace == "AWS/DynamoDB" else "missing"
        return cast(Treatment, self.treat_missing_data or default)

    @property
    def _samples_needed(self) -> float:
        if self.low_sample_count != "ignore" or not self.extended_statistic:
            return 0.0
        parsed = statistic.parse(self.extended_statistic)
        if parsed.kind != "p" or parsed.high is None:
            return 0.0
        return significant(float(parsed.high) / 100)


class CompositeWatch(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A composite alarm's rule and what may keep its actions back.

    :param children: names of the alarms in the rule. :param suppressor: as given, a name or an ARN.
    """

    rule: str
    children: tuple[str, ...]
    suppressor: str = ""
    wait_seconds: int = 0
    extension_seconds: int = 0

    @property
    def suppressor_name(self) -> str:
        return alarm_name(self.suppressor)


class Alarm(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One definition; exactly one of ``metric`` and ``composite``. ``configured``: its last change."""

    name: str
    arn: str
    configured: datetime
    metric: MetricWatch | None = None
    composite: CompositeWatch | None = None
    description: str | None = None
    actions_enabled: bool = True
    ok_actions: tuple[str, ...] = ()
    alarm_actions: tuple[str, ...] = ()
    insufficient_data_actions: tuple[str, ...] = ()

    @property
    def kind(self) -> AlarmType:
        return "CompositeAlarm" if self.composite is not None else "MetricAlarm"

    def actions(self, state: str) -> tuple[str, ...]:
        """What a change to ``state`` sets off; empty when actions are disabled."""
        if not self.actions_enabled:
            return ()
        return {
            "OK": self.ok_actions,
            "ALARM": self.alarm_actions,
            "INSUFFICIENT_DATA": self.insufficient_data_actions,
        }[state]


class AlarmState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of one alarm.

    :param number: transitions so far; orders what is said about one alarm.
    :param updated: when value or reason changed; :param transitioned: when the value did.
    :param suppressed_by: why a composite alarm's actions are held back: WaitPeriod, ExtensionPeriod, Alarm.
    :param until: when a WaitPeriod or ExtensionPeriod ends.
    :param told: the state whose actions were last performed (or passed over without suppression).
    :param by_hand: whether SetAlarmState put it there, and no evaluation since.
    :param children: a composite alarm's view of its children: name -> (number, value), in the order of their facts.
    """

    value: State
    reason: str
    updated: datetime
    transitioned: datetime
    reason_data: str = ""
    number: int = 0
    suppressed_by: Literal["", "WaitPeriod", "ExtensionPeriod", "Alarm"] = ""
    until: datetime | None = None
    told: State = "INSUFFICIENT_DATA"
    by_hand: bool = False
    children: dict[str, tuple[int, State]] = {}

    @property
    def suppressed_reason(self) -> str:
        return f"Actions suppressed by {self.suppressed_by}" if self.suppressed_by else ""


def watched_query(metrics: Sequence[Mapping[str, Any]], threshold_metric: str) -> Mapping[str, Any]:
    """The one that returns data beside the band of expected values. Raises LookupError unless there is exactly one.

    Terraform's documentation lets only the band return data: then it is the only other one.
    """
    others = [query for query in metrics if query["Id"] != threshold_metric]
    returned = [query for query in others if query.get("ReturnData", True)]
    if not returned and threshold_metric and len(others) == 1:
        return others[0]
    if len(returned) != 1:
        raise LookupError(f"{len(returned)} queries return data")
    return returned[0]


def metric_key(namespace: str, name: str) -> str:
    """Where alarms on one metric are found."""
    return f"{namespace}\n{name}"


def _metric(alarm: Alarm) -> str | None:
    if alarm.metric is None or alarm.metric.metrics:
        return None
    return metric_key(alarm.metric.namespace, alarm.metric.metric_name)


_INDEXES: Mapping[str, Any] = {"type": lambda alarm: alarm.kind, "metric": _metric}

ALARMS: Collection[Alarm] = Collection(name="cloudwatch.alarms", type=Alarm, indexes=_INDEXES)
STATES: Collection[AlarmState] = Collection(name="cloudwatch.alarm_states", type=AlarmState)


def alarm_name(reference: str) -> str:
    """The name in a reference, which is a name or an alarm's ARN."""
    parts = reference.split(":", 6)
    if len(parts) == 7 and parts[0] == "arn" and parts[5] == "alarm":
        return parts[6]
    return reference
