"""Buses and topics of other accounts: what their policies allow is done there, everything else is refused."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from delivery_kit import ACCOUNT, REGION, World, open_world
from triptych.kernel.context import Identity
from triptych.kernel.errors import ServiceError
from triptych.services.events.buses import create_event_bus
from triptych.services.events.deliver import DELIVER
from triptych.services.events.permissions import put_permission
from triptych.services.events.put_events import put_events
from triptych.services.events.rules import put_rule
from triptych.services.events.targets import put_targets
from triptych.services.sns.deliver import DELIVER as SNS_DELIVER
from triptych.services.sns.permissions import add_permission
from triptych.services.sns.publish import publish, publish_batch
from triptych.services.sns.subscriptions import (
    get_subscription_attributes,
    list_subscriptions,
    list_subscriptions_by_topic,
    subscribe,
    unsubscribe,
)
from triptych.services.sns.tags import list_tags_for_resource
from triptych.services.sns.topics import create_topic, delete_topic, set_topic_attributes

THEIRS = "444455556666"
ANN = Identity(
    kind="IAMUser",
    account=THEIRS,
    arn=f"arn:aws:iam::{THEIRS}:user/Ann",
    user_name="Ann",
    principal_id="AIDA",
)
STRANGER = Identity(kind="Root", account="777788889999", arn="arn:aws:iam::777788889999:root")
BUS = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/orders"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:news"
QUEUE = f"arn:aws:sqs:{REGION}:{THEIRS}:target"


@pytest_asyncio.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with open_world(tmp_path, (DELIVER, SNS_DELIVER)) as made:
        yield made


async def refusal(call: Any) -> tuple[str, str]:
    with pytest.raises(ServiceError) as caught:
        await call
    return caught.value.code, caught.value.message


def statement(**more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Principal": {"AWS": THEIRS}, "Action": "*", "Resource": "*"} | more


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def nobody_allows(who: str, action: str, resource: str) -> str:
    return (
        f"User: {who} is not authorized to perform: {action} on resource: {resource} because no resource-based policy "
        f"allows the {action} action"
    )


async def put(world: World, bus: str, *, by: Identity | None = None, source: str = "shop") -> tuple[str, str]:
    """The code and words it was refused with, empty if it was not."""
    entry = {"Source": source, "DetailType": "Sale", "Detail": "{}", "EventBusName": bus}
    (answer,) = (await world.do(put_events, by=by, Entries=[entry]))["Entries"]
    return answer.get("ErrorCode", ""), answer.get("ErrorMessage", "")


async def bus_with_a_rule(
    world: World, name: str, target: str, by: Identity | None = None, **more: Any
) -> None:
    await world.do(create_event_bus, by=by, Name=name)
    pattern = json.dumps({"detail-type": ["Sale"]})
    await world.do(put_rule, by=by, Name="all", EventBusName=name, EventPattern=pattern)
    targets = [{"Id": "it", "Arn": target, **more}]
    answer = await world.do(put_targets, by=by, Rule="all", EventBusName=name, Targets=targets)
    assert answer["FailedEntryCount"] == 0


async def test_events_are_put_on_another_accounts_bus_as_its_policy_allows(world: World) -> None:
    await bus_with_a_rule(world, "orders", f"arn:aws:sqs:{REGION}:{ACCOUNT}:target")
    refused = ("AccessDeniedException", nobody_allows(ANN.arn, "events:PutEvents", BUS))
    assert await put(world, BUS, by=ANN) == refused
    none = BUS.replace("orders", "none")
    assert await put(world, none, by=ANN) == (refused[0], nobody_allows(ANN.arn, "events:PutEvents", none))
    assert (await put(world, none))[0] == "ResourceNotFoundException"

    shop = statement(Condition={"StringEquals": {"events:source": "shop"}})
    await world.do(put_permission, EventBusName="orders", Policy=policy(shop))
    assert await put(world, BUS, by=ANN) == ("", "")
    assert await put(world, BUS, by=ANN, source="till") == refused
    assert (await put(world, BUS, by=STRANGER))[0] == "AccessDeniedException"
    assert await put(world, BUS) == ("", ""), "its owner needs nobody's leave"
    await world.settle(60)
    senders = [json.loads(body)["account"] for body, _ in world.queues.taken["target"]]
    assert sorted(senders) == [ACCOUNT, THEIRS]


async def test_a_bus_may_deny_its_owner(world: World) -> None:
    await world.do(create_event_bus, Name="orders")
    denied = statement(Effect="Deny", Principal="*", Condition={"StringEquals": {"events:source": "shop"}})
    await world.do(put_permission, EventBusName="orders", Policy=policy(statement(Principal="*"), denied))
    code, words = await put(world, "orders")
    assert (code, words.partition(" with ")[2]) == (
        "AccessDeniedException",
        "an explicit deny in a resource-based policy",
    )
    assert await put(world, "orders", source="till") == ("", "")


@pytest.mark.parametrize(
    ("allowed", "arrives"),
    [
        ({}, True),
        ({"Principal": {"Service": "events.amazonaws.com"}}, True),
        ({"Principal": {"AWS": f"arn:aws:iam::{THEIRS}:role/sender"}}, False),
        ({"Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:events:*:{THEIRS}:rule/sales/all"}}}, True),
        ({"Condition": {"ArnLike": {"aws:SourceArn": f"arn:aws:events:*:{THEIRS}:rule/sales/other"}}}, False),
        ({"Condition": {"Bool": {"events:eventBusInvocation": False}}}, False),
    ],
    ids=str,
)
async def test_a_rule_sends_to_another_accounts_bus(
    world: World, allowed: dict[str, Any], arrives: bool
) -> None:
    await bus_with_a_rule(world, "orders", f"arn:aws:sqs:{REGION}:{ACCOUNT}:target")
    await world.do(put_permission, EventBusName="orders", Policy=policy(statement(**allowed)))
    letters = {"Arn": f"arn:aws:sqs:{REGION}:{THEIRS}:letters"}
    await bus_with_a_rule(world, "sales", BUS, by=ANN, DeadLetterConfig=letters)
    assert await put(world, "sales", by=ANN) == ("", "")
    await world.settle(60)
    taken = world.queues.taken
    assert (len(taken["target"]), len(taken["letters"])) == (arrives, not arrives)
    if not arrives:
        told = {name: each["StringValue"] for name, each in taken["letters"][0][1].items()}
        assert told["ERROR_CODE"] == "AccessDeniedException"
        who = f"arn:aws:iam::{THEIRS}:root"
        assert told["ERROR_MESSAGE"] == nobody_allows(who, "events:PutEvents", BUS)


async def test_messages_are_published_to_another_accounts_topic_as_its_policy_allows(world: World) -> None:
    await world.do(create_topic, Name="news")
    queue = {"Protocol": "sqs", "Endpoint": QUEUE, "Attributes": {"RawMessageDelivery": "true"}}
    await world.do(subscribe, TopicArn=TOPIC, **queue)
    entries = [{"Id": "1", "Message": "batch"}]
    words = nobody_allows(ANN.arn, "SNS:Publish", TOPIC)
    for call in (
        world.do(publish, by=ANN, TopicArn=TOPIC, Message="m"),
        world.do(publish_batch, by=ANN, TopicArn=TOPIC, PublishBatchRequestEntries=entries),
    ):
        assert await refusal(call) == ("AuthorizationError", words)
    unknown = TOPIC.replace("news", "none")
    assert (await refusal(world.do(publish, by=ANN, TopicArn=unknown, Message="m")))[
        0
    ] == "AuthorizationError"

    await world.do(add_permission, TopicArn=TOPIC, Label="l", AWSAccountId=[THEIRS], ActionName=["Publish"])
    await world.do(publish, by=ANN, TopicArn=TOPIC, Message="theirs")
    await world.do(publish_batch, by=ANN, TopicArn=TOPIC, PublishBatchRequestEntries=entries)
    await world.do(publish, TopicArn=TOPIC, Message="ours")
    assert (await refusal(world.do(subscribe, by=ANN, TopicArn=TOPIC, **queue)))[0] == "AuthorizationError"
    assert (await refusal(world.do(publish, by=STRANGER, TopicArn=TOPIC, Message="m")))[
        0
    ] == "AuthorizationError"
    await world.settle(60)
    assert sorted(body for body, _ in world.queues.taken["target"]) == ["batch", "ours", "theirs"]


async def test_another_account_subscribes_sees_and_ends_its_subscription(world: World) -> None:
    await world.do(create_topic, Name="news")
    queues = statement(Action="sns:Subscribe", Condition={"StringEquals": {"sns:Protocol": "sqs"}})
    text = policy(queues)
    await world.do(set_topic_attributes, TopicArn=TOPIC, AttributeName="Policy", AttributeValue=text)
    web = {"TopicArn": TOPIC, "Protocol": "https", "Endpoint": "https://example.com/"}
    assert (await refusal(world.do(subscribe, by=ANN, **web)))[0] == "AuthorizationError"
    asked = {"TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE}
    arn = (await world.do(subscribe, by=ANN, **asked))["SubscriptionArn"]
    assert arn.startswith(f"{TOPIC}:")
    assert (await world.do(subscribe, by=ANN, **asked))["SubscriptionArn"] == arn

    seen = {"SubscriptionArn": arn, "Owner": THEIRS, "Protocol": "sqs", "Endpoint": QUEUE, "TopicArn": TOPIC}
    assert (await world.do(list_subscriptions, by=ANN))["Subscriptions"] == [seen]
    assert (await world.do(list_subscriptions_by_topic, TopicArn=TOPIC))["Subscriptions"] == [seen]
    attributes = (await world.do(get_subscription_attributes, by=ANN, SubscriptionArn=arn))["Attributes"]
    assert (attributes["Owner"], attributes["TopicArn"]) == (THEIRS, TOPIC)
    assert (await refusal(world.do(unsubscribe, by=STRANGER, SubscriptionArn=arn)))[0] == "AuthorizationError"
    await world.do(unsubscribe, by=ANN, SubscriptionArn=arn)
    assert (await world.do(list_subscriptions, by=ANN))["Subscriptions"] == []
    assert (await world.do(list_subscriptions_by_topic, TopicArn=TOPIC))["Subscriptions"] == []

    await world.do(subscribe, by=ANN, **asked)
    assert (await refusal(world.do(delete_topic, by=ANN, TopicArn=TOPIC)))[0] == "AuthorizationError"
    await world.do(delete_topic, TopicArn=TOPIC)
    assert (await world.do(list_subscriptions, by=ANN))["Subscriptions"] == []


async def test_own_and_other_topics_subscriptions_are_listed_page_by_page(world: World) -> None:
    await world.do(create_topic, Name="news")
    await world.do(create_topic, by=ANN, Name="own")
    await world.do(add_permission, TopicArn=TOPIC, Label="l", AWSAccountId=[THEIRS], ActionName=["Subscribe"])
    own = f"arn:aws:sns:{REGION}:{THEIRS}:own"
    made = set()
    for number in range(120):
        queue = {"Protocol": "sqs", "Endpoint": f"{QUEUE}{number}"}
        for topic in (TOPIC, own)[: 1 + number % 2]:
            made.add((await world.do(subscribe, by=ANN, TopicArn=topic, **queue))["SubscriptionArn"])
    found: list[str] = []
    more: dict[str, str] = {}
    while True:
        page = await world.do(list_subscriptions, by=ANN, **more)
        found += [each["SubscriptionArn"] for each in page["Subscriptions"]]
        if "NextToken" not in page:
            break
        assert len(page["Subscriptions"]) == 100
        more = {"NextToken": page["NextToken"]}
    assert len(found) == 180
    assert set(found) == made


async def test_a_topic_may_deny_its_owner_and_refuses_what_is_no_policy(world: World) -> None:
    await world.do(create_topic, Name="news")
    given = {"TopicArn": TOPIC, "AttributeName": "Policy"}
    deny = policy(statement(Principal="*", Effect="Deny", Action="sns:Publish"))
    await world.do(set_topic_attributes, **given, AttributeValue=deny)
    code, words = await refusal(world.do(publish, TopicArn=TOPIC, Message="m"))
    assert (code, words.partition(" with ")[2]) == (
        "AuthorizationError",
        "an explicit deny in a resource-based policy",
    )
    for text, wrong in (("no", "null"), (policy({}), "Effect must be Allow or Deny.")):
        call = world.do(set_topic_attributes, **given, AttributeValue=text)
        assert await refusal(call) == ("InvalidParameter", f"Invalid parameter: Policy Error: {wrong}")
    await world.do(set_topic_attributes, **given, AttributeValue="")
    await world.do(publish, TopicArn=TOPIC, Message="m")
    assert (await refusal(world.do(list_tags_for_resource, by=ANN, ResourceArn=TOPIC)))[
        0
    ] == "AuthorizationError"
