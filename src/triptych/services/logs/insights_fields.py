"""GetLogGroupFields, ListLogGroupsForQuery: what a query could ask for, and what it read."""

from __future__ import annotations

from collections import Counter
from typing import Any

from triptych.kernel import limits, pages
from triptych.query.insights.relation import SYSTEM
from triptych.services.contract import Ctx, operation
from triptych.services.logs.group import group_identified, invalid, position
from triptych.services.logs.insights_queries import query_called
from triptych.services.logs.insights_record import discovered
from triptych.services.logs.moments import LATEST, millis
from triptych.services.logs.removal import removed_streams
from triptych.services.logs.search import Search, page

_RECENT = 15 * 60 * 1000
_AROUND = 8 * 60 * 1000
"""Without a time the last 15 minutes are looked at, with one the 8 minutes before and behind it (AWS)."""
_FIELDS = 1000
"""Fields of one answer (ours)."""
_GROUPS = 50
"""Groups on one page of ListLogGroupsForQuery (AWS)."""


@operation
async def get_log_group_fields(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """The fields of a group's events, the most frequent first.

    Partly: percentages are those of the newest events of the time, of up to 1 MB.
    """
    group = await group_identified(ctx, params)
    time = params.get("time")
    if time is not None and time * 1000 > LATEST:
        raise invalid("time is in seconds since 1970-01-01 00:00:00 UTC.")
    now = millis(ctx.now)
    start, end = (now - _RECENT, now) if time is None else (time * 1000 - _AROUND, time * 1000 + _AROUND)
    search = Search(
        group=group,
        start=max(0, start),
        end=end + 1,
        without=await removed_streams(ctx, group),
        forward=False,
    )
    newest = (await page(ctx, search, count=limits.LOG_EVENTS_PAGE)).events
    counted: Counter[str] = Counter()
    for event in newest:
        counted.update((*SYSTEM, *discovered(event.message)))
    ordered = sorted(counted.items(), key=lambda each: (-each[1], each[0]))
    return {
        "logGroupFields": [
            {"name": name, "percent": round(100 * count / len(newest))} for name, count in ordered[:_FIELDS]
        ]
    }


@operation
async def list_log_groups_for_query(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Names of the groups a query reads, as they were given."""
    query = await query_called(ctx, params["queryId"])
    listing = f"ListLogGroupsForQuery|{query.id}"
    first = position(listing, params.get("nextToken")) or 0
    behind = first + (params.get("maxResults") or _GROUPS)
    answer: dict[str, Any] = {"logGroupIdentifiers": list(query.groups[first:behind])}
    if behind < len(query.groups):
        answer["nextToken"] = pages.token(listing, behind)
    return answer
