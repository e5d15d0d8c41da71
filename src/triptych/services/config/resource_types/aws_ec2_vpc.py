"""AWS::EC2::VPC: a network with its address blocks, and what is in it as relationships."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

from triptych.kernel.arn import arn
from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Relationship
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import configuration, pages, tag_map

_VPC = "Vpc"
_SHAPE = ("ec2", "DescribeVpcs", "Vpcs[]")

# What is in a VPC: operation, filter, entries, id, relationship, type.
_WITHIN = (
    ("DescribeInstances", "vpc-id", "Reservations", "InstanceId", "Contains Instance", "Instance"),
    ("DescribeNetworkInterfaces", "vpc-id", "NetworkInterfaces", "NetworkInterfaceId", "Contains NetworkInterface", "NetworkInterface"),
    ("DescribeNetworkAcls", "vpc-id", "NetworkAcls", "NetworkAclId", "Contains NetworkAcl", "NetworkAcl"),
    ("DescribeRouteTables", "vpc-id", "RouteTables", "RouteTableId", "Contains RouteTable", "RouteTable"),
    ("DescribeSubnets", "vpc-id", "Subnets", "SubnetId", "Contains Subnet", "Subnet"),
    ("DescribeSecurityGroups", "vpc-id", "SecurityGroups", "GroupId", "Is associated with SecurityGroup", "SecurityGroup"),
    ("DescribeInternetGateways", "attachment.vpc-id", "InternetGateways", "InternetGatewayId", "Is attached to InternetGateway", "InternetGateway"),
    ("DescribeVpnGateways", "attachment.vpc-id", "VpnGateways", "VpnGatewayId", "Is attached to VpnGateway", "VPNGateway"),
)  # fmt: skip


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for vpc in pages(call, "ec2", "DescribeVpcs", {"MaxResults": 1000}, entries="Vpcs"):
        yield vpc["VpcId"], None


async def _describe(call: Call, vpc_id: str) -> Replies | None:
    try:
        reply = await call("ec2", "DescribeVpcs", {"VpcIds": [vpc_id]})
    except ServiceError as error:
        if error.code in {"InvalidVpcID.NotFound", "InvalidVpcID.Malformed"}:
            return None
        raise
    if not reply.get("Vpcs"):
        return None
    found = await asyncio.gather(
        *(_within(call, vpc_id, operation, by, entries) for operation, by, entries, *_ in _WITHIN)
    )
    return {_VPC: reply["Vpcs"][0]} | dict(zip((one[0] for one in _WITHIN), found, strict=True))


async def _within(call: Call, vpc_id: str, operation: str, by: str, entries: str) -> list[Any]:
    """What one listing has of this VPC; a cloud without the feature has nothing of it."""
    params = {"Filters": [{"Name": by, "Values": [vpc_id]}]}
    try:
        return [entry async for entry in pages(call, "ec2", operation, params, entries=entries)]
    except ServiceError as error:
        if error.code in {"NotImplemented", "UnsupportedOperation", "InvalidAction"}:
            return []
        raise


def _resource(account: str, region: str, vpc_id: str, replies: Replies) -> Resource:
    vpc = replies[_VPC]
    return Resource(
        arn=arn("ec2", region, account, f"vpc/{vpc_id}"),
        availability_zone="Multiple Availability Zones",
        tags=tag_map(vpc.get("Tags")),
        relationships=tuple(
            Relationship(name=name, resource_type=f"AWS::EC2::{kind}", resource_id=resource_id)
            for operation, _, _, member, name, kind in _WITHIN
            for resource_id in _ids(replies[operation], member)
        ),
        configuration=configuration(
            _SHAPE, vpc, lists="cidrBlockAssociationSet ipv6CidrBlockAssociationSet tags"
        ),
    )


def _ids(entries: list[Mapping[str, Any]], member: str) -> list[str]:
    """The ids, in an order of their own; instances stand within reservations, and terminated ones nowhere."""
    if member == "InstanceId":
        entries = [
            instance
            for reservation in entries
            for instance in reservation.get("Instances") or ()
            if (instance.get("State") or {}).get("Name") != "terminated"
        ]
    return sorted(entry[member] for entry in entries)


_CASES = (
    Case(
        name="a network with a subnet and an instance",
        resource_id="vpc-f4b1bcb67b10fc80e",
        replies={
            "DescribeVpcs": {
                "Vpcs": [
                    {
                        "CidrBlock": "10.0.0.0/16",
                        "CidrBlockAssociationSet": [
                            {
                                "AssociationId": "vpc-cidr-assoc-1",
                                "CidrBlock": "10.0.0.0/16",
                                "CidrBlockState": {"State": "associated"},
                            }
                        ],
                        "DhcpOptionsId": "default",
                        "InstanceTenancy": "default",
                        "Ipv6CidrBlockAssociationSet": [],
                        "IsDefault": False,
                        "OwnerId": "123456789012",
                        "State": "available",
                        "Tags": [{"Key": "team", "Value": "web"}],
                        "VpcId": "vpc-f4b1bcb67b10fc80e",
                    }
                ]
            },
            "DescribeInstances": {
                "Reservations": [
                    {
                        "Instances": [
                            {"InstanceId": "i-2", "State": {"Name": "running"}},
                            {"InstanceId": "i-1", "State": {"Name": "stopped"}},
                            {"InstanceId": "i-0", "State": {"Name": "terminated"}},
                        ]
                    }
                ]
            },
            "DescribeNetworkInterfaces": {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1"}]},
            "DescribeNetworkAcls": {"NetworkAcls": [{"NetworkAclId": "acl-1"}]},
            "DescribeRouteTables": {"RouteTables": [{"RouteTableId": "rtb-1"}]},
            "DescribeSubnets": {"Subnets": [{"SubnetId": "subnet-1"}]},
            "DescribeSecurityGroups": {"SecurityGroups": [{"GroupId": "sg-1"}]},
            "DescribeInternetGateways": {"InternetGateways": [{"InternetGatewayId": "igw-1"}]},
            "DescribeVpnGateways": ServiceError("NotImplemented", "not built", status=501),
        },
        expected=Resource(
            arn="arn:aws:ec2:us-east-1:123456789012:vpc/vpc-f4b1bcb67b10fc80e",
            availability_zone="Multiple Availability Zones",
            tags={"team": "web"},
            relationships=(
                Relationship(name="Contains Instance", resource_type="AWS::EC2::Instance", resource_id="i-1"),
                Relationship(name="Contains Instance", resource_type="AWS::EC2::Instance", resource_id="i-2"),
                Relationship(
                    name="Contains NetworkInterface",
                    resource_type="AWS::EC2::NetworkInterface",
                    resource_id="eni-1",
                ),
                Relationship(
                    name="Contains NetworkAcl", resource_type="AWS::EC2::NetworkAcl", resource_id="acl-1"
                ),
                Relationship(
                    name="Contains RouteTable", resource_type="AWS::EC2::RouteTable", resource_id="rtb-1"
                ),
                Relationship(
                    name="Contains Subnet", resource_type="AWS::EC2::Subnet", resource_id="subnet-1"
                ),
                Relationship(
                    name="Is associated with SecurityGroup",
                    resource_type="AWS::EC2::SecurityGroup",
                    resource_id="sg-1",
                ),
                Relationship(
                    name="Is attached to InternetGateway",
                    resource_type="AWS::EC2::InternetGateway",
                    resource_id="igw-1",
                ),
            ),
            configuration={
                "cidrBlockAssociationSet": [
                    {
                        "associationId": "vpc-cidr-assoc-1",
                        "cidrBlock": "10.0.0.0/16",
                        "cidrBlockState": {"state": "associated"},
                    }
                ],
                "ipv6CidrBlockAssociationSet": [],
                "tags": [{"key": "team", "value": "web"}],
                "cidrBlock": "10.0.0.0/16",
                "dhcpOptionsId": "default",
                "instanceTenancy": "default",
                "isDefault": False,
                "ownerId": "123456789012",
                "state": "available",
                "vpcId": "vpc-f4b1bcb67b10fc80e",
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="vpc-0123456789abcdef0",
        replies={"DescribeVpcs": ServiceError("InvalidVpcID.NotFound", "It does not exist")},
        expected=None,
    ),
)

_TAGGED = Touch(parameters=("Resources[]",), starts_with="vpc-")
_ONE = Touch(parameters=("VpcId",))
_MADE = Touch(response=("Vpc.VpcId",))
# What was in a VPC is gone, and the call does not say which VPC that was.
_SOME = Touch(relist=True)

TYPE = ResourceType(
    name="AWS::EC2::VPC",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("ec2", "CreateVpc"): _MADE,
        ("ec2", "CreateDefaultVpc"): _MADE,
        ("ec2", "DeleteVpc"): _ONE,
        ("ec2", "ModifyVpcTenancy"): _ONE,
        ("ec2", "AssociateDhcpOptions"): _ONE,
        ("ec2", "AssociateVpcCidrBlock"): _ONE,
        ("ec2", "DisassociateVpcCidrBlock"): Touch(response=("VpcId",), relist=True),
        ("ec2", "AttachInternetGateway"): _ONE,
        ("ec2", "DetachInternetGateway"): _ONE,
        ("ec2", "AttachVpnGateway"): _ONE,
        ("ec2", "DetachVpnGateway"): _ONE,
        ("ec2", "CreateSubnet"): _ONE,
        ("ec2", "CreateRouteTable"): _ONE,
        ("ec2", "CreateNetworkAcl"): _ONE,
        ("ec2", "CreateSecurityGroup"): Touch(parameters=("VpcId",), relist=True),
        ("ec2", "CreateNetworkInterface"): Touch(response=("NetworkInterface.VpcId",), relist=True),
        ("ec2", "RunInstances"): Touch(response=("Instances[].VpcId",), relist=True),
        ("ec2", "TerminateInstances"): _SOME,
        ("ec2", "DeleteSubnet"): _SOME,
        ("ec2", "DeleteRouteTable"): _SOME,
        ("ec2", "DeleteNetworkAcl"): _SOME,
        ("ec2", "DeleteSecurityGroup"): _SOME,
        ("ec2", "DeleteNetworkInterface"): _SOME,
        ("ec2", "CreateTags"): _TAGGED,
        ("ec2", "DeleteTags"): _TAGGED,
    },
    beyond_schema=("configuration.tags.",),
    cases=_CASES,
)
