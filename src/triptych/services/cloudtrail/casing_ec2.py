"""EC2's two spellings of recorded parameters.

Operations of the old API are recorded in the element names of its XML interface: lists are sets of items
(``instancesSet: {items: [{instanceId: ...}]}``), the sets of a Describe call are there even when empty, times
are epoch milliseconds. Operations added later are recorded as the query they were:
``{"CreateFlowLogsRequest": {...}}`` with PascalCase names, ``tag`` numbering the members of a list, lists of one
collapsed. Names come from the model's wire names; the tables here hold what the model cannot know, read from
real records.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from triptych.kernel.fact import HIDDEN
from triptych.services.cloudtrail import dates
from triptych.services.cloudtrail.casing import decap, secret_of

_SECRET = secret_of("ec2")

_OLD_RESOURCES = frozenset(
    {
        "AccountAttributes", "Address", "Addresses", "AvailabilityZones", "BundleInstance", "BundleTask",
        "BundleTasks", "ClassicLinkVpc", "ClassicLinkInstances", "ConversionTask", "ConversionTasks",
        "CustomerGateway", "CustomerGateways", "DhcpOptions", "ExportTask", "ExportTasks", "Image",
        "ImageAttribute", "Images", "Instance", "InstanceAttribute", "InstanceExportTask",
        "InstanceStatus", "Instances", "InternetGateway", "InternetGateways", "KeyPair", "KeyPairs",
        "NetworkAcl", "NetworkAclAssociation", "NetworkAclEntry", "NetworkAcls", "NetworkInterface",
        "NetworkInterfaceAttribute", "NetworkInterfaces", "PasswordData", "ConsoleOutput",
        "PlacementGroup", "PlacementGroups", "PrivateIpAddresses", "ProductInstance", "Regions",
        "ReservedInstances", "ReservedInstancesListing", "ReservedInstancesListings",
        "ReservedInstancesModifications", "ReservedInstancesOffering", "ReservedInstancesOfferings",
        "Route", "RouteTable", "RouteTableAssociation", "RouteTables", "SecurityGroup",
        "SecurityGroupEgress", "SecurityGroupIngress", "SecurityGroups", "Snapshot", "SnapshotAttribute",
        "Snapshots", "SpotDatafeedSubscription", "SpotInstanceRequests", "SpotInstances",
        "SpotPriceHistory", "Subnet", "SubnetAttribute", "Subnets", "Tags", "VgwRoutePropagation",
        "Volume", "VolumeAttribute", "VolumeIO", "VolumeStatus", "Volumes", "Vpc", "VpcAttribute",
        "VpcClassicLink", "VpcPeeringConnection", "VpcPeeringConnections", "Vpcs", "VpnConnection",
        "VpnConnectionRoute", "VpnConnections", "VpnGateway", "VpnGateways",
    }
)  # fmt: skip
"""What the last XML interface could act on; every operation on anything else is of the newer kind."""

_SETS: Mapping[str, tuple[str, str]] = {
    "AllocationId": ("allocationIdsSet", "allocationId"),
    "AttributeName": ("accountAttributeNameSet", "attributeName"),
    "BlockDeviceMapping": ("blockDeviceMapping", ""),
    "DhcpOptionsId": ("dhcpOptionsSet", "dhcpOptionsId"),
    "ExecutableBy": ("executableBySet", "user"),
    "ImageId": ("imagesSet", "imageId"),
    "InstanceId": ("instancesSet", "instanceId"),
    "IpPermissions": ("ipPermissions", ""),
    "KeyName": ("keySet", "keyName"),
    "Owner": ("ownersSet", "owner"),
    "PrivateIpAddress": ("privateIpAddressesSet", "privateIpAddress"),
    "PrivateIpAddresses": ("privateIpAddressesSet", "privateIpAddress"),
    "PublicIp": ("publicIpsSet", "publicIp"),
    "RegionName": ("regionSet", "regionName"),
    "ResourceId": ("resourcesSet", "resourceId"),
    "RestorableBy": ("sharedUsersSet", "user"),
    "SecurityGroup": ("groupSet", "groupName"),
    "SecurityGroupId": ("groupSet", "groupId"),
    "SnapshotId": ("snapshotSet", "snapshotId"),
    "SubnetId": ("subnetSet", "subnetId"),
    "VolumeId": ("volumeSet", "volumeId"),
    "VpcId": ("vpcSet", "vpcId"),
    "VpnConnectionId": ("vpnConnectionSet", "vpnConnectionId"),
    "VpnGatewayId": ("vpnGatewaySet", "vpnGatewayId"),
    "CustomerGatewayId": ("customerGatewaySet", "customerGatewayId"),
    "ZoneId": ("availabilityZoneIdSet", "zoneId"),
    "ZoneName": ("availabilityZoneSet", "zoneName"),
}
"""Wire name of a list -> the set it is recorded as and what an item's scalar is called."""

_SETS_OF_OPERATION: Mapping[tuple[str, str], tuple[str, str]] = {
    ("DescribeSecurityGroups", "GroupName"): ("securityGroupSet", "groupName"),
    ("DescribeSecurityGroups", "GroupId"): ("securityGroupIdSet", "groupId"),
    ("DescribePlacementGroups", "GroupName"): ("placementGroupSet", "groupName"),
    ("DescribePlacementGroups", "GroupId"): ("placementGroupIdSet", "groupId"),
}

_ALWAYS_THERE: Mapping[str, tuple[str, ...]] = {
    "AuthorizeSecurityGroupIngress": ("ipPermissions",),
    "AuthorizeSecurityGroupEgress": ("ipPermissions",),
    "RevokeSecurityGroupIngress": ("ipPermissions",),
    "RevokeSecurityGroupEgress": ("ipPermissions",),
    "CreateNetworkInterface": ("groupSet", "privateIpAddressesSet"),
    "RunInstances": ("blockDeviceMapping",),
}
"""Sets of calls other than Describe that are recorded even when nothing was sent."""

_NOT_IN_THE_MODEL: Mapping[str, tuple[str, ...]] = {"DescribeAccountAttributes": ("filterSet",)}
_SINGULAR_ITEMS = frozenset({"DescribeVpcClassicLink", "DescribeClassicLinkInstances"})
"""Their sets hold ``item`` where all others hold ``items``; not their filters."""

_NOT_WHEN_EMPTY = frozenset({("DescribeRegions", "filterSet"), ("DescribeAvailabilityZones", "filterSet")})

_NAMES: Mapping[tuple[str, str], str] = {
    ("CreateVolume", "AvailabilityZone"): "zone",
    ("ModifyImageAttribute", "Attribute"): "attributeType",
    ("ModifySnapshotAttribute", "Attribute"): "attributeType",
    ("DescribeVpcAttribute", "Attribute"): "",
}
"""Scalars recorded under another name; an empty one is not recorded."""

_IN_FIRST_INSTANCE = ("imageId", "minCount", "maxCount", "keyName")
_RETURNS_TRUE = frozenset({"CreateSecurityGroup", "DisassociateRouteTable"})


def old_style(operation: str) -> bool:
    """Whether an operation belongs to the old API."""
    verb_end = next((i for i, letter in enumerate(operation) if i and letter.isupper()), len(operation))
    noun = operation[verb_end:]
    return noun in _OLD_RESOURCES or operation == "ModifyReservedInstances"


def request(operation: OperationModel, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """``requestParameters`` of an EC2 call from the model's member names."""
    shape = operation.input_shape
    members: Mapping[str, Shape] = shape.members if shape is not None else {}
    if not old_style(operation.name):
        content = _numbered_structure(shape, parameters) if shape is not None else {}
        return {f"{operation.name}Request": content or ""}
    out: dict[str, Any] = {}
    for name, value in parameters.items():
        member = members.get(name)
        if member is None:
            continue
        key, recorded = _top_level(operation.name, name, member, value)
        if key:
            out[key] = recorded
    for key in _empty_sets(operation.name, members):
        out.setdefault(key, {})
    if operation.name == "RunInstances":
        first = {key: out.pop(key) for key in _IN_FIRST_INSTANCE if key in out}
        out = {"instancesSet": {"items": [first]}, **out}
    return out


def response(operation: OperationModel, reply: Mapping[str, Any], request_id: str) -> dict[str, Any]:
    """``responseElements`` of a mutating EC2 call that succeeded; a reply without content is ``_return: true``."""
    shape = operation.output_shape
    if not old_style(operation.name):
        content = _xml_structure(shape, reply) if shape is not None else {}
        namespace = f"http://ec2.amazonaws.com/doc/{operation.service_model.api_version}/"
        return {f"{operation.name}Response": {"xmlns": namespace, "requestId": request_id, **content}}
    content = _structure(shape, reply) if shape is not None else {}
    returned = content.pop("return", None)
    out: dict[str, Any] = {"requestId": request_id}
    if returned is not None or not content or operation.name in _RETURNS_TRUE:
        out["_return"] = True if returned is None else returned
    return {**out, **content}


def _top_level(operation: str, name: str, member: Shape, value: Any) -> tuple[str, Any]:
    wire = _query_name(member, name)
    if not isinstance(member, ListShape):
        key = _NAMES.get((operation, name), decap(wire))
        return key, _value(member, value)
    key, item_name = _set_of(operation, wire)
    if not isinstance(value, list):
        return key, _value(member, value)
    if wire == "Filter":
        return key, _set([_filter(each) for each in value])
    if wire == "TagSpecification":
        return key, _set([_tag_specification(each) for each in value])
    items = [_item(member.member, each, item_name) for each in value]
    return key, {"item": items} if operation in _SINGULAR_ITEMS and items else _set(items)


def _set_of(operation: str, wire: str) -> tuple[str, str]:
    given = _SETS_OF_OPERATION.get((operation, wire)) or _SETS.get(wire)
    return given or (f"{decap(wire)}Set", decap(wire))


def _empty_sets(operation: str, members: Mapping[str, Shape]) -> list[str]:
    if not operation.startswith("Describe"):
        return list(_ALWAYS_THERE.get(operation, ()))
    keys = [
        _set_of(operation, _query_name(member, name))[0]
        for name, member in members.items()
        if member.type_name == "list"
    ]
    keys.extend(_NOT_IN_THE_MODEL.get(operation, ()))
    return [key for key in keys if (operation, key) not in _NOT_WHEN_EMPTY]


def _set(items: list[Any]) -> dict[str, Any]:
    return {"items": items} if items else {}


def _item(shape: Shape, value: Any, name: str) -> Any:
    return _value(shape, value) if isinstance(value, dict) else {name: _value(shape, value)}


def _filter(value: Mapping[str, Any]) -> dict[str, Any]:
    values = _set([{"value": each} for each in value.get("Values", [])])
    return {"name": value.get("Name", ""), "valueSet": values}


def _tag_specification(value: Mapping[str, Any]) -> dict[str, Any]:
    tags = [{decap(k): v for k, v in tag.items()} for tag in value.get("Tags", [])]
    return {"resourceType": value.get("ResourceType", ""), "tags": tags}


def _value(shape: Shape, value: Any) -> Any:
    """A nested value in the XML interface's names; lists are sets."""
    if value == HIDDEN:
        return _SECRET
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return _structure(shape, value)
    if isinstance(shape, ListShape) and isinstance(value, list):
        return _set([_value(shape.member, each) for each in value])
    if shape.type_name == "timestamp" and isinstance(value, str) and (moment := dates.parsed(value)):
        return dates.epoch_milliseconds(moment)
    return value


def _structure(shape: StructureShape, value: Mapping[str, Any]) -> dict[str, Any]:
    out = {
        decap(shape.members[name].serialization.get("name", name)): _value(shape.members[name], each)
        for name, each in value.items()
        if name in shape.members
    }
    if shape.name == "IpPermission":
        for key in ("groups", "ipRanges", "ipv6Ranges", "prefixListIds"):
            out.setdefault(key, {})
    return out


def _numbered_structure(shape: StructureShape, value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        _query_name(shape.members[name], name): _numbered(shape.members[name], each)
        for name, each in value.items()
        if name in shape.members
    }


def _query_name(member: Shape, name: str) -> str:
    wire = str(member.serialization.get("name", name))
    return wire[:1].upper() + wire[1:]


def _numbered(shape: Shape, value: Any) -> Any:
    """A value as the newer operations record a query: list members carry their number in ``tag``."""
    if value == HIDDEN:
        return _SECRET
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return _numbered_structure(shape, value)
    if isinstance(shape, ListShape) and isinstance(value, list):
        items: list[dict[str, Any]] = []
        for number, each in enumerate(value, 1):
            content = _numbered(shape.member, each)
            items.append({**(content if isinstance(content, dict) else {"content": content}), "tag": number})
        return items[0] if len(items) == 1 else items
    return _literal(value)


def _xml_structure(shape: StructureShape, value: Mapping[str, Any]) -> dict[str, Any]:
    return {
        str(shape.members[name].serialization.get("name", decap(name))): _xml(shape.members[name], each)
        for name, each in value.items()
        if name in shape.members
    }


def _xml(shape: Shape, value: Any) -> Any:
    """A value as the newer operations record an XML reply: empty lists are ``""``, lists of one collapse."""
    if value == HIDDEN:
        return _SECRET
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        return _xml_structure(shape, value)
    if isinstance(shape, ListShape) and isinstance(value, list):
        items = [_xml(shape.member, each) for each in value]
        return {"item": items[0] if len(items) == 1 else items} if items else ""
    return _literal(value)


def _literal(value: Any) -> Any:
    """Text that reads as a truth value is recorded as one: the query's types were lost on the way."""
    return {"true": True, "false": False}.get(value, value) if isinstance(value, str) else value
