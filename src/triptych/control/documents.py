"""Documents as rows: reads, and the application of staged changes under the revisions they are based on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from triptych.control.collection import Collection
from triptych.control.schema import DOCUMENT, DOCUMENT_INDEX
from triptych.control.store import Conflict
from triptych.control.upsert import Upsert
from triptych.kernel.errors import Defect
from triptych.kernel.ids import Ids

T = TypeVar("T")


class Address(NamedTuple):
    """The primary key of a document."""

    collection: str
    account: str
    region: str
    key: str


Expectation = Literal["anything", "nothing"] | int
"""What must stand at an address when a change is applied: no matter what, no document, or that revision."""


@dataclass(frozen=True, slots=True)
class Change:
    """One staged write.

    :param body: the new JSON text; None deletes.
    :param index: index name -> value; None when the collection has no indexes.
    """

    address: Address
    body: str | None
    index: Mapping[str, str] | None
    expected: Expectation


def address_of(coll: Collection[Any], key: str, account: str, region: str) -> Address:
    """Raises Defect for arguments that do not fit the collection's scope: such a document would never be found."""
    wanted = {"region": (True, True), "account": (True, False), "global": (False, False)}[coll.scope]
    if (bool(account), bool(region)) != wanted or not key:
        raise Defect(
            f"{coll.name} has scope {coll.scope}; account={account!r}, region={region!r}, key={key!r} does not fit"
        )
    return Address(coll.name, account, region, key)


_AT = sa.and_(
    DOCUMENT.c.collection == sa.bindparam("at_collection"),
    DOCUMENT.c.account == sa.bindparam("at_account"),
    DOCUMENT.c.region == sa.bindparam("at_region"),
    DOCUMENT.c.key == sa.bindparam("at_key"),
)
_AT_REVISION = sa.and_(_AT, DOCUMENT.c.revision == sa.bindparam("at_revision"))
_READ = sa.select(DOCUMENT.c.revision, DOCUMENT.c.body).where(_AT)
_REVISION = sa.select(DOCUMENT.c.revision).where(_AT)
_UPDATE = (
    sa.update(DOCUMENT)
    .where(_AT_REVISION)
    .values(body=sa.bindparam("new_body"), revision=DOCUMENT.c.revision + 1)
)
_DELETE = sa.delete(DOCUMENT).where(_AT)
_DELETE_REVISION = sa.delete(DOCUMENT).where(_AT_REVISION)
_DELETE_INDEX = sa.delete(DOCUMENT_INDEX).where(
    DOCUMENT_INDEX.c.collection == sa.bindparam("at_collection"),
    DOCUMENT_INDEX.c.account == sa.bindparam("at_account"),
    DOCUMENT_INDEX.c.region == sa.bindparam("at_region"),
    DOCUMENT_INDEX.c.key == sa.bindparam("at_key"),
)


def _at(address: Address) -> dict[str, Any]:
    return {
        "at_collection": address.collection,
        "at_account": address.account,
        "at_region": address.region,
        "at_key": address.key,
    }


_CREATE = Upsert(DOCUMENT, lambda insert: insert.on_conflict_do_nothing())
_PUT = Upsert(
    DOCUMENT,
    lambda insert: insert.on_conflict_do_update(
        index_elements=list(DOCUMENT.primary_key),
        set_={"body": insert.excluded.body, "revision": DOCUMENT.c.revision + 1},
    ),
)
_ADD_INDEX = sa.insert(DOCUMENT_INDEX)


class Row(NamedTuple):
    """A stored document, body still JSON text."""

    account: str
    region: str
    key: str
    revision: int
    body: str


def read(connection: Connection, address: Address) -> tuple[int, str] | None:
    """(revision, body), or None."""
    row = connection.execute(_READ, _at(address)).first()
    return None if row is None else (row.revision, row.body)


def read_many(
    connection: Connection,
    collection: str,
    *,
    account: str | None,
    region: str | None,
    prefix: str,
    after: str,
    index: tuple[str, str] | None,
    limit: int | None,
) -> list[Row]:
    """Rows in (account, region, key) order."""
    c = DOCUMENT.c
    query = sa.select(c.account, c.region, c.key, c.revision, c.body).where(c.collection == collection)
    if index is not None:
        i = DOCUMENT_INDEX.c
        query = query.join(
            DOCUMENT_INDEX,
            sa.and_(
                i.collection == c.collection, i.account == c.account, i.region == c.region, i.key == c.key
            ),
        ).where(i.name == index[0], i.value == index[1])
    if account is not None:
        query = query.where(c.account == account)
    if region is not None:
        query = query.where(c.region == region)
    if prefix:
        query = query.where(c.key >= prefix)
        if (end := successor(prefix)) is not None:
            query = query.where(c.key < end)
    if after:
        query = query.where(c.key > after)
    query = query.order_by(c.account, c.region, c.key)
    if limit is not None:
        query = query.limit(limit)
    return [Row(*row) for row in connection.execute(query)]


def successor(prefix: str) -> str | None:
    """The least text greater than every text that begins with ``prefix``; None when there is none."""
    for end in range(len(prefix) - 1, -1, -1):
        point = ord(prefix[end])
        if point < 0x10FFFF:
            following = 0xE000 if 0xD7FF <= point < 0xE000 else point + 1  # surrogates are no characters
            return prefix[:end] + chr(following)
    return None


def check(connection: Connection, address: Address, revision: int) -> None:
    """Raises Conflict unless the document has this revision (0: does not exist)."""
    if (connection.execute(_REVISION, _at(address)).scalar() or 0) != revision:
        raise Conflict(f"{address} changed since it was read")


def apply(connection: Connection, change: Change, ids: Ids) -> None:
    """Write one change. Raises Conflict when what it expects is not there."""
    if change.body is None:
        _delete(connection, change)
        return
    replaced = True
    if isinstance(change.expected, int):
        parameters = {**_at(change.address), "at_revision": change.expected, "new_body": change.body}
        written = connection.execute(_UPDATE, parameters).rowcount
    else:
        row = {**change.address._asdict(), "revision": _first_revision(ids), "body": change.body}
        replaced = change.expected == "anything"
        written = (_PUT if replaced else _CREATE).run(connection, row)
    if written != 1:
        raise Conflict(f"{change.address} was changed or created by somebody else")
    if change.index is not None:
        _index(connection, change.address, change.index, replaced=replaced)


def _delete(connection: Connection, change: Change) -> None:
    """Index rows go with their document (ON DELETE CASCADE)."""
    if change.expected == "nothing":
        check(connection, change.address, 0)
    elif change.expected == "anything":
        connection.execute(_DELETE, _at(change.address))
    else:
        parameters = {**_at(change.address), "at_revision": change.expected}
        if connection.execute(_DELETE_REVISION, parameters).rowcount != 1:
            raise Conflict(f"{change.address} was changed or deleted by somebody else")


def _index(connection: Connection, address: Address, index: Mapping[str, str], *, replaced: bool) -> None:
    if replaced:
        connection.execute(_DELETE_INDEX, _at(address))
    if index:
        rows: Sequence[dict[str, str]] = [
            {**address._asdict(), "name": name, "value": value} for name, value in index.items()
        ]
        connection.execute(_ADD_INDEX, rows)


def _first_revision(ids: Ids) -> int:
    """Random, so that a document deleted and created again is never taken for the one somebody read."""
    return int(ids.uniform(1, 2**52))
