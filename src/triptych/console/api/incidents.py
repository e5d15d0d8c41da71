"""GET incidents: the episodes of all alarms."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.console.affordable import affordable
from triptych.console.contract import ConsoleCtx, Endpoint
from triptych.console.incident.asked import Listed
from triptych.console.incident.episodes import Incidents, incidents


async def _incidents(ctx: ConsoleCtx, params: dict[str, Any]) -> Incidents:
    return await affordable(incidents(ctx, msgspec.convert(params, Listed)))


ENDPOINT = Endpoint(
    method="GET",
    path="incidents",
    summary="ALARM episodes in a range, newest first, each with its likeliest cause and whether it was remediated.",
    takes=Listed,
    answers=Incidents,
    handle=_incidents,
)
