"""How the services write times into ``requestParameters`` and ``responseElements``.

There is no one form: the Java services print their locale's ("Jul 10, 2023 11:54:39 AM", newer runtimes with a
comma after the year), EC2 prints epoch milliseconds, the REST services ISO-8601, a few epoch seconds. Which one
a service uses was read from real records.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

DateForm = Callable[[datetime], str | int | float]


def parsed(text: str) -> datetime | None:
    """The moment an ISO-8601 text names, or None when it names none (a value the model calls a timestamp
    may already be in another form: it is then recorded as it is)."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def seconds(moment: datetime) -> str:
    """``2023-07-10T11:54:47Z``: eventTime and creationDate, truncated to the second as AWS does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _java(moment: datetime, comma: str) -> str:
    at = moment.astimezone(UTC)
    hour = at.hour % 12 or 12
    half = "AM" if at.hour < 12 else "PM"
    return f"{_MONTHS[at.month - 1]} {at.day}, {at.year}{comma} {hour}:{at:%M:%S} {half}"


def java(moment: datetime) -> str:
    """``Jul 10, 2023, 12:09:47 PM``."""
    return _java(moment, ",")


def java_8(moment: datetime) -> str:
    """``Jul 10, 2023 11:54:39 AM``: services that still print as Java 8 did."""
    return _java(moment, "")


def iso(moment: datetime) -> str:
    """``2023-07-10T12:27:13.431Z``."""
    at = moment.astimezone(UTC)
    return at.isoformat(timespec="milliseconds" if at.microsecond else "seconds").replace("+00:00", "Z")


def epoch_milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def epoch_seconds(moment: datetime) -> float:
    return moment.timestamp()


_PRINTS_JAVA_8 = frozenset({"iam", "rds", "neptune", "docdb", "ssm"})
_PRINTS_EPOCH = frozenset({"ce", "devops-guru", "account", "resource-explorer-2"})


def response_form(service: str, protocol: str) -> DateForm:
    """How ``service`` prints the times of its replies."""
    return java_8 if service in _PRINTS_JAVA_8 else request_form(service, protocol)


def request_form(service: str, protocol: str) -> DateForm:
    """How ``service`` prints the times of its requests."""
    if service in _PRINTS_EPOCH:
        return epoch_seconds
    if protocol == "ec2":
        return epoch_milliseconds
    if protocol in ("rest-json", "rest-xml"):
        return iso
    return java
