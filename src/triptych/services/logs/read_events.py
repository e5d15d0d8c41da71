"""GetLogEvents and FilterLogEvents."""

from __future__ import annotations

from typing import Any

from triptych.kernel import limits, pages
from triptych.query.filter_pattern import InvalidPattern, Pattern, parse
from triptych.services.contract import Ctx, operation
from triptych.services.logs.group import (
    STREAMS,
    LogGroup,
    group_identified,
    invalid,
    position,
    stream_called,
    stream_key,
)
from triptych.services.logs.moments import LATEST
from triptych.services.logs.place import Place, read_token, token
from triptych.services.logs.removal import removed_streams
from triptych.services.logs.search import Event, Search, page

_BACKWARD_SINCE = 1_704_067_200_000
"""2024-01-01: FilterLogEvents goes backward in newer times only (AWS)."""


def pattern_of(text: str | None) -> Pattern | None:
    """The pattern, None for one that matches everything. Raises InvalidParameterException."""
    if not (text or "").strip():
        return None
    try:
        return parse(text or "")
    except InvalidPattern as error:
        raise invalid(f"Invalid filter pattern: {error}") from error


@operation
async def get_log_events(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """A page of one stream, events in the order of their times, with a token for either direction.

    At an end the token of that direction is the one the call was made with, so a reader knows; events that arrive
    later are found behind it. Partly: unmask is ignored, there is no data protection.
    """
    group = await group_identified(ctx, params)
    stream = await stream_called(ctx, group, params["logStreamName"])
    start, end = params.get("startTime") or 0, params.get("endTime")
    search = Search(
        group=group,
        start=start,
        end=LATEST if end is None else end,
        streams=[stream.id],
        forward=bool(params.get("startFromHead")),
    )
    if (given := params.get("nextToken")) is not None:
        read = read_token(given)
        if read is None:
            raise invalid("The specified nextToken is invalid.")
        search = _moved(search, forward=read[0] == "f", after=read[1])
    found = await page(ctx, search, count=params.get("limit") or limits.LOG_EVENTS_PAGE)
    events = found.events if search.forward else found.events[::-1]
    if events:
        last, first = events[-1].place.as_int(), events[0].place.as_int()
    elif search.after is None:
        last = max(0, Place(start, 0, 0).as_int() - 1)
        first = last + 1
    else:
        last = search.after if search.forward else max(0, search.after - 1)
        first = last + 1
    return {
        "events": [
            {"timestamp": event.place.time, "message": event.message, "ingestionTime": event.ingested}
            for event in events
        ],
        "nextForwardToken": token("f", last),
        "nextBackwardToken": token("b", first),
    }


def _moved(search: Search, *, forward: bool, after: int) -> Search:
    return Search(
        group=search.group,
        start=search.start,
        end=search.end,
        streams=search.streams,
        after=after,
        forward=forward,
    )


@operation
async def filter_log_events(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Events of a group that match a pattern, of all its streams or some, interleaved by time.

    A page may be empty and still have a nextToken: the search goes on there. As on AWS, searchedLogStreams is
    always empty. Partly: unmask is ignored, there is no data protection.
    """
    group = await group_identified(ctx, params)
    names, prefix = params.get("logStreamNames"), params.get("logStreamNamePrefix")
    if names and prefix:
        raise invalid("logStreamNames and logStreamNamePrefix are mutually exclusive parameters.")
    start, end = params.get("startTime"), params.get("endTime")
    forward = params.get("startFromHead") is not False
    if not forward and start is not None and start < _BACKWARD_SINCE:
        raise invalid("startFromHead false needs a startTime of 2024-01-01 or later.")
    pattern = pattern_of(params.get("filterPattern"))
    listing = "|".join(
        map(str, ("FilterLogEvents", group.id, names, prefix, start, end, params.get("filterPattern") or ""))
    )
    where = position(listing, params.get("nextToken"))
    search = Search(
        group=group,
        start=start or 0,
        end=LATEST if end is None else end + 1,
        streams=await _streams(ctx, group, names, prefix),
        without=await removed_streams(ctx, group),
        pattern=pattern,
        after=None if where is None else int(where[1]),
        forward=forward if where is None else where[0] == "f",
    )
    found = await page(ctx, search, count=params.get("limit") or limits.LOG_EVENTS_PAGE)
    answer: dict[str, Any] = {
        "events": [filtered(event) for event in found.events],
        "searchedLogStreams": [],
    }
    if found.more is not None:
        answer["nextToken"] = pages.token(listing, ["f" if search.forward else "b", str(found.more)])
    return answer


def filtered(event: Event) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.place.time,
        "message": event.message,
        "ingestionTime": event.ingested,
        "eventId": event.place.event_id,
    }


async def _streams(
    ctx: Ctx, group: LogGroup, names: list[str] | None, prefix: str | None
) -> list[str] | None:
    """Ids of the streams to search; None: all."""
    if names:
        return [(await stream_called(ctx, group, name)).id for name in names]
    if prefix:
        found = await ctx.unit.list(
            STREAMS, account=ctx.account, region=ctx.region, prefix=stream_key(group, prefix)
        )
        return [document.value.id for document in found]
    return None
