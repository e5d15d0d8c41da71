"""rest-json: HTTP bindings around a JSON body. Source: https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.model import OperationModel

from triptych.kernel.errors import ServiceError
from triptych.wire.aws_json import JSON, error_document, malformed, read_json
from triptych.wire.faults import Fault
from triptych.wire.message import Headers, HttpReply, HttpRequest
from triptych.wire.rest_bindings import payload_member, read_bindings, status_of, write_headers
from triptych.wire.scalars import Malformed
from triptych.wire.shapes import body_members, tree_writer

__all__ = ["decode_request", "encode_error", "encode_reply"]


def decode_request(operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
    """An absent body leaves the payload member out: the edge streams it, or there is none."""
    try:
        found = read_bindings(operation, request)
    except Malformed as error:
        raise malformed(str(error)) from error
    shape = operation.input_shape
    if shape is None or not request.body:
        return found
    payload = payload_member(shape)
    if payload is None:
        if body_members(shape) and request.body.strip():
            found.update(read_json(shape, request.body))
        return found
    name, member = payload
    if member.serialization.get("eventstream"):
        return found
    if member.type_name == "blob":
        found[name] = request.body
    elif member.type_name == "string":
        found[name] = _text(request.body)
    else:
        found[name] = read_json(member, request.body)
    return found


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise ServiceError("SerializationException", f"The body is not UTF-8: {error}") from error


def encode_reply(operation: OperationModel, output: Mapping[str, Any], *, request_id: str) -> HttpReply:
    shape = operation.output_shape
    headers = [("x-amzn-requestid", request_id)]
    status = status_of(operation, output)
    if shape is None:
        return HttpReply(status, Headers(headers))
    body, content_type = b"", "application/json"
    payload = payload_member(shape)
    if payload is None:
        members = body_members(shape)
        unbound = {
            name: value for name, value in output.items() if name in members or name not in shape.members
        }
        if members:
            body = msgspec.json.encode(tree_writer(JSON, shape)(unbound))
    elif output.get(payload[0]) is not None:
        value, member = output[payload[0]], payload[1]
        if member.type_name == "blob":
            body, content_type = bytes(value), "application/octet-stream"
        elif member.type_name == "string":
            body, content_type = value.encode(), "text/plain"
        else:
            body = msgspec.json.encode(tree_writer(JSON, member)(value))
    bound = Headers([*headers, *write_headers(shape, output)])
    if body and "content-type" not in bound:
        bound = bound.plus(("content-type", content_type))
    return HttpReply(status, bound, body)


def encode_error(fault: Fault, *, request_id: str) -> HttpReply:
    headers = [
        ("x-amzn-requestid", request_id),
        ("x-amzn-errortype", fault.name),
        ("content-type", "application/json"),
    ]
    body = msgspec.json.encode(error_document(fault, with_type=False, body_only=True))
    return HttpReply(fault.status, Headers([*headers, *write_headers(fault.shape, fault.members)]), body)
