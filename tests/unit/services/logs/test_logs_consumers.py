"""Metric filters, embedded metrics and subscriptions: every acknowledged event, whatever fails or dies in between."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
import sqlalchemy as sa
from logs_world import ACCOUNT, REGION, World, unavailable

from triptych.control.schema import JOB
from triptych.kernel.errors import ServiceError
from triptych.services.logs.backlog import BACKLOG

KINESIS = f"arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/x"


async def filter_of(world: World, pattern: str, name: str = "f", **more: Any) -> None:
    made = {"metricName": name.upper(), "metricNamespace": "N", "metricValue": "1"} | more
    await world.call(
        "put_metric_filter",
        logGroupName="g",
        filterName=name,
        filterPattern=pattern,
        metricTransformations=[made],
    )


def counted(world: World, name: str = "F") -> dict[float, float]:
    """Value -> how often, over everything that was put."""
    found: dict[float, float] = {}
    for _, datum in world.data():
        if datum["MetricName"] == name:
            for value, count in zip(datum["Values"], datum["Counts"], strict=True):
                found[value] = found.get(value, 0) + count
    return found


def delivered(world: World) -> list[dict[str, Any]]:
    messages = [
        json.loads(gzip.decompress(params["Data"]))
        for name, params in world.gateway.calls
        if name == "kinesis:PutRecord"
    ]
    return [message for message in messages if message["messageType"] == "DATA_MESSAGE"]


async def waiting(world: World) -> int:
    return len(await world.store.unit().list(BACKLOG))


async def test_batches_that_wait_are_counted_once_and_together(logs_world: World) -> None:
    await filter_of(logs_world, "{ $.n > 0 }", metricValue="$.n")
    for n in range(4):
        await logs_world.put(f'{{"n": {n}}}', f'{{"n": {n}}}', "no")
    assert await logs_world.run_jobs() == 1  # the later jobs were absorbed by the first
    assert counted(logs_world) == {1.0: 2.0, 2.0: 2.0, 3.0: 2.0}
    assert len(logs_world.data()) == 1 and await waiting(logs_world) == 0
    await logs_world.run_jobs()
    assert len(logs_world.data()) == 1


async def test_a_process_that_dies_before_or_during_the_work_leaves_it_to_the_next(logs_world: World) -> None:
    await filter_of(logs_world, "ERROR")
    await logs_world.put("ERROR 1", "fine")
    await logs_world.reopen()
    # It dies after the data points were put and before the commit.
    ctx = logs_world.ctx()
    rows = await logs_world.store.read(lambda c: c.execute(sa.select(JOB)).all())
    from triptych.control.job_rows import job_of
    from triptych.services.logs.metrics import MEASURE

    await MEASURE.handle(ctx, job_of(rows[0]))
    await logs_world.reopen()
    await logs_world.put("ERROR 2")
    await logs_world.run_jobs()
    # At least once: the first twice, the second once, none left out.
    assert counted(logs_world) == {1.0: 3.0}
    assert await waiting(logs_world) == 0


async def test_what_cloudwatch_cannot_take_now_is_kept_and_tried_again(logs_world: World) -> None:
    await filter_of(logs_world, "ERROR")
    await logs_world.put("ERROR 1")
    logs_world.gateway.fault = unavailable
    with pytest.raises(ServiceError, match="away"):
        await logs_world.run_jobs()
    assert await waiting(logs_world) == 1
    # Even if its job was buried, the entry is found again.
    await logs_world.store.write(lambda c: c.execute(sa.delete(JOB)))
    logs_world.gateway.fault = lambda *_: None
    logs_world.clock.time = logs_world.clock.time.replace(minute=50)
    await logs_world.periodic("logs.remind")
    assert await logs_world.run_jobs() == 1
    assert counted(logs_world) == {1.0: 1.0}


async def test_what_cloudwatch_refuses_for_good_does_not_hold_up_the_rest(logs_world: World) -> None:
    await filter_of(logs_world, "ERROR", name="good")
    await filter_of(logs_world, "ERROR", name="bad")

    def refuse(_: str, params: dict[str, Any]) -> None:
        if any(datum["MetricName"] == "BAD" for datum in params["MetricData"]):
            raise ServiceError("InvalidParameterValue", "bad")

    logs_world.gateway.fault = refuse
    await logs_world.put("ERROR")
    await logs_world.run_jobs()
    assert counted(logs_world, "GOOD") == {1.0: 1.0}
    assert await waiting(logs_world) == 0


async def test_values_dimensions_and_units(logs_world: World) -> None:
    await filter_of(
        logs_world, "[ip, ..., took]", metricValue="$took", dimensions={"Ip": "$ip"}, unit="Milliseconds"
    )
    await logs_world.put("a x y 5", "a 7", "b 5", "a 5", "a none", "lonely")
    await logs_world.run_jobs()
    found = {
        datum["Dimensions"][0]["Value"]: (datum["Values"], datum["Counts"]) for _, datum in logs_world.data()
    }
    assert found == {"a": ([5.0, 7.0], [2.0, 1.0]), "b": ([5.0], [1.0])}
    assert {datum["Unit"] for _, datum in logs_world.data()} == {"Milliseconds"}


async def test_more_values_than_a_datum_takes_make_several(logs_world: World) -> None:
    await filter_of(logs_world, "{ $.n = * || $.n >= 0 }", metricValue="$.n")
    await logs_world.put(*(f'{{"n": {n}}}' for n in range(400)))
    await logs_world.run_jobs()
    assert [len(datum["Values"]) for _, datum in logs_world.data()] == [150, 150, 100]
    assert counted(logs_world) == {float(n): 1.0 for n in range(400)}


async def test_a_minute_without_a_match_says_the_default(logs_world: World) -> None:
    await filter_of(logs_world, "ERROR", defaultValue=0.0)
    await logs_world.put("fine")
    await logs_world.run_jobs()
    assert logs_world.data() == []  # the minute is not over
    logs_world.clock.time = logs_world.clock.time.replace(minute=7, second=30)
    await logs_world.put("ERROR")
    await logs_world.run_jobs()
    logs_world.clock.time = logs_world.clock.time.replace(minute=9)
    await logs_world.run_jobs()
    values = [datum.get("Value", datum.get("Values")) for _, datum in logs_world.data()]
    assert sorted(map(str, values)) == ["0.0", "[1.0]"]
    assert next(d["Timestamp"].minute for _, d in logs_world.data() if "Value" in d) == 6


async def test_embedded_metrics_need_no_filter(logs_world: World) -> None:
    def event(**more: Any) -> str:
        directive = {
            "Namespace": "Emf",
            "Dimensions": [["Service"], ["Service", "Op"], ["Missing"]],
            "Metrics": [{"Name": "Time", "Unit": "Milliseconds"}, {"Name": "Word"}, {"Name": "Gone"}],
        }
        about = {"Timestamp": logs_world.millis(), "CloudWatchMetrics": [directive]}
        return json.dumps({"_aws": about, "Service": "s", "Op": "o", "Time": 3, "Word": "w"} | more)

    await logs_world.put("plain", event(), '{"_aws": {"CloudWatchMetrics": 1}}', '"CloudWatchMetrics"')
    await logs_world.run_jobs()
    assert [(namespace, d["MetricName"], d["Value"], d["Unit"]) for namespace, d in logs_world.data()] == [
        ("Emf", "Time", 3.0, "Milliseconds")
    ] * 2
    assert [[x["Name"] for x in d["Dimensions"]] for _, d in logs_world.data()] == [
        ["Service"],
        ["Service", "Op"],
    ]


async def test_groups_without_consumers_keep_no_backlog(logs_world: World) -> None:
    await logs_world.put("a", "b")
    assert await waiting(logs_world) == 0 and await logs_world.run_jobs() == 0


async def subscribe(world: World, pattern: str = "") -> None:
    await world.call(
        "put_subscription_filter",
        logGroupName="g",
        filterName="sub",
        filterPattern=pattern,
        destinationArn=KINESIS,
        roleArn="arn:aws:iam::1:role/r",
    )


async def test_deliveries_wait_for_their_destination_and_keep_their_order(logs_world: World) -> None:
    await logs_world.call("create_log_stream", logGroupName="g", logStreamName="t")
    await subscribe(logs_world, "-skip")
    logs_world.gateway.fault = unavailable
    await logs_world.put("one", "skip me")
    with pytest.raises(ServiceError, match="away"):
        await logs_world.run_jobs()
    await logs_world.reopen()
    logs_world.clock.time = logs_world.clock.time.replace(second=8)
    await logs_world.put("two", stream="t")
    await logs_world.put("three")
    logs_world.gateway.fault = lambda *_: None
    await logs_world.run_jobs()
    found = [(m["logStream"], [e["message"] for e in m["logEvents"]]) for m in delivered(logs_world)]
    assert found == [("s", ["one", "three"]), ("t", ["two"])]
    assert await waiting(logs_world) == 0


async def test_a_message_is_bounded(logs_world: World) -> None:
    await subscribe(logs_world)
    for letter in "abc":
        await logs_world.put(letter * 500_000)
    await logs_world.run_jobs()
    assert sorted(m["logEvents"][0]["message"][0] for m in delivered(logs_world)) == ["a", "b", "c"]


async def test_after_a_day_a_delivery_is_given_up(logs_world: World) -> None:
    await subscribe(logs_world)
    await logs_world.put("old")
    logs_world.clock.time = logs_world.clock.time.replace(day=6)
    await logs_world.put("new")
    await logs_world.run_jobs()
    assert [e["message"] for m in delivered(logs_world) for e in m["logEvents"]] == ["new"]
    assert await waiting(logs_world) == 0


async def test_a_deleted_filter_delivers_no_more(logs_world: World) -> None:
    await subscribe(logs_world)
    await logs_world.put("x")
    await logs_world.call("delete_subscription_filter", logGroupName="g", filterName="sub")
    await logs_world.run_jobs()
    assert delivered(logs_world) == []
