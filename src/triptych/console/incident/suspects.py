"""Who may have caused it: calls before the start as candidates, ranked by ``console.causes``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from triptych.console.binding import moment
from triptych.console.causes import Actor, Candidate, Resource, Scene, Suspect, rank
from triptych.console.contract import millis
from triptych.console.incident import facts
from triptych.console.incident.facts import Interest, Range
from triptych.console.incident.lanes import actor_of, api_items, changed_properties
from triptych.console.incident.neighbours import Near
from triptych.console.incident.subject import Subject
from triptych.kernel import limits
from triptych.kernel.context import OURSELVES
from triptych.services.contract import Ctx

__all__ = ["Found", "actor_kind", "candidate", "interest_of", "shown", "suspects"]

_LOOK_BACK = timedelta(hours=3)
"""How long before the start causes are looked for, if the axis does not begin earlier."""
_DENIAL_METRICS = ("denied", "unauthorized", "forbidden", "4xx", "autherror")
_DENIED = ("AccessDenied", "UnauthorizedOperation", "NotAuthorized", "Forbidden")

Found = tuple[Suspect, Mapping[str, Any]]
"""A suspect and the row of the lake it was made of."""


def interest_of(subject: Subject, near: Near) -> Interest:
    """What is worth showing first, whatever else there is."""
    names = {each.id for each in near.hops} | set(subject.values)
    names |= {alarm["AlarmArn"] for alarm in subject.alarms}
    return Interest(names, subject.focus.origins if subject.focus else ())


async def suspects(ctx: Ctx, subject: Subject, near: Near) -> list[Found]:
    """The likeliest first, at most ``limits.TIMELINE_SUSPECTS``; none where nothing went wrong."""
    focus = subject.focus
    if focus is None:
        return []
    start = moment(focus.t)
    window = Range(min(subject.axis.start, start - _LOOK_BACK), start + timedelta(milliseconds=1))
    interest = interest_of(subject, near)
    rows = await facts.calls_before(ctx, window, interest, limit=limits.TIMELINE_CANDIDATES)
    first = await _first_calls(ctx, rows, window.end)
    by_id: dict[str, Mapping[str, Any]] = {row["event_id"]: row for row in rows}
    candidates = [candidate(row, first) for row in rows]
    for row in await _unseen(ctx, window, interest):
        by_id[row["fact_id"]] = row
        candidates.append(_unseen_candidate(row))
    scene = Scene(
        start=focus.t,
        what=focus.what,
        hops=near.hops,
        dimensions=subject.values,
        tagged=near.tagged,
        origins=focus.origins,
        definition=subject.resources[0] if subject.kind == "alarm" else None,
        settled=focus.settled,
        counts_denials=any(map(_counts_denials, subject.alarms)),
    )
    ranked = rank(scene, candidates, limit=limits.TIMELINE_SUSPECTS)
    return [(each, by_id[each.candidate.id]) for each in ranked]


def _counts_denials(alarm: Mapping[str, Any]) -> bool:
    stats = [query.get("MetricStat") or {} for query in alarm.get("Metrics") or ()]
    names = [alarm.get("MetricName"), *((stat.get("Metric") or {}).get("MetricName") for stat in stats)]
    return any(word in name.lower() for name in names if name for word in _DENIAL_METRICS)


async def _first_calls(
    ctx: Ctx, rows: Sequence[Mapping[str, Any]], until: datetime
) -> Mapping[tuple[str, str, str], datetime]:
    made = [row for row in rows if actor_kind(row) != "automation" and row["username"]]
    names = {row["event_name"] for row in made}
    return await facts.first_calls(ctx, {row["username"] for row in made}, names, until)


def candidate(row: Mapping[str, Any], first: Mapping[tuple[str, str, str], datetime]) -> Candidate:
    """A row of the audit trail as a candidate."""
    pairs = [
        Resource(kind, name) for kind, name in zip(row["resource_types"], row["resource_names"], strict=True)
    ]
    arns = [Resource("", each.id) for each in pairs if each.id.startswith("arn:")]
    error = row["error_code"]
    call = (row["username"], row["event_source"], row["event_name"])
    kind = actor_kind(row)
    return Candidate(
        id=row["event_id"],
        time=millis(row["time"]),
        actor=actor_of(row),
        kind=kind,
        service=row["event_source"].removesuffix(".amazonaws.com"),
        operation=row["event_name"],
        resources=tuple(dict.fromkeys([*pairs, *arns])),
        mutating=not row["read_only"],
        data=not row["management"],
        error=error,
        denied=any(word in error for word in _DENIED),
        first=kind != "automation" and first.get(call) == row["time"],
        origin=row["origin"],
    )


def actor_kind(row: Mapping[str, Any]) -> Actor:
    """Whose hands: told by the identity's ARN, and by whoever called on its behalf."""
    if row["source_ip"].endswith(".amazonaws.com") or OURSELVES in (row["source_ip"], row["username"]):
        return "automation"
    arn = row["identity_arn"]
    if ":assumed-role/" in arn or ":federated-user/" in arn:
        return "session"
    if ":user/" in arn or arn.endswith(":root"):
        return "human"
    return "automation" if row["username"].endswith(".amazonaws.com") else "unknown"


async def _unseen(ctx: Ctx, window: Range, interest: Interest) -> list[Mapping[str, Any]]:
    """Changes that a sweep found and no recorded call made; what a first inventory finds is no change."""
    rows = await facts.read(ctx, "configuration", window, interest, limit=limits.TIMELINE_CANDIDATES)
    return [
        row for row in rows if row["cause_origin"] == row["fact_id"] and row["status"] != "ResourceDiscovered"
    ]


def _unseen_candidate(row: Mapping[str, Any]) -> Candidate:
    kind = row["resource_type"]
    names = dict.fromkeys((row["resource_id"], row["resource_name"] or row["resource_id"]))
    return Candidate(
        id=row["fact_id"],
        time=millis(row["time"]),
        actor="nobody seen",
        kind="unknown",
        service="config",
        operation="ConfigurationItemChange",
        resources=tuple(Resource(kind, name) for name in names),
        origin=row["cause_origin"],
    )


async def shown(ctx: Ctx, found: Iterable[Found]) -> list[dict[str, Any]]:
    """Suspects as the API has them, each with the configuration changes that followed from it."""
    pairs = list(found)
    changes = await _changes_of(ctx, [suspect.candidate.id for suspect, _ in pairs])
    return [_shown(suspect, row, changes.get(suspect.candidate.id, [])) for suspect, row in pairs]


def _shown(suspect: Suspect, row: Mapping[str, Any], changes: list[dict[str, Any]]) -> dict[str, Any]:
    each = suspect.candidate
    if "event_id" in row:
        item = api_items([{**row, "related": True}])[0]
        title, address, ref = item.title, item.source_ip, item.ref
    else:
        title, address, ref = f"{row['resource_type']} {row['resource_id']} changed", "", None
    return {
        "id": each.id,
        "t": each.time,
        "title": title,
        "actor": each.actor,
        "kind": each.kind,
        "sourceIp": address,
        "operation": f"{each.service}:{each.operation}",
        "error": each.error,
        "resources": [{"type": r.type, "id": r.id} for r in each.resources if r.type],
        "score": suspect.score,
        "certain": suspect.certain,
        "reasons": [{"code": r.code, "weight": r.weight, "text": r.text} for r in suspect.reasons],
        "alike": suspect.alike,
        "origin": each.origin,
        "changes": changes,
        "ref": ref,
    }


async def _changes_of(ctx: Ctx, origins: Sequence[str]) -> dict[str, list[dict[str, Any]]]:
    """Origin -> changed properties of what it led to: the first item of each resource, not its repair."""
    if not origins:
        return {}
    rows = await facts.items_from(ctx, origins, limit=limits.TIMELINE_ITEMS)
    found: dict[str, list[dict[str, Any]]] = {}
    seen: set[tuple[str, str, str]] = set()
    for row in rows:
        key = (row["cause_origin"], row["resource_type"], row["resource_id"])
        if key in seen:
            continue
        seen.add(key)
        resource = {"type": row["resource_type"], "id": row["resource_id"]}
        listed, _ = changed_properties(row["diff"])
        found.setdefault(row["cause_origin"], []).extend(
            {"resource": resource, "t": millis(row["time"]), **each} for each in listed
        )
    return found
