"""What an endpoint of the console declares: one file in ``api``, one ``ENDPOINT``, found by looking.

    class Takes(Input, frozen=True, kw_only=True):
        q: str
        limit: int = 50

    async def _search(ctx: ConsoleCtx, params: dict[str, Any]) -> dict[str, Any]: ...

    ENDPOINT = Endpoint(method="GET", path="search", summary="...", takes=Takes, handle=_search)

Times on the wire are epoch milliseconds, member names are camelCase. An endpoint reads; what changes something goes
through the AWS endpoint, where it is validated and recorded like anybody's call.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import msgspec

from triptych.console.feed import Feed
from triptych.console.session import SessionStore
from triptych.edge.desk import Desk
from triptych.edge.exchange import Exchange
from triptych.services.contract import Ctx

__all__ = ["Answer", "ConsoleCtx", "Endpoint", "Input", "Nothing", "millis"]


class Input(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="camel"):
    """Parameters of an endpoint: of a GET from the query (a list is a repeated name), of others from a JSON body.

    Use ``from_: int = msgspec.field(name="from")`` for names Python keeps to itself. ``region`` is not a parameter:
    it is the context's, from ``x-triptych-region``, the query's ``region``, or the signature.
    """


class Nothing(Input, frozen=True, kw_only=True):
    """No parameters."""


@dataclass(frozen=True, slots=True)
class ConsoleCtx(Ctx):
    """An operation's context (account, region, identity, time, a unit to read with, runtime) and the server around it.

    What is staged in ``unit`` is not committed.
    """

    desk: Desk
    sessions: SessionStore
    exchange: Exchange
    feed: Feed
    endpoints: Sequence[Endpoint]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A reply that is more than 200 and JSON: another status, headers, a document, a stream.

    :param content: bytes and streams are sent as they are; anything else as JSON.
    """

    content: Any = None
    status: int = 200
    media_type: str = "application/json"
    headers: Sequence[tuple[str, str]] = ()


Handle = Callable[
    [ConsoleCtx, dict[str, Any]], Awaitable[Mapping[str, Any] | Sequence[Any] | msgspec.Struct | Answer]
]
"""``params``: ``takes`` by its names on the wire, validated, defaults filled in. Raise ServiceError to refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address under ``/console/api/``.

    :param path: below the prefix, ``events/search``.
    :param summary: one line for the reference.
    :param answers: the reply's type for the reference; None: described by the summary alone.
    :param media_type: of the reply, for the reference.
    :param open: whether nobody has to be signed in.
    """

    method: Literal["GET", "POST", "DELETE"]
    path: str
    summary: str
    handle: Handle
    takes: type[msgspec.Struct] = Nothing
    answers: Any = None
    media_type: str = "application/json"
    open: bool = False


def millis(moment: datetime) -> int:
    """A time as the console's API has it."""
    return round(moment.timestamp() * 1000)
