"""rest-xml: HTTP bindings around an XML body, and S3's own ways with errors.

Source: https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore.model import OperationModel, ServiceModel

from triptych.kernel.errors import ServiceError
from triptych.wire.aws_query import error_members
from triptych.wire.faults import Fault
from triptych.wire.message import Headers, HttpReply, HttpRequest
from triptych.wire.rest_bindings import payload_member, read_bindings, status_of, write_headers
from triptych.wire.scalars import Malformed
from triptych.wire.shapes import body_members
from triptych.wire.xml_shapes import (
    DECLARATION,
    namespace_attribute,
    parse_xml,
    read_element,
    text_element,
    write_element,
)

__all__ = ["decode_request", "encode_error", "encode_reply"]

MALFORMED_XML = "The XML you provided was not well-formed or did not validate against our published schema"

# Smithy marks S3 with restXml(noErrorWrapping: true); botocore's models lost the trait.
BARE_ERRORS = frozenset({"s3"})


def decode_request(operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
    """An absent body leaves the payload member out: the edge streams it, or there is none."""
    try:
        found = read_bindings(operation, request)
    except Malformed as error:
        raise ServiceError("InvalidArgument", str(error)) from error
    shape = operation.input_shape
    if shape is None or not request.body:
        return found
    payload = payload_member(shape)
    try:
        if payload is None:
            if body_members(shape):
                found.update(read_element(shape, parse_xml(request.body)))
            return found
        name, member = payload
        if member.serialization.get("eventstream"):
            return found
        if member.type_name == "blob":
            found[name] = request.body
        elif member.type_name == "string":
            found[name] = request.body.decode()
        else:
            found[name] = read_element(member, parse_xml(request.body))
    except (Malformed, UnicodeDecodeError, RecursionError) as error:
        raise ServiceError("MalformedXML", MALFORMED_XML) from error
    return found


def _request_id(service: ServiceModel, request_id: str) -> list[tuple[str, str]]:
    if service.service_name in BARE_ERRORS:
        return [("x-amz-request-id", request_id), ("x-amz-id-2", request_id)]
    return [("x-amzn-requestid", request_id)]


def encode_reply(operation: OperationModel, output: Mapping[str, Any], *, request_id: str) -> HttpReply:
    """The root is named by the shape: botocore's models do not keep S3's own root names."""
    shape = operation.output_shape
    headers = _request_id(operation.service_model, request_id)
    status = status_of(operation, output)
    if shape is None:
        return HttpReply(status, Headers(headers))
    xmlns = namespace_attribute(
        shape.serialization.get("xmlNamespace") or operation.metadata.get("xmlNamespace")
    )
    body, content_type = b"", "application/xml"
    payload = payload_member(shape)
    parts: list[str] = [DECLARATION]
    if payload is None:
        members = body_members(shape)
        if members:
            unbound = {n: v for n, v in output.items() if n in members or n not in shape.members}
            name = shape.serialization.get("name", shape.name)
            write_element(parts, shape, unbound, name, namespace=xmlns)
            body = "".join(parts).encode()
    elif output.get(payload[0]) is not None:
        value, member = output[payload[0]], payload[1]
        if member.type_name == "blob":
            body, content_type = bytes(value), "application/octet-stream"
        elif member.type_name == "string":
            body, content_type = value.encode(), "text/plain"
        else:
            write_element(parts, member, value, member.serialization.get("name", member.name))
            body = "".join(parts).encode()
    bound = Headers([*headers, *write_headers(shape, output)])
    if body and "content-type" not in bound:
        bound = bound.plus(("content-type", content_type))
    return HttpReply(status, bound, body)


def encode_error(service: ServiceModel, fault: Fault, *, request_id: str) -> HttpReply:
    headers = [*_request_id(service, request_id), ("content-type", "application/xml")]
    parts = [DECLARATION]
    bare = service.service_name in BARE_ERRORS
    if bare:
        parts.append("<Error>")
    else:
        xmlns = namespace_attribute(service.metadata.get("xmlNamespace"))
        parts.append(f"<ErrorResponse{xmlns}><Error>{text_element('Type', fault.blame)}")
    parts.append(text_element("Code", fault.code))
    parts.append(text_element("Message", fault.message))
    error_members(parts, fault)
    request = text_element("RequestId", request_id)
    if bare:
        parts.append(f"{request}{text_element('HostId', request_id)}</Error>")
    else:
        parts.append(f"</Error>{request}</ErrorResponse>")
    bound = Headers([*headers, *write_headers(fault.shape, fault.members)])
    return HttpReply(fault.status, bound, "".join(parts).encode())
