"""HTTP messages as values: what the codecs, the router and the verifier read and write."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field


class Headers:
    """Header fields in arrival order; names compare without case, values are text (latin-1 on the wire)."""

    __slots__ = ("_items",)

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        self._items = tuple((name.lower(), value) for name, value in items)

    def get(self, name: str, default: str = "") -> str:
        """The first value of a field."""
        wanted = name.lower()
        return next((value for key, value in self._items if key == wanted), default)

    def all(self, name: str) -> list[str]:
        wanted = name.lower()
        return [value for key, value in self._items if key == wanted]

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and any(key == name.lower() for key, _ in self._items)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __repr__(self) -> str:
        return f"Headers({[name for name, _ in self._items]})"  # values may be secrets

    def without(self, *names: str) -> Headers:
        gone = {name.lower() for name in names}
        return Headers((key, value) for key, value in self._items if key not in gone)

    def plus(self, *items: tuple[str, str]) -> Headers:
        """These fields, replacing those of the same names."""
        return Headers([*self.without(*(name for name, _ in items)), *items])


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """A request as it came over the wire.

    :param path: still percent-encoded, without the query, e.g. ``/bucket/a%20key``.
    :param query: still percent-encoded, without the question mark.
    :param body: the bytes after content decoding; empty while a body is streamed.
    """

    method: str
    path: str
    query: str = ""
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    scheme: str = "http"

    @property
    def host(self) -> str:
        return self.headers.get("host")


@dataclass(frozen=True, slots=True)
class HttpReply:
    """A complete reply; streamed replies are the edge's business."""

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
