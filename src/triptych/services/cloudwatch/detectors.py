"""PutAnomalyDetector, DescribeAnomalyDetectors, DeleteAnomalyDetector."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from triptych.kernel import limits, pages
from triptych.kernel.errors import ServiceError, unbuilt
from triptych.query import statistic as statistics
from triptych.services.cloudwatch.detector import DETECTORS, Detector, detector_key
from triptych.services.cloudwatch.metric_stat import MetricStat
from triptych.services.cloudwatch.points import Points, fetch
from triptych.services.cloudwatch.series import Dimensions, Series, dimensions_of
from triptych.services.contract import Ctx, operation

_MEMBERS = ("Namespace", "MetricName", "Dimensions", "Stat")
_HOUR = 3600
_TRAINED_HOURS = 3


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterValue", message)


@operation
async def put_anomaly_detector(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Say how the models of one statistic of one metric are trained.

    Partly: MetricMathAnomalyDetector and OutlierFilteringStrength other than MODERATE are refused, as are other
    accounts. Spikes that come at the same time of the hour, day or week are expected whatever PeriodicSpikes says.
    """
    series, stat = _metric(ctx, params)
    settings = _settings(params)
    key = detector_key(series, stat)
    before = await ctx.unit.get(DETECTORS, key, account=ctx.account, region=ctx.region)
    if before is None:
        await _check_room(ctx)
    found = Detector(
        id=before.id if before else ctx.ids.uuid(),
        namespace=series.namespace,
        metric_name=series.metric_name,
        dimensions=series.dimensions,
        stat=stat,
        **settings,
    )
    ctx.unit.put(DETECTORS, key, found, account=ctx.account, region=ctx.region)
    return {"AnomalyDetectorId": found.id}


async def _check_room(ctx: Ctx) -> None:
    known = await ctx.unit.list(
        DETECTORS, account=ctx.account, region=ctx.region, limit=limits.ANOMALY_DETECTORS
    )
    if len(known) >= limits.ANOMALY_DETECTORS:
        raise ServiceError(
            "LimitExceededException",
            f"The maximum limit of {limits.ANOMALY_DETECTORS} anomaly detectors has been reached.",
        )


def _metric(ctx: Ctx, params: Mapping[str, Any]) -> tuple[Series, str]:
    """The metric and statistic meant, said in one of two ways."""
    if params.get("MetricMathAnomalyDetector") is not None:
        raise unbuilt(
            "anomaly detectors of metric math (MetricMathAnomalyDetector); ANOMALY_DETECTION_BAND takes the Id of an "
            "expression without one"
        )
    single = params.get("SingleMetricAnomalyDetector")
    where = ""
    given: Mapping[str, Any] = params
    if single is not None:
        if any(params.get(member) is not None for member in _MEMBERS):
            raise ServiceError(
                "InvalidParameterCombination",
                "SingleMetricAnomalyDetector cannot be given together with Namespace, MetricName, Dimensions or Stat.",
            )
        where, given = "SingleMetricAnomalyDetector.", single
        if given.get("AccountId") not in (None, ctx.account):
            raise _invalid(
                f"The parameter {where}AccountId must be {ctx.account}: there are no linked accounts."
            )
    for member in ("Namespace", "MetricName", "Stat"):
        if not given.get(member):
            raise ServiceError("MissingParameter", f"The parameter {where}{member} is required.")
    try:
        statistics.parse(given["Stat"])
    except statistics.StatisticError:
        raise _invalid(f"The value {given['Stat']} for parameter {where}Stat is not supported.") from None
    return _series(given), given["Stat"]


def _series(given: Mapping[str, Any]) -> Series:
    return Series(given["Namespace"], given["MetricName"], dimensions_of(given.get("Dimensions")))


def _settings(params: Mapping[str, Any]) -> dict[str, Any]:
    given = params.get("Configuration") or {}
    ranges: Sequence[Mapping[str, datetime]] = given.get("ExcludedTimeRanges") or ()
    if len(ranges) > limits.ANOMALY_EXCLUDED_RANGES:
        raise _invalid(
            f"The collection Configuration.ExcludedTimeRanges must not have a size greater than "
            f"{limits.ANOMALY_EXCLUDED_RANGES}."
        )
    for place, each in enumerate(ranges, 1):
        if each["StartTime"] >= each["EndTime"]:
            raise _invalid(
                f"The parameter Configuration.ExcludedTimeRanges.member.{place}.EndTime must be greater than StartTime."
            )
    outliers = given.get("OutlierFilteringStrength") or ""
    if outliers not in ("", "MODERATE"):
        raise unbuilt(f"OutlierFilteringStrength {outliers}: outliers are left to medians, as MODERATE says")
    return {
        "excluded": tuple((each["StartTime"], each["EndTime"]) for each in ranges),
        "zone": _zone(given.get("MetricTimezone") or ""),
        "adaptation": given.get("AdaptationSpeed"),
        "outliers": outliers,
        "periodic_spikes": (params.get("MetricCharacteristics") or {}).get("PeriodicSpikes"),
    }


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise _invalid(
            f"The value {name} for parameter Configuration.MetricTimezone is not a time zone of the tz database."
        ) from None


@operation
async def describe_anomaly_detectors(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Anomaly detectors, all or of some metrics, and whether there is enough data for their models.

    Partly: there are none of metric math. A model is TRAINED with three hours of data of the past two weeks.
    """
    filters = {
        name: params.get(name) for name in (*_MEMBERS[:3], "AnomalyDetectorIds", "AnomalyDetectorTypes")
    }
    if filters["AnomalyDetectorIds"] and any(
        value for name, value in filters.items() if name != "AnomalyDetectorIds"
    ):
        raise ServiceError(
            "InvalidParameterCombination",
            "AnomalyDetectorIds cannot be given together with Namespace, MetricName, Dimensions or AnomalyDetectorTypes.",
        )
    most = params.get("MaxResults") or limits.ANOMALY_DETECTOR_PAGE
    if most > limits.ANOMALY_DETECTOR_PAGE:
        raise _invalid(f"The parameter MaxResults must be between 1 and {limits.ANOMALY_DETECTOR_PAGE}.")
    listing, after = f"DescribeAnomalyDetectors {filters}", ""
    if token := params.get("NextToken"):
        try:
            after = pages.position(listing, token)
        except pages.InvalidToken:
            raise ServiceError("InvalidNextToken", "The NextToken is not valid for this request.") from None
    known = await ctx.unit.list(DETECTORS, account=ctx.account, region=ctx.region)
    found = sorted(
        (each for each in known if _fits(each.value, params)), key=lambda each: (_order(each.value), each.key)
    )
    keys = [each.key for each in found]
    begin = keys.index(after) + 1 if after in keys else 0
    page = [each.value for each in found[begin : begin + most]]
    answer: dict[str, Any] = {
        "AnomalyDetectors": [
            _described(detector, state)
            for detector, state in zip(page, await _states(ctx, page), strict=True)
        ]
    }
    if begin + most < len(found):
        answer["NextToken"] = pages.token(listing, keys[begin + most - 1])
    return answer


def _order(detector: Detector) -> tuple[str, str, Dimensions, str]:
    return detector.namespace, detector.metric_name, detector.dimensions, detector.stat


def _fits(detector: Detector, params: Mapping[str, Any]) -> bool:
    wanted = dimensions_of(params.get("Dimensions"))
    return (
        params.get("Namespace") in (None, detector.namespace)
        and params.get("MetricName") in (None, detector.metric_name)
        and set(wanted) <= set(detector.dimensions)
        and (not params.get("AnomalyDetectorIds") or detector.id in params["AnomalyDetectorIds"])
        and (not params.get("AnomalyDetectorTypes") or "SINGLE_METRIC" in params["AnomalyDetectorTypes"])
    )


State = Literal["PENDING_TRAINING", "TRAINED_INSUFFICIENT_DATA", "TRAINED"]


async def _states(ctx: Ctx, detectors: Sequence[Detector]) -> list[State]:
    if not detectors:
        return []
    found = await fetch(
        ctx.runtime,
        account=ctx.account,
        region=ctx.region,
        stats=[MetricStat(*each.series, _HOUR, each.stat) for each in detectors],
        start=ctx.now - timedelta(seconds=limits.ANOMALY_HISTORY_SECONDS),
        end=ctx.now,
    )
    return [_state(each, points) for each, points in zip(detectors, found, strict=True)]


def _state(detector: Detector, points: Points) -> State:
    """By the hours that have data and are not left out."""
    excluded = detector.training.excluded
    hours = sum(
        not any(start <= hour and hour + _HOUR <= end for start, end in excluded)
        for hour in points.timestamps
    )
    if not hours:
        return "PENDING_TRAINING"
    return "TRAINED" if hours >= _TRAINED_HOURS else "TRAINED_INSUFFICIENT_DATA"


def _described(detector: Detector, state: State) -> dict[str, Any]:
    configuration: dict[str, Any] = {
        "ExcludedTimeRanges": [{"StartTime": start, "EndTime": end} for start, end in detector.excluded]
    }
    named = {
        "MetricTimezone": detector.zone,
        "AdaptationSpeed": detector.adaptation,
        "OutlierFilteringStrength": detector.outliers,
    }
    configuration |= {name: value for name, value in named.items() if value}
    shown = {
        "AnomalyDetectorId": detector.id,
        **detector.metric,
        "Configuration": configuration,
        "StateValue": state,
        "SingleMetricAnomalyDetector": detector.metric,
    }
    if detector.periodic_spikes is not None:
        shown["MetricCharacteristics"] = {"PeriodicSpikes": detector.periodic_spikes}
    return shown


@operation
async def delete_anomaly_detector(ctx: Ctx, params: dict[str, Any]) -> None:
    """Forget a detector, named by its id or by its metric; the metric's models are trained as if there had been none."""
    if wanted := params.get("AnomalyDetectorId"):
        known = await ctx.unit.list(DETECTORS, account=ctx.account, region=ctx.region)
        key = next((each.key for each in known if each.value.id == wanted), "")
    else:
        series, stat = _metric(ctx, params)
        key, wanted = detector_key(series, stat), f"{series.namespace} {series.metric_name} {stat}"
    if not key or await ctx.unit.get(DETECTORS, key, account=ctx.account, region=ctx.region) is None:
        raise ServiceError(
            "ResourceNotFoundException",
            f"There is no anomaly detector {wanted}.",
            status=404,
            fields={"ResourceType": "AnomalyDetector", "ResourceId": wanted},
        )
    ctx.unit.delete(DETECTORS, key, account=ctx.account, region=ctx.region)
