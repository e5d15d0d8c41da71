"""PutEvents and TestEventPattern."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from triptych.kernel.errors import ServiceError, unbuilt
from triptych.query.event_pattern import matches, parse
from triptych.services.contract import Ctx, operation
from triptych.services.events.access import find_bus_for
from triptych.services.events.documents import stamp, validation
from triptych.services.events.matching import offer
from triptych.services.events.rules import check_pattern

REQUEST_BYTES = 1024 * 1024
"""All entries of one PutEvents (EventBridge: 1 MB; 256 KB until 2025)."""
_MANDATORY = ("id", "account", "source", "time", "region", "resources", "detail-type")


@operation
async def put_events(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:
    """Up to ten events, each accepted or refused for itself; deliveries are durable when this answers.

    Partly: global endpoints are refused.
    """
    entries = params["Entries"]
    if params.get("EndpointId"):
        raise unbuilt("global endpoints")
    if sum(_size(entry) for entry in entries) > REQUEST_BYTES:
        raise validation("Total size of the entries in the request is over the limit.")
    answers = [await _put(ctx, entry) for entry in entries]
    return {"FailedEntryCount": sum("ErrorCode" in each for each in answers), "Entries": answers}


def _size(entry: Mapping[str, Any]) -> int:
    """As EventBridge counts: 14 bytes for a time, and the text of everything else."""
    texts = [entry.get(name) or "" for name in ("Source", "DetailType", "Detail")] + list(
        entry.get("Resources") or []
    )
    return sum(len(text.encode()) for text in texts) + (14 if entry.get("Time") else 0)


async def _put(ctx: Ctx, entry: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("Source", "DetailType", "Detail"):
        if not entry.get(name):
            return _failed(
                "InvalidArgument", f"Parameter {name} is not valid. Reason: {name} is a required argument."
            )
    if entry["Source"].startswith("aws."):
        return _failed("NotAuthorizedForSourceException", "Not authorized for the source.")
    try:
        detail = json.loads(entry["Detail"])
    except (ValueError, RecursionError):
        detail = None
    if not isinstance(detail, dict):
        return _failed("MalformedDetail", "Detail is malformed.")
    event = {
        "version": "0",
        "id": ctx.ids.uuid(),
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": ctx.account,
        "time": stamp(entry.get("Time") or ctx.now),
        "region": ctx.region,
        "resources": list(entry.get("Resources") or []),
        "detail": detail,
    }
    try:
        there, bus = await find_bus_for(ctx, entry.get("EventBusName"), event, ctx.context)
    except ServiceError as error:
        return _failed(error.code, error.message)
    await offer(there, bus.name, event)
    return {"EventId": event["id"]}


def _failed(code: str, message: str) -> dict[str, Any]:
    return {"ErrorCode": code, "ErrorMessage": message}


@operation
async def test_event_pattern(ctx: Ctx, params: dict[str, Any]) -> dict[str, Any]:  # noqa: ARG001
    """Whether a pattern matches an event, in the words of rules."""
    check_pattern(params["EventPattern"])
    try:
        event = json.loads(params["Event"])
    except (ValueError, RecursionError):
        event = None
    if not isinstance(event, dict):
        raise validation("Parameter Event is not valid.")
    if absent := [name for name in _MANDATORY if name not in event]:
        raise validation(f"Parameter Event is not valid. Reason: {', '.join(absent)} must be present.")
    return {"Result": matches(parse(params["EventPattern"]), event)}
