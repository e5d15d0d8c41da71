"""AWS::S3::Bucket: a bucket with every part of its supplementary configuration.

A bucket lives in its own region (LocationConstraint) whatever region the call about it was signed for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from typing import Any

from triptych.kernel.errors import ServiceError
from triptych.services.config.item import iso
from triptych.services.config.resource_type import Call, Case, Replies, Resource, ResourceType, Touch
from triptych.services.config.resource_types import _s3_parts

_READS: Mapping[str, str] = {
    "GetBucketAcl": "",
    "GetBucketAccelerateConfiguration": "",
    "GetBucketCors": "NoSuchCORSConfiguration",
    "GetBucketEncryption": "ServerSideEncryptionConfigurationNotFoundError",
    "GetBucketLifecycleConfiguration": "NoSuchLifecycleConfiguration",
    "GetBucketLogging": "",
    "GetBucketNotificationConfiguration": "",
    "GetBucketPolicy": "NoSuchBucketPolicy",
    "GetBucketReplication": "ReplicationConfigurationNotFoundError",
    "GetBucketRequestPayment": "",
    "GetBucketTagging": "NoSuchTagSet",
    "GetBucketVersioning": "",
    "GetBucketWebsite": "NoSuchWebsiteConfiguration",
    "GetObjectLockConfiguration": "ObjectLockConfigurationNotFoundError",
    "GetPublicAccessBlock": "NoSuchPublicAccessBlockConfiguration",
}
"""Operation -> the error that says the bucket has none of it."""

_GONE = "NoSuchBucket"

# S3-compatible stores lack some of these features (transfer acceleration, requester pays): no feature, no
# configuration. The rest of the bucket is still worth recording.
_LACKING = frozenset({"NotImplemented", "MethodNotAllowed"})

_WRITES = (
    "CreateBucket", "DeleteBucket", "PutBucketAcl", "PutBucketAccelerateConfiguration", "PutBucketCors", "DeleteBucketCors",
    "PutBucketEncryption", "DeleteBucketEncryption", "PutBucketLifecycle", "PutBucketLifecycleConfiguration",
    "DeleteBucketLifecycle", "PutBucketLogging", "PutBucketNotification", "PutBucketNotificationConfiguration", "PutBucketPolicy",
    "DeleteBucketPolicy", "PutBucketReplication", "DeleteBucketReplication", "PutBucketRequestPayment", "PutBucketTagging",
    "DeleteBucketTagging", "PutBucketVersioning", "PutBucketWebsite", "DeleteBucketWebsite", "PutObjectLockConfiguration",
    "PutPublicAccessBlock", "DeletePublicAccessBlock",
)  # fmt: skip


async def _buckets(call: Call, prefix: str = "") -> AsyncIterator[tuple[str, Replies]]:
    params: dict[str, Any] = {"Prefix": prefix} if prefix else {}
    while True:
        reply = await call("s3", "ListBuckets", params)
        for bucket in reply.get("Buckets", ()):
            yield bucket["Name"], bucket
        if not reply.get("ContinuationToken"):
            return
        params["ContinuationToken"] = reply["ContinuationToken"]


async def _listing(call: Call) -> AsyncIterator[tuple[str, Replies | None]]:
    async for name, _ in _buckets(call):
        yield name, None


async def _locate(call: Call, bucket: str) -> str | None:
    try:
        reply = await call("s3", "GetBucketLocation", {"Bucket": bucket})
    except ServiceError as error:
        if error.code == _GONE:
            return None
        raise
    # S3's history: the first region has no name, and the second was called EU.
    return {"": "us-east-1", "EU": "eu-west-1"}.get(place := reply.get("LocationConstraint") or "", place)


async def _describe(call: Call, bucket: str) -> Replies | None:
    """All reads at once; a bucket deleted meanwhile is gone, whatever the other reads said."""
    created, *replies = await asyncio.gather(
        _created(call, bucket),
        *(_read(call, bucket, operation) for operation in _READS),
        return_exceptions=True,
    )
    errors = [reply for reply in (created, *replies) if isinstance(reply, BaseException)]
    if any(isinstance(error, ServiceError) and error.code == _GONE for error in errors):
        return None
    if errors:
        raise errors[0]
    return dict(zip(_READS, replies, strict=True)) | {"CreationDate": created}


async def _created(call: Call, bucket: str) -> datetime | None:
    """Only the listing knows when a bucket was made; None for somebody else's bucket."""
    async for name, entry in _buckets(call, bucket):
        if name == bucket:
            return entry.get("CreationDate")
    return None


async def _read(call: Call, bucket: str, operation: str) -> dict[str, Any] | None:
    try:
        return await call("s3", operation, {"Bucket": bucket})
    except ServiceError as error:
        if error.code == _READS[operation] or error.code in _LACKING:
            return None
        raise


def _resource(_account: str, _region: str, bucket: str, replies: Replies) -> Resource:
    owner = (replies["GetBucketAcl"] or {}).get("Owner", {})
    created: datetime | None = replies["CreationDate"]
    return Resource(
        name=bucket,
        arn=f"arn:aws:s3:::{bucket}",
        availability_zone="Regional",
        created=created,
        tags=_s3_parts.tags_of(replies["GetBucketTagging"]),
        configuration={
            "name": bucket,
            "owner": {"displayName": owner.get("DisplayName"), "id": owner.get("ID")},
            "creationDate": None if created is None else iso(created),
        },
        supplementary=_s3_parts.parts(replies),
    )


def _absent(code: str) -> ServiceError:
    return ServiceError(code, "", status=404)


_BARE: dict[str, dict[str, Any] | ServiceError] = {
    "ListBuckets": {
        "Buckets": [
            {"Name": "plain", "CreationDate": datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC)},
            {"Name": "ledger", "CreationDate": datetime(2026, 11, 20, 11, 37, 14, tzinfo=UTC)},
        ]
    },
    "GetBucketLocation": {},
    "GetBucketAcl": {
        "Owner": {"DisplayName": "webfile", "ID": "75aa57f09aa0"},
        "Grants": [
            {
                "Grantee": {"DisplayName": "webfile", "ID": "75aa57f09aa0", "Type": "CanonicalUser"},
                "Permission": "FULL_CONTROL",
            }
        ],
    },
    **{
        operation: _absent(code) if code else {}
        for operation, code in _READS.items()
        if operation != "GetBucketAcl"
    },
}

_RICH: dict[str, dict[str, Any] | ServiceError] = _BARE | {
    "GetBucketAcl": {
        "Owner": {"ID": "75aa57f09aa0"},
        "Grants": [
            {
                "Grantee": {"Type": "Group", "URI": "http://acs.amazonaws.com/groups/global/AllUsers"},
                "Permission": "READ",
            }
        ],
    },
    "GetBucketAccelerateConfiguration": {"Status": "Enabled"},
    "GetBucketCors": {
        "CORSRules": [
            {
                "ID": "web",
                "AllowedHeaders": ["*"],
                "AllowedMethods": ["GET", "PUT"],
                "AllowedOrigins": ["https://example.com"],
                "ExposeHeaders": ["ETag"],
                "MaxAgeSeconds": 600,
            }
        ]
    },
    "GetBucketEncryption": {
        "ServerSideEncryptionConfiguration": {
            "Rules": [
                {
                    "ApplyServerSideEncryptionByDefault": {
                        "SSEAlgorithm": "aws:kms",
                        "KMSMasterKeyID": "arn:aws:kms:us-east-1:123456789012:key/k",
                    },
                    "BucketKeyEnabled": True,
                }
            ]
        }
    },
    "GetBucketLifecycleConfiguration": {
        "Rules": [
            {
                "ID": "Docs",
                "Filter": {"And": {"Prefix": "docs/", "Tags": [{"Key": "Workflow", "Value": "Archive"}]}},
                "Status": "Enabled",
                "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
                "NoncurrentVersionTransitions": [{"NoncurrentDays": 180, "StorageClass": "GLACIER"}],
                "NoncurrentVersionExpiration": {"NoncurrentDays": 545},
                "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
            }
        ]
    },
    "GetBucketLogging": {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": "ledger/"}},
    "GetBucketNotificationConfiguration": {
        "QueueConfigurations": [
            {
                "Id": "images",
                "QueueArn": "arn:aws:sqs:us-east-1:123456789012:q",
                "Events": ["s3:ObjectCreated:*"],
                "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "images/"}]}},
            }
        ]
    },
    "GetBucketPolicy": {"Policy": '{"Version":"2012-10-17","Statement":[]}'},
    "GetBucketReplication": {
        "ReplicationConfiguration": {
            "Role": "arn:aws:iam::123456789012:role/r",
            "Rules": [
                {
                    "ID": "all",
                    "Priority": 1,
                    "Filter": {"Prefix": ""},
                    "Status": "Enabled",
                    "Destination": {"Bucket": "arn:aws:s3:::logs"},
                    "DeleteMarkerReplication": {"Status": "Disabled"},
                }
            ],
        }
    },
    "GetBucketRequestPayment": {"Payer": "Requester"},
    "GetBucketTagging": {"TagSet": [{"Key": "team", "Value": "finance"}]},
    "GetBucketVersioning": {"Status": "Enabled", "MFADelete": "Disabled"},
    "GetBucketWebsite": {
        "IndexDocument": {"Suffix": "index.html"},
        "RoutingRules": [
            {
                "Condition": {"HttpErrorCodeReturnedEquals": "404", "KeyPrefixEquals": "docs/"},
                "Redirect": {"ReplaceKeyWith": "error.html"},
            }
        ],
    },
    "GetObjectLockConfiguration": {
        "ObjectLockConfiguration": {
            "ObjectLockEnabled": "Enabled",
            "Rule": {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30, "Years": 0}},
        }
    },
    "GetPublicAccessBlock": {
        "PublicAccessBlockConfiguration": {
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        }
    },
}

_CASES = (
    Case(
        name="a new bucket",
        resource_id="plain",
        replies=_BARE,
        expected=Resource(
            name="plain",
            arn="arn:aws:s3:::plain",
            availability_zone="Regional",
            created=datetime(2026, 11, 20, 11, 37, 13, tzinfo=UTC),
            configuration={
                "name": "plain",
                "owner": {"displayName": "webfile", "id": "75aa57f09aa0"},
                "creationDate": "2026-11-20T11:37:13.000Z",
            },
            supplementary={
                "AccessControlList": '{"grantSet":null,"grantList":[{"grantee":{"id":"75aa57f09aa0","displayName":"webfile"},'
                '"permission":"FullControl"}],"owner":{"id":"75aa57f09aa0","displayName":"webfile"},"isRequesterCharged":false}',
                "BucketAccelerateConfiguration": {"status": None},
                "BucketLoggingConfiguration": {"destinationBucketName": None, "logFilePrefix": None},
                "BucketNotificationConfiguration": {"configurations": {}},
                "BucketPolicy": {"policyText": None},
                "BucketVersioningConfiguration": {"status": "Off", "isMfaDeleteEnabled": None},
                "IsRequesterPaysEnabled": False,
            },
        ),
    ),
    Case(
        name="everything set",
        resource_id="ledger",
        replies=_RICH,
        expected=Resource(
            name="ledger",
            arn="arn:aws:s3:::ledger",
            availability_zone="Regional",
            created=datetime(2026, 11, 20, 11, 37, 14, tzinfo=UTC),
            tags={"team": "finance"},
            configuration={
                "name": "ledger",
                "owner": {"displayName": None, "id": "75aa57f09aa0"},
                "creationDate": "2026-11-20T11:37:14.000Z",
            },
            supplementary={
                "AccessControlList": '{"grantSet":null,"grantList":[{"grantee":"AllUsers","permission":"Read"}],'
                '"owner":{"id":"75aa57f09aa0","displayName":null},"isRequesterCharged":true}',
                "BucketAccelerateConfiguration": {"status": "Enabled"},
                "BucketCrossOriginConfiguration": {
                    "rules": [
                        {
                            "id": "web",
                            "allowedMethods": ["GET", "PUT"],
                            "allowedOrigins": ["https://example.com"],
                            "maxAgeSeconds": 600,
                            "exposedHeaders": ["ETag"],
                            "allowedHeaders": ["*"],
                        }
                    ]
                },
                "BucketLifecycleConfiguration": {
                    "rules": [
                        {
                            "id": "Docs",
                            "prefix": None,
                            "status": "Enabled",
                            "filter": {
                                "predicate": {
                                    "type": "LifecycleAndOperator",
                                    "operands": [
                                        {"type": "LifecyclePrefixPredicate", "prefix": "docs/"},
                                        {
                                            "type": "LifecycleTagPredicate",
                                            "tag": {"key": "Workflow", "value": "Archive"},
                                        },
                                    ],
                                }
                            },
                            "expirationInDays": -1,
                            "expiredObjectDeleteMarker": False,
                            "noncurrentVersionExpirationInDays": 545,
                            "expirationDate": None,
                            "transitions": [{"days": 30, "date": None, "storageClass": "STANDARD_IA"}],
                            "noncurrentVersionTransitions": [{"days": 180, "storageClass": "GLACIER"}],
                            "abortIncompleteMultipartUpload": {"daysAfterInitiation": 7},
                            "noncurrentVersionExpiration": {
                                "noncurrentDays": 545,
                                "newerNoncurrentVersions": None,
                            },
                        }
                    ]
                },
                "BucketLoggingConfiguration": {"destinationBucketName": "logs", "logFilePrefix": "ledger/"},
                "BucketNotificationConfiguration": {
                    "configurations": {
                        "images": {
                            "type": "QueueConfiguration",
                            "queueARN": "arn:aws:sqs:us-east-1:123456789012:q",
                            "events": ["s3:ObjectCreated:*"],
                            "objectPrefixes": [],
                            "filter": {
                                "s3KeyFilter": {"filterRules": [{"name": "Prefix", "value": "images/"}]}
                            },
                        }
                    }
                },
                "BucketPolicy": {"policyText": '{"Version":"2012-10-17","Statement":[]}'},
                "BucketReplicationConfiguration": {
                    "roleARN": "arn:aws:iam::123456789012:role/r",
                    "rules": {
                        "all": {
                            "prefix": "",
                            "status": "Enabled",
                            "destinationConfig": {"bucketARN": "arn:aws:s3:::logs", "storageClass": None},
                            "priority": 1,
                            "deleteMarkerReplication": {"status": "Disabled"},
                        }
                    },
                },
                "BucketTaggingConfiguration": {"tagSets": [{"tags": {"team": "finance"}}]},
                "BucketVersioningConfiguration": {"status": "Enabled", "isMfaDeleteEnabled": False},
                "BucketWebsiteConfiguration": {
                    "indexDocumentSuffix": "index.html",
                    "errorDocument": None,
                    "redirectAllRequestsTo": None,
                    "routingRules": [
                        {
                            "condition": {
                                "keyPrefixEquals": "docs/",
                                "httpErrorCodeReturnedEquals": "404",
                            },
                            "redirect": {
                                "protocol": None,
                                "hostName": None,
                                "replaceKeyPrefixWith": None,
                                "replaceKeyWith": "error.html",
                                "httpRedirectCode": None,
                            },
                        }
                    ],
                },
                "IsRequesterPaysEnabled": True,
                "ObjectLockConfiguration": {
                    "objectLockEnabled": "Enabled",
                    "rule": {"defaultRetention": {"mode": "GOVERNANCE", "days": 30, "years": None}},
                },
                "PublicAccessBlockConfiguration": {
                    "blockPublicAcls": True,
                    "ignorePublicAcls": True,
                    "blockPublicPolicy": True,
                    "restrictPublicBuckets": True,
                },
                "ServerSideEncryptionConfiguration": {
                    "rules": [
                        {
                            "applyServerSideEncryptionByDefault": {
                                "sseAlgorithm": "aws:kms",
                                "kmsMasterKeyID": "arn:aws:kms:us-east-1:123456789012:key/k",
                            },
                            "bucketKeyEnabled": True,
                        }
                    ]
                },
            },
        ),
    ),
    Case(
        name="deleted",
        resource_id="plain",
        replies={"ListBuckets": {"Buckets": []}}
        | dict.fromkeys(("GetBucketLocation", *_READS), _absent(_GONE)),
        expected=None,
    ),
)

TYPE = ResourceType(
    name="AWS::S3::Bucket",
    located="itself",
    listing=_listing,
    locate=_locate,
    describe=_describe,
    resource=_resource,
    touched_by={("s3", operation): Touch(parameters=("Bucket",)) for operation in _WRITES},
    # Recorded items carry these; the public query schema does not index them.
    beyond_schema=(
        "configuration.owner.",
        "supplementaryConfiguration.AccessControlList",
        "supplementaryConfiguration.BucketLifecycleConfiguration.rules.filter.predicate.operands.tag.",
        "supplementaryConfiguration.BucketLifecycleConfiguration.rules.transitions.date",
        "supplementaryConfiguration.BucketNotificationConfiguration.",
        "supplementaryConfiguration.BucketPolicy.policyText",
        "supplementaryConfiguration.BucketReplicationConfiguration.rules.",
        "supplementaryConfiguration.BucketTaggingConfiguration.",
        "supplementaryConfiguration.BucketWebsiteConfiguration.redirectAllRequestsTo",
    ),
    cases=_CASES,
)
