"""AWS::EC2::SecurityGroup: a group with its rules, in the region of the calls about it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from triptych.kernel.arn import arn
from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Relationship
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch

_GROUP = "SecurityGroup"
_PAGE = 1000

# Old clients name a group of the default VPC instead of giving its id; then the groups are listed again.
_BY_ID = Touch(parameters=("GroupId",), response=("SecurityGroupRules[].GroupId",), relist=True)
_TAGGED = Touch(parameters=("Resources[]",), starts_with="sg-")
# A VPC comes and goes with its default group, which the call does not mention.
_WITH_VPC = Touch(relist=True)


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    params: dict[str, Any] = {"MaxResults": _PAGE}
    while True:
        reply = await call("ec2", "DescribeSecurityGroups", params)
        for group in reply.get("SecurityGroups", ()):
            yield group["GroupId"], {_GROUP: group}
        if not reply.get("NextToken"):
            return
        params["NextToken"] = reply["NextToken"]


async def _describe(call: Call, group_id: str) -> Replies | None:
    try:
        reply = await call("ec2", "DescribeSecurityGroups", {"GroupIds": [group_id]})
    except ServiceError as error:
        # A malformed id cannot be a group's either.
        if error.code in {"InvalidGroup.NotFound", "InvalidGroupId.Malformed"}:
            return None
        raise
    groups = reply.get("SecurityGroups") or ()
    return {_GROUP: groups[0]} if groups else None


def _resource(account: str, region: str, group_id: str, replies: Replies) -> Resource:
    group = replies[_GROUP]
    tags = {tag["Key"]: tag["Value"] for tag in group.get("Tags", ())}
    vpc = group.get("VpcId")
    return Resource(
        name=group.get("GroupName", ""),
        arn=arn("ec2", region, account, f"security-group/{group_id}"),
        availability_zone="Not Applicable",
        tags=tags,
        relationships=(
            (Relationship(name="Is contained in Vpc", resource_type="AWS::EC2::VPC", resource_id=vpc),)
            if vpc
            else ()
        ),
        configuration={
            "description": group.get("Description"),
            "groupName": group.get("GroupName"),
            "ipPermissions": [_permission(rule) for rule in group.get("IpPermissions", ())],
            "ownerId": group.get("OwnerId"),
            "groupId": group_id,
            "ipPermissionsEgress": [_permission(rule) for rule in group.get("IpPermissionsEgress", ())],
            "tags": [{"key": key, "value": value} for key, value in tags.items()],
            "vpcId": vpc,
        },
    )


def _permission(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Config keeps the addresses twice: as EC2's ranges, and plain in ``ipRanges`` as it always had them."""
    ranges = rule.get("IpRanges") or ()
    return {
        **({"fromPort": rule["FromPort"]} if "FromPort" in rule else {}),
        "ipProtocol": rule["IpProtocol"],
        "ipv6Ranges": [_described(one, CidrIpv6="cidrIpv6") for one in rule.get("Ipv6Ranges") or ()],
        "prefixListIds": [
            _described(one, PrefixListId="prefixListId") for one in rule.get("PrefixListIds") or ()
        ],
        **({"toPort": rule["ToPort"]} if "ToPort" in rule else {}),
        "userIdGroupPairs": [_pair(one) for one in rule.get("UserIdGroupPairs") or ()],
        "ipv4Ranges": [_described(one, CidrIp="cidrIp") for one in ranges],
        "ipRanges": [one["CidrIp"] for one in ranges],
    }


def _described(entry: Mapping[str, Any], **names: str) -> dict[str, Any]:
    return {
        item: entry[member]
        for member, item in {**names, "Description": "description"}.items()
        if member in entry
    }


def _pair(pair: Mapping[str, Any]) -> dict[str, Any]:
    return {name[0].lower() + name[1:]: value for name, value in pair.items()}


_CASES = (
    Case(
        name="a web group",
        resource_id="sg-aea15f371f1523329",
        replies={
            "DescribeSecurityGroups": {
                "SecurityGroups": [
                    {
                        "Description": "web tier",
                        "GroupId": "sg-aea15f371f1523329",
                        "GroupName": "web",
                        "IpPermissions": [
                            {
                                "FromPort": 22,
                                "IpProtocol": "tcp",
                                "IpRanges": [{"CidrIp": "0.0.0.0/0", "Description": "all"}],
                                "Ipv6Ranges": [{"CidrIpv6": "::/0"}],
                                "PrefixListIds": [],
                                "ToPort": 22,
                                "UserIdGroupPairs": [],
                            },
                            {
                                "FromPort": 443,
                                "IpProtocol": "tcp",
                                "IpRanges": [],
                                "Ipv6Ranges": [],
                                "PrefixListIds": [],
                                "ToPort": 443,
                                "UserIdGroupPairs": [
                                    {"GroupId": "sg-aea15f371f1523329", "UserId": "123456789012"}
                                ],
                            },
                        ],
                        "IpPermissionsEgress": [
                            {
                                "IpProtocol": "-1",
                                "IpRanges": [{"CidrIp": "0.0.0.0/0"}],
                                "Ipv6Ranges": [],
                                "PrefixListIds": [],
                                "UserIdGroupPairs": [],
                            }
                        ],
                        "OwnerId": "123456789012",
                        "SecurityGroupArn": "arn:aws:ec2:us-east-1:123456789012:security-group/sg-aea15f371f1523329",
                        "Tags": [{"Key": "team", "Value": "web"}],
                        "VpcId": "vpc-f4b1bcb67b10fc80e",
                    }
                ]
            }
        },
        expected=Resource(
            name="web",
            arn="arn:aws:ec2:us-east-1:123456789012:security-group/sg-aea15f371f1523329",
            availability_zone="Not Applicable",
            tags={"team": "web"},
            relationships=(
                Relationship(
                    name="Is contained in Vpc",
                    resource_type="AWS::EC2::VPC",
                    resource_id="vpc-f4b1bcb67b10fc80e",
                ),
            ),
            configuration={
                "description": "web tier",
                "groupName": "web",
                "ipPermissions": [
                    {
                        "fromPort": 22,
                        "ipProtocol": "tcp",
                        "ipv6Ranges": [{"cidrIpv6": "::/0"}],
                        "prefixListIds": [],
                        "toPort": 22,
                        "userIdGroupPairs": [],
                        "ipv4Ranges": [{"cidrIp": "0.0.0.0/0", "description": "all"}],
                        "ipRanges": ["0.0.0.0/0"],
                    },
                    {
                        "fromPort": 443,
                        "ipProtocol": "tcp",
                        "ipv6Ranges": [],
                        "prefixListIds": [],
                        "toPort": 443,
                        "userIdGroupPairs": [{"groupId": "sg-aea15f371f1523329", "userId": "123456789012"}],
                        "ipv4Ranges": [],
                        "ipRanges": [],
                    },
                ],
                "ownerId": "123456789012",
                "groupId": "sg-aea15f371f1523329",
                "ipPermissionsEgress": [
                    {
                        "ipProtocol": "-1",
                        "ipv6Ranges": [],
                        "prefixListIds": [],
                        "userIdGroupPairs": [],
                        "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}],
                        "ipRanges": ["0.0.0.0/0"],
                    }
                ],
                "tags": [{"key": "team", "value": "web"}],
                "vpcId": "vpc-f4b1bcb67b10fc80e",
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="sg-0123456789abcdef0",
        replies={"DescribeSecurityGroups": ServiceError("InvalidGroup.NotFound", "It does not exist")},
        expected=None,
    ),
)

TYPE = ResourceType(
    name="AWS::EC2::SecurityGroup",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("ec2", "CreateSecurityGroup"): Touch(response=("GroupId",)),
        ("ec2", "DeleteSecurityGroup"): Touch(parameters=("GroupId",), response=("GroupId",), relist=True),
        ("ec2", "AuthorizeSecurityGroupIngress"): _BY_ID,
        ("ec2", "AuthorizeSecurityGroupEgress"): _BY_ID,
        ("ec2", "RevokeSecurityGroupIngress"): Touch(parameters=("GroupId",), relist=True),
        ("ec2", "RevokeSecurityGroupEgress"): Touch(parameters=("GroupId",), relist=True),
        ("ec2", "ModifySecurityGroupRules"): Touch(parameters=("GroupId",)),
        ("ec2", "UpdateSecurityGroupRuleDescriptionsIngress"): Touch(parameters=("GroupId",), relist=True),
        ("ec2", "UpdateSecurityGroupRuleDescriptionsEgress"): Touch(parameters=("GroupId",), relist=True),
        ("ec2", "CreateTags"): _TAGGED,
        ("ec2", "DeleteTags"): _TAGGED,
        ("ec2", "CreateVpc"): _WITH_VPC,
        ("ec2", "CreateDefaultVpc"): _WITH_VPC,
        ("ec2", "DeleteVpc"): _WITH_VPC,
    },
    # Recorded items carry the tags here too, and the name of a group referred to by an egress rule.
    beyond_schema=("configuration.tags.", "configuration.ipPermissionsEgress.userIdGroupPairs.groupName"),
    cases=_CASES,
)
