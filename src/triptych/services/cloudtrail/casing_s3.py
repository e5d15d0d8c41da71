"""How S3 calls are recorded: bucket, key, host, the subresource, ``x-amz-*`` headers and the parsed XML body.

Event names deviate from the API's in places: S3 records the REST name of the subresource
(``GetBucketPublicAccessBlock``), the SDKs' models have moved on since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, OperationModel, Shape, StructureShape

from triptych.kernel.fact import HIDDEN

_NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/"

EVENT_NAMES: Mapping[str, str] = {
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetBucketAccelerateConfiguration": "GetAccelerateConfiguration",
    "PutBucketAccelerateConfiguration": "PutAccelerateConfiguration",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketAnalyticsConfiguration": "GetAnalyticsConfiguration",
    "PutBucketAnalyticsConfiguration": "PutAnalyticsConfiguration",
    "DeleteBucketAnalyticsConfiguration": "DeleteAnalyticsConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "PutBucketInventoryConfiguration": "PutInventoryConfiguration",
    "DeleteBucketInventoryConfiguration": "DeleteInventoryConfiguration",
    "GetBucketMetricsConfiguration": "GetMetricsConfiguration",
    "PutBucketMetricsConfiguration": "PutMetricsConfiguration",
    "DeleteBucketMetricsConfiguration": "DeleteMetricsConfiguration",
    "ListObjectsV2": "ListObjects",
    "GetObjectLegalHold": "GetObjectLockLegalHold",
    "PutObjectLegalHold": "PutObjectLockLegalHold",
    "GetObjectRetention": "GetObjectLockRetention",
    "PutObjectRetention": "PutObjectLockRetention",
}

CONTROL_EVENT_NAMES: Mapping[str, str] = {
    "GetPublicAccessBlock": "GetAccountPublicAccessBlock",
    "PutPublicAccessBlock": "PutAccountPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteAccountPublicAccessBlock",
}


def request(operation: OperationModel, parameters: Mapping[str, Any], host: str) -> dict[str, Any]:
    """``requestParameters`` of an S3 call from the model's member names."""
    out: dict[str, Any] = {}
    if "Bucket" in parameters:
        out["bucketName"] = parameters["Bucket"]
    out["Host"] = host
    _, _, query = operation.http["requestUri"].partition("?")
    out.update((name, value) for name, value in parse_qsl(query, keep_blank_values=True) if name != "x-id")
    shape = operation.input_shape
    members: Mapping[str, Shape] = shape.members if shape is not None else {}
    payload = shape.serialization.get("payload") if shape is not None else None
    for name, value in parameters.items():
        member = members.get(name)
        if member is None or name == "Bucket":
            continue
        if name == payload:
            out.update(_body(member, name, value))
        else:
            out.update(_beside_the_body(member, name, value))
    if "key" in out:  # AWS writes the key right after the bucket
        out = {"bucketName": out.pop("bucketName", ""), "key": out.pop("key"), **out}
    return out


def response(operation: OperationModel, reply: Mapping[str, Any]) -> dict[str, Any]:
    """``responseElements``: the ``x-amz-*`` reply headers and, where there is one, the reply document."""
    shape = operation.output_shape
    if shape is None:
        return {}
    out: dict[str, Any] = {}
    for name, value in reply.items():
        member = shape.members.get(name)
        if member is None:
            continue
        wire = str(member.serialization.get("name", name))
        location = member.serialization.get("location")
        if location == "header" and wire.lower().startswith("x-amz-"):
            out[wire] = _text(value)
        elif location is None and member.type_name in ("structure", "list"):
            out[wire] = _element(member, value)
        elif location is None:
            out[wire[:1].lower() + wire[1:]] = _text(value)
    return out


def _beside_the_body(member: Shape, name: str, value: Any) -> dict[str, Any]:
    """What a URI segment, query field or header adds; ordinary HTTP headers are not recorded."""
    wire = str(member.serialization.get("name", name))
    location = member.serialization.get("location")
    if location == "uri":
        return {"key": value} if name == "Key" else {wire: value}
    if location == "querystring":
        return {wire: _text(value)}
    if location == "header" and wire.lower().startswith("x-amz-"):
        return {wire: _text(value)}
    return {}


def _body(member: Shape, name: str, value: Any) -> dict[str, Any]:
    if name == "Policy" and isinstance(value, str):
        return {"bucketPolicy": _json(value)}
    if member.type_name != "structure":
        return {}
    root = str(member.serialization.get("name", name))
    content = _element(member, value)
    return {root: {"xmlns": _NAMESPACE, **content} if isinstance(content, dict) else content}


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _element(shape: Shape, value: Any) -> Any:
    """An XML element as S3 turns it into JSON: a list of one is its only member, truth and numbers are bare."""
    if value == HIDDEN:
        return HIDDEN
    if isinstance(shape, StructureShape) and isinstance(value, dict):
        out: dict[str, Any] = {}
        for name, each in value.items():
            member = shape.members.get(name)
            if member is None:
                continue
            wire = str(member.serialization.get("name", name))
            if isinstance(member, ListShape) and member.serialization.get("flattened"):
                inner = str(member.member.serialization.get("name", "")) or wire
                out[wire if "name" in member.serialization else inner] = _members(member, each)
            else:
                out[wire] = _element(member, each)
        return out
    if isinstance(shape, ListShape) and isinstance(value, list):
        inner = str(shape.member.serialization.get("name", "member"))
        return {inner: _members(shape, value)} if value else ""
    return _bare(value)


def _members(shape: ListShape, value: Any) -> Any:
    if not isinstance(value, list):
        return value
    items = [_element(shape.member, each) for each in value]
    return items[0] if len(items) == 1 else items


def _bare(value: Any) -> Any:
    """The types were lost in XML: what looks like a truth value or a whole number is recorded as one."""
    if isinstance(value, str) and value in ("true", "false"):
        return value == "true"
    if isinstance(value, str) and value.isdigit() and len(value) < 16 and (value == "0" or value[0] != "0"):
        return int(value)
    return value


def _text(value: Any) -> Any:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value
