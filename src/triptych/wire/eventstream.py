"""Event streams (application/vnd.amazon.eventstream): framed messages on the body of a long reply.

A message is: total length, headers length, CRC-32 of those eight bytes; headers; payload; CRC-32 of all before.
Source: https://smithy.io/2.0/aws/amazon-eventstream.html
"""

from __future__ import annotations

import struct
import uuid
import zlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import cbor2
import msgspec
from botocore.model import OperationModel, Shape, StructureShape

from triptych.kernel.errors import Defect, ServiceError
from triptych.wire.aws_json import JSON
from triptych.wire.rpc_v2_cbor import CBOR
from triptych.wire.scalars import EPOCH
from triptych.wire.shapes import tree_writer
from triptych.wire.xml_shapes import write_element

__all__ = [
    "CONTENT_TYPE",
    "HeaderValue",
    "encode_event",
    "encode_exception",
    "encode_initial_response",
    "encode_message",
]

CONTENT_TYPE = "application/vnd.amazon.eventstream"

HeaderValue = bool | int | bytes | str | datetime | uuid.UUID

_FORMATS = {
    "json": "application/json",
    "rest-json": "application/json",
    "rest-xml": "application/xml",
    "smithy-rpc-v2-cbor": "application/cbor",
}


def encode_message(headers: Mapping[str, HeaderValue], payload: bytes) -> bytes:
    """One framed message. Integers take the smallest of the four widths that holds them."""
    fields = b"".join(_header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", 16 + len(fields) + len(payload), len(fields))
    checked = prelude + struct.pack(">I", zlib.crc32(prelude)) + fields + payload
    return checked + struct.pack(">I", zlib.crc32(checked))


def _header(name: str, value: HeaderValue) -> bytes:
    encoded = name.encode()
    return bytes([len(encoded)]) + encoded + _header_value(value)


def _header_value(value: HeaderValue) -> bytes:
    match value:
        case bool():
            return b"\x00" if value else b"\x01"
        case int():
            for kind, form, bits in ((2, ">b", 8), (3, ">h", 16), (4, ">i", 32), (5, ">q", 64)):
                if -(1 << (bits - 1)) <= value < 1 << (bits - 1):
                    return bytes([kind]) + struct.pack(form, value)
            raise Defect("an event header's integer has at most 64 bits")
        case bytes():
            return b"\x06" + struct.pack(">H", len(value)) + value
        case str():
            text = value.encode()
            return b"\x07" + struct.pack(">H", len(text)) + text
        case datetime():
            return b"\x08" + struct.pack(">q", (value - EPOCH) // timedelta(milliseconds=1))
        case uuid.UUID():
            return b"\x09" + value.bytes
    raise Defect(f"an event header cannot be a {type(value).__name__}")


def _document(protocol: str, shape: Shape, value: Any) -> bytes:
    if protocol in ("json", "rest-json"):
        return msgspec.json.encode(tree_writer(JSON, shape)(value))
    if protocol == "smithy-rpc-v2-cbor":
        return bytes(cbor2.dumps(tree_writer(CBOR, shape)(value)))
    if protocol == "rest-xml":
        parts: list[str] = []
        write_element(parts, shape, value, shape.serialization.get("name", shape.name))
        return "".join(parts).encode()
    raise Defect(f"protocol {protocol} has no event streams")


def encode_event(protocol: str, stream: StructureShape, event: str, value: Mapping[str, Any]) -> bytes:
    """One event of a modelled stream: ``stream`` is the union shape with the eventstream trait, ``event`` its member."""
    shape = stream.members[event]
    assert isinstance(shape, StructureShape)
    headers: dict[str, HeaderValue] = {":message-type": "event", ":event-type": event}
    payload, content_type = b"", ""
    body: dict[str, Any] = {}
    explicit = False
    for name, member in shape.members.items():
        item = value.get(name)
        if member.serialization.get("eventpayload"):
            explicit = True
            if item is not None:
                payload, content_type = _explicit_payload(protocol, member, item)
        elif item is not None and member.serialization.get("eventheader"):
            headers[name] = item
        elif item is not None:
            body[name] = item
    unknown = set(value) - set(shape.members)
    if unknown:
        raise Defect(f"event {event} has no member {', '.join(sorted(unknown))}")
    if not explicit and len(shape.members) > len(headers) - 2:
        payload, content_type = _document(protocol, shape, body), _FORMATS[protocol]
    if content_type:
        headers[":content-type"] = content_type
    return encode_message(headers, payload)


def _explicit_payload(protocol: str, member: Shape, item: Any) -> tuple[bytes, str]:
    if member.type_name == "blob":
        return bytes(item), "application/octet-stream"
    if member.type_name == "string":
        return str(item).encode(), "text/plain"
    return _document(protocol, member, item), _FORMATS[protocol]


def encode_exception(protocol: str, stream: StructureShape, error: ServiceError) -> bytes:
    """An error that ends a stream: a modelled exception of the stream, else an unmodelled error."""
    shape = stream.members.get(error.code)
    if shape is None:
        return encode_message(
            {":message-type": "error", ":error-code": error.code, ":error-message": error.message}, b""
        )
    assert isinstance(shape, StructureShape)
    spelled = next((name for name in shape.members if name.lower() == "message"), None)
    members = {name: value for name, value in error.fields.items() if name in shape.members}
    if spelled is not None:
        members[spelled] = error.message
    headers: dict[str, HeaderValue] = {
        ":message-type": "exception",
        ":exception-type": error.code,
        ":content-type": _FORMATS[protocol],
    }
    return encode_message(headers, _document(protocol, shape, members))


def encode_initial_response(protocol: str, operation: OperationModel, output: Mapping[str, Any]) -> bytes:
    """The first message of an RPC protocol's stream: the output's members outside the stream."""
    shape = operation.output_shape
    headers: dict[str, HeaderValue] = {
        ":message-type": "event",
        ":event-type": "initial-response",
        ":content-type": _FORMATS[protocol],
    }
    payload = b"" if shape is None else _document(protocol, shape, output)
    return encode_message(headers, payload)
