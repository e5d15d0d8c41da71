"""AWS::KMS::Key: a key with its rotation, policy and tags. Names lower whole runs (``awsaccountId``), times are numbers."""

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

_SHAPE = ("kms", "DescribeKey", "KeyMetadata")
_MISSING = "NotFoundException"
# Keys that cannot rotate (asymmetric, foreign material) or cannot now (pending deletion), keys of AWS whose
# parts are not for us, and implementations without a part: the rest of the key is still worth recording.
_LACKING = frozenset(
    {
        "UnsupportedOperationException",
        "KMSInvalidStateException",
        "AccessDeniedException",
        "NotImplemented",
        _MISSING,
    }
)


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for key in pages(
        call, "kms", "ListKeys", {"Limit": 1000}, entries="Keys", token=("NextMarker", "Marker")
    ):
        yield key["KeyId"], None


async def _describe(call: Call, key_id: str) -> Replies | None:
    try:
        reply = await call("kms", "DescribeKey", {"KeyId": key_id})
    except ServiceError as error:
        if error.code == _MISSING:
            return None
        raise
    return {
        "DescribeKey": reply["KeyMetadata"],
        "GetKeyRotationStatus": await _part(call, "GetKeyRotationStatus", {"KeyId": key_id}),
        "GetKeyPolicy": await _part(call, "GetKeyPolicy", {"KeyId": key_id, "PolicyName": "default"}),
        "ListResourceTags": await _part(call, "ListResourceTags", {"KeyId": key_id}),
    }


async def _part(call: Call, operation: str, params: dict[str, Any]) -> dict[str, Any]:
    try:
        return await call("kms", operation, params)
    except ServiceError as error:
        if error.code in _LACKING:
            return {}
        raise


def _resource(_account: str, _region: str, key_id: str, replies: Replies) -> Resource:
    key = replies["DescribeKey"]
    tags = tag_map(replies["ListResourceTags"].get("Tags"), "TagKey", "TagValue")
    return Resource(
        name=key_id,
        arn=key["Arn"],
        availability_zone="Not Applicable",
        created=key.get("CreationDate"),
        tags=tags,
        configuration=configuration(
            _SHAPE,
            key,
            rename=lower_run,
            time=epoch,
            nulls="cloudHsmClusterId customKeyStoreId deletionDate expirationModel validTo "
            "pendingDeletionWindowInDays multiRegionConfiguration",
            lists="encryptionAlgorithms signingAlgorithms macAlgorithms",
        ),
        supplementary={
            "KeyRotationStatus": bool(replies["GetKeyRotationStatus"].get("KeyRotationEnabled")),
            "Policy": replies["GetKeyPolicy"].get("Policy"),
            "Tags": [{"tagKey": name, "tagValue": value} for name, value in tags.items()],
        },
    )


_METADATA: dict[str, Any] = {
    "AWSAccountId": "123456789012",
    "Arn": "arn:aws:kms:us-east-1:123456789012:key/1b2c3d4e-0000-4000-8000-000000000001",
    "CreationDate": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
    "CustomerMasterKeySpec": "SYMMETRIC_DEFAULT",
    "Description": "ledger",
    "Enabled": True,
    "EncryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
    "KeyId": "1b2c3d4e-0000-4000-8000-000000000001",
    "KeyManager": "CUSTOMER",
    "KeySpec": "SYMMETRIC_DEFAULT",
    "KeyState": "Enabled",
    "KeyUsage": "ENCRYPT_DECRYPT",
    "MultiRegion": False,
    "Origin": "AWS_KMS",
}

_CASES = (
    Case(
        name="a key that rotates",
        resource_id="1b2c3d4e-0000-4000-8000-000000000001",
        replies={
            "DescribeKey": {"KeyMetadata": _METADATA},
            "GetKeyRotationStatus": {"KeyRotationEnabled": True},
            "GetKeyPolicy": {"Policy": '{"Statement":[]}'},
            "ListResourceTags": {"Tags": [{"TagKey": "team", "TagValue": "finance"}], "Truncated": False},
        },
        expected=Resource(
            name="1b2c3d4e-0000-4000-8000-000000000001",
            arn="arn:aws:kms:us-east-1:123456789012:key/1b2c3d4e-0000-4000-8000-000000000001",
            availability_zone="Not Applicable",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            tags={"team": "finance"},
            configuration={
                "cloudHsmClusterId": None,
                "customKeyStoreId": None,
                "deletionDate": None,
                "expirationModel": None,
                "validTo": None,
                "pendingDeletionWindowInDays": None,
                "multiRegionConfiguration": None,
                "encryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
                "signingAlgorithms": [],
                "macAlgorithms": [],
                "awsaccountId": "123456789012",
                "arn": "arn:aws:kms:us-east-1:123456789012:key/1b2c3d4e-0000-4000-8000-000000000001",
                "creationDate": 1795174633000,
                "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
                "description": "ledger",
                "enabled": True,
                "keyId": "1b2c3d4e-0000-4000-8000-000000000001",
                "keyManager": "CUSTOMER",
                "keySpec": "SYMMETRIC_DEFAULT",
                "keyState": "Enabled",
                "keyUsage": "ENCRYPT_DECRYPT",
                "multiRegion": False,
                "origin": "AWS_KMS",
            },
            supplementary={
                "KeyRotationStatus": True,
                "Policy": '{"Statement":[]}',
                "Tags": [{"tagKey": "team", "tagValue": "finance"}],
            },
        ),
    ),
    Case(
        name="a key pending deletion",
        resource_id="1b2c3d4e-0000-4000-8000-000000000001",
        replies={
            "DescribeKey": {
                "KeyMetadata": _METADATA
                | {
                    "Enabled": False,
                    "KeyState": "PendingDeletion",
                    "DeletionDate": datetime(2026, 12, 20, 11, 37, 13, tzinfo=UTC),
                }
            },
            "GetKeyRotationStatus": ServiceError("KMSInvalidStateException", "is pending deletion."),
            "GetKeyPolicy": {"Policy": '{"Statement":[]}'},
            "ListResourceTags": {"Tags": []},
        },
        expected=Resource(
            name="1b2c3d4e-0000-4000-8000-000000000001",
            arn="arn:aws:kms:us-east-1:123456789012:key/1b2c3d4e-0000-4000-8000-000000000001",
            availability_zone="Not Applicable",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            configuration={
                "cloudHsmClusterId": None,
                "customKeyStoreId": None,
                "deletionDate": 1797766633000,
                "expirationModel": None,
                "validTo": None,
                "pendingDeletionWindowInDays": None,
                "multiRegionConfiguration": None,
                "encryptionAlgorithms": ["SYMMETRIC_DEFAULT"],
                "signingAlgorithms": [],
                "macAlgorithms": [],
                "awsaccountId": "123456789012",
                "arn": "arn:aws:kms:us-east-1:123456789012:key/1b2c3d4e-0000-4000-8000-000000000001",
                "creationDate": 1795174633000,
                "customerMasterKeySpec": "SYMMETRIC_DEFAULT",
                "description": "ledger",
                "enabled": False,
                "keyId": "1b2c3d4e-0000-4000-8000-000000000001",
                "keyManager": "CUSTOMER",
                "keySpec": "SYMMETRIC_DEFAULT",
                "keyState": "PendingDeletion",
                "keyUsage": "ENCRYPT_DECRYPT",
                "multiRegion": False,
                "origin": "AWS_KMS",
            },
            supplementary={"KeyRotationStatus": False, "Policy": '{"Statement":[]}', "Tags": []},
        ),
    ),
    Case(
        name="deleted",
        resource_id="1b2c3d4e-0000-4000-8000-000000000009",
        replies={"DescribeKey": ServiceError("NotFoundException", "Key does not exist")},
        expected=None,
    ),
)

# Calls take ids and ARNs, and sometimes aliases: then the keys are listed again.
_KEY = Touch(parameters=("KeyId",), pattern=r"(?:arn:[^/]+:key/)?((?:mrk-)?[0-9a-f-]{32,36})", relist=True)

TYPE = ResourceType(
    name="AWS::KMS::Key",
    listing=_listing,
    describe=_describe,
    resource=_resource,
    touched_by={
        ("kms", "CreateKey"): Touch(response=("KeyMetadata.KeyId",)),
        ("kms", "ReplicateKey"): _KEY,
        **{
            ("kms", operation): _KEY
            for operation in (
                "CancelKeyDeletion",
                "DeleteImportedKeyMaterial",
                "DisableKey",
                "DisableKeyRotation",
                "EnableKey",
                "EnableKeyRotation",
                "ImportKeyMaterial",
                "PutKeyPolicy",
                "ScheduleKeyDeletion",
                "TagResource",
                "UntagResource",
                "UpdateKeyDescription",
                "UpdatePrimaryRegion",
            )
        },
    },
    beyond_schema=("supplementaryConfiguration.Policy", "supplementaryConfiguration.Tags."),
    cases=_CASES,
)
