"""Single values as the protocols write them: timestamps, numbers, booleans, blobs.

Readers raise ``Malformed`` for text that is no such value; the codec of the protocol turns that into the error
its services answer. Timestamps are aware datetimes in UTC on our side. Replies carry at most milliseconds,
the precision Smithy promises, requests may carry any.
"""

from __future__ import annotations

import base64
import binascii
import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Final, Literal

__all__ = [
    "EPOCH",
    "INTEGER_BITS",
    "Malformed",
    "TimestampFormat",
    "bool_of",
    "bool_text",
    "bytes_of",
    "bytes_text",
    "epoch_seconds",
    "float_of",
    "float_text",
    "int_of",
    "moment_of",
    "moment_text",
    "timestamp_format",
]

TimestampFormat = Literal["iso8601", "unixtimestamp", "rfc822"]

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
INTEGER_BITS: Final = {"integer": 32, "long": 64}
_NON_FINITE: Final = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class Malformed(ValueError):  # noqa: N818 - codecs turn it into their protocol's own error
    """The text or value is not of the type the model wants."""


def timestamp_format(name: str | None, default: TimestampFormat) -> TimestampFormat:
    """The model's ``timestampFormat`` trait (any case) or the protocol's default."""
    match (name or default).lower():
        case "unixtimestamp":
            return "unixtimestamp"
        case "rfc822":
            return "rfc822"
        case "iso8601":
            return "iso8601"
        case other:
            raise ValueError(f"unknown timestampFormat {other}")


def moment_of(value: object) -> datetime:
    """A timestamp from epoch seconds or from text in any of AWS's three formats, whatever the member prefers.

    Older clients send the "wrong" format and AWS's services take it.
    """
    if isinstance(value, datetime):
        if value.tzinfo is UTC:
            return value
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return EPOCH + timedelta(seconds=value)
        if isinstance(value, str):
            return _moment_of_text(value.strip())
    except (ValueError, OverflowError, TypeError) as error:
        raise Malformed("timestamp must follow ISO8601") from error
    raise Malformed("timestamp must follow ISO8601")


def _moment_of_text(text: str) -> datetime:
    if text[:1].isdigit() and ("-" in text or "T" in text):
        return moment_of(datetime.fromisoformat(text))
    if text[:3].isalpha():
        return moment_of(parsedate_to_datetime(text))
    return EPOCH + timedelta(seconds=float(text))


def epoch_seconds(moment: datetime) -> int | float:
    """Seconds since 1970, whole where the moment is whole, else with milliseconds."""
    millis = (moment - EPOCH) // timedelta(milliseconds=1)
    return millis // 1000 if millis % 1000 == 0 else millis / 1000


def moment_text(moment: datetime, style: TimestampFormat) -> str:
    match style:
        case "iso8601":
            utc = moment.astimezone(UTC).replace(tzinfo=None)
            return utc.isoformat(timespec="milliseconds" if utc.microsecond >= 1000 else "seconds") + "Z"
        case "rfc822":
            return format_datetime(moment.astimezone(UTC).replace(microsecond=0), usegmt=True)
        case "unixtimestamp":
            return str(epoch_seconds(moment))


def int_of(text: str, type_name: str = "long") -> int:
    """A decimal integer that fits the model's type (``integer`` 32 bits, ``long`` 64)."""
    try:
        number = int(text)
    except ValueError:
        raise Malformed(f"{text[:64]!r} is not an integer") from None
    bits = INTEGER_BITS[type_name]
    if not -(1 << (bits - 1)) <= number < 1 << (bits - 1):
        raise Malformed(f"{text[:64]!r} does not fit {bits} bits")
    return number


def float_of(text: str) -> float:
    if text in _NON_FINITE:
        return _NON_FINITE[text]
    try:
        return float(text)
    except ValueError:
        raise Malformed(f"{text[:64]!r} is not a number") from None


def float_text(number: float) -> str:
    if math.isfinite(number):
        return repr(float(number))
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def bool_of(text: str) -> bool:
    match text.lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise Malformed(f"{text[:64]!r} is not a boolean")


def bool_text(value: bool) -> str:  # noqa: FBT001 - the value itself, not a flag
    return "true" if value else "false"


def bytes_of(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Malformed("invalid base64") from None


def bytes_text(blob: bytes) -> str:
    return base64.b64encode(blob).decode("ascii")
