"""Log groups and streams as they are stored, and how callers name them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from triptych.control.collection import Collection
from triptych.control.store import Unit
from triptych.kernel import pages
from triptych.kernel.arn import Arn
from triptych.kernel.errors import ServiceError
from triptych.kernel.ids import ALNUM, Ids
from triptych.services.contract import Ctx

METRICS = "*"
"""The consumer that turns events into metrics; other consumers are called as their subscription filters, whose names
have no asterisk."""


class LogGroup(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One log group.

    :param id: one life of the name: a group made anew under a name does not show the events of the old one.
    :param created: milliseconds since 1970.
    :param metric_filters: how many there are.
    :param subscriptions: names of its subscription filters; events are put by for each.
    """

    name: str
    id: str
    created: int
    retention_days: int | None = None
    log_class: str = "STANDARD"
    protected: bool = False
    tags: dict[str, str] = {}
    metric_filters: int = 0
    subscriptions: tuple[str, ...] = ()

    def oldest(self, now: datetime) -> datetime | None:
        """Events before this are gone; None: kept for ever."""
        return now - timedelta(days=self.retention_days) if self.retention_days else None


class LogStream(msgspec.Struct, frozen=True, kw_only=True):
    """One log stream; ``id`` is one life of the name, ``created`` milliseconds since 1970."""

    name: str
    id: str
    created: int


GROUPS = Collection(name="logs.groups", type=LogGroup)
"""By name."""
STREAMS = Collection(name="logs.streams", type=LogStream)
"""By group id and name, see ``stream_key``."""


def new_id(ids: Ids) -> str:
    return ids.text(12, ALNUM)


def stream_key(group: LogGroup, stream: str) -> str:
    return f"{group.id}:{stream}"  # names have no colon


def group_arn(ctx: Ctx, name: str) -> str:
    return ctx.arn("logs", f"log-group:{name}")


def invalid(message: str) -> ServiceError:
    return ServiceError("InvalidParameterException", message)


def no_such_group() -> ServiceError:
    return ServiceError("ResourceNotFoundException", "The specified log group does not exist.")


def no_such_stream() -> ServiceError:
    return ServiceError("ResourceNotFoundException", "The specified log stream does not exist.")


async def group_called(ctx: Ctx, name: str, *, unit: Unit | None = None) -> LogGroup:
    """The group of this name. Raises ResourceNotFoundException."""
    found = await (unit or ctx.unit).get(GROUPS, name, account=ctx.account, region=ctx.region)
    if found is None:
        raise no_such_group()
    return found


async def group_identified(ctx: Ctx, params: Mapping[str, Any]) -> LogGroup:
    """The group an operation names by ``logGroupName`` or ``logGroupIdentifier`` (a name or an ARN)."""
    name, identifier = params.get("logGroupName"), params.get("logGroupIdentifier")
    if name and identifier:
        raise invalid("LogGroup name and LogGroup ARN are mutually exclusive parameters.")
    if not name and not identifier:
        raise invalid("One of logGroupName and logGroupIdentifier must be given.")
    return await group_called(ctx, name or name_of(ctx, identifier or ""))


def name_of(ctx: Ctx, identifier: str) -> str:
    """The name in an identifier; an ARN must be of this account and region."""
    if not identifier.startswith("arn:"):
        return identifier
    try:
        arn = Arn.parse(identifier)
    except ValueError:
        raise invalid(f"Invalid log group ARN '{identifier}'.") from None
    kind, _, name = arn.resource.partition(":")
    if arn.service != "logs" or kind != "log-group" or not name.removesuffix(":*"):
        raise invalid(f"Invalid log group ARN '{identifier}'.")
    if (arn.account, arn.region) != (ctx.account, ctx.region):
        raise no_such_group()
    return name.removesuffix(":*")


async def stream_called(ctx: Ctx, group: LogGroup, name: str, *, unit: Unit | None = None) -> LogStream:
    """The stream of this name in a group. Raises ResourceNotFoundException."""
    key = stream_key(group, name)
    found = await (unit or ctx.unit).get(STREAMS, key, account=ctx.account, region=ctx.region)
    if found is None:
        raise no_such_stream()
    return found


def save_group(ctx: Ctx, group: LogGroup) -> None:
    ctx.unit.put(GROUPS, group.name, group, account=ctx.account, region=ctx.region)


def position(listing: str, token: str | None) -> Any:
    """Where a listing goes on; None at its beginning. Raises InvalidParameterException."""
    if token is None:
        return None
    try:
        return pages.position(listing, token)
    except pages.InvalidToken:
        raise invalid("The specified nextToken is invalid.") from None
