"""The face of the protocols: requests to parameters, outputs and errors to replies, and both ways back.

Serving: ``decode_request``, ``encode_reply``, ``encode_error``. Calling and auditing the estate:
``encode_request`` and ``decode_reply``, which use botocore's own serializers and parsers: a real client's eyes.
Not here: validation (``validate``), content encodings (``encodings``), event streams (``eventstream``).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.awsrequest import HeadersDict
from botocore.exceptions import ParamValidationError
from botocore.parsers import ResponseParserError, ResponseParserFactory
from botocore.serialize import create_serializer
from botocore.utils import parse_timestamp, percent_encode_sequence

from triptych.kernel.errors import Defect, ServiceError
from triptych.wire import aws_json, aws_query, ec2_query, eventstream, rest_json, rest_xml, rpc_v2_cbor
from triptych.wire.faults import fault_of
from triptych.wire.message import Headers, HttpReply, HttpRequest
from triptych.wire.model import OperationModel, ServiceModel
from triptych.wire.scalars import Malformed, moment_of
from triptych.wire.xml_shapes import local_name, parse_xml

__all__ = [
    "PROTOCOLS",
    "decode_reply",
    "decode_request",
    "encode_error",
    "encode_reply",
    "encode_request",
]

PROTOCOLS = ("json", "query", "ec2", "rest-json", "rest-xml", "smithy-rpc-v2-cbor")
"""The protocols' names as botocore's models list them; ``json`` is awsJson 1.0 and 1.1."""

_DECODERS: Mapping[str, Callable[[OperationModel, HttpRequest], dict[str, Any]]] = {
    "json": aws_json.decode_request,
    "query": aws_query.decode_request,
    "ec2": ec2_query.decode_request,
    "rest-json": rest_json.decode_request,
    "rest-xml": rest_xml.decode_request,
    "smithy-rpc-v2-cbor": rpc_v2_cbor.decode_request,
}


def decode_request(protocol: str, operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
    """The parameters of a request, in the model's member names; absent members are absent.

    Timestamps are aware UTC datetimes, blobs bytes. The path is still percent-encoded and, for S3, path-style;
    the body is content-decoded. A payload member stays out while the body is empty (it is being streamed).

    :raises ServiceError: SerializationException, MalformedXML, MalformedInput ... as the protocol's services
        answer bodies that cannot be read.
    """
    return _DECODERS[protocol](operation, request)


def encode_reply(
    protocol: str,
    operation: OperationModel,
    output: Mapping[str, Any],
    *,
    request_id: str,
    json_version: str = "1.1",
) -> HttpReply:
    """The reply that carries an output.

    Of an operation with an event stream, the reply's head and its initial response; the events follow it.

    :raises Defect: the output has members or types the model does not know.
    """
    if operation.has_event_stream_output:
        return _stream_head(protocol, operation, output, request_id, json_version)
    match protocol:
        case "json":
            return aws_json.encode_reply(operation, output, request_id=request_id, json_version=json_version)
        case "query":
            return aws_query.encode_reply(operation, output, request_id=request_id)
        case "ec2":
            return ec2_query.encode_reply(operation, output, request_id=request_id)
        case "rest-json":
            return rest_json.encode_reply(operation, output, request_id=request_id)
        case "rest-xml":
            return rest_xml.encode_reply(operation, output, request_id=request_id)
        case "smithy-rpc-v2-cbor":
            return rpc_v2_cbor.encode_reply(operation, output, request_id=request_id)
    raise Defect(f"unknown protocol {protocol}")


def _stream_head(
    protocol: str, operation: OperationModel, output: Mapping[str, Any], request_id: str, json_version: str
) -> HttpReply:
    shape = operation.output_shape
    first = {name: value for name, value in output.items() if shape and name != shape.event_stream_name}
    headers = Headers([("x-amzn-requestid", request_id)])
    status, body = 200, b""
    if protocol.startswith("rest-"):
        # REST protocols put the initial response into the HTTP head.
        encode = rest_json.encode_reply if protocol == "rest-json" else rest_xml.encode_reply
        head = encode(operation, first, request_id=request_id)
        status, headers = head.status, head.headers
    else:
        body = eventstream.encode_initial_response(protocol, operation, first)
    if protocol == "json":
        headers = headers.plus(("x-amzn-json-version", json_version))
    return HttpReply(status, headers.plus(("content-type", eventstream.CONTENT_TYPE)), body)


def encode_error(
    protocol: str,
    service: ServiceModel,
    operation: OperationModel | None,
    error: ServiceError,
    *,
    request_id: str,
    json_version: str = "1.1",
    query_mode: bool = False,
) -> HttpReply:
    """The reply that carries an error: the modelled exception if its code names one, else the bare code.

    :param query_mode: the client sent ``x-amzn-query-mode: true``; honoured where the model is query-compatible.
    """
    fault = fault_of(service, operation, error)
    compatible = query_mode and service.is_query_compatible
    match protocol:
        case "json":
            return aws_json.encode_error(
                fault, request_id=request_id, json_version=json_version, query_mode=compatible
            )
        case "query":
            return aws_query.encode_error(service.metadata.get("xmlNamespace"), fault, request_id=request_id)
        case "ec2":
            return ec2_query.encode_error(fault, request_id=request_id)
        case "rest-json":
            return rest_json.encode_error(fault, request_id=request_id)
        case "rest-xml":
            return rest_xml.encode_error(service, fault, request_id=request_id)
        case "smithy-rpc-v2-cbor":
            return rpc_v2_cbor.encode_error(fault, request_id=request_id, query_mode=compatible)
    raise Defect(f"unknown protocol {protocol}")


# The estate: as a client sees it ----------------------------------------------------------------------------


@cache
def _parser(protocol: str) -> Any:  # the published types of `parse` are too narrow
    factory = ResponseParserFactory()
    factory.set_parser_defaults(timestamp_parser=_moment)
    return factory.create_parser(protocol)


def _moment(value: Any) -> datetime:
    try:
        return moment_of(value)
    except Malformed:  # a format only botocore's own reader knows
        return parse_timestamp(value).astimezone(UTC)


@cache
def _serializer(protocol: str) -> Any:
    return create_serializer(protocol)


def decode_reply(
    protocol: str, operation: OperationModel, status: int, headers: Headers, body: bytes
) -> tuple[dict[str, Any], ServiceError | None]:
    """What a client makes of a reply: the output, or ``{}`` and the error.

    Of streamed outputs (a blob payload, an event stream) pass ``b""``: only the head is read. A reply that
    cannot be read is the error a client would have: InternalFailure with status 502.
    """
    fields = HeadersDict()
    for name, value in headers:
        fields[name] = f"{fields[name]}, {value}" if name in fields else value
    if status < 301 and protocol == "rest-xml" and _is_late_error(operation, body):
        status = 500  # S3 starts some replies before it knows how they end
    response = {
        "status_code": status,
        "headers": fields,
        "body": body,
        "context": {"operation_name": operation.name},
    }
    try:
        if status >= 301:
            return {}, _error_of(_parser(protocol), operation, response)
        return _output_of(protocol, operation, response), None
    except (ResponseParserError, ValueError, TypeError, KeyError, AttributeError) as error:
        message = f"the reply of {operation.name} cannot be read: {error}"
        return {}, ServiceError("InternalFailure", message, status=502)


def _is_late_error(operation: OperationModel, body: bytes) -> bool:
    if operation.has_streaming_output or b"<Error>" not in body[:512]:
        return False
    try:
        return local_name(parse_xml(body).tag) == "Error"
    except ValueError:
        return False


def _output_of(protocol: str, operation: OperationModel, response: dict[str, Any]) -> dict[str, Any]:
    shape, parser = operation.output_shape, _parser(protocol)
    body: bytes = response["body"]
    output: dict[str, Any]
    if operation.has_event_stream_output and shape is not None:
        if not protocol.startswith("rest-"):
            return {}
        output = parser.parse({**response, "body": iter(())}, shape)
        output.pop(str(shape.event_stream_name), None)
    elif operation.has_streaming_output and shape is not None:
        # A blob payload must not look like bytes to botocore: it would decode them as text.
        output = parser.parse({**response, "body": memoryview(body)}, shape)
        payload = shape.serialization["payload"]
        output[payload] = body
        if not body:
            del output[payload]
    else:
        output = parser.parse(response, shape)
        if protocol == "rest-xml":
            output |= _unwrapped(operation, output, body)
    output.pop("ResponseMetadata", None)
    return output


def _unwrapped(operation: OperationModel, output: Mapping[str, Any], body: bytes) -> dict[str, Any]:
    """GetBucketLocation's root element is its only member (Smithy's s3UnwrappedXmlOutput, lost in botocore)."""
    shape = operation.output_shape
    if shape is None or len(shape.members) != 1:
        return {}
    (name,) = shape.members
    if name in output or "payload" in shape.serialization or not body:
        return {}
    root = parse_xml(body)
    return {name: root.text} if local_name(root.tag) == name and len(root) == 0 and root.text else {}


def _error_of(parser: Any, operation: OperationModel, response: dict[str, Any]) -> ServiceError:
    parsed: dict[str, Any] = parser.parse(response, operation.output_shape)
    error: dict[str, Any] = parsed.get("Error", {})
    code = str(error.get("Code") or response["status_code"])
    fields = {
        name: value
        for name, value in error.items()
        if name not in ("Code", "Message", "Type", "QueryErrorCode") and isinstance(value, str)
    }
    shape = fault_of(operation.service_model, operation, ServiceError(code, "")).shape
    if shape is not None:
        members: dict[str, Any] = parser.parse(response, shape)
        fields |= {name: value for name, value in members.items() if name.lower() != "message"}
    return ServiceError(code, error.get("Message") or "", status=int(response["status_code"]), fields=fields)


def encode_request(protocol: str, operation: OperationModel, params: Mapping[str, Any]) -> HttpRequest:
    """An unsigned request without a host. S3 is path-style and gets Content-MD5 where a checksum is required.

    Idempotency tokens are the caller's: nothing random is made up here.

    :raises ServiceError: ValidationException with botocore's report when the parameters do not fit the model.
    """
    try:
        made: dict[str, Any] = _serializer(protocol).serialize_to_request(dict(params), operation)
    except ParamValidationError as error:
        raise ServiceError("ValidationException", str(error)) from error
    path, _, fixed_query = made["url_path"].partition("?")
    body = made["body"]
    if isinstance(body, dict):
        body = percent_encode_sequence(body).encode()
    query = "&".join(filter(None, (fixed_query, percent_encode_sequence(made["query_string"] or {}))))
    headers = Headers((name, str(value)) for name, value in made["headers"].items())
    if _needs_checksum(operation) and "content-md5" not in headers:
        digest = hashlib.md5(body, usedforsecurity=False).digest()
        headers = headers.plus(("content-md5", base64.b64encode(digest).decode()))
    return HttpRequest(made["method"], path, query, headers, bytes(body))


def _needs_checksum(operation: OperationModel) -> bool:
    required = operation.http_checksum.get("requestChecksumRequired", False)
    return bool(required or operation.http_checksum_required)
