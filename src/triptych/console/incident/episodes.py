"""Incidents: every stay of an alarm in ALARM, with the likeliest cause and whether something repaired it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import msgspec

from triptych.console.binding import moment
from triptych.console.contract import millis
from triptych.console.incident import facts
from triptych.console.incident.asked import Asked, Item, Listed, invalid
from triptych.console.incident.facts import Interest, Range
from triptych.console.incident.lanes import remediation_items
from triptych.console.incident.neighbours import Near, near
from triptych.console.incident.repair import repair_of, repair_told, span_of
from triptych.console.incident.subject import (
    Episode,
    Subject,
    alarm_changes,
    describe_alarms,
    episodes,
    of_episode,
)
from triptych.console.incident.suspects import shown, suspects
from triptych.kernel import limits, pages
from triptych.services.contract import Ctx

__all__ = ["Incidents", "incidents"]

_WEEK = timedelta(days=7)


class Incidents(msgspec.Struct, kw_only=True, rename="camel"):
    """Newest first.

    :param incidents: {id, alarm, start, end (null while it lasts), reason, suspect (as in the timeline, or null),
    remediated, remediation ({t, title, status}, or null)}.
    """

    incidents: list[dict[str, Any]]
    total: int
    next_token: str | None = None


async def incidents(ctx: Ctx, listed: Listed) -> Incidents:
    """Raises ServiceError for a range or a page that cannot be."""
    window = _window(ctx, listed)
    known = ctx.now - timedelta(days=limits.ALARM_HISTORY_DAYS)
    changes = await alarm_changes(ctx, None, start=min(known, window.start), end=ctx.now)
    start, end = millis(window.start), millis(window.end)
    found = [
        each for each in episodes(changes) if each.start < end and (each.end is None or each.end >= start)
    ]
    found.sort(key=lambda each: (-each.start, each.id))
    listing = f"incidents|{listed.from_}|{listed.to}"
    if listed.next_token is not None:
        after = _position(listing, listed.next_token)
        page = [each for each in found if (-each.start, each.id) > after]
    else:
        page = found
    token = None
    if len(page) > listed.limit:
        page = page[: listed.limit]
        token = pages.token(listing, [page[-1].start, page[-1].id])
    return Incidents(incidents=await _told(ctx, page), total=len(found), next_token=token)


def _window(ctx: Ctx, listed: Listed) -> Range:
    end = ctx.now + timedelta(milliseconds=1) if listed.to is None else moment(listed.to)
    start = end - _WEEK if listed.from_ is None else moment(listed.from_)
    if start >= end:
        raise invalid("from must be before to.")
    if not 1 <= listed.limit <= limits.INCIDENTS_PAGE:
        raise invalid(f"limit must be between 1 and {limits.INCIDENTS_PAGE}.")
    return Range(start, end)


def _position(listing: str, token: str) -> tuple[int, str]:
    try:
        start, id_ = pages.position(listing, token)
        return -int(start), str(id_)
    except (ValueError, TypeError) as error:
        raise invalid("The nextToken is not valid, or belongs to another listing.") from error


async def _told(ctx: Ctx, page: Sequence[Episode]) -> list[dict[str, Any]]:
    if not page:
        return []
    subjects = await _subjects(ctx, page)
    around: dict[str, Near] = {}
    for subject in subjects:
        name = subject.resources[0].id
        if name not in around:
            around[name] = await near(ctx, subject.resources, subject.values)
    close = [around[subject.resources[0].id] for subject in subjects]
    found = await asyncio.gather(
        *(suspects(ctx, subject, each) for subject, each in zip(subjects, close, strict=True))
    )
    repairs = await _repairs(ctx, page)
    told = await asyncio.gather(*(shown(ctx, each[:1]) for each in found))
    return [
        _incident(episode, top, repair_of(repairs, span_of(episode.start, episode.end, ctx.now), each, n))
        for episode, top, each, n in zip(page, told, found, close, strict=True)
    ]


async def _subjects(ctx: Ctx, page: Sequence[Episode]) -> list[Subject]:
    names = list(dict.fromkeys(each.alarm for each in page))
    described = {name: await describe_alarms(ctx, [name]) for name in names}
    return [await of_episode(ctx, Asked(), each.alarm, described[each.alarm], each) for each in page]


async def _repairs(ctx: Ctx, page: Sequence[Episode]) -> list[Item]:
    """Every remediation while these episodes lasted, and a little longer."""
    spans = [span_of(each.start, each.end, ctx.now) for each in page]
    first, last = moment(min(start for start, _ in spans)), moment(max(end for _, end in spans))
    rows = await facts.read(
        ctx, "remediation", Range(first, last), Interest(), limit=limits.TIMELINE_ITEMS_MOST
    )
    return remediation_items(rows)


def _incident(episode: Episode, top: Sequence[Mapping[str, Any]], repair: Item | None) -> dict[str, Any]:
    return {
        "id": episode.id,
        "alarm": episode.alarm,
        "start": episode.start,
        "end": episode.end,
        "reason": episode.reason,
        "suspect": top[0] if top else None,
        "remediated": repair is not None,
        "remediation": repair_told(repair),
    }
