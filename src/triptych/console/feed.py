"""Facts as they are committed, to whoever looks on: server-sent events out of the outbox.

There is no queue to overflow: a listener has a place in the outbox and reads on from it. A listener that has fallen
further behind than ``limits.CONSOLE_STREAM_BEHIND`` facts (it was away, or reads too slowly) gets a ``gap`` event and
goes on with what is new; its page asks again for what it shows.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from triptych.control import outbox
from triptych.control.sql_store import SqlStore
from triptych.jobs.bell import Bell
from triptych.kernel import limits
from triptych.kernel.clock import Clock
from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import Fact, FactKind
from triptych.services.timeline import summary

__all__ = ["TOPICS", "Feed", "message", "shown"]

TOPICS: Mapping[str, tuple[FactKind, ...]] = {
    "alarm": ("AlarmStateChanged", "AlarmConfigured", "AlarmActed"),
    "item": ("ItemChanged",),
    "compliance": ("ComplianceChanged",),
    "remediation": ("RemediationChanged",),
    "automation": ("AutomationChanged",),
    "event": ("ApiCall",),
}
_TOPIC = {kind: topic for topic, kinds in TOPICS.items() for kind in kinds}

HEARTBEAT_SECONDS = 15.0
"""Proxies cut what is silent; so often a comment is sent, and the session looked at."""
POLL_SECONDS = 1.0
"""Facts of other processes are seen this late; our own commits ring a bell."""
PACE_SECONDS = 0.1
_RETRY_MILLISECONDS = 2000


class Feed:
    """Hands out streams, a bounded number at a time."""

    def __init__(self, store: SqlStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._listeners = 0

    async def follow(
        self,
        *,
        account: str,
        kinds: frozenset[FactKind],
        after: int | None,
        gone: Callable[[], Awaitable[None]],
        admitted: Callable[[], Awaitable[bool]],
    ) -> AsyncGenerator[bytes, None]:
        """The account's facts of these kinds, of all regions, from now or ``after`` a place, until the client left.

        :param admitted: whether the listener may still see them; asked with every heartbeat.
        Raises ServiceError when too many listen.
        """
        if self._listeners >= limits.CONSOLE_STREAMS:
            raise ServiceError("ThrottlingException", "Too many streams are open.", status=429)
        head = await self._store.head()
        start = head if after is None or after > head else after
        return self._stream(account, kinds, start, gone, admitted)

    async def _stream(
        self,
        account: str,
        kinds: frozenset[FactKind],
        at: int,
        gone: Callable[[], Awaitable[None]],
        admitted: Callable[[], Awaitable[bool]],
    ) -> AsyncGenerator[bytes, None]:
        bell = Bell(self._clock)
        unlisten = self._store.on_commit(lambda announced: bell.ring() if announced & kinds else None)
        left = asyncio.ensure_future(gone())
        self._listeners += 1
        try:
            yield f"retry: {_RETRY_MILLISECONDS}\nid: {at}\nevent: open\ndata: {{}}\n\n".encode()
            spoken = self._clock.monotonic()
            while not left.done():
                bell.silence()
                head = await self._store.head()
                if head - at > limits.CONSOLE_STREAM_BEHIND:
                    yield message("gap", head, {"after": at, "now": head})
                    at, spoken = head, self._clock.monotonic()
                facts = await self._read(at, head, kinds)
                for fact in facts:
                    if fact.account == account:
                        yield message(_TOPIC[fact.kind], fact.seq, shown(fact))
                        spoken = self._clock.monotonic()
                at = facts[-1].seq if facts else head
                if self._clock.monotonic() - spoken >= HEARTBEAT_SECONDS:
                    if not await admitted():
                        yield message("end", at, {"reason": "The session has ended."})
                        return
                    yield f"id: {at}\n: here\n\n".encode()
                    spoken = self._clock.monotonic()
                if len(facts) < limits.FACT_BATCH:
                    await self._rest(bell, left)
        finally:
            self._listeners -= 1
            unlisten()
            left.cancel()

    async def _read(self, at: int, head: int, kinds: frozenset[FactKind]) -> list[Fact]:
        query = partial(outbox.facts_after, seq=at, limit=limits.FACT_BATCH, until=head, kinds=kinds)
        return await self._store.read(query)

    async def _rest(self, bell: Bell, left: asyncio.Future[None]) -> None:
        """Until something may have happened; a moment longer, so that what comes together is sent together."""
        waiting = asyncio.ensure_future(bell.wait(POLL_SECONDS))
        await asyncio.wait({waiting, left}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        if bell.is_rung() and not left.done():
            await self._clock.sleep(PACE_SECONDS)


def shown(fact: Fact) -> dict[str, Any]:
    """A fact as listeners get it."""
    cause = fact.cause
    return {
        "id": fact.id,
        "kind": fact.kind,
        "t": round(fact.time.timestamp() * 1000),
        "region": fact.region,
        "subject": fact.subject,
        "summary": summary(fact),
        "body": fact.body,
        "cause": {"parent": cause.parent, "origin": cause.origin, "depth": cause.depth} if cause else None,
    }


def message(event: str, seq: int, data: Mapping[str, Any]) -> bytes:
    """One server-sent event; JSON has no line breaks in it."""
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, event.encode(), msgspec.json.encode(data))
