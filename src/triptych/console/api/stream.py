"""GET stream: what happens in the account, as server-sent events."""

from __future__ import annotations

from typing import Any

import msgspec

from triptych.console.contract import Answer, ConsoleCtx, Endpoint, Input
from triptych.console.feed import TOPICS
from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import FactKind

DEFAULT = tuple(topic for topic in TOPICS if topic != "event")
"""API calls come in volume; who wants them says so."""


class Takes(Input, frozen=True, kw_only=True):
    """:param topics: comma-separated: alarm, item, compliance, remediation, automation, event. Default: all but event.
    :param after: go on after this event id; a browser says it with ``Last-Event-ID`` when it connects again.
    """

    topics: str = ""
    after: int | None = None


class StreamedFact(msgspec.Struct, frozen=True, kw_only=True):
    """The data of one event; the event's name is its topic, its id the place to go on from."""

    id: str
    kind: FactKind
    t: int
    region: str
    subject: str
    summary: str
    body: dict[str, Any]
    cause: dict[str, Any] | None


async def _stream(ctx: ConsoleCtx, params: dict[str, Any]) -> Answer:
    x = ctx.exchange
    assert x.incoming is not None

    async def admitted() -> bool:
        try:
            if x.from_console:
                await ctx.sessions.find(x.request, acting=False)
        except ServiceError:
            return False
        return True

    events = await ctx.feed.follow(
        account=ctx.account,
        kinds=kinds_of(params["topics"]),
        after=_place(x.request.headers.get("last-event-id"), params["after"]),
        gone=x.incoming.gone,
        admitted=admitted,
    )
    return Answer(content=events, media_type="text/event-stream", headers=[("x-accel-buffering", "no")])


def kinds_of(topics: str) -> frozenset[FactKind]:
    """The kinds of facts some topics stand for; raises ServiceError for one that is none."""
    chosen = [topic.strip() for topic in topics.split(",") if topic.strip()] or DEFAULT
    for topic in chosen:
        if topic not in TOPICS:
            raise ServiceError(
                "ValidationException", f"{topic!r} is not a topic; there are {', '.join(TOPICS)}."
            )
    return frozenset(kind for topic in chosen for kind in TOPICS[topic])


def _place(said: str, asked: int | None) -> int | None:
    """What a browser connecting again says is newer than the address it was given."""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else asked


ENDPOINT = Endpoint(
    method="GET",
    path="stream",
    summary="Facts of the account as they are committed: alarms, items, compliance, remediations, automations, calls. "
    "After more than a bounded number of missed facts: an event `gap`. When the session ends: `end`.",
    takes=Takes,
    answers=StreamedFact,
    media_type="text/event-stream",
    handle=_stream,
)
