"""What PutMetricAlarm may say, and CloudWatch's words where it may not. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.query import statistic
from triptych.services.cloudwatch.alarms.definition import MetricWatch, watched_query
from triptych.services.cloudwatch.alarms.evaluate import BANDS, COMPARISONS
from triptych.services.cloudwatch.metric_queries import parsed_select

__all__ = ["checked_name", "invalid", "metric_watch"]

_DAY, _WEEK, _HOUR = 86_400, 604_800, 3600
_SINGLE = ("MetricName", "Namespace", "Dimensions", "Period", "Unit", "Statistic", "ExtendedStatistic")
_ID = re.compile(r"[a-z][A-Za-z0-9_]*\Z")
_TREATMENTS = ("breaching", "notBreaching", "ignore", "missing")

_NOT_BUILT = {
    "EvaluationCriteria": "alarms on PromQL queries",
    "EvaluationInterval": "alarms on PromQL queries",
    "WarmUpConfiguration": "warm-up periods of alarms",
    "ActionConfiguration": "the configuration of alarm notifications",
}


def invalid(message: str) -> ServiceError:
    return ServiceError("ValidationError", message)


def checked_name(name: str) -> str:
    if any(ord(char) < 32 or ord(char) == 127 for char in name):
        raise invalid("AlarmName must not contain ASCII control characters")
    return name


def metric_watch(params: Mapping[str, Any]) -> MetricWatch:
    """The validated watch. Raises ServiceError (ValidationError as CloudWatch; NotImplemented for what is not built)."""
    for member, what in _NOT_BUILT.items():
        if params.get(member) is not None:
            raise unbuilt(f"{what} ({member})")
    comparison, threshold, band = _comparison(params)
    periods = params.get("EvaluationPeriods")
    if periods is None:
        raise invalid("PutMetricAlarm request should have valid EvaluationPeriods parameter")
    needed = params.get("DatapointsToAlarm")
    if needed is not None and needed > periods:
        raise invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods")
    treatment = params.get("TreatMissingData") or ""
    if treatment and treatment not in _TREATMENTS:
        raise invalid(
            f"The value {treatment} for parameter TreatMissingData is not supported. "
            f"Supported values are [{', '.join(_TREATMENTS)}]."
        )
    low = params.get("EvaluateLowSampleCountPercentile") or ""
    if low not in ("", "evaluate", "ignore"):
        raise invalid(
            f"Option {low} is not supported. Supported options for EvaluateLowSampleCountPercentile are evaluate and ignore."
        )
    common: dict[str, Any] = {
        "comparison": comparison,
        "threshold": threshold,
        "threshold_metric": band,
        "evaluation_periods": periods,
        "datapoints_to_alarm": needed,
        "treat_missing_data": treatment,
        "low_sample_count": low,
        "aligned": _is_aligned(params.get("EvaluationWindow")),
    }
    if params.get("Metrics"):
        return MetricWatch(**common, **_math(params, periods))
    return MetricWatch(**common, **_single(params, periods, low))


def _comparison(params: Mapping[str, Any]) -> tuple[str, float | None, str]:
    """ComparisonOperator, and Threshold or ThresholdMetricId."""
    comparison, threshold = params.get("ComparisonOperator"), params.get("Threshold")
    band: str = params.get("ThresholdMetricId") or ""
    if comparison not in COMPARISONS and comparison not in BANDS:
        raise invalid("PutMetricAlarm request should have valid ComparisonOperator parameter")
    if threshold is not None and band:
        raise invalid("Threshold and ThresholdMetricId cannot both be set")
    if comparison in BANDS:
        if not band:
            raise invalid("ComparisonOperators for ranges require ThresholdMetricId to be set")
        if not any(query["Id"] == band for query in params.get("Metrics") or ()):
            raise invalid(f"ThresholdMetricId {band} is not the Id of an element of the metrics list.")
        _check_no_scaling(params)
        return str(comparison), None, band
    if band:
        raise invalid("ThresholdMetricId requires a ComparisonOperator for ranges")
    if threshold is None or not math.isfinite(threshold):
        raise invalid("PutMetricAlarm request should have valid Threshold parameter")
    return str(comparison), float(threshold), ""


def _check_no_scaling(params: Mapping[str, Any]) -> None:
    for member in ("OKActions", "AlarmActions", "InsufficientDataActions"):
        for arn in params.get(member) or ():
            if arn.startswith("arn:") and arn.split(":")[2] == "autoscaling":
                raise invalid("Alarms based on anomaly detection models cannot have Auto Scaling actions")


def _is_aligned(window: Mapping[str, Any] | None) -> bool:
    if not window:
        return False
    if len([name for name in ("WallClockWindow", "SlidingWindow") if window.get(name) is not None]) != 1:
        raise invalid("EvaluationWindow must have exactly one of WallClockWindow and SlidingWindow")
    wall = window.get("WallClockWindow")
    if wall is None:
        return False
    if wall.get("Timezone") not in (None, "", "UTC", "+0000", "+00:00"):
        raise unbuilt("wall clock windows in time zones other than UTC")
    return True


def _single(params: Mapping[str, Any], periods: int, low: str) -> dict[str, Any]:
    for name in ("MetricName", "Namespace"):
        if not params.get(name):
            raise invalid(
                f"PutMetricAlarm request should have valid {name} parameter"
                if name == "Namespace"
                else _NEITHER
            )
    simple, extended = params.get("Statistic") or "", params.get("ExtendedStatistic") or ""
    if simple and extended:
        raise invalid(
            "PutMetricAlarm request can not be made with both Statistic and ExtendedStatistic parameters. "
            "Only one of them should be present"
        )
    if not simple and not extended:
        raise invalid("PutMetricAlarm request should have valid Statistic or ExtendedStatistic parameter")
    if extended:
        _check_statistic(extended, "ExtendedStatistic")
    if low and not (extended and statistic.parse(extended).kind == "p"):
        raise invalid(
            f"Option EvaluateLowSampleCountPercentile can not be applied with statistic {simple or extended}. "
            "This option is enabled only for percentile statistics."
        )
    period = params.get("Period")
    if period is None:
        raise invalid("PutMetricAlarm request should have valid Period parameter")
    _check_period(period, periods)
    return {
        "namespace": params["Namespace"],
        "metric_name": params["MetricName"],
        "dimensions": _dimensions(params.get("Dimensions") or ()),
        "statistic": simple,
        "extended_statistic": extended,
        "period": period,
        "unit": params.get("Unit") or "",
    }


_NEITHER = "At least one of the parameters MetricName, Metrics or EvaluationCriteria must be specified."


def _dimensions(listed: Sequence[Mapping[str, str]]) -> tuple[tuple[str, str], ...]:
    pairs = tuple(sorted((each["Name"], each["Value"]) for each in listed))
    names = [name for name, _ in pairs]
    if len(set(names)) != len(names):
        raise invalid("No duplicate dimension names are allowed in one metric")
    return pairs


def _check_statistic(text: str, parameter: str) -> None:
    try:
        statistic.parse(text)
    except statistic.StatisticError as error:
        raise invalid(f"The value {text} for parameter {parameter} is not supported.") from error


def _check_period(period: int, periods: int) -> None:
    if period not in (10, 20, 30) and (period <= 0 or period % 60):
        raise invalid("Period must be 10, 20, 30 or a multiple of 60")
    if period < _HOUR and period * periods > _DAY:
        raise invalid(
            "Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) "
            "for alarms using period < 3600"
        )
    if period * periods > _WEEK:
        raise invalid(
            "Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800) "
            "for alarms using period >= 3600"
        )


def _math(params: Mapping[str, Any], periods: int) -> dict[str, Any]:
    if any(params.get(name) is not None for name in _SINGLE):
        raise invalid("Scalar metric parameters must not be set if list of Metrics is set.")
    queries: Sequence[Mapping[str, Any]] = params["Metrics"]
    metrics = [query for query in queries if query.get("MetricStat") is not None]
    expressions = [query for query in queries if query.get("Expression") is not None]
    if len(metrics) > limits.ALARM_QUERIES:
        raise invalid(f"Too many metrics in alarm, maximum is {limits.ALARM_QUERIES}")
    if len(expressions) > limits.ALARM_QUERIES:
        raise invalid(f"Too many expressions in alarm, maximum is {limits.ALARM_QUERIES}")
    ids = [query["Id"] for query in queries]
    if len(set(ids)) != len(ids):
        raise invalid("The values for parameter id in the Metrics list must be unique.")
    for query in queries:
        _check_query(query, periods)
    band = params.get("ThresholdMetricId") or ""
    try:
        watched = watched_query(queries, band)
    except LookupError:
        beside = " beside the anomaly detection band" if band else ""
        raise invalid(f"Exactly one element of the metrics list should return data{beside}.") from None
    _check_select(expressions, periods)
    lengths = [query["MetricStat"]["Period"] for query in metrics]
    lengths += [query["Period"] for query in expressions if query.get("Period")]
    stat = watched.get("MetricStat")
    period = stat["Period"] if stat else watched.get("Period") or max(lengths, default=0)
    if not period:
        raise invalid("Period must not be null")
    if len(queries) == 1 and stat is None and not metrics and not watched.get("Period"):
        raise invalid("Period must not be null")
    return {"metrics": tuple(dict(query) for query in queries), "period": period}


def _check_query(query: Mapping[str, Any], periods: int) -> None:
    if not _ID.match(query["Id"]):
        raise invalid(
            f"The value {query['Id']} for parameter Id is invalid. The id must start with a lowercase letter and may "
            "contain letters, numbers and underscores."
        )
    expression, stat = query.get("Expression"), query.get("MetricStat")
    if expression is not None and stat is not None:
        raise invalid(
            "The parameters MetricDataQuery Expression and MetricStat are mutually exclusive and you have specified both."
        )
    if expression is None and stat is None:
        raise invalid("Either the parameter MetricDataQuery Expression or MetricStat must be specified.")
    if query.get("AccountId"):
        raise unbuilt("alarms on metrics of other accounts (AccountId)")
    if query.get("Period"):
        _check_period(query["Period"], periods)
    if stat is not None:
        metric = stat["Metric"]
        if not metric.get("Namespace") or not metric.get("MetricName"):
            raise invalid("MetricStat must have a Metric with Namespace and MetricName")
        _dimensions(metric.get("Dimensions") or ())
        _check_statistic(stat["Stat"], "Stat")
        _check_period(stat["Period"], periods)


def _check_select(expressions: Sequence[Mapping[str, Any]], periods: int) -> None:
    """Metrics Insights queries: one, in minutes, within what it sees; of one series where the alarm watches it itself."""
    found = [
        (each, select) for each in expressions if (select := parsed_select(each["Id"], each["Expression"]))
    ]
    if not found:
        return
    if len(found) > 1:
        names = ", ".join(query["Id"] for query, _ in found)
        raise invalid(f"The Metrics list may have one Metrics Insights query, and {names} are {len(found)}.")
    ((query, select),) = found
    period = query.get("Period")
    if not period:
        raise invalid("Period must not be null")
    if period % 60:
        raise invalid("Period must be a multiple of 60 for a Metrics Insights query")
    if period * periods > limits.METRICS_INSIGHTS_ALARM_SECONDS:
        raise invalid(
            "A Metrics Insights query of an alarm sees the latest three hours "
            f"(EvaluationPeriods * Period must be <= {limits.METRICS_INSIGHTS_ALARM_SECONDS})"
        )
    if select.labels and query.get("ReturnData", True):
        raise unbuilt(
            "alarms on several time series: leave GROUP BY out, or let a math expression make one series of them "
            f"(such as MAX({query['Id']}))"
        )
