"""Routing by example: every signal, every refusal, S3's addresses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.wire.message import Headers, HttpRequest
from triptych.wire.model import operation_model
from triptych.wire.route import Route, RouteError, needs_body, normalise, route, signing_names
from triptych.wire.s3_address import Host, read_host

HOSTNAMES = ("localhost", "triptych.internal")
FORM = ("content-type", "application/x-www-form-urlencoded; charset=utf-8")


def request(
    method: str,
    path: str,
    query: str = "",
    *headers: tuple[str, str],
    scope: str = "",
    host: str = "localhost:4566",
    body: bytes = b"",
) -> HttpRequest:
    signed = [("authorization", _authorization(scope))] if scope else []
    return HttpRequest(method, path, query, Headers([("host", host), *headers, *signed]), body)


def _authorization(scope: str) -> str:
    return f"AWS4-HMAC-SHA256 Credential=test/20260131/us-east-1/{scope}/aws4_request, SignedHeaders=host, Signature=00"


def where(r: HttpRequest) -> str:
    found = route(r, hostnames=HOSTNAMES)
    return f"{found.service}.{found.operation} {found.protocol}"


SIGNALS = [
    # X-Amz-Target
    (request("POST", "/", "", ("x-amz-target", "StarlingDoveService.PutConfigRule"), scope="config"), "config.PutConfigRule json"),
    (request("POST", "/", "", ("x-amz-target", "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents"), scope="cloudtrail"), "cloudtrail.LookupEvents json"),
    (request("POST", "/", "", ("x-amz-target", "DynamoDBStreams_20120810.ListStreams"), scope="dynamodb"), "dynamodbstreams.ListStreams json"),
    (request("POST", "/", "", ("x-amz-target", "AWSCognitoIdentityService.GetId")), "cognito-identity.GetId json"),
    (request("POST", "/", "", ("x-amz-target", "GraniteServiceVersion20100801.PutMetricData"), scope="monitoring"), "cloudwatch.PutMetricData json"),
    # a scope nobody has does not hide the target: the verifier will say what is wrong with the scope
    (request("POST", "/", "", ("x-amz-target", "AmazonSSM.GetParameter"), scope="nobody"), "ssm.GetParameter json"),
    # the header means nothing to a REST service
    (request("GET", "/bucket/key", "", ("x-amz-target", "AmazonSSM.GetParameter"), scope="s3"), "s3.GetObject rest-xml"),
    # smithy
    (request("POST", "/service/GraniteServiceVersion20100801/operation/ListMetrics", "", ("smithy-protocol", "rpc-v2-cbor"), scope="monitoring"), "cloudwatch.ListMetrics smithy-rpc-v2-cbor"),
    (request("POST", "/behind/a/proxy/service/GraniteServiceVersion20100801/operation/ListMetrics", "", ("smithy-protocol", "rpc-v2-cbor")), "cloudwatch.ListMetrics smithy-rpc-v2-cbor"),
    # Action and Version
    (request("POST", "/", "", FORM, scope="monitoring", body=b"Action=ListMetrics&Version=2010-08-01"), "cloudwatch.ListMetrics query"),
    (request("POST", "/", "", FORM, scope="sns", body=b"Version=2010-03-31&Message=a%26Action%3Db&Action=Publish"), "sns.Publish query"),
    (request("GET", "/", "Action=GetCallerIdentity&Version=2011-06-15", scope="sts"), "sts.GetCallerIdentity query"),
    (request("POST", "/", "", FORM, body=b"Action=AssumeRoleWithWebIdentity&Version=2011-06-15"), "sts.AssumeRoleWithWebIdentity query"),
    (request("POST", "/", "", FORM, scope="ec2", body=b"Action=DescribeInstances&Version=2016-11-15"), "ec2.DescribeInstances ec2"),
    (request("POST", "/", "", FORM, scope="ec2", body=b"Action=DescribeInstances&Version=2014-10-01"), "ec2.DescribeInstances ec2"),
    (request("POST", "/", "", FORM, scope="elasticloadbalancing", body=b"Action=DescribeLoadBalancers&Version=2012-06-01"), "elb.DescribeLoadBalancers query"),
    (request("POST", "/", "", FORM, scope="elasticloadbalancing", body=b"Action=DescribeLoadBalancers&Version=2015-12-01"), "elbv2.DescribeLoadBalancers query"),
    (request("POST", "/", "", FORM, scope="ses", body=b"Action=SendEmail&Version=2010-12-01"), "ses.SendEmail query"),
    (request("POST", "/v2/email/outbound-emails", "", scope="ses"), "sesv2.SendEmail rest-json"),
    (request("POST", "/000000000000/q", "", FORM, scope="sqs", body=b"Action=SendMessage&Version=2012-11-05"), "sqs.SendMessage query"),
    (request("POST", "/", "", FORM, ("user-agent", "aws-sdk-go-v2/1.30 api/neptune#1.31.2"), scope="rds", body=b"Action=DescribeDBClusters&Version=2014-10-31"), "neptune.DescribeDBClusters query"),
    (request("POST", "/", "", FORM, scope="rds", body=b"Action=DescribeDBClusters&Version=2014-10-31"), "rds.DescribeDBClusters query"),
    # REST
    (request("POST", "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A0%3Afunction%3Af/invocations", scope="lambda"), "lambda.Invoke rest-json"),
    (request("GET", "/2015-03-31/functions", scope="lambda"), "lambda.ListFunctions rest-json"),
    (request("GET", "/restapis", scope="apigateway"), "apigateway.GetRestApis rest-json"),
    (request("POST", "/restapis", "mode=import", scope="apigateway"), "apigateway.ImportRestApi rest-json"),
    (request("POST", "/restapis", scope="apigateway"), "apigateway.CreateRestApi rest-json"),
    (request("GET", "/v2/apis", scope="apigateway"), "apigatewayv2.GetApis rest-json"),
    (request("GET", "/2013-04-01/hostedzone", scope="route53"), "route53.ListHostedZones rest-xml"),
    (request("GET", "/tags/x", "", ("user-agent", "aws-sdk-java/2.26 api/Lex_Model_Building_Service#2.26"), scope="lex"), "lex-models.ListTagsForResource rest-json"),
    (request("GET", "/tags/x", scope="lex", host="models.lex.us-east-1.amazonaws.com"), "lex-models.ListTagsForResource rest-json"),
    (request("GET", "/portals/a/b/c/identityProviders", scope="workspaces-web"), "workspaces-web.ListIdentityProviders rest-json"),
    # unsigned REST, and a host
    (request("GET", "/federation/credentials", "role_name=r&account_id=1"), "sso.GetRoleCredentials rest-json"),
    (request("POST", "/token"), "sso-oidc.CreateToken rest-json"),
    (request("GET", "/2015-03-31/functions/f", host="lambda.eu-west-1.amazonaws.com"), "lambda.GetFunction rest-json"),
    (request("POST", "/", "", ("x-amz-target", "Logs_20140328.StartLiveTail"), scope="logs", host="stream-localhost:4566"), "logs.StartLiveTail json"),
    # presigned
    (request("GET", "/b/k", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=k%2F20260131%2Fus-east-1%2Fs3%2Faws4_request"), "s3.GetObject rest-xml"),
    (request("GET", "/", "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Credential=k%2F20260131%2Fus-east-1%2Fsts%2Faws4_request"), "sts.GetCallerIdentity query"),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "expected"), SIGNALS, ids=[expected for _, expected in SIGNALS])
def test_signals(sent: HttpRequest, expected: str) -> None:
    assert where(sent) == expected


S3 = [
    ("GET", "/", "", "ListBuckets"),
    ("GET", "/", "x-id=ListBuckets", "ListBuckets"),
    ("GET", "/b", "", "ListObjects"),
    ("GET", "/b/", "", "ListObjects"),
    ("GET", "/b", "list-type=2&prefix=a%2Fb", "ListObjectsV2"),
    ("GET", "/b", "list-type=1", "ListObjects"),
    ("GET", "/b", "versions", "ListObjectVersions"),
    ("GET", "/b", "versioning", "GetBucketVersioning"),
    ("GET", "/b", "versioning=", "GetBucketVersioning"),
    ("PUT", "/b", "", "CreateBucket"),
    ("PUT", "/b", "versioning", "PutBucketVersioning"),
    ("GET", "/b", "uploads", "ListMultipartUploads"),
    ("GET", "/b", "analytics&id=a", "GetBucketAnalyticsConfiguration"),
    ("GET", "/b", "analytics", "ListBucketAnalyticsConfigurations"),
    ("POST", "/b", "delete", "DeleteObjects"),
    ("HEAD", "/b", "", "HeadBucket"),
    ("DELETE", "/b", "", "DeleteBucket"),
    ("DELETE", "/b", "encryption", "DeleteBucketEncryption"),
    ("GET", "/b/k", "", "GetObject"),
    ("GET", "/b/a/b/c", "versionId=1", "GetObject"),
    ("GET", "/b//", "", "GetObject"),
    ("GET", "/b/a/", "", "GetObject"),
    ("GET", "/b/../x", "", "GetObject"),
    ("GET", "/b/k", "tagging", "GetObjectTagging"),
    ("GET", "/b/k", "uploadId=1", "ListParts"),
    ("HEAD", "/b/k", "", "HeadObject"),
    ("PUT", "/b/k", "", "PutObject"),
    ("PUT", "/b/k", "partNumber=1&uploadId=2", "UploadPart"),
    ("POST", "/b/k", "uploads", "CreateMultipartUpload"),
    ("POST", "/b/k", "uploadId=1", "CompleteMultipartUpload"),
    ("DELETE", "/b/k", "uploadId=1", "AbortMultipartUpload"),
    ("DELETE", "/b/k", "versionId=1", "DeleteObject"),
    ("POST", "/b/k", "select&select-type=2", "SelectObjectContent"),
    ("POST", "/b/k", "restore", "RestoreObject"),
    ("POST", "/WriteGetObjectResponse", "", "WriteGetObjectResponse"),
    ("GET", "/v20180820/key", "", "GetObject"),
]


@pytest.mark.parametrize(("method", "path", "query", "operation"), S3)
@pytest.mark.parametrize("scope", ["s3", ""])
def test_s3(method: str, path: str, query: str, operation: str, scope: str) -> None:
    assert where(request(method, path, query, scope=scope)) == f"s3.{operation} rest-xml"


def test_s3_copies_are_told_by_their_source_header() -> None:
    source = ("x-amz-copy-source", "/b/o")
    assert where(request("PUT", "/b/k", "", source, scope="s3")) == "s3.CopyObject rest-xml"
    part = request("PUT", "/b/k", "partNumber=1&uploadId=2", source, scope="s3")
    assert where(part) == "s3.UploadPartCopy rest-xml"


def test_s3_relatives() -> None:
    account = ("x-amz-account-id", "111122223333")
    control = request(
        "GET", "/v20180820/accesspoint", "", account, scope="s3", host="111122223333.localhost:4566"
    )
    assert where(control) == "s3control.ListAccessPoints rest-xml"
    by_host = request(
        "POST", "/v20180820/jobs", scope="s3", host="111122223333.s3-control.us-east-1.amazonaws.com"
    )
    assert where(by_host) == "s3control.CreateJob rest-xml"
    assert (
        where(request("GET", "/S3Outposts/ListEndpoints", scope="s3-outposts"))
        == "s3outposts.ListEndpoints rest-json"
    )
    assert where(request("GET", "/b/k", scope="s3-outposts")) == "s3.GetObject rest-xml"
    assert where(request("GET", "/", scope="s3express")) == "s3.ListDirectoryBuckets rest-xml"
    assert where(request("GET", "/b", "session", scope="s3express")) == "s3.CreateSession rest-xml"
    assert where(request("GET", "/key", host="logs.localhost")) == "s3.GetObject rest-xml"


REFUSALS = [
    (request("POST", "/", "", ("x-amz-target", "StarlingDoveService.Nope"), scope="config"), "UnknownOperationException", "config", "json"),
    (request("POST", "/", "", ("x-amz-target", "Nobody.PutConfigRule"), scope="config"), "UnknownOperationException", "config", "json"),
    (request("POST", "/", "", ("x-amz-target", "Nobody.Nothing")), "UnknownOperationException", "", "json"),
    (request("POST", "/", "", ("content-type", "application/x-amz-json-1.1"), scope="config"), "UnknownOperationException", "config", "json"),
    (request("POST", "/", "", FORM, scope="sns", body=b"Action=Nope&Version=2010-03-31"), "InvalidAction", "sns", "query"),
    (request("POST", "/", "", FORM, scope="sns", body=b"Message=x"), "MissingAction", "sns", "query"),
    (request("POST", "/", "", FORM, scope="ec2", body=b"Action=Nope"), "InvalidAction", "ec2", "ec2"),
    (request("GET", "/nope", scope="lambda"), "UnknownOperationException", "lambda", "rest-json"),
    (request("PATCH", "/bucket", scope="s3"), "MethodNotAllowed", "s3", "rest-xml"),
    (request("POST", "/bucket", scope="s3"), "MethodNotAllowed", "s3", "rest-xml"),
    (request("GET", "/x", scope="nobody"), "UnknownServiceException", "", "json"),
    (request("POST", "/service/Granite/operation/ListMetrics", "", ("smithy-protocol", "rpc-v2-cbor"), scope="monitoring"), "UnknownOperationException", "cloudwatch", "smithy-rpc-v2-cbor"),
    (request("POST", "/service/GraniteServiceVersion20100801/operation/Nope", "", ("smithy-protocol", "rpc-v2-cbor")), "UnknownOperationException", "cloudwatch", "smithy-rpc-v2-cbor"),
    (request("POST", "/service/AmazonSSM/operation/GetParameter", "", ("smithy-protocol", "rpc-v2-cbor")), "UnknownOperationException", "ssm", "json"),
    (request("POST", "/", "", ("smithy-protocol", "rpc-v3"), scope="monitoring"), "UnknownOperationException", "cloudwatch", "smithy-rpc-v2-cbor"),
]  # fmt: skip


@pytest.mark.parametrize(("sent", "code", "service", "protocol"), REFUSALS)
def test_refusals_say_in_which_protocol_to_answer(
    sent: HttpRequest, code: str, service: str, protocol: str
) -> None:
    with pytest.raises(RouteError) as refused:
        route(sent, hostnames=HOSTNAMES)
    error = refused.value
    assert (error.code, error.service, error.protocol) == (code, service, protocol)


def test_json_version_is_the_callers_else_the_models() -> None:
    target = ("x-amz-target", "AmazonSSM.GetParameter")
    said = request("POST", "/", "", target, ("content-type", "application/x-amz-json-1.0"), scope="ssm")
    assert route(said, hostnames=()) == Route("ssm", "GetParameter", "json", "1.0")
    assert route(request("POST", "/", "", target, scope="ssm"), hostnames=()).json_version == "1.1"


def test_only_forms_without_an_action_in_the_query_need_their_body() -> None:
    assert needs_body(request("POST", "/", "", FORM, scope="sns"))
    assert needs_body(request("POST", "/", "", FORM))
    assert not needs_body(request("POST", "/", "Action=Publish", FORM, scope="sns"))
    assert not needs_body(request("POST", "/b", "delete", FORM, scope="s3"))
    assert not needs_body(request("POST", "/", "", ("content-type", "application/json"), scope="sns"))
    assert not needs_body(request("GET", "/", "", FORM, scope="sns"))


def test_signing_names() -> None:
    assert signing_names("cloudwatch") == ("monitoring",)
    assert signing_names("s3") == ("s3", "s3express", "s3-object-lambda", "s3-outposts")


ADDRESSES = [
    ("localhost:4566", "/bkt/k", "/bkt/k"),
    ("bkt.localhost:4566", "/k", "/bkt/k"),
    ("bkt.localhost:4566", "/", "/bkt"),
    ("bkt.localhost:4566", "//k", "/bkt//k"),
    ("bkt.s3.localhost", "/k%20k", "/bkt/k%20k"),
    ("bkt.s3.us-west-2.localhost", "/k", "/bkt/k"),
    ("a.bkt.s3.triptych.internal", "/k", "/a.bkt/k"),
    ("bkt.s3.amazonaws.com", "/k", "/bkt/k"),
    ("bkt.s3.eu-west-1.amazonaws.com", "/k", "/bkt/k"),
    ("bkt.s3-eu-west-1.amazonaws.com", "/k", "/bkt/k"),
    ("bkt.s3.dualstack.eu-west-1.amazonaws.com", "/k", "/bkt/k"),
    ("bkt.s3-accelerate.amazonaws.com", "/k", "/bkt/k"),
    ("bkt.s3-accelerate.dualstack.amazonaws.com", "/k", "/bkt/k"),
    ("bkt.s3.cn-north-1.amazonaws.com.cn", "/k", "/bkt/k"),
    ("b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com", "/k", "/b--use1-az4--x-s3/k"),
    ("s3.eu-west-1.amazonaws.com", "/bkt/k", "/bkt/k"),
    ("s3.localhost", "/bkt/k", "/bkt/k"),
    ("127.0.0.1:4566", "/bkt/k", "/bkt/k"),
    ("bkt.s3.elsewhere.example", "/bkt/k", "/bkt/k"),
    ("UPPER.localhost", "/k", "/upper/k"),
]


@pytest.mark.parametrize(("host", "path", "expected"), ADDRESSES)
@pytest.mark.parametrize("scope", ["s3", ""])
def test_buckets_are_found_in_hosts(host: str, path: str, expected: str, scope: str) -> None:
    sent = request("GET", path, scope=scope, host=host)
    assert normalise(sent, HOSTNAMES).path == expected


def test_only_s3_has_buckets_in_hosts() -> None:
    sent = request("GET", "/2015-03-31/functions/f", scope="lambda", host="bucket.localhost")
    assert normalise(sent, HOSTNAMES) is sent
    target = request(
        "POST", "/", "", ("x-amz-target", "AWSCognitoIdentityService.GetId"), host="bucket.localhost"
    )
    assert normalise(target, HOSTNAMES) is target


def test_other_services_paths_are_read_as_their_signatures_read_them() -> None:
    sent = request("GET", "/x/../2015-03-31//functions/./f", scope="lambda")
    assert normalise(sent, HOSTNAMES).path == "/2015-03-31/functions/f"
    assert where(sent) == "lambda.GetFunction rest-json"


def test_hosts() -> None:
    assert read_host("logs.eu-west-1.amazonaws.com", HOSTNAMES) == Host(labels=("logs",))
    assert read_host("api.ecr.eu-west-1.amazonaws.com", HOSTNAMES).labels == ("api", "ecr")
    assert read_host("sts-fips.us-east-1.amazonaws.com", HOSTNAMES).labels == ("sts",)
    assert read_host("localhost", HOSTNAMES) == Host(ours=True)
    assert read_host("example.org", HOSTNAMES) == Host()


@settings(max_examples=200, deadline=None)
@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "HEAD", "PATCH", "OPTIONS", "FOO"]),
    path=st.text(st.sampled_from("/ab.%2F{}+"), max_size=12).map(lambda p: f"/{p}"),
    query=st.text(st.sampled_from("ab=&%2+Action"), max_size=16),
    scope=st.sampled_from(
        ["", "s3", "lambda", "sns", "monitoring", "apigateway", "ssm", "nobody", "s3-outposts"]
    ),
    headers=st.lists(
        st.sampled_from(
            [
                FORM,
                ("x-amz-target", "AmazonSSM."),
                ("x-amz-target", ""),
                ("smithy-protocol", ""),
                ("smithy-protocol", "rpc-v2-cbor"),
                ("x-amz-account-id", "1"),
            ]
        ),
        max_size=2,
    ),
    host=st.sampled_from(
        ["", "localhost", ".localhost", "a..s3.localhost", "x.y.amazonaws.com", ".", "[::1]:80"]
    ),
    body=st.binary(max_size=20),
)
def test_whatever_comes_is_a_route_or_a_route_error(
    method: str, path: str, query: str, scope: str, headers: list[tuple[str, str]], host: str, body: bytes
) -> None:
    sent = request(method, path, query, *headers, scope=scope, host=host, body=body)
    needs_body(sent)
    normalise(sent, HOSTNAMES)
    try:
        found = route(sent, hostnames=HOSTNAMES)
    except RouteError as error:
        assert error.code and error.status >= 400
    else:
        assert operation_model(found.service, found.operation).name == found.operation
