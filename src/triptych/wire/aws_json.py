"""awsJson 1.0 and 1.1: one POST, the operation in X-Amz-Target, the parameters as a JSON object.

Also the JSON dialect of shapes, which rest-json and JSON event streams share.
Source: https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from botocore.model import OperationModel, Shape, StructureShape

from triptych.kernel.errors import ServiceError
from triptych.wire.faults import Fault
from triptych.wire.message import Headers, HttpReply, HttpRequest
from triptych.wire.scalars import (
    Malformed,
    bytes_of,
    bytes_text,
    epoch_seconds,
    float_of,
    float_text,
    moment_of,
    moment_text,
    timestamp_format,
)
from triptych.wire.shapes import Dialect, Read, Write, tree_reader, tree_writer, unexpected

__all__ = ["JSON", "decode_request", "encode_error", "encode_reply", "error_document", "parse", "read_json"]


def _read_blob(_: Shape) -> Read:
    def read(value: Any) -> bytes:
        if type(value) is not str:
            raise unexpected(value, "a Blob")
        return bytes_of(value)

    return read


def _read_timestamp(_: Shape) -> Read:
    def read(value: Any) -> Any:
        if type(value) not in (int, float, str):
            raise unexpected(value, "a Timestamp")
        return moment_of(value)

    return read


def _read_float(_: Shape) -> Read:
    def read(value: Any) -> float:
        if type(value) is float:
            return value
        if type(value) is int:
            return float(value)
        if value in ("NaN", "Infinity", "-Infinity"):
            return float_of(value)
        raise unexpected(value, "a Double")

    return read


def _write_timestamp(shape: Shape) -> Write:
    style = timestamp_format(shape.serialization.get("timestampFormat"), "unixtimestamp")
    return epoch_seconds if style == "unixtimestamp" else lambda moment: moment_text(moment, style)


def _write_float(_: Shape) -> Write:
    def write(value: float) -> float | str:
        # JSON has no NaN; AWS writes the three as strings.
        return value if value - value == 0 else float_text(value)

    return write


JSON = Dialect(
    read_blob=_read_blob,
    read_timestamp=_read_timestamp,
    read_float=_read_float,
    write_blob=lambda _: bytes_text,
    write_timestamp=_write_timestamp,
    write_float=_write_float,
)


def malformed(message: str) -> ServiceError:
    return ServiceError("SerializationException", message)


def parse(body: bytes) -> Any:
    """The JSON value of a body; raises Malformed."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"Unable to parse the request body as JSON: {error}") from error


def read_json(shape: Shape, body: bytes) -> Any:
    """A body by shape; raises ServiceError SerializationException."""
    try:
        return tree_reader(JSON, shape)(parse(body))
    except Malformed as error:
        raise malformed(str(error)) from error
    except RecursionError:
        raise malformed("The request is nested too deeply") from None


def decode_request(operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
    shape = operation.input_shape
    if shape is None or not request.body.strip():
        return {}
    read: dict[str, Any] = read_json(shape, request.body)
    return read


def _content_type(json_version: str) -> tuple[str, str]:
    return ("content-type", f"application/x-amz-json-{json_version}")


def encode_reply(
    operation: OperationModel, output: Mapping[str, Any], *, request_id: str, json_version: str
) -> HttpReply:
    """Operations without an output shape answer an empty body, as AWS's do."""
    shape = operation.output_shape
    body = b"" if shape is None else msgspec.json.encode(tree_writer(JSON, shape)(output))
    headers = Headers([("x-amzn-requestid", request_id), _content_type(json_version)])
    return HttpReply(int(operation.http.get("responseCode", 200)), headers, body)


def error_document(fault: Fault, *, with_type: bool, body_only: bool = False) -> dict[str, Any]:
    """The members of an exception as JSON values; ``body_only`` leaves out those that travel as headers."""
    document: dict[str, Any] = {"__type": fault.name} if with_type else {}
    document[fault.message_member] = fault.message
    document.update(fault.loose)
    if fault.shape is not None:
        members = fault.shape.members
        for name, value in fault.members.items():
            member = members[name]
            if value is None or (body_only and "location" in member.serialization):
                continue
            document[member.serialization.get("name", name)] = tree_writer(JSON, member)(value)
    return document


def encode_error(fault: Fault, *, request_id: str, json_version: str, query_mode: bool) -> HttpReply:
    headers = [("x-amzn-requestid", request_id), _content_type(json_version)]
    if query_mode:
        headers.append(("x-amzn-query-error", fault.query_error))
    body = msgspec.json.encode(error_document(fault, with_type=True))
    return HttpReply(fault.status, Headers(headers), body)


def payload_json(shape: StructureShape, output: Mapping[str, Any]) -> bytes:
    return msgspec.json.encode(tree_writer(JSON, shape)(output))
