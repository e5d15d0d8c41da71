"""What AWS calls an API call in a record: event name and source, category, region. Pure tables and rules."""

from __future__ import annotations

import re
from collections.abc import Mapping

from triptych.services.cloudtrail.casing_s3 import CONTROL_EVENT_NAMES, EVENT_NAMES

_SOURCES: Mapping[str, str] = {
    "s3control": "s3.amazonaws.com",
    "ses": "ses.amazonaws.com",
    "sesv2": "ses.amazonaws.com",
    "sagemaker": "sagemaker.amazonaws.com",
    "sagemaker-runtime": "sagemaker.amazonaws.com",
    "dynamodbstreams": "dynamodb.amazonaws.com",
    "ecr": "ecr.amazonaws.com",
    "ecr-public": "ecr-public.amazonaws.com",
    "application-autoscaling": "autoscaling.amazonaws.com",
    "sso": "sso.amazonaws.com",
    "sso-oidc": "sso.amazonaws.com",
    "bedrock-runtime": "bedrock.amazonaws.com",
    "bedrock-agent": "bedrock.amazonaws.com",
    "bedrock-agent-runtime": "bedrock.amazonaws.com",
    "rds-data": "rdsdata.amazonaws.com",
    "iot-data": "iotdata.amazonaws.com",
    "opensearch": "es.amazonaws.com",
}
"""Services whose eventSource is not their endpoint prefix."""

_LAMBDA: Mapping[str, str] = {
    "AddPermission": "20150331v2",
    "CreateAlias": "20150331",
    "CreateEventSourceMapping": "20150331",
    "CreateFunction": "20150331",
    "DeleteAlias": "20150331",
    "DeleteEventSourceMapping": "20150331",
    "DeleteFunction": "20150331",
    "GetAccountSettings": "20160819",
    "GetAlias": "20150331",
    "GetEventSourceMapping": "20150331",
    "GetFunction": "20150331v2",
    "GetFunctionConfiguration": "20150331v2",
    "GetPolicy": "20150331v2",
    "ListAliases": "20150331",
    "ListEventSourceMappings": "20150331",
    "ListFunctions": "20150331",
    "ListTags": "20170331",
    "ListVersionsByFunction": "20150331",
    "PublishVersion": "20150331",
    "PutFunctionConcurrency": "20171031",
    "DeleteFunctionConcurrency": "20171031",
    "RemovePermission": "20150331v2",
    "TagResource": "20170331v2",
    "UntagResource": "20170331v2",
    "UpdateAlias": "20150331",
    "UpdateEventSourceMapping": "20150331",
    "UpdateFunctionCode": "20150331v2",
    "UpdateFunctionConfiguration": "20150331v2",
}
"""Date suffixes of Lambda's event names; operations younger than the scheme have none."""

_API_VERSIONS = frozenset({"route53", "elb", "elbv2", "logs", "dynamodb", "cloudfront"})
"""Services whose records say ``apiVersion``; most leave it out."""

_DATA_PLANE: Mapping[str, re.Pattern[str]] = {
    service: re.compile(rf"(?:{pattern})\Z")
    for service, pattern in {
        "s3": r"(?!PutObjectLockConfiguration|GetObjectLockConfiguration)"
        r"(?:Get|Put|Head|Delete|Copy|Restore|Rename|Update)Objects?(?!LockConfiguration)\w*|HeadBucket|"
        r"ListObject\w*|ListParts|ListMultipartUploads|\w*MultipartUpload|UploadPart(?:Copy)?|"
        r"SelectObjectContent|CreateSession|WriteGetObjectResponse",
        "lambda": r"Invoke|InvokeAsync|InvokeWithResponseStream",
        "dynamodb": r"(?:Batch)?(?:Get|Put|Update|Delete|Write)Item|Query|Scan|Transact(?:Get|Write)Items|"
        r"(?:Batch)?Execute(?:Statement|Transaction)",
        "dynamodbstreams": r"GetRecords|GetShardIterator",
        "sns": r"Publish|PublishBatch",
        "sqs": r"(?:Send|Receive|Delete)Message(?:Batch)?|ChangeMessageVisibility(?:Batch)?",
        "cloudwatch": r"PutMetricData|GetMetricData|GetMetricStatistics|GetMetricWidgetImage|ListMetrics",
        "logs": r"PutLogEvents|GetLogEvents|FilterLogEvents|StartLiveTail",
        "kinesis": r"PutRecords?|GetRecords|GetShardIterator|SubscribeToShard",
        "firehose": r"PutRecord(?:Batch)?",
        "events": r"PutEvents",
        "stepfunctions": r"InvokeHTTPEndpoint|StartSyncExecution",
        "ebs": r"\w+",
        "cognito-identity": r"GetCredentialsForIdentity|GetId|GetOpenIdToken\w*",
        "bedrock-runtime": r"InvokeModelWithBidirectionalStream|\w*AsyncInvoke\w*",
        "xray": r"PutTraceSegments|GetTraceSummaries|BatchGetTraces",
    }.items()
}
"""What CloudTrail's page on logging data events lists, for services an estate is likely to have."""

_GLOBAL = frozenset(
    {"iam", "cloudfront", "route53", "organizations", "waf", "shield", "account", "budgets", "ce", "support",
     "health", "artifact", "savingsplans", "sso-oidc", "importexport", "route53domains", "billing"}
)  # fmt: skip
_WITHOUT_A_REGION = frozenset({"sts.amazonaws.com"})
GLOBAL_REGION = "us-east-1"
GLOBAL_SOURCES = frozenset({"iam.amazonaws.com", "sts.amazonaws.com", "cloudfront.amazonaws.com"})
"""What a trail's IncludeGlobalServiceEvents is about."""


def event_name(service: str, operation: str, api_version: str) -> str:
    if service == "s3":
        return EVENT_NAMES.get(operation, operation)
    if service == "s3control":
        return CONTROL_EVENT_NAMES.get(operation, operation)
    if service == "lambda":
        return operation + _LAMBDA.get(operation, "")
    if service == "cloudfront":
        return operation + api_version.replace("-", "_")
    return operation


def event_source(service: str, endpoint_source: str) -> str:
    """``endpoint_source`` is ``<endpoint prefix>.amazonaws.com``."""
    return _SOURCES.get(service, endpoint_source)


def api_version(service: str, version: str) -> str:
    """What ``apiVersion`` says; empty: the member is not there."""
    if service not in _API_VERSIONS:
        return ""
    return (
        version.replace("-", "_" if service == "cloudfront" else "")
        if service in ("logs", "cloudfront")
        else version
    )


def is_data_event(service: str, operation: str) -> bool:
    """Whether a call works on the data plane; only selectors that ask for data events see those."""
    pattern = _DATA_PLANE.get(service)
    return pattern is not None and pattern.match(operation) is not None


def home_region(service: str, host: str, region: str) -> str:
    """The record's ``awsRegion``: global services (and STS at its global endpoint) are recorded in us-east-1."""
    if service in _GLOBAL or host.partition(":")[0] in _WITHOUT_A_REGION:
        return GLOBAL_REGION
    return region
