"""The incident timeline, put together: subject, neighbours, then everything else at once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from triptych.console.contract import millis
from triptych.console.incident import facts
from triptych.console.incident.asked import Asked, Item, LaneKind, invalid, lanes_of
from triptych.console.incident.budget import shares, step_milliseconds
from triptych.console.incident.facts import SOURCES, Bucket
from triptych.console.incident.lanes import BUILDERS
from triptych.console.incident.log_errors import PATTERN, LogErrors, log_errors
from triptych.console.incident.metrics import lines
from triptych.console.incident.neighbours import Near, near
from triptych.console.incident.repair import repair_of, repair_told, span_of
from triptych.console.incident.subject import Subject, find
from triptych.console.incident.suspects import interest_of, shown, suspects
from triptych.kernel import limits
from triptych.services.contract import Ctx

__all__ = ["Timeline", "timeline"]


class Timeline(msgspec.Struct, kw_only=True, rename="camel"):
    """All of it. Times are epoch milliseconds.

    :param metrics: {id, label, alarm, threshold, comparison, period, stat, unit, timestamps, values} each.
    :param suspects: the likeliest first: {id, t, title, actor, kind, sourceIp, operation, resources, score, certain,
        reasons: [{code, weight, text}], alike, changes: [{resource, t, path, from, to, changeType}], ref} each.
    :param related: what Config knows to be near: {type, id, hops} each; ``relatedCut``: there is more.
    :param lanes: {id, kind, total, shown, bucketed, buckets: [{t, tEnd, count, errors}], items: [Item]}. Its buckets count
    everything; where ``bucketed`` the items are the telling ones only. The ``api`` lane's ``hidden`` are calls that
    read and succeeded (or failed for a service that looked for what is not there); the ``logs`` lane has ``groups`` with the reason for each, and a ``note``.
    """

    axis: dict[str, int]
    subject: dict[str, Any]
    focus: dict[str, Any] | None
    episode: dict[str, Any] | None
    metrics: list[dict[str, Any]]
    lanes: list[dict[str, Any]]
    suspects: list[dict[str, Any]]
    repair: dict[str, Any] | None
    related: list[dict[str, Any]]
    related_cut: bool


async def timeline(ctx: Ctx, asked: Asked) -> Timeline:
    """Raises ServiceError for what does not exist and for what cannot be asked."""
    if not 1 <= asked.max_items <= limits.TIMELINE_ITEMS_MOST:
        raise invalid(f"maxItems must be between 1 and {limits.TIMELINE_ITEMS_MOST}.")
    wanted = lanes_of(asked)
    subject = await find(ctx, asked)
    around = await near(ctx, subject.resources, subject.values)
    length = millis(subject.axis.end) - millis(subject.axis.start)
    step = max(1000, step_milliseconds(length, limits.TIMELINE_BUCKETS))
    found, metrics, errors, drawn = await asyncio.gather(
        suspects(ctx, subject, around),
        lines(ctx, subject.alarms, subject.axis) if "metrics" in wanted else _nothing(),
        log_errors(ctx, subject, around, asked.log_groups, step) if "logs" in wanted else _nothing(),
        _lanes(ctx, asked, subject, around, [kind for kind in wanted if kind in SOURCES], step),
    )
    told = await shown(ctx, found)
    _mark(drawn, told)
    focus, episode = subject.focus, subject.episode
    began = millis(subject.axis.start) if focus is None else focus.t
    ended = episode.end if episode else millis(subject.axis.end)
    repairs = drawn["remediation"]["items"] if "remediation" in drawn else []
    repair = repair_of(repairs, span_of(began, ended, ctx.now), found, around)
    if isinstance(errors, LogErrors):
        drawn["logs"] = _log_lane(errors)
    return Timeline(
        axis={"from": millis(subject.axis.start), "to": millis(subject.axis.end)},
        subject=_subject(subject),
        focus={"t": focus.t, "what": focus.what} if focus else None,
        episode=_episode(subject),
        metrics=list(metrics or ()),
        lanes=[drawn[kind] for kind in wanted if kind in drawn],
        suspects=told,
        repair=repair_told(repair),
        related=[
            {"type": resource.type, "id": resource.id, "hops": hops}
            for resource, hops in sorted(around.listed.items(), key=lambda pair: (pair[1], pair[0]))
        ],
        related_cut=around.cut,
    )


async def _nothing() -> None:
    return None


def _subject(subject: Subject) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": subject.kind, "title": subject.title}
    if subject.kind == "alarm":
        own = [each for each in subject.alarms if each["AlarmName"] == subject.resources[0].id]
        told["alarm"] = {
            "name": subject.resources[0].id,
            "state": own[0]["StateValue"] if own else "deleted",
            "reason": own[0].get("StateReason", "") if own else "",
        }
    if subject.resources:
        told["resources"] = [{"type": each.type, "id": each.id} for each in subject.resources]
    return told


def _episode(subject: Subject) -> dict[str, Any] | None:
    episode = subject.episode
    if episode is None:
        return None
    return {
        "alarm": episode.alarm,
        "start": episode.start,
        "end": episode.end,
        "reason": episode.reason,
    }


async def _lanes(
    ctx: Ctx, asked: Asked, subject: Subject, around: Near, kinds: list[LaneKind], step: int
) -> dict[str, dict[str, Any]]:
    """The lanes read from the lake: first how much there is, then as much of each as there is room for."""
    every = asked.read_only
    counted = await facts.count(ctx, kinds, subject.axis, step, every=every)
    totals = {kind: sum(bucket.count for bucket in counted[kind][0]) for kind in kinds}
    room = shares(totals, asked.max_items)
    interest = interest_of(subject, around)
    rows = await asyncio.gather(
        *(
            facts.read(ctx, kind, subject.axis, interest, limit=room[kind], every=every and kind == "api")
            if room[kind]
            else _no_rows()
            for kind in kinds
        )
    )
    drawn = {}
    for kind, found in zip(kinds, rows, strict=True):
        buckets, hidden = counted[kind]
        lane = _lane(kind, BUILDERS[kind](found), buckets, cut=room[kind] < totals[kind])
        drawn[str(kind)] = lane | ({"hidden": hidden} if kind == "api" else {})
    return drawn


async def _no_rows() -> list[dict[str, Any]]:
    return []


def _lane(kind: LaneKind, items: list[Item], buckets: list[Bucket], *, cut: bool) -> dict[str, Any]:
    """A lane; without a cut its items are all there is, several facts of one run being one item."""
    total = sum(each.count for each in buckets) if cut else len(items)
    return {
        "id": kind,
        "kind": kind,
        "total": total,
        "shown": len(items),
        "bucketed": cut,
        "buckets": [
            {"t": each.t, "tEnd": each.t_end, "count": each.count, "errors": each.bad} for each in buckets
        ],
        "items": items,
    }


def _log_lane(errors: LogErrors) -> dict[str, Any]:
    return {
        "id": "logs",
        "kind": "logs",
        "total": errors.total,
        "shown": 0,
        "bucketed": True,
        "buckets": list(errors.buckets),
        "items": [],
        "groups": list(errors.groups),
        "pattern": PATTERN,
        "note": errors.note,
    }


def _mark(drawn: Mapping[str, Mapping[str, Any]], told: list[dict[str, Any]]) -> None:
    """Write the score and its reasons onto the items that are suspects, and mark what followed from the likeliest."""
    by_id = {each["id"]: each for each in told}
    chains = {each["id"] for each in told[:1]} | {each["id"] for each in told if each["certain"]}
    for lane in drawn.values():
        for item in lane["items"]:
            item.related = item.related or item.origin in chains
            if (suspect := by_id.get(item.id)) is not None:
                item.score, item.certain = suspect["score"], suspect["certain"]
                item.reasons = suspect["reasons"]
