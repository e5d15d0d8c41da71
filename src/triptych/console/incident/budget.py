"""How many items each lane may show one by one, when there are more than a page can take. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

__all__ = ["shares", "step_milliseconds"]

K = TypeVar("K")

_NICE_MILLISECONDS = tuple(
    1000 * each
    for each in (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400)
)


def shares(counts: Mapping[K, int], most: int) -> dict[K, int]:
    """What each lane gets of ``most``: small lanes all they have, the large ones what is left, in equal parts."""
    given: dict[K, int] = {}
    left = max(0, most)
    waiting = sorted(counts.items(), key=lambda pair: pair[1])
    for place, (lane, wanted) in enumerate(waiting):
        given[lane] = min(wanted, left // (len(waiting) - place))
        left -= given[lane]
    return given


def step_milliseconds(length: int, most: int) -> int:
    """The shortest readable step that cuts ``length`` milliseconds into at most ``most`` buckets."""
    return next((each for each in _NICE_MILLISECONDS if length <= each * most), -(-length // most))
