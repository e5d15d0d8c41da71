"""GET timeline: what happened around an alarm, a resource, an event or in a range."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.console.affordable import affordable
from triptych.console.contract import ConsoleCtx, Endpoint
from triptych.console.incident.asked import Asked
from triptych.console.incident.timeline import Timeline, timeline


async def _timeline(ctx: ConsoleCtx, params: dict[str, Any]) -> Timeline:
    return await affordable(timeline(ctx, msgspec.convert(params, Asked)))


ENDPOINT = Endpoint(
    method="GET",
    path="timeline",
    summary="The incident timeline of an alarm, a resource (type/id), an event or a range: metrics, lanes, likely causes.",
    takes=Asked,
    answers=Timeline,
    handle=_timeline,
)
