"""Units of work: read now, stage writes, one short commit that also holds the facts and jobs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

import msgspec

from triptych.control.collection import Collection, Document
from triptych.kernel.context import Cause
from triptych.kernel.fact import Fact

T = TypeVar("T", bound=msgspec.Struct)


class Conflict(Exception):  # noqa: N818
    """Somebody else changed a document this unit had read (or created one it wanted to create).

    Nothing of the unit was written. The edge runs the operation again; jobs and reactions retry.
    """


JOBS = "jobs"
"""How a commit that staged jobs is announced, beside the kinds of its facts."""


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Work to be done after the commit, at least once.

    :param kind: which handler, ``<service>.<verb>``: ``config.capture``.
    :param key: while a job of the same kind and key waits (not yet claimed), another one is absorbed by it
        (the earlier ``run_at`` wins, and the later cause); a job staged while one *runs* waits for it to end: one runner for a key.
        Empty: no such rule.
    """

    id: str
    kind: str
    account: str
    region: str
    body: dict[str, Any]
    run_at: datetime
    key: str = ""
    cause: Cause | None = None
    attempt: int = 0


class Unit(Protocol):
    """One unit of work. Reads see what the unit itself has staged. Not shared between tasks."""

    async def get(self, coll: Collection[T], key: str, *, account: str = "", region: str = "") -> T | None:
        """The value, or None. The commit then fails with Conflict if somebody changes it before."""
        ...

    async def list(
        self,
        coll: Collection[T],
        *,
        account: str | None = None,
        region: str | None = None,
        prefix: str = "",
        after: str = "",
        index: tuple[str, str] | None = None,
        limit: int | None = None,
    ) -> list[Document[T]]:
        """Documents in (account, region, key) order; None means every account or region.

        ``after`` is exclusive, compares keys, and is meant for listings within one account and region.
        Listing does not guard against concurrent change: ``get`` what you base a write on.
        """
        ...

    def put(self, coll: Collection[T], key: str, value: T, *, account: str = "", region: str = "") -> None:
        """Insert or replace. If ``get`` was called for the key, the commit checks that it is still so."""
        ...

    def create(self, coll: Collection[T], key: str, value: T, *, account: str = "", region: str = "") -> None:
        """Insert; the commit fails with Conflict when the key exists."""
        ...

    def delete(self, coll: Collection[Any], key: str, *, account: str = "", region: str = "") -> None: ...

    @property
    def only_tells(self) -> bool:
        """Whether nothing but facts is staged."""
        ...

    def fact(self, fact: Fact, *, waits: bool = False) -> None:
        """``waits``: nobody is woken for it; who wants such facts finds it when they next look, within a second."""
        ...

    def job(self, job: Job) -> None: ...

    async def commit(self) -> None:
        """Write everything or nothing; durable when it returns. A unit with nothing staged commits at once."""
        ...


class ControlStore(Protocol):
    """What the composition root builds; see ``open_store``."""

    def unit(self) -> Unit: ...

    async def facts_after(self, seq: int, *, limit: int, until: int | None = None) -> Sequence[Fact]:
        """Facts in commit order with ``seq`` > the given one."""
        ...

    async def close(self) -> None: ...
