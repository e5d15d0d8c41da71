"""What a dashboard's body may be; the operations; tags."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from cloudwatch_world import ACCOUNT, World

from triptych.kernel.errors import ServiceError
from triptych.services.cloudwatch.dashboard import findings
from triptych.services.cloudwatch.dashboards import (
    delete_dashboards,
    get_dashboard,
    list_dashboards,
    put_dashboard,
)
from triptych.services.cloudwatch.tags import list_tags_for_resource, tag_resource

GRAPH: dict[str, Any] = {
    "region": "eu-central-1",
    "metrics": [["App", "m", "Host", "a", {"stat": "p99", "period": 60}]],
}
WIDGET: dict[str, Any] = {"type": "metric", "x": 0, "y": 0, "width": 12, "height": 6, "properties": GRAPH}
P = "/widgets/0/properties"


def body(**change: Any) -> dict[str, Any]:
    return {"widgets": [WIDGET | change]}


def graph(**change: Any) -> dict[str, Any]:
    return body(properties=GRAPH | change)


@pytest.mark.parametrize(
    "good",
    [
        {"widgets": []}, body(), {"start": "-PT6H", "periodOverride": "inherit", "widgets": [WIDGET, WIDGET]},
        {"widgets": [{"type": "text", "properties": {"markdown": "# hi"}}]},
        graph(metrics=[["App", "m"], [".", "n"], [{"expression": "m1 * 2", "label": "x", "color": "#ff0000"}]]),
        body(properties={"region": "eu-central-1", "annotations": {"alarms": ["arn:aws:cloudwatch:e:1:alarm:a"]}}),
    ],
)  # fmt: skip
def test_good_bodies(good: dict[str, Any]) -> None:
    assert list(findings(good)) == []


@pytest.mark.parametrize(
    ("bad", "path", "message"),
    [
        ({}, "", "Should have required property 'widgets'"),
        ({"widgets": {}}, "/widgets", "Should be array"),
        ({"widgets": [1]}, "/widgets/0", "Should be object"),
        ({"widgets": [{}]}, "/widgets/0", "Should have required property 'type'"),
        (body(type="pie"), "/widgets/0/type", "Should be equal to one of the allowed values"),
        (body(width=25), "/widgets/0/width", "Should be <= 24"),
        (body(height="6"), "/widgets/0/height", "Should be integer"),
        (body(properties=None), "/widgets/0", "Should have required property 'properties'"),
        (body(type="text"), P, "Should have required property 'markdown'"),
        (body(properties={"metrics": GRAPH["metrics"]}), P, "Should have required property 'region'"),
        (body(properties={"region": "x"}), P, "Should have required property 'metrics'"),
        (graph(metrics=[]), f"{P}/metrics", "Should NOT have fewer than 1 items"),
        (graph(metrics=[{"expression": "1"}]), f"{P}/metrics/0", "Should be array"),
        (graph(metrics=[["App"]]), f"{P}/metrics/0", "Should NOT have fewer than 2 items"),
        (graph(metrics=[["App", "m", "Host"]]), f"{P}/metrics/0", "A dimension lacks its value"),
        (graph(metrics=[["App", 3]]), f"{P}/metrics/0", 'Invalid metric field type, only "String" type is allowed'),
        (graph(metrics=[["App", "m", {"stat": "Mean"}]]), f"{P}/metrics/0/2/stat", "Invalid statistic: 'Mean'"),
        (graph(metrics=[["App", "m", {"color": "red"}]]), f"{P}/metrics/0/2/color",
         'Should match pattern "^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"'),
        (graph(period=7), f"{P}/period", "Should be 1, 5, 10, 20, 30 or a multiple of 60"),
        (graph(view="cake"), f"{P}/view", "Should be equal to one of the allowed values"),
        ({"widgets": [WIDGET] * 501}, "/widgets", "Should NOT have more than 500 items"),
    ],
)  # fmt: skip
def test_bad_bodies(bad: dict[str, Any], path: str, message: str) -> None:
    assert [(f.path, f.message) for f in findings(bad) if f.fatal][:1] == [(path, message)]


async def put(world: World, name: str, content: Any, **more: Any) -> dict[str, Any]:
    text = content if isinstance(content, str) else msgspec.json.encode(content).decode()
    return await world.do(put_dashboard, DashboardName=name, DashboardBody=text, **more)


async def test_operations(world: World) -> None:
    answer = await put(world, "b", body(colour=1) | {"extra": 1}, Tags=[{"Key": "k", "Value": "v"}])
    assert [m["DataPath"] for m in answer["DashboardValidationMessages"]] == ["", "/widgets/0"]
    await put(world, "a", body())
    found = await world.do(get_dashboard, DashboardName="b", region="us-east-1")
    assert msgspec.json.decode(found["DashboardBody"]) == body(colour=1) | {"extra": 1}
    arn = f"arn:aws:cloudwatch::{ACCOUNT}:dashboard/b"
    assert found["DashboardArn"] == arn
    assert [e["DashboardName"] for e in (await world.do(list_dashboards))["DashboardEntries"]] == ["a", "b"]
    assert (await world.do(list_tags_for_resource, ResourceARN=arn))["Tags"] == [{"Key": "k", "Value": "v"}]
    with pytest.raises(ServiceError) as caught:
        await world.do(delete_dashboards, DashboardNames=["a", "none"])
    assert caught.value.message == "The specified dashboard does not exist. [none]"
    await world.do(delete_dashboards, DashboardNames=["a", "b"])
    assert (await world.do(list_dashboards))["DashboardEntries"] == []
    with pytest.raises(ServiceError) as caught:
        await world.do(tag_resource, ResourceARN=arn, Tags=[{"Key": "k", "Value": "v"}])
    assert caught.value.code == "ResourceNotFoundException"
    assert caught.value.fields == {"ResourceType": "dashboard", "ResourceId": "b"}
    await put(world, "b", body())
    assert (await world.do(list_tags_for_resource, ResourceARN=arn))["Tags"] == []


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        (
            "a b",
            "{}",
            "The value a b for field DashboardName contains invalid characters. It can only contain",
        ),
        ("x" * 256, "{}", "The field DashboardName must not be longer than 255 characters."),
        ("a", "{", "The field DashboardBody must be a valid JSON object"),
        ("a", "[]", "The field DashboardBody must be a valid JSON object"),
        ("a", "[" * 100_000, "The field DashboardBody must be a valid JSON object"),
        (
            "a",
            "{}",
            'The dashboard body is invalid, there are 1 validation errors:\n[\n  {\n    "dataPath": "",\n',
        ),
    ],
)
async def test_refusals(world: World, name: str, content: str, words: str) -> None:
    with pytest.raises(ServiceError) as caught:
        await put(world, name, content)
    assert caught.value.code == "DashboardInvalidInputError"
    assert caught.value.message.startswith(words)
