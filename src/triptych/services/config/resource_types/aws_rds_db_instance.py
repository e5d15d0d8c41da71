"""AWS::RDS::DBInstance: a database instance. Its id is the DbiResourceId, which survives renaming."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import Relationship
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import configuration, pages, tag_list, tag_map

_DB = "DBInstance"
_SHAPE = ("rds", "DescribeDBInstances", "DBInstances[]")
_NULLS = (
    "availabilityZone awsBackupRecoveryPointArn characterSetName customerOwnedIpEnabled dBClusterIdentifier dBName "
    "endpoint enhancedMonitoringResourceArn iops kmsKeyId listenerEndpoint maxAllocatedStorage monitoringInterval "
    "monitoringRoleArn ncharCharacterSetName performanceInsightsEnabled performanceInsightsKMSKeyId "
    "performanceInsightsRetentionPeriod promotionTier readReplicaSourceDBInstanceIdentifier replicaMode "
    "secondaryAvailabilityZone tdeCredentialArn timezone dBSubnetGroup pendingModifiedValues"
)
_LISTS = (
    "associatedRoles dBInstanceAutomatedBackupsReplications dBParameterGroups dBSecurityGroups domainMemberships "
    "enabledCloudwatchLogsExports optionGroupMemberships processorFeatures readReplicaDBClusterIdentifiers "
    "readReplicaDBInstanceIdentifiers statusInfos vpcSecurityGroups"
)


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for instance in _instances(call, {"MaxRecords": 100}):
        yield instance["DbiResourceId"], {_DB: instance}


def _instances(call: Call, params: Mapping[str, Any]) -> AsyncIterator[Any]:
    return pages(
        call, "rds", "DescribeDBInstances", params, entries="DBInstances", token=("Marker", "Marker")
    )


async def _describe(call: Call, resource_id: str) -> Replies | None:
    try:
        async for instance in _instances(
            call, {"Filters": [{"Name": "dbi-resource-id", "Values": [resource_id]}]}
        ):
            return {_DB: instance}
    except ServiceError as error:
        if error.code not in {"DBInstanceNotFound", "DBInstanceNotFoundFault"}:
            raise
    return None


def _resource(_account: str, _region: str, _resource_id: str, replies: Replies) -> Resource:
    instance = replies[_DB]
    tags = tag_map(instance.get("TagList"))
    shown = configuration(_SHAPE, instance, nulls=_NULLS, lists=_LISTS)
    shown.pop("tagList", None)
    # It moves on by itself every five minutes; that it does is no change.
    shown["latestRestorableTime"] = None
    return Resource(
        name=instance["DBInstanceIdentifier"],
        arn=instance["DBInstanceArn"],
        availability_zone=instance.get("AvailabilityZone") or "Not Applicable",
        created=instance.get("InstanceCreateTime"),
        tags=tags,
        relationships=tuple(_relationships(shown)),
        configuration=shown,
        supplementary={"Tags": tag_list(tags)},
    )


def _relationships(shown: Mapping[str, Any]) -> Iterator[Relationship]:
    subnets = (shown["dBSubnetGroup"] or {}).get("dBSubnetGroupName")
    if subnets:
        yield Relationship(
            name="Is associated with DBSubnetGroup",
            resource_type="AWS::RDS::DBSubnetGroup",
            resource_id=subnets,
        )
    for group in shown["vpcSecurityGroups"]:
        yield Relationship(
            name="Is associated with SecurityGroup",
            resource_type="AWS::EC2::SecurityGroup",
            resource_id=group["vpcSecurityGroupId"],
        )


_CASES = (
    Case(
        name="a database",
        resource_id="db-M5ENSHXFPU6XHZ4G4ZEI5QIO2U",
        replies={
            "DescribeDBInstances": {
                "DBInstances": [
                    {
                        "AllocatedStorage": 20,
                        "AutoMinorVersionUpgrade": False,
                        "AvailabilityZone": "us-east-1a",
                        "BackupRetentionPeriod": 1,
                        "CACertificateIdentifier": "rds-ca-2019",
                        "CopyTagsToSnapshot": False,
                        "DBInstanceArn": "arn:aws:rds:us-east-1:123456789012:db:ledger",
                        "DBInstanceClass": "db.m5.large",
                        "DBInstanceIdentifier": "ledger",
                        "DBInstanceStatus": "available",
                        "DBSubnetGroup": {
                            "DBSubnetGroupName": "default",
                            "SubnetGroupStatus": "Complete",
                            "VpcId": "vpc-1",
                        },
                        "DbInstancePort": 5432,
                        "DbiResourceId": "db-M5ENSHXFPU6XHZ4G4ZEI5QIO2U",
                        "DeletionProtection": False,
                        "Endpoint": {
                            "Address": "ledger.x.us-east-1.rds.amazonaws.com",
                            "HostedZoneId": "Z2R2ITUGPM61AM",
                            "Port": 5432,
                        },
                        "Engine": "postgres",
                        "EngineVersion": "16.4",
                        "IAMDatabaseAuthenticationEnabled": False,
                        "InstanceCreateTime": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
                        "LatestRestorableTime": datetime(2026, 11, 20, 11, 42, 13, tzinfo=UTC),
                        "LicenseModel": "postgresql-license",
                        "MasterUsername": "root",
                        "MultiAZ": False,
                        "PreferredBackupWindow": "13:14-13:44",
                        "PreferredMaintenanceWindow": "wed:06:38-wed:07:08",
                        "PubliclyAccessible": False,
                        "StorageEncrypted": False,
                        "StorageType": "gp2",
                        "TagList": [{"Key": "team", "Value": "finance"}],
                        "VpcSecurityGroups": [{"Status": "active", "VpcSecurityGroupId": "sg-1"}],
                    }
                ]
            }
        },
        expected=Resource(
            name="ledger",
            arn="arn:aws:rds:us-east-1:123456789012:db:ledger",
            availability_zone="us-east-1a",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            tags={"team": "finance"},
            relationships=(
                Relationship(
                    name="Is associated with DBSubnetGroup",
                    resource_type="AWS::RDS::DBSubnetGroup",
                    resource_id="default",
                ),
                Relationship(
                    name="Is associated with SecurityGroup",
                    resource_type="AWS::EC2::SecurityGroup",
                    resource_id="sg-1",
                ),
            ),
            configuration={
                "availabilityZone": "us-east-1a",
                "awsBackupRecoveryPointArn": None,
                "characterSetName": None,
                "customerOwnedIpEnabled": None,
                "dBClusterIdentifier": None,
                "dBName": None,
                "endpoint": {
                    "address": "ledger.x.us-east-1.rds.amazonaws.com",
                    "hostedZoneId": "Z2R2ITUGPM61AM",
                    "port": 5432,
                },
                "enhancedMonitoringResourceArn": None,
                "iops": None,
                "kmsKeyId": None,
                "listenerEndpoint": None,
                "maxAllocatedStorage": None,
                "monitoringInterval": None,
                "monitoringRoleArn": None,
                "ncharCharacterSetName": None,
                "performanceInsightsEnabled": None,
                "performanceInsightsKMSKeyId": None,
                "performanceInsightsRetentionPeriod": None,
                "promotionTier": None,
                "readReplicaSourceDBInstanceIdentifier": None,
                "replicaMode": None,
                "secondaryAvailabilityZone": None,
                "tdeCredentialArn": None,
                "timezone": None,
                "dBSubnetGroup": {
                    "dBSubnetGroupName": "default",
                    "subnetGroupStatus": "Complete",
                    "vpcId": "vpc-1",
                },
                "pendingModifiedValues": None,
                "associatedRoles": [],
                "dBInstanceAutomatedBackupsReplications": [],
                "dBParameterGroups": [],
                "dBSecurityGroups": [],
                "domainMemberships": [],
                "enabledCloudwatchLogsExports": [],
                "optionGroupMemberships": [],
                "processorFeatures": [],
                "readReplicaDBClusterIdentifiers": [],
                "readReplicaDBInstanceIdentifiers": [],
                "statusInfos": [],
                "vpcSecurityGroups": [{"status": "active", "vpcSecurityGroupId": "sg-1"}],
                "allocatedStorage": 20,
                "autoMinorVersionUpgrade": False,
                "backupRetentionPeriod": 1,
                "cACertificateIdentifier": "rds-ca-2019",
                "copyTagsToSnapshot": False,
                "dBInstanceArn": "arn:aws:rds:us-east-1:123456789012:db:ledger",
                "dBInstanceClass": "db.m5.large",
                "dBInstanceIdentifier": "ledger",
                "dBInstanceStatus": "available",
                "dbInstancePort": 5432,
                "dbiResourceId": "db-M5ENSHXFPU6XHZ4G4ZEI5QIO2U",
                "deletionProtection": False,
                "engine": "postgres",
                "engineVersion": "16.4",
                "iAMDatabaseAuthenticationEnabled": False,
                "instanceCreateTime": "2026-11-20T11:37:13.000Z",
                "latestRestorableTime": None,
                "licenseModel": "postgresql-license",
                "masterUsername": "root",
                "multiAZ": False,
                "preferredBackupWindow": "13:14-13:44",
                "preferredMaintenanceWindow": "wed:06:38-wed:07:08",
                "publiclyAccessible": False,
                "storageEncrypted": False,
                "storageType": "gp2",
            },
            supplementary={"Tags": [{"key": "team", "value": "finance"}]},
        ),
    ),
    Case(
        name="deleted",
        resource_id="db-GONE",
        replies={"DescribeDBInstances": {"DBInstances": []}},
        expected=None,
    ),
    Case(
        name="deleted, in other words",
        resource_id="db-GONE",
        replies={
            "DescribeDBInstances": ServiceError("DBInstanceNotFound", "DBInstance not found.", status=404)
        },
        expected=None,
    ),
)

_ANSWERED = Touch(response=("DBInstance.DbiResourceId",), relist=True)
# These name the instance by what it is called now, and answer nothing.
_SOME = Touch(relist=True)

TYPE = ResourceType(
    name="AWS::RDS::DBInstance",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        **{
            ("rds", operation): _ANSWERED
            for operation in (
                "CreateDBInstance",
                "CreateDBInstanceReadReplica",
                "DeleteDBInstance",
                "ModifyDBInstance",
                "PromoteReadReplica",
                "RebootDBInstance",
                "RestoreDBInstanceFromDBSnapshot",
                "RestoreDBInstanceFromS3",
                "RestoreDBInstanceToPointInTime",
                "StartDBInstance",
                "StopDBInstance",
                "SwitchoverReadReplica",
            )
        },
        **{
            ("rds", operation): _SOME
            for operation in (
                "AddRoleToDBInstance",
                "AddTagsToResource",
                "RemoveRoleFromDBInstance",
                "RemoveTagsFromResource",
                "StartDBInstanceAutomatedBackupsReplication",
                "StopDBInstanceAutomatedBackupsReplication",
            )
        },
    },
    beyond_schema=("configuration.tdeCredentialArn", "supplementaryConfiguration.Tags."),
    cases=_CASES,
)
