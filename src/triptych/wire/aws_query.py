"""AWS Query: parameters as a flat form (``Tags.member.1.Key=a``), the answer as XML in ``<OpResult>``.

The reader of the flat form serves EC2 too, whose names and lists differ (``Style``).
Source: https://smithy.io/2.0/aws/protocols/aws-query-protocol.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from triptych.kernel.errors import ServiceError
from triptych.kernel.limits import QUERY_FIELDS
from triptych.wire.faults import Fault
from triptych.wire.message import Headers, HttpReply, HttpRequest
from triptych.wire.scalars import Malformed
from triptych.wire.shapes import wire_name
from triptych.wire.xml_shapes import (
    namespace_attribute,
    scalar_of,
    text_element,
    write_element,
    write_members,
)

__all__ = ["Style", "decode_form", "decode_request", "encode_error", "encode_reply", "error_members"]

Node = dict[str, Any]
_VALUE = ""  # the key under which a node of the parameter tree keeps its own text
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Style:
    """How a dialect of Query names members and whether every list is flat."""

    name: Callable[[Shape, str], str]
    flat_lists: bool
    malformed: Callable[[str], ServiceError]


def _query_name(shape: Shape, member: str) -> str:
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        name: str = shape.member.serialization.get("name") or wire_name(shape, member)
        return name
    return wire_name(shape, member)


QUERY = Style(_query_name, flat_lists=False, malformed=lambda text: ServiceError("MalformedInput", text))


def decode_request(operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
    return decode_form(operation, request, QUERY)


def decode_form(operation: OperationModel, request: HttpRequest, style: Style) -> dict[str, Any]:
    """The parameters of a GET's query and a POST's form."""
    shape = operation.input_shape
    if shape is None:
        return {}
    try:
        text = f"{request.query}&{request.body.decode()}" if request.query else request.body.decode()
        pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=QUERY_FIELDS, errors="strict")
    except ValueError as error:  # not UTF-8, or too many fields
        raise ServiceError("MalformedQueryString", f"The query string is malformed: {error}") from error
    try:
        return _read_structure(shape, _tree(pairs), style)
    except Malformed as error:
        raise style.malformed(str(error)) from error
    except RecursionError:
        raise style.malformed("The parameters are nested too deeply.") from None


def _tree(pairs: list[tuple[str, str]]) -> Node:
    root: Node = {}
    for key, value in pairs:
        path = key.split(".")
        if _VALUE in path:
            continue  # no member has an empty name; unknown parameters are ignored
        node = root
        for part in path:
            node = node.setdefault(part, {})
        node[_VALUE] = value
    return root


def _read(shape: Shape, node: Node, style: Style, path: str) -> Any:
    if isinstance(shape, StructureShape):
        return _read_structure(shape, node, style, path)
    if isinstance(shape, ListShape):
        return _read_list(shape, node, style, path)
    if isinstance(shape, MapShape):
        return _read_map(shape, node, style, path)
    if _VALUE not in node:
        return _ABSENT
    try:
        return scalar_of(shape, node[_VALUE])
    except Malformed as error:
        if shape.type_name == "timestamp":
            raise  # AWS's sentence names no parameter
        raise Malformed(f"Value ({node[_VALUE][:64]}) for parameter {path} is invalid. {error}") from error


def _read_structure(shape: StructureShape, node: Node, style: Style, path: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        wire = style.name(member, name)
        child = node.get(wire)
        if child is not None:
            value = _read(member, child, style, f"{path}.{wire}" if path else wire)
            if value is not _ABSENT:
                found[name] = value
    return found


def _numbered(node: Node) -> list[Node]:
    """The children 1, 2, 3 ... in order; gaps close, as they do at AWS."""
    return [node[key] for key in sorted((k for k in node if k.isdecimal() and len(k) < 10), key=int)]


def _read_list(shape: ListShape, node: Node, style: Style, path: str) -> Any:
    flat = style.flat_lists or shape.serialization.get("flattened")
    holder = node if flat else node.get(shape.member.serialization.get("name", "member"), {})
    items = [_read(shape.member, child, style, f"{path}.{i}") for i, child in enumerate(_numbered(holder), 1)]
    if items:
        return [item for item in items if item is not _ABSENT]
    return [] if node.get(_VALUE) == "" else _ABSENT


def _read_map(shape: MapShape, node: Node, style: Style, path: str) -> Any:
    holder = node if shape.serialization.get("flattened") else node.get("entry", {})
    key_name, value_name = wire_name(shape.key, "key"), wire_name(shape.value, "value")
    found: dict[str, Any] = {}
    for entry in _numbered(holder):
        key = entry.get(key_name, {}).get(_VALUE)
        value = _read(shape.value, entry.get(value_name, {}), style, f"{path}.{key}")
        if key is not None and value is not _ABSENT:
            found[key] = value
    return found or _ABSENT


# Writing ---------------------------------------------------------------------------------------------------


def reply(status: int, request_id: str, parts: list[str]) -> HttpReply:
    headers = Headers([("x-amzn-requestid", request_id), ("content-type", "text/xml")])
    return HttpReply(status, headers, "".join(parts).encode())


def encode_reply(operation: OperationModel, output: Mapping[str, Any], *, request_id: str) -> HttpReply:
    xmlns = namespace_attribute(operation.metadata.get("xmlNamespace"))
    parts = [f"<{operation.name}Response{xmlns}>"]
    shape = operation.output_shape
    if shape is not None:
        wrapper = shape.serialization.get("resultWrapper")
        if wrapper:
            parts.append(f"<{wrapper}>")
        write_members(parts, shape, output)
        if wrapper:
            parts.append(f"</{wrapper}>")
    parts.append(f"<ResponseMetadata>{text_element('RequestId', request_id)}</ResponseMetadata>")
    parts.append(f"</{operation.name}Response>")
    return reply(200, request_id, parts)


def error_members(parts: list[str], fault: Fault) -> None:
    """Append an exception's members besides code and message; fields no shape knows as plain text."""
    if fault.shape is not None:
        members = fault.shape.members
        for name, value in fault.members.items():
            if value is not None and "location" not in members[name].serialization:
                write_element(parts, members[name], value, wire_name(members[name], name))
    parts.extend(text_element(name, str(value)) for name, value in fault.loose.items())


def encode_error(xml_namespace: object, fault: Fault, *, request_id: str) -> HttpReply:
    parts = [f"<ErrorResponse{namespace_attribute(xml_namespace)}><Error>"]
    parts.append(text_element("Type", fault.blame))
    parts.append(text_element("Code", fault.code))
    parts.append(text_element("Message", fault.message))
    error_members(parts, fault)
    parts.append(f"</Error>{text_element('RequestId', request_id)}</ErrorResponse>")
    return reply(fault.status, request_id, parts)
