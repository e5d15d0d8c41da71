"""AWS::Lambda::Function: a function with its reserved concurrency and policy. Names lower whole runs (``kmskeyArn``)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import configuration, lower_run, pages

_SHAPE = ("lambda", "GetFunctionConfiguration", "")
_MISSING = "ResourceNotFoundException"
_LACKING = frozenset({_MISSING, "NotImplemented"})


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for function in pages(
        call, "lambda", "ListFunctions", {}, entries="Functions", token=("NextMarker", "Marker")
    ):
        yield function["FunctionName"], None


async def _describe(call: Call, name: str) -> Replies | None:
    try:
        function = await call("lambda", "GetFunctionConfiguration", {"FunctionName": name})
    except ServiceError as error:
        if error.code == _MISSING:
            return None
        raise
    return {
        "GetFunctionConfiguration": function,
        "GetFunctionConcurrency": await _part(call, "GetFunctionConcurrency", {"FunctionName": name}),
        "GetPolicy": await _part(call, "GetPolicy", {"FunctionName": name}),
        "ListTags": await _part(call, "ListTags", {"Resource": function["FunctionArn"]}),
    }


async def _part(call: Call, operation: str, params: dict[str, Any]) -> Mapping[str, Any]:
    """What a function has of a part; nothing where nobody gave it one."""
    try:
        return await call("lambda", operation, params)
    except ServiceError as error:
        if error.code in _LACKING:
            return {}
        raise


def _resource(_account: str, _region: str, name: str, replies: Replies) -> Resource:
    function = replies["GetFunctionConfiguration"]
    shown = configuration(
        _SHAPE,
        function,
        rename=lower_run,
        nulls="deadLetterConfig description ephemeralStorage handler imageConfigResponse kmskeyArn "
        "lastUpdateStatusReasonCode runtime signingJobArn signingProfileVersionArn stateReason stateReasonCode "
        "tracingConfig vpcConfig",
        lists="architectures fileSystemConfigs layers",
    )
    # Variables hold secrets; AWS keeps them out of items too.
    shown.pop("environment", None)
    reserved = replies["GetFunctionConcurrency"].get("ReservedConcurrentExecutions")
    return Resource(
        name=name,
        arn=function["FunctionArn"],
        availability_zone="Not Applicable",
        tags=dict(replies["ListTags"].get("Tags") or {}),
        configuration=shown,
        supplementary={
            "Concurrency": None if reserved is None else {"reservedConcurrentExecutions": reserved},
            "Policy": replies["GetPolicy"].get("Policy"),
        },
    )


_CASES = (
    Case(
        name="a function in a network",
        resource_id="resize",
        replies={
            "GetFunctionConfiguration": {
                "FunctionName": "resize",
                "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:resize",
                "Architectures": ["x86_64"],
                "CodeSha256": "u2Zx",
                "CodeSize": 312,
                "DeadLetterConfig": {"TargetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
                "Environment": {"Variables": {"PASSWORD": "secret"}},
                "EphemeralStorage": {"Size": 512},
                "Handler": "main.handler",
                "LastModified": "2026-11-20T11:37:13.000+0000",
                "LastUpdateStatus": "Successful",
                "MemorySize": 128,
                "PackageType": "Zip",
                "RevisionId": "r-1",
                "Role": "arn:aws:iam::123456789012:role/resize",
                "Runtime": "python3.12",
                "State": "Active",
                "Timeout": 3,
                "TracingConfig": {"Mode": "PassThrough"},
                "Version": "$LATEST",
                "VpcConfig": {"SecurityGroupIds": ["sg-1"], "SubnetIds": ["subnet-1"], "VpcId": "vpc-1"},
            },
            "GetFunctionConcurrency": {"ReservedConcurrentExecutions": 5},
            "GetPolicy": {"Policy": '{"Statement":[]}', "RevisionId": "r-1"},
            "ListTags": {"Tags": {"team": "web"}},
        },
        expected=Resource(
            name="resize",
            arn="arn:aws:lambda:us-east-1:123456789012:function:resize",
            availability_zone="Not Applicable",
            tags={"team": "web"},
            configuration={
                "deadLetterConfig": {"targetArn": "arn:aws:sqs:us-east-1:123456789012:dead"},
                "description": None,
                "ephemeralStorage": {"size": 512},
                "handler": "main.handler",
                "imageConfigResponse": None,
                "kmskeyArn": None,
                "lastUpdateStatusReasonCode": None,
                "runtime": "python3.12",
                "signingJobArn": None,
                "signingProfileVersionArn": None,
                "stateReason": None,
                "stateReasonCode": None,
                "tracingConfig": {"mode": "PassThrough"},
                "vpcConfig": {"securityGroupIds": ["sg-1"], "subnetIds": ["subnet-1"], "vpcId": "vpc-1"},
                "architectures": ["x86_64"],
                "fileSystemConfigs": [],
                "layers": [],
                "functionName": "resize",
                "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:resize",
                "codeSha256": "u2Zx",
                "codeSize": 312,
                "lastModified": "2026-11-20T11:37:13.000+0000",
                "lastUpdateStatus": "Successful",
                "memorySize": 128,
                "packageType": "Zip",
                "revisionId": "r-1",
                "role": "arn:aws:iam::123456789012:role/resize",
                "state": "Active",
                "timeout": 3,
                "version": "$LATEST",
            },
            supplementary={"Concurrency": {"reservedConcurrentExecutions": 5}, "Policy": '{"Statement":[]}'},
        ),
    ),
    Case(
        name="a function nobody gave a policy",
        resource_id="resize",
        replies={
            "GetFunctionConfiguration": {
                "FunctionName": "resize",
                "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:resize",
            },
            "GetFunctionConcurrency": {},
            "GetPolicy": ServiceError(
                "ResourceNotFoundException", "The resource does not exist.", status=404
            ),
            "ListTags": {},
        },
        expected=Resource(
            name="resize",
            arn="arn:aws:lambda:us-east-1:123456789012:function:resize",
            availability_zone="Not Applicable",
            configuration={
                "deadLetterConfig": None,
                "description": None,
                "ephemeralStorage": None,
                "handler": None,
                "imageConfigResponse": None,
                "kmskeyArn": None,
                "lastUpdateStatusReasonCode": None,
                "runtime": None,
                "signingJobArn": None,
                "signingProfileVersionArn": None,
                "stateReason": None,
                "stateReasonCode": None,
                "tracingConfig": None,
                "vpcConfig": None,
                "architectures": [],
                "fileSystemConfigs": [],
                "layers": [],
                "functionName": "resize",
                "functionArn": "arn:aws:lambda:us-east-1:123456789012:function:resize",
            },
            supplementary={"Concurrency": None, "Policy": None},
        ),
    ),
    Case(
        name="deleted",
        resource_id="gone",
        replies={
            "GetFunctionConfiguration": ServiceError(
                "ResourceNotFoundException", "Function not found", status=404
            )
        },
        expected=None,
    ),
)

# Every call takes the name, the ARN or a part of it, with or without a version.
_PATTERN = r"(?:.*function:)?([A-Za-z0-9_-]+)(?::[A-Za-z0-9$_-]+)?"
_FUNCTION = Touch(parameters=("FunctionName",), pattern=_PATTERN)
_TAGGED = Touch(parameters=("Resource",), pattern=r"arn:.*:function:([A-Za-z0-9_-]+)")

TYPE = ResourceType(
    name="AWS::Lambda::Function",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        **{
            ("lambda", operation): _FUNCTION
            for operation in (
                "AddPermission",
                "CreateFunction",
                "DeleteFunction",
                "DeleteFunctionConcurrency",
                "PublishVersion",
                "PutFunctionConcurrency",
                "RemovePermission",
                "UpdateFunctionCode",
                "UpdateFunctionConfiguration",
            )
        },
        ("lambda", "TagResource"): _TAGGED,
        ("lambda", "UntagResource"): _TAGGED,
    },
    beyond_schema=("configuration.vpcConfig.vpcId", "supplementaryConfiguration.Policy"),
    cases=_CASES,
)
