"""What a resource type declares: how it is listed, read and turned into an item, and which calls change it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, Protocol

from triptych.kernel.errors import ServiceError
from triptych.kernel.fact import ApiCall
from triptych.services.config.item import Relationship

__all__ = ["Call", "Case", "Replies", "Resource", "ResourceType", "Touch", "touched"]

Replies = Mapping[str, Any]
"""What a resource's read calls answered, by operation name; None where the resource lacks that part."""


class Call(Protocol):
    """``ctx.call`` as ``config.amazonaws.com``, in one account and region."""

    async def __call__(self, service: str, operation: str, params: dict[str, Any]) -> dict[str, Any]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource as its type understands it: an item without its circumstances.

    Everything is JSON-safe except ``created``.
    """

    name: str = ""
    arn: str
    availability_zone: str
    created: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)
    relationships: tuple[Relationship, ...] = ()
    configuration: dict[str, Any]
    supplementary: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """Where the ids of the resources that a call changed stand in the call.

    :param parameters: paths into the request: ``Bucket``, ``Resources[]``, ``Rules[].GroupId``.
    :param response: paths into the reply.
    :param starts_with: only ids that start so (calls that serve many types).
    :param pattern: where calls also take ARNs: what an id looks like there, the id itself being group 1;
        what does not match whole is not an id of the type.
    :param relist: when no id is found the type is listed again, because something of it did change.
    """

    parameters: tuple[str, ...] = ()
    response: tuple[str, ...] = ()
    starts_with: str = ""
    pattern: str = ""
    relist: bool = False


def touched(touch: Touch, call: ApiCall) -> tuple[str, ...]:
    """The ids of the resources that a successful call changed, each once, in order."""
    found = [
        found
        for source, paths in ((call.parameters, touch.parameters), (call.response, touch.response))
        for path in paths
        for value in _at(source, path.split("."))
        if isinstance(value, str) and value.startswith(touch.starts_with) and (found := _id(touch, value))
    ]
    return tuple(dict.fromkeys(found))


def _id(touch: Touch, value: str) -> str:
    if not touch.pattern:
        return value
    matched = re.fullmatch(touch.pattern, value)
    return matched[1] if matched else ""


def _at(value: Any, path: list[str]) -> list[Any]:
    if not path:
        return [value]
    if not isinstance(value, dict):
        return []
    name, rest = path[0], path[1:]
    if name.endswith("[]"):
        return [leaf for element in value.get(name[:-2]) or [] for leaf in _at(element, rest)]
    return _at(value[name], rest) if name in value else []


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A recorded conversation and the resource it must become.

    :param replies: operation -> reply, or the error the service answered.
    :param expected: None when the resource must be found gone.
    """

    name: str
    resource_id: str
    replies: Mapping[str, dict[str, Any] | ServiceError]
    expected: Resource | None
    region: str = "us-east-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceType:
    """One type that the recorder knows.

    :param name: AWS's: ``AWS::S3::Bucket``.
    :param located: ``call``: a resource lives in the region of the calls about it. ``itself``: every region
        sees it and ``locate`` says where it lives (None: it is gone). ``everywhere``: it is of the account
        and recorded in every region that records it, as AWS does with IAM.
    :param listing: the ids of all resources, with their replies where the listing has everything.
    :param describe: the replies about one resource, from its own region; None when it is gone.
    :param resource: (account, region, id, replies) -> the resource; pure.
    :param touched_by: (service, operation) -> where the ids stand.
    :param beyond_schema: property paths (or prefixes ending in a dot) that real items have though the public query schema lacks them.
    """

    name: str
    located: Literal["call", "itself", "everywhere"] = "call"
    listing: Callable[[Call], AsyncIterator[tuple[str, Replies | None]]]
    describe: Callable[[Call, str], Awaitable[Replies | None]]
    resource: Callable[[str, str, str, Replies], Resource]
    touched_by: Mapping[tuple[str, str], Touch]
    locate: Callable[[Call, str], Awaitable[str | None]] | None = None
    beyond_schema: tuple[str, ...] = ()
    cases: tuple[Case, ...]
