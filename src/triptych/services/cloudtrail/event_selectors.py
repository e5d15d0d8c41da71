"""PutEventSelectors and GetEventSelectors."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.services.cloudtrail import trail as trail_room
from triptych.services.cloudtrail.selector_rules import check_advanced, check_basic, invalid
from triptych.services.cloudtrail.selectors import DEFAULT
from triptych.services.cloudtrail.trail import Trail, find, find_at_home
from triptych.services.contract import Ctx, operation


@operation
async def put_event_selectors(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Replace a trail's selectors: basic or advanced, never both.

    They hold for what is delivered from now on, which may include records of the last minutes. Partly: selectors
    of network activity events are refused.
    """
    trail = await find_at_home(ctx, params["TrailName"])
    basic, advanced = params.get("EventSelectors"), params.get("AdvancedEventSelectors")
    if (basic is None) == (advanced is None):
        raise invalid("Specify either EventSelectors or AdvancedEventSelectors.")
    if basic is not None:
        check_basic(basic)
        basic = [dict(DEFAULT) | selector for selector in basic]
    if advanced is not None:
        check_advanced(advanced)
    changed = msgspec.structs.replace(
        trail, event_selectors=basic or [], advanced_event_selectors=advanced or []
    )
    trail_room.save(ctx, changed)
    return _answer(changed)


@operation
async def get_event_selectors(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A trail's selectors; one that never had any has the default one."""
    return _answer(await find(ctx, params["TrailName"]))


def has_custom_selectors(trail: Trail) -> bool:
    """Whether a trail logs anything else than all management events."""
    return bool(trail.advanced_event_selectors) or trail.event_selectors not in ([], [DEFAULT])


def _answer(trail: Trail) -> dict[str, Any]:
    if trail.advanced_event_selectors:
        return {"TrailARN": trail.arn, "AdvancedEventSelectors": trail.advanced_event_selectors}
    return {"TrailARN": trail.arn, "EventSelectors": trail.event_selectors or [dict(DEFAULT)]}
