"""AWS::DynamoDB::Table: a table with its point-in-time recovery. Names lower whole runs (``ssedescription``), times are numbers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types._api_shapes import (
    configuration,
    epoch,
    lower_run,
    pages,
    tag_map,
)

_SHAPE = ("dynamodb", "DescribeTable", "Table")
_BACKUPS = ("dynamodb", "DescribeContinuousBackups", "ContinuousBackupsDescription")
_GONE = frozenset({"ResourceNotFoundException", "TableNotFoundException"})
# How much is in a table is not how it is configured: a sweep would see a change after every write.
_AMOUNTS = ("itemCount", "tableSizeBytes", "indexSizeBytes")


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    token = ("LastEvaluatedTableName", "ExclusiveStartTableName")
    async for name in pages(call, "dynamodb", "ListTables", {}, entries="TableNames", token=token):
        yield name, None


async def _describe(call: Call, table: str) -> Replies | None:
    try:
        found = (await call("dynamodb", "DescribeTable", {"TableName": table}))["Table"]
        backups = await call("dynamodb", "DescribeContinuousBackups", {"TableName": table})
        token = ("NextToken", "NextToken")
        arn = {"ResourceArn": found["TableArn"]}
        tags = [
            tag
            async for tag in pages(call, "dynamodb", "ListTagsOfResource", arn, entries="Tags", token=token)
        ]
    except ServiceError as error:
        if error.code in _GONE:
            return None
        raise
    return {"Table": found, "Backups": backups["ContinuousBackupsDescription"], "Tags": tags}


def _resource(_account: str, _region: str, table: str, replies: Replies) -> Resource:
    found = replies["Table"]
    shown = configuration(
        _SHAPE,
        found,
        rename=lower_run,
        time=epoch,
        nulls="billingModeSummary globalTableVersion latestStreamArn latestStreamLabel restoreSummary "
        "ssedescription streamSpecification tableClassSummary",
        lists="globalSecondaryIndexes localSecondaryIndexes replicas",
    )
    for part in (shown, *shown["globalSecondaryIndexes"], *shown["localSecondaryIndexes"]):
        part.update((name, None) for name in _AMOUNTS if name in part)
    backups = configuration(_BACKUPS, replies["Backups"], rename=lower_run, time=epoch)
    # The window moves on with the clock; that it does is no change.
    for name in ("earliestRestorableDateTime", "latestRestorableDateTime"):
        (backups.get("pointInTimeRecoveryDescription") or {}).pop(name, None)
    return Resource(
        name=table,
        arn=found["TableArn"],
        availability_zone="Not Applicable",
        created=found.get("CreationDateTime"),
        tags=tag_map(replies["Tags"]),
        configuration=shown,
        supplementary={"ContinuousBackupsDescription": backups},
    )


_TABLE: dict[str, Any] = {
    "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
    "BillingModeSummary": {
        "BillingMode": "PAY_PER_REQUEST",
        "LastUpdateToPayPerRequestDateTime": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
    },
    "CreationDateTime": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
    "GlobalSecondaryIndexes": [
        {
            "IndexName": "by-day",
            "IndexSizeBytes": 7,
            "ItemCount": 1,
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "Projection": {"ProjectionType": "ALL"},
        }
    ],
    "ItemCount": 3,
    "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
    "ProvisionedThroughput": {
        "NumberOfDecreasesToday": 0,
        "ReadCapacityUnits": 0,
        "WriteCapacityUnits": 0,
    },
    "SSEDescription": {
        "KMSMasterKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k",
        "SSEType": "KMS",
        "Status": "ENABLED",
    },
    "TableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/ledger",
    "TableId": "t-1",
    "TableName": "ledger",
    "TableSizeBytes": 21,
    "TableStatus": "ACTIVE",
}

_CASES = (
    Case(
        name="an encrypted table with recovery",
        resource_id="ledger",
        replies={
            "DescribeTable": {"Table": _TABLE},
            "DescribeContinuousBackups": {
                "ContinuousBackupsDescription": {
                    "ContinuousBackupsStatus": "ENABLED",
                    "PointInTimeRecoveryDescription": {
                        "PointInTimeRecoveryStatus": "ENABLED",
                        "EarliestRestorableDateTime": datetime(2026, 11, 20, 11, 37, 14, tzinfo=UTC),
                        "LatestRestorableDateTime": datetime(2026, 11, 20, 11, 39, tzinfo=UTC),
                    },
                }
            },
            "ListTagsOfResource": {"Tags": [{"Key": "team", "Value": "finance"}]},
        },
        expected=Resource(
            name="ledger",
            arn="arn:aws:dynamodb:us-east-1:123456789012:table/ledger",
            availability_zone="Not Applicable",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            tags={"team": "finance"},
            configuration={
                "billingModeSummary": {
                    "billingMode": "PAY_PER_REQUEST",
                    "lastUpdateToPayPerRequestDateTime": 1795174633000,
                },
                "globalTableVersion": None,
                "latestStreamArn": None,
                "latestStreamLabel": None,
                "restoreSummary": None,
                "ssedescription": {
                    "kmsmasterKeyArn": "arn:aws:kms:us-east-1:123456789012:key/k",
                    "ssetype": "KMS",
                    "status": "ENABLED",
                },
                "streamSpecification": None,
                "tableClassSummary": None,
                "globalSecondaryIndexes": [
                    {
                        "indexName": "by-day",
                        "indexSizeBytes": None,
                        "itemCount": None,
                        "keySchema": [{"attributeName": "id", "keyType": "HASH"}],
                        "projection": {"projectionType": "ALL"},
                    }
                ],
                "localSecondaryIndexes": [],
                "replicas": [],
                "attributeDefinitions": [{"attributeName": "id", "attributeType": "S"}],
                "creationDateTime": 1795174633000,
                "itemCount": None,
                "keySchema": [{"attributeName": "id", "keyType": "HASH"}],
                "provisionedThroughput": {
                    "numberOfDecreasesToday": 0,
                    "readCapacityUnits": 0,
                    "writeCapacityUnits": 0,
                },
                "tableArn": "arn:aws:dynamodb:us-east-1:123456789012:table/ledger",
                "tableId": "t-1",
                "tableName": "ledger",
                "tableSizeBytes": None,
                "tableStatus": "ACTIVE",
            },
            supplementary={
                "ContinuousBackupsDescription": {
                    "continuousBackupsStatus": "ENABLED",
                    "pointInTimeRecoveryDescription": {"pointInTimeRecoveryStatus": "ENABLED"},
                }
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="gone",
        replies={"DescribeTable": ServiceError("ResourceNotFoundException", "Table not found")},
        expected=None,
    ),
)

# Every call takes the ARN in place of the name.
_PATTERN = r"(?:arn:[^/]+:table/)?([a-zA-Z0-9_.-]+)"
_TABLE_NAME = Touch(parameters=("TableName",), pattern=_PATTERN)
_RESTORED = Touch(parameters=("TargetTableName",), pattern=_PATTERN)
_TAGGED = Touch(parameters=("ResourceArn",), pattern=r"arn:[^/]+:table/([a-zA-Z0-9_.-]+)")

TYPE = ResourceType(
    name="AWS::DynamoDB::Table",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("dynamodb", "CreateTable"): _TABLE_NAME,
        ("dynamodb", "DeleteTable"): _TABLE_NAME,
        ("dynamodb", "UpdateTable"): _TABLE_NAME,
        ("dynamodb", "UpdateContinuousBackups"): _TABLE_NAME,
        ("dynamodb", "UpdateTableReplicaAutoScaling"): _TABLE_NAME,
        ("dynamodb", "CreateGlobalTable"): Touch(parameters=("GlobalTableName",)),
        ("dynamodb", "UpdateGlobalTable"): Touch(parameters=("GlobalTableName",)),
        ("dynamodb", "UpdateGlobalTableSettings"): Touch(parameters=("GlobalTableName",)),
        ("dynamodb", "ImportTable"): Touch(response=("ImportTableDescription.TableArn",), pattern=_PATTERN),
        ("dynamodb", "RestoreTableFromBackup"): _RESTORED,
        ("dynamodb", "RestoreTableToPointInTime"): _RESTORED,
        ("dynamodb", "TagResource"): _TAGGED,
        ("dynamodb", "UntagResource"): _TAGGED,
    },
    beyond_schema=(
        "supplementaryConfiguration.ContinuousBackupsDescription.pointInTimeRecoveryDescription.",
    ),
    cases=_CASES,
)
