"""Likely causes: what happened before an incident, ranked by a score whose every point has a stated reason. Pure.

Nothing is learned and nothing is random: the same calls and the same scene give the same ranking, in whatever order
they are given. ``WEIGHTS`` is the whole policy. A chain of causes (``origin``) is knowledge, everything else is
evidence, so only the former scores 100.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

__all__ = [
    "CERTAIN",
    "HALF_LIFE_MINUTES",
    "LEAST_SCORE",
    "WEIGHTS",
    "Actor",
    "Candidate",
    "Code",
    "Reason",
    "Resource",
    "Scene",
    "Suspect",
    "judge",
    "rank",
]

Actor = Literal["human", "session", "automation", "unknown"]
"""A user or root; a role's session, which may be either; a service or Triptych's own hands; a change nobody saw made."""

Code = Literal[
    "chain", "time", "same-resource", "definition", "related-1", "related-2", "dimension", "service", "tag", "no-link",
    "mutating", "data", "denied", "counted", "failed", "human", "session", "automation", "unknown", "first-time", "consequence",
]  # fmt: skip

CERTAIN = 100
WEIGHTS: Mapping[Code, int] = {
    "chain": CERTAIN,  # recorded: one fact led to the other
    "time": 30,  # at the very moment; half of it HALF_LIFE_MINUTES earlier
    "same-resource": 30,
    "definition": 30,  # it changed the alarm itself, and the alarm was not judged again before it fired
    "related-1": 20,  # Config knows a relationship between the two
    "related-2": 10,  # or one over a third resource
    "dimension": 20,  # the alarm's metric is about what the call names, though Config knows nothing of that name
    "service": 10,  # the metric is about the service that was called
    "tag": 10,
    "no-link": -20,  # only the time speaks for it
    "mutating": 12,
    "data": 4,  # it writes data, which is what data is there for
    "denied": 8,  # it changed nothing, but somebody tried what they may not do
    "counted": 25,  # it was denied, and the alarm's metric counts denials
    "failed": -30,  # it changed nothing
    "human": 8,
    "session": 4,
    "automation": 0,
    "unknown": 0,
    "first-time": 10,
    "consequence": -15,  # what led to it is the better answer
}
"""Points for each reason; a score is their sum, at least 0 and below CERTAIN unless the chain says so."""

HALF_LIFE_MINUTES = 15.0
"""How much earlier makes the time say half as much."""
LEAST_SCORE = 15
"""Below this nothing is worth a look."""


class Resource(NamedTuple):
    """A name in the terms of Config; ``type`` is empty for an ARN, which says enough by itself."""

    type: str
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A call (or a change nobody saw made) that may be a cause.

    :param time: epoch milliseconds. :param service: as in ``s3.amazonaws.com``, ``s3``.
    :param resources: what it touched, under every name known. :param data: whether it reads or writes data only.
    :param first: whether this actor never made this call before, as far back as the records go.
    :param origin: the first fact of its chain, its own id if it is that; :param error: empty if it succeeded.
    """

    id: str
    time: int
    actor: str
    kind: Actor
    service: str
    operation: str
    resources: tuple[Resource, ...] = ()
    mutating: bool = True
    data: bool = False
    error: str = ""
    denied: bool = False
    first: bool = False
    origin: str = ""

    @property
    def is_consequence(self) -> bool:
        return bool(self.origin) and self.origin != self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is to be explained.

    :param start: epoch milliseconds; :param what: how to call it, ``the alarm``.
    :param hops: every name of every resource near the incident -> relationships away, 0 for its own.
    :param dimensions: of the alarm's metrics, value -> name. :param tagged: resources tagged with one of the values.
    :param origins: the chains the incident is part of.
    :param definition: the alarm itself, :param settled: when it was last judged before the start.
    :param counts_denials: whether the alarm's metric counts calls that are denied.
    """

    start: int
    what: str = "the incident"
    hops: Mapping[Resource, int] = field(default_factory=dict)
    dimensions: Mapping[str, str] = field(default_factory=dict)
    tagged: frozenset[Resource] = frozenset()
    origins: frozenset[str] = frozenset()
    definition: Resource | None = None
    settled: int = 0
    counts_denials: bool = False

    @property
    def knows_something(self) -> bool:
        """Whether a link could be found at all."""
        return bool(self.hops or self.dimensions or self.origins)


class Reason(NamedTuple):
    code: Code
    weight: int
    text: str


class Suspect(NamedTuple):
    """:param alike: how many more calls of this actor did the same to the same, and score no higher."""

    candidate: Candidate
    score: int
    certain: bool
    reasons: tuple[Reason, ...]
    alike: int = 0


def rank(scene: Scene, candidates: Iterable[Candidate], *, limit: int) -> list[Suspect]:
    """The likeliest first; at equal scores the later, then by id. What happened after the start is no cause of it."""
    judged = [judge(scene, each) for each in candidates if each.time <= scene.start]
    ordered = sorted(
        (each for each in judged if each.score >= LEAST_SCORE),
        key=lambda each: (-each.score, -each.candidate.time, each.candidate.id),
    )
    first: dict[tuple[object, ...], Suspect] = {}
    for suspect in ordered:
        key = _likeness(suspect)
        seen = first.get(key)
        first[key] = suspect if seen is None else seen._replace(alike=seen.alike + 1)
    return list(first.values())[:limit]


def _likeness(suspect: Suspect) -> tuple[object, ...]:
    """Calls that would be the same line in the list; a certain cause is always a line of its own."""
    each = suspect.candidate
    if suspect.certain:
        return (each.id,)
    return each.actor, each.service, each.operation, tuple(sorted(each.resources)), each.error


def judge(scene: Scene, candidate: Candidate) -> Suspect:
    """The score of one candidate and its reasons, the weightiest first."""
    found: list[Reason | None] = [
        _when(scene, candidate),
        *_link(scene, candidate),
        _effect(scene, candidate),
        _who(candidate),
    ]
    if candidate.first:
        found.append(_reason("first-time", f"the first time {candidate.actor} calls {candidate.operation}"))
    if certain := candidate.id in scene.origins:
        found.append(_reason("chain", f"recorded as what led to {scene.what}: everything between is linked"))
    elif candidate.is_consequence:
        if candidate.origin in scene.origins:
            found.append(
                _reason("consequence", f"a link of the chain that led to {scene.what}, not its beginning")
            )
        else:
            found.append(_reason("consequence", f"itself a consequence of {candidate.origin}"))
    reasons = tuple(sorted((each for each in found if each), key=lambda each: (-each.weight, each.code)))
    points = sum(each.weight for each in reasons)
    score = CERTAIN if certain else max(0, min(CERTAIN - 1, points))
    return Suspect(candidate, score, certain, reasons)


def _reason(code: Code, text: str) -> Reason:
    return Reason(code, WEIGHTS[code], text)


def _when(scene: Scene, candidate: Candidate) -> Reason:
    seconds = max(0, scene.start - candidate.time) / 1000
    share = 0.5 ** (seconds / 60 / HALF_LIFE_MINUTES)
    return Reason("time", round(WEIGHTS["time"] * share), f"{_span(seconds)} before {scene.what} began")


def _span(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.0f} second{'s' * (round(seconds) != 1)}"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} minute{'s' * (minutes != 1)}"
    return f"{seconds / 3600:.1f} hours"


def _link(scene: Scene, candidate: Candidate) -> list[Reason]:
    """The closest link between what the call touched and what the incident is about: one piece of evidence, once."""
    if scene.definition in candidate.resources:
        if candidate.time > scene.settled:
            return [_reason("definition", f"it changes {scene.what} itself")]
        return [_reason("no-link", f"it defines {scene.what}, which was judged otherwise since or is new")]
    near = [(scene.hops[each], each) for each in candidate.resources if each in scene.hops]
    if near:
        hops, resource = min(near)
        name = _called(resource)
        if hops == 0:
            said = next((n for value, n in scene.dimensions.items() if value == resource.id), "")
            how = f", which the alarm's dimension {said} names" if said else ""
            return [_reason("same-resource", f"it touches {name}{how}")]
        if hops == 1:
            return [_reason("related-1", f"it touches {name}, which Config knows to be related")]
        return [_reason("related-2", f"it touches {name}, which is related over one other resource")]
    for value, name in sorted(scene.dimensions.items()):
        if any(each.id == value for each in candidate.resources):
            return [_reason("dimension", f"it names {value}, the alarm's dimension {name}")]
        if value in (candidate.service, candidate.operation):
            return [_reason("service", f"it is a call to {value}, the alarm's dimension {name}")]
    if tagged := sorted(scene.tagged.intersection(candidate.resources)):
        return [_reason("tag", f"it touches {_called(tagged[0])}, tagged with a dimension's value")]
    if scene.knows_something and not {candidate.id, candidate.origin} & scene.origins:
        return [_reason("no-link", f"nothing but the time links it to {scene.what}")]
    return []


def _called(resource: Resource) -> str:
    return f"{resource.type} {resource.id}".strip()


def _effect(scene: Scene, candidate: Candidate) -> Reason | None:
    if candidate.denied and scene.counts_denials:
        return _reason("counted", f"it was denied ({candidate.error}), which the alarm's metric counts")
    if candidate.denied:
        return _reason("denied", f"it was denied ({candidate.error})")
    if candidate.error:
        return _reason("failed", f"it failed ({candidate.error}) and changed nothing")
    if not candidate.mutating:
        return None
    return (
        _reason("data", "it writes data") if candidate.data else _reason("mutating", "it changes something")
    )


def _who(candidate: Candidate) -> Reason:
    words = {
        "human": f"made by a person's credentials ({candidate.actor})",
        "session": f"made in a role's session ({candidate.actor}), by a person or a program",
        "automation": f"made by automation ({candidate.actor})",
        "unknown": "nobody was seen doing it",
    }
    return _reason(candidate.kind, words[candidate.kind])
