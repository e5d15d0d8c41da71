"""Values of a lake query, by placeholders that name themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlglot import exp

from triptych.kernel.errors import ServiceError

__all__ = ["Bind", "Binding", "moment"]

Bind = Callable[[Any], exp.Placeholder]
"""Makes a placeholder for a value."""


class Binding:
    """Placeholders for one query and what they stand for; calling it makes another one."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def __call__(self, value: Any) -> exp.Placeholder:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return exp.Placeholder(this=name)


def moment(milliseconds: int) -> datetime:
    """Raises ServiceError for a time no calendar has."""
    try:
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    except OverflowError as error:
        raise ServiceError("ValidationException", f"{milliseconds} is no time in milliseconds.") from error
