"""HTTP bindings of the REST protocols: members in path labels, query, headers and status, whatever the body is.

Source: https://smithy.io/2.0/spec/http-bindings.html
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

from triptych.kernel.errors import Defect, ServiceError
from triptych.kernel.limits import QUERY_FIELDS
from triptych.wire.message import Headers, HttpRequest
from triptych.wire.scalars import Malformed, moment_text, timestamp_format
from triptych.wire.shapes import wire_name
from triptych.wire.xml_shapes import scalar_of, scalar_text

__all__ = ["payload_member", "read_bindings", "status_of", "write_headers"]


@cache
def _uri_pattern(template: str) -> re.Pattern[str]:
    """``/{Bucket}/{Key+}?acl`` -> a pattern over the encoded path whose groups are the labels in order."""
    path = template.partition("?")[0]
    pattern, position = "", 0
    for label in re.finditer(r"\{([^}]+)\}", path):
        pattern += re.escape(path[position : label.start()])
        pattern += "(.+)" if label[1].endswith("+") else "([^/]+)"
        position = label.end()
    pattern += re.escape(path[position:].rstrip("/"))
    return re.compile(pattern if pattern.endswith("(.+)") else pattern + "/?", re.DOTALL)


@cache
def _labels(template: str) -> tuple[str, ...]:
    return tuple(name.rstrip("+") for name in re.findall(r"\{([^}]+)\}", template.partition("?")[0]))


def payload_member(shape: StructureShape) -> tuple[str, Shape] | None:
    """The member that is the whole body, if the model names one."""
    name = shape.serialization.get("payload")
    return None if name is None else (name, shape.members[name])


def read_bindings(operation: OperationModel, request: HttpRequest) -> dict[str, Any]:
    """The members outside the body; raises Malformed, and ServiceError 404 for a path of another operation."""
    shape = operation.input_shape
    template = operation.http["requestUri"]
    match = _uri_pattern(template).fullmatch(request.path)
    if match is None:
        raise ServiceError("UnknownOperationException", f"no such path: {request.path}", status=404)
    if shape is None:
        return {}
    labels = dict(zip(_labels(template), map(unquote, match.groups()), strict=True))
    query = _query(request.query)
    bound = {
        wire_name(m, n) for n, m in shape.members.items() if m.serialization.get("location") == "querystring"
    }
    found: dict[str, Any] = {}
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire = wire_name(member, name)
        if location == "uri":
            found[name] = scalar_of(member, labels[wire])
        elif location == "querystring" and isinstance(member, MapShape):
            found[name] = _query_map(member, {k: v for k, v in query.items() if k not in bound})
        elif location == "querystring" and wire in query:
            found[name] = _query_value(member, query[wire])
        elif location == "header" and wire in request.headers:
            found[name] = _header_value(member, request.headers.all(wire))
        elif location == "headers":
            found[name] = _prefixed(request.headers, wire.lower())
    return {
        name: value for name, value in found.items() if value != {} or shape.members[name].type_name != "map"
    }


def _query(text: str) -> dict[str, list[str]]:
    query: dict[str, list[str]] = {}
    try:
        for key, value in parse_qsl(
            text, keep_blank_values=True, max_num_fields=QUERY_FIELDS, errors="strict"
        ):
            query.setdefault(key, []).append(value)
    except ValueError as error:
        raise Malformed(f"malformed query string: {error}") from error
    return query


def _query_value(member: Shape, values: Sequence[str]) -> Any:
    if isinstance(member, ListShape):
        return [scalar_of(member.member, value) for value in values]
    return scalar_of(member, values[0])


def _query_map(member: MapShape, query: Mapping[str, list[str]]) -> dict[str, Any]:
    return {key: _query_value(member.value, values) for key, values in query.items()}


def _prefixed(headers: Headers, prefix: str) -> dict[str, str]:
    return {key[len(prefix) :]: value for key, value in headers if key.startswith(prefix) and key != prefix}


def _header_value(member: Shape, values: Sequence[str]) -> Any:
    if isinstance(member, ListShape):
        dates = member.member.type_name == "timestamp"
        return [scalar_of(member.member, item) for item in _header_items(", ".join(values), dates=dates)]
    if member.serialization.get("jsonvalue"):
        try:
            return msgspec.json.decode(base64.b64decode(values[0], validate=True))
        except (binascii.Error, msgspec.DecodeError, ValueError) as error:
            raise Malformed(f"header is not base64-encoded JSON: {error}") from error
    return scalar_of(member, values[0])


def _header_items(text: str, *, dates: bool) -> list[str]:
    """The items of a comma-separated header: quoted strings may hold commas, HTTP dates always hold one."""
    if dates:
        return re.findall(r"[^,\s][^,]*(?:, \d\d [^,]*)?", text)
    items = re.findall(r'\s*(?:"((?:[^"\\]|\\.)*)"|([^,]*))\s*(?:,|$)', text)
    if items and items[-1] == ("", "") and not text.rstrip().endswith(","):
        items.pop()  # the empty match at the end of the text
    return [re.sub(r"\\(.)", r"\1", quoted) if quoted else plain.strip() for quoted, plain in items]


# Writing ---------------------------------------------------------------------------------------------------


def write_headers(shape: StructureShape | None, output: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The header fields of an output's (or exception's) bound members."""
    headers: list[tuple[str, str]] = []
    for name, member in (shape.members if shape is not None else {}).items():
        value = output.get(name)
        if value is None or value == []:
            continue  # a header without items is no header
        location = member.serialization.get("location")
        if location == "header":
            headers.append((wire_name(member, name), _header_text(member, value)))
        elif location == "headers":
            prefix = member.serialization.get("name", "")
            headers.extend((f"{prefix}{key}", str(item)) for key, item in value.items())
    return [(name, _one_line(name, value)) for name, value in headers]


def _one_line(name: str, value: str) -> str:
    if any(char in value for char in "\r\n\0"):
        raise Defect(f"the value of header {name} contains a line break")
    return value


def _header_text(member: Shape, value: Any) -> str:
    if isinstance(member, ListShape):
        texts = [_header_text(member.member, item) for item in value]
        return ",".join(_quoted(t) if member.member.type_name == "string" else t for t in texts)
    if member.serialization.get("jsonvalue"):
        return base64.b64encode(msgspec.json.encode(value)).decode()
    if member.type_name == "timestamp":
        return moment_text(value, timestamp_format(member.serialization.get("timestampFormat"), "rfc822"))
    return scalar_text(member, value)


def _quoted(text: str) -> str:
    if '"' in text or "," in text:
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return text


def status_of(operation: OperationModel, output: Mapping[str, Any]) -> int:
    """The model's status, or the member bound to the status code."""
    shape = operation.output_shape
    for name, member in (shape.members if shape is not None else {}).items():
        if member.serialization.get("location") == "statusCode" and output.get(name) is not None:
            return int(output[name])
    return int(operation.http.get("responseCode", 200))
