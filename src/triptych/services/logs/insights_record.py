"""The fields of one log event as queries see them: its JSON, flattened, or what a known form has. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from triptych.kernel import limits
from triptych.query.insights import known_formats


def discovered(message: str) -> dict[str, str]:
    """Dotted names of the leaves of a JSON message, in their order, at most ``limits.INSIGHTS_RECORD_FIELDS``; or the
    fields of a line whose form is known.
    """
    if not message.lstrip().startswith("{"):
        return known_formats.fields_of(message)
    try:
        found = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return {}
    # An @ that is the event's own is doubled, as AWS does: @timestamp is ours.
    leaves = (("@" + name if name.startswith("@") else name, value) for name, value in _leaves("", found))
    return dict(islice(leaves, limits.INSIGHTS_RECORD_FIELDS))


def _leaves(name: str, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _leaves(f"{name}.{key}" if name else key, inner)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from _leaves(f"{name}.{place}", inner)
    elif isinstance(value, bool):
        yield name, str(int(value))
    elif isinstance(value, str):
        yield name, value
    elif isinstance(value, int | float):
        yield name, _number(value)


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")
