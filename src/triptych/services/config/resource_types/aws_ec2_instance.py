"""AWS::EC2::Instance: an instance with its network, volumes and groups; terminated, it is gone."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from triptych.kernel.arn import arn
from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Relationship
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import configuration, pages, tag_map

_INSTANCE = "Instance"
_SHAPE = ("ec2", "DescribeInstances", "Reservations[].Instances[]")
_MISSING = frozenset({"InvalidInstanceID.NotFound", "InvalidInstanceID.Malformed"})

# What recorded items have with null or nothing in it; other members are absent unless EC2 tells them.
_NULLS = (
    "kernelId ramdiskId platform publicIpAddress stateReason instanceLifecycle spotInstanceRequestId "
    "iamInstanceProfile sriovNetSupport keyName subnetId vpcId privateIpAddress capacityReservationId"
)
_LISTS = "productCodes blockDeviceMappings tags securityGroups networkInterfaces"


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for reservation in pages(
        call, "ec2", "DescribeInstances", {"MaxResults": 1000}, entries="Reservations"
    ):
        for instance in _living(reservation):
            yield instance["InstanceId"], {_INSTANCE: instance}


async def _describe(call: Call, instance_id: str) -> Replies | None:
    try:
        reply = await call("ec2", "DescribeInstances", {"InstanceIds": [instance_id]})
    except ServiceError as error:
        if error.code in _MISSING:
            return None
        raise
    for reservation in reply.get("Reservations") or ():
        for instance in _living(reservation):
            return {_INSTANCE: instance}
    return None


def _living(reservation: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """EC2 still shows a terminated instance for an hour; to Config it is deleted."""
    for instance in reservation.get("Instances") or ():
        if (instance.get("State") or {}).get("Name") != "terminated":
            yield instance


def _resource(account: str, region: str, instance_id: str, replies: Replies) -> Resource:
    instance = replies[_INSTANCE]
    shown = configuration(_SHAPE, instance, nulls=_NULLS, lists=_LISTS)
    return Resource(
        arn=arn("ec2", region, account, f"instance/{instance_id}"),
        availability_zone=(instance.get("Placement") or {}).get("AvailabilityZone") or "Not Applicable",
        created=instance.get("LaunchTime"),
        tags=tag_map(instance.get("Tags")),
        relationships=tuple(_relationships(shown)),
        configuration=shown,
    )


def _relationships(shown: Mapping[str, Any]) -> Iterator[Relationship]:
    related = [
        ("Contains NetworkInterface", "NetworkInterface", [one["networkInterfaceId"] for one in shown["networkInterfaces"]]),
        ("Is associated with SecurityGroup", "SecurityGroup", [one["groupId"] for one in shown["securityGroups"]]),
        ("Is contained in Host", "Host", [(shown.get("placement") or {}).get("hostId")]),
        ("Is contained in Subnet", "Subnet", [shown["subnetId"]]),
        ("Is attached to Volume", "Volume", [(one.get("ebs") or {}).get("volumeId") for one in shown["blockDeviceMappings"]]),
        ("Is contained in Vpc", "VPC", [shown["vpcId"]]),
    ]  # fmt: skip
    for name, kind, ids in related:
        for resource_id in ids:
            if resource_id:
                yield Relationship(name=name, resource_type=f"AWS::EC2::{kind}", resource_id=resource_id)


_CASES = (
    Case(
        name="an instance in a subnet",
        resource_id="i-0e8d9d3a6a7f3c001",
        replies={
            "DescribeInstances": {
                "Reservations": [
                    {
                        "ReservationId": "r-1",
                        "Instances": [
                            {
                                "AmiLaunchIndex": 0,
                                "Architecture": "x86_64",
                                "BlockDeviceMappings": [
                                    {
                                        "DeviceName": "/dev/sda1",
                                        "Ebs": {
                                            "AttachTime": datetime(2026, 11, 20, 11, 37, 14, tzinfo=UTC),
                                            "DeleteOnTermination": True,
                                            "Status": "attached",
                                            "VolumeId": "vol-1",
                                        },
                                    }
                                ],
                                "BootMode": "uefi",
                                "CapacityReservationSpecification": {"CapacityReservationPreference": "open"},
                                "ClientToken": "ABCDE0000000000003",
                                "CpuOptions": {"CoreCount": 1, "ThreadsPerCore": 2},
                                "CurrentInstanceBootMode": "uefi",
                                "EbsOptimized": False,
                                "ElasticGpuAssociations": [],
                                "ElasticInferenceAcceleratorAssociations": [],
                                "EnaSupport": True,
                                "EnclaveOptions": {"Enabled": False},
                                "HibernationOptions": {"Configured": False},
                                "Hypervisor": "xen",
                                "IamInstanceProfile": {
                                    "Arn": "arn:aws:iam::123456789012:instance-profile/web",
                                    "Id": "AIPAZ26J0VFAXNTTUHD6V",
                                },
                                "ImageId": "ami-12c6146b",
                                "InstanceId": "i-0e8d9d3a6a7f3c001",
                                "InstanceType": "t3.micro",
                                "Ipv6Address": "2001:db8::1",
                                "KeyName": "web",
                                "LaunchTime": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
                                "MaintenanceOptions": {"AutoRecovery": "default"},
                                "MetadataOptions": {
                                    "HttpEndpoint": "enabled",
                                    "HttpPutResponseHopLimit": 1,
                                    "HttpTokens": "optional",
                                    "State": "applied",
                                },
                                "Monitoring": {"State": "disabled"},
                                "NetworkInterfaces": [
                                    {
                                        "Association": {"IpOwnerId": "amazon", "PublicIp": "54.214.1.2"},
                                        "Attachment": {
                                            "AttachmentId": "eni-attach-1",
                                            "DeleteOnTermination": True,
                                            "DeviceIndex": 0,
                                            "Status": "attached",
                                        },
                                        "Groups": [{"GroupId": "sg-1", "GroupName": "web"}],
                                        "NetworkInterfaceId": "eni-1",
                                        "PrivateIpAddress": "10.0.0.4",
                                        "SubnetId": "subnet-1",
                                        "VpcId": "vpc-1",
                                    }
                                ],
                                "OutpostArn": "arn:aws:outposts:us-east-1:123456789012:outpost/op-1",
                                "Placement": {
                                    "AvailabilityZone": "us-east-1a",
                                    "GroupName": "",
                                    "HostId": "h-1",
                                    "Tenancy": "host",
                                },
                                "PlatformDetails": "Linux/UNIX",
                                "PrivateDnsName": "ip-10-0-0-4.ec2.internal",
                                "PrivateDnsNameOptions": {"HostnameType": "ip-name"},
                                "PrivateIpAddress": "10.0.0.4",
                                "PublicDnsName": "ec2-54-214-1-2.compute-1.amazonaws.com",
                                "PublicIpAddress": "54.214.1.2",
                                "RootDeviceName": "/dev/sda1",
                                "RootDeviceType": "ebs",
                                "SecurityGroups": [{"GroupId": "sg-1", "GroupName": "web"}],
                                "SourceDestCheck": True,
                                "State": {"Code": 16, "Name": "running"},
                                "StateTransitionReason": "",
                                "SubnetId": "subnet-1",
                                "Tags": [{"Key": "Name", "Value": "web"}],
                                "TpmSupport": "v2.0",
                                "UsageOperation": "RunInstances",
                                "UsageOperationUpdateTime": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
                                "VirtualizationType": "hvm",
                                "VpcId": "vpc-1",
                            }
                        ],
                    }
                ]
            }
        },
        expected=Resource(
            arn="arn:aws:ec2:us-east-1:123456789012:instance/i-0e8d9d3a6a7f3c001",
            availability_zone="us-east-1a",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            tags={"Name": "web"},
            relationships=(
                Relationship(
                    name="Contains NetworkInterface",
                    resource_type="AWS::EC2::NetworkInterface",
                    resource_id="eni-1",
                ),
                Relationship(
                    name="Is associated with SecurityGroup",
                    resource_type="AWS::EC2::SecurityGroup",
                    resource_id="sg-1",
                ),
                Relationship(name="Is contained in Host", resource_type="AWS::EC2::Host", resource_id="h-1"),
                Relationship(
                    name="Is contained in Subnet", resource_type="AWS::EC2::Subnet", resource_id="subnet-1"
                ),
                Relationship(
                    name="Is attached to Volume", resource_type="AWS::EC2::Volume", resource_id="vol-1"
                ),
                Relationship(name="Is contained in Vpc", resource_type="AWS::EC2::VPC", resource_id="vpc-1"),
            ),
            configuration={
                "kernelId": None,
                "ramdiskId": None,
                "platform": None,
                "publicIpAddress": "54.214.1.2",
                "stateReason": None,
                "instanceLifecycle": None,
                "spotInstanceRequestId": None,
                "iamInstanceProfile": {
                    "arn": "arn:aws:iam::123456789012:instance-profile/web",
                    "id": "AIPAZ26J0VFAXNTTUHD6V",
                },
                "sriovNetSupport": None,
                "keyName": "web",
                "subnetId": "subnet-1",
                "vpcId": "vpc-1",
                "privateIpAddress": "10.0.0.4",
                "capacityReservationId": None,
                "productCodes": [],
                "blockDeviceMappings": [
                    {
                        "deviceName": "/dev/sda1",
                        "ebs": {
                            "attachTime": "2026-11-20T11:37:14.000Z",
                            "deleteOnTermination": True,
                            "status": "attached",
                            "volumeId": "vol-1",
                        },
                    }
                ],
                "tags": [{"key": "Name", "value": "web"}],
                "securityGroups": [{"groupId": "sg-1", "groupName": "web"}],
                "networkInterfaces": [
                    {
                        "association": {"ipOwnerId": "amazon", "publicIp": "54.214.1.2"},
                        "attachment": {
                            "attachmentId": "eni-attach-1",
                            "deleteOnTermination": True,
                            "deviceIndex": 0,
                            "status": "attached",
                        },
                        "groups": [{"groupId": "sg-1", "groupName": "web"}],
                        "networkInterfaceId": "eni-1",
                        "privateIpAddress": "10.0.0.4",
                        "subnetId": "subnet-1",
                        "vpcId": "vpc-1",
                    }
                ],
                "amiLaunchIndex": 0,
                "architecture": "x86_64",
                "bootMode": "uefi",
                "capacityReservationSpecification": {"capacityReservationPreference": "open"},
                "clientToken": "ABCDE0000000000003",
                "cpuOptions": {"coreCount": 1, "threadsPerCore": 2},
                "currentInstanceBootMode": "uefi",
                "ebsOptimized": False,
                "elasticGpuAssociations": [],
                "elasticInferenceAcceleratorAssociations": [],
                "enaSupport": True,
                "enclaveOptions": {"enabled": False},
                "hibernationOptions": {"configured": False},
                "hypervisor": "xen",
                "imageId": "ami-12c6146b",
                "instanceId": "i-0e8d9d3a6a7f3c001",
                "instanceType": "t3.micro",
                "ipv6Address": "2001:db8::1",
                "launchTime": "2026-11-20T11:37:13.000Z",
                "maintenanceOptions": {"autoRecovery": "default"},
                "metadataOptions": {
                    "httpEndpoint": "enabled",
                    "httpPutResponseHopLimit": 1,
                    "httpTokens": "optional",
                    "state": "applied",
                },
                "monitoring": {"state": "disabled"},
                "outpostArn": "arn:aws:outposts:us-east-1:123456789012:outpost/op-1",
                "placement": {
                    "availabilityZone": "us-east-1a",
                    "groupName": "",
                    "hostId": "h-1",
                    "tenancy": "host",
                },
                "platformDetails": "Linux/UNIX",
                "privateDnsName": "ip-10-0-0-4.ec2.internal",
                "privateDnsNameOptions": {"hostnameType": "ip-name"},
                "publicDnsName": "ec2-54-214-1-2.compute-1.amazonaws.com",
                "rootDeviceName": "/dev/sda1",
                "rootDeviceType": "ebs",
                "sourceDestCheck": True,
                "state": {"code": 16, "name": "running"},
                "stateTransitionReason": "",
                "tpmSupport": "v2.0",
                "usageOperation": "RunInstances",
                "usageOperationUpdateTime": "2026-11-20T11:37:13.000Z",
                "virtualizationType": "hvm",
            },
        ),
    ),
    Case(
        name="terminated",
        resource_id="i-0e8d9d3a6a7f3c002",
        replies={
            "DescribeInstances": {
                "Reservations": [
                    {"Instances": [{"InstanceId": "i-0e8d9d3a6a7f3c002", "State": {"Name": "terminated"}}]}
                ]
            }
        },
        expected=None,
    ),
    Case(
        name="forgotten",
        resource_id="i-0e8d9d3a6a7f3c003",
        replies={"DescribeInstances": ServiceError("InvalidInstanceID.NotFound", "It does not exist")},
        expected=None,
    ),
)

_ONE = Touch(parameters=("InstanceId",), relist=True)
_MANY = Touch(parameters=("InstanceIds[]",))
_TAGGED = Touch(parameters=("Resources[]",), starts_with="i-")
# The call names an association or an interface, not the instance at its other end.
_SOME = Touch(relist=True)

TYPE = ResourceType(
    name="AWS::EC2::Instance",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("ec2", "RunInstances"): Touch(response=("Instances[].InstanceId",)),
        ("ec2", "StartInstances"): _MANY,
        ("ec2", "StopInstances"): _MANY,
        ("ec2", "TerminateInstances"): _MANY,
        ("ec2", "MonitorInstances"): _MANY,
        ("ec2", "UnmonitorInstances"): _MANY,
        ("ec2", "ModifyInstanceAttribute"): _ONE,
        ("ec2", "ResetInstanceAttribute"): _ONE,
        ("ec2", "ModifyInstanceCapacityReservationAttributes"): _ONE,
        ("ec2", "ModifyInstanceCpuOptions"): _ONE,
        ("ec2", "ModifyInstanceMaintenanceOptions"): _ONE,
        ("ec2", "ModifyInstanceMetadataOptions"): _ONE,
        ("ec2", "ModifyInstanceNetworkPerformanceOptions"): _ONE,
        ("ec2", "ModifyInstancePlacement"): _ONE,
        ("ec2", "ModifyPrivateDnsNameOptions"): _ONE,
        ("ec2", "AssociateIamInstanceProfile"): _ONE,
        ("ec2", "DisassociateIamInstanceProfile"): Touch(
            response=("IamInstanceProfileAssociation.InstanceId",), relist=True
        ),
        ("ec2", "ReplaceIamInstanceProfileAssociation"): Touch(
            response=("IamInstanceProfileAssociation.InstanceId",), relist=True
        ),
        ("ec2", "AttachVolume"): _ONE,
        ("ec2", "DetachVolume"): Touch(
            parameters=("InstanceId",), response=("InstanceId",), starts_with="i-", relist=True
        ),
        ("ec2", "CreateReplaceRootVolumeTask"): _ONE,
        ("ec2", "AttachNetworkInterface"): _ONE,
        ("ec2", "DetachNetworkInterface"): _SOME,
        ("ec2", "ModifyNetworkInterfaceAttribute"): _SOME,
        ("ec2", "AssignPrivateIpAddresses"): _SOME,
        ("ec2", "UnassignPrivateIpAddresses"): _SOME,
        ("ec2", "AssociateAddress"): _ONE,
        ("ec2", "DisassociateAddress"): _SOME,
        ("ec2", "CreateTags"): _TAGGED,
        ("ec2", "DeleteTags"): _TAGGED,
    },
    beyond_schema=(
        "configuration.tags.",
        "configuration.sriovNetSupport",
        "configuration.networkInterfaces.",
    ),
    cases=_CASES,
)
