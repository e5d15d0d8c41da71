"""Turns: how a target that takes only so many events a second gets no more.

Whoever is to be sent something reserves the next free moment and comes again then. Reservations are committed on their
own, at once, so that deliveries in every process keep one pace; one that is not used (a crash) is only a gap.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from triptych.control.collection import Collection
from triptych.control.store import Conflict
from triptych.services.contract import Ctx

__all__ = ["TURNS", "Pace", "Turn", "is_still", "reserve"]

_TRIES = 64
"""Reservations that others are quicker with before the delivery is tried again later (ours)."""
_GRACE = timedelta(seconds=2)
"""How late a turn may be taken; who comes later, after an outage, needs another one (ours)."""


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a target may be sent events; ``key`` says which deliveries share the pace."""

    key: str
    account: str
    region: str
    per_second: int


class Turn(msgspec.Struct, frozen=True):
    """The next moment that nobody has reserved."""

    free: datetime


TURNS = Collection(name="events.turns", type=Turn)
"""By API destination id."""


async def reserve(ctx: Ctx, pace: Pace, *, until: datetime) -> datetime | None:
    """The moment of the next turn, which may be now; None: it would be after ``until``, and nothing is reserved.

    Raises Conflict when too many want one at once.
    """
    for _ in range(_TRIES):
        unit = ctx.runtime.control.unit()
        known = await unit.get(TURNS, pace.key, account=pace.account, region=pace.region)
        now = ctx.runtime.clock.now()
        mine = now if known is None else max(now, known.free)
        if mine > until:
            return None
        following = Turn(mine + timedelta(seconds=1 / pace.per_second))
        unit.put(TURNS, pace.key, following, account=pace.account, region=pace.region)
        try:
            await unit.commit()
        except Conflict:
            continue
        return mine
    raise Conflict(f"no turn at {pace.key}")


def is_still(turn: datetime, now: datetime) -> bool:
    """Whether a turn may be taken now."""
    return turn <= now <= turn + _GRACE
