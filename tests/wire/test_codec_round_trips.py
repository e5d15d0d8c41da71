"""Every operation, every protocol: botocore's serializer -> our decoder, our encoder -> botocore's parser.

``TEST_WIRE_EXAMPLES=50 make test ARGS="tests/wire"`` looks harder than the three examples of a normal run.
"""

from __future__ import annotations

import os
from typing import Any

import pytest
from botocore.model import OperationModel, Shape, StructureShape
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from triptych.wire import codec
from triptych.wire.model import operation_model, service_model
from wire.shape_strategies import JSON_TEXT, XML_TEXT, Dialect, parameters

EXAMPLES = int(os.environ.get("TEST_WIRE_EXAMPLES", "3"))
OURS = ("cloudwatch", "logs", "cloudtrail", "config", "events", "sns", "ssm", "lambda", "sts")

few = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="TEST_WIRE_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate] if EXAMPLES <= 3 else [Phase.generate, Phase.shrink],
)

Case = tuple[str, str, str]  # service, protocol, operation


def cases(services: tuple[str, ...]) -> list[Case]:
    return [
        (service, protocol, operation)
        for service in services
        for protocol in service_model(service).metadata["protocols"]
        for operation in service_model(service).operation_names
    ]


def is_xml(protocol: str) -> bool:
    return protocol in ("query", "ec2", "rest-xml")


# Inputs ----------------------------------------------------------------------------------------------------


def arrives(protocol: str, shape: Shape, value: Any) -> Any:
    """What a serialized input can look like at best; None means it vanishes. The only differences allowed:

    * query, ec2: empty structures and maps have no parameters, so they vanish, from lists too;
    * ec2: empty lists vanish as well (query writes ``Name=``);
    * rest-xml: an empty flattened list has no element.
    """
    if isinstance(shape, StructureShape) and not shape.is_document_type:
        kept = {n: arrives(protocol, shape.members[n], v) for n, v in value.items()}
        kept = {n: v for n, v in kept.items() if v is not None}
        return None if not kept and protocol in ("query", "ec2") else kept
    if shape.type_name == "list":
        items = [arrives(protocol, shape.member, v) for v in value]
        items = [v for v in items if v is not None]
        if not items and (value or protocol == "ec2" or shape.serialization.get("flattened")):
            return None  # empty, or only empty structures were in it
        return items
    if shape.type_name == "map":
        kept = {k: arrives(protocol, shape.value, v) for k, v in value.items()}
        kept = {k: v for k, v in kept.items() if v is not None}
        return None if not kept and protocol in ("query", "ec2") else kept
    return value


def expected_input(protocol: str, shape: StructureShape, params: dict[str, Any]) -> dict[str, Any]:
    """Top-level differences of the REST protocols, besides ``arrives``:

    * empty lists and maps in the query string or in headers have no spelling;
    * an empty payload blob or string is no body at all, which means a streamed or absent one;
    * rest-json: botocore writes an absent payload structure as ``{}``, as it does an empty one;
    * (ours) a required Content-MD5 is added and then read as the member bound to that header.
    """
    expected: dict[str, Any] = {}
    payload = shape.serialization.get("payload")
    if protocol == "rest-json" and payload and isinstance(shape.members[payload], StructureShape):
        expected[payload] = {}
    for name, value in params.items():
        member = shape.members[name]
        if member.serialization.get("location") and value in ([], {}):
            continue
        if name == payload and value in (b"", ""):
            continue
        arrived = arrives(protocol, member, value)
        if arrived is not None:
            expected[name] = arrived
    return expected


def check_input(case: Case, examples: settings = few) -> None:
    service, protocol, name = case
    operation = operation_model(service, name)
    if operation.input_shape is None:
        request = codec.encode_request(protocol, operation, {})
        assert codec.decode_request(protocol, operation, request) == {}
        return
    dialect = Dialect(XML_TEXT if protocol == "rest-xml" else JSON_TEXT)

    @examples
    @given(parameters(operation.input_shape, dialect))
    def holds(params: dict[str, Any]) -> None:
        params = without_lists_of_blanks(operation, params)
        request = codec.encode_request(protocol, operation, params)
        decoded = codec.decode_request(protocol, operation, request)
        if "ContentMD5" in decoded and "ContentMD5" not in params:
            del decoded["ContentMD5"]
        assert decoded == expected_input(protocol, operation.input_shape, params)

    holds()


def without_lists_of_blanks(operation: OperationModel, params: dict[str, Any]) -> dict[str, Any]:
    """Header lists cannot tell an empty item from none."""
    members = operation.input_shape.members
    return {
        name: [item for item in value if item != ""]
        if members[name].serialization.get("location") == "header" and isinstance(value, list)
        else value
        for name, value in params.items()
    }


@pytest.mark.parametrize("case", cases(OURS), ids="-".join)
def test_inputs_arrive_as_they_were_sent(case: Case) -> None:
    check_input(case)


# PutBucketNotification (deprecated since 2014) binds two members to one element, Event.
AMBIGUOUS = {("s3", "rest-xml", "PutBucketNotification")}


@pytest.mark.parametrize(
    "case", [case for case in cases(("s3", "iam", "ec2")) if case not in AMBIGUOUS], ids="-".join
)
def test_inputs_of_the_estate_are_understood(case: Case) -> None:
    check_input(case)


# Outputs ---------------------------------------------------------------------------------------------------


def check_output(case: Case) -> None:
    service, protocol, name = case
    operation = operation_model(service, name)
    shape = operation.output_shape
    if shape is None:
        reply = codec.encode_reply(protocol, operation, {}, request_id="r-1")
        assert reads(protocol, operation, reply) == {}
        return
    dialect = Dialect(
        XML_TEXT if is_xml(protocol) else JSON_TEXT,
        microseconds=1000,
        infinite=protocol != "json",  # botocore leaves JSON's "Infinity" the string it is
    )

    @few
    @given(parameters(shape, dialect), st.integers(200, 299))
    def holds(output: dict[str, Any], status: int) -> None:
        for member, traits in shape.members.items():
            if traits.serialization.get("location") == "statusCode" and member in output:
                output[member] = status  # other values would make the reply an error
        reply = codec.encode_reply(protocol, operation, output, request_id="r-1")
        payload = shape.serialization.get("payload")
        if payload and output.get(payload) == b"":
            del output[payload]  # an empty body is what a streamed one looks like
        assert without_status(shape, reads(protocol, operation, reply), output) == output

    holds()


def without_status(shape: StructureShape, found: dict[str, Any], output: dict[str, Any]) -> dict[str, Any]:
    """A status code always comes back, sent as a member or not."""
    return {
        name: value
        for name, value in found.items()
        if name in output or shape.members[name].serialization.get("location") != "statusCode"
    }


def reads(protocol: str, operation: OperationModel, reply: Any) -> dict[str, Any]:
    output, error = codec.decode_reply(protocol, operation, reply.status, reply.headers, reply.body)
    assert error is None
    return output


@pytest.mark.parametrize(
    "case",
    [case for case in cases(OURS) if not operation_model(case[0], case[2]).has_event_stream_output],
    ids="-".join,
)
def test_outputs_are_read_as_they_were_meant(case: Case) -> None:
    check_output(case)
