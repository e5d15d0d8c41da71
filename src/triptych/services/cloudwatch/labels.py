"""Dynamic labels: ``Requests, ${MAX} at ${MAX_TIME}`` filled in from the series they stand at. Pure.

Source: "Using dynamic labels" in the CloudWatch User Guide.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

from triptych.query.metric_math import Series

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
    label: str, series: Series, *, properties: Mapping[str, str], zone: timezone, now: datetime
) -> str:
    """The label with every place filled; what is no place of ours stays as it is.

    :param series: its own ``properties`` are known too: those of its metric, or of the group it is.
    :param properties: of the request: AccountId and Region.
    """
    known = {**dict(series.properties), **properties}

    def place(match: re.Match[str]) -> str:
        if match[1] is not None:
            return known.get(match[1], _NOTHING)
        make = _VALUES.get(match[2])
        if make is None:
            return match[0]
        return make(_View(series, zone, int(now.timestamp()))) if series.values else _NOTHING

    return _PLACE.sub(place, label)


@dataclass(frozen=True, slots=True)
class _View:
    """A series with points, and what its times are told by. :param now: epoch seconds."""

    series: Series
    zone: timezone
    now: int

    @property
    def lowest(self) -> int:
        """Where the lowest value is, the first of several; ``highest`` likewise."""
        return min(range(len(self.series.values)), key=self.series.values.__getitem__)

    @property
    def highest(self) -> int:
        return max(range(len(self.series.values)), key=self.series.values.__getitem__)

    @property
    def first(self) -> int:
        return 0

    @property
    def last(self) -> int:
        return len(self.series.values) - 1

    def value(self, at: int) -> str:
        return _number(self.series.values[at])

    def time(self, at: int) -> str:
        moment = datetime.fromtimestamp(self.series.timestamps[at], UTC)
        return moment.astimezone(self.zone).strftime("%H:%M")

    def relative(self, at: int) -> str:
        return _duration(self.now - self.series.timestamps[at])

    def difference(self, a: int, b: int) -> str:
        return _number(abs(self.series.values[a] - self.series.values[b]))

    def time_between(self, a: int, b: int) -> str:
        return _duration(self.series.timestamps[a] - self.series.timestamps[b])


def _number(value: float) -> str:
    return f"{value:.3f}".rstrip("0").rstrip(".")


def _duration(seconds: int) -> str:
    """``1d 2h 5m 30s`` without the parts that are 0, whatever the sign: how AWS writes it is not documented."""
    rest, parts = abs(seconds), []
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)):
        count, rest = divmod(rest, length)
        if count:
            parts.append(f"{count}{unit}")
    return " ".join(parts) or "0s"


_VALUES: Mapping[str, Callable[[_View], str]] = {
    "LABEL": lambda v: v.series.label,
    "AVG": lambda v: _number(math.fsum(v.series.values) / len(v.series.values)),
    "SUM": lambda v: _number(math.fsum(v.series.values)),
    "DATAPOINT_COUNT": lambda v: str(len(v.series.values)),
    "MIN": lambda v: v.value(v.lowest),
    "MAX": lambda v: v.value(v.highest),
    "FIRST": lambda v: v.value(v.first),
    "LAST": lambda v: v.value(v.last),
    "MIN_MAX_RANGE": lambda v: v.difference(v.lowest, v.highest),
    "FIRST_LAST_RANGE": lambda v: v.difference(v.first, v.last),
    "MIN_TIME": lambda v: v.time(v.lowest),
    "MAX_TIME": lambda v: v.time(v.highest),
    "FIRST_TIME": lambda v: v.time(v.first),
    "LAST_TIME": lambda v: v.time(v.last),
    "MIN_TIME_RELATIVE": lambda v: v.relative(v.lowest),
    "MAX_TIME_RELATIVE": lambda v: v.relative(v.highest),
    "FIRST_TIME_RELATIVE": lambda v: v.relative(v.first),
    "LAST_TIME_RELATIVE": lambda v: v.relative(v.last),
    "MIN_MAX_TIME_RANGE": lambda v: v.time_between(v.lowest, v.highest),
    "FIRST_LAST_TIME_RANGE": lambda v: v.time_between(v.first, v.last),
}
