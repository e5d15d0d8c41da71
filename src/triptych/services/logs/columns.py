"""The events of a PutLogEvents as columns: 10,000 at once, without a look at each in Python. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from triptych.kernel import limits
from triptych.services.logs.emf import MARK
from triptych.services.logs.group import invalid

__all__ = ["columns", "may_hold_metrics", "moments", "numbers", "sizes"]

_EVENTS = 10_000
"""Events of one PutLogEvents (AWS; the model says so too)."""
_NUMBERS = pa.array(range(_EVENTS), pa.uint32())


def columns(events: Sequence[Mapping[str, Any]]) -> tuple[list[int], pa.Array]:
    """Times (milliseconds since 1970) and messages of events."""
    times = [event["timestamp"] for event in events]
    try:
        return times, pa.array([event["message"] for event in events], pa.string())
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
