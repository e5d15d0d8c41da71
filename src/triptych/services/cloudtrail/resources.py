"""Which resources a call touched: the record's ``resources`` and the wider list LookupEvents searches.

Only a few services put ``resources`` into the record; LookupEvents finds events of many more by resource. Both
are derived from the recorded parameters alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from triptych.kernel.arn import arn
from triptych.kernel.fact import ApiCall

Resource = dict[str, str]


def record_resources(
    call: ApiCall, request: Mapping[str, Any], response: Mapping[str, Any], account: str, region: str
) -> list[Resource]:
    """The ``resources`` member: S3 buckets and objects, KMS keys, roles taken on, tables, functions, parameters."""
    if call.service == "s3":
        return _s3(call, request, account)
    if call.service == "kms":
        return _kms(request, response, account, region)
    if call.service == "sts" and isinstance(role := request.get("roleArn"), str):
        return [{"accountId": role.split(":")[4] if role.count(":") > 4 else account,
                 "type": "AWS::IAM::Role", "ARN": role}]  # fmt: skip
    if call.service == "dynamodb" and isinstance(table := request.get("tableName"), str):
        name = table if table.startswith("arn:") else arn("dynamodb", region, account, f"table/{table}")
        return [{"accountId": account, "type": "AWS::DynamoDB::Table", "ARN": name}]
    if call.service == "lambda" and call.operation.startswith("Invoke"):
        function = str(request.get("functionName", ""))
        name = (
            function
            if function.startswith("arn:")
            else arn("lambda", region, account, f"function:{function}")
        )
        return [{"accountId": account, "type": "AWS::Lambda::Function", "ARN": name}]
    if call.service in ("sns", "sqs"):
        return _messaging(request, account, region)
    if call.service == "ssm":
        return _ssm(request, account, region)
    return []


def _s3(call: ApiCall, request: Mapping[str, Any], account: str) -> list[Resource]:
    bucket = request.get("bucketName")
    # A bucket being created is not a resource yet: AWS's record of CreateBucket has none.
    if not isinstance(bucket, str) or call.operation == "CreateBucket":
        return []
    of_bucket = {"accountId": account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}
    key = request.get("key")
    if isinstance(key, str):
        return [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{bucket}/{key}"}, of_bucket]
    if call.operation in ("ListObjects", "ListObjectsV2", "ListObjectVersions", "DeleteObjects"):
        prefix = request.get("prefix")
        where = f"arn:aws:s3:::{bucket}/{prefix if isinstance(prefix, str) else ''}"
        return [{"type": "AWS::S3::Object", "ARNPrefix": where}, of_bucket]
    return [of_bucket]


def _kms(
    request: Mapping[str, Any], response: Mapping[str, Any], account: str, region: str
) -> list[Resource]:
    metadata = response.get("keyMetadata")
    known = [
        metadata.get("arn") if isinstance(metadata, Mapping) else None,
        response.get("keyId"),
        request.get("keyId"),
        request.get("targetKeyId"),
    ]
    for key in known:
        if not isinstance(key, str) or "alias/" in key:
            continue  # which key an alias means is not in the parameters
        name = key if key.startswith("arn:") else arn("kms", region, account, f"key/{key}")
        return [{"accountId": account, "type": "AWS::KMS::Key", "ARN": name}]
    return []


def _messaging(request: Mapping[str, Any], account: str, region: str) -> list[Resource]:
    """The topic or queue; a queue's URL ends in its account and name."""
    topic, queue = request.get("topicArn"), request.get("queueUrl")
    if isinstance(topic, str) and topic.startswith("arn:"):
        return [{"accountId": account, "type": "AWS::SNS::Topic", "ARN": topic}]
    if isinstance(queue, str) and (found := re.search(r"/(\d{12})/([^/]+)/?\Z", queue)):
        owner, name = found.groups()
        return [{"accountId": account, "type": "AWS::SQS::Queue", "ARN": arn("sqs", region, owner, name)}]
    return []


def _ssm(request: Mapping[str, Any], account: str, region: str) -> list[Resource]:
    """SSM says which parameters and instances, without a ``type``."""
    names = request.get("names")
    parameters = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    if isinstance(name := request.get("name"), str) and ("value" in request or "withDecryption" in request):
        parameters.append(name)
    found = [
        {"accountId": account, "ARN": arn("ssm", region, account, f"parameter/{name.lstrip('/')}")}
        for name in parameters
    ]
    instance = request.get("instanceId")
    if isinstance(instance, str) and instance.startswith("i-"):
        found.append({"accountId": account, "ARN": arn("ec2", region, account, f"instance/{instance}")})
    return found


_TYPES: Mapping[str, Mapping[str, str]] = {
    "s3.amazonaws.com": {"bucketName": "AWS::S3::Bucket", "key": "AWS::S3::Object"},
    "iam.amazonaws.com": {
        "userName": "AWS::IAM::User",
        "roleName": "AWS::IAM::Role",
        "groupName": "AWS::IAM::Group",
        "policyArn": "AWS::IAM::Policy",
        "policyName": "AWS::IAM::Policy",
        "accessKeyId": "AWS::IAM::AccessKey",
        "instanceProfileName": "AWS::IAM::InstanceProfile",
    },
    "sts.amazonaws.com": {
        "roleArn": "AWS::IAM::Role",
        "accessKeyId": "AWS::IAM::AccessKey",
        "assumedRoleId": "AWS::STS::AssumedRole",
        "roleSessionName": "AWS::STS::AssumedRole",
    },
    "ec2.amazonaws.com": {
        "instanceId": "AWS::EC2::Instance",
        "groupId": "AWS::EC2::SecurityGroup",
        "groupName": "AWS::EC2::SecurityGroup",
        "vpcId": "AWS::EC2::VPC",
        "subnetId": "AWS::EC2::Subnet",
        "volumeId": "AWS::EC2::Volume",
        "snapshotId": "AWS::EC2::Snapshot",
        "imageId": "AWS::EC2::Ami",
        "keyName": "AWS::EC2::KeyPair",
        "networkInterfaceId": "AWS::EC2::NetworkInterface",
        "networkAclId": "AWS::EC2::NetworkAcl",
        "routeTableId": "AWS::EC2::RouteTable",
        "internetGatewayId": "AWS::EC2::InternetGateway",
        "natGatewayId": "AWS::EC2::NatGateway",
        "NatGatewayId": "AWS::EC2::NatGateway",
        "allocationId": "AWS::EC2::EIP",
        "publicIp": "AWS::EC2::EIP",
        "vpnGatewayId": "AWS::EC2::VPNGateway",
        "customerGatewayId": "AWS::EC2::CustomerGateway",
        "vpnConnectionId": "AWS::EC2::VPNConnection",
        "dhcpOptionsId": "AWS::EC2::DHCPOptions",
        "FlowLogId": "AWS::EC2::FlowLog",
    },
    "kms.amazonaws.com": {"keyId": "AWS::KMS::Key", "targetKeyId": "AWS::KMS::Key", "aliasName": "AWS::KMS::Alias"},
    "lambda.amazonaws.com": {"functionName": "AWS::Lambda::Function", "functionArn": "AWS::Lambda::Function"},
    "rds.amazonaws.com": {
        "dBInstanceIdentifier": "AWS::RDS::DBInstance",
        "dBClusterIdentifier": "AWS::RDS::DBCluster",
        "dBSnapshotIdentifier": "AWS::RDS::DBSnapshot",
        "dBSubnetGroupName": "AWS::RDS::DBSubnetGroup",
        "dBParameterGroupName": "AWS::RDS::DBParameterGroup",
    },
    "dynamodb.amazonaws.com": {"tableName": "AWS::DynamoDB::Table"},
    "sns.amazonaws.com": {"topicArn": "AWS::SNS::Topic", "subscriptionArn": "AWS::SNS::Subscription"},
    "sqs.amazonaws.com": {"queueUrl": "AWS::SQS::Queue", "queueName": "AWS::SQS::Queue"},
    "secretsmanager.amazonaws.com": {"secretId": "AWS::SecretsManager::Secret"},
    "ssm.amazonaws.com": {"documentName": "AWS::SSM::Document", "commandId": "AWS::SSM::Command"},
    "logs.amazonaws.com": {"logGroupName": "AWS::Logs::LogGroup", "logStreamName": "AWS::Logs::LogStream"},
    "monitoring.amazonaws.com": {"alarmName": "AWS::CloudWatch::Alarm", "dashboardName": "AWS::CloudWatch::Dashboard"},
    "config.amazonaws.com": {
        "configRuleName": "AWS::Config::ConfigRule",
        "configurationRecorderName": "AWS::Config::ConfigurationRecorder",
        "deliveryChannelName": "AWS::Config::DeliveryChannel",
    },
    "cloudtrail.amazonaws.com": {
        "trailARN": "AWS::CloudTrail::Trail",
        "trailName": "AWS::CloudTrail::Trail",
        "s3BucketName": "AWS::S3::Bucket",
    },
    "cloudformation.amazonaws.com": {"stackName": "AWS::CloudFormation::Stack", "stackId": "AWS::CloudFormation::Stack"},
    "autoscaling.amazonaws.com": {"autoScalingGroupName": "AWS::AutoScaling::AutoScalingGroup"},
}  # fmt: skip
"""eventSource -> recorded member -> the type of what it names."""

_NAMED: Mapping[tuple[str, str], str] = {
    ("cloudtrail.amazonaws.com", "Trail"): "AWS::CloudTrail::Trail",
    ("cloudtrail.amazonaws.com", "Logging"): "AWS::CloudTrail::Trail",
    ("ssm.amazonaws.com", "Parameter"): "AWS::SSM::Parameter",
    ("ssm.amazonaws.com", "Document"): "AWS::SSM::Document",
    ("secretsmanager.amazonaws.com", "Secret"): "AWS::SecretsManager::Secret",
    ("sns.amazonaws.com", "Topic"): "AWS::SNS::Topic",
    ("events.amazonaws.com", "Rule"): "AWS::Events::Rule",
}
"""Where ``name`` alone says what: (eventSource, the end of the operation's name) -> type."""

_MOST_RESOURCES = 50
"""Resources one event is found by: a call that names more (a batch) is found by the first ones (ours)."""


def lookup_resources(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(type, name) pairs LookupEvents answers and finds an event by, without repeats, in order of appearance."""
    source, name = record["eventSource"], record["eventName"]
    types = _TYPES.get(source, {})
    named = next((kind for (of, end), kind in _NAMED.items() if of == source and name.endswith(end)), "")
    found: dict[tuple[str, str], None] = {}
    for member in ("requestParameters", "responseElements"):
        for key, value in _scalars(record.get(member)):
            kind = types.get(key) or (named if key == "name" else "")
            if kind and value:
                found.setdefault((kind, value))
    for resource in record.get("resources", ()):
        kind = resource.get("type", "")
        if kind and "ARN" in resource and not source.startswith("s3."):  # S3 is known by bucket and key
            found.setdefault((kind, resource["ARN"]))
    return list(found)[:_MOST_RESOURCES]


def _scalars(value: Any, depth: int = 0) -> Iterator[tuple[str, str]]:
    if depth > 8:  # deeper than any resource identifier in a recorded shape
        return
    if isinstance(value, Mapping):
        for key, each in value.items():
            if isinstance(each, str):
                yield key, each
            else:
                yield from _scalars(each, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from _scalars(each, depth + 1)
