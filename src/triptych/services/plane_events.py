"""What happens on the plane as EventBridge events on the default bus, in AWS's shape.

Belongs to no AWS service: it knows CloudTrail's records, Config's notifications and EventBridge's buses, which do not
know each other.
``events_of`` turns a fact into events, purely; ``REACTION`` offers them to the rules.

Every event's id follows from its fact, so that a repeat carries the same one.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from triptych.bus.batch import Batch
from triptych.control.collection import Collection
from triptych.kernel.arn import arn
from triptych.kernel.fact import Fact, FactKind
from triptych.services.cloudtrail.events import GLOBAL_REGION
from triptych.services.cloudtrail.record import record
from triptych.services.cloudtrail.sign_in import EVENT_TYPE
from triptych.services.config.notifications import message_of
from triptych.services.contract import Ctx, Reaction, caused_by
from triptych.services.events.documents import DEFAULT
from triptych.services.events.matching import has_rules, offer

__all__ = ["REACTION", "SEEN", "PlaneEvent", "Seen", "automation_events", "events_of"]

_OURS = frozenset({"events.amazonaws.com", "sns.amazonaws.com"})
"""Who makes calls only to deliver. What they read on the way is no event: AWS's deliveries make no such calls."""


class PlaneEvent(msgspec.Struct, frozen=True, kw_only=True):
    """:param only_reads: an API call that changes nothing, which only rules that ask for it get."""

    region: str
    event: dict[str, Any]
    only_reads: bool = False


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """An automation as its last event told it: its status, and the status of each step."""

    status: str
    steps: tuple[str, ...] = ()


SEEN = Collection(name="events.automations", type=Seen)
"""By execution id, until it ends."""
_ENDED = frozenset(
    {"Success", "Failed", "TimedOut", "Cancelled", "CompletedWithSuccess", "CompletedWithFailure"}
)


def events_of(fact: Fact) -> list[PlaneEvent]:
    """The events a fact stands for; not for AutomationChanged, which needs to know what was told before."""
    return _EVENTS[fact.kind](fact)


def _event(
    fact: Fact, source: str, kind: str, detail: Mapping[str, Any], resources: Sequence[str], *, part: str = ""
) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, f"{fact.id}/{part}")),
        "detail-type": kind,
        "source": source,
        "account": fact.account,
        "time": fact.time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": fact.region,
        "resources": [each for each in resources if each],
        "detail": dict(detail),
    }


def _api_call(fact: Fact) -> list[PlaneEvent]:
    """Management events only: data events reach EventBridge through a trail that logs them, which is not built."""
    only_reads = bool(fact.body.get("read_only"))
    if only_reads and (fact.body.get("identity") or {}).get("invoked_by") in _OURS:
        return []
    detail = record(fact)
    if not detail["managementEvent"]:
        return []
    source = "aws." + detail["eventSource"].removesuffix(".amazonaws.com")
    what = "AWS Console Sign In" if detail["eventType"] == EVENT_TYPE else "AWS API Call"
    event = _event(fact, source, f"{what} via CloudTrail", detail, ()) | {"region": detail["awsRegion"]}
    return [PlaneEvent(region=detail["awsRegion"], event=event, only_reads=only_reads)]


def _item(fact: Fact) -> list[PlaneEvent]:
    arn_of = fact.body["item"].get("ARN") or ""
    event = _event(fact, "aws.config", "Config Configuration Item Change", message_of(fact), (arn_of,))
    return [PlaneEvent(region=fact.region, event=event)]


def _compliance(fact: Fact) -> list[PlaneEvent]:
    event = _event(fact, "aws.config", "Config Rules Compliance Change", message_of(fact), ())
    return [PlaneEvent(region=fact.region, event=event)]


def _delivery(fact: Fact) -> list[PlaneEvent]:
    detail = message_of(fact)
    what = "Snapshot" if "Snapshot" in detail["messageType"] else "History"
    event = _event(fact, "aws.config", f"Config Configuration {what} Delivery Status", detail, ())
    return [PlaneEvent(region=fact.region, event=event)]


def _alarm(fact: Fact) -> list[PlaneEvent]:
    names = ("alarmName", "state", "previousState", "configuration")
    detail = {name: fact.body[name] for name in names if name in fact.body}
    event = _event(fact, "aws.cloudwatch", "CloudWatch Alarm State Change", detail, (fact.subject,))
    return [PlaneEvent(region=fact.region, event=event)]


_EVENTS: Mapping[FactKind, Callable[[Fact], list[PlaneEvent]]] = {
    "ApiCall": _api_call,
    "ItemChanged": _item,
    "ComplianceChanged": _compliance,
    "ConfigDelivered": _delivery,
    "AlarmStateChanged": _alarm,
}


def automation_events(fact: Fact, before: Seen | None) -> tuple[list[PlaneEvent], Seen]:
    """The status changes of an automation and its steps since the last fact of it; and what is known now. Pure."""
    body = fact.body
    steps = body.get("StepExecutions") or []
    now = Seen(status=body["Status"], steps=tuple(step.get("StepStatus", "") for step in steps))
    resources = (
        fact.subject,
        arn("ssm", fact.region, fact.account, f"automation-definition/{body.get('DocumentName', '')}"),
    )
    shared = {"ExecutionId": body["AutomationExecutionId"], "Definition": body.get("DocumentName", "")}
    found = []
    for number, step in enumerate(steps):
        status = now.steps[number]
        old = before.steps[number] if before and number < len(before.steps) else "Pending"
        if status != old:
            detail = shared | {
                "StepName": step["StepName"],
                "Action": step.get("Action", ""),
                "Status": status,
            }
            detail |= _times(step.get("ExecutionStartTime"), step.get("ExecutionEndTime"))
            kind = "EC2 Automation Step Status-change Notification"
            found.append(_event(fact, "aws.ssm", kind, detail, resources, part=f"{number}/{status}"))
    if before is None or before.status != now.status:
        starts = [step["ExecutionStartTime"] for step in steps if step.get("ExecutionStartTime")]
        ends = [step["ExecutionEndTime"] for step in steps if step.get("ExecutionEndTime")]
        ended = max(ends) if ends and now.status in _ENDED else None
        detail = shared | {"Status": now.status} | _times(min(starts) if starts else None, ended)
        kind = "EC2 Automation Execution Status-change Notification"
        found.append(_event(fact, "aws.ssm", kind, detail, resources))
    return [PlaneEvent(region=fact.region, event=event) for event in found], now


def _times(start: str | None, end: str | None) -> dict[str, Any]:
    """``StartTime`` and ``EndTime`` as Systems Manager writes them (``Nov 29, 2016 7:43:25 PM``), ``Time`` in seconds."""
    found: dict[str, Any] = {}
    if start:
        found["StartTime"] = _american(start)
    if end:
        found["EndTime"] = _american(end)
    if start and end:
        found["Time"] = (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()
    return found


def _american(text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(UTC)
    hour = moment.hour % 12 or 12
    return (
        f"{moment:%b} {moment.day}, {moment.year} {hour}:{moment:%M:%S} {'PM' if moment.hour >= 12 else 'AM'}"
    )


async def _offer(ctx: Ctx, batch: Batch) -> None:
    wanted: dict[tuple[str, str], bool] = {}

    async def is_wanted(account: str, region: str) -> bool:
        if (account, region) not in wanted:
            wanted[account, region] = await has_rules(ctx.at(account=account, region=region), DEFAULT)
        return wanted[account, region]

    for fact in batch.facts:
        cause = caused_by(fact)
        home = ctx.at(account=fact.account, region=fact.region, cause=cause)
        if fact.kind == "AutomationChanged":
            found = await _automation(home, fact)
        elif await is_wanted(fact.account, fact.region) or (
            # Where global services are recorded. Records are not made for nobody.
            fact.kind == "ApiCall" and await is_wanted(fact.account, GLOBAL_REGION)
        ):
            found = events_of(fact)
        else:
            continue
        for each in found:
            there = home.at(account=fact.account, region=each.region, cause=cause)
            await offer(there, DEFAULT, each.event, only_reads=each.only_reads, cause=cause)


async def _automation(ctx: Ctx, fact: Fact) -> list[PlaneEvent]:
    place = {"account": fact.account, "region": fact.region}
    key = fact.body["AutomationExecutionId"]
    before = await ctx.unit.get(SEEN, key, **place)
    found, now = automation_events(fact, before)
    if now.status in _ENDED:
        if before is not None:
            ctx.unit.delete(SEEN, key, **place)
    elif now != before:
        ctx.unit.put(SEEN, key, now, **place)
    return found


REACTION = Reaction(name="plane.events", kinds=frozenset({*_EVENTS, "AutomationChanged"}), handle=_offer)
