"""AWS::SQS::Queue: a queue's attributes by SQS's own names; its id is its URL.

Where a queue's URL starts depends on how SQS was addressed, so ids come from the listing alone: a change makes
the queues be listed again instead of taking the URL the caller used.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import pages

_GONE = frozenset(
    {
        "AWS.SimpleQueueService.NonExistentQueue",
        "QueueDoesNotExist",
        "AWS.SimpleQueueService.QueueDeletedRecently",
    }
)


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for url in pages(call, "sqs", "ListQueues", {"MaxResults": 1000}, entries="QueueUrls"):
        yield url, None


async def _describe(call: Call, url: str) -> Replies | None:
    try:
        attributes = await call("sqs", "GetQueueAttributes", {"QueueUrl": url, "AttributeNames": ["All"]})
        tags = await call("sqs", "ListQueueTags", {"QueueUrl": url})
    except ServiceError as error:
        if error.code in _GONE:
            return None
        raise
    return {"Attributes": attributes.get("Attributes") or {}, "Tags": tags.get("Tags") or {}}


def _resource(_account: str, _region: str, url: str, replies: Replies) -> Resource:
    attributes: dict[str, Any] = replies["Attributes"]
    name = url.rsplit("/", 1)[-1]
    created = attributes.get("CreatedTimestamp")
    return Resource(
        name=name,
        arn=attributes.get("QueueArn", ""),
        availability_zone="Not Applicable",
        created=None if created is None else datetime.fromtimestamp(float(created), tz=UTC),
        tags=dict(replies["Tags"]),
        configuration={
            # How many messages there are is not how the queue is configured.
            key: value
            for key, value in attributes.items()
            if not key.startswith("ApproximateNumberOf")
        }
        | {"QueueName": name, "QueueUrl": url},
        supplementary={"Tags": dict(replies["Tags"])},
    )


_CASES = (
    Case(
        name="an encrypted queue",
        resource_id="https://sqs.us-east-1.amazonaws.com/123456789012/jobs.fifo",
        replies={
            "GetQueueAttributes": {
                "Attributes": {
                    "ApproximateNumberOfMessages": "7",
                    "ContentBasedDeduplication": "true",
                    "CreatedTimestamp": "1602023249",
                    "DeduplicationScope": "queue",
                    "DelaySeconds": "0",
                    "FifoQueue": "true",
                    "FifoThroughputLimit": "perQueue",
                    "KmsDataKeyReusePeriodSeconds": "300",
                    "KmsMasterKeyId": "alias/aws/sqs",
                    "LastModifiedTimestamp": "1602023249",
                    "MaximumMessageSize": "262144",
                    "MessageRetentionPeriod": "345600",
                    "Policy": '{"Statement":[]}',
                    "QueueArn": "arn:aws:sqs:us-east-1:123456789012:jobs.fifo",
                    "ReceiveMessageWaitTimeSeconds": "0",
                    "SqsManagedSseEnabled": "false",
                    "VisibilityTimeout": "30",
                }
            },
            "ListQueueTags": {"Tags": {"team": "web"}},
        },
        expected=Resource(
            name="jobs.fifo",
            arn="arn:aws:sqs:us-east-1:123456789012:jobs.fifo",
            availability_zone="Not Applicable",
            created=datetime(2020, 10, 6, 22, 27, 29, tzinfo=UTC),
            tags={"team": "web"},
            configuration={
                "ContentBasedDeduplication": "true",
                "CreatedTimestamp": "1602023249",
                "DeduplicationScope": "queue",
                "DelaySeconds": "0",
                "FifoQueue": "true",
                "FifoThroughputLimit": "perQueue",
                "KmsDataKeyReusePeriodSeconds": "300",
                "KmsMasterKeyId": "alias/aws/sqs",
                "LastModifiedTimestamp": "1602023249",
                "MaximumMessageSize": "262144",
                "MessageRetentionPeriod": "345600",
                "Policy": '{"Statement":[]}',
                "QueueArn": "arn:aws:sqs:us-east-1:123456789012:jobs.fifo",
                "ReceiveMessageWaitTimeSeconds": "0",
                "SqsManagedSseEnabled": "false",
                "VisibilityTimeout": "30",
                "QueueName": "jobs.fifo",
                "QueueUrl": "https://sqs.us-east-1.amazonaws.com/123456789012/jobs.fifo",
            },
            supplementary={"Tags": {"team": "web"}},
        ),
    ),
    Case(
        name="deleted",
        resource_id="https://sqs.us-east-1.amazonaws.com/123456789012/gone",
        replies={
            "GetQueueAttributes": ServiceError(
                "AWS.SimpleQueueService.NonExistentQueue", "The specified queue does not exist."
            )
        },
        expected=None,
    ),
)

TYPE = ResourceType(
    name="AWS::SQS::Queue",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("sqs", operation): Touch(relist=True)
        for operation in (
            "AddPermission",
            "CreateQueue",
            "DeleteQueue",
            "RemovePermission",
            "SetQueueAttributes",
            "TagQueue",
            "UntagQueue",
        )
    },
    beyond_schema=(
        "configuration.Policy",
        "configuration.RedriveAllowPolicy",
        "configuration.RedrivePolicy",
        "supplementaryConfiguration.Tags.",
    ),
    cases=_CASES,
)
