"""What a command is: its contract, which every file of ``commands/`` fulfils."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from triptych.query.insights.reader import Reader
from triptych.query.insights.relation import Relation

__all__ = ["Case", "Command"]


@dataclass(frozen=True, slots=True)
class Case:
    """A query over events (their messages, a second apart) and the rows it answers, ``@ptr`` left out.

    A row is written ``field=value field=value``; the tables in tests/scripts/insights say more.
    """

    query: str
    messages: tuple[str, ...]
    rows: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command.

    :param read: what stands behind the command's word, up to ``|``. Raises MalformedQuery.
    :param lower: pure; the rows before and what ``read`` made -> the rows behind.
    :param keeps_events: whether every event that passes it counts as matched; from the first command that gathers or
        cuts on, nothing is counted any more.
    :param refusal: why a command that AWS has is refused here.
    """

    name: str
    docs: str
    read: Callable[[Reader], Any]
    lower: Callable[[Relation, Any], Relation]
    cases: tuple[Case, ...]
    keeps_events: bool = False
    refusal: str = ""
