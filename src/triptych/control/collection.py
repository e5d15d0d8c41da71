"""Collections: declared sets of documents with a scope, a type and optional indexes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Literal, NamedTuple, TypeVar

import msgspec

T = TypeVar("T", bound=msgspec.Struct)

Scope = Literal["region", "account", "global"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection(Generic[T]):
    """One set of documents of one type.

    :param name: unique for ever, ``<service>.<plural noun>``: ``cloudtrail.trails``.
    :param scope: what a key is unique in. ``account`` documents live in region ``""``, ``global`` ones in
        account ``""`` and region ``""``.
    :param indexes: name -> value of a document in that index (None: not in it); for listing by equality.
    """

    name: str
    type: type[T]
    scope: Scope = "region"
    indexes: Mapping[str, Callable[[T], str | None]] = field(default_factory=dict)


class Document(NamedTuple, Generic[T]):
    """A stored value with its address."""

    account: str
    region: str
    key: str
    value: T
    revision: int
