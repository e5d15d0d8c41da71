"""PutLogEvents bodies read in one go, and their events as columns: what costs the front door most, done in C.

``read_batch`` takes only what the model would certainly take and leaves everything else to it, so that there is one
truth about what is refused and how.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
from msgspec import UNSET, Meta, UnsetType

from triptych.kernel import limits
from triptych.services.logs.emf import MARK
from triptych.services.logs.group import invalid

_EVENTS = 10_000
"""Events of one PutLogEvents (AWS; the model says so too)."""
_NUMBERS = pa.array(range(_EVENTS), pa.uint32())


class LogEvent(msgspec.Struct, gc=False):
    """An InputLogEvent, as the model has it."""

    timestamp: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    message: Annotated[str, Meta(min_length=1)]


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    logGroupName: Annotated[str, Meta(max_length=512, pattern=r"^[\.\-_/#A-Za-z0-9]+\Z")]  # noqa: N815 - AWS's names
    logStreamName: Annotated[str, Meta(max_length=512, pattern=r"^[^:*\n]+\Z")]  # noqa: N815
    logEvents: Annotated[list[LogEvent], Meta(min_length=1, max_length=_EVENTS)]  # noqa: N815
    sequenceToken: Annotated[str, Meta(min_length=1)] | UnsetType = UNSET  # noqa: N815


_DECODER = msgspec.json.Decoder(_Body)


def read_batch(protocol: str, body: bytes) -> dict[str, Any] | None:
    """The parameters of a PutLogEvents with ``LogEvent`` for each event; None: the model has to look at it."""
    if protocol != "json":
        return None
    try:
        read = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    params: dict[str, Any] = {
        "logGroupName": read.logGroupName,
        "logStreamName": read.logStreamName,
        "logEvents": read.logEvents,
    }
    if read.sequenceToken is not UNSET:
        params["sequenceToken"] = read.sequenceToken
    return params


def columns(events: Sequence[LogEvent] | Sequence[Mapping[str, Any]]) -> tuple[list[int], pa.Array]:
    """Times (milliseconds since 1970) and messages of events, however they were read."""
    times, messages = [], []
    for event in events:
        if isinstance(event, LogEvent):
            times.append(event.timestamp)
            messages.append(event.message)
        else:
            times.append(event["timestamp"])
            messages.append(event["message"])
    try:
        return times, pa.array(messages, pa.string())
    except UnicodeEncodeError:
        raise invalid("A log event has half of a surrogate pair, which is no text.") from None


def sizes(messages: pa.Array) -> pa.Array:
    """Every event's bytes as AWS counts them."""
    lengths = pc.add(pc.binary_length(messages), limits.LOG_EVENT_OVERHEAD_BYTES)
    return lengths.cast(pa.uint32())


def moments(times: Sequence[int]) -> pa.Array:
    return pa.array(times, pa.int64()).cast(pa.timestamp("ms", tz="UTC"))


def numbers(count: int) -> pa.Array:
    return _NUMBERS.slice(0, count)


def may_hold_metrics(messages: pa.Array) -> bool:
    """Whether embedded metrics are worth a closer look; may say so without reason, never the contrary."""
    text = messages.buffers()[2]
    return text is not None and MARK.encode() in text.to_pybytes()
