"""AWS::Logs::LogGroup: a log group with its retention and key, by CloudFormation's property names.

AWS evaluates rules on log groups though its ResourceType enumeration lacks them; here they are items like any
other, so that those rules have something to judge.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from triptych.kernel.errors import ServiceError
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import pages

_GROUP = "LogGroup"


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for group in pages(
        call,
        "logs",
        "DescribeLogGroups",
        {"limit": 50},
        entries="logGroups",
        token=("nextToken", "nextToken"),
    ):
        yield group["logGroupName"], None


async def _describe(call: Call, name: str) -> Replies | None:
    async for group in pages(
        call,
        "logs",
        "DescribeLogGroups",
        {"logGroupNamePrefix": name},
        entries="logGroups",
        token=("nextToken", "nextToken"),
    ):
        if group["logGroupName"] == name:
            return {_GROUP: group, "Tags": await _tags(call, group["arn"])}
    return None


async def _tags(call: Call, arn: str) -> dict[str, str]:
    """The group's tags; none from a service that has groups but no tags."""
    try:
        reply = await call("logs", "ListTagsForResource", {"resourceArn": arn.removesuffix(":*")})
    except ServiceError as error:
        if error.code in {"NotImplemented", "ResourceNotFoundException"}:
            return {}
        raise
    return dict(reply.get("tags") or {})


def _resource(_account: str, _region: str, name: str, replies: Replies) -> Resource:
    group = replies[_GROUP]
    tags = replies["Tags"]
    created = group.get("creationTime")
    return Resource(
        name=name,
        arn=group["arn"].removesuffix(":*"),
        availability_zone="Not Applicable",
        created=None if created is None else datetime.fromtimestamp(created / 1000, tz=UTC),
        tags=tags,
        configuration={
            "Arn": group["arn"],
            "KmsKeyId": group.get("kmsKeyId"),
            "LogGroupClass": group.get("logGroupClass") or "STANDARD",
            "LogGroupName": name,
            "RetentionInDays": group.get("retentionInDays"),
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(tags.items())],
        },
    )


_CASES = (
    Case(
        name="a group that keeps a week",
        resource_id="/app/web",
        replies={
            "DescribeLogGroups": {
                "logGroups": [
                    {
                        "logGroupName": "/app/web-2",
                        "arn": "arn:aws:logs:us-east-1:123456789012:log-group:/app/web-2:*",
                    },
                    {
                        "logGroupName": "/app/web",
                        "creationTime": 1795174633000,
                        "retentionInDays": 7,
                        "metricFilterCount": 0,
                        "arn": "arn:aws:logs:us-east-1:123456789012:log-group:/app/web:*",
                        "storedBytes": 12,
                    },
                ]
            },
            "ListTagsForResource": {"tags": {"team": "web"}},
        },
        expected=Resource(
            name="/app/web",
            arn="arn:aws:logs:us-east-1:123456789012:log-group:/app/web",
            availability_zone="Not Applicable",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            tags={"team": "web"},
            configuration={
                "Arn": "arn:aws:logs:us-east-1:123456789012:log-group:/app/web:*",
                "KmsKeyId": None,
                "LogGroupClass": "STANDARD",
                "LogGroupName": "/app/web",
                "RetentionInDays": 7,
                "Tags": [{"Key": "team", "Value": "web"}],
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="/app/gone",
        replies={"DescribeLogGroups": {"logGroups": []}},
        expected=None,
    ),
)

_NAME = Touch(parameters=("logGroupName",), relist=True)
# Some calls take the ARN where others take the name.
_ARN = r"arn:[^:]+:logs:[^:]*:[^:]*:log-group:([^:]+)(?::\*)?"
_KEYED = Touch(
    parameters=("logGroupName", "resourceIdentifier"),
    pattern=r"(?:arn:[^:]+:logs:[^:]*:[^:]*:log-group:)?([^:]+)(?::\*)?",
    relist=True,
)

TYPE = ResourceType(
    name="AWS::Logs::LogGroup",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("logs", "CreateLogGroup"): _NAME,
        ("logs", "DeleteLogGroup"): _NAME,
        ("logs", "PutRetentionPolicy"): _NAME,
        ("logs", "DeleteRetentionPolicy"): _NAME,
        ("logs", "AssociateKmsKey"): _KEYED,
        ("logs", "DisassociateKmsKey"): _KEYED,
        ("logs", "TagLogGroup"): _NAME,
        ("logs", "UntagLogGroup"): _NAME,
        ("logs", "TagResource"): Touch(parameters=("resourceArn",), pattern=_ARN),
        ("logs", "UntagResource"): Touch(parameters=("resourceArn",), pattern=_ARN),
    },
    # The public query schema does not have the type at all.
    beyond_schema=("configuration.",),
    cases=_CASES,
)
