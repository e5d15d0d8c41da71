"""AWS::SNS::Topic: a topic's attributes by SNS's own names; its id is its ARN."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import pages, tag_map

_FEEDBACK = tuple(
    f"{protocol}{what}"
    for protocol in ("Application", "Firehose", "HTTP", "Lambda", "SQS")
    for what in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
)
# Without the counts of subscriptions and what SNS derives: those change though nobody configures the topic.
_ATTRIBUTES = (
    "ContentBasedDeduplication",
    "DeliveryPolicy",
    "DisplayName",
    "FifoTopic",
    "KmsMasterKeyId",
    "Owner",
    "Policy",
    "SignatureVersion",
    "TopicArn",
    "TracingConfig",
    *_FEEDBACK,
)


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for topic in pages(call, "sns", "ListTopics", {}, entries="Topics"):
        yield topic["TopicArn"], None


async def _describe(call: Call, topic: str) -> Replies | None:
    try:
        attributes = await call("sns", "GetTopicAttributes", {"TopicArn": topic})
        tags = await call("sns", "ListTagsForResource", {"ResourceArn": topic})
    except ServiceError as error:
        if error.code in {"NotFound", "NotFoundException", "ResourceNotFound", "ResourceNotFoundException"}:
            return None
        raise
    return {"Attributes": attributes["Attributes"], "Tags": tags.get("Tags")}


def _resource(_account: str, _region: str, topic: str, replies: Replies) -> Resource:
    attributes: dict[str, Any] = replies["Attributes"]
    return Resource(
        name=topic.rsplit(":", 1)[-1],
        arn=topic,
        availability_zone="Not Applicable",
        tags=tag_map(replies["Tags"]),
        configuration={name: attributes[name] for name in _ATTRIBUTES if name in attributes}
        | {"TopicArn": topic},
    )


_ARN = "arn:aws:sns:us-east-1:123456789012:alerts.fifo"

_CASES = (
    Case(
        name="an encrypted topic with feedback",
        resource_id=_ARN,
        replies={
            "GetTopicAttributes": {
                "Attributes": {
                    "ContentBasedDeduplication": "false",
                    "DisplayName": "",
                    "EffectiveDeliveryPolicy": "{}",
                    "FifoTopic": "true",
                    "KmsMasterKeyId": "alias/aws/sns",
                    "Owner": "123456789012",
                    "Policy": '{"Statement":[]}',
                    "SubscriptionsConfirmed": "4",
                    "TopicArn": _ARN,
                    **dict.fromkeys(_FEEDBACK, "arn:aws:iam::123456789012:role/feedback"),
                }
            },
            "ListTagsForResource": {"Tags": [{"Key": "team", "Value": "web"}]},
        },
        expected=Resource(
            name="alerts.fifo",
            arn="arn:aws:sns:us-east-1:123456789012:alerts.fifo",
            availability_zone="Not Applicable",
            tags={"team": "web"},
            configuration={
                "ContentBasedDeduplication": "false",
                "DisplayName": "",
                "FifoTopic": "true",
                "KmsMasterKeyId": "alias/aws/sns",
                "Owner": "123456789012",
                "Policy": '{"Statement":[]}',
                "TopicArn": "arn:aws:sns:us-east-1:123456789012:alerts.fifo",
                "ApplicationFailureFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
                "ApplicationSuccessFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
                "ApplicationSuccessFeedbackSampleRate": "arn:aws:iam::123456789012:role/feedback",
                "FirehoseFailureFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
                "FirehoseSuccessFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
                "FirehoseSuccessFeedbackSampleRate": "arn:aws:iam::123456789012:role/feedback",
                "HTTPFailureFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
                "HTTPSuccessFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
                "HTTPSuccessFeedbackSampleRate": "arn:aws:iam::123456789012:role/feedback",
                "LambdaFailureFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
                "LambdaSuccessFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
                "LambdaSuccessFeedbackSampleRate": "arn:aws:iam::123456789012:role/feedback",
                "SQSFailureFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
                "SQSSuccessFeedbackRoleArn": "arn:aws:iam::123456789012:role/feedback",
                "SQSSuccessFeedbackSampleRate": "arn:aws:iam::123456789012:role/feedback",
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="arn:aws:sns:us-east-1:123456789012:gone",
        replies={"GetTopicAttributes": ServiceError("NotFound", "Topic does not exist", status=404)},
        expected=None,
    ),
)

_TOPIC = Touch(parameters=("TopicArn",))
_TAGGED = Touch(parameters=("ResourceArn",), pattern=r"(arn:[^:]+:sns:[^:]*:[^:]*:[^:]+)")

TYPE = ResourceType(
    name="AWS::SNS::Topic",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("sns", "CreateTopic"): Touch(response=("TopicArn",)),
        ("sns", "DeleteTopic"): _TOPIC,
        ("sns", "SetTopicAttributes"): _TOPIC,
        ("sns", "AddPermission"): _TOPIC,
        ("sns", "RemovePermission"): _TOPIC,
        ("sns", "TagResource"): _TAGGED,
        ("sns", "UntagResource"): _TAGGED,
    },
    beyond_schema=tuple(
        f"configuration.{name}" for name in ("DeliveryPolicy", "Policy", "SignatureVersion", "TracingConfig")
    ),
    cases=_CASES,
)
