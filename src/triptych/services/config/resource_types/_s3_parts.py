"""What S3 answers about a bucket -> the parts of its ``supplementaryConfiguration``, spelled as AWS Config does.

Shapes follow recorded items; members that S3 leaves out are null where recorded items have null. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from triptych.services.config.item import compact, iso

__all__ = ["parts", "tags_of"]

_PERMISSIONS = {
    "FULL_CONTROL": "FullControl",
    "READ": "Read",
    "WRITE": "Write",
    "READ_ACP": "ReadAcp",
    "WRITE_ACP": "WriteAcp",
}
_NOTIFICATIONS = (
    ("TopicConfigurations", "TopicConfiguration", "TopicArn", "topicARN"),
    ("QueueConfigurations", "QueueConfiguration", "QueueArn", "queueARN"),
    ("LambdaFunctionConfigurations", "LambdaConfiguration", "LambdaFunctionArn", "functionARN"),
)


def parts(replies: Mapping[str, Any]) -> dict[str, Any]:
    """Every part of a bucket; the ones a bucket only has when someone put them are absent otherwise."""
    requester_pays = (replies["GetBucketRequestPayment"] or {}).get("Payer") == "Requester"
    always = {
        "AccessControlList": compact(_acl(replies["GetBucketAcl"] or {}, requester_pays=requester_pays)),
        "BucketAccelerateConfiguration": {
            "status": (replies["GetBucketAccelerateConfiguration"] or {}).get("Status")
        },
        "BucketLoggingConfiguration": _logging(replies["GetBucketLogging"] or {}),
        "BucketNotificationConfiguration": _notification(replies["GetBucketNotificationConfiguration"] or {}),
        "BucketPolicy": {"policyText": (replies["GetBucketPolicy"] or {}).get("Policy")},
        "BucketVersioningConfiguration": _versioning(replies["GetBucketVersioning"] or {}),
        "IsRequesterPaysEnabled": requester_pays,
    }
    sometimes = {
        "BucketCrossOriginConfiguration": _cors(replies["GetBucketCors"]),
        "BucketLifecycleConfiguration": _lifecycle(replies["GetBucketLifecycleConfiguration"]),
        "BucketReplicationConfiguration": _replication(replies["GetBucketReplication"]),
        "BucketTaggingConfiguration": _tagging(replies["GetBucketTagging"]),
        "BucketWebsiteConfiguration": _website(replies["GetBucketWebsite"]),
        "ObjectLockConfiguration": _object_lock(replies["GetObjectLockConfiguration"]),
        "PublicAccessBlockConfiguration": _public_access(replies["GetPublicAccessBlock"]),
        "ServerSideEncryptionConfiguration": _encryption(replies["GetBucketEncryption"]),
    }
    return always | {name: part for name, part in sometimes.items() if part is not None}


def tags_of(reply: Mapping[str, Any] | None) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in (reply or {}).get("TagSet", ())}


def _acl(reply: Mapping[str, Any], *, requester_pays: bool) -> dict[str, Any]:
    return {
        "grantSet": None,
        "grantList": [
            {
                "grantee": _grantee(grant["Grantee"]),
                "permission": _PERMISSIONS.get(grant["Permission"], grant["Permission"]),
            }
            for grant in reply.get("Grants", ())
        ],
        "owner": _person(reply.get("Owner", {})),
        "isRequesterCharged": requester_pays,
    }


def _grantee(grantee: Mapping[str, Any]) -> Any:
    """Groups are just named (``AllUsers``), people are an id and a display name."""
    return grantee["URI"].rsplit("/", 1)[-1] if "URI" in grantee else _person(grantee)


def _person(person: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": person.get("ID"), "displayName": person.get("DisplayName")}


def _logging(reply: Mapping[str, Any]) -> dict[str, Any]:
    enabled = reply.get("LoggingEnabled") or {}
    return {
        "destinationBucketName": enabled.get("TargetBucket"),
        "logFilePrefix": enabled.get("TargetPrefix"),
    }


def _notification(reply: Mapping[str, Any]) -> dict[str, Any]:
    configurations: dict[str, Any] = {}
    for member, kind, arn_member, arn_name in _NOTIFICATIONS:
        for number, one in enumerate(reply.get(member, ())):
            rules = one.get("Filter", {}).get("Key", {}).get("FilterRules", ())
            configurations[one.get("Id") or f"{kind}{number}"] = {
                "type": kind,
                arn_name: one[arn_member],
                "events": list(one["Events"]),
                "objectPrefixes": [],
                "filter": _key_filter(rules),
            }
    notification: dict[str, Any] = {"configurations": configurations}
    if "EventBridgeConfiguration" in reply:
        notification["eventBridgeConfiguration"] = {}
    return notification


def _key_filter(rules: Any) -> dict[str, Any] | None:
    if not rules:
        return None
    return {
        "s3KeyFilter": {
            "filterRules": [{"name": rule["Name"].capitalize(), "value": rule["Value"]} for rule in rules]
        }
    }


def _versioning(reply: Mapping[str, Any]) -> dict[str, Any]:
    mfa = reply.get("MFADelete")
    return {
        "status": reply.get("Status") or "Off",
        "isMfaDeleteEnabled": None if mfa is None else mfa == "Enabled",
    }


def _cors(reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if reply is None:
        return None
    return {
        "rules": [
            {
                "id": rule.get("ID"),
                "allowedMethods": rule["AllowedMethods"],
                "allowedOrigins": rule["AllowedOrigins"],
                "maxAgeSeconds": rule.get("MaxAgeSeconds", 0),
                "exposedHeaders": rule.get("ExposeHeaders"),
                "allowedHeaders": rule.get("AllowedHeaders"),
            }
            for rule in reply.get("CORSRules", ())
        ]
    }


def _lifecycle(reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if reply is None else {"rules": [_lifecycle_rule(rule) for rule in reply.get("Rules", ())]}


def _lifecycle_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    """Days that are not set are -1, as recorded items have it."""
    expiration = rule.get("Expiration", {})
    old_versions = rule.get("NoncurrentVersionExpiration")
    abort = rule.get("AbortIncompleteMultipartUpload")
    item = {
        "id": rule.get("ID"),
        "prefix": rule.get("Prefix"),
        "status": rule["Status"],
        "filter": {"predicate": _predicate(rule["Filter"])} if "Filter" in rule else None,
        "expirationInDays": expiration.get("Days") or -1,
        "expiredObjectDeleteMarker": bool(expiration.get("ExpiredObjectDeleteMarker")),
        "noncurrentVersionExpirationInDays": (old_versions or {}).get("NoncurrentDays", -1),
        "expirationDate": _date(expiration.get("Date")),
        "transitions": _transitions(rule.get("Transitions")),
        "noncurrentVersionTransitions": [
            {"days": move["NoncurrentDays"], "storageClass": move["StorageClass"]}
            for move in rule.get("NoncurrentVersionTransitions", ())
        ]
        or None,
        "abortIncompleteMultipartUpload": (
            None if abort is None else {"daysAfterInitiation": abort["DaysAfterInitiation"]}
        ),
    }
    if old_versions is not None:
        item["noncurrentVersionExpiration"] = {
            "noncurrentDays": old_versions.get("NoncurrentDays"),
            "newerNoncurrentVersions": old_versions.get("NewerNoncurrentVersions"),
        }
    return item


def _transitions(moves: Any) -> list[dict[str, Any]] | None:
    return [
        {
            "days": move.get("Days", -1),
            "date": _date(move.get("Date")),
            "storageClass": move["StorageClass"],
        }
        for move in moves or ()
    ] or None


def _predicate(selected: Mapping[str, Any]) -> dict[str, Any] | None:
    """A lifecycle or replication filter as the tree of predicates that recorded items carry."""
    both = selected.get("And")
    if both is not None:
        return {"type": "LifecycleAndOperator", "operands": _operands(both)}
    operands = _operands(selected)
    return operands[0] if operands else None


def _operands(selected: Mapping[str, Any]) -> list[dict[str, Any]]:
    operands: list[dict[str, Any]] = []
    if selected.get("Prefix"):
        operands.append({"type": "LifecyclePrefixPredicate", "prefix": selected["Prefix"]})
    tags = [*selected.get("Tags", ()), *([selected["Tag"]] if "Tag" in selected else ())]
    operands += [
        {"type": "LifecycleTagPredicate", "tag": {"key": tag["Key"], "value": tag["Value"]}} for tag in tags
    ]
    for member in ("ObjectSizeGreaterThan", "ObjectSizeLessThan"):
        if member in selected:
            name = member[0].lower() + member[1:]
            operands.append({"type": f"Lifecycle{member}Predicate", name: selected[member]})
    return operands


def _date(value: datetime | None) -> str | None:
    return None if value is None else iso(value)


def _replication(reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Rules are a map by id, as recorded items have them."""
    if reply is None:
        return None
    configuration = reply["ReplicationConfiguration"]
    return {
        "roleARN": configuration["Role"],
        "rules": {
            rule.get("ID") or f"rule{number}": _replication_rule(rule)
            for number, rule in enumerate(configuration["Rules"])
        },
    }


def _replication_rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    target = rule["Destination"]
    destination = {"bucketARN": target["Bucket"], "storageClass": target.get("StorageClass")}
    if "Account" in target:
        destination["account"] = target["Account"]
    selected = rule.get("Filter", {})
    item: dict[str, Any] = {
        "prefix": rule.get("Prefix", selected.get("Prefix")),
        "status": rule["Status"],
        "destinationConfig": destination,
    }
    if "Priority" in rule:
        item["priority"] = rule["Priority"]
    if "DeleteMarkerReplication" in rule:
        item["deleteMarkerReplication"] = {"status": rule["DeleteMarkerReplication"].get("Status")}
    return item


def _tagging(reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
    return None if reply is None else {"tagSets": [{"tags": tags_of(reply)}]}


def _website(reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if reply is None:
        return None
    redirect_all = reply.get("RedirectAllRequestsTo")
    return {
        "indexDocumentSuffix": reply.get("IndexDocument", {}).get("Suffix"),
        "errorDocument": reply.get("ErrorDocument", {}).get("Key"),
        "redirectAllRequestsTo": None if redirect_all is None else _redirect(redirect_all),
        "routingRules": [
            {
                "condition": _condition(rule.get("Condition")),
                "redirect": _redirect(rule["Redirect"]),
            }
            for rule in reply.get("RoutingRules", ())
        ],
    }


def _condition(condition: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if condition is None:
        return None
    return {
        "keyPrefixEquals": condition.get("KeyPrefixEquals"),
        "httpErrorCodeReturnedEquals": condition.get("HttpErrorCodeReturnedEquals"),
    }


def _redirect(redirect: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "protocol": redirect.get("Protocol"),
        "hostName": redirect.get("HostName"),
        "replaceKeyPrefixWith": redirect.get("ReplaceKeyPrefixWith"),
        "replaceKeyWith": redirect.get("ReplaceKeyWith"),
        "httpRedirectCode": redirect.get("HttpRedirectCode"),
    }


def _object_lock(reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if reply is None:
        return None
    configuration = reply["ObjectLockConfiguration"]
    retention = configuration.get("Rule", {}).get("DefaultRetention")
    rule = None
    if retention is not None:
        # Days and years exclude each other; some backends answer the other one as 0.
        rule = {
            "defaultRetention": {
                "mode": retention.get("Mode"),
                "days": retention.get("Days") or None,
                "years": retention.get("Years") or None,
            }
        }
    return {"objectLockEnabled": configuration.get("ObjectLockEnabled"), "rule": rule}


def _public_access(reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if reply is None:
        return None
    block = reply["PublicAccessBlockConfiguration"]
    return {
        "blockPublicAcls": bool(block.get("BlockPublicAcls")),
        "ignorePublicAcls": bool(block.get("IgnorePublicAcls")),
        "blockPublicPolicy": bool(block.get("BlockPublicPolicy")),
        "restrictPublicBuckets": bool(block.get("RestrictPublicBuckets")),
    }


def _encryption(reply: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if reply is None:
        return None
    rules = []
    for rule in reply["ServerSideEncryptionConfiguration"].get("Rules", ()):
        default = rule.get("ApplyServerSideEncryptionByDefault")
        rules.append(
            {
                "applyServerSideEncryptionByDefault": (
                    None
                    if default is None
                    else {
                        "sseAlgorithm": default["SSEAlgorithm"],
                        "kmsMasterKeyID": default.get("KMSMasterKeyID"),
                    }
                ),
                "bucketKeyEnabled": bool(rule.get("BucketKeyEnabled")),
            }
        )
    return {"rules": rules}
