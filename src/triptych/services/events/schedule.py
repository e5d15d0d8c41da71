"""``rate(5 minutes)`` and ``cron(0 10 ? * MON-FRI *)``: when a schedule is due next. Pure; times are UTC.

Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

__all__ = ["Cron", "InvalidSchedule", "Rate", "Schedule", "parse_schedule"]

_RATE = re.compile(r"rate\(([1-9][0-9]{0,8}) (minutes?|hours?|days?)\)")
_CRON = re.compile(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)")
_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_YEARS = range(1970, 2200)
_AHEAD_YEARS = 30
"""How far ahead a due day is looked for: a 29 February on a given weekday comes within 28 years, but for 2100."""


class InvalidSchedule(ValueError):  # noqa: N818 - PutRule says it in its own words
    """The expression cannot be read."""


@dataclass(frozen=True, slots=True)
class Rate:
    every: timedelta

    def next_after(self, moment: datetime, *, since: datetime) -> datetime | None:
        """The first whole period after ``since`` that lies after ``moment``."""
        return since + ((moment - since) // self.every + 1) * self.every


@dataclass(frozen=True, slots=True)
class Cron:
    minutes: frozenset[int]
    hours: frozenset[int]
    months: frozenset[int]
    years: frozenset[int]
    on_day: Callable[[date], bool]

    def next_after(self, moment: datetime, *, since: datetime) -> datetime | None:  # noqa: ARG002
        """The first matching minute after ``moment``; None when there is none any more."""
        moment = moment.astimezone(UTC)
        start = moment.replace(second=0, microsecond=0) + timedelta(minutes=1)
        day = start.date()
        while day.year <= start.year + _AHEAD_YEARS and day.year in _YEARS:
            if day.year not in self.years:
                day = date(day.year + 1, 1, 1)
                continue
            if day.month in self.months and self.on_day(day):
                earliest = (start.hour, start.minute) if day == start.date() else (0, 0)
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        if (hour, minute) >= earliest:
                            return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)
            day += timedelta(days=1)
        return None


Schedule = Rate | Cron


def parse_schedule(text: str) -> Schedule:
    """Raises InvalidSchedule."""
    if found := _RATE.fullmatch(text):
        count, unit = int(found.group(1)), found.group(2)
        if (count == 1) == unit.endswith("s"):
            raise InvalidSchedule("a rate of 1 has a singular unit, every other a plural one")
        return Rate(count * _UNITS[unit.removesuffix("s")])
    if found := _CRON.fullmatch(text):
        minutes, hours, days, months, weekdays, years = found.groups()
        if (days == "?") == (weekdays == "?"):
            raise InvalidSchedule("one of day-of-month and day-of-week must be ?, and not both")
        return Cron(
            minutes=_field(minutes, 0, 59),
            hours=_field(hours, 0, 23),
            months=_field(months.upper(), 1, 12, _MONTHS),
            years=_field(years, _YEARS[0], _YEARS[-1]),
            on_day=_day_of_month(days) if weekdays == "?" else _day_of_week(weekdays.upper()),
        )
    raise InvalidSchedule("neither rate(value unit) nor cron(six fields)")


def _field(text: str, low: int, high: int, names: Mapping[str, int] | None = None) -> frozenset[int]:
    """``*``, ``5``, ``1,3``, ``1-5``, ``0/15``, ``1-30/5``."""
    found: set[int] = set()
    for part in text.split(","):
        span, slash, step_text = part.partition("/")
        first_text, dash, last_text = span.partition("-")
        if span == "*":
            first, last = low, high
        else:
            first = _number(first_text, names)
            last = _number(last_text, names) if dash else (high if slash else first)
        step = _number(step_text, None) if slash else 1
        if not (low <= first <= high and low <= last <= high) or step < 1:
            raise InvalidSchedule(f"{part} is not within {low} to {high}")
        # FRI-MON goes over the end.
        span_length = (last - first) % (high - low + 1)
        found |= {(first - low + n) % (high - low + 1) + low for n in range(0, span_length + 1, step)}
    return frozenset(found)


def _number(text: str, names: Mapping[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not re.fullmatch(r"[0-9]{1,4}", text):
        raise InvalidSchedule(f"{text!r} is no number")
    return int(text)


def _day_of_month(text: str) -> Callable[[date], bool]:
    if text == "L":
        return lambda day: day.day == _last(day)
    if found := re.fullmatch(r"([0-9]{1,2})W", text):
        wanted = int(found.group(1))
        if not 1 <= wanted <= 31:
            raise InvalidSchedule(f"{text} is no day of a month")
        return lambda day: day.day == _nearest_weekday(day, wanted)
    days = _field(text, 1, 31)
    return lambda day: day.day in days


def _last(day: date) -> int:
    return calendar.monthrange(day.year, day.month)[1]


def _nearest_weekday(day: date, wanted: int) -> int:
    """The working day nearest to a day of the month, within the month; 0 when the month is too short."""
    last = _last(day)
    if wanted > last:
        return 0
    weekday = date(day.year, day.month, wanted).weekday()
    if weekday == 5:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 6:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _day_of_week(text: str) -> Callable[[date], bool]:
    """1 is Sunday. ``FRI#2`` is the second Friday of a month, ``6L`` the last one."""
    if found := re.fullmatch(r"([A-Z]{3}|[1-7])#([1-5])", text):
        weekday, nth = _number(found.group(1), _DAYS), int(found.group(2))
        return lambda day: _sunday_is_1(day) == weekday and (day.day - 1) // 7 + 1 == nth
    if text == "L":
        return lambda day: _sunday_is_1(day) == 7
    if found := re.fullmatch(r"([A-Z]{3}|[1-7])L", text):
        weekday = _number(found.group(1), _DAYS)
        return lambda day: _sunday_is_1(day) == weekday and day.day + 7 > _last(day)
    weekdays = _field(text, 1, 7, _DAYS)
    return lambda day: _sunday_is_1(day) in weekdays


def _sunday_is_1(day: date) -> int:
    return day.isoweekday() % 7 + 1
