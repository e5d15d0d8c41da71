"""The unit of work on SQL: reads through the readers' connections, staged writes, one step for the writer."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar, cast

import msgspec
from sqlalchemy.engine import Connection

from triptych.control import documents, job_rows, outbox
from triptych.control.collection import Collection, Document
from triptych.control.documents import Address, Change, Expectation, address_of
from triptych.control.store import JOBS, Conflict, Job
from triptych.control.writer import Step
from triptych.kernel.errors import Defect
from triptych.kernel.fact import Fact
from triptych.kernel.ids import Ids

T = TypeVar("T", bound=msgspec.Struct)
R = TypeVar("R")


class Room(Protocol):
    """What a unit needs of its store."""

    ids: Ids

    async def read(self, query: Callable[[Connection], R]) -> R: ...

    async def write(self, step: Step[R], *, announces: frozenset[str] = ...) -> R: ...


class _Staged(msgspec.Struct, frozen=True):
    """A write that waits for the commit; ``value`` None deletes. ``fresh`` means that nothing may be there."""

    coll: Collection[Any]
    value: Any
    body: str | None
    index: Mapping[str, str] | None
    fresh: bool = False


class SqlUnit:
    """``Unit`` on a SqlStore. After a successful commit it is empty and may be used for the next piece of work."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._seen: dict[Address, tuple[int, Any]] = {}
        """address -> (revision, value); revision 0 for a document that was not there."""
        self._staged: dict[Address, _Staged] = {}
        self._facts: list[Fact] = []
        self._called: set[str] = set()
        """Kinds of the facts that somebody is woken for."""
        self._jobs: list[Job] = []
        self._steps: list[Step[None]] = []

    async def get(self, coll: Collection[T], key: str, *, account: str = "", region: str = "") -> T | None:
        """See ``Unit.get``. Asked twice, it answers the same: the value of the first time."""
        address = address_of(coll, key, account, region)
        if (staged := self._staged.get(address)) is not None:
            return cast(T | None, staged.value)
        if address not in self._seen:
            found = await self._room.read(partial(documents.read, address=address))
            value = None if found is None else _decoded(coll, address, found[1])
            # Two reads at once: the first to arrive counts, for both.
            self._seen.setdefault(address, (0 if found is None else found[0], value))
        return cast(T | None, self._seen[address][1])

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
    ) -> builtins.list[Document[T]]:
        """See ``Unit.list``. Staged documents that are new have revision 0."""
        account, region = _range_of(coll, account, region)
        if index is not None and index[0] not in coll.indexes:
            raise Defect(f"{coll.name} declares no index {index[0]}")
        mine = {
            address: staged for address, staged in self._staged.items() if address.collection == coll.name
        }
        rows = await self._room.read(
            partial(
                documents.read_many,
                collection=coll.name,
                account=account,
                region=region,
                prefix=prefix,
                after=after,
                index=index,
                limit=None if limit is None else limit + len(mine),
            )
        )
        found = {(row.account, row.region, row.key): row for row in rows}
        values: dict[tuple[str, str, str], Document[T]] = {
            place: Document(*place, _decoded(coll, Address(coll.name, *place), row.body), row.revision)
            for place, row in found.items()
            if (coll.name, *place) not in mine
        }
        for address, staged in mine.items():
            inside = (
                account in (None, address.account)
                and region in (None, address.region)
                and address.key.startswith(prefix)
                and address.key > after
                and (index is None or (staged.index or {}).get(index[0]) == index[1])
            )
            if inside and staged.value is not None:
                place = (address.account, address.region, address.key)
                revision = found[place].revision if place in found else self._seen.get(address, (0, None))[0]
                values[place] = Document(*place, staged.value, revision)
        return [values[place] for place in sorted(values)[:limit]]

    def put(self, coll: Collection[T], key: str, value: T, *, account: str = "", region: str = "") -> None:
        address = address_of(coll, key, account, region)
        before = self._staged.get(address)
        self._stage(address, coll, value, fresh=before is not None and before.fresh)

    def create(self, coll: Collection[T], key: str, value: T, *, account: str = "", region: str = "") -> None:
        """See ``Unit.create``. Raises Defect when this very unit has staged the document already."""
        address = address_of(coll, key, account, region)
        before = self._staged.get(address)
        if before is not None and before.value is not None:
            raise Defect(f"{address} is created in a unit that has just written it")
        self._stage(address, coll, value, fresh=before is None)

    def delete(self, coll: Collection[Any], key: str, *, account: str = "", region: str = "") -> None:
        address = address_of(coll, key, account, region)
        before = self._staged.get(address)
        self._staged[address] = _Staged(coll, None, None, None, before is not None and before.fresh)

    def fact(self, fact: Fact, *, waits: bool = False) -> None:
        self._facts.append(fact)
        if not waits:
            self._called.add(fact.kind)

    def job(self, job: Job) -> None:
        self._jobs.append(job)

    def alongside(self, step: Step[None]) -> None:
        """Run ``step`` in this unit's transaction, after what is staged; what it raises undoes the unit.

        For the rooms that keep their own rows next to documents (jobs, cursors), not for services.
        """
        self._steps.append(step)

    async def commit(self) -> None:
        """See ``Unit.commit``. A caller cancelled while it waits does not know whether the unit was written."""
        step = self.as_step()
        if step is not None:
            await self._room.write(step, announces=self.announces)
        self._clear()

    @property
    def announces(self) -> frozenset[str]:
        """What this unit writes that others are woken for: the kinds of its facts, and ``JOBS``."""
        return frozenset([*self._called, *([JOBS] if self._jobs else [])])

    def as_step(self, *, guarded: bool = True) -> Step[None] | None:
        """Everything staged as one step for the writer; None when nothing is.

        :param guarded: whether documents that were only read must be unchanged.
        """
        if not (self._staged or self._facts or self._jobs or self._steps):
            return None
        changes = [self._change(address, staged) for address, staged in self._staged.items()]
        guards = [
            (address, revision)
            for address, (revision, _) in self._seen.items()
            if guarded and address not in self._staged
        ]
        facts, jobs, steps, ids = tuple(self._facts), tuple(self._jobs), tuple(self._steps), self._room.ids

        def run(connection: Connection) -> None:
            for address, revision in guards:
                documents.check(connection, address, revision)
            for change in changes:
                documents.apply(connection, change, ids)
            if facts:
                outbox.append(connection, facts)
            if jobs:
                job_rows.enqueue(connection, jobs)
            for step in steps:
                step(connection)

        return run

    @property
    def only_tells(self) -> bool:
        """Whether nothing but facts is staged: nothing written depends on what was read."""
        return not (self._staged or self._jobs or self._steps)

    def _clear(self) -> None:
        self._seen.clear()
        self._staged.clear()
        self._facts.clear()
        self._called.clear()
        self._jobs.clear()
        self._steps.clear()

    def _stage(self, address: Address, coll: Collection[Any], value: Any, *, fresh: bool) -> None:
        if not isinstance(value, coll.type):
            raise Defect(f"{coll.name} holds {coll.type.__name__}, not {type(value).__name__}")
        index = None
        if coll.indexes:
            found = ((name, of(value)) for name, of in coll.indexes.items())
            index = {name: entry for name, entry in found if entry is not None}
        body = msgspec.json.encode(value).decode()
        self._staged[address] = _Staged(coll, value, body, index, fresh)

    def _change(self, address: Address, staged: _Staged) -> Change:
        expected: Expectation = "anything"
        if (seen := self._seen.get(address)) is not None:
            revision = seen[0]
            if staged.fresh and revision:
                raise Conflict(f"{address} exists")
            expected = revision or "nothing"
        elif staged.fresh:
            expected = "nothing"
        return Change(address, staged.body, staged.index, expected)


def _decoded(coll: Collection[T], address: Address, body: str) -> T:
    try:
        return msgspec.json.decode(body, type=coll.type)
    except msgspec.DecodeError as error:
        raise Defect(f"{address} does not hold a {coll.type.__name__}: {error}") from error


def _range_of(
    coll: Collection[Any], account: str | None, region: str | None
) -> tuple[str | None, str | None]:
    """Where to list; Defect for a range in which this collection has no documents."""
    if coll.scope == "region" and "" not in (account, region):
        return account, region
    if coll.scope == "account" and account != "" and not region:
        return account, ""
    if coll.scope == "global" and not account and not region:
        return "", ""
    raise Defect(f"{coll.name} has scope {coll.scope}; account={account!r}, region={region!r} does not fit")
