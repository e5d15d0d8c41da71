"""REST operations by method, path and query: a tree of path segments over the models of some services."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from urllib.parse import unquote, unquote_plus

from triptych.wire.message import HttpRequest
from triptych.wire.model import OperationModel, service_model

__all__ = ["Endpoint", "RestTable"]

_YIELDS = frozenset({"chime", "greengrass", "lex-models", "pinpoint-sms-voice", "wisdom"})
"""Services that a newer one replaced under the same signing name and, in part, the same paths."""


class Endpoint:
    """One operation's place: what a request must have, and what it should have, to be meant for it."""

    def __init__(self, service: str, model: OperationModel) -> None:
        path, _, query = model.http["requestUri"].partition("?")
        self.service = service
        self.operation = model.name
        self.method: str = model.http["method"]
        self.ends_in_slash = len(path) > 1 and path.endswith("/")
        self.segments = tuple(part for part in path.strip("/").split("/") if part)
        self.literals = tuple(_query_pair(pair) for pair in query.split("&") if pair)
        self._model = model

    @cached_property
    def required(self) -> tuple[tuple[str, str], ...]:
        """(location, wire name) of required members in the query and in headers; looked up only in a tie."""
        shape = self._model.input_shape
        if shape is None:
            return ()
        wanted = ((name, shape.members[name].serialization) for name in shape.required_members)
        return tuple(
            (place["location"], place.get("name", name))
            for name, place in wanted
            if place.get("location") in {"querystring", "header"}
        )

    def rank(self, request: HttpRequest, query: dict[str, str], *, slash: bool) -> tuple[object, ...]:
        """Smaller is likelier. More fixed query parts, then the path's own ending, then required members."""
        there = sum(
            name in query if place == "querystring" else name in request.headers
            for place, name in self.required
        )
        return (
            -len(self.literals),
            self.ends_in_slash is not slash,
            len(self.required) - there,
            -there,
            self._model.deprecated,
            self.service in _YIELDS,
            self.service,
            self.operation,
        )

    def accepts(self, query: dict[str, str]) -> bool:
        return all(name in query and (value is None or query[name] == value) for name, value in self.literals)


def _query_pair(text: str) -> tuple[str, str | None]:
    """A fixed part of a template's query: ``list-type=2`` wants the value, ``versioning`` only the name."""
    name, equals, value = text.partition("=")
    return unquote_plus(name), unquote_plus(value) if equals else None


@dataclass(slots=True)
class _Node:
    literals: dict[str, _Node] = field(default_factory=dict)
    label: _Node | None = None
    greedy: _Node | None = None
    endpoints: dict[str, list[Endpoint]] = field(default_factory=dict)


class RestTable:
    """The REST operations of some services, built once."""

    def __init__(self, services: Iterable[str]) -> None:
        self._root = _Node()
        for service in services:
            model = service_model(service)
            for name in model.operation_names:
                self._add(Endpoint(service, model.operation_model(name)))

    def _add(self, endpoint: Endpoint) -> None:
        node = self._root
        for segment in endpoint.segments:
            if not segment.startswith("{"):
                node = node.literals.setdefault(segment, _Node())
            elif segment.endswith("+}"):
                node.greedy = node = node.greedy or _Node()
            else:
                node.label = node = node.label or _Node()
        node.endpoints.setdefault(endpoint.method, []).append(endpoint)

    def find(self, request: HttpRequest) -> Endpoint | None:
        """The operation a request means: the most literal path that fits, then ``Endpoint.rank``."""
        segments = [unquote(s) if "%" in s else s for s in request.path.split("/")[1:]]
        query: dict[str, str] | None = None
        for node, slash in _walk(self._root, segments, 0):
            candidates = node.endpoints.get(request.method)
            if not candidates:
                continue
            if query is None:
                query = _query(request.query)
            fitting = [e for e in candidates if e.accepts(query)]
            if len(fitting) == 1:
                return fitting[0]
            if fitting:
                known = query
                return min(fitting, key=lambda e: e.rank(request, known, slash=slash))
        return None

    def methods(self, request: HttpRequest) -> set[str]:
        """The methods for which the path exists (whatever the query)."""
        segments = [unquote(s) for s in request.path.split("/")[1:]]
        return {method for node, _ in _walk(self._root, segments, 0) for method in node.endpoints}


def _query(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in text.split("&") if text else ():
        name, _, value = pair.partition("=")
        found.setdefault(unquote_plus(name), unquote_plus(value))
    return found


def _walk(node: _Node, segments: Sequence[str], at: int) -> Iterator[tuple[_Node, bool]]:
    """Nodes the rest of a path leads to, most literal first, and whether a slash was left over."""
    left = len(segments) - at
    slash = left == 1 and segments[at] == ""
    if left == 0 or slash:
        yield node, slash
        return
    segment = segments[at]
    if segment in node.literals:
        yield from _walk(node.literals[segment], segments, at + 1)
    if node.label is not None and segment:
        yield from _walk(node.label, segments, at + 1)
    if node.greedy is not None:
        if node.greedy.literals or node.greedy.label:
            # What follows a greedy label is more literal than the label itself, so it goes first.
            for end in range(len(segments) - 1, at, -1):
                if segments[end]:
                    yield from _walk(node.greedy, segments, end)
        yield node.greedy, segments[-1] == ""
