"""Smithy RPC v2 CBOR: ``POST /service/<name>/operation/<operation>``, parameters as a CBOR map.

Source: https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import cbor2
from botocore.model import OperationModel, Shape

from triptych.kernel.errors import ServiceError
from triptych.wire.faults import Fault
from triptych.wire.message import Headers, HttpReply, HttpRequest
from triptych.wire.scalars import Malformed, epoch_seconds, moment_of
from triptych.wire.shapes import Dialect, Read, tree_reader, tree_writer, unexpected

__all__ = ["CBOR", "decode_request", "encode_error", "encode_reply", "error_document", "read_cbor"]


def _read_blob(_: Shape) -> Read:
    def read(value: Any) -> bytes:
        if type(value) is not bytes:
            raise unexpected(value, "a Blob")
        return value

    return read


def _read_timestamp(_: Shape) -> Read:
    def read(value: Any) -> datetime:
        # Tag 1 arrives as a datetime; a bare number is what some encoders send.
        if not isinstance(value, datetime) and type(value) not in (int, float):
            raise unexpected(value, "a Timestamp")
        return moment_of(value)

    return read


def _read_float(_: Shape) -> Read:
    def read(value: Any) -> float:
        if type(value) not in (float, int):
            raise unexpected(value, "a Double")
        return float(value)

    return read


def _tagged(moment: datetime) -> cbor2.CBORTag:
    return cbor2.CBORTag(1, epoch_seconds(moment))


CBOR = Dialect(
    read_blob=_read_blob,
    read_timestamp=_read_timestamp,
    read_float=_read_float,
    write_blob=lambda _: bytes,
    write_timestamp=lambda _: _tagged,
    write_float=lambda _: float,
)


def read_cbor(shape: Shape, body: bytes) -> Any:
    """A body by shape; raises ServiceError SerializationException."""
    try:
        return tree_reader(CBOR, shape)(cbor2.loads(body))
    except Malformed as error:
        raise ServiceError("SerializationException", str(error)) from error
    except (cbor2.CBORDecodeError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ServiceError(
            "SerializationException", f"Unable to parse the request body as CBOR: {error}"
        ) from error


def decode_request(operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
    shape = operation.input_shape
    if shape is None or not request.body:
        return {}
    read: dict[str, Any] = read_cbor(shape, request.body)
    return read


def _headers(request_id: str) -> list[tuple[str, str]]:
    return [
        ("x-amzn-requestid", request_id),
        ("smithy-protocol", "rpc-v2-cbor"),
        ("content-type", "application/cbor"),
    ]


def encode_reply(operation: OperationModel, output: Mapping[str, Any], *, request_id: str) -> HttpReply:
    """An operation without output answers an empty body; one with an empty output an empty map."""
    shape = operation.output_shape
    headers = _headers(request_id)
    if shape is None:
        return HttpReply(200, Headers(headers[:2]))
    return HttpReply(200, Headers(headers), cbor2.dumps(tree_writer(CBOR, shape)(output)))


def error_document(fault: Fault) -> dict[str, Any]:
    document: dict[str, Any] = {"__type": fault.name, fault.message_member: fault.message, **fault.loose}
    if fault.shape is not None:
        for name, value in fault.members.items():
            member = fault.shape.members[name]
            if value is not None:
                document[member.serialization.get("name", name)] = tree_writer(CBOR, member)(value)
    return document


def encode_error(fault: Fault, *, request_id: str, query_mode: bool) -> HttpReply:
    headers = _headers(request_id)
    if query_mode:
        headers.append(("x-amzn-query-error", fault.query_error))
    return HttpReply(fault.status, Headers(headers), cbor2.dumps(error_document(fault)))
