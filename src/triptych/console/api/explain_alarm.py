"""POST explain/alarm: why an alarm is in its state."""

from __future__ import annotations

from typing import Any

from triptych.console.alarms.why import Named, Why, why
from triptych.console.contract import ConsoleCtx, Endpoint


async def _explain(ctx: ConsoleCtx, params: dict[str, Any]) -> Why:
    return await why(ctx, params["alarmName"])


ENDPOINT = Endpoint(
    method="POST",
    path="explain/alarm",
    summary="Why an alarm is in its state: the periods looked at, breaching or not, missing data, M of N.",
    takes=Named,
    answers=Why,
    handle=_explain,
)
