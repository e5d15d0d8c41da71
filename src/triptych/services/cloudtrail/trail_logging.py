"""StartLogging, StopLogging, GetTrailStatus."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from triptych.services.cloudtrail import dates
from triptych.services.cloudtrail import trail as trail_room
from triptych.services.cloudtrail.deliver import DELIVERIES, Delivery
from triptych.services.cloudtrail.deliver_logs import LOG_DELIVERIES
from triptych.services.cloudtrail.digests import CHAINS
from triptych.services.cloudtrail.trail import find, find_at_home
from triptych.services.contract import Ctx, operation


@operation
async def start_logging(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Log from now on; from the home region only."""
    trail = await find_at_home(ctx, params["Name"])
    trail_room.save(ctx, trail_room.started(trail, ctx.now))
    return {}


@operation
async def stop_logging(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Log no longer; what happened until now is still delivered. From the home region only."""
    trail = await find_at_home(ctx, params["Name"])
    trail_room.save(ctx, trail_room.stopped(trail, ctx.now))
    return {}


@operation
async def get_trail_status(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Whether it logs, since when, and how its deliveries went."""
    trail = await find(ctx, params["Name"])
    stored = await ctx.unit.get(DELIVERIES, trail.name, account=trail.account, region=trail.home_region)
    delivery = stored or Delivery()
    chain = await ctx.unit.get(
        CHAINS, f"{trail.name}/{trail.home_region}", account=trail.account, region=trail.home_region
    )
    logs = await ctx.unit.get(LOG_DELIVERIES, trail.name, account=trail.account, region=trail.home_region)
    start = trail.intervals[-1].start if trail.intervals else None
    stop = next((each.stop for each in reversed(trail.intervals) if each.stop is not None), None)
    answer: dict[str, Any] = {
        "IsLogging": trail.logging,
        "LatestDeliveryError": delivery.error or None,
        "LatestDeliveryTime": delivery.delivered_at,
        "StartLoggingTime": start,
        "StopLoggingTime": stop,
        "LatestDigestDeliveryTime": chain.delivered_at if chain else None,
        "LatestDigestDeliveryError": (chain.error or None) if chain else None,
        "LatestCloudWatchLogsDeliveryTime": logs.delivered_at if logs else None,
        "LatestCloudWatchLogsDeliveryError": (logs.error or None) if logs else None,
    }
    answer = {name: value for name, value in answer.items() if value is not None}
    return answer | {
        "LatestDeliveryAttemptTime": _text(delivery.attempted_at),
        "LatestNotificationAttemptTime": "",
        "LatestNotificationAttemptSucceeded": "",
        "LatestDeliveryAttemptSucceeded": _text(delivery.delivered_at),
        "TimeLoggingStarted": _text(start),
        "TimeLoggingStopped": _text(stop),
    }


def _text(moment: datetime | None) -> str:
    return dates.seconds(moment) if moment is not None else ""
