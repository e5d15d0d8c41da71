"""What a service answers -> a ``configuration``: the same structure with AWS Config's key casing. Pure.

Config renames the members of the reply's structures, never the keys of maps, so the walk follows the service's
model. Which of its two ways to lower a name a type uses, and how it writes times, is history: see each type.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from triptych.services.config.item import iso
from triptych.services.config.resource_type import Call
from triptych.wire.model import operation_model

__all__ = ["configuration", "epoch", "lower_first", "lower_run", "pages", "tag_list", "tag_map"]


def lower_first(name: str) -> str:
    """``DBInstanceClass`` -> ``dBInstanceClass``."""
    return name[:1].lower() + name[1:]


def lower_run(name: str) -> str:
    """The whole leading run of capitals: ``SSEDescription`` -> ``ssedescription``, ``KeyId`` -> ``keyId``."""
    run = len(name) - len(name.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    return name[:run].lower() + name[run:]


def epoch(time: datetime) -> int:
    """Milliseconds since 1970, as the types do that lower whole runs."""
    return round(time.timestamp() * 1000)


def configuration(
    of: tuple[str, str, str],
    value: Mapping[str, Any],
    *,
    rename: Callable[[str], str] = lower_first,
    time: Callable[[datetime], Any] = iso,
    nulls: str = "",
    lists: str = "",
) -> dict[str, Any]:
    """One structure of a reply, renamed.

    :param of: service, operation, and the path of the structure in the output (``Reservations[].Instances[]``).
    :param nulls: names (of the result) that are null when the reply lacks them; ``lists``: that are then empty.
    """
    service, operation, path = of
    shape: Any = operation_model(service, operation).output_shape
    for part in filter(None, path.split(".")):
        shape = shape.members[part.removesuffix("[]")]
        if part.endswith("[]"):
            shape = shape.member
    absent = dict.fromkeys(nulls.split()) | {name: [] for name in lists.split()}
    shown: dict[str, Any] = _walk(shape, value, rename, time)
    return absent | shown


def _walk(shape: Any, value: Any, rename: Callable[[str], str], time: Callable[[datetime], Any]) -> Any:
    if isinstance(value, Mapping) and shape.type_name == "structure":
        return {
            rename(name): _walk(shape.members[name], inner, rename, time)
            for name, inner in value.items()
            if name in shape.members
        }
    if isinstance(value, Mapping):
        return {key: _walk(shape.value, inner, rename, time) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_walk(shape.member, inner, rename, time) for inner in value]
    return time(value) if isinstance(value, datetime) else value


async def pages(
    call: Call,
    service: str,
    operation: str,
    params: Mapping[str, Any],
    *,
    entries: str,
    token: tuple[str, str] = ("NextToken", "NextToken"),
) -> AsyncIterator[Any]:
    """Every entry of a listing. ``token``: the member of the reply, and of the request it goes back into."""
    request = dict(params)
    while True:
        reply = await call(service, operation, dict(request))
        for entry in reply.get(entries) or ():
            yield entry
        if not reply.get(token[0]):
            return
        request[token[1]] = reply[token[0]]


def tag_map(
    tags: Sequence[Mapping[str, str]] | None, key: str = "Key", value: str = "Value"
) -> dict[str, str]:
    """A list of tags as a map."""
    return {tag[key]: tag.get(value, "") for tag in tags or ()}


def tag_list(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as EC2's configurations carry them."""
    return [{"key": key, "value": value} for key, value in tags.items()]
