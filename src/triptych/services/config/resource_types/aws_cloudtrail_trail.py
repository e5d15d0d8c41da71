"""AWS::CloudTrail::Trail: a trail in its home region; its id is its name."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import configuration, tag_map

_SHAPE = ("cloudtrail", "DescribeTrails", "trailList[]")
_GONE = frozenset({"TrailNotFoundException", "ResourceNotFoundException", "InvalidTrailNameException"})


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    reply = await call("cloudtrail", "DescribeTrails", {"includeShadowTrails": False})
    for trail in reply.get("trailList") or ():
        yield trail["Name"], None


async def _describe(call: Call, name: str) -> Replies | None:
    try:
        reply = await call(
            "cloudtrail", "DescribeTrails", {"trailNameList": [name], "includeShadowTrails": False}
        )
        trails = reply.get("trailList") or ()
        if not trails:
            return None
        tags = await call("cloudtrail", "ListTags", {"ResourceIdList": [trails[0]["TrailARN"]]})
    except ServiceError as error:
        if error.code in _GONE:
            return None
        raise
    return {"Trail": trails[0], "Tags": tags.get("ResourceTagList") or ()}


def _resource(_account: str, _region: str, name: str, replies: Replies) -> Resource:
    trail = replies["Trail"]
    tags: Any = [tag for resource in replies["Tags"] for tag in resource.get("TagsList") or ()]
    return Resource(
        name=name,
        arn=trail["TrailARN"],
        availability_zone="Not Applicable",
        tags=tag_map(tags),
        configuration=configuration(
            _SHAPE,
            trail,
            nulls="cloudWatchLogsLogGroupArn cloudWatchLogsRoleArn kmsKeyId s3KeyPrefix snsTopicARN snsTopicName",
        ),
    )


_CASES = (
    Case(
        name="a trail of all regions",
        resource_id="audit",
        replies={
            "DescribeTrails": {
                "trailList": [
                    {
                        "Name": "audit",
                        "S3BucketName": "logs",
                        "S3KeyPrefix": "trail",
                        "SnsTopicName": "alerts",
                        "SnsTopicARN": "arn:aws:sns:us-east-1:123456789012:alerts",
                        "IncludeGlobalServiceEvents": True,
                        "IsMultiRegionTrail": True,
                        "HomeRegion": "us-east-1",
                        "TrailARN": "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit",
                        "LogFileValidationEnabled": True,
                        "HasCustomEventSelectors": False,
                        "HasInsightSelectors": False,
                        "IsOrganizationTrail": False,
                    }
                ]
            },
            "ListTags": {
                "ResourceTagList": [
                    {
                        "ResourceId": "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit",
                        "TagsList": [{"Key": "team", "Value": "security"}],
                    }
                ]
            },
        },
        expected=Resource(
            name="audit",
            arn="arn:aws:cloudtrail:us-east-1:123456789012:trail/audit",
            availability_zone="Not Applicable",
            tags={"team": "security"},
            configuration={
                "cloudWatchLogsLogGroupArn": None,
                "cloudWatchLogsRoleArn": None,
                "kmsKeyId": None,
                "s3KeyPrefix": "trail",
                "snsTopicARN": "arn:aws:sns:us-east-1:123456789012:alerts",
                "snsTopicName": "alerts",
                "name": "audit",
                "s3BucketName": "logs",
                "includeGlobalServiceEvents": True,
                "isMultiRegionTrail": True,
                "homeRegion": "us-east-1",
                "trailARN": "arn:aws:cloudtrail:us-east-1:123456789012:trail/audit",
                "logFileValidationEnabled": True,
                "hasCustomEventSelectors": False,
                "hasInsightSelectors": False,
                "isOrganizationTrail": False,
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="gone",
        replies={"DescribeTrails": {"trailList": []}},
        expected=None,
    ),
)

# Every call takes the name or the ARN.
_PATTERN = r"(?:arn:[^/]+:trail/)?([A-Za-z0-9._-]+)"
_NAMED = Touch(parameters=("Name",), pattern=_PATTERN)
_SELECTED = Touch(parameters=("TrailName",), pattern=_PATTERN)
_TAGGED = Touch(parameters=("ResourceId",), pattern=r"arn:[^/]+:trail/([A-Za-z0-9._-]+)")

TYPE = ResourceType(
    name="AWS::CloudTrail::Trail",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("cloudtrail", "CreateTrail"): _NAMED,
        ("cloudtrail", "UpdateTrail"): _NAMED,
        ("cloudtrail", "DeleteTrail"): _NAMED,
        ("cloudtrail", "PutEventSelectors"): _SELECTED,
        ("cloudtrail", "PutInsightSelectors"): _SELECTED,
        ("cloudtrail", "AddTags"): _TAGGED,
        ("cloudtrail", "RemoveTags"): _TAGGED,
    },
    cases=_CASES,
)
