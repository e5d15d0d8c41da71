"""The fields of one log event: its JSON, flattened as queries see it. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from triptych.kernel import limits


def discovered(message: str) -> dict[str, str]:
    """Dotted names of the leaves of a JSON message, in their order; at most ``limits.INSIGHTS_RECORD_FIELDS``."""
    try:
        found = msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return dict(islice(_leaves("", found), limits.INSIGHTS_RECORD_FIELDS))


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
