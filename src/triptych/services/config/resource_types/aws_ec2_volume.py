"""AWS::EC2::Volume: an EBS volume with its attachments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime

from triptych.kernel.arn import arn
from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Relationship
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import configuration, pages, tag_map

_VOLUME = "Volume"
_SHAPE = ("ec2", "DescribeVolumes", "Volumes[]")
_MISSING = frozenset({"InvalidVolume.NotFound", "InvalidVolumeID.Malformed", "InvalidParameterValue"})


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for volume in pages(call, "ec2", "DescribeVolumes", {"MaxResults": 500}, entries="Volumes"):
        yield volume["VolumeId"], {_VOLUME: volume}


async def _describe(call: Call, volume_id: str) -> Replies | None:
    try:
        reply = await call("ec2", "DescribeVolumes", {"VolumeIds": [volume_id]})
    except ServiceError as error:
        if error.code in _MISSING:
            return None
        raise
    volumes = reply.get("Volumes") or ()
    return {_VOLUME: volumes[0]} if volumes else None


def _resource(account: str, region: str, volume_id: str, replies: Replies) -> Resource:
    volume = replies[_VOLUME]
    shown = configuration(_SHAPE, volume, nulls="kmsKeyId iops throughput", lists="attachments tags")
    return Resource(
        arn=arn("ec2", region, account, f"volume/{volume_id}"),
        availability_zone=volume.get("AvailabilityZone") or "Not Applicable",
        created=volume.get("CreateTime"),
        tags=tag_map(volume.get("Tags")),
        relationships=tuple(
            Relationship(
                name="Is attached to Instance",
                resource_type="AWS::EC2::Instance",
                resource_id=one["instanceId"],
            )
            for one in shown["attachments"]
            if one.get("instanceId")
        ),
        configuration=shown,
    )


_CASES = (
    Case(
        name="an attached volume",
        resource_id="vol-0a1b2c3d4e5f60001",
        replies={
            "DescribeVolumes": {
                "Volumes": [
                    {
                        "Attachments": [
                            {
                                "AttachTime": datetime(2026, 11, 20, 11, 40, tzinfo=UTC),
                                "DeleteOnTermination": False,
                                "Device": "/dev/sdf",
                                "InstanceId": "i-0e8d9d3a6a7f3c001",
                                "State": "attached",
                                "VolumeId": "vol-0a1b2c3d4e5f60001",
                            }
                        ],
                        "AvailabilityZone": "us-east-1a",
                        "CreateTime": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
                        "Encrypted": True,
                        "FastRestored": False,
                        "Iops": 3000,
                        "KmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k",
                        "MultiAttachEnabled": False,
                        "OutpostArn": "arn:aws:outposts:us-east-1:123456789012:outpost/op-1",
                        "Size": 8,
                        "SnapshotId": "",
                        "State": "in-use",
                        "Tags": [{"Key": "team", "Value": "web"}],
                        "Throughput": 125,
                        "VolumeId": "vol-0a1b2c3d4e5f60001",
                        "VolumeType": "gp3",
                    }
                ]
            }
        },
        expected=Resource(
            arn="arn:aws:ec2:us-east-1:123456789012:volume/vol-0a1b2c3d4e5f60001",
            availability_zone="us-east-1a",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            tags={"team": "web"},
            relationships=(
                Relationship(
                    name="Is attached to Instance",
                    resource_type="AWS::EC2::Instance",
                    resource_id="i-0e8d9d3a6a7f3c001",
                ),
            ),
            configuration={
                "kmsKeyId": "arn:aws:kms:us-east-1:123456789012:key/k",
                "iops": 3000,
                "throughput": 125,
                "attachments": [
                    {
                        "attachTime": "2026-11-20T11:40:00.000Z",
                        "deleteOnTermination": False,
                        "device": "/dev/sdf",
                        "instanceId": "i-0e8d9d3a6a7f3c001",
                        "state": "attached",
                        "volumeId": "vol-0a1b2c3d4e5f60001",
                    }
                ],
                "tags": [{"key": "team", "value": "web"}],
                "availabilityZone": "us-east-1a",
                "createTime": "2026-11-20T11:37:13.000Z",
                "encrypted": True,
                "fastRestored": False,
                "multiAttachEnabled": False,
                "outpostArn": "arn:aws:outposts:us-east-1:123456789012:outpost/op-1",
                "size": 8,
                "snapshotId": "",
                "state": "in-use",
                "volumeId": "vol-0a1b2c3d4e5f60001",
                "volumeType": "gp3",
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="vol-0a1b2c3d4e5f60002",
        replies={"DescribeVolumes": ServiceError("InvalidVolume.NotFound", "It does not exist")},
        expected=None,
    ),
)

_TAGGED = Touch(parameters=("Resources[]",), starts_with="vol-")
_ONE = Touch(parameters=("VolumeId",))
# Instances come and go with volumes the call does not name.
_WITH_INSTANCE = Touch(relist=True)

TYPE = ResourceType(
    name="AWS::EC2::Volume",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("ec2", "CreateVolume"): Touch(response=("VolumeId",)),
        ("ec2", "CopyVolumes"): Touch(response=("Volumes[].VolumeId",)),
        ("ec2", "RestoreVolumeFromRecycleBin"): _ONE,
        ("ec2", "DeleteVolume"): _ONE,
        ("ec2", "AttachVolume"): _ONE,
        ("ec2", "DetachVolume"): _ONE,
        ("ec2", "ModifyVolume"): _ONE,
        ("ec2", "RunInstances"): _WITH_INSTANCE,
        ("ec2", "TerminateInstances"): _WITH_INSTANCE,
        ("ec2", "ModifyInstanceAttribute"): _WITH_INSTANCE,
        ("ec2", "CreateReplaceRootVolumeTask"): _WITH_INSTANCE,
        ("ec2", "CreateTags"): _TAGGED,
        ("ec2", "DeleteTags"): _TAGGED,
    },
    beyond_schema=("configuration.tags.",),
    cases=_CASES,
)
