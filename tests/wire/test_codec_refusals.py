"""Bytes that are no request of the protocol are refused with its own error, never with a crash of ours."""

from __future__ import annotations

import cbor2
import pytest
from botocore.model import ServiceModel
from hypothesis import given, settings
from hypothesis import strategies as st

from triptych.kernel.errors import ServiceError
from triptych.wire import codec
from triptych.wire.message import Headers, HttpRequest
from triptych.wire.model import operation_model, service_model

PUT = operation_model("cloudwatch", "PutMetricData")


def refused(protocol: str, service: str, operation: str, body: bytes, path: str = "/") -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        codec.decode_request(
            protocol, operation_model(service, operation), HttpRequest("POST", path, body=body)
        )
    return caught.value


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"{", "Unable to parse the request body as JSON"),
        (b'{"logGroupName": 5}', "NUMBER_VALUE can not be converted to a String"),
        (b'{"logGroupName": true}', "TRUE_VALUE can not be converted to a String"),
        (b'{"logGroupName": {}}', "Start of structure or map found where not expected."),
        (b'{"logGroupName": []}', "Start of list found where not expected"),
        (b'{"tags": []}', "Expected map or null"),
        (b'{"tags": {"a": 1}}', "NUMBER_VALUE can not be converted to a String"),
        (b"[]", "Expected structure or null"),
        (b'{"logGroupName": "\xff"}', "Unable to parse the request body as JSON"),
        (b'{"tags":' * 100_000, "Unable to parse the request body as JSON"),
    ],
)
def test_json_says_what_it_could_not_convert(body: bytes, message: str) -> None:
    error = refused("json", "logs", "CreateLogGroup", body)
    assert error.code == "SerializationException"
    assert error.message.startswith(message)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1.5, "DECIMAL_VALUE can not be converted to an Integer"),
        ("1", "STRING_VALUE can not be converted to an Integer"),
        (True, "TRUE_VALUE can not be converted to an Integer"),
        (1 << 31, "NUMBER_VALUE can not be converted to an Integer"),
        (1 << 70, "NUMBER_VALUE can not be converted to an Integer"),
    ],
)
def test_integers_are_whole_and_fit_their_type(value: object, message: str) -> None:
    body = cbor2.dumps({"Namespace": "n", "MetricData": [{"StorageResolution": value}]})
    error = refused("smithy-rpc-v2-cbor", "cloudwatch", "PutMetricData", body)
    assert (error.code, error.message) == ("SerializationException", message)


def test_javascripts_one_point_zero_is_an_integer() -> None:
    request = HttpRequest("POST", "/", body=b'{"logGroupName":"g","retentionInDays":7.0}')
    found = codec.decode_request("json", operation_model("logs", "PutRetentionPolicy"), request)
    assert found == {"logGroupName": "g", "retentionInDays": 7}
    assert type(found["retentionInDays"]) is int


@pytest.mark.parametrize(
    "body",
    [
        b"\xff",
        b"\xa1",
        cbor2.dumps([1]),
        cbor2.dumps({"Namespace": b"bytes"}),
        cbor2.dumps({"MetricData": [{"Timestamp": "yesterday"}]}),
        cbor2.dumps({"MetricData": [{"Timestamp": cbor2.CBORTag(1, 1e300)}]}),
        b"\xd8\x1c\x81\xd8\x1d\x00",  # a list that holds itself
        b"\x81" * 100_000,
    ],
)
def test_damaged_cbor_is_refused(body: bytes) -> None:
    assert refused("smithy-rpc-v2-cbor", "cloudwatch", "PutMetricData", body).code == "SerializationException"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"Namespace=%ff", "MalformedQueryString", "The query string is malformed"),
        (b"\xff=1", "MalformedQueryString", "The query string is malformed"),
        (b"MetricData.member.1.Timestamp=soon", "MalformedInput", "timestamp must follow ISO8601"),
        (
            b"MetricData.member.1.StorageResolution=x",
            "MalformedInput",
            "Value (x) for parameter MetricData.1.StorageResolution is invalid.",
        ),
    ],
)
def test_query_names_the_parameter(body: bytes, code: str, message: str) -> None:
    error = refused("query", "cloudwatch", "PutMetricData", body)
    assert error.code == code
    assert error.message.startswith(message)


def test_a_bottomless_parameter_is_refused() -> None:
    # None of our Query services has a recursive input, others do; so here is one.
    shapes = {
        "Node": {"type": "structure", "members": {"Next": {"shape": "Node"}, "Text": {"shape": "Text"}}},
        "Text": {"type": "string"},
    }
    model = {
        "metadata": {"protocol": "query", "protocols": ["query"], "apiVersion": "1", "endpointPrefix": "x"},
        "operations": {
            "Do": {"name": "Do", "http": {"method": "POST", "requestUri": "/"}, "input": {"shape": "Node"}}
        },
        "shapes": shapes,
    }
    operation = ServiceModel(model, "madeup").operation_model("Do")
    body = b"Next." * 100_000 + b"Text=x"
    with pytest.raises(ServiceError, match="nested too deeply"):
        codec.decode_request("query", operation, HttpRequest("POST", "/", body=body))
    shallow = HttpRequest("POST", "/", body=b"Next.Next.Text=x")
    assert codec.decode_request("query", operation, shallow) == {"Next": {"Next": {"Text": "x"}}}


def test_query_reads_odd_but_legal_spellings() -> None:
    body = (
        b"Action=PutMetricData&Version=2010-08-01&Unknown.member.1=x&..=y&"
        b"MetricData.member.10.MetricName=later&MetricData.member.2.MetricName=sooner&MetricData.member.x=no"
    )
    request = HttpRequest("POST", "/", "Namespace=from+the%20query", body=body)
    assert codec.decode_request("query", PUT, request) == {
        "Namespace": "from the query",
        "MetricData": [{"MetricName": "sooner"}, {"MetricName": "later"}],
    }


@pytest.mark.parametrize(
    "body",
    [
        b"<Tagging",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><Tagging><TagSet>&b;</TagSet></Tagging>",
        b'<?xml version="1.0" encoding="utf-16"?><Tagging\xff/>',
        b"<BucketLoggingStatus>\x00</BucketLoggingStatus>",
    ],
)
def test_bad_xml_is_malformed_xml(body: bytes) -> None:
    assert refused("rest-xml", "s3", "PutBucketTagging", body, "/b").code == "MalformedXML"


def test_a_path_of_another_operation_is_not_found() -> None:
    assert refused("rest-json", "lambda", "Invoke", b"", "/2015-03-31/functions").status == 404


@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor", "query"])
@given(body=st.binary(max_size=60))
@settings(max_examples=60, deadline=None, database=None)
def test_no_bytes_crash_a_decoder(protocol: str, body: bytes) -> None:
    try:
        codec.decode_request(protocol, PUT, HttpRequest("POST", "/", body=body))
    except ServiceError as error:
        assert error.status == 400


@given(body=st.binary(max_size=60), status=st.sampled_from([200, 404, 503]))
@settings(max_examples=60, deadline=None, database=None)
@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("s3", "ListObjectsV2"),
        ("ec2", "DescribeInstances"),
        ("iam", "GetRole"),
        ("lambda", "GetFunction"),
        ("logs", "GetLogEvents"),
    ],
)
def test_no_reply_of_an_upstream_crashes_the_audit(
    service: str, operation: str, body: bytes, status: int
) -> None:
    protocol = service_model(service).metadata["protocol"]
    output, error = codec.decode_reply(protocol, operation_model(service, operation), status, Headers(), body)
    assert error is not None or isinstance(output, dict)
    if status >= 400:
        assert error is not None


def test_null_members_are_absent_and_null_items_are_kept_for_validation() -> None:
    request = HttpRequest("POST", "/", body=b'{"logGroupName": "g", "kmsKeyId": null, "tags": {"a": null}}')
    found = codec.decode_request("json", operation_model("logs", "CreateLogGroup"), request)
    assert found == {"logGroupName": "g", "tags": {"a": None}}
    request = HttpRequest("POST", "/", body=b'{"resourceArn": "a", "tagKeys": ["k", null]}')
    found = codec.decode_request("json", operation_model("logs", "UntagResource"), request)
    assert found == {"resourceArn": "a", "tagKeys": ["k", None]}


@pytest.mark.parametrize("body", [b"", b"{}", b" \n"])
def test_no_body_is_no_parameters(body: bytes) -> None:
    request = HttpRequest("POST", "/", body=body)
    assert codec.decode_request("json", operation_model("logs", "DescribeLogGroups"), request) == {}
