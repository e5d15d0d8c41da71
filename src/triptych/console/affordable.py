"""A question that would cost more than one answer may."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import TypeVar

from triptych.kernel import limits
from triptych.kernel.errors import ServiceError
from triptych.lake.engine import TooMuch

__all__ = ["affordable"]

T = TypeVar("T")


async def affordable(work: Awaitable[T]) -> T:
    """The work's result; a lake query that needs more time, memory or rows than it may have is the caller's to narrow."""
    try:
        return await work
    except TooMuch as error:
        raise ServiceError(
            "LimitExceededException",
            f"There is more to look at than one answer may cost ({limits.LAKE_SELECT_SECONDS} s, "
            f"{limits.LAKE_SELECT_BYTES // 1024**3} GiB). Choose a shorter range or narrower filters.",
        ) from error
