"""The place of an event: its time, the batch it came in, its number there; one integer that sorts like the three.

The integer is the event's id and, in tokens, a place between events: ``f/<n>/s`` goes on behind ``n``, ``b/<n>/s``
goes back from before ``n``. AWS's ids and tokens have the same form (56 digits); nobody may rely on more.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

from triptych.kernel.ids import Ids

_NUMBER_BITS = 14  # a batch has at most 10,000 events
_BATCH_BITS = 63
_RANDOM_BITS = 21
_TOKEN = re.compile(r"([fb])/([0-9]{56})/s\Z")

Direction = Literal["f", "b"]


class Place(NamedTuple):
    """``time`` in milliseconds; compares as events are ordered."""

    time: int
    batch: int
    number: int

    def as_int(self) -> int:
        return (self.time << _BATCH_BITS | self.batch) << _NUMBER_BITS | self.number

    @classmethod
    def of_int(cls, value: int) -> Place:
        number = value & ((1 << _NUMBER_BITS) - 1)
        rest = value >> _NUMBER_BITS
        return cls(rest >> _BATCH_BITS, rest & ((1 << _BATCH_BITS) - 1), number)

    @property
    def event_id(self) -> str:
        return f"{self.as_int():056d}"


def new_batch(ids: Ids, ingested: int) -> int:
    """A batch's number: when it came, in milliseconds, and chance; later batches sort later."""
    return ingested << _RANDOM_BITS | int(ids.uniform(0, 1 << _RANDOM_BITS)) % (1 << _RANDOM_BITS)


def batches_since(ingested: int) -> int:
    """The least number of a batch that came at this time (milliseconds) or later."""
    return max(0, ingested) << _RANDOM_BITS


def token(direction: Direction, value: int) -> str:
    return f"{direction}/{max(0, value):056d}/s"


def read_token(text: str) -> tuple[Direction, int] | None:
    """Direction and place of a token; None if it is none."""
    match = _TOKEN.match(text)
    if match is None:
        return None
    return ("f" if match[1] == "f" else "b"), int(match[2])
