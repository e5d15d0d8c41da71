"""Every modelled exception reaches botocore with its code, message and members; so do codes no model knows."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.awsrequest import HeadersDict
from botocore.model import ServiceModel, StructureShape
from botocore.parsers import create_parser
from hypothesis import HealthCheck, Phase, given, settings

from triptych.kernel.errors import ServiceError
from triptych.wire import codec
from triptych.wire.message import HttpReply
from triptych.wire.model import operation_model, service_model
from wire.shape_strategies import JSON_TEXT, XML_TEXT, Dialect, parameters

OURS = ("cloudwatch", "logs", "cloudtrail", "config", "events", "sns", "ssm", "lambda", "sts")
ESTATE = ("s3", "route53")

twice = settings(
    max_examples=2,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
)


def seen_by_botocore(protocol: str, service: ServiceModel, reply: HttpReply) -> tuple[dict, dict]:
    """The parsed error and its modelled members, the way botocore's client puts them together."""
    parser = create_parser(protocol)
    response = {
        "status_code": reply.status,
        "headers": HeadersDict(reply.headers),
        "body": reply.body,
        "context": {},
    }
    parsed = parser.parse(response, None)
    shape = service.shape_for_error_code(parsed["Error"]["Code"])
    return parsed, parser.parse(response, shape) if shape is not None else {}


def exceptions(services: tuple[str, ...]) -> list[Any]:
    return [
        pytest.param(service, protocol, shape.name, id=f"{service}-{protocol}-{shape.name}")
        for service in services
        for protocol in service_model(service).metadata["protocols"]
        for shape in service_model(service).error_shapes
    ]


@pytest.mark.parametrize(("service", "protocol", "name"), exceptions((*OURS, *ESTATE)))
def test_a_modelled_exception_arrives_whole(service: str, protocol: str, name: str) -> None:
    model = service_model(service)
    shape = model.shape_for(name)
    assert isinstance(shape, StructureShape)
    dialect = Dialect(XML_TEXT if protocol in ("query", "rest-xml") else JSON_TEXT, 1000, infinite=False)
    messages = [member for member in shape.members if member.lower() == "message"]

    @twice
    @given(parameters(shape, dialect))
    def holds(fields: dict[str, Any]) -> None:
        for member in messages:
            fields.pop(member, None)
        if protocol in ("query", "rest-xml"):  # no flattened lists, but a missing one and an empty one differ
            assert not any(m.serialization.get("flattened") for m in shape.members.values())
        error = ServiceError(name, "what is wrong <&> ünïcode", fields=fields)
        reply = codec.encode_error(protocol, model, None, error, request_id="r-1", query_mode=True)
        parsed, members = seen_by_botocore(protocol, model, reply)
        by_name = protocol in ("json", "rest-json", "smithy-rpc-v2-cbor") and not model.is_query_compatible
        assert parsed["Error"]["Code"] == (name if by_name else shape.error_code)
        assert parsed["Error"]["Message"] == "what is wrong <&> ünïcode"
        assert parsed["ResponseMetadata"]["RequestId"] == "r-1"
        assert reply.status == shape.metadata.get("error", {}).get("httpStatusCode", 400)
        assert {key: value for key, value in members.items() if key.lower() != "message"} == fields

    holds()


@pytest.mark.parametrize(
    ("service", "protocol", "operation"),
    [
        ("cloudwatch", "smithy-rpc-v2-cbor", "PutMetricData"),
        ("cloudwatch", "json", "PutMetricData"),
        ("cloudwatch", "query", "PutMetricData"),
        ("lambda", "rest-json", "GetFunction"),
        ("route53", "rest-xml", "GetHostedZone"),
        ("s3", "rest-xml", "GetObject"),
        ("ec2", "ec2", "RunInstances"),
    ],
)
@pytest.mark.parametrize("query_mode", [False, True])
def test_a_code_no_model_knows_arrives_as_it_is(
    service: str, protocol: str, operation: str, query_mode: bool
) -> None:
    error = ServiceError("AccessDenied", "no", status=403, fields={"Resource": "/a"})
    reply = codec.encode_error(
        protocol,
        service_model(service),
        operation_model(service, operation),
        error,
        request_id="r-1",
        query_mode=query_mode,
    )
    parsed, _ = seen_by_botocore(protocol, service_model(service), reply)
    assert (reply.status, parsed["Error"]["Code"], parsed["Error"]["Message"]) == (403, "AccessDenied", "no")
    assert b"Resource" in reply.body
    output, read = codec.decode_reply(
        protocol, operation_model(service, operation), reply.status, reply.headers, reply.body
    )
    assert output == {}
    assert read is not None
    assert (read.code, read.message, read.status) == ("AccessDenied", "no", 403)


@pytest.mark.parametrize("code", ["InvalidParameterValue", "InvalidParameterValueException"])
@pytest.mark.parametrize("protocol", ["json", "smithy-rpc-v2-cbor"])
def test_only_clients_that_ask_are_told_the_query_code(protocol: str, code: str) -> None:
    model = service_model("cloudwatch")

    def reply(query_mode: bool) -> HttpReply:
        return codec.encode_error(
            protocol, model, None, ServiceError(code, "m"), request_id="r", query_mode=query_mode
        )

    assert reply(True).headers.get("x-amzn-query-error") == "InvalidParameterValue;Sender"
    assert seen_by_botocore(protocol, model, reply(True))[0]["Error"]["Code"] == "InvalidParameterValue"
    assert "x-amzn-query-error" not in reply(False).headers
    assert (
        seen_by_botocore(protocol, model, reply(False))[0]["Error"]["Code"]
        == "InvalidParameterValueException"
    )


def test_query_mode_means_nothing_to_a_service_that_never_spoke_query() -> None:
    error = ServiceError("ResourceNotFoundException", "m")
    reply = codec.encode_error("json", service_model("logs"), None, error, request_id="r", query_mode=True)
    assert "x-amzn-query-error" not in reply.headers


def test_s3_errors_have_a_bare_root_and_its_own_request_ids() -> None:
    error = ServiceError("NoSuchBucket", "gone", status=404, fields={"BucketName": "b"})
    reply = codec.encode_error("rest-xml", service_model("s3"), None, error, request_id="r-1")
    assert reply.headers.get("x-amz-request-id") == "r-1"
    assert reply.body.endswith(
        b"<Error><Code>NoSuchBucket</Code><Message>gone</Message><BucketName>b</BucketName>"
        b"<RequestId>r-1</RequestId><HostId>r-1</HostId></Error>"
    )


def test_the_operations_own_exception_wins_over_another_with_the_same_wire_code() -> None:
    # cloudwatch: ResourceNotFound is the wire code of DashboardNotFoundError, the name of no shape.
    operation = operation_model("cloudwatch", "GetDashboard")
    error = ServiceError("ResourceNotFound", "m")
    reply = codec.encode_error("json", operation.service_model, operation, error, request_id="r")
    assert reply.status == 404
    assert b'"__type":"DashboardNotFoundError"' in reply.body


def test_receivers_are_to_blame_for_their_own_faults() -> None:
    model = service_model("cloudwatch")
    reply = codec.encode_error(
        "query", model, None, ServiceError("InternalServiceFault", "m"), request_id="r"
    )
    assert reply.status == 500
    assert b"<Type>Receiver</Type><Code>InternalServiceError</Code>" in reply.body
