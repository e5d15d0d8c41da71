"""XML by shape, for the three protocols that answer XML (Query, EC2, REST-XML) and the one that reads it.

Writing builds text: elements come out in the model's names with the model's namespaces, attributes, flattened
lists and maps. Reading refuses document types, so no entity is ever expanded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

from botocore.model import ListShape, MapShape, Shape, StructureShape

from triptych.kernel.errors import Defect
from triptych.wire.scalars import (
    Malformed,
    bool_of,
    bool_text,
    bytes_of,
    bytes_text,
    float_of,
    float_text,
    int_of,
    moment_of,
    moment_text,
    timestamp_format,
)
from triptych.wire.shapes import body_members, wire_name

__all__ = [
    "DECLARATION",
    "element_name",
    "local_name",
    "namespace_attribute",
    "parse_xml",
    "read_element",
    "scalar_of",
    "scalar_text",
    "text_element",
    "write_element",
    "write_members",
]

DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ESCAPES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;"})
_ATTRIBUTE_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#xD;", "\n": "&#xA;", "\t": "&#x9;"}
)


def escape(text: str) -> str:
    """Character data; characters XML 1.0 cannot carry become U+FFFD, a carriage return survives parsers."""
    return _ILLEGAL.sub("\ufffd", text).translate(_ESCAPES)


def element_name(shape: Shape, member: str) -> str:
    """The element of a structure's member; a flattened list is named by its items where those have a name."""
    if isinstance(shape, ListShape) and shape.serialization.get("flattened"):
        name: str = shape.member.serialization.get("name") or wire_name(shape, member)
        return name
    return wire_name(shape, member)


def namespace_attribute(trait: object) -> str:
    """`` xmlns="..."`` from the xmlNamespace trait (text or uri with prefix), or nothing."""
    match trait:
        case str():
            return f' xmlns="{trait.translate(_ATTRIBUTE_ESCAPES)}"'
        case {"uri": str(uri), "prefix": str(prefix)}:
            return f' xmlns:{prefix}="{uri}"'
        case {"uri": str(uri)}:
            return f' xmlns="{uri}"'
    return ""


# Writing ---------------------------------------------------------------------------------------------------


def scalar_text(shape: Shape, value: Any) -> str:
    """A scalar as XML text (and as Query parameters have it)."""
    match shape.type_name, value:
        case ("string" | "character", str()):
            return str(value)
        case ("boolean", bool()):
            return bool_text(value)
        case ("integer" | "long", int()) if not isinstance(value, bool):
            return str(value)
        case ("float" | "double", int() | float()) if not isinstance(value, bool):
            return float_text(value)
        case ("blob", bytes()):
            return bytes_text(value)
        case ("timestamp", _):
            style = timestamp_format(shape.serialization.get("timestampFormat"), "iso8601")
            return moment_text(value, style)
    raise Defect(f"output of shape {shape.name} ({shape.type_name}) cannot be a {type(value).__name__}")


def text_element(name: str, text: str) -> str:
    return f"<{name}>{escape(text)}</{name}>"


def write_element(parts: list[str], shape: Shape, value: Any, name: str, *, namespace: str = "") -> None:
    """Append the element (for flattened collections: elements) of a value; ``namespace`` overrides the trait's."""
    xmlns = namespace or namespace_attribute(shape.serialization.get("xmlNamespace"))
    if isinstance(shape, StructureShape):
        parts.append(f"<{name}{xmlns}{_attributes(shape, value)}>")
        write_members(parts, shape, value)
        parts.append(f"</{name}>")
    elif isinstance(shape, ListShape):
        _write_list(parts, shape, value, name, xmlns)
    elif isinstance(shape, MapShape):
        _write_map(parts, shape, value, name, xmlns)
    else:
        parts.append(f"<{name}{xmlns}>{escape(scalar_text(shape, value))}</{name}>")


def write_members(parts: list[str], shape: StructureShape, value: Any) -> None:
    """Append the body members of a structure, without an element around them."""
    if not isinstance(value, Mapping):
        raise Defect(f"output of shape {shape.name} cannot be a {type(value).__name__}")
    members = body_members(shape)
    for name, item in value.items():
        if item is None:
            continue
        if name not in members:
            raise Defect(f"output shape {shape.name} has no body member {name}")
        if not members[name].serialization.get("xmlAttribute"):
            write_element(parts, members[name], item, element_name(members[name], name))


def _attributes(shape: StructureShape, value: Mapping[str, Any]) -> str:
    written = ""
    for name, member in shape.members.items():
        if member.serialization.get("xmlAttribute") and value.get(name) is not None:
            text = _ILLEGAL.sub("\ufffd", scalar_text(member, value[name])).translate(_ATTRIBUTE_ESCAPES)
            written += f' {wire_name(member, name)}="{text}"'
    return written


def _write_list(parts: list[str], shape: ListShape, value: Any, name: str, xmlns: str) -> None:
    if shape.serialization.get("flattened"):
        for item in value:
            write_element(parts, shape.member, item, name)
        return
    parts.append(f"<{name}{xmlns}>")
    item_name = shape.member.serialization.get("name", "member")
    for item in value:
        write_element(parts, shape.member, item, item_name)
    parts.append(f"</{name}>")


def _write_map(parts: list[str], shape: MapShape, value: Any, name: str, xmlns: str) -> None:
    flattened = shape.serialization.get("flattened")
    entry = name if flattened else "entry"
    key_name, value_name = wire_name(shape.key, "key"), wire_name(shape.value, "value")
    if not flattened:
        parts.append(f"<{name}{xmlns}>")
    for key, item in value.items():
        parts.append(f"<{entry}>")
        write_element(parts, shape.key, key, key_name)
        write_element(parts, shape.value, item, value_name)
        parts.append(f"</{entry}>")
    if not flattened:
        parts.append(f"</{name}>")


# Reading ---------------------------------------------------------------------------------------------------


def local_name(tag: str) -> str:
    """A tag without its namespace."""
    return tag.rpartition("}")[2]


def parse_xml(body: bytes) -> Element:
    """The root element; raises Malformed, also for document types (the road to entity expansion)."""
    # The encoding is forced to UTF-8, so a declaration cannot hide behind another one.
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise Malformed("document types are not allowed")
    try:
        parser = ET.XMLParser(encoding="utf-8")  # noqa: S314 - without document types there are no entities
        parser.feed(body)
        root: Element = parser.close()
    except (ET.ParseError, ValueError) as error:
        raise Malformed(str(error)) from error
    return root


def scalar_of(shape: Shape, text: str) -> Any:
    """A scalar from XML text or a Query parameter; raises Malformed."""
    match shape.type_name:
        case "boolean":
            return bool_of(text.strip())
        case "integer" | "long":
            return int_of(text, shape.type_name)
        case "float" | "double":
            return float_of(text.strip())
        case "blob":
            return bytes_of(text.strip())
        case "timestamp":
            return moment_of(text)
    return text


def read_element(shape: Shape, element: Element) -> Any:
    """A value from its element; raises Malformed."""
    if isinstance(shape, StructureShape):
        return _read_structure(shape, element)
    if isinstance(shape, ListShape):
        return [read_element(shape.member, item) for item in element]
    if isinstance(shape, MapShape):
        return _read_map(shape, list(element))
    return scalar_of(shape, element.text or "")


def _read_structure(shape: StructureShape, element: Element) -> dict[str, Any]:
    children: dict[str, list[Element]] = {}
    for child in element:
        children.setdefault(local_name(child.tag), []).append(child)
    found: dict[str, Any] = {}
    for name, member in body_members(shape).items():
        if member.serialization.get("xmlAttribute"):
            wanted = wire_name(member, name).rpartition(":")[2]
            for key, text in element.attrib.items():
                if local_name(key) == wanted:
                    found[name] = text
            continue
        # botocore writes a flattened list by its own name, some models' replies by the items'.
        elements = children.get(wire_name(member, name)) or children.get(element_name(member, name))
        if elements is None:
            continue
        flattened = member.serialization.get("flattened")
        if flattened and isinstance(member, ListShape):
            found[name] = [read_element(member.member, item) for item in elements]
        elif flattened and isinstance(member, MapShape):
            found[name] = _read_map(member, elements)
        else:
            found[name] = read_element(member, elements[0])
    return found


def _read_map(shape: MapShape, entries: list[Element]) -> dict[str, Any]:
    key_name, value_name = wire_name(shape.key, "key"), wire_name(shape.value, "value")
    found: dict[str, Any] = {}
    for entry in entries:
        parts = {local_name(child.tag): child for child in entry}
        if key_name not in parts or value_name not in parts:
            raise Malformed(f"a map entry needs {key_name} and {value_name}")
        found[parts[key_name].text or ""] = read_element(shape.value, parts[value_name])
    return found
