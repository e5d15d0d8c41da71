"""The gateway's own metrics: every recorded call, ours or the estate's, becomes points.

``AWS/Usage`` CallCount, as AWS has it for its own APIs, and ``Triptych/Gateway`` with Requests, 4xxErrors,
5xxErrors, AccessDenied and Latency: of all calls, per service, and per service and operation. So an alarm on
refused calls needs no agent. A successful PutMetricData is no fact (data in volume), so it is not counted.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import msgspec

from triptych.bus.batch import Batch
from triptych.kernel.fact import ApiCall, Fact
from triptych.services.cloudwatch import series as series_room
from triptych.services.cloudwatch.series import Point, Series
from triptych.services.contract import Ctx, Reaction
from triptych.wire.model import service_model

USAGE = "AWS/Usage"
GATEWAY = "Triptych/Gateway"

_DENIED = frozenset(
    {
        "AccessDenied", "AccessDeniedException", "AuthorizationError", "Client.UnauthorizedOperation",
        "UnauthorizedOperation", "UnauthorizedAccess", "NotAuthorized", "AllAccessDisabled",
    }
)  # fmt: skip
"""What AWS's services call a refusal of a caller who is known but may not."""


class _Place(NamedTuple):
    """What points share: where they belong and the second they are of (since 1970)."""

    account: str
    region: str
    second: int


class _Call(NamedTuple):
    service: str
    operation: str
    status: int
    denied: bool
    latency: float


async def _measure(ctx: Ctx, batch: Batch) -> None:
    calls: dict[_Place, list[_Call]] = defaultdict(list)
    for fact in batch.facts:
        calls[_Place(fact.account, fact.region, int(fact.time.timestamp()))].append(_call(fact))
    points: dict[tuple[str, str], list[Point]] = defaultdict(list)
    for place, made in calls.items():
        points[place.account, place.region].extend(points_of(made, place.second))
    for number, ((account, region), found) in enumerate(sorted(points.items())):
        token = f"{batch.token}.{number}"
        await series_room.write(ctx.runtime, account=account, region=region, points=found, token=token)


def _call(fact: Fact) -> _Call:
    call = msgspec.convert(fact.body, ApiCall)
    denied = call.error_code in _DENIED or call.error_code.endswith(".AccessDenied")
    return _Call(call.service, call.operation, call.status, denied, call.latency_ms)


def points_of(calls: Iterable[_Call], second: int) -> Iterator[Point]:
    """The points of one second in one account and region. Pure."""
    groups: dict[tuple[str, str], list[_Call]] = defaultdict(list)
    for call in calls:
        for key in (("", ""), (call.service, ""), (call.service, call.operation)):
            groups[key].append(call)
    for (service, operation), made in groups.items():
        if operation:
            dimensions = {"Class": "None", "Resource": operation, "Service": _name(service), "Type": "API"}
            series = Series(USAGE, "CallCount", tuple(dimensions.items()))
            yield _point(series, "None", second, Counter({1.0: len(made)}))
        yield from _gateway(service, operation, made, second)


def _gateway(service: str, operation: str, calls: list[_Call], second: int) -> Iterator[Point]:
    given = (("Operation", operation), ("Service", service))
    dimensions = tuple((name, value) for name, value in given if value)
    marks = {
        "Requests": Counter({1.0: len(calls)}),
        "4xxErrors": _shares(400 <= call.status < 500 for call in calls),
        "5xxErrors": _shares(call.status >= 500 for call in calls),
        "AccessDenied": _shares(call.denied for call in calls),
    }
    for name, values in marks.items():
        yield _point(Series(GATEWAY, name, dimensions), "Count", second, values)
    latencies = Counter(call.latency for call in calls)
    yield _point(Series(GATEWAY, "Latency", dimensions), "Milliseconds", second, latencies)


def _shares(marks: Iterable[bool]) -> Counter[float]:
    """A 1 for every call it is true of and a 0 for every other: Sum counts them, Average is their share."""
    return Counter(float(mark) for mark in marks)


def _point(series: Series, unit: str, second: int, values: Counter[float]) -> Point:
    kept = sorted(values)
    weights = [float(values[value]) for value in kept]
    total = math.fsum(value * weight for value, weight in zip(kept, weights, strict=True))
    return Point(series, unit, second * 1000, math.fsum(weights), total, kept[0], kept[-1], kept, weights)


def _name(service: str) -> str:
    """What AWS/Usage calls a service: CloudWatch, DynamoDB, S3."""
    return str(service_model(service).service_id)


MEASURE = Reaction(name="cloudwatch.measure", kinds=frozenset({"ApiCall"}), handle=_measure)
