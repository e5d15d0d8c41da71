"""Unmodified boto3 clients: their requests are caught before they are sent, then routed, verified and unwrapped."""

from __future__ import annotations

import hashlib
from typing import Any
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from triptych.wire import sigv4
from triptych.wire.message import Headers, HttpRequest
from triptych.wire.route import needs_body, normalise, route, signing_names

HOSTNAMES = ("localhost",)
BODY = b"hello world " * 200


class _Caught(Exception):  # noqa: N818
    """Carries the request away from the client's connection."""


def caught(
    service: str, operation: str, params: dict[str, Any], *, tls: bool = False, **config: Any
) -> HttpRequest:
    client = boto3.client(
        service,
        endpoint_url=f"{'https' if tls else 'http'}://localhost:4566",
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        aws_session_token="token",
        config=Config(retries={"total_max_attempts": 1}, **config),
    )

    def catch(request: AWSPreparedRequest, **kwargs: Any) -> None:
        raise _Caught(_received(request))

    client.meta.events.register("before-send", catch)
    with pytest.raises(_Caught) as got:
        getattr(client, operation)(**params)
    request: HttpRequest = got.value.args[0]
    return request


def _received(request: AWSPreparedRequest) -> HttpRequest:
    parts = urlsplit(request.url)
    body = request.body
    if hasattr(body, "read"):
        body = body.read()
    elif isinstance(body, str):
        body = body.encode()
    fields = [(n, v.decode() if isinstance(v, bytes) else str(v)) for n, v in request.headers.items()]
    if not any(name.lower() == "host" for name, _ in fields):
        fields.append(("host", parts.netloc))
    return HttpRequest(request.method, parts.path or "/", parts.query, Headers(fields), bytes(body or b""))


CALLS: list[tuple[str, str, dict[str, Any], str]] = [
    ("s3", "put_object", {"Bucket": "bkt", "Key": "a key/ü+(x)//y", "Body": BODY}, "s3.PutObject rest-xml"),
    ("s3", "list_objects_v2", {"Bucket": "bkt", "Prefix": "a b/+&=ü"}, "s3.ListObjectsV2 rest-xml"),
    ("s3", "copy_object", {"Bucket": "bkt", "Key": "k", "CopySource": "bkt/ü x", "Metadata": {"a": "b  c"}, "MetadataDirective": "REPLACE"}, "s3.CopyObject rest-xml"),
    ("s3", "delete_objects", {"Bucket": "bkt", "Delete": {"Objects": [{"Key": "k"}]}}, "s3.DeleteObjects rest-xml"),
    ("s3", "put_bucket_versioning", {"Bucket": "bkt", "VersioningConfiguration": {"Status": "Enabled"}}, "s3.PutBucketVersioning rest-xml"),
    ("s3control", "get_public_access_block", {"AccountId": "111122223333"}, "s3control.GetPublicAccessBlock rest-xml"),
    ("sts", "get_caller_identity", {}, "sts.GetCallerIdentity query"),
    ("ec2", "describe_instances", {"InstanceIds": ["i-1"]}, "ec2.DescribeInstances ec2"),
    ("config", "describe_config_rules", {}, "config.DescribeConfigRules json"),
    ("logs", "start_live_tail", {"logGroupIdentifiers": ["arn:aws:logs:eu-west-1:111122223333:log-group:g"]}, "logs.StartLiveTail json"),
    ("cloudwatch", "put_metric_data", {"Namespace": "N", "MetricData": [{"MetricName": "m", "Value": 1.0}]}, "cloudwatch.PutMetricData json"),
    ("sqs", "send_message", {"QueueUrl": "http://localhost:4566/1/q", "MessageBody": "m"}, "sqs.SendMessage json"),
    ("lambda", "invoke", {"FunctionName": "arn:aws:lambda:eu-west-1:111122223333:function:f", "Payload": BODY}, "lambda.Invoke rest-json"),
    ("iot-data", "publish", {"topic": "a/b c", "payload": b"x"}, "iot-data.Publish rest-json"),
    ("route53", "list_hosted_zones", {}, "route53.ListHostedZones rest-xml"),
    ("apigateway", "import_rest_api", {"body": b"{}"}, "apigateway.ImportRestApi rest-json"),
]  # fmt: skip

WAYS = [
    {"tls": False},
    {"tls": True},
    {"tls": False, "s3": {"addressing_style": "virtual"}},
    {"tls": True, "s3": {"addressing_style": "virtual", "payload_signing_enabled": True}},
    {"tls": False, "request_checksum_calculation": "when_required"},
]


@pytest.mark.parametrize(("service", "operation", "params", "expected"), CALLS, ids=[c[3] for c in CALLS])
@pytest.mark.parametrize("way", WAYS, ids=["http", "https", "virtual", "virtual-https", "no-checksum"])
def test_boto3(
    service: str, operation: str, params: dict[str, Any], expected: str, way: dict[str, Any]
) -> None:
    request = caught(service, operation, params, **way)
    unread = HttpRequest(request.method, request.path, request.query, request.headers)
    found = route(request if needs_body(unread) else unread, hostnames=HOSTNAMES)
    assert f"{found.service}.{found.operation} {found.protocol}" == expected
    signature = sigv4.parse(request)
    assert signature is not None and signature.session_token == "token"
    sigv4.verify(
        request,
        signature,
        "secret",
        signature.timestamp,
        body_sha256=hashlib.sha256(request.body).hexdigest(),
        signing_names=signing_names(found.service),
        protocol=found.protocol,
    )
    addressed = normalise(request, HOSTNAMES)
    if found.service == "s3":
        assert addressed.path.split("/")[1] == "bkt"
    if sigv4.is_chunked(signature):
        decoder = sigv4.ChunkDecoder(signature, "secret")
        assert decoder.feed(request.body) == BODY
        assert all(name.startswith("x-amz-checksum-") for name in decoder.finish())


def test_some_of_these_are_framed() -> None:
    request = caught("s3", "put_object", {"Bucket": "bkt", "Key": "k", "Body": BODY}, tls=True)
    signature = sigv4.parse(request)
    assert sigv4.is_chunked(signature)


@pytest.mark.parametrize("style", ["path", "virtual"])
def test_presigned_urls(style: str) -> None:
    client = boto3.client(
        "s3",
        endpoint_url="http://localhost:4566",
        region_name="eu-west-1",
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(signature_version="s3v4", s3={"addressing_style": style}),
    )
    url = client.generate_presigned_url(
        "get_object", Params={"Bucket": "bkt", "Key": "a b+ü", "VersionId": "v/1"}
    )
    parts = urlsplit(url)
    request = HttpRequest("GET", parts.path, parts.query, Headers([("host", parts.netloc)]))
    found = route(request, hostnames=HOSTNAMES)
    assert (found.service, found.operation) == ("s3", "GetObject")
    signature = sigv4.parse(request)
    assert signature is not None
    sigv4.verify(request, signature, "secret", signature.timestamp, body_sha256=None)
    assert normalise(request, HOSTNAMES).path == "/bkt/a%20b%2B%C3%BC"
