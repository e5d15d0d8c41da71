"""Which remediation repaired an incident. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from triptych.console.contract import millis
from triptych.console.incident.asked import Item
from triptych.console.incident.neighbours import Near
from triptych.console.incident.suspects import Found

__all__ = ["repair_of", "repair_told", "span_of"]

_EARLY, _LATE = 30 * 60_000, 15 * 60_000
"""How long before an episode and after it a repair may end and still belong to it: repairs may be faster than alarms."""


def span_of(start: int, end: int | None, now: datetime) -> tuple[int, int]:
    """When a repair may have ended, epoch milliseconds. :param end: None while it lasts."""
    return start - _EARLY, (millis(now) if end is None else end) + _LATE


def repair_of(
    repairs: Sequence[Item], span: tuple[int, int], found: Sequence[Found], close: Near
) -> Item | None:
    """The last successful remediation in the span that followed from the likeliest cause or a certain one, or that
    repaired a resource of the incident's own."""
    origins = {
        suspect.candidate.id for place, (suspect, _) in enumerate(found) if place == 0 or suspect.certain
    }
    own = {(each.type, each.id) for each, hops in close.hops.items() if hops == 0}
    fitting = [
        each
        for each in repairs
        if each.status == "SUCCEEDED"
        and span[0] <= (each.t_end or each.t) <= span[1]
        and (
            each.origin in origins or (each.resource and (each.resource["type"], each.resource["id"]) in own)
        )
    ]
    return fitting[-1] if fitting else None


def repair_told(repair: Item | None) -> dict[str, Any] | None:
    """A repair as the API has it."""
    if repair is None:
        return None
    return {"id": repair.id, "t": repair.t_end or repair.t, "title": repair.title, "status": repair.status}
