"""LookupEvents: the last 90 days of management events, newest first, by one attribute."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlglot import exp

from triptych.kernel import pages
from triptych.kernel.errors import ServiceError
from triptych.services.contract import Ctx, operation

LOOKUP_DAYS = 90
"""How far back LookupEvents looks (AWS: event history)."""
LOOKUP_RESULTS = 50
"""Events on one page, the default and the most (AWS)."""


def _placeholder(name: str) -> exp.Placeholder:
    return exp.Placeholder(this=name)


def _equals(column: str) -> Callable[[], exp.Condition]:
    return lambda: exp.column(column).eq(_placeholder("value"))


def _has(column: str) -> Callable[[], exp.Condition]:
    return lambda: exp.ArrayContains(this=exp.column(column), expression=_placeholder("value"))


_ATTRIBUTES: Mapping[str, Callable[[], exp.Condition]] = {
    "EventId": _equals("event_id"),
    "EventName": _equals("event_name"),
    "ReadOnly": _equals("read_only"),
    "Username": _equals("username"),
    "ResourceType": _has("resource_types"),
    "ResourceName": _has("resource_names"),
    "EventSource": _equals("event_source"),
    "AccessKeyId": _equals("access_key_id"),
}


@operation
async def lookup_events(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Management events of this region, newest first.

    Partly: ``EventCategory: insight`` finds nothing, as no trail can record Insights events yet.
    """
    key, value = _attribute(params.get("LookupAttributes") or [])
    start, end = _time_range(params.get("StartTime"), params.get("EndTime"), ctx.now)
    count = _max_results(params.get("MaxResults"))
    listing = _listing(params, key, value)
    after = _position(listing, params.get("NextToken"))
    if params.get("EventCategory") == "insight":
        return {"Events": []}
    query, values = _query(key, value, start, end, after, count + 1)
    rows = await ctx.runtime.lake.select(query, values, account=ctx.account, region=ctx.region)
    answer: dict[str, Any] = {"Events": [_event(row) for row in rows[:count]]}
    if len(rows) > count:
        last = rows[count - 1]
        answer["NextToken"] = pages.token(listing, [last["time"].isoformat(), last["event_id"]])
    return answer


def _attribute(attributes: list[Mapping[str, Any]]) -> tuple[str, str]:
    if len(attributes) > 1:
        raise ServiceError("InvalidLookupAttributesException", "Only one lookup attribute can be specified.")
    if not attributes:
        return "", ""
    key, value = attributes[0].get("AttributeKey", ""), attributes[0].get("AttributeValue", "")
    if key not in _ATTRIBUTES:
        raise ServiceError(
            "InvalidLookupAttributesException",
            f"The lookup attribute key {key!r} is not valid. Valid keys: {', '.join(_ATTRIBUTES)}.",
        )
    if not value or len(value) > 2000:
        raise ServiceError(
            "InvalidLookupAttributesException",
            f"The value of the lookup attribute {key} must have 1 to 2000 characters.",
        )
    if key != "ReadOnly":
        return key, value
    if value not in ("true", "false"):
        raise ServiceError(
            "InvalidLookupAttributesException",
            "The value of the lookup attribute ReadOnly must be true or false.",
        )
    return key, value


def _time_range(start: datetime | None, end: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """Inclusive start, exclusive end; records have whole seconds, so both ends cover the second they name."""
    if start is not None and end is not None and start > end:
        raise ServiceError(
            "InvalidTimeRangeException", "The start time must be before or the same as the end time."
        )
    oldest = now - timedelta(days=LOOKUP_DAYS)
    first = max(start or oldest, oldest).replace(microsecond=0)
    last = min(end or now, now + timedelta(days=1)).replace(microsecond=0) + timedelta(seconds=1)
    return first.astimezone(UTC), last.astimezone(UTC)


def _max_results(given: int | None) -> int:
    if given is None:
        return LOOKUP_RESULTS
    if not 1 <= given <= LOOKUP_RESULTS:
        raise ServiceError(
            "InvalidMaxResultsException", f"MaxResults must be between 1 and {LOOKUP_RESULTS}, not {given}."
        )
    return given


def _listing(params: Mapping[str, Any], key: str, value: str) -> str:
    times = [t.isoformat() if (t := params.get(name)) else "" for name in ("StartTime", "EndTime")]
    return "|".join(["LookupEvents", key, value, *times, params.get("EventCategory") or ""])


def _position(listing: str, given: str | None) -> tuple[datetime, str] | None:
    if given is None:
        return None
    try:
        time, event_id = pages.position(listing, given)
        return datetime.fromisoformat(time), str(event_id)
    except (ValueError, TypeError) as error:
        raise ServiceError(
            "InvalidNextTokenException",
            "The NextToken is not valid, or belongs to a call with other parameters.",
        ) from error


def _query(
    key: str,
    value: str,
    start: datetime,
    end: datetime,
    after: tuple[datetime, str] | None,
    limit: int,
) -> tuple[exp.Select, dict[str, Any]]:
    time = exp.column("time")
    query = (
        exp.select("time", "event_id", "event_name", "event_source", "read_only", "username", "access_key_id")
        .select("resource_types", "resource_names", "record")
        .from_("cloudtrail_events")
        .where(exp.column("management"))
        .where(exp.GTE(this=time.copy(), expression=_placeholder("start")))
        .where(exp.LT(this=time.copy(), expression=_placeholder("end")))
    )
    values: dict[str, Any] = {"start": start, "end": end}
    if key:
        query = query.where(_ATTRIBUTES[key]())
        values["value"] = value == "true" if key == "ReadOnly" else value
    if after is not None:
        values["after_time"], values["after_id"] = after
        older = exp.LT(this=time.copy(), expression=_placeholder("after_time"))
        same = exp.and_(
            time.copy().eq(_placeholder("after_time")),
            exp.LT(this=exp.column("event_id"), expression=_placeholder("after_id")),
        )
        query = query.where(exp.or_(older, same))
    newest_first = [exp.Ordered(this=exp.column(name), desc=True) for name in ("time", "event_id")]
    return query.order_by(*newest_first).limit(limit), values


def _event(row: Mapping[str, Any]) -> dict[str, Any]:
    event: dict[str, Any] = {
        "EventId": row["event_id"],
        "EventName": row["event_name"],
        "ReadOnly": "true" if row["read_only"] else "false",
        "AccessKeyId": row["access_key_id"],
        "EventTime": row["time"].replace(microsecond=0),
        "EventSource": row["event_source"],
        "Username": row["username"],
        "Resources": [
            {"ResourceType": kind, "ResourceName": name}
            for kind, name in zip(row["resource_types"], row["resource_names"], strict=True)
        ],
        "CloudTrailEvent": row["record"],
    }
    return {name: value for name, value in event.items() if value != ""}
