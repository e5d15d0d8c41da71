"""Policies of buses and topics, statement by statement: what is put is shown, what is removed is gone."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from delivery_kit import ACCOUNT, REGION, World, open_world
from triptych.kernel.errors import ServiceError
from triptych.services.events.buses import create_event_bus, describe_event_bus
from triptych.services.events.permissions import put_permission
from triptych.services.events.permissions import remove_permission as remove_from_bus
from triptych.services.sns.permissions import add_permission
from triptych.services.sns.permissions import remove_permission as remove_from_topic
from triptych.services.sns.topics import create_topic, get_topic_attributes, set_topic_attributes

BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"
OTHER = "arn:aws:iam::444455556666:root"
STATEMENT = {"Sid": "s", "Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, ()) as made:
        yield made


async def refused(code: str, call: Any) -> None:
    with pytest.raises(ServiceError) as caught:
        await call
    assert caught.value.code == code, caught.value


async def bus_statements(world: World, **name: str) -> list[dict[str, Any]] | None:
    policy = (await world.do(describe_event_bus, **name)).get("Policy")
    return None if policy is None else json.loads(policy)["Statement"]


async def topic_statements(world: World) -> list[dict[str, Any]]:
    attributes = (await world.do(get_topic_attributes, TopicArn=TOPIC))["Attributes"]
    return json.loads(attributes["Policy"])["Statement"]


async def test_a_bus_has_the_statements_that_were_put(world: World) -> None:
    assert await bus_statements(world) is None
    put = {"Action": "events:PutEvents", "Principal": "444455556666", "StatementId": "other"}
    await world.do(put_permission, **put)
    condition = {"Type": "StringEquals", "Key": "aws:PrincipalOrgID", "Value": "o-1"}
    await world.do(put_permission, **put | {"Principal": "*", "StatementId": "org", "Condition": condition})
    statement = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": BUS}
    other = {"Sid": "other", "Principal": {"AWS": OTHER}, **statement}
    org = {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}
    assert await bus_statements(world) == [
        other,
        {"Sid": "org", "Principal": "*", **statement, "Condition": org},
    ]
    await world.do(remove_from_bus, StatementId="org")
    assert await bus_statements(world) == [other]
    await refused("ResourceNotFoundException", world.do(remove_from_bus, StatementId="org"))
    await world.do(remove_from_bus, StatementId="other")
    assert await bus_statements(world) is None
    await refused("ResourceNotFoundException", world.do(remove_from_bus, StatementId="other"))


async def test_a_bus_gets_a_whole_policy(world: World) -> None:
    await world.do(create_event_bus, Name="orders")
    name, statement = {"EventBusName": "orders"}, STATEMENT | {"Effect": "Deny"}
    await world.do(put_permission, Policy=json.dumps({"Statement": statement}), **name)
    assert await bus_statements(world, Name="orders") == statement
    assert await bus_statements(world) is None
    put = {"Action": "events:PutEvents", "Principal": "*", "StatementId": "all"}
    await world.do(put_permission, **put, **name)
    assert [one["Sid"] for one in await bus_statements(world, Name="orders") or []] == ["s", "all"]
    await world.do(remove_from_bus, RemoveAllPermissions=True, **name)
    assert await bus_statements(world, Name="orders") is None


@pytest.mark.parametrize(
    ("code", "params"),
    [
        ("ValidationException", {"Action": "events:PutEvents", "Principal": "*"}),
        ("ValidationException", {"Action": "events:PutRule", "Principal": "*", "StatementId": "s"}),
        ("ValidationException", {"Action": "events:PutEvents", "Principal": "1", "StatementId": "s"}),
        ("ValidationException", {"Policy": "no"}),
        ("ValidationException", {"Policy": '{"Statement": [{}]}'}),
        ("ValidationException", {"Policy": '{"Statement": []}'}),
        ("ValidationException", {"Policy": json.dumps({"Statement": STATEMENT}), "StatementId": "s"}),
        (
            "PolicyLengthExceededException",
            {"Policy": json.dumps({"Statement": STATEMENT | {"Sid": "s" * 10_240}})},
        ),
        (
            "ResourceNotFoundException",
            {"Policy": json.dumps({"Statement": STATEMENT}), "EventBusName": "none"},
        ),
    ],
)
async def test_bad_permissions_of_a_bus_are_refused(world: World, code: str, params: dict[str, str]) -> None:
    await refused(code, world.do(put_permission, **params))


async def test_a_topic_has_the_permissions_that_were_added(world: World) -> None:
    await world.do(create_topic, Name="news")
    (owner,) = await topic_statements(world)
    added = {"TopicArn": TOPIC, "AWSAccountId": ["444455556666"], "ActionName": ["Publish", "Subscribe"]}
    await world.do(add_permission, Label="l", **added)
    statement = {
        "Sid": "l",
        "Effect": "Allow",
        "Principal": {"AWS": OTHER},
        "Action": ["SNS:Publish", "SNS:Subscribe"],
        "Resource": TOPIC,
    }
    assert await topic_statements(world) == [owner, statement]
    await refused("InvalidParameter", world.do(add_permission, Label="l", **added))
    await refused("InvalidParameter", world.do(add_permission, Label="m", **added | {"ActionName": ["Fly"]}))
    await refused("InvalidParameter", world.do(add_permission, Label="m", **added | {"AWSAccountId": ["1"]}))
    await world.do(remove_from_topic, TopicArn=TOPIC, Label="l")
    assert await topic_statements(world) == [owner]
    await refused("InvalidParameter", world.do(remove_from_topic, TopicArn=TOPIC, Label="l"))
    theirs = json.dumps({"Version": "2012-10-17", "Statement": STATEMENT})
    await world.do(set_topic_attributes, TopicArn=TOPIC, AttributeName="Policy", AttributeValue=theirs)
    await world.do(add_permission, Label="l", **added)
    assert await topic_statements(world) == [STATEMENT, statement]
