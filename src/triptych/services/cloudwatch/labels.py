"""Dynamic labels: ``Requests, ${MAX} at ${MAX_TIME}`` filled in from the series they stand at. Pure.

Source: "Using dynamic labels" in the CloudWatch User Guide.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta, timezone

from triptych.query.metric_math import Series
from triptych.services.cloudwatch.metric_stat import MetricStat

_PLACE = re.compile(r"\$\{(?:PROP\('([^']*)'\)|([A-Z_]+))\}")
_ZONE = re.compile(r"([+-])([0-9]{2})([0-9]{2})\Z")
_NOTHING = "--"
"""What stands for a value there is none of."""


def zone(text: str) -> timezone | None:
    """``+0130`` (LabelOptions.Timezone) as a time zone; None when it is none."""
    match = _ZONE.match(text)
    if match is None or int(match[2]) > 23 or int(match[3]) > 59:
        return None
    offset = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return timezone(-offset if match[1] == "-" else offset)


def filled(
    label: str, series: Series, metric: MetricStat | None, *, properties: Mapping[str, str], zone: timezone
) -> str:
    """The label with every place filled; what is no place of ours stays as it is.

    :param properties: AccountId and Region.
    """

    def place(match: re.Match[str]) -> str:
        if match[1] is not None:
            return _property(match[1], metric, properties)
        make = _VALUES.get(match[2])
        if make is None:
            return match[0]
        return make(series, zone) if series.values else _NOTHING

    return _PLACE.sub(place, label)


def _property(name: str, metric: MetricStat | None, properties: Mapping[str, str]) -> str:
    if name in properties:
        return properties[name]
    if metric is None:
        return _NOTHING
    if name.startswith("Dim."):
        return dict(metric.dimensions).get(name.removeprefix("Dim."), _NOTHING)
    known = {
        "MetricName": metric.metric_name,
        "Namespace": metric.namespace,
        "Period": str(metric.period),
        "Stat": metric.stat,
    }
    return known.get(name, _NOTHING)


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _time(second: int, zone: timezone) -> str:
    return datetime.fromtimestamp(second, UTC).astimezone(zone).strftime("%H:%M")


def _time_of(pick: Callable[[Series], int]) -> Callable[[Series, timezone], str]:
    return lambda series, zone: _time(series.timestamps[pick(series)], zone)


def _lowest(series: Series) -> int:
    return min(range(len(series.values)), key=series.values.__getitem__)


def _highest(series: Series) -> int:
    return max(range(len(series.values)), key=series.values.__getitem__)


_VALUES: Mapping[str, Callable[[Series, timezone], str]] = {
    "LABEL": lambda s, _: s.label,
    "AVG": lambda s, _: _number(math.fsum(s.values) / len(s.values)),
    "SUM": lambda s, _: _number(math.fsum(s.values)),
    "MIN": lambda s, _: _number(min(s.values)),
    "MAX": lambda s, _: _number(max(s.values)),
    "FIRST": lambda s, _: _number(s.values[0]),
    "LAST": lambda s, _: _number(s.values[-1]),
    "DATAPOINT_COUNT": lambda s, _: str(len(s.values)),
    "MIN_MAX_RANGE": lambda s, _: f"{_number(min(s.values))} - {_number(max(s.values))}",
    "FIRST_LAST_RANGE": lambda s, _: f"{_number(s.values[0])} - {_number(s.values[-1])}",
    "MIN_TIME": _time_of(_lowest),
    "MAX_TIME": _time_of(_highest),
    "FIRST_TIME": _time_of(lambda _: 0),
    "LAST_TIME": _time_of(lambda _: -1),
}
