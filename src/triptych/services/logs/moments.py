"""Milliseconds since 1970, as the API has them, and points in time, as the lake has them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATEST = 10_000_000_000_000
"""Milliseconds (the year 2286): what is later says no more, and the lake's times end soon after."""


def millis(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def moment(milliseconds: int) -> datetime:
    """Times beyond ``LATEST`` become that."""
    return EPOCH + timedelta(milliseconds=min(milliseconds, LATEST))
