"""What only the REST protocols have: bindings, payloads, streams; and S3's own ways."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime

import pytest
from botocore.model import OperationModel, ServiceModel

from triptych.kernel.errors import Defect, ServiceError
from triptych.wire import codec
from triptych.wire.message import Headers, HttpRequest
from triptych.wire.model import operation_model


@pytest.mark.parametrize(
    ("path", "bucket", "key"),
    [
        ("/b/k", "b", "k"),
        ("/b//k", "b", "/k"),
        ("/b/a/b/", "b", "a/b/"),
        ("/b/a%2Fb%20c%2B+%C3%A4", "b", "a/b c++ä"),
        ("/b/line%0Abreak", "b", "line\nbreak"),
    ],
)
def test_s3_keys_are_decoded_once_and_keep_their_slashes(path: str, bucket: str, key: str) -> None:
    found = codec.decode_request("rest-xml", operation_model("s3", "GetObject"), HttpRequest("GET", path))
    assert found == {"Bucket": bucket, "Key": key}


def test_a_streamed_payload_is_left_out() -> None:
    request = HttpRequest(
        "PUT",
        "/b/k",
        headers=Headers(
            [("X-Amz-Meta-Owner", "me"), ("content-type", "text/plain"), ("content-length", "9")]
        ),
    )
    assert codec.decode_request("rest-xml", operation_model("s3", "PutObject"), request) == {
        "Bucket": "b",
        "Key": "k",
        "Metadata": {"owner": "me"},
        "ContentType": "text/plain",
        "ContentLength": 9,
    }


def test_xml_attributes_keep_their_prefix() -> None:
    body = (
        b'<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><AccessControlList><Grant>'
        b'<Grantee xmlns:x="http://www.w3.org/2001/XMLSchema-instance" x:type="Group"><URI>u</URI></Grantee>'
        b"<Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>"
    )
    found = codec.decode_request(
        "rest-xml", operation_model("s3", "PutBucketAcl"), HttpRequest("PUT", "/b", "acl", body=body)
    )
    grant = {"Grantee": {"Type": "Group", "URI": "u"}, "Permission": "READ"}
    assert found == {"Bucket": "b", "AccessControlPolicy": {"Grants": [grant]}}


def test_required_checksums_are_added() -> None:
    request = codec.encode_request(
        "rest-xml",
        operation_model("s3", "DeleteObjects"),
        {"Bucket": "b", "Delete": {"Objects": [{"Key": "k"}]}},
    )
    digest = base64.b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode()
    assert (request.path, request.query) == ("/b", "delete")
    assert request.headers.get("content-md5") == digest
    plain = codec.encode_request("rest-xml", operation_model("s3", "CreateBucket"), {"Bucket": "b"})
    assert "content-md5" not in plain.headers


def test_parameters_that_do_not_fit_are_named() -> None:
    with pytest.raises(ServiceError, match='Missing required parameter in input: "Bucket"') as caught:
        codec.encode_request("rest-xml", operation_model("s3", "CreateBucket"), {})
    assert caught.value.code == "ValidationException"


def test_the_bucket_location_is_its_root_element() -> None:
    body = (
        b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/">eu-west-1</LocationConstraint>'
    )
    operation = operation_model("s3", "GetBucketLocation")
    assert codec.decode_reply("rest-xml", operation, 200, Headers(), body) == (
        {"LocationConstraint": "eu-west-1"},
        None,
    )
    nowhere = b'<LocationConstraint xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>'
    assert codec.decode_reply("rest-xml", operation, 200, Headers(), nowhere) == ({}, None)


def test_a_late_error_of_s3_is_an_error() -> None:
    body = b'<?xml version="1.0"?>\n<Error><Code>SlowDown</Code><Message>later</Message></Error>'
    output, error = codec.decode_reply("rest-xml", operation_model("s3", "CopyObject"), 200, Headers(), body)
    assert (output, error.code, error.status) == ({}, "SlowDown", 500)


def test_streamed_replies_are_read_by_their_head() -> None:
    headers = Headers([("ETag", '"e"'), ("Content-Length", "5"), ("x-amz-meta-a", "b")])
    output, error = codec.decode_reply("rest-xml", operation_model("s3", "GetObject"), 200, headers, b"")
    assert (output, error) == ({"ETag": '"e"', "ContentLength": 5, "Metadata": {"a": "b"}}, None)


def test_binary_payloads_survive() -> None:
    operation = operation_model("lambda", "Invoke")
    reply = codec.encode_reply(
        "rest-json", operation, {"StatusCode": 202, "Payload": b"\xff\x00"}, request_id="r"
    )
    assert (reply.status, reply.body) == (202, b"\xff\x00")
    assert codec.decode_reply("rest-json", operation, 202, reply.headers, reply.body)[0] == {
        "StatusCode": 202,
        "Payload": b"\xff\x00",
    }


def made_up(member: dict, shapes: dict) -> OperationModel:
    """An operation with one bound member, for traits that none of our services' models use."""
    model = {
        "metadata": {
            "protocol": "rest-json",
            "protocols": ["rest-json"],
            "apiVersion": "1",
            "endpointPrefix": "x",
        },
        "operations": {
            "Do": {
                "name": "Do",
                "http": {"method": "GET", "requestUri": "/do", "responseCode": 204},
                "input": {"shape": "Message"},
                "output": {"shape": "Message"},
            }
        },
        "shapes": {"Message": {"type": "structure", "members": {"M": member}}, **shapes},
    }
    return ServiceModel(model, "madeup").operation_model("Do")


BOUND = {
    "text list": (
        {"shape": "L", "location": "header", "locationName": "x-m"},
        {"L": {"type": "list", "member": {"shape": "S"}}, "S": {"type": "string"}},
        ["a", "b,c", 'd"e'],
    ),
    "number list": (
        {"shape": "L", "location": "header", "locationName": "x-m"},
        {"L": {"type": "list", "member": {"shape": "I"}}, "I": {"type": "integer"}},
        [1, -2],
    ),
    "date list": (
        {"shape": "L", "location": "header", "locationName": "x-m"},
        {"L": {"type": "list", "member": {"shape": "T"}}, "T": {"type": "timestamp"}},
        [datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(1999, 12, 31, tzinfo=UTC)],
    ),
    "json value": (
        {"shape": "S", "location": "header", "locationName": "x-m", "jsonvalue": True},
        {"S": {"type": "string"}},
        {"a": [1, "ü", None]},
    ),
    "boolean": (
        {"shape": "B", "location": "header", "locationName": "x-m"},
        {"B": {"type": "boolean"}},
        True,
    ),
    "query list": (
        {"shape": "L", "location": "querystring", "locationName": "m"},
        {"L": {"type": "list", "member": {"shape": "S"}}, "S": {"type": "string"}},
        ["a b", "c&d=e", ""],
    ),
    "query map": (
        {"shape": "Q", "location": "querystring"},
        {"Q": {"type": "map", "key": {"shape": "S"}, "value": {"shape": "S"}}, "S": {"type": "string"}},
        {"a": "b c", "d": ""},
    ),
    "query map of lists": (
        {"shape": "Q", "location": "querystring"},
        {
            "Q": {"type": "map", "key": {"shape": "S"}, "value": {"shape": "L"}},
            "L": {"type": "list", "member": {"shape": "S"}},
            "S": {"type": "string"},
        },
        {"a": ["b", "c"]},
    ),
}


@pytest.mark.parametrize("case", BOUND)
def test_bound_members_of_every_kind_arrive(case: str) -> None:
    member, shapes, value = BOUND[case]
    operation = made_up(member, shapes)
    request = codec.encode_request("rest-json", operation, {"M": value})
    assert codec.decode_request("rest-json", operation, request) == {"M": value}


@pytest.mark.parametrize(
    "case", [name for name in BOUND if not name.startswith("query") and name != "date list"]
)
def test_bound_members_of_every_kind_return(case: str) -> None:
    # botocore cannot read lists of dates, which hold commas, nor quoted items; ours are written as Smithy says.
    member, shapes, value = BOUND[case]
    operation = made_up(member, shapes)
    sent = ["a", "b"] if case == "text list" else value
    reply = codec.encode_reply("rest-json", operation, {"M": sent}, request_id="r")
    assert (reply.status, reply.body) == (204, b"")
    found = codec.decode_reply("rest-json", operation, reply.status, reply.headers, b"")[0]["M"]
    assert found == sent


def test_quoted_header_items_are_written_as_smithy_says() -> None:
    operation = made_up(*BOUND["text list"][:2])
    reply = codec.encode_reply("rest-json", operation, {"M": ["a", "b,c", 'd"e']}, request_id="r")
    assert reply.headers.get("x-m") == 'a,"b,c","d\\"e"'


def test_a_header_cannot_be_split() -> None:
    operation = made_up(
        {"shape": "S", "location": "header", "locationName": "x-m"}, {"S": {"type": "string"}}
    )
    with pytest.raises(Defect, match="line break"):
        codec.encode_reply("rest-json", operation, {"M": "a\r\nset-cookie: b"}, request_id="r")


@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor", "query"])
@pytest.mark.parametrize(
    "output", [{"NoSuchMember": 1}, {"Datapoints": [{"Average": "1"}]}, {"Label": 5}, {"Datapoints": "text"}]
)
def test_an_output_the_model_does_not_know_is_our_own_mistake(protocol: str, output: dict) -> None:
    with pytest.raises(Defect):
        codec.encode_reply(
            protocol, operation_model("cloudwatch", "GetMetricStatistics"), output, request_id="r"
        )


def test_xml_cannot_carry_control_characters_and_says_so_with_a_replacement() -> None:
    reply = codec.encode_reply(
        "query", operation_model("sns", "ListTopics"), {"NextToken": "a\x00b\x1b\r\n"}, request_id="r"
    )
    output, _ = codec.decode_reply(
        "query", operation_model("sns", "ListTopics"), 200, reply.headers, reply.body
    )
    assert output == {"NextToken": "a\ufffdb\ufffd\r\n"}


def test_replies_have_the_shape_aws_gives_them() -> None:
    sns = codec.encode_reply(
        "query", operation_model("sns", "CreateTopic"), {"TopicArn": "t"}, request_id="r"
    )
    assert sns.body == (
        b'<CreateTopicResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><CreateTopicResult>'
        b"<TopicArn>t</TopicArn></CreateTopicResult><ResponseMetadata><RequestId>r</RequestId>"
        b"</ResponseMetadata></CreateTopicResponse>"
    )
    json = codec.encode_reply(
        "json", operation_model("logs", "CreateLogGroup"), {}, request_id="r", json_version="1.1"
    )
    assert (json.status, json.body) == (200, b"")
    assert dict(json.headers) == {"x-amzn-requestid": "r", "content-type": "application/x-amz-json-1.1"}
    cbor = codec.encode_reply(
        "smithy-rpc-v2-cbor", operation_model("cloudwatch", "ListDashboards"), {}, request_id="r"
    )
    assert (cbor.body, cbor.headers.get("smithy-protocol")) == (b"\xa0", "rpc-v2-cbor")


def test_timestamps_have_each_protocols_own_form() -> None:
    moment = datetime(2024, 1, 2, 3, 4, 5, 250000, tzinfo=UTC)
    operation = operation_model("cloudwatch", "GetMetricStatistics")

    def body(protocol: str) -> bytes:
        output = {"Datapoints": [{"Timestamp": moment}]}
        return codec.encode_reply(protocol, operation, output, request_id="r").body

    assert body("json") == b'{"Datapoints":[{"Timestamp":1704164645.25}]}'
    assert b"<Timestamp>2024-01-02T03:04:05.250Z</Timestamp>" in body("query")
    assert b"\xc1\xfb" in body("smithy-rpc-v2-cbor")  # tag 1, a double
    header = made_up(
        {"shape": "T", "location": "header", "locationName": "x-m"}, {"T": {"type": "timestamp"}}
    )
    reply = codec.encode_reply("rest-json", header, {"M": moment}, request_id="r")
    assert reply.headers.get("x-m") == "Tue, 02 Jan 2024 03:04:05 GMT"
    styled = {"T": {"type": "timestamp", "timestampFormat": "iso8601"}}
    reply = codec.encode_reply("rest-json", made_up({"shape": "T"}, styled), {"M": moment}, request_id="r")
    assert reply.body == b'{"M":"2024-01-02T03:04:05.250Z"}'
