"""Every call becomes points, once, whatever is repeated."""

from __future__ import annotations

import random
from datetime import timedelta

import msgspec
from cloudwatch_world import ACCOUNT, NOON, REGION, World

from triptych.bus.batch import Batch
from triptych.kernel.context import Identity
from triptych.kernel.fact import ApiCall, Fact
from triptych.services.cloudwatch.points import MetricStat, fetch
from triptych.services.cloudwatch.usage import MEASURE


def fact(
    n: int, operation: str, *, status: int = 200, error: str = "", latency: float = 5.0, service: str = "s3"
) -> Fact:
    call = ApiCall(
        service=service, operation=operation, event_source="s3.amazonaws.com", api_version="1", request_id="r",
        identity=Identity(kind="Root", account=ACCOUNT), source_ip="", user_agent="", host="", read_only=True,
        status=status, error_code=error, latency_ms=latency,
    )  # fmt: skip
    return Fact(
        id=str(n), kind="ApiCall", account=ACCOUNT, region=REGION, time=NOON + timedelta(milliseconds=700 * n),
        subject="", body=msgspec.to_builtins(call), seq=n,
    )  # fmt: skip


async def test_calls_become_points_once(world: World) -> None:
    draw = random.Random(4)
    latencies = [round(draw.uniform(1, 50), 3) for _ in range(10)]
    facts = [fact(n, "GetObject", latency=latencies[n]) for n in range(6)]
    facts += [
        fact(6 + n, "GetObject", status=403, error="AccessDenied", latency=latencies[6 + n]) for n in range(2)
    ]
    facts += [fact(8, "PutObject", status=503, error="SlowDown", latency=latencies[8])]
    facts += [
        fact(
            9, "RunInstances", status=403, error="UnauthorizedOperation", latency=latencies[9], service="ec2"
        )
    ]
    batch = Batch(tuple(facts), "batch-1")
    for _ in range(2):  # the second is what a crash before the cursor's commit brings
        ctx = world.ctx(account="", region="")
        await MEASURE.handle(ctx, batch)
        await ctx.unit.commit()

    async def value(namespace: str, name: str, stat: str = "Sum", **dimensions: str) -> float:
        wanted = MetricStat(namespace, name, tuple(dimensions.items()), 3600, stat)
        (points,) = await fetch(
            world.runtime,
            account=ACCOUNT,
            region=REGION,
            stats=[wanted],
            start=NOON,
            end=NOON + timedelta(hours=1),
        )
        return points.values[0]

    assert (
        await value("AWS/Usage", "CallCount", Type="API", Service="S3", Resource="GetObject", Class="None")
        == 8
    )
    assert (
        await value(
            "AWS/Usage", "CallCount", Type="API", Service="EC2", Resource="RunInstances", Class="None"
        )
        == 1
    )
    gateway = "Triptych/Gateway"
    assert await value(gateway, "Requests") == 10
    assert await value(gateway, "Requests", Service="s3") == 9
    assert await value(gateway, "4xxErrors", Service="s3", Operation="GetObject") == 2
    assert await value(gateway, "4xxErrors", "Average", Service="s3", Operation="GetObject") == 0.25
    assert await value(gateway, "5xxErrors", Service="s3") == 1
    assert await value(gateway, "AccessDenied") == 3
    assert await value(gateway, "AccessDenied", Service="s3", Operation="PutObject") == 0
    assert await value(gateway, "Latency", "Maximum") == max(latencies)
    assert await value(gateway, "Latency", "p50") == sorted(latencies)[4]
