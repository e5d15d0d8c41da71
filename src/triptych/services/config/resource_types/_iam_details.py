"""What IAM's three recorded types share: they are read from GetAccountAuthorizationDetails, whole or one by one.

IAM has no call that takes the ids Config uses (``AIDA...``), so one resource is found by looking through all of
its kind; and as calls name resources by name or ARN, a change makes the kind be listed again.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

from triptych.services.config.resource_type import Call, Replies, Touch
from triptych.services.config.resource_types._api_shapes import pages

__all__ = ["encode_each", "encoded", "find", "listing", "relisted"]


async def listing(
    call: Call, kind: str, entries: str, id_member: str
) -> AsyncIterator[tuple[str, Replies | None]]:
    """Every user, role or customer managed policy, with what IAM tells about it."""
    found = pages(
        call,
        "iam",
        "GetAccountAuthorizationDetails",
        {"Filter": [kind], "MaxItems": 1000},
        entries=entries,
        token=("Marker", "Marker"),
    )
    async for detail in found:
        yield detail[id_member], {entries: detail}


async def find(call: Call, kind: str, entries: str, id_member: str, wanted: str) -> Replies | None:
    """One of them; None: it is gone."""
    async for resource_id, replies in listing(call, kind, entries, id_member):
        if resource_id == wanted:
            return replies
    return None


def encoded(document: str) -> str:
    """A policy document as items carry it, percent-encoded; some implementations of IAM answer it plain."""
    return quote(document, safe="") if document.lstrip().startswith("{") else document


def encode_each(entries: list[dict[str, Any]], member: str) -> None:
    """The same for every policy of a renamed list."""
    for entry in entries:
        if member in entry:
            entry[member] = encoded(entry[member])


def relisted(*operations: str) -> dict[tuple[str, str], Touch]:
    """Calls after which the kind is listed again."""
    return {("iam", operation): Touch(relist=True) for operation in operations}
